"""What a number was before its country was renumbered."""

from __future__ import annotations

import numpy as np
import phonenumbers
import pytest

from fbcheck_pipeline.phones.renumbering import RENUMBERINGS, former_forms, with_former_forms


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (2250712345678, 22512345678),
        (2252720345678, 22520345678),
        (2290197000000, 22997000000),
        (525512345678, 5215512345678),
        (5511961234567, 551161234567),
        (593991234567, 59391234567),
        (23052512345, 2302512345),
        (84321234567, 841621234567),
        (84701234567, 841201234567),
        (84591234567, 841991234567),
    ],
)
def test_a_renumbered_phone_has_its_former_form(now: int, before: int) -> None:
    """The form of today is a valid number: a rule for none would be a mistake."""
    assert with_former_forms(np.array([now])).tolist() == sorted((now, before))
    assert phonenumbers.is_valid_number(phonenumbers.parse(f"+{now}"))


def test_other_phones_have_none_and_places_are_those_of_the_question() -> None:
    """Numbers of countries beside these, and of these countries that were not renumbered."""
    asked = np.array([905320000000, 2250712345678, 551131234567, 491701234567, 84241234567, 5511961234567])
    places, forms = former_forms(asked)
    assert sorted(zip(places.tolist(), forms.tolist(), strict=True)) == [(1, 22512345678), (5, 551161234567)]
    assert not len(former_forms(np.empty(0, np.int64))[0])


def test_every_rule_names_its_own_country() -> None:
    """The calling code decides which numbers are looked at."""
    assert all(each.code == phonenumbers.country_code_for_region(each.region) for each in RENUMBERINGS)
    assert all(str(each.code) in each.pattern and each.rewrite.startswith(str(each.code)) for each in RENUMBERINGS)
