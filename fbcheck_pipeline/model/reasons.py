"""Why a phone has no E.164, and the kinds of lines. The tuples are the dictionaries of the Parquet columns: a word's place is its code.

A `label` is for charts and terminals, a `meaning` for the reference, a `remedy` says what a person can do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from fbcheck_pipeline.model.word import Word


class RejectReason(Word):
    """Why there is no E.164: the column `reject_reason`.

    Attributes:
        is_misreading: False where such a cell was read rightly. Where nearly all cells have the other reasons, the list itself was
            probably read wrongly.
    """

    def __init__(self, _: str, label: str, meaning: str, remedy: str, is_misreading: bool = True) -> None:
        self.label, self.meaning, self.remedy, self.is_misreading = label, meaning, remedy, is_misreading

    # fmt: off
    EMPTY = ("empty", "empty cell", "the cell is empty, or contains a word for that: `n/a`, `-`, `yok` …",
        "nothing, unless the numbers stand in another column: `--column`", False)
    NOT_A_NUMBER = ("not_a_number", "not a phone number", "no telephone number: a date, a name, an address …",
        "choose the column that holds the numbers with `--column`, or check `--delimiter`, `--encoding`, `--sheet` and `--header`")
    LETTERS_IN_NUMBER = ("letters_in_number", "letters in the number",
        "a letter stands in the place of a digit, or the digits may belong to the word beside them: `… 2. Etage`",
        "check `--column` and `--encoding`; put words into a column of their own")
    NO_REGION = ("no_region", "country unknown",
        "the number has no country code and no region was given; or its country cell names no country (`NA` may mean Namibia or nothing)",
        "say which country's numbers these are with `--region`, `--region TR` for Turkey, or name a country column with `--region-column`")
    TOO_SHORT = ("too_short", "too short", "too few digits for any number of its country",
        "check that the column holds phones (`--column`), and of which country (`--region`)")
    TOO_LONG = ("too_long", "too long", "too many digits; more than 15 after the `+` in any case",
        "check that the column holds phones (`--column`), and what separates columns (`--delimiter`)")
    INVALID_NUMBER = ("invalid_number", "no such number", "no such number is in service in its country's numbering plan",
        "check of which country the numbers are (`--region`, `--region-column`), and that the column holds phones (`--column`)")
    EXCEL_PRECISION_LOST = ("excel_precision_lost", "digits lost in a spreadsheet",
        "a spreadsheet has shortened the number (`9.05E+11`); its last digits are lost",
        "export the list again with this column as text: the lost digits are not in this file")
    AMBIGUOUS_INTERNATIONAL = ("ambiguous_international", "national or international: unclear",
        "digits without a `+` that are valid numbers of two countries; the column does not decide which",
        "write a `+` before country codes in the source, or the `0` before national numbers")
    AMBIGUOUS_RANGE = ("ambiguous_range", "a range, not one number",
        "several numbers written as one: `555 12 34-35`; or the digit before it is a count: `#2 171 …`",
        "write each number out, separated by `;`")
    EMERGENCY = "emergency", "emergency number", "an emergency number", "check that the column holds phones (`--column`)"
    LINE_TYPE_EXCLUDED = ("line_type_excluded", "special line without accounts",
        "lines of this type have no accounts; `FBCHECK_ALLOW_LINE_TYPES` can include the type",
        "nothing, unless you want them checked all the same: `FBCHECK_ALLOW_LINE_TYPES`", False)
    # fmt: on


class LineType(Word):
    """A kind of line, in the order of phonenumbers' own PhoneNumberType, so that its number is our index: the column `line_type`.

    Attributes:
        is_excluded: such lines have no accounts; a check of them would cost money and give no verdict.
    """

    def __init__(self, _: str, is_excluded: bool = False) -> None:
        self.is_excluded = is_excluded

    FIXED_LINE = "fixed_line"
    MOBILE = "mobile"
    FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"
    TOLL_FREE = "toll_free", True
    PREMIUM_RATE = "premium_rate", True
    SHARED_COST = "shared_cost", True
    VOIP = "voip"
    PERSONAL_NUMBER = "personal_number"
    PAGER = "pager", True
    UAN = "uan", True
    VOICEMAIL = "voicemail", True


REASONS = tuple(RejectReason)
LINE_TYPES = tuple(LineType)
EXCLUDED_LINE_TYPES = frozenset(kind for kind in LineType if kind.is_excluded)


def label_of(reason: str) -> str:
    """The label of a reason; a reason of another version is its own label."""
    return next((each.label for each in RejectReason if each == reason), reason)


def remedy_of(reason: str) -> str | None:
    """What a person can do about a reason; None for a reason of another version."""
    return next((each.remedy for each in RejectReason if each == reason), None)


def by_reason(rejects: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Rejected cells by reason, the largest count first. Args: rejects: as `Rejects.to_json` gives them."""
    counts = Counter[str]()
    for each in rejects:
        counts[each["reason"]] += each["count"]
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
