"""The vendor's result file as one row per phone that was sent: number, verdict, label.

Where tables and columns stand in the file is found elsewhere; whether a result is whole, and what it settles, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import ResultForbidden, ResultOfOthers, ResultUnreadable
from fbcheck_pipeline.files.untrusted import DangerousFile
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.text.decorations import Reject, scientific
from fbcheck_pipeline.vendor.national_format import sent_phones_of
from fbcheck_pipeline.vendor.result_containers import find_tables
from fbcheck_pipeline.vendor.wire_answers import shown

MOST_DOUBTFUL = 10
MOST_DOUBTFUL_SHARE = 0.01
"""More phones than both, in conflict or with unknown labels, and the result needs a person."""
HONEST_ROWS, MOST_ROWS_A_PHONE = 2_000_000, 4
"""So many rows may a result have whatever was sent, and beside them so many for each phone: an archive may say all of it several times."""
MOST_LABEL_BYTES = 32 << 20
"""Of all different labels."""
LONGEST_NUMBER = 64
LONGEST_WORD = 24
MOST_WORDS = 5

COLUMNS: dict[str, pa.DataType] = {"phone": pa.int64(), "facebook": pa.string(), "label": pa.string()}

_DECORATIONS = "".join(map(chr, range(33))) + "\u00a0\u200b\u200e\u200f\u202a\u202c\u202f\ufeff'\"="
_PLAIN = r"^\+?[1-9][0-9]{4,14}(?:[.,]0+)?$"
_GROUPED = (  # by blanks, dashes and brackets, or by thousands; 00 for the plus
    r"^(?:\+|00)?[1-9][0-9]*(?:[\s\x{a0}\x{2009}\x{202f}()\-]+[0-9]+)*$"
    r"|^(?:\+|00)?[1-9][0-9]{0,2}(?:,[0-9]{3})+$|^(?:\+|00)?[1-9][0-9]{0,2}(?:[.'\x{2019}][0-9]{3}){2,}$"
)
_FRACTION = r"[.,]0+$"
_SCIENTIFIC = r"^\+?[1-9](?:[.,][0-9]{1,30})?[eE]\+?[0-9]{1,2}$"


@dataclass(frozen=True)
class ResultTable:
    """What a result says of the phones that were sent, all its tables united.

    `table` has `phone` int64 (E.164 digits, distinct, ascending), `facebook` yes, no, ban or null, and `label` as sent,
    trimmed, null where it is empty; the different labels of a conflicting phone are joined by `|`.
    """

    table: pa.Table
    rows: int
    """Rows that are not blank, of the tables that were read."""
    repeated: int
    """Rows that say again what another says of the same phone, or say nothing of it."""
    conflicting: int
    """Phones with different labels."""
    unknown_labels: int
    """Phones with one label, which is no verdict, or with none."""
    unreadable_numbers: int
    """Rows whose number is none, or has lost digits."""
    extra: int
    """Phones that were never sent."""

    @property
    def counts(self) -> dict[str, int]:
        """The six counts by name."""
        return {name: int(value) for name, value in vars(self).items() if name != "table"}

    @property
    def doubts(self) -> tuple[str, ...]:
        """The most frequent labels without a meaning, where they are so many that nothing should be settled by this result."""
        unusable = self.table.filter(pc.and_(pc.is_null(self.table["facebook"]), pc.is_valid(self.table["label"])))
        if unusable.num_rows <= max(MOST_DOUBTFUL, MOST_DOUBTFUL_SHARE * self.table.num_rows):
            return ()
        words = Counter(shown(label, limit=LONGEST_WORD) for label in unusable["label"].to_pylist())
        return tuple(word for word, _ in words.most_common(MOST_WORDS))


def read_result(path: Path, sent: npt.NDArray[np.int64], *, max_bytes: int) -> ResultTable:
    """Read a result file of any known shape.

    Args:
        path: the file, as downloaded; its name says nothing.
        sent: the phones whose result it should be: E.164 digits, distinct, ascending.
        max_bytes: most bytes it may have, packed and unpacked.

    Raises:
        ResultForbidden: it is larger than that, or an archive or workbook that is made to do harm.
        ResultUnreadable: it holds no result table, or no number can be read; the message says what it looks like.
        ResultOfOthers: it has rows, and none of them certainly names a sent phone.
    """
    if path.stat().st_size > max_bytes:
        raise ResultForbidden(f"the result is larger than {max_bytes} bytes")
    most_rows = HONEST_ROWS + MOST_ROWS_A_PHONE * len(sent)
    tables = find_tables(path, max_bytes, lambda batches: _Rows.of(batches, most_rows))
    named = [_are_among(rows.phones, sent).any() for rows in tables]
    if any(named):
        return _settled(_Rows.united([rows for rows, is_named in zip(tables, named, strict=True) if is_named]), sent)
    rows = _Rows.united(tables)
    if len(rows.phones) == 0:
        return _settled(rows, sent)
    numbers = find_tables(path, max_bytes, _short_numbers)
    phones = sent_phones_of(pa.concat_arrays(numbers), sent)
    result = None if phones is None else _settled(replace(rows, phones=phones), sent)
    if result is None or result.conflicting:
        count = len(rows.phones)
        if not rows.phones.any():
            raise ResultUnreadable(f"the result has {count} rows, and in none of them can the number be read")
        raise ResultOfOthers(f"the result has {count} rows, and none of them certainly names a phone of this chunk")
    return result


@dataclass(frozen=True)
class _Rows:
    """The rows of one or more tables that are not blank: E.164 digits, 0 where the number is none, and the place of its label among `labels`."""

    phones: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    labels: pa.StringArray

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch], most_rows: int) -> _Rows:
        """Read a table, of which no text is kept but each label once.

        Raises:
            DangerousFile: it has more rows or labels than any honest result.
        """
        phones, codes = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
        places, row_count, label_bytes = dict[str, int](), 0, 0
        for numbers, labels in map(_trimmed, batches):
            row_count += len(numbers)
            if row_count > most_rows:
                raise DangerousFile(f"a table in it has more than {most_rows:,} rows")
            encoded, known = labels.dictionary_encode(), len(places)
            said = encoded.dictionary.to_pylist()
            new = np.array([places.setdefault(label, len(places)) for label in said], np.int32)
            label_bytes += sum(map(len, said)) if len(places) > known else 0
            if label_bytes > MOST_LABEL_BYTES:
                raise DangerousFile(f"its different labels have more than {MOST_LABEL_BYTES >> 20} MB")
            phones.append(_phones(numbers))
            codes.append(new[encoded.indices.to_numpy()])
        return cls(np.concatenate(phones), np.concatenate(codes), pa.array(list(places), pa.string()))

    @classmethod
    def united(cls, tables: Sequence[_Rows]) -> _Rows:
        if len(tables) == 1:
            return tables[0]
        begins = np.cumsum([0, *(len(rows.labels) for rows in tables)])
        codes = [rows.codes + begin for rows, begin in zip(tables, begins[:-1], strict=True)]
        phones, labels = np.concatenate([rows.phones for rows in tables]), pa.concat_arrays([rows.labels for rows in tables])
        return cls(phones, np.concatenate(codes).astype(np.int32), labels)


def _trimmed(batch: pa.RecordBatch) -> tuple[pa.StringArray, pa.StringArray]:
    """Numbers and labels of the rows that are not blank."""
    numbers, labels = (pc.utf8_trim(pc.fill_null(column, ""), characters=_DECORATIONS) for column in batch.columns)
    is_filled = pc.or_(pc.not_equal(numbers, ""), pc.not_equal(labels, ""))
    return (numbers, labels) if pc.all(is_filled).as_py() else (numbers.filter(is_filled), labels.filter(is_filled))


def _short_numbers(batches: Iterable[pa.RecordBatch]) -> pa.StringArray:
    """The numbers of a table; of those that are too long for any, the beginning."""
    numbers = (_trimmed(batch)[0] for batch in batches)
    return pa.concat_arrays([pa.array([], pa.string()), *(pc.utf8_slice_codeunits(each, 0, LONGEST_NUMBER) for each in numbers)])


def _phones(numbers: pa.StringArray) -> npt.NDArray[np.int64]:
    """E.164 digits as int64; 0 where there is no number."""
    digits = pc.utf8_ltrim(numbers, characters="+")
    if _are_bare(numbers, digits):  # as the vendor sends them
        return np.asarray(digits.cast(pa.int64()))
    is_grouped = pc.match_substring_regex(numbers, _GROUPED)
    numbers = pc.if_else(is_grouped, pc.replace_substring_regex(numbers, r"^00|[^0-9]", ""), numbers)
    is_plain = pc.match_substring_regex(numbers, _PLAIN)
    digits = pc.replace_substring_regex(pc.utf8_ltrim(numbers, characters="+"), _FRACTION, "")
    phones = pc.if_else(is_plain, digits, "0").cast(pa.int64()).to_numpy(zero_copy_only=False).copy()
    for index in np.flatnonzero(pc.match_substring_regex(numbers, _SCIENTIFIC).to_numpy(zero_copy_only=False)):
        phones[index] = _exact(numbers[int(index)].as_py())
    return np.asarray(phones, dtype=np.int64)


def _are_bare(numbers: pa.StringArray, digits: pa.StringArray) -> bool:
    """True where each is 5 to 15 digits, the first no zero, with or without one plus before them; a pattern takes four times as long."""
    sizes = pc.binary_length(digits)
    pluses = pc.max(pc.subtract(pc.binary_length(numbers), sizes)).as_py()
    shortest, longest = pc.min_max(sizes).as_py().values()
    if pluses is None or pluses > 1 or shortest < 5 or longest > 15:
        return False
    return pc.all(pc.ascii_is_decimal(digits)).as_py() and not pc.any(pc.starts_with(digits, pattern="0")).as_py()


def _exact(text: str) -> int:
    """The number, where every digit is written; 0 where some were lost: those are never made up."""
    try:
        digits = scientific(text).lstrip("+")
    except Reject:
        return 0
    return int(digits) if 5 <= len(digits) <= 15 else 0


def _settled(rows: _Rows, sent: npt.NDArray[np.int64]) -> ResultTable:
    """One row per sent phone. An empty label says nothing where another row has one."""
    has_number = rows.phones > 0
    phones, places = rows.phones[has_number], rows.codes[has_number]
    folded = pc.utf8_lower(rows.labels).dictionary_encode()
    words = folded.dictionary.to_pylist()
    codes = folded.indices.to_numpy()[places]
    is_empty = codes == (words.index("") if "" in words else -1)
    is_in_order = bool((phones[1:] > phones[:-1]).all())
    order = np.arange(len(phones)) if is_in_order else np.lexsort((codes, is_empty, phones))
    is_first = _changes(phones[order])
    says_more = is_first | (_changes(codes[order]) & ~is_empty[order])
    pairs = order[says_more]
    starts = np.flatnonzero(is_first[says_more])
    is_sent = _are_among(phones[pairs[starts]], sent)
    label_count = np.diff(np.append(starts, len(pairs)))[is_sent]
    starts = starts[is_sent]
    first = pairs[starts]
    verdict_of_code = pa.array([word if word in VERDICTS else None for word in words], pa.string())
    is_conflicting = label_count > 1
    conflict_mask = pa.array(is_conflicting)
    facebook = pc.if_else(conflict_mask, pa.scalar(None, pa.string()), verdict_of_code.take(pa.array(codes[first])))
    conflicts = [
        "|".join(str(rows.labels[int(place)]) for place in places[pairs[start : start + count]])
        for start, count in zip(starts[is_conflicting], label_count[is_conflicting], strict=True)
    ]
    given = rows.labels.take(pa.array(places[first]))
    if conflicts:
        given = pc.replace_with_mask(given, conflict_mask, pa.array(conflicts, pa.string()))
    given = pc.if_else(pc.equal(given, ""), pa.scalar(None, pa.string()), given)
    conflicting = int(is_conflicting.sum())
    return ResultTable(
        table=pa.table([pa.array(phones[first]), facebook, given], schema=pa.schema(COLUMNS)),
        rows=len(rows.phones),
        repeated=len(phones) - len(pairs),
        conflicting=conflicting,
        unknown_labels=facebook.null_count - conflicting,
        unreadable_numbers=len(rows.phones) - len(phones),
        extra=int((~is_sent).sum()),
    )


def _are_among(phones: npt.NDArray[np.int64], ordered: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(ordered, phones), len(ordered) - 1)
    return ordered[at] == phones if len(ordered) else np.zeros(len(phones), bool)


def _changes(values: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """True where a sorted array's value differs from the one before; the first always does."""
    changes = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes
