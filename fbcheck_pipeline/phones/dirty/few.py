"""Cells with fewer digits than any number of their region has, many at once; their reasons are those of `text.few_digits`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones.dirty.countries_named import names_country
from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.digits import only
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, EMERGENCY_EVERYWHERE, NONE, Ints, Mask
from fbcheck_pipeline.phones.fast.territories import FEWEST, emergency_pattern, fewest_digits
from fbcheck_pipeline.text.decorations import SYMBOL
from fbcheck_pipeline.text.few_digits import SHAPES, shape_of_fewer


def few_digits_in(cells: pa.StringArray, regions: Ints) -> tuple[Mask, list[tuple[RejectReason, Mask]]]:
    """Where a cell has so few digits; and for these, reasons, of which the last that fits counts.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
        regions: index into COUNTRIES of each cell's region, NONE without.
    """
    known = np.flatnonzero(np.bincount(regions + 1)) - 1  # NONE is one less than the first
    names = [None if region == NONE else COUNTRIES[region] for region in known.tolist()]
    fewest_of = np.zeros(len(COUNTRIES) + 1, np.int64)
    fewest_of[known + 1] = [*map(fewest_digits, names)]
    fewest = fewest_of[regions + 1]
    is_few = np.zeros(len(cells), np.bool_)
    for count in {*map(fewest_digits, names)}:
        is_few[fewest == count] = matches(cells.filter(pa.array(fewest == count)), shape_of_fewer(count))
    is_few[is_few] = ~_may_be_more(cells.filter(pa.array(is_few)), [name for name in names if name])
    few = cells.filter(pa.array(is_few))
    return is_few, [(reason, matches(few, shape)) for shape, reason in reversed(SHAPES)]


def _may_be_more(cells: pa.StringArray, regions: list[str]) -> Mask:
    """Perhaps emergency numbers; or numbers of another country, which may be shorter. A flag is a picture by now."""
    emergency = "|".join({*EMERGENCY_EVERYWHERE, *map(emergency_pattern, regions)} - {""})
    may_be = matches(only(cells, b"0123456789"), f"^(?:{emergency})$")
    may_name = ~matches(cells, shape_of_fewer(FEWEST))
    longer = cells.filter(pa.array(may_name))
    may_name[may_name] = names_country(longer, pc.replace_substring_regex(longer, r"[^\p{L}]+", " ")) | matches(longer, SYMBOL)
    return may_be | may_name
