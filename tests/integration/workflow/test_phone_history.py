"""What planning learns of phones is what a dictionary of all chunks says, whatever became of the index meanwhile."""

from __future__ import annotations

import errno
import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.files.sorted_pairs import BLOCK_BYTES, Pairs
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import LoadedChunk, Tier
from fbcheck_pipeline.workflow.index import phone_history
from fbcheck_pipeline.workflow.index.index_tiers import open_tier, rows_of
from fbcheck_pipeline.workflow.index.index_upkeep import MERGING, tiers_to_merge, update_index
from fbcheck_pipeline.workflow.index.phone_history import DAY_S, TryRule, history_of
from fbcheck_pipeline.workflow.merge_policy import MergePolicy
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import Clock, phones
from tests.unit.workflow.past_chunks import PastChunks, told_by

SOME = phones(12)
STEPS = ("begin_file", "writing", "publish_tier", "withdraw_tier", "doomed", "delete", "note_deleted")
ACTIONS = ("collect", "some", "abandon", "late", "purge", "index", "index", "killed", "lose", "cut", "foreign")
YOUNG = 15
"""So many changes ago what a tier tells of is young."""
number = itertools.count()
QUICK = MergePolicy(ratio=2, largest=1 << 20)


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Die after the so-many-th step of what writes the index; locks are released, as the system does it."""
    left = [step]

    def dying(original: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **more: object) -> object:
            result = original(*args, **more)
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return result

        return wrapped

    with pytest.MonkeyPatch.context() as patched:
        for name in STEPS:
            owner = Storage if hasattr(Storage, name) else Ledger
            patched.setattr(owner, name, dying(getattr(owner, name)))
        with suppress(Killed):
            yield


def spoil(ws: Workspace, how: str) -> None:
    """What happens to files: one is lost, cut, or another takes its place."""
    names = [f"verdict_index/{each}" for each in ws.storage.names("verdict_index")]
    if not names:
        return
    path = Path(ws.storage.root) / names[0]
    if how == "lose":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.write_bytes((Path(ws.storage.root) / names[-1]).read_bytes())


subsets = st.sets(st.sampled_from(SOME.tolist()), min_size=1).map(lambda chosen: np.array(sorted(chosen), np.int64))
actions = st.lists(st.tuples(st.sampled_from(ACTIONS), subsets, subsets, st.integers(0, 9)), min_size=4, max_size=14)


def act(ws: Workspace, past: PastChunks, action: str, sent: Phones, answered: Phones, which: int) -> None:
    """One thing that happens in a night."""
    if action in ("index", "killed"):
        with killed_at(which if action == "killed" else -1):
            update_index(ws, max_loose=0, policy=QUICK)
        return
    if action in ("lose", "cut", "foreign"):
        spoil(ws, action)
        return
    settled = [each for each in past.known if each.is_settled]
    late = [each for each in settled if ws.ledger.chunk(each.key).state == "abandoned"]
    if action == "purge" and settled:
        past.purge(settled[which % len(settled)])
    elif action == "late" and late:
        past.collect(late[which % len(late)], np.intersect1d(late[which % len(late)].phones, answered))
    elif action in ("collect", "some", "abandon"):
        is_open = [each for each in past.known if not each.is_settled]
        chunk = is_open[which % len(is_open)] if is_open and which % 2 else past.exported(sent)
        if action == "abandon":
            past.abandon(chunk)
        else:
            past.collect(chunk, np.intersect1d(chunk.phones, answered), is_whole=action == "collect")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions)
def test_whatever_happens_to_chunks_and_files_the_history_is_that_of_the_chunks(
    ws: Workspace, clock: Clock, nights: list[tuple[str, Phones, Phones, int]]
) -> None:
    """A phone that is taken for new is bought again; one that is taken for answered never gets its answer."""
    past, shift = PastChunks(ws, clock), 100 * next(number)  # one ledger: each history has phones of its own
    for action, sent, answered, which in nights:
        act(ws, past, action, sent + shift, answered + shift, which)
        assert told_by(history_of(ws, SOME + shift), SOME + shift) == past.told(SOME + shift), action
    update_index(ws, max_loose=0, policy=QUICK)
    tiers = {each.name for each in ws.ledger.index_state().tiers}
    assert {f"verdict_index/{name}" for name in ws.storage.names("verdict_index")} <= tiers, "no file is left that nobody knows"


def test_what_a_file_tells_of_a_chunk_that_changed_since_is_no_longer_true(ws: Workspace, clock: Clock) -> None:
    """A try that was given up binds until its late answer comes, however the index told of it before; another's still does."""
    past = PastChunks(ws, clock)
    for some in (SOME[:5], SOME[5:]):
        past.abandon(past.exported(some))
    assert update_index(ws, max_loose=0) and told_by(history_of(ws, SOME), SOME) == past.told(SOME)
    past.collect(past.known[0], SOME[:4])
    assert told_by(history_of(ws, SOME), SOME) == past.told(SOME)


def break_disk(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Where a file lies, the disk gives nothing any more."""
    broken, pread = path.stat().st_ino, os.pread

    def failing(file: int, size: int, start: int) -> bytes:
        if os.fstat(file).st_ino == broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(file, size, start)

    monkeypatch.setattr(os, "pread", failing)


@pytest.mark.parametrize("was_read_before", [False, True])
@pytest.mark.parametrize("how", ["lose", "cut", "foreign", "unreadable"])
def test_a_spoilt_file_is_said_and_made_anew(
    how: str,
    was_read_before: bool,
    ws: Workspace,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is never believed, and nobody has to mend it."""
    past = PastChunks(ws, clock)
    for start in (0, 5):
        past.collect(past.exported(SOME[start : start + 5]), SOME[start : start + 3])
        assert update_index(ws, max_loose=0)
    before = {each.name for each in ws.ledger.index_state().tiers}
    if was_read_before:
        history_of(ws, SOME)
    if how == "unreadable":
        break_disk(monkeypatch, Path(ws.storage.root) / min(before))
    else:
        spoil(ws, how)
    assert told_by(history_of(ws, SOME), SOME) == past.told(SOME)
    assert len(caplog.records) == 1 and "lost or damaged" in caplog.text
    assert update_index(ws, max_loose=0)
    after = {each.name for each in ws.ledger.index_state().tiers}
    assert len(before & after) == 1 and {f"verdict_index/{name}" for name in ws.storage.names("verdict_index")} == after
    assert told_by(history_of(ws, SOME), SOME) == past.told(SOME) and len(caplog.records) == 1


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files of the index that a look-up opens."""
    names = list[str]()
    monkeypatch.setattr(phone_history, "open_tier", lambda ws, tier: names.append(tier.name) or open_tier(ws, tier))
    return names


def test_the_next_list_of_a_process_needs_only_the_pairs_of_a_file_until_something_is_deleted(
    ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run plans many lists, and files never change. Their fences are phones, which a process does not keep when some are erased."""
    past, pread, read = PastChunks(ws, clock), os.pread, list[int]()
    purged = past.exported(SOME[:2])
    for chunk, answered in ((purged, SOME[:1]), (past.exported(SOME[2:8]), SOME[2:6])):
        past.collect(chunk, answered)
        assert update_index(ws, max_loose=0)
    needed = BLOCK_BYTES
    monkeypatch.setattr(os, "pread", lambda file, size, start: read.append(size) or pread(file, size, start))

    def bytes_read() -> int:
        read.clear()
        assert told_by(history_of(ws, SOME), SOME) == past.told(SOME)
        return sum(read)

    assert bytes_read() > 2 * needed == bytes_read()
    past.purge(purged)
    assert bytes_read() > needed == bytes_read()


def test_what_is_too_old_to_matter_is_not_opened(ws: Workspace, clock: Clock, opened: list[str]) -> None:
    """Planning costs what is young, whatever was bought in years before."""
    past = PastChunks(ws, clock)
    past.collect(past.exported(SOME[:6]), SOME[:4])
    update_index(ws, max_loose=0)
    clock.advance(31 * DAY_S)
    rule = TryRule(clock.now, clock.now - 30 * DAY_S)
    assert (history_of(ws, SOME, rule).verdict < 0).all() and opened == []
    past.collect(past.exported(SOME[2:9]), SOME[2:8])
    update_index(ws, max_loose=0)
    found = history_of(ws, SOME, rule)
    assert opened == [ws.ledger.index_state().tiers[-1].name]
    assert found.known[found.verdict >= 0].tolist() == [2, 3, 4, 5, 6, 7]
    assert [places.tolist() for _, places in found.tries] == [[8]]


def test_what_a_person_gave_up_is_read_for_ever_but_nothing_that_is_old_with_it(
    ws: Workspace, clock: Clock, opened: list[str]
) -> None:
    """Else each night with such a chunk makes all plans dearer, however long ago it was. Whatever is merged."""
    past, given_up = PastChunks(ws, clock), SOME[9:]
    for phone in given_up:
        past.abandon(past.exported(np.array([phone])))
        past.collect(past.exported(SOME[:9]), SOME[:8])
        update_index(ws, max_loose=0, policy=QUICK)
        clock.advance(31 * DAY_S)
    past.collect(past.exported(SOME[:2]), SOME[:1])
    update_index(ws, max_loose=0, policy=QUICK)
    rule = TryRule(clock.now, clock.now - 30 * DAY_S)
    assert history_of(ws, SOME[:9], rule).known.tolist() == [0]
    pairs = {each.name: each.pairs for each in ws.ledger.index_state().tiers}
    assert sum(pairs.values()) == 3 * 9 + 2 + len(given_up) and sum(pairs[name] for name in opened) == 2 + len(given_up)
    assert [places.tolist() for _, places in history_of(ws, given_up, rule).tries] == [[0], [1], [2]]


@pytest.mark.parametrize("why", ["bound", "abandoned"])
def test_an_old_verdict_ends_the_count_of_an_old_try_that_still_counts(
    why: str, ws: Workspace, clock: Clock, opened: list[str]
) -> None:
    """Else a phone that was answered after it would never be bought again. Files with nothing later than the try are not opened."""
    past = PastChunks(ws, clock)
    past.collect(past.exported(SOME[:2]), SOME[:2])
    update_index(ws, max_loose=0)
    (before,) = ws.ledger.index_state().tiers
    clock.advance(31 * DAY_S)
    tried = past.exported(SOME[:2])
    for settle in (
        lambda: past.abandon(tried) if why == "abandoned" else past.collect(tried, SOME[:0]),
        lambda: past.collect(past.exported(SOME[1:3]), SOME[1:3]),
        lambda: past.collect(past.exported(SOME[5:8]), SOME[5:8]),
    ):
        settle()
        update_index(ws, max_loose=0)
    clock.advance(31 * DAY_S)
    binding = frozenset({tried.key} if why == "bound" else ())
    found = history_of(ws, SOME, TryRule(clock.now, clock.now - 30 * DAY_S, binding))
    ((chunk, places),) = found.tries
    assert (chunk.chunk_key, places.tolist()) == (tried.key, [0, 1])
    assert found.known.tolist() == [1] and found.answered_at[0] > chunk.settled_at
    later = {each.name for each in ws.ledger.index_state().tiers if each.pairs} - {before.name}
    assert len(later) == 3 and set(opened) == later


def test_a_reader_that_loses_a_file_to_a_merge_reads_the_merged_one(
    ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had read which files there are before the merge replaced them."""
    past, state = PastChunks(ws, clock), Ledger.index_state
    for start in range(4):
        past.collect(past.exported(SOME[start : start + 2]), SOME[start : start + 1])
        before = ws.ledger.index_state()
        assert update_index(ws, max_loose=0)
    tiers = ws.ledger.index_state().tiers
    assert [each.pairs for each in tiers] == [4, 2, 2] and [each.pairs for each in before.tiers] == [2, 2, 2]
    stale = iter([before])
    monkeypatch.setattr(Ledger, "index_state", lambda ledger: next(stale, None) or state(ledger))
    assert told_by(history_of(ws, SOME), SOME) == past.told(SOME)
    assert ws.ledger.index_state().tiers == tiers


def test_a_tier_holds_nothing_of_a_purged_chunk(ws: Workspace, clock: Clock) -> None:
    """Nor is another tier written anew for it."""
    past = PastChunks(ws, clock)
    purged, kept = past.exported(SOME[:6]), past.exported(SOME[3:])
    past.collect(purged, SOME[:5])
    past.collect(kept, SOME[4:])
    assert update_index(ws, max_loose=0)
    past.collect(past.exported(SOME), SOME)
    assert update_index(ws, max_loose=0)
    first, second = ws.ledger.index_state().tiers
    past.purge(purged)
    anew, untouched = ws.ledger.index_state().tiers
    assert untouched == second and anew.pairs == first.pairs - 6
    content = b"".join((Path(ws.storage.root) / each.name).read_bytes() for each in (anew, untouched))
    assert purged.key.encode() not in content and kept.key.encode() in content
    assert told_by(history_of(ws, SOME), SOME) == past.told(SOME)


@pytest.mark.parametrize("new", [16_500, 33_000, 400_000, 1_300_000])
def test_what_a_night_writes_follows_what_is_new_not_what_there_is(new: int) -> None:
    """At most five times what is new and one bounded merge, until a hundred million pairs lie in some forty files."""
    tiers, night, most = list[Tier](), list[int](), 0
    while sum(each.pairs for each in tiers) < 100_000_000:
        night = [*night[-3:], _written(tiers, new)]  # times that something is collected
        assert sum(night) <= 5 * 4 * new + MERGING.largest
        most = max(most, len(tiers))
    assert most <= 40


def _written(tiers: list[Tier], new: int, given_up: int = 0) -> int:
    """How many pairs are written when so many come, and tries that count for ever: `tiers` as the policy leaves them."""
    written, change = new + given_up, max((each.through_change for each in tiers), default=0) + 1
    for pairs, lasts in ((new, False), (given_up, True)):
        if pairs:
            after = max((each.through_change for each in tiers if each.lasts == lasts), default=0)
            tiers.append(Tier(f"{change} {lasts}", after, change, pairs, math.inf if lasts else change))
    if chosen := tiers_to_merge(tiers, MERGING, change - YOUNG):
        pairs, first, last = sum(each.pairs for each in chosen), chosen[0], chosen[-1]
        assert pairs <= MERGING.largest
        written += pairs
        tiers[:] = [each for each in tiers if each not in chosen]
        tiers.append(Tier(f"merged {change}", first.after_change, last.through_change, pairs, last.fresh_at))
        tiers.sort(key=lambda each: each.through_change)
    for lasts in (False, True):
        some = [each for each in tiers if each.lasts == lasts]
        assert [each.after_change for each in some[1:]] == [each.through_change for each in some[:-1]]
    return written


@pytest.mark.parametrize("given_up", [0, 500])
@pytest.mark.parametrize("spread", [0, 1.5])
def test_over_many_nights_each_pair_is_written_less_than_six_times_and_few_files_are_young(spread: float, given_up: int) -> None:
    """However uneven the nights are. Nights that merge much are rare. What is young lies in few small files: every plan reads these.

    What a person gave up in each tenth night it reads for ever, and nothing else with it.
    """
    tiers, written, random = list[Tier](), 0, np.random.default_rng(1)
    news = (33_000 * random.lognormal(0, spread, 2000)).astype(int).tolist()
    young_count = [0]
    for at, new in enumerate(news, 1):
        written += _written(tiers, new, given_up if at % 10 == 0 else 0)
        lasting = [each.pairs for each in tiers if each.lasts]
        young = [each.pairs for each in tiers if at - YOUNG < each.fresh_at < math.inf]
        young_count.append(len(young))
        assert sum(young) <= sum(news[max(0, at - 4 * YOUNG) : at])
        assert sum(lasting) == at // 10 * given_up and len(lasting) <= 6
    assert written <= 6 * sum(news)
    assert max(young_count) <= 6 and np.mean(young_count) <= 3.5 and len(tiers) <= 20


def test_what_is_reused_is_not_merged_with_what_is_old(ws: Workspace, clock: Clock) -> None:
    """Else every plan reads the large file. It is once it is old, too."""
    past = PastChunks(ws, clock)

    def collected(count: int) -> list[int]:
        past.collect(past.exported(SOME[:count]), SOME[:count])
        update_index(ws, max_loose=0, policy=QUICK)
        return [each.pairs for each in ws.ledger.index_state().tiers]

    assert collected(2) == [2]
    clock.advance(31 * DAY_S)
    assert collected(3) == [2, 3] and collected(1) == [2, 3, 1]
    clock.advance(31 * DAY_S)
    assert collected(1) == [6, 1]


@pytest.mark.parametrize("at_once", [1, 5, 1000])
def test_chunks_that_no_file_tells_of_are_read_some_at_a_time(
    at_once: int, ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as have so many phones together: few tables are made of many small chunks, and large ones are not in memory side by side."""
    past, together = PastChunks(ws, clock), list[int]()
    for start in range(7):
        past.collect(past.exported(SOME[start : start + 3]), SOME[start : start + 2])

    def counted(chunks: Sequence[LoadedChunk], *, lasting: bool) -> tuple[pa.Table, Pairs]:
        together.append(len(chunks))
        return rows_of(chunks, lasting=lasting)

    monkeypatch.setattr(phone_history, "PHONES_AT_ONCE", at_once)
    monkeypatch.setattr(phone_history, "rows_of", counted)
    assert told_by(history_of(ws, SOME), SOME) == past.told(SOME)
    assert together == {1: [1] * 7, 5: [2, 2, 2, 1], 1000: [7]}[at_once]


def test_two_processes_at_once_publish_one_of_what_they_made(
    ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's file is deleted, and nothing is told twice."""
    past, publish = PastChunks(ws, clock), Ledger.publish_tier
    past.collect(past.exported(SOME), SOME[:6])

    def second_first(ledger: Ledger, *given: object, **more: object) -> bool:
        monkeypatch.undo()
        assert update_index(ws, max_loose=0)
        return publish(ledger, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "publish_tier", second_first)
    assert not update_index(ws, max_loose=0)
    (tier,) = ws.ledger.index_state().tiers
    assert ws.storage.names("verdict_index") == [tier.name.rpartition("/")[2]]
    assert told_by(history_of(ws, SOME), SOME) == past.told(SOME)
