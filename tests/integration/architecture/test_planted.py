"""The type checker and the import contracts find what is planted in a copy of the package: their silence means something."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

TYPOS = [  # file, text that stands there once, its misspelling, what mypy says of it
    ("workflow/collection/poll.py", "chunk.fetches)", "chunk.fetchs)", '"Chunk" has no attribute "fetchs"'),
    ("workflow/buying/allocation.py", "[chunk.tries for", "[chunk.trys for", 'has no attribute "trys"'),
    ("ledger/list_entries.py", "elif known.sha256 not", "elif known.sha not", 'has no attribute "sha"'),
    ("workflow/buying/send.py", "next_send_at=later", "next_sent_at=later", '"next_sent_at" for "return_to_planned"'),
    ("workflow/collection/taking_in.py", "        repeats=repeats,", "        repeat=repeats,", '"repeat" for "note_short"'),
    ("workflow/collection/reconcile.py", "ledger.mark_abandoned(", "ledger.mark_abandonned(", 'no attribute "mark_abandonned"'),
    ("cli/status.py", "chunk.vendor_status", "chunk.vendors_status", '"Chunk" has no attribute "vendors_status"'),
    ("cli/running.py", "phone_list.joined_revision", "phone_list.joint_revision", 'no attribute "joint_revision"'),
    ("defs/assets.py", "max_billable=config.max_billable", "max_billables=config.max_billable", 'for "submit_list"'),
    ("defs/checks.py", "chunk.phone_count", "chunk.phones_count", '"Chunk" has no attribute "phones_count"'),
    (
        "defs/requests.py",
        "submit:{phone_list.list_key}",
        "submit:{phone_list.lists_key}",
        '"PhoneList" has no attribute "lists_key"',
    ),
    (
        "defs/requests.py",
        "ws.ledger.phone_list(list_key)",
        "ws.ledger.phones_list(list_key)",
        '"Ledger" has no attribute "phones_list"',
    ),
]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package beside its configuration."""
    shutil.copytree(ROOT / "fbcheck_pipeline", tmp_path / "fbcheck_pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path / "fbcheck_pipeline"


def test_mypy_finds_every_planted_typo(package: Path) -> None:
    """Records, transitions and methods are typed wherever money moves; nothing is exempt. What others wrote is not read for it."""
    wanted = []
    for name, text, misspelt, said in TYPOS:
        content = (package / name).read_text()
        assert content.count(text) == 1, f"{name}: {text}"
        (package / name).write_text(content.replace(text, misspelt))
        wanted.append((f"fbcheck_pipeline/{name}:", said))
    found = run(package, "-m", "mypy", "-p", "fbcheck_pipeline", "--follow-imports", "skip", "--cache-dir", ".mypy").splitlines()
    missed = [each for each in wanted if not any(line.startswith(each[0]) and each[1] in line for line in found)]
    assert missed == []


@pytest.mark.parametrize(
    ("name", "content", "broken"),
    [
        ("workflow/tomorrow.py", "import dagster\n", "Dagster stays at the edge BROKEN"),
        ("lists/tomorrow.py", "from fbcheck_pipeline.ledger import Ledger\n", "Each layer imports only"),
        ("phones/careful/tomorrow.py", "from fbcheck_pipeline.files import storage\n", "reads no files BROKEN"),
        ("sandbox/tomorrow.py", "from fbcheck_pipeline.errors import FbcheckError\n", "Each layer imports only"),
        ("tomorrow.py", '"""A module of no layer."""\n', "Each layer imports only"),
    ],
)
def test_the_contracts_cover_a_module_added_tomorrow(package: Path, name: str, content: str, broken: str) -> None:
    """They are written by packages, so that a new module cannot fall outside them."""
    (package / name).write_text(content)
    said = run(package, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")
    assert broken in said and "1 broken" in said


def run(package: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=package.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout
