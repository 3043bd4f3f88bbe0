"""Phones: text to E.164 or a reject reason, and the models of every frame. No files, no network, no Dagster.

from fbcheck_pipeline.phones import Normaliser

normaliser = Normaliser(region="TR", region_column="country")
normaliser.learn(head)                                  # the first 100,000 cells: what bare digits mean
for batch in normaliser.normalise_all(batches):         # phone_e164 or reject_reason for every phone
    ...
"""

from __future__ import annotations

from typing import Any

__all__ = ["Normaliser", "phonenumbers_version"]


def phonenumbers_version() -> str:
    """Version of the phonenumbers metadata: it decides what a valid number is, so the lineage names it."""
    from importlib.metadata import version

    return version("phonenumbers")


def __getattr__(name: str) -> Any:
    """Load the machinery on first use: pyarrow and the metadata cost a command's help half a second."""
    if name == "Normaliser":
        from fbcheck_pipeline.phones.normaliser import Normaliser

        return Normaliser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
