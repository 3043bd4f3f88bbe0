"""How the vendor's task ids are shown."""

from __future__ import annotations

import re

_LIKE_A_PHONE = re.compile(r"(?<![\w+])(\+?\d{2})\d{3,11}(\d{2})(?!\w)", re.ASCII)


def shown_task_id(task_id: str | None) -> str:
    """A task id (or several) for texts and logs: of one that reads as a phone only the ends are shown.

    The ledger, receipts and `status --json` have it whole, since a person needs it to attach the task.
    """
    return _LIKE_A_PHONE.sub(r"\1•••\2", task_id or "")
