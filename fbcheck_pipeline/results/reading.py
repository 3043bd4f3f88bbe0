"""How a list was read and why, in sentences for people; no cell's value stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.workflow.workspace import Workspace


def sentences_of(source: Mapping[str, Any], region: str | None) -> list[str]:
    """What the reader chose and why, then the region of numbers without a country code.

    Args:
        source: what the reader found, see `SourceFacts`.
        region: ISO 3166, as recorded with the list or set; None where neither is.
    """
    where = " where the country column names no country" if source.get("region_column") else ""
    if region is None:
        told = f"Numbers without a country code are rejected{where}: no region is set."
    else:
        told = f"Numbers without a country code are read as {region}'s{where}: --region or FBCHECK_REGION says so."
    return [*source.get("reasons", ()), told]


def shown_delimiter(delimiter: str | None) -> str | None:
    """A delimiter that a person can see."""
    return {"\t": "tab", " ": "blank", "\x01": "\\x01"}.get(delimiter or "", delimiter)


def how_read(ws: Workspace, phone_list: PhoneList) -> list[str]:
    """The sentences of a list that was read."""
    return sentences_of(phone_list.reading or {}, phone_list.options.get("region") or ws.settings.region)
