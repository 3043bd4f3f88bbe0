"""One answer off the wire, bounded in size and time, and what may be shown of it.

What an answer means for a task or for money is not decided here.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib3.response import HTTPResponse


MAX_ANSWER_BYTES = 1_000_000
MAX_WORDS = 200
MAX_KEPT = 3000
MAX_RETRY_AFTER_S = 3600.0

_DIGIT_RUN = re.compile(r"\+?\d(?:(?::|(?:[^\w+:]|_){0,4})\d){5,}")
_URL_QUERY = re.compile(r"(\w+://[^\s?#\"']*)[?#][^\s\"']*")
_WORD_FIELDS = ("code", "error", "message", "msg", "detail")


class TooLarge(Exception):
    """A body is larger than it may be."""


class TooSlow(Exception):
    """A body drips past its time."""


@dataclass(frozen=True)
class Answer:
    """Status, headers (case-insensitive mapping) and whole body of one response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        """True for HTML or XML: something in between speaks, not the vendor's API."""
        kind = self.headers.get("Content-Type", "").lower()
        return "html" in kind or self.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    @property
    def is_synthetic(self) -> bool:
        """True when a sandbox answers."""
        return self.headers.get("X-Synthetic", "").strip().lower() == "true"

    @property
    def date(self) -> float | None:
        """The vendor's clock as its Date header tells it, UTC seconds."""
        told = _http_date(self.headers.get("Date", ""))
        return None if told is None else told.timestamp()

    def fields(self) -> dict[str, Any] | None:
        """The body as a JSON object; None when it is anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def words(self, secret: str) -> str:
        """What the vendor says of a failure, fit to be shown; empty when it says nothing."""
        if self.is_page:
            return ""
        fields = self.fields()
        text = self.body[:4096].decode("utf-8", "replace") if fields is None else ": ".join(_texts(fields))
        return shown(text, secret)

    def to_keep(self, secret: str) -> str:
        """The answer as a receipt may hold it: at most 3 KB, without the key or anything that reads as a phone."""
        return shown(f"HTTP {self.status} {self.body[: 4 * MAX_KEPT].decode('utf-8', 'replace')}", secret, limit=MAX_KEPT)

    def retry_after_s(self) -> float | None:
        """Seconds to wait as told by Retry-After, 0 to 3600; None when it is absent or unreadable."""
        told = self.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", told):
            return min(float(told), MAX_RETRY_AFTER_S)
        until = _http_date(told)
        if until is None:
            return None
        now = _http_date(self.headers.get("Date", "")) or datetime.now(UTC)
        return min(max((until - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def shown(text: str, secret: str = "", limit: int = MAX_WORDS) -> str:
    """Make a foreign text fit for a message.

    Args:
        text: anything.
        secret: the API key, blotted out wherever it is echoed.
        limit: most characters kept.

    Returns:
        One line of printable characters without URL queries and without six digits in a run.
    """
    if secret:
        text = text.replace(secret, "•••")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _DIGIT_RUN.sub("•••", _URL_QUERY.sub(r"\1", text))[:limit]


def read_body(raw: HTTPResponse, body: bytearray, *, max_bytes: int, within_s: float) -> None:
    """Read a response body whole into `body`, which holds what came also if the rest does not.

    Raises:
        TooLarge: it is larger than `max_bytes`, also after decompression.
        TooSlow: it is not there after `within_s`, however steadily it drips.
    """
    deadline = time.monotonic() + within_s
    while part := raw.read1(65_536, decode_content=True):
        body += part
        if len(body) > max_bytes:
            raise TooLarge
        if time.monotonic() > deadline:
            raise TooSlow


def _texts(fields: Mapping[str, Any]) -> list[str]:
    """The telling fields of an error answer, one level of nesting deep."""
    found: list[str] = []
    for name in _WORD_FIELDS:
        value = fields.get(name)
        if isinstance(value, dict):
            found += [inner for key in _WORD_FIELDS if isinstance(inner := value.get(key), str)]
        elif isinstance(value, str):
            found.append(value)
    return found


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
