"""One tier of the index over verdicts and tries: an immutable file, sorted by phone.

A tier tells of the chunks whose last change lies in a range: of each chunk the phones that it answered, and those that it tried in
vain. What it tells of a chunk that changed since is stale and counts no more: a later tier, or the ledger, tells it anew. A tier
that is lost or damaged is made anew from what the ledger knows.

Tries that count however old they are lie in tiers of their own: every plan reads these few, and not what has grown old beside them.

Which tiers there are is decided in `index_upkeep`.
"""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.byte_ranges import byte_ranges
from fbcheck_pipeline.files.sorted_pairs import DamagedPairs, Pairs, PairsFile, Values, merged, write_pairs
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import TRAITS, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import LoadedChunk, SettledTry, Tier
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.timestamps import timestamp_us
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

PAIRS_AT_ONCE = 1 << 21
"""Pairs in memory while a tier is made of chunks, each of which has two values at most."""
SMALL = 1 << 20
"""Pairs: of up to eight such tiers a process keeps the table, the fences and the filters, 2 MB, for the next list that it plans."""
_VALUE_BITS = 13
_PIECE = 1 << 15

SCHEMA = pa.schema(
    {
        "chunk_key": pa.string(),
        "change": pa.int64(),
        "is_try": pa.bool_(),
        "task_id": pa.string(),
        "exported_at": pa.float64(),
        "fresh_at": pa.float64(),
        "state": pa.string(),
        "resubmissions": pa.int32(),
        "phone_count": pa.int32(),
        "unanswered_count": pa.int32(),
        "settled_at": pa.float64(),
    }
)
"""What the values of a tier mean: a chunk as it was after a change, and whether it answered the phone or tried it in vain.

All of it is true as long as the chunk has this change number. An answer's `exported_at` is by our clock, `fresh_at` by the later of ours and
the vendor's. A try's `exported_at` is -inf, `fresh_at` when it settled, or inf, in a tier of its own, where it counts however old it is.
"""


@contextmanager
def open_tier(ws: Workspace, tier: Tier) -> Iterator[PairsFile]:
    """A published tier, to be read.

    Raises:
        FileNotFoundError, DamagedPairs: it cannot be used; `withdraw_unusable` says what to do.
    """
    with byte_ranges(ws.storage, tier.name) as source:
        if tier.pairs > SMALL:
            file = PairsFile.open(source, _identity(ws.ledger.uuid, tier.name, tier.lasts))
        else:
            file = _small_file(ws.storage, ws.ledger.uuid, tier.name, tier.lasts).reopened(source)
        if file.count != tier.pairs:
            raise DamagedPairs("another file")
        yield file


@lru_cache(maxsize=8)
def _small_file(storage: Storage, ledger_uuid: str, name: str, lasts: bool) -> PairsFile:
    """A closed file: it never changes, nor does another one ever have its name."""
    with byte_ranges(storage, name) as source:
        return PairsFile.open(source, _identity(ledger_uuid, name, lasts)).with_filters()


def forget_files() -> None:
    """Keep no fences, which are phones, of files that were deleted."""
    _small_file.cache_clear()


def withdraw_unusable(ws: Workspace, tier: Tier, error: Exception) -> None:
    """Take a tier out of the index that cannot be read, unless it was only replaced meanwhile."""
    if ws.ledger.is_published(tier):
        log.warning("a file of the index is lost or damaged and made anew name=%s error=%s", tier.name, error)
        ws.ledger.withdraw_tier(tier)


def fresh_at(chunk: LoadedChunk) -> float:
    """When verdicts were exported, by the later of both clocks: one that was wrong for a while must not buy twice."""
    told_us = timestamp_us(chunk.vendor_exported_at)
    return max(chunk.exported_at or -math.inf, -math.inf if told_us is None else told_us / 1_000_000)


def rows_of(chunks: Sequence[LoadedChunk], *, lasting: bool) -> tuple[pa.Table, Pairs]:
    """What a tier says of chunks with their phones: its table, and the pairs, not sorted.

    Args:
        lasting: of the tries that count however old they are, else of all other things.
    """
    told = [
        (chunk, phones, is_try)
        for chunk in chunks
        for phones, is_try in told_by(chunk)
        if (is_try and TRAITS[chunk.state].lasts) == lasting
    ]
    facts = ("change", *SettledTry._fields)
    columns = {
        **{name: [getattr(chunk, name) for chunk, _, _ in told] for name in facts},
        "is_try": [is_try for _, _, is_try in told],
        "exported_at": [-math.inf if is_try else chunk.exported_at for chunk, _, is_try in told],
        "fresh_at": [math.inf if lasting else chunk.settled_at if is_try else fresh_at(chunk) for chunk, _, is_try in told],
    }
    phones = np.concatenate([np.empty(0, np.int64), *(each[1] for each in told)])
    values = np.repeat(np.arange(len(told), dtype=np.int32), [len(each[1]) for each in told])
    return pa.table(columns, schema=SCHEMA), (phones, values)


def told_by(chunk: LoadedChunk) -> Iterator[tuple[Phones, bool]]:
    """What a chunk tells of phones (sorted, distinct): those that it answered; with True, those that it tried in vain."""
    if not (chunk.has_verdicts or chunk.was_in_vain):
        return
    unanswered = chunk.unanswered
    if chunk.has_verdicts:
        yield _there(codec.without(codec.distinct(chunk.phones), unanswered)), False
    if chunk.was_in_vain:
        yield _there(unanswered), True


def _there(phones: Phones) -> Phones:
    """Without the numbers that stand for erased phones."""
    return phones[phones > 0]


@dataclass(frozen=True)
class TierWriter:
    """Writes tiers from what it reads at one generation; after the next they are void."""

    ws: Workspace
    generation: int

    def fill(self, after: int, through: int, *, lasting: bool) -> bool:
        """Make tiers of the chunks of a gap, see `rows_of`; False when somebody else was first.

        Raises:
            StorageError: the phones of a chunk are lost, see `with_phones`.
        """
        told, pairs = list[LoadedChunk](), 0
        for chunk in self.ws.ledger.telling(after, through, lasting=lasting):
            told.append(with_phones(self.ws, chunk))
            pairs += chunk.phone_count
            if pairs >= PAIRS_AT_ONCE or 2 * len(told) > (1 << _VALUE_BITS) - 2:
                if not self._publish_told(told, after, chunk.change, lasting):
                    return False
                told, pairs, after = [], 0, chunk.change
        return self._publish_told(told, after, through, lasting)

    def merge(self, tiers: Sequence[Tier]) -> bool:
        """Make one tier of adjacent ones without what is stale by now, none where all is; False when another was first, or one is damaged."""
        with ExitStack() as stack:
            files, tables = list[PairsFile](), list[pa.Table]()
            for tier in tiers:
                try:
                    files.append(stack.enter_context(open_tier(self.ws, tier)))
                    tables.append(files[-1].table)
                except (FileNotFoundError, DamagedPairs) as error:
                    withdraw_unusable(self.ws, tier, error)
                    return False
            table, renamed = self._without_stale(tables)
            if not table.num_rows:
                for tier in tiers:
                    self.ws.ledger.withdraw_tier(tier)
                return True
            try:
                through = tiers[-1].through_change
                return self._publish(table, merged(files, renamed), tiers[0].after_change, through, tiers, tiers[0].lasts)
            except DamagedPairs as error:
                for tier in tiers:
                    withdraw_unusable(self.ws, tier, error)
                return False

    def _without_stale(self, tables: Sequence[pa.Table]) -> tuple[pa.Table, list[Values]]:
        """The rows of all tables that are still true, and for each what becomes of the values that mean its rows."""
        rows = pa.concat_tables(tables)
        keys = rows["chunk_key"].to_pylist()
        now = self.ws.ledger.changes_of(sorted(set(keys)))
        is_true = np.array([now.get(key) for key in keys], float) == rows["change"].to_numpy()
        number = np.where(is_true, np.cumsum(is_true) - 1, -1).astype(np.int32)
        ends = np.cumsum([each.num_rows for each in tables])
        return rows.filter(pa.array(is_true)), np.split(number, ends[:-1])

    def _publish_told(self, told: Sequence[LoadedChunk], after: int, through: int, lasting: bool) -> bool:
        table, pairs = rows_of(told, lasting=lasting)
        return self._publish(table, _sorted(*pairs), after, through, [], lasting)

    def _publish(
        self, table: pa.Table, pieces: Iterator[Pairs], after: int, through: int, instead_of: Sequence[Tier], lasting: bool
    ) -> bool:
        name = paths.VERDICT_INDEX.of(secrets.token_hex(8))
        identity = _identity(self.ws.ledger.uuid, name, lasting)
        youngest = math.inf if lasting else float(np.fmax.reduce(table["fresh_at"].to_numpy(), initial=-np.inf))
        with self.ws.ledger.sender() as writer:
            self.ws.ledger.begin_file(name, writer)
            with self.ws.storage.writing(name) as sink:
                pairs = write_pairs(sink, identity, table, pieces, limit=table.num_rows)
            tier = Tier(name, after, through, pairs, youngest)
            return self.ws.ledger.publish_tier(tier, instead_of=instead_of, generation=self.generation)


def _sorted(phones: Phones, values: Values) -> Iterator[Pairs]:
    """Pairs by phone, then value, in pieces. Both fit one integer, since a phone has fifteen digits."""
    both = phones << _VALUE_BITS | values
    both.sort()
    for start in range(0, len(both), _PIECE):
        some = both[start : start + _PIECE]
        yield some >> _VALUE_BITS, (some & ((1 << _VALUE_BITS) - 1)).astype(np.int32)


def _identity(ledger_uuid: str, name: str, lasts: bool) -> dict[str, str]:
    """A file in which an earlier version told of both kinds is neither, and is made anew."""
    return {"ledger": ledger_uuid, "name": name, **({"lasts": "true"} if lasts else {})}
