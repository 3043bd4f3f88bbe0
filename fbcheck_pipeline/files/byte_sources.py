"""The bytes of a text, piece by piece, unpacked where they are gzipped. Which encoding they are in is not known here."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fbcheck_pipeline.files.untrusted import MAX_RATIO, DamagedFile, DangerousFile

PIECE_BYTES = 2 << 20
HONEST_BYTES = 256 << 20
"""So much may be packed as tightly as it likes."""
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_MEMBER_BYTES = 64 << 10

Source = Callable[[], Iterator[bytes]]
"""Begins anew at each call; gives bytes in pieces, and an empty one at the end."""


@dataclass
class FileSource:
    """A file's bytes, unpacked.

    Attributes:
        bytes_read: how far the file, packed or not, has been read.
        has_trailing_bytes: what follows the gzip file and is no part of it was left out; known once all was read.

    Raises:
        DamagedFile: on reading, the gzip file is truncated or damaged.
        DangerousFile: on reading, it unpacks to more than any honest text does.
        OSError: on reading, the file is gone or must not be read.
    """

    path: Path
    is_gzip: bool
    bytes_read: int = 0
    has_trailing_bytes: bool = False

    def __call__(self) -> Iterator[bytes]:
        """Read it from its beginning."""
        with self.path.open("rb") as file:
            for piece in self._unpacked(file) if self.is_gzip else iter(lambda: file.read(PIECE_BYTES), b""):
                self.bytes_read = file.tell()
                yield piece
        yield b""

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        unpacked = 0
        members = GzipMembers(file)
        for piece in members:
            unpacked += len(piece)
            if unpacked > max(HONEST_BYTES, MAX_RATIO * file.tell()):
                raise DangerousFile(f"it unpacks to more than {unpacked >> 20} MB")
            yield piece
        self.has_trailing_bytes = members.has_trailing_bytes


def bytes_source(data: bytes) -> Source:
    """Bytes that are in memory."""
    return lambda: (data[at : at + PIECE_BYTES] for at in range(0, len(data) + PIECE_BYTES, PIECE_BYTES))


class GzipMembers:
    """The content of all gzip members of a file, in pieces of at most `PIECE_BYTES`.

    Zeros behind a member are padding; anything else that is no further member is left out, as gzip itself does.

    Raises:
        DamagedFile: on reading, the file is no gzip file, truncated or damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.has_trailing_bytes = False

    def __iter__(self) -> Iterator[bytes]:
        rest = self._file.read(PIECE_BYTES)
        if not rest.startswith(_GZIP):
            raise DamagedFile("gzip file", "BadGzipFile")
        while rest.startswith(_GZIP):
            member = zlib.decompressobj(_GZIP_WINDOW)
            try:
                yield from self._member(member, rest)
            except zlib.error as error:
                raise DamagedFile("gzip file", type(error).__name__) from None
            rest = member.unused_data
            while not rest.strip(b"\0") and (more := self._file.read(PIECE_BYTES)):
                rest = more
            rest = rest.lstrip(b"\0")
            rest += self._file.read(1) if len(rest) == 1 else b""
            if len(rest) > _MEMBER_BYTES:  # zlib copies what stands behind a member, which may be of twenty bytes
                self._file.seek(_MEMBER_BYTES - len(rest), io.SEEK_CUR)
                rest = rest[:_MEMBER_BYTES]
        self.has_trailing_bytes = bool(rest)

    def _member(self, member: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
        while not member.eof:
            if piece := member.decompress(packed, PIECE_BYTES):
                yield piece
            packed = member.unconsumed_tail
            if not packed and not member.eof and not (packed := self._file.read(PIECE_BYTES)):
                raise DamagedFile("gzip file", "EOFError")
