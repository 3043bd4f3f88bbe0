"""Ctrl-C: one sentence, exit 130, and the same command goes on."""

import json
import signal
from pathlib import Path

from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list


def test_an_interrupted_run_says_so_and_goes_on_when_run_again(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Once in the middle of an asset, once while it waits."""
    # Tests that a shell runs in the background inherit that Ctrl-C is ignored.
    fbcheck.prelude = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 2001)]))
    for happened in (lambda v: len(v.tasks) >= 3, lambda v: len(v.tasks) >= 100 and sum(v.status_calls.values()) > 0):
        process = fbcheck.start("run", path, "--json", CHUNK_SIZE="20")
        vendor.wait_for(happened)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        document = json.loads(out)
        assert (process.returncode, document["lists"]) == (130, []) and "interrupted" in document["error"], err
        assert "interrupted" in err and "Traceback" not in err
    vendor.finish_all()
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="20")
    counts = document["lists"][0]["counts"]
    assert counts["checked"] + counts["unconfirmed"] == 2000 and code in (0, 3), err
    assert vendor.most_per_phone == 1
