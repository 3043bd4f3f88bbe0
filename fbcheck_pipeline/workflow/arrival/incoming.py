"""Files of `inbox/.incoming/`: what each is called in the inbox, and how it goes back there."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.storage import StoredFile
from fbcheck_pipeline.lists import file_sha256, key_of
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.workspace import Workspace

_TAKEN_OUT = re.compile(rf"{re.escape(paths.INCOMING.base)}/[0-9a-f]{{16}}~([^/]*)/[^/]+")


@dataclass(frozen=True)
class Arrival:
    """A file of `.incoming`, as it was read there.

    Attributes:
        fault: why it cannot be read as a list.
    """

    incoming: str
    version: str
    sha256: str
    fault: ListError | None

    @property
    def name(self) -> str:
        """What it is called in the inbox, with its folder there."""
        return name_in_inbox(self.incoming)

    @property
    def folder(self) -> str:
        """Its folder in the inbox; empty where it lay in none."""
        return self.name.rpartition("/")[0]

    @property
    def file(self) -> str:
        """Its name without the folder."""
        return self.name.rpartition("/")[2]

    @property
    def list_key(self) -> str:
        """The key of the list that it is."""
        return key_of(self.file, self.sha256)


def incoming_place(folder: str, file: str) -> str:
    """A new place in `.incoming` for a file of a folder of the inbox."""
    return paths.INCOMING.of(f"{secrets.token_hex(8)}~{quote(folder, safe='')}/{file}")


def is_taken_out(place: str) -> bool:
    """True for such a place. Whatever else lies in `.incoming` was put there by others, who may not say where it goes."""
    found = _TAKEN_OUT.fullmatch(place)
    return found is not None and {"", ".."}.isdisjoint(unquote(found[1] or "-").split("/"))


def name_in_inbox(incoming: str) -> str:
    """What a file of `.incoming` is called in the inbox, with its folder there."""
    place, name = incoming.split("/")[-2:]
    folder = unquote(place.partition("~")[2])
    return f"{folder}/{name}" if folder else name


def give_back(ws: Workspace, incoming: str, version: str, sha256: str) -> StoredFile | None:
    """Put a file back into the inbox, under another name where another file has come there under its own; returns where it lies."""
    name = name_in_inbox(incoming)
    place = paths.INBOX.of(name)
    if not ws.storage.move(incoming, place, version=version, replace=False):
        with suppress(FileNotFoundError, ListError), ws.storage.local_copy(place) as path:
            if file_sha256(path) == sha256:  # put back already, by another process or one that was killed
                ws.storage.delete(incoming)
                return ws.storage.file(place)
        folder, slash, file = name.rpartition("/")
        stem, dot, suffix = file.partition(".")
        place = paths.INBOX.of(f"{folder}{slash}{stem}-{secrets.token_hex(4)}{dot}{suffix}")
        ws.storage.move(incoming, place, version=version, replace=False)
    return ws.storage.file(place)
