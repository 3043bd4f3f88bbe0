"""The output of the commands: notes for people on standard error; on standard output what was asked for, or one JSON object of it."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from fbcheck_pipeline.cli.json_lines import JsonLines
from fbcheck_pipeline.cli.target import said
from fbcheck_pipeline.progress import listening

PLAIN_EVERY_S = 10.0
UNBOUNDED = 10_000
LEAST_WIDTH = 8
"""Characters of a column of a table in a narrow terminal, beside keys that are shown in one piece."""
_CODE = re.compile(r"`([^`\n]+)`")
LOG_LINE = "%(asctime)s %(levelname)s %(message)s"


class Reporter:
    """Prints what a command reports. It respects `NO_COLOR`, and checks whether standard error is a terminal."""

    def __init__(self, *, as_json: bool, quiet: bool = False, verbose: bool = False) -> None:
        """Args: as_json: print one JSON object at the end; quiet: print warnings and errors only; verbose: `detail`, too."""
        self.as_json = as_json
        self.quiet = quiet
        self._verbose = verbose
        self._shown: Progress | None = None
        width = None if sys.stderr.isatty() else int(os.environ.get("COLUMNS", "120"))
        self.console = Console(stderr=True, highlight=False, width=width)

    def say(self, text: Any) -> None:
        """Print one line (or a rich table) for a person; nothing with `--quiet`."""
        if not self.quiet:
            self.warn(text)

    def warn(self, text: Any) -> None:
        """Print it even with `--quiet`."""
        _show(self.console, text)

    def log(self, line: str) -> None:
        """Print a line as it is, above any progress bars."""
        self.console.out(plain(line), highlight=False)

    def answer(self, text: Any, otherwise: Iterable[str] = ()) -> None:
        """Print what the command was asked for (a line, or a rich table) on standard output, unless `--json` prints it there.

        Nothing with `--quiet`.

        Args:
            otherwise: lines in place of a table whose words do not fit beside each other.
        """
        if self.as_json or self.quiet:
            return
        width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "120"))
        console, lines = Console(highlight=False, width=width), list(otherwise)
        is_too_wide = (
            lines and Measurement.get(console, console.options.update(max_width=UNBOUNDED), text).minimum > console.width
        )
        for each in lines if is_too_wide else [text]:
            _show(console, each)

    def detail(self, text: str) -> None:
        """Print a line that explains an answer, where `--verbose` asks for it."""
        if self._verbose:
            self.answer(text)

    def result(self, document: Mapping[str, Any]) -> None:
        """Print the JSON object if `--json` was given."""
        if self.as_json:
            print_json(document)

    def is_agreed(self, told: str, question: str) -> bool:
        """Ask a person on a terminal; False, and nothing is said, where there is none or a program reads the output."""
        if self.as_json or not (sys.stdin.isatty() and self.console.is_terminal):
            return False
        if self._shown is not None:
            self._shown.stop()
        self.warn(told)
        try:
            answer = self.console.input(f"{question} [y/N] ", markup=False)
        except EOFError:  # Ctrl-D
            answer = ""
        if self._shown is not None:
            self._shown.start()
        return answer.strip().casefold() in ("y", "yes")

    def show_logs(self, level: str, log_format: str) -> None:
        """Print the product's own logs. With progress bars or --quiet, print warnings and errors only.

        Args:
            log_format: `text`, or `json` for one object a line.
        """
        handler = _LogLines(self)
        if self.quiet or self.console.is_terminal:
            handler.setLevel(logging.WARNING)
            handler.setFormatter(logging.Formatter("warning: %(message)s"))
        if log_format == "json":
            handler.setFormatter(JsonLines())
        logger = logging.getLogger("fbcheck_pipeline")
        logger.setLevel(level)
        logger.addHandler(handler)

    def progress(self) -> AbstractContextManager[None]:
        """Show the progress of this process: bars on a terminal, elsewhere a plain line every few seconds."""
        if self.quiet:
            return nullcontext()
        return self._bars() if self.console.is_terminal else self._lines()

    @contextmanager
    def _bars(self) -> Iterator[None]:
        columns = (
            TextColumn("{task.description:<11}"),
            BarColumn(),
            TextColumn("{task.fields[figures]:>24}"),
            TextColumn("{task.fields[pace]}"),
        )
        with Progress(*columns, console=self.console, transient=True) as bars:
            known: dict[str, TaskID] = {}

            def show(name: str, stage: _Stage) -> None:
                if name not in known:
                    known[name] = bars.add_task(name, figures="", pace="")
                bars.update(known[name], completed=stage.done, total=stage.total, figures=stage.figures, pace=stage.pace)

            self._shown = bars
            with _stages_shown(show):
                yield
            self._shown = None

    def _lines(self) -> AbstractContextManager[None]:
        def show(name: str, stage: _Stage) -> None:
            if stage.now - stage.said >= PLAIN_EVERY_S:
                stage.said = stage.now
                self.say(f"{name}: {stage.figures}{', ' if stage.pace else ''}{stage.pace}")

        return _stages_shown(show)


def _show(console: Console, text: Any) -> None:
    """Print one line however long, or a rich table, whose keys are broken where they leave the other columns no room: none is cut off."""
    if isinstance(text, str):
        console.print(plain(text), markup=False, soft_wrap=True)
        return
    whole = [column for column in text.columns if column.no_wrap]
    room = console.width - len(text.columns) - sum(max(map(cell_len, map(str, [each.header, *each.cells]))) for each in whole)
    if room < LEAST_WIDTH * (len(text.columns) - len(whole)):
        for column in text.columns:
            column.no_wrap, column.min_width = False, None
    console.print(text)


def plain(text: str) -> str:
    """A sentence as a terminal shows it: with whole commands, and without the backticks that set them off on a page."""
    return _CODE.sub(r"\1", said(text))


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON object on standard output, in ASCII alone where that is not Unicode."""
    is_unicode = sys.stdout.encoding.lower().startswith("utf")
    sys.stdout.write(json.dumps(said(document), ensure_ascii=not is_unicode, indent=2) + "\n")
    sys.stdout.flush()


class _LogLines(logging.Handler):
    """Prints a log record as one plain line, above any progress bars."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter
        formatter = logging.Formatter(LOG_LINE, "%Y-%m-%dT%H:%M:%SZ")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line."""
        self._reporter.log(self.format(record))


@dataclass
class _Stage:
    """The progress of a stage since its first report."""

    begun: float
    first: int
    said: float
    now: float = 0.0
    done: int = 0
    total: int | None = None

    @property
    def figures(self) -> str:
        return f"{self.done:,}" if self.total is None else f"{self.done:,} of {max(self.total, self.done):,}"

    @property
    def pace(self) -> str:
        """Units per second and the time left; empty until there is something to measure."""
        if self.done <= self.first or self.now <= self.begun:
            return ""
        speed = (self.done - self.first) / (self.now - self.begun)
        rate = f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s"
        return rate + (f", {duration((self.total - self.done) / speed)} left" if self.total and self.done < self.total else "")


@contextmanager
def _stages_shown(show: Callable[[str, _Stage], None]) -> Iterator[None]:
    """Show a stage at each of its reports. One whose count falls has started again, with the next list."""
    stages: dict[str, _Stage] = {}

    def listen(name: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if name not in stages or done < stages[name].done:
            stages[name] = _Stage(begun=now, first=done, said=now)
        stages[name].now, stages[name].done, stages[name].total = now, done, total
        show(name, stages[name])

    with listening(listen):
        yield


def count_of(number: int, noun: str) -> str:
    """A count for people: `1 list`, `1,200 lists`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time span in the unit that suits it, e.g. `4.2 h`."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
