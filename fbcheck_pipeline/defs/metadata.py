"""What the Dagster pages show of an asset: counts and addresses, never a phone number."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from fbcheck_pipeline.lists import ListReader
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.model.statuses import CheckStatus, Verdict

THEIR_OWN = "a column of the list, as it was"


def describe_output(schema: pa.Schema, row_count: int, uri: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a written file: Dagster's own keys where it has them, ours prefixed.

    Args:
        facts: numbers, texts and small tables of ours, by name; `column_lineage` is a `dg.TableColumnLineage`.
    """
    shown: dict[str, Any] = {
        "dagster/row_count": row_count,
        "dagster/uri": uri,
        "dagster/column_schema": table_schema(schema),
    }
    for name, value in facts.items():
        if isinstance(value, dg.TableColumnLineage):
            shown["dagster/column_lineage"] = value
        elif isinstance(value, Mapping):
            shown[f"fbcheck/{name}"] = dg.MetadataValue.json(dict(value))
        elif value is not None:
            shown[f"fbcheck/{name}"] = value
    return shown


def table_schema(schema: pa.Schema) -> dg.TableSchema:
    """An Arrow schema as Dagster shows it, each column with its meaning."""
    is_of_list = Column.SOURCE_ROW in schema.names  # with columns of its own, whatever they are called
    ours = RESULT_COLUMNS.values() if is_of_list else (*CheckStatus, *Verdict, *Column)
    meanings = {str(each): each.meaning for each in ours}
    return dg.TableSchema([dg.TableColumn(each.name, str(each.type), meanings.get(each.name, THEIR_OWN)) for each in schema])


def described_columns(file: DataFile) -> dict[str, Any]:
    """Metadata of an asset before its first run: our columns of its file."""
    return {"dagster/column_schema": table_schema(schema_of(file))}


def lineage_from_list(list_asset: dg.AssetKey, reader: ListReader) -> dg.TableColumnLineage:
    """Columns of `raw_phones` made of those of a source's snapshot."""
    phones = [
        name for name, final in zip(reader.names, reader.schema.names, strict=False) if final in reader.source.phone_columns
    ]
    made_of = {final: [f".{name}"] for name, final in zip(reader.names, reader.schema.names, strict=False)}
    for column in (Column.PHONE_COLUMN, Column.PHONE_RAW):
        made_of[str(column)] = [f".{name}" for name in phones]
    return column_lineage(made_of, lambda _: list_asset)


def lineage_from_raw(raw: dg.AssetKey, before: pa.Schema, after: pa.Schema, region_column: str | None) -> dg.TableColumnLineage:
    """Columns of `e164_phones` made of those of `raw_phones`: what is new comes from the phone, and the region where a column names it."""
    read = [str(Column.PHONE_RAW), *([region_column] if region_column else [])]
    made_of = {name: [f".{each}" for each in ([name] if name in before.names else read)] for name in after.names}
    return column_lineage(made_of, lambda _: raw)


def maybe(result: dg.MaterializeResult[None] | None) -> Iterator[dg.MaterializeResult[None]]:
    """What an asset returns that need not have been materialized: a generator, but made when the work is done."""
    return (each for each in (result,) if each is not None)


def column_lineage(made_of: Mapping[str, list[str]], key: Callable[[str], dg.AssetKey]) -> dg.TableColumnLineage:
    """`{column: ["asset.column", …]}` as Dagster draws it.

    Args:
        key: of an asset by its name.
    """

    def dep(place: str) -> dg.TableColumnDep:
        asset, _, column = place.partition(".")
        return dg.TableColumnDep(asset_key=key(asset), column_name=column)

    return dg.TableColumnLineage({column: [dep(place) for place in places] for column, places in made_of.items()})
