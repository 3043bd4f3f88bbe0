"""Generated numbers: none belongs to anyone but by chance. Every region and type, every way to write them, and traps.

The generator walks phonenumbers' own patterns; what the numbers must become is never taken from here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from operator import itemgetter

import numpy as np
import phonenumbers
import pyarrow as pa
from phonenumbers import PhoneNumber, PhoneNumberFormat

from fbcheck_pipeline.model.reasons import EXCLUDED_LINE_TYPES, LINE_TYPES, RejectReason
from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from fbcheck_pipeline.phones.careful.reference import PhoneOutcome
from fbcheck_pipeline.phones.fast.fast_path import Compiled, FastPath
from fbcheck_pipeline.phones.fast.patterns import followers, parse
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, TERRITORY_COUNT, Says, code_of
from fbcheck_pipeline.phones.fast.territories import metadata_of
from fbcheck_pipeline.phones.phone_batches import outcomes_from, phones_read

NO_REGION = -1
TYPES = (
    "fixed_line",
    "mobile",
    "voip",
    "personal_number",
    "premium_rate",
    "toll_free",
    "shared_cost",
    "pager",
    "uan",
    "voicemail",
)
TERRITORIES = tuple(territory for territory in range(TERRITORY_COUNT) if territory != COUNTRIES.index("001"))

Cell = tuple[str, int, Says]


def word_of(pattern: str, chance: random.Random) -> str:
    """Some digits that match a pattern of the metadata; the same ones for the same chance."""
    rest, word = parse(pattern), ""
    while not (rest.is_complete and (not followers(rest) or chance.random() < 0.3)):
        # Their own order is that of addresses in memory.
        mask, rest = chance.choice(sorted(followers(rest), key=itemgetter(0)))
        word += str(chance.choice([digit for digit in range(10) if mask >> digit & 1]))
    return word


@cache
def patterns_of_numbers() -> tuple[tuple[int, str], ...]:
    """Territory and what its national numbers match: those of each region and type, and those that are only general."""
    descriptions = [(each, getattr(metadata_of(each), name)) for each in TERRITORIES for name in (*TYPES, "general_desc")]
    return tuple((each, found.national_number_pattern) for each, found in descriptions if found and found.national_number_pattern)


def national_numbers(chance: random.Random, of_each: int) -> Iterator[tuple[int, str]]:
    """Territory and national number: so many of each pattern."""
    for territory, pattern in patterns_of_numbers():
        for _ in range(of_each):
            yield territory, word_of(pattern, chance)


def number_of(territory: int, national: str) -> PhoneNumber:
    """As phonenumbers holds it, leading zeros included."""
    number = PhoneNumber(country_code=code_of(territory), national_number=int(national))
    if national.startswith("0") and len(national) > 1:
        number.italian_leading_zero = True
        number.number_of_leading_zeros = len(national) - max(1, len(national.lstrip("0")))
    return number


def honest_forms(territory: int, national: str) -> list[str]:
    """One number as people write it: all of phonenumbers' own formats, with and without their signs, and common habits."""
    number, code = number_of(territory, national), str(code_of(territory))
    e164, international, written, uri = (
        phonenumbers.format_number(number, style)
        for style in (
            PhoneNumberFormat.E164,
            PhoneNumberFormat.INTERNATIONAL,
            PhoneNumberFormat.NATIONAL,
            PhoneNumberFormat.RFC3966,
        )
    )
    digits = re.sub(r"\D", "", written)
    return [
        e164,
        international,
        international.replace("-", " "),
        international.replace(" ", "."),
        international.replace(" ", "  "),
        f"+{code} ({national[:3]}) {national[3:]}",
        f"+ {code}{national}",
        written,
        written.replace("-", " "),
        written.replace(" ", "."),
        digits,
        f"({digits[:3]}) {digits[3:]}",
        f"({digits[:4]}) {digits[4:7]} {digits[7:]}",
        f"{digits[:4]} {digits[4:]}",
        f"{digits[:3]} {digits[3:6]} {digits[6:]}",
        national,
        f"{national[:3]} {national[3:]}",
        f"00{e164[1:]}",
        f"00 {code} {national}",
        f"011{e164[1:]}",
        f" {e164} ",
        uri,
    ]


def tricky_forms(territory: int, national: str, chance: random.Random) -> list[str]:
    """What the fast path must not take for something else: prefixes, doubled or lost digits, separators in odd places."""
    metadata, code, foreign = metadata_of(territory), str(code_of(territory)), chance.choice(TERRITORIES)
    trunk = metadata.national_prefix or "0"
    forms = [
        code + national,
        trunk + national,
        f"+{code}{trunk}{national}",
        f"+{code} ({trunk}) {national}",
        f"{code}{trunk}{national}",
        "0" + national,
        "1" + national,
        national[:-1],
        national + "0",
        f"+{code}{national[:-1]}",
        f"+{code}{national}7",
        f"+{national}",
        f"+00{code}{national}",
        f"000{code}{national}",
        f"00{trunk}{national}",
        f"{national[:3]}.{national[3:]}",
        f"{national}.0",
        f"{national[:-2]}-{national[-2:]}",
        f"{national[:-1]}-{national[-1:]}",
        f"{national}-{(int(national[-2:]) + 1) % 100:02}",
        f"{national}-{int(national[-1:]) + 1}",
        f"{national[:-4]}-{national[-4:]}",
        f"{national} ({national[:2]})",
        f"-{national}",
        f"{national} - {national}",
        f"{national} {trunk}{national}",
        f"{national[:4]}--{national[4:]}",
        f"{national}+{national}",
        f"{national[:5]}({national[5:]}",
        f"+{code}-{national}-",
        f"{trunk}{national[:4]}/{national[4:]}",
        f"{national},0",
        f"{national};",
        f"+{code_of(foreign)}{national}",
        f"00{code_of(foreign)}{national}",
    ]
    if metadata.international_prefix:
        forms += [word_of(metadata.international_prefix, chance) + rest for rest in (code + national, "0" + national, national)]
    for choice in re.split(r"\|(?![^(]*\))", metadata.national_prefix_for_parsing or ""):
        if choice.count("(") == choice.count(")"):
            forms.append(word_of(choice.rstrip("$"), chance) + national)
    return forms


def noise(chance: random.Random, count: int) -> list[str]:
    """Digit strings of every length, with every beginning that means something."""
    beginnings = ("", "", "+", "00", "0", "+00", "+0", "011", "1", "8", "90", "44", "810")
    return [chance.choice(beginnings) + "".join(chance.choices("0123456789", k=chance.randint(1, 26))) for _ in range(count)]


def fast_path() -> FastPath:
    """A fast path with the usual exclusions that has compiled nothing yet."""
    return FastPath(map(LINE_TYPES.index, EXCLUDED_LINE_TYPES), Compiled())


def read_fast(path: FastPath, cells: list[Cell]) -> list[PhoneOutcome | None]:
    """What the fast path says of cells; None where it is not sure."""
    texts = pa.array([text for text, _, _ in cells], pa.string())
    regions = np.array([region for _, region, _ in cells], np.int64)
    column = np.array([says for _, _, says in cells], np.int64)
    reading, e164 = path.read(texts, regions, column)
    outcomes = outcomes_from(phones_read(regions, reading, e164))
    return [outcome if sure else None for outcome, sure in zip(outcomes, reading.is_sure, strict=True)]


def read_carefully(text: str, region: int, says: Says) -> list[PhoneOutcome]:
    """What the careful path says of one cell, with the usual exclusions."""
    found = outcomes_of(text, None if region == NO_REGION else COUNTRIES[region], says)
    return [
        each._replace(e164=None, reason=RejectReason.LINE_TYPE_EXCLUDED) if each.line_type in EXCLUDED_LINE_TYPES else each
        for each in found
    ]


def by_the_library(text: str, region: int) -> str | None:
    """phonenumbers' own answer, straight from its three public functions."""
    try:
        parsed = phonenumbers.parse(text, None if region == NO_REGION else COUNTRIES[region])
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(parsed) else None
