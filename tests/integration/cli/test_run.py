"""`fbcheck run` as a user runs it: a process of its own against a vendor that is not our sandbox."""

import json
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phonenumbers
import pyarrow.parquet as pq
import pytest

from tests.fake_vendor import FakeVendor, ResultShape, verdict
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list

CHECK_STATUSES = (
    "checked",
    "reused",
    "rejected",
    "suppressed",
    "undetermined",
    "unconfirmed",
    "waiting",
    "refused",
    "over_budget",
)


def rows_of(document: dict[str, Any], place: int = 0) -> list[dict[str, Any]]:
    return pq.read_table(document["lists"][place]["results"]).to_pylist()


def test_each_row_gets_its_verdict_and_each_phone_is_sent_once(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """The main promise, on 50,000 rows with repeats and junk."""
    rng = random.Random(7)
    numbers = [swiss(rng.randrange(10**7)) for _ in range(40_000)]
    cells = [*numbers, *rng.choices(numbers, k=7_500), *rng.choices(["", "n/a", "12", "hello"], k=2_500)]
    rng.shuffle(cells)
    code, document, err = fbcheck("run", str(write_list(tmp_path / "big.csv", cells)), "--json")
    assert code == 0, err
    rows = rows_of(document)
    assert [row["phone_raw"] for row in rows] == cells
    for row, cell in zip(rows, cells, strict=True):
        honest = cell.startswith("+")
        assert row["facebook"] == (verdict(cell) if honest else None)
        assert row["check_status"] == ("checked" if honest else "rejected")
        assert (row["phone_e164"] is None) == (row["reject_reason"] is not None)
    assert vendor.most_per_phone == 1
    assert set(vendor.accepted) == set(numbers)
    counts = document["lists"][0]["counts"]
    assert sum(counts[status] for status in CHECK_STATUSES) == counts["phones"] == counts["rows"] == 50_000
    assert document["billed_phones"] == len(set(numbers))


def test_lineage_and_footer_tell_where_every_number_comes_from(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """Beside the Parquet and inside it, the same document."""
    code, document, _ = fbcheck(
        "run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2), "junk"])), "--json", "--purpose", "test"
    )
    assert code == 0
    entry = document["lists"][0]
    lineage = json.loads(Path(entry["lineage"]).read_text())
    footer = pq.ParquetFile(entry["results"]).metadata.metadata
    assert json.loads(footer[b"fbcheck.lineage"]) == lineage
    assert lineage["counts"] == entry["counts"]
    assert len(lineage["source"]["sha256"]) == 64 and lineage["source"]["sha256"][:8] != entry["list_key"][-8:]  # keyed
    assert lineage["source"]["phone_columns"] == ["phone"]
    assert lineage["purpose"] == "test" and lineage["synthetic"] is False
    assert lineage["tasks"][0]["phones"] == 2 and lineage["tasks"][0]["result_sha256"]
    assert lineage["versions"]["phonenumbers"] == phonenumbers.__version__
    assert set(lineage["columns"]) == set(pq.read_schema(entry["results"]).names)
    assert "very-secret-key" not in json.dumps(lineage)


def test_a_finished_list_run_again_does_nothing(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """`checked` stays `checked`, and nobody is called."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)]))
    assert fbcheck("run", path, "--json")[0] == 0
    posts = len(vendor.posts)
    code, document, _ = fbcheck("run", path, "--json")
    assert (code, document["billed_phones"], len(vendor.posts)) == (0, 0, posts)
    assert document["lists"][0]["counts"]["checked"] == 2


def test_runs_without_waiting_collect_what_is_ready(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """A cron job of `--no-wait` runs comes to an end; each asks about every open task, due or not."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)]))
    assert fbcheck("run", path, "--json", "--no-wait", POLL_SECONDS="600")[0] == 3
    code, document, err = fbcheck("run", path, "--json", "--no-wait", POLL_SECONDS="600")
    assert (code, document["billed_phones"], document["lists"][0]["counts"]["checked"]) == (0, 0, 2), err
    assert vendor.most_per_phone == 1


def test_an_overdue_task_keeps_no_list_open_and_is_asked_about_by_each_run(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """It is named in `status`; when it answers, the list has the answer without a new bill."""
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)]))
    late = {"TASK_DEADLINE_HOURS": "0.0001"}
    code, document, err = fbcheck("run", path, "--json", **late)
    assert (code, document["lists"][0]["complete"], document["lists"][0]["counts"]["undetermined"]) == (0, True, 2), err
    (chunk,) = fbcheck("status", "--json")[1]["chunks"]
    assert chunk["state"] == "overdue" and "ask the vendor" in chunk["action"]
    calls = vendor.status_calls[chunk["task_id"]]
    assert fbcheck("run", path, "--json", "--no-wait", **late)[1]["billed_phones"] == 0
    assert vendor.status_calls[chunk["task_id"]] == calls + 1
    vendor.finish_all()
    code, document, err = fbcheck("run", path, "--json", "--no-wait", **late)
    assert (code, document["lists"][0]["counts"]["checked"], len(vendor.posts)) == (0, 2, 1), err


def test_what_is_planned_is_told_to_its_end(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """Seen: `planning 0 of 1` stood above all other bars until the run had ended."""
    fbcheck.prelude = (
        "import sys\nfrom fbcheck_pipeline import progress\n"
        "progress._listeners.append(lambda *told: print(*told, file=sys.stderr) if told[0] == 'planning' else None)"
    )
    paths = [str(write_list(tmp_path / f"{number}.csv", [swiss(number)])) for number in (1, 2)]
    code, _, err = fbcheck("run", *paths, "--json")
    assert code == 0 and [line for line in err.splitlines() if line.startswith("planning ")] == [
        f"planning {done} 2" for done in range(3)
    ]


def test_a_second_list_reuses_verdicts(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """What was paid for once answers every list."""
    fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)])), "--json")
    code, document, _ = fbcheck("run", str(write_list(tmp_path / "b.csv", [swiss(2), swiss(3)])), "--json")
    counts = document["lists"][0]["counts"]
    assert (code, counts["reused"], counts["checked"]) == (0, 1, 1)
    assert vendor.most_per_phone == 1


def test_a_run_that_was_killed_resumes_without_a_second_bill(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """SIGKILL while the vendor works: the tasks are paid for and must be collected, not sent again."""
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 301)]))
    process = fbcheck.start("run", path, "--json", CHUNK_SIZE="100")
    vendor.wait_for(lambda v: len(v.tasks) == 3 and v.status_calls.keys() & v.tasks.keys())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    vendor.finish_all()
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="100")
    assert code == 0, err
    assert document["lists"][0]["counts"]["checked"] == 300
    assert vendor.most_per_phone == 1 and document["billed_phones"] == 0


def test_a_lost_answer_is_never_sent_twice_and_the_rest_goes_on(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """One chunk unconfirmed: exit 3, shown by status, resolved by reconcile, completed without a new bill."""
    vendor.script.append("accept_then_cut")
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 201)]))
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="100")
    assert code == 3, err
    counts = document["lists"][0]["counts"]
    assert (counts["unconfirmed"], counts["checked"]) == (100, 100)
    _, status, _ = fbcheck("status", "--json")
    (lost,) = [each for each in status["chunks"] if each["state"] == "unconfirmed"]
    assert "reconcile" in lost["action"]
    assert fbcheck("run", path, "--json", CHUNK_SIZE="100")[0] == 3
    assert vendor.most_per_phone == 1
    lost_task = next(
        task_id for task_id, task in vendor.tasks.items() if task_id not in {each["task_id"] for each in status["chunks"]}
    )
    code, _, err = fbcheck("reconcile", lost["chunk_key"], "--task-id", lost_task)
    assert code == 0, err
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="100")
    assert (code, document["lists"][0]["counts"]["checked"], document["billed_phones"]) == (0, 200, 0), err
    assert vendor.most_per_phone == 1


def test_rows_missing_from_a_result_are_undetermined_and_tried_again_only_when_asked(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """A row that is absent is never a "no"; a plain second run never sends it again."""
    vendor.shape = ResultShape(missing=2)
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 11)]))
    code, document, _ = fbcheck("run", path, "--json")
    assert (code, document["lists"][0]["counts"]["undetermined"]) == (3, 2)
    assert fbcheck("run", path, "--json")[1]["billed_phones"] == 0
    vendor.shape = ResultShape()
    code, document, err = fbcheck("run", path, "--json", "--retry")
    assert (code, document["billed_phones"], document["lists"][0]["counts"]["checked"]) == (0, 2, 10), err
    assert vendor.most_per_phone == 2


def test_a_dry_run_calls_nobody_and_records_nothing(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """It says what would be sent and cost."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2), swiss(2), "junk"]))
    other = str(write_list(tmp_path / "b.csv", [swiss(2), swiss(3)]))
    code, document, _ = fbcheck("run", path, other, "--dry-run", "--json", PRICE_PER_10K="10000")
    assert (code, document["dry_run"], document["would_bill"], document["billed_phones"], document["cost_estimate"]) == (
        0,
        True,
        3,
        0,
        3.0,
    )
    assert [each["would_bill"] for each in document["lists"]] == [2, 1]
    assert [each["countries"] for each in document["lists"]] == [{"CH": {"mobile": 3}}, {"CH": {"mobile": 2}}]
    assert not vendor.paths and not (fbcheck.data / "inbox").exists()
    assert fbcheck("run", path, "--json")[0] == 0


def test_above_the_budget_nothing_of_the_list_is_sent(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """A list is never submitted in part; with a larger budget it goes on."""
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 11)]))
    code, document, _ = fbcheck("run", path, "--json", "--max-billable", "9")
    assert (code, document["lists"][0]["counts"]["over_budget"], len(vendor.posts)) == (3, 10, 0)
    assert [fbcheck("run", path, "--dry-run", "--json", "--max-billable", most)[1]["would_bill"] for most in ("9", "10")] == [
        0,
        10,
    ]
    code, document, _ = fbcheck("run", path, "--json", "--max-billable", "10")
    assert (code, document["lists"][0]["counts"]["checked"]) == (0, 10)


def test_a_list_that_no_limit_will_ever_let_through_says_so(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Seen: `the next night tries again`, for ever. A number that stands in two rows is one phone; one that only waits for room says nothing."""
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in (1, 2, 3, 3, 3)]))
    day = "its 3 new phones never fit into FBCHECK_MAX_BILLABLE_PER_DAY=2; raise it, or split the list"
    for arguments in (["run", path, "--dry-run"], ["run", path]):
        _, document, err = fbcheck(*arguments, "--json", MAX_BILLABLE_PER_DAY="2")
        assert document["lists"][0]["hint"] == day and f": {day}" in err
    assert fbcheck("status", "--json", MAX_BILLABLE_PER_DAY="2")[1]["lists"][0]["action"] == day
    assert fbcheck("status", "--json", MAX_BILLABLE_PER_DAY="3")[1]["lists"][0]["action"] is None
    (listed,) = fbcheck("run", path, "--json", "--max-billable", "2")[1]["lists"]
    assert listed["hint"] == (
        f"its 3 new phones are above its limit of 2; `fbcheck run {listed['list_key']} --max-billable PHONES` sets another"
    )
    code, document, err = fbcheck("run", path, "--json", "--max-billable", "3", MAX_BILLABLE_PER_DAY="3")
    assert (code, document["lists"][0]["hint"], vendor.most_per_phone) == (0, None, 1), err


def test_a_list_s_name_in_place_of_its_file_or_key_says_how_it_is_run(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Whoever runs `customers` for `customers.csv` means today's file, and not what was delivered before under this name."""
    key = fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1)])), "--json")[1]["lists"][0]["list_key"]
    for dry in ([], ["--dry-run"]):
        code, document, err = fbcheck("run", "a", "nothing", "--json", *dry)
        assert code == 2 and f"error: a: there is no such file; to run list {key}, name it by this key\n" in err
        assert "nothing: there is no such file; check the path\n" in err and document["lists"] == []


def test_too_few_phones_wait_for_the_next_list(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """MIN_CHUNK: shown as waiting, pooled with what comes next, each phone counted in its own list."""
    first, second = (
        str(write_list(tmp_path / f"{name}.csv", cells)) for name, cells in (("a", [swiss(1), swiss(2)]), ("b", [swiss(3)]))
    )
    code, document, _ = fbcheck("run", first, "--json", MIN_CHUNK="3")
    assert (code, document["lists"][0]["counts"]["waiting"], len(vendor.posts)) == (3, 2, 0)
    assert "1 more" in fbcheck("status", "--json", MIN_CHUNK="3")[1]["lists"][0]["action"]
    code, document, err = fbcheck("run", second, "--json", MIN_CHUNK="3")
    assert (code, document["lists"][0]["counts"]["checked"]) == (0, 1), err
    code, document, err = fbcheck("run", first, "--json", MIN_CHUNK="3")
    assert (code, document["lists"][0]["counts"]["checked"], len(vendor.posts)) == (0, 2, 1), err


def test_a_list_whose_phones_a_later_one_took_along_is_finished_by_the_same_run(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Seen: its phones were answered, and the run ended with exit 3 and said that they wait."""
    first, second = (
        str(write_list(tmp_path / f"{name}.csv", [swiss(number) for number in numbers]))
        for name, numbers in (("a", range(2)), ("b", range(1, 3)))
    )
    code, document, err = fbcheck("run", first, second, "--dry-run", "--json", MIN_CHUNK="3")
    assert (code, document["would_bill"], [each["would_bill"] for each in document["lists"]]) == (0, 3, [1, 2]), err
    code, document, err = fbcheck("run", first, second, "--json", MIN_CHUNK="3")
    assert (code, [each["complete"] for each in document["lists"]]) == (0, [True, True]), err
    assert (document["billed_phones"], len(vendor.posts), vendor.most_per_phone) == (3, 1, 1)


def test_no_wait_returns_at_once_and_timeout_ends_the_waiting(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """What is with the vendor goes on, and the next run resumes."""
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(1)]))
    code, document, _ = fbcheck("run", path, "--json", "--no-wait")
    assert (code, document["lists"][0]["counts"]["waiting"], document["billed_phones"]) == (3, 1, 1)
    code, document, _ = fbcheck("run", path, "--json", "--timeout", "1")
    assert (code, document["lists"][0]["results"]) == (3, None)
    vendor.finish_all()
    assert fbcheck("run", path, "--json")[0] == 0


def test_where_half_of_a_list_is_rejected_it_is_told_what_may_help(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Seen: three of four cells were no numbers of the region given, and only the lineage said what to try."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1), *(f"0532 555 12 {n}" for n in range(10, 13))]))
    assert fbcheck("run", path, "--dry-run", REGION="US")[0] == 0
    assert "a.csv: what may help where it is too_long: check that the column holds phones (--column)" in fbcheck.out
    few = str(write_list(tmp_path / "b.csv", [swiss(1), swiss(2), "0532 555 12 34"]))
    assert fbcheck("run", few, "--dry-run", REGION="US")[0] == 0 and "what may help" not in fbcheck.out


def test_how_a_list_was_read_is_told_until_it_is_joined(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """The run that read it may have been stopped before it could say so."""
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(1)]))
    told = [bool(fbcheck("run", path, "--json", "--no-wait")[1]["lists"][0]["read_so"]) for _ in range(2)]
    vendor.finish_all()
    told += [bool(fbcheck("run", path, "--json")[1]["lists"][0]["read_so"]) for _ in range(2)]
    assert told == [True, True, True, False]


def test_a_run_says_once_why_it_waits_for_the_vendor(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Seen: a run waited without a word while each status call found no such task."""
    vendor.statuses = (404, 404, 404)
    code, _, err = fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)])), "--json", CHUNK_SIZE="1")
    assert code == 0 and err.count("fbcheck status tells of each") == 1, err
    assert "2 chunks wait, " in err and "HTTP 404 on a status call" in err, err


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nowhere.csv", ["nowhere.csv"]),
        (lambda folder: _written(folder / "empty.csv", b""), ["empty.csv", "empty"]),
        (lambda folder: _written(folder / "words.csv", b"name,city\nanna,bern\nbea,thun\n"), ["words.csv", "--column"]),
    ],
    ids=["missing", "empty", "without phones"],
)
def test_a_bad_list_says_what_to_do_and_the_others_go_on(
    fbcheck: Fbcheck, tmp_path: Path, make: Callable[[Path], Path], words: list[str]
) -> None:
    """Exit 2 for it, results for the rest."""
    good = write_list(tmp_path / "good.csv", [swiss(1)])
    code, document, err = fbcheck("run", str(make(tmp_path)), str(good), "--json")
    assert code == 2
    assert all(word in err for word in words), err
    assert [each["complete"] for each in document["lists"]] == [True]


def test_a_wrong_key_stops_the_whole_submission(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Exit 4, nothing lost; with the right key the same command finishes."""
    vendor.script = lambda index, payload: 401
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 201)]))
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="100")
    assert code == 4 and "FBCHECK_API_KEY" in err and len(vendor.posts) == 1
    assert document["lists"][0]["counts"]["waiting"] == 200
    vendor.script = lambda index, payload: "accept"
    assert fbcheck("run", path, "--json", CHUNK_SIZE="100")[0] == 0
    assert vendor.most_per_phone == 1


def test_without_a_key_nothing_is_begun(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """A clear error before any work."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1)]))
    code, _, err = fbcheck("run", path, API_KEY="")
    assert code == 2 and "FBCHECK_API_KEY" in err and err.count("\n") == 1
    assert not (fbcheck.data / "inbox").exists()


def test_an_unreachable_vendor_leaves_the_phones_waiting(tmp_path: Path) -> None:
    """Exit 3: nothing was sent, the next run tries again. It is tried with the first list; the others are planned only."""
    import socket

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{closed.getsockname()[1]}"
        unreachable = Fbcheck(tmp_path, origin)
        paths = [str(write_list(tmp_path / f"{number}.csv", [swiss(number), ""])) for number in range(1, 3)]
        code, document, err = unreachable("run", *paths)
    assert code == 3 and not document
    assert err.count(f"warning: the vendor does not answer ({origin}, NewConnectionError)") == 1
    assert unreachable.out.count("is not complete: 1 waiting") == 2 and "billed 0 phones" in unreachable.out
    assert "rejected" not in unreachable.out.splitlines()[1] and "empty" in unreachable.out.splitlines()[1], "of the table"
    chunks = unreachable("status", "--json")[1]["chunks"]
    assert [bool(each["note"]) for each in chunks] == [True, False], chunks


def test_a_silent_vendor_ends_a_run_that_is_resumed(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """It takes connections and says nothing: it is asked once, whatever is open and however many lists there are, and sent nothing."""
    vendor.hold = True
    paths = [str(write_list(tmp_path / f"{number}.csv", [swiss(number)])) for number in range(1, 4)]
    assert fbcheck("run", paths[0], "--no-wait", "--json")[0] == 3
    asked, vendor.status_delay_s = len(vendor.paths), 60
    fbcheck.prelude = (
        "from fbcheck_pipeline.vendor.connections import Timeouts; Timeouts.__init__.__defaults__ = (10, 300, 0.3, 60, 600)"
    )
    code, document, err = fbcheck("run", *paths, "--json")
    assert code == 3 and err.count("warning: the vendor does not answer") == 1, err
    assert len(vendor.paths) == asked + 1 and len(vendor.posts) == 1
    assert [each["counts"]["waiting"] for each in document["lists"]] == [1, 1, 1]


def test_other_reading_options_are_refused_with_the_remedy(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """A list is read the same way for ever. Seen: the options were called has_header=True, as no person gives them."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1)]))
    assert fbcheck("run", path, "--region", "CH", "--header", "--json")[0] == 0
    code, _, err = fbcheck("run", path, "--region", "DE", "--json")
    assert code == 2 and "was already read with other options (--header --region CH); run it with these options" in err


def test_another_vendor_is_noticed_before_anything_is_sent(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """A sandbox verdict must never answer a real question."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1)]))
    assert fbcheck("run", path, "--json")[0] == 0
    with FakeVendor() as other:
        code, _, err = fbcheck("run", path, "--json", API_URL=other.url)
        assert code == 2 and "FBCHECK_API_URL" in err and not other.paths


def test_v1_is_spoken_as_well(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """The second protocol: zip results, chunks of at least a hundred."""
    vendor.shape = ResultShape(format="zip", header=("number", "activated"), numbers="digits")
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 251)]))
    code, document, err = fbcheck("run", path, "--json", PROTOCOL="v1", CHUNK_SIZE="130")
    assert (code, document["lists"][0]["counts"]["checked"]) == (0, 250), err
    assert [row["facebook"] for row in rows_of(document)] == [verdict(swiss(n)) for n in range(1, 251)]


def test_the_demo_shows_the_whole_pipeline(tmp_path: Path) -> None:
    """Every count adds up, and the lineage says that the verdicts are invented."""
    fbcheck = Fbcheck(tmp_path, "http://127.0.0.1:9")
    code, document, err = fbcheck("demo", "--json")
    assert code == 0, err
    assert len(document["lists"]) >= 4 and document["billed_phones"] > 0
    for entry in document["lists"]:
        counts = entry["counts"]
        assert sum(counts[status] for status in CHECK_STATUSES) == counts["phones"]
        assert json.loads(Path(entry["lineage"]).read_text())["synthetic"] in (True, counts["checked"] + counts["reused"] > 0)
    assert fbcheck("demo", "--json")[0] == 0


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_lists_without_one_phone_finish_and_stop_no_other(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Only junk, only empty cells, all of it opted out: each row keeps its reason, nothing is sent, the last list is answered."""
    assert fbcheck("suppress", str(write_list(tmp_path / "out.csv", [swiss(1)])))[0] == 0
    cells = {"junk": ["hello", "n/a", "12"], "none": ["", "-"], "out": [swiss(1), swiss(1)], "good": [swiss(2)]}
    lists = [str(write_list(tmp_path / f"{name}.csv", each)) for name, each in cells.items()]
    code, document, err = fbcheck("run", *lists, "--json")
    assert code == 0, err
    found = [[row["check_status"] for row in rows_of(document, place)] for place in range(4)]
    assert found == [["rejected"] * 3, ["rejected"] * 2, ["suppressed"] * 2, ["checked"]]
    assert list(vendor.accepted) == [swiss(2)]
    for each in ("status", "run"):
        assert fbcheck(each, *(lists if each == "run" else []), "--json")[0] == 0
