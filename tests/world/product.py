"""The product's reading of a list, in a process of its own whose memory and processor time are measured and bounded.

A file that ends the process, or that takes too much, is told as such; the next file gets a new process.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import signal
import time
import traceback
import warnings
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.phones import Normaliser

MOST_PROCESSOR_S = 30
MOST_PEAK_MB = 1000
_MOST_ADDRESSES = 8 << 30
"""Ends a process before the machine suffers; far above what is asserted, since libraries reserve addresses that they never use."""
_PATIENCE_S = 300.0
_FILES_A_PROCESS = 100
_FORK = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Phone:
    """One row of the normalised list."""

    row: int
    column: str
    raw: str | None
    e164: str | None
    reason: str | None


@dataclass(frozen=True)
class Reading:
    """What became of a file.

    Attributes:
        refusal: the sentence by which it was refused, None where it was read.
        fault: what must never be: the trace of an unexpected error, or how the process ended.
        columns: the source's own columns by name, one value a source row.
    """

    refusal: str | None = None
    fault: str | None = None
    rows: int = 0
    has_header: bool = False
    phone_columns: tuple[str, ...] = ()
    region_column: str | None = None
    reasons: tuple[str, ...] = ()
    columns: dict[str, list[Any]] = field(default_factory=dict)
    phones: tuple[Phone, ...] = ()
    peak_mb: int = 0
    processor_s: float = 0.0

    def numbers(self) -> list[frozenset[str]]:
        """For each source row what it has in E.164."""
        found: list[set[str]] = [set() for _ in range(self.rows)]
        for phone in self.phones:
            if phone.e164:
                found[phone.row - 1].add(phone.e164)
        return list(map(frozenset, found))

    def checked(self) -> Self:
        """Itself.

        Raises:
            AssertionError: an unexpected error, too much memory or too much time.
        """
        assert self.fault is None, self.fault
        assert self.peak_mb < MOST_PEAK_MB, f"{self.peak_mb} MB of memory"
        return self

    def read(self) -> Self:
        """Itself.

        Raises:
            AssertionError: as `checked`, or the file was refused.
        """
        assert self.checked().refusal is None, self.refusal
        return self


class Product:
    """Reads one file after another."""

    def __init__(self) -> None:
        self._process: Any = None
        self._pipe: Connection | None = None
        self._left = 0

    def read(self, path: Path, region: str | None = None, **options: Any) -> Reading:
        """Read a list and normalise its phones; never raises."""
        pipe = self._started()
        pipe.send((path, region, options))
        self._left -= 1
        try:
            if not pipe.poll(_PATIENCE_S):
                return self._ended("it hung without using the processor")
            reading: Reading = pipe.recv()
        except (EOFError, ConnectionError):
            return self._ended("the process ended")
        return reading

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process, self._left = None, 0

    def _started(self) -> Connection:
        if self._left <= 0 or self._pipe is None:
            self.close()
            self._pipe, its_end = _FORK.Pipe()
            self._process = _FORK.Process(target=_serve, args=(its_end,), daemon=True)
            self._process.start()
            its_end.close()
            self._left = _FILES_A_PROCESS
        return self._pipe

    def _ended(self, how: str) -> Reading:
        self._process.join(1)
        code = self._process.exitcode
        self.close()
        is_slow = code == -signal.SIGPROF
        return Reading(fault=f"more than {MOST_PROCESSOR_S} seconds of the processor" if is_slow else f"{how} ({code})")


def _serve(pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
    warnings.simplefilter("ignore")
    while True:
        try:
            path, region, options = pipe.recv()
        except EOFError:
            return
        _forget_peak()
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, MOST_PROCESSOR_S)
        try:
            reading = _read(path, region, options)
        except ListError as error:
            reading = Reading(refusal=str(error))
        except BaseException:
            reading = Reading(fault=traceback.format_exc())
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(replace(reading, peak_mb=_peak_mb(), processor_s=time.process_time() - began))


def _read(path: Path, region: str | None, options: dict[str, Any]) -> Reading:
    reader = open_list(path, ReadOptions(region=region, **options))
    source = reader.source
    normaliser = Normaliser(region, source.region_column)
    phones: list[Phone] = []
    columns: dict[str, list[Any]] = {name: [] for name in reader.schema.names[:-4]}
    for batch in normaliser.normalise_all(normaliser.learn(reader.batches())):
        ours = zip(*(batch.column(name).to_pylist() for name in _OURS), strict=True)
        firsts = [at for at, (row, index, *_) in enumerate(ours) if index == 0 and row]
        for name, values in columns.items():
            values.extend(_plain(batch.column(name).take(pa.array(firsts, pa.int64()))))
        phones += [
            Phone(row, column, raw, e164, reason)
            for row, _, column, raw, e164, reason in zip(*(batch.column(name).to_pylist() for name in _OURS), strict=True)
        ]
    return Reading(
        rows=reader.counts["rows"],
        has_header=source.has_header,
        phone_columns=source.phone_columns,
        region_column=source.region_column,
        reasons=source.reasons,
        columns=columns,
        phones=tuple(phones),
    )


def _plain(column: pa.Array[Any]) -> list[Any]:
    """As Python has it; days that Python does not know as numbers of their own unit."""
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        values = column.view(pa.type_for_alias(f"int{column.type.bit_width}")).to_pylist()
    return values


_OURS = ("source_row", "phone_index", "phone_column", "phone_raw", "phone_e164", "reject_reason")


def _forget_peak() -> None:
    """The kernel's high-water mark of this process begins anew."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) // 1024
