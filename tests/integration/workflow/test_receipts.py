"""Receipts: whatever the vendor answered is kept on the disk until the ledger has it, and what may be an id is kept with its chunk."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.status import say_status, status_document
from fbcheck_pipeline.errors import LedgerError, VendorRefuses
from fbcheck_pipeline.ledger import ChunkState, Ledger
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.buying import send
from fbcheck_pipeline.workflow.collection.reconcile import abandon, attach_task, resubmit
from fbcheck_pipeline.workflow.erasing.purge import purge
from tests.conftest import phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that is gone is given up at once."""
    monkeypatch.setattr(send, "MOST_RECORDINGS", 2)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A ledger that can be written up to the POST, and not after it, until `undo`."""

    def gone(*_: object, **__: object) -> None:
        raise LedgerError("the ledger cannot be written (gone)")

    with monkeypatch.context() as patched:
        for name in ("mark_submitted", "mark_unconfirmed", "return_to_planned"):
            patched.setattr(Ledger, name, gone)
        yield patched


def receipts(tmp_path: Path) -> list[dict[str, Any]]:
    """What lies on the disk."""
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "data" / "receipts").glob("*"))]


def without_the_receipt(open_driver: OpenDriver, tmp_path: Path, broken: pytest.MonkeyPatch) -> tuple[WorkflowDriver, str]:
    """Another machine, and the chunk that is unconfirmed there; the receipt of it lies in `elsewhere` until it is put back."""
    driver = open_driver()
    with pytest.raises(LedgerError):
        driver.run("a", phones(5))
    broken.undo()
    (tmp_path / "data" / "receipts").rename(tmp_path / "elsewhere")
    other = open_driver()
    other.ledger.recover_gone_senders()
    return other, other.chunk_key("unconfirmed")


def test_a_receipt_lies_on_the_disk_before_the_file_leaves_and_is_gone_afterwards(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Only its owner reads it, and its size leaves space for the answer."""
    seen = []

    def look(index: int, payload: bytes) -> str:
        (path,) = (tmp_path / "data" / "receipts").iterdir()
        seen.append((path.stat().st_size, stat.S_IMODE(path.stat().st_mode), json.loads(path.read_text())))
        return "accept"

    vendor.script = look
    driver = open_driver()
    driver.run("a", phones(5))
    ((size, mode, receipt),) = seen
    assert (size, mode, receipt["answer"], receipt["ledger_uuid"]) == (4096, 0o600, None, driver.ledger.uuid)
    assert receipt["chunk_key"] == driver.chunk_key("submitted") and receipts(tmp_path) == []


def test_a_task_id_that_the_ledger_cannot_take_is_said_at_once_and_taken_in_by_the_next_open(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, broken: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is the only proof of what was paid for."""
    driver = open_driver()
    with pytest.raises(
        LedgerError, match=r"cannot be written \(gone\); what the vendor answered to chunk .* is kept in .*receipts"
    ):
        driver.run("a", phones(5))
    (task_id,) = vendor.tasks
    assert f"task {task_id}; kept in {tmp_path}" in capfd.readouterr().err
    (receipt,) = receipts(tmp_path)
    assert receipt["task_id"] == task_id and "90532" not in receipt["answer"] and "secret-key" not in json.dumps(receipt)
    broken.undo()
    again = open_driver()
    assert (again.states(), receipts(tmp_path)) == (["submitted"], [])
    again.finish()
    again.run("a", phones(5))
    assert again.counts("a") == {"checked": 5} and vendor.most_per_phone == len(vendor.posts) == 1


def test_an_answer_that_cost_nothing_and_was_not_recorded_is_sent_again_by_the_next_open(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    """402 is no doubt: nobody needs to reconcile it."""
    vendor.script.append(402)
    with pytest.raises(LedgerError):
        open_driver().run("a", phones(5))
    broken.undo()
    again = open_driver()
    assert again.states() == ["planned"] and receipts(tmp_path) == []
    again.run("a", phones(5))
    assert again.states() == ["submitted"] and vendor.most_per_phone == 1


def test_a_dry_run_foretells_what_a_receipt_sets_free_and_leaves_it(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    """Seen: killed between a free answer and its record, the dry run said 0, then 10 were billed."""
    vendor.script.append(402)
    driver = open_driver()
    with pytest.raises(LedgerError):
        driver.run("a", phones(10))
    broken.undo()
    (kept,) = receipts(tmp_path)
    assert driver.foresee({"a": phones(10)}) == (10, {"a": 10})
    assert receipts(tmp_path) == [kept] and driver.states() == ["sending"]
    driver.run("a", phones(10))
    assert sum(vendor.accepted.values()) == 10


def test_a_refusal_leaves_no_receipt(open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """Nor does a failure that the ledger has recorded."""
    vendor.script.extend([402])
    driver = open_driver()
    with pytest.raises(VendorRefuses):
        driver.run("a", phones(5))
    assert receipts(tmp_path) == []


@pytest.mark.parametrize(
    ("headers", "body", "named"),
    [
        ({"Content-Type": "text/html"}, b'{"task_id": "TASK"}', "TASK"),
        ({"Content-Type": "application/json", "Content-Length": "999"}, b'{"task_id": "TASK"}', "TASK"),
        ({"Content-Type": "application/json"}, b'{"data": {"task_id": "TASK"}}', "TASK"),
        ({"Content-Type": "application/json"}, b'{"id": "TASK"}', "TASK"),
        ({"Content-Type": "application/json"}, b'{"task_id": "a/b c"}', "a/b c"),
    ],
)
def test_an_odd_acceptance_is_unconfirmed_and_its_id_shown_and_attached(
    headers: dict[str, str], body: bytes, named: str, open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path
) -> None:
    """In doubt a person decides, and has the id to decide with; nothing is bought twice."""
    task_id = "cs9viu7i61pk00000001" if named == "TASK" else named
    vendor.script.append(("accept_status", 200, headers, body.replace(b"TASK", task_id.encode())))
    vendor.hold = True
    driver = open_driver()
    driver.run("a", phones(5))
    (task,) = vendor.tasks.values()
    vendor.tasks[task_id], task.task_id = task, task_id
    chunk = driver.ledger.chunk(driver.chunk_key("unconfirmed"))
    assert chunk.possible_task_id == task_id and receipts(tmp_path) == []
    (shown,) = status_document(driver.ws)["chunks"]
    assert task_id in shown["action"] and shown["possible_task_id"] == task_id
    attach_task(driver.ws, driver.client, chunk.chunk_key, task_id)
    assert driver.states() == ["submitted"] and driver.poll().errors == 0
    assert vendor.most_per_phone == len(vendor.posts) == 1


def test_an_answer_without_an_end_is_taken_in_with_its_possible_id(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    """Two misfortunes at once: the chunk is unconfirmed, and the id is with it."""
    vendor.script.append(("accept_status", 200, {"Content-Length": "99"}, b'{"task_id": "abc"}'))
    with pytest.raises(LedgerError):
        open_driver().run("a", phones(5))
    broken.undo()
    driver = open_driver()
    chunk = driver.ledger.chunk(driver.chunk_key("unconfirmed"))
    assert chunk.possible_task_id == "abc" and receipts(tmp_path) == []


@pytest.mark.parametrize("decide", [resubmit, abandon])
def test_a_receipt_of_a_chunk_that_a_person_settled_meanwhile(
    decide: Callable[..., None],
    open_driver: OpenDriver,
    vendor: FakeVendor,
    tmp_path: Path,
    broken: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On another machine, without the receipt: a resubmission that was not sent yet is called off; else the id is kept and shown."""
    other, chunk = without_the_receipt(open_driver, tmp_path, broken)
    decide(other.ws, chunk)
    (tmp_path / "elsewhere").rename(tmp_path / "data" / "receipts")
    third, (task_id,) = open_driver(), vendor.tasks
    row = third.ledger.chunk(chunk)
    if decide is resubmit:
        assert (row.state, row.task_id, row.resubmissions) == (ChunkState.SUBMITTED, task_id, 0)
    else:
        assert (row.state, row.task_id, row.possible_task_id) == (ChunkState.ABANDONED, None, task_id)
    third.send("a")
    assert len(vendor.posts) == 1 and receipts(tmp_path) == []


def test_a_receipt_of_an_unknown_chunk_means_an_older_ledger(
    open_driver: OpenDriver, tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    """It would buy the phones again; the receipt stays until the right ledger is back."""
    driver = open_driver()
    with pytest.raises(LedgerError):
        driver.run("a", phones(5))
    broken.undo()
    (path,) = (tmp_path / "data" / "receipts").iterdir()
    foreign = path.read_text().replace(driver.chunk_key("sending"), "0123456789abcdef")
    (path.parent / "0123456789abcdef-x.json").write_text(foreign)
    with pytest.raises(LedgerError, match="older than a receipt: it does not know chunk 0123456789abcdef") as caught:
        open_driver()
    assert caught.value.exit_code == 2 and (path.parent / "0123456789abcdef-x.json").exists()
    (path.parent / "0123456789abcdef-x.json").write_text(foreign.replace(driver.ledger.uuid, "another"))
    assert open_driver().states() == ["submitted"], "another ledger's receipt is none of ours"


def test_an_id_that_another_chunk_has_is_shown_and_both_are_kept(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The vendor named one task twice: the second chunk waits for a person, and its receipt stays, also over the next open."""
    same = ("accept_status", 200, {"Content-Type": "application/json"}, b'{"task_id": "twice", "status": "pending"}')
    vendor.script.extend([same, same])
    driver = open_driver(chunk_size=5)
    driver.run("a", phones(10))
    again = open_driver()
    (receipt,) = receipts(tmp_path)
    chunk = again.ledger.chunk(again.chunk_key("unconfirmed"))
    assert (receipt["chunk_key"], receipt["task_id"], chunk.possible_task_id) == (chunk.chunk_key, "twice", "twice")
    assert "is kept: task twice already belongs to another chunk" in caplog.text
    abandon(again.ws, chunk.chunk_key)
    purge(again.ws, older_than_days=-1)
    assert len(receipts(tmp_path)) == 1, "its list is with the vendor yet"


def test_an_id_that_reads_as_a_phone_is_whole_only_where_it_is_needed(
    open_driver: OpenDriver,
    vendor: FakeVendor,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    broken: pytest.MonkeyPatch,
) -> None:
    """Not on standard error, in logs or errors; the receipt and `status --json` have it, so that it can be attached."""
    same = ("accept_status", 200, {"Content-Type": "application/json"}, b'{"task_id": 41780000001, "status": "pending"}')
    vendor.script.extend([same, same])
    driver = open_driver(chunk_size=5)
    with pytest.raises(LedgerError):
        driver.run("a", phones(5))
    broken.undo()
    assert "41•••01" in capsys.readouterr().err and receipts(tmp_path)[0]["task_id"] == "41780000001"
    again = open_driver()
    again.run("b", phones(5, 905_330_000_000))
    document = status_document(again.ws)
    say_status(Reporter(as_json=False), again.ws)
    chunk = next(each for each in document["chunks"] if each["state"] == "unconfirmed")
    assert chunk["possible_task_id"] == "41780000001" and "41•••01 (`fbcheck status --json` shows it whole)" in chunk["action"]
    said = capsys.readouterr()
    assert "41•••01" in said.out + said.err and "41780000001" not in said.out + said.err + caplog.text


def test_a_purge_deletes_the_receipts_of_its_chunks(open_driver: OpenDriver, tmp_path: Path) -> None:
    """A receipt is evidence of a chunk, and goes with it."""
    driver = open_driver()
    driver.run("b", phones(5))
    driver.finish()
    (chunk,) = driver.ledger.chunks()
    (tmp_path / "data" / "receipts").mkdir(exist_ok=True)
    (tmp_path / "data" / "receipts" / f"{chunk.chunk_key}-x.json").write_text("{}")
    purge(driver.ws, older_than_days=-1, list_key="b")
    assert list((tmp_path / "data" / "receipts").iterdir()) == []


def test_receipts_lie_beside_the_ledger_and_are_copied_to_data_elsewhere(
    open_driver: OpenDriver, tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    """Whoever opens the ledger on another machine, without the folder, takes the copy in."""
    url = f"sqlite:///{tmp_path}/ledgers/ledger.db"
    (tmp_path / "data" / "ledger.db").unlink()
    driver = open_driver(ledger_url=url)
    with pytest.raises(LedgerError, match=f"kept in {tmp_path}/ledgers/receipts/"):
        driver.run("a", phones(5))
    broken.undo()
    assert len(receipts(tmp_path)) == 1
    shutil.rmtree(tmp_path / "ledgers" / "receipts")
    assert open_driver(ledger_url=url).states() == ["submitted"] and receipts(tmp_path) == []


def test_a_killed_senders_receipt_stays_until_its_chunk_is_settled(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken for gone, yet its answer may still come and be written over the receipt."""

    class Killed(BaseException):
        pass

    def killed(self: VendorClient, payload: bytes) -> None:
        raise Killed

    driver = open_driver()
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(VendorClient, "submit_chunk", killed)
        driver.run("a", phones(5))
    again = open_driver()
    again.ledger.recover_gone_senders()
    assert again.states() == ["unconfirmed"] and len(receipts(tmp_path)) == 1
    abandon(again.ws, again.chunk_key("unconfirmed"))
    assert open_driver().states() == ["abandoned"] and receipts(tmp_path) == []


def test_a_disk_that_is_full_when_the_answer_comes_keeps_it_in_the_receipt(
    make_settings: Callable[..., Any], open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path
) -> None:
    """A small tmpfs for ledger, data and receipts, filled during the POST: nothing is lost, and the next open settles it."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    try:
        driver = open_driver(data_uri=str(place / "data"))

        def fill(index: int, payload: bytes) -> str:
            with pytest.raises(OSError, match="No space left"), (place / "filler").open("wb", buffering=0) as filler:
                while filler.write(b"x" * 4096):
                    pass
            return "accept"

        vendor.script = fill
        with pytest.raises(LedgerError, match=r"(full|disk I/O error).*kept in"):
            driver.run("a", phones(5))
        (path,) = (place / "data" / "receipts").iterdir()
        assert json.loads(path.read_text())["task_id"] in vendor.tasks
        driver.ledger.close()
        (place / "filler").unlink()
        again = open_driver(data_uri=str(place / "data"))
        again.finish()
        assert again.states() == ["collected"]
        again.run("a", phones(5))
        assert again.counts("a") == {"checked": 5} and vendor.most_per_phone == len(vendor.posts) == 1
        again.ledger.close()
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_late_id_of_a_chunk_that_was_replaced_is_its_task_and_shown(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, broken: pytest.MonkeyPatch
) -> None:
    """Resubmitted, replaced because a phone opted out, and sent: the id is what the first try was paid for, and is asked, too."""
    other, chunk = without_the_receipt(open_driver, tmp_path, broken)
    resubmit(other.ws, chunk)
    other.ledger.suppress(phones(1))
    other.send("a")
    shutil.rmtree(tmp_path / "data" / "receipts")
    (tmp_path / "elsewhere").rename(tmp_path / "data" / "receipts")
    third = open_driver()
    shown = {each["chunk_key"]: each for each in status_document(third.ws)["chunks"]}
    assert (shown[chunk]["state"], shown[chunk]["task_id"]) == ("submitted", next(iter(vendor.tasks)))
    assert vendor.accepted.total() == 9 == third.ledger.bought_today()
    assert receipts(tmp_path) == []


def test_a_receipt_that_is_read_late_does_not_move_a_chunk_whose_next_post_is_out(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path
) -> None:
    """The first POST cost nothing; another process has read its receipt, and takes it in when the second is under way."""
    driver, other = open_driver(), open_driver()
    first, seen = list[tuple[Path, dict[str, Any]]](), list[str]()

    def script(index: int, payload: bytes) -> str | int:
        if index == 0:
            (path,) = (tmp_path / "data" / "receipts").iterdir()
            first.append((path, json.loads(path.read_text())))
            return 500
        ((path, receipt),) = first
        path.write_text(json.dumps({**receipt, "answer": "500", "is_free": True}))
        other.ledger.recover_gone_senders()
        seen.extend(other.states())
        return "accept"

    vendor.script = script
    driver.run("a", phones(5))
    assert seen == ["sending"]
    other.run("a", phones(5))
    assert len(vendor.posts) == 2 and vendor.most_per_phone == 1 and driver.states() == ["submitted"]


def test_a_receipt_that_cannot_be_deleted_stops_no_run(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder became read-only after the POST; the ledger has the answer."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    driver = open_driver()
    with monkeypatch.context() as patched:
        patched.setattr("fbcheck_pipeline.ledger.receipts.Receipts._delete", refuse)
        driver.run("a", phones(5))
    open_driver().finish()
    assert driver.counts("a") == {"checked": 5} and vendor.most_per_phone == 1
