"""A workbook's XML, read part by part: its sheets, shared texts, styles, and the cells of one sheet.

It reads what no faster reader does: strict workbooks, odd names of parts, formulas that were never calculated, days counted
from 1904. Whether the workbook is harmless was found out before. Which sheet holds what is not known here.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Protocol
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.untrusted import MAX_COLUMNS, DamagedFile, DangerousFile, member_pieces
from fbcheck_pipeline.files.workbook_check import column_number

NO_DAY = 100_000
"""Days from 1900 on: a number as large as that, which is formatted as a day, is no day but a number: 100,000 is in the year 2173."""
MAX_DESCRIPTION = 32 << 20
"""Bytes of a part that tells of others: the names of sheets, the styles."""
MAX_SHARED_BYTES = 256 << 20
MAX_CELL_BYTES = 512 << 20
"""Of all texts of a sheet, each as if it were a few bytes longer."""
MAX_GRID_CELLS = 40_000_000
"""A table reaches from its first to its last cell: two far cells could ask for all memory."""
LONGEST_TAG = 1 << 20
"""The parser begins anew with what is not whole."""
MAX_NAME_BYTES = 16 << 20
"""Of the names of tags and attributes, each of which the parser keeps, and some bytes more."""
MAX_DESCRIBED = 100_000
MAX_DEPTH = 1_000

_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NO_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_LONGEST_FORMAT = 1000
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_REFERENCE = re.compile(r"([A-Za-z]+)([0-9]+)")
_EXACT_DOUBLE = 2.0**53
_TEXT_BYTES, _CELL_BYTES = 4, 8
_MOST_PARTS = 4_000
_NAME_BYTES = 100


@dataclass(frozen=True)
class Sheet:
    """A sheet of cells; `part` is the name of its member in the archive."""

    name: str
    part: str
    is_visible: bool


@dataclass(frozen=True)
class Parts:
    """What a workbook says of itself.

    Attributes:
        sheets: those of cells, in order, each part once; charts and macro sheets are none.
        date_styles: for each style of a cell, whether it shows a number as a day or time.
        counts_from_1904: days are counted from 1904.
        styles_part, texts_part: names of the members that hold the styles and the shared texts.
    """

    archive: zipfile.ZipFile
    members: Mapping[str, zipfile.ZipInfo]
    sheets: tuple[Sheet, ...]
    date_styles: tuple[bool, ...]
    counts_from_1904: bool
    styles_part: str | None
    texts_part: str | None

    @classmethod
    def of(cls, archive: zipfile.ZipFile) -> Parts:
        """Read them, whatever the parts are called and however their names are written.

        Raises:
            DamagedFile: there is no workbook in XML.
        """
        members = {_plain_name(member.filename): member for member in archive.infolist()}
        book = next((name for name in members if name.rsplit("/", 1)[-1] == "workbook.xml"), None)
        if book is None:
            raise DamagedFile("workbook", "it has no workbook.xml")
        described = _described(archive, members[book], ("workbook", "sheet", "workbookPr"))
        if not described or (described[0].tag, described[0].parent) != ("workbook", ""):
            raise DamagedFile("workbook", "its workbook.xml is none")
        targets = _targets(archive, members, book)
        listed = (each.attributes for each in described if each.tag == "sheet")
        sheets = [_sheet(number, each, targets, book) for number, each in enumerate(listed, start=1)]
        properties = next((each.attributes for each in described if (each.tag, each.parent) == ("workbookPr", "workbook")), {})
        is_1904 = properties.get("date1904", "0").strip().lower() in ("1", "true", "on")
        styles, texts = (_part_of_kind(kind, targets, members, book) for kind in ("styles", "sharedStrings"))
        date_styles = _date_styles(_described(archive, members[styles], ("numFmt", "xf"))) if styles else ()
        found = [sheet for sheet in sheets if sheet is not None and sheet.part in members]
        # A thousand sheets may name one part, which would be read for each: the first that a person sees stands for it.
        of_parts = {sheet.part: sheet for sheet in sorted(reversed(found), key=lambda sheet: sheet.is_visible)}
        once = tuple(sheet for sheet in found if of_parts[sheet.part] is sheet)
        return cls(archive, members, once, date_styles, is_1904, styles, texts)

    def cells(self, sheet: Sheet, *, has_dates: bool) -> pa.RecordBatch:
        """A sheet's cells as text, from the first filled row and column to the last.

        The text of a formula that was never calculated stands for its value.

        Raises:
            DangerousFile: they would take more memory than any honest sheet's.
            Exception: whatever the parser raises for damaged XML.
        """
        reader = _CellReader(self._texts, self.date_styles if has_dates else (), self.counts_from_1904)
        _parse(reader, self._pieces(sheet.part))
        return reader.table()

    @cached_property
    def _texts(self) -> TextPool:
        reader = _TextReader()
        if self.texts_part:
            _parse(reader, self._pieces(self.texts_part))
        return reader.texts

    def _pieces(self, part: str) -> Iterator[bytes]:
        return member_pieces(self.archive, self.members[part])


class TextPool:
    """Texts in UTF-8, one behind the other: an object of each would take ten times as much."""

    def __init__(self) -> None:
        self._content, self._ends = bytearray(), array("i", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        if number < 0:
            raise IndexError(number)
        return bytes(self._content[self._ends[number] : self._ends[number + 1]])

    @property
    def size_bytes(self) -> int:
        """How much memory they take."""
        return len(self._content) + _TEXT_BYTES * len(self._ends)

    def append(self, text: bytes) -> None:
        """Add one."""
        self._content += text
        self._ends.append(len(self._content))

    def strings(self) -> pa.StringArray:
        """All of them, in the same memory; nothing can be added from then on."""
        return pa.StringArray.from_buffers(len(self), pa.py_buffer(self._ends), pa.py_buffer(self._content))


class _Column:
    """The filled cells of a column."""

    def __init__(self) -> None:
        self.rows, self.texts = array("i"), TextPool()

    def laid_out(self, first_row: int, height: int) -> pa.StringArray:
        """One cell a row, the last of those that stand there."""
        places, texts = np.full(height, -1, dtype=np.int32), self.texts.strings()
        places[np.array(self.rows) - first_row] = np.arange(len(texts), dtype=np.int32)
        if len(texts) == height and (places >= 0).all() and (np.diff(places) > 0).all():
            return texts
        return texts.take(pa.array(places, mask=places < 0))


def number_text(stored: str) -> str:
    """A number as a person would write it: whole ones without `.0` or exponent."""
    if _WHOLE.fullmatch(stored):
        return stored
    value = float(stored)
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT_DOUBLE else repr(value)


def day_text(days: float, *, counts_from_1904: bool = False) -> str:
    """The day and time that a spreadsheet shows: days without midnight, times of day without a day."""
    if 0 < days < 1 or (days <= 0 and not counts_from_1904):
        return (datetime(1900, 1, 1) + timedelta(seconds=round(days * 86_400))).time().isoformat()
    first = datetime(1904, 1, 1) if counts_from_1904 else datetime(1899, 12, 30 if days >= 60 else 31)
    moment = first + timedelta(seconds=round(days * 86_400))
    return moment.isoformat(" ").removesuffix(" 00:00:00")


def _plain_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


@lru_cache(maxsize=1000)
def _local(tag: str) -> str:
    return tag.rsplit(":", 1)[-1]


@dataclass(frozen=True)
class _Element:
    tag: str
    parent: str
    attributes: Mapping[str, str]


def _described(archive: zipfile.ZipFile, member: zipfile.ZipInfo, tags: tuple[str, ...]) -> list[_Element]:
    """Elements of such tags, in their order."""
    if member.file_size > MAX_DESCRIPTION:
        raise DangerousFile(f"what describes its sheets unpacks to {member.file_size >> 20:,} MB")
    reader = _ElementReader(frozenset(tags))
    _parse(reader, member_pieces(archive, member))
    return reader.found


def _targets(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], book: str) -> dict[str, tuple[str, str]]:
    """Id -> (last word of its kind, part) of what the workbook refers to."""
    folder, name = posixpath.split(book)
    relations = members.get(f"{folder}/_rels/{name}.rels".lstrip("/"))
    if relations is None:
        return {}
    found = {}
    for each in _described(archive, relations, ("Relationship",)):
        target = each.attributes.get("Target", "").replace("\\", "/")
        part = _plain_name(posixpath.normpath(target if target.startswith("/") else posixpath.join(folder, target)))
        found[each.attributes.get("Id", "")] = (each.attributes.get("Type", "").rsplit("/", 1)[-1], part)
    return found


def _part_of_kind(kind: str, targets: Mapping[str, tuple[str, str]], members: Mapping[str, object], book: str) -> str | None:
    """The part to which the workbook refers as such, or which has the usual name; None where there is none."""
    usual = posixpath.join(posixpath.dirname(book), f"{kind.lower()}.xml")
    referred = (part for of_kind, part in targets.values() if of_kind == kind)
    return next((part for part in (*referred, usual) if part in members), None)


def _sheet(number: int, listed: Mapping[str, str], targets: Mapping[str, tuple[str, str]], book: str) -> Sheet | None:
    identity = next((value for name, value in listed.items() if _local(name) == "id"), "")
    kind, part = targets.get(identity, ("worksheet", posixpath.join(posixpath.dirname(book), f"worksheets/sheet{number}.xml")))
    is_visible = listed.get("state", "visible") == "visible"
    return Sheet(listed.get("name", ""), part, is_visible) if kind == "worksheet" else None


def _date_styles(described: Iterable[_Element]) -> tuple[bool, ...]:
    codes, numbers = dict[str, str](), list[str]()
    for each in described:
        if each.tag == "numFmt":
            codes[each.attributes.get("numFmtId", "")] = each.attributes.get("formatCode", "")[:_LONGEST_FORMAT]
        elif each.parent == "cellXfs":
            numbers.append(each.attributes.get("numFmtId", "0"))
    return tuple(
        _DATE_LETTERS.search(_NO_FORMAT.sub("", codes[number])) is not None
        if number in codes
        else number.isdecimal() and int(number) in _BUILT_IN_DATES
        for number in numbers
    )


class _Reader(Protocol):
    @property
    def depth(self) -> int: ...

    def start(self, tag: str, attributes: Mapping[str, str], /) -> None: ...

    def end(self, tag: str, /) -> None: ...

    def data(self, text: str, /) -> None: ...


def _parse(reader: _Reader, pieces: Iterable[bytes]) -> None:
    """Give a reader what the parser finds.

    Raises:
        DangerousFile: the parser would have to keep more than any honest XML asks for.
        expat.ExpatError: it is no XML.
    """
    parser, fed_bytes = expat.ParserCreate(), 0
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.data, _refuse_entities
    for piece in pieces:
        parser.Parse(piece, False)
        fed_bytes += len(piece)
        if fed_bytes - parser.CurrentByteIndex > LONGEST_TAG:
            raise DangerousFile(f"a tag or comment in it has more than {LONGEST_TAG >> 20} MB")
        if reader.depth > MAX_DEPTH:
            raise DangerousFile(f"its XML is nested {reader.depth:,} deep")
        if sum(map(len, parser.intern)) + _NAME_BYTES * len(parser.intern) > MAX_NAME_BYTES:
            raise DangerousFile(f"its XML has {len(parser.intern):,} names of tags and attributes")
    parser.Parse(b"", True)


def _refuse_entities(*_: object) -> None:
    raise DangerousFile("its XML declares entities; it is damaged, or made to do harm")


def _add(parts: list[str], text: str) -> None:
    """Add what the parser gives, some KB at a time."""
    parts.append(text)
    if len(parts) > _MOST_PARTS:
        raise DangerousFile("a text in it has tens of MB")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class _ElementReader:
    """Elements that describe others."""

    def __init__(self, tags: frozenset[str]) -> None:
        self.found = list[_Element]()
        self._tags, self._open = tags, [""]

    @property
    def depth(self) -> int:
        return len(self._open)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = _local(tag)
        if tag in self._tags:
            self.found.append(_Element(tag, self._open[-1], attributes))
        if len(self.found) > MAX_DESCRIBED:
            raise DangerousFile(f"it tells of more than {MAX_DESCRIBED:,} sheets or styles")
        self._open.append(tag)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        """Of no interest."""


class _TextReader:
    """The texts of `sharedStrings.xml`; what stands over them as a reading aid is no part of them."""

    def __init__(self) -> None:
        self.texts, self.depth = TextPool(), 0
        self._parts = list[str]()
        self._is_text = False
        self._aids = 0

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        self.depth += 1
        tag = _local(tag)
        self._aids += tag == "rPh"
        self._is_text = tag == "t" and not self._aids

    def end(self, tag: str) -> None:
        self.depth -= 1
        tag = _local(tag)
        self._is_text = False
        self._aids -= tag == "rPh"
        if tag == "si":
            self.texts.append(_unescaped("".join(self._parts)).encode())
            self._parts.clear()
            if self.texts.size_bytes > MAX_SHARED_BYTES:
                raise DangerousFile(f"its shared texts unpack to more than {MAX_SHARED_BYTES >> 20:,} MB")

    def data(self, text: str) -> None:
        if self._is_text:
            _add(self._parts, text)


class _CellReader:
    """The filled cells of a sheet: a cell or row without reference stands behind the one before."""

    def __init__(self, texts: TextPool, date_styles: tuple[bool, ...], counts_from_1904: bool) -> None:
        self._texts, self._date_styles, self._counts_from_1904 = texts, date_styles, counts_from_1904
        self._columns: dict[int, _Column] = {}
        self._size_bytes = 0
        self.depth = self._row = self._column = 0
        self._kind = self._style = ""
        self._value = list[str]()
        self._formula = ""
        self._parts: list[str] | None = None
        self._aids = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        tag = _local(tag)
        if tag == "c":
            reference = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = column_number(reference[1]) if reference else self._column + 1
            self._row = int(reference[2]) if reference else self._row
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._value, self._formula = [], ""
        elif tag == "row":
            self._row, self._column = int(attributes["r"]) if "r" in attributes else self._row + 1, 0
        elif tag == "f":
            self._parts = []
        elif tag == "v" or (tag == "t" and not self._aids):
            self._parts = self._value
            self._parts.append("")
        self._aids += tag == "rPh"

    def end(self, tag: str) -> None:
        self.depth -= 1
        tag = _local(tag)
        if tag == "f" and self._parts is not None:
            self._formula = "".join(self._parts)
        elif tag == "c" and (said := self._text()):
            self._add(said)
        self._aids -= tag == "rPh"
        self._parts = None

    def data(self, text: str) -> None:
        if self._parts is not None:
            _add(self._parts, text)

    def _add(self, said: bytes) -> None:
        column = self._columns.get(self._column)
        if column is None:
            if self._column > MAX_COLUMNS:
                raise DangerousFile(f"a cell stands far outside the table, in column {self._column:,}")
            column = self._columns[self._column] = _Column()
        column.rows.append(self._row)
        column.texts.append(said)
        self._size_bytes += len(said) + _CELL_BYTES
        if self._size_bytes > MAX_CELL_BYTES:
            raise DangerousFile(f"the texts of its cells unpack to more than {self._size_bytes >> 20:,} MB")

    def _text(self) -> bytes | None:
        value = "".join(self._value)
        if self._kind == "s" and value:
            return self._texts[int(value)]
        said = self._shown(value)
        return said.encode() if said else None

    def _shown(self, value: str) -> str | None:
        if not value and not (self._value and self._kind == "inlineStr"):
            return f"={self._formula}" if self._formula else None
        match self._kind:
            case "str" | "inlineStr":
                return _unescaped(value)
            case "b":
                return "true" if value.strip() in ("1", "true") else "false"
            case "d":
                return value.removesuffix("Z").replace("T", " ").removesuffix(" 00:00:00")
            case "e":
                return None
        return self._number(value.strip())

    def _number(self, stored: str) -> str:
        if self._style.isdecimal() and int(self._style) < len(self._date_styles) and self._date_styles[int(self._style)]:
            days = float(stored)
            if 0 <= days < NO_DAY:
                return day_text(days, counts_from_1904=self._counts_from_1904)
        return number_text(stored)

    def table(self) -> pa.RecordBatch:
        """All cells, laid out.

        Raises:
            DangerousFile: they stand so far apart that it would take more memory than any honest table.
        """
        if not self._columns:
            return pa.RecordBatch.from_arrays([], [])
        first_row, left = min(min(each.rows) for each in self._columns.values()), min(self._columns)
        height = max(max(each.rows) for each in self._columns.values()) - first_row + 1
        width = max(self._columns) - left + 1
        if height * width > MAX_GRID_CELLS:
            raise DangerousFile(f"a cell stands far outside the table, which makes {height * width:,} cells")
        empty = _Column()
        arrays = [self._columns.pop(left + at, empty).laid_out(first_row, height) for at in range(width)]
        return pa.RecordBatch.from_arrays(arrays, [str(at) for at in range(width)])
