"""`fbcheck run` and `demo`: run the Dagster assets in this process on a persistent instance.

The only module of the command line that knows Dagster. It polls with the same code as the sensor.
"""

from __future__ import annotations

import errno
import gc
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import sqlalchemy as sa
from filelock import FileLock

from fbcheck_pipeline.cli import target
from fbcheck_pipeline.cli.attempts import Attempts
from fbcheck_pipeline.cli.dagster_home import prepare_dagster_home
from fbcheck_pipeline.cli.heap import share_heap
from fbcheck_pipeline.cli.interrupts import Interrupts
from fbcheck_pipeline.cli.kept_metadata import metadata_kept
from fbcheck_pipeline.cli.output import Reporter, count_of
from fbcheck_pipeline.cli.run_options import RunOptions, RunOutcome
from fbcheck_pipeline.cli.tables import region_hint
from fbcheck_pipeline.defs.instance import LEDGER_TAG, Instance
from fbcheck_pipeline.defs.jobs import COLLECT, JOIN, SUBMIT
from fbcheck_pipeline.defs.kept_files import KeptFiles, files_kept_open
from fbcheck_pipeline.defs.requests import missing_assets
from fbcheck_pipeline.errors import (
    FbcheckError,
    Interrupted,
    SettingsError,
    StorageError,
    VendorError,
    VendorRefuses,
    VendorUnavailable,
)
from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.faults import reason_of, remedy_of
from fbcheck_pipeline.ledger.liveness import process_name
from fbcheck_pipeline.ledger.records import Chunk, PhoneList
from fbcheck_pipeline.model.paths import FACEBOOK_RESULTS, LINEAGE, SUBMITTED_CHUNKS, DataFile
from fbcheck_pipeline.model.reasons import RejectReason, by_reason
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.results.counting import charged_for
from fbcheck_pipeline.results.lineage_file import read_lineage
from fbcheck_pipeline.results.reading import how_read, read_as
from fbcheck_pipeline.results.rejects import read_rejects
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.arrival.intake import add_list, file_named
from fbcheck_pipeline.workflow.backups.telling import tell_backups
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.held import what_to_do, why_it_never_fits
from fbcheck_pipeline.workflow.buying.plan import planning_order
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.collection.poll import poll_due_tasks
from fbcheck_pipeline.workflow.index.whereabouts import whereabouts
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace

POLL_BUDGET_S = 15.0
LONGEST_NAP_S = 5.0


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The persistent Dagster instance: DAGSTER_HOME, or the data folder's own.

    Raises:
        SettingsError: neither exists, or it cannot be opened.
    """
    home = target.dagster_home(settings)
    if home is None:
        raise SettingsError("DAGSTER_HOME must be set where FBCHECK_DATA_URI is not a local folder")
    try:
        if not os.environ.get("DAGSTER_HOME"):
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not target.is_embedded():
            prepare_dagster_home(home)
        with FileLock(home / ".tables.lock", mode=0o600):  # Dagster does not lock the creation of its tables
            return dg.DagsterInstance.from_config(str(home))
    except Exception as error:  # of a file system, YAML, Dagster, a driver of databases; a message of theirs may hold a password
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise SettingsError(
            f"Dagster's instance in {home} cannot be opened ({reason}); correct DAGSTER_HOME or the dagster.yaml there: "
            "`dagster instance info` says what is wrong with it"
        ) from error


def forget_partitions(ws: Workspace, list_keys: Sequence[str]) -> None:
    """Remove the partitions of purged lists; Dagster's events hold no phone, so they may stay."""
    if list_keys:
        with open_instance(ws.settings) as instance:
            for key in list_keys:
                instance.delete_dynamic_partition(Instance(ws.ledger.instance or None).partition_set, key)


def run_lists(
    settings: Settings, paths: Sequence[Path], options: RunOptions, reporter: Reporter, interrupts: Interrupts
) -> tuple[int, dict[str, Any]]:
    """Run lists through the assets to their joined results. Work that an earlier run began is resumed.

    Args:
        interrupts: those since the command began; one that was dropped is raised before the next Dagster run.

    Returns:
        The exit code, and the document that `--json` prints.

    Raises:
        FbcheckError: no work could begin.
    """
    share_heap()
    with VendorClient(settings):
        pass  # without a key: a clear error before any work is done
    until = None if options.timeout_s is None else time.monotonic() + options.timeout_s
    ws = open_workspace(settings, instance=target.instance_name(), declared_sources=target.declared_sources())
    outcome = RunOutcome()
    try:
        with (
            files_kept_open() as kept,
            open_instance(settings) as instance,
            metadata_kept(),
            reporter.progress(),
        ):
            driver = _Driver(ws, instance, kept, options, until, outcome, interrupts, reporter)
            driver.register(paths)
            keys = set(outcome.keys.values())
            sent_before = _sent(ws, keys)
            before = map(ws.ledger.phone_list, keys)  # one that is to be read anew has no reading
            joined_before = {each.list_key: each.options for each in before if each.joined_at and each.reading}
            driver.ask()
            driver.submit()
            driver.finish()
            tell_backups(ws)
            return _conclude(ws, paths, outcome, sent_before, joined_before)
    except KeyboardInterrupt:
        raise _interrupted(ws, outcome, paths) from None
    finally:
        ws.ledger.close()


def _interrupted(ws: Workspace, outcome: RunOutcome, paths: Sequence[Path]) -> Interrupted | KeyboardInterrupt:
    """The closing sentence of a run that a person stopped; the interrupt itself where it had come to no list whose phones it could count."""
    files = {str(path) for path in paths} - set(outcome.errors)
    try:
        planned = {key for key in outcome.keys.values() if ws.ledger.phone_list(key).planned_at is not None}
        left = sum(outcome.keys.get(file) not in planned for file in files)
        if not planned:
            return KeyboardInterrupt()
        phones = whereabouts(ws, planned)
    except FbcheckError as error:
        return Interrupted(
            f"interrupted; where the phones are is not known now ({error}): run the same command again to continue"
        )
    return Interrupted(
        f"interrupted; of the phones bought for these lists {phones.answered:,} are answered, {phones.with_vendor:,} with the vendor, "
        f"{phones.unsent:,} unsent, {phones.unconfirmed:,} unconfirmed"
        + (f"; {count_of(left, 'list')} not planned yet" if left else "")
        + ": run the same command again to continue"
    )


class _Driver:
    def __init__(
        self,
        ws: Workspace,
        instance: dg.DagsterInstance,
        kept: KeptFiles,
        options: RunOptions,
        until: float | None,
        outcome: RunOutcome,
        interrupts: Interrupts,
        reporter: Reporter,
    ) -> None:
        self._ws, self._instance, self._options, self._until, self._outcome = ws, instance, options, until, outcome
        self._kept, self._interrupts, self._reporter = kept, interrupts, reporter
        self._target, self._attempts = target.embedded(), Attempts()
        self._is_vendor_away = False
        self._balance: Any = None
        self._told_silent, self._is_fault_told = set[str](), False
        gc.freeze()  # what is imported, opened and defined by now stays

    def register(self, paths: Sequence[Path]) -> None:
        """Register every list and copy it to its place; an unreadable list does not stop the others."""
        reading = self._options.reading
        for path in paths:
            try:
                purpose = self._options.purpose or self._ws.settings.purpose
                with file_named(self._ws, path) as file:
                    limit, source = self._options.max_billable, self._options.source
                    self._outcome.keys[str(path)] = add_list(self._ws, file, reading, purpose, limit, source)
            except FbcheckError as error:
                self._outcome.fail(str(path), error)

    def ask(self) -> None:
        """Ask once, at once, about every open task of the lists, overdue ones too, and use what came: planning then sees it."""
        chunks = [chunk for key in self._outcome.keys.values() for chunk in self._ws.ledger.chunks_of(key)]
        still_open = {each.chunk_key for each in chunks if TRAITS[each.state].asks_status or TRAITS[each.state].asks_file}
        if not still_open:
            return
        self._ws.ledger.ask_at_once(still_open)
        left_s = math.inf if self._until is None else max(0.0, self._until - time.monotonic())
        with VendorClient(self._ws.settings) as client:
            try:
                client.hear()
            except VendorUnavailable as error:
                self._options = replace(self._options, wait=False)
                return self._learn_that_vendor_is_away(str(error))
            except VendorError:  # an answer all the same
                pass
            polled = poll_due_tasks(self._ws, client, budget_s=left_s)
        if polled.refused is not None:
            self._outcome.fail("", polled.refused)
        self._collect_what_is_due()  # no joins yet: a run that was stopped may not have written its pins

    def submit(self) -> None:
        """Plan and send what each list needs."""
        files = {key: file for file, key in self._outcome.keys.items()}
        for place, (key, is_once_more) in enumerate(planning_order(self._ws, files)):
            report_progress("planning", min(place, len(files)), len(files))
            if self._ws.ledger.phone_list(key).is_complete and not self._options.retry:
                continue
            again = Again.PERSON if self._options.retry and not is_once_more else Again.NOBODY
            try:
                self._plan_and_send(key, again, is_confirmed=self._options.yes)
                if self._is_agreed(key):
                    self._plan_and_send(key, again, is_confirmed=True)
            except FbcheckError as error:
                self._outcome.fail(files[key], error)
                if isinstance(error, VendorRefuses):
                    return
        if files:
            report_progress("planning", len(files), len(files))

    def _is_agreed(self, key: str) -> bool:
        """True where a held list goes on by a person's answer on the terminal."""
        phone_list = self._ws.ledger.phone_list(key)
        to_do = what_to_do(phone_list)
        if to_do is None or self._options.timeout_s is not None:
            return False
        read_so = " ".join(how_read(self._ws, phone_list))
        return self._reporter.is_agreed(f"{phone_list.file}: {read_so}\n{key} is {to_do}", "go on with it as it was read?")

    def finish(self) -> None:
        """Collect and join what is ready, and wait for the rest as long as the options allow."""
        with VendorClient(self._ws.settings) as client:
            while True:
                self._do_what_is_due()
                if not self._is_waiting():
                    self._do_what_is_due()  # joins of what another process collected since
                    break
                if not self._options.wait or self._is_late():
                    break
                self._report()
                self._nap()
                polled = poll_due_tasks(self._ws, client, budget_s=POLL_BUDGET_S)
                if polled.refused is not None:
                    self._outcome.fail("", polled.refused)
                    break
        lists = set(self._outcome.keys.values())
        for work, error in self._attempts.errors().items():
            self._outcome.fail(work if work in lists else "", error)  # what was not collected is told once

    def _plan_and_send(self, key: str, again: Again, *, is_confirmed: bool) -> None:
        config: dict[str, Any] = {"again": again.value, "confirmed": is_confirmed}
        if self._until is not None:
            config["timeout_s"] = max(0.0, self._until - time.monotonic())
        if self._is_vendor_away:
            config["timeout_s"] = 0.0
        selection = missing_assets(self._ws, key)
        step = self._target.instance.step(SUBMITTED_CHUNKS)
        if self._balance is not None:
            config["balance"] = self._balance
        result = self._execute(SUBMIT, key, selection, {"ops": {step: {"config": config}}})
        for told in result.asset_materializations_for_node(step):
            self._balance = told.metadata["fbcheck/balance"].value if "fbcheck/balance" in told.metadata else None
        now = self._ws.ledger.clock()
        planned = [each for each in self._ws.ledger.chunks_of(key) if each.state is ChunkState.PLANNED]
        failed = [each.note for each in planned if each.note and each.next_send_at > now]
        if failed and not self._is_vendor_away:
            self._learn_that_vendor_is_away(failed[0])

    def _learn_that_vendor_is_away(self, why: str) -> None:
        """From now on lists are planned only: each would take as long to learn the same."""
        self._is_vendor_away = True
        self._reporter.warn(f"warning: {why}")

    def _do_what_is_due(self) -> None:
        self._collect_what_is_due()
        ours = set(self._outcome.keys.values())
        due = [key for key, _ in due_work(self._ws.ledger).joins if key in ours and not self._attempts.wait_s(key)]
        due.sort(key=self._attempts.count)
        all_failed = bool(due) and self._attempts.count(due[0]) > 0
        for place, key in enumerate(due, 1):
            error = self._error_of(JOIN, key)
            if error is None:
                self._attempts.succeed([key])
                continue
            self._attempts.fail([key], error)
            if all_failed and place == 1:  # what all of them failed with before is still so
                self._attempts.fail(due[1:], error)
                break

    def _collect_what_is_due(self) -> None:
        due = [chunk_key for chunk_key, _ in due_work(self._ws.ledger).collect if not self._attempts.wait_s(chunk_key)]
        if not due:
            return
        error = self._error_of(COLLECT, None)
        collected = {each.chunk_key for each in self._ws.ledger.chunks_named(due) if each.state is ChunkState.COLLECTED}
        self._attempts.succeed(collected if error else due)
        if error is not None:
            self._attempts.fail(set(due) - collected, error)

    def _error_of(self, job: str, key: str | None) -> FbcheckError | None:
        try:
            self._execute(job, key)
        except FbcheckError as error:
            return error
        return None

    def _execute(
        self, job: str, key: str | None, selection: list[DataFile] | None = None, config: dict[str, Any] | None = None
    ) -> dg.ExecuteInProcessResult:
        ours = self._target.instance
        if key is not None and not self._instance.has_dynamic_partition(ours.partition_set, key):
            with suppress(sa.exc.IntegrityError):  # another process added it meanwhile
                self._instance.add_dynamic_partitions(ours.partition_set, [key])
        definition = self._target.definitions.resolve_job_def(ours.named(job))
        quiet = {"console": {"config": {"log_level": "CRITICAL"}}} if "console" in definition.loggers else {}
        run_id = str(uuid4())
        self._interrupts.raise_if_interrupted()
        try:
            result = definition.execute_in_process(
                instance=self._instance,
                partition_key=key,
                asset_selection=[ours.key(each) for each in selection] if selection else None,
                run_config={**(config or {}), "loggers": quiet},
                run_id=run_id,
                tags={LEDGER_TAG: self._ws.ledger.uuid},
            )
            gc.collect(1)  # what Dagster made of this run
            release_unused_memory()
            return result
        except dg.DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None
        except Exception as error:
            cause = _our_error(error)
            if cause is None:
                raise
            raise cause from None
        finally:
            self._kept.close(run_id)

    def _is_waiting(self) -> bool:
        """True while the vendor has chunks of our lists that have not settled, unless their results failed too often."""
        keys = self._outcome.keys.values()
        chunks = [chunk for key in keys for chunk in self._ws.ledger.chunks_of(key)]
        awaited = (each for each in chunks if not TRAITS[each.state].settles and each.state is not ChunkState.PLANNED)
        return any(math.isfinite(self._attempts.wait_s(each.chunk_key)) for each in awaited)

    def _is_late(self) -> bool:
        return self._until is not None and time.monotonic() >= self._until

    def _nap(self) -> None:
        now = self._ws.ledger.clock()
        chunks = self._ws.ledger.chunks(states=[ChunkState.SUBMITTED, ChunkState.EXPORTED, ChunkState.OVERDUE])
        due = [  # what another process fetches now is not waited for so closely
            max(0.005, (each.next_fetch_at if each.state is ChunkState.EXPORTED else each.next_poll_at) - now, wait_s)
            for each in chunks
            if each.fetcher is None and (wait_s := self._attempts.wait_s(each.chunk_key)) < math.inf
        ]
        seconds = min([LONGEST_NAP_S, *due])
        if self._until is not None:
            seconds = min(seconds, max(0.0, self._until - time.monotonic()))
        self._interrupts.raise_if_interrupted(seconds)

    def _report(self) -> None:
        keys = set(self._outcome.keys.values())
        chunks = {chunk.chunk_key: chunk for key in keys for chunk in self._ws.ledger.chunks_of(key)}.values()
        total = sum(each.phone_count for each in chunks)
        done = sum(
            each.phone_count if TRAITS[each.state].settles else min(each.success or 0, each.phone_count) for each in chunks
        )
        report_progress("waiting", done, total)
        self._tell_fault([each for each in chunks if each.note and not TRAITS[each.state].settles])
        for name, left_s in self._ws.ledger.silent_senders(chunks).items():
            if name not in self._told_silent:
                self._told_silent.add(name)
                self._reporter.say(
                    f"waiting for a process that sends or fetches and gives no sign of life; if it stays so, it is taken for gone in {left_s:.0f} s"
                )

    def _tell_fault(self, faulty: Sequence[Chunk]) -> None:
        """Say once why a run waits longer than it would."""
        if faulty and not self._is_fault_told:
            self._is_fault_told = True
            which = (
                f"{faulty[0].chunk_key} waits"
                if len(faulty) == 1
                else f"{len(faulty):,} chunks wait, {faulty[0].chunk_key} for one"
            )
            self._reporter.say(f"{which}: {faulty[0].note}; `fbcheck status` tells of each")


def _our_error(error: BaseException | None) -> FbcheckError | None:
    """Our own error inside a Dagster error, or what failed of Dagster's own files. The chain of causes may be circular."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, FbcheckError):
            return error
        if isinstance(error, sa.exc.OperationalError):  # the ledger's are LedgerErrors by now
            return StorageError(
                f"Dagster's own files cannot be written ({reason_of(error)}); in DAGSTER_HOME: {remedy_of(error)}, then run again"
            )
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return StorageError(
                f"a file cannot be written ({error.strerror}); free space on the disks of DAGSTER_HOME and TMPDIR, then run again"
            )
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _sent(ws: Workspace, list_keys: Iterable[str]) -> dict[str, int]:
    """Chunk key -> phones, for chunks that this process sent and the vendor accepted. Two simultaneous runs each count their own."""
    return {each.chunk_key: each.phone_count for each in _of_this_process(ws, list_keys) if each.task_id is not None}


def _of_this_process(ws: Workspace, list_keys: Iterable[str]) -> list[Chunk]:
    """What this process sent; a run sends only what its own lists wait for."""
    chunks = {each.chunk_key: each for key in list_keys for each in ws.ledger.chunks_of(key)}
    return [each for each in chunks.values() if each.sender and each.sender.startswith(process_name())]


def _conclude(
    ws: Workspace, paths: Sequence[Path], outcome: RunOutcome, sent_before: Mapping[str, int], joined_before: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    for path in paths:
        key = outcome.keys.get(str(path))
        phone_list = ws.ledger.find_list(key) if key else None
        if key is None or phone_list is None or key in {each["list_key"] for each in documents}:
            continue
        is_complete = phone_list.is_complete and phone_list.revision == phone_list.joined_revision
        if not is_complete:
            outcome.add_code(3)
        documents.append(_document(ws, phone_list, is_complete, is_told=joined_before.get(key) == phone_list.options))
    keys = set(outcome.keys.values())
    billed = sum(phones for chunk_key, phones in _sent(ws, keys).items() if chunk_key not in sent_before)
    unconfirmed = [each for each in _of_this_process(ws, keys) if each.state is ChunkState.UNCONFIRMED]
    document = {
        "lists": documents,
        "billed_phones": billed,
        "perhaps_billed_phones": sum(each.phone_count for each in unconfirmed),
        "cost_estimate": ws.settings.cost_of(billed),
        "errors": {file: str(error) for file, error in outcome.errors.items()},
    }
    return outcome.exit_code, document


def _document(ws: Workspace, phone_list: PhoneList, is_complete: bool, *, is_told: bool) -> dict[str, Any]:
    """What `--json` says of a list. Args: is_told: a run that joined it has said how it was read."""
    key = phone_list.list_key
    counts = {name: phone_list.count(name) for name in ("rows", "phones", *CHECK_STATUSES)}
    lineage = read_lineage(ws, key) if ws.storage.exists(LINEAGE.of(key)) else None
    rejects = lineage["rejects"] if lineage else read_rejects(ws, key).to_json()
    reasons = by_reason(rejects)
    held = what_to_do(phone_list)
    without_region = 0 if phone_list.options.get("region") or held else reasons.get(RejectReason.NO_REGION, 0)
    return {
        "list_key": key,
        "file": phone_list.file,
        "results": _address(ws, FACEBOOK_RESULTS.of(key)),
        "lineage": _address(ws, LINEAGE.of(key)),
        "complete": is_complete,
        "held": held,
        "counts": counts,
        "verdicts": lineage and lineage["verdicts"],
        "billing": charged_for(ws, key),
        "read_as": read_as(ws, phone_list) if phone_list.reading and not is_told else None,
        "read_so": how_read(ws, phone_list) if phone_list.reading and not is_told else [],
        "reject_reasons": reasons,
        "rejects": rejects,
        "hint": region_hint(without_region, counts, recorded_as=key) or why_it_never_fits(ws, phone_list),
    }


def _address(ws: Workspace, name: str) -> str | None:
    return ws.storage.uri(name) if ws.storage.exists(name) else None
