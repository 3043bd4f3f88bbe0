"""Cells as lists of many countries have them, in vectors: numbers without a trunk 0 before them, beside words and beside each other."""

from __future__ import annotations

import pytest

from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from tests.unit.phones.corpus import read_carefully
from tests.unit.phones.test_dirty_cells import ReadAtOnce, disagreements, read_at_once, reader

__all__ = ["read_at_once", "reader"]  # the fixtures


@pytest.mark.parametrize(
    ("region", "text"),
    [
        ("US", "John (432) 555-0114"),
        ("US", "(432)555-0114 Sarah"),
        ("US", "432.555.0114 John"),
        ("US", "John 1-432-555-0114"),
        ("US", "John 1 (432) 555-0114"),
        ("US", "(432) 555-0114 x12"),
        ("BR", "Maria (11) 91234-5678"),
        ("BR", "(11) 91234-5678 ramal 12"),
        ("BR", "celular: (11) 91234-5678"),
        ("RU", "Иван 8 (916) 123-45-67"),
        ("RU", "8 (916) 123-45-67 доб. 12"),
        ("PL", "Jan 22 123 45 67"),
        ("PL", "22 123 45 67 wew. 12"),
        ("ES", "José 612 03 45 67"),
        ("MX", "José 55 1234 5678"),
        ("DK", "Mette 20 12 34 56"),
        ("FR", "Jean 06.12.34.56.78"),
        ("FR", "06-12-34-56-78 Jean"),
        ("FR", "T: 06.12.34.56.78 F: 06.12.34.56.79"),
        ("FR", "06 12 34 56 78 & 01 23 45 67 89"),
        ("GB", "T: 01274 769735 F: 01796 363257"),
        ("GB", "01274 769735 (home) 01796 363257 (mob)"),
        ("US", "(432) 555-0114 (home) (432) 555-0115 (cell)"),
        ("US", "T: 432.555.0114 F: 432.555.0115"),
        ("US", "T: (432) 555-0114"),
        ("US", "(432) 555-0114 (432) 555-0115"),
        ("BR", "(11) 91234-5678 / (11) 3123-4567"),
        ("BR", "(11) 91234-5678 (11) 91234-5679"),
        ("US", "+1 (432) 555-0114 / +1 (432) 555-0115"),
        ("US", "(432) 555-0114, ext 12"),
        ("US", "Sarah Sato\nTel: (432) 555-0114\nFax: (432) 555-0115"),
        ("US", "home: (432) 555-0114 cell: (432) 555-0115"),
        ("ES", "casa: 912 34 56 78 móvil: 612 34 56 78"),
        ("ES", "Tel. 912 34 56 78 / Fax 912 34 56 79"),
        ("PL", "tel. 22 123 45 67, mobil 601 234 567"),
        ("IT", "cell 347 1234567 tel 06 1234567"),
        ("RU", "тел. 8 (495) 123-45-67, моб. 8 (916) 123-45-67"),
    ],
)
def test_what_lists_of_a_region_hold_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, region: str, text: str) -> None:
    """It would be right, and slower than phonenumbers alone."""
    cell = (text, COUNTRIES.index(region), Says.NATIONAL)
    expected = read_carefully(*cell)
    assert all(each.e164 for each in expected)
    assert read_at_once(cell) == expected


TRAPS = {
    "DE": ("+49 30 1234567; (6) 1801610",),  # counted
    "BR": ("(11) 3123-4567, 91234-567",),
    "SE": ("тел. 78-822-23-18", "móvil 70-8530-977 ."),
    "LU": ("Tel. 6 28 1889 27 !", "home: 65-89-12744"),
    "FR": ("06-12-34-567-8 Max", "06.12.34.567.8 Max"),
    "ES": ("Max 612345678, tel 612 34 56 78",),
    "DK": ("tel 31 12 34 56, 3112-3457",),
    "RU": ("тел. 8 (495) 123-45-67",),
    "GB": ("4 47 70 00/38 827 Bob",),
}


@pytest.mark.parametrize("region", TRAPS)
def test_no_trap_of_a_region_is_read_in_a_vector(reader: PhoneReader, region: str) -> None:
    """Each would fall through one guard if it were missing (`tests.mutation.fast_path`)."""
    assert not disagreements(reader, [(text, COUNTRIES.index(region), says) for text in TRAPS[region] for says in Says])


@pytest.mark.parametrize(
    ("text", "says", "e164"),
    [
        ("Иван 8 (495) 123-45-67", Says.NOTHING, "+74951234567"),
        ("тел. 8-495-123-45-67", Says.NOTHING, "+74951234567"),
        ("тел. 8 (495) 123-45-67", Says.INTERNATIONAL, None),
    ],
)
def test_a_trunk_prefix_behind_words_is_no_count(text: str, says: Says, e164: str | None) -> None:
    """Without its 8 a number of Moscow is one of Germany with a plus, too; who writes the 8 dials at home."""
    assert [each.e164 for each in read_carefully(text, COUNTRIES.index("RU"), says)] == [e164]
