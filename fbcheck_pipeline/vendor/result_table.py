"""The vendor's result file as one row per phone: number, verdict, label.

Where the columns stand in the file is found elsewhere; which of the phones were sent is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import ResultForbidden, ResultUnreadable
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.text.decorations import Reject, scientific
from fbcheck_pipeline.vendor.result_containers import find_table

COLUMNS: dict[str, pa.DataType] = {"phone": pa.int64(), "facebook": pa.string(), "label": pa.string()}

_DECORATIONS = "".join(map(chr, range(33))) + "\u00a0\u200b\u200e\u200f\u202a\u202c\u202f\ufeff'\"="
_PLAIN = r"^\+?[1-9][0-9]{4,14}(?:[.,]0+)?$"
_GROUPED = (  # by blanks, dashes and brackets, or by thousands; 00 for the plus
    r"^(?:\+|00)?[1-9][0-9]*(?:[\s\x{a0}\x{2009}\x{202f}()\-]+[0-9]+)*$"
    r"|^(?:\+|00)?[1-9][0-9]{0,2}(?:,[0-9]{3})+$|^(?:\+|00)?[1-9][0-9]{0,2}(?:[.'\x{2019}][0-9]{3}){2,}$"
)
_BARE = r"^\+?[1-9][0-9]{4,14}$"
_FRACTION = r"[.,]0+$"
_SCIENTIFIC = r"^\+?[1-9](?:[.,][0-9]{1,30})?[eE]\+?[0-9]{1,2}$"


@dataclass(frozen=True)
class ResultTable:
    """A result, read.

    `table` has `phone` int64 (E.164 digits, distinct, ascending), `facebook` yes, no, ban or null, and `label` as sent,
    trimmed; the different labels of a conflicting phone are joined by `|`. Rows add up:
    `rows` = phones + `repeated` + `unreadable_numbers` + the surplus rows of conflicting phones.
    """

    table: pa.Table
    rows: int
    """Rows that are not blank."""
    repeated: int
    """Rows that say again what another says of the same phone."""
    conflicting: int
    """Phones with different labels."""
    unknown_labels: int
    """Phones with one label, which is no verdict."""
    unreadable_numbers: int
    """Rows whose number is none, or has lost digits."""

    @property
    def counts(self) -> dict[str, int]:
        """The five counts by name."""
        return {name: int(value) for name, value in vars(self).items() if name != "table"}


def read_result(path: Path, *, max_bytes: int) -> ResultTable:
    """Read a result file of any known shape.

    Args:
        path: the file, as downloaded; its name says nothing.
        max_bytes: most bytes it may have, packed and unpacked.

    Raises:
        ResultForbidden: it is larger than that, or an archive or workbook that is made to do harm.
        ResultUnreadable: it holds no result table, or one without any number; the message says what it looks like.
    """
    if path.stat().st_size > max_bytes:
        raise ResultForbidden(f"the result is larger than {max_bytes} bytes")
    raw = find_table(path.read_bytes(), max_bytes)
    numbers = pc.utf8_trim(_filled(raw["number"]), characters=_DECORATIONS)
    labels = pc.utf8_trim(_filled(raw["label"]), characters=_DECORATIONS)
    rows = pc.sum(pc.or_(pc.not_equal(numbers, ""), pc.not_equal(labels, ""))).as_py() or 0
    phones = _phones(numbers)
    keep = phones > 0
    if rows and not keep.any():
        raise ResultUnreadable(f"the result has {rows} rows, and in none of them can the number be read")
    return _settled(phones[keep], labels.filter(pa.array(keep)), rows)


def _phones(numbers: pa.StringArray) -> npt.NDArray[np.int64]:
    """E.164 digits as int64; 0 where there is no number."""
    if pc.all(pc.match_substring_regex(numbers, _BARE)).as_py():  # as the vendor sends them
        return np.asarray(pc.utf8_ltrim(numbers, characters="+").cast(pa.int64()))
    is_grouped = pc.match_substring_regex(numbers, _GROUPED)
    numbers = pc.if_else(is_grouped, pc.replace_substring_regex(numbers, r"^00|[^0-9]", ""), numbers)
    is_plain = pc.match_substring_regex(numbers, _PLAIN)
    digits = pc.replace_substring_regex(pc.utf8_ltrim(numbers, characters="+"), _FRACTION, "")
    phones = pc.if_else(is_plain, digits, "0").cast(pa.int64()).to_numpy(zero_copy_only=False).copy()
    for index in np.flatnonzero(pc.match_substring_regex(numbers, _SCIENTIFIC).to_numpy(zero_copy_only=False)):
        phones[index] = _exact(numbers[int(index)].as_py())
    return np.asarray(phones, dtype=np.int64)


def _exact(text: str) -> int:
    """The number, where every digit is written; 0 where some were lost: those are never made up."""
    try:
        digits = scientific(text).lstrip("+")
    except Reject:
        return 0
    return int(digits) if 5 <= len(digits) <= 15 else 0


def _settled(phones: npt.NDArray[np.int64], labels: pa.StringArray, rows: int) -> ResultTable:
    """One row per phone. Args: phones: of the readable rows; labels: theirs; rows: all that are not blank."""
    folded = pc.utf8_lower(labels).dictionary_encode()
    codes = folded.indices.to_numpy(zero_copy_only=False)
    order = np.lexsort((codes, phones))
    pairs = order[_changes(phones[order]) | _changes(codes[order])]
    starts = np.flatnonzero(_changes(phones[pairs]))
    label_count = np.diff(np.append(starts, len(pairs)))
    first = pairs[starts]
    verdict_of_code = pa.array([word if word in VERDICTS else None for word in folded.dictionary.to_pylist()], pa.string())
    is_conflicting = label_count > 1
    conflict_mask = pa.array(is_conflicting)
    facebook = pc.if_else(conflict_mask, pa.scalar(None, pa.string()), verdict_of_code.take(pa.array(codes[first])))
    conflicts = [
        "|".join(str(labels[int(index)]) for index in pairs[start : start + count])
        for start, count in zip(starts[is_conflicting], label_count[is_conflicting], strict=True)
    ]
    shown = pc.replace_with_mask(labels.take(first), conflict_mask, pa.array(conflicts, pa.string()))
    shown = pc.if_else(pc.equal(shown, ""), pa.scalar(None, pa.string()), shown)
    conflicting = int(is_conflicting.sum())
    return ResultTable(
        table=pa.table([pa.array(phones[first]), facebook, shown], schema=pa.schema(COLUMNS)),
        rows=rows,
        repeated=len(phones) - len(pairs),
        conflicting=conflicting,
        unknown_labels=facebook.null_count - conflicting,
        unreadable_numbers=rows - len(phones),
    )


def _changes(values: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """True where a sorted array's value differs from the one before; the first always does."""
    changes = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes


def _filled(column: pa.ChunkedArray[Any]) -> pa.StringArray:
    """One array without nulls."""
    return cast(pa.StringArray, column.fill_null(cast(Any, "")).combine_chunks())
