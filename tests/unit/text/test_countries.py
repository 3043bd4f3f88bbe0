"""Country cells of every kind become ISO regions."""

from __future__ import annotations

import pytest

from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.text.countries import NAMES, region_of


@pytest.mark.parametrize(
    ("region", "cells"),
    [
        ("TR", "TR tr TUR tur Turkey Türkiye TÜRKİYE turkiye Türkei Turquie Turchia Турция トルコ 90 +90 0090 (+90) 90.0"),
        ("DE", "DE DEU Germany Deutschland Almanya Allemagne Alemania Германия 德国 49 +49"),
        ("US", "US USA U.S.A. U.S. ABD 1 +1 001"),
        ("GB", "GB GBR UK U.K. England İngiltere 44 +44"),
        ("RU", "RU RUS Rusya Россия 7"),
        ("AE", "AE ARE UAE BAE 971"),
        ("CH", "CH CHE Switzerland Schweiz İsviçre Suisse 41"),
    ],
)
def test_a_country_is_known_by_its_names_and_codes(region: str, cells: str) -> None:
    """Names in the usual languages, alpha-2, alpha-3, dialling codes; a shared one gives its main region."""
    assert {cell: region_of(cell) for cell in cells.split()} == dict.fromkeys(cells.split(), region)


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("United Kingdom", "GB"),
        ("Vereinigtes Königreich", "GB"),
        ("Amerika Birleşik Devletleri", "US"),
        (" Saudi Arabia ", "SA"),
        ("Törökország", "TR"),
        ("Özbekistan", "UZ"),
        ("Тајланд", "TH"),
        ("Կիպրոս", "CY"),
        ("مصر", "EG"),
        ("जर्मनी", "DE"),
        ("टोगो", "TG"),
        ("टोंगा", "TO"),
        ("ไทย", "TH"),
    ],
)
def test_names_of_several_words_are_known(name: str, region: str) -> None:
    """Blanks, case and accents do not matter."""
    assert region_of(name) == region


@pytest.mark.parametrize(
    "cell", ["", " ", "?", "ZZ", "XYZ", "Atlantis", "999", "+800", "12345", "Kongo", "n/a", "NA", "na", "x" * 500]
)
def test_what_is_no_country_is_none(cell: str) -> None:
    """Nothing is guessed, nor chosen among two: `Kongo` is one country in German and another in Norwegian."""
    assert region_of(cell) is None


@pytest.mark.parametrize(
    ("cell", "region"),
    [
        (None, "TR"),
        ("", "TR"),
        (" - ", "TR"),
        ("N/A", "TR"),
        ("null", "TR"),
        ("NA", None),
        ("Atlantis", None),
        ("SN", "SN"),
        ("NAM", "NA"),
    ],
)
def test_a_row_without_country_is_read_as_the_list_and_an_unknown_country_is_not(cell: str | None, region: str | None) -> None:
    """`NA` is Namibia or "not available", nobody can tell; `SN` is Senegal, though it also says "sin número"."""
    assert Normaliser("TR", region_column="land").region_of_row(cell) == region


def test_the_names_are_those_of_the_libraries() -> None:
    """A new version knows other names; the list is written anew then."""
    from tests.unit.text import country_names  # which loads where all numbers of the world are

    assert NAMES.read_text(encoding="utf-8") == country_names.content()
