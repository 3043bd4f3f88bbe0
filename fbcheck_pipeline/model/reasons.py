"""Why a phone has no E.164, and the kinds of lines. The tuples are the dictionaries of the Parquet columns: their order is the code.

A `label` is for charts and terminals, a `meaning` for the reference.
"""

from __future__ import annotations

from fbcheck_pipeline.model.word import Word


class RejectReason(Word):
    """Why there is no E.164: the column `reject_reason`."""

    def __init__(self, _: str, label: str, meaning: str) -> None:
        self.label, self.meaning = label, meaning

    # fmt: off
    EMPTY = "empty", "empty cell", "the cell is empty, or says so: `n/a`, `-`, `yok` …"
    NOT_A_NUMBER = "not_a_number", "not a phone number", "no telephone number: a date, a name, an address …"
    LETTERS_IN_NUMBER = ("letters_in_number", "letters in the number",
        "a letter stands where a digit may have been, or a word may own the digits beside it: `… 2. Etage`")
    NO_REGION = ("no_region", "country unknown",
        "no country code, and no region was given for it; or its country cell names none (`NA` may be Namibia or nothing)")
    TOO_SHORT = "too_short", "too short", "too few digits for any number of its country"
    TOO_LONG = "too_long", "too long", "too many digits; more than 15 after the `+` in any case"
    INVALID_NUMBER = "invalid_number", "no such number", "no such number is in service in its country's numbering plan"
    EXCEL_PRECISION_LOST = ("excel_precision_lost", "digits lost in a spreadsheet",
        "a spreadsheet has shortened it (`9.05E+11`); its last digits are gone")
    AMBIGUOUS_INTERNATIONAL = ("ambiguous_international", "national or international: unclear",
        "bare digits that read as a number of two countries, and the column does not decide which")
    AMBIGUOUS_RANGE = ("ambiguous_range", "a range, not one number",
        "several lines written as one: `555 12 34-35`; or a mark before it counts: `#2 171 …`")
    EMERGENCY = "emergency", "emergency number", "an emergency number"
    LINE_TYPE_EXCLUDED = ("line_type_excluded", "special line without accounts",
        "a line that owns no account; `FBCHECK_ALLOW_LINE_TYPES` keeps it")
    # fmt: on


class LineType(Word):
    """A kind of line, in the order of phonenumbers' own PhoneNumberType, so that its number is our index: the column `line_type`.

    Attributes:
        is_excluded: it owns no account; asking about it is money for a useless row.
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
    """The label of a reason; one that only another version knows stands for itself."""
    return next((each.label for each in RejectReason if each == reason), reason)
