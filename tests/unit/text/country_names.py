"""Writes `fbcheck_pipeline/text/country_names.txt`: `python -m tests.unit.text.country_names`. A test says when it is no longer current.

Names and codes are CLDR's (Babel) and phonenumbers'; only what people write besides stands here. Reading both takes a third of a second, the file
some milliseconds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from babel import localedata
from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS
from phonenumbers.geodata.locale import LOCALE_DATA

from fbcheck_pipeline.text.countries import NAMES, key_of

NOTE = "# Written by tests/unit/text/country_names.py from CLDR and phonenumbers; change that, not this file.\n"
# In which names are looked for; phonenumbers has some in others.
_LANGUAGES = """
am ar az be bg bn bs ca cs da de el en es et fa fi fr he hi hr hu hy id is it ja ka kk km ko lo lt lv mk ms my ne no nl pl pt ro ru si sk
sl sq sr sr_Latn sv sw ta th tr uk ur uz vi zh zh_Hant
"""
_MORE_NAMES = """
US: america, united states of america, usa, us, abd, amerika, eeuu, ee uu, vs, сша, etats unis d amerique
GB: uk, great britain, britain, england, scotland, wales, northern ireland, grossbritannien, ingiltere, inglaterra, angleterre
GB: grande bretagne, gran bretaña, англия, inghilterra, gran bretagna, engeland
TR: türkiye cumhuriyeti, republic of turkey | DE: brd, bundesrepublik deutschland, federal republic of germany
NL: the netherlands, niederland | RU: russian federation, российская федерация, рф | SY: syrian arab republic
IR: iran islamic republic of | SA: ksa, السعودية | AE: uae, bae, vae, emirates, dubai, الإمارات | IN: bharat | CN: prc
KR: republic of korea, korea republic of, kore, 한국 | CZ: çek cumhuriyeti | BA: bosnia | MM: burma | CI: ivory coast | CD: dr congo
"""


def content() -> str:
    """A line for each region: its alpha-3 codes, then the keys of its names."""
    keys_of: defaultdict[str, list[str]] = defaultdict(list)
    for key, region in sorted(_names().items()):
        keys_of[region].append(key)
    codes_of: defaultdict[str, list[str]] = defaultdict(list)
    for code, regions in sorted(get_global("territory_aliases").items()):
        if len(code) == 3 and code.isalpha() and len(regions) == 1:
            codes_of[regions[0]].append(code)
    return NOTE + "".join(f"{region}: {' '.join(codes_of[region] + keys_of[region])}\n" for region in sorted(SUPPORTED_REGIONS))


def _names() -> dict[str, str]:
    """A name that means two countries in two languages means none."""
    regions_of: defaultdict[str, set[str]] = defaultdict(set)
    for region, name in _known_names():
        if region in SUPPORTED_REGIONS:
            regions_of[key_of(name)].add(region)
    names = {key: region for key, [region, *others] in regions_of.items() if not others}
    for entry in re.split(r"[|\n](?=\s*[A-Z]{2}:)", _MORE_NAMES.strip()):
        region, _, more = entry.strip().partition(":")
        names.update({key_of(name): region for name in more.split(",")})
    return names


def _known_names() -> Iterator[tuple[str, str]]:
    for language in _LANGUAGES.split():
        # Without what it inherits: that takes twice the time and names no country.
        yield from localedata.load(language, merge_inherited=False)["territories"].items()
    for region, translations in LOCALE_DATA.items():
        yield from ((region, name) for name in translations.values() if not name.startswith("*"))


if __name__ == "__main__":
    NAMES.write_text(content(), encoding="utf-8")
