"""The pages that people read: one template, its filters, bars, and how numbers and times are shown.

A page is self-contained and loads nothing from elsewhere. Kinds of segments differ in brightness, three to one beside each other, and in marks,
never in colour alone. What a page says does not belong here.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.util import cache_from_source
from typing import Any

from fbcheck_pipeline.model.timestamps import timestamp_us

HATCHES = ("no", "ban", "to-collect")
"""Kinds of segments that carry marks."""
DARK = ("yes", "ban")
GAP = 0.6
"""Percent of a bar between two neighbours of one brightness."""


@dataclass(frozen=True)
class Segment:
    """A stretch of a bar; `start` and `width` in percent of its whole length."""

    kind: str
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class Bar:
    """One line of a chart; `note` stands after its total."""

    label: str
    total: int
    segments: tuple[Segment, ...]
    note: str = ""


def template(name: str) -> Any:
    """A template of the package."""
    return _environment().get_template(name)


@cache
def _environment() -> Any:
    import jinja2

    class Kept(jinja2.FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
            with suppress(OSError):  # a page needs none of it
                super().dump_bytecode(bucket)

    folder = os.path.dirname(cache_from_source(__file__))  # of the modules beside the templates
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fbcheck_pipeline.results", "."),
        bytecode_cache=None if sys.dont_write_bytecode else Kept(folder, f"jinja2-{jinja2.__version__}_%s.cache"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"n": "{:,}".format, "money": money, "percent": percent, "commands": commands}
    environment.globals["hatches"] = HATCHES
    return environment


def bar_of(label: str, row: Mapping[str, int], note: str = "") -> Bar:
    """A bar of counts by kind, in their order."""
    total = sum(row.values())
    segments = list[Segment]()
    start = 0.0
    for kind, count in row.items():
        width = 100 * count / total if total else 0.0
        if count:
            if segments and segments[-1].kind in DARK and kind in DARK:
                segments.append(Segment("gap", 0, start - GAP / 2, GAP))
            segments.append(Segment(kind, count, start, width))
        start += width
    return Bar(label, total, tuple(segments), note)


def seconds_of(rfc3339: str | None) -> float | None:
    """A time of our documents, in UTC seconds."""
    microseconds = timestamp_us(rfc3339)
    return None if microseconds is None else microseconds / 1e6


def shown_time(seconds: float | None, style: str = "%H:%M") -> str:
    """A time for people; empty where there is none."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime(f"%Y-%m-%d {style} UTC")


def duration(seconds: float) -> str:
    """A span of time in the unit that suits it."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def money(amount: float) -> str:
    """An amount with as many places as it needs."""
    return f"{amount:,.2f}" if amount >= 0.1 or not amount else f"{amount:.4f}"


def commands(text: str) -> Any:
    """A text as HTML; what stands between backticks is code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def percent(share: float) -> str:
    """A share in percent, rounded, but never to 0 % or 100 % unless it is exact."""
    if 0 < share < 0.001 or 0.999 < share < 1:
        return "under 0.1 %" if share < 0.5 else "over 99.9 %"
    return f"{share:.1%}".replace("%", "\u202f%").replace(".0\u202f", "\u202f")
