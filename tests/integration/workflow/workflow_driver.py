"""The workflow as a test drives it: what the assets and sensors do with lists, without Dagster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from fbcheck_pipeline.ledger import ChunkState, Ledger, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.schema import chunks, metadata
from fbcheck_pipeline.ledger.states import states_that
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.answers import Tally, resolve
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.foresight import rehearse_list
from fbcheck_pipeline.workflow.buying.pins import Pins, read_pins, write_pins
from fbcheck_pipeline.workflow.buying.plan import plan_list, planning_order
from fbcheck_pipeline.workflow.buying.send import RetryPolicy, Sent, send_planned_chunks
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.collection.collect import Collected, collect_exported
from fbcheck_pipeline.workflow.collection.poll import Polled, poll_due_tasks
from fbcheck_pipeline.workflow.content import content_of
from fbcheck_pipeline.workflow.workspace import Workspace, rehearsing

AT_ONCE = RetryPolicy(tries=3, first_wait_s=0.001, max_wait_s=0.005)


def set_columns(ledger: Ledger, chunk_key: str, **values: object) -> None:
    """Write into a chunk's row what no transition would: times that have come, or passed."""
    with ledger.database.writing() as connection:
        connection.execute(sa.update(chunks).where(chunks.c.chunk_key == chunk_key).values(values))


def everything(ledger: Ledger) -> list[list[Any]]:
    """All rows of all tables."""
    with ledger.database.reading() as connection:
        return [sorted(map(tuple, connection.execute(sa.select(table))), key=repr) for table in metadata.sorted_tables]


def batch_of(phones: Phones, rejected: int = 0) -> pa.RecordBatch:
    """Rows of `e164_phones`: these phones, and cells that are too short."""
    e164 = [*codec.to_e164(phones).to_pylist(), *[None] * rejected]
    reasons = [*[None] * len(phones), *["too_short"] * rejected]
    names = pa.array(["phone"] * len(e164), pa.string())
    columns = {"phone_e164": pa.array(e164, pa.string()), "reject_reason": pa.array(reasons, pa.string())}
    return pa.record_batch({"phone_column": names, **columns})


class WorkflowDriver:
    """One workspace and its client; lists are named by short keys."""

    def __init__(self, ws: Workspace) -> None:
        self.ws, self.ledger = ws, ws.ledger
        self.client = VendorClient(ws.settings)

    def run(self, key: str, phones: Phones, policy: RetryPolicy = AT_ONCE, **given: Any) -> Sent:
        """Register a list with its limit and submit it, as `fbcheck run` does; by night as the schedule does."""
        self.begin(key, **given)
        return self.submit(key, phones, policy, again=given.get("again", Again.NOBODY))

    def submit(self, key: str, phones: Phones, policy: RetryPolicy = AT_ONCE, **given: Any) -> Sent:
        """Submit a list as a sensor does."""
        self.register(key)
        return submit_list(self.ws, self.client, key, content_of([batch_of(phones)]), policy=policy, **given).sent

    def begin(self, key: str, *, again: Again = Again.NOBODY, max_billable: int | None = None) -> None:
        """What a run does first: the list is known, and its limit recorded; the schedule records none."""
        self.register(key)
        if again is not Again.NIGHT:
            self.ledger.note_limit(key, self.ws.settings.max_billable if max_billable is None else max_billable)

    def plan(self, key: str, phones: Phones, *, again: Again = Again.NOBODY, max_billable: int | None = None) -> Pins:
        """The first step of a run, and its pins; the process ends before it sends."""
        self.begin(key, again=again, max_billable=max_billable)
        pins = plan_list(self.ws, key, phones, again=again)
        write_pins(self.ws, key, pins)
        return pins

    def foresee(self, lists: Mapping[str, Phones], **given: Any) -> tuple[int, dict[str, int]]:
        """What a dry run of these lists says: phones that a run would submit in all, and for each list."""
        sent = dict[str, int]()
        with rehearsing(self.ws) as ws:
            trial = WorkflowDriver(ws)
            for key in lists:
                trial.begin(key, **given)
            for key, is_once_more in planning_order(ws, lists):
                again = Again.NOBODY if is_once_more else given.get("again", Again.NOBODY)
                sent |= rehearse_list(ws, key, content_of([batch_of(lists[key])]), again=again).chunks
            own = {key: ws.ledger.parts_of(key) for key in lists}
        return sum(sent.values()), {key: sum(own[key][each].phone_count for each in sent if each in own[key]) for key in lists}

    def run_all(self, lists: Mapping[str, Phones], policy: RetryPolicy = AT_ONCE, **given: Any) -> None:
        """One run of several lists: all are registered before the first is planned."""
        for key in lists:
            self.begin(key, **given)
        for key, is_once_more in planning_order(self.ws, lists):
            self.submit(key, lists[key], policy, again=Again.NOBODY if is_once_more else given.get("again", Again.NOBODY))

    def send(self, key: str, policy: RetryPolicy = AT_ONCE) -> Sent:
        """Send what a list depends on, as a later run does."""
        sent = Sent()
        send_planned_chunks(self.ws, self.client, key, sent, policy=policy)
        return sent

    def register(self, key: str) -> None:
        """Make a list known by its short key."""
        if self.ledger.find_list(key) is None:
            self.ledger.register_list(key, file=key, source="s", sha256=key, options={}, purpose=None)

    def poll(self) -> Polled:
        """Ask about every open task, due or not."""
        for chunk in self.ledger.chunks(states=states_that("asks_status")):
            set_columns(self.ledger, chunk.chunk_key, next_poll_at=0)
        return poll_due_tasks(self.ws, self.client, budget_s=10)

    def collect(self) -> Collected:
        """Fetch what is exported, due or not."""
        for chunk in self.ledger.chunks(states=states_that("asks_file")):
            set_columns(self.ledger, chunk.chunk_key, next_fetch_at=1)  # 0 would be before its time
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
        (chunk,) = self.ledger.chunks(states=[ChunkState(state)])
        return chunk.chunk_key

    def _tally(self, key: str) -> tuple[Tally, Pins]:
        pins = read_pins(self.ws.storage, key)
        assert pins is not None
        tally = Tally(resolve(self.ws, key, pins))
        tally.add_repeated(np.empty(0, np.int64), 0)
        return tally, pins
