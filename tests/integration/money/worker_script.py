"""What a worker process does that may be killed: two overlapping lists, planned, sent, polled, collected.

Run in a process of its own by `killable_worker.KillableWorker`; a `stop` says where it dies by its own SIGKILL.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

import fbcheck_pipeline
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.ledger.planning import Planning
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.task_snapshots import TaskSnapshot, TaskStatus
from fbcheck_pipeline.workflow.collection import collect as collecting
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import phones
from tests.integration.workflow.workflow_driver import WorkflowDriver

LISTS = {"a": phones(40), "b": phones(40, 905_320_000_020)}
CHUNK_SIZE = 10
OURS = str(Path(fbcheck_pipeline.__file__).parent)
POINTS: dict[str, tuple[object, str, str]] = {
    "planning transaction": (Planning, "mark_planned", ""),
    "planning": (Ledger, "planning", ""),
    "chunk file": (Storage, "write_bytes", "chunks/"),
    "stamp": (Storage, "write_bytes", "ledger-id"),
    "start_sending": (Ledger, "start_sending", ""),
    "post": (VendorClient, "submit_chunk", ""),
    "mark_submitted": (Ledger, "mark_submitted", ""),
    "note_progress": (Ledger, "note_progress", ""),
    "mark_exported": (Ledger, "mark_exported", ""),
    "kept result": (Storage, "write_bytes", "result_files/"),
    "verdict file": (Storage, "write_parquet", "verdicts/"),
    "mark_collected": (Ledger, "mark_collected", ""),
    "index file": (Storage, "writing", "verdict_index/"),
    "index publish": (Ledger, "publish_tier", ""),
    "volume file": (Storage, "write_parquet", "new_volumes/"),
    "volume publish": (Ledger, "publish_volume", ""),
    "volume move": (Storage, "move", "new_volumes/"),
    "pins": (Storage, "write_parquet", "submitted_chunks/"),
    "rename": (os, "replace", ""),
}


def live(settings: Settings, stop: Callable[[], None], keys: list[str]) -> None:
    """Do all there is to do for the lists, or die on the way."""
    always_indexed = functools.partial(update_index, max_loose=0)
    patch.object(collecting, "update_index", always_indexed).start()
    patch.object(collecting, "bind_verdicts", functools.partial(bind_verdicts, max_files=0)).start()
    patch.object(VendorClient, "task", first_seen_processing(VendorClient.task)).start()
    ws = open_workspace(settings)
    driver = WorkflowDriver(ws)
    stop()
    for key in keys:
        driver.run(key, LISTS[key])
    deadline = time.monotonic() + 120
    while {"submitted", "exported", "sending"} & set(driver.states()) and time.monotonic() < deadline:
        time.sleep(0.03)
        driver.finish()
    for key in keys:  # what another process had in hand is pinned as it came out
        driver.plan(key, LISTS[key])
    ws.ledger.close()


def first_seen_processing(ask: Callable[..., TaskSnapshot]) -> Callable[..., TaskSnapshot]:
    """Every task is polled at least twice, however slow this machine is."""
    seen: set[str] = set()

    def task(client: VendorClient, task_id: str, **sent: Any) -> TaskSnapshot:
        snapshot = ask(client, task_id, **sent)
        if task_id in seen:
            return snapshot
        seen.add(task_id)
        return dataclasses.replace(snapshot, status=TaskStatus.PROCESSING, result_url=None)

    return task


def die(*_: object) -> None:
    """As the kernel's out-of-memory killer would have it."""
    os.kill(os.getpid(), signal.SIGKILL)


def pause() -> None:
    """As a laptop's lid or a hypervisor would have it."""
    os.kill(os.getpid(), signal.SIGSTOP)


def die_after(owner: object, name: str, number: int) -> None:
    """From now on the `number`-th call of that function is the last thing that this process does."""
    original, calls = getattr(owner, name), itertools.count(1)

    def wrapped(*args: Any, **given: Any) -> Any:
        result = original(*args, **given)
        if next(calls) == number:
            die()
        return result

    setattr(owner, name, wrapped)


def dying_at(point: str, when: str, number: int, halt: Callable[[], None] = die) -> Callable[[], None]:
    """A stop before, or after, the `number`-th call at a named point."""

    def stop() -> None:
        owner, name, prefix = POINTS[point]
        original, calls = getattr(owner, name), [0]

        @functools.wraps(original)
        def wrapped(*args: Any, **given: Any) -> Any:
            if prefix and not str(args[1]).startswith(prefix):
                return original(*args, **given)
            calls[0] += 1
            if calls[0] != number:
                return original(*args, **given)
            if when == "before":
                halt()
            result = original(*args, **given)
            if when == "after" and point == "planning":
                return _dying_at_exit(result)
            if when == "after":
                halt()
            return result

        setattr(owner, name, wrapped)

    return stop


@contextmanager
def _dying_at_exit(planning: Any) -> Iterator[Any]:
    with planning as tx:
        yield tx
    die()


def dying_with_the_body_sent(number: int) -> Callable[[], None]:
    """A stop when the `number`-th POST has left and its answer has not come."""

    def stop() -> None:
        import http.client

        calls, original = [0], http.client.HTTPConnection.getresponse

        def getresponse(self: http.client.HTTPConnection, *args: Any, **given: Any) -> Any:
            calls[0] += getattr(self, "_method", "") == "POST"
            if calls[0] == number:
                time.sleep(0.05)  # the vendor accepts meanwhile
                die()
            return original(self, *args, **given)

        http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]

    return stop


def dying_at_line(number: int) -> Callable[[], None]:
    """A stop before the `number`-th line that this product executes in the main thread from now on."""

    def stop() -> None:
        left = [number]

        def lines(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                left[0] -= 1
                if left[0] == 0:
                    die()
            return lines

        sys.settrace(lambda frame, event, _: lines if frame.f_code.co_filename.startswith(OURS) else None)

    return stop


def counting_lines(told: Any) -> Callable[[], None]:
    """No stop; says in `told.value` how many lines there were."""

    def stop() -> None:
        def lines(frame: FrameType, event: str, _: Any) -> Any:
            told.value += event == "line"
            return lines

        sys.settrace(lambda frame, event, _: lines if frame.f_code.co_filename.startswith(OURS) else None)

    return stop


def nowhere() -> None:
    """No stop."""
