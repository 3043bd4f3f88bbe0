"""What a ledger must do on any database; imported by one test module for each, which says what `open_ws` opens."""

from __future__ import annotations

import itertools
import math
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from fbcheck_pipeline.errors import LedgerError, OperatorError
from fbcheck_pipeline.ledger import TRAITS, ChunkState, Ledger, schema
from fbcheck_pipeline.ledger.limits import Limits
from fbcheck_pipeline.ledger.moves import move
from fbcheck_pipeline.ledger.planning import new_chunk_key
from fbcheck_pipeline.ledger.records import Part, Stretch, TaskProgress, Tier, Volume
from fbcheck_pipeline.ledger.schema import metadata
from fbcheck_pipeline.ledger.states import MOVES
from fbcheck_pipeline.ledger.versions import HEAD
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import DAY_S, Clock, add_chunk, phones
from tests.newer_program import OLDER_GO_ON, OLDER_STOP, newer_program
from tests.statement_costs import costs_of

VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"


def register(ledger: Ledger, *keys: str) -> None:
    for key in keys:
        ledger.register_list(key, file=key, source="s", sha256=key, options={}, purpose=None)


def planned(ledger: Ledger, count: int = 10, key: str = "a", start: int = 905_320_000_000) -> str:
    """A planned chunk of a list."""
    with ledger.planning() as tx:
        return add_chunk(tx, Part(key, phones(count, start)))


WAYS = {
    "planned": "",
    "sending": "sending",
    "submitted": "sending submitted",
    "unconfirmed": "sending unconfirmed",
    "refused": "sending refused",
    "replaced": "sending replaced",
    "abandoned": "sending unconfirmed abandoned",
    "failed": "sending submitted failed",
    "overdue": "sending submitted overdue",
    "exported": "sending submitted exported",
    "short": "sending submitted exported short",
    "gone": "sending submitted overdue gone",
    "withdrawn": "withdrawn",
    "collected": "sending submitted exported collected",
    "purged": "sending submitted exported collected purged",
}


def submitted(ledger: Ledger, chunk: str, task_id: str, sender: str = "s") -> bool:
    return ledger.mark_submitted(chunk, sender=sender, task_id=task_id, total=None, is_synthetic=False, next_poll_at=0)


def brought_to(ledger: Ledger, state: ChunkState, task_id: str = "t1") -> str:
    """A chunk in a state, by lawful moves only."""
    chunk, now = planned(ledger), ChunkState.PLANNED
    for step in map(ChunkState, WAYS[state].split()):
        with ledger.database.writing() as connection:
            if step is ChunkState.SENDING:
                values: dict[str, Any] = {"sender": "s"}
            else:
                values = {"task_id": task_id} if step is ChunkState.SUBMITTED else {}
            assert move(connection, chunk, now, step, values, now=ledger.clock())
        now = step
    return chunk


def test_only_the_moves_of_the_table_exist(ws: Workspace) -> None:
    """An unlawful move would be a fault of ours; it must not be made quietly."""
    for from_, to in itertools.product(ChunkState, ChunkState):
        with ws.ledger.database.writing() as connection:
            if (from_, to) in MOVES:
                assert not move(connection, "none", from_, to, {}, now=0)
            else:
                with pytest.raises(LedgerError, match="does not go"):
                    move(connection, "none", from_, to, {}, now=0)


@pytest.mark.parametrize("state", ChunkState)
def test_a_list_may_be_joined_when_its_chunk_settles(state: ChunkState, ws: Workspace) -> None:
    """The table of states is what the sensor acts on."""
    register(ws.ledger, "a")
    brought_to(ws.ledger, state)
    with ws.ledger.planning() as tx:
        tx.mark_planned("a")
    assert ws.ledger.lists_to_join() == []  # its pins do not stand yet
    ws.ledger.note_pinned("a", tx.now)
    assert bool(ws.ledger.lists_to_join()) is TRAITS[state].settles


def test_one_of_many_wins_a_move(ws: Workspace) -> None:
    """The row count of one guarded UPDATE says who sends."""
    register(ws.ledger, "a")
    chunk = planned(ws.ledger)
    won = together(8, lambda number: ws.ledger.start_sending(chunk, sender=str(number), limits=Limits()))
    assert sum(won) == 1
    assert ws.ledger.chunk(chunk).sender == str(won.index(True))


def test_the_daily_budget_is_exact_when_yesterdays_chunks_are_sent_at_once(ws: Workspace, clock: Clock) -> None:
    """Each counts on the day it is sent; ten senders must not each find the same budget."""
    register(ws.ledger, *"abcdefghij")
    chunks = [planned(ws.ledger, 10, key, 905_320_000_000 + 10 * number) for number, key in enumerate("abcdefghij")]
    clock.advance(DAY_S)
    sent = together(10, lambda number: ws.ledger.start_sending(chunks[number], sender=str(number), limits=Limits(per_day=45)))
    assert sum(sent) == 4


def test_todays_own_reservation_is_not_counted_twice(ws: Workspace) -> None:
    """What was reserved in planning is sent though the day is full."""
    register(ws.ledger, "a")
    chunk = planned(ws.ledger, 10)
    assert ws.ledger.start_sending(chunk, sender="s", limits=Limits(per_day=10))


def test_what_others_reserved_later_does_not_stop_an_earlier_chunk(ws: Workspace) -> None:
    """Only what was sent counts against it, and all that its own lists still want to send."""
    register(ws.ledger, "a", "b")
    first, second = planned(ws.ledger, 10), planned(ws.ledger, 10, "b", 905_330_000_000)
    limits = Limits(per_day=15)
    assert ws.ledger.start_sending(first, sender="s", limits=limits)
    assert not ws.ledger.start_sending(second, sender="s", limits=limits)
    assert [ws.ledger.chunk(key).state for key in (first, second)] == ["sending", "withdrawn"]


def test_only_the_forbidden_stretch_leaves_a_mixed_chunk(ws: Workspace) -> None:
    """With all that its list has unsent; the rest takes the chunk's place, and every other list that depends on it is planned."""
    register(ws.ledger, "a", "b", "c")
    ws.ledger.note_limit("a", 11)
    with ws.ledger.planning() as tx:
        mixed = add_chunk(tx, Part("b", phones(4, 905_330_000_000)), Part("a", phones(6)))
        alone = add_chunk(tx, Part("a", phones(6, 905_340_000_000)))
        tx.depend("c", [mixed])
        for key in "abc":
            tx.mark_planned(key)
    assert not ws.ledger.start_sending(mixed, sender="s", limits=Limits(per_list=5))
    left = {(row.state, row.phone_count) for row in ws.ledger.chunks() if row.chunk_key != mixed}
    assert left == {("withdrawn", 6), ("planned", 4)}
    assert [ws.ledger.chunk(key).state for key in (mixed, alone)] == ["replaced", "withdrawn"]
    with ws.ledger.planning() as tx:
        assert (tx.bought_for("a"), tx.bought_for("b"), tx.is_over_budget("a"), tx.is_over_budget("b")) == (0, 4, True, False)
    assert [ws.ledger.phone_list(key).forbidden_phones for key in "abc"] == [12, 0, 0]
    assert {row.list_key for row in ws.ledger.lists_to_send()} == {"b", "c"}


def test_what_a_list_depends_on_is_never_left_out_in_silence(ws: Workspace) -> None:
    """Else a purge would take the verdicts that it reuses: an error ends the whole transaction."""
    register(ws.ledger, "a")
    chunk = planned(ws.ledger)
    with pytest.raises(sa.exc.IntegrityError), ws.ledger.planning() as tx:
        tx.keep_waiting("a", phones(3))
        tx.depend("unknown", [chunk])
    with ws.ledger.planning() as tx:
        assert not tx.waiting()


def test_what_is_left_of_a_chunk_waits_where_it_is_too_little_for_one(ws: Workspace) -> None:
    """The vendor would refuse it, and a try would be used up."""
    register(ws.ledger, "a", "b")
    ws.ledger.note_limit("a", 5)
    with ws.ledger.planning() as tx:
        mixed = add_chunk(tx, Part("a", phones(6)), Part("b", phones(4, 905_330_000_000)))
        for key in "ab":
            tx.mark_planned(key)
    assert not ws.ledger.start_sending(mixed, sender="s", limits=Limits(smallest_chunk=5))
    assert ws.ledger.chunk(mixed).state == "withdrawn"
    assert [row.list_key for row in ws.ledger.lists_to_send()] == ["b"]


def test_a_rehearsal_is_forgotten_and_sees_itself(ws: Workspace) -> None:
    """What a dry run plans and begins to send, the next step of it sees, and nobody afterwards."""
    register(ws.ledger, "a")
    with ws.ledger.rehearsing() as trial:
        chunk = planned(trial)
        assert trial.start_sending(chunk, sender="s", limits=Limits())
        assert trial.chunk(chunk).state == "sending"
        with pytest.raises(OperatorError):
            register(trial, "b")
            trial.phone_list("c")
    assert ws.ledger.chunks() == [] and [row.list_key for row in ws.ledger.lists()] == ["a"]
    planned(ws.ledger)


def test_what_is_recorded_together_stands_as_a_whole_or_not_at_all(ws: Workspace, open_ws: Callable[..., Workspace]) -> None:
    """Answers of many tasks cost one wait for the disk; whoever records them sees them before others do, and a fault leaves none."""
    ledger, others = ws.ledger, open_ws().ledger
    register(ledger, "a")
    first, second = planned(ledger), planned(ledger)

    def postponed(of: Ledger) -> list[str | None]:
        return [of.chunk(each).note for each in (first, second)]

    with pytest.raises(OperatorError), ledger.together():
        ledger.postpone(first, note="later", next_send_at=0)
        ledger.phone_list("nobody's")
    assert postponed(ledger) == [None, None]
    with ledger.together():
        ledger.postpone(first, note="later", next_send_at=0)
        with pytest.raises(LedgerError):
            move_wrongly(ledger, second)
        ledger.postpone(second, note="later", next_send_at=0)
        assert postponed(ledger) == ["later", "later"] and postponed(others) == [None, None]
    assert postponed(others) == ["later", "later"]


def move_wrongly(ledger: Ledger, chunk_key: str) -> None:
    """A move that does not exist: what it wrote before that is noticed is undone alone."""
    with ledger.database.writing() as connection:
        connection.execute(sa.update(schema.chunks).where(schema.chunks.c.chunk_key == chunk_key).values(note="wrong"))
        move(connection, chunk_key, ChunkState.PLANNED, ChunkState.COLLECTED, {}, now=0)


def test_nothing_moves_while_somebody_plans(ws: Workspace) -> None:
    """A chunk collected between two looks of a planning would be seen neither as answered nor as in flight: bought again."""
    register(ws.ledger, "a")
    chunk = brought_to(ws.ledger, ChunkState.EXPORTED)
    collected = threading.Event()

    def collect() -> None:
        ws.ledger.mark_collected(
            chunk, from_=ChunkState.EXPORTED, task_id="t1", unanswered=phones(0), result_sha256="", result_counts={}
        )
        collected.set()

    with ws.ledger.planning() as tx:
        version = tx.version()
        thread = threading.Thread(target=collect)
        thread.start()
        assert not collected.wait(0.2)
        assert [row.chunk_key for row in ws.ledger.holding()] == [chunk]
        assert tx.version() == version
    thread.join()
    with ws.ledger.planning() as tx:
        assert tx.version() != version
        assert list(ws.ledger.holding()) == []


def test_moves_of_chunks_that_share_lists_do_not_lock_each_other_out(ws: Workspace) -> None:
    """On PostgreSQL two transactions that touch the same lists in another order would be a deadlock."""
    keys = [f"l{number}" for number in range(6)]
    register(ws.ledger, *keys)
    with ws.ledger.planning() as tx:
        chunks = [
            add_chunk(tx, *(Part(key, phones(2, 905_320_000_000 + 100 * number + 10 * place)) for place, key in enumerate(keys)))
            for number in range(8)
        ]

    def move(number: int) -> bool:
        moved = ws.ledger.start_sending(chunks[number], sender="s", limits=Limits())
        with ws.ledger.planning() as tx:
            for key in keys if number % 2 else reversed(keys):
                tx.request_planning(key)
        return moved and submitted(ws.ledger, chunks[number], str(number))

    assert all(together(8, move))


def test_a_task_belongs_to_one_chunk(ws: Workspace) -> None:
    """Attached twice, a chunk would be answered by another chunk's result."""
    register(ws.ledger, "a")
    brought_to(ws.ledger, ChunkState.SUBMITTED, task_id="t1")
    other = brought_to(ws.ledger, ChunkState.UNCONFIRMED)
    with pytest.raises(OperatorError, match="already belongs"):
        ws.ledger.attach_task(other, task_id="t1", total=None, is_synthetic=False, protocol=None, user_id=None)
    assert ws.ledger.chunk(other).state == ChunkState.UNCONFIRMED


def test_a_sender_taken_for_gone_still_records_its_task(ws: Workspace) -> None:
    """Its network was slow, not dead: the task it brings home is the proof of what was paid."""
    register(ws.ledger, "a")
    chunk = planned(ws.ledger)
    ws.ledger.start_sending(chunk, sender="nobody holds this lock", limits=Limits())
    assert ws.ledger.recover_gone_senders() == [chunk]
    assert not submitted(ws.ledger, chunk, "t0", sender="somebody else")
    assert submitted(ws.ledger, chunk, "t1", sender="nobody holds this lock")
    row = ws.ledger.chunk(chunk)
    assert (row.state, row.task_id, row.settled_at) == ("submitted", "t1", None)


def test_a_living_sender_is_not_taken_for_gone(ws: Workspace, open_ws: Callable[..., Workspace]) -> None:
    """Its chunk would be reconciled while its POST is under way."""
    other = open_ws().ledger
    register(ws.ledger, "a")
    chunk = planned(ws.ledger)
    with ws.ledger.sender() as sender:
        assert ws.ledger.start_sending(chunk, sender=sender, limits=Limits())
        assert other.recover_gone_senders() == []
        assert other.database.liveness.living([sender, "nobody"]) == {sender}
    assert other.recover_gone_senders() == [chunk]


def test_a_late_status_answer_does_not_undo_what_was_learned(ws: Workspace) -> None:
    """Two pollers: the slow one's `processing` must not hide the exported result from everybody."""
    register(ws.ledger, "a")
    chunk = brought_to(ws.ledger, ChunkState.SUBMITTED)
    before = ws.ledger.chunk(chunk)
    exported = TaskProgress("exported", 10, 10, 0)
    assert ws.ledger.mark_exported(before, progress=exported, vendor_exported_at=None, result_url=None)
    ws.ledger.note_progress(before, TaskProgress("processing", 10, 5, 0), next_poll_at=0)
    assert ws.ledger.chunk(chunk).vendor_status == "exported"
    assert [row.chunk_key for row in ws.ledger.due_for_fetch()] == [chunk]


def test_an_answer_about_a_task_that_the_chunk_has_no_more_is_dropped(ws: Workspace) -> None:
    """A person attached another one while the vendor was asked: the old one's failure, result or loss is not the new one's."""
    register(ws.ledger, "a")
    key = brought_to(ws.ledger, ChunkState.SUBMITTED)
    asked, progress = ws.ledger.chunk(key), TaskProgress("failed", 10, 0, 10)
    assert ws.ledger.disown_task(key, from_=asked.state, task_id=asked.known_task_id, note="")
    assert ws.ledger.attach_task(key, task_id="t2", total=10, is_synthetic=False, protocol=None, user_id=None)
    attached = ws.ledger.chunk(key)
    assert not ws.ledger.mark_failed(asked, progress=progress, note="")
    assert not ws.ledger.mark_exported(asked, progress=progress, vendor_exported_at=None, result_url="http://127.0.0.1/t1")
    assert not ws.ledger.note_gone(asked, note="")
    ws.ledger.note_poll_error(asked, note="t1 is odd", next_poll_at=0)
    assert ws.ledger.chunk(key) == attached


def test_halves_share_the_lists_the_budget_and_the_phones_of_the_whole(ws: Workspace) -> None:
    """Nothing may be lost, doubled or charged to another list when a chunk is split."""
    register(ws.ledger, "a", "b", "c")
    with ws.ledger.planning() as tx:
        chunk = add_chunk(tx, Part("a", phones(6)), Part("b", phones(4, 905_330_000_000)))
        tx.depend("c", [chunk])
    ws.ledger.start_sending(chunk, sender="s", limits=Limits())
    first = np.arange(10) < 5
    assert ws.ledger.replace_chunk(chunk, from_=ChunkState.SENDING, groups=[first, ~first], halvings=1, sender="other") == []
    halves = ws.ledger.replace_chunk(chunk, from_=ChunkState.SENDING, groups=[first, ~first], halvings=1, sender="s")
    assert {key: ws.ledger.parts_of("a")[key] for key in halves} == {halves[0]: Stretch(0, 5), halves[1]: Stretch(0, 1)}
    assert {key: ws.ledger.parts_of("b")[key] for key in halves if key in ws.ledger.parts_of("b")} == {halves[1]: Stretch(1, 4)}
    assert ws.ledger.lists_of_chunks(halves)[halves[0]] == ["a", "b", "c"]
    with ws.ledger.planning() as tx:
        assert (tx.bought_for("a"), tx.bought_for("b"), tx.bought_today()) == (6, 4, 10)
    row = ws.ledger.find_list("a")
    assert row is not None and not row.needs_planning


def test_suppressing_the_same_phones_at_once_is_no_error(ws: Workspace) -> None:
    """Two people import the same opt-outs."""
    assert sorted(together(4, lambda _: ws.ledger.suppress(phones(50)))) == [0, 0, 0, 50]
    assert ws.ledger.suppressed_among(phones(60)).sum() == 50


def test_what_opt_outs_cost_follows_from_the_phones_asked_about(ws: Workspace) -> None:
    """With a million opt-outs each chunk of 20,000 read all of them before its POST: seconds. An import read them, too."""
    asked, works = phones(30), []
    for count in (3_000, 60_000):
        ws.ledger.suppress(phones(count, 905_400_000_000))
        with ws.ledger.database.writing() as connection:
            connection.execute(sa.text("ANALYZE suppressions"))
        with costs_of(ws.ledger.database.engine.url) as found:
            assert ws.ledger.suppress(asked[:5]) == 5
            assert ws.ledger.suppressed_among(asked).sum() == 5
            assert ws.ledger.unsuppress(asked) == 5
            ws.ledger.begin_erasure(asked[:1])
        assert ws.ledger.unsuppress(asked[:1]) == 1
        works.append([each.work for each in found if not each.scans])
    assert len(works[0]) >= 4 and works[0] == works[1]


@pytest.mark.parametrize("way", WAYS.values())
def test_each_move_after_which_other_phones_are_held_gets_the_next_change_number(ws: Workspace, way: str) -> None:
    """Planning reads what was settled, freed or answered by it; of a chunk that holds all its phones all along it needs nothing anew."""
    register(ws.ledger, "a", "b")
    key = planned(ws.ledger)
    before = ws.ledger.chunk(key)
    assert before.change > 0
    for state in map(ChunkState, way.split()):
        if state is ChunkState.PURGED:
            ws.ledger.mark_purged(["a"], settled_before=np.inf)
        else:
            with ws.ledger.database.writing() as connection:
                assert move(connection, key, before.state, state, {}, now=1.0)
        after = ws.ledger.chunk(key)
        holds_all_along = TRAITS[before.state].holds == TRAITS[state].holds == "all"
        assert (after.change == before.change) if holds_all_along else (after.change > before.change)
        before = after
    assert ws.ledger.chunk(planned(ws.ledger, key="b")).change > before.change


def test_one_of_two_files_that_tell_of_the_same_changes_is_published(ws: Workspace) -> None:
    """The other one, and what a third replaces, is deleted; so is what a purge overtook."""
    ledger, generation = ws.ledger, ws.ledger.index_state().generation
    first, second, third, fourth, late = (Tier(name, 0, 10, 5) for name in ("first", "second", "third", "fourth", "late"))
    for each in (first, second, third, fourth, late):
        ledger.begin_file(each.name, "writer")
    assert ledger.publish_tier(first, instead_of=[], generation=generation)
    assert not ledger.publish_tier(second, instead_of=[], generation=generation)
    assert ledger.publish_tier(third, instead_of=[first], generation=generation)
    assert not ledger.publish_tier(fourth, instead_of=[first], generation=generation)
    assert ledger.index_state().tiers == [third]
    ledger.mark_purged([], settled_before=0)
    assert not ledger.publish_tier(late, instead_of=[third], generation=generation)
    assert ledger.doomed() == ["first", "fourth", "late", "second"]


def test_what_is_being_written_is_deleted_when_its_writer_is_gone(ws: Workspace) -> None:
    """It would keep what is in it for ever; while the writer lives, nobody takes it away. One taken for gone publishes it no more."""
    with ws.ledger.sender() as writer:
        ws.ledger.begin_file("file", writer)
        assert ws.ledger.doomed() == []
    assert ws.ledger.doomed() == ["file"]
    for _ in ("before it is deleted", "since"):
        assert not ws.ledger.publish_tier(Tier("file", 0, 10, 5), instead_of=[], generation=0)
        assert not ws.ledger.publish_volume(Volume("v", 5), [], file="file", instead_of=[], replaced=["old"], generation=0)
        assert ws.ledger.doomed() == ["file"], "it may have been written once more"
        ws.ledger.note_deleted(["file"])
    assert (ws.ledger.index_state().tiers, ws.ledger.volumes()) == ([], [])


def test_what_no_file_tells_of_is_a_gap(ws: Workspace) -> None:
    """Before, between and after the published ones; a file that cannot be read leaves one. What counts for ever has files of its own."""
    tiers = [Tier("first", 2, 4, 0), Tier("second", 4, 5, 0), Tier("third", 7, 9, 0), Tier("lasting", 1, 8, 0, math.inf)]
    for each in tiers:
        ws.ledger.begin_file(each.name, "writer")
        assert ws.ledger.publish_tier(each, instead_of=[], generation=0)
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.update(schema.ledger_meta).values(changes=10))
    assert ws.ledger.index_state().gaps(lasting=False) == [(0, 2), (5, 7), (9, 10)]
    assert ws.ledger.index_state().gaps(lasting=True) == [(0, 1)] and ws.ledger.index_gap() == 5
    ws.ledger.begin_file("another", "writer")
    assert not ws.ledger.publish_tier(Tier("another", 7, 8, 0, math.inf), instead_of=[], generation=0)
    ws.ledger.note_deleted(["another"])
    ws.ledger.withdraw_tier(tiers[1])
    ws.ledger.withdraw_tier(tiers[1])
    assert ws.ledger.index_state().gaps(lasting=False) == [(0, 2), (4, 7), (9, 10)] and ws.ledger.doomed() == ["second"]


def test_a_list_that_was_read_keeps_its_options(ws: Workspace) -> None:
    """Its phones were bought as they were read then."""
    facts: dict[str, Any] = {"file": "a", "source": "s", "sha256": "a", "purpose": None}
    ws.ledger.register_list("a", options={"region": "TR"}, **facts)
    ws.ledger.register_list("a", options={"region": "DE"}, **facts)
    ws.ledger.note_read("a", {"rows": 1})
    ws.ledger.register_list("a", options={"region": "DE"}, **facts)
    with pytest.raises(OperatorError, match="other options"):
        ws.ledger.register_list("a", options={"region": "TR"}, **facts)


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What `count` threads got that began at once."""
    got: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        got[number] = act(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_the_last_list_of_a_source_is_the_newest_joined_one_before(ws: Workspace, clock: Clock) -> None:
    """A report says what changed since; whoever joins late does not count as late."""
    for key, source in (("a", "crm"), ("b", "crm"), ("x", "shop"), ("c", "crm"), ("d", "crm")):
        ws.ledger.register_list(key, file="f", source=source, sha256=key, options={}, purpose=None)
        clock.advance(1)
    for key in ("d", "x", "b", "a"):
        ws.ledger.note_joined(key, revision=0, counts={}, is_complete=True)
    found = {key: ws.ledger.previous_of_source(ws.ledger.phone_list(key)) for key in "abcdx"}
    assert found == {"a": None, "b": "a", "c": "b", "d": "b", "x": None}


def test_a_key_is_known_by_any_unique_beginning_and_a_list_by_its_file_or_source(ws: Workspace, clock: Clock) -> None:
    """A person copies half of it, or remembers the file; several or none: the nearest are named. Seen: `L2` did not find `L2.csv`."""
    for key, file in (
        ("mail-2025-aa", "mail.csv"),
        ("mail-2026-bb", "mail.csv"),
        ("phones-cc", "phones.csv"),
        ("x_y-dd", "x_y.csv"),
    ):
        clock.advance(1)
        ws.ledger.register_list(key, file=file, source=file.removesuffix(".csv"), sha256=key, options={}, purpose=None)
    known = {
        "mail-2025-aa": "mail-2025-aa",
        "mail-2025": "mail-2025-aa",
        "p": "phones-cc",
        "mail.csv": "mail-2026-bb",
        "mail": "mail-2026-bb",
        "x_": "x_y-dd",
        "Phones": "phones-cc",
        "MAIL": "mail-2026-bb",
        "Mail-2025": "mail-2025-aa",
    }
    assert {named: ws.ledger.list_key_of(named) for named in known} == known
    ws.ledger.register_list("mail-2025-aa2", file="other.csv", source="s", sha256="", options={}, purpose=None)
    assert ws.ledger.list_key_of("mail-2025-aa") == "mail-2025-aa"
    for named, said in (
        ("mail-", "several lists begin with mail-: mail-2025-aa, mail-2025-aa2, mail-2026-bb; name one of them"),
        ("fones-cc", "there is no list fones-cc; the nearest: phones-cc"),
        ("mail-2025-ab", "there is no list mail-2025-ab; the nearest: mail-2025-aa"),
        ("m%", "there is no list m%; the nearest: mail-"),
        ("Fones-CC", "there is no list Fones-CC; the nearest: phones-cc"),
        ("", "there is no list"),
    ):
        with pytest.raises(OperatorError, match=re.escape(said)):
            ws.ledger.list_key_of(named)
    chunk = planned(ws.ledger, key="phones-cc")
    assert {ws.ledger.chunk_key_of(chunk[:length]) for length in (4, 16)} == {chunk} == {ws.ledger.chunk_key_of(chunk.upper())}
    with pytest.raises(OperatorError, match=f"there is no chunk zz; the nearest: {chunk}"):
        ws.ledger.chunk_key_of("zz")


def test_keys_of_chunks_lie_in_the_order_of_the_nights_that_planned_them() -> None:
    """What a list takes from the last nights lies on few pages of the ledger's indexes, and no two chunks of one moment share a key."""
    nights = [[new_chunk_key(1.8e9 + 86_400 * night) for _ in range(50)] for night in range(10)]
    keys = [key for night in nights for key in night]
    assert sorted(keys) == [key for night in nights for key in sorted(night)] and len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {16}


def test_a_list_is_open_until_nothing_may_happen_to_it_and_is_counted(ws: Workspace) -> None:
    """Ticks look at open lists only: one that is not among them is forgotten."""
    register(ws.ledger, "a", "b")
    assert [row.list_key for row in ws.ledger.open_lists()] == ["a", "b"] and ws.ledger.open_list_count() == 2
    ws.ledger.note_joined("a", revision=0, counts={}, is_complete=True)
    assert [row.list_key for row in ws.ledger.newest_finished(5)] == []
    row = ws.ledger.phone_list("a")
    with ws.ledger.planning() as tx:
        tx.mark_planned("a")
    ws.ledger.note_pinned("a", ws.ledger.phone_list("a").planned_at)
    ws.ledger.note_joined("a", revision=row.revision + 2, counts={}, is_complete=True)
    assert [row.list_key for row in ws.ledger.open_lists()] == ["b"]
    assert [row.list_key for row in ws.ledger.newest_finished(5)] == ["a"]
    with ws.ledger.planning() as tx:
        tx.request_planning("a")
    assert [row.list_key for row in ws.ledger.open_lists()] == ["a", "b"] and ws.ledger.newest_finished(5) == []
    ws.ledger.delete(["a"], [])
    register(ws.ledger, "c")
    assert ws.ledger.list_count() == 2 and [row.number for row in ws.ledger.lists()] == [1, 2]


@pytest.mark.parametrize(("column", "value"), [("state", "evaporated"), ("result_counts", ["odd"])])
def test_a_chunk_in_an_unknown_shape_is_one_sentence_with_its_remedy(column: str, value: object, ws: Workspace) -> None:
    """A newer program, or a damaged disk, wrote it: guessing what it means would be guessing about money."""
    register(ws.ledger, "a")
    chunk = planned(ws.ledger)
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.update(schema.chunks).values({column: value}))
    with pytest.raises(LedgerError, match=rf"unknown value in {column}.*restore the ledger from its newest backup"):
        ws.ledger.chunk(chunk)


def test_phones_that_cannot_be_unpacked_are_one_sentence(ws: Workspace) -> None:
    """Half a blob is no blob; nothing of it is sent."""
    register(ws.ledger, "a")
    chunk = planned(ws.ledger)
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.text("UPDATE chunk_phones SET phones = :value").bindparams(value=b"not phones"))
    with pytest.raises(LedgerError, match=f"the phones of chunk {chunk} cannot be unpacked"):
        ws.ledger.chunk(chunk).phones  # noqa: B018


def test_the_migrations_build_the_tables_of_the_schema(ws: Workspace) -> None:
    """A column of another type, or forgotten in a migration, would fail in somebody's night; so would a migration above HEAD."""
    assert f'revision = "{HEAD}"' in max(VERSIONS.glob("[0-9]*.py")).read_text()
    with ws.ledger.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, metadata) == []


def test_a_migration_says_whether_an_older_program_goes_on_beside_a_newer_one(ws: Workspace, tmp_path: Path) -> None:
    """A rolling deploy: the older one has the ledger open. It must not write, nor be opened, where its writes would mean something else."""
    with newer_program(OLDER_GO_ON, tmp_path):
        open_workspace(ws.settings).ledger.close()
    assert ws.ledger.database.version() == OLDER_GO_ON
    register(ws.ledger, "a")
    open_workspace(ws.settings).ledger.close()
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{OLDER_STOP}'"))
    for attempt in (lambda: register(ws.ledger, "b"), lambda: open_workspace(ws.settings)):
        with pytest.raises(LedgerError, match=f"migrated the ledger to version {OLDER_STOP}, this program knows {HEAD}; end it"):
            attempt()
    assert ws.ledger.find_list("b") is None
    with ws.ledger.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'f00f00f00f00'"))
    with pytest.raises(LedgerError, match="holds another program's tables"):
        open_workspace(ws.settings)


def test_an_opt_out_holds_for_both_forms_of_a_phone_until_it_is_taken_back(ws: Workspace) -> None:
    """The person wrote the number as it was before the renumbering; an older ledger, which still refuses it, is known as older."""
    now, before, other = 2250712345678, 22512345678, 905320000000
    assert ws.ledger.suppress(np.array([before, other])) == 2
    assert ws.ledger.suppressed_among(np.array([now, other, 491701234567])).tolist() == [True, True, False]
    count = ws.ledger.changes()["suppressions"]
    assert (ws.ledger.unsuppress(np.array([now])), ws.ledger.unsuppress(np.array([now]))) == (1, 0)
    assert ws.ledger.suppressed_among(np.array([now, other])).tolist() == [False, True]
    assert ws.ledger.changes()["suppressions"] == count + 1


def test_a_purge_names_more_keys_than_a_statement_may_bind(ws: Workspace) -> None:
    """PostgreSQL binds 65,535 values a statement, SQLite often fewer; years of lists are more."""
    register(ws.ledger, "a", "b")
    many = [f"list{number}" for number in range(70_000)]
    assert ws.ledger.mark_purged(["a", *many], settled_before=0) == []
    ws.ledger.delete(["a", *many], many)
    ws.ledger.note_deleted(many)
    assert [each.list_key for each in ws.ledger.lists()] == ["b"]
