"""Cells with fewer digits than any number of their region has, many at once; their reasons are those of `text.few_digits`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones.dirty.countries_named import MAY_BE_FLAG, names_country
from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.digits import digit_counts, only
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, EMERGENCY_EVERYWHERE, NONE, Ints, Mask
from fbcheck_pipeline.phones.fast.territories import FEWEST, emergency_pattern, fewest_digits
from fbcheck_pipeline.text.few_digits import SHAPES


def few_digits_in(cells: pa.StringArray, regions: Ints) -> tuple[Mask, list[tuple[RejectReason, Mask]]]:
    """Where a cell has so few digits; and for these, reasons, of which the last that fits counts.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
        regions: index into COUNTRIES of each cell's region, NONE without.
    """
    digits = digit_counts(cells)
    is_few: Mask = (digits > 0) & (digits < fewest_of(regions))
    is_few[is_few] = ~_may_be_more(cells.filter(pa.array(is_few)), regions_in(regions))
    few = cells.filter(pa.array(is_few))
    return is_few, [(reason, matches(few, *shapes)) for shapes, reason in reversed(SHAPES)]


def fewest_of(regions: Ints) -> Ints:
    """As `fewest_digits`, of each region."""
    fewest = np.zeros(len(COUNTRIES) + 1, np.int64)
    for region in _codes_in(regions):
        fewest[region] = fewest_digits(None if region == NONE else COUNTRIES[region])  # that of NONE is the last place
    return fewest[regions]


def may_be_emergency(cells: pa.StringArray, regions: list[str]) -> Mask:
    """Where the digits are perhaps an emergency number of one of the regions."""
    emergency = "|".join({*EMERGENCY_EVERYWHERE, *map(emergency_pattern, regions)} - {""})
    return matches(only(cells, b"0123456789"), f"^(?:{emergency})$")


def regions_in(regions: Ints) -> list[str]:
    """The regions by name, each once."""
    return [COUNTRIES[each] for each in _codes_in(regions) if each != NONE]


def _codes_in(regions: Ints) -> list[int]:
    """Each once, NONE too, which is one less than the first."""
    return (np.flatnonzero(np.bincount(regions + 1)) - 1).tolist()


def _may_be_more(cells: pa.StringArray, regions: list[str]) -> Mask:
    """Perhaps emergency numbers; or numbers of another country, which may be shorter. A flag is a picture by now."""
    may_name = digit_counts(cells) >= FEWEST
    longer = cells.filter(pa.array(may_name))
    may_name[may_name] = names_country(longer, digit_counts(longer)) | matches(longer, MAY_BE_FLAG)
    return may_be_emergency(cells, regions) | may_name
