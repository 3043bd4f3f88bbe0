"""Large lists are streamed: memory does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
PEAK_MB = 350
# `ru_maxrss` of a child begins with its parent's; the high-water mark of its own memory does not.
MEASURE = """
import re, sys
from pathlib import Path
from fbcheck_pipeline.lists import open_list
reader = open_list(sys.argv[1])
rows = sum(batch.num_rows for batch in reader.batches())
print(rows, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def csv_of(path: Path, millions: int, phone: str) -> Path:
    lines = "".join(f"{row},{phone.format(row)},note {row % 7}\n" for row in range(100_000)).encode()
    with path.open("wb") as file:
        file.write(b"id,phone,note\n")
        file.writelines([lines] * (10 * millions))
    return path


def measured(path: Path) -> tuple[int, int]:
    """Rows and peak memory in MB, in a process of its own; what it says when it fails is shown."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], check=True, stdout=subprocess.PIPE, text=True)
    rows, peak = done.stdout.split()
    return int(rows), int(peak)


@pytest.mark.parametrize(("phone", "millions"), [("0532 {:07d}", 10), ('"0532 {:07d}"', 3), ('="0532{:07d}"', 1)])
def test_a_csv_of_millions_of_rows_is_streamed(tmp_path: Path, phone: str, millions: int) -> None:
    """Plain, quoted, and with quotes out of place, which are read the careful way."""
    rows, peak = measured(csv_of(tmp_path / "a.csv", millions, phone))
    assert rows == millions * 1_000_000 and peak < PEAK_MB


def test_a_parquet_of_one_row_group_is_streamed(tmp_path: Path) -> None:
    """Other pipelines write all rows as one group."""
    table = pa_csv.read_csv(csv_of(tmp_path / "a.csv", 3, "0532 {:07d}"))
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=len(table))
    rows, peak = measured(tmp_path / "a.parquet")
    assert rows == 3_000_000 and peak < PEAK_MB
