"""The pages hold together: links lead somewhere, settings exist, commands are understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer

from fbcheck_pipeline.cli.app import app
from fbcheck_pipeline.settings import Settings
from tests.unit.docs.pages import DOCS, PAGES, ROOT, anchors, blocks, indented, links

CALLS = re.compile(r"^(?:[^#\n]*?&& |\$ |- )?(?:\S*/)?(fbcheck [^&|>\n]*)", re.M)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file that is there, and where an anchor is named, to a heading of it."""
    for target in links(page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = unquote(target).partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text()), target


def test_every_page_is_reached_from_the_index() -> None:
    """A page that nobody finds is not read."""
    reached, ahead = set(), [DOCS / "README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        found = [(page.parent / each.partition("#")[0]).resolve() for each in links(page.read_text()) if "://" not in each]
        ahead += [each for each in found if each.suffix == ".md" and each not in reached]
    assert set(DOCS.rglob("*.md")) <= reached


def test_every_setting_that_a_page_names_exists() -> None:
    """A misspelt variable would silently be a default."""
    known = {f"FBCHECK_{field.upper()}" for field in Settings.model_fields}
    for page in PAGES:
        assert set(re.findall(r"FBCHECK_[A-Z0-9_]*[A-Z0-9]", page.read_text())) <= known, name(page)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_that_a_page_shows_is_understood(page: Path) -> None:
    """Names of commands and options, kinds of values; what they do is seen where they are run."""
    root: Any = typer.main.get_command(app)
    text = page.read_text()
    for call in (call for block in [*blocks(text), *indented(text)] for call in CALLS.findall(block.text)):
        arguments = shlex.split(call, comments=True)[1:]
        if "…" in call or not arguments:
            continue
        context = root.make_context("fbcheck", arguments)
        named, command, rest = root.resolve_command(context, [*context._protected_args, *context.args])
        command.make_context(named, rest, parent=context)
