"""Chunks as nights leave them, made in the ledger without a vendor, and what planning must then know of their phones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.limits import UNANSWERED
from fbcheck_pipeline.ledger.moves import move
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.index.index_upkeep import remove_from_index
from fbcheck_pipeline.workflow.index.phone_history import History
from fbcheck_pipeline.workflow.verdict_files.volumes import remove_from_volumes
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import Clock, add_chunk


@dataclass
class Past:
    """A chunk, by what is known of it."""

    key: str
    phones: Phones
    exported_at: float
    resubmissions: int = 0
    state: str = "exported"
    answered: Phones = field(default_factory=lambda: np.empty(0, np.int64))
    is_settled: bool = False
    settled_at: float = 0.0


class PastChunks:
    """Makes chunks in a ledger, one list each; every step takes a second."""

    def __init__(self, ws: Workspace, clock: Clock) -> None:
        self._ws, self._clock = ws, clock
        self.known: list[Past] = []

    def exported(self, phones: Phones, resubmissions: int = 0) -> Past:
        """A chunk whose result is to be collected."""
        key = self._planned(phones)
        self._ws.storage.write_bytes(paths.CHUNKS.of(key), codec.to_payload(phones))
        values = {"task_id": f"task-{key}", "exported_at": self._clock.now, "resubmissions": resubmissions}
        for from_, to in (("planned", "sending"), ("sending", "submitted"), ("submitted", "exported")):
            self._move(key, from_, to, values)
        self.known.append(Past(key, phones, self._clock.now, resubmissions))
        return self.known[-1]

    def withdrawn(self, phones: Phones, resubmissions: int) -> Past:
        """A chunk that was to be sent once more, until a limit forbade it."""
        key = self._planned(phones)
        self._move(key, "planned", "withdrawn", {**UNANSWERED, "resubmissions": resubmissions})
        self.known.append(Past(key, phones, -np.inf, resubmissions, "withdrawn", is_settled=True, settled_at=self._clock.now))
        return self.known[-1]

    def collect(self, past: Past, answered: Phones, *, is_whole: bool = True) -> None:
        """Its verdicts come, of all phones that ever answer or of some."""
        self._clock.advance(1)
        ledger, chunk = self._ws.ledger, self._ws.ledger.chunk(past.key)
        past.answered = np.union1d(past.answered, answered)
        result: dict[str, Any] = {
            "unanswered": np.setdiff1d(past.phones, past.answered),
            "result_sha256": f"of {self._clock.now}",
            "result_counts": {},
        }
        if is_whole:
            assert ledger.mark_collected(past.key, from_=chunk.state, task_id=chunk.known_task_id, **result)
            past.state, past.is_settled, past.settled_at = "collected", True, self._clock.now
        else:
            result |= {"is_new": True, "repeats": 0, "note": "", "next_fetch_at": 0.0}
            assert ledger.note_short(chunk, to=chunk.state, **result)

    def abandon(self, past: Past) -> None:
        """A person gives it up; a late answer is used."""
        self._clock.advance(1)
        self._move(past.key, "exported", "overdue", {})
        self._move(past.key, "overdue", "abandoned", UNANSWERED)
        past.state, past.is_settled, past.settled_at = "abandoned", True, self._clock.now

    def purge(self, past: Past) -> None:
        """What a purge of its list does in ledger and index."""
        self.known.remove(past)
        with self._ws.ledger.database.reading() as connection:
            name = connection.scalar(sa.text("SELECT list_key FROM parts WHERE chunk_key = :key"), {"key": past.key})
        marked = [each.chunk_key for each in self._ws.ledger.mark_purged([name], settled_before=np.inf)]
        remove_from_index(self._ws, marked)
        remove_from_volumes(self._ws)
        self._ws.ledger.delete([name], marked)

    def _planned(self, phones: Phones) -> str:
        self._clock.advance(1)
        name = f"list{self._ws.ledger.index_state().change}"
        self._ws.ledger.register_list(name, file=name, source="s", sha256="", options={}, purpose=None)
        with self._ws.ledger.planning() as tx:
            return add_chunk(tx, Part(name, phones))

    def _move(self, key: str, from_: str, to: str, values: Mapping[str, object]) -> None:
        with self._ws.ledger.database.writing() as connection:
            assert move(connection, key, ChunkState(from_), ChunkState(to), values, now=self._clock.now)

    def told(self, phones: Phones) -> dict[int, tuple[str | None, list[str]]]:
        """Of each phone the chunk with its newest verdict, and the settled ones that tried it in vain, oldest first."""
        by_time = sorted(self.known, key=lambda each: each.settled_at)
        newest: dict[int, str] = {}
        for each in sorted(self.known, key=lambda each: each.exported_at):
            newest |= dict.fromkeys(each.answered.tolist(), each.key)
        vain = {each.key: set(each.phones.tolist()) - set(each.answered.tolist()) for each in by_time if each.is_settled}
        return {phone: (newest.get(phone), [key for key in vain if phone in vain[key]]) for phone in phones.tolist()}


def told_by(history: History, phones: Phones) -> dict[int, tuple[str | None, list[str]]]:
    """The same as the product says it."""
    tries: list[list[str]] = [[] for _ in phones]
    for each, places in history.tries:
        for place in places.tolist():
            tries[place].append(each.chunk_key)
    answered: list[str | None] = [None] * len(phones)
    for place, number in zip(history.known.tolist(), history.verdict.tolist(), strict=True):
        answered[place] = history.tasks.chunk_key[number] if number >= 0 else None
    return dict(zip(phones.tolist(), zip(answered, tries, strict=True), strict=True))
