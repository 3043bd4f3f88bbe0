"""What the sandbox answers for a number; nothing about tasks or files."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

Label = Literal["yes", "no", "ban"]

# Upper ends in thousandths: 0.5 % unanswered, 61.7 % yes, 34.8 % no, 3 % ban.
_UNANSWERED, _YES, _NO = 5, 622, 970


def verdict_of(number: str | int) -> Label | None:
    """The sandbox's verdict on a number: the same in every process, on every day.

    Args:
        number: E.164, with or without `+`, or its digits as an int.

    Returns:
        `yes` (about 62 %), `no` (35 %), `ban` (3 %); None for the 0.5 % that the result leaves out (counted as failure).
    """
    digits = str(number).removeprefix("+")
    point = int.from_bytes(blake2b(digits.encode(), digest_size=8).digest()) % 1000
    if point < _UNANSWERED:
        return None
    return "yes" if point < _YES else "no" if point < _NO else "ban"
