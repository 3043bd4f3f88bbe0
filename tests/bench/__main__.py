"""`make bench`: the stages, the whole job and columns of each dirt, beside what plain phonenumbers and openpyxl take in the same run.

    python -m tests.bench [ROWS …]        # default 10000 100000 1000000; 10000000 takes half an hour
    python -m tests.bench --history [LISTS …] [--postgres]  # the same work beside ever more finished lists

Each measurement is a process of its own, so that its peak memory is its own. Times are one run's: quote ratios.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.bench import dirty, long_history
from tests.bench.big_list import make_list

SIZES = (10_000, 100_000, 1_000_000)
BASELINE_ROWS = 50_000


def stage_read(path: Path, folder: Path) -> int:
    """CSV to raw_phones batches."""
    from fbcheck_pipeline.lists import ReadOptions, open_list

    return sum(batch.num_rows for batch in open_list(path, ReadOptions()).batches())


def stage_normalise(path: Path, folder: Path) -> int:
    """Reading, then E.164 with country and line type, on one core."""
    from fbcheck_pipeline.lists import ReadOptions, open_list
    from fbcheck_pipeline.phones import Normaliser

    normaliser = Normaliser(region="TR")
    normaliser.learn(open_list(path, ReadOptions()).batches())
    return sum(normaliser.normalise(batch).num_rows for batch in open_list(path, ReadOptions()).batches())


def stage_assets(path: Path, folder: Path) -> int:
    """What the assets raw_phones and e164_phones do: read, normalise on two cores, hold against the models, write Parquet."""
    from fbcheck_pipeline.files.storage import BatchStream, Storage
    from fbcheck_pipeline.lists import ReadOptions, open_list
    from fbcheck_pipeline.model.frames import validate
    from fbcheck_pipeline.model.paths import E164_PHONES, RAW_PHONES
    from fbcheck_pipeline.phones import Normaliser

    def held(model: Any, batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            validate(model, batch)
            yield batch

    storage, reader = Storage(str(folder)), open_list(path, ReadOptions())
    storage.write_parquet("raw.parquet", BatchStream(reader.schema, held(RAW_PHONES, reader.batches())))
    normaliser = Normaliser(region="TR")
    normaliser.learn(storage.read_parquet("raw.parquet").batches)
    out = normaliser.normalise_all(storage.read_parquet("raw.parquet").batches)
    return storage.write_parquet("e164.parquet", BatchStream(normaliser.output_schema(reader.schema), held(E164_PHONES, out)))


def stage_job(path: Path, folder: Path) -> int:
    """`fbcheck run` with Dagster, against a sandbox vendor without delay."""
    from fbcheck_pipeline.sandbox import Sandbox

    settings = {"FBCHECK_DATA_URI": str(folder / "data"), "FBCHECK_API_KEY": "bench", "FBCHECK_POLL_SECONDS": "0.1"}
    settings |= {"FBCHECK_REGION": "TR"}
    with Sandbox() as sandbox:
        environment = {**os.environ, **settings, "FBCHECK_API_URL": sandbox.url}
        command = [sys.executable, "-c", "from fbcheck_pipeline.cli import main; main()", "run", str(path), "--json", "--quiet"]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return int(json.loads(said.stdout)["lists"][0]["counts"]["phones"])


def baseline_phonenumbers(path: Path, folder: Path) -> int:
    """What a loop over plain phonenumbers takes."""
    import csv

    import phonenumbers

    done = 0
    with path.open() as file:
        for row in csv.DictReader(file):
            done += 1
            try:
                number = phonenumbers.parse(row["phone"], "TR")
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            if done == BASELINE_ROWS:
                break
    return done


def _workbook(folder: Path) -> Path:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["Number", "facebook"])
    for number in range(20_000):
        sheet.append([f"+4178{number:07d}", "yes"])
    path = folder / "result.xlsx"
    book.save(path)
    return path


def stage_results(path: Path, folder: Path) -> int:
    """A result workbook of 20,000 rows, guarded and read."""
    import numpy as np

    from fbcheck_pipeline.vendor.result_table import read_result

    sent = np.arange(41_780_000_000, 41_780_020_000)
    return int(read_result(folder / "result.xlsx", sent, max_bytes=10**9).table.num_rows)


def baseline_openpyxl(path: Path, folder: Path) -> int:
    """The same workbook by plain openpyxl."""
    from openpyxl import load_workbook

    sheet = load_workbook(folder / "result.xlsx", read_only=True).worksheets[0]
    return sum(1 for _ in sheet.iter_rows(values_only=True)) - 1


STAGES: dict[str, Callable[[Path, Path], int]] = {
    "plain phonenumbers": baseline_phonenumbers,
    "read": stage_read,
    "read + normalise": stage_normalise,
    "raw + e164 assets": stage_assets,
    "whole job": stage_job,
    "plain openpyxl": baseline_openpyxl,
    "result workbook": stage_results,
}


def measure(stage: str, path: Path, folder: Path) -> dict[str, Any]:
    """Run one stage in a process of its own."""
    command = [sys.executable, "-m", "tests.bench", "--stage", stage, str(path), str(folder)]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))


def run_stage(stage: str, path: Path, folder: Path) -> None:
    """The child's side: time one stage, its processor seconds (children's too) and its peak memory."""
    began = time.perf_counter()
    rows = STAGES[stage](path, folder)
    wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN if stage == "whole job" else resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"rows": rows, "wall_s": wall, "cpu_s": cpu, "peak_mb": used.ru_maxrss / 1024}))


def main(arguments: list[str]) -> None:
    """Print the table."""
    if arguments[:1] == ["--history"]:
        long_history.main(arguments[1:])
        return
    if arguments[:1] == ["--stage"]:
        run_stage(arguments[1], Path(arguments[2]), Path(arguments[3]))
        return
    sizes = [int(each) for each in arguments] or list(SIZES)
    print(f"{'stage':20} {'rows':>11} {'wall s':>8} {'cpu s':>8} {'rows/s':>11} {'x plain':>8} {'peak MB':>8}")
    plain: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        _workbook(Path(place))
        for size in sizes:
            path = Path(place) / f"list{size}.csv"
            make_list(path, size)
            for stage in STAGES:
                if stage in ("plain openpyxl", "result workbook") and size != sizes[0]:
                    continue
                folder = Path(place) / f"{size}" if stage == "whole job" else Path(place)
                found = measure(stage, path, folder)
                rate = found["rows"] / found["wall_s"]
                if stage.startswith("plain"):
                    beside = ["result workbook"] if "openpyxl" in stage else ["read + normalise", "raw + e164 assets"]
                    plain |= dict.fromkeys(beside, rate)
                ratio = f"{rate / plain[stage]:.1f}" if stage in plain else ""
                times = f"{found['wall_s']:>8.2f} {found['cpu_s']:>8.2f} {rate:>11,.0f}"
                print(f"{stage:20} {found['rows']:>11,} {times} {ratio:>8} {found['peak_mb']:>8.0f}", flush=True)
    dirty.main([])


if __name__ == "__main__":
    main(sys.argv[1:])
