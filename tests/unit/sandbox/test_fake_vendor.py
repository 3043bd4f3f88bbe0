"""The tests' own vendor: that its script, its memory and its count can be relied on."""

from __future__ import annotations

import io
import threading
import zipfile
from typing import Any

import pytest
import requests

from fbcheck_pipeline.sandbox import Sandbox
from tests.fake_vendor import FakeVendor, ResultShape, verdict

from .client import KEY, Client, phones, table


def test_it_speaks_as_the_sandbox_does() -> None:
    """Two vendors written apart from the same page: the same fields, codes and states."""
    with FakeVendor() as fake_vendor, Sandbox() as sandbox:
        first, second = Client(fake_vendor.url), Client(sandbox.url)
        lines = phones(100)
        assert set(first.submit(lines).json()) == set(second.submit(lines).json())
        receipts = [each.submit_v1(lines) for each in (first, second)]
        assert [each.status_code for each in receipts] == [202, 202]
        assert set(receipts[0].json()) | {"estimated_amount"} == set(receipts[1].json())
        for refused in ([], ["0532"]):
            assert first.submit(refused).status_code == second.submit(refused).status_code == 400
        assert first.submit_v1(phones(99)).json()["error"] == second.submit_v1(phones(99)).json()["error"] == "invalid_batch_size"
        ids = [each.submit(lines).json()["task_id"] for each in (first, second)]
        exported = [each.status(task_id).json() for each, task_id in zip((first, second), ids, strict=True)]
        assert list(exported[0]) == list(exported[1]) and exported[0]["status"] == "exported"


def test_it_remembers_what_it_received_and_accepted() -> None:
    """Refused posts are kept as posts, not as accepted; a phone bought twice shows."""
    with FakeVendor([500, ("status", 429, {"Retry-After": "1"}, b"{}")]) as vendor:
        client, lines = Client(vendor.url), phones(3)
        assert [client.submit(lines).status_code for _ in range(4)] == [500, 429, 200, 200]
        assert vendor.posts == ["\n".join(lines).encode()] * 4
        assert vendor.most_per_phone == 2 and set(vendor.accepted) == set(lines)
        assert vendor.post_headers[0]["X-API-Key"] == "k"


@pytest.mark.parametrize(
    ("behaviour", "accepted"),
    [("accept_then_cut", 2), ("cut_before_reading", 0), ("cut_before_accepting", 0), ("accept_then_hang", 2)],
)
def test_a_lost_answer_is_lost_and_counted_as_scripted(behaviour: str, accepted: int) -> None:
    """The client sees the same; the count tells."""
    with FakeVendor([behaviour]) as vendor:
        with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
            Client(vendor.url).submit(phones(2), timeout=0.3)
        assert (sum(vendor.accepted.values()), len(vendor.posts)) == (accepted, 1)
        assert Client(vendor.url).submit(phones(2)).ok


@pytest.mark.parametrize(
    ("behaviour", "body"),
    [("html", "<!doctype"), ("no_task_id", "{"), ("garbage", '{"task_id": "cs9v'), (("accept_status", 503, {}, b"busy"), "busy")],
)
def test_an_unreadable_receipt_is_accepted(behaviour: Any, body: str) -> None:
    """Perhaps billed is billed here, so that a second submission is seen."""
    with FakeVendor(lambda index, payload: behaviour) as vendor:
        text = Client(vendor.url).submit(phones(2)).text
        assert text.startswith(body) and ("task_id" not in text or behaviour == "garbage")
        assert sum(vendor.accepted.values()) == 2


def test_a_hanging_post_can_be_awaited_and_released() -> None:
    """Tests that kill the client need to know that its request is under way."""
    with FakeVendor(["accept_then_hang"]) as vendor:
        ended = threading.Event()

        def submit() -> None:
            with pytest.raises(requests.ConnectionError):
                Client(vendor.url).submit(phones(1), timeout=20)
            ended.set()

        threading.Thread(target=submit, daemon=True).start()
        vendor.wait_for(lambda seen: len(seen.accepted) == 1)
        assert not ended.is_set()
        vendor.release.set()
        assert ended.wait(5)


def test_a_held_task_is_pending_until_finished() -> None:
    """Order of finishing is the test's."""
    with FakeVendor(hold=True) as vendor:
        client = Client(vendor.url)
        first, second = (client.submit(phones(1)).json()["task_id"] for _ in range(2))
        vendor.finish(second)
        assert [client.status(each).json()["status"] for each in (first, second)] == ["pending", "exported"]
        vendor.finish_all()
        assert client.status(first).json()["status"] == "exported"
        assert vendor.status_calls == {first: 2, second: 1}


def test_statuses_follow_their_script_and_then_the_truth() -> None:
    """Words, codes, garbage, single fields."""
    script = ["processing", 500, "garbage", "archiving", {"success": 20010}, ("status", 404, {}, b"{}"), "failed"]
    with FakeVendor(statuses=script) as vendor:  # type: ignore[arg-type]
        client = Client(vendor.url)
        task_id = client.submit(phones(3)).json()["task_id"]
        answers = [client.status(task_id) for _ in range(8)]
        assert [each.status_code for each in answers] == [200, 500, 200, 200, 200, 404, 200, 200]
        assert [answers[i].json()["status"] for i in (0, 3, 4, 6, 7)] == [
            "processing",
            "archiving",
            "exported",
            "failed",
            "exported",
        ]
        assert answers[4].json()["success"] == 20010
        with pytest.raises(requests.JSONDecodeError):
            answers[2].json()


def test_a_download_follows_its_script_and_tells_who_brought_the_key() -> None:
    """403 voids the URL until the status is asked again; a short file told more."""
    with FakeVendor(downloads=["expire", 500, "cut", "wrong_length", "html"]) as vendor:
        client = Client(vendor.url)
        task_id = client.submit(phones(50)).json()["task_id"]
        old = client.status(task_id).json()["result_url"]
        assert [requests.get(old, timeout=5).status_code for _ in range(2)] == [403, 403]
        fresh = client.status(task_id).json()["result_url"]
        assert requests.get(fresh, timeout=5).status_code == 500
        for _ in range(2):
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                requests.get(fresh, timeout=5)
        assert requests.get(fresh, timeout=5).text.startswith("<!doctype")
        assert len(table(requests.get(fresh, headers=KEY, timeout=5).content)) == 51
        assert [("X-API-Key" in each) for each in vendor.result_headers] == [False] * 6 + [True]
        assert vendor.download_calls[task_id] == 7


def test_results_take_the_shape_that_was_asked_for() -> None:
    """One shape per task, as of its acceptance."""
    lines = phones(10)
    with FakeVendor() as vendor:
        client = Client(vendor.url)

        def rows(**shape: Any) -> list[tuple[Any, ...]]:
            vendor.shape = ResultShape(**shape)
            return table(client.result(lines).content)

        plain = [(line, verdict(line)) for line in lines]
        assert rows() == [("Number", "facebook"), *plain]
        assert rows(missing=2)[1:] == plain[:8]
        assert rows(extra=("+999000000999",))[-1] == ("+999000000999", "yes")
        assert [number for number, _ in rows(conflicts=1)].count(lines[0]) == 2
        assert {label for _, label in rows(labels={"yes": " YES "})[1:]} <= {" YES ", "no", "ban"}
        assert rows(numbers="digits")[1][0] == lines[0].removeprefix("+")
        assert rows(numbers="numeric", swap_columns=True)[1] == (verdict(lines[0]), int(lines[0]))
        assert rows(summary_sheet=True)[1:] == plain
        assert rows(rows=lambda pairs: pairs[::-1])[1:] == plain[::-1]
        vendor.shape = ResultShape(format="csv", header=("number", "activated"))
        assert client.result(lines).text.splitlines()[0] == "number,activated"
        vendor.shape = ResultShape(format="bytes", content=b"\x00")
        assert client.result(lines).content == b"\x00"


def test_a_v1_result_is_a_zip() -> None:
    """Its own default shape."""
    with FakeVendor(min_rows=2) as vendor:
        client = Client(vendor.url)
        status = client.status_v1(client.submit_v1(phones(2)).json()["task_id"]).json()
        assert "result.xlsx" in zipfile.ZipFile(io.BytesIO(requests.get(status["result_url"], timeout=5).content)).namelist()
