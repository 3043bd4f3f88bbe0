"""The inbox: a list that stands still is taken up and leaves it, so that a look at the inbox costs what is new.

Three steps, each of which may be the last of a process that is killed, and may be taken by several processes at once: a rename to
`inbox/.incoming/`, where nobody else writes; registering, many files in one transaction; a rename to its place in `taken/`. The next look
ends what lies between, which its one listing shows, too. A look is bounded in time and number; what is left comes in the next one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fbcheck_pipeline import __version__
from fbcheck_pipeline.errors import FbcheckError, ListError, OperatorError, StorageError
from fbcheck_pipeline.files.storage import StoredFile
from fbcheck_pipeline.ledger.records import NewList, PhoneList, UnreadableFile
from fbcheck_pipeline.lists import LIST_SUFFIXES, file_sha256, open_list
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.arrival.incoming import Arrival, give_back, incoming_place, is_taken_out, name_in_inbox
from fbcheck_pipeline.workflow.arrival.intake import default_options, purpose_of, source_of
from fbcheck_pipeline.workflow.erasing.dropped_again import suppress_erased_again, was_erased_from
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

STANDS_STILL_S = 3.0
MOST_FILES = 1000
"""Of one look."""
FILES_AT_ONCE = 50
"""In one transaction."""
MOST_SIDE_BY_SIDE = 8
"""Of an object store, where each file waits for some requests."""


@dataclass(frozen=True)
class InboxLook:
    """What a look at the inbox found.

    Attributes:
        files: how many lists lay there.
        moving: how many of them may still be being written.
        later: how many are left for the next look, because time was up or they are too many.
        refused: a sentence for each that was not taken up.
    """

    files: int
    moving: int
    later: int
    refused: tuple[str, ...]


def take_up_lists(ws: Workspace, *, budget_s: float) -> InboxLook:
    """Register each list that stands still in the inbox and move it to its place; end what an earlier look began.

    A file that cannot be read goes back and stays there until it changes. One that is known already is dropped.

    Args:
        budget_s: no file is taken after so many seconds.
    """
    until = time.monotonic() + budget_s
    lying = ws.storage.files(paths.INBOX.folder, is_deep=True)
    files = [each for each in lying if _is_list(each.name)]
    still = [each for each in files if _stands_still(each)]
    moving = len(files) - len(still)
    try:
        purpose = purpose_of(ws.settings, None)
    except OperatorError as error:
        return InboxLook(len(files), moving, 0, tuple(f"{each.name} is not accepted: {error}" for each in still))
    unreadable = _unreadable(ws, files)
    known = {each.name for each in still if each.name in unreadable and unreadable[each.name].mark == _mark(each)}
    begun = [place for each in lying if is_taken_out(place := paths.INBOX.of(each.name))]
    new = [each for each in still if each.name not in known]
    look = _Look(ws, purpose, until)
    look.said += [f"{name} cannot be read: {unreadable[name].reason}" for name in sorted(known)]
    found: list[StoredFile | str] = [*begun, *new]
    look.take(found[:MOST_FILES])
    return InboxLook(len(files), moving, len(new) - len(look.taken), tuple(look.said))


class _Look:
    """What one look does with what it found.

    Attributes:
        taken: names of the files that it took out of the inbox, or tried to.
        said: sentences about files.
    """

    def __init__(self, ws: Workspace, purpose: str | None, until: float) -> None:
        self._ws, self._purpose, self._until = ws, purpose, until
        self.taken: list[str] = []
        self.said: list[str] = []

    def take(self, found: Sequence[StoredFile | str]) -> None:
        """Take up files of the inbox, and end those of `.incoming`, named by their paths, until time is up."""
        with ThreadPoolExecutor(1 if self._ws.storage.is_local else MOST_SIDE_BY_SIDE) as pool:
            for some in (found[start : start + FILES_AT_ONCE] for start in range(0, len(found), FILES_AT_ONCE)):
                arrived = [each for each in pool.map(self._arrive, some) if each is not None]
                while arrived:
                    first = {each.list_key: each for each in reversed(arrived)}
                    self._end([*first.values()], pool)
                    arrived = [each for each in arrived if each is not first[each.list_key]]

    def _arrive(self, file: StoredFile | str) -> Arrival | None:
        if time.monotonic() >= self._until:
            return None
        with self._faults_said(file if isinstance(file, str) else file.name):
            incoming = file if isinstance(file, str) else self._take_out(file)
            return self._read(incoming) if incoming else None
        return None

    @contextmanager
    def _faults_said(self, name: str) -> Iterator[None]:
        """A file that cannot be moved holds up no other; the next look tries again."""
        try:
            yield
        except StorageError as error:
            self.said.append(f"{name} is not accepted: {error}")

    def _take_out(self, file: StoredFile) -> str | None:
        """Move a file of the inbox to `.incoming`; None where another process was first, or somebody took it away."""
        self.taken.append(file.name)
        folder, _, name = file.name.rpartition("/")
        incoming = incoming_place(folder, name)
        is_ours = self._ws.storage.move(paths.INBOX.of(file.name), incoming, version=file.version, keep_folder=True)
        return incoming if is_ours else None

    def _read(self, incoming: str) -> Arrival | None:
        """Read a file of `.incoming`; None where another process ended it, or somebody still writes it: then it goes back."""
        before = self._ws.storage.file(incoming)
        if before is None:
            return None
        try:
            with self._ws.storage.local_copy(incoming) as path:
                sha256, fault = _content(path, self._ws.settings)
        except FileNotFoundError:
            return None
        if self._ws.storage.is_local:  # an object is whole, and nobody else knows its name
            lying = self._ws.storage.file(incoming)
            if lying is None:
                return None
            if lying.version != before.version or not _stands_still(lying):
                give_back(self._ws, incoming, lying.version, sha256)
                self.said.append(f"{name_in_inbox(incoming)} is still being written")
                return None
        return Arrival(incoming, before.version, sha256, fault)

    def _end(self, arrived: Sequence[Arrival], pool: Executor) -> None:
        """Register files of different keys and bring each to its place, or back to the inbox."""
        refused = self._register(arrived)
        lists = self._ws.ledger.lists_named(each.list_key for each in arrived)
        placed = [each for each in arrived if each not in refused and each.list_key in lists]
        list(pool.map(lambda each: self._place(each, lists[each.list_key]), placed))
        returned = [self._return(each, error) for each, error in refused.items()]
        if noted := [each for each in returned if each is not None]:
            self._ws.ledger.note_unreadable_files(noted)

    def _register(self, arrived: Sequence[Arrival]) -> dict[Arrival, FbcheckError]:
        """Register what is new; returns why some are refused. A known list that could not be read is given another chance."""
        ledger, refused, new = self._ws.ledger, dict[Arrival, FbcheckError](), dict[str, Arrival]()
        known, found = ledger.lists_named(each.list_key for each in arrived), []
        for each in arrived:
            phone_list = known.get(each.list_key)
            source = source_of(self._ws, each.file, each.folder, is_new=phone_list is None)
            if phone_list is not None and ledger.has_content(phone_list, each.sha256):
                if phone_list.error is not None:
                    ledger.forget_error(each.list_key)
                if each.folder and phone_list.source != source:
                    self.said.append(f"{each.name} was taken up before, as a list of {phone_list.source}, and stays one")
            elif each.fault is not None:
                refused[each] = each.fault
            else:
                new[each.list_key] = each
                found.append(NewList(each.list_key, each.file, source, each.sha256))
        if found:
            options = default_options(self._ws.settings).to_json()
            errors = ledger.register_moved(found, options=options, purpose=self._purpose)
            refused |= {new[key]: error for key, error in errors.items()}
            for key in new.keys() - errors.keys():
                log.info("list taken up list_key=%s", key)
        return refused

    def _place(self, file: Arrival, known: PhoneList) -> None:
        """Move a file to the place of its list; of a known list the same content lies there."""
        with self._faults_said(file.name):
            if not was_erased_from(self._ws, known):
                self._ws.storage.move(file.incoming, paths.taken_file(known.list_key, known.file), version=file.version)
                return
            with suppress(ListError), self._ws.storage.local_copy(file.incoming) as path:
                suppress_erased_again(self._ws, known, path)
            self._ws.storage.delete(file.incoming)

    def _return(self, file: Arrival, error: FbcheckError) -> UnreadableFile | None:
        """Put a file back into the inbox; returns what is to be noted of it."""
        reason = str(error).removeprefix(f"{file.file}: ")
        self.said.append(f"{file.name} cannot be read: {reason}")
        log.warning("a file of the inbox cannot be read file=%s reason=%s", file.name, reason)
        with self._faults_said(file.name):
            back = give_back(self._ws, file.incoming, file.version, file.sha256)
            return None if back is None else UnreadableFile(back.name.removeprefix(paths.INBOX.of("")), _mark(back), reason)
        return None


def _is_list(name: str) -> bool:
    """By its name; what lies in hidden folders belongs to the program that brings the files."""
    return name.lower().endswith(LIST_SUFFIXES) and not any(part.startswith(".") for part in name.split("/"))


def _stands_still(file: StoredFile) -> bool:
    """False while it may still be being written; a time in the future says nothing and counts as still."""
    return not 0 <= time.time() - file.modified < STANDS_STILL_S


def _mark(file: StoredFile) -> str:
    return f"{__version__} {file.version}"


def _unreadable(ws: Workspace, files: list[StoredFile]) -> dict[str, UnreadableFile]:
    """What is known of the files that cannot be read; those that left the inbox are forgotten."""
    unreadable = ws.ledger.unreadable_files()
    if gone := unreadable.keys() - {each.name for each in files}:
        ws.ledger.forget_unreadable_files(gone)
    return unreadable


def _content(path: Path, settings: Settings) -> tuple[str, ListError | None]:
    """The SHA-256 of a file, and why it cannot be read as a list."""
    try:
        return open_list(path, default_options(settings)).source.sha256, None
    except ListError as error:
        try:
            return file_sha256(path), error
        except ListError:  # not even its bytes
            return "", error
