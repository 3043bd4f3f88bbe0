"""What is around a number and no part of it: invisible marks, markup, spreadsheet decorations, cells that say "nothing".

One small function a rule; its docstring's first line says what it does, in the words that `fbcheck lineage --row` shows.
A rule returns the text without its decoration, unchanged where it does not apply, and raises `Reject` where no honest
number can be in the text. URIs are in `uris`, words and extensions in `labels`; in which order all rules run is in `cleaning`.

Harmless, so that they may go before anything else is asked: what `to_ascii` drops or rewrites (invisible marks, digits, signs and
blanks of any script), blanks around the cell, `="…"` and quotes around the whole cell, `tel:` at its front before `+` and digits, and
the fraction `.0` of bare digits that do not begin with 0. Anything else may part two numbers, or be a digit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from html import unescape

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import EMPTY_WORDS
from fbcheck_pipeline.text.countries import region_of

MAX_CELL_LENGTH = 250
"""Longer ones are pasted documents, but for long lists; phonenumbers looks into no longer text either."""
MIN_PART_DIGITS = 7
"""So many digits may be a number of their own, which nobody may drop; fewer are hardly one where a separator may also stand inside."""
SYMBOL = "\ufffc"
"""Stands for any picture: a telephone, a flag, a check mark."""
_DIGITS = b"0123456789"
_QUOTES = "\"'`\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_DECORATION = str.maketrans("", "", " \t\n.-_/#()[]<>?!" + _QUOTES)
_BLANKS = re.compile(r"[\t\r\v\f ]+")
_CODE_BEFORE_GAP = re.compile(r"(?<=[\d)])\s+\+\d{1,3}(?=(?:\t|\s{2})\s*[(\[]?\d)")
_FORMULA_ERROR = re.compile(r"#[A-Za-z\u00c0-\u00ff0-9/_]+[!?]")
_FORMULA = re.compile(rf"=(?!\s*[{_QUOTES}]|\s*\+?\d+$)")
_FORMULA_GUARD = re.compile(rf"^=?\s*[{_QUOTES}]*\s*|[{_QUOTES}\s]+$")
_NEGATIVE = re.compile(r"-[1-9]\d*(?:[.,]\d+)?")
_SCIENTIFIC = re.compile(r"([+-]?)(\d+)(?:[.,](\d+))?\s*[eE]\s*\+?(-?\d{1,4})")
_DECIMALS = re.compile(r"(\+?)(\d{1,3}(?:([.,' ])\d{3})(?:\3\d{3})+|\d{5,})(?:([.,])(\d+))?")
_THOUSANDS = "|".join(
    rf"[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}}){{2,}}[{points}]" for sign, points in ((",", "."), (r"\.", ","), ("'", ",."))
)
DECIMAL = rf"^(?:[1-9][0-9]{{4,}}[.,]|{_THOUSANDS})(?:[0-9]?[1-9]|[1-9]0)$"
"""An amount, or a number that some formula has divided, and nothing else; for Python and RE2."""
_WWW = re.compile(r"\bwww\.")
# Its name begins with a letter: digits before an @ may be the end of a number.
_ADDRESS_BESIDE = re.compile(
    r"(?<![^\s,;/|(<\[:])(?:[^\W\d_][\w.+\-]*@[\w\-]+(?:\.[\w\-]+)+|(?:https?://|www\.)[^\s;|<>()\[\]]+)(?=$|[\s,;/|)>\]])",
    re.I,
)
_ENDS_IN_ITEM = re.compile(r",[+(]?\d+$")
_GOES_ON = re.compile(r"\s*[1-9]")
_LATITUDE, _LONGITUDE = r"-?[1-8]?\d\.\d{4,}", r"-?(?:[1-9]?\d|1[0-7]\d)\.\d{4,}"
_DEGREES = rf"(?:\s*{SYMBOL})?"  # their sign is a picture by now
_PLACE_BESIDE = re.compile(
    rf"(?<![\w.])[(\[@]?-?[1-9]\d{{0,2}}\.\d{{4,}}{_DEGREES}\s*[NSns]?\s*[,;/ ]\s*-?[1-9]\d{{0,2}}\.\d{{4,}}{_DEGREES}\s*[EWew]?[)\]]?(?![\w.])"
)
COORDINATES = rf"^\(?{_LATITUDE}{_DEGREES}\s*[NSns]?\s*[,;/ ]\s*{_LONGITUDE}{_DEGREES}\s*[EWew]?\)?$"
"""A place on the map, and nothing else; for Python and RE2."""
MAY_BE_PLACE = r"\.[0-9]{4,}[^0-9]+[0-9]+\.[0-9]{4}"
"""Stands in each text that holds a place on the map."""
_COORDINATES = re.compile(COORDINATES)
_ANGLED = re.compile(r"<\s*([+(\d][^<>]*)>")
_ESCAPED_LINE = re.compile(r"(?:\\r)?\\n(?![a-z])")
_DIGIT, _NO_DIGIT, _NOT_DIALLED = re.compile(r"\d"), re.compile(r"\D"), re.compile(r"[^\d+]")
_OTHER_THAN_DIGITS, _NOT_DIALLED_IN_ASCII = (
    bytes(code for code in range(128) if code not in kept) for kept in (_DIGITS, _DIGITS + b"+")
)
_FLAG = re.compile("([\U0001f1e6-\U0001f1ff])([\U0001f1e6-\U0001f1ff])")
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|bull|middot|#\d{2,6}|#x[0-9a-f]{2,5});", re.I)
_LINE_TAG = re.compile(r"<\s*/?\s*(?:br|p|div|li|ul|ol|tr|td|th|table|hr)(?:\s[^<>\d]*)?/?\s*>", re.I)
_TAG = re.compile(r"<\s*/?\s*(?:span|strong|em|font|small|nobr|a|b|i|u)(?:\s[^<>\d]*)?>", re.I)
_LISTED = re.compile(r"\[(.*[\"'].*)\]|\{(.*)\}|\((.*[\"'].*)\)", re.S)
_LIST_QUOTES = re.compile(r"[\"']\s*,?\s*[\"']")
_BULLETS = "\u2022\u00b7\u25aa\u2023*-"
_BULLET = re.compile(rf"(^|\n)[ ]*[{_BULLETS}][ ]*(?=[(\[]?[+0])")
YEAR = r"(?:19|20)\d{2}"
DAY_OR_MONTH = r"(?:0?[1-9]|[12]\d|3[01])"
MONTH = r"(?:0?[1-9]|1[0-2])"
DAY = "|".join(
    rf"{DAY_OR_MONTH} ?{mark} ?{DAY_OR_MONTH} ?{mark} ?{YEAR}|{YEAR}{mark}{DAY_OR_MONTH}{mark}{DAY_OR_MONTH}"
    for mark in ("-", r"\.", "/")
)
_TWO_DIGIT_MONTH, _TWO_DIGIT_DAY = "(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
BARE_DAY = rf"{YEAR} ?{_TWO_DIGIT_MONTH} ?{_TWO_DIGIT_DAY}|{_TWO_DIGIT_DAY} ?{_TWO_DIGIT_MONTH} ?{YEAR}"
"""A day without marks; for Python and RE2."""
_BARE_DATE = re.compile(BARE_DAY)
_DATE = re.compile(rf"(?:{DAY}|{MONTH}[-./]{YEAR})(?:[ T,]+\d{{1,2}}[:.]\d{{2}}.*)?")
DATE = rf"^(?:{DAY}|{MONTH}[-./]{YEAR})(?:[ T,]+\d{{1,2}}[:.]\d{{2}}[0-9:.,+ \-]*(?:Z|[AaPp][Mm])?)?$"
"""A date with its time or without, and nothing else; for Python and RE2."""
_OF_THREE = "[0-9]{2}|2[0-4][0-9]|25[0-5]"
_OCTET, _PADDED = f"(?:[1-9]?[0-9]|1{_OF_THREE})", f"(?:[01]{_OF_THREE})"
IP_ADDRESS = rf"^(?:{_OCTET}(?:\.{_OCTET}){{3}}|{_PADDED}(?:\.{_PADDED}){{3}})(?:/[0-9]{{1,2}})?$"
"""A computer's address or net, and nothing else; for Python and RE2. A 0 before other digits only pads all four: else it is a trunk 0."""
_DATE_BESIDE = re.compile(
    rf"(?<![^\s,])[(\[]?(?:{DAY_OR_MONTH}([-./]){DAY_OR_MONTH}\1{YEAR}|{YEAR}([-./]){DAY_OR_MONTH}\2{DAY_OR_MONTH})[)\]]?:?(?=$|[\s,;|])"
)
_DAY_BESIDE = re.compile(rf"(?<![^\s,(\[]){DAY_OR_MONTH}\.{MONTH}\.(?=$|[\s,)\]])")
TIME = r"(?:[01]?\d|2[0-4])(?:[.:h][0-5]\d|\s?h|\s?[ap]m)"
_HOURS = re.compile(rf"(?<![^\s,;|(\[]){TIME}\s?-\s?{TIME}(?=$|[\s,;|)\]])", re.I)
CURRENCY = "[$\u00a2\u00a3\u00a5\u20a0-\u20c0]"
_CURRENCY_SIGN = re.compile(CURRENCY)
_SUM = r"(?!0\d)\d{1,3}(?:[.,']?\d{3})?(?:[.,]\d{1,2}|[.,]-)?"
# Before the sign, and behind a blank, may be the end of a number; behind the sign the beginning of one.
_PRICE = re.compile(
    rf"(?:(?<![^\s,;|/(\[]){CURRENCY}(?!\s?\d{{1,4}}\s+[1-9])\s?{_SUM}|(?:(?<=^)|(?<=[^\d)\]]\s)|(?<=[;|/(\[])|(?<=[^\d],)){_SUM}\s?{CURRENCY})(?=$|[\s,;|/)\]])"
)
_BARE_PRICE = re.compile(rf"\d+\s?{CURRENCY}|{CURRENCY}\s?\d+")
_LONG_SUM = r"(?:[1-9]\d{0,2}(?:[.,' ]\d{3}){2,}|[1-9]\d{6,})(?:[.,]\d{1,2})?"
# With no digits, bracket or plus before it, of which it may be the end.
_LONG_PRICE = re.compile(
    rf"(?<![\d+)\].,'])(?<![\d+)\]]\s)(?:{CURRENCY}\s?{_LONG_SUM}(?!\d)|{_LONG_SUM}(?:[.,]?-)?\s?{CURRENCY})"
)
_PERCENTAGE = re.compile(r"%\s?\d|\d\s?%")
BARE_HOURS = r"((?:[01]\d|2[0-4])[0-5][05])\s?-\s?((?:[01]\d|2[0-4])[0-5][05])"
"""Hours without marks; for Python and RE2."""
_SHORT_HOURS = re.compile(BARE_HOURS)
_PARTED_HOURS = re.compile(r"(1?\d)-(1\d) (1\d)-(1\d|2[0-4])")
_CLOSED = re.compile(
    r"(?<=\d\d)(?P<glued>\d)[)\]]"
    r"|(?<=[\d)\]]) +(?:(?P<listed>\d{1,2})\.?[)\]]|(?P<sum>\d{1,3})\s?[.,]-|'(?P<quoted>\d{1,4})\b'?)(?!\s*[^\W\d_])"
)
_ITEM_END = re.compile(r"[;,|\n]")
MIN_CLOSED_DIGITS = 4
"""Before a digit that a bracket closes; fewer may be an area code whose bracket did not open."""
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_EMPTY_BRACKETS = re.compile(r"[(\[]\s*[)\]]")
DIGIT_SEPARATORS = " \t\n\r\v\f-./~'()[]{}<>"
"""What may stand between the digits of one number."""
# Stands where something went, until it is known whether digits are on both sides; no text has it.
_GONE = "\U0010ffff"
_BETWEEN_DIGITS = re.compile(rf"(?<=\d)([{_GONE}{re.escape(DIGIT_SEPARATORS)}]*){_GONE}([{re.escape(DIGIT_SEPARATORS)}]*)(?=\d)")
SHORT_DATE = rf"{DAY_OR_MONTH}(?P<mark>[-./]){DAY_OR_MONTH}(?P=mark)\d{{2}}"
POST_CODE = r"(?:[0-9]{4,6}|[0-9]{3}[ \t\n\v\f\r][0-9]{2}|[0-9]{2}-[0-9]{3}|[0-9]{5}-[0-9]{3})"
"""As it is written in most countries; for Python and RE2."""
_ADDRESS = (
    rf"^(?:[1-9][0-9]{{0,2}}[ \t\n\v\f\r]+(?:[\-/] )?|[1-9][0-9]?[\-/][0-9]{{1,2}} ){POST_CODE}$|^[1-9][0-9]{{3}} [0-9]{{5}}$"
)
# A year and digits, six and four of a person, or eight digits at most.
_WITH_DASH = (
    rf"^(?:{YEAR}-[0-9]+|[1-9][0-9]{{5}}-[0-9]{{4}}|[1-9]-(?:[^0-9]*[0-9]){{1,6}}"
    r"|[1-9][0-9]-[0-9]{1,6}|[1-9][0-9]{2}-[0-9]{1,5}|[1-9][0-9]{3,4}-[0-9]{1,4})$"
)
_WITH_YEAR = rf"^{YEAR}/[0-9]+$|^[1-9][0-9]*/{YEAR}$"
FILE_NUMBER = rf"^[1-9][^/]*/[^/]*/|{_WITH_YEAR}"
"""Two slashes, or a year beside one, and neither a plus nor a 0 before: no telephone's; for Python and RE2."""
# A telephone has six digits or more behind its one slash; points at three places and more, or at two with four digits behind the last.
_WITH_SLASH = r"^[1-9][^(/]*/(?:(?:[^0-9(/]*[0-9]){0,5}[^0-9(/]*$|[^(]*/)"
_WITH_POINTS = r"^[1-9][^(/.]*\.(?:[^(/.]*|[^(/.]?\.[^(/.]*|[^(/.]*\.(?:[^(/.]{0,3}|[^(/.]{5,}))$"
LIKE_CODES = rf"{_WITH_DASH}|^(?:{BARE_DAY})$|{_WITH_SLASH}|{_WITH_YEAR}|{_WITH_POINTS}"
"""Beside numbers rather something else's than a telephone's: `2674.425`, `302-7352`, `4711/08`, a day; for Python and RE2."""
OTHER_THINGS = rf"{_ADDRESS}|{LIKE_CODES}|^[1-9][0-9]?(?: [0-9]{{3}}){{2}}$|^[1-9](?:[^0-9]*[0-9]){{0,5}}$"
"""Beside words so are an address, `66 66004`, thousands and few digits, too; for Python and RE2."""
_LIKE_CODES, _FILE_NUMBER = re.compile(LIKE_CODES), re.compile(FILE_NUMBER)
_OTHER_THINGS = re.compile(OTHER_THINGS)
_SHORT_DATE, _IP_ADDRESS = re.compile(SHORT_DATE), re.compile(IP_ADDRESS)
_AROUND = re.compile(r"^\D+|\D+$")
CODE = (
    r"(?:19|20)[0-9]{2}/[0-9]{1,4}|[0-9]{5}-[0-9]{3,4}"
    r"|[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}|[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9]"
)
"""A year and a number; post codes of the USA and Brazil; identity numbers of the USA, Brazil and Chile; for Python and RE2."""
_CODE = re.compile(CODE)
POST_MARK = ("\u3012", "\u90f5")
"""The sign before a Japanese post code, and the word that it stands for."""


class Reject(Exception):
    """The text holds no honest number."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason)
        self.reason = reason


def digit_count(text: str) -> int:
    """How many digits are in the text."""
    if text.isascii():
        return len(text) - len(text.encode().translate(None, _DIGITS))
    return sum(map(str.isdecimal, text))


def has_closing_bracket(text: str) -> bool:
    """True where a bracket of any kind closes; a tenth of what an expression takes."""
    return ")" in text or "]" in text or "}" in text or ">" in text


def digits_in(text: str) -> str:
    """The digits of a text."""
    return text.encode().translate(None, _OTHER_THAN_DIGITS).decode() if text.isascii() else _NO_DIGIT.sub("", text)


def digits_and_plus_in(text: str) -> str:
    """What is dialled of a text."""
    return text.encode().translate(None, _NOT_DIALLED_IN_ASCII).decode() if text.isascii() else _NOT_DIALLED.sub("", text)


def over_long(text: str) -> str:
    """A pasted document is no number."""
    if len(text) > MAX_CELL_LENGTH:
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def to_ascii(text: str) -> str:
    """Drops invisible marks; writes digits, signs and blanks of any script in ASCII."""
    return text if text.isascii() else text.translate(_PLAIN)


def flags(text: str) -> str:
    """A flag says which country's number it is."""
    return text if text.isascii() else _FLAG.sub(_code_of_flag, text)


def _code_of_flag(match: re.Match[str]) -> str:
    letters = "".join(chr(ord(sign) - 0x1F1E6 + ord("A")) for sign in match.groups())
    return f" {letters} " if region_of(letters) else f" {SYMBOL} "


def _plain(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind == "Cf" or char == "\u034f" or "\ufe00" <= char <= "\ufe0f":
        return ""  # bidi and zero-width marks, variation selectors
    if char == "\u20e3":
        return ")"  # a digit as a key marks an item of a list
    if char in "\u301c\u3030":
        return "~"
    if kind == "Pd" or char in "\u2212\u30fc\u2043":
        return "-"
    if kind == "Zs" or char == "\u2800":
        return " "
    if char == POST_MARK[0]:
        return POST_MARK[1]
    if kind == "So":
        return "#" if char == "\u2116" else SYMBOL
    if kind in ("Zl", "Zp"):
        return "\n"
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char


class _Plain(dict[int, str]):
    """For `str.translate`: what stands for each character that was met."""

    def __missing__(self, code: int) -> str:
        self[code] = plain = _plain(chr(code))
        return plain


_PLAIN = _Plain()


def blanks(text: str) -> str:
    """Trims; a tab or carriage return inside is a blank; a wide gap between a code and digits, behind a number, stays one."""
    if "  " not in text and text.isprintable():
        return text.strip()
    return _BLANKS.sub(" ", _CODE_BEFORE_GAP.sub(r"\g<0> -", text)).strip()


def symbols(text: str) -> str:
    """Drops pictures before the digits, and all but one behind them, which may count the last; what one between them says, nobody knows."""
    if SYMBOL not in text:
        return text
    numbered = re.sub(rf"^(\D*){SYMBOL}(?=\d)", r"\1#", text)  # glued to it, it is a `#2`
    return _AROUND.sub(_without_symbols, numbered).strip()


def _without_symbols(around: re.Match[str]) -> str:
    behind = around.start() and SYMBOL in around[0] and not any(map(str.isalpha, around[0]))
    return around[0].replace(SYMBOL, " ") + SYMBOL * behind


def markup(text: str) -> str:
    """Drops HTML tags and the brackets and quotes of a written list; what parts lines parts numbers."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: unescape(match[0]).replace("\xa0", " "), text)
    if "<" in text:
        text = _TAG.sub("", _LINE_TAG.sub("\n", text)).strip()
        angled = _ANGLED.fullmatch(text)
        text = angled[1] if angled else text
    if "\\" in text:
        text = _ESCAPED_LINE.sub("\n", text)
    listed = _LISTED.fullmatch(text.strip())
    return _LIST_QUOTES.sub(";", next(filter(None, listed.groups()), "")).strip("\"' ") if listed else text


def bullets(text: str) -> str:
    """Drops the mark before each line of a list."""
    return _BULLET.sub(r"\1", text) if "\n" in text or text.lstrip(" ")[:1] in _BULLETS else text


def formula(text: str) -> str:
    """A formula that calculates is no number."""
    if _FORMULA.match(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def date(text: str) -> str:
    """A date is no number."""
    if is_date(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def date_beside(text: str) -> str:
    """Drops a date that stands apart beside a number."""
    left = _without(_DATE_BESIDE, text) if "19" in text or "20" in text else text
    left = _without(_DAY_BESIDE, left) if left.count(".") > 1 else left
    return left.strip() if left != text and digit_count(left) >= MIN_PART_DIGITS else text


def _without(pattern: re.Pattern[str], text: str, becomes: str | Callable[[re.Match[str]], str] = _GONE) -> str:
    """Without what is found: a bar stands for it between digits that are left, which are no number together, else a blank."""
    left = pattern.sub(becomes, text)
    return _BETWEEN_DIGITS.sub(r"\1 | \2", left).replace(_GONE, " ") if left != text else text


def hours_beside(text: str) -> str:
    """Drops opening hours beside a number, both with their minutes or sign: `9:00-17:30`, `8h-18h`."""
    left = _without(_HOURS, text) if "-" in text else text
    return _EMPTY_BRACKETS.sub("", left).strip() if left != text and digit_count(left) >= MIN_PART_DIGITS else text


def price_beside(text: str) -> str:
    """Drops a price with the sign of its currency beside a number."""
    left = _without(_PRICE, text) if _has_currency(text) else text
    return _EMPTY_BRACKETS.sub("", left).strip() if left != text and digit_count(left) >= MIN_PART_DIGITS else text


def closed_beside(text: str) -> str:
    """Puts a few digits behind a number that a mark shows to be none of it into brackets."""
    may_close = ")" in text or "]" in text or "'" in text or ".-" in text or ",-" in text
    return _CLOSED.sub(_in_brackets, text) if may_close else text


def _in_brackets(match: re.Match[str]) -> str:
    before = _BRACKETS.sub("", match.string[: match.start()])
    if "(" in before or "[" in before or (match["glued"] and digit_count(_ITEM_END.split(before)[-1]) < MIN_CLOSED_DIGITS):
        return match[0]
    return f" ({match[match.lastgroup or 0]})"


def bare_prices_in(text: str) -> list[str]:
    """The prices that `price_beside` drops though they have no mark of cents or thousands: where numbers are short, each may be one."""
    if price_beside(text) == text:
        return []
    return [digits_in(price[0]) for price in _PRICE.finditer(text) if _BARE_PRICE.fullmatch(price[0])]


def long_prices_in(text: str) -> list[str]:
    """The digits of prices of millions, with their cents and without, each of which may be a number."""
    long = _LONG_PRICE.findall(text) if _has_currency(text) else []
    return [digits_in(price) for each in long for price in (each, re.sub(r"[.,]\d{1,2}(?=\D*$)", "", each))]


def _has_currency(text: str) -> bool:
    return "$" in text or (not text.isascii() and _CURRENCY_SIGN.search(text) is not None)


def has_percentage(text: str) -> bool:
    """`%55 628 185 142`: True where the sign of hundredths is right beside digits."""
    return "%" in text and _PERCENTAGE.search(text) is not None


def are_hours(text: str) -> bool:
    """True for opening hours without a mark in them: `0900-1730`, `9-12 13-18`, which may be a number of seven or eight digits."""
    hours = _SHORT_HOURS.fullmatch(text) or _PARTED_HOURS.fullmatch(text)
    times = [*map(int, hours.groups())] if hours else [0]
    return times == sorted(times) and times[0] < times[-1]


def is_date(text: str) -> bool:
    """True for a day, month and year of four digits in any order, with the time or without."""
    return ("19" in text or "20" in text) and _DATE.fullmatch(text.strip(" ()[]")) is not None


def may_be_time(text: str) -> bool:
    """True for a day or hours without marks, `20170514`, `14 05 2017`, `0900-1730`, which may be a number, words or brackets beside them or none."""
    times = _AROUND.sub("", text)
    return "+" not in text and (are_hours(times) or _BARE_DATE.fullmatch(times) is not None)


def is_ip_address(text: str) -> bool:
    """True for four groups with dots between that may be a computer's address, `212.55.12.34`, or a net."""
    return text.count(".") == 3 and _IP_ADDRESS.match(text.strip(" ()[]")) is not None


def is_file_number(text: str) -> bool:
    """`79/56/79/485`, `5715/2024`."""
    return _FILE_NUMBER.match(text) is not None


def may_be_code(text: str) -> bool:
    """True for a point, a slash or a single dash between digits without a plus or a 0, and for a day."""
    return _LIKE_CODES.match(text.strip("()[] ")) is not None


def may_be_other_thing(text: str) -> bool:
    """True for the same, a house and a post code, thousands, and few digits."""
    return _OTHER_THINGS.match(text.strip("()[] ")) is not None


def is_short_date(text: str) -> bool:
    """True for a day, month and year of two digits, which a number of six digits may look like."""
    return _SHORT_DATE.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """True for digits in the groups of a post code or of a person's identity number."""
    return _CODE.fullmatch(text) is not None


def formula_error(text: str) -> str:
    """A spreadsheet's error is no number."""
    if _FORMULA_ERROR.match(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def formula_guard(text: str) -> str:
    """Drops what keeps a spreadsheet from calculating: ="…", a leading apostrophe, quotes."""
    return _FORMULA_GUARD.sub("", text) if text[:1] in "=" + _QUOTES else text


def empty_word(text: str) -> str:
    """A cell that says that there is no number is empty."""
    if not _DIGIT.search(text) and says_nothing(text):
        raise Reject(RejectReason.EMPTY)
    return text


def says_nothing(text: str) -> bool:
    """True for a blank, `-`, `N/A`, `yok` … in any case and decoration."""
    return text.translate(_DECORATION).casefold() in EMPTY_WORDS


def negative(text: str) -> str:
    """A negative number was calculated, not dialled."""
    if _NEGATIVE.fullmatch(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def scientific(text: str) -> str:
    """Writes scientific notation in full when no digit is lost; never pads."""
    match = _SCIENTIFIC.fullmatch(text)
    if not match:
        return text
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4])
    if exponent > len(fraction) or len(whole) > 1:
        raise Reject(RejectReason.EXCEL_PRECISION_LOST)
    value = Decimal(f"{whole}.{fraction or 0}E{exponent}")
    if sign == "-" or value != value.to_integral_value():
        raise Reject(RejectReason.NOT_A_NUMBER)
    return sign + str(int(value))


def decimals(text: str) -> str:
    """Drops the zero fraction of a number stored as one, and the separators of thousands."""
    match = _DECIMALS.fullmatch(text) if text[-1:].isdecimal() else None
    if not match or (match[4] and match[4] == match[3]):
        return text
    if match[3] == " " and (match[2].startswith("0") or not match[5]):
        return text  # blanks group a number, or part two
    if is_ip_address(text):
        return text  # whether it is grouped as a number is, is asked later
    fraction = match[5] or ""
    if match[2].startswith("0") and fraction not in ("", "0"):
        return text  # no spreadsheet's number begins with 0: the point may be a separator
    if fraction.strip("0"):
        if len(fraction) < 3:
            raise Reject(RejectReason.NOT_A_NUMBER)  # an amount, or a number that some formula has divided
        return text
    return match[1] + digits_in(match[2])


def coordinates(text: str) -> str:
    """A place on the map is no number."""
    if "." in text and _COORDINATES.fullmatch(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def coordinates_beside(text: str) -> str:
    """Drops a place on the map that stands apart beside a number."""
    left = _without(_PLACE_BESIDE, text) if text.count(".") > 1 else text
    return left.strip(" ,;/|\n") if left != text and digit_count(left) >= MIN_PART_DIGITS else text


def address_beside(text: str) -> str:
    """Drops an e-mail or web address that stands apart beside a number."""
    if not _has_address(text):
        return text
    left = _without(_ADDRESS_BESIDE, text, _without_address)
    return re.sub(r"^[\s,;/|:]+|[\s,;/|:]+$|[(<\[]\s*[)>\]]", "", left).strip() if digit_count(left) >= MIN_PART_DIGITS else text


def _without_address(match: re.Match[str]) -> str:
    """Nothing; a word where the digits right before it may be its own: `0574 70 2 rings@example.com`.

    It stays where its last digits may begin the number behind it: `x.com/0160 33043774`, `x.com,0163 0513381`.
    """
    takes_digits = match[0][-1].isdecimal() and _GOES_ON.match(match.string, match.end())
    if digit_count(match[0]) >= MIN_PART_DIGITS or takes_digits or _ENDS_IN_ITEM.search(match[0]):
        return match[0]
    return " mail " if re.search(r"\d\s*$", match.string[: match.start()]) else _GONE


def address_or_digitless(text: str) -> str:
    """An e-mail or web address is no number, nor is what has no digit."""
    if _has_address(text) or not _DIGIT.search(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def _has_address(text: str) -> bool:
    return "@" in text or "://" in text or ("www." in text and _WWW.search(text) is not None)
