"""A ledger that is lost, older, foreign, newer or bound to another vendor is noticed before anything is sent."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fbcheck_pipeline.errors import LedgerError, StorageError
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.buying.send import RetryPolicy
from fbcheck_pipeline.workflow.erasing.erase import erase
from fbcheck_pipeline.workflow.erasing.person import person_of
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.erasing.suppress import suppress_file
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import Clock, phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenWs = Callable[..., Workspace]


def ledger_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.db"


def copy_of(open_ws: OpenWs, tmp_path: Path) -> Path:
    """A backup of the ledger as it is now."""
    backup = tmp_path / "backup.db"
    with sqlite3.connect(ledger_file(tmp_path)) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    return backup


def put_back(backup: Path, tmp_path: Path) -> None:
    for each in ledger_file(tmp_path).parent.glob("ledger.db*"):
        if each.is_file():
            each.unlink()
    shutil.copy(backup, ledger_file(tmp_path))


def opt_out(ws: Workspace, tmp_path: Path, count: int) -> None:
    """As `fbcheck suppress` does."""
    file = tmp_path / "opt-outs.csv"
    file.write_text("phone\n" + "".join(f"+{phone}\n" for phone in phones(count)))
    assert suppress_file(ws, file, ReadOptions()).changed == count


def refused(open_ws: OpenWs, match: str, **given: object) -> None:
    with pytest.raises(LedgerError, match=match) as caught:
        open_ws(**given)
    assert caught.value.exit_code == 2


def test_data_without_their_ledger_are_refused(open_ws: OpenWs, tmp_path: Path) -> None:
    """With an empty ledger everything would be bought again."""
    open_ws().ledger.close()
    ledger_file(tmp_path).unlink()
    refused(open_ws, "belongs to a ledger that is not")
    refused(open_ws, "belongs to a ledger that is not")


def test_another_datas_ledger_is_refused(open_ws: OpenWs, tmp_path: Path) -> None:
    """Two data folders, and LEDGER_URL names the wrong one."""
    open_ws().ledger.close()
    open_ws(data_uri=str(tmp_path / "other")).ledger.close()
    refused(open_ws, "another ledger", ledger_url=f"sqlite:///{tmp_path}/other/ledger.db")


def test_a_used_ledger_does_not_adopt_an_empty_folder(open_ws: OpenWs, tmp_path: Path) -> None:
    """DATA_URI has a slip of the pen: the lists' files would be written where nobody looks."""
    ws = open_ws()
    ws.ledger.register_list("a", file="a", source="s", sha256="a", options={}, purpose=None)
    refused(open_ws, "other data", data_uri=str(tmp_path / "typo"), ledger_url=f"sqlite:///{ledger_file(tmp_path)}")


def test_another_working_directory_means_the_same_ledger(
    open_ws: OpenWs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative DATA_URI is made absolute; a relative LEDGER_URL that leads elsewhere is noticed."""
    (tmp_path / "elsewhere").mkdir()
    first = open_ws(data_uri="data", ledger_url="sqlite:///ledger.db")
    monkeypatch.chdir(tmp_path / "elsewhere")
    refused(open_ws, "not at FBCHECK_LEDGER_URL", data_uri=first.settings.data_uri, ledger_url="sqlite:///ledger.db")


def test_another_vendor_origin_is_refused(open_ws: OpenWs) -> None:
    """No sandbox verdict may ever answer a real question."""
    open_ws()
    refused(open_ws, "bound to the vendor", api_url="http://127.0.0.1:9")


def test_a_ledger_older_than_the_chunks_is_refused(open_ws: OpenWs, tmp_path: Path, vendor: FakeVendor) -> None:
    """It does not know of phones that were paid for since."""
    driver = WorkflowDriver(open_ws())
    driver.run("a", phones(10))
    backup = copy_of(open_ws, tmp_path)
    driver.run("b", phones(10, 905_330_000_000))
    driver.ledger.close()
    put_back(backup, tmp_path)
    refused(open_ws, "older than its data")


def test_a_ledger_that_believes_a_sent_chunk_unsent_is_refused(open_ws: OpenWs, tmp_path: Path, vendor: FakeVendor) -> None:
    """It knows the chunk, as planned, even as tried once for free: it would send it again."""
    vendor.script.append(500)
    driver = WorkflowDriver(open_ws())
    driver.plan("a", phones(10))

    assert driver.send("a", RetryPolicy(tries=1)).postponed
    backup = copy_of(open_ws, tmp_path)
    assert driver.send("a").chunks == 1
    driver.ledger.close()
    put_back(backup, tmp_path)
    refused(open_ws, "does not know the last submission;")
    assert vendor.most_per_phone == 1


def test_the_newest_backup_is_accepted(open_ws: OpenWs, tmp_path: Path, vendor: FakeVendor) -> None:
    """The check must not cry wolf."""
    driver = WorkflowDriver(open_ws())
    driver.run("a", phones(10))
    backup = copy_of(open_ws, tmp_path)
    driver.ledger.close()
    put_back(backup, tmp_path)
    again = WorkflowDriver(open_ws())
    again.run("a", phones(10))
    again.finish()
    assert again.counts("a") == {"checked": 10}
    assert vendor.most_per_phone == 1


def test_data_whose_stamp_is_lost_are_refused(open_ws: OpenWs, tmp_path: Path) -> None:
    """Without it nobody can tell whose data these are."""
    WorkflowDriver(open_ws()).run("a", phones(3))
    (tmp_path / "data" / "ledger-id.json").unlink()
    refused(open_ws, "holds data but no ledger-id.json")


def test_a_ledger_of_a_newer_version_is_refused(open_ws: OpenWs, tmp_path: Path) -> None:
    """Its tables may mean something else."""
    open_ws().ledger.close()
    with sqlite3.connect(ledger_file(tmp_path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused(open_ws, "newer")


def test_a_store_of_the_layout_before_the_first_release_is_refused(open_ws: OpenWs, tmp_path: Path) -> None:
    """Its ledger has no sources; or its ledger is elsewhere, and the lineage lies among the results."""
    open_ws().ledger.close()
    results = tmp_path / "data" / "facebook_results"
    results.mkdir()
    (results / "a.lineage.json").write_text("{}")
    refused(open_ws, "before its first release")
    (results / "a.lineage.json").unlink()
    open_ws().ledger.close()
    with sqlite3.connect(ledger_file(tmp_path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    refused(open_ws, "before its first release")


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "postgresql+nodriver://x/y"])
def test_an_unknown_database_is_refused(open_ws: OpenWs, url: str) -> None:
    """With a sentence, not a traceback."""
    refused(open_ws, "FBCHECK_LEDGER_URL", ledger_url=url)


def test_what_is_no_database_is_refused_and_left_alone(open_ws: OpenWs, tmp_path: Path) -> None:
    """A wrong path must not be overwritten."""
    file = tmp_path / "letter.txt"
    file.write_text("dear diary, " * 1000)
    refused(open_ws, "cannot be opened", ledger_url=f"sqlite:///{file}")
    assert file.read_text().startswith("dear diary")


def test_a_submission_that_cannot_be_stamped_is_not_made(
    open_ws: OpenWs, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disk full between `sending` and the POST: nothing leaves, the chunk is planned again, nothing is unconfirmed."""
    driver = WorkflowDriver(open_ws())
    driver.plan("a", phones(10))

    def full(*_: object) -> None:
        raise StorageError("no space left on device")

    monkeypatch.setattr("fbcheck_pipeline.workflow.buying.send.stamp", full)
    with pytest.raises(StorageError):
        driver.send("a")
    monkeypatch.undo()
    assert vendor.posts == []
    assert driver.send("a").chunks == 1


def test_the_stamp_counts_submissions(open_ws: OpenWs, tmp_path: Path, clock: Clock) -> None:
    """It is the data's own memory of what was sent, answered, forbidden and deleted."""
    driver = WorkflowDriver(open_ws(chunk_size=5))
    driver.run("a", phones(12))
    driver.finish()
    opt_out(driver.ws, tmp_path, 2)
    purge(driver.ws, older_than_days=None, list_key="a")
    stamped = json.loads((tmp_path / "data" / "ledger-id.json").read_text())
    counts = {"sendings": 3, "suppressions": 1, "collections": 3, "purges": 1, "erasures": 0}
    assert stamped == {"ledger_uuid": driver.ledger.uuid, **counts}


@pytest.mark.parametrize("change", ["an opt-out", "a result", "a purge"])
def test_an_older_ledger_is_refused_also_when_nothing_was_sent_since(
    change: str, open_ws: OpenWs, tmp_path: Path, vendor: FakeVendor
) -> None:
    """It would send phones that opted out, buy phones that were answered, or believe in verdicts that were deleted."""
    driver = WorkflowDriver(open_ws())
    driver.run("a", phones(10))
    backup = copy_of(open_ws, tmp_path)
    if change == "an opt-out":
        opt_out(driver.ws, tmp_path, 10)
    else:
        driver.finish()
    if change == "a purge":
        backup = copy_of(open_ws, tmp_path)
        purge(driver.ws, older_than_days=None, list_key="a")
    driver.ledger.close()
    put_back(backup, tmp_path)
    refused(open_ws, "older than its data: it does not know the last ")
    assert len(vendor.posts) == 1


def test_a_change_whose_process_was_killed_before_it_stamped_is_stamped_by_the_next(open_ws: OpenWs, tmp_path: Path) -> None:
    """Else an older ledger could come back unnoticed for as long as nothing else changes."""
    driver = WorkflowDriver(open_ws())
    driver.run("a", phones(3))
    backup = copy_of(open_ws, tmp_path)
    driver.ledger.suppress(phones(3, 905_440_000_000))
    driver.ledger.close()
    open_ws().ledger.close()
    put_back(backup, tmp_path)
    refused(open_ws, "the last import of opt-outs")


def test_looking_creates_nothing_and_asks_for_no_vendor(
    open_ws: OpenWs, make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """`status` in a wrong folder must leave no ledger there; and a result may be read when its vendor is gone."""
    empty = open_workspace(make_settings(data_uri=str(tmp_path / "nowhere")), only_to_look=True)
    assert empty.ledger.lists() == [] and not (tmp_path / "nowhere").exists()
    ws = open_ws()
    ws.ledger.register_list("a", file="a", source="s", sha256="a", options={}, purpose=None)
    elsewhere = open_workspace(make_settings(api_url="https://vendor.example"), only_to_look=True)
    assert [row.list_key for row in elsewhere.ledger.lists()] == ["a"]
    ledger_file(tmp_path).unlink()
    with pytest.raises(LedgerError, match="belongs to a ledger that is not"):
        open_workspace(make_settings(), only_to_look=True)


def test_what_deletes_without_a_ledger_is_refused_and_leaves_no_stamp(make_settings: Callable[..., Settings]) -> None:
    """The stamp of a ledger in memory would refuse the true one, and an opt-out would be lost."""
    nowhere = open_workspace(make_settings(), only_to_look=True)
    person = person_of(np.array([905_320_000_010]))
    for what in (lambda: erase(nowhere, person, rejoin), lambda: purge(nowhere, older_than_days=0)):
        with pytest.raises(LedgerError, match="there is no ledger at FBCHECK_LEDGER_URL"):
            what()
    assert not nowhere.storage.exists("ledger-id.json")
    nowhere.ledger.close()
    open_workspace(make_settings()).ledger.close()
