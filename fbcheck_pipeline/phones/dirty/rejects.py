"""Cells that surely hold no number, many at once, and why: words, addresses, dates, places, letters glued to digits or between a few of them.

Only cells of plain letters and few signs are looked at; in these nothing goes before the careful path finds the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from string import ascii_letters

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones.dirty.countries_named import MAY_BE_FLAG, names_country
from fbcheck_pipeline.phones.dirty.undress import LETTERS, any_holds, matches
from fbcheck_pipeline.phones.fast.digits import before_digits, digit_counts, digits_as_one, without
from fbcheck_pipeline.phones.fast.terms import Mask
from fbcheck_pipeline.phones.fast.territories import FEWEST, FEWEST_ABROAD
from fbcheck_pipeline.text import decorations, labels, uris
from fbcheck_pipeline.text.cell_words import (
    EMPTY_WORDS,
    EXTENSION_WORDS,
    JOINING_LETTERS,
    JOINING_WORDS,
    LABEL_LETTERS,
    LABELS,
    words_of,
)
from fbcheck_pipeline.text.cleaning import Rule, cleaned
from fbcheck_pipeline.text.decorations import (
    COORDINATES,
    DATE,
    DAY,
    DECIMAL,
    MAY_BE_PLACE,
    MIN_PART_DIGITS,
    MONTH,
    SYMBOL,
    YEAR,
    Reject,
)
from fbcheck_pipeline.text.digit_runs import MOST_GROUPS, may_be_digits
from fbcheck_pipeline.text.few_digits import AMOUNT_OR_BOOK, MAY_BE_AMOUNT_OR_BOOK
from fbcheck_pipeline.text.other_readings import MOST_TAIL_DIGITS
from fbcheck_pipeline.text.parts_apart import EXTENSION_OF_ANY_I

# What rules drop that find out whether a cell says "nothing"; more is no harm.
_IGNORED = b" \t\n\r\v\f.\\-_/#()[]{}=?!\"'`;"
_EMPTY_WORDS = pa.array(sorted(word.lower() for word in EMPTY_WORDS), pa.string())
# A chat link without a number has a reason of its own; an escape may be a blank.
_MAY_BE_MORE = r"(?i)wa\.me|whatsapp|&[a-z]+;"
# Nothing in it is a tag, a quote, an address, a formula, an error or an escape.
_NO_DIGITS = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f0-9\"'<=@\\`{\x{ab}\x{b4}\x{bb}\x{2018}-\x{201e}]*$"
_MAY_BE_ERROR = r"(?i)#.*[!?]|wa\.me|whatsapp|&[a-z]+;"
# Without tags, and without letters that fold to two: a word of them may say nothing, unknown to the pattern.
_LETTERS = r"A-Za-z\x{c0}-\x{de}\x{e0}-\x{148}\x{14a}-\x{17e}\x{400}-\x{481}\x{483}-\x{52f}\p{Lo}"
_WORDS = rf"^[{_LETTERS}\t\n !-/:;=?@\[\]^_`{{-~{SYMBOL}]*$"
_EMAIL = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+$"
# A sign that is in no address which may go.
_BESIDE_AT = rf"{LETTERS}0-9 \n#&()*+,\-/:;_|~?!@{SYMBOL}"
_AT = f"^[.{_BESIDE_AT}]*@[{_BESIDE_AT}]*$"
_PAGE = r"^(?:https?://|www\.)[A-Za-z0-9._~:/?#@!*+,%=&\-]+$"
_NEGATIVE = r"^-[1-9][0-9]*(?:[.,][0-9]+)?$"
_BELOW_ONE = r"^[1-9][.,][0-9]{5,}[eE]-0*[1-9][0-9]{0,2}$"
_CALCULATED = r"^=[A-Za-z0-9+\-*/(),.:;!$ ]*[A-Za-z(][A-Za-z0-9+\-*/(),.:;!$ ]*$"
# Each cell with the shape holds one of the signs; without any the expression need not be compiled.
_NONE = (
    (f"{_EMAIL}|{_AT}", (b"@",)),
    (_PAGE, (b"://", b"www.")),
    (_NEGATIVE, (b"-",)),
    (_BELOW_ONE, (b"e", b"E")),
    (_CALCULATED, (b"=",)),
    (f"{DATE}|{DECIMAL}|{COORDINATES}", (b".", b",", b"-", b"/")),
)
_SCIENTIFIC = "^[1-9][0-9.,]*[eE]"
# More digits than are left; none is padded.
_ROUNDED = "|".join(rf"^[1-9](?:[.,][0-9]{{1,{places - 1}}})?[eE]\+?{places:02}$" for places in range(8, 21))
# A chat link, a message, an escape, a second address.
_MAY_BE_ONE = r"(?i)wa\.me|whatsapp|@c\.us|[?&](?:body|text)=|&[a-z0-9#]+;|tel:|@.*//|@.*www\.|//.*@|www\..*@"
_NO_DIGITS_BESIDE_AT = r"^[^0-9=]*@[^0-9=]*$"
_TAG_OR_CHAT = r"(?i)<\s*/?\s*[a-z]+(?:\s[^<>]*)?/?\s*>|@c\.us|whatsapp|wa\.me"
# No sign of a bracket, an address, a formula, a price, a quote or an error.
_SIGNS = rf" \n#&*+,\-./:;_|~{SYMBOL}"
GLUED = f"[0-9][{LETTERS}]|[{LETTERS}][0-9]"
# Right behind the last digit, or after the first one where no word behind the last may take digits with it.
_GLUED_BEHIND = rf"^[{LETTERS}{_SIGNS}()]*[0-9](?:[{LETTERS}{_SIGNS}0-9)]*[0-9])?[{LETTERS}][{LETTERS}{_SIGNS}(]*$"
_GLUED_WITHIN = r"^[A-Za-z0-9 .,:;/+\-]*[0-9][A-Za-z][A-Za-z0-9 .,:;/+\-]*$"
_TAKES_DIGITS = r"[0-9][ .,:;/+\-]+[A-Za-z][^0-9]*$|[0-9][ ./\-]+0"
# Words before all digits: glued to the first, whatever is behind; or apart, where nothing may cut the digits, nor words from them.
_WORDS_BEFORE = rf"^[{LETTERS} \n#&+,\-./:;_|~(){SYMBOL}]*"
_GLUED_BEFORE = rf"{_WORDS_BEFORE}[{LETTERS}][0-9][{LETTERS}{_SIGNS}0-9(]*$"
_BEFORE_ONE = rf"{_WORDS_BEFORE}[0-9]+(?:(?: +|-)[0-9]+)*[{LETTERS}{_SIGNS}()]*$"
LED = f"{_GLUED_BEFORE}|{_BEFORE_ONE}"
# A page's address; glued to letters or digits it is none.
_AT_PAGE = rf"(?:^|[^{LETTERS}0-9_])www\."
# A flag, an item of a vCard, an escape, an address.
_MAY_LEAD = rf"{MAY_BE_FLAG}|(?i:item[0-9]|&[a-z0-9#]+;|//|wa\.me|whatsapp)|{_AT_PAGE}"
_LONGEST_LABEL = max(map(len, LABELS))
# A dash glues a word to the digits before it; the word counts none of them, and no slash parts two numbers.
CODED = rf"^(?:[0-9]{{1,4}}/)+[0-9]{{2,}}-[{LETTERS}]{{2,}}$"
# A few digits of their own, between words or at an end: no number, and no rule takes them away. `1. Ahmet` may count.
_GAP = rf"[{_SIGNS}!?%]*"
_WORDS_BESIDE = rf"^(?:[{LETTERS}0-9{_SIGNS}!?%]|\([0-9]+\))*=*$"
BETWEEN = rf"[0-9][^0-9]*[{LETTERS}][^0-9]*[0-9]"
# It is the last word also where a day behind it goes.
_DAY_BEHIND = rf"(?:[^0-9](?:{DAY}|[0-9]{{1,2}}\.[0-9]{{1,2}}\.)[^0-9]*)?"
_WORD_BEHIND = rf"[0-9][^0-9{LETTERS}]+[{LETTERS}][^0-9]*{_DAY_BEHIND}$"
_EXTENSION = rf"(?i)[0-9][ \n,;.\-/]*(?:{EXTENSION_OF_ANY_I}|[x#])[ \n.:=#\-]*[0-9]+(?:[^0-9{LETTERS}]|$)"
# A scheme goes before a number.
_SCHEMED = rf":[^0-9{LETTERS}]*(?:tel:[^0-9{LETTERS}]*)?[0-9]"
# Scientific notation, the time of a date, hours, a place, an escape, an error, a flag; an address and masked digits have other reasons.
_MAY_GO = (
    rf"(?i)^#.*[!?]|^[^0-9{LETTERS}]*[0-9]+(?:[.,][0-9]+)?\s*e\s*\+?-?[0-9]{{1,4}}[^0-9{LETTERS}]*$|[0-9][T ,]+[0-9]{{1,2}}[:.][0-9]{{2}}"
    r"|[0-9][.:][0-9]{2}[ \n]?-[ \n]?[0-9]|[0-9][ \n]?(?:h[0-9]*|[ap]m)[ \n]?-|-[ \n]?[0-9]{1,2}[ \n]?(?:h|[ap]m)|&[a-z0-9#]+;"
    rf"|item[0-9]|(?:tel|fax|callto|smsto|sms|phone)(?:;|{_SCHEMED})|//|{_AT_PAGE}|wa\.me|whatsapp"
    rf"|{MAY_BE_PLACE}|[0-9)](?:[*?#]|\.\.|--)[^0-9]*[{LETTERS}]|{MAY_BE_FLAG}"
)
# Extensions may be glued to digits; they have up to seven.
_MAY_BE_GLUED = rf"(?i)(?:[xt]|{EXTENSION_WORDS})[ .:=#+\-]*[0-9]{{1,7}} *(?:[^0-9 ]|$)"
LETTERS_LIKE_DIGITS = rf"(?:^|[^{LETTERS}])(?:[Oo\x{{41e}}\x{{43e}}IlSZB]+|[xX]+)(?:[^{LETTERS}]|$)"


# Between two words, or a word and an end, fewer digits than a number has beside others, not parted from the next by what parts any.
_WORDED = rf"^[{LETTERS}0-9 \n.,:;|/\-!%+]*$"
_PART = f"(?:[0-9][^0-9{LETTERS}]*)"
_WORD_BETWEEN = rf"[^0-9{LETTERS};|,\n]*[{LETTERS}][^0-9;|,\n]*"
_SHORT_PART = (
    rf"(?:^|[{LETTERS}])[^0-9{LETTERS}]*{_PART}{{0,{MIN_PART_DIGITS - 2}}}[0-9]{_WORD_BETWEEN}[0-9]"
    rf"|[0-9]{_WORD_BETWEEN}{_PART}{{1,{MIN_PART_DIGITS - 1}}}(?:[{LETTERS}]|$)"
)
# What a comma, a semicolon or a bar parts from all others, without a trunk 0 or a plus, is a post code or an id; no short group may be a count.
_SHORT_FIRST = r"^[^0-9+(;|,]*[1-9](?:[^0-9+;|,]*[0-9]){0,5}[^0-9+;|,]*[;|,]"
_LAST_SHORT_GROUP = rf"[0-9] +(?:{YEAR}|[0-9]{{1,3}})(?:[^0-9]|$)"
# So is a group that only words are beside, of which none names a telephone, nor joins two numbers.
_OTHER_THING = rf"(?:^|[{LETTERS}])[.:]? *[1-9][0-9]{{{MIN_PART_DIGITS - 1},}} *(?:[{LETTERS}]|$)"
_JOINS = rf"(?i: (?:{JOINING_WORDS}) )| [{LETTERS}][ .:]"
# No word behind takes the last digits with it: none is there, or there are too many.
_ENDS = rf"[0-9][^0-9{LETTERS}]*$|[0-9][^0-9]*[{LETTERS}][^0-9]*(?:[0-9][^0-9]*){{{MOST_TAIL_DIGITS + 1}}}"
# A day beside a number; what may end a number within a part; more groups than all rules can try.
_MAY_BE_PART = (
    rf"(?:^|[^0-9])(?:{DAY}|{MONTH}[\-./]{YEAR})(?:[^0-9]|$)|[0-9]\.[0-9]{{1,2}}\.(?:[\s,]|$)"
    rf"|[0-9] +{_PART}{{4}}[{LETTERS}][^0-9]*[0-9]|(?:[0-9]+[^0-9]+){{{MOST_GROUPS}}}[0-9]"
)
_BEGINS_WITHIN = rf"[0-9][ \n.\-/]+0[^{LETTERS}]*$"
# A lone letter behind digits in a bracket, but one that says what a number is; or before digits, but one that joins two or ends the first.
_NO_LABEL, _NO_JOINT = (
    "".join(letter for letter in ascii_letters if letter.lower() not in known) for known in (LABEL_LETTERS, JOINING_LETTERS)
)
LONE_LETTER = rf"[0-9] ?\([{_NO_LABEL}]\)|(?:^| )[{_NO_JOINT}] [(+]?[0-9]"
# What comes first begins a number; a bracket holds digits or words.
_LETTERED = rf"^[{LETTERS} \n.,:;|/\-]*\(?[+0](?:[{LETTERS}0-9 \n.,:;|/+)\-]|\([{LETTERS} .]*\)|\([0-9+ \-]*\))*$"


def are_words(cells: pa.StringArray) -> Mask:
    """Cells without a digit, which do not say that there is no number.

    Args:
        cells: as they came, or as `in_ascii` gives them; of the characters looked for none becomes another in ASCII.
    """
    found: Mask = digit_counts(cells) == 0
    found[found] = matches(cells.filter(pa.array(found)), _WORDS, unless=_MAY_BE_MORE)
    letters = pc.replace_substring(without(cells.filter(pa.array(found)), _IGNORED), SYMBOL, "")
    found[found] = ~pc.is_in(pc.utf8_lower(letters), _EMPTY_WORDS).to_numpy(zero_copy_only=False)
    return found


def reasons_without_digit(cells: pa.StringArray) -> list[tuple[RejectReason, Mask]]:
    """Reasons of cells without a digit, and where they are certain.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    has_no_digit = matches(cells, _NO_DIGITS, unless=_MAY_BE_ERROR)
    words = cells.filter(pa.array(has_no_digit))
    says_nothing = np.array([decorations.says_nothing(word.replace(SYMBOL, "")) for word in words.to_pylist()], np.bool_)
    is_empty = has_no_digit.copy()
    is_empty[has_no_digit] = says_nothing & ~matches(words, MAY_BE_FLAG)
    has_no_digit[has_no_digit] = ~says_nothing
    is_address = matches(cells, _NO_DIGITS_BESIDE_AT, unless=_TAG_OR_CHAT)
    return [(RejectReason.NOT_A_NUMBER, has_no_digit | is_address), (RejectReason.EMPTY, is_empty)]


def certain_reasons(cells: pa.StringArray) -> list[tuple[RejectReason, Mask]]:
    """Reasons, and where they are certain.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    is_none = matches(cells, MAY_BE_AMOUNT_OR_BOOK, AMOUNT_OR_BOOK)
    if shapes := [shape for shape, signs in _NONE if any_holds(cells, *signs)]:
        is_none |= matches(cells, "|".join(shapes))
    is_none[is_none] = ~matches(cells.filter(pa.array(is_none)), _MAY_BE_ONE)
    return [(RejectReason.NOT_A_NUMBER, is_none), (RejectReason.EXCEL_PRECISION_LOST, matches(cells, _SCIENTIFIC, _ROUNDED))]


def are_glued(cells: pa.StringArray) -> Mask:
    """Where no rule takes letters and digits from each other that are glued: letters in a number, however few digits it has.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `GLUED`.
    """
    is_sure = matches(cells, _GLUED_BEHIND)
    places = np.flatnonzero(~is_sure)
    within = cells.take(pa.array(places))
    is_within = matches(within, _GLUED_WITHIN, unless=_TAKES_DIGITS)
    is_within[is_within] = ~matches(within.filter(pa.array(is_within)), _MAY_BE_GLUED)
    is_sure[places] = is_within
    is_sure[is_sure] = ~_may_go(cells.filter(pa.array(is_sure)))
    return is_sure


def are_led(cells: pa.StringArray) -> tuple[Mask, Mask]:
    """Where the words before all digits are none that go: letters in a number, in the second cells only where the digits are one.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `LED`.
    """
    is_one, coded = matches(cells, _BEFORE_ONE), before_digits(cells).dictionary_encode()
    known = np.array([*map(_words_before, coded.dictionary.to_pylist())], np.bool_).reshape(-1, 3)
    stay, are_apart, hide = known[coded.indices.to_numpy()].T
    is_led = np.where(is_one, stay, are_apart) & ~matches(cells, _MAY_LEAD)
    return is_led & hide, is_led & ~hide


@lru_cache(maxsize=10_000)
def _words_before(words: str) -> tuple[bool, bool, bool]:
    """Whether they are no words that go; whether they end in a letter, and in no label; and whether letters may be digits."""
    text = uris.scheme(decorations.symbols(words + "0"))
    stay = _stay(text, labels.leading_words) and _stay(text, labels.bracketed_words, labels.leading_words)
    letters = "".join(words_of(words))
    is_label = any(letters[-length:] in LABELS for length in range(1, _LONGEST_LABEL + 1))
    return stay, words[-1:].isalpha() and not is_label, may_be_digits(words + "0")


def _stay(text: str, *rules: Rule) -> bool:
    try:
        cleaned(rules, text)
    except Reject:
        return True
    return False


def are_parted(cells: pa.StringArray, has_trunk: Mask) -> Mask:
    """Where words part too few digits for a number, or another thing's, from others, though both may be one: letters in a number.

    Args:
        cells: as `in_ascii` gives them, without blanks around; letters `BETWEEN` digits.
        has_trunk: where the region's numbers begin with a trunk 0.
    """
    is_worded = matches(cells, _WORDED, _ENDS, unless=_MAY_BE_PART)
    some, is_parted = cells.filter(pa.array(is_worded)), is_worded.copy()
    is_short = matches(some, _SHORT_PART) | (has_trunk[is_worded] & matches(some, _SHORT_FIRST, unless=_LAST_SHORT_GROUP))
    is_short &= ~matches(some, _BEGINS_WITHIN)
    is_other_thing = ~is_short
    is_other_thing[is_other_thing] = matches(some.filter(pa.array(is_other_thing)), _OTHER_THING, unless=_JOINS)
    is_other_thing[is_other_thing] = say(labels.says_no_telephone, some.filter(pa.array(is_other_thing)))
    is_parted[is_worded] = is_short | is_other_thing
    return _where_none_goes(cells, is_parted)


def are_lettered(cells: pa.StringArray) -> Mask:
    """Where a lone letter beside digits may be one more of them, whatever parts the cell has: letters in a number.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `LONE_LETTER`.
    """
    return _where_none_goes(cells, matches(cells, _LETTERED, _ENDS))


def are_few_beside(cells: pa.StringArray, fewest: int) -> Mask:
    """Where words part a few digits from all others: letters in a number.

    Args:
        cells: as `in_ascii` gives them, without blanks around; letters `BETWEEN` digits.
        fewest: digits of a number; of countries that have shorter ones none may be named.
    """
    before = rf"^[^0-9]*(?:[0-9][ ,/]*|[0-9]{{2,{fewest - 1}}}{_GAP})[{LETTERS}]"
    behind = (
        rf"[0-9][^0-9]*[{LETTERS}]{_GAP}(?:[0-9]{{1,{fewest - 1}}}(?:[{LETTERS}]|[ ,/]+[{LETTERS}][^0-9]*[0-9])"
        rf"|[0-9](?:[ \-]*[0-9]){{0,{fewest - 2}}}[^0-9{LETTERS}]*$)"
    )
    found = matches(cells, _WORDS_BESIDE)
    some = cells.filter(pa.array(found))
    found[found] = matches(some, before) | matches(some, behind, unless=_WORD_BEHIND)
    found = _where_none_goes(cells, found)
    if fewest > FEWEST:
        may_name = found.copy()
        may_name[found] = matches(cells.filter(pa.array(found)), f"[0-9]{{{FEWEST}}}")
        some = cells.filter(pa.array(may_name))
        found[may_name] = ~names_country(some, np.full(len(some), fewest - 1))
    return found


def _where_none_goes(cells: pa.StringArray, where: Mask) -> Mask:
    """Some of the cells, of which no digits go as an extension, hours and the like."""
    some, left = cells.filter(pa.array(where)), where.copy()
    left[where] = ~(matches(some, _EXTENSION) | _may_go(some))
    return left


def _may_go(cells: pa.StringArray) -> Mask:
    """Where digits may go; or a page is the reason, which beside few digits it is wherever it stands."""
    has_few = digit_counts(cells) < FEWEST_ABROAD
    has_few[has_few] = pc.match_substring(cells.filter(pa.array(has_few)), "www.").to_numpy(zero_copy_only=False)
    return has_few | matches(cells, _MAY_GO)


def say(says: Callable[[str], bool], cells: pa.StringArray) -> Mask:
    """Where a text says so; cells that differ in their digits only are asked once."""
    texts = digits_as_one(cells).dictionary_encode()
    say_so: Mask = np.array([*map(says, texts.dictionary.to_pylist())], np.bool_)[texts.indices.to_numpy()]
    return say_so
