"""The documentation as data: its pages, their headings, links and code blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_INDENTED = re.compile(r"(?:^    .*\n)+", re.M)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A piece of code; `language` is what stands behind its fence, empty for an indented one."""

    language: str
    text: str


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(match[1], match[2]) for match in _FENCED.finditer(text)]


def indented(text: str) -> list[Block]:
    """The indented blocks of a page, in order."""
    return [Block("", re.sub("^    ", "", match[0], flags=re.M)) for match in _INDENTED.finditer(_FENCED.sub("", text))]


def links(text: str) -> list[str]:
    """Targets of the links and pictures in a page's prose."""
    return _LINK.findall(_FENCED.sub("", text))


def anchors(text: str) -> set[str]:
    """What a link may name behind `#`: the headings, in GitHub's writing."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", each).lower()).replace(" ", "-") for each in headings}


def first_cells(text: str) -> list[str]:
    """The first cell of each row of each table, without its heads."""
    rows = re.findall(r"^\| (.+?) \|.*\n", re.sub(r"^\|.*\n\|-.*\n", "", text, flags=re.M), re.M)
    return [row.replace("\\|", "|") for row in rows]
