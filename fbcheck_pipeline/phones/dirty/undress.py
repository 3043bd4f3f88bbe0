"""Cells that are one plain number in decorations, without them: floats, quotes, `tel:`, digits of any script …

Each step does to cells of one certain shape what a rule of `text.decorations` does to one cell, in the same order. A cell
that is anything else stays with the careful path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from fbcheck_pipeline.phones.fast.digits import MOST_DIGITS, Bytes, among, buffers_of, digit_counts, only, without
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text import decorations
from fbcheck_pipeline.text.cell_words import EXTENSION_WORDS, NUMBER_WORDS
from fbcheck_pipeline.text.digit_runs import LABEL, MOST_GROUPS
from fbcheck_pipeline.text.digit_runs import LETTERS as LETTERS_APART
from fbcheck_pipeline.text.labelled import TELEPHONE
from fbcheck_pipeline.text.splitting import CERTAIN_SEPARATORS, LONG_LIST, MAX_LIST_LENGTH

# Begins and ends as a number does; what stands inside, the fast path looks at. A single point may begin a fraction.
CORE = r"(?:[+(]?[0-9](?:[0-9 ()\-]*(?:\.[0-9 ()\-]*\.[0-9 ().\-]*)?[0-9)])?)"
QUOTE = "[\"'`\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]"
_INTEGER = r"\+?[0-9]{5,}"
_COMMAS, _POINTS, _APOSTROPHES = (rf"\+?[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}}){{2,}}" for sign in (",", r"\.", "'"))
# As many decimals as the exponent says: no digit is lost, none is padded.
_EXACT = "|".join(rf"([0-9]{{{places}}})[eE]\+?{places:02}" for places in range(8, 15))
SCHEMES = "(?:tel|fax|callto|smsto|sms|phone|whatsapp):"
"""What stands before a number as a scheme, in letters of any case."""
# None of these words may be digits.
_TYPE = "(?:cell|work|home|voice|fax|pref|main|mobile|other)"
_SCHEME = rf"(?:item[0-9]+\.)?tel(?:;type={_TYPE}(?:,{_TYPE})*)*:|(?:callto|smsto|sms|phone|whatsapp):"
_SCHEME_BEFORE = r"(?i)^(?:tel|callto|smsto|sms|phone|whatsapp): *([+(]?[0-9])"
_LABELLED = rf"[(\[]?{LABEL}(?:[ .\-/]+{LABEL})*[)\]]?[ :.=\-]{{1,3}}"
# Of anything, so that its digits may be something else's: `No. 302-7352`.
_NUMBERED = rf"(?:^|[ .\-/(\[])(?i:{'|'.join(sorted(NUMBER_WORDS))})[)\]]?[ :.=\-]*[1-9]"
_WORDS_FIRST = r"^[(\[]?[^0-9+(][^0-9]*[0-9][0-9 ().\-]*$"
_GROUPS = r"[0-9]{2,}(?:[ .\-]+[0-9]{2,})*"
WHOLE = rf"(?:\+|\(?0)[0-9 ().\-]*[0-9)]|[0-9]+|(?:\([1-9][0-9]+\)[ .\-]*|[1-9][0-9]{{2,}}[ .\-]+){_GROUPS}"
"""No group of it can be a count: it begins as only a whole number does, or has no groups, or a long one first, or a bracket."""
WHOLE_OR_COUNTED = rf"{WHOLE}|[1-9][0-9]?(?:[ .\-]*\([0-9]+\)[ .\-]*|[ .\-]+){_GROUPS}"
"""Behind words its first group may be a count, where what is left without it is another number."""
AFTER_COUNT = r"^[1-9][0-9]?[ .\-]+"
# Of two digits, a code or the beginning of more digits behind one.
_CODES = "|".join(["[17][0-9]?", *(str(code) for code in COUNTRY_CODE_TO_REGION_CODE if 10 <= code < 100), "[0-9]{3}"])
# Of fewer digits than one of two numbers has, so that the slash ends an area code; and no tail of a range behind it.
_AREA = r"\(?0[0-9]{1,5}\)?|\+[0-9]{1,2} ?(?:\(0\) ?)?[0-9]{2,3}"
# A word may count up to three digits behind a mark; four may be a year. Behind other digits it is none.
_AREA_APART = rf"(^|[^0-9) ]|[^0-9) ] )(?:({_AREA}) ?/ ?|(\(?0[0-9]{{1,5}}\)?) - )([0-9](?: ?[0-9]){{4}})"
AREA_MARK = "\x1e"
"""Stands for what parts an area code from a number, where a number among others is looked for."""
_BEHIND_SYMBOL = rf"^{decorations.SYMBOL} +({WHOLE})$"
# Two numbers have no more digits: each fifteen, an international prefix, a trunk 0. In fewer groups, their runs are looked at.
_OF_TWO = 44
MANY = rf"^[0-9]+(?: +[0-9]+){{{MOST_GROUPS},}}$"
MOST_BYTES = 4  # of a character
FIRST_BEYOND_ASCII = 128
# Of all letters in `LETTERS`, or the words of an expression, in UTF-8; of 0xe2 are signs, symbols and pictures.
_FIRST_OF_LETTERS = 0xC3
_BEGIN_LETTERS = among(bytes(byte for byte in range(_FIRST_OF_LETTERS, 0xEE) if byte != 0xE2))
# Letters of most scripts, as a part of a class; all of them, `\p{L}`, take a hundred times as long to compile, which each batch does.
LETTERS = (
    r"A-Za-z\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{2af}\x{388}-\x{38a}\x{38e}-\x{3a1}\x{3a3}-\x{3f5}\x{3f7}-\x{481}\x{48a}-\x{52f}"
    r"\x{5d0}-\x{5ea}\x{621}-\x{64a}\x{e01}-\x{e30}\x{10d0}-\x{10fa}\x{1e00}-\x{1eff}\x{3041}-\x{3096}\x{30a1}-\x{30fa}"
    r"\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}"
)
NOTHING = pa.scalar(None, pa.string())
_JOINT = "\0"  # between cells that are translated together
_DROPPED = "\U000e0001"  # itself one of the marks that go


# Nothing but signs of these stands between the digits of what any step takes.
_MAY_BE_DRESSED = r"(?i)^[=\"]*(?:item[0-9]+)?[^0-9]*[0-9][0-9 ()+\-.,'/e\t\r\v\f]*[^0-9]*$"


class _Step(NamedTuple):
    """What becomes of cells that have a shape as a whole.

    Attributes:
        shapes: expressions, of which a cell has each; those that are cheap come first.
        signs: each such cell holds one of these; to look for them takes next to no time.
        unless: where this is found, the cell is left.
    """

    shapes: tuple[str, ...]
    change: Callable[[pa.StringArray], pa.StringArray]
    signs: str = ""
    unless: str | None = None


def _step(shape: str, becomes: str, signs: str) -> _Step:
    return _Step((shape,), lambda cells: replaced(cells, shape, becomes), signs)


_STEPS = (
    _step(rf"^=?{QUOTE}+ ?([+(]?[0-9](?:[0-9 ().,\-]*[0-9 ().\-])?){QUOTE}*$", r"\1", QUOTE[1:-1]),
    # Two characters: a tenth of an expression's time.
    _Step(
        (rf"^(?:{_INTEGER}|{_COMMAS}|{_POINTS}|{_APOSTROPHES})[.,]0$",), lambda cells: pc.utf8_slice_codeunits(cells, 0, -2), ".,"
    ),
    _Step((r"[\t\r\v\f]",), lambda cells: replaced(cells, r"[\t\r\v\f ]+", " "), "\t\r\v\f"),
    _step(rf"^([1-9])[.,](?:{_EXACT})$", r"\1\2\3\4\5\6\7\8", "eE"),
    _Step((rf"^(?:{_COMMAS}|{_APOSTROPHES})$",), lambda cells: without(cells, b",'"), ",'"),
    _Step((rf"(?i)^(?:{_SCHEME}){CORE}$",), lambda cells: replaced(cells, "^[^:]+:", ""), ":"),
    _Step(
        (_WORDS_FIRST, rf"(?i)^{_LABELLED}(?:{WHOLE})$"),
        lambda cells: replaced(cells, r"^[^0-9+]*[^0-9+(]", ""),
        unless=rf"(?:^|[^A-Za-z])IS[^A-Za-z]|{_NUMBERED}",
    ),
    _step(rf"^(?:({CORE}) ?[;,]|\[({CORE})\])$", r"\1\2", ";,[")._replace(unless=" [0-9] ?[;,]$"),
    _step(rf"^({_AREA}) ?/ ?([0-9](?: ?[0-9]){{4,8}})$", r"\1 \2", "/"),
    _step(rf"^\(\+({_CODES})\)([ 0-9(].*)$", r"+\1\2", "("),
    _step(_BEHIND_SYMBOL, r"\1", decorations.SYMBOL),  # one is no flag
)


def is_over_long(cells: pa.StringArray) -> Mask:
    """Cells that no rule looks into, as they came."""
    lengths = pc.fill_null(pc.binary_length(cells), 0).to_numpy()
    is_long: Mask = lengths > decorations.MAX_CELL_LENGTH
    may_be = np.flatnonzero(is_long & (lengths <= MOST_BYTES * decorations.MAX_CELL_LENGTH))
    if len(may_be):
        is_long[may_be] = pc.utf8_length(cells.take(pa.array(may_be))).to_numpy() > decorations.MAX_CELL_LENGTH
    return is_long


def may_be_long_list(cells: pa.StringArray) -> Mask:
    """Which of the cells that are over-long `splitting.long_list` may cut, as they came."""
    # By their first letters, most documents are none; counting them all takes longer than these expressions.
    may_be: Mask = pc.fill_null(pc.less_equal(pc.binary_length(cells), MOST_BYTES * MAX_LIST_LENGTH), False).to_numpy(
        zero_copy_only=False
    )
    for shape in (LONG_LIST, "|".join(map(re.escape, CERTAIN_SEPARATORS))):
        some = cells if may_be.all() else cells.filter(pa.array(may_be))  # documents are long to copy
        may_be[may_be] = matches(some, shape)
    may_be[may_be] = pc.utf8_length(cells.filter(pa.array(may_be))).to_numpy() <= MAX_LIST_LENGTH
    return may_be


def in_ascii(cells: pa.StringArray) -> pa.StringArray:
    """What `decorations.to_ascii` makes of each cell: digits, signs and blanks of any script in ASCII, invisible marks gone."""
    is_other = pc.fill_null(pc.invert(pc.string_is_ascii(cells)), False)
    texts = cells.filter(is_other)
    if not len(texts):
        return cells
    whole = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), _JOINT)
    plain = pc.split_pattern(pa.array([_translated(whole[0].as_py())]), _JOINT).flatten()
    if len(plain) != len(texts):  # the joint is in a cell
        plain = pa.array([*map(decorations.to_ascii, texts.to_pylist())], pa.string())
    return pc.replace_with_mask(cells, is_other, plain)


def _translated(text: str) -> str:
    """As `decorations.to_ascii`, of millions of characters: each is one or none in ASCII."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    is_used = np.zeros(codes.max() + 1, np.bool_)
    is_used[codes] = True
    becomes = np.arange(len(is_used), dtype=np.uint32)
    used = np.flatnonzero(is_used)
    becomes[used] = [ord(decorations.to_ascii(chr(code)) or _DROPPED) for code in used.tolist()]
    codes = becomes[codes]
    return bytes(codes[codes != ord(_DROPPED)]).decode("utf-32-le")


def undressed(cells: pa.StringArray) -> pa.StringArray:
    """The plain number in each cell, null in any cell that holds more or less.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    (_, places), _, _ = _parted(cells, np.arange(len(cells)), _MAY_BE_DRESSED)
    if not len(places):  # the expressions take longer to compile than most batches
        return pa.nulls(len(cells), pa.string())
    found, left, places = _parted(cells.take(pa.array(places)), places, f"^{CORE}$")
    bare, at = [found[0]], [found[1]]
    for step in _STEPS:
        if not len(places):
            break
        if step.signs and not any_holds(left, *map(str.encode, step.signs)):
            continue
        taken, left, places = _parted(left, places, *step.shapes, unless=step.unless)
        if not len(taken[0]):
            continue
        found, others, others_at = _parted(step.change(taken[0]), taken[1], f"^{CORE}$")
        bare, at = [*bare, found[0]], [*at, found[1]]
        left, places = pa.concat_arrays([left, others]), np.concatenate([places, others_at])
    order = np.full(len(cells), -1)
    order[np.concatenate(at)] = np.arange(sum(map(len, at)))
    return pa.concat_arrays(bare).take(pa.array(order, mask=order < 0))


def _parted(
    cells: pa.StringArray, places: Ints, *shapes: str, unless: str | None = None
) -> tuple[tuple[pa.StringArray, Ints], pa.StringArray, Ints]:
    """Those of a shape and their places, then the others and theirs; a null has none."""
    where = matches(cells, *shapes, unless=unless)
    return (cells.filter(pa.array(where)), places[where]), cells.filter(pa.array(~where)), places[~where]


def first_of_many(cells: pa.StringArray) -> pa.StringArray:
    """The first digits of each cell of `MANY` groups that has too many for a part to be a number; all are too many as these are.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    is_many = digit_counts(cells) > _OF_TWO
    return spread(pc.utf8_slice_codeunits(only(cells.filter(pa.array(is_many)), b"0123456789"), 0, MOST_DIGITS), is_many)


def rewritten(cells: pa.StringArray, where: Mask, pattern: str, becomes: str) -> pa.StringArray:
    """Some of the cells with a pattern replaced, null for the others."""
    return spread(replaced(cells.filter(pa.array(where)), pattern, becomes), where)


def replaced(cells: pa.StringArray, pattern: str, becomes: str) -> pa.StringArray:
    """The cells with a pattern replaced; nothing is compiled for no cells."""
    if cells.null_count == len(cells):
        return cells
    return pc.replace_substring_regex(cells, written_for(pattern, cells), becomes)


def replaced_where(
    cells: pa.StringArray, shape: str, pattern: str, becomes: str, signs: tuple[bytes, ...] = ()
) -> pa.StringArray:
    """The cells with a pattern replaced where a shape is found; to look for it takes less time than to replace nothing.

    Args:
        signs: where given, each text of the shape holds one of these.
    """
    if signs and not any_holds(cells, *signs):
        return cells
    where = matches(cells, shape)
    return pc.coalesce(rewritten(cells, where, pattern, becomes), cells) if where.any() else cells


def without_scheme(cells: pa.StringArray) -> pa.StringArray:
    """`tel:` goes before a number; not a second one, which begins another number."""
    return replaced_where(cells, _SCHEME_BEFORE, _SCHEME_BEFORE, r"\1")


def area_marked(cells: pa.StringArray) -> pa.StringArray:
    """With a mark for the slash, or the dash between blanks, behind an area code, which do not part two numbers."""
    return replaced_where(cells, _AREA_APART, _AREA_APART, rf"\1\2\3{AREA_MARK}\4", signs=(b"/", b" - "))


def spread(texts: pa.StringArray, where: Mask) -> pa.StringArray:
    """Texts at their places, in order, and nulls between."""
    return pc.replace_with_mask(pa.nulls(len(where), pa.string()), pa.array(where), texts)


def matches(cells: pa.StringArray, *shapes: str, unless: str | None = None) -> Mask:
    """Where the expressions are found in the cell, each looked for only where those before it are, and the last one is not; not in a null."""
    shape, *more = shapes
    if cells.null_count == len(cells):
        return np.zeros(len(cells), np.bool_)  # an expression takes longer to compile than most batches
    are_found = pc.match_substring_regex(cells, written_for(shape, cells))
    found: Mask = (are_found.fill_null(False) if are_found.null_count else are_found).to_numpy(zero_copy_only=False)
    if more:
        found[found] = matches(cells.filter(pa.array(found)), *more)
    if unless:
        found[found] = ~matches(cells.filter(pa.array(found)), unless)
    return found


def any_holds(cells: pa.StringArray, *signs: bytes) -> bool:
    """Whether one of these signs is in any cell; a hundredth of what an expression takes, as most are in none of a column's."""
    data = buffers_of(cells)[1].tobytes()
    return any(sign in data for sign in signs)


def written_for(pattern: str, cells: pa.StringArray) -> str:
    """The same expression, without letters beyond ASCII where the cells have none: it compiles in a fraction of the time."""
    plain = _in_ascii(pattern)
    return pattern if plain == pattern or _holds_letters(buffers_of(cells)[1]) else plain


def _holds_letters(data: Bytes) -> bool:
    """Whether letters beyond ASCII may be in the bytes; signs and pictures begin with other bytes."""
    return data.max(initial=0) >= _FIRST_OF_LETTERS and bool(_BEGIN_LETTERS[data].any())


@cache
def _in_ascii(pattern: str) -> str:
    for letters in (LETTERS, LETTERS_APART):
        pattern = pattern.replace(letters, "A-Za-z")
    for words in (LABEL[3:-1], TELEPHONE, EXTENSION_WORDS):
        pattern = pattern.replace(words, "|".join(filter(str.isascii, words.split("|"))))
    return pattern
