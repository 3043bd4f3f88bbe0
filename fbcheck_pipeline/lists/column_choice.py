"""From the first rows of a list: which columns hold phones, which one the country.

Works on rows of text, whatever file they come from. Every choice comes with a sentence that holds no cell's value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import header_words
from fbcheck_pipeline.lists.facts import ReadOptions
from fbcheck_pipeline.lists.header_choice import Cell, Row, name_columns
from fbcheck_pipeline.lists.whole_rows import whole_rows_in
from fbcheck_pipeline.model.columns import OWN_EXPORT, Column, result_names
from fbcheck_pipeline.settings import nearest_of
from fbcheck_pipeline.text import recogniser
from fbcheck_pipeline.text.cell_words import NUMBER_WORDS, words_of
from fbcheck_pipeline.text.countries import region_of

HEAD_ROWS = 1000
MOST_PHONE_COLUMNS = 200
"""Each of them repeats its row in raw_phones."""
_ENOUGH, _HARDLY = 0.5, 0.1


@dataclass(frozen=True)
class Columns:
    """Names as in the source (made unique), names in the batches, indices of phone columns and of the region column."""

    names: tuple[str, ...]
    final_names: tuple[str, ...]
    phones: tuple[int, ...]
    region: int | None
    reasons: tuple[str, ...]


def choose(head: Sequence[Row], header: Row | None, width: int, options: ReadOptions, file: str) -> Columns:
    """Name the columns and find those that matter.

    Args:
        head: the first data rows.
        header: the header's cells, None without one.

    Raises:
        ListError: no phone column, or the one asked for does not exist.
    """
    names = name_columns(header, width)
    final = result_names(names)
    columns = [_Column(at, name, [row[at] if at < len(row) else None for row in head]) for at, name in enumerate(names)]
    phones, reason = _phones(columns, final, options.column, file)
    region, region_reason = _region(columns, final, phones, options.region_column, file)
    return Columns(names, final, phones, region, (reason, *region_reason))


def phone_share(cells: Iterable[Cell]) -> float | None:
    """Which part of the cells that say something reads as telephone numbers; None when none says anything."""
    return _Column(0, "", list(cells)).share


class _Column:
    """A column of the head, looked at once: its cells, the share of them that reads as phones, and the first phone of each that does."""

    def __init__(self, index: int, name: str, cells: list[Cell]) -> None:
        self.index, self.name, self.cells = index, name, cells
        found = [recogniser.lookalikes(cell) for cell in cells if cell is not None and not recogniser.is_missing(cell)]
        self.phones = [phones[0] for phones in found if phones]
        self.share = len(self.phones) / len(found) if found else None
        self.is_phone_name = header_words.is_phone_name(name)
        self.is_likely = (self.share or 0) >= _ENOUGH
        self.is_possible = self.share is None or self.share > _HARDLY

    def is_named(self, vocabulary: frozenset[str]) -> bool:
        return header_words.is_named(self.name, vocabulary)

    def is_written(self) -> bool:
        """True when some of its numbers are written as people write phones."""
        return sum(phone.is_written for phone in self.phones) >= 0.2 * len(self.phones)

    def is_something_else(self) -> bool:
        """True for numbers that mostly rise by little (ids, time stamps), and for days written in eight digits."""
        numbers = [int(cell) for cell in self.cells if cell is not None and cell.isdecimal()]
        if len(numbers) < 3:
            return False
        days = sum(bool(re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", str(number))) for number in numbers)
        rising = sum(0 < after - before < 1000 for before, after in pairwise(numbers))
        return days >= 0.9 * len(numbers) or rising >= 0.9 * (len(numbers) - 1)

    def are_long(self) -> bool:
        """True for nine digits and more: a sorted list of phones rises by little too, but days and most ids are shorter."""
        return sum(len(phone.core.strip()) >= 9 for phone in self.phones) >= 0.9 * len(self.phones)

    def begin_alike(self) -> bool:
        """True when half of the numbers share their first digit: phones of one country mostly do, identity numbers do not."""
        first = Counter(phone.core.strip()[:1] for phone in self.phones)
        return max(first.values(), default=0) * 2 >= first.total()


def _phones(
    columns: list[_Column], final: tuple[str, ...], asked: str | tuple[str, ...] | None, file: str
) -> tuple[tuple[int, ...], str]:
    if asked is not None:
        wanted = (asked,) if isinstance(asked, str) else asked
        told = tuple(dict.fromkeys(_find(each, columns, final, "--column", file) for each in wanted))
        shown = ", ".join(repr(columns[at].name) for at in told)
        return told, f"Phone column{'s'[: len(told) > 1]} {shown}: an option names {'them' if len(told) > 1 else 'it'}."
    if ours := _own_phones(columns):
        return tuple(column.index for column in ours), (
            f"{OWN_EXPORT}: its phones are those of {', '.join(repr(column.name) for column in ours)}, already in E.164."
        )
    chosen, how, also = _named_phones(columns), "name", ""
    by_content = _phones_by_content(columns)
    if by_content and not any((column.share or 0) > _HARDLY for column in chosen):
        chosen, how = by_content, "content"
    if len(columns) == 1 and not columns[0].is_possible and (found := whole_rows_in(columns[0].cells)):
        raise ListError(f"{file}: no column reads as telephone numbers; {found}")
    if not chosen:
        there = f"its columns are {', '.join(each.name for each in columns)}" if len(columns) > 1 else "it has one column"
        raise ListError(
            f"{file}: no column reads as telephone numbers; {there}: choose one with --column, or check --delimiter and --encoding"
        )
    if len(chosen) > MOST_PHONE_COLUMNS:
        raise ListError(
            f"{file}: {len(chosen):,} columns read as telephone numbers, and a list has {MOST_PHONE_COLUMNS} at most; name one with --column"
        )
    taken = {column.index for column in chosen}
    left = [column.name for column in columns if column.is_phone_name and column.index not in taken]
    if how == "name" and left:
        also = f"; not {', '.join(map(repr, left))}, whose cells are no numbers"
    said = [f"{column.share:.0%}" for column in chosen if column.share is not None]
    shares = f", and {', '.join(said)} of the examined cells look like numbers" if said else ""
    names = f"column{'s' if len(chosen) > 1 else ''} {', '.join(repr(column.name) for column in chosen)}"
    return tuple(column.index for column in chosen), f"Phone {names}: chosen by {how}{shares}{also}."


def _own_phones(columns: list[_Column]) -> list[_Column]:
    """The phones of a result that was exported and came back as a list: the other columns repeat them."""
    if not {Column.FACEBOOK, Column.SOURCE_ROW} <= {column.name for column in columns}:
        return []
    return [column for column in columns if re.fullmatch(rf"{Column.PHONE_E164}(_\d+)?", column.name)]


def _named_phones(columns: list[_Column]) -> list[_Column]:
    """Columns named as phones; a name with other words besides, or a mere "number", must also look like phones."""
    named = [column for column in columns if column.is_phone_name]
    sure = [column for column in named if not column.is_named(header_words.OTHER_WORDS)]
    has_likely = any(column.is_likely for column in sure)
    kept = [column for column in sure if column.is_possible or not has_likely]
    numbers = [column for column in columns if (words := words_of(column.name)) and NUMBER_WORDS.issuperset(words)]
    chosen = {column.index for column in (*kept, *(each for each in (*named, *numbers) if each.is_likely))}
    return [column for column in columns if column.index in chosen]


def _phones_by_content(columns: list[_Column]) -> list[_Column]:
    """Columns most of whose cells read as phones; bare digits only where nothing is written as a phone is."""
    likely = [column for column in columns if column.is_likely and not column.is_named(header_words.OTHER_WORDS)]
    if written := [column for column in likely if column.is_written()]:
        return written
    bare = [column for column in likely if not column.is_something_else()]
    return [column for column in bare if column.begin_alike()] or bare or [column for column in likely if column.are_long()]


def _region(columns: list[_Column], final: tuple[str, ...], phones: tuple[int, ...], asked: str | None,
            file: str) -> tuple[int | None, tuple[str, ...]]:  # fmt: skip
    if asked is not None:
        index = _find(asked, columns, final, "--region-column", file)
        return index, (f"Country column {columns[index].name!r}: an option names it.",)
    taken = frozenset(phones)
    named = [column for column in columns if column.index not in taken and column.is_named(header_words.REGION_WORDS)]
    shares = [(_country_share(column.cells), column) for column in named]
    likely = [(share, column) for share, column in shares if share >= _region_share_needed(column.name)]
    if not likely:
        return None, ()
    share, best = max(likely, key=lambda each: each[0])
    return best.index, (f"Country column {best.name!r}: chosen by name, and {share:.0%} of its cells name a country.",)


def _country_share(cells: Iterable[Cell]) -> float:
    """Which part of the cells that are not blank names a country."""
    said = [cell for cell in cells if cell and cell.strip()]
    return sum(region_of(cell) is not None for cell in said) / len(said) if said else 0.0


def _region_share_needed(name: str) -> float:
    """A "region" may as well be a state or a number of its own: codes of some states are codes of countries too."""
    return 0.95 if set(words_of(name)) <= {"region", "land", "cc", "iso"} else 0.6


def _find(asked: str, columns: list[_Column], final: tuple[str, ...], flag: str, file: str) -> int:
    names = [column.name for column in columns]
    for fold in (str, str.casefold):
        for candidates in (names, final):
            if fold(asked.strip()) in (folded := list(map(fold, candidates))):
                return folded.index(fold(asked.strip()))
    meant, there = nearest_of(asked, names, likeness=0.6), f"its columns are {', '.join(names)}"
    raise ListError(f"{file}: there is no column {asked!r} for {flag}; {' '.join(filter(None, (meant, there)))}")
