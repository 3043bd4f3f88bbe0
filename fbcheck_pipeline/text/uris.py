"""Numbers inside URIs, vCards and hyperlinks: schemes, parameters, and WhatsApp's links and addresses.

Rules like those of `decorations`, and `segments`, which takes chat links out of a cell: their digits are international by definition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import LABELS, words_of
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS, Reject, digit_count, digits_in, is_date

MIN_MESSAGE_DIGITS = 4
"""Of a message, which may be a number behind it."""
MOST_PARAMETER_DIGITS = 5
"""Of a parameter that may go; more may be a number."""

_DIGIT = re.compile(r"\d")
_HYPERLINK = re.compile(r'=\s*\w+\(\s*"+([^"]*)"+\s*(?:[,;]\s*(?:"+([^"]*)"+|[^"()]*)\s*)?\)')
_ANCHOR = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']?([^\"'<>\s]*)[\"']?[^<>]*>([^<>]*)</a>", re.I)
_VALUE_OF_TYPE = r"[\w,.\-]*|\"[\w,.\- ]*\""
SCHEME = (
    rf"(?:item\d+\.)?(?:tel|fax)(?:;[a-z\-]+(?:=(?:{_VALUE_OF_TYPE}))?)*:\s*(?:tel:)?|(?:callto|smsto|sms|phone|whatsapp):(?://)?"
)
"""With a vCard's types, in letters of any case."""
_SCHEME = re.compile(rf"(?<![^\W_])(?:{SCHEME})\s*(?=[+(\[\d])", re.I)
# RFC 3966: no blank in it, and a dash is only there to be seen.
_GLOBAL = re.compile(r"tel:(\+[\d\-.()]*\d)(?=\)?(?:$|[;?,|\n]))", re.I)
_BODY = re.compile(r"[?&;](?:body|text)=([^\n|]*)", re.I)
_CONTEXT = re.compile(
    r"(\+?)([(\d][\d \-.()]*)((?:;[a-z\-]+(?:=[^;,|/\s]*)?)*);phone-context=(\+?[a-z\d.\-()]*)((?:;[a-z\-]+(?:=[\w.+%:@()\-]*)?)*)"
    r"(?=\s*(?:$|[;,|/\n?]))",
    re.I,
)
_PARAMETER = re.compile(r";\s*([a-z][a-z\-]*)=([\w.+%:@()\-]*)(?=\s*(?:$|[;,|/\n]))", re.I)
_NAMES_OF_VALUES = ("value", "values", "phonevalue")
_ROUTING = ("rn", "cic", "phone-context")

_CHAT_LINK = re.compile(
    r"(?:https?:/{0,2})?(?:[\w\-]+\.)*(?P<host>wa\.me/|whatsapp(?:\.com/|://))"
    r"(?P<rest>(?:(?![?&]text=)[^\s,;|<>\"'`()\[\]])*)(?P<text>[?&]text=[^\n|]*)?"
    r"|(?<![\w.+\-])\+?(?P<jid>\d{7,15})(?:[.:]\d{1,2})*@(?:s\.whatsapp\.net|c\.us)\b",
    re.I,
)
_MARKS_OF_LINKS = ("wa.me/", "whatsapp", "@c.us")
_PHONE_PARAMETER = re.compile(r"[?&]phone=([^&#]*)", re.I)
_LINKED = re.compile(r"\s*\+?\s*\(?\d[\d\s().\-]*")
_ENDS_IN_DIGIT = re.compile(r"\d[^\S\n]*$")
_GOES_ON = re.compile(r"[^\S\n]*[1-9]")


class Segment(NamedTuple):
    """A stretch of a cell: the number of a chat link, decoded, or the text around links."""

    text: str
    is_link: bool


def segments(text: str) -> list[Segment]:
    """Chat links and the text around them, in order; beside links, text without a digit goes. One segment of text where there is no link.

    Raises:
        Reject: a link holds something else than one whole number, or what follows may belong to it.
    """
    folded = text.casefold()
    links = list(_CHAT_LINK.finditer(text)) if any(mark in folded for mark in _MARKS_OF_LINKS) else []
    if not links:
        return [Segment(text, False)]
    found, end = [], 0
    for link in links:
        if link["jid"] and _ENDS_IN_DIGIT.search(text[end : link.start()]):
            raise Reject(RejectReason.INVALID_NUMBER)
        found.append(Segment(text[end : link.start()], False))
        found += [Segment(number, True) for number in _numbers_of(link)]
        end = link.end()
        if _GOES_ON.match(text, end):
            raise Reject(RejectReason.INVALID_NUMBER)
    found.append(Segment(text[end:], False))
    return [segment for segment in found if _DIGIT.search(segment.text)]


def _numbers_of(link: re.Match[str]) -> Iterator[str]:
    if link["jid"]:
        yield link["jid"]
        return
    address = re.sub(r"[.!:]$", "", link["rest"]) + (link["text"] or "")
    numbers: list[str] = _PHONE_PARAMETER.findall(address)
    left = _PHONE_PARAMETER.sub("", address)
    if not numbers and link["host"].lower() == "wa.me/":
        number, mark, left = re.split(r"([?&/#]|$)", address, maxsplit=1)[:3] if address else ("", "", "")
        numbers, left = [number], mark + left
    decoded = [unquote(number) for number in numbers]
    are_numbers = decoded and all(map(_LINKED.fullmatch, decoded)) and not any(map(is_date, decoded))
    if not are_numbers or digit_count(unquote(left)) >= MIN_PART_DIGITS:
        raise Reject(RejectReason.INVALID_NUMBER)
    yield from decoded


def hyperlink(text: str) -> str:
    """Takes a spreadsheet's link function apart: its address, and its label where that has digits."""
    match = _HYPERLINK.fullmatch(text.strip()) if "=" in text else None
    return _address_and_label(match) if match and ":" in match[1] else text


def anchor(text: str) -> str:
    """Takes an HTML link apart in the same way; a page's address goes, where its label has the number."""
    return _ANCHOR.sub(lambda match: _address_and_label(match) + "\n", text).strip() if "<" in text else text


def _address_and_label(link: re.Match[str]) -> str:
    address, label = link[1], link[2] or ""
    digits, shown = digits_in(unquote(address)), digits_in(label)
    is_same = digits.endswith(shown.lstrip("0")) and len(shown) >= MIN_PART_DIGITS
    if not shown or is_same:
        return address
    return label if address.startswith("http") and len(digits) < MIN_PART_DIGITS else f"{address}\n{label}"


def documents(text: str) -> str:
    """Takes the numbers out of a JSON document, if nothing else in it has digits."""
    if '"' not in text or text.strip()[:1] not in ("{", "["):
        return text
    try:
        found = list(_values(json.loads(text), is_number=True))
    except (ValueError, RecursionError):
        return text
    return ";".join(found) or text


def _values(document: Any, is_number: bool) -> Iterator[str]:
    """The texts that are numbers by what they are called.

    Raises:
        ValueError: something else has digits.
    """
    if isinstance(document, dict):
        for name, value in document.items():
            word = "".join(words_of(name))
            yield from _values(value, word in LABELS or word in _NAMES_OF_VALUES)
    elif isinstance(document, list):
        for value in document:
            yield from _values(value, is_number)
    elif _DIGIT.search(str(document)):
        if not is_number or not isinstance(document, str):
            raise ValueError(document)
        yield document


def message(text: str) -> str:
    """Drops the message of an sms: link."""
    match = _BODY.search(text) if "=" in text else None
    if not match:
        return text
    if digit_count(unquote(match[1])) >= MIN_MESSAGE_DIGITS:
        raise Reject(RejectReason.INVALID_NUMBER)
    return text[: match.start()] + "|" * (match.end() < len(text)) + text[match.end() :]


def scheme(text: str) -> str:
    """Drops tel:, callto: and a vCard's TEL;TYPE=…:; a second one begins another number."""
    if ":" not in text:
        return text.strip()
    text = _GLOBAL.sub(lambda match: "tel:+" + digits_in(match[1]), text)
    if not _SCHEME.search(text):
        return text.strip()
    first = _DIGIT.search(_SCHEME.sub(lambda match: " " * len(match[0]), text))
    begin = first.start() if first else len(text)
    return _SCHEME.sub(lambda match: "|" if match.start() > begin else "", text).strip()


def parameters(text: str) -> str:
    """Drops the parameters of a number (`;type=home`, `;isub=12`); a phone-context goes before it."""
    if ";" not in text or "=" not in text:
        return text
    return _PARAMETER.sub(_parameter, _CONTEXT.sub(_in_context, text)).strip()


def _in_context(match: re.Match[str]) -> str:
    plus, number, before, context, after = match.groups()
    is_needed = not plus and re.fullmatch(r"\+[\d\-.()]*\d", context)
    return (re.sub(r"[^\d+]", "", context) + " " if is_needed else plus) + number + before + after


def _parameter(match: re.Match[str]) -> str:
    name, value = match[1], match[2]
    if digit_count(value) and "".join(words_of(name)) in LABELS:
        return match[0]
    is_route = name.lower() in _ROUTING and re.fullmatch(r"\+?[\d\-.()]*", value)
    if digit_count(value) <= MOST_PARAMETER_DIGITS or is_route:
        return ""
    raise Reject(RejectReason.INVALID_NUMBER)
