"""How a list comes in: registered with the way it is to be read, copied to its place, and opened there ever after."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fbcheck_pipeline.errors import ListError, OperatorError
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.lists import ListReader, ReadOptions, key_of, open_list, source_named, source_of_file
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.erasing.dropped_again import suppress_erased_again, was_erased_from
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

CONTENT_KEY = "fbcheck.content_sha256"
"""In the footer of a snapshot's file: what stands for the SHA-256 of its bytes."""


def add_list(
    ws: Workspace, path: Path, options: ReadOptions, purpose: str | None, max_billable: int | None = None, source: str = ""
) -> str:
    """Record how a list is to be read, what for and what may be sent for it, and copy it to its place; returns its list key.

    The person's file stays where it is. Killed at any point, it may be called again.

    A list that is held because of how it was read is read anew where the options are others.

    Args:
        max_billable: most phones that may ever be sent for it; None for the settings' MAX_BILLABLE.
        source: what it is a delivery of; empty for what its file's name says.

    Raises:
        ListError: it cannot be read so.
        OperatorError: it was already read with other options, is of another source, or lacks a required purpose.
    """
    key, known, note = _registration(ws, path, options, purpose, max_billable, source)
    is_held = known is not None and known.held is not None
    place = paths.taken_file(key, known.file if known else path.name)
    if known is not None and was_erased_from(ws, known):
        suppress_erased_again(ws, known, path)
    if ws.storage.exists(place) or (not is_held and ws.storage.exists(paths.RAW_PHONES.of(key))):
        note()
    else:
        ws.storage.copy_in(path, place, before_it_appears=note)
    if is_held and ws.ledger.phone_list(key).reading is None:  # what is there of it shows how it was read before
        for each in (paths.FACEBOOK_RESULTS, paths.FACEBOOK_ANSWERS, paths.LINEAGE, paths.OPENLINEAGE, paths.REPORT):
            ws.storage.delete(each.of(key))
    return key


@contextmanager
def file_named(ws: Workspace, named: Path) -> Iterator[Path]:
    """A person's file; where there is none, the file that was taken up for the list whose key this is.

    Raises:
        ListError: it is neither, yet a list is called so. A file's name that was mistyped must not run what was delivered before.
    """
    known = None if named.exists() else ws.ledger.find_list(str(named))
    if known is None and not named.exists():
        with suppress(OperatorError):  # no list is called so, or several are
            key = ws.ledger.list_key_of(str(named))
            raise ListError(f"{named}: there is no such file; to run list {key}, name it by this key")
    if known is None or not ws.storage.exists(name := paths.taken_file(known.list_key, known.file)):
        yield named
        return
    with ws.storage.local_copy(name) as path:
        yield path


def register(
    ws: Workspace, path: Path, options: ReadOptions, purpose: str | None, max_billable: int | None, source: str = ""
) -> str:
    """Only what `add_list` records; returns the list key."""
    key, _, note = _registration(ws, path, options, purpose, max_billable, source)
    note()
    return key


def _registration(
    ws: Workspace, path: Path, options: ReadOptions, purpose: str | None, max_billable: int | None, source: str
) -> tuple[str, PhoneList | None, Callable[[], object]]:
    """The key of a list that can be read so, what is known of it, and what records it."""
    purpose = purpose_of(ws.settings, purpose)
    said = _content_said_by(path)
    snapshot = _known_of(ws, path, said)
    options = as_its_source_says(ws, snapshot, options)
    sha256 = open_list(path, options).source.sha256 if snapshot is None else said[0]
    key, limit = key_of(path.name, sha256), ws.settings.max_billable if max_billable is None else max_billable
    if source and not source_named(source):
        raise OperatorError(f"--source {source} holds no letter and no digit; name the source otherwise")
    known = ws.ledger.find_list(key)
    name = source_of(ws, path.name, source, is_new=known is None)
    if source and known is not None and known.source != name:
        raise OperatorError(
            f"list {key} is already one of source {known.source}; run it without --source, or delete it with "
            f"`fbcheck purge --list {key}` and run it anew (its verdicts stay)"
        )
    note = partial(
        ws.ledger.register_list,
        key,
        file=path.name,
        source=name,
        sha256=sha256,
        options=options.to_json(),
        purpose=purpose,
        max_billable=limit,
    )
    return key, known, note


def known_snapshot(ws: Workspace, path: Path) -> PhoneList | None:
    """The list of a source whose file this is."""
    return _known_of(ws, path, _content_said_by(path))


def _known_of(ws: Workspace, path: Path, said: Iterable[str]) -> PhoneList | None:
    return next((known for each in said if (known := known_list(ws, path, each)) is not None), None)


def as_its_source_says(ws: Workspace, snapshot: PhoneList | None, given: ReadOptions) -> ReadOptions:
    """The options that are given; what they leave open, the source says, whose list it is, and else the settings."""
    said = {} if snapshot is None else snapshot.options
    return with_defaults(ReadOptions.from_json({**said, **given.to_json()}), ws.settings)


def known_list(ws: Workspace, path: Path, sha256: str) -> PhoneList | None:
    """The list of this content and name, however it was brought in."""
    known = ws.ledger.find_list(key_of(path.name, sha256))
    return known if known is not None and ws.ledger.has_content(known, sha256) else None


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
        ListError: its file is gone, changed, or cannot be read.
    """
    name = paths.taken_file(phone_list.list_key, phone_list.file)
    if not ws.storage.exists(name):
        raise ListError(
            f"{phone_list.file} is no longer at {ws.storage.uri(name)}; run it again with `fbcheck run`, drop it into the inbox "
            f"again, or delete the list with `fbcheck purge --list {phone_list.list_key}`"
        )
    with ws.storage.local_copy(name) as path:
        reader = open_list(path, ReadOptions.from_json(phone_list.options))
        if not any(ws.ledger.has_content(phone_list, each) for each in (reader.source.sha256, *_content_said_by(path))):
            raise ListError(f"{phone_list.file} has changed since it was registered; drop it into the inbox again as a new list")
        yield reader


def _content_said_by(path: Path) -> list[str]:
    """The SHA-256 of a snapshot's content."""
    if path.suffix != ".parquet":
        return []
    try:
        said = (pq.read_metadata(path).metadata or {}).get(CONTENT_KEY.encode())
    except pa.ArrowInvalid:  # a list of another kind under this name
        return []
    return [said.decode()] if said else []


def source_of(ws: Workspace, file: str, named: str = "", *, is_new: bool) -> str:
    """The source of a file of this name, or the one that a person or a folder names; a declared source's name is its own."""
    name = source_named(named) or source_of_file(file)
    if name not in ws.declared_sources:
        return name
    if is_new:
        log.warning("a declared source has the name of a file's source=%s file=%s its source=%s-file", name, file, name)
    return f"{name}-file"


def purpose_of(settings: Settings, given: str | None) -> str | None:
    """Why a list is checked: what was said with it, or what the settings say.

    Raises:
        OperatorError: a purpose is required, and there is none.
    """
    purpose = (given or settings.purpose or "").strip() or None
    if purpose is None and settings.require_purpose:
        raise OperatorError(
            "FBCHECK_REQUIRE_PURPOSE asks for a purpose: use `fbcheck run --purpose TEXT`, or set FBCHECK_PURPOSE"
        )
    return purpose
