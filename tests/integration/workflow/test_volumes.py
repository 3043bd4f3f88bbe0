"""Small verdict files become few large ones; at each moment, and whoever is killed, every verdict is there and is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.ledger.records import Volume
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.answers import resolve
from fbcheck_pipeline.workflow.buying.pins import Pin, Pins
from fbcheck_pipeline.workflow.merge_policy import MergePolicy
from fbcheck_pipeline.workflow.verdict_files import volumes
from fbcheck_pipeline.workflow.verdict_files.lost_verdicts import verdicts_of
from fbcheck_pipeline.workflow.verdict_files.verdicts import write_verdicts
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts, remove_from_volumes
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import Clock, phones
from tests.unit.workflow.past_chunks import Past, PastChunks

MERGING = MergePolicy(ratio=3, largest=1000)
STEPS = {
    "begin_file": Ledger,
    "write_parquet": Storage,
    "publish_volume": Ledger,
    "move": Storage,
    "delete": Storage,
    "note_deleted": Ledger,
}


class Killed(BaseException):
    """The process ends here."""


def collected(ws: Workspace, past: PastChunks, number: int, count: int = 4) -> Past:
    """A finished task with its verdict file."""
    mine = phones(count, 905_320_000_000 + 10 * number)
    chunk = past.exported(mine)
    labels = pa.array(["yes", "no"] * count)[:count]
    write_verdicts(ws.storage, f"task-{chunk.key}", pa.table({"phone": mine, "facebook": labels, "label": labels}), 0)
    past.collect(chunk, mine)
    return chunk


def seen(ws: Workspace) -> Counter[str]:
    """How often a query over the folder sees each phone."""
    files = [pq.read_table(Path(ws.storage.root) / "verdicts" / name) for name in ws.storage.names("verdicts")]
    return Counter(phone for each in files for phone in each["phone_e164"].to_pylist())


def assert_all_read(ws: Workspace, past: PastChunks) -> None:
    """Each task's verdicts are read, wherever they lie."""
    for each in past.known:
        read, codes = verdicts_of(ws, ws.ledger.chunk(each.key))
        assert np.array_equal(read, each.phones) and (codes >= 0).all()


def test_a_query_over_all_verdicts_opens_few_files(ws: Workspace, clock: Clock) -> None:
    """Two hundred thousand tasks were as many files; what may still change stays by itself."""
    past = PastChunks(ws, clock)
    for number in range(40):
        collected(ws, past, number)
        bind_verdicts(ws, max_files=2, policy=MERGING)
    late = past.exported(phones(3, 905_330_000_000))
    write_verdicts(
        ws.storage, f"task-{late.key}", pa.table({"phone": late.phones, "facebook": ["yes"] * 3, "label": ["yes"] * 3}), 0
    )
    past.collect(late, late.phones[:2], is_whole=False)
    bind_verdicts(ws, max_files=0, policy=MERGING)
    assert ws.ledger.chunk(late.key).volume is None and ws.storage.exists(f"verdicts/task-{late.key}.parquet")
    assert len(ws.storage.names("verdicts")) <= 8 and ws.storage.names("new_volumes") == []
    assert set(seen(ws).values()) == {1} and len(seen(ws)) == 40 * 4 + 3
    assert_all_read(ws, past)


@pytest.mark.parametrize("step", STEPS)
def test_whoever_is_killed_leaves_every_verdict_there_and_the_next_ends_the_work(
    step: str, ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row may be seen twice while files are deleted, never not at all; in the end once."""
    past = PastChunks(ws, clock)
    for number in range(4):
        collected(ws, past, number)
    before = [ws.ledger.chunk(each.key) for each in past.known]
    original = getattr(STEPS[step], step)

    def dying(*args: object, **more: object) -> object:
        original(*args, **more)
        raise Killed

    monkeypatch.setattr(STEPS[step], step, dying)
    with pytest.raises(Killed):
        bind_verdicts(ws, max_files=0, policy=MERGING)
    monkeypatch.undo()
    assert len(seen(ws)) == 16 and max(seen(ws).values()) <= 2
    assert_all_read(ws, past)
    bind_verdicts(ws, max_files=0, policy=MERGING)
    assert set(seen(ws).values()) == {1} and len(seen(ws)) == 16 and ws.storage.names("new_volumes") == []
    assert len(ws.storage.names("verdicts")) == 1 and ws.ledger.doomed() == []
    for each in before:  # who looked before the files were replaced
        assert len(verdicts_of(ws, each)[0]) == 4


def test_a_purge_leaves_nothing_of_its_chunks_in_any_volume(ws: Workspace, clock: Clock) -> None:
    """And writes only the volumes that they were in."""
    past = PastChunks(ws, clock)
    volumes = []
    for number in range(4):
        collected(ws, past, number)
        if number % 2:
            assert bind_verdicts(ws, max_files=1)
            volumes.append(ws.ledger.chunk(past.known[-1].key).volume)
    first, other = past.known[0], ws.ledger.chunk(past.known[3].key).volume
    past.purge(first)
    assert len(seen(ws)) == 12 and set(seen(ws).values()) == {1}
    assert other in {each.key for each in ws.ledger.volumes()} and len(ws.ledger.volumes()) == 2
    assert_all_read(ws, past)
    past.purge(past.known[0])
    assert [each.key for each in ws.ledger.volumes()] == [other] and len(ws.storage.names("verdicts")) == 1


def test_a_volume_made_in_the_midst_of_a_purge_is_not_published(
    ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would keep the purged phones for ever."""
    past, publish = PastChunks(ws, clock), Ledger.publish_volume
    for number in range(2):
        collected(ws, past, number)
    purged = past.known[0]

    def purge_then_publish(ledger: Ledger, *given: object, **more: object) -> bool:
        monkeypatch.undo()
        past.purge(purged)
        ws.storage.delete(f"verdicts/task-{purged.key}.parquet")
        return publish(ledger, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "publish_volume", purge_then_publish)
    assert not bind_verdicts(ws, max_files=0)
    assert ws.ledger.volumes() == [] and ws.storage.names("new_volumes") == []
    assert len(seen(ws)) == 4
    assert_all_read(ws, past)


def test_a_lost_volume_is_said_by_name(ws: Workspace, clock: Clock) -> None:
    """It is restored from the backup; nobody takes its answers for none."""
    past = PastChunks(ws, clock)
    collected(ws, past, 0)
    assert bind_verdicts(ws, max_files=0)
    chunk = ws.ledger.chunk(past.known[0].key)
    ws.storage.delete(f"verdicts/volume~{chunk.volume}.parquet")
    with pytest.raises(StorageError, match=r"volume~.*lost or damaged"):
        verdicts_of(ws, chunk)
    remove_from_volumes(ws)


@pytest.mark.parametrize("how", ["lost", "cut", "unreadable"])
def test_a_volume_that_cannot_be_read_is_not_merged_away(how: str, ws: Workspace, clock: Clock) -> None:
    """Deleted, it could not be restored to where the ledger looks, and no purge would reach it any more."""
    past = PastChunks(ws, clock)
    for number in range(3):
        collected(ws, past, number)
        assert bind_verdicts(ws, max_files=0)
    path = Path(ws.storage.root) / "verdicts" / f"volume~{ws.ledger.chunk(past.known[1].key).volume}.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:100])
    if how != "cut":
        path.unlink()
    if how == "unreadable":
        path.mkdir()
        with pytest.raises(StorageError, match="lost or damaged"):
            verdicts_of(ws, ws.ledger.chunk(past.known[1].key))
    assert not bind_verdicts(ws, max_files=0, policy=MERGING)
    assert len(ws.ledger.volumes()) == 3 and ws.storage.names("new_volumes") == []
    if how == "unreadable":
        path.rmdir()
    path.write_bytes(content)
    assert bind_verdicts(ws, max_files=0, policy=MERGING)
    assert len(ws.ledger.volumes()) == 1 and set(seen(ws).values()) == {1} and len(seen(ws)) == 12
    assert_all_read(ws, past)


def test_a_purge_never_deletes_a_damaged_volume_with_the_answers_of_others(ws: Workspace, clock: Clock) -> None:
    """They are paid for, and the backup may have them: the purge says the file, and ends when that is restored, or deleted."""
    past = PastChunks(ws, clock)
    for number in range(3):
        collected(ws, past, number)
    assert bind_verdicts(ws, max_files=0)
    path = Path(ws.storage.root) / "verdicts" / f"volume~{ws.ledger.chunk(past.known[0].key).volume}.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:100])
    with pytest.raises(StorageError, match=r"volume~.*lost or damaged"):
        past.purge(past.known[0])
    path.write_bytes(content)
    remove_from_volumes(ws)
    assert set(seen(ws).values()) == {1} and len(seen(ws)) == 8
    assert_all_read(ws, past)
    (rest,) = (Path(ws.storage.root) / "verdicts").iterdir()
    rest.unlink()
    past.purge(past.known[0])


def test_who_comes_second_to_a_merge_neither_warns_nor_makes_anew_what_lies_elsewhere(
    ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The volumes that it was about to read are gone; a file of its own beside the merged volume would have each verdict twice."""
    past, volumes = PastChunks(ws, clock), Ledger.volumes
    for number in range(3):
        collected(ws, past, number)
        assert bind_verdicts(ws, max_files=0)

    def then_another_merges(ledger: Ledger) -> list[Volume]:
        seen_before = volumes(ledger)
        monkeypatch.undo()
        bound_before = ledger.bound_in([each.key for each in seen_before])
        assert bind_verdicts(ws, max_files=0, policy=MERGING)
        monkeypatch.setattr(Ledger, "bound_in", lambda *_: bound_before)
        return seen_before

    monkeypatch.setattr(Ledger, "volumes", then_another_merges)
    assert not bind_verdicts(ws, max_files=0, policy=MERGING)
    assert not caplog.records
    assert len(seen(ws)) == 12 and set(seen(ws).values()) == {1}


def test_a_join_reads_each_part_of_a_volume_once(ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list asks in the order of its pins; the tasks lie in that of their ids, and parts were read again for nearly each task."""
    past = PastChunks(ws, clock)
    chunks = [collected(ws, past, number) for number in range(24)]
    monkeypatch.setattr(volumes, "ROWS_PER_BATCH", 16)
    bind_verdicts(ws, max_files=0, policy=MergePolicy(ratio=3, largest=1000))
    (name,) = ws.storage.names("verdicts")
    assert ws.storage.parquet_file(f"verdicts/{name}").num_row_groups == 6

    read, read_row_group = list[int](), pq.ParquetFile.read_row_group
    monkeypatch.setattr(
        pq.ParquetFile, "read_row_group", lambda file, at, **how: read.append(at) or read_row_group(file, at, **how)
    )
    shuffled = [chunks[place * 7 % 24] for place in range(24)]
    asked = np.concatenate([each.phones for each in shuffled])
    index = np.repeat(np.arange(24, dtype=np.int8), 4)[np.argsort(asked)]
    pins = [Pin(AnsweredBy.VERDICT, each.key, f"task-{each.key}") for each in shuffled]
    ws.ledger.register_list("list", file="list", source="s", sha256="list", options={}, purpose=None)
    resolved = resolve(ws, "list", Pins(np.sort(asked), index, pins))
    assert (resolved.facebook[:-2].reshape(24, 4) == [0, 1, 0, 1]).all() and sorted(read) == list(range(6))


def test_a_task_that_answered_nobody_is_no_part_of_a_volume(ws: Workspace, clock: Clock) -> None:
    """It has no row there by which to tell that nothing of the volume is lost."""
    past = PastChunks(ws, clock)
    collected(ws, past, 0)
    empty = past.exported(phones(4, 905_330_000_000))
    write_verdicts(
        ws.storage, f"task-{empty.key}", pa.table({"phone": empty.phones, "facebook": [""] * 4, "label": [""] * 4})[:0], 0
    )
    past.collect(empty, empty.phones[:0])
    assert bind_verdicts(ws, max_files=0)
    assert len(verdicts_of(ws, ws.ledger.chunk(empty.key))[0]) == 0
