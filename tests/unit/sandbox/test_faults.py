"""Every fault of the sandbox, seen from the client; and how faults are switched on."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from fbcheck_pipeline.sandbox import FAULTS, Sandbox, verdict_of
from fbcheck_pipeline.sandbox.faults import Faults

from .client import Client, phones, table


@pytest.mark.parametrize(
    ("fault", "code"),
    [("submit_400", 400), ("submit_401", 401), ("submit_402", 402), ("submit_429", 429), ("submit_500", 500)],
)
def test_a_refusal_is_json_and_free(sandbox: Sandbox, client: Client, fault: str, code: int) -> None:
    """Documented as free, so nothing may be counted; and it strikes once when told once."""
    before, lines = sandbox.accepted(), phones(2)
    sandbox.switch_faults({fault: 1})
    answer = client.submit(lines)
    assert (answer.status_code, set(answer.json())) == (code, {"error", "message"})
    assert sandbox.accepted()["tasks"] == before["tasks"]
    assert client.submit(lines).status_code == 200


@pytest.mark.parametrize("wait", [3, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_429_says_how_long_to_wait(sandbox: Sandbox, client: Client, wait: Any) -> None:
    """Seconds or a date, as HTTP has it."""
    sandbox.switch_faults({"submit_429": {"retry_after": wait, "times": 1}})
    assert client.submit(phones(1)).headers["Retry-After"] == str(wait)
    assert client.submit(phones(1)).status_code == 200


@pytest.mark.parametrize(("fault", "accepted"), [("submit_lost", 0), ("submit_accepted_then_cut", 1)])
def test_a_cut_connection_looks_the_same_whether_accepted_or_not(
    sandbox: Sandbox, client: Client, fault: str, accepted: int
) -> None:
    """That is why the client may not guess."""
    before = sandbox.accepted()
    sandbox.switch_faults({fault: 1})
    with pytest.raises(requests.ConnectionError):
        client.submit(phones(4))
    assert sandbox.accepted()["phones"] == before["phones"] + 4 * accepted
    assert sandbox.accepted()["posts"] == before["posts"] + 1


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [("submit_502", 502, "text/html"), ("submit_html", 200, "text/html"), ("submit_no_task_id", 200, "application/json")],
)
def test_an_unreadable_receipt_comes_after_accepting(sandbox: Sandbox, client: Client, fault: str, code: int, kind: str) -> None:
    """Only so does a forbidden second submission show in the count."""
    before = sandbox.accepted()["phones"]
    sandbox.switch_faults({fault: True})
    answer = client.submit(phones(2))
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (code, kind)
    assert "task_id" not in answer.text
    assert sandbox.accepted()["phones"] == before + 2


def test_silence_lasts_until_the_client_hangs_up_or_the_sandbox_ends() -> None:
    """A read time-out is the client's; a hanging client must not keep the sandbox from ending, nor be kept by it."""
    ended = threading.Event()
    with Sandbox(faults={"submit_hang": True}) as sandbox:
        with pytest.raises(requests.ReadTimeout):
            Client(sandbox.url).submit(phones(3), timeout=0.2)
        assert sandbox.accepted()["phones"] == 3

        def wait_for_answer() -> None:
            with pytest.raises(requests.ConnectionError):
                Client(sandbox.url).submit(phones(1), timeout=20)
            ended.set()

        threading.Thread(target=wait_for_answer, daemon=True).start()
        while sandbox.accepted()["tasks"] < 2:
            time.sleep(0.005)
    assert ended.wait(5)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("status_500", (500, None)),
        ("status_404", (404, None)),
        ("status_backwards", (200, "pending")),
        ("status_unknown", (200, "archiving")),
    ],
)
def test_a_bad_status_answer_passes(sandbox: Sandbox, client: Client, fault: str, expected: tuple[int, str | None]) -> None:
    """The task stays what it was: the next answer is sound."""
    task_id = client.submit(phones(1)).json()["task_id"]
    sandbox.switch_faults({fault: 1})
    answer = client.status(task_id)
    assert (answer.status_code, answer.json().get("status")) == expected
    assert "result_url" not in answer.json()
    assert client.status(task_id).json()["status"] == "exported"


def test_garbage_is_not_json(sandbox: Sandbox, client: Client) -> None:
    """Status 200 alone proves nothing."""
    task_id = client.submit(phones(1)).json()["task_id"]
    sandbox.switch_faults({"status_garbage": 1})
    with pytest.raises(requests.JSONDecodeError):
        client.status(task_id).json()


def test_a_task_may_fail_or_never_end(sandbox: Sandbox, client: Client) -> None:
    """Fate is drawn at submission and holds after the fault is switched off."""
    sandbox.switch_faults({"task_failed": 1})
    failed = client.submit(phones(5)).json()["task_id"]
    sandbox.switch_faults({"never_ends": 1})
    endless, sound = (client.submit(phones(5)).json()["task_id"] for _ in range(2))
    sandbox.switch_faults({})
    answers = [client.status(each).json() for each in (failed, endless, sound)]
    assert [each["status"] for each in answers] == ["failed", "processing", "exported"]
    assert answers[0]["message"] and answers[0]["failure"] == 5
    assert ["result_url" in each for each in answers] == [False, False, True]


def test_an_expired_url_stays_void_and_the_next_status_has_a_fresh_one(sandbox: Sandbox, client: Client) -> None:
    """As pre-signed URLs do; asking the same URL again never helps."""
    task_id = client.submit(phones(2)).json()["task_id"]
    old = client.status(task_id).json()["result_url"]
    sandbox.switch_faults({"result_403": 1})
    assert [requests.get(old, timeout=5).status_code for _ in range(3)] == [403, 403, 403]
    fresh = client.status(task_id).json()["result_url"]
    assert fresh != old and requests.get(fresh, timeout=5).ok


def test_a_result_that_is_cut_told_its_whole_length(sandbox: Sandbox, client: Client) -> None:
    """A client that checks the length notices; the next download is whole."""
    url = client.status(client.submit(phones(500)).json()["task_id"]).json()["result_url"]
    sandbox.switch_faults({"result_cut": 1})
    with requests.get(url, timeout=5, stream=True) as answer:
        got = _read_all(answer)
        assert 0 < len(got) < int(answer.headers["Content-Length"])
    assert len(requests.get(url, timeout=5).content) == int(answer.headers["Content-Length"])


def _read_all(answer: requests.Response) -> bytes:
    got = b""
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        for block in answer.iter_content(256):
            got += block
    return got


def test_the_storage_may_fail_or_show_a_page(sandbox: Sandbox, client: Client) -> None:
    """500 first, then a login page with status 200, then the file."""
    url = client.status(client.submit(phones(2)).json()["task_id"]).json()["result_url"]
    sandbox.switch_faults({"result_500": 1, "result_html": 1})
    answers = [requests.get(url, timeout=5) for _ in range(3)]
    assert [each.status_code for each in answers] == [500, 200, 200]
    assert answers[1].text.startswith("<!doctype html>") and answers[2].content.startswith(b"PK")


def test_faulty_files_are_what_the_table_says(sandbox: Sandbox, client: Client) -> None:
    """One file per fault, each checked by content."""
    lines = [line for line in phones(120) if verdict_of(line)][:100]
    sound = {line: verdict_of(line) for line in lines}

    def rows_under(fault: str) -> list[tuple[Any, ...]]:
        sandbox.switch_faults({fault: 1})
        return table(client.result(lines).content)[1:]

    missing = rows_under("result_missing_rows")
    assert len(missing) == 90 and set(missing) < set(sound.items())
    extra = rows_under("result_extra_rows")
    assert dict(extra[:100]) == sound and len(extra) == 103 and not {number for number, _ in extra[100:]} & set(lines)
    conflicts = rows_under("result_conflicts")
    assert len(conflicts) == 110 and all(sound[number] != label for number, label in conflicts[100:])
    odd = rows_under("result_odd_labels")
    assert [label for _, label in odd].count("maybe") == 5 and {"YES", " No "} <= {label for _, label in odd}
    numbers = rows_under("result_numbers")
    assert {f"+{number}": label for number, label in numbers} == sound and isinstance(numbers[0][0], int)


def test_a_csv_or_a_summary_sheet_may_come_under_the_same_name(sandbox: Sandbox, client: Client) -> None:
    """Content decides, not the name."""
    sandbox.switch_faults({"result_csv": 1, "result_numbers": 1})
    assert client.result(phones(50)).text.splitlines()[0] == "Number,facebook"
    sandbox.switch_faults({"result_summary_sheet": 1})
    content = client.result(phones(50)).content
    assert table(content, 0)[0] == ("Report", "Facebook") and table(content)[0] == ("Number", "facebook")


def test_a_built_file_stays_what_it_is(sandbox: Sandbox, client: Client) -> None:
    """Content faults are drawn once a file: a second download is the same bytes."""
    sandbox.switch_faults({"result_missing_rows": 0.5})
    url = client.status(client.submit(phones(50)).json()["task_id"]).json()["result_url"]
    assert len({requests.get(url, timeout=5).content for _ in range(6)}) == 1


def test_an_unknown_fault_is_a_clear_error(sandbox: Sandbox) -> None:
    """A misspelt fault would test nothing."""
    with pytest.raises(ValueError, match=r"unknown fault submit_50;.*submit_500"):
        Sandbox(faults={"submit_50": 1})
    with pytest.raises(ValueError, match="fault submit_500: give true"):
        sandbox.switch_faults({"submit_500": "often"})


@pytest.mark.parametrize("value", [1.0, 1.5, -1, -0.1, None, [], {"times": "x"}])
def test_a_value_that_does_not_say_when_is_refused(value: Any) -> None:
    """1.0 could be meant as once or always."""
    with pytest.raises(ValueError, match="give true"):
        Faults({"submit_500": value})


def test_probabilities_are_repeatable_and_near_what_was_asked() -> None:
    """A failing run can be run again."""
    first, second, other = (Faults({"submit_500": 0.2}, seed=seed) for seed in (1, 1, 2))
    drawn = [[each.strikes("submit_500") for _ in range(2000)] for each in (first, second, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 300 < sum(drawn[0]) < 500


def test_faults_count_down_under_many_threads() -> None:
    """Exactly n times, whoever asks."""
    faults = Faults({"status_500": 50})
    struck: list[bool] = []
    threads = [threading.Thread(target=lambda: struck.extend(faults.strikes("status_500") for _ in range(100))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(struck) == 50


def test_every_fault_of_the_table_is_known_to_the_code() -> None:
    """A row without an effect would promise what does not happen."""
    from pathlib import Path

    import fbcheck_pipeline.sandbox as package

    folder = Path(package.__file__).parent
    code = (folder / "endpoints.py").read_text() + (folder / "results.py").read_text()
    assert [name for name in FAULTS if f'"{name}"' not in code] == []
