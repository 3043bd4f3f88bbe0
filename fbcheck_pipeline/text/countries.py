"""Which region a country cell means, and which countries the words beside a number name: names in the languages of the world, codes.

The names stand in `country_names.txt`, which `tests/unit/text/country_names.py` writes.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

NAMES = Path(__file__).with_name("country_names.txt")
"""A line for each region: its alpha-3 codes in capitals, then its names, each as `key_of` gives it."""
LONGEST_NAME = 4
"""Words of a country's name that are looked for among others."""
# With the vowels of Indic scripts and their neighbours, which are marks and no letters: `भारत`.
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0900-\u109f\u1780-\u17ff])"
_WORDS = re.compile(rf"{_LETTER}+(?:[ .'\u2019\-]+{_LETTER}+)*")

# Of a hundred such cells ninety-nine say "not available".
NAMIBIA_OR_NOTHING = ("NA", "na")


@lru_cache(maxsize=10_000)
def region_of(text: str) -> str | None:
    """The ISO region that a country cell means, None where it is blank or unknown.

    Args:
        text: a name, an alpha-2 or alpha-3 code, or a dialling code (90, +90, 0090; a shared one gives its main region).
    """
    text = text.strip()
    if text in NAMIBIA_OR_NOTHING:
        return None
    if match := re.fullmatch(r"\(?(?:\+|00)?\s*(\d{1,3})\)?(?:\.0)?", text):
        region = COUNTRY_CODE_TO_REGION_CODE.get(int(match[1]), (None,))[0]
        return region if region in SUPPORTED_REGIONS else None
    if len(text) == 2 and text.upper() in SUPPORTED_REGIONS:
        return text.upper()
    return (names().get(text.upper()) or names().get(key_of(text))) if 0 < len(text) <= 80 else None


@lru_cache(maxsize=1000)
def regions_named(text: str, labels: frozenset[str]) -> frozenset[str]:
    """The regions that the words beside a number name: by name anywhere among them, by code in capitals beside words that are not.

    The rules ask for one text several times.

    Args:
        text: a number with its words.
        labels: words that say what a number is, though some are also codes (`No.`, `PH`).
    """
    return frozenset(region for match in _WORDS.finditer(text) for region in _named_by(match, text, labels))


def _named_by(match: re.Match[str], text: str, labels: frozenset[str]) -> Iterator[str]:
    words = match[0].split()
    for word in {words[0].strip("."), words[-1].strip(".")}:
        word = "".join(word.split(".")) if len(word) == 5 else word  # `U.S.A`
        if len(word) in (2, 3) and word.isascii() and _is_code(word, match, text, len(words)) and key_of(word) not in labels:
            yield from filter(None, [region_of(word)])
    if not any(map(begins_name, words)):
        return  # most words of a note
    keys = list(map(key_of, words))
    for begin, first in enumerate(words):
        if not begins_name(first):
            continue
        for end in range(begin + 1, min(begin + LONGEST_NAME, len(words)) + 1):
            key = "".join(keys[begin:end])
            if (len(key) > 3 or not key.isascii()) and key not in labels and key in names():
                yield names()[key]


def _is_code(word: str, match: re.Match[str], text: str, words: int) -> bool:
    """True for a word in capitals, beside others that are not, or a marked one that is alone; none within digits."""
    before, behind = text[: match.start()], text[match.end() :]
    if before[-1:].isdecimal() and behind[:1].isdecimal():
        return False
    if word.isupper() and (words == 1 or not match[0].isupper()):
        return True
    return words == 1 and (behind.lstrip()[:1] == ":" or before.rstrip()[-1:] in ("(", "["))


@cache
def names() -> dict[str, str]:
    """Regions by the keys of their names, and by alpha-3 codes in capitals; read only when a cell is no alpha-2 code."""
    lines = NAMES.read_text(encoding="utf-8").splitlines()[1:]
    return {name: region for region, _, known in (line.partition(":") for line in lines) for name in known.split()}


@lru_cache(maxsize=10_000)
def begins_name(word: str) -> bool:
    """True for the first letters of a country's name, or all of them."""
    key, in_order = key_of(word), _names_in_order()
    return in_order[bisect_left(in_order, key) % len(in_order)].startswith(key)


@cache
def _names_in_order() -> list[str]:
    return sorted(names())


def key_of(text: str) -> str:
    """Without case, accents, blanks, points and dashes, so that `Türkiye`, `TURKIYE` and `U.S.A.` are found; with the vowels of Indic scripts.

    Without the sign of long Japanese vowels, too, which is a dash beside numbers.
    """
    if text.isascii():
        plain = text.lower()
        return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))
    bare = unicodedata.normalize("NFKD", text.replace("\u0131", "i").replace("\u0130", "i").casefold())
    return "".join(
        char
        for char in bare.replace("\u30fc", "")
        if char.isalnum() or (unicodedata.category(char)[0] == "M" and not unicodedata.combining(char))
    )
