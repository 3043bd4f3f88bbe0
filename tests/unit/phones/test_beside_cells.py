"""Columns in which something stands beside each number, in vectors: each cell becomes what the careful path makes of it."""

from __future__ import annotations

import random

import pytest

from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from tests.unit.phones.corpus import Cell, read_carefully
from tests.unit.phones.test_dirty_cells import ReadAtOnce, disagreements, numbers_of, read_at_once, reader

__all__ = ["read_at_once", "reader"]  # the fixtures

COLUMNS = (
    # a letter that may be a digit
    ("0731 1234567 (p), 0171 1234567 (g)", "DE"),
    ("0171 1234567 (g) / 0731 123456", "DE"),
    ("T 0731 1234567 M 0171 1234567", "DE"),
    # counts and hours behind a number that ends in one place only
    ("0532 123 45 67 2 ga qadar", "TR"),
    ("0532 123 45 67 10 - 16 arkisin", "TR"),
    ("0532 123 45 67 9 to 5 pm", "TR"),
    ("0532 123 45 67 [9 - 17 Uhr]", "TR"),
    ("0532 123 45 67 100 Euro", "TR"),
    ("0532 123 45 67 8 人", "TR"),
    ("0532 123 45 67, 2 Klingeln", "TR"),
    ("0532 1234567, 2 Klingeln", "TR"),
    ("0532 123 45 67, 2. Kat", "TR"),
    ("(0532) 123 45 67 Mo-Fr 9-17", "TR"),
    ("+49 1512 3456789 2 ga qadar", "DE"),
    ("0162 6253448 10 - 16 arkisin", "DE"),
    ("0731 123456, 2. Etage", "DE"),
    # a price before
    ("20 € 0731 1234567", "DE"),
    ("2.776,48 € 0731 1234567", "DE"),
    # links and vCards beside another number
    ("0532 123 45 67, https://wa.me/905331234567", "TR"),
    ("https://wa.me/905331234567 / 0532 123 45 67", "TR"),
    ("wa.me/905321234567,wa.me/905331234567", "TR"),
    ("wa.me/497038246167, 0731 123456", "DE"),
    ("tel:+905321234567;isub=12 / tel:+905331234567", "TR"),
    ("TEL;TYPE=WORK:0532 123 45 67, 0533 123 45 67", "TR"),
    ('TEL;TYPE="work,voice":0532 123 45 67\nTEL;TYPE=CELL:0533 123 45 67', "TR"),
    ("sms:+905321234567;body=ok 5", "TR"),
)
TRAPS: dict[str, tuple[str, ...]] = {
    "TR": (
        # a letter that says what a number is, or joins two; digits or words that go with it
        "0532 123 45 67 (h), 0533 123 45 67 (c)",
        "0532 123 45 67 y 0533 123 45 67",
        "05321234567 8 (g)",
        "05.11.2026 10:30 T 0532 123 45 67",
        "0532 123 45 67 T 0533 123 45 67.. Max",
        "0532 123 45 67 T 0533 123 45 67-- Max",
        "0532 123 45 67 x 5",
        # more digits than a few
        "(0532) 123 45 67 Max 0212 345 67-89",
        # a digit that words count, or a label does not
        "0532 1234567, 2 Klingeln",
        "0532 123 45 67, 2 Schweiz",
        # what goes on with a link, or is none
        "wa.me/905321234567 5331234567",
        "wa.me/905321234567, wa.me/",
        "wa.me/905321234567, wa.me/905321234567",
        "wa.me/905321234567?text=5, 0533 123 45 67",
        "wa.me/905321234567&#55; 0533 123 45 67",
        "0532 12, wa.me/905331234567",
        "wa.me/908001234567",
        "sms:+905321234567;body=12345",
        "<b>0532 123 45 67</b>, wa.me/905331234567",
        "wa.me/905331234567 09001234567; 09001234568",
        # what is no number's type or parameter
        "TEL;TYPE=WORK:-7839\nTEL;TYPE=CELL:0532 123 45 67",
        "TEL;X=1:0532 123 45 67",
        "TEL;TYPE=WORK:0532 123 45 67;ext=123456, 0533 123 45 67",
        "0532 123 45 67;isub=12x, 0533 123 45 67",
    ),
    "GB": ("61 69513 B 9 0121 234 5678",),
    "LU": ("€ 2344, +352 621 123 456", "D +352 621 123 456 (ev 2344)"),
    "FI": ("TEL;TYPE=WORK:-7839\nTEL;TYPE=CELL:003585013784",),
    "JE": ("022 839 100 Euro",),
    "AU": ("0130074 1000, 2 kat",),
    "DE": ("030 123 4567, 2 ev", "wa.me/33612342590", "wa.me/49285973576", "wa.me/49285973576, 0731 123456"),
}
_SHAPES = """
{n} ({x}), {m} ({x})|T {n} {x} {m}|{n} {x} {c} {m}|{n} {c} {w} {w}|{n} {c} - {k} {w}|{n} {c} to {k} {w}|{n} [{c} - {k} {w}]|{n}, {c} {w}|{n},{c}. {w}
{n} {w} {c}-{k}|({k}) {n} {w} {k}|{k} € {n}|€ {k} {n}|{n}, wa.me/{d}|wa.me/{d} {n}|wa.me/{d},https://wa.me/{e}|{w}: {n} whatsapp://send?phone={d} {m}
TEL;TYPE=WORK:{n}~TEL;TYPE=CELL:{m}|tel:+{d};isub={c} / tel:{n}|FAX;type=a:{n};ext={k}, {m}|sms:+{d};body={w} {k}
""".replace("\n", "|").replace("~", "\n")
_WORDS = ("kat", "Uhr", "Max", "ev", "Schweiz", "人", "pm", "TL", "x", "ext", "II")


def _cells(chance: random.Random, count: int) -> list[Cell]:
    made: list[Cell] = []
    while len(made) < count:
        (territory, written, digits), (_, other, others) = numbers_of(chance, 2)
        shape = chance.choice(_SHAPES.strip("|").split("|"))
        first, second = (chance.choice((number, "0" + number.lstrip("0"), "+" + digits)) for number in (written, other))
        small, more = chance.randint(0, 9), chance.choice((chance.randint(5, 30), chance.randint(0, 10**4)))
        beside = dict(n=first, m=second, d=digits, e=chance.choice((digits, others)), c=small, k=more)
        text = shape.format(**beside, w=chance.choice(_WORDS), x=chance.choice("abcefghimoptwxyzIS"))
        made.append((text, territory if chance.random() < 0.8 else COUNTRIES.index("TR"), chance.choice(list(Says))))
    return made


@pytest.mark.parametrize(("text", "region"), COLUMNS)
def test_what_stands_beside_a_number_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, text: str, region: str) -> None:
    """Such a column was a tenth as fast as phonenumbers alone."""
    cell = (text, COUNTRIES.index(region), Says.NATIONAL)
    expected = read_carefully(*cell)
    assert read_at_once(cell) == expected


def test_what_stands_beside_a_number_is_what_the_careful_path_reads(reader: PhoneReader) -> None:
    """It may be digits of the number, a second one, or none."""
    assert not disagreements(reader, _cells(random.Random(5), 1000))


@pytest.mark.parametrize("region", TRAPS)
def test_nothing_that_may_be_read_otherwise_is_read_in_a_vector(reader: PhoneReader, region: str) -> None:
    """Each would fall through one guard if it were missing (`tests.mutation.fast_path`)."""
    assert not disagreements(reader, [(text, COUNTRIES.index(region), says) for text in TRAPS[region] for says in Says])
