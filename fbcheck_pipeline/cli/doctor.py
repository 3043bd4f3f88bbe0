"""`fbcheck doctor`: settings, storage, ledger and its growth, key, vendor and clock. Each fault comes with its remedy."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from fbcheck_pipeline.cli import target
from fbcheck_pipeline.cli.output import Reporter, count_of, plain
from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import TRAITS, open_ledger, versions
from fbcheck_pipeline.ledger.database import connect
from fbcheck_pipeline.ledger.faults import faults_named
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.probing import probe
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace

CLOCK_TOLERANCE_S = 300
LOCK_WAIT_S = 2
GROWTH_DAYS = (7, 30)


@dataclass(frozen=True)
class Finding:
    """The result of one check; `level` is ok, note (may be intended) or fault."""

    what: str
    level: str
    said: str


def examine(reporter: Reporter) -> int:
    """Check everything and print the findings; returns 0, or 2 if there is a fault."""
    findings = list(_findings())
    table = Table()
    for heading in ("what", "", "found"):
        table.add_column(heading)
    colours = {"ok": "green", "note": "yellow", "fault": "bold red"}
    for each in findings:
        table.add_row(each.what, f"[{colours[each.level]}]{each.level}[/]", escape(plain(each.said)))
    reporter.answer(table)
    reporter.result({"findings": [asdict(each) for each in findings]})
    return 2 if any(each.level == "fault" for each in findings) else 0


def _findings() -> Iterator[Finding]:
    for sentence in target.warnings():
        yield Finding("variable", "note", sentence)
    try:
        settings = target.target_settings()
    except FbcheckError as error:
        yield Finding("settings", "fault", str(error))
        return
    yield Finding("settings", "ok", f"{settings.protocol} protocol at {settings.api_url}, data in {settings.data_uri}")
    yield _region(settings)
    if settings.require_purpose and settings.purpose is None:
        yield Finding(
            "purpose", "note", "required, and FBCHECK_PURPOSE is not set: only `fbcheck run --purpose TEXT` accepts lists"
        )
    if settings.model_fields_set & {"nightly_cron", "nightly_timezone"} and not target.is_embedded():
        yield _tried("night", _night)
    yield _dagster_home(settings)
    places = [_tried("storage", lambda: _storage(settings)), _tried("ledger", lambda: _ledger(settings))]
    yield from places
    if all(each.level == "ok" for each in places):
        yield from _size(settings)
    yield from _vendor(settings)


def _region(settings: Settings) -> Finding:
    if settings.region:
        return Finding("region", "ok", f"numbers without a country code are read as {settings.region}")
    return Finding(
        "region", "note", "FBCHECK_REGION is not set: numbers without a country code are rejected unless you use --region"
    )


def _night() -> str:
    """Of the standalone instance; definitions of a project are judged when they are loaded."""
    from fbcheck_pipeline.defs.resources import FbcheckResource
    from fbcheck_pipeline.defs.times import Nightly, nightly_times

    times = nightly_times(Nightly(), FbcheckResource.from_env())
    return f"the nightly schedule runs at {times.cron}, {times.timezone}"


def _dagster_home(settings: Settings) -> Finding:
    home = os.environ.get("DAGSTER_HOME")
    if home:
        return Finding("DAGSTER_HOME", "ok", home)
    if settings.is_local:
        return Finding(
            "DAGSTER_HOME", "note", f"not set: `fbcheck` keeps its runs in {settings.data_uri}/dagster; set it for `dagster dev`"
        )
    return Finding("DAGSTER_HOME", "fault", "not set; it is required if FBCHECK_DATA_URI is not a local folder")


def _tried(what: str, look: Callable[[], str | Finding]) -> Finding:
    try:
        found = look()
        return found if isinstance(found, Finding) else Finding(what, "ok", found)
    except FbcheckError as error:
        return Finding(what, "fault", str(error))
    except Exception as error:
        return Finding(
            what, "fault", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}"
        )


def _storage(settings: Settings) -> str:
    storage, probe_file = Storage(settings.data_uri), "doctor/probe"
    folder = Path(settings.data_uri, probe_file).parent
    made = [each for each in (folder, *folder.parents) if not each.exists()] if settings.is_local else []
    try:
        storage.write_bytes(probe_file, b"probe")
        storage.delete(probe_file)
    finally:
        with suppress(OSError):  # what somebody else uses by now stays
            for each in made:
                each.rmdir()
    return f"{settings.data_uri} can be written"


def _ledger(settings: Settings) -> str | Finding:
    database = connect(settings.ledger_address, busy_timeout_s=LOCK_WAIT_S)
    try:
        with faults_named("used now"):
            version = database.version() if database.exists() else None
            if version is None:
                return Finding("ledger", "note", "none exists yet; the first run creates it")
            if versions.is_before(version, versions.HEAD):
                said = f"version {version} is behind this program's {versions.HEAD}; the next run migrates it"
                return Finding("ledger", "note", said)
            with database.engine.begin():
                pass
    finally:
        database.engine.dispose()
    open_ledger(settings, Storage(settings.data_uri), instance=target.instance_name()).close()
    return "belongs to these data and this vendor"


def _size(settings: Settings) -> Iterator[Finding]:
    """How much there is, what is open, and what the last days added."""
    ws = open_workspace(settings, only_to_look=True)
    try:
        size, files = ws.ledger.size(), len(ws.storage.names(paths.VERDICTS.folder))
        yield Finding(
            "size",
            "ok",
            f"ledger {size.size_bytes / 1e6:,.1f} MB; {count_of(size.lists, 'list')}, {count_of(size.chunks, 'chunk')}, "
            f"{count_of(size.answers, 'answered phone')} in {count_of(files, 'verdict file')}, index of {count_of(size.tiers, 'file')}",
        )
        yield _open(ws)
        yield from _rereading(ws)
        if (held := ws.ledger.why_nothing_is_bought()) is not None:
            yield Finding("buying", "fault", held)
        for each in ws.ledger.untold_backups():
            yield Finding(
                "backup",
                "note",
                f"{each} lacks the newest opt-outs and erasures: `fbcheck backup {each}` brings them, with `--forget` it is told no more",
            )
        for days in GROWTH_DAYS:
            new = ws.ledger.growth(days)
            said = (
                f"{count_of(new.lists, 'list')} joined, {count_of(new.chunks, 'chunk')} settled with {count_of(new.phones, 'phone')}, "
                f"{new.answers:,} answered"
            )
            yield Finding(f"last {days} days", "ok", said)
    finally:
        ws.ledger.close()


def _open(ws: Workspace) -> Finding:
    open_states = (each.state for each in ws.ledger.open_chunks())
    states = Counter(sorted(state for state in open_states if not TRAITS[state].settles or TRAITS[state].action))
    said = ", ".join(f"{count:,} {state}" for state, count in states.items()) or "none"
    lists = count_of(ws.ledger.open_list_count(), "list")
    if for_a_person := [state for state in states if TRAITS[state].action]:
        told = f"what is {' or '.join(for_a_person)} waits for you: `fbcheck status` says what to do"
        return Finding("open", "note", f"{lists}; chunks: {said}; {told}")
    return Finding("open", "ok", f"{lists}; chunks: {said}")


def _rereading(ws: Workspace) -> Iterator[Finding]:
    """What an update of phonenumbers or of our own rules would change in lists that are finished."""
    from fbcheck_pipeline.workflow.arrival.rereading import MOST_LISTS, reread_lists  # it brings the numbering plans of the world

    try:
        found = reread_lists(ws)
    except FbcheckError as error:
        yield Finding("reading", "fault", str(error))
        return
    otherwise = [each for each in found if each.differing]
    if not otherwise:
        said = f"of the newest {MOST_LISTS} finished lists, {len(found)} were read by another version and none would be read otherwise"
        yield Finding("reading", "ok", said)
    for each in otherwise:
        yield Finding(
            "reading",
            "note",
            f"{each.differing:,} of the first {count_of(each.rows, 'row')} of list {each.list_key} would be read otherwise by this version "
            "or its settings: the results stay as they are; to read it anew, materialize its e164_phones and what follows",
        )


def _vendor(settings: Settings) -> Iterator[Finding]:
    try:
        found = probe(settings)
    except FbcheckError as error:
        yield Finding("key", "fault", str(error))
        return
    if found.fault is not None:
        yield Finding("vendor", "fault", found.fault)
        return
    left = "" if found.balance is None else f"; {found.balance:,.2f} USD are left"
    yield Finding("vendor", "ok", f"answers and accepts the key{left}")
    if found.server_time is not None:
        ahead_s = time.time() - found.server_time
        is_off = abs(ahead_s) > CLOCK_TOLERANCE_S
        said = (
            f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the vendor's"
            if is_off
            else "agrees with the vendor's clock"
        )
        yield Finding(
            "clock", "fault" if is_off else "ok", f"this machine's clock is {said}; synchronise it with NTP" if is_off else said
        )
