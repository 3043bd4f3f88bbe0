"""What the docstrings name exists."""

from __future__ import annotations

import ast
import re

from tests.unit.docs.pages import ROOT

PACKAGE = ROOT / "fbcheck_pipeline"
COMMAND = "fbcheck"


def test_every_name_in_the_docstring_of_a_module_exists() -> None:
    """It is a module, a package, the command, or a name in the module itself; a renamed module leaves no stale name behind."""
    places = {path.relative_to(PACKAGE): path.read_text() for path in PACKAGE.rglob("*.py")}
    modules = {COMMAND}
    for path in places:
        parts = path.with_suffix("").parts
        modules |= {".".join(parts[start:]) for start in range(len(parts))} | set(parts[:-1])
    unknown = []
    for path, text in places.items():
        tree = ast.parse(text)
        own = "\n".join(map(ast.unparse, tree.body[1:]))
        for name in re.findall(r"`([a-z_][a-z_0-9.]*)`", ast.get_docstring(tree) or ""):
            if name not in modules and not re.search(rf"\b{re.escape(name)}\b", own):
                unknown.append(f"{path}: {name}")
    assert not unknown
