"""Which cells name a country beside a number, as `regions_named` finds it; that is asked only where it may be so."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import SUPPORTED_REGIONS

from fbcheck_pipeline.phones.dirty.undress import FIRST_BEYOND_ASCII, LETTERS, matches, replaced, replaced_where
from fbcheck_pipeline.phones.fast.digits import MOST_DIGITS, buffers_of, digits_as_one, translated
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Ints, Mask
from fbcheck_pipeline.phones.fast.territories import fewest_digits
from fbcheck_pipeline.text.cell_words import LABELS
from fbcheck_pipeline.text.countries import LONGEST_NAME, begins_name, key_of, names, regions_named
from fbcheck_pipeline.text.decorations import SYMBOL
from fbcheck_pipeline.text.few_digits import SIGNS_BEYOND_ASCII

MAY_BE_FLAG = f"{SYMBOL}{{2}}"
"""In ASCII a country's flag is two pictures."""
LONGEST_CODE = 3
TEXTS_WORTH_LOOKING = 150
"""Fewer are asked one by one, which takes less time than the arrays of all their words."""
_LETTERS_LOOKED_AT = 8  # of words that follow each other: they tell whether these may be a name
_LETTERS_COUNTED = 4  # of these: a table of all that are begins of names fits into the processor's cache
_BEFORE_A, _LETTERS_OF_ASCII = ord("a") - 1, 26
_EACH_LETTER = _LETTERS_OF_ASCII + 1
_LETTERS_ONLY = bytes(byte if byte >= FIRST_BEYOND_ASCII or chr(byte).isalpha() else ord(" ") for byte in range(256))
_POINTED = re.compile(r"(?<![a-z])[a-z](?:[.'\u2019\-][a-z]){1,2}(?![a-z])", re.I)
"""Of letters with a mark between, `U.K.`."""
_MAY_BE_POINTED = r"(?:^|[^A-Za-z])[A-Za-z][.'\x{2019}\-][A-Za-z](?:[^A-Za-z]|$)"


def names_country(cells: pa.StringArray, longest: Ints | None = None) -> Mask:
    """Where words name a country.

    Args:
        cells: as for `countries_beside`.
        longest: how many digits a number in each cell has at most; countries whose numbers have more do not count.
    """
    names, named = np.zeros(len(cells), np.bool_), countries_beside(cells)
    most = [MOST_DIGITS] * len(cells) if longest is None else longest.tolist()
    names[[*named]] = [any(fewest_digits(each) <= most[place] for each in regions) for place, regions in named.items()]
    return names


def countries_beside(cells: pa.StringArray) -> dict[int, frozenset[str]]:
    """The countries that words name, by the place of their cell; cells that differ in their digits only are looked at once.

    Args:
        cells: as `in_ascii` gives them.
    """
    texts = digits_as_one(cells).dictionary_encode()
    named = {
        place: regions
        for place in _may_name(texts.dictionary)
        if (regions := regions_named(texts.dictionary[place].as_py(), LABELS))
    }
    codes, is_named = texts.indices.to_numpy(), np.zeros(len(texts.dictionary), np.bool_)
    is_named[[*named]] = True
    return {place: named[codes[place]] for place in np.flatnonzero(is_named[codes]).tolist()}


def _may_name(cells: pa.StringArray) -> list[int]:
    """The places of cells with a word that may be a code, is a name, or begins as one does together with the next."""
    if len(cells) < TEXTS_WORTH_LOOKING:
        return [*range(len(cells))]
    texts = translated(cells, _LETTERS_ONLY)
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = replaced(texts, f"[{SIGNS_BEYOND_ASCII}]+", " ")
    lists = pc.ascii_split_whitespace(texts)
    words, of_cell = lists.flatten(), np.repeat(np.arange(len(cells)), lists.value_lengths().to_numpy())
    is_word = pc.greater(words, "")
    words, of_cell = words.filter(is_word), of_cell[is_word.to_numpy(zero_copy_only=False)]
    keys, may_name = _keys(words), np.zeros(len(cells), np.bool_)
    codes = _codes()
    is_short = pc.less_equal(pc.binary_length(words), LONGEST_CODE)
    short, of_short = words.filter(is_short).dictionary_encode(), of_cell[is_short.to_numpy(zero_copy_only=False)]
    distinct, which = short.dictionary.to_pylist(), short.indices.to_numpy()
    small = {word: word.lower() for word in distinct if word.isascii() and not word.isupper() and word.upper() in codes}
    if small:
        may_name[of_short[np.array([word in small for word in distinct])[which]]] = True
        may_name[may_name] = matches(cells.filter(pa.array(may_name)), _marked("|".join(sorted({*small.values()}))))
    is_pointed = matches(cells, _MAY_BE_POINTED)
    is_pointed[is_pointed] = [_has_pointed(text, codes) for text in cells.filter(pa.array(is_pointed)).to_pylist()]
    may_name |= is_pointed
    may_name[of_short[np.array([word.isupper() and word in codes for word in distinct], np.bool_)[which]]] = True
    firsts = np.flatnonzero(_are_begun(keys, begins_name))
    joined, ends = keys.take(pa.array(firsts)), firsts + 1
    for _ in range(LONGEST_NAME):
        may_name[of_cell[firsts[_are_begun(joined, _is_name)]]] = True
        goes_on = np.append(of_cell, NONE)[ends] == of_cell[firsts]
        goes_on[goes_on] = _are_begun(joined.filter(pa.array(goes_on)), begins_name)
        firsts, ends = firsts[goes_on], ends[goes_on]
        joined = pc.binary_join_element_wise(joined.filter(pa.array(goes_on)), keys.take(pa.array(ends)), "")
        ends = ends + 1
    return np.flatnonzero(may_name).tolist()


def _marked(words: str) -> str:
    """Finds codes in small letters, which count before a colon or behind a bracket only."""
    return rf"(?i)(?:{words})[^!-~]*:|[(\[][^!-~]*(?:{words})"


def _has_pointed(text: str, codes: frozenset[str]) -> bool:
    return any("".join(filter(str.isalpha, code)).upper() in codes for code in _POINTED.findall(text))


def names_another(cells: pa.StringArray, regions: Ints, countries: Ints) -> Mask:
    """Where words name another country than the region, and not the number's own.

    Args:
        cells: as `in_ascii` gives them.
        regions, countries: index into COUNTRIES of each cell's region and of its number's country, or NONE.
    """
    names, known = np.zeros(len(cells), np.bool_), (*COUNTRIES, None)  # NONE is the last place
    for place, named in countries_beside(cells).items():
        names[place] = not named <= {known[regions[place]]} and known[countries[place]] not in named
    return names


def without_lira(cells: pa.StringArray) -> pa.StringArray:
    """Cells without `TL`, which names a country whose numbers are no shorter than others with a country code."""
    return replaced_where(cells, "TL", f"(^|[^{LETTERS}])TL($|[^{LETTERS}])", r"\1\2", signs=(b"TL",))


def _keys(words: pa.StringArray) -> pa.StringArray:
    """As `key_of`, each word with other letters than ASCII's once."""
    coded = pc.dictionary_encode(words.filter(pc.invert(pc.string_is_ascii(words))))
    others = pa.array([*map(key_of, coded.dictionary.to_pylist())], pa.string())
    return pc.replace_with_mask(pc.ascii_lower(words), pc.invert(pc.string_is_ascii(words)), others.take(coded.indices))


def _are_begun(keys: pa.StringArray, is_begun: Callable[[str], bool]) -> Mask:
    """Where the first letters of a name are found. Arrow's `is_in` would make a table of thousands of names anew for a few words of each batch."""
    is_other, numbers = _first_letters(keys)
    are_begun = is_other | _beginnings()[numbers]
    first = pc.utf8_slice_codeunits(keys.filter(pa.array(are_begun)), 0, _LETTERS_LOOKED_AT).dictionary_encode()
    are_begun[are_begun] = np.array([*map(is_begun, first.dictionary.to_pylist())], np.bool_)[first.indices.to_numpy()]
    return are_begun


def _is_name(first: str) -> bool:
    """Of the letters that are looked at: all of a name that is no code, or its first."""
    if len(first) == _LETTERS_LOOKED_AT:
        return begins_name(first)
    return first in names() and (len(first) > LONGEST_CODE or not first.isascii())


def _first_letters(keys: pa.StringArray) -> tuple[Mask, Ints]:
    """Where a few first letters are other than small ones of ASCII; and the number of which each letter is a digit, 0 for none."""
    ends, data = buffers_of(keys)
    begins, lengths = ends[:-1], np.diff(ends)
    is_other, numbers = np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.int64)
    for place in range(_LETTERS_COUNTED):
        letters = np.where(lengths > place, data.take(begins + place, mode="clip") - np.uint8(_BEFORE_A), 0) if len(data) else 0
        is_other |= letters > _LETTERS_OF_ASCII
        numbers = numbers * _EACH_LETTER + np.minimum(letters, _LETTERS_OF_ASCII)
    return is_other, numbers


@cache
def _beginnings() -> Mask:
    """By the number of a few first letters: where these begin a name, or are one's first."""
    are_begun = np.zeros(_EACH_LETTER**_LETTERS_COUNTED, np.bool_)
    is_other, numbers = _first_letters(pa.array(names(), pa.string()))
    for place in range(_LETTERS_COUNTED):
        are_begun[numbers[~is_other] // _EACH_LETTER**place * _EACH_LETTER**place] = True
    return are_begun


@cache
def _codes() -> frozenset[str]:
    """In capitals, without those that are words for a telephone."""
    codes = {code.upper() for code in (*SUPPORTED_REGIONS, *names()) if len(code) in (2, LONGEST_CODE) and code.isascii()}
    return frozenset(code for code in codes if key_of(code) not in LABELS)
