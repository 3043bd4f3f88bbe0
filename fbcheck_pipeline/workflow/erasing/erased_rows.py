"""Which rows of a table are a person's, and which cells of others hold the person's number. Nothing is read or written here."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from itertools import repeat
from typing import Any

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, columns_of, result_name

ERASED_CELL = "(erased)"
Place = tuple[int, str]
"""A source row, and a column of the list: a phone column by its own name, as `phone_column` has it, or any by its name in the result."""
_SEPARATOR, _ASCII_SEPARATOR = r"[^\p{L}\p{Nd}]", "[^A-Za-z0-9]"
"""The same in ASCII; to compile all letters there are takes longer than to look through a small file."""
_MARKUP = r"&#?\w{1,8};|<[^<>]*>|%2[0-9A-Fa-f]"
"""What stands for a separator in a web page or an address."""
_ODD_DIGIT = r"[^\P{Nd}0-9]"
_NO_DIGITS = bytes({*range(0x20, 0x7F), *b"\t\r\n"} - {*b"0123456789&<%"})
"""What may stand beside digits in a text in which each of them is a digit of a cell: ASCII without markup, and nothing packed."""
_LONG, _TELLING = 9, 7
"""Fewer digits of a national number may stand in somebody else's by chance: with a digit beside them they are not it. Fewer than
the second are dates and amounts, too: they are looked for behind the calling code only."""
_OURS = frozenset(map(str, columns_of(paths.FACEBOOK_ANSWERS))) - {Column.PHONE_RAW}
"""No list's own text; no column of a list has such a name."""


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
        return tuple(map(phonenumbers.national_significant_number, parsed))

    @cached_property
    def _long(self) -> tuple[str, ...]:
        return tuple(each for each in self.nationals if len(each) >= _LONG)

    @cached_property
    def _short(self) -> tuple[tuple[str, str], ...]:
        """Calling code and national number of the phones whose national number may stand in somebody else's."""
        both = ((text[: -len(each)], each) for text, each in zip(map(str, self.phones.tolist()), self.nationals, strict=True))
        return tuple((code, each) for code, each in both if len(each) < _LONG)

    @cached_property
    def _numbers(self) -> pa.Array:
        telling = (int(each) for each in self.nationals if len(each) >= _TELLING)
        return pa.array([*self.phones.tolist(), *telling], pa.int64())

    def rows(self, column: pa.Array[Any]) -> pa.BooleanArray:
        """True for rows whose `phone_e164` is one of the phones."""
        return pc.is_in(column, self._e164)

    def holds(self, texts: pa.Array[Any]) -> pa.BooleanArray:
        """True for texts that hold a national number, their separators removed; digits may be of any script."""
        separator = _ASCII_SEPARATOR if pc.all(pc.string_is_ascii(texts)).as_py() else _SEPARATOR
        if separator is _SEPARATOR and pc.any(pc.match_substring_regex(texts, _ODD_DIGIT)).as_py():
            texts = pa.array([None if each is None else _with_ascii_digits(each) for each in texts.to_pylist()], pa.string())
        found = self._holds(texts, separator)
        if pc.any(pc.match_substring_regex(texts, _MARKUP)).as_py():
            found = pc.or_(found, self._holds(pc.replace_substring_regex(texts, _MARKUP, " "), separator))
        return found.fill_null(False)

    def _holds(self, texts: pa.Array[Any], separator: str) -> pa.BooleanArray:
        found = pa.repeat(False, len(texts))
        if self._long:
            plain = pc.replace_substring_regex(texts, f"{separator}+", "")
            found = pc.or_(found, pc.match_substring_regex(plain, "|".join(self._long)))
        if self._short:
            found = pc.or_(found, pc.match_substring_regex(texts, _alone(self._short, f"{separator}*")))
        return found

    def may_be_in(self, content: bytes) -> bool:
        """False for the bytes of a file that hold a number neither as a text nor as any cell of a list, in whatever way it is read."""
        digits = content.translate(None, _NO_DIGITS)
        return bool(self._short) or digits.strip(b"0123456789") != b"" or any(each.encode() in digits for each in self._long)

    def is_in_text(self, content: bytes) -> bool:
        """True for the bytes of a text, in whatever encoding, that hold a national number as one run of digits."""
        plain = content.replace(b"\x00", b"")  # of UTF-16
        if any(each.encode() in plain for each in self._long):
            return True
        return bool(self._short) and re.search(_alone(self._short, "").encode(), plain) is not None

    def cells(self, batch: pa.RecordBatch) -> set[Place]:
        """The cells of a list's batch that hold a number, each once: `phone_raw` repeats the column that it was read from."""
        found = set[Place]()
        for name, column in _columns(batch):
            those = batch.filter(self._found(column))
            names = map(result_name, those[Column.PHONE_COLUMN].to_pylist()) if name == Column.PHONE_RAW else repeat(name)
            found.update(zip(those[Column.SOURCE_ROW].to_pylist(), names, strict=False))
        return found

    def without(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with its cells that hold a number replaced: texts by a word, others by nothing."""
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name, column in _columns(batch):
            columns[name] = _erased_where(self._found(column), column)
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)

    def _found(self, column: pa.Array[Any]) -> pa.BooleanArray:
        kind = column.type
        if pa.types.is_integer(kind):
            return pc.is_in(column.cast(pa.int64(), safe=False), self._numbers)
        if pa.types.is_floating(kind):
            return pc.is_in(column.cast(pa.float64()), self._numbers.cast(pa.float64(), safe=False))
        texts = column if _is_text(kind) else to_text(column, Counter())
        return self.holds(texts.cast(pa.string()))


def without_places(batch: pa.RecordBatch, places: Iterable[Place]) -> pa.RecordBatch:
    """The batch of a list with the cells replaced that phones were read from, however they are written there."""
    rows_of: dict[str, list[int]] = {}
    for row, name in places:
        rows_of.setdefault(name, []).append(row)
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name, rows in rows_of.items():
        is_there = pc.is_in(columns[Column.SOURCE_ROW], pa.array(rows, pa.int64()))
        is_raw = pc.and_(is_there, pc.equal(columns[Column.PHONE_COLUMN], name))
        columns[Column.PHONE_RAW] = _erased_where(is_raw, columns[Column.PHONE_RAW])
        for own in {name, result_name(name)} & (columns.keys() - RESULT_COLUMNS.keys()):
            columns[own] = _erased_where(is_there, columns[own])
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)


def _erased_where(found: pa.BooleanArray, column: pa.Array[Any]) -> pa.Array[Any]:
    if not pc.any(found).as_py():
        return column
    return pc.if_else(found, pa.scalar(ERASED_CELL if _is_text(column.type) else None, column.type), column)


def _alone(numbers: Iterable[tuple[str, str]], between: str) -> str:
    """An expression for national numbers that are no part of a longer run of digits but with their calling code."""
    each_of = []
    for code, national in numbers:
        prefix, optional = f"(?:0{{0,2}}{between.join(code)}{between}0?{between})", len(national) >= _TELLING
        each_of.append(f"{f'(?:{prefix}|0)?' if optional else prefix}{between.join(national)}")
    return f"(?:^|[^0-9])(?:{'|'.join(each_of)})(?:[^0-9]|$)"


def _columns(batch: pa.RecordBatch) -> Iterable[tuple[str, pa.Array[Any]]]:
    """Columns of a list that may hold a number in some form; tables that are no list's have none."""
    for field, column in zip(batch.schema, batch.columns, strict=True):
        never = pa.types.is_temporal(field.type) or pa.types.is_boolean(field.type) or pa.types.is_null(field.type)
        if Column.PHONE_RAW in batch.schema.names and field.name not in _OURS and not never:
            yield field.name, column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _with_ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)
