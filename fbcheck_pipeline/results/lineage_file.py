"""The lineage of a list's result as it was written: a document to look at, which needs nothing that made it."""

from __future__ import annotations

import json
from typing import Any

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.workspace import Workspace


def read_lineage(ws: Workspace, list_key: str) -> dict[str, Any]:
    """The lineage of a list's result, as it was written.

    Raises:
        OperatorError: there is no such list, or it was not joined yet.
    """
    ws.ledger.phone_list(list_key)
    if not ws.storage.exists(paths.LINEAGE.of(list_key)):
        raise OperatorError(f"list {list_key} is not joined yet; `fbcheck status` says what it waits for")
    document: dict[str, Any] = json.loads(ws.storage.read_bytes(paths.LINEAGE.of(list_key)))
    return document
