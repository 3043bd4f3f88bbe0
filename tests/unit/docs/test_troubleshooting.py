"""The page of error messages and the messages in the code are held against each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from fbcheck_pipeline.vendor import outcomes
from tests.unit.docs.pages import DOCS, first_cells
from tests.unit.sources import sources

NOT_MET = "sandbox/"
"""Its errors are the sandbox's own answers."""


def test_every_message_that_the_code_may_say_has_an_entry() -> None:
    """Whoever meets an error finds it here by its words."""
    entries = [re.compile(f"(?:^|: ){_as_pattern(each)}") for each in _entries()]
    missing = [message for message in _raised() if not any(entry.search(message) for entry in entries)]
    assert not missing


def test_every_entry_says_enough_to_be_found() -> None:
    """One word would stand for any message that happens to use it."""
    assert not [entry for entry in _entries() if len(re.findall(r"\w{2,}", entry)) < 2]


def test_every_entry_is_a_message_of_the_code() -> None:
    """An entry that nothing says any more goes."""
    texts = "\n".join({*_texts(), *_outcomes()})
    unknown = [entry for entry in _entries() if not re.search(_as_pattern(entry.strip("…")), texts)]
    assert not unknown


def _entries() -> list[str]:
    return [cell.strip("`") for cell in first_cells((DOCS / "troubleshooting.md").read_text())]


def _as_pattern(entry: str) -> str:
    """What differs is `…`; a message may go on with its remedy, and begin with the name of a file or setting and `: `."""
    return ".*".join(map(re.escape, entry.split("…")))


def _outcomes() -> list[str]:
    answers = [*outcomes.BY_STATUS.values(), outcomes.REDIRECTED, outcomes.UNCONFIRMED]
    return [f"HTTP …: {each.remedy}" for each in answers]


def _raised() -> Iterator[str]:
    """The literal messages of our errors at the places that raise them, and what the vendor's answers lead to."""
    yield from _outcomes()
    for source in sources():
        if not source.path.startswith(NOT_MET):
            errors = _our_errors() | _settings_faults(source.path)
            for node in source.nodes:
                if isinstance(node, ast.Call) and node.args and _called(node) in errors:
                    message = _text(node.args[0])
                    if re.search(r"\w", message):  # else its words are put in, and stand elsewhere in the code
                        yield message


def _settings_faults(path: str) -> set[str]:
    """Its validators raise what pydantic wants, and `load_settings` passes their words on."""
    return {"ValueError"} if path == "settings.py" else set()


@cache
def _our_errors() -> frozenset[str]:
    """Names of the classes that descend from FbcheckError, by what the sources say."""
    bases = {
        node.name: {_name(base) for base in node.bases}
        for source in sources()
        for node in source.nodes
        if isinstance(node, ast.ClassDef)
    }
    ours = {"FbcheckError"}
    while more := {name for name, of in bases.items() if of & ours} - ours:
        ours |= more
    return frozenset(ours)


def _texts() -> list[str]:
    """Every text in the code."""
    nodes = (node for source in sources() for node in source.nodes)
    return [_text(node) for node in nodes if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)]


def _called(node: ast.Call) -> str:
    return _name(node.func)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    """A text with `…` for what is put in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return _text(node.left) + _text(node.right) if isinstance(node, ast.BinOp) else "…"
