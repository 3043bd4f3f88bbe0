"""The vendor's two protocols: paths and form fields, nothing of sockets.

A call is described here and made by the client; both protocols answer with the same task fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

FILE_NAME = "input.txt"
PROTOCOLS = ("simple", "v1")


@dataclass(frozen=True)
class Call:
    """One request: method, path below API_URL, query, form fields, and the file of a submission."""

    method: Literal["GET", "POST"]
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    file: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SimpleProtocol:
    """`/fb/api/simple`: the one that the vendor's first page documents."""

    user_id: str | None = None

    def submission(self, payload: bytes) -> Call:
        """The call that sends a chunk; accepted, it is billed."""
        return Call("POST", "/fb/api/simple/tasks", form=self._user(), file=payload)

    def status(self, task_id: str) -> Call:
        """The call that asks for a task; free, safe to repeat."""
        return Call("GET", f"/fb/api/simple/tasks/{quote(task_id, safe='')}", query=self._user())

    def balance(self) -> None:
        """The call that asks for the balance: this protocol has none."""

    def _user(self) -> dict[str, str]:
        return {"user_id": self.user_id} if self.user_id else {}


class V1Protocol:
    """`/v1`: the newer one; its status call is a POST that changes nothing."""

    def submission(self, payload: bytes) -> Call:
        return Call("POST", "/v1/tasks", form={"task_type": "facebook"}, file=payload)

    def status(self, task_id: str) -> Call:
        return Call("POST", "/v1/gettasks", form={"task_id": task_id})

    def balance(self) -> Call:
        return Call("GET", "/v1/balance")


def protocol_named(name: str, user_id: str | None) -> SimpleProtocol | V1Protocol:
    """One of PROTOCOLS by its name."""
    return V1Protocol() if name == "v1" else SimpleProtocol(user_id)
