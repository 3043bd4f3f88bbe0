"""What a person reads of a list that cannot be read: the file, what is wrong with it, and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.text_encoding import WrongEncoding
from fbcheck_pipeline.files.untrusted import DamagedFile, DangerousFile

_FAULTS = {"EOFError": "truncated", "BadZipFile": "truncated or damaged"}
_NAMES = {"zip archive": "workbook"}
_REMEDIES = {"workbook": "open it in a spreadsheet and save it again as .xlsx", "Parquet file": "write it again"}


@contextmanager
def faults_named(path: Path) -> Iterator[None]:
    """Raise a ListError for whatever is wrong with a file of somebody else's, without a cell of it."""
    try:
        yield
    except DamagedFile as error:
        fault = _FAULTS.get(error.cause, "damaged, unfinished or encrypted" if error.kind == "Parquet file" else "damaged")
        remedy = _REMEDIES.get(error.kind, "bring the whole file again")
        raise ListError(f"{path.name}: the {_NAMES.get(error.kind, error.kind)} is {fault} ({error.cause}); {remedy}") from None
    except DangerousFile as error:
        raise ListError(f"{path.name}: the workbook is not opened: {error}; save the list as CSV") from None
    except WrongEncoding as error:
        raise ListError(f"{path.name}: {error}") from None
    except OSError as error:
        raise ListError(f"{path.name}: cannot be read ({error.strerror})") from error
