"""Files of others: bounds that hold before a library unpacks an archive, and one error for whatever a parser raises.

Not here: what the files hold. The errors do not name the file; whoever opens it says which one it is, and the remedy.
"""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_RATIO = 100
"""A deflated table is 5 to 50 times smaller than itself, a bomb a thousand times."""
MAX_COLUMNS = 16_384
"""As many as a spreadsheet has; a reader takes some KB for each."""

_PIECE_BYTES = 1 << 19  # what is made of so much stays in the processor's cache, and takes no new memory
_ENTRY = b"PK\x01\x02"


class DamagedFile(Exception):
    """A parser cannot read the file. `kind` is what it should be, `cause` the name of the parser's error.

    The parser's own message may quote a cell and is left out.
    """

    def __init__(self, kind: str, cause: str) -> None:
        super().__init__(kind, cause)
        self.kind, self.cause = kind, cause


class DangerousFile(Exception):
    """Reading it would take more memory than any honest file does, or it is made to do harm; the message is a clause."""


@dataclass(frozen=True)
class Bounds:
    """How much an archive may hold; `honest_bytes` of all its members together may be packed as tightly as they like."""

    unpacked_bytes: int
    honest_bytes: int
    member_count: int


@contextmanager
def parsing(kind: str) -> Iterator[None]:
    """Raise DamagedFile for whatever a parser raises: most have no error of their own for a damaged file.

    Args:
        kind: the kind of file, e.g. "workbook".
    """
    try:
        yield
    except (DamagedFile, DangerousFile):
        raise
    except Exception as error:
        raise DamagedFile(kind, type(error).__name__) from None


def count_of(mark: bytes, file: BinaryIO) -> int:
    """How often it stands in a file, which is read to its end."""
    count, rest = 0, b""
    while piece := file.read(_PIECE_BYTES):
        count += (rest + piece).count(mark)
        rest = piece[1 - len(mark) :]
    return count


def open_archive(source: Path | bytes, bounds: Bounds) -> zipfile.ZipFile:
    """Open a zip archive whose directory keeps to the bounds; `member_pieces` holds the directory to its word.

    Names of members may be anything, since nothing is ever written by them.

    Raises:
        DamagedFile: it is no zip archive, encrypted, or packed in an unusual way.
        DangerousFile: it holds too much, or is packed too tightly.
    """
    with parsing("zip archive"), source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        entry_count = count_of(_ENTRY, file)
        if entry_count > bounds.member_count:  # of each an object is made
            raise DangerousFile(f"it has {entry_count:,} members")
        size_bytes = file.tell()
        archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        tight = sum(max(member.file_size - MAX_RATIO * member.compress_size, 0) for member in members)
        if unpacked > bounds.unpacked_bytes or tight > bounds.honest_bytes:
            raise DangerousFile(f"it unpacks to {unpacked >> 20} MB")
        if sum(member.compress_size for member in members) > size_bytes:
            raise DangerousFile("its members overlap each other")
        for member in members:
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DamagedFile("zip archive", "encrypted, or packed in an unusual way")
        return archive


def member_pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member, unpacked a piece at a time, and never more of it than the directory claims.

    Python's own reader stops quietly at the claim; others, fastexcel among them, unpack all there is.

    Raises:
        DamagedFile: it cannot be unpacked, or the directory claims another size than it has.
    """
    unpacked, claim = 0, copy.copy(member)
    claim.file_size += 1
    with parsing("zip archive"), archive.open(claim) as file:
        while piece := file.read(_PIECE_BYTES):
            unpacked += len(piece)
            yield piece
    if unpacked != member.file_size:
        raise DamagedFile("zip archive", "a member has another size than the archive claims")


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """True for what calls itself an .xlsx file."""
    return any(name.lower().replace("\\", "/").lstrip("/").startswith("xl/") for name in archive.namelist())
