"""Ways that read cells of several numbers, which signs, words or blanks part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.dirty.beside import digits_in, ended_elsewhere
from fbcheck_pipeline.phones.dirty.blanks import HOLDS_DAY, PARTED_BY_BLANKS, before_parts, parted_by_blanks
from fbcheck_pipeline.phones.dirty.linked import BESIDE_LINK, beside_links
from fbcheck_pipeline.phones.dirty.parts import MARKED, SEVERAL, WORDED, marked_parts, parts_of, worded_parts
from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.cells import Cells, are_whole, of_whole_cells, rejected
from fbcheck_pipeline.phones.ways.one_number import in_link, may_end_earlier, one_among_words, one_undressed
from fbcheck_pipeline.phones.ways.way_asker import WayAsker, of_shape
from fbcheck_pipeline.text.decorations import LIKE_CODES


@of_shape(SEVERAL)
def in_parts(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells of several plain numbers, each of them a number in service."""
    parts, of_cell = parts_of(plain)
    several = cells.taken(of_cell)
    is_clear = ~(may_end_earlier(asker, several, parts) | matches(pc.ascii_trim(parts, " "), LIKE_CODES))
    found, is_sure = asker.surely(several._replace(texts=parts).at(is_clear), phone_batches.is_clear_number)
    is_clear[is_clear] = is_sure
    return of_whole_cells(found, is_clear, of_cell, len(plain))


@of_shape(WORDED)
def in_worded_parts(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells of several numbers with words between, each of them a number in service, also with the words beside it."""
    return _in_parts_of(asker, worded_parts, cells, plain)


@of_shape(MARKED, signs=";|\n,")
def in_marked_parts(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """As `in_worded_parts`, where semicolons, bars or lines part them."""
    return _in_parts_of(asker, marked_parts, cells, plain)


def _in_parts_of(
    asker: WayAsker, parts_in: Callable[[pa.StringArray], tuple[pa.StringArray, Ints]], cells: Cells, plain: pa.StringArray
) -> tuple[PhoneArrays, Mask]:
    parts, of_cell = parts_in(plain)
    found, is_sure = one_among_words(asker, cells.taken(of_cell), parts, beside_others=True)
    is_clear = phone_batches.is_clear_number(found)
    is_sure[is_sure] = is_clear
    return of_whole_cells(phone_batches.in_order(found, np.flatnonzero(is_clear)), is_sure, of_cell, len(plain))


@of_shape(BESIDE_LINK)
def in_links(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Chat links beside other links or numbers: each is read alone, and equal ones are one."""
    parts, is_link, of_cell = beside_links(plain)
    several = cells.taken(of_cell)._replace(rows=np.arange(len(parts)))
    found, read = [], np.zeros(len(parts), np.bool_)
    ways_beside = (one_undressed, in_parts, one_among_words, in_worded_parts, in_marked_parts)
    for where, ways in ((is_link, (in_link,)), (~is_link, ways_beside)):
        of_some, read[where] = asker.first_of(ways, several.at(where), parts.filter(pa.array(where)))
        found.append(of_some)
    together = phone_batches.joined(found)
    together = phone_batches.in_order(together, np.argsort(together.row, kind="stable"))
    # Two that are not kept may be one or two; why a text has none depends on the rest of the cell.
    is_unclear, at = phone_batches.is_ambiguous(together), of_cell[together.row]
    read[together.row[together.e164.is_null().to_numpy(zero_copy_only=False) & ~is_unclear]] = False
    is_read = are_whole(read, of_cell, len(plain))
    are_unclear = is_read & (np.bincount(at[is_unclear], minlength=len(plain)) > 0)
    keys = at * len(together.row) + together.e164.dictionary_encode().indices.fill_null(0).to_numpy()
    first = np.sort(np.unique(keys, return_index=True)[1])
    numbers = phone_batches.in_order(together, first[(is_read & ~are_unclear)[at[first]]])
    numbers = numbers._replace(row=cells.rows[of_cell[numbers.row]])
    unclear = rejected(cells.rows[are_unclear], RejectReason.AMBIGUOUS_INTERNATIONAL)
    return phone_batches.joined([numbers, unclear]), is_read


@of_shape(PARTED_BY_BLANKS)
def two_by_blanks(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Two numbers with a blank between; or none, where all digits together are none, and one is, but not surely."""
    parted, first, second = parted_by_blanks(plain)
    found, is_read = _two_numbers(asker, cells, plain, first, second)
    places = np.flatnonzero(~is_read)
    left, texts, *pair = (each.take(pa.array(places)) for each in (plain, parted, first, second))
    pair = [*map(digits_in, pair)]
    several = [digits_in(left), *before_parts(texts), *pair, *ended_elsewhere(*pair)]
    read, is_sure = asker.fast(cells.taken(np.tile(places, len(several)))._replace(texts=pa.concat_arrays(several)))
    is_number, is_clear, is_sure = (
        mask.reshape(len(several), -1) for mask in (phone_batches.is_number(read), phone_batches.is_clear_number(read), is_sure)
    )
    is_none, is_one = is_sure & ~is_number, is_sure & is_clear
    ends_elsewhere = is_one[4:6].all(axis=0) & (is_sure & is_number)[6:].any(axis=0)
    # Where no run is a number, other reasons come first.
    holds_number = is_one[1] | is_one[2] | is_one[3] | is_one[5]
    is_only = ~first.is_valid().to_numpy(zero_copy_only=False)[places]
    is_whole = is_none[0] & holds_number & (is_only | is_none[4] | is_none[5] | ends_elsewhere)
    is_read[places[is_whole]] = True
    return phone_batches.joined([found, phone_batches.in_order(read, np.flatnonzero(is_whole))]), is_read


def _two_numbers(
    asker: WayAsker, cells: Cells, plain: pa.StringArray, first: pa.StringArray, second: pa.StringArray
) -> tuple[PhoneArrays, Mask]:
    """Two numbers, of which the first can end nowhere else; the mask is over all cells."""
    are_two: Mask = first.is_valid().to_numpy(zero_copy_only=False)
    are_two[are_two] = ~matches(plain.filter(pa.array(are_two)), HOLDS_DAY)
    places, pair = np.flatnonzero(are_two), [each.filter(pa.array(are_two)) for each in (first, second)]
    found, is_sure = asker.fast(cells.taken(np.tile(places, 2))._replace(texts=pa.concat_arrays(pair)))
    are_clear: Mask = np.logical_and(*(is_sure & phone_batches.is_clear_number(found)).reshape(2, -1))
    clear = [each.filter(pa.array(are_clear)) for each in pair]
    ends = ended_elsewhere(*map(digits_in, clear))
    read, is_sure = asker.fast(cells.taken(np.tile(places[are_clear], len(ends)))._replace(texts=pa.concat_arrays(ends)))
    are_clear[are_clear] = (is_sure & ~phone_batches.is_number(read)).reshape(len(ends), -1).all(axis=0)
    several = cells.taken(places[are_clear])
    are_clear[are_clear] = ~may_end_earlier(asker, several, pair[1].filter(pa.array(are_clear)))
    are_two[are_two] = are_clear
    return phone_batches.in_order(found, np.flatnonzero(np.tile(are_clear, 2))), are_two
