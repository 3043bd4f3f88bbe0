"""The closed sets of words that columns hold, where more than one room needs them; their order is their code in our arrays.

And what each of our columns means, in a sentence: for Dagster's pages and for the reference.
"""

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
COLUMNS = {  # of facebook_results; no source column keeps such a name
    "source_row": "1-based number of the data row in the list",
    "phone_index": "0 for the first phone of that row, 1 for the next, …; a cell that holds two numbers gives two rows",
    "phone_column": "the source column it was read from",
    "phone_raw": "the text it was read from; null where a spreadsheet or Parquet cell is missing",
    "phone_e164": "the number in E.164, + and digits; null when it is rejected",
    "reject_reason": "why there is no E.164; null otherwise",
    "country": "ISO 3166 region of the number; 001 for numbers of no country",
    "line_type": "what kind of line",
    "facebook": "what the vendor said; null means no verdict",
    "check_status": "what became of the phone",
    "checked_at": "when the vendor exported the verdict; null without one",
    "task_id": "the vendor's task that carried the phone; null while there is none",
}
OTHER_COLUMNS = {  # of our other files; in a list they may be names of the source's own
    "answered_by": "what answers the phone",
    "chunk_key": "the chunk that carries it; null where none does",
    "facebook_label": "the label as it stood in the vendor's file",
    "list_key": "the list",
    "file": "the name of its file",
    "joined_at": "when it was last joined",
    "complete": "nothing of it may change by itself or waits for a person",
    "rows": "data rows of the list",
    "phones": "rows of its result; the statuses add up to it",
    "billed_phones": "phones the vendor accepted for this list, counted anew for each further try",
    "coverage": "share of the phones neither rejected nor suppressed that have a verdict; null where there are none such",
    "purpose": "why the numbers were checked",
    "synthetic": "a verdict of it is invented by a sandbox",
}


def count_of(number: int, noun: str) -> str:
    """A count for people: `1 list`, `1,200 lists`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
