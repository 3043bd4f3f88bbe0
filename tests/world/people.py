"""What is written into lists: numbers of many countries with known truth, and texts that files have trouble with.

The numbers are the examples of phonenumbers and drawn ones; none belongs to anyone but by chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from fbcheck_pipeline.phones.fast.patterns import UnknownPattern
from fbcheck_pipeline.phones.fast.terms import COUNTRIES
from fbcheck_pipeline.phones.fast.territories import metadata_of
from tests.unit.phones.corpus import number_of, word_of

_REGIONS = """
DE AT SE FI ID IT LU HK SG NO JP HR HU BG RS RO EE LV LT SI ME BA MK CN TW VN TH MY PH IN LK NP PK IR IL GB IE NZ AU ZA
TR US CA BR AR MX CO CL PE FR ES PT NL BE CH PL CZ GR UA KR EG NG KE MA AE SA PY CR
"""
REGIONS = tuple(_REGIONS.split())
_KEPT = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
E164, INTERNATIONAL, NATIONAL = PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL

MOST_DIGITS = 15
"""Of E.164; some countries' plans allow more."""

TEXTS = {
    "latin": (
        "Jürgen Müller",
        "Élodie Durand",
        "Peña, José",
        'Ann "Nan" Lee',
        "O'Brien; & sons",
        "a\tb",
        "two\nlines",
        " blank ",
    ),
    "turkish": ("Şükrü Işık", "Çağla Öğüt", "İnci, Ağa", 'Ayşe "Gül"', "ığüşöç", "Iğdır\nKars"),
    "cyrillic": ("Иван Петров", "Ольга, Киев", 'ООО "Ромашка"', "Жанна; Щ", "две\nстроки"),
    "greek": ("Γιώργος Παπάς", "Μαρία, Αθήνα", "Νίκος"),
    "japanese": ("山田太郎", "佐藤、花子", "鈴木"),
    "chinese": ("张三", "李四，王五", "北京"),
    "taiwanese": ("張三", "李四，王五", "臺北"),
    "korean": ("김철수", "이영희, 서울"),
    "arabic": ("محمد علي", "فاطمة، دبي"),
    "without line feeds": ("Ann Lee", "Bob, Jr.", 'say "hi"', "x;y|z"),
    "hebrew": ("דוד כהן", "שרה, חיפה"),
    "ascii": ("Ann Lee", "Bob, Jr.", 'say "hi"', "x;y|z", "line\nfeed", "-", "1e5", "007", "true", "2026-11-01"),
    "formulas": ("=1+1", "#N/A", "@sum", "-2+3"),
}


@dataclass(frozen=True)
class Person:
    """One row: what is written, and the number that its phone is."""

    id: int
    name: str
    phone: str
    e164: str
    country: str


@cache
def valid_numbers(region: str) -> tuple[PhoneNumber, ...]:
    """Example and drawn numbers of a region which phonenumbers reads from their national form, all of kept types."""
    chance = random.Random(region)
    territory = COUNTRIES.index(region)
    found = [phonenumbers.example_number_for_type(region, each) for each in _KEPT]
    for described in (metadata_of(territory).fixed_line, metadata_of(territory).mobile):
        try:
            drawn = [word_of(described.national_number_pattern or "", chance) for _ in range(40)] if described else []
        except UnknownPattern:
            continue
        found += [number_of(territory, each) for each in drawn]
    return tuple(each for each in found if each and _is_kept(each, region))


def _is_kept(number: PhoneNumber, region: str) -> bool:
    is_valid = phonenumbers.is_valid_number_for_region(number, region) and len(written(number, E164)) <= MOST_DIGITS + 1
    if phonenumbers.number_type(number) not in _KEPT or not is_valid:
        return False
    again = phonenumbers.parse(written(number, NATIONAL), region)
    return written(again, E164) == written(number, E164)


def written(number: PhoneNumber, style: int) -> str:
    """As phonenumbers writes it."""
    return phonenumbers.format_number(number, style)


def people(chance: random.Random, region: str, count: int, texts: str = "latin", style: int | None = None) -> list[Person]:
    """So many rows with phones of one region, written in one style or in all."""
    found = []
    for row in range(count):
        number = chance.choice(valid_numbers(region))
        chosen = style if style is not None else chance.choice((E164, INTERNATIONAL, NATIONAL))
        name = chance.choice(TEXTS[texts])
        found.append(Person(row + 1, name, written(number, chosen), written(number, E164), region))
    return found
