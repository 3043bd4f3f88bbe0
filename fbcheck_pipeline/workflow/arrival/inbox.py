"""The inbox: a list that stands still is taken up and leaves it, so that a look at the inbox costs what is new.

Three steps, each of which may be the last of a process that is killed, and may be taken by several processes at once: a rename to
`taken/.incoming/`, where nobody else writes; registering; a rename to its place in `taken/`. The next look ends what lies between.
"""

from __future__ import annotations

import logging
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from fbcheck_pipeline import __version__
from fbcheck_pipeline.errors import ListError, OperatorError, StorageError
from fbcheck_pipeline.files.storage import StoredFile
from fbcheck_pipeline.ledger.records import UnreadableFile
from fbcheck_pipeline.lists import LIST_SUFFIXES, file_sha256, key_of, open_list
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.arrival.intake import default_options, purpose_of, source_of
from fbcheck_pipeline.workflow.erasing.dropped_again import suppress_erased_again, was_erased_from
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

STANDS_STILL_S = 3.0


@dataclass(frozen=True)
class InboxLook:
    """What a look at the inbox found.

    Attributes:
        files: how many lists lay there.
        moving: how many of them may still be being written.
        later: how many are left for the next look, because time was up.
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
    files = [each for each in ws.storage.files(paths.INBOX.folder, is_deep=True) if _is_list(each.name)]
    still = [each for each in files if _stands_still(each)]
    try:
        purpose = purpose_of(ws.settings, None)
    except OperatorError as error:
        refused = tuple(f"{each.name} is not accepted: {error}" for each in still)
        return InboxLook(len(files), len(files) - len(still), 0, refused)
    said = [
        _end(ws, f"{paths.INCOMING.base}/{each.name}", purpose)
        for each in ws.storage.files(paths.INCOMING.base, is_deep=True)
        if time.monotonic() < until
    ]
    unreadable, later = _unreadable(ws, files), 0
    for each in still:
        known = unreadable.get(each.name)
        if known is not None and known.mark == _mark(each):
            said.append(f"{each.name} cannot be read: {known.reason}")
        elif time.monotonic() < until:
            said.append(_take_up(ws, each, purpose))
        else:
            later += 1
    return InboxLook(len(files), len(files) - len(still), later, tuple(filter(None, said)))


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


def _take_up(ws: Workspace, file: StoredFile, purpose: str | None) -> str | None:
    """Take one file up; returns what is to be said of it."""
    folder, _, name = file.name.rpartition("/")
    incoming = paths.INCOMING.of(f"{secrets.token_hex(8)}~{quote(folder, safe='')}/{name}")
    try:
        if ws.storage.move(paths.INBOX.of(file.name), incoming, version=file.version, keep_folder=True):
            return _end(ws, incoming, purpose)
    except StorageError as error:
        return f"{file.name} is not accepted: {error}"
    return None  # another process was first, or somebody took it away


def _end(ws: Workspace, incoming: str, purpose: str | None) -> str | None:
    """Bring a file of `.incoming` to its place, or back to the inbox; returns what is to be said of it."""
    name, before = _name_in_inbox(incoming), ws.storage.file(incoming)
    try:
        with ws.storage.local_copy(incoming) as path:
            sha256, fault = _content(path, ws.settings)
    except FileNotFoundError:
        return None
    lying = ws.storage.file(incoming)
    if before is None or lying is None:  # another process ended it
        return None
    version = lying.version
    if version != before.version or (ws.storage.is_local and not _stands_still(lying)):
        _give_back(ws, incoming, version, sha256)
        return f"{name} is still being written"
    try:
        key, said = _registered(ws, name, sha256, fault, purpose)
    except (ListError, OperatorError) as error:
        reason = str(error).removeprefix(f"{_without_folder(name)}: ")
        back = _give_back(ws, incoming, version, sha256)
        if back is not None:
            ws.ledger.note_unreadable_file(UnreadableFile(back.name.removeprefix(paths.INBOX.of("")), _mark(back), reason))
        log.warning("a file of the inbox cannot be read file=%s reason=%s", name, reason)
        return f"{name} cannot be read: {reason}"
    known = ws.ledger.phone_list(key)
    if was_erased_from(ws, known):
        with suppress(ListError), ws.storage.local_copy(incoming) as path:
            suppress_erased_again(ws, known, path)
        ws.storage.delete(incoming)
        return said
    ws.storage.move(incoming, paths.taken_file(key, known.file), version=version)  # of a known list the same content lies there
    return said


def _name_in_inbox(incoming: str) -> str:
    """What a file of `.incoming` is called in the inbox, with its folder there."""
    place, name = incoming.split("/")[-2:]
    folder = unquote(place.partition("~")[2])
    return f"{folder}/{name}" if folder else name


def _without_folder(name: str) -> str:
    return name.rpartition("/")[2]


def _content(path: Path, settings: Settings) -> tuple[str, ListError | None]:
    """The SHA-256 of a file, and why it cannot be read as a list."""
    try:
        return open_list(path, default_options(settings)).source.sha256, None
    except ListError as error:
        try:
            return file_sha256(path), error
        except ListError:  # not even its bytes
            return "", error


def _registered(ws: Workspace, name: str, sha256: str, fault: ListError | None, purpose: str | None) -> tuple[str, str | None]:
    """The key of a file's list, and what is to be said of it; a new list is registered, one that could not be read is given another chance.

    Raises:
        ListError: it is new, and cannot be read.
        OperatorError: other content has its key.
    """
    folder, _, file = name.rpartition("/")
    key, said = key_of(file, sha256), None
    known = ws.ledger.find_list(key)
    source = source_of(ws, file, folder, is_new=known is None)
    if known is not None and ws.ledger.has_content(known, sha256):
        if known.error is not None:
            ws.ledger.forget_error(key)
        if folder and known.source != source:
            said = f"{name} was taken up before, as a list of {known.source}, and stays one"
    elif fault is not None:
        raise fault
    else:
        options = default_options(ws.settings).to_json()
        ws.ledger.register_list(key, file=file, source=source, sha256=sha256, options=options, purpose=purpose, was_moved=True)
        log.info("list taken up list_key=%s", key)
    return key, said


def _give_back(ws: Workspace, incoming: str, version: str, sha256: str) -> StoredFile | None:
    """Put a file back into the inbox, under another name where another file has come there under its own; returns where it lies."""
    name = _name_in_inbox(incoming)
    place = paths.INBOX.of(name)
    if not ws.storage.move(incoming, place, version=version, replace=False):
        with suppress(FileNotFoundError, ListError), ws.storage.local_copy(place) as path:
            if file_sha256(path) == sha256:  # put back already, by another process or one that was killed
                ws.storage.delete(incoming)
                return ws.storage.file(place)
        stem, dot, suffix = _without_folder(name).partition(".")
        folder = name.removesuffix(_without_folder(name))
        place = paths.INBOX.of(f"{folder}{stem}-{secrets.token_hex(4)}{dot}{suffix}")
        ws.storage.move(incoming, place, version=version, replace=False)
    return ws.storage.file(place)
