"""The sound sandbox: both protocols, verdicts, progress, count."""

from __future__ import annotations

import io
import re
import socket
import zipfile
from array import array
from collections import Counter

import pytest
import requests

from fbcheck_pipeline.sandbox import Sandbox, verdict_of
from fbcheck_pipeline.sandbox.tasks import TaskBook, rfc3339_nano

from .client import KEY, Client, phones, table

FIELDS = ["created_at", "updated_at", "task_id", "user_id", "status", "total", "success", "failure"]
NANOS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


def test_the_simple_receipt_is_the_documented_sample(client: Client) -> None:
    """Field names and order, pending and zeros, exactly as on the vendor's page."""
    answer = client.submit(phones(3), data={"user_id": "test"})
    body = answer.json()
    assert (answer.status_code, list(body)) == (200, FIELDS)
    assert (body["user_id"], body["status"], body["total"], body["success"], body["failure"]) == ("test", "pending", 0, 0, 0)
    assert NANOS.fullmatch(body["created_at"]) and re.fullmatch("[0-9a-v]{20}", body["task_id"])
    assert answer.headers["X-Synthetic"] == "true"


def test_the_simple_result_holds_the_verdict_of_each_number(client: Client) -> None:
    """The columns, the labels, and that what is left out is what failure counts."""
    lines = phones(2000)
    status = client.status(client.submit(lines).json()["task_id"]).json()
    rows = table(requests.get(status["result_url"], timeout=5).content)
    assert rows[0] == ("Number", "facebook")
    assert dict(rows[1:]) == {line: verdict_of(line) for line in lines if verdict_of(line)}
    assert (status["status"], status["total"], status["success"]) == ("exported", 2000, len(rows) - 1)
    assert status["failure"] == 2000 - status["success"] > 0


def test_the_v1_answers_and_zip_are_as_documented(client: Client) -> None:
    """202, a zip of several members, amounts; the same verdicts as in the other protocol."""
    lines = phones(150)
    receipt = client.submit_v1(lines)
    assert (receipt.status_code, receipt.json()["status"], receipt.json()["total"]) == (202, "pending", 150)
    assert {"task_id", "message", "created_at", "estimated_amount"} <= set(receipt.json())
    status = client.status_v1(receipt.json()["task_id"]).json()
    assert list(status) == [*FIELDS, "result_url", "actual_amount"]
    members = zipfile.ZipFile(io.BytesIO(requests.get(status["result_url"], timeout=5).content))
    assert {"all.csv", "result.xlsx", "registered.txt", "unregistered.txt"} == set(members.namelist())
    rows = table(members.read("result.xlsx"))
    assert rows[0] == ("number", "activated")
    assert dict(rows[1:]) == {line: verdict_of(line) for line in lines if verdict_of(line)}
    assert len(members.read("all.csv").splitlines()) == len(rows)


@pytest.mark.parametrize("count", [1, 99])
def test_a_v1_file_below_100_rows_is_a_free_400(sandbox: Sandbox, client: Client, count: int) -> None:
    """The least batch size is the vendor's, and refusing costs nothing."""
    before = sandbox.accepted()["phones"]
    answer = client.submit_v1(phones(count))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_batch_size")
    assert sandbox.accepted()["phones"] == before


def test_what_is_malformed_is_refused_and_not_counted(sandbox: Sandbox, client: Client) -> None:
    """400 is free; the answer never repeats the offending text."""
    before = sandbox.accepted()
    refused = [client.submit(lines) for lines in ([], ["5321234567"], ["+0123456789"], ["+1"], [*phones(1), "+49abc"])]
    refused.append(requests.post(f"{client.url}/fb/api/simple/tasks", data={"file": "+99912345678"}, headers=KEY, timeout=5))
    refused.append(requests.post(f"{client.url}/fb/api/simple/tasks", headers=KEY, timeout=5))
    refused.append(client.submit_v1(phones(100), task_type="whatsapp"))
    assert [answer.status_code for answer in refused] == [400] * 8
    assert "line 2 is not" in refused[4].json()["message"] and "abc" not in refused[4].text
    after = sandbox.accepted()
    assert after["posts"] == before["posts"] + 8
    assert after | {"posts": before["posts"]} == before


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}, {"X-API-Key": "bad"}])
def test_without_a_good_key_nothing_is_done(sandbox: Sandbox, client: Client, headers: dict[str, str]) -> None:
    """401 on submission and on status; free."""
    task_id = client.submit(phones(1)).json()["task_id"]
    before = sandbox.accepted()["tasks"]
    assert client.submit(phones(1), headers=headers).status_code == 401
    assert client.status(task_id, headers=headers).status_code == 401
    assert sandbox.accepted()["tasks"] == before


def test_an_unknown_task_is_a_404_in_json(client: Client) -> None:
    """Also a task of the other protocol; every error carries the synthetic mark."""
    task_id = client.submit(phones(1)).json()["task_id"]
    for answer in (client.status("nope"), client.status_v1(task_id), client.status_v1("nope")):
        assert (answer.status_code, answer.json()["error"], answer.headers["X-Synthetic"]) == (404, "task_not_found", "true")


def test_the_balance_falls_by_what_was_accepted(client: Client) -> None:
    """USD, the price that one user saw."""
    before = requests.get(f"{client.url}/v1/balance", headers=KEY, timeout=5).json()["balance"]
    client.submit(phones(1000))
    after = requests.get(f"{client.url}/v1/balance", headers=KEY, timeout=5).json()["balance"]
    assert round(before - after, 4) == 0.03
    assert requests.get(f"{client.url}/v1/balance", timeout=5).status_code == 401


def test_the_count_shows_what_was_bought_twice() -> None:
    """It is how every test of money looks at the vendor; over HTTP and in process alike."""
    with Sandbox() as sandbox:
        client, lines = Client(sandbox.url), phones(5)
        client.submit(lines)
        client.submit(lines[:2])
        told = {"tasks": 2, "phones": 7, "distinct": 5, "most_per_phone": 2, "posts": 2}
        assert sandbox.accepted() == requests.get(f"{sandbox.url}/sandbox/accepted", timeout=5).json() == told


def test_verdicts_are_spread_as_documented_and_never_change() -> None:
    """62 / 35 / 3 %, half a percent unanswered; a fixed sample guards the law."""
    seen = Counter(verdict_of(number) for number in range(99_900_000_000, 99_900_040_000))
    assert [round(seen[label] / 400) for label in ("yes", "no", "ban")] == [62, 35, 3]
    assert 0.003 < seen[None] / 40_000 < 0.007
    assert verdict_of("+999000000001") == verdict_of("999000000001") == verdict_of(999000000001)
    assert [verdict_of(999_000_000_000 + each) for each in (0, 3, 65, 613)] == ["yes", "no", "ban", None]


@pytest.mark.parametrize("protocol", ["simple", "v1"])
def test_a_task_goes_through_its_stages_on_the_clock_alone(protocol: str) -> None:
    """No thread sleeps: the answer is computed from when it was asked; v1 has no `completed`."""
    now = [0.0]
    book = TaskBook(100.0, clock=lambda: now[0])
    task = book.accept(protocol, "", array("q", range(99_900_000_000, 99_900_001_000)), "exports")  # type: ignore[arg-type]
    seen = []
    for now[0] in (0, 9.9, 10, 50, 89, 90, 99.9, 100, 500):
        seen.append(book.snapshot(task))
    late = "completed" if protocol == "simple" else "processing"
    assert [each["status"] for each in seen] == ["pending"] * 2 + ["processing"] * 3 + [late] * 2 + ["exported"] * 2
    assert [each["total"] for each in seen] == [0, 0] + [1000] * 7
    successes = [each["success"] for each in seen]
    assert successes == sorted(successes) and 0 < successes[3] < successes[4] < successes[-1] == 1000 - seen[-1]["failure"]
    assert len({each["updated_at"] for each in seen[-2:]}) == 1


def test_nanoseconds_are_written_as_the_vendor_does() -> None:
    """Go drops trailing zeros: nine decimals, eight, or none."""
    assert rfc3339_nano(1_729_362_296_450_567_423) == "2024-10-19T18:24:56.450567423Z"
    assert rfc3339_nano(1_729_362_296_450_567_420) == "2024-10-19T18:24:56.45056742Z"
    assert rfc3339_nano(1_729_362_296_000_000_000) == "2024-10-19T18:24:56Z"


def test_it_is_up_once_it_is_entered_and_on_loopback_alone() -> None:
    """The demo submits at once."""
    with Sandbox() as sandbox:
        assert requests.get(f"{sandbox.url}/sandbox/accepted", timeout=5).ok
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), Sandbox(port=port):
            pass
        with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):
            pass
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        pass
