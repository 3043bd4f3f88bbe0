"""Cells with fewer digits than any number has: their shape alone says why they are rejected.

The expressions mean the same to Python and to RE2, so that one cell and many are judged alike.
"""

from __future__ import annotations

import re

from fbcheck_pipeline.model.reasons import RejectReason

BLANKS = " \t\n\r\v\f"
# Nearly, with a few signs between; pictures are no letters, see `decorations.SYMBOL`. By what is none, which is compiled sooner.
SIGNS_BEYOND_ASCII = "\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u2000-\u2bff\u2ff0-\u303f\ufeff-\uffff"
_LETTER = f"[^\\x00-@\\[-`{{-\\x7f{SIGNS_BEYOND_ASCII}]"
_MONTH = r"^(?:0?[1-9]|1[0-2])[\-./](?:19|20)[0-9]{2}$"
_MONEY = "[$\u00a2\u00a3\u00a5\u20a0-\u20c0]"
_POINT, _COMMA = (rf"(?:0|[1-9][0-9]{{0,8}}|[1-9][0-9]{{0,2}}(?:[{sign}'][0-9]{{3}})+)" for sign in (",", "."))
_SUM = rf"(?:{_POINT}\.|{_COMMA},)[0-9]{{2}}"
_WORD = rf"{_LETTER}{{2,}}\.?"
# Nine digits in three groups of any length.
_NINE = "|".join(f"[0-9]{{{one}}}-[0-9]{{{two}}}-[0-9]{{{9 - one - two}}}" for one in range(1, 6) for two in range(2, 9 - one))
_BOOK = rf"^(?:[Ii][Ss][Bb][Nn](?:[\- ]13)?[: ]+)?97[89]-(?:{_NINE})-[0-9]$"
AMOUNT_OR_BOOK = rf"^(?:{_MONEY} ?|[A-Z]{{3}} )(?:{_SUM})(?: {_WORD})?$|^(?:{_SUM})(?: ?{_MONEY}| {_WORD})$|{_BOOK}"
"""A sum of money: with two decimals, and a sign or a word beside it. `TL` is a country, too. Or an ISBN in its five groups."""
MAY_BE_AMOUNT_OR_BOOK = r"[.,][0-9]{2}(?:[^0-9]|$)|97[89]-"
"""Stands in each; a tenth as large."""
_AMOUNT_OR_BOOK = re.compile(AMOUNT_OR_BOOK)
SCIENTIFIC = r"^[+\-]?[0-9]+(?:[.,][0-9]+)? *[eE] *\+?-?[0-9]{1,4}$"
SHAPES = (
    ((MAY_BE_AMOUNT_OR_BOOK, AMOUNT_OR_BOOK), RejectReason.NOT_A_NUMBER),
    ((rf"@|://|www\.|^=|^#[A-Za-z0-9/_]+[!?]|^-[1-9][0-9]*(?:[.,][0-9]+)?$|{_MONTH}",), RejectReason.NOT_A_NUMBER),
    ((SCIENTIFIC,), RejectReason.EXCEL_PRECISION_LOST),
    ((_LETTER,), RejectReason.LETTERS_IN_NUMBER),
    (("",), RejectReason.TOO_SHORT),
)
"""The first reason counts whose expressions are all found; the last always is."""


def reason_of(text: str) -> RejectReason:
    """Why a text with few digits is no number.

    Args:
        text: in ASCII as far as it can be, without blanks around.
    """
    return next(reason for shapes, reason in SHAPES if all(re.search(shape, text) for shape in shapes))


def is_amount_or_book(text: str) -> bool:
    """True for a sum of money or an ISBN."""
    return ("." in text or "," in text or "97" in text) and _AMOUNT_OR_BOOK.match(text) is not None
