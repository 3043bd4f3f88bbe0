"""How long a tick takes with 1,000 open tasks and a vendor that needs 100 ms an answer: `python -m tests.bench.poll_tick`."""

from __future__ import annotations

import argparse
import tempfile
import time

from fbcheck_pipeline.ledger.limits import Limits
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.collection.poll import poll_due_tasks
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import add_chunk, phones
from tests.fake_vendor import FakeVendor


def main() -> None:
    """Open the tasks on both sides, then poll once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--delay", type=float, default=0.1, help="seconds")
    parser.add_argument("--ledger-url")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, FakeVendor(hold=True) as vendor:
        ws = open_workspace(load_settings(data_uri=folder, ledger_url=given.ledger_url, api_url=vendor.url, api_key="k"))
        ws.ledger.register_list("a", file="a", source="s", sha256="a", options={}, purpose=None)
        for number in range(given.tasks):
            task = vendor.accept("simple", [f"+{905_320_000_000 + number}"], "")
            with ws.ledger.planning() as tx:
                key = add_chunk(tx, Part("a", phones(1, 905_320_000_000 + number)))
            ws.ledger.start_sending(key, sender="s", limits=Limits())
            ws.ledger.mark_submitted(key, sender="s", task_id=task.task_id, total=None, is_synthetic=False, next_poll_at=0)
        vendor.status_delay_s = given.delay
        began = time.perf_counter()
        polled = poll_due_tasks(ws, VendorClient(ws.settings), budget_s=60)
        print(f"{polled.asked} tasks asked in {time.perf_counter() - began:.1f} s, {polled.errors} errors")
        ws.ledger.close()


if __name__ == "__main__":
    main()
