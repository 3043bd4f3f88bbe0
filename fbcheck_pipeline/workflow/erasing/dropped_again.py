"""A list that somebody was erased from, brought in once more: its file still has them, and is not kept."""

from __future__ import annotations

from pathlib import Path

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.schema import ERASED
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.content import stored_content
from fbcheck_pipeline.workflow.erasing.suppress import read_phones
from fbcheck_pipeline.workflow.workspace import Workspace


def was_erased_from(ws: Workspace, phone_list: PhoneList) -> bool:
    """True for a list that somebody was erased from, and that was read."""
    return phone_list.sha256 == ERASED and ws.storage.exists(paths.E164_PHONES.of(phone_list.list_key))


def suppress_erased_again(ws: Workspace, phone_list: PhoneList, path: Path) -> None:
    """Suppress the phones that a list's file has and the list has no more, though somebody took that back meanwhile.

    Raises:
        ListError: the file cannot be read.
    """
    there = stored_content(ws.storage, phone_list.list_key)
    options = ReadOptions.from_json(phone_list.options)
    ws.ledger.suppress(codec.without(read_phones(ws, path, options).phones, there.phones))
    stamp(ws.storage, ws.ledger)
