"""A backup where it lies: contents by their hash, and a manifest, written last, that says which of them are the backup.

backup-of.json       whose backups lie here
objects/<sha256>     a file's content, the ledger's among them
manifest.json        the backup: what was killed before it wrote this is none
since/<number>.db    opt-outs and erasures, as of that many imports of them; the last one counts
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from fbcheck_pipeline.errors import OperatorError, StorageError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.settings import absolute_place

CLAIM, MANIFEST, OBJECTS, SINCE = "backup-of.json", "manifest.json", "objects", "since"
PIECE_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Kept:
    """A file's content, and the version of the file that it was taken from, see `StoredFile`."""

    sha256: str
    version: str


@dataclass(frozen=True)
class Manifest:
    """One backup.

    Attributes:
        made_at: the moment that it is of; UTC seconds.
        program: the version that made it.
        ledger: the content of the ledger's file.
        files: all others, by their names below DATA_URI.
    """

    ledger_uuid: str
    made_at: float
    program: str
    ledger: str
    files: Mapping[str, Kept]

    def contents(self) -> set[str]:
        """What it is made of."""
        return {self.ledger, *(each.sha256 for each in self.files.values())}


_ADAPTER = TypeAdapter(Manifest)


class Changed(Exception):
    """A file was written to while it was copied."""


class BackupTarget:
    """The place of one store's backup."""

    def __init__(self, place: str) -> None:
        """Args: place: a folder or an object store's URL."""
        self.storage = Storage(absolute_place(place))
        self.address = self.storage.data_uri

    def claim(self, ledger_uuid: str) -> None:
        """Say whose backups lie here.

        Raises:
            OperatorError: they are another store's, or other files lie here.
            StorageError: it cannot be written.
        """
        if self.is_of(ledger_uuid):
            return
        if self.storage.exists(CLAIM):
            raise OperatorError(f"{self.address} has the backup of another store, which stays; name another place")
        if self.storage.files("", is_deep=True):
            raise OperatorError(
                f"{self.address} is not empty and has no backup; name an empty place, or one that does not exist yet"
            )
        self.storage.write_bytes(CLAIM, json.dumps({"ledger_uuid": ledger_uuid}).encode())

    def is_of(self, ledger_uuid: str) -> bool:
        """True where backups of this ledger lie here."""
        return self.storage.exists(CLAIM) and json.loads(self.storage.read_bytes(CLAIM)).get("ledger_uuid") == ledger_uuid

    def manifest(self) -> Manifest | None:
        """The backup that lies here; None where there is none.

        Raises:
            StorageError: its manifest cannot be read.
        """
        if not self.storage.exists(MANIFEST):
            return None
        try:
            return _ADAPTER.validate_json(self.storage.read_bytes(MANIFEST))
        except ValidationError:
            raise StorageError(f"{self.storage.uri(MANIFEST)} is damaged, so this is no backup; use another one") from None

    def publish(self, manifest: Manifest) -> None:
        """Let contents that lie here be the backup, in the place of the one before."""
        self.storage.write_bytes(MANIFEST, json.dumps(asdict(manifest)).encode())

    def contents(self) -> set[str]:
        """What lies here, whole, by its SHA-256."""
        return set(self.storage.names(OBJECTS))

    def keep(self, path: Path, there: set[str]) -> str:
        """Copy a local file's content unless it is `there`; returns its SHA-256.

        Raises:
            FileNotFoundError: it is gone.
            Changed: somebody writes to it.
        """
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            if sha256 not in there:
                stream.seek(0)
                with self.storage.writing(f"{OBJECTS}/{sha256}") as sink:
                    _copy_checked(stream, sink, sha256)
                there.add(sha256)
        return sha256

    def drop_others(self, kept: set[str]) -> None:
        """Delete the contents that no backup needs."""
        for each in self.contents() - kept:
            self.storage.delete(f"{OBJECTS}/{each}")

    def copy_out(self, sha256: str, sink: IO[bytes]) -> None:
        """Copy a content to where it is needed.

        Raises:
            StorageError: it is not what it was.
        """
        name = f"{OBJECTS}/{sha256}"
        try:
            with self.storage.local_copy(name) as path, path.open("rb") as stream:
                _copy_checked(stream, sink, sha256)
        except (Changed, FileNotFoundError):
            raise StorageError(f"{self.storage.uri(name)} is damaged or lost; use another backup") from None

    def tell(self, path: Path, number: int) -> None:
        """Put opt-outs and erasures here, as of so many imports of them."""
        self.storage.copy_in(path, f"{SINCE}/{number:020d}.db")
        self.drop_told(before=number)

    def drop_told(self, *, before: int) -> None:
        """Delete what was told before so many imports."""
        for name in self.storage.names(SINCE):
            if int(name.partition(".")[0]) < before:
                self.storage.delete(f"{SINCE}/{name}")

    def copy_told(self, to: Path) -> bool:
        """Copy the last opt-outs and erasures that were told to a local file; False where there are none."""
        if names := self.storage.names(SINCE):
            with self.storage.local_copy(f"{SINCE}/{names[-1]}") as path:
                shutil.copyfile(path, to)
        return bool(names)


def _copy_checked(source: IO[bytes], sink: IO[bytes], sha256: str) -> None:
    found = hashlib.sha256()
    while piece := source.read(PIECE_BYTES):
        found.update(piece)
        sink.write(piece)
    if found.hexdigest() != sha256:
        raise Changed
