"""Ways that refuse cells of which no run of digits is a number, or in which a part is none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.cell_rules import MOST_COUNT_DIGITS
from fbcheck_pipeline.phones.dirty.apart import BETWEEN_OR_ADDRESS, parts_apart
from fbcheck_pipeline.phones.dirty.countries_named import MAY_BE_FLAG, names_country, without_lira
from fbcheck_pipeline.phones.dirty.few import fewest_of, may_be_emergency, regions_in
from fbcheck_pipeline.phones.dirty.runs import all_digits, groups_of, runs_in
from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.terms import MAX_EMERGENCY_DIGITS, NONE, Ints, Mask
from fbcheck_pipeline.phones.fast.territories import FEWEST, FEWEST_ABROAD
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.cells import Cells
from fbcheck_pipeline.phones.ways.way_asker import WayAsker
from fbcheck_pipeline.text.decorations import CURRENCY, MIN_PART_DIGITS
from fbcheck_pipeline.text.digit_runs import LETTERS as LETTERS_APART
from fbcheck_pipeline.text.digit_runs import MAY_BE_DIGITS, UNLESS
from fbcheck_pipeline.text.few_digits import AMOUNT_OR_BOOK, MAY_BE_AMOUNT_OR_BOOK
from fbcheck_pipeline.text.parts_apart import REASONS as REASONS_APART
from fbcheck_pipeline.text.parts_apart import TORN


def without_run(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells in which no run of digits is a number."""
    groups, fewest = groups_of(plain), fewest_of(cells.regions)
    longest, total = groups.longest(), groups.digit_count()
    is_none = (total >= fewest) & ~groups.are_many(fewest)
    places = np.flatnonzero(is_none & (longest >= fewest))
    texts = plain.take(pa.array(places))
    runs = runs_in(texts, groups_of(texts), fewest[places])
    of_cell = places[runs.of_cell]
    read, is_sure = asker.fast(cells.taken(of_cell)._replace(texts=runs.texts))
    is_none[of_cell[~is_sure | phone_batches.is_clear_number(read)]] = False
    may = plain.filter(pa.array(is_none))
    is_none[is_none] = ~_is_other(cells.at(is_none), may, longest[is_none], total[is_none])
    codes = phone_batches.REASON_CODE
    reasons = np.full(len(plain), codes[RejectReason.TOO_LONG])
    reasons[of_cell[runs.is_whole]] = read.reason[runs.is_whole]
    reasons[groups.stretch_count() > 1] = codes[RejectReason.INVALID_NUMBER]
    reasons[of_cell[phone_batches.is_ambiguous(read)]] = codes[RejectReason.AMBIGUOUS_INTERNATIONAL]
    reasons = reasons[is_none]
    reasons[matches(plain.filter(pa.array(is_none)), MAY_BE_DIGITS)] = codes[RejectReason.LETTERS_IN_NUMBER]
    return phone_batches.rejected_phones(cells.rows[is_none], reasons), is_none


def _is_other(cells: Cells, plain: pa.StringArray, longest: Ints, total: Ints) -> Mask:
    """What `digit_runs` does not look at, perhaps emergency numbers, and numbers of a country that is named."""
    # Both in one would be too large to be fast.
    is_other = matches(plain, UNLESS) | matches(plain, MAY_BE_AMOUNT_OR_BOOK, AMOUNT_OR_BOOK)
    is_few = total <= MAX_EMERGENCY_DIGITS
    is_other[is_few] |= may_be_emergency(plain.filter(pa.array(is_few)), regions_in(cells.regions))
    may_name = ~is_other & (longest >= FEWEST)
    words = plain.filter(pa.array(may_name))
    is_other[may_name] = names_country(words, longest[may_name]) | matches(words, MAY_BE_FLAG)
    return is_other


def without_part(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells with a part that is no number, beside one that is."""
    parts, of_cell = parts_apart(plain)
    counts, fewest = digit_counts(parts), fewest_of(cells.regions)
    is_few = counts < fewest[of_cell]
    places = np.flatnonzero(~is_few)
    long, of_long = parts.take(pa.array(places)), of_cell[places]
    read, is_sure = asker.fast(cells.taken(of_long)._replace(texts=all_digits(long)))
    is_number, is_none = np.zeros(len(parts), np.bool_), np.zeros(len(parts), np.bool_)
    is_torn = matches(long, TORN)
    is_number[places] = is_sure & phone_batches.is_number(read) & ~is_torn
    others = np.flatnonzero(~is_number[places] & ~is_torn)
    is_none[places[others]], has_later = _begin_with_none(
        asker, cells.taken(of_long[others])._replace(texts=long.take(pa.array(others))), fewest[of_long[others]]
    )
    holds_number = np.zeros(len(parts), np.bool_)
    holds_number[places] = is_sure & phone_batches.is_clear_number(read) & ~is_torn
    holds_number[places[others]] = has_later
    is_either = np.zeros(len(parts), np.bool_)
    is_either[places[~is_sure]] = is_none[places[~is_sure]]
    has_number, has_other, is_unclear, may_be_abroad, may_be_named = (
        np.bincount(of_cell[where], minlength=len(plain)) > 0
        for where in (
            *(holds_number, is_few | (is_none & ~is_either), ~(is_few | is_none | is_number)),
            *(is_none | (is_few & (counts >= FEWEST)), is_none | (is_few & (counts >= FEWEST_ABROAD))),
        )
    )
    first = np.searchsorted(of_cell, np.arange(len(plain)))
    is_first_few = has_other & np.append(is_few, False)[first]
    # Where no run is a number, other reasons come first, but for letters between digits, and signs of a currency.
    is_without = (
        has_other
        & (is_first_few | ~is_unclear)
        & (cells.regions != NONE)
        & (has_number | matches(plain, f"{BETWEEN_OR_ADDRESS}|{CURRENCY}"))
    )
    places = np.flatnonzero(is_without & may_be_abroad)
    words = plain.take(pa.array(places))
    words = pc.if_else(pa.array(may_be_named[places]), words, without_lira(words))
    is_without[places[names_country(words)]] = False
    texts = plain.filter(pa.array(is_without))
    first = first[is_without]
    letters, ranges, none = (phone_batches.REASON_CODE[each] for each in REASONS_APART)
    reasons = np.where(matches(texts, f"[{LETTERS_APART}]"), letters, np.where(counts[first] >= MIN_PART_DIGITS, ranges, none))
    return phone_batches.rejected_phones(cells.rows[is_without], reasons), is_without


def _begin_with_none(asker: WayAsker, cells: Cells, fewest: Ints) -> tuple[Mask, Mask]:
    """Where no run that begins a part, but all of it, or follows a count that does, is a number; and where any other is one."""
    groups = groups_of(cells.texts)
    runs = runs_in(cells.texts, groups, fewest)
    read, is_sure = asker.fast(cells.taken(runs.of_cell)._replace(texts=runs.texts))
    firsts = np.searchsorted(groups.of_cell, np.arange(len(cells.rows)))
    follows_count = (runs.first - firsts[runs.of_cell] == 1) & (groups.digits[firsts[runs.of_cell]] <= MOST_COUNT_DIGITS)
    is_head = (runs.first == firsts[runs.of_cell]) | follows_count
    is_none = ~groups.are_many(fewest)
    is_none[runs.of_cell[is_head & ~runs.is_whole & (~is_sure | phone_batches.is_number(read))]] = False
    has_number = np.bincount(runs.of_cell[is_sure & phone_batches.is_clear_number(read)], minlength=len(cells.rows)) > 0
    return is_none, has_number
