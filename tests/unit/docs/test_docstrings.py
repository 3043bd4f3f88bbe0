"""What the docstrings name exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.unit.sources import sources

COMMAND = "fbcheck"


def test_every_name_in_the_docstring_of_a_module_exists() -> None:
    """It is a module, a package, the command, or a name in the module itself; a renamed module leaves no stale name behind."""
    modules = {COMMAND}
    for source in sources():
        parts = Path(source.path).with_suffix("").parts
        modules |= {".".join(parts[start:]) for start in range(len(parts))} | set(parts[:-1])
    unknown = []
    for source in sources():
        named = set(re.findall(r"`([a-z_][a-z_0-9.]*)`", ast.get_docstring(source.tree) or "")) - modules
        own = "\n".join(map(ast.unparse, source.tree.body[1:])) if named else ""
        unknown += [f"{source.path}: {name}" for name in named if not re.search(rf"\b{re.escape(name)}\b", own)]
    assert not unknown
