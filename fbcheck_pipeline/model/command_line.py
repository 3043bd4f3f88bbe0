"""How a person reaches an instance: what each `fbcheck` command begins with, and what its settings are called."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PLAIN = "fbcheck"
VARIABLE = "FBCHECK_"
_COMMAND = re.compile(rf"\b{PLAIN} (?=[a-z]|--debug)")
_SETTING = re.compile(rf"\b{VARIABLE}([A-Z][A-Z0-9_]*)\b")


@dataclass(frozen=True)
class CommandLine:
    """Of one instance.

    Attributes:
        module: the Python module whose definitions hold it; empty for the standalone ones.
        instance: its name; empty for the one without a name.
        prefix: of the variables that its settings come from; empty where they stand in the resource.
    """

    module: str = ""
    instance: str = ""
    prefix: str = VARIABLE

    def __str__(self) -> str:
        given = [f"--module {shlex.quote(self.module)}"] if self.module else []
        return " ".join([PLAIN, *given, *([f"--instance {self.instance}"] if self.instance else [])])

    def said(self, text: str) -> str:
        """A text of ours with whole commands, and with the names that the settings have in this instance."""
        if self == CommandLine():
            return text
        text = _COMMAND.sub(lambda _: f"{self} ", text)
        return _SETTING.sub(lambda found: self.prefix + found[1] if self.prefix else found[1].lower(), text)


def flags_of(options: Mapping[str, Any]) -> list[str]:
    """Reading options, see `ReadOptions.to_json`, as they are given on the command line."""
    flags = []
    for name, value in options.items():
        if isinstance(value, list):
            continue  # the columns of a source, whose lists stay read as it says
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            flags.append(f"--{'' if value else 'no-'}{flag.removeprefix('has-')}")
        else:
            flags.append(f"--{flag} {shlex.quote(str(value))}")
    return flags
