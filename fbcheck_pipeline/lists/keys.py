"""The name of a list: what it was called and what is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from slugify import slugify

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists.facts import LIST_SUFFIXES

MAX_SLUG = 60


def file_sha256(path: Path | str) -> str:
    """Hex SHA-256 of a file's content, read in pieces.

    Raises:
        ListError: the file is missing or may not be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ListError(f"{Path(path).name}: cannot be read ({error.strerror}); check the path and its permissions") from error


def list_key(path: Path | str) -> str:
    """Slug of the file name plus the first 8 hex digits of the SHA-256 of the content, e.g. `customers-9f3a01bc`.

    Raises:
        ListError: the file is missing or may not be read.
    """
    return key_of(Path(path).name, file_sha256(path))


def key_of(name: str, sha256: str) -> str:
    """The list key of a file of this name and content."""
    slug = slugify(stem_of(name), max_length=MAX_SLUG, lowercase=True) or "list"
    return f"{slug}-{sha256[:8]}"


def list_suffix(name: str) -> str | None:
    """Which of `LIST_SUFFIXES` a file name ends with, the longest; None when none."""
    return max((suffix for suffix in LIST_SUFFIXES if name.lower().endswith(suffix)), key=len, default=None)


def stem_of(name: str) -> str:
    suffix = list_suffix(name)
    return name[: -len(suffix)] if suffix else name.rsplit(".", 1)[0]
