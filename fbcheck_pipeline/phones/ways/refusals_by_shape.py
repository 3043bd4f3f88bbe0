"""Ways that refuse cells whose shape tells that no number in them can be kept, though some digits may be one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.cell_rules import MOST_COUNT_DIGITS
from fbcheck_pipeline.phones.dirty.among_words import REFERRED, beside_letter, referred
from fbcheck_pipeline.phones.dirty.apart import BETWEEN_OR_ADDRESS, begin_with_few, parts_apart
from fbcheck_pipeline.phones.dirty.beside import (
    COUNTED,
    COUNTED_APART,
    RANGE_OR_SUM,
    TIME_BEHIND,
    WITH_MORE,
    before_range,
    before_time,
    counted,
    counted_apart,
    digits_in,
    ended_elsewhere,
    with_more,
    without_group_behind,
)
from fbcheck_pipeline.phones.dirty.cleared import CHAT_LINK, MOMENT_BEFORE
from fbcheck_pipeline.phones.dirty.countries_named import names_country
from fbcheck_pipeline.phones.dirty.few import few_digits_in, fewest_of, may_be_emergency, regions_in
from fbcheck_pipeline.phones.dirty.rejects import (
    BETWEEN,
    CODED,
    GLUED,
    LED,
    LONE_LETTER,
    are_few_beside,
    are_glued,
    are_led,
    are_lettered,
    are_parted,
    certain_reasons,
    reasons_without_digit,
)
from fbcheck_pipeline.phones.dirty.runs import all_digits, groups_of, runs_in
from fbcheck_pipeline.phones.dirty.undress import matches, replaced
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.terms import MAX_EMERGENCY_DIGITS, NONE, Mask
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.cells import Cells, have_trunk_zero, rejected, rejected_for, rejected_where
from fbcheck_pipeline.phones.ways.way_asker import WayAsker, of_shape
from fbcheck_pipeline.text.decorations import MAY_BE_PLACE, MIN_PART_DIGITS
from fbcheck_pipeline.text.other_readings import MOST_TAIL_DIGITS
from fbcheck_pipeline.text.parts_apart import TORN


@of_shape("^[^0-9]*$")
def without_digit(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells without a digit."""
    return rejected_where(cells.rows, reasons_without_digit(plain))


@of_shape(GLUED)
def glued(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells with letters glued to digits."""
    return rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_glued(plain))])


@of_shape(LED)
def led_by_words(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells with words before the digits that go from none of them."""
    is_led, if_number = are_led(plain)
    is_long = digit_counts(plain) >= fewest_of(cells.regions)
    if_number &= is_long
    read, is_sure = asker.fast(cells.at(if_number)._replace(texts=all_digits(plain.filter(pa.array(if_number)))))
    if_number[if_number] = is_sure & phone_batches.is_clear_number(read)
    return rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, (is_led & is_long) | if_number)])


def few_digits(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells with fewer digits than any number has."""
    is_few, reasons = few_digits_in(plain, cells.regions)
    return rejected_for(cells.rows[is_few], reasons), is_few


def certainly_none(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells whose shape alone tells that no number is in them."""
    may_be = digit_counts(plain) <= MAX_EMERGENCY_DIGITS
    may_be[may_be] = may_be_emergency(plain.filter(pa.array(may_be)), regions_in(cells.regions))
    return rejected_where(cells.rows, [(reason, where & ~may_be) for reason, where in certain_reasons(plain)])


@of_shape(BETWEEN)
def few_beside(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells in which words part a few digits from all others."""
    fewest = int(fewest_of(cells.regions).min())
    return rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_few_beside(plain, fewest))])


@of_shape(BETWEEN_OR_ADDRESS)
def few_first(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells in which words or signs part the first few digits from all others."""
    are_few = begin_with_few(plain, int(fewest_of(cells.regions).min()))
    return rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_few & (cells.regions != NONE))])


@of_shape(BETWEEN)
def parted(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells in which words part digits that may be a number from too few for one."""
    are_none = are_parted(plain, have_trunk_zero(cells.regions))
    return rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_none)])


@of_shape(LONE_LETTER)
def lettered(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Numbers beside a lone letter that may be a digit."""
    return rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_lettered(plain))])


@of_shape(CODED, signs="/")
def coded(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Files' codes with letters behind, where some digits are a number or the letters a country's code: other reasons come first."""
    groups = groups_of(plain)
    runs = runs_in(plain, groups, fewest_of(cells.regions))
    read, is_sure = asker.fast(cells.taken(runs.of_cell)._replace(texts=runs.texts))
    is_code = np.bincount(runs.of_cell[is_sure & phone_batches.is_clear_number(read)], minlength=len(plain)) > 0
    is_code[~is_code] = names_country(plain.filter(pa.array(~is_code)), groups.longest()[~is_code])
    return rejected(cells.rows[is_code], RejectReason.LETTERS_IN_NUMBER), is_code


def letter_beside(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """One number and a letter that may be a digit."""
    _, is_number = asker.read_as(all_digits(beside_letter(plain)), cells, phone_batches.is_number)
    return rejected(cells.rows[is_number], RejectReason.LETTERS_IN_NUMBER), is_number


@of_shape(REFERRED)
def of_reference(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """The number of something else, as words before it say."""
    _, is_number = asker.read_as(referred(plain), cells, phone_batches.is_clear_number)
    return rejected(cells.rows[is_number], RejectReason.LETTERS_IN_NUMBER), is_number


@of_shape(TIME_BEHIND, signs=":?%")
def with_time(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number and a time, which nobody can tell from more of its digits."""
    _, is_number = asker.read_as(before_time(plain), cells, phone_batches.is_clear_number)
    return rejected(cells.rows[is_number], RejectReason.INVALID_NUMBER), is_number


@of_shape(COUNTED)
def counted_behind(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number that may end before its last digits, since words behind may count them; nobody can tell."""
    texts = counted(plain)
    is_counted: Mask = texts.is_valid().to_numpy(zero_copy_only=False)
    cells, texts, words = cells.at(is_counted), *(each.filter(pa.array(is_counted)) for each in (texts, plain))
    whole = digits_in(texts)
    read, is_sure = asker.fast(cells._replace(texts=whole))
    is_whole, is_unclear = is_sure & phone_batches.is_clear_number(read), is_sure & ~phone_batches.is_number(read)
    has_number, places, heads = np.zeros(len(texts), np.bool_), np.arange(len(texts)), texts
    while len(places):
        heads = without_group_behind(heads)
        tails = digit_counts(whole)[places] - digit_counts(heads)
        # Of groups of three, as some write a number, none is suspected.
        is_head = heads.is_valid().to_numpy(zero_copy_only=False) & (tails <= MOST_TAIL_DIGITS)
        places, heads, tails = places[is_head], heads.filter(pa.array(is_head)), tails[is_head]
        is_threes = (tails == 3) & matches(heads, "(?:^|[^0-9])[0-9]{3}[^0-9]*$") & (digit_counts(heads) < MIN_PART_DIGITS)
        read, is_sure = asker.fast(cells.taken(places)._replace(texts=digits_in(heads)))
        is_number = is_sure & phone_batches.is_clear_number(read) & ~is_threes
        has_number[places] |= is_number
        is_unclear[places] &= is_threes | (is_sure & ~phone_batches.is_number(read)) | is_number
        at = np.flatnonzero(is_number & (tails <= MOST_COUNT_DIGITS))
        numbers = digits_in(heads.take(pa.array(at)))
        pairs = zip(whole.take(pa.array(places[at])).to_pylist(), numbers.to_pylist(), strict=True)
        ends = ended_elsewhere(numbers, pa.array([digits[len(number) :] for digits, number in pairs], pa.string()))
        read, is_sure = asker.fast(cells.taken(np.tile(places[at], len(ends)))._replace(texts=pa.concat_arrays(ends)))
        is_unclear[places[at]] &= (is_sure & phone_batches.is_number(read)).reshape(len(ends), -1).any(axis=0)
    is_unclear &= has_number
    is_unclear[is_unclear] = ~names_country(words.filter(pa.array(is_unclear)))
    refused = is_unclear | (is_whole & has_number)
    is_counted[is_counted] = refused
    reasons = [(RejectReason.LETTERS_IN_NUMBER, is_whole[refused]), (RejectReason.AMBIGUOUS_RANGE, is_unclear[refused])]
    return rejected_for(cells.rows[refused], reasons), is_counted


@of_shape(COUNTED_APART)
def counted_behind_comma(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number, and a digit behind a comma that words count; it may end the number where all are one, and else nobody can tell."""
    numbers, counts = counted_apart(plain)
    _, is_number = asker.read_as(numbers, cells, phone_batches.is_clear_number)
    is_number[is_number] = ~names_country(plain.filter(pa.array(is_number)))
    whole = pc.binary_join_element_wise(*(digits_in(each.filter(pa.array(is_number))) for each in (numbers, counts)), "")
    read, is_sure = asker.fast(cells.at(is_number)._replace(texts=whole))
    are_one, are_two = is_number.copy(), is_number.copy()
    are_one[is_number], are_two[is_number] = (is_sure & (phone_batches.is_number(read) == is_one) for is_one in (True, False))
    return rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_one), (RejectReason.AMBIGUOUS_RANGE, are_two)])


@of_shape(WITH_MORE, signs="-#")
def with_digits_behind(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number and more digits, which are too many for one."""
    numbers, *begins = with_more(plain)
    _, is_number = asker.read_as(numbers, cells, phone_batches.is_number)
    texts = pa.concat_arrays([each.filter(pa.array(is_number)) for each in (plain, *begins)])
    several = cells.taken(np.tile(np.flatnonzero(is_number), 1 + len(begins)))
    read, is_sure = asker.fast(several._replace(texts=all_digits(texts)))
    is_none = (is_sure & ~phone_batches.is_number(read)).reshape(1 + len(begins), -1).all(axis=0)
    is_number[is_number] = is_none
    return phone_batches.in_order(read, np.flatnonzero(is_none)), is_number


@of_shape(RANGE_OR_SUM)
def of_ranges(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number and the end of a range, or a sum."""
    _, is_range = asker.read_as(before_range(plain), cells, phone_batches.is_number)
    texts = replaced(plain.filter(pa.array(is_range)), ",.*", "")
    read, is_sure = asker.fast(cells.at(is_range)._replace(texts=all_digits(texts)))
    is_range[is_range] = is_sure & ~phone_batches.is_number(read)
    return rejected(cells.rows[is_range], RejectReason.AMBIGUOUS_RANGE), is_range


@of_shape(MOMENT_BEFORE, signs=":.")
def after_moment(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A date and a time, and a number behind words: all of it is taken for the moment."""
    parts, of_cell = parts_apart(plain)
    read, is_sure = asker.fast(cells.taken(of_cell)._replace(texts=all_digits(parts)))
    is_number = is_sure & phone_batches.is_clear_number(read) & ~matches(parts, TORN)
    is_after = np.bincount(of_cell[is_number], minlength=len(plain)) > 0
    is_after[is_after] = ~matches(plain.filter(pa.array(is_after)), f"(?i){CHAT_LINK}|{MAY_BE_PLACE}")
    return rejected(cells.rows[is_after], RejectReason.NOT_A_NUMBER), is_after
