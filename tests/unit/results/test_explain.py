"""What is said of a cell must be what happened to it."""

from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.results.explain import _rules

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
