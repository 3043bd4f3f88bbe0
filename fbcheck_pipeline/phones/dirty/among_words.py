"""Cells that are words and one number: `Ayşe 0532 …`, `0532 … Ayşe`, whole notes. The words are letters and few signs; none may be a digit."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.countries_named import MAY_BE_FLAG
from fbcheck_pipeline.phones.dirty.rejects import LETTERS_LIKE_DIGITS, say
from fbcheck_pipeline.phones.dirty.undress import (
    LETTERS,
    NOTHING,
    SCHEMES,
    WHOLE_OR_COUNTED,
    matches,
    replaced,
    rewritten,
    without_scheme,
)
from fbcheck_pipeline.phones.fast.digits import only
from fbcheck_pipeline.phones.fast.terms import Mask
from fbcheck_pipeline.text import labels
from fbcheck_pipeline.text.decorations import LIKE_CODES, OTHER_THINGS, SYMBOL

_SIGN = r" \n,.:;!?'\"/()|\-"
# `A.S.`: two letters, which are one word.
_ABBREVIATION = rf"(^|[^{LETTERS}])([{LETTERS}])\.([{LETTERS}])\.?($|[^{LETTERS}.])"
_MARKS = rf":.,;/|&#){SYMBOL}\-"
# The last word is no letter that may be a digit; none of those behind is.
_BEFORE = rf"(?:[{LETTERS}(][{LETTERS}{_SIGN}]*)?[{LETTERS}]{{2}}[{_SIGN}]*[ \n:.,;/)]|[{_MARKS}][{_MARKS} \n]*"
_WORDS = rf"(?:[{_SIGN}]*[{LETTERS}]{{2,}})+[{_SIGN}]*"
_BEHIND = rf"(?:[ \n,;:/]|\.[ \n]){_WORDS}| *\((?:{_WORDS})?|[ \n.,;:!/|\-]*(?:{SYMBOL} *)?"
_ONE = rf"^(?:(?:{_BEFORE})?({WHOLE_OR_COUNTED})|#[1-9][0-9]{{3,}})(?:{_BEHIND})$"
_AROUND = r"^(?:[^0-9+(]|\([^0-9+])+|[^0-9]+$"
# No date, fraction or range; a last digit that is alone may be the word's behind it.
_UNCLEAR = r"^0-|\.|(?:^|[^0-9])[0-9]{1,2}-[0-9]{1,2}-| -|- |[^0-9][0-9]$"
# Groups with one sign between them: no date, which would end at a blank.
_ALIKE = r"^\+?\(?[0-9]{2,}\)?(?:(?:\.[0-9]{2,})+|(?:-[0-9]{2,})+)$"
# Once words in brackets are gone, the one before them is the last.
_LETTER_BEFORE = rf"(?:^|[^{LETTERS}])[{LETTERS}][^{LETTERS}0-9(]*(?:\([^()]*\)[^{LETTERS}0-9(]*)+[(]?[0-9+]"
# A word of one letter between others and the number, or behind it.
_LONE_LETTER = (
    rf"[{LETTERS}][^0-9+]*\s[^{LETTERS}0-9+\s]*[{LETTERS}][^{LETTERS}0-9+\s]*\s*(?:\+|\(?[0-9])"
    rf"|[0-9][^0-9]*\s[^{LETTERS}0-9+\s]*[{LETTERS}][^{LETTERS}0-9+\s]*(?:\s|$)"
)
_IN_BLANKS = r"^\(?[0-9]+\)?[0-9 ]*$"
_PLAIN_SIGN = r" \n,.:;!?'/\-"
_ANY_ONE = rf"^(?:[{LETTERS}][{LETTERS}{_PLAIN_SIGN}]*[ \n:.,;/])?((?:\+|\(?0)[0-9 ()\-]*[0-9])(?:(?:[ \n,;:/]|\.[ \n])[{LETTERS}{_PLAIN_SIGN}]*)?$"
_MAY_GO = r"(?i)www\.|wa\.me|whatsapp|//|(?:tel|fax|callto|smsto|sms|phone):|[0-9] -| \) |(?:[0-9][^0-9]*){14}"
_UNOPENED = r"^(?:[^(]|\([^()]*\))*"
REFERRED = rf"^[{LETTERS}][{LETTERS} .:#/\-]*[1-9][0-9]*(?:[ /\-][0-9]+)*(?: [{LETTERS} ]*)?$"
_ADDRESS = r"(?i)www\.|wa\.me|whatsapp|//"
CLOSED = rf"{_UNOPENED}[0-9]{{2}}\)|{_UNOPENED}[0-9] +[0-9]{{1,2}}\.?\)\s*(?:[^\s{LETTERS}]|$)|[0-9)] +[0-9]{{1,3}}\s?[.,]-"
"""A few digits behind a number, which a bracket that nothing opened, or the sign of a sum, shows to be none of it."""
# A sum below nought, an error of Excel's, where a picture becomes a `#`; two dots or dashes may mask digits. A word of four capitals may be
# a telephone's keys; without its scheme the text is another.
_NO_WORD = (
    rf"^[^0-9]*-[1-9]|[#{SYMBOL}][{LETTERS}0-9/_]+[!?]|{MAY_BE_FLAG}"
    rf"|{LETTERS_LIKE_DIGITS}|{_LETTER_BEFORE}|[A-Z]{{4,}}[^{LETTERS}0-9]*$|[0-9)][^0-9]*(?:\.\.|--|- -)"
    rf"|www\.|(?i:wa\.me|whatsapp\.com)|whatsapp|//|^\(.*['\"]|{CLOSED}|\)[^(]*\)|\( *[^{LETTERS}0-9+( ]"
    # An extension; and once the words of a bracket are gone, these are left.
    r"|^[^0-9]*\)[^0-9]*#(?:[^0-9]*[0-9]){1,6}[^0-9]*$"
    rf"|\)[^?]*\?|\?[^)]*\)|\)[^(]*\([^)]*$|\([^)]*\(|^[^(]*\)[^(]*\("
    rf"|\([^{LETTERS})]*[{LETTERS}][^{LETTERS})]*\)|(?i:{SCHEMES})"
)


def among_words(cells: pa.StringArray) -> pa.StringArray:
    """The number among words, null in any other cell; it counts where it is a number, and without its last groups none.

    Args:
        cells: as `in_ascii` gives them, without blanks around, or parts of such.
    """
    cells = without_scheme(pc.ascii_trim(cells, " "))
    has_abbreviation = matches(cells, _ABBREVIATION)
    joined = replaced(cells.filter(pa.array(has_abbreviation)), _ABBREVIATION, r"\1\2\3\4")
    cells = pc.replace_with_mask(cells, pa.array(has_abbreviation), joined)
    numbers = rewritten(cells, matches(cells, _ONE, unless=_NO_WORD), _AROUND, "")
    return pc.if_else(pa.array(matches(numbers, _UNCLEAR, unless=_ALIKE)), NOTHING, numbers)


def grouped_by_blanks(numbers: pa.StringArray) -> pa.StringArray:
    """The digits of numbers without a country's code in which only blanks are; null for others."""
    return pc.if_else(pa.array(matches(numbers, _IN_BLANKS)), only(numbers, b"0123456789"), NOTHING)


def beside_letter(cells: pa.StringArray) -> pa.StringArray:
    """The digits among words of which a lone letter may be one more, null in any other cell; where they are a number, it rejects them.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    return rewritten(cells, matches(cells, _LONE_LETTER, _ANY_ONE, unless=_MAY_GO), _ANY_ONE, r"\1")


def are_references(cells: pa.StringArray, numbers: pa.StringArray, beside_others: bool) -> Mask:
    """Where words before a number without a plus, brackets or a 0 name something else whose number it may be; beside others, also 0 and digits."""
    may_be = matches(numbers, "^(?:[1-9]|0[0-9]+$)" if beside_others else "^[1-9]")
    may_be[may_be] = say(labels.is_reference, cells.filter(pa.array(may_be)))
    return may_be


def referred(cells: pa.StringArray) -> pa.StringArray:
    """The digits behind words that name something else, null in any other cell; where they are a number, it is none of a telephone.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `REFERRED`.
    """
    is_referred = matches(cells, REFERRED, unless=_ADDRESS)
    is_referred[is_referred] = say(labels.is_reference, cells.filter(pa.array(is_referred)))
    return pc.if_else(pa.array(is_referred), only(cells, b"0123456789"), NOTHING)


def may_be_of_other_things(cells: pa.StringArray, numbers: pa.StringArray) -> Mask:
    """Where a number may be a house and a post code, an article or an amount, since words beside it say nothing of a telephone."""
    may_be = matches(numbers, OTHER_THINGS)
    may_be[may_be] = say(labels.says_no_telephone, without_scheme(cells.filter(pa.array(may_be))))
    return may_be


def may_be_codes(cells: pa.StringArray, numbers: pa.StringArray) -> Mask:
    """Where only the length of digits beside others says that they are a number, as words beside them do not, nor a telephone's groups."""
    may_be = matches(numbers, "^[1-9]")
    texts = cells.filter(pa.array(may_be))
    may_be[may_be] = say(labels.says_no_telephone, texts) | (
        ~matches(texts, f"[{LETTERS}]") & matches(numbers.filter(pa.array(may_be)), LIKE_CODES)
    )
    return may_be
