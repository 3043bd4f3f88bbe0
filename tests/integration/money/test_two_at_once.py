"""Two processes at work on overlapping lists, or the same: each phone is accepted once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.money import child
from tests.integration.money.family import Family, Vendor
from tests.standin import StandIn


@pytest.mark.parametrize(
    ("database", "keys"),
    [("sqlite", ["a", "b"]), ("sqlite", ["ab", "ab", "ba"]), ("postgresql", ["a", "b"]), ("postgresql", ["ab", "ab", "ba"])],
    ids=lambda value: "+".join(value) if isinstance(value, list) else value,
)
def test_each_phone_is_accepted_once(
    database: str, keys: list[str], lasting_vendor: Vendor, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Planning is exclusive, sending is one guarded move, and what is in flight is waited for."""
    given = {"ledger_url": request.getfixturevalue("postgres_url")} if database == "postgresql" else {}
    family = Family(lasting_vendor, tmp_path / "data", **given)
    children = [family.start(keys=list(each)) for each in keys]
    for each in children:
        each.join(60)
    assert [each.exitcode for each in children] == [0] * len(children)
    assert max(family.accepted().values()) == 1
    assert family.recover() == 0
    family.judge()


def test_two_commands_at_once_tell_each_what_it_sent_itself(vendor: StandIn, tmp_path: Path) -> None:
    """A bill that both reported would be counted twice."""
    fbcheck, path = Fbcheck(tmp_path, vendor.url), str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 201)]))
    runs = [fbcheck.start("run", path, "--json", CHUNK_SIZE="5") for _ in range(2)]
    documents = [json.loads(run.communicate(timeout=60)[0]) for run in runs]
    assert sum(document["billed_phones"] for document in documents) == len(vendor.accepted) == 200
    assert vendor.most_per_phone == 1


def test_two_at_once_and_one_of_them_is_killed(lasting_vendor: Vendor, tmp_path: Path) -> None:
    """The survivor must not take over what the dead one may have sent."""
    family = Family(lasting_vendor, tmp_path / "data")
    survivor = family.start()
    killed = family.start(child.dying_with_the_body_sent, number=2)
    for each in (killed, survivor):
        each.join(60)
    assert survivor.exitcode == 0
    assert max(family.accepted().values()) == 1
    assert family.recover() <= 1
    family.judge()
