"""What a person reads of a list that cannot be read: the file, what is wrong with it, and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.text_encoding import WrongEncoding
from fbcheck_pipeline.files.untrusted import DamagedFile, DangerousFile

_FAULTS = {"EOFError": "the {} is truncated", "BadZipFile": "the {} is truncated or damaged"}
_DAMAGED = {"Parquet file": "the {} is damaged, unfinished or encrypted"}
_NAMES = {"zip archive": "workbook"}
_REMEDIES = {"workbook": "open it in a spreadsheet and save it again as .xlsx", "Parquet file": "write it again"}

_SMALLER = {".gz": "unpack it and look at what it holds"} | dict.fromkeys(
    (".csv", ".tsv", ".txt"), "leave out the columns that are empty"
)


@contextmanager
def faults_named(path: Path) -> Iterator[None]:
    """Raise a ListError for whatever is wrong with a file of somebody else's, without a cell of it."""
    try:
        yield
    except DamagedFile as error:
        fault = _FAULTS.get(error.cause) or _DAMAGED.get(error.kind, "the {} is damaged")
        remedy = _REMEDIES.get(error.kind, "bring the whole file again")
        raise ListError(f"{path.name}: {fault.format(_NAMES.get(error.kind, error.kind))} ({error.cause}); {remedy}") from None
    except DangerousFile as error:
        raise ListError(
            f"{path.name}: the file is not read: {error}; {_SMALLER.get(path.suffix.lower(), 'save the list as CSV')}"
        ) from None
    except WrongEncoding as error:
        raise ListError(f"{path.name}: {error}") from None
    except OSError as error:
        raise ListError(f"{path.name}: cannot be read ({error.strerror})") from error
