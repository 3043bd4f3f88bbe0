"""The closed sets of words that columns hold, where more than one room needs them; their order is their code in our arrays."""

from __future__ import annotations

VERDICTS = ("yes", "no", "ban")
CHECK_STATUSES = (
    "checked",
    "reused",
    "rejected",
    "suppressed",
    "undetermined",
    "unconfirmed",
    "waiting",
    "refused",
    "over_budget",
)
