"""What is said of a cell must be what happened to it."""

import json
from datetime import UTC, date, datetime

from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.results.explain import _rules, _text

ROW = {"phone_column": "tel", "phone_raw": "532 123 45 67", "reject_reason": None, "country": "TR", "line_type": "mobile"}


def test_a_number_that_its_column_decided_is_said_to_be_so() -> None:
    """By itself the cell is a Turkish mobile; among numbers that are bare and international it was read as Cuban."""
    by_itself = _rules(Normaliser("TR"), ROW, [ROW])["rules"]
    assert by_itself == ["A valid number: TR, mobile."]
    cuban = {**ROW, "country": "CU", "line_type": "fixed_line"}
    assert _rules(Normaliser("TR"), cuban, [cuban])["rules"] == [
        *by_itself,
        "The other bare numbers of its column decided otherwise how this one is read.",
    ]


def test_the_row_s_own_country_comes_before_the_list_s() -> None:
    """As the normaliser has it."""
    row = {**ROW, "land": "Schweiz", "phone_raw": "078 123 45 67", "country": "CH"}
    assert _rules(Normaliser("TR", "land"), row, [row]) == {"region": "CH", "rules": ["A valid number: CH, mobile."]}


def test_what_a_column_of_any_type_holds_can_be_said_in_json() -> None:
    """The explanation is a document."""
    values = [None, "a", 1, 0.5, True, date(2026, 11, 24), datetime(2026, 11, 24, 12, tzinfo=UTC)]
    assert json.loads(json.dumps([_text(each) for each in values])) == [
        *values[:5], "2026-11-24", "2026-11-24T12:00:00.000Z",
    ]  # fmt: skip
