"""A workbook's XML, read part by part: its sheets, shared texts, styles, and the cells of one sheet.

It reads what no faster reader does: strict workbooks, odd names of parts, formulas that were never calculated, days counted
from 1904. Whether the workbook is harmless was found out before. Which sheet holds what is not known here.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.shared_texts import MAX_TEXT, check_shared_texts
from fbcheck_pipeline.files.untrusted import MAX_GRID_CELLS, DamagedFile, DangerousFile, member_pieces

NO_DAY = 100_000
"""Days from 1900 on: a number as large as that, which is formatted as a day, is no day but a number: 100,000 is in the year 2173."""
MAX_DESCRIPTION = 32 << 20
"""Bytes of a part that is held as a tree, which takes 25 times as many: the names of sheets, the styles."""

_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NO_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_LONGEST_FORMAT = 1000
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_REFERENCE = re.compile(r"([A-Za-z]+)([0-9]+)")
_EXACT_DOUBLE = 2.0**53


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
    """

    archive: zipfile.ZipFile
    members: Mapping[str, zipfile.ZipInfo]
    sheets: tuple[Sheet, ...]
    date_styles: tuple[bool, ...]
    counts_from_1904: bool
    shared_texts: str | None

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
        root = _xml(archive, members[book])
        if _local(root.tag) != "workbook":
            raise DamagedFile("workbook", "its workbook.xml is none")
        targets = _targets(archive, members, book)
        listed = [each for each in root.iter() if _local(each.tag) == "sheet"]
        sheets = [_sheet(number, each, targets, book) for number, each in enumerate(listed, start=1)]
        properties = next((each for each in root if _local(each.tag) == "workbookPr"), None)
        is_1904 = properties is not None and properties.get("date1904", "0").strip().lower() in ("1", "true", "on")
        styles = next((part for kind, part in targets.values() if kind == "styles" and part in members), None)
        texts = next((part for kind, part in targets.values() if kind == "sharedStrings" and part in members), None)
        date_styles = _date_styles(_xml(archive, members[styles])) if styles else ()
        found = [sheet for sheet in sheets if sheet is not None and sheet.part in members]
        # A thousand sheets may name one part, which would be read for each: the first that a person sees stands for it.
        of_parts = {sheet.part: sheet for sheet in sorted(reversed(found), key=lambda sheet: sheet.is_visible)}
        once = tuple(sheet for sheet in found if of_parts[sheet.part] is sheet)
        return cls(archive, members, once, date_styles, is_1904, texts)

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
    def _texts(self) -> list[str]:
        return _shared_texts(self._pieces(self.shared_texts)) if self.shared_texts else []

    def check_texts(self) -> None:
        """Hold the texts of all sheets against a bound, before a reader lays them out.

        Raises:
            DangerousFile: they are larger than any honest sheet's.
        """
        sheets = [self.members[sheet.part] for sheet in self.sheets]
        for member in self.archive.infolist():  # fastexcel goes by the name, whatever the workbook says
            if (name := _plain_name(member.filename)) == self.shared_texts or name.endswith("sharedstrings.xml"):
                check_shared_texts(self.archive, member, sheets)

    def _pieces(self, part: str) -> Iterator[bytes]:
        return member_pieces(self.archive, self.members[part])


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


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1].rsplit(":", 1)[-1]


def _xml(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ElementTree.Element:
    if member.file_size > MAX_DESCRIPTION:
        raise DangerousFile(f"what describes its sheets unpacks to {member.file_size >> 20:,} MB")
    return ElementTree.fromstring(b"".join(member_pieces(archive, member)))


def _targets(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], book: str) -> dict[str, tuple[str, str]]:
    """Id -> (last word of its kind, part) of what the workbook refers to."""
    folder, name = posixpath.split(book)
    relations = members.get(f"{folder}/_rels/{name}.rels".lstrip("/"))
    if relations is None:
        return {}
    found = {}
    for each in _xml(archive, relations):
        target = each.get("Target", "").replace("\\", "/")
        part = _plain_name(posixpath.normpath(target if target.startswith("/") else posixpath.join(folder, target)))
        found[each.get("Id", "")] = (each.get("Type", "").rsplit("/", 1)[-1], part)
    return found


def _sheet(number: int, listed: ElementTree.Element, targets: Mapping[str, tuple[str, str]], book: str) -> Sheet | None:
    identity = next((value for name, value in listed.attrib.items() if _local(name) == "id"), "")
    kind, part = targets.get(identity, ("worksheet", posixpath.join(posixpath.dirname(book), f"worksheets/sheet{number}.xml")))
    is_visible = listed.get("state", "visible") == "visible"
    return Sheet(listed.get("name", ""), part, is_visible) if kind == "worksheet" else None


def _date_styles(root: ElementTree.Element) -> tuple[bool, ...]:
    codes = {
        each.get("numFmtId"): each.get("formatCode", "")[:_LONGEST_FORMAT] for each in root.iter() if _local(each.tag) == "numFmt"
    }
    formats = next((each for each in root if _local(each.tag) == "cellXfs"), ())
    numbers = [each.get("numFmtId", "0") for each in formats]
    return tuple(
        _DATE_LETTERS.search(_NO_FORMAT.sub("", codes[number])) is not None
        if number in codes
        else number.isdecimal() and int(number) in _BUILT_IN_DATES
        for number in numbers
    )


def _parse(reader: _CellReader | _TextReader, pieces: Iterable[bytes]) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    for piece in pieces:
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _shared_texts(pieces: Iterable[bytes]) -> list[str]:
    reader = _TextReader()
    _parse(reader, pieces)
    return reader.texts


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


@dataclass
class _TextReader:
    """The texts of `sharedStrings.xml`; what stands over them as a reading aid is no part of them."""

    texts: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _is_text: bool = False
    _aids: int = 0

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        tag = _local(tag)
        if tag == "si":
            self._parts.clear()
        self._aids += tag == "rPh"
        self._is_text = tag == "t" and not self._aids

    def end(self, tag: str) -> None:
        tag = _local(tag)
        self._is_text = False
        self._aids -= tag == "rPh"
        if tag == "si":
            self.texts.append(_unescaped("".join(self._parts)))

    def data(self, text: str) -> None:
        if self._is_text:
            self._parts.append(text)


class _CellReader:
    """The filled cells of a sheet: a cell or row without reference stands behind the one before."""

    def __init__(self, texts: list[str], date_styles: tuple[bool, ...], counts_from_1904: bool) -> None:
        self._texts, self._date_styles, self._counts_from_1904 = texts, date_styles, counts_from_1904
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._said: list[str] = []
        self._text_size = 0
        self._row = self._column = 0
        self._kind = self._style = ""
        self._value: str | None = None
        self._formula = ""
        self._parts: list[str] | None = None
        self._aids = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = _local(tag)
        if tag == "c":
            reference = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = _column_number(reference[1]) if reference else self._column + 1
            self._row = int(reference[2]) if reference else self._row
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._value, self._formula = None, ""
        elif tag == "row":
            self._row, self._column = int(attributes["r"]) if "r" in attributes else self._row + 1, 0
        elif tag in ("v", "f") or (tag == "t" and not self._aids):
            self._parts = []
        self._aids += tag == "rPh"

    def end(self, tag: str) -> None:
        tag = _local(tag)
        text, self._parts = "".join(self._parts or ()), None
        self._aids -= tag == "rPh"
        if tag == "f":
            self._formula = text
        elif tag == "v" or (tag == "t" and not self._aids):
            self._value = (self._value or "") + text
        elif tag == "c" and (said := self._text()):
            self._text_size += len(said)
            if self._text_size > MAX_TEXT:
                raise DangerousFile(f"the texts of its cells unpack to more than {self._text_size >> 20:,} MB")
            self._rows.append(self._row)
            self._columns.append(self._column)
            self._said.append(said)

    def data(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)

    def _text(self) -> str | None:
        if self._value is None or (self._value == "" and self._kind != "inlineStr"):
            return f"={self._formula}" if self._formula else None
        match self._kind:
            case "s":
                return self._texts[int(self._value)]
            case "str" | "inlineStr":
                return _unescaped(self._value)
            case "b":
                return "true" if self._value.strip() in ("1", "true") else "false"
            case "d":
                return self._value.removesuffix("Z").replace("T", " ").removesuffix(" 00:00:00")
            case "e":
                return None
        return self._number(self._value.strip())

    def _number(self, stored: str) -> str:
        if self._style.isdecimal() and int(self._style) < len(self._date_styles) and self._date_styles[int(self._style)]:
            days = float(stored)
            if 0 <= days < NO_DAY:
                return day_text(days, counts_from_1904=self._counts_from_1904)
        return number_text(stored)

    def table(self) -> pa.RecordBatch:
        """All cells, laid out."""
        if not self._said:
            return pa.RecordBatch.from_arrays([], [])
        rows, columns = np.array(self._rows) - min(self._rows), np.array(self._columns) - min(self._columns)
        height, width = int(rows.max()) + 1, int(columns.max()) + 1
        if height * width > MAX_GRID_CELLS:
            raise DangerousFile(f"a cell stands far outside the table, which makes {height * width:,} cells")
        order = np.argsort(columns, kind="stable")
        begins = np.searchsorted(columns[order], np.arange(width + 1))
        said = np.array(self._said, dtype=object)[order]
        arrays: list[pa.Array[Any]] = []
        for begin, end in pairwise(begins.tolist()):
            cells = np.full(height, None, dtype=object)
            cells[rows[order[begin:end]]] = said[begin:end]
            arrays.append(pa.array(cells, pa.string()))
        return pa.RecordBatch.from_arrays(arrays, [str(at) for at in range(width)])


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
