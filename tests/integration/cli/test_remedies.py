"""What a person may get wrong with a list, and what `fbcheck run` then says."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from fbcheck_pipeline.defs.requests import MOST_ATTEMPTS
from fbcheck_pipeline.lists import list_key
from tests.fake_vendor import FakeVendor, Task
from tests.integration.cli.fbcheck import Fbcheck, write_list


def test_a_list_wholly_without_region_says_so_and_the_remedy_works(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Before it is recorded, the option is enough; afterwards its reading is fixed until it is purged, and a dry run says so, too."""
    path = write_list(tmp_path / "a.csv", ["078 000 00 01", "078 000 00 02"])
    code, document, err = fbcheck("run", str(path), "--dry-run", "--json")
    assert code == 0 and document["lists"][0]["hint"].startswith("2 of 2 numbers have no country code") and "--region TR" in err
    code, document, err = fbcheck("run", str(path), "--json")
    assert code == 0 and "purge --list" in document["lists"][0]["hint"] and ": 2 of 2 numbers" in err
    key = document["lists"][0]["list_key"]
    for options in (["--dry-run"], []):
        code, _, err = fbcheck("run", str(path), "--region", "CH", *options)
        assert code == 2 and f"fbcheck purge --list {key}" in err
    assert fbcheck("purge", "--list", key, "--json")[1]["list_keys"] == [key]
    code, document, _ = fbcheck("run", str(path), "--region", "CH", "--json")
    assert (code, document["lists"][0]["counts"]["checked"], document["lists"][0]["hint"]) == (0, 2, None)


def test_what_stops_a_list_is_said_also_to_one_who_wants_quiet(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """A folder in place of its files, a missing purpose, a variable that does nothing; nothing is sent."""
    path = write_list(tmp_path / "a.csv", ["+41780000001"])
    code, document, err = fbcheck("run", str(tmp_path), str(path), "--quiet", "--json", REQUIRE_PURPOSE="yes", REGOIN="CH")
    assert code == 2 and document["lists"] == [] and not vendor.posts
    warning, *errors = err.splitlines()
    assert warning == "warning: FBCHECK_REGOIN is no setting and does nothing; did you mean FBCHECK_REGION?"
    assert ["FBCHECK_REQUIRE_PURPOSE" in error for error in errors] == [True, True]
    code, _, err = fbcheck("run", str(tmp_path), "--quiet", "--purpose", "test", REQUIRE_PURPOSE="yes")
    assert code == 2 and "this is a folder; name the lists in it" in err


@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_says_nothing_of_a_run_that_went_well(fbcheck: Fbcheck, tmp_path: Path, quiet: bool) -> None:
    """And without it there is something to read."""
    code, _, err = fbcheck("run", str(write_list(tmp_path / "a.csv", ["+41780000001"])), *(["--quiet"] if quiet else []))
    assert code == 0 and (bool(err), "billed 1 phone" in fbcheck.out, bool(fbcheck.out)) == ((not quiet,) * 3), err


FULL_FOR_DAGSTER = """
import sqlalchemy as sa
@sa.event.listens_for(sa.Engine, "connect")
def fill(connection, record):
    if "/dagster/" in connection.execute("PRAGMA database_list").fetchone()[2]:
        connection.execute("PRAGMA max_page_count=1")
"""


def test_a_disk_that_is_full_where_dagster_writes_is_named(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """It fills first, since Dagster writes most; the same command goes on when there is space."""
    assert fbcheck("run", str(write_list(tmp_path / "a.csv", ["+41780000001"])))[0] == 0
    path = str(write_list(tmp_path / "b.csv", ["+41780000002"]))
    fbcheck.prelude = FULL_FOR_DAGSTER
    code, _, err = fbcheck("run", path)
    assert code == 2 and "Dagster's own files cannot be written (database or disk is full)" in err and "+4178" not in err
    fbcheck.prelude = ""
    assert fbcheck("run", path)[0] == 0 and vendor.most_per_phone == 1


@pytest.mark.parametrize(
    ("config", "reason"), [("a: {b", "ParserError"), ("run_quue: 3", "DagsterInvalidConfigError"), (None, "File exists")]
)
def test_a_dagster_home_that_cannot_be_opened_is_named(
    config: str | None, reason: str, fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Seen: an unexpected ParserError, which was to be reported, for a brace that was forgotten."""
    home = tmp_path / "home"
    if config is None:
        home.touch()
    else:
        home.mkdir()
        (home / "dagster.yaml").write_text(config)
    fbcheck.environment["DAGSTER_HOME"] = str(home)
    code, _, err = fbcheck("run", str(write_list(tmp_path / "a.csv", ["+41780000001"])))
    assert code == 2 and f"error: Dagster's instance in {home} cannot be opened ({reason}); correct" in err and not vendor.posts


AT_ONCE = "from fbcheck_pipeline.cli import attempts; attempts.FIRST_PAUSE_S = 0.001"


def jobs(fbcheck: Fbcheck) -> Counter[tuple[str, str]]:
    """Dagster's runs so far, by job and how they ended."""
    with closing(sqlite3.connect(fbcheck.data / "dagster" / "history" / "runs.db")) as database:
        return Counter(database.execute("SELECT pipeline_name, status FROM runs"))


def test_what_fails_for_good_is_tried_five_times_and_others_go_on(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """A join, while the run waits for another list, whose result cannot be stored then: 1,611 failed runs filled a disk once.

    Each is told once, and the same command goes on when it is mended.
    """
    path, other = write_list(tmp_path / "a.csv", ["+41780000001"]), write_list(tmp_path / "b.csv", ["+41780000002"])
    results, verdicts = fbcheck.data / "facebook_results", fbcheck.data / "verdicts"
    blocked = results / f"{list_key(path)}.parquet"
    (blocked / "in the way").mkdir(parents=True)

    def is_processing(task: Task) -> str | None:
        if "+41780000002" not in task.phones:
            return None
        if jobs(fbcheck)["join_list", "FAILURE"] < MOST_ATTEMPTS:
            return "processing"
        (verdicts / f"{task.task_id}.parquet" / "in the way").mkdir(parents=True, exist_ok=True)
        return None

    vendor.status_hook = is_processing
    fbcheck.prelude = AT_ONCE
    code, document, err = fbcheck("run", str(path), str(other), "--json", POLL_SECONDS="0.05")
    assert code == 2 and [each["complete"] for each in document["lists"]] == [False, False]
    assert sorted(document["errors"]) == ["", list_key(path)]
    assert [err.count(f"error: cannot write {each}") for each in (results, verdicts)] == [1, 1]
    assert [jobs(fbcheck)[job, "FAILURE"] for job in ("join_list", "collect_verdicts")] == [MOST_ATTEMPTS] * 2
    shutil.rmtree(blocked)
    for each in verdicts.glob("*/in the way"):
        shutil.rmtree(each.parent)
    vendor.status_hook = lambda _: None
    assert fbcheck("run", str(path), str(other), "--json")[0] == 0 and vendor.most_per_phone == 1


def test_a_run_whose_ledger_was_migrated_meanwhile_ends_with_the_reason(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """An upgrade while it waits: it is told once, at the next write, and what was billed is not said to be nothing."""

    def migrate(task: Task) -> None:
        with closing(sqlite3.connect(fbcheck.data / "ledger.db")) as database, database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")

    vendor.status_hook = migrate
    fbcheck.prelude = AT_ONCE
    paths = [str(write_list(tmp_path / f"{number}.csv", [f"+4178000000{number}"])) for number in range(2)]
    code, document, err = fbcheck("run", *paths, "--json")
    assert (code, document["billed_phones"]) == (2, None) and err.count("the ledger to version 9999") == 1
    assert jobs(fbcheck) == {("submit_list", "SUCCESS"): 2}
