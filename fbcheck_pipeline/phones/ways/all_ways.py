"""Every way, and those that are asked again of what is left of a cell without dates, sums, addresses or tags."""

from __future__ import annotations

import pyarrow as pa

from fbcheck_pipeline.phones.dirty.cleared import cleared
from fbcheck_pipeline.phones.dirty.few import fewest_of
from fbcheck_pipeline.phones.dirty.marked_up import MARKUP, without_markup
from fbcheck_pipeline.phones.fast.terms import Mask
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.cells import Cells
from fbcheck_pipeline.phones.ways.number_groups import grouped
from fbcheck_pipeline.phones.ways.one_number import (
    clear_undressed,
    in_hyperlink,
    in_link,
    in_named_country,
    in_uri,
    of_too_many,
    one_among_words,
    one_beside_count,
    one_undressed,
)
from fbcheck_pipeline.phones.ways.refusals_by_runs import without_part, without_run
from fbcheck_pipeline.phones.ways.refusals_by_shape import (
    after_moment,
    certainly_none,
    coded,
    counted_behind,
    counted_behind_comma,
    few_beside,
    few_digits,
    few_first,
    glued,
    led_by_words,
    letter_beside,
    lettered,
    of_ranges,
    of_reference,
    parted,
    with_digits_behind,
    with_time,
    without_digit,
)
from fbcheck_pipeline.phones.ways.several_numbers import in_links, in_marked_parts, in_parts, in_worded_parts, two_by_blanks
from fbcheck_pipeline.phones.ways.way_asker import Way, WayAsker, of_shape

# What is left of a cell is read by these.
WAYS_CLEARED: tuple[Way, ...] = (
    *(
        in_parts,
        one_among_words,
        in_worded_parts,
        in_marked_parts,
        one_beside_count,
        counted_behind,
        of_ranges,
        with_digits_behind,
    ),
    *(few_first, without_part, letter_beside, of_reference, parted),
)


def after_clearing(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Numbers beside dates, sums, addresses and the like; and cells in which words part other digits from all numbers."""
    texts = cleared(plain, fewest_of(cells.regions))
    return asker.first_clear(WAYS_CLEARED, cells, texts)


@of_shape(MARKUP, signs="<[{")
def in_markup(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Numbers in tags, lists or documents; and what `after_clearing` reads in these."""
    ways = (clear_undressed, in_parts, one_among_words, after_clearing)
    return asker.first_clear(ways, cells, without_markup(plain))


# First those that ask least of cells that others read.
WAYS: tuple[Way, ...] = (
    *(without_digit, glued, led_by_words, few_digits, certainly_none, few_beside, few_first, parted, lettered),
    *(one_undressed, of_too_many, two_by_blanks, grouped, in_parts),
    *(of_reference, in_link, in_links, in_uri, in_hyperlink, with_time, with_digits_behind, of_ranges),
    *(one_among_words, in_worded_parts, in_marked_parts),
    *(
        without_run,
        coded,
        in_markup,
        one_beside_count,
        counted_behind,
        counted_behind_comma,
        in_named_country,
        after_clearing,
        after_moment,
    ),
)
