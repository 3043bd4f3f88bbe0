"""How long, and in how much memory, 1 M phones are looked up in a store of 10 M verdicts: `python -m tests.bench.verdict_lookup`.

Builds the store anew in an empty folder: 500 task files of 20,000 verdicts, the ledger that knows them, and the index.
The look-up is then measured in a process of its own, with the index and a few tasks that are not in it yet.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.planning import insert_chunk
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.ledger.schema import chunks
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.phone_history import history_of
from fbcheck_pipeline.workflow.verdicts import merge_index, write_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace

PER_TASK = 20_000
LOOSE_TASKS = 20
FIRST, LAST = 905_300_000_000, 905_400_000_000


def build(ws: Workspace, verdict_count: int) -> None:
    """Fill store and ledger as so many collected tasks would."""
    phones = some_phones(verdict_count, seed=1)
    task_count = verdict_count // PER_TASK
    labels = pa.array(["yes", "no", "ban"]).take(pa.array(np.arange(PER_TASK) % 3))
    for number in range(task_count):
        if number == task_count - LOOSE_TASKS:
            merged(ws)
        mine = np.sort(phones[number * PER_TASK : (number + 1) * PER_TASK])
        columns = {"phone": pa.array(mine), "facebook": labels, "label": labels}
        task_id = f"task{number:06d}"
        write_verdicts(ws.storage, task_id, pa.table(columns), int(ws.ledger.clock() * 1e6))
        with ws.ledger.database.writing() as connection:
            key = insert_chunk(connection, [Part("old", mine)], ["old"], now=ws.ledger.clock(), day=ws.ledger.today())
            facts = {"task_id": task_id, "exported_at": ws.ledger.clock(), "settled_at": ws.ledger.clock()}
            known = {"state": ChunkState.COLLECTED.value, "unanswered": codec.pack(mine[:0])}
            connection.execute(sa.update(chunks).where(chunks.c.chunk_key == key).values(**facts, **known))


def merged(ws: Workspace) -> None:
    """Merge in a process of its own, and say what it cost."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "tests.bench.verdict_lookup", "--folder", ws.settings.data_uri, "--only", "merge"]
    peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    print(f"merging the index: {time.perf_counter() - began:.1f} s, start included, {peak}", flush=True)


def measure(ws: Workspace, phone_count: int) -> None:
    """Look up sorted distinct phones of the same range; about one in ten is known."""
    phones = np.sort(some_phones(phone_count, seed=2))
    before = peak_mb()
    began = time.perf_counter()
    found = history_of(ws, phones)
    seconds = time.perf_counter() - began
    known = int((found.verdict >= 0).sum())
    print(f"{phone_count:,} phones: {seconds:.2f} s, {known:,} known, peak {peak_mb():.0f} MB ({before:.0f} before)")


def some_phones(count: int, seed: int) -> codec.Phones:
    """Distinct phones of the range, unsorted."""
    dice = np.random.default_rng(seed)
    phones, _ = codec.distinct(dice.integers(FIRST, LAST, count + count // 8))
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
    parser.add_argument("--only", choices=["merge", "measure"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = str(Path(given.folder or temporary).resolve())
        ws = open_workspace(load_settings(data_uri=folder))
        if given.only == "merge":
            merge_index(ws.storage, ws.ledger)
            print(f"peak {peak_mb():.0f} MB")
        elif given.only == "measure":
            measure(ws, given.phones)
        else:
            build(ws, given.verdicts)
            command = [sys.executable, "-m", "tests.bench.verdict_lookup", "--folder", folder, "--only", "measure"]
            subprocess.run([*command, "--phones", str(given.phones)], check=True)
        ws.ledger.close()


if __name__ == "__main__":
    main()
