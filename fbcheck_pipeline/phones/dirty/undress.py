"""Cells that are one plain number in decorations, without them: floats, quotes, `tel:`, digits of any script …

Each step does to cells of one certain shape what a rule of `text.decorations` does to one cell, in the same order. A cell
that is anything else stays with the careful path.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text import decorations
from fbcheck_pipeline.text.cell_words import LABELS

# Begins and ends as a number does; what stands inside, the fast path looks at. A single point may begin a fraction.
CORE = r"(?:[+(]?[0-9](?:[0-9 ()\-]*(?:\.[0-9 ()\-]*\.[0-9 ().\-]*)?[0-9)])?)"
_QUOTE = "[\"'`\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]"
_INTEGER = r"\+?[1-9][0-9]{4,}"
_COMMAS, _POINTS, _APOSTROPHES = (rf"\+?[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}}){{2,}}" for sign in (",", r"\.", "'"))
# As many decimals as the exponent says: no digit is lost, none is padded.
_EXACT = "|".join(rf"([0-9]{{{places}}})[eE]\+?{places:02}" for places in range(8, 15))
_SCHEME = r"(?:item[0-9]+\.)?tel(?:;type=[a-z,]+)*:|(?:callto|smsto|sms|phone|whatsapp):"
LABEL = "(?:" + "|".join(sorted(map(re.escape, LABELS), key=lambda word: (-len(word), word))) + ")"
_LABELLED = rf"[(\[]?{LABEL}(?:[ .\-/]+{LABEL})*[)\]]?[ :.=\-]{{1,3}}"
# No group of it can be a count: it begins as only a whole number does, or has no groups, or long ones that begin no number.
WHOLE = r"(?:\+|\(?0)[0-9 ().\-]*[0-9)]|[0-9]+|\(?[1-9][0-9]{2,}\)?(?:[ .\-]+[1-9][0-9]+)+"
# Of fewer digits than one of two numbers has, so that the slash ends an area code; and no tail of a range behind it.
_AREA = r"\(?0[0-9]{1,5}\)?|\+[0-9]{1,2} ?(?:\(0\) ?)?[0-9]{2,3}"
# One bracket, around the area code.
_GROUPED = r"(?:\+?[0-9]+|\([0-9]+\)(?: ?[0-9]+))"
MIN_RESTART = 6  # the digits of the shortest numbers that begin with a trunk 0
_COUNTED = r"^\(?[1-9][0-9]{0,4}\)? +\(?0"  # a number may begin behind a count
_JOINT = "\0"  # between cells that are translated together


class _Step(NamedTuple):
    """A shape that cells have as a whole; in these a pattern is replaced wherever it is found."""

    shape: str
    pattern: str
    becomes: str


def _step(shape: str, becomes: str) -> _Step:
    return _Step(shape, shape, becomes)


_STEPS = (
    _Step(r"[\t\r\v\f]", r"[\t\r\v\f ]+", " "),
    _step(rf"^=?{_QUOTE}+ ?([+(]?[0-9][0-9 ().,\-]*){_QUOTE}*$", r"\1"),
    _step(rf"^([1-9])[.,](?:{_EXACT})$", r"\1\2\3\4\5\6\7\8"),
    _step(rf"^({_INTEGER}|{_COMMAS}|{_POINTS}|{_APOSTROPHES})[.,]0$", r"\1"),
    _Step(rf"^(?:{_COMMAS}|{_APOSTROPHES})$", "[,']", ""),
    _step(rf"(?i)^(?:{_SCHEME})({CORE})$", r"\1"),
    _Step(rf"(?i)^{_LABELLED}(?:{WHOLE})$", r"^[^0-9+]*[^0-9+(]", ""),
    _step(rf"^(?:({CORE}) ?[;,.:]|\[({CORE})\])$", r"\1\2"),
    _step(rf"^({_AREA}) ?/ ?([0-9](?: ?[0-9]){{4,8}})$", r"\1 \2"),
    _step(r"^\(\+([0-9]{1,3})\)([ 0-9(].*)$", r"+\1\2"),
)


def in_ascii(cells: pa.StringArray) -> pa.StringArray:
    """What `decorations.to_ascii` makes of each cell: digits, signs and blanks of any script in ASCII, invisible marks gone.

    Null for a cell that is over-long as it came: no rule looks into it.
    """
    is_long = pc.greater(pc.utf8_length(cells), decorations.MAX_CELL_LENGTH)
    cells = pc.if_else(is_long, pa.scalar(None, pa.string()), cells) if pc.any(is_long).as_py() else cells
    is_other = pc.fill_null(pc.invert(pc.string_is_ascii(cells)), False)
    texts = cells.filter(is_other).to_pylist()
    if not texts:
        return cells
    whole = _JOINT.join(texts)
    if whole.count(_JOINT) == len(texts) - 1:
        # One translation of all costs a tenth of one of each.
        plain = whole.translate({ord(char): decorations.to_ascii(char) for char in set(whole)}).split(_JOINT)
    else:
        plain = [*map(decorations.to_ascii, texts)]
    return pc.replace_with_mask(cells, is_other, pa.array(plain, pa.string()))


def undressed(cells: pa.StringArray) -> pa.StringArray:
    """The plain number in each cell, null in any cell that holds more or less.

    Args:
        cells: as `in_ascii` gives them.
    """
    left = pc.utf8_trim(cells, " \t\n\r\v\f")
    found, left, places = _parted(left, np.arange(len(cells)), f"^{CORE}$")
    bare, at = [found[0]], [found[1]]
    for step in _STEPS:
        taken, left, places = _parted(left, places, step.shape)
        if not len(taken[0]):
            continue
        changed = pc.replace_substring_regex(taken[0], step.pattern, step.becomes)
        found, others, others_at = _parted(changed, taken[1], f"^{CORE}$")
        bare, at = [*bare, found[0]], [*at, found[1]]
        left, places = pa.concat_arrays([left, others]), np.concatenate([places, others_at])
    order = np.full(len(cells), -1)
    order[np.concatenate(at)] = np.arange(sum(map(len, at)))
    return pa.concat_arrays(bare).take(pa.array(order, mask=order < 0))


def _parted(cells: pa.StringArray, places: Ints, shape: str) -> tuple[tuple[pa.StringArray, Ints], pa.StringArray, Ints]:
    """Those of a shape and their places, then the others and theirs; a null has none."""
    where = matches(cells, shape)
    return (cells.filter(pa.array(where)), places[where]), cells.filter(pa.array(~where)), places[~where]


def joined_groups(cells: pa.StringArray) -> pa.StringArray:
    """The digits of each cell that has digits and blanks only, and where no second number can begin; null in any other cell.

    Args:
        cells: as `in_ascii` gives them.
    """
    cells = pc.utf8_trim(cells, " ")
    joined = pc.replace_substring_regex(cells, r"[ ()]+", "")
    is_one = matches(cells, rf"^{_GROUPED}(?: +[0-9]+)*$") & (
        pc.fill_null(pc.binary_length(joined), 0).to_numpy() < 2 * MIN_RESTART
    )
    is_one &= ~matches(cells, _COUNTED)
    return pc.if_else(pa.array(is_one | matches(cells, rf"^{_GROUPED}(?: +[1-9][0-9]*)*$")), joined, pa.scalar(None, pa.string()))


def matches(cells: pa.StringArray, shape: str) -> Mask:
    """Where the expression is found in the cell; not in a null."""
    found: Mask = pc.fill_null(pc.match_substring_regex(cells, shape), False).to_numpy(zero_copy_only=False)
    return found
