"""A list of a hundred million rows is planned, counted and joined on a small machine: so much memory for each of its phones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
BYTES_PER_PHONE = 45
FEW, MANY = 700_000, 2_000_000
# All steps of the two lists in one process: what the small one needed of libraries and buffers is there when the large one comes.
MEASURE = """
import re, sys
from pathlib import Path
import numpy as np, pyarrow as pa
from fbcheck_pipeline.cli.heap import share_heap
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.answers import Tally, resolve
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.pins import pins_from
from fbcheck_pipeline.workflow.buying.plan import plan_list
from fbcheck_pipeline.workflow.content import content_of
from fbcheck_pipeline.workflow.workspace import open_workspace

def rows(count):
    dice = np.random.default_rng(count)
    for _ in range(0, count, 100_000):
        phones = codec.to_e164(dice.integers(905_300_000_000, 905_300_000_000 + 5 * count, 100_000))
        column = pa.array(["phone"]).take(pa.array(np.zeros(len(phones), int)))
        yield pa.record_batch({"phone_column": column, "phone_e164": phones, "reject_reason": pa.nulls(len(phones), pa.string())})

share_heap()
ws = open_workspace(load_settings(data_uri=sys.argv[1], api_key="k", api_url="http://127.0.0.1:9"))
for key, count in (("few", int(sys.argv[2])), ("many", int(sys.argv[3]))):
    ws.ledger.register_list(key, file=key, source="s", sha256=key, options={}, purpose=None)
    content = content_of(rows(count))
    pins = plan_list(ws, key, content.phones, again=Again.NOBODY)
    tally = Tally(resolve(ws, key, pins))
    tally.add_repeated(content.repeats, content.rejected_rows)
    assert tally.counts(count)["waiting"] == count
    written = pins.stream()
    with pa.OSFile("pins", "wb") as place, pa.ipc.new_stream(place, written.schema) as file:
        for batch in written.batches:
            file.write_batch(batch.cast(written.schema))
    del content, pins, tally, written
    joined = resolve(ws, key, pins_from(pa.ipc.open_stream(pa.OSFile("pins"))))
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    print(len(joined.phones), peak)
    del joined
"""


def test_planning_counting_and_joining_need_few_bytes_for_each_phone(tmp_path: Path) -> None:
    """Of a hundred million phones it is 17 (eight are the phone itself); of two millions the buffers of a few megabytes count as well."""
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "data"), str(FEW), str(MANY)]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    (few, before), (many, peak) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert (peak - before) / (many - few) < BYTES_PER_PHONE
