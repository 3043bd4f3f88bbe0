"""What may be unusual in a result of the vendor."""

ODDITIES = {
    "repeated": "rows that repeat another",
    "conflicting": "phones with contradicting verdicts",
    "unknown_labels": "phones with an unknown label",
    "unreadable_numbers": "rows whose number cannot be read",
    "extra": "phones in the result that were never sent",
    "missing": "phones sent that are absent from the result",
}
"""What may be unusual in a task's result. Collecting counts each by its name."""
