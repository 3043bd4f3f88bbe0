"""A zip archive of some members of another, under names of its own: their packed bytes are copied as they stand.

Two readers may find different members in one archive. A library that unpacks for itself gets one in which nothing is but what was
looked through.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping

_LOCAL, _ENTRY, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_VERSION = 20
_NAME_LENGTH_AT = 26


def repacked(archive: zipfile.ZipFile, content: Mapping[str, zipfile.ZipInfo | bytes]) -> bytes:
    """The archive.

    Args:
        content: by names in ASCII members of the other archive, which were unpacked once and found to be as it claims, or bytes.
    """
    whole, entries = bytearray(), bytearray()
    for name, member in content.items():
        if isinstance(member, bytes):
            packed, method, size, crc = member, zipfile.ZIP_STORED, len(member), zlib.crc32(member)
        else:
            packed, method, size, crc = _packed(archive, member), member.compress_type, member.file_size, member.CRC
        facts = _VERSION, 0, method, 0, 0, crc, len(packed), size, len(name), 0
        entries += _ENTRY.pack(b"PK\x01\x02", _VERSION, *facts, 0, 0, 0, 0, len(whole)) + name.encode()
        whole += _LOCAL.pack(b"PK\x03\x04", *facts) + name.encode() + packed
    end = _END.pack(b"PK\x05\x06", 0, 0, len(content), len(content), len(entries), len(whole), 0)
    return bytes(whole + entries + end)


def _packed(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    assert archive.fp
    archive.fp.seek(member.header_offset + _NAME_LENGTH_AT)
    name_length, extra_length = struct.unpack("<2H", archive.fp.read(4))
    archive.fp.seek(name_length + extra_length, 1)
    return archive.fp.read(member.compress_size)
