"""What is around a number and no part of it: marks, spreadsheet and URI dressing, words, extensions.

One small function a rule; its docstring's first line says what it does, in the words that `fbcheck lineage --row` shows.
A rule returns the text without its dressing, unchanged where it does not apply, and raises `Reject` where no honest
number can be in the text. In which order they run, and what is done with what remains, is the work of `cells`.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from fbcheck_pipeline.phones.words import EMPTY_WORDS, EXTENSION_WORDS, LABELS

LETTER = r"[^\W\d_]"
_QUOTES = "\"'`´‘’“”„«»"


class Reject(Exception):
    """The text holds no honest number; `reason` is one of the reject reasons."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def marks(text: str) -> str:
    """Drops invisible marks; writes digits, signs and blanks of any script in ASCII."""
    return text if text.isascii() else "".join(map(_plain, text))


def _plain(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind == "Cf" or char in "\u20e3\u034f" or "\ufe00" <= char <= "\ufe0f":
        return ""  # bidi and zero-width marks, keycaps, variation selectors
    if kind == "Pd" or char in "\u2212\u30fc\u2043":
        return "-"
    if kind in ("Zs", "So") or char == "\u2800":
        return " "
    if kind in ("Zl", "Zp"):
        return "\n"
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char


def blanks(text: str) -> str:
    """Trims; a tab or carriage return inside is a blank."""
    return re.sub(r"[\t\r\v\f ]+", " ", text).strip()


def nothing(text: str) -> str:
    """A cell that says that there is no number is empty."""
    said = re.sub(r"[\s.\-_/#()\[\]<>?!" + _QUOTES + "]", "", text).casefold()
    if said in EMPTY_WORDS:
        raise Reject("empty")
    return text


def formula_error(text: str) -> str:
    """A spreadsheet's error is no number."""
    if re.match(r"#[A-Za-zÀ-ÿ0-9/_]+[!?]", text):
        raise Reject("not_a_number")
    return text


def formula_guard(text: str) -> str:
    """Drops what keeps a spreadsheet from calculating: ="…", a leading apostrophe, quotes."""
    return re.sub(rf"^\s*=?\s*[{_QUOTES}]*\s*|[{_QUOTES}\s]+$", "", text) if text[:1] in "=" + _QUOTES else text


def scientific(text: str) -> str:
    """Writes 9.05321234567E+11 in full when no digit is lost; never pads."""
    match = re.fullmatch(r"([+-]?)(\d+)(?:[.,](\d+))?\s*[eE]\s*\+?(-?\d{1,4})", text)
    if not match:
        return text
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4])
    if exponent > len(fraction) or len(whole) > 1:
        raise Reject("excel_precision_lost")
    value = Decimal(f"{whole}.{fraction or 0}E{exponent}")
    if sign == "-" or value != value.to_integral_value():
        raise Reject("not_a_number")
    return ("+" if sign else "") + str(int(value))


def decimals(text: str) -> str:
    """Drops the .0 of a number stored as a fraction, and the separators of thousands."""
    match = re.fullmatch(r"(\+?)(\d{1,3}(?:([.,' ])\d{3})(?:\3\d{3})+|\d{5,})(?:([.,])(\d+))?", text)
    if not match or (match[4] and match[4] == match[3]):
        return text
    fraction = match[5] or ""
    if fraction.strip("0") and len(fraction) < 3:
        raise Reject("not_a_number")  # an amount, or a number some formula has divided
    if fraction.strip("0"):
        return text
    return match[1] + re.sub(r"\D", "", match[2])


def negative(text: str) -> str:
    """A negative number was calculated, not dialled."""
    if re.fullmatch(r"-[1-9]\d*(?:[.,]\d+)?", text):
        raise Reject("not_a_number")
    return text


def link(text: str) -> str:
    """Takes the number out of a wa.me or WhatsApp link; such numbers are international."""
    match = re.search(r"(?:wa\.me/|whatsapp\.com/send/?\?(?:.*&)?phone=|whatsapp://send/?\?(?:.*&)?phone=)(?:\+|%2B)?(\d+)", text, re.I)
    return "+" + match[1] if match else text


def uri(text: str) -> str:
    """Drops tel:, callto: and a vCard's TEL;TYPE=…:."""
    text = re.sub(r"^(?:item\d+\.)?tel(?:;[^:]*)?:(?:tel:)?|^(?:callto|sms|smsto|phone|whatsapp|tel|sip):(?://)?", "", text, flags=re.I)
    context = re.search(r";phone-context=(\+\d+)", text, re.I)
    text = re.sub(r";(?:phone-context|isub|type|pref|ext=$)[^;]*", "", text, flags=re.I).strip()
    return context[1] + text if context and not text.startswith("+") else text


def address(text: str) -> str:
    """An e-mail or web address is no number."""
    if re.search(r"@|://|\bwww\.", text):
        raise Reject("not_a_number")
    return text


def no_digits(text: str) -> str:
    """Without a digit there is no number."""
    if not re.search(r"\d", text):
        raise Reject("not_a_number")
    return text


def bracketed_words(text: str) -> str:
    """Drops a word in brackets."""
    return re.sub(rf"[(\[{{<][^()\[\]{{}}<>\d]*{LETTER}[^()\[\]{{}}<>\d]*[)\]}}>]", _bracketed_word, text).strip()


def _bracketed_word(match: re.Match[str]) -> str:
    if may_be_digits(match[0]):
        raise Reject("letters_in_number")
    return " "


def leading_words(text: str) -> str:
    """Drops words before the number."""
    match = re.match(rf"([^\d+]*{LETTER}[^\d+]*?)([\s:.,;\-_)\]=/]*)(?=[(\[]?[\d+])", text)
    if not match:
        return text
    words, gap = match[1].strip(), match[2]
    if not gap and words.casefold() not in LABELS:
        raise Reject("letters_in_number")
    if may_be_digits(words.split()[-1]) and ":" not in gap:
        raise Reject("letters_in_number")
    return text[match.end() :]


def trailing_words(text: str) -> str:
    """Drops words after the number."""
    match = re.search(rf"(?<=[\d)\]])([^\w+]+)({LETTER}[^\d+]*)$", text)
    if not match:
        return text
    gap, words = match[1], match[2]
    if not re.search(r"[\s(),;:/]", gap) or any(map(may_be_digits, words.split())):
        raise Reject("letters_in_number")
    return text[: match.start()]


def extension(text: str) -> str:
    """Drops an extension: ext, x, dahili, int, Durchwahl, ramal … and its digits."""
    match = _EXTENSION.search(text)
    return text[: match.start()] if match else text


_EXTENSION = re.compile(
    rf"(?<=[\d)\]])(?P<gap>[\s,;.\-/(\[]*)(?:(?P<word>{EXTENSION_WORDS})|[x#])[\s.:=#\-]*"
    r"(?P<digits>\d{1,7})(?:\s*[-/,]\s*\d{1,7})*\s*[)\]#]*$",
    re.I,
)


def glued_extension_of(text: str) -> str | None:
    """`030 1234x567`, without a blank before the sign, as if the sign were no extension's; None for any other text."""
    match = _EXTENSION.search(text)
    return None if not match or match["word"] or match["gap"] else text[: match.start()] + match["digits"]


def vanity_of(text: str) -> str | None:
    """The number that a trailing word in capitals, four or more, may stand for; None without one."""
    match = re.search(r"[\s\-]([A-Z]{4,})\W*$", text)
    keys = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
    return text[: match.start()] + match[1].translate(keys) if match else None


def may_be_digits(word: str) -> bool:
    """True for letters that may stand for digits, misread or masked: a lone O, `Il`, `XX` …; the number would lack them."""
    letters = re.sub(rf"(?!{LETTER}).", "", word)
    return bool(re.fullmatch(r"[OoОоIlSZB]+|[xX]+|[iszbqgGQD]", letters))
