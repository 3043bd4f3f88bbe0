"""Status calls cost nothing: whatever comes, the task stays open and the error says which kind it was."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from fbcheck_pipeline.errors import (
    RateLimited,
    TaskNotFound,
    UnknownStatus,
    UnreadableAnswer,
    VendorError,
    VendorRefuses,
    VendorUnavailable,
)
from fbcheck_pipeline.vendor.connections import Timeouts
from fbcheck_pipeline.vendor.task_snapshots import Balance, TaskStatus

from . import wire
from .wire import HASTY, KEY, PATIENT, Behaviour, Wire, client_for, http, says, says_then_closes

TASK_ID = "cs9viu7i61pkfs4oavvg"
EXPORTED = {
    "created_at": "2024-10-19T18:24:56.450567423Z",
    "updated_at": "2024-10-19T18:53:43.141760071Z",
    "task_id": TASK_ID,
    "user_id": "test",
    "status": "exported",
    "total": 20000,
    "success": 20010,
    "failure": 0,
    "result_url": "https://example-link-to-results.xlsx/a?sig=s3cr3t",
}


TOO_LARGE = json.dumps(EXPORTED).encode() + b" " * 1_100_000


def answer(**fields: object) -> Behaviour:
    return says(http(200, json.dumps(EXPORTED | fields).encode()))


def ask(behaviour: Behaviour, timeouts: Timeouts = PATIENT) -> VendorError:
    """One status call that must fail."""
    with Wire(behaviour) as server, client_for(server.url, timeouts) as client:
        with pytest.raises(VendorError) as caught:
            client.task(TASK_ID)
        assert KEY not in repr(caught.value)
        return caught.value


def test_the_vendors_own_sample_is_read() -> None:
    """Counts that do not add up and nanoseconds are the vendor's truth, kept as they are."""
    with Wire(answer()) as server, client_for(server.url, user_id="a&b") as client:
        task = client.task(TASK_ID)
    assert server.requests[0].startswith(f"GET /fb/api/simple/tasks/{TASK_ID}?user_id=a%26b HTTP/1.1\r\n".encode())
    assert (task.status, task.total, task.success) == (TaskStatus.EXPORTED, 20000, 20010)
    assert task.updated_at == "2024-10-19T18:53:43.141760071Z"
    assert task.updated_at_us == 1729364023141760
    assert task.result_url == EXPORTED["result_url"]
    assert "s3cr3t" not in repr(task)


def test_v1_asks_with_a_form() -> None:
    """A POST that changes nothing."""
    failed = answer(status="failed", message="bad +41798284651", actual_amount={"amount": 0.6, "currency": "USD"})
    with Wire(failed) as server, client_for(server.url, protocol="v1") as client:
        task = client.task(TASK_ID)
    assert server.requests[0].startswith(b"POST /v1/gettasks HTTP/1.1\r\n")
    assert server.requests[0].endswith(f"task_id={TASK_ID}".encode())
    assert (task.status, task.amount, task.message) == (TaskStatus.FAILED, "0.6 USD", "bad •••")
    assert task.status.is_terminal()


@pytest.mark.parametrize(
    "behaviour",
    [
        wire.closes_at_once,
        wire.closes_after_body,
        wire.resets_after_body,
        says_then_closes(b"garbage\r\n\r\n"),
        says_then_closes(http(200, b'{"task', {"Content-Length": "90"})),
        says(http(500, b"{}")),
        says(http(502, b"<html>", {"Content-Type": "text/html"})),
    ],
)
def test_no_answer_means_ask_again(behaviour: Behaviour) -> None:
    """The task stays open."""
    assert type(ask(behaviour)) is VendorUnavailable


@pytest.mark.parametrize("behaviour", [wire.hangs, wire.drips(http(200, b"", {"Content-Length": "", "Connection": "close"}))])
def test_a_slow_answer_means_ask_again(behaviour: Behaviour) -> None:
    """A tick has seconds for many tasks."""
    assert type(ask(behaviour, HASTY)) is VendorUnavailable


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\x00{", b"[]", b'"x"', b"<html>", b"{}", b'{"task_id":"x","status":"pending"}', b"[" * 5000, TOO_LARGE],
)
def test_an_answer_that_says_nothing_usable_is_named_so(body: bytes) -> None:
    """Also one that speaks of another task: its progress and result are not ours."""
    assert type(ask(says(http(200, body)))) is UnreadableAnswer


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, VendorRefuses),
        (403, VendorRefuses),
        (302, VendorRefuses),
        (404, TaskNotFound),
        (429, RateLimited),
        (503, VendorUnavailable),
        (400, UnreadableAnswer),
        (409, UnreadableAnswer),
    ],
)
def test_error_codes_have_errors_of_their_own(status: int, kind: type[VendorError]) -> None:
    """Who polls decides by kind, never by text."""
    assert type(ask(says(http(status, b"{}", {"Retry-After": "3", "Location": "/x"})))) is kind


def test_an_unknown_status_is_named_and_trimmed() -> None:
    """A person must learn which word it was; it may be long, or no word at all."""
    error = ask(answer(status="archived\x00" + "x" * 100))
    assert type(error) is UnknownStatus
    assert "'archived xxx" in str(error)
    assert "x" * 41 not in str(error)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        *((20000, 20000), ("20000", 20000), (2e4, 20000)),
        *((-1, None), (1.5, None), (True, None), (None, None), ("many", None), (2**70, None)),
    ],
)
def test_counts_inform_and_never_stop(sent: object, read: int | None) -> None:
    """A count that is none is unknown; the status still matters."""
    with Wire(answer(total=sent)) as server, client_for(server.url) as client:
        assert client.task(TASK_ID).total == read


@pytest.mark.parametrize("task_id", ["", ".", ".."])
def test_an_id_that_is_no_path_is_never_sent(task_id: str) -> None:
    """It would ask for something else than a task; whatever else a person gives is taken as it is."""
    with client_for("http://127.0.0.1:1") as client, pytest.raises(UnreadableAnswer):
        client.task(task_id)


@pytest.mark.parametrize("task_id", ["a b", "a/b", "x" * 200, "-7.5"])
@pytest.mark.parametrize("shape", ["task_id", "id", "data"])
def test_an_id_that_a_person_gives_is_asked_for_as_it_is(task_id: str, shape: str) -> None:
    """The vendor gave it so; its answer names it so, under whatever name."""
    said = {"data": {"task_id": task_id, "status": "pending"}} if shape == "data" else {shape: task_id, "status": "pending"}
    with Wire(says(http(200, json.dumps(said).encode()))) as server, client_for(server.url) as client:
        assert client.task(task_id).task_id == task_id
    assert server.requests[0].startswith(f"GET /fb/api/simple/tasks/{quote(task_id, safe='')} HTTP/1.1".encode())


def test_an_id_is_escaped_in_the_path() -> None:
    """`?` and `%` are printable, and no query of ours."""
    with Wire(answer(task_id="a?b%c#d")) as server, client_for(server.url) as client:
        client.task("a?b%c#d")
    assert server.requests[0].startswith(b"GET /fb/api/simple/tasks/a%3Fb%25c%23d HTTP/1.1")


def test_kept_connections_are_shared_by_many_threads() -> None:
    """64 calls of 16 threads need at most 16 connections, and no answer goes to the wrong thread."""
    ids = [f"task{i}" for i in range(64)]
    start = threading.Barrier(16)

    def echo(_: Wire, connection: object) -> None:
        while request := wire.read_head(connection):  # type: ignore[arg-type]
            task_id = request.split(b" ")[1].rpartition(b"/")[2].decode()
            connection.sendall(http(200, json.dumps({"task_id": task_id, "status": "processing"}).encode()))  # type: ignore[attr-defined]

    with Wire(echo) as server, client_for(server.url) as client, ThreadPoolExecutor(16, initializer=start.wait) as pool:
        assert [task.task_id for task in pool.map(client.task, ids)] == ids
        assert len(server.requests) <= 16


def test_cookies_are_not_kept() -> None:
    """Threads share the session; the vendor's API has no sessions."""
    body = json.dumps(EXPORTED).encode()
    with Wire(says(http(200, body, {"Set-Cookie": "a=b"}))) as server, client_for(server.url) as client:
        client.task(TASK_ID)
        client.task(TASK_ID)
    assert b"Cookie:" not in b"".join(server.requests)


@pytest.mark.parametrize("told", [12.5, "12.5"])
def test_the_balance_is_read_where_the_protocol_has_it(told: object) -> None:
    """v1 tells it; simple cannot, and is not asked."""
    with Wire(says(http(200, json.dumps({"balance": told}).encode()))) as server:
        with client_for(server.url, protocol="v1") as client:
            assert client.balance() == Balance(amount=12.5)
        with client_for(server.url) as client:
            assert client.balance() is None
    assert server.requests[0].startswith(b"GET /v1/balance HTTP/1.1")
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"{}", b'{"balance":null}', b'{"balance":true}', b'{"balance":NaN}', b'{"balance":"x"}', b"[]"])
def test_a_balance_that_is_none_is_unreadable(body: bytes) -> None:
    """Money is not guessed."""
    with (
        Wire(says(http(200, body))) as server,
        client_for(server.url, protocol="v1") as client,
        pytest.raises(UnreadableAnswer),
    ):
        client.balance()
