"""`status`: what is open first, then the newest finished lists; what is finished is counted, and shown when it is asked for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.status import say_status, status_document
from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.limits import Limits
from fbcheck_pipeline.ledger.records import Part, UnreadableFile
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import Clock, add_chunk, phones

Register = Callable[..., str]


@pytest.fixture
def register(ws: Workspace, clock: Clock) -> Register:
    """A list of some age with a chunk, finished or not."""

    def make(key: str, *, is_finished: bool) -> str:
        clock.advance(1)
        ws.ledger.register_list(key, file=f"{key}.csv", source="s", sha256=key, options={}, purpose=None)
        start = 905_320_000_000 + 100 * ws.ledger.registered_lists()
        with ws.ledger.planning() as tx:
            chunk = add_chunk(tx, Part(key, phones(2, start)))
            tx.mark_planned(key)
        if is_finished:
            ws.ledger.remove_phones(chunk, phones(2, start) > 0, smallest_chunk=1)  # it has nothing left to send
            row = ws.ledger.phone_list(key)
            ws.ledger.note_pinned(key, row.planned_at)
            ws.ledger.note_joined(key, revision=row.revision + 1, counts={"phones": 2, "checked": 2}, is_complete=True)
        return chunk

    return make


@pytest.fixture
def history(register: Register) -> list[str]:
    """Thirty finished lists, between them two open ones."""
    for number in range(32):
        register(f"list-{number:02}", is_finished=number not in (3, 20))
    return ["list-03", "list-20"]


def said(capsys: pytest.CaptureFixture[str], ws: Workspace, **asked: Any) -> str:
    say_status(Reporter(as_json=False), ws, **asked)
    out, err = capsys.readouterr()
    assert not err, "what was asked for goes to standard output"
    return out


def keys_in(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.strip().startswith("list-") and ":" not in line]


def test_a_program_gets_what_is_open_oldest_first(ws: Workspace, history: list[str]) -> None:
    """And everything only when it asks for it."""
    document = status_document(ws)
    assert [each["list_key"] for each in document["lists"]] == history
    assert [each["list_keys"] for each in document["chunks"]] == [[key] for key in history]
    assert [each["list_key"] for each in status_document(ws, limit=1)["lists"]] == history[:1]
    everything = status_document(ws, is_all=True)
    assert len(everything["lists"]) == 32 and everything["lists"][0]["state"] == "complete"
    json.dumps(everything)


def test_a_person_sees_twenty_lists_and_how_many_more_there_are(
    ws: Workspace, history: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The open ones first, then those finished last."""
    shown = said(capsys, ws)
    newest = [f"list-{number:02}" for number in range(31, 0, -1) if f"list-{number:02}" not in history]
    assert keys_in(shown) == history + newest[:18]
    assert "32 lists: 2 open, 30 finished (12 not shown: use --all, or --limit); 2 chunks not collected" in shown
    assert keys_in(said(capsys, ws, limit=1)) == history[:1]
    assert len(keys_in(said(capsys, ws, limit=100))) == len(keys_in(said(capsys, ws, is_all=True))) == 32


def test_one_list_is_shown_with_its_chunks_though_it_is_finished(
    ws: Workspace, history: list[str], register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named by its key, by a beginning of it or by its file."""
    chunk = register("other", is_finished=False)
    for named in ("other", "oth", "other.csv"):
        document = status_document(ws, list_key=ws.ledger.list_key_of(named))
        assert [each["list_key"] for each in document["lists"]] == ["other"]
        assert [each["chunk_key"] for each in document["chunks"]] == [chunk]
    assert keys_in(said(capsys, ws, list_key="list-05")) == ["list-05"]
    with pytest.raises(OperatorError, match="several lists begin with list-1: list-10, list-11"):
        ws.ledger.list_key_of("list-1")


def test_what_to_do_about_a_chunk_is_said_once(ws: Workspace, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    """Seen: the same sentence for the chunk, and for its list."""
    chunk = register("list-01", is_finished=False)
    assert ws.ledger.start_sending(chunk, sender="s", limits=Limits())
    assert ws.ledger.mark_unconfirmed(chunk, sender="s", note="the answer was lost")
    shown = said(capsys, ws)
    assert shown.count("look the task up at the vendor") == 1 and f"{chunk}: look the task up at the vendor" in shown
    assert status_document(ws)["lists"][0]["action"].startswith("look the task up")


def test_files_that_stay_in_the_inbox_are_named(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever dropped one looks here first."""
    assert "there are no lists in" in said(capsys, ws)
    ws.ledger.note_unreadable_files([UnreadableFile("a.csv", "mark", "no column reads as telephone numbers")])
    assert "a.csv stays in the inbox, because it cannot be read: no column reads as telephone numbers" in said(capsys, ws)
    assert status_document(ws)["unreadable_files"] == {"a.csv": "no column reads as telephone numbers"}
