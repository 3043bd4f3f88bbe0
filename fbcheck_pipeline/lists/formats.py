"""What kind of file it is: the content decides, the name only where the content may be any text."""

from __future__ import annotations

from pathlib import Path

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.untrusted import count_of
from fbcheck_pipeline.lists.facts import LIST_SUFFIXES
from fbcheck_pipeline.lists.keys import list_suffix

_HEAD_BYTES = 8192
_FOREIGN = (
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
)
_PAGE_BEGINNINGS = (b"<!doctype", b"<html", b"<?xml", b"<table")


def format_of(path: Path) -> tuple[str, bool, tuple[str, ...]]:
    """(`csv`, `tsv`, `txt`, `xlsx` or `parquet`; whether it is gzipped; a sentence where name and content disagree).

    Raises:
        ListError: no such file, an unknown suffix, an empty file, or a content that is no list.
    """
    if path.is_dir():
        raise ListError(f"{path}: this is a folder; name the lists in it, e.g. {path}/*.csv")
    if not path.is_file():
        raise ListError(f"{path}: there is no such file; check the path")
    suffix = list_suffix(path.name)
    if suffix is None:
        old = "a legacy workbook: save it as .xlsx" if path.suffix.lower() == ".xls" else "save it as one of these"
        raise ListError(f"{path.name}: lists are {', '.join(LIST_SUFFIXES)}; {old}")
    named = suffix.split(".")[1]
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise ListError(f"{path.name}: cannot be read ({error.strerror}); check its permissions") from error
    if not head:
        raise ListError(f"{path.name}: the file is empty; export the list again")
    kind = _kind_of(path, head) or ("csv" if named in ("xlsx", "parquet") else named)
    is_gzip = head.startswith(b"\x1f\x8b")
    told = () if kind == named else (f"Read as {kind} because of its content; its name says {named}.",)
    return kind, is_gzip, told


def _kind_of(path: Path, head: bytes) -> str | None:
    """What the first bytes say; None for text."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        with path.open("rb") as file:
            is_encrypted = count_of("EncryptedPackage".encode("utf-16-le"), file) > 0
        if is_encrypted:
            raise ListError(f"{path.name}: the workbook is encrypted; save it without a password")
        raise ListError(f"{path.name}: this is a legacy .xls workbook; save it as .xlsx")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise ListError(f"{path.name}: this is {what} and no list; export the list as CSV, TXT, XLSX or Parquet")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE_BEGINNINGS):
        raise ListError(
            f"{path.name}: this is a web page or XML and no list; open it in a spreadsheet and save it as .xlsx or .csv"
        )
    return None
