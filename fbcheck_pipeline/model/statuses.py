"""The vendor's verdict on a phone, its check status, and what answers it. The order of the words is their code in our arrays.

Tables, reports and the reference show the `meaning` of each word.
"""

from __future__ import annotations

from fbcheck_pipeline.model.word import Word


class Verdict(Word):
    """The vendor's verdict: the column `facebook`."""

    YES = "yes", "has an active account"
    NO = "no", "has no active account, according to the vendor"
    BAN = "ban", "reported as banned"


_AGAIN = "sent again at night, at most `FBCHECK_MAX_TRIES` times in all, or by `run --retry`"


class CheckStatus(Word):
    """The outcome for a phone: the column `check_status`.

    Attributes:
        next_step: what happens next, or who acts; empty where the status is final.
    """

    def __init__(self, _: str, meaning: str, next_step: str = "") -> None:
        self.meaning, self.next_step = meaning, next_step

    CHECKED = "checked", "bought for this list; `facebook` is set"
    REUSED = "reused", "answered by an earlier verdict, or by a chunk that another list pays for; `facebook` is set"
    REJECTED = "rejected", "has no E.164, see `reject_reason`; never sent"
    SUPPRESSED = "suppressed", "its owner opted out; never sent"
    UNDETERMINED = "undetermined", "sent, but no usable answer came back in time", _AGAIN
    UNCONFIRMED = (
        "unconfirmed",
        "sent, but the answer was lost: perhaps billed, never sent again automatically",
        "a person looks it up at the vendor, then uses `fbcheck reconcile`",
    )
    WAITING = (
        "waiting",
        "not sent yet, or not answered yet",
        "continues automatically, or with the next `run`; a held list, once a person confirms how it was read",
    )
    REFUSED = "refused", "the vendor refused its chunk; not billed", _AGAIN
    OVER_BUDGET = (
        "over_budget",
        "held back by the spending limit; not sent",
        "the next night tries again, within `--max-billable`, `FBCHECK_MAX_BILLABLE` and `FBCHECK_MAX_BILLABLE_PER_DAY`",
    )


VERDICTS = tuple(Verdict)
CHECK_STATUSES = tuple(CheckStatus)
OPEN_STATUSES = tuple(status for status in CheckStatus if status.next_step)
ANSWERED_STATUSES = (CheckStatus.CHECKED, CheckStatus.REUSED)


class AnsweredBy(Word):
    """What answers a phone: the column `answered_by` of a list's pins. If no chunk answers it, the word is also its check status."""

    CHUNK = "chunk", "a chunk bought for this list"
    OTHER_CHUNK = "other_chunk", "a chunk that another list pays for"
    VERDICT = "verdict", "an earlier task's verdict, younger than `FBCHECK_VERDICT_DAYS`"
    EARLIER_TRY = "earlier_try", "an earlier try that has settled without a usable answer, and is not repeated now"
    SUPPRESSED = str(CheckStatus.SUPPRESSED), "nothing: its owner opted out"
    OVER_BUDGET = str(CheckStatus.OVER_BUDGET), "nothing yet: the budget is used up"
    WAITING = str(CheckStatus.WAITING), "nothing yet: too few phones for a chunk (`FBCHECK_MIN_CHUNK`), or the list is held"
