"""When a list is held, and what is then said."""

import shlex

import pytest

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.workflow.buying.doubt import doubt_about
from fbcheck_pipeline.workflow.buying.held import what_to_do


@pytest.mark.parametrize(
    ("reasons", "valid", "is_held"),
    [
        ({"too_short": 95}, 5, True),
        ({"too_short": 50, "no_region": 40}, 10, True),
        ({"too_short": 89}, 11, False),
        ({"no_region": 10}, 0, True),
        ({"no_region": 9}, 0, False),  # so few bill nothing
        ({"no_region": 9}, 1, True),
        ({"empty": 1000, "too_short": 1}, 5, False),  # a second column that few rows fill
        ({"empty": 1000}, 0, False),
        ({"empty": 1000, "not_a_number": 19}, 1, True),
        ({"line_type_excluded": 99}, 1, False),  # read rightly
        ({"line_type_excluded": 10, "too_short": 90}, 0, True),
        ({}, 100, False),
    ],
)
def test_a_list_is_held_where_nearly_all_that_it_says_is_rejected(reasons: dict[str, int], valid: int, is_held: bool) -> None:
    """Nine of ten cells that say something, for reasons that point to a wrong reading; of ten cells at least."""
    assert (doubt_about({"phone": {None: valid, **reasons}}) is not None) is is_held


@pytest.mark.parametrize(
    ("first", "is_held"),
    [
        ({None: 20, "too_short": 3, "empty": 477}, False),
        ({None: 20, "too_short": 20}, True),
        ({None: 9}, True),  # as may be by chance
    ],
)
def test_a_column_that_reads_well_is_not_held_for_the_placeholders_of_another(
    first: dict[str | None, int], is_held: bool
) -> None:
    """A second column that says `0` or `telefonu yok` where there is no number was read rightly, too."""
    assert (doubt_about({"first": first, "second": {"too_short": 300, "not_a_number": 200}}) is not None) is is_held


def test_the_remedies_of_the_commonest_reasons_are_named() -> None:
    """Not those of a reason that one cell has."""
    told = doubt_about({"phone": {None: 3, "excel_precision_lost": 1, "no_region": 60, "not_a_number": 50}}) or ""
    assert told.startswith(
        "111 of 114 cells that are not empty hold no usable number (60 country unknown, 50 not a phone number, 1 "
    )
    assert "--region TR" in told and "--column" in told and "as text" not in told


def test_the_command_reads_the_list_as_it_was_read() -> None:
    """Otherwise the defaults of another day would read it anew, unasked. A list that is not recorded has no key to name."""
    options = ReadOptions(delimiter=";", region="TR", has_header=False, column="Cep Telefonu").to_json()
    fields = dict.fromkeys(PhoneList.__dataclass_fields__) | {
        "list_key": "my-list-00000001",
        "file": "my list.csv",
        "options": options,
        "held": "so few",
    }
    assert "`fbcheck run my-list-00000001 --delimiter" in (what_to_do(PhoneList(**fields)) or "")
    told = what_to_do(PhoneList(**fields), named="../my list.csv") or ""
    words = shlex.split(told.rsplit("`", 2)[1])
    assert words[:3] == ["fbcheck", "run", "../my list.csv"] and words[-1] == "--yes"
    assert words[3:-1] == ["--delimiter", ";", "--column", "Cep Telefonu", "--no-header", "--region", "TR"]
    assert what_to_do(PhoneList(**{**fields, "held": None})) is None
