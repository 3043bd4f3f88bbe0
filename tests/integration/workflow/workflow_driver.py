"""The workflow as a test drives it: what the assets and sensors do with lists, without Dagster."""

from __future__ import annotations

from typing import Any

import numpy as np

from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.results.join import Tally, resolve
from fbcheck_pipeline.vendor import VendorClient
from fbcheck_pipeline.workflow.collect import Collected, collect_exported
from fbcheck_pipeline.workflow.pins import Pins, read_pins
from fbcheck_pipeline.workflow.plan import Again, plan_list
from fbcheck_pipeline.workflow.poll import Polled, poll_due_tasks
from fbcheck_pipeline.workflow.submit import Patience, Submitted, submit_chunks
from fbcheck_pipeline.workflow.workspace import Workspace

AT_ONCE = Patience(tries=3, first_wait_s=0.001, most_wait_s=0.005)


class WorkflowDriver:
    """One workspace and its client; lists are named by short keys."""

    def __init__(self, ws: Workspace) -> None:
        self.ws, self.ledger = ws, ws.ledger
        self.client = VendorClient(ws.settings)

    def plan(self, key: str, phones: Phones, *, again: Again = Again.NOBODY, max_billable: int | None = None) -> Pins:
        """Register a list if need be, plan it, write its pins."""
        if self.ledger.list_row(key) is None:
            self.ledger.register_list(key, file=key, inbox_name=key, sha256=key, options={}, purpose=None)
        limit = self.ws.settings.max_billable if max_billable is None else max_billable
        pins = plan_list(self.ws, key, phones, again=again, max_billable=limit)
        self.ws.storage.write_parquet(paths.SUBMITTED_CHUNKS.of(key), pins.stream())
        return pins

    def send(self, key: str, patience: Patience = AT_ONCE) -> Submitted:
        """Send what a list depends on."""
        return submit_chunks(self.ws, self.client, key, patience=patience)

    def run(self, key: str, phones: Phones, **given: Any) -> Submitted:
        """Plan and send."""
        self.plan(key, phones, **given)
        return self.send(key)

    def poll(self) -> Polled:
        """Ask about every open task, due or not."""
        for row in self.ledger.chunks(states=["submitted", "overdue"]):
            self.ledger.note_chunk(row.chunk_key, next_poll_at=0)
        return poll_due_tasks(self.ws, self.client, budget_s=10)

    def collect(self) -> Collected:
        """Fetch what is exported, due or not."""
        for row in self.ledger.chunks(states=["exported", "overdue"]):
            self.ledger.note_chunk(row.chunk_key, next_fetch_at=0)
        return collect_exported(self.ws, self.client)

    def finish(self) -> None:
        """Poll and collect once: enough where the vendor is done."""
        self.poll()
        self.collect()

    def counts(self, key: str) -> dict[str, int]:
        """Phones of the list by check_status, zeros left out."""
        counts = self._tally(key)[0].counts(0)
        return {name: count for name, count in counts.items() if count and name not in ("rows", "phones")}

    def is_complete(self, key: str) -> bool:
        """True when nothing of the list may still change."""
        return self._tally(key)[0].is_complete

    def states(self) -> list[str]:
        """States of all chunks, oldest first."""
        return [row.state for row in self.ledger.chunks()]

    def chunk_key(self, state: str) -> str:
        """The one chunk in a state."""
        (row,) = self.ledger.chunks(states=[state])
        return str(row.chunk_key)

    def _tally(self, key: str) -> tuple[Tally, Pins]:
        pins = read_pins(self.ws.storage, key)
        assert pins is not None
        tally = Tally(resolve(self.ws, key, pins))
        tally.add_repeated(np.ones(len(pins.phones), np.int64), 0)
        return tally, pins
