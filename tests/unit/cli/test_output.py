"""What is said, where, and in which form."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from rich.table import Table

from fbcheck_pipeline.cli import output
from fbcheck_pipeline.cli.demo import EXCERPT, excerpt
from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.tables import plain_table, region_hint, say_outcome
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.progress import report_progress

REASONS = [("empty", 5), ("too_short", 1)]


@pytest.fixture
def time_passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ten seconds between two looks at the clock."""
    ticks = iter(range(0, 10_000, 10))
    monkeypatch.setattr(output.time, "monotonic", lambda: float(next(ticks)))
    yield


def test_text_is_one_line_however_long_and_brackets_stay(capsys: pytest.CaptureFixture[str]) -> None:
    """A path that is broken over two lines cannot be copied; a file may be called list[1].csv."""
    said = "results  " + "long/" * 60 + "[red]list[1].csv"
    Reporter(as_json=False).say(said)
    assert capsys.readouterr().err == said + "\n"


def test_a_terminal_sees_no_backticks_of_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    """A command is copied without them; a single one is somebody's own."""
    Reporter(as_json=False).warn("see `fbcheck status`, file a`b.csv")
    assert capsys.readouterr().err == "see fbcheck status, file a`b.csv\n"


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_a_narrow_terminal_breaks_keys_and_cuts_nothing_off(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seen: columns fell off at sixty characters. Where there is room, a key stays in one piece, to be copied."""
    monkeypatch.setenv("COLUMNS", str(width))
    cells = ("3f0c2a9b7d5e1846", "submitted", "20,000", "2026-11-29 17:42:50", "rrkdbvn7qc1rm3ckl71g")
    table = plain_table("chunks", "chunk", "state", "phones>", "submitted", "task")
    table.columns[3].min_width = 10
    table.add_row(*cells)
    Reporter(as_json=False).answer(table)
    lines = capsys.readouterr().out.splitlines()
    shown = "".join(lines).replace(" ", "")
    assert max(map(len, lines)) <= width and sorted(shown.replace("─", "")) == sorted(
        "chunkschunkstatephonessubmittedtask" + "".join(cells).replace(" ", "")
    )
    assert all(any(key in line for line in lines) for key in (cells[0], cells[4])) is (width >= 80)


def test_the_demo_shows_whole_numbers_in_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Seen: +90542… in the very table that shows what was found."""
    monkeypatch.setenv("COLUMNS", "80")
    row = ["0212 269 51 61 dahili 12", "+902122695161", "line_type_excluded", "yes", "rejected"]
    pq.write_table(pa.table({name: [cell] for name, cell in zip(EXCERPT, row, strict=True)}), tmp_path / "a.parquet")
    Reporter(as_json=False).answer(excerpt({"results": str(tmp_path / "a.parquet"), "file": "a.csv", "counts": {"phones": 1}}))
    shown = capsys.readouterr().out
    assert all(word in shown for word in (*EXCERPT, *row[1:], *row[0].split())) and "…" not in shown


def outcome(*lists: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"lists": [*lists], "billed_phones": 3, "perhaps_billed_phones": 0, "cost_estimate": None, "errors": {}, **others}


READ = {
    "list_key": "a-1",
    "file": "a.csv",
    "results": "/data/a-1.parquet",
    "complete": True,
    "held": None,
    "counts": {"rows": 9, "phones": 9, **dict.fromkeys(CHECK_STATUSES, 0), "checked": 3, "rejected": 6},
    "verdicts": {"yes": 1, "no": 2, "ban": 0},
    "read_as": "read as utf-8",
    "read_so": ["Encoding utf-8: it is valid."],
    "reject_reasons": {"empty": 5, "too_short": 1},
    "rejects": [{"column": "p", "cells": 9, "reason": reason, "count": count, "examples": []} for reason, count in REASONS],
    "hint": None,
}


def test_the_summary_of_a_run_is_its_answer_and_what_failed_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Pipes get the one, a person sees the other first; empty cells are no rejected numbers; the reading is one line."""
    say_outcome(Reporter(as_json=False), outcome(READ, errors={"b.csv": "there is no such file"}))
    out, err = capsys.readouterr()
    assert err == "error: b.csv: there is no such file\n"
    head, _, row = (line.split() for line in out.splitlines()[1:4])
    assert head == ["list", "rows", "phones", "checked", "rejected", "empty", "complete"]
    assert row == ["a-1", "9", "9", "3", "1", "5", "yes"]
    assert "a-1: read as utf-8\n" in out and "it is valid" not in out and "5 empty" not in out
    assert "of 9 entries: 1 too_short" in out and out.endswith("billed 3 phones\n")
    say_outcome(Reporter(as_json=False, verbose=True), outcome(READ))
    assert "a-1: Encoding utf-8: it is valid." in capsys.readouterr().out
    say_outcome(Reporter(as_json=False), outcome(billed_phones=0, errors={"b.csv": "there is no such file"}))
    assert capsys.readouterr().out == "", "nothing was done, so nothing is said of bills"


def test_counts_that_do_not_fit_beside_each_other_are_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seen: a million phones in eighty columns were 1,234, above 567."""
    many = {"rows": 9_876_543, "phones": 9_876_543, **dict.fromkeys(CHECK_STATUSES, 1_234_567), "refused": 0}
    whole = {**READ, "counts": many, "list_key": "a-list-of-many-phones-1", "complete": False}
    monkeypatch.setenv("COLUMNS", "80")
    say_outcome(Reporter(as_json=False), outcome(whole))
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith(
        "a-list-of-many-phones-1: 9,876,543 rows, 9,876,543 phones, 1,234,567 checked, 1,234,567 reused, 1,234,562 rej"
    )
    assert line.endswith(", 5 empty; not complete") and "refused" not in line
    monkeypatch.setenv("COLUMNS", "160")
    say_outcome(Reporter(as_json=False), outcome(whole))
    assert "9,876,543 rows" not in capsys.readouterr().out


def test_quiet_leaves_warnings_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """A nightly script wants to hear nothing, unless something is wrong."""
    reporter = Reporter(as_json=False, quiet=True)
    reporter.say("hello")
    reporter.say(Table("a"))
    with reporter.progress():
        report_progress("reading", 1, 2)
    reporter.warn("error: fix it")
    assert capsys.readouterr().err == "error: fix it\n"


def test_progress_is_plain_lines_where_no_terminal_is(time_passes: None, capsys: pytest.CaptureFixture[str]) -> None:
    """With rate and time left; the next list begins anew; no line holds a control character."""
    reporter = Reporter(as_json=False)
    with reporter.progress():
        for stage, done, total in [("reading", 0, 300), ("reading", 100, 300), ("reading", 300, 300), ("waiting", 5, None),
                                   ("waiting", 20, None), ("reading", 10, 40), ("reading", 30, 40)]:  # fmt: skip
            report_progress(stage, done, total)
    assert capsys.readouterr().err.splitlines() == [
        "reading: 100 of 300, 10/s, 20 s left",
        "reading: 300 of 300, 15/s",
        "waiting: 20, 1.5/s",
        "reading: 30 of 40, 2.0/s, 5 s left",
    ]


@pytest.mark.parametrize("no_color", [False, True])
def test_progress_is_bars_on_a_terminal_and_colours_go_where_they_are_not_wanted(
    monkeypatch: pytest.MonkeyPatch, no_color: bool
) -> None:
    """NO_COLOR is a promise to people who cannot read them."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "")
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    reporter, screen = Reporter(as_json=False), io.StringIO()
    reporter.console = Console(file=screen, force_terminal=True, width=100)
    with reporter.progress():
        for stage in ("reading", "normalising", "submitting", "waiting", "collecting", "joining"):
            report_progress(stage, 0, 300)
            report_progress(stage, 100, 300)
    shown = screen.getvalue()
    assert all(stage in shown for stage in ("reading", "normalising", "submitting", "waiting", "collecting", "joining"))
    assert "100 of 300" in shown and "/s," in shown and "left" in shown and "━" in shown
    assert ("\x1b[3" in shown.replace("\x1b[38;5", "\x1b[3")) != no_color


def test_the_logs_are_heard_as_lines_with_their_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no person looks at bars, the log is what tells of the night."""
    log = logging.getLogger("fbcheck_pipeline")
    before, level = list(log.handlers), log.level
    try:
        log.setLevel("INFO")
        Reporter(as_json=False).show_logs("INFO", "text")
        log.getChild("workflow.buying.submit").info("chunk submitted chunk_key=%s phones=%d", "3f0c", 20)
        assert capsys.readouterr().err.endswith("Z INFO chunk submitted chunk_key=3f0c phones=20\n")
    finally:
        log.handlers, log.level = before, level


def test_a_list_without_any_region_says_what_to_give() -> None:
    """Before it is recorded the remedy is an option, afterwards it is purged first."""
    counts = {"phones": 40}
    assert region_hint(0, counts) is None
    hint = region_hint(40, counts) or ""
    assert hint.startswith("40 of 40 numbers have no country code and no region is set; use --region")
    assert "`fbcheck purge --list a-00000001`" in (region_hint(1, counts, recorded_as="a-00000001") or "")


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("YES ", True), ("", False), ("n", False)])
def test_a_person_on_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool, as_json: bool) -> None:
    """Enter alone is no consent to a bill; where a program reads, or nobody sits there, nothing is asked."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    reporter, asked = Reporter(as_json=as_json), []
    monkeypatch.setattr(reporter.console, "input", lambda question, **_: asked.append(question) or answer)
    assert reporter.is_agreed("a is held", "go on?") is False and not asked
    reporter.console._force_terminal = True
    assert reporter.is_agreed("a is held", "go on?") is (agreed and not as_json)
    assert asked == ([] if as_json else ["go on? [y/N] "])


def test_ctrl_d_is_no_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen: the run ended with an unexpected Abort, and said nothing of its lists."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    reporter = Reporter(as_json=False)
    reporter.console._force_terminal = True
    assert reporter.is_agreed("a is held", "go on?") is False


def test_logs_are_one_object_a_line_where_a_program_collects_them(capsys: pytest.CaptureFixture[str]) -> None:
    """What a text ends with as `name=value` are fields with their types; nothing is wrapped, coloured or taken for markup."""
    logger = logging.getLogger("fbcheck_pipeline.of_a_test")
    try:
        Reporter(as_json=False).show_logs("INFO", "json")
        logger.info("chunk submitted chunk_key=%s phones=%d", "[red]" + "a" * 200, 20)
        logger.warning("the receipt of chunk %s is kept: %s", "b1", OSError("disk :fire: full"))
        logger.warning("retried with FBCHECK_MAX_TRIES=%d reached", 2)
        logger.debug("unheard")
    finally:
        logging.getLogger("fbcheck_pipeline").handlers.clear()
    first, second, third = map(json.loads, capsys.readouterr().err.splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {"level": "INFO", "event": "chunk submitted", "chunk_key": "[red]" + "a" * 200, "phones": 20}
    assert (second["level"], second["event"]) == ("WARNING", "the receipt of chunk b1 is kept: disk :fire: full")
    assert third["event"] == "retried with FBCHECK_MAX_TRIES=2 reached"
