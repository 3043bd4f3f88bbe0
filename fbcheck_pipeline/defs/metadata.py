"""What the Dagster pages show of an asset: counts and addresses, never a phone number."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from fbcheck_pipeline.model.columns import RESULT_COLUMNS


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
    """An Arrow schema as Dagster shows it; a source's own columns have no description."""
    meanings = {name: column.meaning for name, column in RESULT_COLUMNS.items()}
    return dg.TableSchema([dg.TableColumn(each.name, str(each.type), meanings.get(each.name)) for each in schema])


def column_lineage(made_of: Mapping[str, list[str]]) -> dg.TableColumnLineage:
    """`{column: ["asset.column", …]}` as Dagster draws it."""

    def dep(place: str) -> dg.TableColumnDep:
        asset, _, column = place.partition(".")
        return dg.TableColumnDep(asset_key=dg.AssetKey(asset), column_name=column)

    return dg.TableColumnLineage({column: [dep(place) for place in places] for column, places in made_of.items()})
