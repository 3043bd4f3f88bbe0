"""Cells that are several plain numbers and what parts them: `0532 … / 0212 …`, `0532 … or 0212 …`.

Where each part is a number, the careful path cuts at the same places (`text.splitting`), whichever separator it tries first.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.countries_named import names_country
from fbcheck_pipeline.phones.dirty.undress import (
    AREA_MARK,
    LETTERS,
    SCHEMES,
    area_marked,
    matches,
    replaced,
    replaced_where,
    without_scheme,
)
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text.cell_words import JOINING_WORDS
from fbcheck_pipeline.text.countries import region_of
from fbcheck_pipeline.text.decorations import BARE_DAY, BARE_HOURS, CODE, DAY, MIN_PART_DIGITS
from fbcheck_pipeline.text.few_digits import BLANKS
from fbcheck_pipeline.text.splitting import BRACKETED_AREA

_PART = r"[+(]?(?:[0-9][ ().\-]{0,2})+"
_SEPARATOR = rf"(?: ?(?:[;|,/&]|\n+|:::?) ?| - |(?i: (?:{JOINING_WORDS}) ))"
_SEVERAL = rf"^{_PART}(?:{_SEPARATOR}{_PART})+$"
_LISTED = r"\(?0[0-9]*\)?(?: ?[0-9]+)*|\+[0-9]+(?: [0-9]+)*"
_NUMBERED = rf"^1[.)] (?:{_LISTED})[ \n]+2[.)] (?:{_LISTED})(?:[ \n]+3[.)] (?:{_LISTED}))?$"
_BRACKETED = r"^([^(]*[0-9]) ?\(([+0] ?[0-9](?:[0-9 .\-]*[0-9])?)\)$"
_PLUS = r" ?\+ (\(?(?:0[1-9]|\+))"
_AREA_FIRST = rf"([^+][0-9][ .\-]?[0-9]{{2}}) +({BRACKETED_AREA} ?[0-9])"  # behind no code of a country
SEVERAL = rf"{_SEVERAL}|{_NUMBERED}|{_BRACKETED}|^[+(]?[0-9][0-9 ()/,;.\-]*{_AREA_FIRST}|^[0-9 ()+.\-]*[0-9)]{_PLUS}"
_WORD = rf"[{LETTERS}]{{2,}}[.:]?"
_WORDS_BETWEEN = rf"(?:(?: +{_WORD})+| *\({_WORD}(?: {_WORD})*\)) +"
# One of these between two numbers parts them, whatever words are on both its sides; where none is, words do.
_SIGN = r"(?:[;|,/&\n]| - )"
# The same sign may be behind an area code and between numbers.
_SIGN_AND_AREA = rf"{AREA_MARK}.*(?:/| - )|(?:/| - ).*{AREA_MARK}"
_BESIDE = rf"[{LETTERS} .:!?'()]*"
_ANY = r"(?:(?:\+[0-9]|0|\([0-9]+\))[0-9 ()./\-]*|[1-9][0-9 ().\-]*)[0-9]"
WORDED = rf"^{_BESIDE}{_ANY}(?:(?:{_WORDS_BETWEEN}|{_BESIDE}{_SIGN}{_BESIDE}){_ANY})+{_BESIDE}(?: -)?$"
MARKED = r"(?s)[0-9].*[;|\n,].*[0-9]"
_PLAIN = rf"^[{LETTERS}0-9 \n;|,.:!?/()+\-]*$"
_SCHEME = rf"(?i){SCHEMES}|www\.|wa\.me|whatsapp|//"
_BEGINS = rf"^(?:[^0-9+(]|\([^0-9+])*(?:\(?[+0]|{BRACKETED_AREA})"
_JOINED = rf"(?i) (?:{JOINING_WORDS}) "
# `VE` is Venezuela, too.
_MAY_JOIN = "|".join(word.upper() for word in JOINING_WORDS.split("|") if region_of(word.upper()))
_CODE = rf"(?:^|[^0-9) ] *)(?:{CODE})"  # behind an area code it is a number
_UNCLEAR = rf"(?:(?:^|[^0-9])(?:{DAY}|{BARE_DAY}|{BARE_HOURS})|{_CODE})(?:[^0-9]|$)|[0-9)]\s+\+[0-9]{{1,3}}  | (?:{_MAY_JOIN}) "
"""Digits beside a date may be another number with it: `0532 …; 89 30.11.1995`; a wide gap behind a number's code is a dash."""


def parts_of(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """The parts of those cells that have several, in order; and the place of the cell of each.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `SEVERAL`.
    """
    is_numbered = matches(cells, _NUMBERED)
    lists = replaced(cells.filter(pa.array(is_numbered)), r"[ \n]+[23][.)] ", ";")
    cells = pc.replace_with_mask(cells, pa.array(is_numbered), pc.utf8_slice_codeunits(lists, len("1. ")))
    cells = replaced_where(cells, _BRACKETED, _BRACKETED, r"\1;\2")
    cells = replaced_where(cells, _PLUS, _PLUS, r";\1", signs=(b"+ ",))
    cells = replaced_where(cells, _AREA_FIRST, _AREA_FIRST, r"\1;\2", signs=(b" (",))
    places = _without_unclear(cells, matches(cells, _SEVERAL))
    lists = pc.split_pattern(replaced(cells.take(pa.array(places)), _SEPARATOR, ";"), ";")
    return _whole(lists, places)


def worded_parts(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """As `parts_of`, of cells with words between their numbers; each part with the words on both sides of it.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `WORDED`.
    """
    cells = area_marked(without_scheme(cells))
    places = _without_unclear(cells, ~matches(cells, f"{_JOINED}|{_SIGN_AND_AREA}"))
    signed = replaced(cells.take(pa.array(places)), _SIGN, ";")
    cut = replaced(signed, rf"([0-9])({_WORDS_BETWEEN})([+(0-9])", r"\1\2;\2\3")
    return _whole(pc.split_pattern(cut, ";"), places)


def marked_parts(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """As `parts_of`, of cells that semicolons and bars cut before anything else, then lines, then commas (`MARKED`); parts without a digit go."""
    # A second scheme cuts, too.
    places = _without_unclear(cells, matches(cells, _PLAIN, unless=_SCHEME))
    some = cells.take(pa.array(places))
    cut = pc.replace_substring(some, "|", ";")
    for sign in ("\n", ","):
        is_left = ~matches(cut, ";")
        cut = pc.replace_with_mask(cut, pa.array(is_left), pc.replace_substring(cut.filter(pa.array(is_left)), sign, ";"))
    lists = pc.split_pattern(cut, ";")
    parts, of_list = lists.flatten(), np.repeat(np.arange(len(places)), lists.value_lengths().to_numpy())
    has_digit, keeps = digit_counts(parts) > 0, np.ones(len(places), np.bool_)
    keeps[of_list[has_digit & ~_are_whole(parts, of_list, len(places))]] = False
    drops = np.bincount(of_list[~has_digit & matches(parts, f"[{LETTERS}]")], minlength=len(places)) > 0
    drops[drops] = names_country(some.filter(pa.array(drops)))
    keeps &= ~drops  # its numbers may be another country's
    kept = has_digit & keeps[of_list]
    return pc.ascii_trim(parts.filter(pa.array(kept)), BLANKS), places[of_list[kept]]


def _without_unclear(cells: pa.StringArray, is_several: Mask) -> Ints:
    """The places of several parts in none of which a date or a wide gap stands."""
    places = np.flatnonzero(is_several)
    return places[~matches(cells.take(pa.array(places)), _UNCLEAR)]


def _whole(lists: pa.ListArray, places: Ints) -> tuple[pa.StringArray, Ints]:
    """The parts of those cells of which none may lack what stands in another, and the cell's place of each."""
    parts, counts = lists.flatten(), lists.value_lengths().to_numpy()
    of_list = np.repeat(np.arange(len(counts)), counts)
    keeps = np.bincount(of_list[~_are_whole(parts, of_list, len(counts))], minlength=len(counts))[of_list] == 0
    return parts.filter(pa.array(keeps)), places[of_list[keeps]]


def _are_whole(parts: pa.StringArray, of_list: Ints, lists: int) -> Mask:
    """`030 1234567 / 7654321`: not those that are shorter than another of their list, and may lack its beginning."""
    counts, begins, longest = digit_counts(parts), matches(parts, _BEGINS), np.zeros(lists, np.int64)
    np.maximum.at(longest, of_list, counts + begins)
    are_whole: Mask = (counts >= MIN_PART_DIGITS) & (begins | (counts >= longest[of_list]))
    return are_whole
