"""A phone is bought once: across lists, across nights, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fbcheck_pipeline.workflow.pins import AnsweredBy, pins_name, read_pins
from fbcheck_pipeline.workflow.plan import Again
from fbcheck_pipeline.workflow.verdicts import look_up, merge_index
from tests.conftest import DAY_S, Clock, phones
from tests.integration.workflow.play import Play
from tests.standin import ResultShape, StandIn

PlayMaker = Callable[..., Play]


def test_a_verdict_is_reused_until_it_is_too_old(play: PlayMaker, vendor: StandIn, clock: Clock) -> None:
    """VERDICT_DAYS; whoever paid for it."""
    game = play()
    game.run("a", phones(10))
    game.finish()
    clock.advance(29 * DAY_S)
    game.run("b", phones(12))
    game.finish()
    assert game.counts("b") == {"checked": 2, "reused": 10}
    clock.advance(2 * DAY_S)
    game.run("c", phones(12))
    game.finish()
    assert game.counts("c") == {"checked": 10, "reused": 2}
    assert sorted(vendor.accepted.values()) == [1, 1, *[2] * 10]


def test_phones_in_flight_elsewhere_are_waited_for(play: PlayMaker, vendor: StandIn) -> None:
    """Another list's open chunk answers them; also when this list is planned again meanwhile."""
    vendor.hold = True
    game = play(chunk_size=10)
    game.run("a", phones(20))
    game.run("b", phones(20, 905_320_000_010))
    game.run("b", phones(20, 905_320_000_010))
    assert game.counts("b") == {"waiting": 20}
    assert game.ledger.lists_to_join() == []
    vendor.finish_all()
    game.finish()
    assert game.counts("b") == {"checked": 10, "reused": 10}
    assert vendor.most_per_phone == 1


def test_a_chunk_planned_by_another_list_is_sent_by_whoever_needs_it(play: PlayMaker, vendor: StandIn) -> None:
    """Its planner may have been killed."""
    game = play()
    game.plan("a", phones(10))
    assert game.run("b", phones(10)).sent == 1
    game.finish()
    assert (game.counts("a"), game.counts("b")) == ({"checked": 10}, {"reused": 10})


def test_a_finished_list_run_again_stays_as_it_is(play: PlayMaker, vendor: StandIn, clock: Clock) -> None:
    """`checked` stays `checked`, however old."""
    game = play()
    game.run("a", phones(10))
    game.finish()
    clock.advance(400 * DAY_S)
    for again in Again:
        game.run("a", phones(10), again=again)
    assert game.counts("a") == {"checked": 10}
    assert len(vendor.posts) == 1


@pytest.mark.parametrize("verdict_days", [0, 30])
def test_pins_that_were_never_written_cost_nothing(verdict_days: int, play: PlayMaker, vendor: StandIn, clock: Clock) -> None:
    """Killed between planning and pins, collected since: the ledger knows what was bought for whom, whatever its age."""
    game = play(verdict_days=verdict_days, chunk_size=10)
    game.run("a", phones(20))
    game.run("b", phones(20, 905_320_000_010))
    game.ws.storage.delete(pins_name("a"))
    game.ws.storage.delete(pins_name("b"))
    game.finish()
    clock.advance(40 * DAY_S)
    game.run("a", phones(20))
    game.run("b", phones(20, 905_320_000_010))
    assert game.counts("a") == {"checked": 20}
    assert game.counts("b") == {"checked": 10, "reused": 10}
    assert vendor.most_per_phone == 1


def test_pins_older_than_the_plan_do_not_hide_the_newer_answer(play: PlayMaker, vendor: StandIn, clock: Clock) -> None:
    """Killed after the night's planning: the pins on disk still name the try that gave nothing."""
    vendor.shape = ResultShape(missing=10)
    game = play()
    pins = game.plan("a", phones(10))
    game.send("a")
    game.finish()
    vendor.shape = ResultShape()
    clock.advance(DAY_S)
    game.run("a", phones(10), again=Again.NIGHT)
    game.ws.storage.write_parquet(pins_name("a"), pins.stream())  # as if the newer had never been written
    game.finish()
    game.run("a", phones(10))
    assert game.counts("a") == {"checked": 10}


def test_a_collection_in_the_midst_of_planning_is_noticed(
    play: PlayMaker, vendor: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up before it, no verdict; asked after it, not in flight: without a second look it would be bought again."""
    import fbcheck_pipeline.workflow.plan as plan

    game = play()
    game.run("a", phones(10))
    game.poll()
    looked: list[int] = []

    def look_up_then_collect(*args: object) -> object:
        found = look_up(*args)  # type: ignore[arg-type]
        looked.append(1)
        if len(looked) == 1:
            game.collect()
        return found

    monkeypatch.setattr(plan, "look_up", look_up_then_collect)
    game.run("b", phones(10))
    assert len(looked) == 2
    assert game.counts("b") == {"reused": 10}
    assert vendor.most_per_phone == 1


def test_looking_up_is_the_same_with_and_without_the_index(play: PlayMaker, vendor: StandIn) -> None:
    """The index is rebuildable and never the only copy; a lost one costs time, not money."""
    game = play(chunk_size=10)
    game.run("a", phones(50))
    game.finish()
    asked = phones(70, 905_319_999_990)

    def answered() -> list[str | None]:
        found = look_up(game.ws.storage, game.ledger, asked)
        return [found.tasks[number].task_id if number >= 0 else None for number in found.task]

    loose = answered()
    assert sum(each is not None for each in loose) == 50
    assert merge_index(game.ws.storage, game.ledger, most_loose=0)
    first = game.ledger.verdict_index()
    assert answered() == loose
    assert not merge_index(game.ws.storage, game.ledger, most_loose=0)
    game.run("b", phones(10, 905_320_000_045))
    game.finish()
    assert merge_index(game.ws.storage, game.ledger, most_loose=0)
    assert first is not None and not game.ws.storage.exists(first)
    indexed = answered()
    assert sum(each is not None for each in indexed) == 55
    published = game.ledger.verdict_index()
    assert published is not None
    game.ws.storage.delete(published)
    assert answered() == indexed
    assert merge_index(game.ws.storage, game.ledger, most_loose=0)
    assert answered() == indexed
    assert len(game.ws.storage.names("verdicts")) == 6


def test_pins_are_read_back_as_they_were_planned(play: PlayMaker, vendor: StandIn) -> None:
    """The join reads these and nothing else of the plan."""
    game = play(chunk_size=7, max_billable=1000)
    game.run("a", phones(20))
    game.finish()
    game.ledger.suppress(phones(3, 905_320_000_030))
    pins = game.plan("b", phones(50))
    read = read_pins(game.ws.storage, "b")
    assert read is not None
    assert np.array_equal(read.phones, pins.phones)
    assert [read.answers[number] for number in read.answer] == [pins.answers[number] for number in pins.answer]
    assert {each.answered_by for each in read.answers} == {AnsweredBy.CHUNK, AnsweredBy.VERDICT, AnsweredBy.SUPPRESSED}


def test_a_list_without_phones_is_planned_joined_and_complete(play: PlayMaker, vendor: StandIn) -> None:
    """All its cells were rejected; that is no error."""
    game = play()
    assert game.run("a", phones(0)).sent == 0
    assert game.counts("a") == {}
    assert game.is_complete("a")
    assert vendor.posts == []
