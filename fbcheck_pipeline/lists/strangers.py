"""A stranger's bytes in somebody else's parser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fbcheck_pipeline.errors import ListError


@contextmanager
def parsing(path: Path, what: str, remedy: str) -> Iterator[None]:
    """Parsers have no error of their own for most faults: whatever they raise means that the file is damaged.

    Their own message may quote a cell and is left out.

    Args:
        what: the kind of file and what may be wrong with it, e.g. "workbook is damaged".

    Raises:
        ListError: in place of any other exception.
    """
    try:
        yield
    except ListError:
        raise
    except Exception as error:
        raise ListError(f"{path.name}: the {what} ({type(error).__name__}); {remedy}") from None
