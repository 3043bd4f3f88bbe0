"""What became of each phone of a list: its pins followed to the answers that the ledger and the verdict store have now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.ledger import TRAITS, ChunkState, codec
from fbcheck_pipeline.ledger.codec import Numbers, Phones
from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, AnsweredBy, CheckStatus
from fbcheck_pipeline.workflow.buying.pins import Pins
from fbcheck_pipeline.workflow.index.phone_history import TryRule, history_of
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.verdict_files.lost_verdicts import verdicts_of
from fbcheck_pipeline.workflow.verdict_files.verdicts import VerdictReader
from fbcheck_pipeline.workflow.workspace import Workspace

NO_PIN, REJECTED = -2, -1
"""Places of a phone that the pins do not know (the list was normalised anew since it was planned), and of a rejected row."""
_CODE = {status: code for code, status in enumerate(CHECK_STATUSES)}
_SETTLED, _MAY_CHANGE, _NIGHT, _MISSING = -1, -2, -3, -4
"""What may become of a phone without a verdict, in place of one while all are followed: nothing more; something; the night sends it again
unless its tries are used up; no chunk that it is pinned to carries it."""
_IS_DONE = -2
Codes = npt.NDArray[np.int8]
Answers = Callable[[Chunk, Phones], Codes]
"""For each of some phones its verdict by a chunk, as an index in VERDICTS, -1 for none."""


@dataclass(frozen=True)
class Resolved:
    """What is known of each phone: arrays alongside `phones`, and two entries more, at NO_PIN and REJECTED.

    Attributes:
        status: index in CHECK_STATUSES.
        facebook: index in VERDICTS, -1 for none.
        task: index in `tasks`, -1 for none.
        may_change: True where the status of some phone may change by itself or waits for a person.
    """

    phones: Phones
    status: npt.NDArray[np.int8]
    facebook: npt.NDArray[np.int8]
    task: Numbers
    tasks: list[Chunk]
    may_change: bool = False


def resolve(ws: Workspace, list_key: str, pins: Pins) -> Resolved:
    """Follow every pin to its answer as it is now.

    Raises:
        StorageError: verdicts are lost for good.
    """
    chunks = ws.ledger.chunks_with_parts(pins.chunk_keys)
    return _resolve(ws, list_key, _in_order_of_files(pins, chunks), chunks, _verdicts_in_files(ws))


def tally_of(ws: Workspace, list_key: str, pins: Pins) -> Tally:
    """What is to be counted of a list, as far as the ledger knows: no verdict is read, so none can be lost."""
    chunks = ws.ledger.chunks_with_parts(pins.chunk_keys)
    return Tally(_resolve(ws, list_key, replace(pins, index=pins.index.copy()), chunks, _known_to_ledger(ws)))


def _resolve(ws: Workspace, list_key: str, pins: Pins, chunks: Sequence[Chunk], answers: Answers) -> Resolved:
    """The index of the pins becomes that of the tasks in its own memory. What is done is negative meanwhile, a task `_IS_DONE` minus itself."""
    count, unsent = len(pins.phones) + 2, _CODE[_status_of_unsent(ws, list_key)]
    tasks = [each for each in chunks if each.task_id is not None]
    index = pins.index.astype(np.promote_types(pins.index.dtype, codec.smallest_type(len(tasks) - _IS_DONE)), copy=False)
    index.resize(count, refcheck=False)
    index[NO_PIN:] = -1
    status, facebook = np.full(count, unsent, np.int8), np.full(count, _SETTLED, np.int8)
    resolved = Resolved(pins.phones, status, facebook, index, tasks)
    status[REJECTED] = _CODE[CheckStatus.REJECTED]
    resolver = _AnswerResolver(ws, list_key, resolved, chunks, unsent, answers)
    for number, places in codec.grouped(index):
        index[places], pin = -1, pins.pins[number]
        if pin.answered_by is AnsweredBy.VERDICT:
            facebook[places] = _MAY_CHANGE  # a phone without the verdict that it was pinned to is planned anew
            resolver.verdict(pin.chunk_key or "", places, CheckStatus.REUSED)
        elif pin.chunk_key is not None:
            resolver.chunk(
                pin.chunk_key, places, CheckStatus.CHECKED if pin.answered_by is AnsweredBy.CHUNK else CheckStatus.REUSED
            )
        else:
            if pin.answered_by is not AnsweredBy.WAITING:
                status[places] = _CODE[CheckStatus.named(pin.answered_by.value)]
            facebook[places] = _SETTLED if pin.answered_by is AnsweredBy.SUPPRESSED else _MAY_CHANGE
    resolver.judge_unanswered()
    np.subtract(_IS_DONE, index, out=index)  # none stays -1
    may_change = bool(facebook.min() < _SETTLED)
    np.maximum(facebook, -1, out=facebook)
    return replace(resolved, may_change=may_change)


def _in_order_of_files(pins: Pins, chunks: Iterable[Chunk]) -> Pins:
    """The same pins, in the order in which each part of the verdict store is read once."""
    files = {each.chunk_key: (each.volume or "", each.task_id or "") for each in chunks}
    order = sorted(range(len(pins.pins)), key=lambda number: files.get(pins.pins[number].chunk_key or "", ("", "")))
    place = np.append(np.argsort(order), -1).astype(pins.index.dtype)
    return replace(pins, index=place[pins.index], pins=[pins.pins[number] for number in order])


def _verdicts_in_files(ws: Workspace) -> Answers:
    reader = VerdictReader(ws.storage)

    def verdicts(chunk: Chunk, phones: Phones) -> Codes:
        answered, codes = verdicts_of(ws, chunk, reader)
        at = codec.positions(phones, answered)
        return np.where(at >= 0, codes[np.maximum(at, 0)], np.int8(-1)) if len(codes) else np.full(len(phones), -1, np.int8)

    return verdicts


def _known_to_ledger(ws: Workspace) -> Answers:
    """Tells only whether there is a verdict: a result gave one to all phones that it did not leave without."""

    def is_answered(chunk: Chunk, phones: Phones) -> Codes:
        if not chunk.has_verdicts:
            return np.full(len(phones), -1, np.int8)
        left = ws.ledger.answering_chunks([chunk.chunk_key] if chunk.unanswered_count else [])
        return -np.isin(phones, [each.unanswered for each in left]).astype(np.int8)

    return is_answered


def _status_of_unsent(ws: Workspace, list_key: str) -> CheckStatus:
    """What a phone of the list is that nobody sends: a limit took it back, or it waits to be planned."""
    known = ws.ledger.find_list(list_key)
    return CheckStatus.OVER_BUDGET if known is not None and known.is_over_budget else CheckStatus.WAITING


class _AnswerResolver:
    """Fills a `Resolved`, asking for each task's verdicts once."""

    def __init__(
        self,
        ws: Workspace,
        list_key: str,
        resolved: Resolved,
        chunks: Iterable[Chunk],
        unsent: int,
        answers: Answers,
    ) -> None:
        self._answers = answers
        self._ws, self._list_key, self._resolved, self._unsent = ws, list_key, resolved, unsent
        self._task_numbers = {task.chunk_key: number for number, task in enumerate(resolved.tasks)}
        self._chunks = {each.chunk_key: each for each in chunks}
        self._children: dict[str, list[str]] = {}
        for each in chunks:
            if each.replaces:
                self._children.setdefault(each.replaces, []).append(each.chunk_key)

    def chunk(self, chunk_key: str, places: npt.NDArray[np.int64], good: CheckStatus) -> None:
        """Answer places from a chunk, or from what replaced it; who is in none of these was suppressed, withdrawn or is planned anew."""
        resolved = self._resolved
        missing = np.ones(len(places), bool)
        for chunk in sorted(self._leaves(chunk_key), key=lambda each: TRAITS[each.state].holds is not None):
            if chunk.state is ChunkState.WITHDRAWN:
                continue
            is_pinned = chunk.chunk_key == chunk_key
            inside = np.ones(len(places), bool) if is_pinned else self._carries(chunk, places)
            missing &= ~inside
            mine = places[inside & (resolved.facebook[places] < 0)]  # after a late id two tries may carry a phone
            traits = TRAITS[chunk.state]
            resolved.status[mine] = _CODE[traits.check_status or CheckStatus.WAITING]
            # what is overdue or short may change, too, but keeps no list open
            may_change = traits.holds == "all" or not traits.settles
            resolved.facebook[mine] = _NIGHT if traits.retries == "night" else _MAY_CHANGE if may_change else _SETTLED
            if chunk.has_verdicts:
                self.verdict(chunk.chunk_key, mine, good)
        resolved.facebook[places[missing]] = _MISSING

    def verdict(self, chunk_key: str, places: npt.NDArray[np.int64], good: CheckStatus) -> None:
        """Answer places from the verdicts of a chunk."""
        resolved, number = self._resolved, self._task_numbers.get(chunk_key)
        if number is None:  # purged since it was pinned
            return
        found = self._answers(resolved.tasks[number], resolved.phones[places])
        resolved.task[places] = _IS_DONE - number
        is_usable = found >= 0
        resolved.facebook[places[is_usable]] = found[is_usable]
        resolved.status[places[is_usable]] = _CODE[good]

    def judge_unanswered(self) -> None:
        """Say of phones without an answer whether they may be tried again; what was known of them before is looked up once."""
        resolved = self._resolved
        places = codec.places_of(resolved.facebook, _MISSING, _MAY_CHANGE)
        if not len(places):
            return
        is_missing = resolved.facebook[places] == _MISSING
        is_tried = self._tries(resolved.phones[places]) >= self._ws.settings.max_tries
        resolved.facebook[places] = np.where(is_tried, _SETTLED, _MAY_CHANGE)
        left, is_tried = places[is_missing], is_tried[is_missing]  # a withdrawn one's earlier tries were all
        is_suppressed = self._ws.ledger.suppressed_among(resolved.phones[left])
        unsent = np.where(is_tried, _CODE[CheckStatus.UNDETERMINED], self._unsent)
        resolved.status[left] = np.where(is_suppressed, _CODE[CheckStatus.SUPPRESSED], unsent)
        resolved.facebook[left[is_suppressed]] = _SETTLED

    def _tries(self, phones: Phones) -> npt.NDArray[np.int16]:
        """How often each phone (sorted, distinct) was tried without a usable answer, as far as it binds the list."""
        tries = np.zeros(len(phones), np.int16)
        rule = TryRule.of(self._ws, self._list_key)
        for chunk, places in history_of(self._ws, phones, rule).tries:
            tries[places] += chunk.tries
        return tries

    def _carries(self, chunk: Chunk, places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        carried = codec.distinct(loaded(self._ws, chunk.chunk_key).phones)
        return codec.positions(self._resolved.phones[places], carried) >= 0

    def _leaves(self, chunk_key: str) -> Iterator[Chunk]:
        chunk = self._chunks.get(chunk_key) or self._ws.ledger.chunk(chunk_key)  # an older ledger says that there is none
        if chunk.state is not ChunkState.REPLACED:
            yield chunk
        for child in self._children.get(chunk_key, []):
            yield from self._leaves(child)


class Tally:
    """Counts rows by check_status as batches pass; `is_complete` when nothing of the list may still change."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._by_status = np.zeros(len(CHECK_STATUSES), np.int64)
        self.is_complete = not resolved.may_change

    def add(self, status: npt.NDArray[np.int8]) -> None:
        """Count a batch's statuses."""
        self._by_status += codec.counts(status, len(CHECK_STATUSES))

    def add_repeated(self, repeats: Phones, rejected: int) -> None:
        """Count all rows at once: one of each phone, those of `repeats`, and the rejected ones."""
        self.add(self._resolved.status[:NO_PIN])
        for start in range(0, len(repeats), codec.AT_ONCE):
            self.add(self._resolved.status[codec.positions(repeats[start : start + codec.AT_ONCE], self._resolved.phones)])
        self._by_status[_CODE[CheckStatus.REJECTED]] += rejected

    def counts(self, source_rows: int) -> dict[str, int]:
        """`rows`, `phones`, and one entry per check_status, which add up to `phones`."""
        by_status = dict(zip(map(str, CHECK_STATUSES), self._by_status.tolist(), strict=True))
        return {"rows": source_rows, "phones": int(self._by_status.sum()), **by_status}
