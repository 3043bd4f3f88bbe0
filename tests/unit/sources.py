"""The package's modules as text and as syntax trees; parsed once for all tests that look at the code."""

from __future__ import annotations

import ast
from functools import cache
from typing import NamedTuple

from tests.unit.docs.pages import ROOT

PACKAGE = ROOT / "fbcheck_pipeline"


class Source(NamedTuple):
    """A module by its path below the package, its text, its tree and all nodes of it."""

    path: str
    text: str
    tree: ast.Module
    nodes: list[ast.AST]


@cache
def sources() -> list[Source]:
    """All modules, in the order of their paths."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        tree = ast.parse(text)
        found.append(Source(path.relative_to(PACKAGE).as_posix(), text, tree, [*ast.walk(tree)]))
    return found
