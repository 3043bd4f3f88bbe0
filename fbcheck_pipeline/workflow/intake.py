"""How a list gets into the inbox, and how a file in the inbox is known as a list."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fbcheck_pipeline.errors import ListError, OperatorError
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.lists import LIST_SUFFIXES, ListReader, ReadOptions, file_sha256, list_key, open_list
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.workspace import Workspace

STANDS_STILL_S = 3.0


@dataclass(frozen=True)
class InboxFile:
    """A file of the inbox; `modified` and `size_bytes` tell whether it stands still."""

    name: str
    size_bytes: int
    modified: float


def inbox_files(ws: Workspace) -> list[InboxFile]:
    """The inbox's files of the kinds that lists come in, by name."""
    found = []
    for name in ws.storage.names(paths.INBOX.folder):
        if name.lower().endswith(LIST_SUFFIXES):
            info = ws.storage.info(paths.INBOX.of(name))
            modified = info.get("mtime") or info["LastModified"].timestamp()
            found.append(InboxFile(name, int(info["size"]), float(modified)))
    return found


def stands_still(file: InboxFile) -> bool:
    """False while a file may still be being written; a time in the future says nothing and counts as still."""
    age_s = time.time() - file.modified
    return not 0 <= age_s < STANDS_STILL_S


def add_to_inbox(ws: Workspace, path: Path, options: ReadOptions, purpose: str | None, max_billable: int | None = None) -> str:
    """Record how a list is to be read, what for and what may be sent for it, then put it in the inbox; returns its list key.

    A list that is held because of how it was read is read anew where the options are others.

    Args:
        max_billable: most phones that may ever be sent for it; None for the settings' MAX_BILLABLE.

    Raises:
        ListError: it cannot be read so.
        OperatorError: it was already read with other options, or a purpose is required and there is none.
    """
    held = {each.list_key for each in ws.ledger.lists() if each.held}
    key = register(ws, path, options, purpose, max_billable)
    phone_list = ws.ledger.phone_list(key)
    is_unread = phone_list.source is None
    name = paths.INBOX.of(phone_list.inbox_name)
    if not ws.storage.exists(name) and (is_unread or not ws.storage.exists(paths.RAW_PHONES.of(key))):
        ws.storage.copy_in(path, name)
    if is_unread and key in held:  # what is there of it shows how it was read before
        for each in (paths.FACEBOOK_RESULTS, paths.LINEAGE, paths.OPENLINEAGE, paths.REPORT):
            ws.storage.delete(each.of(key))
    return key


def register(ws: Workspace, path: Path, options: ReadOptions, purpose: str | None, max_billable: int | None) -> str:
    """The first half of `add_to_inbox`: what is recorded before anybody sees the file; returns the list key."""
    purpose = _purpose(ws.settings, purpose)
    reader = open_list(path, options)
    known = known_list(ws, path, reader.source.sha256)
    key = known.list_key if known else list_key(path)
    name = known.inbox_name if known else _free_name(ws, path, reader.source.sha256)
    ws.ledger.register_list(
        key,
        file=path.name,
        inbox_name=name,
        sha256=reader.source.sha256,
        options=options.to_json(),
        purpose=purpose,
        max_billable=ws.settings.max_billable if max_billable is None else max_billable,
    )
    return key


def known_list(ws: Workspace, path: Path, sha256: str) -> PhoneList | None:
    """The list of this content and name, however it was brought in."""
    return next((each for each in ws.ledger.lists() if each.sha256 == sha256 and each.file == path.name), None)


def register_inbox_file(ws: Workspace, name: str) -> str:
    """The list key of a file that lies in the inbox, registering it with the settings' options when it is new.

    Raises:
        OperatorError: it is new, a purpose is required, and the settings have none.
    """
    namesakes = [each for each in ws.ledger.lists() if each.inbox_name == name]
    if not namesakes:
        _purpose(ws.settings, None)  # before the file is fetched in vain, at every tick
    with ws.storage.local_copy(paths.INBOX.of(name)) as path:
        sha256 = file_sha256(path)
        known = next((each for each in namesakes if each.sha256 == sha256), None)
        if known:
            return known.list_key
        key = list_key(path)
    options, purpose = default_options(ws.settings).to_json(), _purpose(ws.settings, None)
    if ws.ledger.find_list(key) is None:
        ws.ledger.register_list(key, file=name, inbox_name=name, sha256=sha256, options=options, purpose=purpose)
    return key


def default_options(settings: Settings) -> ReadOptions:
    """How a list is read when nobody says otherwise."""
    return ReadOptions(region=settings.region)


def with_defaults(options: ReadOptions, settings: Settings) -> ReadOptions:
    """The options given, with the settings' region where none is."""
    return replace(options, region=options.region or settings.region)


@contextmanager
def open_registered_list(ws: Workspace, phone_list: PhoneList) -> Iterator[ListReader]:
    """Open a registered list as it was registered.

    Raises:
        ListError: it is gone from the inbox, changed, or cannot be read.
    """
    name = paths.INBOX.of(phone_list.inbox_name)
    if not ws.storage.exists(name):
        raise ListError(
            f"{phone_list.file} is no longer in the inbox; put it back, or delete the list with `fbcheck purge --list {phone_list.list_key}`"
        )
    with ws.storage.local_copy(name) as path:
        reader = open_list(path, ReadOptions.from_json(phone_list.options))
        if reader.source.sha256 != phone_list.sha256:
            raise ListError(f"{phone_list.file} has changed since it was registered; the new content is a new list")
        yield reader


def _purpose(settings: Settings, given: str | None) -> str | None:
    """Why a list is checked: what was said with it, or what the settings say."""
    purpose = (given or settings.purpose or "").strip() or None
    if purpose is None and settings.require_purpose:
        raise OperatorError(
            "FBCHECK_REQUIRE_PURPOSE asks for a purpose: use `fbcheck run --purpose TEXT`, or set FBCHECK_PURPOSE"
        )
    return purpose


def _free_name(ws: Workspace, path: Path, sha256: str) -> str:
    """The file's own name, unless another list of that name lies in the inbox."""
    if not ws.storage.exists(paths.INBOX.of(path.name)):
        return path.name
    with ws.storage.local_copy(paths.INBOX.of(path.name)) as there:
        if file_sha256(there) == sha256:
            return path.name
    stem, _, suffix = path.name.partition(".")
    return f"{stem}-{sha256[:8]}.{suffix}"
