"""What is held about a person: the lists, chunks and verdicts that have their phone, in each form it had. Only looks."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import phonenumbers
import pyarrow.compute as pc

from fbcheck_pipeline.errors import FbcheckError, OperatorError, StorageError
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.lists import open_list
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.timestamps import rfc3339
from fbcheck_pipeline.phones.renumbering import with_former_forms
from fbcheck_pipeline.workflow.arrival.intake import default_options
from fbcheck_pipeline.workflow.erasing.awaited_erasures import awaited
from fbcheck_pipeline.workflow.erasing.erased_chunks import places_in
from fbcheck_pipeline.workflow.erasing.erased_lists import InList, find_in_list
from fbcheck_pipeline.workflow.erasing.erased_rows import Person
from fbcheck_pipeline.workflow.verdict_files.verdicts import VerdictReader
from fbcheck_pipeline.workflow.workspace import Workspace

_DEEPEST = 3


@dataclass(frozen=True)
class HeldVerdict:
    """One verdict of a task: `facebook` is null where the label means nothing."""

    task_id: str
    facebook: str | None
    label: str | None
    checked_at: str


@dataclass(frozen=True)
class Held:
    """What is held about some phones.

    Attributes:
        lists: list key -> what of it.
        chunks: those that have one, oldest first.
        unread: files that hold the number, or cannot be looked into, and that no list was read from.
        suppressed: one of them, in whatever form it was named, is never submitted.
        awaited: keys of chunks that they are erased from when the vendor has answered.
    """

    lists: dict[str, InList]
    chunks: list[Chunk]
    verdicts: list[HeldVerdict]
    waiting: list[str]
    unread: list[str]
    suppressed: bool
    awaited: list[str]

    @property
    def is_nothing(self) -> bool:
        """True where none of it stands anywhere."""
        return not (self.lists or self.chunks or self.waiting or self.unread)


def phone_of(text: str, region: str | None) -> int:
    """The phone that a person named.

    Raises:
        OperatorError: it is none; its digits are not repeated.
    """
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(text, region)
        if phonenumbers.is_possible_number(number):
            return int(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:])
    shape = f"{text.strip()[:3]}•••" if len(text.strip()) > 5 else "•••"
    raise OperatorError(f"{shape} is no phone number; write it with + and its country code, or give --region")


def masked(phone: int) -> str:
    """A phone as it may be shown: its ends only."""
    text = f"+{phone}"
    return f"{text[:5]}{'•' * (len(text) - 7)}{text[-2:]}"


def person_of(phones: Phones) -> Person:
    """The people whose phones these are, with each form that these had."""
    return Person(with_former_forms(phones))


def what_is_held(ws: Workspace, person: Person) -> Held:
    """Look everywhere.

    Raises:
        StorageError: a file is damaged, or the phones of a chunk are lost.
    """
    lists = {each.list_key: found for each in ws.ledger.lists() if (found := find_in_list(ws, each, person))}
    chunks = [each for each in ws.ledger.loaded_chunks() if len(places_in(ws, each, person.phones))]
    with ws.ledger.looking() as tx:
        waiting = [key for key, phones in tx.waiting().items() if len(np.intersect1d(phones, person.phones))]
    chunks.sort(key=lambda each: (each.planned_at, each.chunk_key))
    return Held(
        lists,
        list(chunks),
        [verdict for each in chunks if each.has_verdicts for verdict in _verdicts(ws, each, person)],
        waiting,
        list(unread_files(ws, person)),
        bool(ws.ledger.suppressed_among(person.phones).any()),
        [key for key, left in awaited(ws).items() if len(np.intersect1d(left, person.phones))],
    )


def _verdicts(ws: Workspace, chunk: Chunk, person: Person) -> Iterator[HeldVerdict]:
    with suppress(StorageError):  # lost: nothing of it is held
        table = VerdictReader(ws.storage).table(chunk.known_task_id, chunk.volume)
        for row in table.filter(pc.is_in(table[Column.PHONE_E164], codec.to_e164(person.phones))).to_pylist():
            label, at = row[Column.FACEBOOK_LABEL], rfc3339(row[Column.CHECKED_AT].timestamp()) or ""
            yield HeldVerdict(chunk.known_task_id, row[Column.FACEBOOK], label, at)


def unread_files(ws: Workspace, person: Person) -> Iterator[str]:
    """Files that wait to be read as lists and hold a number, or cannot be looked into."""
    for name in waiting_to_be_read(ws):
        if mentions(ws, name, person):
            yield name


def waiting_to_be_read(ws: Workspace) -> Iterator[str]:
    """Files that wait to be read as lists, each once."""
    names = [paths.INBOX.of(each.name) for each in ws.storage.files(paths.INBOX.folder, is_deep=True)]
    for each in ws.ledger.lists():
        if not ws.storage.exists(paths.RAW_PHONES.of(each.list_key)):
            names.append(paths.taken_file(each.list_key, each.file))
    yield from dict.fromkeys(names)


def mentions(ws: Workspace, name: str, person: Person) -> bool:
    """True for a list's file, read or not, that holds a number, whether as a cell or elsewhere; False where there is none."""
    with suppress(FileNotFoundError), ws.storage.local_copy(name) as path:
        if path.exists() and person.may_be_in(content := path.read_bytes()):
            return _in_cells(ws, path, person) or any(map(person.is_in_text, contents(content)))
    return False


def _in_cells(ws: Workspace, path: Path, person: Person) -> bool:
    with suppress(FbcheckError):
        return any(person.cells(batch) for batch in open_list(path, default_options(ws.settings)).batches())
    return False


def contents(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """A file's bytes, and those of what is packed in it."""
    yield content
    with suppress(OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        if depth < _DEEPEST and content.startswith(b"\x1f\x8b"):
            yield from contents(gzip.decompress(content), depth + 1)
        elif depth < _DEEPEST and content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for each in archive.namelist():
                    yield from contents(archive.read(each), depth + 1)
