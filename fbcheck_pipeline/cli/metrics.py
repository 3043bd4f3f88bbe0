"""`fbcheck metrics`: what an operator's alarms ask, in Prometheus' text form. Its cost does not follow the history.

Moments are given as timestamps and not as ages: an age would stand still together with whoever writes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from fbcheck_pipeline.cli import target
from fbcheck_pipeline.cli.running import open_instance
from fbcheck_pipeline.defs.dagster_vitals import dagster_vitals
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.vitals import DAY_S, WATCHED_STATES, SettledTally, StateTally
from fbcheck_pipeline.vendor.probing import probe
from fbcheck_pipeline.workflow.workspace import Workspace

HOUR_S = 3600.0
UP = "1 if Dagster's storage can be read"
SETTLED = [state for state, traits in TRAITS.items() if traits.settles and state is not ChunkState.PURGED]
WITH_VENDOR = (ChunkState.SUBMITTED, ChunkState.EXPORTED, ChunkState.OVERDUE)


class Page:
    """The page while it is written; every figure has the name of its instance, empty for the one without."""

    def __init__(self, instance: str) -> None:
        self._registry = CollectorRegistry()
        self._instance = instance

    def add(self, name: str, meaning: str, value: float | None) -> None:
        """A figure; one that is not known is named only."""
        self.add_by("", name, meaning, {} if value is None else {"": value})

    def add_by(self, label: str, name: str, meaning: str, values: Mapping[str, float]) -> None:
        """A figure for each value of a label."""
        gauge = Gauge(f"fbcheck_{name}", meaning, ["instance", *filter(None, [label])], registry=self._registry)
        for key, value in values.items():
            gauge.labels(self._instance, *filter(None, [key])).set(value)

    def text(self) -> str:
        """All of it."""
        return generate_latest(self._registry).decode()


def metrics_page(ws: Workspace) -> str:
    """All figures of an instance; those of Dagster and of the vendor where there is one."""
    page = Page(ws.ledger.instance)
    since = ws.ledger.clock() - DAY_S
    _add_work(page, ws)
    _add_settled(page, ws, since)
    _add_money(page, ws)
    _add_places(page, ws)
    _add_vendor(page, ws)
    _add_dagster(page, ws, since)
    return page.text()


def _add_work(page: Page, ws: Workspace) -> None:
    """What is open, and since when."""
    tallies = {each.state: each for each in ws.ledger.watched_chunks()}
    planned = tallies.get(ChunkState.PLANNED)
    tasks = [each.submitted_at for state, each in tallies.items() if state in WITH_VENDOR and each.submitted_at]
    page.add_by("state", "open_lists", "Lists that are not finished, by what keeps them open", ws.ledger.open_lists_by_state())
    _add_tallies(page, "open", "that wait for the vendor, for us or for a person", WATCHED_STATES, tallies.values())
    page.add("waiting_phones", "Phones that are too few for a chunk", ws.ledger.waiting_phone_count())
    page.add("unreadable_files", "Files of the inbox that cannot be read", ws.ledger.unreadable_file_count())
    page.add("last_list_timestamp_seconds", "When the newest list was registered", ws.ledger.last_list_at())
    page.add("oldest_task_timestamp_seconds", "When the oldest task with the vendor was submitted", min(tasks, default=None))
    page.add(
        "oldest_unsent_timestamp_seconds", "When the oldest unsent chunk was planned", planned.planned_at if planned else None
    )
    page.add("task_deadline_seconds", "FBCHECK_TASK_DEADLINE_HOURS", ws.settings.task_deadline_hours * HOUR_S)


def _add_settled(page: Page, ws: Workspace, since: float) -> None:
    """What the last day brought."""
    settled = ws.ledger.settled_since(since)
    slowest = [each.slowest_s for each in settled if each.slowest_s is not None]
    _add_tallies(page, "settled", "that settled in the last 24 hours", SETTLED, settled)
    page.add("slowest_task_seconds", "Longest time from submission to export of these", max(slowest, default=None))


def _add_tallies(
    page: Page, name: str, told: str, states: Sequence[ChunkState], found: Iterable[StateTally | SettledTally]
) -> None:
    """Chunks and their phones by state, zeros included."""
    chunks, phones = {str(state): 0.0 for state in states}, {str(state): 0.0 for state in states}
    for each in found:
        chunks[each.state], phones[each.state] = each.chunks, each.phones
    page.add_by("state", f"{name}_chunks", f"Chunks {told}", chunks)
    page.add_by("state", f"{name}_phones", f"Phones of chunks {told}", phones)


def _add_money(page: Page, ws: Workspace) -> None:
    page.add("bought_today_phones", "Phones that count in the budget of this UTC day", ws.ledger.bought_today())
    page.add("daily_limit_phones", "FBCHECK_MAX_BILLABLE_PER_DAY", ws.settings.max_billable_per_day)


def _add_places(page: Page, ws: Workspace) -> None:
    """What grows, and what room is left on this machine's disks."""
    page.add("ledger_bytes", "Size of the ledger", ws.ledger.database.size_bytes())
    page.add(
        "index_gap_changes",
        "Changes of chunks that no file of the index tells of; it jumps when one is lost",
        ws.ledger.index_gap(),
    )
    disks = {place: shutil.disk_usage(folder) for place, folder in _places(ws).items()}
    free, size = ({place: getattr(each, name) for place, each in disks.items()} for name in ("free", "total"))
    page.add_by("place", "disk_free_bytes", "Free space where the data and Dagster's files lie", free)
    page.add_by("place", "disk_size_bytes", "Size of these disks", size)


def _places(ws: Workspace) -> dict[str, Path]:
    """Folders of this machine that are there already."""
    data = Path(ws.settings.data_uri) if ws.settings.is_local else None
    places = {"data": data, "dagster": target.dagster_home(ws.settings)}
    return {place: folder for place, folder in places.items() if folder is not None and folder.is_dir()}


def _add_vendor(page: Page, ws: Workspace) -> None:
    """Two free calls, if there is a key."""
    if ws.settings.api_key is None:
        return
    found = probe(ws.settings)
    page.add("vendor_up", "1 if the vendor answers and accepts the key", float(found.fault is None))
    page.add("vendor_answer_seconds", "How long a status call takes", found.took_s)
    page.add("vendor_balance_usd", "What is left to spend, where the protocol tells", found.balance)


def _add_dagster(page: Page, ws: Workspace, since: float) -> None:
    if "dagster" not in _places(ws):
        return
    try:
        with open_instance(ws.settings) as dagster:
            found = dagster_vitals(dagster, target.embedded(), since)
    except Exception:  # its database may be down: that is an alarm of its own, and no reason to lose the others
        page.add("dagster_up", UP, 0)
        return
    page.add("dagster_up", UP, 1)
    page.add_by("daemon", "dagster_heartbeat_timestamp_seconds", "When each daemon was last seen alive", found.heartbeats)
    page.add_by(
        "name", "dagster_failed_ticks", "Ticks of sensors and schedules that failed in the last 24 hours", found.failed_ticks
    )
    page.add("dagster_failed_runs", "Runs of our jobs that failed in the last 24 hours", found.failed_runs)
