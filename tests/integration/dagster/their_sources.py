"""A Dagster project of somebody else whose tables are sources of an instance of ours. Steps of other processes import it anew."""

import os
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import fbcheck_pipeline as fb
from tests.integration.dagster.their_project import settings

MONTHS = dg.StaticPartitionsDefinition(["2026-09", "2026-10", "2026-11"])


class Frames(dg.ConfigurableIOManager):
    """Their IO manager: Parquet in a folder, loaded as what is asked for; pandas where nothing is."""

    place: str

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write it."""
        table = pa.Table.from_pandas(obj) if isinstance(obj, pd.DataFrame) else obj.to_arrow()
        pq.write_table(table, self._path(context))

    def load_input(self, context: dg.InputContext) -> Any:
        """Read it."""
        asked = context.dagster_type.typing_type
        if asked is pl.LazyFrame:
            return pl.scan_parquet(self._path(context))
        return pl.read_parquet(self._path(context)) if asked is pl.DataFrame else pd.read_parquet(self._path(context))

    def _path(self, context: Any) -> Path:
        partition = f".{context.partition_key}" if context.has_partition_key else ""
        return Path(f"{self.place}.{context.asset_key.path[-1]}{partition}.parquet")


def rows() -> Any:
    """What stands in their table now: a test writes it."""
    return pd.read_json(os.environ["THEIR_PLACE"] + ".rows.json", dtype=False).to_dict("records")


@dg.asset(key=["crm", "contacts"], io_manager_key="frames")
def contacts() -> pd.DataFrame:
    """People, in pandas."""
    frame = pd.DataFrame(rows())
    return frame.assign(since=pd.to_datetime(frame["since"]), note="of no use")


@dg.asset(partitions_def=MONTHS, io_manager_key="frames")
def leads(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """People of a month, in Polars."""
    return pl.DataFrame(
        {"phone": [f"+417970{context.partition_key[-2:]}{n:03d}" for n in range(3)], "month": context.partition_key}
    )


loaded: dict[str, Any] = {}
"""What the assets downstream got."""


@dg.asset(
    ins={name: dg.AssetIn(["enrichment", key]) for name, key in (("newest", "contacts_latest"), ("known", "current_verdicts"))},
    automation_condition=dg.AutomationCondition.eager(),
    io_manager_key="frames",
)
def reachable(newest: pd.DataFrame, known: pl.LazyFrame) -> pd.DataFrame:
    """An asset downstream of ours, without partitions."""
    loaded.update(newest=newest, known=known)
    return newest


@dg.asset(ins={"result": dg.AssetIn(["enrichment", "facebook_results"])}, partitions_def=fb.partitions("facebook"))
def of_each_list(result: pa.Table) -> None:
    """An asset downstream of ours, of the same partitions."""
    loaded.update(result=result)


def defs() -> dg.Definitions:
    """Their assets, one of another code location, and the instance."""
    elsewhere = dg.AssetSpec("elsewhere").with_io_manager_key("frames")
    facebook = fb.build_definitions(
        name="facebook", key_prefix=["enrichment"], settings=settings("THEIR_PLACE"),
        sources=[
            fb.AssetSource(
                contacts, phone_columns=["mobile", "office"], region_column="country", keep_columns=["contact_id", "since"],
                purpose="campaign 12",
            ),
            fb.AssetSource("leads", name="Leads of a month", type=pl.LazyFrame, at_most=None),
            fb.SqlSource(
                "warehouse", url=dg.EnvVar("THEIR_WAREHOUSE"), query="SELECT id, phone, '12:30 %' AS note FROM people", cron="0 1 * * *",
                deps=["leads"], at_most=None,
            ),
            fb.AssetSource(elsewhere, type=pl.DataFrame),
            fb.AssetSource("leads", name="all_leads", type=pl.DataFrame, partitions="all", at_most=None),
        ],
    )  # fmt: skip
    theirs = dg.Definitions(
        assets=[contacts, leads, reachable, of_each_list, elsewhere], resources={"frames": Frames(place=dg.EnvVar("THEIR_PLACE"))}
    )
    return dg.Definitions.merge(theirs, facebook)
