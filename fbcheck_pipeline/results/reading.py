"""How a list was read and why, in sentences for people; no cell's value stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model.columns import OWN_EXPORT
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


def line_of(source: Mapping[str, Any], region: str | None) -> str:
    """The same as one line: what was chosen, without the reasons."""
    delimiter, columns = shown_delimiter(source.get("delimiter")), source.get("phone_columns") or ()
    renamed = source.get("renamed") or {}
    is_own = any(each.startswith(OWN_EXPORT) for each in source.get("reasons", ()))
    facts = (
        "a result that fbcheck exported" if is_own else "",
        f"sheet {source['sheet']!r}" if source.get("sheet") else "",
        source.get("encoding") or "",
        f"delimiter {delimiter if len(delimiter) > 1 else repr(delimiter)}" if delimiter else "",
        "" if source.get("has_header", True) else "no header",
        f"phones in {', '.join(renamed.get(each, each) for each in columns)}",
        f"countries in {renamed.get(at, at)}" if (at := source.get("region_column")) else "",
        *([] if is_own else (f"its own {own} is called {name}" for name, own in renamed.items())),
        f"numbers without a country code {f'as in {region}' if region else 'rejected'}",
    )
    return f"read as {'; '.join(filter(None, facts))}"


def shown_delimiter(delimiter: str | None) -> str | None:
    """A delimiter that a person can see."""
    return {"\t": "tab", " ": "blank", "\x01": "\\x01"}.get(delimiter or "", delimiter)


def read_as(ws: Workspace, phone_list: PhoneList) -> str:
    """The one line of a list that was read."""
    return line_of(phone_list.reading or {}, phone_list.options.get("region") or ws.settings.region)


def how_read(ws: Workspace, phone_list: PhoneList) -> list[str]:
    """The sentences of a list that was read."""
    return sentences_of(phone_list.reading or {}, phone_list.options.get("region") or ws.settings.region)
