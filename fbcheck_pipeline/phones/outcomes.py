"""The words for what became of a phone: reasons, line types, countries; and the outcome itself.

The tuples are the dictionaries of the Parquet columns, constant over all batches and lists.
How an outcome is found is the work of `cells` (one by one) and `fast` (many at once).
"""

from __future__ import annotations

from typing import NamedTuple

from phonenumbers import SUPPORTED_REGIONS

REASONS = (
    "empty",
    "not_a_number",
    "letters_in_number",
    "no_region",
    "too_short",
    "too_long",
    "invalid_number",
    "excel_precision_lost",
    "ambiguous_international",
    "ambiguous_range",
    "emergency",
    "line_type_excluded",
)
# In the order of phonenumbers' own PhoneNumberType, so that its number is our index.
LINE_TYPES = (
    "fixed_line",
    "mobile",
    "fixed_line_or_mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
CAN_BE_MOBILE = frozenset({"mobile", "fixed_line_or_mobile"})
# They own no account: asking about them is money for a useless row.
EXCLUDED_LINE_TYPES = frozenset({"toll_free", "premium_rate", "shared_cost", "uan", "pager", "voicemail"})
# "001" is phonenumbers' name for numbers of no country (+800, +870 …).
COUNTRIES = (*sorted(SUPPORTED_REGIONS), "001")

MAX_E164_DIGITS = 15


class Outcome(NamedTuple):
    """What became of one phone: exactly one of `e164` and `reason` is set."""

    e164: str | None
    reason: str | None
    country: str | None = None
    line_type: str | None = None

    @property
    def is_number(self) -> bool:
        """True where the text is a number in service, whether or not we keep it."""
        return self.e164 is not None or self.reason in ("line_type_excluded", "ambiguous_international")


def rejected(reason: str) -> Outcome:
    """The outcome of a phone that has no E.164."""
    return Outcome(None, reason)
