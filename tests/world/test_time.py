"""No input of n bytes takes more than c x n: hostile pieces repeated, measured in processor time.

Nearly all inputs are far below the bound and are measured once. One above it is measured again, the least of five counts, and only then it fails:
a busy machine makes a measurement longer, never shorter. On a slow machine, bounds are as much longer as a known piece of work is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.byte_sources import bytes_source
from fbcheck_pipeline.files.csv_table import CsvTable, read_head
from fbcheck_pipeline.files.text_encoding import find_encoding
from fbcheck_pipeline.lists import open_list
from fbcheck_pipeline.lists.header_choice import find_header, name_columns
from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from fbcheck_pipeline.phones.fast.terms import Says
from fbcheck_pipeline.text import recogniser
from fbcheck_pipeline.text.cell_words import words_of
from tests.world.chance import TIMES, chance_of
from tests.world.fragments import FRAGMENTS, pumped

PARTS = 4
CELL, TEXT = 40_000, 200_000
KNOWN_TEXTS, KNOWN_TEXTS_S = [f"Straße {number} telefon" for number in range(20_000)], 0.12
CODES = (
    "utf-8",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "cp1254",
    "cp1251",
    "gb18030",
    "shift_jis",
    "cp1256",
    "latin-1",
)


def processor_s(work: Callable[[], object]) -> float:
    """Of one run."""
    began = time.process_time()
    work()
    return time.process_time() - began


@cache
def slowness() -> float:
    """How many times longer than on the machine for which the bounds were chosen a piece of work takes here, and at least 1."""
    return max(1.0, min(processor_s(lambda: [*map(words_of, KNOWN_TEXTS)]) for _ in range(5)) / KNOWN_TEXTS_S)


def within(most_s: float, work: Callable[[], object]) -> bool:
    """True when the work takes no more than so much, at its fastest."""
    return any(processor_s(work) <= most_s * slowness() for _ in range(5))


def read_cell(text: str) -> None:
    """By the careful rules, and as the list reader looks at it."""
    outcomes_of(text, "DE", Says.NOTHING)
    outcomes_of(text, None, Says.INTERNATIONAL)
    recogniser.lookalikes(text)
    recogniser.is_missing(text)
    recogniser.may_hold_number(text)


def read_header(text: str) -> None:
    """As a cell of the first row."""
    head = [[text, "tel"], ["a", "0532 123 45 67"]]
    find_header(head, None)
    name_columns(head[0], 2)


def read_text(content: bytes) -> None:
    """The encoding, the dialect and all rows."""
    text = find_encoding(bytes_source(content))
    head = read_head(text)
    for delimiter in (b",", b";"):
        for _ in CsvTable(head, delimiter).batches(0, 2, keep_surplus=True):
            pass


def read_list(path: Path) -> None:
    """The whole way."""
    try:
        for _ in open_list(path).batches():
            pass
    except ListError:
        pass


def pumps(chance: random.Random, count: int, size: int, part: int = 0) -> Iterator[str]:
    """Each fragment of one part in four alone, then combinations."""
    for fragment in FRAGMENTS[part::PARTS]:
        yield fragment * (size // len(fragment))
    for _ in range(count):
        yield pumped(chance, size)


@pytest.mark.parametrize("read", [read_cell, read_header])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_cell_of_40_000_characters(read: Callable[[str], None], part: int) -> None:
    """Cells are read one by one: a long one costs what its characters cost."""
    slow = [
        text for text in pumps(chance_of("cell", part), 250 * TIMES, CELL, part) if not within(0.5, lambda text=text: read(text))
    ]
    assert [text[:60] for text in slow] == []


@pytest.mark.parametrize("part", range(PARTS))
def test_cells_of_a_thousand_characters(part: int) -> None:
    """What is below every bound of length must not be quadratic either."""
    slow = [
        text
        for text in pumps(chance_of("short", part), 250 * TIMES, 1_000, part)
        if not within(0.1, lambda text=text: read_cell(text))
    ]
    assert [text[:60] for text in slow] == []


@pytest.mark.parametrize("part", range(PARTS))
def test_a_text_of_200_000_characters(part: int) -> None:
    """Whatever stands in it and however long its lines are."""
    chance = chance_of("text", part)
    slow = []
    for text in pumps(chance, 10 * TIMES, TEXT, part):
        lines = chance.choice(("", "ad;tel\n", "ad,tel\na,"))
        content = (lines + text + chance.choice(("", "\nü;1\n", '"'))).encode(chance.choice(CODES), "replace")
        slow += [content[:60]] if not within(1.0, lambda content=content: read_text(content)) else []
    assert slow == []


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv"])
def test_a_list_of_200_000_characters(tmp_path: Path, suffix: str) -> None:
    """Header, columns and rows."""
    chance = chance_of("list", suffix)
    for text in (pumped(chance, TEXT) for _ in range(25 * TIMES)):
        path = tmp_path / f"list{suffix}"
        path.write_bytes(f"{chance.choice(('', 'tel;ad', 'tel,ad'))}\n{text}\n".encode(chance.choice(CODES), "replace"))
        assert within(2.0, lambda path=path: read_list(path)), text[:60]
