"""Files of sorted pairs: what is searched is found, by reading some blocks; what is damaged is never read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.files.byte_ranges import PORTION, ByteRanges, byte_ranges
from fbcheck_pipeline.files.sorted_pairs import BLOCK, BLOCK_BYTES, FILTER_BYTES, DamagedPairs, PairsFile, merged, write_pairs
from fbcheck_pipeline.files.storage import Storage

IDENTITY = {"name": "this"}
TABLE = pa.table({"meaning": ["zero", "one", "two"]})


def written(folder: Path, keys: list[int], values: list[int], name: str = "file", limit: int = 3) -> Storage:
    """A file of these pairs, written in two pieces."""
    order = np.argsort(keys, kind="stable")
    pairs = np.array(keys, np.int64)[order], np.array(values, np.int32)[order]
    half = len(keys) // 2
    with (folder / name).open("wb") as sink:
        pieces = iter([(pairs[0][:half], pairs[1][:half]), (pairs[0][half:], pairs[1][half:])])
        count = write_pairs(sink, IDENTITY, TABLE, pieces, limit=limit)
    assert count == len(keys)
    return Storage(str(folder))


def found(file: PairsFile, needles: np.ndarray) -> list[tuple[int, int]]:
    return sorted(
        (int(needles[at]), int(value))
        for places, values in file.search(needles)
        for at, value in zip(places, values, strict=True)
    )


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(3 * BLOCK + 1, 1, {1}, 0)
@example(3 * BLOCK, 4, {1, 2, 3, 4}, 0)
@example(3 * BLOCK, 2, {2}, 0)
@example(0, 1, {1}, 0)
@given(
    st.integers(0, 4 * BLOCK), st.integers(1, 5000), st.sets(st.integers(0, 5001), min_size=0, max_size=50), st.integers(0, 2**32)
)
def test_every_pair_of_a_key_is_found_and_no_other(tmp_path: Path, count: int, spread: int, wanted: set[int], seed: int) -> None:
    """Also where a key fills several blocks, and at the borders of blocks."""
    dice = np.random.default_rng(seed)
    keys, values = dice.integers(1, spread + 1, count).tolist(), dice.integers(0, 3, count).tolist()
    needles = np.array(sorted(wanted), np.int64)
    with byte_ranges(written(tmp_path, keys, values), "file") as source:
        file = PairsFile.open(source, IDENTITY)
        assert file.table.equals(TABLE)
        there = sorted((key, value) for key, value in zip(keys, values, strict=True) if key in wanted)
        assert found(file, needles) == found(file.with_filters(), needles) == there


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([1, 2, 3, 1 << 14, 1 << 20, 1 << 31]),
    st.lists(st.tuples(st.integers(1, 10**15), st.integers(1, 2 * BLOCK), st.integers(1, 5)), max_size=5),
    st.integers(0, 2**32),
)
def test_keys_from_all_over_the_world_are_found_among_any_number_of_values(
    tmp_path: Path, limit: int, runs: list[tuple[int, int, int]], seed: int
) -> None:
    """A word has no room for the first bits of a long key beside a large value: what differs in these alone is another key."""
    dice, word_bits = np.random.default_rng(seed), 64 - limit.bit_length()
    keys = [start + step * number for start, count, step in runs for number in range(count)]
    keys += [key ^ 1 << word_bits for key in keys[:: BLOCK // 2] if word_bits < 62]
    keys += [(1 << word_bits) - 1] if word_bits < 62 else []
    values = dice.choice([0, limit // 2, limit - 1], len(keys)).tolist()
    needles = {key ^ each for key in keys[::7] for each in (0, 1, 1 << min(word_bits, 61))}
    needles |= {number << word_bits | (1 << word_bits) - 1 for number in range(4) if word_bits < 60}
    with byte_ranges(written(tmp_path, keys, values, limit=limit), "file") as source:
        file = PairsFile.open(source, IDENTITY)
        pairs = sorted(zip(keys, values, strict=True))
        assert found(file, np.array(sorted(needles), np.int64)) == [pair for pair in pairs if pair[0] in needles]
        pieces = list(merged([file], [np.arange(3, dtype=np.int32)])) if limit == 3 else [file.between(0, 1 << 62)]
        assert sorted((int(key), int(value)) for some in pieces for key, value in zip(*some, strict=True)) == pairs


def test_what_fills_up_a_block_is_no_pair(tmp_path: Path) -> None:
    """It looks like one of the greatest key with these first bits. The filters do not exclude that: a Fibonacci number away is one with its bit."""
    greatest = [first << 32 | 0xFFFF_FFFF for first in range(100)]
    keys = [key - 832_040 * number for key in greatest for number in range(1, 901)] + [greatest[7]] * 2
    with byte_ranges(written(tmp_path, keys, [*[0] * 90_000, 1, 2], limit=1 << 31), "file") as source:
        assert found(PairsFile.open(source, IDENTITY), np.array(greatest)) == [(greatest[7], 1), (greatest[7], 2)]


def telling(source: ByteRanges, reads: list[int]) -> ByteRanges:
    """The same source; how many bytes are asked for each time is added to `reads`."""

    def read(start: int, stop: int) -> bytes:
        reads.append(stop - start)
        return source.read(start, stop)

    return replace(source, read=read)


def test_few_keys_are_found_by_reading_few_blocks_and_many_in_small_pieces(tmp_path: Path) -> None:
    """A look-up in a hundred million pairs has no room for them."""
    count = 300 * BLOCK
    storage, reads = written(tmp_path, list(range(count)), [0] * count), list[int]()
    with byte_ranges(storage, "file") as source:
        file = PairsFile.open(telling(source, reads), IDENTITY)
        reads.clear()
        assert len(found(file, np.array([5, 200 * BLOCK], np.int64))) == 2
        assert sum(reads) <= 4 * BLOCK_BYTES
        reads.clear()
        assert len(found(file, np.arange(count))) == count
        assert max(reads) <= PORTION and sum(reads) == 300 * (BLOCK_BYTES + FILTER_BYTES)


def test_keys_of_every_other_block_are_found_without_the_blocks_between(tmp_path: Path) -> None:
    """What lies between two blocks of a local file is not read; what is adjacent is read together."""
    storage = written(tmp_path, list(range(100 * BLOCK)), [0] * 100 * BLOCK)
    needles = np.arange(5, 100 * BLOCK, 2 * BLOCK)
    with byte_ranges(storage, "file") as source:
        assert found(PairsFile.open(source, IDENTITY), needles) == [(key, 0) for key in needles.tolist()]


def test_keys_that_are_not_there_are_told_by_filters_alone(tmp_path: Path) -> None:
    """Most phones of a list are new: of one in each block, few blocks are read, and no filter again that is kept. The table is read
    when it is asked for, once.
    """
    storage, reads = written(tmp_path, list(range(0, 600 * BLOCK, 2)), [0] * 300 * BLOCK), list[int]()
    with byte_ranges(storage, "file") as source:
        file = PairsFile.open(telling(source, reads), IDENTITY)
        reads.clear()
        assert found(file, np.arange(999, 600 * BLOCK, 2 * BLOCK)) == []
        assert 300 * FILTER_BYTES <= sum(reads) <= 300 * FILTER_BYTES + 60 * BLOCK_BYTES
        kept = file.with_filters()
        reads.clear()
        assert found(kept, np.arange(999, 600 * BLOCK, 2 * BLOCK)) == []
        assert sum(reads) <= 60 * BLOCK_BYTES
        reads.clear()
        assert file.table.equals(TABLE) and file.table.equals(TABLE) and len(reads) == 1


def test_merged_files_hold_all_pairs_but_those_left_out(tmp_path: Path) -> None:
    """What is stale goes when files are merged; values mean a row of the merged table."""
    storage = written(tmp_path, [1, 5, 5, 9], [0, 1, 2, 0], "one")
    written(tmp_path, list(range(2 * BLOCK)), [1] * 2 * BLOCK, "two")
    with byte_ranges(storage, "one") as one, byte_ranges(storage, "two") as two:
        files = [PairsFile.open(one, IDENTITY), PairsFile.open(two, IDENTITY)]
        pieces = list(merged(files, [np.array([0, -1, 7], np.int32), np.array([-1, 8, -1], np.int32)]))
    pairs = [(int(key), int(value)) for keys, values in pieces for key, value in zip(keys, values, strict=True)]
    assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
    assert sorted(pairs) == sorted([(1, 0), (5, 7), (9, 0), *((key, 8) for key in range(2 * BLOCK))])


def test_files_without_pairs_are_merged_to_one_without(tmp_path: Path) -> None:
    """Tasks that answered nobody yet: a merge that failed on them would fail each night, and with it a purge."""
    storage = written(tmp_path, [], [])
    with byte_ranges(storage, "file") as source:
        assert sum(len(keys) for keys, _ in merged([PairsFile.open(source, IDENTITY)], [np.array([0, 1, 2], np.int32)])) == 0


DAMAGES = [
    "cut",
    "cut in the pairs",
    "empty",
    "zeros in the pairs",
    "zeros in a block",
    "a value",
    "a filter",
    "table",
    "counts",
    "longer",
    "another",
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_not_whole_or_another_is_never_read(damage: str, tmp_path: Path) -> None:
    """Believed, it would buy phones again, or call strangers answered."""
    storage = written(tmp_path, list(range(3 * BLOCK)), [0] * 3 * BLOCK)
    path = tmp_path / "file"
    raw = bytearray(path.read_bytes())
    if damage == "cut":
        raw = raw[:-1]
    elif damage == "cut in the pairs":
        raw = raw[:BLOCK_BYTES] + raw[2 * BLOCK_BYTES :]
    elif damage == "empty":
        raw.clear()
    elif damage == "zeros in the pairs":
        raw[BLOCK_BYTES : 2 * BLOCK_BYTES] = bytes(BLOCK_BYTES)
    elif damage == "zeros in a block":
        raw[4096 : 2 * 4096] = bytes(4096)
    elif damage == "a value":
        raw[BLOCK_BYTES - 1] ^= 1
    elif damage == "a filter":
        raw[3 * BLOCK_BYTES : 3 * BLOCK_BYTES + FILTER_BYTES] = bytes(FILTER_BYTES)
    elif damage == "table":
        raw[-60] ^= 1
    elif damage == "counts":
        raw[-40] ^= 1
    elif damage == "longer":
        raw += b"\0"
    path.write_bytes(raw)
    with byte_ranges(storage, "file") as source, pytest.raises(DamagedPairs):
        file = PairsFile.open(source, {"name": "other"} if damage == "another" else IDENTITY)
        assert found(file, np.arange(1, 3 * BLOCK)) and file.table
