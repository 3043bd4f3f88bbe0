"""Cells that are words and one number: `Ayşe 0532 …`, `0532 … Ayşe`, whole notes. The words are letters and few signs; none may be a digit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.rejects import LETTERS_LIKE_DIGITS
from fbcheck_pipeline.phones.dirty.undress import NOTHING, WHOLE, matches, rewritten
from fbcheck_pipeline.phones.fast.terms import NONE, Mask
from fbcheck_pipeline.text.cell_words import LABELS
from fbcheck_pipeline.text.countries import LETTERS_LOOKED_AT, beginnings, key_of, names, regions_named

_WORD = r"\p{L}{2,}[.,:!?]?"
_BEFORE = rf"(?:(?:\p{{L}}+[.,:!?]? +)*{_WORD} +)?"
_BEHIND = rf"(?: +{_WORD})*"
_ONE = rf"^{_BEFORE}(?:{WHOLE}){_BEHIND}$"
# No date, fraction or range; a last digit that is alone may be the word's behind it.
_UNCLEAR = r"^[0-9]-|\.|-.*-| -|- |[^0-9][0-9]$|\)$"
# A word of four capitals may be a telephone's keys; without its scheme the text is another.
_NO_WORD = rf"{LETTERS_LIKE_DIGITS}|[A-Z]{{4,}}[.,:!?]?$|www\.|(?i:tel|fax|callto|smsto|sms|phone|whatsapp):"

_CODE = r"(?:^|[^\p{L}])(?:[A-Z]{2,3}(?:[^\p{L}]|$)|[A-Za-z]{2,3}:)"


def among_words(cells: pa.StringArray) -> pa.StringArray:
    """The number among words, null in any other cell; it counts where it is a number, and without its last groups none.

    Args:
        cells: as `in_ascii` gives them, without blanks around, or parts of such.
    """
    cells = pc.utf8_trim(cells, " ")
    is_one = matches(cells, _ONE)
    is_one[is_one] = ~matches(cells.filter(pa.array(is_one)), _NO_WORD)
    numbers = rewritten(cells, is_one, r"^[^0-9+(]+|[^0-9]+$", "")
    return pc.if_else(pa.array(matches(numbers, _UNCLEAR)), NOTHING, numbers)


def names_no_country(cells: pa.StringArray) -> Mask:
    """Where no word beside the number names a country; of cells that `among_words` finds a number in.

    Words are looked up that look like a code, are a name, or begin as one does together with the next.
    """
    lists = pc.ascii_split_whitespace(cells)
    is_word = pc.greater_equal(lists.flatten(), "A")  # digits and signs stand before the letters
    keys, of_cell = _keys(lists.flatten().filter(is_word)), np.repeat(np.arange(len(cells)), lists.value_lengths().to_numpy())
    of_cell = of_cell[is_word.to_numpy(zero_copy_only=False)]
    following = pa.concat_arrays([keys, pa.array([""])])[1:]
    begins = pc.utf8_slice_codeunits(pc.binary_join_element_wise(keys, following, ""), 0, LETTERS_LOOKED_AT)
    is_followed = pa.array(of_cell == np.append(of_cell, NONE)[1:])
    known_names, known_beginnings = _known()
    may_be = pc.or_(pc.is_in(keys, known_names), pc.and_(is_followed, pc.is_in(begins, known_beginnings)))
    may_name = matches(cells, _CODE)
    may_name[of_cell[may_be.to_numpy(zero_copy_only=False)]] = True
    may_name[may_name] = [bool(regions_named(cell, LABELS)) for cell in cells.filter(pa.array(may_name)).to_pylist()]
    return ~may_name


def _keys(words: pa.StringArray) -> pa.StringArray:
    """As `key_of`, each word with other letters than ASCII's once; what stands behind a word goes."""
    words = pc.ascii_rtrim(words, ".,:!?")
    coded = pc.dictionary_encode(words.filter(pc.invert(pc.string_is_ascii(words))))
    others = pa.array([*map(key_of, coded.dictionary.to_pylist())], pa.string())
    return pc.replace_with_mask(pc.ascii_lower(words), pc.invert(pc.string_is_ascii(words)), others.take(coded.indices))


@cache
def _known() -> tuple[pa.StringArray, pa.StringArray]:
    return pa.array(list(names())), pa.array(list(beginnings()))
