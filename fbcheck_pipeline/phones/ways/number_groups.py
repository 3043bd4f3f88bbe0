"""The way that reads groups of digits with one sign between: a number with signs in it, a number and the end of a range, or none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import country_code_for_region

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.cell_rules import LONGEST_CODE
from fbcheck_pipeline.phones.dirty.few import fewest_of
from fbcheck_pipeline.phones.dirty.grouped import CODED_ZERO, GROUPED, Roles, roles_of, shapes_of
from fbcheck_pipeline.phones.dirty.runs import Runs, all_digits, groups_of, runs_in
from fbcheck_pipeline.phones.dirty.undress import matches, replaced
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Mask, Says
from fbcheck_pipeline.phones.fast.territories import lengths_of_two
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.cells import Cells, are_equal, none_of, rejected
from fbcheck_pipeline.phones.ways.way_asker import WayAsker, of_shape


@of_shape(GROUPED)
def grouped(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
    """Groups of digits with one sign between, of which one run at least is a number, mostly all of them, or what a sign ends."""
    groups, shapes = groups_of(plain), shapes_of(plain)
    all_runs = runs_in(plain, groups, fewest_of(cells.regions))
    if not len(all_runs.of_cell):
        return none_of(cells)
    all_roles = roles_of(plain, groups, all_runs)
    has_role = all_runs.is_whole | np.any(all_roles, axis=0)
    runs, roles = all_runs.at(has_role), Roles(*(role[has_role] for role in all_roles))
    read, is_sure = asker.fast(cells.taken(runs.of_cell)._replace(texts=runs.texts))
    whole = np.full(len(plain), NONE)
    whole[runs.of_cell[runs.is_whole]] = np.flatnonzero(runs.is_whole)

    def have(where: Mask) -> Mask:
        return np.bincount(runs.of_cell[where], minlength=len(plain)) > 0

    is_number, has_number = is_sure & phone_batches.is_number(read), have(is_sure & phone_batches.is_clear_number(read))
    may_be_number = is_number | ~is_sure
    is_read = (whole != NONE) & is_sure[whole]
    has_number[is_read & ~has_number] = _have_number(asker, cells, all_runs.at(~has_role), is_read & ~has_number)
    is_read &= has_number  # else the shape says why none is
    are_groups = is_read & shapes.are_groups
    has_range = have((roles.before_range | roles.is_counted) & is_number)
    is_none = are_groups & ~is_number[whole] & ~have(roles.begins_alone & may_be_number)
    is_none &= has_range | ~have((roles.before_range | roles.is_counted) & ~is_sure)
    # A number that is kept is compared with others by its text.
    is_kept = read.e164.is_valid().to_numpy(zero_copy_only=False)
    is_other = is_sure & is_kept & ~are_equal(read.e164, read.e164.take(pa.array(whole, mask=whole == NONE).take(runs.of_cell)))
    may_be_one = are_groups & is_number[whole] & (cells.says != Says.INTERNATIONAL)
    is_two = may_be_one & have(roles.ends & is_other)
    is_one = may_be_one & shapes.may_be_one & is_kept[whole]
    is_one &= ~have((roles.ends | roles.may_end | roles.begins_later) & may_be_number)
    is_one[is_one] = _is_whole(
        asker, cells.at(is_one), plain.filter(pa.array(is_one)), phone_batches.in_order(read, whole[is_one])
    )
    is_file, is_one = is_one & shapes.are_files, is_one & ~shapes.are_files
    is_one |= (is_none & ~has_range) | (shapes.are_thousands & is_read)
    files = rejected(cells.rows[is_file], RejectReason.NOT_A_NUMBER)
    ranges = rejected(cells.rows[is_two | (is_none & has_range)], RejectReason.AMBIGUOUS_RANGE)
    found = phone_batches.in_order(read, whole[is_one])._replace(row=cells.rows[is_one])
    return phone_batches.joined([found, files, ranges]), is_one | is_file | is_two | is_none


def _have_number(asker: WayAsker, cells: Cells, runs: Runs, where: Mask) -> Mask:
    """Of some cells, which have a run that is surely a number."""
    some = runs.at(where[runs.of_cell])
    read, is_sure = asker.fast(cells.taken(some.of_cell)._replace(texts=some.texts))
    return np.bincount(some.of_cell[is_sure & phone_batches.is_clear_number(read)], minlength=len(where))[where] > 0


def _is_whole(asker: WayAsker, cells: Cells, plain: pa.StringArray, numbers: PhoneArrays) -> Mask:
    """Where no digits of groups that are a number may be none of it: a carrier's code, a second number, a 0 behind a country's code."""
    is_whole, is_at_home = np.ones(len(plain), np.bool_), matches(plain, "^[1-9]") & (numbers.country == cells.regions)
    for country in np.unique(numbers.country).tolist():
        name, is_of_it = COUNTRIES[country], numbers.country == country
        national = pc.binary_length(numbers.e164).to_numpy() - len(f"+{country_code_for_region(name)}")
        is_whole[is_of_it & np.isin(national, [*lengths_of_two(name)])] = False
        is_whole[is_of_it & is_at_home & (digit_counts(plain) - national > LONGEST_CODE)] = False
    has_zero = matches(plain, CODED_ZERO)
    texts = all_digits(replaced(plain.filter(pa.array(has_zero)), CODED_ZERO, r"\1"))
    read, is_sure = asker.fast(cells.at(has_zero)._replace(texts=texts))
    is_whole[has_zero] &= is_sure & (
        ~phone_batches.is_number(read) | are_equal(read.e164, numbers.e164.filter(pa.array(has_zero)))
    )
    return is_whole
