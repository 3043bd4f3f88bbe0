"""How long, and in how much memory, 1 M phones are looked up in a store of 10 M verdicts: `python -m tests.bench.verdict_lookup`.

Builds the ledger anew in an empty folder: 500 collected chunks of 20,000 phones, each with 200 left unanswered, and the index as nights
would leave it, a few chunks not in it yet. The look-up is then measured in a process of its own. No verdict files: it reads none.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.planning import NewChunk, insert_chunks
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.ledger.schema import chunk_phones, chunks
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.index.phone_history import history_of
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace

PER_CHUNK = 20_000
FIRST = 905_300_000_000
PER_KNOWN = 10
"""Phones of the range for each that is known."""


def build(ws: Workspace, verdict_count: int) -> None:
    """Fill the ledger as so many collected chunks would."""
    phones = some_phones(verdict_count, verdict_count, seed=1)
    chunk_count = verdict_count // PER_CHUNK
    cpu_s = 0.0
    for number in range(chunk_count):
        mine = np.sort(phones[number * PER_CHUNK : (number + 1) * PER_CHUNK])
        now = ws.ledger.clock()
        with ws.ledger.database.writing() as connection:
            new = NewChunk.of([Part("old", mine)])
            insert_chunks(connection, [new], [], now=now, day=ws.ledger.today())
            facts = {"task_id": f"task{number:06d}", "exported_at": now, "settled_at": now, "result_sha256": "none"}
            known = {"state": ChunkState.COLLECTED, "unanswered_count": len(mine[::100])}
            connection.execute(sa.update(chunks).where(chunks.c.chunk_key == new.chunk_key).values(**facts, **known))
            unanswered = sa.update(chunk_phones).where(chunk_phones.c.chunk_key == new.chunk_key)
            connection.execute(unanswered.values(unanswered=codec.pack(mine[::100])))
        began = time.process_time()
        update_index(ws)
        cpu_s += time.process_time() - began
    tiers = ws.ledger.index_state().tiers
    size_mb = sum(ws.storage.size_bytes(each.name) for each in tiers) / 1e6
    print(
        f"index of {verdict_count:,}: {cpu_s:.1f} processor s in all, {len(tiers)} files, {size_mb:.0f} MB, peak {peak_mb():.0f} MB"
    )


def measure(ws: Workspace, phone_count: int, verdict_count: int) -> None:
    """Look up sorted distinct phones of the same range; about one in ten is known."""
    phones = np.sort(some_phones(phone_count, verdict_count, seed=2))
    before, began = peak_mb(), time.process_time()
    found = history_of(ws, phones)
    seconds = time.process_time() - began
    known, tried = int((found.verdict >= 0).sum()), sum(len(places) for _, places in found.tries)
    told = f"{known:,} answered, {tried:,} tried in vain"
    print(f"{phone_count:,} phones: {seconds:.2f} processor s, {told}, peak {peak_mb():.0f} MB ({before:.0f} before)")


def some_phones(count: int, known: int, seed: int) -> codec.Phones:
    """Distinct phones of the range, unsorted."""
    dice = np.random.default_rng(seed)
    phones = codec.distinct(dice.integers(FIRST, FIRST + PER_KNOWN * known, count + count // 8))
    return dice.permutation(phones)[:count]


def peak_mb() -> float:
    """Peak resident memory of this program; `ru_maxrss` would be that of the program that started it."""
    line = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Build, then measure in a child."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verdicts", type=int, default=10_000_000)
    parser.add_argument("--phones", type=int, default=1_000_000)
    parser.add_argument("--folder")
    parser.add_argument("--only", choices=["measure"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = str(Path(given.folder or temporary).resolve())
        ws = open_workspace(load_settings(data_uri=folder))
        if given.only == "measure":
            measure(ws, given.phones, given.verdicts)
        else:
            build(ws, given.verdicts)
            command = [sys.executable, "-m", "tests.bench.verdict_lookup", "--folder", folder, "--only", "measure"]
            for count in (given.phones, given.phones // 1000):
                subprocess.run([*command, "--phones", str(count), "--verdicts", str(given.verdicts)], check=True)
        ws.ledger.close()


if __name__ == "__main__":
    main()
