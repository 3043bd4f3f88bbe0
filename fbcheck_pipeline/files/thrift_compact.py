"""Thrift's compact protocol, as far as Parquet's footers use it: structures to dictionaries, and back to the same bytes.

What the fields of a structure mean is not known here.
"""

from __future__ import annotations

from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, _, STRUCT = range(1, 13)
_INTEGERS, _BYTES = (I16, I32, I64), {TRUE: 1, FALSE: 1, BYTE: 1, DOUBLE: 8}
Struct = dict[int, tuple[int, Any]]
"""By the id of the field its type and value: of integers an int, of a list the type of its items and these, of others bytes. The type of a
truth value says which."""


def read_struct(data: bytes, start: int = 0) -> tuple[Struct, int]:
    """The structure that stands there, and where it ends.

    Raises:
        IndexError, ValueError: it is none, or holds what no footer does.
    """
    reader = _Reader(data, start)
    return reader.struct(), reader.at


def write_struct(struct: Struct) -> bytes:
    """The bytes of a structure."""
    out = bytearray()
    _write(out, STRUCT, struct)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes, start: int) -> None:
        self._data, self.at = data, start

    def struct(self) -> Struct:
        found, field = Struct(), 0
        while head := self._byte():
            type_, step = head & 15, head >> 4
            if not step:
                raise ValueError("fields whose numbers lie far apart are not read here")
            field += step
            found[field] = type_, None if type_ in (TRUE, FALSE) else self._value(type_)
        return found

    def _value(self, type_: int) -> Any:
        if type_ in _INTEGERS:
            return self._integer()
        if type_ == BINARY:
            return self._take(self._varint())
        if type_ == STRUCT:
            return self.struct()
        if type_ in (LIST, SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            return head & 15, [self._value(head & 15) for _ in range(count)]
        if type_ not in _BYTES:
            raise ValueError(f"type {type_} is not read here")
        return self._take(_BYTES[type_])

    def _integer(self) -> int:
        zigzag = self._varint()
        return zigzag >> 1 ^ -(zigzag & 1)

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _take(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._data):
            raise IndexError("it is cut")
        return self._data[self.at - count : self.at]


def _write(out: bytearray, type_: int, value: Any) -> None:
    if type_ in _INTEGERS:
        _write_varint(out, value << 1 ^ value >> 63)
    elif type_ == BINARY:
        _write_varint(out, len(value))
        out += value
    elif type_ == STRUCT:
        before = 0
        for field, (field_type, content) in value.items():
            out.append((field - before) << 4 | field_type)
            before = field
            if field_type not in (TRUE, FALSE):
                _write(out, field_type, content)
        out.append(0)
    elif type_ in (LIST, SET):
        item_type, items = value
        out.append(min(len(items), 15) << 4 | item_type)
        if len(items) >= 15:
            _write_varint(out, len(items))
        for item in items:
            _write(out, item_type, item)
    else:
        out += value


def _write_varint(out: bytearray, value: int) -> None:
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
