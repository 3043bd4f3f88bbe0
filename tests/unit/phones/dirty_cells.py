"""Dirty cells with known truth: templates of dirt (`tests/data/dirt_templates.csv`) filled with numbers of sixty regions.

In a template `{n}` is the first number as people write it, `{m}` the second, `{d}` and `{e}` their international digits; `{s}` the end of a
second number, as people write it behind one of the same town, `{r}` the last two digits of the next number; `{c}` the name or code of the
number's country, which is not the list's, and `{f}` its flag. A cell's truth is every number that a person would read in it; anything
else that comes out of it is silently wrong.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from fbcheck_pipeline.phones.careful.reference import has_trunk_zero
from fbcheck_pipeline.phones.fast.patterns import UnknownPattern
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from fbcheck_pipeline.phones.fast.territories import metadata_of
from tests.unit.phones.corpus import by_the_library, number_of, read_carefully, word_of

TEMPLATES = Path(__file__).parents[2] / "data" / "dirt_templates.csv"
# Those whose numbers vary in length first: there a digit too many is another number. They are half of all cells.
_REGIONS = """
DE AT SE FI ID IT LU HK SG NO JP HR HU BG RS RO EE LV LT SI ME BA MK CN TW VN TH MY PH IN LK NP PK IR IL GB IE NZ AU ZA
TR US CA BR AR MX CO CL PE FR ES PT NL BE CH PL CZ GR UA KR EG NG KE MA AE SA PY CR
"""
REGIONS = tuple(_REGIONS.split())
OF_VARYING_LENGTH = REGIONS[:20]
NAMES = {
    "DE": "Deutschland DE Germany Almanya",
    "AT": "Österreich AT",
    "CH": "Schweiz CH Suisse",
    "FR": "France FR",
    "IT": "Italia IT",
    "TR": "Türkiye TR",
    "US": "USA US",
    "GB": "UK England",
    "SE": "Sverige SE",
    "FI": "Suomi FI",
    "ID": "Indonesia",
    "LU": "Luxembourg",
    "NL": "Nederland NL",
    "ES": "España",
    "JP": "日本",
}
_KEPT = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP)


class DirtyCell(NamedTuple):
    """A cell, the region of its list, its kind, and the numbers that it says."""

    text: str
    region: str
    kind: str
    truth: frozenset[str]

    def verdict(self) -> Literal["whole", "rejected", "wrong"]:
        """What the careful path makes of it."""
        found = {each.e164 for each in read_carefully(self.text, COUNTRIES.index(self.region), Says.NOTHING)} - {None}
        return "whole" if found == self.truth else "wrong" if found else "rejected"


class Template(NamedTuple):
    """Dirt around so many numbers."""

    kind: str
    numbers: str
    text: str


def templates() -> list[Template]:
    """All kinds of dirt."""
    with TEMPLATES.open(encoding="utf-8", newline="") as file:
        return [Template(**{"text": row.pop("template"), **row}) for row in csv.DictReader(file)]


def cells(chance: random.Random, of_each: int) -> Iterator[DirtyCell]:
    """So many cells of each template, each in a region and with numbers of its own."""
    for template in templates():
        for _ in range(of_each):
            region = chance.choice(OF_VARYING_LENGTH if chance.random() < 0.5 else REGIONS)
            if template.numbers == "0":
                yield DirtyCell(template.text, region, template.kind, frozenset())
            elif template.kind == "abroad":
                yield _abroad(template, chance.choice(list(NAMES)), region, chance)
            else:
                yield _filled(template, region, chance)


def _filled(template: Template, region: str, chance: random.Random) -> DirtyCell:
    numbers = _numbers_read(region, chance)
    (first, n), (second, m) = next(numbers), next(numbers)
    if template.kind == "before" and n[0] not in "0+":
        n = _e164(first)  # digits before a number without trunk 0 are one number to phonenumbers, too
    if not re.sub(r"\{.\}|\s", "", template.text) and m[0] not in "0+":
        m = _e164(second)  # and so are two numbers with nothing but blanks between
    d, e, end = _e164(first)[1:], _e164(second)[1:], _end_of(second, chance)
    following = f"{int(n[-2:]) + 3:02}" if n[-2:].isdigit() and int(n[-2:]) < 97 else f"{int(n[-1]) + 1}"
    truth = {f"+{d}", f"+{e}"} if template.numbers == "2" and "rn=" not in template.text else {f"+{d}"}
    if template.kind == "short":  # right only where towns have no codes, so that the end is a number
        alone = None if has_trunk_zero(region) else by_the_library(end, COUNTRIES.index(region))
        truth = {f"+{d}", alone or "unwritten"}
    return DirtyCell(template.text.format(n=n, m=m, d=d, e=e, s=end, r=following), region, template.kind, frozenset(truth))


def _abroad(template: Template, country: str, region: str, chance: random.Random) -> DirtyCell:
    number, text = next(_numbers_read(country, chance))
    flag = "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in country)
    cell = template.text.format(c=chance.choice(NAMES[country].split()), f=flag, n=text)
    return DirtyCell(cell, region, template.kind, frozenset({_e164(number)}))


def _numbers_read(region: str, chance: random.Random) -> Iterator[tuple[PhoneNumber, str]]:
    """Numbers and how they are written; only what is read as it should be without dirt."""
    numbers = _numbers_of(region, chance)
    while True:
        number = chance.choice(numbers)
        text = _written(number, chance)
        if DirtyCell(text, region, "", frozenset({_e164(number)})).verdict() == "whole":
            yield number, text


def _numbers_of(region: str, chance: random.Random) -> list[PhoneNumber]:
    """The examples of every type that is kept, and drawn ones of all lengths."""
    found = [phonenumbers.example_number_for_type(region, each) for each in PhoneNumberType.values()]
    metadata = metadata_of(COUNTRIES.index(region))
    for pattern in (each.national_number_pattern or "" for each in (metadata.fixed_line, metadata.mobile) if each):
        try:
            found += [number_of(COUNTRIES.index(region), word_of(pattern, chance)) for _ in range(6 if pattern else 0)]
        except UnknownPattern:
            continue
    return [each for each in found if each and phonenumbers.number_type(each) in _KEPT and _is_of(each, region)]


def _is_of(number: PhoneNumber, region: str) -> bool:
    return bool(phonenumbers.is_valid_number_for_region(number, region))


def _written(number: PhoneNumber, chance: random.Random) -> str:
    """As people of its country write it."""
    national, international = (
        phonenumbers.format_number(number, each) for each in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)
    )
    digits = re.sub(r"\D", "", national)
    pairs = " ".join([digits[:3], *re.findall(r"\d{1,2}", digits[3:])])
    return chance.choice([national, national, national, international, digits, pairs, national.replace("-", " "), _e164(number)])


def _end_of(number: PhoneNumber, chance: random.Random) -> str:
    """Four to seven digits that do not begin with a trunk 0."""
    national = re.sub(r"\D", "", phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
    return national[-chance.randint(4, 7) :].lstrip("0") or "4321"


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
