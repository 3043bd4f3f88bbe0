"""Which region a country cell means, and which countries the words beside a number name: names in the languages of the world, codes.

Names and codes are CLDR's (Babel) and phonenumbers'; only what people write besides stands here.
"""

# ruff: noqa: RUF001  names of other scripts are what this file is for

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

# In which names are looked for; phonenumbers has some in others.
_LANGUAGES = """
ar az be bg bn bs ca cs da de el en es et fa fi fr he hi hr hu hy id is it ja ka kk ko lt lv mk ms no nl pl pt ro ru sk sl sq sr sr_Latn
sv sw ta th tr uk ur uz vi zh zh_Hant
"""
_MORE_NAMES = """
US: america, united states of america, usa, us, abd, amerika, eeuu, ee uu, vs, сша, etats unis d amerique
GB: uk, great britain, britain, england, scotland, wales, northern ireland, grossbritannien, ingiltere, inglaterra, angleterre
GB: grande bretagne, gran bretaña, англия, inghilterra, gran bretagna, engeland
TR: türkiye cumhuriyeti, republic of turkey | DE: brd, bundesrepublik deutschland, federal republic of germany
NL: the netherlands, niederland | RU: russian federation, российская федерация, рф | SY: syrian arab republic
IR: iran islamic republic of | SA: ksa | AE: uae, bae, vae, emirates, dubai | IN: bharat | CN: prc
KR: republic of korea, korea republic of, kore | CZ: çek cumhuriyeti | BA: bosnia | MM: burma | CI: ivory coast | CD: dr congo
"""

LONGEST_NAME = 4
"""Words of a country's name that are looked for among others."""
_LOOKED_AT = 4  # letters of a word that tell whether a name may begin with it
_WORDS = re.compile(r"[^\W\d_]+(?:[ .'\u2019\-]+[^\W\d_]+)*")

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
    return (_alpha3().get(text.upper()) or _names().get(_key(text))) if 0 < len(text) <= 80 else None


def regions_named(text: str, labels: frozenset[str]) -> frozenset[str]:
    """The regions that the words beside a number name: by name anywhere among them, by code in capitals beside words that are not.

    Args:
        text: a number with its words.
        labels: words that say what a number is, though some are also codes (`No.`, `PH`).
    """
    return frozenset(region for match in _WORDS.finditer(text) for region in _named_by(match, text, labels))


def _named_by(match: re.Match[str], text: str, labels: frozenset[str]) -> Iterator[str]:
    words = match[0].split()
    is_marked = text[match.end() :].lstrip()[:1] == ":" or text[: match.start()].rstrip()[-1:] in ("(", "[")
    for word in {words[0].strip("."), words[-1].strip(".")}:
        is_code = len(word) in (2, 3) and word.isascii() and (word.isupper() or (is_marked and len(words) == 1))
        if is_code and (len(words) == 1 or not match[0].isupper()) and _key(word) not in labels and (region := region_of(word)):
            yield region
    keys = list(map(_key, words))
    for begin, first in enumerate(keys):
        if first[:_LOOKED_AT] not in _beginnings():
            continue  # most words of a note
        for end in range(begin + 1, min(begin + LONGEST_NAME, len(words)) + 1):
            key = "".join(keys[begin:end])
            if (len(key) > 3 or not key.isascii()) and key not in labels and key in _names():
                yield _names()[key]


@cache
def _alpha3() -> dict[str, str]:
    from babel.core import get_global

    aliases = get_global("territory_aliases").items()
    return {
        code: regions[0] for code, regions in aliases if len(code) == 3 and len(regions) == 1 and regions[0] in SUPPORTED_REGIONS
    }


@cache
def _names() -> dict[str, str]:
    """Loaded only when a cell is no code. A name that means two countries in two languages means none."""
    regions_of: defaultdict[str, set[str]] = defaultdict(set)
    for region, name in _known_names():
        if region in SUPPORTED_REGIONS:
            regions_of[_key(name)].add(region)
    names = {key: region for key, [region, *others] in regions_of.items() if not others}
    for entry in re.split(r"[|\n](?=\s*[A-Z]{2}:)", _MORE_NAMES.strip()):
        region, _, more = entry.strip().partition(":")
        names.update({_key(name): region for name in more.split(",")})
    return names


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(name[:length] for name in _names() for length in range(_LOOKED_AT + 1))


def _known_names() -> Iterator[tuple[str, str]]:
    from babel import localedata
    from phonenumbers.geodata.locale import LOCALE_DATA

    for language in _LANGUAGES.split():
        # Without what it inherits: that takes twice the time and names no country.
        yield from localedata.load(language, merge_inherited=False)["territories"].items()
    for region, translations in LOCALE_DATA.items():
        yield from ((region, name) for name in translations.values() if not name.startswith("*"))


def _key(text: str) -> str:
    """Without case, accents, blanks, points and dashes, so that `Türkiye`, `TURKIYE` and `U.S.A.` are found; with the vowels of Indic scripts."""
    if text.isascii():
        plain = text.lower()
        return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))
    bare = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("İ", "i").casefold())
    return "".join(
        char for char in bare if char.isalnum() or (unicodedata.category(char)[0] == "M" and not unicodedata.combining(char))
    )
