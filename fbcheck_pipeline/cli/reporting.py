"""`fbcheck report`: where a list's report is, and how it is opened."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.workspace import Workspace


def report_of(ws: Workspace, list_key: str) -> str:
    """Absolute path or URL of a list's report.

    Raises:
        OperatorError: it is not joined yet.
    """
    name = paths.REPORT.of(list_key)
    if not ws.storage.exists(name):
        raise OperatorError(f"list {list_key} is not joined yet; `fbcheck status` says what it waits for")
    return ws.storage.uri(name)


def open_page(ws: Workspace, place: str) -> None:
    """Open a report in the browser.

    Raises:
        OperatorError: there is no browser, or the page is in an object store.
    """
    if not ws.storage.is_local:
        raise OperatorError(f"a browser cannot open {place}; copy it from the store, then open the copy")
    if not webbrowser.open(Path(place).as_uri()):
        raise OperatorError(f"there is no browser on this machine; open {place} on another")
