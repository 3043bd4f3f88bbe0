"""The command as a process of its own, and small lists for it."""

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.forked import ForkedCommand
from tests.prepared import empty_dagster_home

KEY = "very-secret-key"


class Fbcheck:
    """Runs the command with settings that point at a vendor and an own data folder."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.data = folder, folder / "data"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("FBCHECK_", "DAGSTER_HOME"))},
            "FBCHECK_DATA_URI": str(self.data),
            "FBCHECK_API_URL": url,
            "FBCHECK_API_KEY": KEY,
            "FBCHECK_POLL_SECONDS": "0.2",
            "COLUMNS": "200",
        }
        self.prelude = ""
        """Python that runs before the command."""
        self.out = ""
        """What the last command printed on standard output."""

    def start(self, *arguments: str, **settings: str) -> ForkedCommand:
        """Begin a command; settings by name without prefix."""
        environment = {**self.environment, **{f"FBCHECK_{name}": value for name, value in settings.items()}}
        if arguments[:1] == ("run",) and not (self.data / "dagster").exists():
            shutil.copytree(empty_dagster_home(), self.data / "dagster")
        return ForkedCommand([*arguments], self.folder, environment, self.prelude)

    def __call__(self, *arguments: str, **settings: str) -> tuple[int, dict[str, Any], str]:
        """Run a command to its end: exit code, the JSON it printed, what it said."""
        process = self.start(*arguments, **settings)
        out, err = process.communicate()
        assert KEY not in out + err and process.returncode is not None
        self.out = out
        return process.returncode, json.loads(out) if out.strip().startswith("{") else {}, err


def swiss(number: int) -> str:
    """A generated Swiss mobile number."""
    return f"+4178{number:07d}"


def write_list(path: Path, cells: list[str]) -> Path:
    """A CSV with a column `phone`."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "phone"])
        rows.writerows([[str(place), cell] for place, cell in enumerate(cells, 1)])
    return path
