"""The ledger forgets the phones of settled chunks that the index tells of; the files of what was sent have them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.ledger.schema import chunk_phones
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from tests.conftest import phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]
KNOWN = {"reused": 14, "undetermined": 6}


@pytest.fixture
def settled(open_driver: OpenDriver, vendor: FakeVendor) -> WorkflowDriver:
    """A list of two chunks in the index, and one that is with the vendor; the vendor answers seven of each ten."""
    driver, vendor.shape = open_driver(chunk_size=10, max_tries=1), ResultShape(missing=3)
    driver.run("a", phones(20))
    driver.finish()
    assert update_index(driver.ws, max_loose=0)
    driver.run("open", phones(10, 905_330_000_000))
    return driver


def packed(driver: WorkflowDriver) -> dict[str, bytes | None]:
    with driver.ledger.database.reading() as connection:
        rows = connection.execute(sa.select(chunk_phones.c.chunk_key, chunk_phones.c.phones)).all()
    return {row.chunk_key: row.phones for row in rows}


def lose_index(driver: WorkflowDriver) -> None:
    for tier in driver.ledger.index_state().tiers:
        driver.ws.storage.delete(tier.name)


def test_only_open_chunks_keep_their_phones_in_the_ledger(settled: WorkflowDriver) -> None:
    """It would grow with everything that was ever sent."""
    kept = {key for key, blob in packed(settled).items() if blob is not None}
    assert kept == {each.chunk_key for each in settled.ledger.chunks_of("open")}


def test_a_list_whose_phones_were_forgotten_is_planned_and_joined_as_before(settled: WorkflowDriver, vendor: FakeVendor) -> None:
    """Its own answers stay its own, and nothing is bought again."""
    before = settled.counts("a")
    settled.run("a", phones(20))
    settled.run("b", phones(20))
    assert settled.counts("a") == before and vendor.most_per_phone == 1
    assert settled.counts("b") == KNOWN


def test_a_lost_index_is_made_anew_from_what_was_sent(settled: WorkflowDriver, vendor: FakeVendor) -> None:
    """Answered phones are those that were sent, without those that are known to have no answer."""
    lose_index(settled)
    settled.run("b", phones(20))
    assert settled.counts("b") == KNOWN and vendor.most_per_phone == 1
    assert update_index(settled.ws, max_loose=0)
    settled.run("c", phones(20))
    assert settled.counts("c") == KNOWN and vendor.most_per_phone == 1


@pytest.mark.parametrize("content", [None, b"", b"+905320000000\n"])
def test_what_was_sent_is_believed_only_where_it_is_whole(
    content: bytes | None, settled: WorkflowDriver, vendor: FakeVendor, caplog: pytest.LogCaptureFixture
) -> None:
    """Half of it would leave phones for new; without it nothing is bought, and the file is named."""
    name = f"chunks/{settled.ledger.chunks_of('a')[0].chunk_key}.txt"
    whole = settled.ws.storage.read_bytes(name)
    settled.ws.storage.delete(name)
    if content is not None:
        settled.ws.storage.write_bytes(name, content)
    lose_index(settled)
    with pytest.raises(StorageError, match=f"{name} is lost or damaged"):
        settled.run("b", phones(20))
    settled.finish()
    assert set(settled.states()) == {"collected"}, "collecting goes on"
    assert not update_index(settled.ws, max_loose=0) and name in caplog.text
    settled.ws.storage.write_bytes(name, whole)
    settled.run("b", phones(20))
    assert settled.counts("b") == KNOWN and vendor.most_per_phone == 1
