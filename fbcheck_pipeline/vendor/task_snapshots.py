"""What the vendor says of a task, as values: tolerant of what does not matter, strict about identity and status.

How an answer was obtained is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from fbcheck_pipeline.errors import UnknownStatus, UnreadableAnswer
from fbcheck_pipeline.model.timestamps import timestamp_us
from fbcheck_pipeline.vendor.addresses import MAX_URL, tidied
from fbcheck_pipeline.vendor.wire_answers import Answer, shown

MAX_TASK_ID = 128
MAX_POSSIBLE_ID = 300
MAX_COUNT = 2**63 - 1

_NAMED_ID = re.compile(r'"(task_?id|id)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)', re.ASCII | re.IGNORECASE)
_LOCATED_ID = re.compile(r"/tasks/([^/?#\s]+)")


class TaskStatus(StrEnum):
    """The vendor's words for where a task is; `completed` is processed but not yet exported."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    EXPORTED = "exported"
    FAILED = "failed"

    def is_terminal(self) -> bool:
        """True when the vendor will not move the task any more."""
        return self in (TaskStatus.EXPORTED, TaskStatus.FAILED)


@dataclass(frozen=True)
class TaskSnapshot:
    """A task as one answer tells it; counts are the vendor's and need not add up; times are RFC 3339, verbatim."""

    task_id: str
    status: TaskStatus
    total: int | None = None
    success: int | None = None
    failure: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    result_url: str | None = field(default=None, repr=False)
    message: str | None = None
    is_synthetic: bool = False
    amount: str | None = None
    answered_at: float | None = None  # by the vendor's clock, UTC seconds
    answer: str = field(default="", repr=False)  # of a submission, fit to be kept

    @property
    def has_result(self) -> bool:
        """True when the vendor has a file for it: a failed task may have one, too."""
        return self.status is TaskStatus.EXPORTED or (self.status is TaskStatus.FAILED and self.result_url is not None)

    @property
    def updated_at_us(self) -> int | None:
        """`updated_at` in microseconds since 1970 UTC, truncated; None when absent or unreadable."""
        return timestamp_us(self.updated_at)


@dataclass(frozen=True)
class Balance:
    """What is left to spend, in USD."""

    amount: float


def snapshot_of(
    fields: Mapping[str, Any],
    *,
    is_synthetic: bool,
    secret: str,
    unknown_status_is: TaskStatus | None = None,
    answered_at: float | None = None,
    asked: str | None = None,
) -> TaskSnapshot:
    """Read a task from the vendor's JSON object.

    Args:
        fields: the decoded answer.
        is_synthetic: a sandbox gave it.
        secret: the API key, kept out of `message`.
        answered_at: when, by the vendor's clock, UTC seconds.
        asked: the task that was asked for, whatever its id looks like; None takes the one that is named.
        unknown_status_is: taken where the status is missing or unknown; None raises instead.

    Raises:
        UnreadableAnswer: there is no usable `task_id`, or it is not the one that was asked for.
        UnknownStatus: the status is none that we know.
    """
    if asked is not None:
        data = fields.get("data")
        fields = data if isinstance(data, dict) and "task_id" not in fields else fields
    task_id = task_id_of(fields) if asked is None else _told(fields)
    if asked not in (None, task_id):
        raise UnreadableAnswer("the vendor's answer is about another task; the vendor is asked again later")
    if task_id is None:
        raise UnreadableAnswer("the vendor's answer carries no usable task_id; it is asked again later")
    return TaskSnapshot(
        task_id=task_id,
        status=_status(fields.get("status"), unknown_status_is, secret),
        total=_count(fields.get("total")),
        success=_count(fields.get("success")),
        failure=_count(fields.get("failure")),
        created_at=_text(fields.get("created_at"), 64),
        updated_at=_text(fields.get("updated_at"), 64),
        result_url=_url(fields.get("result_url")),
        message=_message(fields.get("message"), secret),
        is_synthetic=is_synthetic,
        amount=_amount(fields, secret),
        answered_at=answered_at,
    )


def _told(fields: Mapping[str, Any]) -> str | None:
    """The id as a status answer tells it, under either name."""
    value = fields.get("task_id", fields.get("id"))
    return str(value) if isinstance(value, str | int | float) else None


def task_id_of(fields: Mapping[str, Any]) -> str | None:
    """The answer's task id, 1 to 128 printable characters fit for a URL path and a file name; None otherwise."""
    value = fields.get("task_id")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT:
        return str(value)
    return value if isinstance(value, str) and is_task_id(value) else None


def possible_task_id_of(answer: Answer, secret: str) -> str | None:
    """Whatever may be the task's id in an answer that proves nothing: broken, wrapped, odd or elsewhere; None where nothing may be."""
    text = answer.body.decode("utf-8", "replace")
    named = _NAMED_ID.findall(text)
    literals = [literal for name, literal in named if name.lower() != "id"]
    if not text.lstrip().startswith("<"):  # the elements of a page have ids, too
        literals += [literal for name, literal in named if name.lower() == "id"]
    found = [_unquoted(each) for each in literals]
    if located := _LOCATED_ID.search(answer.headers.get("Location", "")):
        found.append(unquote(located[1]))
    return next((each for each in found if _may_be_id(each, secret)), None)


def _unquoted(literal: str) -> str:
    try:
        return str(json.loads(literal)) if literal.startswith('"') else literal
    except ValueError:
        return literal.strip('"')


def _may_be_id(text: str, secret: str) -> bool:
    is_phone = re.fullmatch(r"\+\d+", text, re.ASCII) is not None
    return 1 <= len(text) <= MAX_POSSIBLE_ID and text.isprintable() and secret not in text and not is_phone


def is_task_id(text: str) -> bool:
    """True for 1 to 128 printable characters without white space or slashes that name no folder."""
    is_plain = text.isprintable() and not any(c.isspace() or c in "/\\" for c in text)
    return is_plain and 1 <= len(text) <= MAX_TASK_ID and not text.startswith(".")


def balance_of(fields: Mapping[str, Any]) -> Balance:
    """Read the answer of the balance call.

    Raises:
        UnreadableAnswer: it carries no finite `balance`.
    """
    value = fields.get("balance")
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", value, re.ASCII):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise UnreadableAnswer("the vendor's answer carries no readable balance")
    return Balance(amount=float(value))


def _status(value: object, fallback: TaskStatus | None, secret: str) -> TaskStatus:
    word = value.strip().lower() if isinstance(value, str) else ""
    try:
        return TaskStatus(word)
    except ValueError:
        if fallback is not None:
            return fallback
    name = shown(value if isinstance(value, str) else str(type(value).__name__), secret, limit=40)
    raise UnknownStatus(f"the vendor names a task status that this version does not know: {name!r}; look for a newer version")


def _count(value: object) -> int | None:
    """Tolerant: counts inform, they decide nothing."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,18}(\.0+)?\s*", value, re.ASCII):
        return int(value.strip().partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNT else None


def _text(value: object, limit: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= limit and value.isprintable() else None


def _url(value: object) -> str | None:
    """The address of a result, also of a list of one."""
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    return _text(tidied(value), MAX_URL) if isinstance(value, str) else None


def _message(value: object, secret: str) -> str | None:
    return (shown(value, secret) or None) if isinstance(value, str) else None


def _amount(fields: Mapping[str, Any], secret: str) -> str | None:
    """Price of the task as the vendor gives it, e.g. `0.6 USD`."""
    value = fields.get("actual_amount", fields.get("estimated_amount"))
    parts = [value.get("amount"), value.get("currency")] if isinstance(value, dict) else [value]
    texts = [
        shown(str(part), secret, limit=32) for part in parts if isinstance(part, str | int | float) and not isinstance(part, bool)
    ]
    return " ".join(text for text in texts if text) or None
