"""Runs the code of a page as its reader would: block after block in one shell, and compares what is said."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.unit.docs.pages import Block

BIN = Path(sys.executable).parent
MARK = "----- block "
PATIENCE_S = 300


def run_blocks(blocks: Iterable[Block], folder: Path, **settings: str) -> list[tuple[str, str]]:
    """Run `sh` and `python` blocks in order; the first failure ends it all.

    Args:
        folder: where the shell starts.
        settings: environment variables besides PATH, which has the environment's commands.

    Returns:
        For each `text` block what it promises, and what the last block before it said.
    """
    script, log, promises = ["set -e"], folder.parent / f"{folder.name}.log", []
    for number, block in enumerate(blocks):
        if block.language == "text":
            promises.append((number - 1, block.text))
        else:
            script += [f"echo '{MARK}{number}'", *_commands(block, f"sed -n '/^{MARK}{number}$/,$p' '{log}'")]
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "120", **settings}
    with log.open("w") as sink:
        shell = subprocess.Popen(
            ["bash", "-c", "\n".join(script)], cwd=folder, env=environment, stdout=sink, stderr=sink, start_new_session=True
        )
        try:
            code = shell.wait(PATIENCE_S)
        finally:
            _end(shell)
    said = log.read_text()
    assert code == 0, said
    parts = dict(re.findall(rf"^{MARK}(\d+)\n(.*?)(?=^{MARK}|\Z)", said, re.M | re.S))
    return [(promise, parts[str(number)]) for number, promise in promises]


def assert_says(promise: str, said: str) -> None:
    """Every promised line is said, in order; blanks and the lines between cells do not count, `…` stands for anything."""
    lines = iter([_plain(line) for line in said.splitlines()])
    for line in promise.splitlines():
        pattern = re.compile(".*".join(map(re.escape, _plain(line).split("…"))))
        assert any(pattern.fullmatch(each) for each in lines), f"{line!r} is not said, or not there, in:\n{said}"


def filled_in(blocks: Iterable[Block], words: Mapping[str, str]) -> list[Block]:
    """The blocks with a page's placeholders replaced."""
    filled = []
    for block in blocks:
        text = block.text
        for placeholder, word in words.items():
            text = text.replace(placeholder, word)
        filled.append(Block(block.language, text))
    return filled


def _commands(block: Block, show: str) -> Sequence[str]:
    """Shell lines for a block; `show` prints what it has said so far."""
    if block.language == "python":
        return ["python - <<'PYTHON'", block.text.rstrip(), "PYTHON"]
    if block.text.rstrip().endswith("&"):  # its reader waits until it says that it is there
        return [block.text.rstrip(), f"until {show} | grep -q 'vendor at'; do sleep 0.1; done"]
    return [block.text.rstrip()] if block.language == "sh" else []


def _plain(line: str) -> str:
    return " ".join(line.replace("│", " ").replace("┃", " ").split())


def _end(shell: subprocess.Popen[bytes]) -> None:
    """What a page left running ends with it."""
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
