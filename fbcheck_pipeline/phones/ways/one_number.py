"""Ways that read cells with one number: in decorations, in a link, among words, beside a count."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.dirty.among_words import (
    among_words,
    are_references,
    grouped_by_blanks,
    may_be_codes,
    may_be_of_other_things,
)
from fbcheck_pipeline.phones.dirty.beside import (
    BESIDE_COUNT,
    before_words,
    beside_count,
    digits_in,
    ended_elsewhere,
    last_digits,
    without_last_group,
    without_short_last_group,
)
from fbcheck_pipeline.phones.dirty.countries_named import countries_beside, names_another
from fbcheck_pipeline.phones.dirty.few import fewest_of
from fbcheck_pipeline.phones.dirty.linked import HYPERLINK, NOT_ONE_LINK, ONE_CHAT_LINK, URI, addresses_of, in_uris, linked
from fbcheck_pipeline.phones.dirty.runs import other_runs
from fbcheck_pipeline.phones.dirty.undress import (
    AFTER_COUNT,
    AREA_MARK,
    MANY,
    NOTHING,
    area_marked,
    first_of_many,
    matches,
    replaced,
    rewritten,
    undressed,
)
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.terms import NONE, Mask, Says
from fbcheck_pipeline.phones.fast.territories import FEWEST
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.cells import Cells, are_equal, rejected
from fbcheck_pipeline.phones.ways.way_asker import WayAsker, of_shape
from fbcheck_pipeline.text.digit_runs import MAY_BE_DIGITS


def one_undressed(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Cells that are one number in decorations."""
    return asker.read_as(pc.if_else(pa.array(digit_counts(plain) >= fewest_of(cells.regions)), undressed(plain), NOTHING), cells)


def clear_undressed(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """As `one_undressed`, of numbers in service, however few digits a region's have."""
    return asker.read_as(undressed(plain), cells, phone_batches.is_clear_number)


@of_shape(MANY)
def of_too_many(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Digits and blanks, too many for any number."""
    return asker.read_as(first_of_many(plain), cells)


@of_shape(ONE_CHAT_LINK, signs="/@")
def in_link(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """One chat link: its number is international; where it is another one at home, it is unclear, or the only one that may be a mobile's."""
    numbers = linked(plain)
    has_plus = matches(numbers, r"^\+")
    at_home = cells._replace(texts=numbers, says=np.full(len(plain), Says.NATIONAL))
    abroad = at_home._replace(
        texts=pc.binary_join_element_wise("+", pc.ascii_ltrim(numbers, "+"), ""), regions=np.full(len(plain), NONE)
    )
    (here, is_sure_here), (there, is_sure_there) = asker.fast(at_home), asker.fast(abroad)
    is_one = is_sure_there & phone_batches.is_number(there) & ~matches(plain, NOT_ONE_LINK)
    are_two, are_same = is_sure_here & phone_batches.is_number(here) & ~has_plus, are_equal(here.e164, there.e164)
    are_kept = pc.and_(here.e164.is_valid(), there.e164.is_valid()).to_numpy(zero_copy_only=False)
    is_chat = phone_batches.can_be_mobile(there) & ~phone_batches.can_be_mobile(here)  # who chats has a mobile
    is_sure = is_one & (
        has_plus | (is_sure_here & ~are_two) | are_same | (are_two & are_kept & is_chat) | (at_home.regions == NONE)
    )
    is_unclear = is_one & are_two & are_kept & ~(are_same | is_chat)
    unclear = rejected(cells.rows[is_unclear], RejectReason.AMBIGUOUS_INTERNATIONAL)
    return phone_batches.joined([phone_batches.in_order(there, np.flatnonzero(is_sure)), unclear]), is_sure | is_unclear


@of_shape(URI, signs=":;?&")
def in_uri(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number with the scheme, the parameters or the message of a URI."""
    return asker.read_as(in_uris(plain), cells, phone_batches.is_clear_number)


@of_shape(HYPERLINK, signs="=")
def in_hyperlink(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A spreadsheet's link to a number."""
    return asker.first_clear((in_link, in_uri), cells, addresses_of(plain))


def one_among_words(
    asker: WayAsker, cells: Cells, plain: pa.StringArray, beside_others: bool = False
) -> tuple[PhoneArrays, Mask]:
    """One number and words or marks: the last digits before them may be theirs, where a number is left without these.

    The digits of an extension are no number of their own.
    """
    marked = area_marked(plain)
    plain = pc.replace_substring(marked, AREA_MARK, " ")
    labelled = before_words(plain)
    numbers = pc.coalesce(labelled, among_words(plain))
    found, is_read = asker.read_as(numbers, cells, phone_batches.is_number)
    if not is_read.any():
        return found, is_read
    is_sure, is_labelled = is_read.copy(), labelled.is_valid().to_numpy(zero_copy_only=False)
    more = digit_counts(plain) - digit_counts(numbers)
    is_unclear = is_read.copy()
    is_unclear[is_read] = phone_batches.is_ambiguous(found)
    # Letters that may be digits are the reason, where there are any.
    is_sure[is_unclear] = ~matches(plain.filter(pa.array(is_unclear)), MAY_BE_DIGITS)
    may_be_two = is_sure & is_labelled & (more >= fewest_of(cells.regions))
    read, is_none = asker.fast(cells.at(may_be_two)._replace(texts=last_digits(plain.filter(pa.array(may_be_two)))))
    is_sure[may_be_two] = is_none & ~phone_batches.is_number(read)
    is_sure &= ~may_end_at_area(asker, cells, marked)
    has_count = is_read & matches(numbers, AFTER_COUNT)
    of_counted = numbers.filter(pa.array(has_count)), found.e164.filter(pa.array(has_count[is_read]))
    is_sure[has_count] &= ~may_begin_later(asker, cells.at(has_count), *of_counted)
    has_head = is_read & (is_labelled | matches(plain, "[^0-9]$"))
    places = np.flatnonzero(has_head)
    heads = numbers.take(pa.array(places))
    while len(places):
        heads = without_last_group(heads)
        digits = digits_in(heads)
        is_left = digit_counts(digits) >= FEWEST
        places, heads, digits = places[is_left], heads.filter(pa.array(is_left)), digits.filter(pa.array(is_left))
        read, is_none = asker.fast(Cells(places, digits, cells.regions[places], cells.says[places]))
        is_sure[places] &= is_none & ~phone_batches.is_number(read)
    if beside_others:
        is_last = is_sure & ~has_head
        is_sure[is_last] = ~may_end_earlier(asker, cells.at(is_last), numbers.filter(pa.array(is_last)))
        is_sure[is_sure] = ~may_be_codes(*(each.filter(pa.array(is_sure)) for each in (plain, numbers)))
    is_sure[is_sure] = ~may_be_of_other_things(*(each.filter(pa.array(is_sure)) for each in (plain, numbers)))
    is_named = is_sure & ~is_labelled
    named = plain.filter(pa.array(is_named))
    is_sure[is_named] = ~(
        names_another(named, cells.regions[is_named], found.country[is_named[is_read]])
        | are_references(named, numbers.filter(pa.array(is_named)), beside_others)
    )
    return phone_batches.in_order(found, np.flatnonzero(is_sure[is_read])), is_sure


def may_begin_later(asker: WayAsker, cells: Cells, numbers: pa.StringArray, e164: pa.StringArray) -> Mask:
    """Numbers that may be others without their short first group: behind words it may be a count."""
    says = np.where(cells.says == Says.INTERNATIONAL, Says.INTERNATIONAL, Says.NATIONAL)
    read, is_sure = asker.fast(cells._replace(texts=digits_in(replaced(numbers, AFTER_COUNT, "")), says=says))
    return ~is_sure | (phone_batches.is_number(read) & ~are_equal(read.e164, e164))


def may_end_earlier(asker: WayAsker, cells: Cells, numbers: pa.StringArray) -> Mask:
    """Numbers that may be some without their last short group, too: beside others it may be a count."""
    heads = without_short_last_group(numbers)
    return _may_be_numbers(asker, cells, heads, heads.is_valid().to_numpy(zero_copy_only=False))


def may_end_at_area(asker: WayAsker, cells: Cells, marked: pa.StringArray) -> Mask:
    """Numbers that may be some at the mark behind their area code, too."""
    heads = digits_in(rewritten(marked, matches(marked, AREA_MARK), f"{AREA_MARK}.*", ""))
    return _may_be_numbers(asker, cells, heads, matches(heads, f"[0-9]{{{FEWEST}}}"))


def _may_be_numbers(asker: WayAsker, cells: Cells, texts: pa.StringArray, where: Mask) -> Mask:
    """Some of the texts: not those that the fast path is sure are none."""
    read, is_sure = asker.fast(cells._replace(texts=texts).at(where))
    may_be = where.copy()
    may_be[where] = ~is_sure | phone_batches.is_number(read)
    return may_be


def in_named_country(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number of the one country that is named beside it, and none at home nor with a plus, for it may begin with the country's code."""
    numbers = grouped_by_blanks(among_words(plain))
    _, has_code = asker.read_as(pc.binary_join_element_wise("+", numbers, ""), cells, phone_batches.is_number)
    numbers = pc.if_else(pa.array(has_code), NOTHING, numbers)
    _, is_abroad = asker.read_as(numbers, cells, lambda read: ~phone_batches.is_number(read))
    places, words = np.flatnonzero(is_abroad), plain.filter(pa.array(is_abroad))
    named = {
        places[place]: phone_batches.COUNTRY_CODE[next(iter(regions))]
        for place, regions in countries_beside(words).items()
        if len(regions) == 1
    }
    places, regions = (np.array([*each], np.int64) for each in (named.keys(), named.values()))
    there = cells.taken(places)._replace(regions=regions, says=np.full(len(places), Says.NATIONAL))
    found, is_sure = one_among_words(asker, there, plain.take(pa.array(places)))
    is_abroad[:] = False
    is_abroad[places] = is_sure
    return found, is_abroad


@of_shape(BESIDE_COUNT)
def one_beside_count(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """A number and a count, where no rule finds another number."""
    numbers, counts = beside_count(plain)
    found, is_alone = asker.read_as(numbers, cells, phone_batches.is_clear_number)
    left, texts = cells.at(is_alone), plain.filter(pa.array(is_alone))
    numbers, counts = (each.filter(pa.array(is_alone)) for each in (digits_in(numbers), counts))
    runs, of_run, is_few = other_runs(texts, numbers, fewest_of(left.regions))
    ends = ended_elsewhere(pc.if_else(pc.greater(counts, ""), numbers, NOTHING), counts)
    of_cell = np.concatenate([of_run, np.tile(np.arange(len(texts)), len(ends))])
    read, is_sure = asker.fast(left.taken(of_cell)._replace(texts=pa.concat_arrays([runs, *ends])))
    # Behind a count a number without a plus is one of its region, or begins elsewhere.
    is_only = is_few & ((found.country == left.regions) | matches(numbers, r"^\+")) & (left.regions != NONE)
    is_only[of_cell[~is_sure | phone_batches.is_number(read)]] = False
    named = texts.filter(pa.array(is_only))
    is_only[is_only] = ~names_another(named, left.regions[is_only], np.full(len(named), NONE))
    is_alone[is_alone] = is_only
    return phone_batches.in_order(found, np.flatnonzero(is_only)), is_alone
