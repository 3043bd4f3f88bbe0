"""Cells that are one number and something known beside it: an extension, a label behind it, a count.

What must hold of the number besides is said at each function.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from fbcheck_pipeline.phones.dirty.among_words import CLOSED
from fbcheck_pipeline.phones.dirty.rejects import LETTERS_LIKE_DIGITS, say
from fbcheck_pipeline.phones.dirty.undress import LETTERS, NOTHING, SCHEMES, WHOLE_OR_COUNTED, matches, replaced, rewritten
from fbcheck_pipeline.phones.fast.digits import digit_counts, only
from fbcheck_pipeline.phones.fast.terms import Mask
from fbcheck_pipeline.text import labels
from fbcheck_pipeline.text.cell_words import EXTENSION_WORDS
from fbcheck_pipeline.text.decorations import CURRENCY, MIN_PART_DIGITS, YEAR
from fbcheck_pipeline.text.digit_runs import LABEL
from fbcheck_pipeline.text.parts_apart import MAY_GO

NO_ONE_KNOWS = 3  # digits by which a number might end earlier or later
_EXTENSION = rf"(?i)^(?:{WHOLE_OR_COUNTED})(?: +|, *)\(?(?:{EXTENSION_WORDS}|[x#])[ .:#]*[0-9]{{1,6}}\)?$"
_LABEL_BEHIND = rf"(?i)^(?:{WHOLE_OR_COUNTED}) *(?: {LABEL}|\({LABEL}\))$"
# A cheap look, since both expressions hold many words.
_WORDS_LAST = r"^[+(0-9][0-9 ().\-]*[ (][^0-9()]+\)?$"
_DIGITS_LAST = r"^[+(0-9][0-9 ().\-]*[ ,]\(?[^0-9]*[^0-9 .,;:/()+\-\n|][ .:#]*[0-9]+\)?$"
_BEGIN = r"(?s)^([+(]*[0-9][0-9 ().\-]*[0-9)])"
_LAST_GROUP = r"[ ().\-]+[0-9]+\)?$"
_SHORT_GROUP_LAST = rf"[0-9)] +(?:{YEAR}|[0-9]{{1,3}})$"
_SUM = rf"[1-9][0-9]{{0,2}}(?:[.']?[0-9]{{3}},[0-9]{{2}} [{LETTERS}]{{2,}}|(?:[.']?[0-9]{{3}})?,[0-9]{{2}} ?{CURRENCY})"
_SUM_BEHIND = rf"^((?:\+|\(?0)[0-9 ()]*[0-9)]) {_SUM}$"
# Hours, or an order's number before it; in one place at most another number may begin.
_GROUPS = "(?: [1-9][0-9]*)*"
_ONE_RESTART = f"{_GROUPS}(?: 0[0-9]*{_GROUPS})?"
WITH_MORE = (
    rf"^((?:\+[0-9]+|0[0-9]*|\(0[0-9]+\)){_ONE_RESTART}) [0-9]{{1,2}}-[0-9]{{1,2}}$"
    rf"|^#[0-9]{{3,6}} (0[0-9]*{_ONE_RESTART})$"
)
_FROM_RESTART = rf"^(#[0-9]+ 0[0-9]*{_GROUPS}) 0.*$|^([+(0][0-9)]*{_GROUPS}) 0[0-9]* .*$"
_RANGE = r"^((?:\+|\(?0)[0-9 ()]*[0-9)]) ?[\-/~] ?[0-9]{1,4}$"
RANGE_OR_SUM = f"{_RANGE}|{_SUM_BEHIND}"
# In it no mark parts numbers.
_NUMBER = r"((?:\+[0-9]+|0[0-9]*|\(0[0-9]*\))(?: [0-9]+)*)"
_WORD = f"[{LETTERS}]{{2,}}"
_LETTER_BEYOND_ASCII = f"[{LETTERS.removeprefix('A-Za-z')}]"
# Of five digits before a bracket, the last one may be the bracket's.
_COUNT = "(?:[1-9][0-9]{0,4}\\.?|[1-9][0-9]{0,3}\\)|\\([1-9][0-9]{0,4}\\)) "
_COUNT_BEFORE = rf"^(?:(?:[{LETTERS}][{LETTERS} .:\-]*)?{_WORD}[.:]? )?{_COUNT}{_NUMBER}$"
_TO = rf"(?: ?- ?|(?: {_WORD})+ )"
_COUNTED = rf"[1-9][0-9]{{0,2}}(?:{_TO}[1-9][0-9]?)?|[1-9][0-9]{{0,2}},[0-9]{{2}}"
_COUNT_BEHIND = rf"^{_NUMBER} ({_COUNTED})%? ((?:{_WORD} )*(?:{_WORD}|{_LETTER_BEYOND_ASCII}))$"
_COUNT_IN_BRACKETS = rf"^{_NUMBER} [(\[](?:{_WORD} )*(?:[1-9][0-9]?{_TO})?[1-9][0-9]?(?:[:.][0-5][0-9])?(?: {_WORD})+[)\]]$"
_WITH_COUNT = (_COUNT_BEFORE, _COUNT_BEHIND, _COUNT_IN_BRACKETS)
BESIDE_COUNT = "|".join(_WITH_COUNT)
TIME_BEHIND = rf"^{_NUMBER} (?:[0-9]{{1,2}}:[0-9]{{2}}|\?+|%[1-9][0-9]?|[1-9][0-9]?%)$"
COUNTED_APART = rf"^{_NUMBER}, ?([1-9])\.? {_WORD}(?: {_WORD})*$"
# A country's code, or an area code of three digits; letters that may be digits.
_NO_COUNT = (
    rf"^\(?(?:{'|'.join(map(str, COUNTRY_CODE_TO_REGION_CODE))}|[0-9]{{3}}[.)]*)\)? [(]?0|{LETTERS_LIKE_DIGITS}|(?i:{SCHEMES})"
)
# Digits and words behind them; neither a day nor two numbers nor an address.
COUNTED = rf"^(?:\+[0-9]+|\(?0[0-9]+\)?)[0-9 /\-]*[ /\-][0-9]+\.? [{LETTERS}][{LETTERS} .,!?\-]*:?$"
_NOT_COUNTED = r"[0-9][/\-][0-9]{1,2}[/\-]|(?i:www\.)"
_SECOND = rf"(?:/| - |[ )\-]+0)(?:[^0-9]*[0-9]){{{MIN_PART_DIGITS - 1}}}"
_GROUP_BEHIND = r"[ )/\-]+[0-9]+$"


def before_words(cells: pa.StringArray) -> pa.StringArray:
    """The number before an extension or a label, null in any other cell; it counts where it is a number, and without its last groups none.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    # Capitals may be digits of a telephone's keys.
    is_label = matches(cells, _WORDS_LAST, _LABEL_BEHIND, unless="[A-Z]{2}")
    return rewritten(cells, matches(cells, _DIGITS_LAST, _EXTENSION, unless=CLOSED) | is_label, rf"{_BEGIN}.*$", r"\1")


def last_digits(cells: pa.StringArray) -> pa.StringArray:
    """The digits that stand side by side at the end of each cell that ends in one, or in a bracket behind it."""
    return replaced(cells, r"(?s)^.*[^0-9]([0-9]+)\)?$", r"\1")


def before_range(cells: pa.StringArray) -> pa.StringArray:
    """The number before the end of a range or a sum, or null; it is unclear where it is one, and all digits before a comma are none.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `RANGE_OR_SUM`.
    """
    is_range = matches(cells, _RANGE)
    is_sum = ~is_range
    is_range[is_range] = digit_counts(cells.filter(pa.array(is_range))) < 2 * MIN_PART_DIGITS  # no two numbers
    numbers = pc.coalesce(rewritten(cells, is_range, _RANGE, r"\1"), rewritten(cells, is_sum, _SUM_BEHIND, r"\1"))
    return pc.if_else(pa.array(digit_counts(numbers) >= MIN_PART_DIGITS), numbers, NOTHING)


def beside_count(cells: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
    """The number beside a count or a sum, or null, and digits of a count behind it, nothing or null where none is.

    It is the cell's where no other digits of the cell are a number, no country is named, and a count's digits can be none of its own.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `BESIDE_COUNT`.
    """
    numbers = counts = pa.nulls(len(cells), pa.string())
    for shape in _WITH_COUNT:
        where = matches(cells, shape, unless=_NO_COUNT)
        if shape is _COUNT_BEHIND:
            # Words that say what a number is count nothing.
            where[where] = ~say(labels.is_label, replaced(cells.filter(pa.array(where)), shape, r"\3"))
            counts = only(rewritten(cells, where, shape, r"\2"), b"0123456789")
        numbers = pc.coalesce(numbers, rewritten(cells, where, shape, r"\1"))
    return numbers, counts


def with_more(cells: pa.StringArray) -> list[pa.StringArray]:
    """The number beside more digits; and what is before a last dash, and before digits that may begin a number.

    Where it is a number, and all digits are none, nor those of the others, all digits say why the cell has none.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `WITH_MORE`.
    """
    return [replaced(cells, *each) for each in ((WITH_MORE, r"\1\2"), ("-[0-9]+$", ""), (_FROM_RESTART, r"\1\2"))]


def counted(cells: pa.StringArray) -> pa.StringArray:
    """The digits, as they are written, before words that may count the last of them; null in any other cell.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `COUNTED`.
    """
    may_be_two = (digit_counts(cells) >= 2 * MIN_PART_DIGITS) & matches(cells, _SECOND)
    is_counted = matches(cells, COUNTED, unless=_NOT_COUNTED) & ~may_be_two
    is_counted[is_counted] = ~_are_labelled(cells.filter(pa.array(is_counted)))
    return rewritten(cells, is_counted, rf"\.? [{LETTERS}].*$", "")


def counted_apart(cells: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
    """The number, and the digit that a comma parts from it, before words that count it; null where it is a part that holds no number.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `COUNTED_APART`.
    """
    may_go = matches(cells, MAY_GO)
    may_go[may_go] = ~_are_labelled(cells.filter(pa.array(may_go)))
    numbers, counts = (rewritten(cells, may_go, COUNTED_APART, group) for group in (r"\1", r"\2"))
    return numbers, counts


def _are_labelled(cells: pa.StringArray) -> Mask:
    """Where the words behind the digits say what the number is: these count nothing."""
    return say(labels.is_label, replaced(cells, rf"^[^{LETTERS}]*", ""))


def without_group_behind(numbers: pa.StringArray) -> pa.StringArray:
    """Each number of `counted` without its last group of digits, null where it has but one."""
    return rewritten(numbers, matches(numbers, "[0-9]" + _GROUP_BEHIND), _GROUP_BEHIND, "")


def before_time(cells: pa.StringArray) -> pa.StringArray:
    """The number before a time or question marks; where it is one, the cell is none.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `TIME_BEHIND`.
    """
    return replaced(cells, TIME_BEHIND, r"\1")


def ended_elsewhere(numbers: pa.StringArray, behind: pa.StringArray) -> list[pa.StringArray]:
    """Digits of numbers that end one to three digits earlier, and later with digits from behind them."""
    places = range(1, NO_ONE_KNOWS + 1)
    later = (pc.binary_join_element_wise(numbers, pc.utf8_slice_codeunits(behind, 0, count), "") for count in places)
    return [*(pc.utf8_slice_codeunits(numbers, 0, -count) for count in places), *later]


def without_last_group(numbers: pa.StringArray) -> pa.StringArray:
    """Each number without its last group of digits, null where it has but one."""
    return rewritten(numbers, matches(numbers, "[0-9]" + _LAST_GROUP), _LAST_GROUP, "")


def without_short_last_group(numbers: pa.StringArray) -> pa.StringArray:
    """The digits of each number without a last group of up to three digits, or a year, behind a blank; null where it has none."""
    numbers = pc.ascii_trim(numbers, " ")
    return digits_in(rewritten(numbers, matches(numbers, _SHORT_GROUP_LAST), _LAST_GROUP, ""))


def digits_in(numbers: pa.StringArray) -> pa.StringArray:
    """The digits of each number, and its plus."""
    return only(numbers, b"0123456789+")
