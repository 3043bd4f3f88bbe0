"""A worksheet's XML as columns, all at once, where its rows are written alike and hold texts only, as programs write that stream rows.

What is not exactly so is left to other readers: the rows are written again from what was read, and must be the same bytes.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_BEGIN, _END, _ROW_END = b"<sheetData>", b"</sheetData>", b"</row>"
_BEFORE_ROWS = re.compile(
    rb'(?:<\?xml version="1\.0"(?: encoding="(?i:utf-8)")?(?: standalone="[a-z]+")?\?>\s*)?<worksheet[ >](?:[\x20-\x7e\s](?<!<[!?]))*+'
)
_ROW = re.compile(
    rb'<row r="([1-9][0-9]{0,6})"(?: [^<>]*[^<>/])?>'
    rb'(?:<c r="[A-Z][1-9][0-9]{0,6}"(?: s="[0-9]+")? t="inlineStr"><is><t(?: xml:space="preserve")?>[^<>]+</t></is></c>)+</row>'
)
_COLUMN = re.compile(rb'(?<=<c r=")[A-Z]')
_NUMBER_OR_TEXT = re.compile(rb'(?:(?<=<row r=")|(?<=<c r="[A-Z]))[0-9]+|(?<=>)[^<>]+')
_STAND_FOR_OTHERS = (b"&", b"\r", b"_x")


@dataclass(frozen=True)
class PlainSheet:
    """Its cells, string columns named `0`, `1` … without nulls, and the XML around its rows."""

    cells: pa.RecordBatch
    rest: bytes


def plain_sheet(pieces: Iterable[bytes]) -> PlainSheet | None:
    """Read a whole worksheet; None where it is none, or not plain.

    Args:
        pieces: its XML. Each is read before the next is asked for, so that nothing large is made; the first one holds the first row.
    """
    more = iter(pieces)
    xml = next(more, b"")
    begin = xml.find(_BEGIN) + len(_BEGIN)
    if begin < len(_BEGIN) or not _BEFORE_ROWS.fullmatch(xml, 0, begin):
        return None
    header_end = xml.find(_ROW_END, begin) + len(_ROW_END)
    first = _ROW.fullmatch(xml, begin, header_end)
    if first is None:
        return None
    number, left = int(first[1]), b""
    try:
        batches = [_cells_of(first[0], number)]  # a header may have a style of its own
        for piece in chain([xml[header_end:]], more):
            rows, end, left = (left + piece).rpartition(_ROW_END)
            if rows:
                number += batches[-1].num_rows
                batches.append(_cells_of(rows + end, number))
        cells = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
    except (ValueError, pa.ArrowInvalid):
        return None
    return PlainSheet(cells, xml[:begin] + left) if left.startswith(_END) and left.endswith(b"</worksheet>") else None


def _cells_of(rows: bytes, number: int) -> pa.RecordBatch:
    """The cells of rows that are all written like the first of them, whose number it is.

    Raises:
        ValueError, ArrowInvalid: they are not.
    """
    first, characters = rows[: rows.find(_ROW_END) + len(_ROW_END)], np.frombuffer(rows, np.uint8)
    letters = b"".join(_COLUMN.findall(first)).decode()
    if not _ROW.fullmatch(first) or not string.ascii_uppercase.startswith(letters):
        raise ValueError("not plain")
    tags = np.flatnonzero(characters == ord("<")).reshape(-1, first.count(b"<"))
    numbers = pc.cast(pa.array(np.arange(number, number + len(tags))), pa.string()).cast(pa.binary())
    pieces, texts, at = list[bytes | pa.BinaryArray](), list[pa.BinaryArray](), 0
    for each in _NUMBER_OR_TEXT.finditer(first):
        pieces.append(first[at : each.start()])
        at = each.end()
        if pieces[-1].endswith(b">"):
            tag = first.count(b"<", 0, at)
            begins, keeps_blanks = tags[:, tag - 1] + (each.start() - tags[0, tag - 1]), not pieces[-1].endswith(b"<t>")
            texts.append(_slices(characters, begins, tags[:, tag], keeps_blanks=keeps_blanks))
        pieces.append(texts[-1] if pieces[-1].endswith(b">") else numbers)
    pieces.append(first[at:])
    if len(tags) * sum(len(each) for each in pieces if isinstance(each, bytes)) > len(rows):
        raise ValueError("not plain")  # and would take a thousand times the memory to be written
    written = pc.binary_join_element_wise(*pieces, b"")
    if not written.buffers()[2].equals(pa.py_buffer(rows)):
        raise ValueError("not plain")
    return pa.RecordBatch.from_arrays([text.cast(pa.string()) for text in texts], [str(place) for place in range(len(texts))])


def _slices(
    characters: npt.NDArray[np.uint8], begins: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], *, keeps_blanks: bool
) -> pa.BinaryArray:
    """What stands between these places; ValueError where it is nothing, or not meant as it stands."""
    lengths = ends - begins
    if lengths.min() < 1 or not (keeps_blanks or min(characters[begins].min(), characters[ends - 1].min()) > ord(" ")):
        raise ValueError("not plain")
    offsets = np.append(0, np.cumsum(lengths))
    text = characters[np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)].tobytes()
    if any(each in text for each in _STAND_FOR_OTHERS):
        raise ValueError("not plain")
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(text)]
    return pa.BinaryArray.from_buffers(pa.binary(), len(begins), buffers)
