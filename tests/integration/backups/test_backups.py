"""Backups of real stores, made while others write, and what a restore brings back: the same answers, and no bill that was paid before."""

from __future__ import annotations

import dataclasses
import itertools
import pkgutil
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError, OperatorError, StorageError
from fbcheck_pipeline.ledger.receipts import Receipts
from fbcheck_pipeline.ledger.restored import UNKNOWN
from fbcheck_pipeline.ledger.schema import ledger_meta
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.backups.back_up import back_up
from fbcheck_pipeline.workflow.backups.restore import RestoredStore, restore
from fbcheck_pipeline.workflow.backups.resume import resume
from fbcheck_pipeline.workflow.backups.target import BackupTarget
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.reconcile import attach_task
from fbcheck_pipeline.workflow.erasing.erase import erase
from fbcheck_pipeline.workflow.erasing.person import person_of, what_is_held
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.erasing.suppress import suppress_file
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import DAY_S, NOON, Clock, drop, new_database, phones
from tests.fake_vendor import FakeVendor
from tests.forked import FORK, PATIENCE_S
from tests.integration.erasing.store import PERSON, grown_store, take_in
from tests.integration.money.test_backup import see_that_it_is_whole
from tests.integration.money.worker_script import die
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced

OpenWs = Callable[..., Workspace]
MakeSettings = Callable[..., Settings]
TODAY = NOON - NOON % DAY_S


@pytest.fixture
def store(ws: Workspace, tmp_path: Path) -> WorkflowDriver:
    """Lists of a person and others, joined; one chunk with the vendor, one planned."""
    driver = WorkflowDriver(ws)
    grown_store(driver, tmp_path / "lists")
    return driver


def more(folder: Path, name: str, numbers: Any) -> Path:
    path = folder / f"{name}.csv"
    path.write_text("phone\n" + "".join(f"+{each}\n" for each in numbers))
    return path


def results(ws: Workspace) -> dict[str, list[dict[str, Any]]]:
    return {
        each.list_key: ws.storage.read_parquet(paths.FACEBOOK_RESULTS.of(each.list_key)).read_all().to_pylist()
        for each in ws.ledger.lists()
        if ws.storage.exists(paths.FACEBOOK_RESULTS.of(each.list_key))
    }


@pytest.fixture(params=["local", pytest.param("shared", marks=pytest.mark.xdist_group("postgres"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Where a store's backup lies, and where it is brought back: a folder, or PostgreSQL with an object store."""
    if request.param == "local":
        return {"backup": str(tmp_path / "backup"), "data_uri": str(tmp_path / "new")}
    s3, url = request.getfixturevalue("s3"), request.getfixturevalue("postgres_url")
    return {"backup": f"{s3}-backup", "data_uri": f"{s3}-new", "ledger_url": url}


@pytest.fixture
def old_place(request: pytest.FixtureRequest, place: dict[str, str]) -> dict[str, str]:
    """Settings of a store that lies where it will be brought back, in another database and under another prefix."""
    if "ledger_url" not in place:
        return {}
    return {"data_uri": request.getfixturevalue("s3"), "ledger_url": new_database(request.getfixturevalue("postgres"))}


def brought_back(make_settings: MakeSettings, clock: Clock, place: dict[str, str]) -> tuple[dict[str, str], RestoredStore]:
    """Restore; the settings of the new place, and what was said."""
    given = {name: value for name, value in place.items() if name != "backup"}
    return given, restore(make_settings(**given), place["backup"], rejoin, clock)


def test_a_restored_store_goes_on_and_buys_nothing_twice_by_itself(
    open_ws: OpenWs,
    make_settings: MakeSettings,
    clock: Clock,
    vendor: FakeVendor,
    place: dict[str, str],
    old_place: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is with the vendor is collected; what may have been sent since the backup waits for a person, whoever brings it again.

    A receipt that outlived its ledger on this machine hinders nobody, and contradicts whoever says that all is known.
    """
    old, numbers = WorkflowDriver(open_ws(**old_place)), phones(100)
    old.run("answered", numbers[:10])
    old.finish()
    vendor.hold = True
    old.run("with the vendor", numbers[10:20])
    old.plan("planned", numbers[20:30])
    back_up(old.ws, place["backup"])
    old.send("planned")
    (lost,) = [each.task_id for each in vendor.tasks.values() if int(each.phones[0][1:]) == numbers[20]]
    with monkeypatch.context() as broken:
        broken.setattr(Receipts, "drop", lambda *_: None)
        old.run("lost", numbers[30:40])

    clock.advance(3600)
    given, _ = brought_back(make_settings, clock, place)
    folders = [each.receipts_folder(old.ledger.uuid) / "receipts" for each in (old.ws.settings, make_settings(**given))]
    if folders[0] != folders[1]:  # beside PostgreSQL they lie in the user's state folder, by the ledger's id
        shutil.copytree(*folders, dirs_exist_ok=True)
    new = WorkflowDriver(open_ws(**given))
    posts = len(vendor.posts)
    for buy in (lambda: new.run("lost", numbers[30:40]), lambda: new.send("planned"), lambda: new.foresee({"x": numbers[60:]})):
        with pytest.raises(OperatorError, match="--resume DAY"):
            buy()
    vendor.finish_all()
    new.finish()
    assert new.counts("with the vendor") == {"checked": 10}

    with pytest.raises(OperatorError, match=r"a receipt tells of a submission on [-0-9]+ that the restored ledger does not know"):
        resume(new.ws, TODAY + DAY_S)
    (chunk_key,) = resume(new.ws, TODAY)
    assert new.counts("planned") == {"unconfirmed": 10}
    attach_task(new.ws, new.client, chunk_key, lost)
    new.finish()
    assert new.counts("planned") == {"checked": 10}
    for again in Again:
        new.run("lost", numbers[25:40], again=again)
        assert new.ledger.phone_list("lost").held.startswith(UNKNOWN) and new.counts("lost") == {"reused": 5, "waiting": 10}
    new.run("reuses", numbers[:30])
    assert new.counts("reuses") == {"reused": 30} and new.ledger.phone_list("reuses").held is None
    assert (len(vendor.posts), vendor.most_per_phone) == (posts, 1)


@pytest.fixture
def restored(ws: Workspace, clock: Clock) -> WorkflowDriver:
    """A ledger that was restored an hour ago, with one planned chunk of ten phones, and a person's word that today is unknown."""
    driver = WorkflowDriver(ws)
    driver.plan("planned", phones(10))
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.update(ledger_meta).values(restored_at=clock()))
    clock.advance(3600)
    resume(ws, TODAY)
    return driver


def test_what_a_person_confirms_is_bought_and_what_nobody_does_once_no_verdict_would_be_reused(
    restored: WorkflowDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """By then a phone of the unknown time would be bought again anyhow."""
    numbers = phones(40, 905_320_001_000)
    restored.run("confirmed", numbers[:10])
    assert not vendor.posts
    restored.submit("confirmed", numbers[:10], is_confirmed=True)
    restored.submit("confirmed", numbers[:12])  # once is enough
    assert len(vendor.posts) == 2
    clock.advance(restored.ws.settings.verdict_days * DAY_S)
    restored.run("later", numbers[20:30])
    restored.run("planned", phones(12))  # of this very list they may have been bought
    assert len(vendor.posts) == 3 and vendor.most_per_phone == 1


def test_where_all_submissions_are_known_all_goes_on(restored: WorkflowDriver, vendor: FakeVendor) -> None:
    """A person finds that nothing was submitted after the backup; only the unconfirmed chunk still wants a word of its own."""
    restored.run("held", phones(10, 905_320_001_000))
    assert resume(restored.ws, TODAY) == []
    with pytest.raises(OperatorError, match="have said that all is known"):
        for _ in range(2):
            resume(restored.ws, TODAY + DAY_S)
    assert [each.list_key for each in restored.ledger.lists_to_send()] == ["held"]
    restored.submit("held", phones(10, 905_320_001_000))
    assert len(vendor.posts) == 1 and restored.states().count("unconfirmed") == 1


def test_a_list_that_waits_for_others_is_not_bought_along_while_it_is_in_doubt(
    restored: WorkflowDriver, vendor: FakeVendor
) -> None:
    """Its phones wait for a fuller chunk; another list's chunk would take them along."""
    restored.ws = dataclasses.replace(restored.ws, settings=restored.ws.settings.model_copy(update={"min_chunk": 5}))
    few, many = phones(3, 905_320_001_000), phones(10, 905_320_002_000)
    restored.begin("few")
    with restored.ledger.planning() as tx:
        tx.keep_waiting("few", few)
    restored.submit("many", many, is_confirmed=True)
    assert len(vendor.posts) == 1 and str(few[0]).encode() not in vendor.posts[0]


def test_opt_outs_and_erasures_after_the_backup_hold_in_the_restored_store(
    store: WorkflowDriver, open_ws: OpenWs, make_settings: MakeSettings, clock: Clock, tmp_path: Path, place: dict[str, str]
) -> None:
    """A restored store neither submits who opted out meanwhile, nor holds the number of who was erased."""
    opted_out = 905_320_009_000
    back_up(store.ws, place["backup"])
    read = ReadOptions(region="TR")
    suppress_file(store.ws, more(tmp_path, "opt-outs", [opted_out]), read)
    erase(store.ws, person_of(np.array([PERSON])), rejoin)
    assert not store.ledger.untold_backups()
    given, said = brought_back(make_settings, clock, place)
    assert (said.opt_outs_since, said.erased, said.unread) == (2, 1, [])
    ws = open_ws(**given)
    assert what_is_held(ws, person_of(np.array([PERSON]))).is_nothing
    assert ws.ledger.suppressed_among(np.array([PERSON, opted_out])).all()
    assert results(ws) == results(store.ws)
    again = back_up(ws, place["backup"])  # a later backup has them itself
    assert again.copied and not BackupTarget(place["backup"]).storage.names("since")


def test_an_erasure_by_a_clock_that_was_set_back_reaches_the_backups_before_it(
    store: WorkflowDriver, make_settings: MakeSettings, clock: Clock, tmp_path: Path
) -> None:
    """It seemed older than they were: once there was a newer backup, the next opt-out was told to the older one without it."""
    older = str(tmp_path / "older")
    back_up(store.ws, older)
    clock.advance(-3 * DAY_S)
    erase(store.ws, person_of(np.array([PERSON])), rejoin)
    clock.advance(3 * DAY_S + 60)
    back_up(store.ws, str(tmp_path / "newer"))
    suppress_file(store.ws, more(tmp_path, "opt-outs", [905_320_009_000]), ReadOptions(region="TR"))
    _, said = brought_back(make_settings, clock, {"backup": older, "data_uri": str(tmp_path / "new")})
    assert said.erased == 1


def test_a_backup_that_cannot_be_told_is_told_later_and_keeps_no_erasure_waiting(
    store: WorkflowDriver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its disk is away: an erasure ends all the same, and the next command tells of it."""
    backup, away = tmp_path / "backup", tmp_path / "away"
    back_up(store.ws, str(backup))
    backup.rename(away)
    erase(store.ws, person_of(np.array([PERSON])), rejoin)
    assert what_is_held(store.ws, person_of(np.array([PERSON]))).is_nothing
    assert "lacks the newest opt-outs and erasures" in caplog.text and not backup.exists()
    away.rename(backup)
    suppress_file(store.ws, more(tmp_path, "opt-outs", [PERSON]), ReadOptions(region="TR"))  # says nothing new
    assert not store.ledger.untold_backups() and len(BackupTarget(str(backup)).storage.names("since")) == 1


def test_a_second_backup_copies_what_is_new_and_holds_nothing_that_was_deleted(store: WorkflowDriver, tmp_path: Path) -> None:
    """A person who was erased is in the next backup no more."""
    place = BackupTarget(str(tmp_path / "backup"))
    first = back_up(store.ws, place.address)
    assert (first.files, back_up(store.ws, place.address).copied) == (first.copied, 0)
    erase(store.ws, person_of(np.array([PERSON])), rejoin)
    assert 0 < back_up(store.ws, place.address).copied < first.copied
    assert place.contents() == place.manifest().contents()
    for each in place.contents():
        assert str(PERSON).encode() not in place.storage.read_bytes(f"objects/{each}")


def dying(at: tuple[str, str, int], work: Callable[..., object], *args: object) -> None:
    """Do it in a process of its own that is killed before, or after, the n-th call of a function."""
    process = FORK.Process(target=_live, args=(at, work, args))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == -signal.SIGKILL, f"it was not killed at {at}, but ended with {process.exitcode}"


def _live(at: tuple[str, str, int], work: Callable[..., object], args: tuple[object, ...]) -> None:
    name, when, left = at
    original, calls = pkgutil.resolve_name(f"fbcheck_pipeline.workflow.backups.{name}"), itertools.count(1)

    def wrapped(*given: Any, **named: Any) -> Any:
        is_it = next(calls) == left
        if is_it and when == "before":
            die()
        result = original(*given, **named)
        if is_it:
            die()
        return result

    with patch(f"fbcheck_pipeline.workflow.backups.{name}", wrapped), nothing_synced():
        work(*args)


def _back_up(settings: Settings, place: str) -> None:
    back_up(open_workspace(settings, only_to_look=True), place)


def _restore(settings: Settings, place: str) -> None:
    restore(settings, place, rejoin)


BACKUP_POINTS = [
    ("target.BackupTarget.claim", "after", 1),
    ("target.BackupTarget.keep", "after", 7),
    ("back_up.copy_rows", "before", 1),
    ("target.BackupTarget.publish", "before", 1),
    ("target.BackupTarget.publish", "after", 1),
    ("target.BackupTarget.drop_others", "before", 1),
]
RESTORE_POINTS = [
    ("restore._copy_files", "before", 1),
    ("target.BackupTarget.copy_out", "after", 7),
    ("restore.migrate", "after", 1),
    ("restore._fill", "after", 1),
    ("restore.erase", "before", 1),
    ("restore.erase", "after", 1),
    ("restore.stamp", "after", 1),
]


def test_a_backup_that_is_killed_leaves_the_one_before_or_itself_whole(store: WorkflowDriver, tmp_path: Path) -> None:
    """Whatever a restore believes is whole; and the next backup ends what is left."""
    place = BackupTarget(str(tmp_path / "backup"))
    for number, point in enumerate(BACKUP_POINTS):
        take_in(store, more(tmp_path, f"more-{number}", phones(5, 905_320_010_000 + 10 * number)))
        before = place.manifest()
        dying(point, _back_up, store.ws.settings, place.address)
        now = place.manifest()
        assert (now is None) if number < 4 else now is not None and now != before
        assert now is None or now.contents() <= place.contents()
    done = back_up(store.ws, place.address)
    assert place.manifest().made_at == done.made_at and place.contents() == place.manifest().contents()


def test_a_restore_that_is_killed_is_ended_by_the_same_command_and_by_nothing_else(
    store: WorkflowDriver, open_ws: OpenWs, make_settings: MakeSettings, tmp_path: Path, clock: Clock
) -> None:
    """A store that is half there, or still holds who was erased, is opened by nobody."""
    place = str(tmp_path / "backup")
    back_up(store.ws, place)
    erase(store.ws, person_of(np.array([PERSON])), rejoin)
    settings = make_settings(data_uri=str(tmp_path / "new"))
    for point in RESTORE_POINTS:
        dying(point, _restore, settings, place)
        for only_to_look in (False, True):
            with pytest.raises(LedgerError, match="run the same `fbcheck restore FROM` again"):
                open_workspace(settings, only_to_look=only_to_look)
    drop(tmp_path / "new", "dropped.csv", "phone\n")
    restore(settings, place, rejoin, clock)
    ws = open_ws(data_uri=settings.data_uri)
    assert what_is_held(ws, person_of(np.array([PERSON]))).is_nothing and results(ws) == results(store.ws)
    assert ws.ledger.why_nothing_is_bought() and ws.storage.exists("inbox/dropped.csv")


@pytest.mark.parametrize("moment", ["_Copies._copy", "copy_rows"], ids=["while files are copied", "while the ledger's rows are"])
def test_who_is_erased_and_what_is_purged_while_a_backup_is_made(
    moment: str,
    store: WorkflowDriver,
    open_ws: OpenWs,
    make_settings: MakeSettings,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cut is of one moment all the same. Who is in it is erased again by a restore; what was purged after it comes back whole."""
    place = {"backup": str(tmp_path / "backup"), "data_uri": str(tmp_path / "new")}
    original, calls = pkgutil.resolve_name(f"fbcheck_pipeline.workflow.backups.back_up.{moment}"), itertools.count()
    purged = next(each.list_key for each in store.ledger.lists() if each.file == "leads.xlsx")

    def meanwhile(*given: Any, **named: Any) -> Any:
        if next(calls) == 0:
            other = open_ws()
            monkeypatch.setattr(other.ledger, "wipe_deleted", lambda: None)  # the backup reads in this very thread
            erase(other, person_of(np.array([PERSON])), rejoin)
            purge(other, older_than_days=None, list_key=purged)
        return original(*given, **named)

    with patch(f"fbcheck_pipeline.workflow.backups.back_up.{moment}", meanwhile):
        back_up(store.ws, place["backup"])
    given, said = brought_back(make_settings, clock, place)
    ws, is_after = open_ws(**given), moment == "copy_rows"
    see_that_it_is_whole(ws)
    assert what_is_held(ws, person_of(np.array([PERSON]))).is_nothing
    assert (said.opt_outs_since, said.erased) == (is_after, is_after)
    found, left = results(ws), results(store.ws)
    assert found.keys() - left.keys() == ({purged} if is_after else set())
    assert {key: found[key] for key in left} == left


def test_an_object_store_that_fails_half_way_is_named_and_the_same_command_ends_the_work(
    store: WorkflowDriver, open_ws: OpenWs, make_settings: MakeSettings, clock: Clock, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that may not, a store that does not answer: nothing is believed that is not whole, neither the backup nor what it brings back."""
    import aiobotocore.client
    from botocore.exceptions import ClientError, EndpointConnectionError

    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "any")
    away = EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
    call, place = aiobotocore.client.AioBaseClient._make_api_call, {"backup": f"{s3}-backup", "data_uri": f"{s3}-new"}
    place["ledger_url"] = make_settings().ledger_address.replace("ledger.db", "new.db")
    settings = make_settings(**{name: value for name, value in place.items() if name != "backup"})

    def failing(operation: str, number: int, error: Exception, work: Callable[[], object]) -> None:
        calls = itertools.count(1)

        async def fail(self: Any, asked: str, given: dict[str, Any]) -> Any:
            if asked == operation and next(calls) >= number:
                raise error
            return await call(self, asked, given)

        with monkeypatch.context() as patched, pytest.raises(StorageError, match=r"Access Denied|Could not connect"):
            patched.setattr(aiobotocore.client.AioBaseClient, "_make_api_call", fail)
            work()

    target = BackupTarget(place["backup"])
    for operation, number, error in [("PutObject", 1, denied), ("PutObject", 9, away), ("ListObjectsV2", 1, away)]:
        failing(operation, number, error, lambda: back_up(store.ws, place["backup"]))
        assert target.manifest() is None
    back_up(store.ws, place["backup"])
    whole = target.manifest()
    failing("HeadObject", 1, away, lambda: back_up(store.ws, place["backup"]))
    assert target.manifest() == whole
    for operation, number, error in [("GetObject", 9, denied), ("PutObject", 9, away), ("PutObject", 2, denied)]:
        failing(operation, number, error, lambda: restore(settings, place["backup"], rejoin, clock))
        with pytest.raises(LedgerError, match="run the same `fbcheck restore FROM` again"):
            open_workspace(settings)
    given, _ = brought_back(make_settings, clock, place)
    assert results(open_ws(**given)) == results(store.ws)


def test_a_restore_refuses_what_is_no_whole_backup_and_a_place_that_is_not_empty(
    store: WorkflowDriver, make_settings: MakeSettings, tmp_path: Path
) -> None:
    """One sentence each, before anything is written, save where only reading a content shows that it is damaged."""
    place, fresh = BackupTarget(str(tmp_path / "backup")), make_settings(data_uri=str(tmp_path / "new"))

    def refused(words: str, settings: Settings = fresh) -> None:
        with pytest.raises((OperatorError, StorageError, LedgerError), match=words):
            restore(settings, place.address, rejoin)

    refused("has no backup")
    back_up(store.ws, place.address)
    whole, manifest = place.storage.read_bytes("manifest.json"), place.manifest()
    place.storage.write_bytes("manifest.json", whole[:-20])
    refused("is damaged, so this is no backup")
    place.storage.write_bytes("manifest.json", whole.replace(b"raw_phones/", b"raw_phones/../../x/", 1))
    refused("names files that are none of a store")
    place.storage.write_bytes("manifest.json", whole)
    refused("already; restore needs an empty", store.ws.settings)
    refused("is bound to the vendor", make_settings(data_uri=str(tmp_path / "new"), api_url="http://127.0.0.1:9"))
    drop(tmp_path / "other", "list.csv", "phone\n")
    refused("other is not empty", make_settings(data_uri=str(tmp_path / "other")))
    assert not (tmp_path / "new").exists()
    name = f"objects/{manifest.files[next(iter(manifest.files))].sha256}"
    content = place.storage.read_bytes(name)
    place.storage.write_bytes(name, content + b"x")
    refused("is damaged or lost")
    place.storage.delete(name)
    refused("lacks 1 of its files")
    with pytest.raises(LedgerError, match="a restore of these data did not end"):
        open_workspace(fresh)
    place.storage.write_bytes(name, content)
    restore(fresh, place.address, rejoin)


def test_a_backup_never_takes_the_place_of_another_stores_or_of_other_files(
    store: WorkflowDriver, open_ws: OpenWs, tmp_path: Path
) -> None:
    """A wrong path, or two machines with one target."""
    back_up(store.ws, str(tmp_path / "backup"))
    other = open_ws(data_uri=str(tmp_path / "other"))
    with pytest.raises(OperatorError, match="has the backup of another store"):
        back_up(other, str(tmp_path / "backup"))
    with pytest.raises(OperatorError, match="is not empty and has no backup"):
        back_up(other, str(tmp_path / "lists"))
    assert other.ledger.backup_targets() == []
    with other.ledger.backing_up(str(tmp_path / "mine")), pytest.raises(OperatorError, match="is being made now"):
        back_up(other, str(tmp_path / "mine"))
    with other.ledger.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001.99'"))
    with pytest.raises(LedgerError, match="would leave out what it does not know"):
        back_up(other, str(tmp_path / "mine"))
