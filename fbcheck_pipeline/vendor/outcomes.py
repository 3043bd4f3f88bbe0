"""What each outcome of a submission means for money: the table of docs/vendor-api.md, once, as data.

Only here is it decided whether a chunk may have been billed. What is then done with the chunk is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NoReturn

from fbcheck_pipeline.errors import (
    RateLimited,
    SubmissionRefused,
    SubmissionUnconfirmed,
    VendorError,
    VendorRefuses,
    VendorUnavailable,
)
from fbcheck_pipeline.vendor.task_snapshots import possible_task_id_of, task_id_of
from fbcheck_pipeline.vendor.wire_answers import Answer


class Charged(StrEnum):
    """Did the vendor take money?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """One row of the table: whether the vendor charged, the error that is raised, and the remedy."""

    charged: Charged
    error: type[VendorError] | None
    remedy: str


ACCEPTED = Outcome(Charged.YES, None, "record it before anything else")
NOTHING_SENT = Outcome(Charged.NO, VendorUnavailable, "nothing was sent; the chunk is sent again later")
REDIRECTED = Outcome(Charged.NO, VendorRefuses, "the address answers with a redirect: set FBCHECK_API_URL to its target")
UNCONFIRMED = Outcome(
    Charged.UNKNOWN, SubmissionUnconfirmed, "perhaps billed: look the task up at the vendor, then run `fbcheck reconcile`"
)

BY_STATUS = MappingProxyType(
    {
        401: Outcome(Charged.NO, VendorRefuses, "the key is not accepted: check FBCHECK_API_KEY"),
        402: Outcome(Charged.NO, VendorRefuses, "the balance is too low: top it up at the vendor"),
        403: Outcome(Charged.NO, VendorRefuses, "the key may not do this: check FBCHECK_API_KEY and the account"),
        404: Outcome(Charged.NO, VendorRefuses, "there is no such address: check FBCHECK_API_URL and FBCHECK_PROTOCOL"),
        400: Outcome(Charged.NO, SubmissionRefused, "the chunk is not accepted as it is"),
        413: Outcome(Charged.NO, SubmissionRefused, "the chunk is too large"),
        415: Outcome(Charged.NO, SubmissionRefused, "the chunk's format is not accepted"),
        422: Outcome(Charged.NO, SubmissionRefused, "the chunk is not accepted as it is"),
        429: Outcome(Charged.NO, RateLimited, "too many requests; the next attempt waits as long as the vendor asks"),
        500: Outcome(Charged.NO, VendorUnavailable, "the vendor reports an internal error; the chunk is sent again later"),
    }
)
"""Answers by the vendor itself; every other answer is UNCONFIRMED."""

# "Ask there instead": the request was not carried out. 301, 302 and 303 are also how an accepted upload leads to its answer.
NOT_HERE = frozenset({307, 308})
REDIRECTS = frozenset({301, 302}) | NOT_HERE
# Whoever answers one of these, vendor or gateway, turned the request away; a web page with another code may come from
# something that lost the vendor's answer.
TURNED_AWAY = frozenset({401, 402, 403, 404, 413, 415, 429})


def outcome_of(answer: Answer) -> Outcome:
    """Which row of the table an answer is."""
    if answer.status in NOT_HERE:
        return REDIRECTED
    if answer.is_page and answer.status not in TURNED_AWAY:
        return UNCONFIRMED
    fields = answer.fields()
    if 200 <= answer.status < 300:
        return UNCONFIRMED if fields is None or task_id_of(fields) is None else ACCEPTED
    if answer.status == 500 and fields is None:
        return UNCONFIRMED
    return BY_STATUS.get(answer.status, UNCONFIRMED)


def raise_outcome(outcome: Outcome, answer: Answer, secret: str) -> NoReturn:
    """Raise the error of a row.

    Args:
        outcome: any row but ACCEPTED.
        answer: the answer that led to it.
        secret: the API key, kept out of the message.

    Raises:
        VendorUnavailable, RateLimited, VendorRefuses, SubmissionRefused: nothing was billed.
        SubmissionUnconfirmed: perhaps billed.
    """
    said = answer.words(secret)
    quoted = f' (the vendor says: "{said}")' if said else " (with a web page)" if answer.is_page else ""
    message = f"HTTP {answer.status}{quoted}: {outcome.remedy}"
    if outcome.error is RateLimited:
        raise RateLimited(message, retry_after_s=answer.retry_after_s())
    if outcome.error is VendorRefuses:
        raise VendorRefuses(message, http_status=answer.status)
    if outcome.error is SubmissionRefused:
        raise SubmissionRefused(message, http_status=answer.status)
    if outcome.error is VendorUnavailable:
        raise VendorUnavailable(message)
    raise SubmissionUnconfirmed(message, possible_task_id=possible_task_id_of(answer, secret), answer=answer.to_keep(secret))
