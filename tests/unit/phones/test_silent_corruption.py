"""Silent corruption is the worst outcome: a wrong number that is valid is bought, and is somebody else's."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from fbcheck_pipeline.phones.fast.terms import COUNTRIES
from fbcheck_pipeline.text.cell_words import EXTENSION_WORDS
from tests.unit.phones.corpus import by_the_library, honest_forms, number_of, word_of

# Variable lengths (DE, AT, IT) are where a lost digit stays valid; the others are where most lists come from.
REGIONS = ("TR", "DE", "AT", "IT", "US", "GB", "BR", "IN", "RO")
bounded = settings(max_examples=30)


@st.composite
def honest_cells(draw: st.DrawFn) -> tuple[str, str, str]:
    """A text, its region, and the E.164 that phonenumbers makes of it."""
    from fbcheck_pipeline.phones.fast.territories import metadata_of

    region = draw(st.sampled_from(REGIONS))
    territory, chance = COUNTRIES.index(region), random.Random(draw(st.integers(0, 2**32)))
    metadata = metadata_of(territory)
    description = draw(st.sampled_from([each for each in (metadata.mobile, metadata.fixed_line) if each]))
    forms = honest_forms(territory, word_of(description.national_number_pattern or "", chance))
    text = draw(st.sampled_from([form for form in forms if by_the_library(form, territory)] or ["+905321234567"]))
    e164 = by_the_library(text, territory)
    assert e164 is not None
    return text, region, e164


def accepted(text: str, region: str) -> list[str]:
    """Every E.164 that comes of a cell."""
    return [each.e164 for each in outcomes_of(text, region) if each.e164]


SEPARATORS = (";", ",", "/", " / ", "|", "\n", " or ", " veya ", " ", "-", " - ", "  ", "\t", " & ")
LETTERS = st.characters(categories=("Lu", "Ll", "Lt", "Lo"), exclude_characters="xX")


@given(honest_cells(), st.data())
@bounded
def test_a_letter_instead_of_a_digit_never_yields_a_number(cell: tuple[str, str, str], data: st.DataObject) -> None:
    """`+4072d3800439`: phonenumbers drops the letter and returns another person's number."""
    text, region, _ = cell
    place = data.draw(st.sampled_from([match.start() for match in re.finditer(r"\d", text)][1:]))
    spoilt = text[:place] + data.draw(LETTERS) + text[place + 1 :]
    assert not accepted(spoilt, region), spoilt


@given(honest_cells(), st.data())
@bounded
def test_a_letter_between_digits_never_yields_a_number(cell: tuple[str, str, str], data: st.DataObject) -> None:
    """A letter that slipped in stands for something that is not known."""
    text, region, _ = cell
    place = data.draw(st.sampled_from([match.end() for match in re.finditer(r"\d(?=\d)", text)]))
    spoilt = text[:place] + data.draw(LETTERS) + text[place:]
    assert not accepted(spoilt, region), spoilt


@given(honest_cells(), honest_cells(), st.sampled_from(SEPARATORS))
@bounded
def test_two_numbers_in_a_cell_become_these_two_or_none(
    first: tuple[str, str, str], second: tuple[str, str, str], separator: str
) -> None:
    """Never a third one made of both, never the first with the second for an extension."""
    text = first[0].strip() + separator + second[0].strip()
    if all(len(re.sub(r"\D", "", each[0])) >= 8 for each in (first, second)):
        assert set(accepted(text, first[1])) <= {first[2], by_the_library(second[0], COUNTRIES.index(first[1]))}, text


@given(honest_cells(), st.integers(1, 6), st.sampled_from("eE"), st.sampled_from(".,"))
@bounded
def test_a_number_rounded_by_a_spreadsheet_is_never_padded(
    cell: tuple[str, str, str], lost: int, exponent: str, point: str
) -> None:
    """`4.17982846e+10`, padded, is a valid number of somebody else."""
    _, region, e164 = cell
    digits = e164[1:]
    text = f"{digits[0]}{point}{digits[1:-lost] or 0}{exponent}+{len(digits) - 1}"
    assert [each.reason for each in outcomes_of(text, region)] == ["excel_precision_lost"]


@given(honest_cells(), st.sampled_from(["*", "•", "_", "…", "...", "--", "?"]), st.data())
@bounded
def test_a_masked_digit_never_yields_a_number(cell: tuple[str, str, str], mask: str, data: st.DataObject) -> None:
    """Exports hide digits; what remains may be valid where numbers are short."""
    text, region, _ = cell
    place = data.draw(st.sampled_from([match.start() for match in re.finditer(r"\d", text)][2:]))
    assert not accepted(text[:place] + mask + text[place + 1 :], region)


@given(
    honest_cells(),
    st.sampled_from(["*", "**", "•", "…", "...", "--", "?"]),
    st.sampled_from([",", ";", ".)", " |", ", Ahmet", " - Ahmet", " (Max)"]),
)
@bounded
def test_digits_cut_off_before_a_sign_or_word_yield_no_number(cell: tuple[str, str, str], mask: str, behind: str) -> None:
    """`030 12345..., Ahmet`: what is left is another person's number, where lengths vary."""
    text, region, _ = cell
    place = [match.start() for match in re.finditer(r"\d", text)][-1]
    assert not accepted(text[:place] + mask + behind, region)


@given(honest_cells(), st.sampled_from([" (Max)", " Max", " (büro)", ", Ahmet", " - Ahmet", " [home]"]))
@bounded
def test_a_word_beside_a_number_changes_no_digit(cell: tuple[str, str, str], word: str) -> None:
    """`030 123456 (Max)`: phonenumbers dials the letters. A word that nothing parts from the last digits may count them."""
    text, region, e164 = cell
    assert accepted(text.strip() + word, region) in ([e164], [])
    if word != " Max":
        assert accepted(text.strip() + word, region) == accepted(text, region)


@given(
    honest_cells(),
    st.integers(1, 99),
    st.sampled_from(
        ["{}. Etage", "{} Uhr", "{} piano", "{}. kat", "{}° piso", "{}. Tel", "/{} Personen", "- {} kpl", "{} lantai"]
    ),
)
@bounded
def test_a_count_with_its_word_is_no_part_of_the_number(cell: tuple[str, str, str], count: int, form: str) -> None:
    """`030 123456 18 Uhr`: where lengths vary, the digits together are a number, too, and another person's."""
    text, region, e164 = cell
    assert accepted(f"{text.strip()} {form.format(count)}", region) in ([e164], [])


TAILS = st.lists(st.from_regex(r"[ ,(/-]{1,2}[1-9][0-9]{0,3}", fullmatch=True), min_size=1, max_size=2).map("".join)
WORDS = st.text(st.characters(categories=("Lu", "Ll", "Lo"), exclude_characters="xXeE"), min_size=2, max_size=9)


@given(honest_cells(), TAILS, st.sampled_from([" ", ". ", "° "]), WORDS)
@settings(max_examples=100)
def test_a_tail_of_digits_and_a_word_never_makes_another_number(
    cell: tuple[str, str, str], tail: str, gap: str, word: str
) -> None:
    """Hours, counts, floors in any language: the number itself, or a reject."""
    text, region, e164 = cell
    if len(re.sub(r"\D", "", text)) >= 7:
        assert accepted(text.strip() + tail + gap + word, region) in ([e164], []), text + tail + gap + word


@given(
    honest_cells(),
    st.integers(1, 9),
    st.sampled_from(["#{} ", "№{} ", "# {}: ", "{}) ", "{}. ", "Handy {} ", "Tel. {} ", "Büro {}: "]),
)
@example(("tel:+39-02-761067", "IT", "+3902761067"), 1, "{}) ")  # a plus that is lost with the count leaves another's number
@bounded
def test_a_number_that_counts_numbers_is_no_part_of_one(cell: tuple[str, str, str], count: int, form: str) -> None:
    """`#2 171 1234567` is the second number of somebody, and glued it is a third person's."""
    text, region, e164 = cell
    assert accepted(form.format(count) + text.strip(), region) in ([e164], [])


@given(honest_cells(), st.sampled_from("☎➕⚠✔📱🇹♥"), st.data())
@bounded
def test_a_picture_between_digits_never_yields_a_number(cell: tuple[str, str, str], picture: str, data: st.DataObject) -> None:
    """What it hides or parts, nobody knows; around the number it is decoration."""
    text, region, e164 = cell
    place = data.draw(st.sampled_from([match.end() for match in re.finditer(r"\d(?=\D*\d)", text)]))
    found = accepted(text[:place] + picture + text[place:], region)
    assert not found or (len(found) == 2 and len(e164) > 14)  # fourteen digits may be two numbers
    assert accepted(f"{picture} {text.strip()}", region) == accepted(text, region)
    assert accepted(f"{text.strip()} {picture}", region) in (accepted(text, region), [])  # it may count the last digits


@given(
    honest_cells(), st.sampled_from([" ext. 12", " x 123", " dahili 4", " Durchwahl 77", " ramal 9", " (dahili 12)", ";ext=12"])
)
@bounded
def test_an_extension_is_no_part_of_the_number(cell: tuple[str, str, str], extension: str) -> None:
    """Its digits would make another number where lengths vary."""
    text, region, _ = cell
    assert accepted(text.strip() + extension, region) == accepted(text, region)


@given(honest_cells(), st.integers(1, 9), st.sampled_from(["-", " - ", "/", " / ", "–"]))
@bounded
def test_the_next_of_a_range_is_not_appended(cell: tuple[str, str, str], step: int, separator: str) -> None:
    """`0212 555 12 34-35` is two lines of one switchboard, and neither is in the cell's digits taken together. RFC 3966 has no ranges."""
    text, region, e164 = cell
    last = int(e164[-2:]) + step
    if last < 100 and len(re.sub(r"\D", "", text)) >= 7 and not text.startswith("tel:"):
        assert not accepted(f"{text.strip()}{separator}{last:02}", region)


@given(st.text(max_size=40), st.sampled_from([None, *REGIONS]))
@bounded
def test_any_text_at_all_has_an_outcome(text: str, region: str | None) -> None:
    """No cell is lost and none breaks the run: exactly one of E.164 and reason for each phone."""
    outcomes = outcomes_of(text, region)
    assert outcomes
    assert all((each.e164 is None) != (each.reason is None) for each in outcomes)


@given(st.text(alphabet="0123456789+-./() ,;|\nxoOext#*'\"=E", max_size=30), st.sampled_from([None, *REGIONS]))
@bounded
def test_no_accepted_number_has_a_digit_that_the_cell_has_not(text: str, region: str | None) -> None:
    """Nothing is invented: the national number stands in the cell, digit by digit, in its order."""
    for each in outcomes_of(text, region):
        if each.e164:
            digits = iter(re.sub(r"\D", "", text))
            national = each.e164.removeprefix(f"+{number_of_code(each.country)}")
            assert all(digit in digits for digit in national), text


def number_of_code(country: str | None) -> int:
    """The calling code of a country; for a number of none it is part of the number."""
    import phonenumbers

    return phonenumbers.country_code_for_region(country) if country and country != "001" else 0


@pytest.mark.parametrize("word", ["ext.", "ext", "x", "dahili", "int", "Durchwahl", "ramal", "#"])
def test_known_extension_words_are_known(word: str) -> None:
    """The words of the specification."""
    assert re.fullmatch(rf"(?:{EXTENSION_WORDS})|[x#]", word, re.I)
    assert number_of(COUNTRIES.index("TR"), "2125551234").country_code == 90
