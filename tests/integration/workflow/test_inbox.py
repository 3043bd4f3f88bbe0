"""The inbox: a list is taken up once, whoever is killed and however many look at once; no file is lost and none is taken twice."""

import errno
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.lists import ReadOptions, list_key
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.arrival import inbox
from fbcheck_pipeline.workflow.arrival.inbox import take_up_lists
from fbcheck_pipeline.workflow.arrival.incoming import incoming_place
from fbcheck_pipeline.workflow.arrival.intake import add_list
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import drop
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]
GOOD, BAD = "phone\n+41780000001\n", "name\nanna\nbea\n"
FORK = multiprocessing.get_context("fork")
STEPS = {"move": Storage, "register_moved": Ledger, "note_unreadable_files": Ledger, "delete": Storage}


def look(ws: Workspace) -> inbox.InboxLook:
    return take_up_lists(ws, budget_s=60)


def files(data: Path, *folders: str) -> list[str]:
    """Every file below these folders, relative to the data folder."""
    found = (path for folder in folders for path in (data / folder).rglob("*") if path.is_file())
    return sorted(path.relative_to(data).as_posix() for path in found)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def ws(open_driver: OpenDriver) -> Workspace:
    return open_driver().ws


def test_a_list_leaves_the_inbox_and_lies_under_its_key(ws: Workspace, data: Path) -> None:
    """An empty inbox says that everything was accepted; the next look costs nothing for it."""
    key = list_key(drop(data, "a.csv", GOOD))
    assert look(ws) == inbox.InboxLook(1, 0, 0, ())
    assert files(data, "inbox", "taken") == [f"taken/{key}/a.csv"] and (data / f"taken/{key}/a.csv").read_text() == GOOD
    assert [(each.list_key, each.file) for each in ws.ledger.new_lists()] == [(key, "a.csv")]
    assert not list((data / "inbox" / ".incoming").iterdir())


def test_a_file_that_cannot_be_read_goes_back_and_is_tried_again_only_when_it_changes(
    ws: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would be taken and given back for ever; another version of the program may read it."""
    path = drop(data, "bad.csv", BAD)
    (said,) = look(ws).refused
    assert "bad.csv cannot be read: no column reads as telephone numbers" in said and ws.ledger.lists() == []
    assert files(data, "inbox", "taken") == ["inbox/bad.csv"] and path.read_text() == BAD
    moved: list[str] = []
    move = Storage.move
    monkeypatch.setattr(
        Storage, "move", lambda self, name, *places, **how: moved.append(name) or move(self, name, *places, **how)
    )
    assert look(ws).refused == (said,) and not moved
    monkeypatch.setattr(inbox, "__version__", "99")
    assert look(ws).refused == (said,) and moved
    drop(data, "bad.csv", GOOD, age_s=30)
    assert look(ws).refused == () and len(ws.ledger.lists()) == 1
    assert ws.ledger.unreadable_files().keys() == {"bad.csv"}  # forgotten by the next look, which finds it gone
    look(ws)
    assert ws.ledger.unreadable_files() == {}


def test_a_list_that_is_known_is_dropped_and_its_place_filled_where_that_is_empty(
    ws: Workspace, data: Path, tmp_path: Path
) -> None:
    """`run` brought it in with options of its own, or it was taken up before: it is neither registered nor read otherwise."""
    own = tmp_path / "a.csv"
    own.write_text(GOOD)
    key = add_list(ws, own, ReadOptions(region="DE"), None)
    assert own.read_text() == GOOD and files(data, "inbox", "taken") == [f"taken/{key}/a.csv"]
    for _ in range(2):
        drop(data, "a.csv", GOOD)
        assert look(ws).refused == ()
        assert files(data, "inbox", "taken") == [f"taken/{key}/a.csv"]
        (data / f"taken/{key}/a.csv").unlink()
    assert [each.options for each in ws.ledger.lists()] == [{"region": "DE"}]


def test_a_folder_of_the_inbox_names_the_source_and_stays(ws: Workspace, data: Path) -> None:
    """Nested ones too; what cannot be read goes back into its folder; a hidden folder is the copying program's own."""
    for name in ("a.csv", "crm/b-2026-11-01.csv", "Shop TR/eu/c.csv"):
        drop(data, name, f"phone\n+4178000000{len(name) % 10}\n")
    drop(data, "crm/bad.csv", BAD)
    drop(data, ".sync/d.csv", GOOD)
    assert [each.partition(":")[0] for each in look(ws).refused] == ["crm/bad.csv cannot be read"]
    assert {each.file: each.source for each in ws.ledger.lists()} == {
        "a.csv": "a",
        "b-2026-11-01.csv": "crm",
        "c.csv": "shop_tr_eu",
    }
    assert files(data, "inbox") == ["inbox/.sync/d.csv", "inbox/crm/bad.csv"] and (data / "inbox/Shop TR/eu").is_dir()
    assert ws.ledger.unreadable_files().keys() == {"crm/bad.csv"}
    drop(data, "erp/a.csv", "phone\n+41780000005\n")
    assert look(ws).refused[-1] == "erp/a.csv was taken up before, as a list of a, and stays one"


def test_a_purge_names_the_files_that_may_be_the_only_copies(ws: Workspace, data: Path, tmp_path: Path) -> None:
    """A list of the inbox left it; the file that a person runs stays where it is."""
    moved, own = drop(data, "a.csv", GOOD), tmp_path / "b.csv"
    own.write_text("phone\n+41780000002\n")
    place = data / "taken" / list_key(moved) / "a.csv"
    look(ws)
    keys = {list_key(place): (str(place),), add_list(ws, own, ReadOptions(), None): ()}
    for dry_run in (True, False):
        found = {key: purge(ws, older_than_days=None, list_key=key, dry_run=dry_run).moved for key in keys}
        assert found == keys and place.exists() == dry_run
    assert own.exists()


def test_a_source_that_is_declared_keeps_its_name_for_itself(ws: Workspace, data: Path, tmp_path: Path) -> None:
    """A file that would get it is told apart from what the declared source delivers; so is a list that a person runs."""
    declared = replace(ws, declared_sources={"crm": []})
    drop(data, "crm-2026.csv", GOOD)
    look(declared)
    own = tmp_path / "x.csv"
    own.write_text(GOOD)
    key = add_list(declared, own, ReadOptions(), None, source="CRM")
    assert [each.source for each in ws.ledger.lists()] == ["crm-file", "crm-file"]
    assert add_list(declared, own, ReadOptions(), None) == add_list(declared, own, ReadOptions(), None, source="crm") == key
    for source, said in (("erp", "already one of source crm-file; run it without --source"), ("?!", "no letter and no digit")):
        with pytest.raises(OperatorError, match=said):
            add_list(declared, own, ReadOptions(), None, source=source)


def test_what_is_still_being_written_stays(ws: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list read is rows lost: also where the writer goes on between the listing and the reading."""
    path = drop(data, "a.csv", GOOD, age_s=0)
    assert look(ws) == inbox.InboxLook(1, 1, 0, ()) and path.exists()
    drop(data, "a.csv", GOOD)
    read = inbox.open_list

    def read_while_it_grows(path: Path, *given: Any) -> Any:
        with path.open("a") as file:
            file.write("+41780000002\n")
        return read(path, *given)

    monkeypatch.setattr(inbox, "open_list", read_while_it_grows)
    assert look(ws).refused == ("a.csv is still being written",)
    assert path.exists() and ws.ledger.lists() == [] and ws.ledger.unreadable_files() == {}


def test_a_file_that_comes_under_the_name_of_one_that_goes_back_is_not_replaced(
    ws: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody drops the corrected list while the broken one is being read."""
    drop(data, "a.csv", BAD)
    read = inbox.open_list

    def read_while_another_comes(path: Path, *given: Any) -> Any:
        if path.read_text() == BAD:
            drop(data, "a.csv", GOOD)
        return read(path, *given)

    monkeypatch.setattr(inbox, "open_list", read_while_another_comes)
    assert len(look(ws).refused) == 1
    left = sorted((data / name).read_text() for name in files(data, "inbox"))
    assert left == sorted([BAD, GOOD]) and (data / "inbox" / "a.csv").read_text() == GOOD
    assert len(look(ws).refused) == 1 and [each.file for each in ws.ledger.lists()] == ["a.csv"]


def test_a_file_that_a_killed_look_had_put_back_already_is_not_doubled(ws: Workspace, data: Path) -> None:
    """Linked under its old name, and not yet unlinked from the new one."""
    drop(data, "bad.csv", BAD)
    other = data / incoming_place("", "bad.csv")
    other.parent.mkdir(parents=True)
    os.link(data / "inbox" / "bad.csv", other)
    assert set(look(ws).refused) and files(data, "inbox", "taken") == ["inbox/bad.csv"]


def test_what_others_put_where_lists_lie_half_way_stays(ws: Workspace, data: Path) -> None:
    """Who may only drop files must not have one moved out of the inbox; and programs that bring files have such folders, too."""
    theirs = [
        "upload.csv",
        "part/a.csv",
        *(incoming_place(folder, "a").partition(".incoming/")[2] for folder in ("../../x", "/x", "..")),
    ]
    for name in theirs:
        place = data / "inbox" / ".incoming" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(GOOD)
        os.utime(place, (1, 1))
    before = files(data.parent, ".")
    assert look(ws) == inbox.InboxLook(0, 0, 0, ())
    assert files(data.parent, ".") == before


def test_time_that_is_up_leaves_the_rest_to_the_next_look(ws: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that takes too long is ended by Dagster, unseen."""
    for number in range(3):
        drop(data, f"{number}.csv", f"phone\n+4178000000{number}\n")
    now = iter(range(100))
    monkeypatch.setattr(inbox.time, "monotonic", lambda: float(next(now)))
    assert take_up_lists(ws, budget_s=2.5) == inbox.InboxLook(3, 0, 1, ())
    assert take_up_lists(ws, budget_s=2.5).later == 0 and len(ws.ledger.lists()) == 3


def test_many_files_come_in_over_several_looks_each_read_once_in_few_transactions(
    ws: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand files dropped at once took 64 s, and Dagster ends a tick of 60. Ten times the files cost ten times the statements."""
    monkeypatch.setattr(inbox, "MOST_FILES", 100)
    read, opened = list[str](), inbox.open_list
    monkeypatch.setattr(inbox, "open_list", lambda path, options: read.append(path.name) or opened(path, options))
    statements = Counter[str]()
    sa.event.listen(ws.ledger.database.engine, "before_cursor_execute", lambda *given: statements.update([given[2].split()[0]]))
    for count in (20, 200):
        read.clear(), statements.clear()
        for number in range(count):
            drop(data, f"{count}-{number}.csv", f"phone\n+4178{count:03}{number:04}\n")
        later = [look(ws).later for _ in range(3)]
        assert later == [max(0, count - taken) for taken in (100, 200, 300)] and len(read) == len(set(read)) == count
        assert statements["BEGIN"] <= 3 * 2 + 4 * -(-count // inbox.FILES_AT_ONCE) and statements.total() <= 40 + 4 * count
    assert len(ws.ledger.lists()) == 220 and files(data, "inbox") == []


def test_one_place_that_cannot_be_written_holds_up_no_other_file(ws: Workspace, data: Path) -> None:
    """It is named, waits where it is, and comes in when it can."""
    blocked = data / "taken" / list_key(drop(data, "a.csv", GOOD)) / "a.csv"
    (blocked / "in the way").mkdir(parents=True)
    drop(data, "b.csv", "phone\n+41780000002\n")
    other = data / "taken" / list_key(data / "inbox" / "b.csv") / "b.csv"
    for _ in range(2):
        assert [each.partition(":")[0] for each in look(ws).refused] == ["a.csv is not accepted"] and other.exists()
    shutil.rmtree(blocked)
    assert look(ws).refused == () and blocked.read_text() == GOOD


def test_two_files_of_one_key_in_one_look_are_one_list(ws: Workspace, data: Path) -> None:
    """The same delivery in two folders: the second is told to belong to the first."""
    for folder in ("crm", "erp"):
        drop(data, f"{folder}/a.csv", GOOD)
    assert look(ws).refused == ("erp/a.csv was taken up before, as a list of crm, and stays one",)
    assert len(ws.ledger.lists()) == 1 and files(data, "inbox") == []


@pytest.mark.parametrize("fault", [errno.EXDEV, errno.EPERM], ids=["another file system", "a file system without links"])
def test_an_inbox_elsewhere_works_too(ws: Workspace, data: Path, monkeypatch: pytest.MonkeyPatch, fault: int) -> None:
    """A folder of another disk, mounted or linked there: the list is copied whole, then deleted."""
    rename = os.rename

    def refuse(source: Any, to: Any) -> None:
        if fault == errno.EXDEV and ("/inbox/" in str(source)) != ("/inbox/" in str(to)):
            raise OSError(fault, os.strerror(fault))
        rename(source, to)

    def refuse_link(source: Any, to: Any) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(os, "rename", refuse)
    monkeypatch.setattr(os, "link", refuse_link)
    key = list_key(drop(data, "a.csv", GOOD))
    bad = drop(data, "bad.csv", BAD)
    modified = bad.stat().st_mtime_ns
    for _ in range(2):
        assert len(look(ws).refused) == 1
        assert files(data, "inbox", "taken") == ["inbox/bad.csv", f"taken/{key}/a.csv"] and bad.stat().st_mtime_ns == modified


@pytest.mark.parametrize("content", [GOOD, BAD], ids=["good", "bad"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("step", "number"), [("move", 1), ("move", 2), ("register_moved", 1), ("note_unreadable_files", 1), ("delete", 1)]
)
def test_a_look_killed_at_any_step_loses_no_file_and_registers_no_list_twice(
    ws: Workspace, data: Path, step: str, number: int, when: str, content: str
) -> None:
    """The next look ends what it began; nothing is left between the inbox and its place."""
    key = list_key(drop(data, "crm/a.csv", content))
    process = FORK.Process(target=_look_and_die, args=(ws.settings, step, number, when))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    for _ in range(2):
        look(ws)
        if content == GOOD:
            assert files(data, "inbox", "taken") == [f"taken/{key}/a.csv"]
            assert [each.source for each in ws.ledger.lists()] == ["crm"]
        else:
            assert files(data, "inbox", "taken") == ["inbox/crm/a.csv"] and ws.ledger.lists() == []
    assert len(look(ws).refused) == (content == BAD)


def _look_and_die(settings: Settings, step: str, number: int, when: str) -> None:
    owner, calls = STEPS[step], iter(range(1, 100))
    original = getattr(owner, step)

    def dying(*given: Any, **named: Any) -> Any:
        is_last = next(calls) == number
        if is_last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = original(*given, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, step, dying)
    look(open_workspace(settings))
    os._exit(0)


def test_several_look_at_once_and_each_list_is_taken_once(ws: Workspace, data: Path) -> None:
    """Two daemons, the schedule and the sensor: whoever wins the rename takes the file."""
    keys = [list_key(drop(data, f"{number}.csv", f"phone\n+4178000{number:04}\n")) for number in range(30)]
    bad = [drop(data, f"bad-{number}.csv", f"{BAD}{number}\n") for number in range(5)]
    processes = [FORK.Process(target=_look_and_end, args=(ws.settings,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4
    look(ws)
    assert files(data, "taken") == sorted(f"taken/{key}/{number}.csv" for number, key in enumerate(keys))
    assert files(data, "inbox") == sorted(path.relative_to(data).as_posix() for path in bad)
    assert sorted(each.list_key for each in ws.ledger.lists()) == sorted(keys)


def _look_and_end(settings: Settings) -> None:
    ws = open_workspace(settings)
    for _ in range(3):
        look(ws)
    os._exit(0)
