"""What `dg` knows of the project that a folder lies in."""

import tomllib
from collections.abc import Mapping
from pathlib import Path


def dg_project(folder: Path) -> Mapping[str, object] | None:
    """The table `[tool.dg.project]` of the nearest `pyproject.toml` that has one; None where there is none."""
    for each in (folder, *folder.parents):
        file = each / "pyproject.toml"
        tools = tomllib.loads(file.read_text()).get("tool", {}) if file.exists() else {}
        if "project" in tools.get("dg", {}):
            return dict(tools["dg"]["project"])
    return None
