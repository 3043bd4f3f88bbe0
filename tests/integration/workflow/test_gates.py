"""What must be true before money moves: budgets, smallest chunk, suppressions, balance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import UnreadableAnswer, VendorRefuses, VendorUnavailable
from fbcheck_pipeline.vendor import Balance, VendorClient
from fbcheck_pipeline.workflow.plan import Again, balanced_sizes, estimate_new_phones
from tests.conftest import DAY_S, Clock, phones
from tests.integration.workflow.play import Play
from tests.standin import StandIn

PlayMaker = Callable[..., Play]


@given(st.integers(0, 5000), st.integers(1, 400), st.integers(1, 400))
@settings(deadline=None, max_examples=300)
def test_chunks_are_balanced_within_their_bounds(count: int, one: int, other: int) -> None:
    """None too large, none too small, alike within one; no more waits than must."""
    fewest, most = sorted((one, other))
    sizes = balanced_sizes(count, most=most, fewest=fewest)
    assert all(fewest <= size <= most for size in sizes)
    assert not sizes or max(sizes) - min(sizes) <= 1
    left = count - sum(sizes)
    assert left >= 0
    if left:  # no number of chunks carries more
        assert all(number * fewest > count or number * most <= sum(sizes) for number in range(count // fewest + 2))


def test_a_list_above_its_budget_is_not_submitted_in_part(play: PlayMaker, vendor: StandIn) -> None:
    """MAX_BILLABLE counts what the list ever bought; what fits later is bought then."""
    game = play(max_billable=15, chunk_size=10)
    game.run("a", phones(16))
    assert vendor.posts == []
    assert game.counts("a") == {"over_budget": 16}
    assert not game.is_complete("a")
    game.run("a", phones(16), max_billable=16)
    game.finish()
    assert game.counts("a") == {"checked": 16}


def test_reused_phones_do_not_count_in_the_budget(play: PlayMaker, vendor: StandIn) -> None:
    """They are not bought."""
    game = play(max_billable=10)
    game.run("a", phones(10))
    game.finish()
    game.run("b", phones(20))
    game.finish()
    assert game.counts("b") == {"checked": 10, "reused": 10}


def test_the_day_has_one_budget_for_all_lists(play: PlayMaker, vendor: StandIn, clock: Clock) -> None:
    """Planning reserves; the next day there is room again."""
    game = play(max_billable_per_day=25)
    for number, key in enumerate("abc"):
        game.run(key, phones(10, 905_320_000_000 + 10 * number))
    assert game.counts("c") == {"over_budget": 10}
    assert sum(vendor.accepted.values()) == 20
    clock.advance(DAY_S)
    game.run("c", phones(10, 905_320_000_020), again=Again.NIGHT)
    game.finish()
    assert game.counts("c") == {"checked": 10}


def test_what_is_unsent_at_midnight_is_reserved_anew(play: PlayMaker, vendor: StandIn, clock: Clock) -> None:
    """Yesterday's reservation must not let today spend twice."""
    game = play(max_billable_per_day=15)
    game.plan("a", phones(10))
    clock.advance(DAY_S)
    game.run("b", phones(10, 905_330_000_000))
    assert game.send("a").sent == 0
    clock.advance(DAY_S)
    assert game.send("a").sent == 1


def test_an_unconfirmed_chunk_counts_and_a_refused_one_does_not(play: PlayMaker, vendor: StandIn) -> None:
    """Perhaps billed is billed, as far as the budget goes."""
    vendor.script.extend(["accept_then_cut", 400])
    game = play(max_billable_per_day=10, chunk_size=5, min_chunk=5)
    game.run("a", phones(10))
    assert sorted(game.states()) == ["refused", "unconfirmed"]
    game.run("b", phones(5, 905_330_000_000))
    game.run("c", phones(5, 905_340_000_000))
    assert game.counts("b") == {"waiting": 5}
    assert game.counts("c") == {"over_budget": 5}


def test_too_few_phones_wait_for_the_next_list(play: PlayMaker, vendor: StandIn) -> None:
    """v1 takes no fewer than 100; each list pays for its own phones and is planned anew."""
    game = play(protocol="v1")
    game.run("a", phones(60))
    game.run("b", phones(30, 905_330_000_000))
    assert vendor.posts == []
    assert game.counts("a") == {"waiting": 60}
    assert game.ledger.waiting_counts() == {"a": 60, "b": 30}
    game.run("c", phones(25, 905_340_000_000))
    assert [len(post.split()) for post in vendor.posts] == [115]
    assert game.ledger.waiting_counts() == {}
    assert {row.list_key for row in game.ledger.lists_to_send()} == {"a", "b"}
    for key, list_phones in (("a", phones(60)), ("b", phones(30, 905_330_000_000))):
        game.run(key, list_phones)
    game.finish()
    assert [game.counts(key) for key in "abc"] == [{"checked": 60}, {"checked": 30}, {"checked": 25}]
    assert game.ledger.lists_to_send() == []
    assert len(vendor.posts) == 1


def test_lists_that_wait_side_by_side_come_to_rest(play: PlayMaker, clock: Clock, vendor: StandIn) -> None:
    """Phones with a verdict too old wait too; each planning must not set off the other's for ever."""
    game = play(protocol="v1")
    game.run("x", phones(110))
    game.finish()
    clock.advance(40 * DAY_S)
    for _ in range(2):
        for number, key in enumerate("ab"):
            game.run(key, phones(10, 905_320_000_000 + 20 * number))
    assert game.ledger.waiting_counts() == {"a": 10, "b": 10}
    assert game.ledger.lists_to_send() == []


def test_a_list_over_budget_does_not_pool_others(play: PlayMaker, vendor: StandIn) -> None:
    """And a waiting list's own budget holds when others pool it."""
    game = play(protocol="v1", max_billable=70)
    game.run("a", phones(60))
    game.run("b", phones(80, 905_330_000_000))
    assert vendor.posts == []
    game.run("c", phones(50, 905_340_000_000))
    assert [len(post.split()) for post in vendor.posts] == [110]
    assert game.counts("b") == {"over_budget": 80}


def test_suppressed_phones_are_never_submitted(play: PlayMaker, vendor: StandIn) -> None:
    """Before planning, and between planning and sending; the others of the chunk go on."""
    game = play()
    game.ledger.suppress(phones(3))
    game.plan("a", phones(20))
    game.ledger.suppress(phones(5))
    game.send("a")
    game.finish()
    assert game.counts("a") == {"checked": 15, "suppressed": 5}
    assert game.is_complete("a")
    assert not {f"+{each}" for each in phones(5)} & set(vendor.accepted)
    game.run("a", phones(20))
    assert game.counts("a") == {"checked": 15, "suppressed": 5}


def test_a_chunk_of_suppressed_phones_only_is_not_sent(play: PlayMaker, vendor: StandIn) -> None:
    """There is nothing left of it."""
    game = play()
    game.plan("a", phones(5))
    game.ledger.suppress(phones(5))
    game.send("a")
    assert vendor.posts == []
    assert game.counts("a") == {"suppressed": 5}


def test_a_chunk_that_suppression_makes_too_small_waits(play: PlayMaker, vendor: StandIn) -> None:
    """Sent, it would be refused for its size and use up a try; the rest waits for the next list."""
    game = play(protocol="v1")
    game.plan("a", phones(100))
    game.ledger.suppress(phones(1))
    game.send("a")
    assert vendor.posts == []
    assert game.counts("a") == {"suppressed": 1, "waiting": 99}
    assert not game.is_complete("a")
    assert [row.list_key for row in game.ledger.lists_to_send()] == ["a"]
    game.run("a", phones(100))
    assert game.ledger.waiting_counts() == {"a": 99}
    game.run("b", phones(101))
    game.run("a", phones(100))
    game.finish()
    assert game.counts("a") == {"suppressed": 1, "reused": 99}
    assert game.counts("b") == {"suppressed": 1, "checked": 100}
    assert vendor.most_per_phone == 1


def test_waiting_phones_that_are_suppressed_do_not_fill_up_others(play: PlayMaker, vendor: StandIn) -> None:
    """A chunk of 100 with 60 of them suppressed is a chunk of 40."""
    game = play(protocol="v1")
    game.run("a", phones(60))
    game.ledger.suppress(phones(60))
    game.run("b", phones(40, 905_330_000_000))
    assert vendor.posts == []
    assert game.ledger.waiting_counts() == {"b": 40}
    game.run("a", phones(60))
    assert game.counts("a") == {"suppressed": 60}


@pytest.mark.parametrize(
    ("balance", "price", "is_refused"), [(0.0, None, True), (0.01, 100, True), (12.5, 100, False), (12.5, None, False)]
)
def test_too_little_balance_refuses_before_the_first_post(
    balance: float, price: float | None, is_refused: bool, play: PlayMaker, vendor: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """v1 tells the balance: half a list would be sent and paid for, the rest refused."""
    monkeypatch.setattr(VendorClient, "balance", lambda self: Balance(balance))
    game = play(protocol="v1", price_per_10k=price, chunk_size=100)
    game.plan("a", phones(300))
    if is_refused:
        with pytest.raises(VendorRefuses) as caught:
            game.send("a")
        assert caught.value.exit_code == 4
        assert vendor.posts == []
        assert game.counts("a") == {"waiting": 300}
    else:
        assert game.send("a").sent == 3


@pytest.mark.parametrize(("error", "sent"), [(VendorUnavailable("down"), 0), (UnreadableAnswer("what?"), 1)], ids=["down", "odd"])
def test_a_balance_that_cannot_be_had(
    error: Exception, sent: int, play: PlayMaker, vendor: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unreachable: phones wait. Unreadable: the vendor itself will say 402."""

    def fail(_: VendorClient) -> None:
        raise error

    monkeypatch.setattr(VendorClient, "balance", fail)
    game = play(protocol="v1")
    outcome = game.run("a", phones(100))
    assert (outcome.sent, bool(outcome.postponed)) == (sent, not sent)


def test_an_estimate_records_nothing_and_is_what_would_be_bought(play: PlayMaker, vendor: StandIn) -> None:
    """`--dry-run`."""
    game = play()
    game.run("a", phones(10))
    game.ledger.suppress(phones(2, 905_320_000_018))
    new = estimate_new_phones(game.ws, phones(20), phones(1, 905_320_000_012))
    assert np.array_equal(new, np.setdiff1d(phones(8, 905_320_000_010), phones(1, 905_320_000_012)))
    assert len(game.ledger.chunks()) == 1
