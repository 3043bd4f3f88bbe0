"""What else a text may mean whose digits together are a number: its shape tells where a count, an hour or a second number may begin.

Only shapes are known here, no words: wherever a shorter text might be the number meant, it is given. Whether it is a number is
found in `phones`; where it is one, and another than the whole, nobody can tell which was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fbcheck_pipeline.text import labels
from fbcheck_pipeline.text.decorations import DAY, MIN_PART_DIGITS, SHORT_DATE, YEAR, digit_count, digits_in
from fbcheck_pipeline.text.splitting import MIN_RESTART_DIGITS

Area = Callable[[], str | None]

MOST_TAIL_DIGITS = 8
"""Of hours and counts after a number: `9-17`, `10 00 18 30`."""
LONGEST_GROUP = 4
"""Whoever writes more digits than that in one go does not part the last ones from them."""
_HOURS_AFTER = re.compile(r"\s(\d{1,2})\s?-\s?(\d{1,2})$")
_DAY_AND_MONTH = re.compile(r"\s(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])$")
_SLASHED_AFTER = re.compile(r"\s\d{1,2}/\d{1,2}$")
_CODE_APART = re.compile(r"\+\d{1,3}\s+-\s+")
_GROUP = re.compile(r"\d+")
_DATE_AFTER = re.compile(rf"\s[(\[]?(?:{SHORT_DATE}|{DAY})[)\]]?$")
_DATE_BEFORE = re.compile(rf"[(\[]?{SHORT_DATE}[)\]]?\s")
_FRACTION = re.compile(r"([^.,]*\d)\s*[.,](\d{1,2}|0+)[\s)]*")
_STRONG = re.compile(r"\s*[/~\n(\[]|\.(?=\s)|\s(?=\.)|\s-(?=\s)|\s-(?=[+0])")
_COUNTS_OFF = r"[\s.:)\]/\-~'\"]+"
_MARKS_BEFORE = re.compile(r"^[^\w+(\[#]+")
_FIRST_GROUP = re.compile(rf"[(\[]?([1-9]\d*){_COUNTS_OFF}(?=[(\[]?\d)")
_BEFORE_PLUS = re.compile(rf"[(\[#]?\s*[1-9]\d{{0,4}}{_COUNTS_OFF}(?=[(\[]?\+\d)")
_TRUNK = re.compile(r"(?<=\d)[\s.\-/)\]~'\"]+(?=[(\[]?0)")
_MARKED = re.compile(
    rf"[1-9]\d?\s?/\s+(?=[(\[]?\d)|#\s*\d{{1,2}}{_COUNTS_OFF}(?=[(\[]?\d)|[1-9]\d?\s*-\s+(?=[(\[]?\d)"
    rf"|[(\[]?[1-9]\d?(?:\.?[)\]]|[.:'\"]\s|[.,]-|[\-/](?=\()|~)[^\w+#]*(?=\d)"
)
_WORD_INSIDE = re.compile(r"(?<=\d)\D*[^\W\d_]\D*(?=\d)")
_BEGINS_NUMBER = re.compile(r"[^\d+]*(?:\+|0|(?<=[(\[])\d{2,}$)")
_MARKED_GROUP = re.compile(r"(?<=[\d)\]])(\s+)(?:\d{1,3}(?:\s*[^\w\s;,|)\]+(\[]|\s+x\s+\d+)|\d\s*[;,|])\W*$")
_LAST_SHORT_GROUP = re.compile(rf"(?<=[\d)\]])\s+(?:{YEAR}|\d{{1,3}})$")
_MARKED_PIECE_FIRST, _MARKED_PIECE_LAST = re.compile(r"\d+[.']\d+\s+(?=[^.']+$)"), re.compile(r"^([^.']*\d)\s+\d+[.']\d+$")
_BEHIND_DASHES = re.compile(r"(-\d+-\d+)\s+\d{1,4}$")
_LONE_DIGITS = re.compile(r"(?:\s\d){2,}$")
_LAST_PART = re.compile(r"\s[/\-]\s+\d{1,3}$")
_LONE_ZERO = re.compile(
    r"(?P<code>[(\[\s]*(?:(?P<prefix>\+|00)[(\[\s\-./]*[1-9]\d{0,2}(?!\d)[)\]\s\-./]*|[1-9]\d{0,2}[)\]\s\-./]*(?=[(\[]0))?)[(\[]?0[^\d]+(?=\d)"
)
_LAST_ZEROS = re.compile(r"[.,]0{1,3}[\s)]*$")
_BRACKETED = re.compile(r"[(\[]\d+[)\]]\s?")
_LAST_DASH = re.compile(r"-\s*(\d{1,4})[\s)\]]*$")


def without_tail(text: str) -> Iterator[str]:
    """A text with words after it, without the last groups of digits: `… 2. Etage`, `… 15-30 Minuten`, `… 34 dagar`.

    A label that says what the number is (`Büro`) counts nothing, but for a lone digit. A comma, bracket or dash before the word parts it
    from the digits; then only a last group that no number is written with is suspected.
    """
    trailing = labels.trailing_of(text)
    if not trailing:
        return
    left, gap, words = trailing
    groups = list(_GROUP.finditer(left))
    counts_nothing = not labels.is_counted(gap, words)
    for place in range(len(groups) - 1, 0, -1):
        head, tail = left[: groups[place].start()], digit_count(left[groups[place].start() :])
        if tail > MOST_TAIL_DIGITS or (counts_nothing and place < len(groups) - 1):
            return
        before = len(groups[place - 1][0])
        follows_long = before > LONGEST_GROUP
        is_grouped = tail == before == 3 and digit_count(head) < MIN_PART_DIGITS  # `030 123 456 Max`
        if (tail == 1 or follows_long) if counts_nothing else not is_grouped:
            yield head


def before_short_groups(core: str) -> Iterator[str]:
    """What stands before the last short groups, where a long one is before them: `030 123456 35`, `030 123456 9-17`.

    A dash right behind the long group parts an extension of a switchboard, which belongs to the number: `030 123456-35`. Groups of
    one length all the way are how somebody writes.
    """
    groups = list(_GROUP.finditer(core))
    places = [place for place, group in enumerate(groups[:-1]) if len(group[0]) > LONGEST_GROUP]
    if not places:
        return
    last, after = groups[places[-1]], groups[places[-1] + 1]
    lengths = [len(group[0]) for group in groups[: places[-1] + 1]]
    is_even = len(lengths) > 1 and len(set(lengths)) == 1
    head, tail = core[: last.end()], core[last.end() :]
    is_short = len(after[0]) <= LONGEST_GROUP and digit_count(tail) <= MOST_TAIL_DIGITS
    if is_short and not is_even and digit_count(head) >= MIN_RESTART_DIGITS and "-" not in core[last.end() : after.start()]:
        yield head


def before_marked_group(text: str) -> Iterator[str]:
    """What stands before a last short group that a mark follows, which may say what it counts: `041 2345678 5!`, `0472 494 39 ⭐`.

    What also ends an item of a list makes only a lone digit doubtful.
    """
    group = _MARKED_GROUP.search(text)
    if group:
        yield text[: group.end(1)]


def without_last_short_group(core: str) -> str | None:
    """What stands before a last group of up to three digits, or a year, behind a blank; None where the last one is none."""
    group = _LAST_SHORT_GROUP.search(core)
    return core[: group.start()] if group else None


def beside_other_marks(core: str) -> Iterator[str]:
    """What is left without a piece that is written otherwise: `0233 937 18 1.415`, `33.33 59 045`, `0829-4230-056 2`, `9395 9 2`."""
    first = _MARKED_PIECE_FIRST.match(core)
    if first:
        yield core[first.end() :]
    last, behind, lone = _MARKED_PIECE_LAST.match(core), _BEHIND_DASHES.search(core), _LONE_DIGITS.search(core)
    if last:
        yield last[1]
    if behind:
        yield core[: behind.end(1)]
    if lone:
        yield core[: lone.start()]


def before_hours(core: str) -> Iterator[str]:
    """What stands before two last hours, digits, or a day and month with a dash, or two last numbers with a slash: `… 9-17`, `… 6-6`, `… 24/7`."""
    slashed = _SLASHED_AFTER.search(core)
    if slashed:
        yield core[: slashed.start()]
    hours = _HOURS_AFTER.search(core)
    if hours and (int(hours[1]) < int(hours[2]) <= 24 or len(hours[1]) == len(hours[2]) == 1 or _DAY_AND_MONTH.search(core)):
        yield core[: hours.start()]


def without_head(text: str, has_trunk: bool, area: Area = lambda: None) -> Iterator[str]:
    """A text without the digits before it: `Handy 2 171 …`, `#2 …`, `3) 030 …`, and a count or post code before a trunk 0.

    Args:
        has_trunk: a 0 before a national number is no part of it, in the region of the number.
        area: gives the area code of the number that all digits are, if they are one; where the text begins with it, nothing else does.
    """
    words = labels.leading_of(text)
    if words[-1:].isalpha() and not labels.is_label(words):
        return  # a letter glued to digits is no word
    bare = _MARKS_BEFORE.sub("", text[len(words) :])
    first, marked = _FIRST_GROUP.match(bare), _MARKED.match(bare)
    if marked and not (_BRACKETED.fullmatch(marked[0]) and digits_in(marked[0]) == area()):
        yield bare[marked.end() :]
    elif words and first and len(first[1]) < 3 and bare[first.end(1) : first.end()] != ".":
        yield bare[first.end() :]
    international = _BEFORE_PLUS.match(bare)
    if international:
        yield bare[international.end() :]
    if not first or (not words and len(first[1]) == 3 and area() in (None, first[1])):
        return
    for trunk in _TRUNK.finditer(bare):
        count = digit_count(bare[: trunk.start()])
        if count <= MOST_TAIL_DIGITS and (has_trunk or count < 3) and digit_count(bare[trunk.end() :]) >= MIN_RESTART_DIGITS:
            yield bare[trunk.end() :]


def without_fraction(core: str, zeros_only: bool = False) -> str | None:
    """The whole part of what may be a decimal number; None for any other text."""
    match = _FRACTION.fullmatch(core)
    return match[1] if match and not (zeros_only and match[2].strip("0")) else None


def before_zeros(core: str) -> Iterator[str]:
    """What stands before last noughts behind a point, which may be decimals though other points are in the number."""
    zeros = _LAST_ZEROS.search(core)
    if zeros:
        yield core[: zeros.start()]


def ended_earlier(core: str) -> Iterator[str]:
    """What stands before each group of digits."""
    yield from (core[: group.start()] for group in list(_GROUP.finditer(core))[1:])


def without_date(core: str) -> Iterator[str]:
    """A text without a date before or after the number; whole ones are gone where digits enough for a number were left."""
    date = _DATE_AFTER.search(core) or _DATE_BEFORE.match(core)
    if date:
        yield core[: date.start()] or core[date.end() :]


def has_word_inside(text: str) -> bool:
    """True where a word is between digits of which the first end a number, or begin none, and others: `098 889 298 (Max).0`, `4711 (Max) 815`."""
    if not labels.has_letters(text):
        return False
    trailing = labels.trailing_of(text)
    left = trailing[0] if trailing else text
    words = _WORD_INSIDE.search(labels.extension(left)) if labels.has_letters(left) else None
    if words is None:
        return False
    before = words.string[: words.start()]
    return digit_count(before) >= MIN_RESTART_DIGITS or _BEGINS_NUMBER.match(before) is None


def without_lone_zero(core: str) -> Iterator[str]:
    """A text without a 0 that stands alone before its number, which may be none of it: `(0)312 …`, `+39 (0)312 …`, `0039 (0)312 …`."""
    zero = _LONE_ZERO.match(core)
    if zero:
        code = zero["code"].replace("00", "+", 1) if zero["prefix"] == "00" else zero["code"]
        yield code + core[zero.end() :]


def has_counted_part(text: str) -> bool:
    """True where a few digits between a mark and a word are the word's: `006626556071 / 42 hari`."""
    trailing = labels.trailing_of(text)
    return trailing is not None and labels.is_counted(*trailing[1:]) and _LAST_PART.search(trailing[0]) is not None


def before_marks(core: str) -> Iterator[str]:
    """What stands before each mark that parts more than it groups: a slash, a bracket, a line feed, a full stop, a dash between blanks."""
    for mark in _STRONG.finditer(core):
        if digit_count(core[: mark.start()]):
            yield core[: mark.start()]


def after_marks(core: str) -> Iterator[str]:
    """What stands after a line feed, or after a lone code and a dash between blanks: `99\\n661 287 226`, `+1 - 656 916 5742`."""
    code = _CODE_APART.match(core)
    if code:
        yield core[code.end() :]
    yield from (core[line.end() :] for line in re.finditer("\n", core))


def before_next_of_range(core: str) -> Iterator[str]:
    """What stands before a last dash whose digits count on from it by one to nine, as in 34-35."""
    dash = _LAST_DASH.search(core)
    if dash:
        head, tail = core[: dash.start()], dash[1]
        before = digits_in(head)[-len(tail) :]  # none in `( - 4000 ev`
        if before and 1 <= int(tail) - int(before) <= 9:
            yield head
