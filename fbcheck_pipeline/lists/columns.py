"""From the first rows of a list: is there a header, which columns hold phones, which one the country.

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
from fbcheck_pipeline.model.columns import RESULT_COLUMNS
from fbcheck_pipeline.text import recogniser
from fbcheck_pipeline.text.cell_words import NUMBER_WORDS, words_of

HEAD_ROWS = 1000
PREAMBLE_ROWS = 20
_ENOUGH, _HARDLY = 0.5, 0.1

Cell = str | None
Row = Sequence[Cell]


@dataclass(frozen=True)
class Header:
    """`row` is the index of the header among the head's rows, None without one; data begin at `data_row`."""

    row: int | None
    data_row: int
    reason: str


@dataclass(frozen=True)
class Columns:
    """Names as in the source (made unique), names in the batches, indices of phone columns and of the region column."""

    names: tuple[str, ...]
    final_names: tuple[str, ...]
    phones: tuple[int, ...]
    region: int | None
    reasons: tuple[str, ...]


def find_header(rows: Sequence[Row], has_header: bool | None) -> Header:
    """Decide about the header from the first rows.

    Args:
        has_header: the caller's word, or None.
    """
    first = next((index for index, row in enumerate(rows) if not _is_blank(row)), 0)
    if has_header is False:
        return Header(None, 0, "No header: it was asked for.")
    if has_header:
        return Header(first, first + 1, "The first row is the header: it was asked for.")
    for index in range(first, min(len(rows), first + PREAMBLE_ROWS)):
        if _holds_number(rows[index]):
            break
        if _is_header_by_words(rows[index]):
            above = "" if index == first else f" in row {index + 1}, below {index} rows without any number"
            return Header(index, index + 1, f"Header{above}: its words are names of columns.")
    if rows and not any(recogniser.may_hold_number(cell or "") for cell in rows[first]) and _reads_as_names(rows[first]):
        return Header(first, first + 1, "The first row is the header: it holds names and no number.")
    return Header(None, 0, "No header: the first row holds a number or no names.")


def choose(head: Sequence[Row], header: Row | None, width: int, options: ReadOptions, file: str) -> Columns:
    """Name the columns and find those that matter.

    Args:
        head: the first data rows.
        header: the header's cells, None without one.

    Raises:
        ListError: no phone column, or the one asked for does not exist.
    """
    names = name_columns(header, width)
    # In whatever case: to SQL engines `Country` and our `country` are one name, and they take the wrong one.
    final = unique(f"{name}_source" if name.casefold() in RESULT_COLUMNS else name for name in names)
    phones, reason = _phones(head, names, final, options.column, file)
    region, region_reason = _region(head, names, final, set(phones), options.region_column, file)
    return Columns(names, final, phones, region, (reason, *region_reason))


def name_columns(header: Row | None, width: int) -> tuple[str, ...]:
    """Unique names: the header's own; `column_N` where it has none, or where a number stands in its place."""
    cells = [*(header or ()), *[None] * width][:width]
    return unique(
        f"column_{index}" if cell is None or not cell.strip() or recogniser.may_hold_number(cell) else cell.strip()
        for index, cell in enumerate(cells, start=1)
    )


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """The same names; those that were there before get the suffix `_2`, `_3` …"""
    wanted = list(names)
    taken: set[str] = set()
    for index, name in enumerate(wanted):
        number = 2
        while wanted[index] in taken or (wanted[index] != name and wanted[index] in wanted[index + 1 :]):
            wanted[index] = f"{name}_{number}"
            number += 1
        taken.add(wanted[index])
    return tuple(wanted)


def phone_share(cells: Iterable[Cell]) -> float | None:
    """Which part of the cells that say something reads as telephone numbers; None when none says anything."""
    said = [cell for cell in cells if cell is not None and not recogniser.is_missing(cell)]
    return sum(map(recogniser.is_phone_like, said)) / len(said) if said else None


def _phones(head: Sequence[Row], names: tuple[str, ...], final: tuple[str, ...], asked: str | None,
            file: str) -> tuple[tuple[int, ...], str]:  # fmt: skip
    if asked is not None:
        index = _find(asked, names, final, "--column", file)
        return (index,), f"Phone column {names[index]!r}: it was asked for."
    shares = [phone_share(_column(head, index)) for index in range(len(names))]
    named, by_content = _named_phones(names, shares), _phones_by_content(head, names, shares)
    if named and (not by_content or any(shares[index] is None or (shares[index] or 0) > _HARDLY for index in named)):
        left = [names[index] for index in range(len(names)) if header_words.is_phone_name(names[index]) and index not in named]
        also = f"; not {', '.join(map(repr, left))}, whose cells do not" if left else ""
        return named, f"Phone {_plural(named)} {_listed(names, named)}: by name{_shares(shares, named)}{also}."
    if by_content:
        return by_content, f"Phone {_plural(by_content)} {_listed(names, by_content)}: by content{_shares(shares, by_content)}."
    there = f"its columns are {', '.join(final)}" if len(final) > 1 else "it has one column"
    raise ListError(
        f"{file}: no column reads as telephone numbers; {there}: name one with --column, or check --delimiter and --encoding"
    )


def _named_phones(names: tuple[str, ...], shares: list[float | None]) -> tuple[int, ...]:
    """Columns named as phones; a name with other words besides, or a mere "number", must also look like phones."""
    sure: list[int] = []
    doubtful: list[int] = []
    for index, name in enumerate(names):
        if header_words.is_phone_name(name):
            (doubtful if header_words.is_named(name, header_words.OTHER_WORDS) else sure).append(index)
        elif set(words_of(name)) and set(words_of(name)) <= NUMBER_WORDS:
            doubtful.append(index)
    good = [index for index in sure if (shares[index] or 0) >= _ENOUGH]
    kept = [index for index in sure if not good or shares[index] is None or (shares[index] or 0) > _HARDLY]
    likely = [index for index in doubtful if (shares[index] or 0) >= _ENOUGH]
    return tuple(sorted({*kept, *likely}))


def _phones_by_content(head: Sequence[Row], names: tuple[str, ...], shares: list[float | None]) -> tuple[int, ...]:
    """Columns most of whose cells read as phones; bare digits only where nothing is written as a phone is."""
    likely = [
        i
        for i, share in enumerate(shares)
        if (share or 0) >= _ENOUGH and not header_words.is_named(names[i], header_words.OTHER_WORDS)
    ]
    written = tuple(index for index in likely if _written_share(_column(head, index)) >= 0.2)
    if written:
        return written
    bare = [index for index in likely if not _is_something_else(_column(head, index))]
    alike = [index for index in bare if _begin_alike(_column(head, index))]
    return tuple(alike or bare or [index for index in likely if _are_long(_column(head, index))])


def _written_share(cells: list[Cell]) -> float:
    phones = [cell for cell in cells if cell is not None and recogniser.is_phone_like(cell)]
    return sum(map(recogniser.is_written_as_phone, phones)) / max(len(phones), 1)


def _is_something_else(cells: list[Cell]) -> bool:
    """True for numbers that mostly rise by little (ids, time stamps), and for days written in eight digits."""
    numbers = [int(cell) for cell in cells if cell is not None and cell.isdecimal()]
    if len(numbers) < 3:
        return False
    days = sum(bool(re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", str(number))) for number in numbers)
    rising = sum(0 < after - before < 1000 for before, after in pairwise(numbers))
    return days >= 0.9 * len(numbers) or rising >= 0.9 * (len(numbers) - 1)


def _are_long(cells: list[Cell]) -> bool:
    """True for nine digits and more: a sorted list of phones rises by little too, but days and most ids are shorter."""
    said = [cell for cell in cells if cell is not None and recogniser.is_phone_like(cell)]
    return sum(len(cell.strip()) >= 9 for cell in said) >= 0.9 * len(said)


def _begin_alike(cells: list[Cell]) -> bool:
    """True when half of the numbers share their first digit: phones of one country mostly do, identity numbers do not."""
    first = Counter(cell.strip()[:1] for cell in cells if cell is not None and recogniser.is_phone_like(cell))
    return max(first.values(), default=0) * 2 >= first.total()


def _region(head: Sequence[Row], names: tuple[str, ...], final: tuple[str, ...], phones: set[int], asked: str | None,
            file: str) -> tuple[int | None, tuple[str, ...]]:  # fmt: skip
    if asked is not None:
        index = _find(asked, names, final, "--region-column", file)
        return index, (f"Country column {final[index]!r}: it was asked for.",)
    from fbcheck_pipeline.lists.countries import country_share

    named = [
        index
        for index, name in enumerate(names)
        if index not in phones and header_words.is_named(name, header_words.REGION_WORDS)
    ]
    shares = {index: country_share(_column(head, index)) for index in named}
    likely = [index for index in named if shares[index] >= _region_share_needed(names[index])]
    if not likely:
        return None, ()
    best = max(likely, key=lambda index: shares[index])
    return best, (f"Country column {final[best]!r}: by name, and {shares[best]:.0%} of its cells name a country.",)


def _region_share_needed(name: str) -> float:
    """A "region" may as well be a state or a number of its own: codes of some states are codes of countries too."""
    return 0.95 if set(words_of(name)) <= {"region", "land", "cc", "iso"} else 0.6


def _find(asked: str, names: tuple[str, ...], final: tuple[str, ...], flag: str, file: str) -> int:
    wanted = asked.strip().casefold()
    for candidates, target in ((names, asked), (final, asked), ([name.casefold() for name in names], wanted),
                               ([name.casefold() for name in final], wanted)):  # fmt: skip
        if target in candidates:
            return list(candidates).index(target)
    raise ListError(f"{file}: there is no column {asked!r} for {flag}; its columns are {', '.join(final)}")


def _column(rows: Sequence[Row], index: int) -> list[Cell]:
    return [row[index] if index < len(row) else None for row in rows]


def _listed(names: tuple[str, ...], chosen: Iterable[int]) -> str:
    return ", ".join(repr(names[index]) for index in chosen)


def _plural(chosen: tuple[int, ...]) -> str:
    return "columns" if len(chosen) > 1 else "column"


def _shares(shares: list[float | None], chosen: Iterable[int]) -> str:
    said = [f"{shares[index]:.0%}" for index in chosen if shares[index] is not None]
    return f", and {', '.join(said)} of the cells looked at read as numbers" if said else ""


def _is_blank(row: Row) -> bool:
    return all(cell is None or not cell.strip() for cell in row)


def _holds_number(row: Row) -> bool:
    return any(cell is not None and recogniser.is_phone_like(cell) for cell in row)


def _is_header_by_words(row: Row) -> bool:
    """A name of a phone column in a short cell, and nothing that is a mere number or an address."""
    said = [cell.strip() for cell in row if cell and cell.strip()]
    if any(
        "@" in cell or re.fullmatch(r"[\d.,+-]+", cell) or recogniser.may_hold_number(cell) or len(cell) > 60 for cell in said
    ):
        return False
    return any(header_words.is_phone_name(cell) and len(words_of(cell)) <= 5 for cell in said)


def _reads_as_names(row: Row) -> bool:
    """A name that columns have; or only distinct words, none of them a number, an address or "nothing"."""
    said = [cell.strip() for cell in row if cell and cell.strip()]
    known = header_words.OTHER_WORDS | header_words.GENERAL_WORDS | header_words.REGION_WORDS | NUMBER_WORDS
    if any("@" in cell or re.fullmatch(r"[\d.,+-]+", cell) for cell in said):
        return False
    if sum(header_words.is_named(cell, known) or header_words.is_phone_name(cell) for cell in said) * 2 >= len(said) > 0:
        return True
    return bool(said) and all(words_of(cell) and not recogniser.is_missing(cell) for cell in said) and len(set(said)) == len(said)
