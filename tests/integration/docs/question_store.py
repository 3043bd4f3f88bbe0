"""A store of many sources and nights for the analysts' questions, and the truth of it: from what was written into the lists, and from
what the vendor accepted and said, never from a table.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import openpyxl

from fbcheck_pipeline.cli.normalising import normalise_file
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.results.summary import refresh_summary
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.arrival.intake import add_list
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.content import stored_content
from fbcheck_pipeline.workflow.erasing.suppress import suppress_file
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import DAY_S, NOON, Clock
from tests.fake_vendor import FakeVendor, ResultShape, Row, Task
from tests.integration.erasing.store import join_all, take_in
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced

FIRST_NIGHT = NOON - 25 * DAY_S  # 2026-10-30
OPTED_OUT = ["+905320000003", "+905320000105"]
JUNK = {"": "empty", "n/a": "empty", "12": "too_short", "Ada": "not_a_number", "+9053200000001234567": "too_long"}
KINDS = {"+90532": ("TR", "mobile"), "+90212": ("TR", "fixed_line"), "+4178": ("CH", "mobile"), "+49151": ("DE", "mobile")}


def turkish(*numbers: int) -> list[str]:
    return [f"+90532{number:07}" for number in numbers]


def swiss(*numbers: int) -> list[str]:
    return [f"+4178{number:07}" for number in numbers]


@dataclass
class Truth:
    """What the lists hold and what the vendor did.

    Attributes:
        cells: of each list key, its cells in order.
        sources: of each list key.
        added: of each list key, UTC seconds.
        bought_for: of each task id, the list for which it was sent.
        ours: the analyst's own table, customer number to phone.
        opted_out_at: when the `OPTED_OUT` had their will.
    """

    vendor: FakeVendor
    folder: Path
    cells: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    added: dict[str, float] = field(default_factory=dict)
    bought_for: dict[str, str] = field(default_factory=dict)
    ours: dict[str, str] = field(default_factory=dict)
    opted_out_at: float = 0

    def told(self) -> Iterator[tuple[str, str, datetime, str]]:
        """Each phone's verdicts as the vendor said them, in its order: phone, verdict, when, task."""
        for task in self.vendor.tasks.values():
            for phone, label in said_of(task):
                yield phone, label, datetime.fromisoformat(task.created_at[:26]).replace(tzinfo=UTC), task.task_id

    def stories(self) -> dict[str, list[tuple[str, datetime, str]]]:
        """Of each phone that ever got a verdict all of them, the oldest first."""
        found: dict[str, list[tuple[str, datetime, str]]] = {}
        for phone, label, at, task_id in self.told():
            found.setdefault(phone, []).append((label, at, task_id))
        return found

    def newest(self) -> dict[str, str]:
        return {phone: story[-1][0] for phone, story in self.stories().items()}

    def changes(self) -> list[tuple[str, datetime, str, str, str]]:
        """Phone, when, from, to, task."""
        stories = self.stories().items()
        pairs = [(phone, *pair) for phone, story in stories for pair in pairwise(story)]
        return [(phone, new[1], old[0], new[0], new[2]) for phone, old, new in pairs if old[0] != new[0]]

    def phones(self, list_key: str) -> list[str]:
        """Of its rows that are not rejected."""
        return [cell for cell in self.cells[list_key] if cell not in JUNK]

    def lists_of(self, source: str) -> list[str]:
        return [key for key, of in self.sources.items() if of == source]

    def phones_of_source(self, source: str) -> set[str]:
        return {phone for key in self.lists_of(source) for phone in self.phones(key)}

    def is_opted_out(self, list_key: str, phone: str) -> bool:
        """As the list came."""
        return phone in OPTED_OUT and self.added[list_key] > self.opted_out_at

    def answers_of(self, list_key: str) -> dict[str, str]:
        """Verdicts of its phones that were young when it came, or came later."""
        young = datetime.fromtimestamp(self.added[list_key] - 30 * DAY_S, UTC)
        phones = {phone for phone in self.phones(list_key) if not self.is_opted_out(list_key, phone)}
        return {phone: label for phone, label, at, _ in self.told() if at > young and phone in phones}

    def billed(self) -> Counter[str]:
        """Phones that the vendor accepted, by source."""
        found: Counter[str] = Counter()
        for task_id, task in self.vendor.tasks.items():
            found[self.sources[self.bought_for[task_id]]] += len(task.phones)
        return found


def said_of(task: Task) -> list[Row]:
    """The rows of a task's result."""
    return task.shape.rows([(phone, "") for phone in task.phones[: len(task.phones) - task.shape.missing]])


def shape_of(night: int, missing: int = 0) -> ResultShape:
    """Verdicts that differ from night to night."""

    def rows(pairs: list[Row]) -> list[Row]:
        return [(phone, random.Random(f"{phone} {night}").choice(["yes", "no", "ban"])) for phone, _ in pairs]

    return ResultShape(missing=missing, rows=rows)


class QuestionStore:
    """Lists as they come night after night, through the real workflow."""

    def __init__(self, folder: Path, ws: Workspace, vendor: FakeVendor, clock: Clock) -> None:
        self.folder, self.driver, self.clock, self.truth = folder, WorkflowDriver(ws), clock, Truth(vendor, folder)

    def bring(self, name: str, cells: list[str], header: list[str], source: str = "") -> None:
        """A list comes, is sent, answered and joined; its last column holds the phones."""
        path = write(self.folder / name, header, cells)
        if source:
            add_list(self.driver.ws, path, ReadOptions(region="TR"), None, source=source)
        key = take_in(self.driver, path)
        self.truth.cells[key], self.truth.added[key] = cells, self.clock.now
        self.truth.sources[key] = source or name.partition("-")[0].partition(".")[0]
        self._attribute(key)
        self._answer()

    def night(self, days: float, shape: ResultShape) -> None:
        """So many days later: what is open is tried again, as the schedule does."""
        self.clock.advance(days * DAY_S)
        self.truth.vendor.shape = shape
        for key in self.truth.cells:
            submit_list(self.driver.ws, self.driver.client, key, stored_content(self.driver.ws.storage, key), again=Again.NIGHT)
            self._attribute(key)
        self._answer()

    def _attribute(self, key: str) -> None:
        """What is new at the vendor was sent for this list."""
        for task_id in self.truth.vendor.tasks:
            self.truth.bought_for.setdefault(task_id, key)

    def _answer(self) -> None:
        ws = self.driver.ws
        self.driver.finish()
        joined = [each.list_key for each in ws.ledger.lists_to_join()]
        join_all(ws)
        for key in joined:
            refresh_summary(ws, key)
        self.clock.advance(60)


def write(path: Path, header: list[str], cells: list[str]) -> Path:
    """A CSV, or a workbook by its suffix, with a row for each cell."""
    rows = [[*(f"{name}{place}" for name in header[:-1]), cell] for place, cell in enumerate(cells)]
    if path.suffix == ".csv":
        path.write_text("".join(",".join(row) + "\n" for row in [header, *rows]), encoding="utf-8")
        return path
    book = openpyxl.Workbook()
    sheet = book.create_sheet("leads", 0)
    for row in [header, *rows]:
        sheet.append(row)
    book.save(path)
    return path


@contextmanager
def question_store(folder: Path, empty_ledger: Path) -> Iterator[Truth]:
    """`folder` with `data` and `crm.parquet`, after five nights in three months."""
    clock = Clock()
    clock.now = FIRST_NIGHT
    (folder / "data").mkdir()
    shutil.copy(empty_ledger, folder / "data" / "ledger.db")
    with nothing_synced(), FakeVendor(clock=clock) as vendor:
        settings = load_settings(data_uri=str(folder / "data"), api_url=vendor.url, api_key="secret-key", chunk_size=20)
        ws = open_workspace(settings, clock)
        store = QuestionStore(folder, ws, vendor, clock)
        fill(store)
        ours = dict(zip("abcdefgh", [*turkish(2, 5, 8, 700), *swiss(1, 9), "12", "+4178 0000004"], strict=True))
        lines = "".join(f"{name},{cell}\n" for name, cell in ours.items())
        (folder / "crm.csv").write_text(f"customer,phone\n{lines}")
        normalise_file(settings, folder / "crm.csv", folder / "crm.parquet", ReadOptions(), may_replace=False)
        store.truth.ours = {name: cell.replace(" ", "") for name, cell in ours.items()}
        ws.ledger.close()
        yield store.truth


def fill(store: QuestionStore) -> None:
    """Deliveries of five sources with phones in common, odd columns, an empty list and one of junk; answers that fail, and change."""
    store.truth.vendor.shape = shape_of(0, missing=4)
    customers = ["id", "Şehir", "filename", "list_key", "FACEBOOK", "id", "phone"]
    first = [*turkish(*range(30)), *turkish(4, 5), *swiss(*range(10)), *JUNK, "n/a"]
    store.bring("customers-2026-10-30.csv", first, customers)
    store.bring("leads.xlsx", [*swiss(*range(5, 20)), *turkish(1, 2), "+902120000010"], ["Name", "name", "Source", "telefon"])
    store.night(1, shape_of(1))  # those without an answer, and nobody else
    store.bring("empty.csv", [""] * 2, ["name", "phone"])
    store.bring("junk.csv", [*JUNK] * 3, ["name", "phone"])
    out = write(store.folder / "out.csv", ["id", "phone"], OPTED_OUT)
    suppress_file(store.driver.ws, out, ReadOptions())
    store.truth.opted_out_at = store.clock.now
    store.clock.advance(31 * DAY_S)  # verdicts are too old by now, and bought anew
    store.truth.vendor.shape = shape_of(2)
    store.bring("customers-2026-12-01.csv", [*turkish(*range(25)), *turkish(*range(100, 110)), "12"], customers)
    store.bring(
        "Partners.csv",
        [*turkish(*range(20, 28)), *["+491510000000" + str(each) for each in range(1, 7)]],
        ["filename", "phone"],
        source="partners",
    )
    store.night(1, shape_of(3, missing=1))
    store.bring("leads-2.csv", [*swiss(*range(3, 12)), *turkish(2, 101)], ["telefon"])
    store.night(31, shape_of(4))
    store.truth.vendor.shape = shape_of(5, missing=2)
    store.bring("customers-2027-01-03.csv", [*turkish(*range(10)), *swiss(1, 2)], customers)
