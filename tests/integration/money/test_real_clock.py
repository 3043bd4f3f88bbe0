"""The machine's own clock jumps between submission and poll (libfaketime): nothing is lost, and nothing is bought twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DAY_S
from tests.fake_vendor import FakeVendor
from tests.forked import PATIENCE_S

ROOT = Path(__file__).parents[3]
WORK = """
import json, sys, time
from pathlib import Path
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import phones
from tests.integration.workflow.workflow_driver import WorkflowDriver

folder, url, jump = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
driver = WorkflowDriver(open_workspace(load_settings(data_uri=str(folder / "data"), api_url=url, api_key="k", poll_seconds=1)))
driver.run("a", phones(10))
before = time.time()
(folder / "shift").write_text(jump)
after = time.time()
driver.finish()
driver.run("a", phones(10), again=Again.NIGHT)
(folder / "shift").write_text("+0")
driver.finish()
for again in Again:
    driver.run("a", phones(10), again=again)
    driver.run("b", phones(10), again=again)
print(json.dumps([after - before, driver.states(), driver.counts("a"), driver.counts("b")]))
"""


@pytest.mark.skipif(shutil.which("faketime") is None, reason="libfaketime (Debian's package faketime) is not installed here")
@pytest.mark.parametrize(("jump", "days"), [("-3d", -3), ("+40d", 40)])
def test_the_clock_of_the_machine_jumps_between_submission_and_poll(
    jump: str, days: int, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Beyond the deadline and the age of verdicts, and back: one process sees both."""
    (tmp_path / "shift").write_text("+0")
    shifted = {"FAKETIME_TIMESTAMP_FILE": str(tmp_path / "shift"), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    # The command itself would set FAKETIME, which goes before the file.
    found = subprocess.run(["faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True)
    environment = {**os.environ, **shifted, "LD_PRELOAD": found.stdout.strip(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(tmp_path), vendor.url, jump],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    jumped_s, states, first, second = json.loads(done.stdout)
    assert abs(jumped_s - days * DAY_S) < PATIENCE_S, "the clock jumped"
    assert (states, first, second) == (["collected"], {"checked": 10}, {"reused": 10})
    assert vendor.most_per_phone == len(vendor.posts) == 1
