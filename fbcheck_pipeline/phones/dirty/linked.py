"""Cells that are one link to a telephone and no other digits: of WhatsApp, `tel:`, `sms:`, a vCard.

A link's words and those around it go, as in `text.uris`; what becomes of its digits is said at each function.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.undress import CORE, LETTERS, NOTHING, matches, replaced
from fbcheck_pipeline.phones.fast.digits import digit_counts, only
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS
from fbcheck_pipeline.text.few_digits import BLANKS
from fbcheck_pipeline.text.uris import MIN_MESSAGE_DIGITS, SCHEME

_NUMBER = r"((?:\+|%2b)?[1-9][0-9]{6,14})"
_ENCODED = "%(?:2[0-9a-f]|3[a-f]|[4-7][0-9a-f])"  # no digit
# Of an address, without digits, then with too few for a number; of a message, without digits.
_PLAIN = rf"(?:[^0-9%\s,;|<>\"'`()\[\]\\]|{_ENCODED})*"
_MORE = rf"{_PLAIN}(?:[0-9]{_PLAIN}){{0,6}}"
_WORDS = rf"(?:[^0-9%\n|\\]|{_ENCODED})*"
_MESSAGE = rf"{_WORDS}(?:[0-9]{_WORDS}){{0,{MIN_MESSAGE_DIGITS - 1}}}"
_HOST = r"wa\.me/|whatsapp\.com/|whatsapp://"
_CHAT = (
    rf"(?:wa\.me/{_NUMBER}(?:[?&/#]{_MORE})?(?:[?&]text={_WORDS})?"
    rf"|whatsapp(?:\.com/|://){_PLAIN}[?&]phone={_NUMBER}(?:[&#]{_MORE})?(?:&text={_WORDS})?)"
)
_CHAT_ADDRESS = r"(?:[^0-9]*[ :;,/(])?\+?([1-9][0-9]{6,14})(?:[.:][0-9]{1,2})*@(?:s\.whatsapp\.net|c\.us)"
_BEHIND = r"[.!:]?(?:[\s,;|>\"'`()\[\]][^0-9]*)?$"
ONE_CHAT_LINK = rf"(?is)^(?:[^0-9]*{_CHAT}|{_CHAT_ADDRESS}){_BEHIND}"
# A second link or number, and digits that are written as HTML does.
NOT_ONE_LINK = rf"(?is)(?:{_HOST}).*(?:{_HOST}|@)|phone=.*phone=|wa\.me/.*[?&]phone=|&#"

# A link and its address, as `uris.segments` finds them in cells without other links, tags, messages or escapes.
_LINK = rf"(?i)(?:https?:/{{0,2}})?(?:[a-z0-9_\-]+\.)*(?:{_HOST})[^\s,;|()]*"
BESIDE_LINK = rf"(?i)(?:[0-9](?s:.*)(?:{_HOST})|(?:{_HOST})(?s:.*)[\s,;|()](?s:.*)[0-9])"
_PLAIN_LINKS = rf"^[{LETTERS}0-9 \n,.;:/?&=%()+\-_#|!]*$"
_OTHER_LINKS = "(?i)[?&]text=|&[a-z0-9#]+;"
_JOINT = "\x1f"

# Of those that go with their values, none of which is a number.
_PARAMETERS = r"(?:;(?:type|pref|isub|ext|tgrp)=(?:[a-z_.\-]*[0-9]){0,5}[a-z_.\-]*)*"
URI = rf"(?i)^(?:{SCHEME})?\s*({CORE})(?:{_PARAMETERS}|[?&;](?:body|text)={_MESSAGE})$"
# Nothing in its address is encoded but a plus.
HYPERLINK = r'(?i)^=\s*\w+\(\s*"+((?:[^"%]|%2b)*:(?:[^"%]|%2b)*)"+\s*(?:[,;]\s*(?:"+([^"]*)"+|[^"()]*)\s*)?\)$'


def linked(cells: pa.StringArray) -> pa.StringArray:
    """The digits of a chat link, with a plus where it has one: a number abroad, where they are none at home, or the same.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `ONE_CHAT_LINK`, and not `NOT_ONE_LINK`.
    """
    return replaced(replaced(cells, ONE_CHAT_LINK, r"\1\2\3"), "(?i)^%2b", "+")


def beside_links(cells: pa.StringArray) -> tuple[pa.StringArray, Mask, Ints]:
    """The chat links of cells and the texts around them that have digits, in order; which are links; and the place of the cell of each.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `BESIDE_LINK`.
    """
    places = np.flatnonzero(matches(cells, _PLAIN_LINKS, unless=_OTHER_LINKS))
    lists = pc.split_pattern(replaced(cells.take(pa.array(places)), _LINK, rf"{_JOINT}\0{_JOINT}"), _JOINT)
    parts, counts = lists.flatten(), lists.value_lengths().to_numpy()
    of_list = np.repeat(np.arange(len(places)), counts)
    place_in_list = np.arange(len(parts)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_link = place_in_list % 2 == 1
    keeps = np.ones(len(places), np.bool_)
    keeps[of_list[~is_link & (place_in_list > 0) & matches(parts, "^ *[1-9]")]] = False  # they may go on with the link
    kept = ((digit_counts(parts) > 0) | is_link) & keeps[of_list]
    return pc.ascii_trim(parts.filter(pa.array(kept)), BLANKS), is_link[kept], places[of_list[kept]]


def in_uris(cells: pa.StringArray) -> pa.StringArray:
    """The number of a URI or of a vCard's line, without scheme, parameters and message; it counts where it is one.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `URI`.
    """
    return replaced(cells, URI, r"\1")


def addresses_of(cells: pa.StringArray) -> pa.StringArray:
    """The address of a spreadsheet's link function whose label has no digits, or the last ones of the address; null in any other cell.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `HYPERLINK`.
    """
    addresses, labels = (replaced(cells, HYPERLINK, group) for group in (r"\1", r"\2"))
    digits, shown = only(replaced(addresses, "(?i)%2b", "+"), b"0123456789"), pc.ascii_ltrim(only(labels, b"0123456789"), "0")
    counts, lengths = digit_counts(labels), pc.binary_length(shown).to_numpy()
    are_same, is_long = counts == 0, counts >= MIN_PART_DIGITS
    for length in np.unique(lengths[is_long]).tolist():
        where = (lengths == length) & is_long
        some = pa.array(where)
        are_same[where] = pc.equal(pc.utf8_slice_codeunits(digits.filter(some), -length), shown.filter(some))
    return pc.if_else(pa.array(are_same), addresses, NOTHING)
