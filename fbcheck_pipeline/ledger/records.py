"""What the ledger knows, as frozen records. Nothing outside the ledger sees a database row. Times are UTC seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.states import FINAL_STATES, TRAITS, ChunkState

_ADAPTERS: dict[type[Record], TypeAdapter[Any]] = {}


class Record:
    """A frozen dataclass whose fields are columns."""

    __slots__ = ()

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        """The record of one row, see `from_rows`."""
        return cls.from_rows([row])[0]

    @classmethod
    def from_rows(cls, rows: Sequence[sa.Row[Any]]) -> list[Self]:
        """Build records from the columns of their fields' names, of rows of one query.

        Raises:
            LedgerError: the database holds a shape that this version does not know.
        """
        adapter = _ADAPTERS.get(cls) or _ADAPTERS.setdefault(cls, TypeAdapter(cls))
        names = rows[0]._fields if rows else ()  # costs as much as the rest
        try:
            return [adapter.validate_python(dict(zip(names, row, strict=True))) for row in rows]
        except ValidationError as error:
            unknown = ", ".join(sorted({str(each["loc"][0]) for each in error.errors(include_input=False)}))
            raise unknown_shape(f"a {cls.__name__} has an unknown value in {unknown}") from None


@dataclass(frozen=True, slots=True)
class Chunk(Record):
    """The distinct phones of one submission, and what became of it."""

    chunk_key: str
    state: ChunkState
    change: int  # number of its last change that matters to planning
    replaces: str | None  # the chunk that this one is a part of
    halvings: int
    resubmissions: int  # tries before this one, under the same key
    phone_count: int
    unanswered_count: int  # phones without a usable verdict, once there is a result or none comes
    payload_sha256: str
    planned_at: float
    budget_day: str
    earlier_that_day: int  # of the tries before this one
    next_send_at: float
    sender: str | None
    protocol: str | None  # that it was sent with, and is asked with
    user_id: str | None  # the same
    first_sent_at: float | None
    last_sent_at: float | None
    submitted_at: float | None
    task_id: str | None
    possible_task_id: str | None  # what may be its task, by an answer that proves nothing
    attached_task_id: str | None  # by an operator, who may be wrong
    is_synthetic: bool
    vendor_status: str | None
    total: int | None
    success: int | None
    failure: int | None
    polls: int
    next_poll_at: float
    exported_at: float | None  # by our clock
    vendor_exported_at: str | None  # by the vendor's clock, as it wrote it
    result_url: str | None
    fetches: int
    fetcher: str | None  # who fetches its result now, if it still lives
    next_fetch_at: float
    tried_with: str
    gone_days: int
    gone_day: str | None
    repeats: int  # how often a fetch brought nothing new, or a failed task's first result was said to be gone
    result_sha256: str | None  # set where there are verdicts, perhaps not of all phones
    result_counts: Mapping[str, int] | None
    volume: str | None  # where its verdicts lie together with others'; null: in a file of their own
    settled_at: float | None
    note: str | None  # the last thing that went wrong, for a person

    @property
    def tries(self) -> int:
        """How often the vendor may have accepted its phones."""
        return self.resubmissions + TRAITS[self.state].is_try

    @property
    def known_task_id(self) -> str:
        """The task of a chunk that is, or was, with the vendor; LedgerError where there is none."""
        if self.task_id is None:
            raise unknown_shape(f"chunk {self.chunk_key} is {self.state} and has no task")
        return self.task_id

    @property
    def was_attached(self) -> bool:
        """True where its task is an operator's word, not the vendor's."""
        return self.task_id is not None and self.task_id == self.attached_task_id

    @property
    def has_result(self) -> bool:
        """True where the vendor has a file for it, as far as it said."""
        return self.vendor_status == "exported" or self.result_url is not None

    @property
    def has_verdicts(self) -> bool:
        """True where the verdict store has its answers, perhaps not of all its phones."""
        return self.result_sha256 is not None and self.state is not ChunkState.PURGED

    @property
    def was_in_vain(self) -> bool:
        """True where it settled and left phones without a usable answer."""
        return self.unanswered_count > 0 and TRAITS[self.state].holds is None


@dataclass(frozen=True, slots=True)
class LoadedChunk(Chunk):
    """A chunk with its phones, which weigh a thousand times as much as all else."""

    packed_phones: bytes | None  # None where only the file of what was sent has them, see `sent_phones`
    packed_unanswered: bytes | None

    @property
    def phones(self) -> Phones:
        """The phones in the order they are sent; consecutive stretches belong to one list each."""
        return self._unpack(self.packed_phones, self.phone_count)

    @property
    def unanswered(self) -> Phones:
        """Phones without a usable verdict, once settled; all of them where there was no result."""
        return self._unpack(self.packed_unanswered or self.packed_phones, self.unanswered_count)

    @property
    def answered(self) -> Phones:
        """Its phones (sorted, distinct) with a usable verdict, once there is a result."""
        phones = codec.distinct(self.phones)
        return phones[codec.positions(phones, self.unanswered) < 0]

    @property
    def there(self) -> Phones:
        """Its phones without those that were erased."""
        phones = self.phones
        return phones[phones > 0]

    @property
    def erased_count(self) -> int:
        """How many of its phones were erased: negative numbers stand in their places."""
        return self.phone_count - len(self.there)

    @property
    def held(self) -> Phones:
        """The phones that nobody else may send; those with a verdict by now are free again."""
        holds_all = TRAITS[self.state].holds == "all" or self.packed_unanswered is None
        return self.phones if holds_all else self.unanswered

    def _unpack(self, packed: bytes | None, count: int) -> Phones:
        if packed is None:
            raise unknown_shape(f"the phones of chunk {self.chunk_key} are not in the ledger")
        try:
            return codec.unpack(packed, count)
        except (OSError, ValueError):
            raise unknown_shape(f"the phones of chunk {self.chunk_key} cannot be unpacked") from None


@dataclass(frozen=True, slots=True)
class PhoneList(Record):
    """A registered list: how it is read, what is known of it, when it was planned and joined."""

    list_key: str
    number: int  # the how manieth registered, from 0
    file: str
    source: str  # the name of what it is a delivery of
    sha256: str
    was_moved: bool  # from the inbox: perhaps nobody has another copy
    options: Mapping[str, Any]  # how to read it, see `ReadOptions.to_json`
    purpose: str | None
    max_billable: int | None  # as the last `run` said; null where each process's own setting binds
    added_at: float
    reading: Mapping[str, Any] | None  # what the reader found; null until the list was read
    error: str | None  # why it cannot be read
    held: str | None  # why nothing of it is bought until a person confirms how it was read
    confirmed_at: float | None  # when a person did
    planned_at: float | None
    needs_planning: bool  # its waiting phones were taken, or a chunk that it depends on was withdrawn
    forbidden_phones: int  # distinct phones of it that a limit forbids; only a `run` of it or the night plans them again
    reserved: int  # phones of a planning under way that stand in no chunk yet
    is_pinned: bool  # the pins of its last planning stand; until then it is not joined
    revision: int  # rises with every move of its chunks
    joined_revision: int
    joined_at: float | None
    first_joined_at: float | None
    is_complete: bool
    counts: Mapping[str, int] | None  # `rows`, `phones`, one entry per check_status; null until planned
    erased: int  # rows that were erased from it

    @property
    def is_over_budget(self) -> bool:
        """True while a limit forbids its unsent phones."""
        return self.forbidden_phones > 0

    @property
    def source_rows(self) -> int:
        """Data rows of the list; 0 until it was read."""
        return int((self.reading or {}).get("rows", 0))

    def count(self, name: str) -> int:
        """One of the counts; 0 until the list was planned."""
        return (self.counts or {}).get(name, 0)


class NewList(NamedTuple):
    """A list to be registered, with the SHA-256 of its file."""

    list_key: str
    file: str
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class UnreadableFile(Record):
    """A file of the inbox that cannot be read; `mark` changes with its content, and with the version that tries."""

    name: str
    mark: str
    reason: str


class SettledTry(NamedTuple):
    """A settled try that left phones without a usable answer; a plan knows of hundreds."""

    chunk_key: str
    state: ChunkState
    resubmissions: int
    phone_count: int
    unanswered_count: int
    task_id: str | None
    settled_at: float

    @property
    def tries(self) -> int:
        """How often the vendor may have accepted its phones."""
        return self.resubmissions + TRAITS[self.state].is_try


@dataclass(frozen=True, slots=True)
class Purchase(Record):
    """Phones of one chunk that were bought for one list, each `tries` times: the vendor charges every one it accepted."""

    chunk_key: str
    task_id: str | None  # null while the vendor's answer is lost: perhaps charged
    phone_count: int
    tries: int

    @property
    def charged(self) -> int:
        """Phones, each as often as it was sent."""
        return self.phone_count * self.tries


@dataclass(frozen=True, slots=True)
class Tier(Record):
    """A published file of the index: what chunks tell whose change number is greater than one and not greater than another."""

    name: str
    after_change: int
    through_change: int
    pairs: int
    fresh_at: float = -math.inf  # of the youngest verdict or try that it tells of

    def tells_of(self, change: int) -> bool:
        """True where this file, if any, tells of the chunk with this change number."""
        return self.after_change < change <= self.through_change

    def overlaps(self, other: Tier) -> bool:
        """True where both tell of the same."""
        return self.lasts == other.lasts and self.after_change < other.through_change and other.after_change < self.through_change

    @property
    def lasts(self) -> bool:
        """True where it tells of tries that count however old they are, and of nothing else; no other file tells of these."""
        return self.fresh_at == math.inf


@dataclass(frozen=True, slots=True)
class Volume(Record):
    """A published file with the verdicts of many tasks."""

    key: str
    row_count: int


@dataclass(frozen=True, slots=True)
class VerdictPlace(Record):
    """Where a task's verdicts lie that will not change any more: in a volume, or in a file of their own."""

    chunk_key: str
    task_id: str
    volume: str | None
    phone_count: int


@dataclass(frozen=True, slots=True)
class StoredTask(Record):
    """A task of which the verdict store has usable verdicts."""

    chunk_key: str
    task_id: str
    volume: str | None
    state: ChunkState
    change: int
    result_sha256: str

    @property
    def is_final(self) -> bool:
        """True where its verdicts change no more."""
        return self.state in FINAL_STATES


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """What one status call said of a task; counts are null where the vendor did not tell them."""

    vendor_status: str
    total: int | None
    success: int | None
    failure: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive phones of a chunk that are bought for one list."""

    start: int
    phone_count: int


@dataclass(frozen=True, slots=True)
class Part:
    """Phones (sorted, distinct) that one list pays for."""

    list_key: str
    phones: Phones


def unknown_shape(what: str) -> LedgerError:
    """The error for a database that holds what this version cannot read."""
    return LedgerError(
        f"{what}: the ledger was written by another version, or is damaged; install the fbcheck-pipeline that wrote it, "
        "or restore the ledger from its newest backup"
    )
