"""Runs the commands of `dg` that stand in a JSON file, one after the other in one process, and prints what each said.

It runs in a project of another name, with the product from a wheel; an item of the file is a command, or a file to write before the next.
"""

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._serdes import serialize_value
from dagster_dg_cli.cli import cli

import fbcheck_pipeline


def snapshot() -> str:
    """What Dagster stores of the project's definitions."""
    definitions = importlib.import_module("their_crm.definitions").defs()
    return serialize_value(RepositorySnap.from_def(definitions.get_repository_def()))


def main() -> None:
    """Run them."""
    said: list[dict[str, Any]] = [{"file": fbcheck_pipeline.__file__}]
    for each in json.loads(Path(sys.argv[1]).read_text()):
        if isinstance(each, dict):
            for path, text in each.items():
                Path(path).write_text(text)
            continue
        for name in [name for name in sys.modules if name.startswith("their_crm")]:
            del sys.modules[name]
        if each == ["snapshot"]:
            said.append({"code": 0, "said": snapshot()})
            continue
        result = CliRunner().invoke(cli, each)
        raised = result.exception
        shown = "" if raised is None or isinstance(raised, SystemExit) else "".join(traceback.format_exception(raised))
        said.append({"code": result.exit_code, "said": result.output + shown})
    print(json.dumps(said))


main()
