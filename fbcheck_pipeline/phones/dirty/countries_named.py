"""Which cells name a country beside a number, as `regions_named` finds it; that is asked only where it may be so."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import SUPPORTED_REGIONS

from fbcheck_pipeline.phones.dirty.undress import LETTERS, matches
from fbcheck_pipeline.phones.fast.digits import MOST_DIGITS
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Ints, Mask
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
    """Where words name a country.

    Args:
        cells, words: as for `countries_beside`.
        longest: how many digits a number in each cell has at most; countries whose numbers have more do not count.
    """
    names, named = np.zeros(len(cells), np.bool_), countries_beside(cells, words)
    most = [MOST_DIGITS] * len(cells) if longest is None else longest.tolist()
    names[[*named]] = [any(fewest_digits(each) <= most[place] for each in regions) for place, regions in named.items()]
    return names


def countries_beside(cells: pa.StringArray, words: pa.StringArray | None = None) -> dict[int, frozenset[str]]:
    """The countries that words name, by the place of their cell: they look like a code, are a name, or begin as one does together with the next.

    Args:
        cells: as `in_ascii` gives them.
        words: the same with nothing but letters and blanks, where other signs than blanks and `().,:!?` are around their words.
    """
    if not len(cells):  # all names take longer to read than many cells
        return {}
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
    named = (regions_named(cell, LABELS) for cell in cells.filter(pa.array(may_name)).to_pylist())
    return {place: regions for place, regions in zip(np.flatnonzero(may_name).tolist(), named, strict=True) if regions}


def names_another(cells: pa.StringArray, regions: Ints, countries: Ints) -> Mask:
    """Where words name another country than the region, and not the number's own.

    Args:
        cells: as `in_ascii` gives them.
        regions, countries: index into COUNTRIES of each cell's region and of its number's country, or NONE.
    """
    names, known = np.zeros(len(cells), np.bool_), (*COUNTRIES, None)  # NONE is the last place
    for place, named in countries_beside(cells, letters_in(cells)).items():
        names[place] = not named <= {known[regions[place]]} and known[countries[place]] not in named
    return names


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
