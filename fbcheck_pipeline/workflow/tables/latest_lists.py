"""The latest lists: for each source a copy of the result of its newest list.

Newest is what was registered last (then by list key), never what was joined last. A list comes here once no phone of it waits, and stays
until a newer one comes, it is purged, or its result is gone. Whoever joins or deletes a list calls `refresh_latest` before the ledger
knows; killed before, it is called again. Two at once: each looks again, with the ledger locked, before its copy appears.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.workflow.workspace import Workspace

LIST_KEY_KEY = "fbcheck.list_key"
"""In the footer of a result: whose it is."""


class _Overtaken(Exception):
    """Another one published, or something was deleted: look again."""


@dataclass(frozen=True)
class _Choice:
    """Whose result belongs here, and which version of it."""

    list_key: str
    version: str


def refresh_latest(ws: Workspace, source: str, *, joined: tuple[str, int] | None = None, without: Collection[str] = ()) -> None:
    """Bring the file of a source up to date; it goes where no list of the source may be there.

    Args:
        joined: a list whose join the ledger does not know yet, and how many phones of it wait.
        without: lists that are being deleted.

    Raises:
        StorageError: a result cannot be copied; what stood there before still stands.
    """
    while True:
        generation = ws.ledger.generation()
        choice = _choose(ws, source, joined, without)
        is_new = joined is not None and choice is not None and joined[0] == choice.list_key
        if choice is not None and not is_new and choice.list_key == shown_list(ws, source):
            return
        try:
            _show(ws, source, choice, generation, joined, without)
        except _Overtaken:
            continue
        return


def _choose(ws: Workspace, source: str, joined: tuple[str, int] | None, without: Collection[str]) -> _Choice | None:
    shown = cache(partial(shown_list, ws, source))  # mostly nobody asks
    for each in ws.ledger.newest_of(source):
        waiting = each.count(CheckStatus.WAITING) if each.joined_at is not None else None
        if joined and joined[0] == each.list_key:
            waiting = joined[1]
        if each.list_key not in without and waiting is not None and (waiting == 0 or each.list_key == shown()):
            result = ws.storage.file(paths.FACEBOOK_RESULTS.of(each.list_key))
            if result is not None:
                return _Choice(each.list_key, result.version)
    return None


def shown_list(ws: Workspace, source: str) -> str | None:
    """Whose result the file of a source is; None where there is none, or none that can be read."""
    name = paths.FACEBOOK_LATEST.of(source)
    try:
        if ws.storage.exists(name):
            return ws.storage.read_parquet(name).footer().get(LIST_KEY_KEY)
    except StorageError:
        pass
    return None


def _show(
    ws: Workspace,
    source: str,
    choice: _Choice | None,
    generation: int,
    joined: tuple[str, int] | None,
    without: Collection[str],
) -> None:
    name = paths.FACEBOOK_LATEST.of(source)
    with ExitStack() as locked:

        def still_so() -> None:
            is_current = locked.enter_context(ws.ledger.undisturbed(generation))
            if not is_current or _choose(ws, source, joined, without) != choice:
                raise _Overtaken

        if choice is None:
            still_so()
            ws.storage.delete(name)
        else:
            with ws.storage.local_copy(paths.FACEBOOK_RESULTS.of(choice.list_key)) as path:
                ws.storage.copy_in(path, name, before_it_appears=still_so)
