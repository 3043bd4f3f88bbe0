"""The command in this process: what it prints and the exit code it ends with."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fbcheck_pipeline.cli import main

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def fbcheck(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Arguments -> exit code, the one JSON object (empty without any), what was said."""

    def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
        monkeypatch.setattr(sys, "argv", ["fbcheck", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(out) if out.startswith("{") else {}, err

    yield run
    logging.getLogger("fbcheck_pipeline").handlers.clear()
