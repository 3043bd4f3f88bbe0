"""Receipts: a small local file for each POST, made before it, so that its answer is kept also where the ledger cannot take it.

What an answer means for a chunk is not decided here.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.atomic import write_faults_named
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.model.paths import RECEIPTS

log = logging.getLogger(__name__)

SIZE_BYTES = 4096


@dataclass(frozen=True)
class Receipt:
    """One POST, and what was answered.

    Attributes:
        begun_at: UTC seconds.
        answer: what came, without the key or anything that reads as a phone; None while nothing did.
        is_free: the answer says that nothing was billed.
        task_id, total, is_synthetic: of the accepted task.
        possible_task_id: what may be its task, by an answer that proves nothing.
    """

    ledger_uuid: str
    chunk_key: str
    sender: str
    vendor_origin: str
    begun_at: float
    answer: str | None = None
    is_free: bool = False
    task_id: str | None = None
    total: int | None = None
    is_synthetic: bool = False
    possible_task_id: str | None = None

    @property
    def name(self) -> str:
        """Its path below the folder of receipts, or below DATA_URI."""
        return RECEIPTS.of(f"{self.chunk_key}-{self.sender}")

    def to_bytes(self) -> bytes:
        """Always as long as the first, so that a full disk can take the answer, too."""
        facts = asdict(self)
        while len(packed := json.dumps(facts).encode()) > SIZE_BYTES:
            facts["answer"] = facts["answer"][: SIZE_BYTES - len(packed)]
        return packed.ljust(SIZE_BYTES)


_ADAPTER = TypeAdapter(Receipt)


class Receipts:
    """The receipts of one ledger: those of this machine, and copies below DATA_URI where that is elsewhere."""

    def __init__(self, ledger_uuid: str, folder: Path | None = None, storage: Storage | None = None) -> None:
        """Args: folder: None where nothing is sent; storage: None where the folder is DATA_URI itself."""
        self._uuid, self._folder, self._storage = ledger_uuid, folder, storage

    def rehearsing(self) -> Receipts:
        """The same receipts for trying out: they may be taken in, and all stay where they are."""
        return _Untouched(self._uuid, self._folder, self._storage)

    def place_of(self, receipt: Receipt) -> str:
        """Where a person finds it."""
        return str(self._path(receipt.name))

    def write(self, receipt: Receipt) -> None:
        """Write a receipt, or its answer over it in place, and wait until it is on the disk.

        Raises:
            StorageError: it cannot be written.
        """
        path = self._path(receipt.name)
        with write_faults_named(str(path)):
            is_new = not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sync(path, os.O_RDWR | os.O_CREAT, receipt.to_bytes())
            if is_new:
                _sync(path.parent, os.O_RDONLY)

    def copy(self, receipt: Receipt) -> None:
        """Copy a receipt to DATA_URI, for whoever opens the ledger on another machine; a failure is logged, no more."""
        if self._storage is not None:
            try:
                self._storage.write_bytes(receipt.name, receipt.to_bytes())
            except (StorageError, OSError) as error:
                log.warning("receipt not copied chunk_key=%s error=%s", receipt.chunk_key, type(error).__name__)

    def drop(self, receipt: Receipt) -> None:
        """Delete a receipt and its copy: the ledger has the answer. One that cannot be deleted is taken in again, which changes nothing."""
        try:
            self._delete(receipt.name)
        except (StorageError, OSError) as error:
            log.warning("receipt not deleted chunk_key=%s error=%s", receipt.chunk_key, type(error).__name__)

    def drop_of_chunks(self, chunk_keys: Collection[str]) -> None:
        """Delete whatever receipts there are of these chunks."""
        for name in self._names(with_copies=True):
            if name.removeprefix(f"{RECEIPTS.folder}/").partition("-")[0] in chunk_keys:
                self._delete(name)

    def kept(self, *, with_copies: bool) -> Iterator[Receipt]:
        """The receipts of this ledger; a copy stands in only where there is nothing on this machine."""
        for name in self._names(with_copies=with_copies):
            with suppress(FileNotFoundError):  # taken in by another process just now
                path = self._path(name)
                packed = path.read_bytes() if self._storage is None or path.exists() else self._storage.read_bytes(name)
                try:
                    receipt = _ADAPTER.validate_json(packed)
                except ValidationError:
                    log.warning("unreadable receipt %s", path)
                    continue
                if receipt.ledger_uuid == self._uuid:
                    yield receipt

    def _names(self, *, with_copies: bool) -> list[str]:
        if self._folder is None:
            return []
        there = {path.name for path in self._path(RECEIPTS.folder).glob(f"*{RECEIPTS.suffix}")}
        if with_copies and self._storage is not None:
            there |= set(self._storage.names(RECEIPTS.folder))
        return [f"{RECEIPTS.folder}/{name}" for name in sorted(there)]

    def _delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)
        if self._storage is not None:
            self._storage.delete(name)

    def _path(self, name: str) -> Path:
        return (self._folder or Path()) / name


class _Untouched(Receipts):
    def _delete(self, name: str) -> None:
        pass


def _sync(path: Path, flags: int, content: bytes | None = None) -> None:
    opened = os.open(path, flags, 0o600)
    try:
        if content is not None and os.pwrite(opened, content, 0) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(opened)
    finally:
        os.close(opened)
