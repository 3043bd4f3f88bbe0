"""How a list is to be read, and what was found out about it: plain values for the ledger and the lineage.

No reading here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from fbcheck_pipeline.errors import ListError

LIST_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz")


@dataclass(frozen=True)
class ReadOptions:
    """What a person says about a list; None means: find out.

    `column` names one phone column or several.
    `region` is the ISO 3166 region of numbers without country code; it is carried along and decides nothing here.
    """

    encoding: str | None = None
    delimiter: str | None = None
    column: str | tuple[str, ...] | None = None
    region_column: str | None = None
    sheet: str | None = None
    has_header: bool | None = None
    region: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only the options that were given."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> ReadOptions:
        """The inverse of `to_json`.

        Raises:
            ListError: an option that this version does not know.
        """
        unknown = sorted(saved.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise ListError(f"unknown reading options {', '.join(unknown)}; they were saved by a newer version: upgrade")
        given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()}
        return cls(**given)


@dataclass(frozen=True)
class SourceFacts:
    """A list as it was understood; `reasons` are sentences that say what was chosen and why, without any cell value.

    `phone_columns` and `region_column` are names of columns in the batches, `renamed` has the own names of those that are called
    otherwise there because the name is ours or another column's; `format` is `csv`, `tsv`, `txt`, `xlsx` or
    `parquet`, with `+gzip` where it is packed.
    """

    file: str
    sha256: str
    size_bytes: int
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    has_header: bool
    phone_columns: tuple[str, ...]
    region_column: str | None
    reasons: tuple[str, ...]
    renamed: dict[str, str]
