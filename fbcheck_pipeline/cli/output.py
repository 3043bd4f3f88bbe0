"""How the command speaks: people on standard error, programs on standard output as one JSON object."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from fbcheck_pipeline.progress import listening

PLAIN_EVERY_S = 10.0


class Voice:
    """What a command says."""

    def __init__(self, *, as_json: bool, quiet: bool = False) -> None:
        """Args: as_json: print one JSON object at the end; quiet: say nothing else."""
        self.as_json = as_json
        self.quiet = quiet
        width = None if sys.stderr.isatty() else int(os.environ.get("COLUMNS", "120"))
        self.console = Console(stderr=True, quiet=quiet, highlight=False, width=width)

    def say(self, text: Any) -> None:
        """One line (or a rich table) for a person."""
        self.console.print(text)

    def result(self, document: Mapping[str, Any]) -> None:
        """The one JSON object, when it is wanted."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
            sys.stdout.flush()

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show the progress of this process: bars on a terminal, a plain line now and then elsewhere."""
        if self.quiet:
            yield
        elif self.console.is_terminal:
            with self._bars():
                yield
        else:
            with self._lines():
                yield

    @contextmanager
    def _bars(self) -> Iterator[None]:
        columns = (
            TextColumn("{task.description:<12}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as bars:
            known: dict[str, TaskID] = {}

            def listen(stage: str, done: int, total: int | None) -> None:
                if stage not in known:
                    known[stage] = bars.add_task(stage, total=total, figures="")
                bars.update(known[stage], completed=done, total=total, figures=_figures(done, total))

            with listening(listen):
                yield

    @contextmanager
    def _lines(self) -> Iterator[None]:
        last: dict[str, float] = {}

        def listen(stage: str, done: int, total: int | None) -> None:
            now = time.monotonic()
            if now - last.setdefault(stage, now) >= PLAIN_EVERY_S:
                last[stage] = now
                self.say(f"{stage}: {_figures(done, total)}")

        with listening(listen):
            yield


def _figures(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"
