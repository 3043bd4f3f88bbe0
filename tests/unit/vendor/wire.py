"""A server of bare sockets: each connection meets one behaviour, every byte received is kept.

Belongs here: what a library's server would not do, such as half an answer or a reset. Results and tasks do not.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from itertools import chain, repeat
from types import TracebackType

from fbcheck_pipeline.settings import Settings, settings_of
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.connections import Timeouts

KEY = "key-7f3a91c0d2"
PAYLOAD = b"".join(b"+4179800%04d\n" % i for i in range(50))
PATIENT = Timeouts(connect_s=10, read_s=10, status_s=10, download_idle_s=10, download_total_s=10)
HASTY = Timeouts(connect_s=10, read_s=0.1, status_s=0.1, download_idle_s=0.1, download_total_s=10)
"""Only for a server that never answers: whatever the machine's load, the outcome is the same."""

Behaviour = Callable[["Wire", socket.socket], None]


class Wire:
    """The server; `behaviours` are met in turn, the last one for ever. In `requests`, what each connection sent."""

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.done = threading.Event()
        self._behaviours: Iterable[Behaviour] = chain(behaviours, repeat(behaviours[-1]))
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> Wire:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        for behaviour in self._behaviours:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            index = len(self.requests)
            self.requests.append(b"")
            threading.Thread(target=self._meet, args=(behaviour, connection, index), daemon=True).start()

    def _meet(self, behaviour: Behaviour, connection: socket.socket, index: int) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                connection.settimeout(5)
                recorder = _Recorder(self, connection, index)
                behaviour(self, recorder)  # type: ignore[arg-type]
        except OSError:
            pass


class _Recorder:
    """A socket that keeps what it receives."""

    def __init__(self, wire: Wire, connection: socket.socket, index: int) -> None:
        self._wire, self._connection, self._index = wire, connection, index

    def recv(self, size: int) -> bytes:
        part = self._connection.recv(size)
        self._wire.requests[self._index] += part
        return part

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def read_head(connection: socket.socket) -> bytes:
    """Receive up to the end of the headers."""
    received = b""
    while b"\r\n\r\n" not in received and (part := connection.recv(1)):
        received += part
    return received


def read_request(connection: socket.socket) -> bytes:
    """Receive a whole request."""
    head = read_head(connection)
    left = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    body = b""
    while len(body) < left and (part := connection.recv(left - len(body))):
        body += part
    return head + body


def http(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """An answer as bytes, with its length unless `headers` say otherwise."""
    told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Word", *(f"{name}: {value}" for name, value in told.items() if value), "", ""]
    return "\r\n".join(lines).encode() + body


def says(answer: bytes) -> Behaviour:
    """Answer every request of the connection with these bytes, until the client closes it."""

    def behave(_: Wire, connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(answer)

    return behave


def says_then_closes(*parts: bytes) -> Behaviour:
    """Read a request, answer with these bytes, close."""

    def behave(_: Wire, connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"".join(parts))

    return behave


def closes_at_once(_: Wire, connection: socket.socket) -> None:
    """Accept and close."""


def closes_after_head(_: Wire, connection: socket.socket) -> None:
    """Close when the headers have come, the body unread."""
    read_head(connection)


def closes_after_body(_: Wire, connection: socket.socket) -> None:
    """Close when the whole request has come."""
    read_request(connection)


def resets_after_body(_: Wire, connection: socket.socket) -> None:
    """Reset the connection when the whole request has come."""
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs(wire: Wire, connection: socket.socket) -> None:
    """Take the request and say nothing."""
    read_request(connection)
    wire.done.wait(10)


def hangs_after(*parts: bytes) -> Behaviour:
    """Answer with these bytes, and say no more."""

    def behave(wire: Wire, connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"".join(parts))
        wire.done.wait(10)

    return behave


def drips(head: bytes, drop: bytes = b" ", every_s: float = 0.05) -> Behaviour:
    """Answer a drop at a time, for ever."""

    def behave(wire: Wire, connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        while not wire.done.wait(every_s):
            connection.sendall(drop)

    return behave


def settings_for(url: str, **given: object) -> Settings:
    """Settings that read no `.env`."""
    return settings_of({"api_key": KEY, "api_url": url, "data_uri": "data", **given})


def client_for(url: str, timeouts: Timeouts = PATIENT, **given: object) -> VendorClient:
    """A client for a server of these tests."""
    return VendorClient(settings_for(url, **given), timeouts=timeouts)
