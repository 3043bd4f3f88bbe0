"""What planning must know of phones: their newest verdicts, their settled tries, and which chunks hold them.

It is read outside the planning transaction, and catches up with chunks that changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.ledger import TRAITS, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import LoadedChunk, SettledTry
from fbcheck_pipeline.workflow.index.index_tiers import fresh_at, told_by
from fbcheck_pipeline.workflow.index.phone_history import AnsweringTasks, Places, TryRule, history_of, reused_since
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.workspace import Workspace


class PhoneLookup:
    """What is known of some phones.

    Attributes:
        phones: sorted, distinct; places are places in it.
        known: places of those that have a usable verdict, ascending, as far as `History` knows.
        answered_at: for each of these when the newest was exported.
        verdict: for each of these the index in `tasks` of the newest task whose verdicts are reused, or -1.
    """

    def __init__(self, ws: Workspace, phones: Phones, rule: TryRule) -> None:
        history = history_of(ws, phones, rule)
        self._since, self._rule = reused_since(ws), rule
        self.phones, self.known, self.answered_at = phones, history.known, history.answered_at
        self.verdict, tasks = history.verdict, history.tasks
        self.tasks = AnsweringTasks(list(tasks.chunk_key), list(tasks.task_id), list(tasks.exported_at))
        self._tries = {each.chunk_key: (each, places) for each, places in history.tries}
        self._held = dict[str, Places | slice]()

    def tries(self) -> list[tuple[SettledTry, Places]]:
        """Settled tries that count and left some of the phones without a usable answer, oldest first, with the places of these phones."""
        return sorted(self._tries.values(), key=lambda each: (each[0].settled_at, each[0].chunk_key))

    def held(self) -> dict[str, Places | slice]:
        """Keys of the chunks that hold some of the phones, and the places of these phones."""
        return self._held

    def is_held(self) -> npt.NDArray[np.bool_]:
        """True for each phone that a chunk holds."""
        is_held = np.zeros(len(self.phones), bool)
        for places in self._held.values():
            is_held[places] = True
        return is_held

    def hold(self, chunk_key: str, phones: Phones) -> None:
        """Know of a chunk that it holds these phones."""
        if len(places := self._places(phones)):
            self._held[chunk_key] = codec.stretch(places)

    def note(self, chunk: LoadedChunk) -> bool:
        """Take in a chunk as it is now; True where that matters to any of the phones."""
        key = chunk.chunk_key
        is_known = [known.pop(key, None) is not None for known in (self._held, self._tries)]
        if TRAITS[chunk.state].holds:
            self.hold(key, chunk.held)
        is_answered = False
        for phones, is_try in told_by(chunk):
            if not len(places := self._places(phones)):
                continue
            if not is_try:
                self._answer(chunk, places)
                is_answered = True
            elif self._rule.counts(settled := _settled(chunk)):
                self._tries[key] = (settled, places)
        return any(is_known) or is_answered or key in self._held or key in self._tries

    def _answer(self, chunk: LoadedChunk, places: Places) -> None:
        """A chunk's verdicts only ever become more, and its export later: what was known of it before is covered."""
        new = np.sort(places[codec.positions(places, self.known) < 0])
        gaps = np.searchsorted(self.known, new)
        self.known, self.answered_at = np.insert(self.known, gaps, new), np.insert(self.answered_at, gaps, -np.inf)
        self.verdict = np.insert(self.verdict, gaps, -1)
        at = np.searchsorted(self.known, places)
        exported_at = chunk.exported_at or 0.0
        self.answered_at[at] = np.maximum(self.answered_at[at], exported_at)
        if fresh_at(chunk) > self._since:
            of_newest = np.append(self.tasks.exported_at, -np.inf)[self.verdict[at]]
            self.verdict[at[of_newest <= exported_at]] = len(self.tasks.exported_at)
            self.tasks.chunk_key.append(chunk.chunk_key)
            self.tasks.task_id.append(chunk.known_task_id)
            self.tasks.exported_at.append(exported_at)

    def _places(self, phones: Phones) -> Places:
        at = codec.positions(phones, self.phones)
        return at[at >= 0]


def note_all(ws: Workspace, lookups: Sequence[PhoneLookup], chunks: Iterable[LoadedChunk]) -> bool:
    """Take in chunks as they are now; True where that matters to any phone of any look-up."""
    return any([each.note(chunk) for chunk in (with_phones(ws, one) for one in chunks) for each in lookups])


def _settled(chunk: LoadedChunk) -> SettledTry:
    return SettledTry(**{name: getattr(chunk, name) for name in SettledTry._fields})
