"""The ledger on PostgreSQL: the same tests as on SQLite, and children killed there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import Clock, phones
from tests.integration.money import child
from tests.integration.money.family import Family, Vendor
from tests.integration.workflow.play import Play
from tests.unit.ledger.both import *  # noqa: F403

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def open_ws(make_settings: Callable[..., Settings], clock: Clock, postgres_url: str) -> Iterator[Callable[..., Workspace]]:
    """As in unit tests, on PostgreSQL."""
    opened: list[Workspace] = []

    def make(**given: Any) -> Workspace:
        opened.append(open_workspace(make_settings(ledger_url=postgres_url, **given), clock))
        return opened[-1]

    yield make
    for ws in opened:
        ws.ledger.close()


@pytest.mark.parametrize(
    ("point", "when"),
    [
        ("planning", "after"),
        ("planning transaction", "after"),
        ("start_sending", "after"),
        ("post", "after"),
        ("record_task", "after"),
        ("collect", "before"),
    ],
)
def test_killed_at_a_named_point_on_postgres(
    point: str, when: str, lasting_vendor: Vendor, tmp_path: Path, postgres_url: str
) -> None:
    """The lock that tells of a sender's death is the session's own."""
    family = Family(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    assert family.run(child.dying_at, point=point, when=when, number=2)
    assert family.recover() == ((point, when) in {("start_sending", "after"), ("post", "after")})
    family.judge()


def test_killed_at_a_random_line_on_postgres(lasting_vendor: Vendor, tmp_path: Path, postgres_url: str) -> None:
    """Again and again on the same lists."""
    dice = random.Random(5)
    family = Family(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    deaths = sum(family.run(child.dying_at_line, number=dice.randrange(500, 4000)) for _ in range(4))
    assert family.recover() <= deaths
    family.judge()


def test_the_whole_way_on_postgres(open_ws: Callable[..., Workspace]) -> None:
    """Types that only PostgreSQL is strict about: booleans, JSON, doubles, blobs."""
    game = Play(open_ws(chunk_size=10, max_billable_per_day=100))
    game.ledger.suppress(phones(2))
    game.run("a", phones(30))
    game.finish()
    assert game.counts("a") == {"checked": 28, "suppressed": 2}
    ((key, revision),) = [(row.list_key, row.revision) for row in game.ledger.lists_to_join()]
    game.ledger.note_joined(key, revision=revision, counts={"rows": 1}, is_complete=True)
    row = game.ledger.list_row("a")
    assert (row.is_complete, row.needs_planning, row.counts) == (True, False, {"rows": 1})


def test_two_open_a_new_ledger_at_once_on_postgres(lasting_vendor: Vendor, tmp_path: Path, postgres_url: str) -> None:
    """One creates it, the other finds it."""
    family = Family(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    children = [family.start() for _ in range(2)]
    for each in children:
        each.join(60)
    assert [each.exitcode for each in children] == [0, 0]
    assert family.recover() == 0
    family.judge()
