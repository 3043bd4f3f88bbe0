"""The doctor finds each fault by name and says how to fix it; what may be intended is a note."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest

from fbcheck_pipeline.cli import doctor
from fbcheck_pipeline.sandbox import Sandbox
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.bench.history import fill
from tests.fake_vendor import FakeVendor
from tests.unit.cli.conftest import Run

Examine = Callable[..., tuple[int, dict[str, tuple[str, str]]]]


@pytest.fixture
def examine(fbcheck: Run, monkeypatch: pytest.MonkeyPatch, vendor: FakeVendor, tmp_path: Path) -> Examine:
    """Settings by name without prefix -> exit code, and level and sentence of each finding."""
    monkeypatch.setattr(doctor, "LOCK_WAIT_S", 0.05)

    def run(**given: str) -> tuple[int, dict[str, tuple[str, str]]]:
        for name, value in {"API_URL": vendor.url, "API_KEY": "k", "DATA_URI": str(tmp_path / "data"), **given}.items():
            monkeypatch.setenv(f"FBCHECK_{name}", value)
        code, document, err = fbcheck("doctor", "--json")
        assert "Traceback" not in err
        return code, {each["what"]: (each["level"], each["said"]) for each in document["findings"]}

    return run


@pytest.fixture
def ledger(vendor: FakeVendor, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The ledger of an installation that was in use before, open to whoever breaks it."""
    settings = load_settings(api_url=vendor.url, api_key="k", data_uri=str(tmp_path / "data"))
    open_workspace(settings).ledger.close()
    connection = sqlite3.connect(tmp_path / "data" / "ledger.db", isolation_level=None)
    yield connection
    connection.close()


@contextmanager
def somebody_else() -> Iterator[str]:
    """A web server that is no vendor."""
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_healthy_installation_is_healthy(examine: Examine, ledger: sqlite3.Connection) -> None:
    """Every finding is well where everything is set."""
    code, found = examine(REGION="CH")
    assert code == 0 and {level for what, (level, _) in found.items() if what != "DAGSTER_HOME"} == {"ok"}
    assert {"settings", "region", "storage", "ledger", "vendor", "clock"} <= set(found)
    assert "12.50 USD are left" in examine(PROTOCOL="v1")[1]["vendor"][1]


def test_the_doctor_leaves_nothing_behind(examine: Examine, tmp_path: Path) -> None:
    """Whoever only asks, perhaps with a wrong DATA_URI, finds no folder and no ledger there afterwards, and is told that there was none.

    Seen: the same table gave the size of the ledger that did not exist.
    """
    code, found = examine(REGION="CH", DATA_URI=str(tmp_path / "new" / "data"))
    assert code == 0 and found["storage"][0] == "ok" and not list(tmp_path.glob("new*"))
    assert found["ledger"] == ("note", "none exists yet; the first run creates it") and not {"size", "open"} & set(found)


def test_size_and_growth_are_told(examine: Examine, ledger: sqlite3.Connection, vendor: FakeVendor, tmp_path: Path) -> None:
    """Sixty finished lists, fifty a night; and one whose chunk waits for a person."""
    ws = open_workspace(load_settings(api_url=vendor.url, api_key="k", data_uri=str(tmp_path / "data")))
    fill(ws, 60)
    ws.ledger.close()
    ledger.execute("UPDATE chunks SET settled_at = settled_at - 20 * 86400 WHERE change <= 10")
    code, found = examine(REGION="CH")
    assert code == 0 and "60 lists, 60 chunks, 29,700 answered phones in 1 verdict file" in found["size"][1]
    assert found["open"] == ("ok", "0 lists; chunks: none")
    assert found["last 7 days"][1] == "60 lists joined, 50 chunks settled with 25,000 phones, 24,750 answered"
    assert "60 chunks settled" in found["last 30 days"][1]
    ledger.execute("UPDATE chunks SET state = 'unconfirmed' WHERE change = 1")
    ledger.execute("UPDATE chunks SET state = 'overdue' WHERE change = 2")
    level, said = examine(REGION="CH")[1]["open"]
    assert level == "note" and "1 overdue, 1 unconfirmed; what is overdue or unconfirmed waits for you" in said


@pytest.mark.parametrize(
    ("settings", "what", "word"),
    [
        ({"API_KEY": ""}, "key", "FBCHECK_API_KEY"),
        ({"API_URL": "http://127.0.0.1:9"}, "vendor", "does not answer"),
        ({"API_URL": "not a url"}, "settings", "FBCHECK_API_URL"),
        ({"DATA_URI": "/proc/nowhere"}, "storage", "/proc/nowhere"),
        ({"NIGHTLY_TIMEZONE": "Stambul"}, "night", "FBCHECK_NIGHTLY_TIMEZONE='Stambul' is no time zone"),
    ],
    ids=["no key", "unreachable", "wrong url", "unwritable", "no time zone"],
)
def test_a_fault_is_named_with_its_remedy(examine: Examine, settings: dict[str, str], what: str, word: str) -> None:
    """And exit 2."""
    code, found = examine(**settings)
    assert code == 2 and found[what][0] == "fault" and word in found[what][1]


def test_a_bad_key_is_a_fault(examine: Examine) -> None:
    """The vendor's 401, before any list meets it."""
    with Sandbox() as sandbox:
        code, found = examine(API_URL=sandbox.url, API_KEY="bad")
    assert code == 2 and found["vendor"][0] == "fault" and "FBCHECK_API_KEY" in found["vendor"][1]


def test_what_may_be_meant_so_is_a_note(examine: Examine) -> None:
    """It is said, and the exit code stays 0."""
    code, found = examine(REQUIRE_PURPOSE="true", MAX_BILABLE="9")
    assert code == 0
    for what, word in {"region": "FBCHECK_REGION", "DAGSTER_HOME": "dagster dev", "purpose": "--purpose",
                       "variable": "did you mean FBCHECK_MAX_BILLABLE?"}.items():  # fmt: skip
        level, said = found[what]
        assert level == "note" and word in said


def test_dagster_home_is_needed_where_data_lie_in_a_store(examine: Examine, tmp_path: Path) -> None:
    """Dagster's runs cannot be kept there."""
    code, found = examine(DATA_URI="memory://data", LEDGER_URL=f"sqlite:///{tmp_path}/ledger.db")
    assert code == 2 and found["DAGSTER_HOME"][0] == "fault"


def test_a_ledger_ahead_of_the_program_is_a_fault(examine: Examine, ledger: sqlite3.Connection) -> None:
    """An older program must not write into it."""
    ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    code, found = examine()
    assert code == 2 and found["ledger"][0] == "fault" and "install the newer" in found["ledger"][1]


def test_a_ledger_behind_the_program_is_a_note(examine: Examine, ledger: sqlite3.Connection) -> None:
    """The next run brings it up to date; the doctor itself changes nothing."""
    ledger.execute("UPDATE alembic_version SET version_num = '0000'")
    code, found = examine()
    assert code == 0 and found["ledger"][0] == "note" and "behind" in found["ledger"][1]
    assert ledger.execute("SELECT version_num FROM alembic_version").fetchone() == ("0000",)


def test_a_ledger_that_another_process_holds_is_a_fault(examine: Examine, ledger: sqlite3.Connection) -> None:
    """Named as that, and not as a damaged file."""
    ledger.execute("BEGIN IMMEDIATE")
    code, found = examine()
    assert code == 2 and found["ledger"][0] == "fault" and "another process holds it" in found["ledger"][1]


def test_a_clock_far_off_is_a_fault(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines, budgets and the age of verdicts hang on it."""
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: "Tue, 24 Nov 2020 10:00:00 GMT")
    code, found = examine()
    assert code == 2 and found["clock"][0] == "fault" and "NTP" in found["clock"][1]


def test_a_url_of_somebody_else_is_a_fault(examine: Examine) -> None:
    """Some web server answers there, with a page that says 404."""
    with somebody_else() as url:
        code, found = examine(API_URL=url)
    assert code == 2 and found["vendor"][0] == "fault" and "FBCHECK_API_URL" in found["vendor"][1]
