"""A client written from the vendor's page alone, for the tests of both vendors."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass
from typing import Any

import openpyxl
import requests

KEY = {"X-API-Key": "k"}
_serial = itertools.count()


def phones(count: int) -> list[str]:
    """So many E.164 strings of an unassigned country code, never the same twice in one process."""
    return [f"+999{next(_serial):09d}" for _ in range(count)]


def table(content: bytes, sheet: int = -1) -> list[tuple[Any, ...]]:
    """A workbook's sheet as rows."""
    return list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[sheet].iter_rows(values_only=True))


@dataclass
class Client:
    url: str

    def submit(self, lines: list[str], **more: Any) -> requests.Response:
        return requests.post(
            f"{self.url}/fb/api/simple/tasks",
            files={"file": ("input.txt", "\n".join(lines))},
            **{"headers": KEY, "timeout": 5, **more},
        )

    def status(self, task_id: str, **more: Any) -> requests.Response:
        return requests.get(f"{self.url}/fb/api/simple/tasks/{task_id}", **{"headers": KEY, "timeout": 5, **more})

    def result(self, lines: list[str]) -> requests.Response:
        """Submit, ask, download without the key."""
        return requests.get(self.status(self.submit(lines).json()["task_id"]).json()["result_url"], timeout=5)

    def submit_v1(self, lines: list[str], task_type: str = "facebook") -> requests.Response:
        return requests.post(
            f"{self.url}/v1/tasks",
            files={"file": ("input.txt", "\n".join(lines))},
            data={"task_type": task_type},
            headers=KEY,
            timeout=5,
        )

    def status_v1(self, task_id: str) -> requests.Response:
        return requests.post(f"{self.url}/v1/gettasks", data={"task_id": task_id}, headers=KEY, timeout=5)
