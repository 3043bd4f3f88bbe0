"""Which rows of a table are a person's, and which cells of others hold the person's number. Nothing is read or written here."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model.columns import Column

ERASED_CELL = "(erased)"
_SEPARATORS = r"[\s\p{Z}\p{Pd}\p{Cf}().,'/\\_+\x{2019}]+"
_ODD_DIGIT = r"[^\P{Nd}0-9]"
_EXACT = frozenset({Column.PHONE_E164, Column.TASK_ID, Column.CHUNK_KEY})
"""Columns of ours whose texts are compared as a whole, or are no text of anybody."""


class Person:
    """The phones of one or more people, in every form they had.

    Attributes:
        phones: sorted, distinct.
    """

    def __init__(self, phones: Phones) -> None:
        self.phones = phones
        self._e164 = codec.to_e164(phones)

    @cached_property
    def nationals(self) -> tuple[str, ...]:
        """The national numbers."""
        parsed = (phonenumbers.parse(f"+{each}") for each in self.phones.tolist())
        return tuple(dict.fromkeys(map(phonenumbers.national_significant_number, parsed)))

    @cached_property
    def _pattern(self) -> str:
        return "|".join(map(re.escape, self.nationals))

    @cached_property
    def _numbers(self) -> pa.Array:
        return pa.array([*self.phones.tolist(), *map(int, self.nationals)], pa.int64())

    def rows(self, column: pa.Array[Any]) -> pa.BooleanArray:
        """True for rows whose `phone_e164` is one of the phones."""
        return pc.is_in(column, self._e164)

    def holds(self, texts: pa.Array[Any]) -> pa.BooleanArray:
        """True for texts that hold a national number, their separators removed; digits may be of any script."""
        plain = pc.replace_substring_regex(texts, _SEPARATORS, "")
        if pc.any(pc.match_substring_regex(plain, _ODD_DIGIT)).as_py():
            plain = pa.array([None if each is None else _with_ascii_digits(each) for each in plain.to_pylist()], pa.string())
        return pc.match_substring_regex(plain, self._pattern).fill_null(False)

    def is_in_text(self, content: bytes) -> bool:
        """True for the bytes of a text, in whatever encoding, that hold a national number as one run of digits."""
        return any(each.encode(code) in content for each in self.nationals for code in ("ascii", "utf-16-le", "utf-16-be"))

    def cells(self, batch: pa.RecordBatch) -> int:
        """How many cells hold a number."""
        return sum(pc.sum(self._found(each)).as_py() or 0 for _, each in _columns(batch))

    def without(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with its cells that hold a number replaced: texts by a word, others by nothing."""
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name, column in _columns(batch):
            found = self._found(column)
            if pc.any(found).as_py():
                word = pa.scalar(ERASED_CELL if _is_text(column.type) else None, column.type)
                columns[name] = pc.if_else(found, word, column)
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)

    def _found(self, column: pa.Array[Any]) -> pa.BooleanArray:
        kind = column.type
        if pa.types.is_integer(kind):
            return pc.is_in(column.cast(pa.int64(), safe=False), self._numbers)
        if pa.types.is_floating(kind):
            return pc.is_in(column.cast(pa.float64()), self._numbers.cast(pa.float64(), safe=False))
        texts = column if _is_text(kind) else to_text(column, Counter())
        return self.holds(texts.cast(pa.string()))


def _columns(batch: pa.RecordBatch) -> Iterable[tuple[str, pa.Array[Any]]]:
    """Columns that may hold a number in some form."""
    for field, column in zip(batch.schema, batch.columns, strict=True):
        never = pa.types.is_temporal(field.type) or pa.types.is_boolean(field.type) or pa.types.is_null(field.type)
        if field.name not in _EXACT and not never:
            yield field.name, column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _with_ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)
