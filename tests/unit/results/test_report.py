"""The page: complete, self-contained, honest about what it shows."""

import errno
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import jinja2
import pytest

from fbcheck_pipeline.results import pages
from fbcheck_pipeline.results.report import render_report
from fbcheck_pipeline.results.report_index import render_index
from tests.unit.results.documents import COUNTS, lineage


class Page(HTMLParser):
    """Texts, tags with their attributes, and whether every tag is closed."""

    VOID = frozenset({"meta", "link", "br", "rect", "line", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text_of(html: str) -> str:
    """What a reader sees, blanks run together."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S))


EMPTY = {
    "counts": {**dict.fromkeys(COUNTS, 0), "rows": 3, "phones": 3, "rejected": 3},
    "verdicts": {"yes": 0, "no": 0, "ban": 0},
    "breakdown": {"country": {}, "line_type": {}, "reject_reason": {"empty": 3}},
    "billing": {"distinct": 0, "billed": 0, "perhaps_billed": 0, "reused": 0, "repeats": 0, "cost": None, "saved": None},
    "tasks": [],
}


@pytest.mark.parametrize("changes", [{}, EMPTY], ids=["a usual list", "nothing but rejects"])
def test_the_page_is_well_formed_and_brings_everything_itself(changes: dict[str, Any]) -> None:
    """It is sent by mail and opened offline: no script, no address, no font or picture from elsewhere."""
    html = render_report(lineage(**changes))
    page = Page(html)
    assert not page.open
    assert "script" not in {tag for tag, _ in page.tags}
    assert not re.search(r"https?://|//[a-z]|@import|url\((?!#)", html)
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "prefers-color-scheme: dark" in html and 'name="viewport"' in html


def test_the_page_tells_counts_shares_and_reasons() -> None:
    """A phone without a verdict is none of the "no"."""
    said = text_of(render_report(lineage()))
    for words in ("list.csv", "120 phone entries", "95 % coverage", "63.2 % on Facebook", "60 yes", "5 no verdict"):
        assert words in said, words
    for words in ("Turkey 85", "Switzerland 15 0 % yes", "15 further entries are empty cells", "task 1 70 29.0 min"):
        assert words in said, words
    assert "Invented data" not in said and "Not complete" not in said
    assert "undetermined: sent, but no usable answer came back" in said


def test_invented_and_unfinished_results_say_so_at_the_top() -> None:
    """Nobody must take a sandbox's word for a person's account."""
    said = text_of(render_report(lineage(synthetic=True, complete=False, counts={**COUNTS, "undetermined": 0, "waiting": 5})))
    assert said.index("Invented data") < said.index("coverage") and said.index("Not complete yet") < said.index("coverage")
    assert "5 waiting: not sent yet" in said


def test_what_was_saved_is_what_was_not_bought() -> None:
    """Reused verdicts and repeats; money only with a price."""
    assert "no cost is shown" in text_of(render_report(lineage()))
    billing = {**lineage()["billing"], "cost": 21.0, "saved": 7.5}
    said = text_of(render_report(lineage(billing=billing, settings={"price_per_10k": 3000.0})))
    assert "25 7.50" in said and "21.00 estimated cost" in said and "3,000.00 per 10,000" in said


def test_many_tasks_are_grouped_and_stay_within_their_line() -> None:
    """Five hundred bars tell a manager nothing; a vendor's clock that is wrong must not draw outside."""
    first = datetime(2026, 11, 24, tzinfo=UTC)
    tasks = []
    for number in range(500):
        at = first + timedelta(seconds=number)
        wrong = at + timedelta(days=(number % 3 - 1) * 400)
        times = {
            "submitted_at": at.isoformat(),
            "exported_at": wrong.isoformat(),
            "collected_at": (at + timedelta(minutes=30)).isoformat(),
        }
        tasks.append({**lineage()["tasks"][0], **times})
    html = render_report(lineage(tasks=tasks))
    assert "tasks 1\u201325" in html and "500 tasks bought for this list" in text_of(html)
    for start, width in re.findall(r'<rect class="(?:with-vendor|to-collect)" x="([\d.-]+)%" y="0" width="([\d.-]+)%"', html):
        assert float(start) >= 0 and float(width) >= 0 and float(start) + float(width) <= 100.01


def test_what_stands_in_names_is_text_and_nothing_else() -> None:
    """A file may be called anything."""
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    source = {**lineage()["source"], "file": evil}
    found = [{"task_id": evil, "chunk_key": "c", "count": "total", "vendor": 1, "ours": 2, "bought": True}]
    html = render_report(lineage(source=source, purpose=evil, discrepancies=found))
    assert {tag for tag, _ in Page(html).tags}.isdisjoint({"script", "img"})
    assert html.count("&lt;script&gt;") == 5


def test_the_page_says_how_the_list_was_read_and_what_would_help() -> None:
    """Per column and reason, with shapes in place of cells."""
    said = text_of(render_report(lineage()))
    for words in ("phone column phone", "header yes", "encoding utf-8", "region TR", "chosen by name.", "read as TR"):
        assert words in said, words
    assert "phone: too short ## ## what may help: check --column 5 of 120 entries" in said
    assert "sheet" not in said and "Nearly all" not in said


def test_a_list_that_is_nearly_all_junk_begins_with_a_warning(subtests: pytest.Subtests) -> None:
    """Held, it says how it goes on; confirmed, that a person did."""
    breakdown = {**lineage()["breakdown"], "reject_reason": {"no_region": 115}}
    counts = {**COUNTS, "checked": 5, "reused": 0, "rejected": 115, "undetermined": 0}
    rejects = [{**lineage()["rejects"][0], "reason": "no_region", "count": 115}]
    junk = {"breakdown": breakdown, "counts": counts, "rejects": rejects}
    with subtests.test("held"):
        held = "held, nothing of it is billed: 115 of 120\n  to go on: `fbcheck run list.csv --yes`"
        said = text_of(render_report(lineage(**junk, held=held, complete=False)))
        assert said.index("Nearly all of this list was rejected") < said.index("phone entries")
        assert "Not complete yet" not in said, "a box without a word in it"
        assert "nothing of it is billed: 115 of 120 to go on: fbcheck run list.csv --yes" in said
        waiting = {**junk, "counts": {**counts, "checked": 0, "waiting": 5}}
        said = text_of(render_report(lineage(**waiting, held=held, complete=False)))
        assert "5 waiting" in said and "next: fbcheck run" not in said, "a plain run of a held list holds it again"
        assert "next: fbcheck run" in text_of(render_report(lineage(**waiting, complete=False)))
    with subtests.test("empty cells, which were read rightly"):
        found = [{**lineage()["rejects"][0], "count": 115}]
        said = text_of(render_report(lineage(**{**junk, "rejects": found})))
        assert said.index(
            "Nearly all of this list was rejected. 115 entries of &#39;phone&#39; are &#39;empty cell&#39;"
        ) < said.index("phone entries")
    with subtests.test("half"):
        half = {**junk, "counts": {**counts, "rejected": 60, "checked": 60}}
        said = text_of(render_report(lineage(**half, held="held: try `--region US`", complete=False)))
        assert "Much of this list was rejected: it was probably read wrongly. held: try --region US" in said
    with subtests.test("confirmed"):
        said = text_of(render_report(lineage(**junk, confirmed_at="2026-11-24T12:00:00.000Z")))
        assert "115 of 120 cells that are not empty" in said and "confirmed how it was read: 2026-11-24 12:00 UTC" in said


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str | None]]:
    """Names of the templates that are compiled, in a process that may keep them, and has kept none."""
    names: list[str | None] = []
    compile_ = jinja2.Environment.compile

    def counted(environment: jinja2.Environment, source: str, name: str | None = None, *given: Any, **named: Any) -> Any:
        names.append(name)
        return compile_(environment, source, name, *given, **named)

    monkeypatch.setattr(jinja2.Environment, "compile", counted)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    Path(cache_from_source(pages.__file__)).parent.mkdir(parents=True)  # as Python does when it keeps the module
    pages._environment.cache_clear()
    yield names
    pages._environment.cache_clear()


def test_a_template_is_compiled_once_and_kept(compiled: list[str | None]) -> None:
    """Compiling takes longer than all else of a small list's page; a run shows one page of it and one of all lists."""
    first = render_index([], 0, 0.0), render_report(lineage())
    assert len(compiled) == len(set(compiled)) == 3
    compiled.clear()
    pages._environment.cache_clear()  # as another process begins
    assert (render_index([], 0, 0.0), render_report(lineage())) == first
    assert not compiled


def test_what_another_jinja_compiled_is_not_used(compiled: list[str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is code for that one's functions: a page of it may fail, or escape less."""
    render_index([], 0, 0.0)
    compiled.clear()
    pages._environment.cache_clear()  # as another process begins
    monkeypatch.setattr(jinja2, "__version__", "3.2.0")
    monkeypatch.setattr(jinja2.FileSystemBytecodeCache, "dump_bytecode", lambda *given: None)
    render_index([], 0, 0.0)
    assert set(compiled) == {"report_index.html.j2", "page.html.j2"}


def test_compiled_templates_lie_where_compiled_modules_do(compiled: list[str | None]) -> None:
    """PYTHONPYCACHEPREFIX keeps them out of the package."""
    render_index([], 0, 0.0)
    assert len(list(Path(cache_from_source(pages.__file__)).parent.iterdir())) == len(compiled) == 2


def test_a_page_is_shown_where_no_compiled_template_can_be_kept(
    compiled: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package may lie on a disk that is full, or belong to somebody else; the phones are paid for by now."""

    def full(*given: Any, **named: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    monkeypatch.setattr(jinja2.FileSystemBytecodeCache, "load_bytecode", lambda *given: None)
    assert "<html" in render_index([], 0, 0.0)
    assert set(compiled) == {"report_index.html.j2", "page.html.j2"}
