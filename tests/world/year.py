"""A year of a store as a company has it, played by a clock that is moved: people, lists, days and nights, deaths, and a person in the morning.

Two machines share the work at each moment: what there is to do, each takes from one heap. What that is, is drawn from the seed; which of
them is faster is not. The vendor and the person live in the test's own process.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import sqlalchemy as sa

from fbcheck_pipeline.errors import StorageError, VendorError
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.schema import lists
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.lists.keys import list_key
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.collection.collect import collect_exported
from fbcheck_pipeline.workflow.collection.poll import poll_due_tasks
from fbcheck_pipeline.workflow.collection.reconcile import abandon, attach_task, resubmit
from fbcheck_pipeline.workflow.content import stored_content
from fbcheck_pipeline.workflow.erasing.erase import erase
from fbcheck_pipeline.workflow.erasing.person import person_of, what_is_held
from fbcheck_pipeline.workflow.erasing.suppress import suppress_file
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.tables.verdict_tables import refresh_verdict_tables
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import DAY_S
from tests.fake_vendor import verdict
from tests.forked import FORK
from tests.integration.erasing.store import national, take_in
from tests.integration.money import worker_script
from tests.integration.workflow.workflow_driver import AT_ONCE, WorkflowDriver
from tests.world.chance import TIMES
from tests.world.year_machine import Machine, Work
from tests.world.year_vendor import HOUR_S, MoodyVendor

FIRST, PEOPLE = 905_320_000_000, 20_000
LARGE, ROWS, FEW_ROWS = 2 * TIMES, 50, 6
"""So many lists of a day have many rows, the others few."""
READ = ReadOptions(region="TR")
JUNK = ("12", "none", "ask her", "0532 12", "+90 212")


class Year:
    """The store, its lists by day, and who may still be in one.

    Attributes:
        ws, driver: of the person.
        newer: version and folder of the newer program, once the store was upgraded.
        kills: how many machines died at work.
    """

    def __init__(self, settings: Settings, vendor: MoodyVendor, chance: random.Random, folder: Path) -> None:
        self.settings, self.vendor, self.clock, self._chance, self.folder = settings, vendor, vendor.clock, chance, folder
        self.newer: tuple[str, Path] | None = None
        self.erased: set[int] = set()
        self.kills = 0
        self.lists: dict[Path, tuple[str, int]] = {}
        self.open()

    def open(self) -> None:
        """The person's program and both machines are started."""
        self._open_own()
        self._taken = FORK.Value("i")
        self._machines = [self._start(), self._start()]

    def close(self) -> None:
        """All are stopped."""
        for each in self._machines:
            each.close()
        self._close_own()

    def restart(self) -> None:
        """All are stopped and started."""
        self.close()
        self.open()

    def upgrade(self, newer: tuple[str, Path]) -> None:
        """One machine, and whatever is yet to be started, has another version; the other works on with its own."""
        self.newer = newer
        self._close_own()
        self._machines.pop().close()
        self._open_own()
        self._machines.append(self._start())

    def _start(self) -> Machine:
        return Machine(self.settings, self.clock, self.newer, self._taken)

    def _open_own(self) -> None:
        self.driver = WorkflowDriver(open_workspace(self.settings, self.clock))
        self.ws = self.driver.ws

    def _close_own(self) -> None:
        self.driver.client.close()
        self.ws.ledger.close()

    def write_lists(self, day: int, count: int) -> list[Path]:
        """The day's files: people of a window that moves through the year, some twice, one in ten cells no number."""
        return [self._write_list(day, number) for number in range(count)]

    def _write_list(self, day: int, number: int) -> Path:
        rows = ROWS if number < LARGE else FEW_ROWS
        people = [FIRST + (day * 40 + self._chance.randrange(2000)) % PEOPLE for _ in range(rows)]
        people = [each for each in people if each not in self.erased]
        self.vendor.known.update(f"+{each}" for each in people)
        cells = [self._chance.choice((f"+{each}", national(each), str(each))) for each in people]
        cells += self._chance.choices(JUNK, k=-(-rows // 10))
        path = self.folder / f"branch-{chr(ord('a') + number)}_{date.fromtimestamp(self.clock.now)}.csv"
        path.write_text("id,phone\n" + "".join(f"{place},{cell}\n" for place, cell in enumerate(cells)))
        self.lists[path] = (list_key(path), len(cells))
        return path

    def take_in(self, files: Sequence[Path]) -> None:
        """What runs do with their lists before the vendor answers."""
        self._share(_work, files)

    @contextmanager
    def beside(self, files: Sequence[Path]) -> Iterator[None]:
        """The machines take lists in meanwhile."""
        self._begin(_work, files)
        yield
        self._finish()

    @contextmanager
    def doomed(self, files: Sequence[Path]) -> Iterator[None]:
        """A third machine takes lists in meanwhile, goes on to collect and join, and is killed somewhere."""
        stop = partial(worker_script.dying_with_the_body_sent, self._chance.randint(1, 2))
        if self._chance.random() < 0.7:
            point, when = self._chance.choice([*worker_script.POINTS]), self._chance.choice(("before", "after"))
            stop = partial(worker_script.dying_at, point, when, self._chance.randint(1, 2))
        doomed = Machine(self.settings, self.clock, self.newer, FORK.Value("i"), stop)
        doomed.begin(_live, files)
        yield
        self.kills += not doomed.finish()
        doomed.close()

    def collect(self, files: Sequence[Path] = ()) -> None:
        """See `collecting`."""
        with self.collecting(files):
            pass

    @contextmanager
    def collecting(self, files: Sequence[Path] = ()) -> Iterator[None]:
        """A tick of the sensor, which one machine begins and the other ends with, both do what is due besides.

        Args:
            files: lists that come meanwhile.
        """
        one, other = self._machines
        self._taken.value, things = 0, [*files, *(each.list_key for each in self.ws.ledger.lists_to_join())]
        one.begin(_collect_and_work, things)
        other.begin(_work_and_collect, things)
        yield
        self._finish()

    def join_the_rest(self) -> None:
        """What the last tick left to join."""
        self._share(_work, [each.list_key for each in self.ws.ledger.lists_to_join()])
        assert self.ws.ledger.lists_to_join() == []

    def _share(self, do: Work, things: Sequence[Any]) -> None:
        self._begin(do, things)
        self._finish()

    def _begin(self, do: Work, things: Sequence[Any]) -> None:
        self._taken.value = 0
        for each in self._machines:
            each.begin(do, things)

    def _finish(self) -> None:
        for each in self._machines:
            assert each.finish()

    @property
    def slowest_s(self) -> float:
        """Processor seconds of what took a machine longest since it was started."""
        return max(each.slowest_s for each in self._machines)

    def night(self) -> None:
        """What waits, or may be tried again, is planned; the tables are brought up to date while results are collected."""
        self._share(_plan_by_night, [each.list_key for each in self.ws.ledger.lists_of_the_night()])
        with self.collecting():
            refresh_verdict_tables(self.ws)
            update_index(self.ws, max_loose=16)
            bind_verdicts(self.ws, max_files=32)

    def morning(self) -> int:
        """A person gives up what is overdue and has an empty result, looks each lost answer up in the vendor's account, and decides.

        Returns:
            How many answers were lost.
        """
        for each in self.ws.ledger.chunks(states=[ChunkState.OVERDUE]):
            if each.has_result and self.vendor.is_empty(each.known_task_id):
                abandon(self.ws, each.chunk_key)
        self.ws.ledger.recover_gone_senders()
        unconfirmed = self.ws.ledger.chunks(states=[ChunkState.UNCONFIRMED])
        taken = set(self.ws.ledger.task_ids())
        for row in unconfirmed:
            phones = [f"+{each}" for each in self.ws.ledger.chunk(row.chunk_key).phones.tolist()]
            tasks = [
                each.task_id for each in self.vendor.bought[phones[0]] if each.phones == phones and each.task_id not in taken
            ]
            if not tasks:
                resubmit(self.ws, row.chunk_key)
            elif self.vendor.fates[tasks[-1]] in ("gone", "failed"):
                abandon(self.ws, row.chunk_key)
            else:
                self.vendor.books.tasks[
                    tasks[-1]
                ].shape.extra = ()  # an id from a person is believed only where the answers are the chunk's own
                with suppress(VendorError):  # looked up again tomorrow
                    attach_task(self.ws, self.driver.client, row.chunk_key, tasks[-1])
        return len(unconfirmed)

    def opt_out(self, count: int) -> None:
        """A file of people who want to be left alone."""
        phones = self._people(count)
        path = self.folder / "opt-outs.csv"
        path.write_text("phone\n" + "".join(f"+{each}\n" for each in phones))
        suppress_file(self.ws, path, READ)
        self.vendor.opted_out.update(f"+{each}" for each in phones)

    def erase(self, count: int) -> None:
        """People ask to be forgotten; no list has them any more."""
        phones = self._people(count)
        self.erased.update(phones)
        erase(self.ws, person_of(np.array(sorted(phones), np.int64)), rejoin)
        self.vendor.opted_out.update(f"+{each}" for each in phones)

    def _people(self, count: int) -> list[int]:
        oldest = sa.select(lists.c.list_key).order_by(lists.c.added_at, lists.c.list_key).limit(40)
        with self.ws.ledger.database.reading() as connection:  # `ledger.lists()` takes a fifth of a second for thousands
            keys = [*connection.scalars(oldest)]
        self._chance.shuffle(keys)
        for key in keys:
            pins = pq.read_table(f"{self.ws.storage.root}/{paths.SUBMITTED_CHUNKS.of(key)}", columns=["phone_e164"])
            asked = [each for each in pins["phone_e164"].to_pylist() if each not in self.vendor.opted_out]
            if len(asked) >= count:
                return [int(each[1:]) for each in self._chance.sample(asked, count)]
        raise AssertionError("nobody of the oldest lists is left to ask")

    def look_at(self, path: Path, *, is_early: bool = False) -> list[str]:
        """What is wrong with the results of a list: a lost row, a lost answer, another answer than was given, or one that nobody gave.

        Args:
            is_early: its day is not over, so that its result, or answers of it, may be missing.
        """
        key, rows = self.lists[path]
        if is_early and not self.ws.storage.exists(paths.FACEBOOK_RESULTS.of(key)):
            return []
        known = self.ws.ledger.phone_list(key)
        with pq.ParquetFile(f"{self.ws.storage.root}/{paths.FACEBOOK_RESULTS.of(key)}") as file:  # half of read_table's time
            columns = file.read(["source_row", "phone_e164", "facebook", "check_status"], use_threads=False).to_pydict()
        source_rows, *told = (columns[each] for each in ("source_row", "phone_e164", "facebook", "check_status"))
        found = [] if known.erased or len(set(source_rows)) == rows else [f"{key} lost a row"]
        for phone, said, status in zip(*told, strict=True):
            if said is not None and said != verdict(phone):
                found.append(f"{key}: {said} of a phone that is {verdict(phone)}")
            if said is not None and not any(self.vendor.may_answer(each, phone) for each in self.vendor.bought[phone]):
                found.append(f"{key}: {said} of a phone that nobody answered, it is {status}")
            is_unknown = said is None and phone is not None and status != "suppressed"
            if is_unknown and not is_early and self._was_answered(phone, known.added_at):
                found.append(f"{key}: an answer is lost, the phone is {status}")
        return found

    def _was_answered(self, phone: str, at: float) -> bool:
        return self.vendor.answered_between(phone, at - (self.settings.verdict_days - 1) * DAY_S, at + HOUR_S)

    def files_on_disk(self) -> list[Path]:
        """All of the store, Dagster's own and the receipts included."""
        return [each for each in Path(self.ws.storage.root).rglob("*") if each.is_file()]

    def is_forgotten(self) -> bool:
        """True where the product itself finds nothing of anybody who was erased."""
        return what_is_held(self.ws, person_of(np.array(sorted(self.erased), np.int64))).is_nothing


def _work(driver: WorkflowDriver, things: Iterable[Path | str]) -> None:
    """Takes lists in by their paths, and joins lists by their keys; where an erasure ends meanwhile, what fails is done later."""
    left = list[Path]()
    for each in things:
        try:
            rejoin(driver.ws, each) if isinstance(each, str) else take_in(driver, each, policy=AT_ONCE)
        except StorageError:
            left += [each] if isinstance(each, Path) else []
    for path in left:
        take_in(driver, path, policy=AT_ONCE)


def _collect_and_work(driver: WorkflowDriver, things: Iterable[Path | str] = ()) -> None:
    poll_due_tasks(driver.ws, driver.client, budget_s=60)
    collect_exported(driver.ws, driver.client)
    _work(driver, things)


def _work_and_collect(driver: WorkflowDriver, things: Iterable[Path | str]) -> None:
    _work(driver, things)
    collect_exported(driver.ws, driver.client)


def _plan_by_night(driver: WorkflowDriver, keys: Iterable[str]) -> None:
    for each in keys:
        submit_list(driver.ws, driver.client, each, stored_content(driver.ws.storage, each), again=Again.NIGHT, policy=AT_ONCE)


def _live(driver: WorkflowDriver, files: Iterable[Path]) -> None:
    _work(driver, files)
    _collect_and_work(driver)
    _work(driver, [each.list_key for each in driver.ledger.lists_to_join()])
