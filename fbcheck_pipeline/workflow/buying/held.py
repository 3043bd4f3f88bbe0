"""What a person is told of a list that is held: why, and the commands with which it goes on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.restored import UNKNOWN


def what_to_do(phone_list: PhoneList, named: str | None = None) -> str | None:
    """Why a list is held and how it goes on, in lines with the commands; None for a list that is not held.

    Args:
        named: what the commands name in place of the list key, which works wherever the file was.
    """
    if phone_list.held is None:
        return None
    command = f"fbcheck run {shlex.quote(named or phone_list.list_key)}"
    if phone_list.held.startswith(UNKNOWN):
        return (
            f"held, nothing more of it is billed: {phone_list.held}\n"
            f"  if the vendor's account shows that they were not: `{command} --yes` goes on with it"
        )
    as_it_was = " ".join((command, *_flags(phone_list.options), "--yes"))
    return (
        f"held, nothing of it is billed: {phone_list.held}\n"
        f"  if it was read wrongly: `{command}` with the right options reads it anew\n"
        f"  if it was read rightly: `{as_it_was}` goes on with it"
    )


def _flags(options: Mapping[str, Any]) -> list[str]:
    """Reading options as they are given on the command line."""
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
