"""What a list's cells are read by: our own rules, and the metadata of phonenumbers. Importing this imports nothing heavy."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

RULES = "1"
"""Raised whenever our own rules may read a cell otherwise."""
READ_BY = {"rules": "fbcheck.rules", "phonenumbers": "fbcheck.phonenumbers"}
"""The keys of these versions in the footer of `e164_phones`."""


@cache
def reading_version() -> dict[str, str]:
    """This program's, as they stand in that footer."""
    return {READ_BY["rules"]: RULES, READ_BY["phonenumbers"]: version("phonenumbers")}
