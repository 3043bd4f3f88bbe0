"""How long, and in how much memory, 1 M phones are looked up and planned beside 10 M verdicts: `python -m tests.bench.verdict_lookup`.

Builds the ledger anew in an empty folder: 500 collected chunks of 20,000 phones, each with 200 left unanswered, and the index as nights
would leave it, a few chunks not in it yet. All verdicts are young: the worst case. Each look-up and each plan is then measured in a
process of its own. No verdict files: these read none. `--verdicts 100000000` takes some minutes.
"""

from __future__ import annotations

import argparse
import itertools
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
from fbcheck_pipeline.workflow.index.index_upkeep import MAX_LOOSE, update_index
from fbcheck_pipeline.workflow.index.phone_history import history_of
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.bench.long_history import plan

PER_CHUNK = 20_000
AT_ONCE = MAX_LOOSE + 1
"""So many chunks make a new file of the index."""
PER_KNOWN = 10
"""Phones of the range for each that is known."""
FIRST, STEP = 905_300_000_000, 123_456_789
"""The step has no factor in common with the length of the range: no phone comes twice."""


def build(ws: Workspace, verdict_count: int) -> None:
    """Fill the ledger as so many collected chunks would."""
    ws.ledger.register_list("old", file="old", source="s", sha256="", options={}, purpose=None)
    chunk_count = verdict_count // PER_CHUNK
    cpu_s = 0.0
    for start in range(0, chunk_count, AT_ONCE):
        now = ws.ledger.clock()
        with ws.ledger.database.writing() as connection:
            for number in range(start, min(start + AT_ONCE, chunk_count)):
                ordinal = np.arange(number * PER_CHUNK, (number + 1) * PER_CHUNK)
                _collect(
                    connection, number, np.sort(FIRST + ordinal * STEP % (PER_KNOWN * verdict_count)), now, ws.ledger.today()
                )
        began = time.process_time()
        update_index(ws)
        cpu_s += time.process_time() - began
    tiers = ws.ledger.index_state().tiers
    size_mb = sum(ws.storage.size_bytes(each.name) for each in tiers) / 1e6
    print(
        f"index of {verdict_count:,}: {cpu_s:.1f} processor s in all, {len(tiers)} files, {size_mb:.0f} MB, peak {peak_mb():.0f} MB"
    )


def _collect(connection: sa.Connection, number: int, phones: codec.Phones, now: float, day: str) -> None:
    new = NewChunk.of([Part("old", phones)], now)
    insert_chunks(connection, [new], [], now=now, day=day)
    facts = {"task_id": f"task{number:06d}", "exported_at": now, "settled_at": now, "result_sha256": "none"}
    known = {"state": ChunkState.COLLECTED, "unanswered_count": len(phones[::100])}
    connection.execute(sa.update(chunks).where(chunks.c.chunk_key == new.chunk_key).values(**facts, **known))
    unanswered = sa.update(chunk_phones).where(chunk_phones.c.chunk_key == new.chunk_key)
    connection.execute(unanswered.values(unanswered=codec.pack(phones[::100])))


def measure(ws: Workspace, act: str, phone_count: int, verdict_count: int) -> None:
    """Look up, or plan, sorted distinct phones of the same range; about one in ten is known."""
    phones = codec.distinct(np.random.default_rng(2).integers(FIRST, FIRST + PER_KNOWN * verdict_count, phone_count))
    history_of(ws, phones[:1])  # what is imported on the way
    if act == "plan":
        took = plan(ws, phones)
        print(
            f"plan {phone_count:,} phones: {took['cpu_s']:.2f} processor s, lock {took['lock_s']:.2f} s, peak {peak_mb():.0f} MB"
        )
        return
    before, began = peak_mb(), time.process_time()
    found = history_of(ws, phones)
    seconds = time.process_time() - began
    known, tried = int((found.verdict >= 0).sum()), sum(len(places) for _, places in found.tries)
    told = f"{known:,} answered, {tried:,} tried in vain"
    print(f"look up {phone_count:,} phones: {seconds:.2f} processor s, {told}, peak {peak_mb():.0f} MB ({before:.0f} before)")


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
    parser.add_argument("--only", choices=["look up", "plan"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = str(Path(given.folder or temporary).resolve())
        ws = open_workspace(load_settings(data_uri=folder))
        if given.only:
            measure(ws, given.only, given.phones, given.verdicts)
        else:
            build(ws, given.verdicts)
            command = [sys.executable, "-m", "tests.bench.verdict_lookup", "--folder", folder, "--verdicts", str(given.verdicts)]
            for count, act in itertools.product((given.phones, given.phones // 1000), ("look up", "plan")):
                subprocess.run([*command, "--phones", str(count), "--only", act], check=True)
        ws.ledger.close()


if __name__ == "__main__":
    main()
