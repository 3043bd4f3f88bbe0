"""The commands of the page on backup and restore, run as they stand there; and backups that are made while workers write."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.workflow.backups.back_up import back_up
from fbcheck_pipeline.workflow.backups.restore import restore
from fbcheck_pipeline.workflow.backups.resume import resume
from fbcheck_pipeline.workflow.buying.pins import read_pins
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.verdict_files.verdicts import VerdictReader
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.fake_vendor import FakeVendor
from tests.forked import PATIENCE_S
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.money import worker_script
from tests.integration.money.killable_worker import ROOT, KillableWorker, Vendor
from tests.integration.workflow.workflow_driver import WorkflowDriver

BACK_UP, RESTORE, RESUME = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/how-to/backup-and-restore.md").read_text(), re.DOTALL)


def commands(fbcheck: Fbcheck, block: str) -> list[tuple[int, str]]:
    """Run the commands of a block; the exit code of each, and what it said."""
    said = []
    for line in block.replace("2026-11-24", time.strftime("%F", time.gmtime())).splitlines():
        arguments = [fbcheck.environment["BACKUP"] if each == '"$BACKUP"' else each for each in line.split()]
        assert arguments[0] == "fbcheck"
        code, _, err = fbcheck(*arguments[1:])
        said.append((code, err + fbcheck.out))
    return said


def test_the_commands_of_the_page_bring_a_store_back_that_pays_nothing_twice(vendor: FakeVendor, tmp_path: Path) -> None:
    """What was with the vendor is collected; nothing is bought before a person has said what is not known, and doctor and status say so."""
    fbcheck, path = Fbcheck(tmp_path, vendor.url), str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 21)]))
    fbcheck.environment["BACKUP"] = str(tmp_path / "backup")
    assert fbcheck("backup", str(tmp_path / "backup"))[0] == 2  # there is no ledger
    vendor.hold = True
    assert fbcheck("run", path, "--json", "--no-wait", CHUNK_SIZE="10")[0] == 3
    ((code, said),) = commands(fbcheck, BACK_UP)
    assert code == 0 and "has ledger and" in said
    shutil.rmtree(fbcheck.data)
    ((code, said),) = commands(fbcheck, RESTORE)
    assert code == 0 and "nothing is bought until you say" in said
    vendor.finish_all()
    other = str(write_list(tmp_path / "b.csv", [swiss(n) for n in range(50, 60)]))
    code, document, err = fbcheck("run", path, other, "--json")
    assert code == 2 and "restore --resume DAY" in err and document["lists"][0]["counts"]["checked"] == 20
    assert fbcheck("status")[0] == 0 and "restore --resume DAY" in fbcheck.out
    assert fbcheck("doctor")[0] == 2 and "restore --resume DAY" in fbcheck.out
    assert [code for code, _ in commands(fbcheck, RESUME)] == [0]
    code, document, _ = fbcheck("run", path, other, "--json")
    assert (code, [bool(each["held"]) for each in document["lists"]]) == (3, [False, True])
    assert (len(vendor.posts), vendor.most_per_phone) == (2, 1)
    assert fbcheck("run", other, "--yes", "--json")[0] == 0 and vendor.most_per_phone == 1


def test_backups_made_while_workers_write_are_whole_and_lead_to_no_second_bill(lasting_vendor: Vendor, tmp_path: Path) -> None:
    """The workers go on; each backup, brought back elsewhere, knows all that it needs, and what it cannot know it asks a person."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data")
    ws = open_workspace(worker.settings)
    workers, made = [worker.start(), worker.start()], list[Path]()
    while any(each.is_alive() for each in workers):
        made.append(tmp_path / f"backup-{len(made)}")
        back_up(ws, str(made[-1]))
    for each in workers:
        each.join(PATIENCE_S)
    ws.ledger.close()
    worker.judge()
    paid = worker.accepted()
    for place in made[1::2][:3]:
        later = KillableWorker(lasting_vendor, place.with_name(f"{place.name}-restored"))
        later._before = worker._before
        restore(later.settings, str(place), rejoin)
        again = open_workspace(later.settings)
        see_that_it_is_whole(again)
        resume(again, 0)
        again.ledger.close()
        if again.ledger.lists():
            later.recover()
        assert worker.accepted() == paid
        see_that_all_is_answered_or_asks_a_person(open_workspace(later.settings))
        shutil.rmtree(later.settings.data_uri)


def see_that_it_is_whole(ws: Workspace) -> None:
    """Whatever the ledger says lies in files lies there, and no file knows more than the ledger."""
    for chunk in ws.ledger.loaded_chunks():
        with_phones(ws, chunk)
    for task in ws.ledger.stored_tasks():
        assert VerdictReader(ws.storage).table(task.task_id, task.volume).num_rows
    known = {each.chunk_key for each in ws.ledger.chunks()}
    for each in ws.ledger.lists():
        pins = read_pins(ws.storage, each.list_key)
        assert known.issuperset(pins.chunk_keys if pins else ())
        assert pins is not None or not each.is_pinned
    for tier in ws.ledger.index_state().tiers:
        assert ws.storage.exists(tier.name)


def see_that_all_is_answered_or_asks_a_person(ws: Workspace) -> None:
    driver = WorkflowDriver(ws)
    for each in ws.ledger.lists():
        counts = driver.counts(each.list_key)
        waits = counts.pop("waiting", 0)
        assert sum(counts.pop(name, 0) for name in ("checked", "reused")) + waits == len(worker_script.LISTS[each.list_key])
        assert not counts and bool(waits) == bool(each.held)
    assert not ws.ledger.chunks(states=[ChunkState.PLANNED, ChunkState.SENDING])
    ws.ledger.close()
