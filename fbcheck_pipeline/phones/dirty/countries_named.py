"""Which cells name a country beside a number, as `regions_named` finds it; that is asked only where it may be so."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import SUPPORTED_REGIONS

from fbcheck_pipeline.phones.dirty.undress import LETTERS, matches
from fbcheck_pipeline.phones.fast.digits import MOST_DIGITS
from fbcheck_pipeline.phones.fast.terms import NONE, Ints, Mask
from fbcheck_pipeline.phones.fast.territories import fewest_digits
from fbcheck_pipeline.text.cell_words import LABELS
from fbcheck_pipeline.text.countries import LONGEST_NAME, key_of, names, regions_named
from fbcheck_pipeline.text.decorations import SYMBOL
from fbcheck_pipeline.text.few_digits import NO_LETTERS

MAY_BE_FLAG = f"{SYMBOL}{{2}}"
"""In ASCII a country's flag is two pictures."""
_LETTERS_LOOKED_AT = 8  # of words that follow each other: they tell whether these may be a name
# What `_code` finds holds this; compiling its hundreds of codes for each batch costs more than looking at the cells first.
_LIKE_A_CODE = r"[A-Z]{2}|(?i:[a-z]{2}) *:|[(\[] *(?i:[a-z]{2})"


def names_country(cells: pa.StringArray, words: pa.StringArray | None = None, longest: Ints | None = None) -> Mask:
    """Where words name a country: they look like a code, are a name, or begin as one does together with the next.

    Args:
        cells: as `in_ascii` gives them.
        words: the same with nothing but letters and blanks, where other signs than blanks and `().,:!?` are around their words.
        longest: how many digits a number in each cell has at most; countries whose numbers have more do not count.
    """
    if not len(cells):  # all names take longer to read than many cells
        return np.zeros(0, np.bool_)
    lists = pc.ascii_split_whitespace(cells if words is None else words)
    pieces = pc.ascii_trim(lists.flatten(), "().,:!?")
    is_word = pc.greater_equal(pieces, "A")  # digits and signs stand before the letters
    of_cell = np.repeat(np.arange(len(cells)), lists.value_lengths().to_numpy())[is_word.to_numpy(zero_copy_only=False)]
    keys = _keys(pieces.filter(is_word))
    known, beginnings = _known()
    firsts = np.flatnonzero(_are_among(keys, beginnings))
    joined, may_be = keys.take(pa.array(firsts)), np.zeros(len(firsts), np.bool_)
    for count in range(LONGEST_NAME):
        may_be |= _are_among(joined, known)
        places = firsts + count + 1
        is_followed = np.append(of_cell, [NONE] * LONGEST_NAME)[places] == of_cell[firsts]
        following = keys.take(pa.array(places, mask=~is_followed)).fill_null("")
        joined = pc.binary_join_element_wise(joined, following, "")
    may_name = matches(cells, _LIKE_A_CODE)
    may_name[may_name] = matches(cells.filter(pa.array(may_name)), _code())
    may_name[of_cell[firsts[may_be]]] = True
    named = [regions_named(cell, LABELS) for cell in cells.filter(pa.array(may_name)).to_pylist()]
    most = [MOST_DIGITS] * len(named) if longest is None else longest[may_name].tolist()
    may_name[may_name] = [
        any(fewest_digits(each) <= digits for each in regions) for regions, digits in zip(named, most, strict=True)
    ]
    return may_name


def letters_in(cells: pa.StringArray) -> pa.StringArray:
    """Each cell with a blank for all that stands between letters."""
    return pc.replace_substring_regex(cells, f"[{NO_LETTERS}]+", " ")


def without_lira(cells: pa.StringArray) -> pa.StringArray:
    """Cells without `TL`, which names a country whose numbers are no shorter than others with a country code."""
    return pc.replace_substring_regex(cells, f"(^|[^{LETTERS}])TL($|[^{LETTERS}])", r"\1\2")


def _keys(words: pa.StringArray) -> pa.StringArray:
    """As `key_of`, each word with other letters than ASCII's once."""
    coded = pc.dictionary_encode(words.filter(pc.invert(pc.string_is_ascii(words))))
    others = pa.array([*map(key_of, coded.dictionary.to_pylist())], pa.string())
    return pc.replace_with_mask(pc.ascii_lower(words), pc.invert(pc.string_is_ascii(words)), others.take(coded.indices))


def _are_among(keys: pa.StringArray, known: frozenset[str]) -> Mask:
    """By their first letters. Arrow's `is_in` would make its table of thousands of names anew for the few words of each batch."""
    return np.array([key[:_LETTERS_LOOKED_AT] in known for key in keys.to_pylist()], np.bool_)


@cache
def _code() -> str:
    """A country's code in capitals, not between digits, before a colon or behind a bracket."""
    codes = {
        code.upper()
        for code in (*SUPPORTED_REGIONS, *names())
        if len(code) in (2, 3) and code.isascii() and key_of(code) not in LABELS
    }
    code = f"(?:{'|'.join(sorted(codes))})"
    signs = NO_LETTERS.replace("@", "/:-@", 1)  # no digits: between these it is no country's
    alone = rf"(?:^|[{signs}]){code}(?:[{NO_LETTERS}]|$)|[0-9]{code}(?:[{signs}]|$)"
    return rf"{alone}|(?:^|[{NO_LETTERS}])(?:(?i:{code}) *:)|[(\[] *(?i:{code})(?:[{NO_LETTERS}]|$)"


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """The first letters of names, and all that these begin with."""
    known = {name[:_LETTERS_LOOKED_AT] for name in names() if (len(name) > 3 or not name.isascii()) and name not in LABELS}
    return frozenset(known), frozenset(name[:length] for name in known for length in range(1, _LETTERS_LOOKED_AT + 1))
