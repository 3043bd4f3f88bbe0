"""Results in every shape that the vendor was seen to send: what was paid for is used, and no night buys it again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence

import numpy as np
import openpyxl
import pytest

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.pins import Pin, Pins, write_pins
from fbcheck_pipeline.workflow.collection.reconcile import accept
from fbcheck_pipeline.workflow.index.index_upkeep import MAX_LOOSE, update_index
from fbcheck_pipeline.workflow.index.phone_history import history_of
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape, Row, verdict
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.unit.vendor.test_results import understated

OpenDriver = Callable[..., WorkflowDriver]
HEADER = ("Number", "facebook")


def book(*sheets: Sequence[Row], hidden: Sequence[Row] = (), number_format: str = "General") -> bytes:
    """A workbook of tables, with the header in each."""
    found = openpyxl.Workbook()
    for rows in [*sheets, hidden]:
        sheet = found.create_sheet()
        sheet.sheet_state = "hidden" if rows is hidden else "visible"
        for number, label in [HEADER, *rows]:
            sheet.append([int(number) if number.isdecimal() else number, label])
            sheet.cell(sheet.max_row, 1).number_format = number_format
    out = io.BytesIO()
    found.save(out)
    return out.getvalue()


def archive(**members: bytes) -> bytes:
    """A zip archive; the names are those of the keywords, with `up__` for `../` and `c__` for a drive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("up__", "../").replace("c__", "C:\\"), content)
    return out.getvalue()


def text(rows: Sequence[Row], header: Row = HEADER) -> bytes:
    return "".join(f"{number},{label}\n" for number, label in [header, *rows]).encode()


def bare(rows: Sequence[Row]) -> bytes:
    return "".join(f"{number}\n" for number, _ in rows).encode()


def digits(rows: Sequence[Row]) -> list[Row]:
    return [(number[1:], label) for number, label in rows]


def national(rows: Sequence[Row]) -> list[Row]:
    return [(f"0{number[3:]}", label) for number, label in rows]


def told_apart(rows: Sequence[Row]) -> bytes:
    positive = [row for row in rows if row[1] == "yes"]
    return archive(
        activated=book(positive), not_activated=book([row for row in rows if row not in positive]), unregistered=bare(rows)
    )


SHAPES: dict[str, Callable[[list[Row]], bytes]] = {
    "parts": lambda rows: archive(result_1=book(rows[:7]), result_2=book(rows[7:])),
    "activated and not": told_apart,
    "three sheets": lambda rows: book(rows[:5], rows[5:9], rows[9:]),
    "strange names": lambda rows: archive(up__etc=text(rows[:5]), c__b=text(rows[5:9]), **{"/abs": text(rows[9:])}),
    "the same rows thrice": lambda rows: archive(a=text(rows), b=book(digits(rows)), c=text(rows[::-1])),
    "empty labels beside verdicts": lambda rows: book([(number, "") for number, _ in rows], rows),
    "a summary that looks like a result": lambda rows: book([("20123", "yes"), ("40123", "no")], rows),
    "a hidden sheet that contradicts": lambda rows: book(rows, hidden=[(number, "odd") for number, _ in rows]),
    "numbers that look like days": lambda rows: book(digits(rows), number_format="yyyy-mm-dd"),
    "national": lambda rows: text(national(rows)),
    "national, as numbers that look like days": lambda rows: book(digits(national(rows)), number_format="yyyy-mm-dd"),
    "a note over two lines": lambda rows: b"number,note,facebook\n" + b"".join(
        f'{number},"two\n{number},no",{label}\n'.encode() for number, label in rows
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_every_answer_is_used_and_nothing_is_bought_again(
    name: str, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Parts, sheets, names, formats: the largest table was read, and the night bought the rest again."""
    vendor.shape = ResultShape(pack=SHAPES[name])
    driver = open_driver()
    driver.run("a", phones(12))
    driver.finish()
    assert driver.counts("a") == {"checked": 12} and driver.is_complete("a")
    (task,) = vendor.tasks
    kept = driver.ws.storage.read_parquet(f"verdicts/{task}.parquet", ["phone_e164", "facebook"]).read_all().to_pylist()
    assert {row["phone_e164"]: row["facebook"] for row in kept} == {f"+{each}": verdict(str(each)) for each in phones(12)}
    clock.advance(2 * DAY_S)
    driver.run("a", phones(12), again=Again.NIGHT)
    assert len(vendor.posts) == 1


UNSURE: dict[str, Callable[[list[Row]], bytes]] = {
    "bare lists": lambda rows: archive(activated=bare(rows[:6]), unregistered=bare(rows[6:])),
    "only a hidden sheet": lambda rows: book(hidden=rows),
    "national and one row more": lambda rows: text([*national(rows), ("05320000999", "yes")]),
    "national and two labels": lambda rows: text([*national(rows), *national([(rows[0][0], "odd")])]),
    "a workbook that unpacks to more than it says": lambda rows: understated(book(rows), 5_000_000),
    "another's": lambda rows: text([(f"+9053300000{at:02d}", "yes") for at in range(12)]),
}


@pytest.mark.parametrize("name", UNSURE)
def test_what_cannot_be_matched_is_kept_and_held(name: str, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Never taken for another chunk's, never deleted, never bought again; once it can be read, it is."""
    vendor.shape = ResultShape(pack=UNSURE[name])
    driver = open_driver()
    driver.run("a", phones(12))
    driver.finish()
    assert driver.states() == ["exported"] and driver.counts("a") == {"waiting": 12}
    (task,) = vendor.tasks.values()
    assert any(each.startswith(task.task_id) for each in driver.ws.storage.names("result_files"))
    clock.advance(4 * DAY_S)
    driver.collect()
    assert driver.states() == ["overdue"] and driver.counts("a") == {"undetermined": 12}
    assert "9053" not in str(driver.ledger.chunks()[0].note)
    clock.advance(2 * DAY_S)
    driver.run("a", phones(12), again=Again.NIGHT)
    assert len(vendor.posts) == 1
    task.shape = ResultShape()
    driver.finish()
    assert driver.counts("a") == {"checked": 12}


def strange(rows: list[Row]) -> list[Row]:
    """Eleven of a thousand with a word that is no verdict, or with their own number, and one contradiction."""
    return [*((number, "belki" if at else number) for at, (number, _) in enumerate(rows[:11])), *rows[11:], (rows[-1][0], "odd")]


@pytest.mark.parametrize("count", [12, 1000])
def test_many_strange_labels_settle_nothing_until_a_person_accepts_them(
    count: int, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """One odd night of the vendor's would be bought again; the words are told, the phones are not."""
    vendor.shape = ResultShape(pack=lambda rows: text(strange(rows)))
    driver = open_driver()
    driver.run("a", phones(count))
    with pytest.raises(OperatorError, match="nothing to decide"):
        accept(driver.ws, driver.chunk_key("submitted"))
    driver.poll()
    with pytest.raises(OperatorError, match="nothing to accept"):
        accept(driver.ws, driver.chunk_key("exported"))
    driver.collect()
    (chunk,) = driver.ledger.chunks()
    assert driver.counts("a") == {"waiting": count}
    assert "'belki'" in str(chunk.note) and "--accept" in str(chunk.note) and "9053" not in str(chunk.note)
    clock.advance(4 * DAY_S)
    driver.collect()
    driver.run("a", phones(count), again=Again.NIGHT)
    assert driver.states() == ["overdue"] and driver.counts("a") == {"undetermined": count} and len(vendor.posts) == 1
    accept(driver.ws, chunk.chunk_key)
    assert driver.ws.storage.row_count("current_verdicts/all.parquet") == count - 12
    expected = {"checked": count - 12, "undetermined": 12}
    assert driver.states() == ["collected"] and driver.counts("a") == {name: each for name, each in expected.items() if each}


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["file", "task"])
def test_a_kept_result_that_wants_a_person_is_never_gone(
    is_forgotten: bool, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """New words in all results while the person is on holiday: the vendor deletes its files, and no night buys all again."""
    vendor.shape = ResultShape(labels={"yes": "registered", "no": "unregistered", "ban": "unregistered"})
    driver = open_driver()
    driver.run("a", phones(12))
    driver.finish()
    vendor.downloads = lambda task_id: 404
    if is_forgotten:
        vendor.tasks.clear()
    for _ in range(9):
        clock.advance(DAY_S)
        driver.finish()
        driver.run("a", phones(12), again=Again.NIGHT)
    assert driver.states() == ["overdue"] and len(vendor.posts) == 1
    assert "'unregistered'" in str(driver.ledger.chunks()[0].note)
    accept(driver.ws, driver.chunk_key("overdue"))
    assert driver.states() == ["collected"] and driver.counts("a") == {"undetermined": 12}


def test_a_failed_task_with_strange_labels_waits_for_a_person(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """After a few fetches it was failed: the file could not be accepted any more, and the night bought all its phones again."""
    vendor.shape = ResultShape(pack=lambda rows: text(strange(rows)))
    vendor.status_hook = lambda task: {
        "status": "failed",
        "result_url": f"{vendor.url}/results/{task.task_id}.xlsx?X-Signature=1",
    }
    driver = open_driver()
    driver.run("a", phones(1000))
    for _ in range(5):
        driver.finish()
    clock.advance(9 * DAY_S)
    driver.finish()
    vendor.status_hook = lambda task: {"status": "failed", "result_url": None}
    driver.finish()
    driver.run("a", phones(1000), again=Again.NIGHT)
    assert driver.states() == ["overdue"] and len(vendor.posts) == 1
    assert "--accept" in str(driver.ledger.chunks()[0].note)
    accept(driver.ws, driver.chunk_key("overdue"))
    assert driver.states() == ["collected"] and driver.counts("a") == {"checked": 988, "undetermined": 12}


@pytest.mark.parametrize("as_zip", [True, False])
def test_the_kept_file_with_the_most_answers_is_the_one_accepted(
    as_zip: bool, open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """A worse file took its place, or lay before it: 25 answers were lost, and the night bought them again."""

    def odd(count: int) -> Callable[[list[Row]], bytes]:
        def packed(rows: list[Row]) -> bytes:
            table = text([(number, "tamam" if at < count else label) for at, (number, label) in enumerate(rows)])
            return archive(a=table) if as_zip == (count == 40) else table

        return packed

    vendor.shape = ResultShape(pack=odd(40))
    driver = open_driver()
    driver.run("a", phones(40))
    driver.finish()
    (task,) = vendor.tasks.values()
    for shape in (
        ResultShape(pack=odd(15)),
        ResultShape(pack=odd(40)),
        ResultShape(pack=lambda rows: odd(15)(rows[:30])),
        ResultShape(format="bytes", content=b"oops, try later\n"),
    ):
        task.shape = shape
        driver.collect()
        assert driver.counts("a") == {"waiting": 40} and len(driver.ws.storage.names("result_files")) == 1
    accept(driver.ws, driver.chunk_key("exported"))
    assert driver.states() == ["collected"] and driver.counts("a") == {"checked": 25, "undetermined": 15}


@pytest.mark.parametrize("later", ["other rows", "strange labels"])
def test_a_later_fetch_takes_no_usable_verdict_back(
    later: str, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """It was written in place of the earlier one: the night bought again what had its answer, and another list waited for ever."""
    vendor.shape = ResultShape(format="csv", rows=lambda rows: rows[:7])
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    driver.run("b", phones(10))
    assert driver.counts("b") == {"reused": 7, "waiting": 3}
    (task,) = vendor.tasks.values()
    strange_rows = [(f"+{phone}", "?") for phone in phones(10)]
    task.shape = ResultShape(format="csv", rows=lambda rows: rows[3:] if later == "other rows" else strange_rows)
    driver.collect()
    left = {} if later == "other rows" else {"undetermined": 3}
    assert driver.states() == ["collected"]
    assert driver.counts("a") == {"checked": 10 - sum(left.values()), **left}
    assert driver.counts("b") == {"reused": 10 - sum(left.values()), **left}
    clock.advance(DAY_S)
    vendor.shape = ResultShape()
    driver.run("a", phones(10), again=Again.NIGHT)
    driver.finish()
    assert driver.counts("a") == {"checked": 10} and sum(vendor.accepted.values()) == 10 + sum(left.values())
    assert [each for each, tries in vendor.accepted.items() if tries > 1] == [f"+{phone}" for phone in phones(10)[7:] if left]


def test_a_pin_to_a_verdict_that_is_not_there_is_planned_anew(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """A list said that it was complete while three of its phones waited for nothing."""
    vendor.shape = ResultShape(format="csv", rows=lambda rows: rows[:7])
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    driver.run("b", phones(10))
    (chunk,) = driver.ledger.chunks()
    pins = [Pin(AnsweredBy.VERDICT, chunk.chunk_key, chunk.task_id)]
    write_pins(driver.ws, "b", Pins(phones(10), np.zeros(10, np.int32), pins))
    assert driver.counts("b") == {"reused": 7, "waiting": 3} and not driver.is_complete("b")
    driver.run("b", phones(10))
    next(iter(vendor.tasks.values())).shape = ResultShape()
    driver.collect()
    assert driver.counts("b") == {"reused": 10} and driver.is_complete("b") and len(vendor.posts) == 1


def test_few_strange_labels_settle_with_their_phones_undetermined(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Ten, or one in a hundred: each of them has its reason, and the rest its verdicts."""
    vendor.shape = ResultShape(pack=lambda rows: text([*strange(rows)[1:], rows[0]]))
    driver = open_driver()
    driver.run("a", phones(1100))
    driver.finish()
    assert driver.counts("a") == {"checked": 1089, "undetermined": 11}


def test_the_right_words_come_later_and_are_used(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Held is fetched again: a person need not decide."""
    vendor.shape = ResultShape(labels={"yes": "da", "no": "njet", "ban": "?"})
    driver = open_driver()
    driver.run("a", phones(20))
    driver.finish()
    assert driver.counts("a") == {"waiting": 20}
    next(iter(vendor.tasks.values())).shape = ResultShape()
    driver.collect()
    assert driver.counts("a") == {"checked": 20} and len(vendor.posts) == 1


ODD_URLS: dict[str, Callable[[str, str], object]] = {
    "relative to the host": lambda base, path: path,
    "relative": lambda base, path: path[1:],
    "without a scheme": lambda base, path: f"{base.removeprefix('http:')}{path}",
    "blanks around": lambda base, path: f"\n  {base}{path} \r\n",
    "line feeds within": lambda base, path: f"{base}{path[:5]}\n\t{path[5:]}",
    "a blank within": lambda base, path: f"{base}{path}&name=result file.xlsx",
    "a list of one": lambda base, path: [f"{base}{path}"],
}


@pytest.mark.parametrize("name", ODD_URLS)
def test_an_odd_result_url_is_read_as_a_browser_would(name: str, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A result that was paid for was never fetched."""
    vendor.status_hook = lambda task: {
        "result_url": ODD_URLS[name](vendor.url, f"/results/{task.task_id}.xlsx?X-Signature={task.signature}")
    }
    driver = open_driver()
    driver.run("a", phones(12))
    driver.finish()
    assert driver.counts("a") == {"checked": 12}
    assert all("X-API-Key" not in headers for headers in vendor.result_headers)


@pytest.mark.parametrize(
    "url",
    [
        "//169.254.169.254/latest",
        "file:///etc/passwd",
        " h\nttp://10.0.0.1/x",
        ["http://10.0.0.1/x"],
        "//user@{host}/x",
        "\\\\{host}\\x",
    ],
    ids=str,
)
def test_an_odd_result_url_is_vetted_as_ever(url: object, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Its reading must not open a way around the guard."""
    filled = url.replace("{host}", vendor.url.removeprefix("http://")) if isinstance(url, str) else url
    vendor.status_hook = lambda task: {"result_url": filled}
    driver = open_driver()
    driver.run("a", phones(12))
    driver.poll()
    assert list(driver.collect().problems) == [driver.chunk_key("exported")]
    assert driver.counts("a") == {"waiting": 12} and not vendor.download_calls


def test_a_list_of_several_result_urls_names_none(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Which of them is meant is not guessed; the task stays open."""
    vendor.status_hook = lambda task: {"result_url": [f"{vendor.url}/1", f"{vendor.url}/2"]}
    driver = open_driver()
    driver.run("a", phones(12))
    driver.finish()
    assert driver.counts("a") == {"waiting": 12} and not vendor.download_calls


@pytest.mark.parametrize("tasks", [0, 1, MAX_LOOSE, MAX_LOOSE + 1])
@pytest.mark.parametrize("label", ["belki", ""])
def test_tasks_without_one_usable_verdict_stop_no_other_list(
    tasks: int, label: str, open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """Sixty-five of them in a row made an empty index, and every later planning of any list ended with an IndexError."""
    vendor.shape = ResultShape(rows=lambda rows: [(number, label) for number, _ in rows])
    driver = open_driver(chunk_size=1)
    driver.run("a", phones(tasks))
    driver.finish()
    assert driver.counts("a") == ({"undetermined": tasks} if tasks else {}) and driver.states() == ["collected"] * tasks
    assert bool(driver.ledger.index_state().tiers) == (tasks > MAX_LOOSE)
    vendor.shape = ResultShape()
    other = open_driver(chunk_size=1000)
    for key, count in (("b", 0), ("c", 1), ("d", 500)):
        other.run(key, phones(count, 905_330_000_000))
        other.finish()
        assert (
            sum(other.counts(key).values()) == count == other.counts(key).get("checked", 0) + other.counts(key).get("reused", 0)
        )
    assert update_index(other.ws, max_loose=0)
    other.run("e", phones(501, 905_330_000_000))
    other.finish()
    assert other.counts("e") == {"reused": 500, "checked": 1} and vendor.most_per_phone == 1


def test_an_empty_index_grows_again(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """An index over nothing is merged with nothing, then with something."""
    driver = open_driver()
    assert not update_index(driver.ws, max_loose=0)
    for key, label in (("a", "belki"), ("b", "belki"), ("c", "yes")):
        vendor.shape = ResultShape(rows=lambda rows, label=label: [(number, label) for number, _ in rows])  # type: ignore[misc]
        driver.run(key, phones(3, 905_320_000_000 + 10 * ord(key)))
        driver.finish()
        assert update_index(driver.ws, max_loose=0)
        found = history_of(driver.ws, phones(3000))
        assert int((found.verdict >= 0).sum()) == (3 if label == "yes" else 0)
