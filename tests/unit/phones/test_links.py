"""Columns of links to telephones, in vectors: each cell becomes what the careful path makes of it."""

from __future__ import annotations

import random

import pytest

from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from tests.unit.phones.corpus import read_carefully
from tests.unit.phones.test_dirty_cells import ReadAtOnce, disagreements, numbers_of, read_at_once, reader

__all__ = ["read_at_once", "reader"]  # the fixtures

LINKS = (
    "wa.me/{}",
    "https://wa.me/%2B{}",
    "https://wa.me/{}?text=Hi%202",
    "https://wa.me/{}?text=Merhaba,%20bilgi%20almak%20istiyorum",
    "https://api.whatsapp.com/send?phone={}&text=hola",
    "https://web.whatsapp.com/send/?phone=%2B{}&app_absent=0",
    "whatsapp://send?phone={}",
    "WhatsApp: https://wa.me/{}.",
    "(wa.me/{})",
    "wa.me/{} Anna",
    "{}@s.whatsapp.net",
    "{}:12@s.whatsapp.net",
    "{}@c.us",
    "tel:+{};type=home",
    "tel:+{};isub=12",
    "sms:+{}?body=hello%20you",
    "+{};ext=7",
    'TEL;TYPE="work,voice":+{}',
    "TEL;VALUE=uri;PREF=1:tel:+{}",
    "item1.TEL;waid={0}:+{0}",
    '=HYPERLINK("https://wa.me/{}","call")',
    '=HYPERLINK("tel:+{}";A12)',
    '=HYPERLINK("https://wa.me/{0}";"+{0}")',
)
TRAPS = (
    # what of an address may be another number, or goes on with it
    "wa.me/905321234567 wa.me/",
    "wa.me/905321234567@s.whatsapp.net",
    "api.whatsapp.com/send?phone=905321234567&phone=",
    "wa.me/905321234567?phone=12",
    "api.whatsapp.com/send?phone=4930123456&#55;",
    "wa.me/905321234567?text=1234567",
    "wa.me/905321234567?text=%31%32%33%34%35",
    "wa.me/905321234567 5",
    "wa.me/905321234567x",
    "api.whatsapp.com/\\n?phone=905321234567",
    "wa.me/5321234567",
    "5 905321234567@c.us",
    "a.905321234567@c.us",
    "905321234567@c.us 5",
    # parameters and messages that may be numbers, or are read otherwise
    "tel:+905321234567;isub=1234567",
    "tel:+905321234567;tel=5",
    "tel:3548690822;tgrp=a1",
    "sms:+905321234567?body=12345",
    "sms:+905321234567?body=%31%32%33%34",
    # a label of another number, and an address that is none
    '=HYPERLINK("https://wa.me/905321234567","0533 123 45 67")',
    '=HYPERLINK("https://wa.me/905321234567","4567")',
    '=HYPERLINK("+905321234567","Ali")',
    '=HYPERLINK("https://wa.me/905321234567?text=a%20","3456720")',
)


@pytest.mark.parametrize("text", LINKS)
def test_a_column_of_links_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, text: str) -> None:
    """It was a tenth to a fiftieth as fast as phonenumbers alone."""
    cell = (text.format("905321234567"), COUNTRIES.index("TR"), Says.NATIONAL)
    expected = read_carefully(*cell)
    assert [each.e164 for each in expected] == ["+905321234567"]
    assert read_at_once(cell) == expected


def test_links_are_what_the_careful_path_reads(reader: PhoneReader) -> None:
    """To numbers of other countries, too, and to such as are none."""
    chance = random.Random(3)
    texts = [text.format(chance.choice((digits, digits[:-1]))) for _, _, digits in numbers_of(chance, 20) for text in LINKS]
    regions = [COUNTRIES.index(region) for region in ("TR", "DE", "US")]
    assert not disagreements(reader, [(text, chance.choice(regions), Says.NOTHING) for text in texts])


@pytest.mark.parametrize("region", ["TR", "SG"])
def test_no_link_with_more_in_it_is_read_in_a_vector(reader: PhoneReader, region: str) -> None:
    """Each would fall through one guard if it were missing (`tests.mutation.fast_path`)."""
    assert not disagreements(reader, [(text, COUNTRIES.index(region), says) for text in TRAPS for says in Says])


def test_a_spreadsheet_s_link_has_blanks_around_as_any_cell(reader: PhoneReader) -> None:
    """Seen: with one behind it, it was a formula that calculates."""
    cell = (' =HYPERLINK("tel:+905321234567";"Ara") ', COUNTRIES.index("TR"), Says.NOTHING)
    assert [each.e164 for each in read_carefully(*cell)] == ["+905321234567"]
    assert not disagreements(reader, [cell])
