"""Where lists come from besides the inbox: assets of the project, and queries, whose tables are taken as lists."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Optional, Union, get_args

import dagster as dg
import pyarrow as pa
from sqlalchemy.exc import SQLAlchemyError

from fbcheck_pipeline.defs.instance import Instance, Job
from fbcheck_pipeline.defs.jobs import SUBMIT
from fbcheck_pipeline.defs.source_sensor import source_schedule, source_sensor
from fbcheck_pipeline.defs.taking import list_asset, take_job
from fbcheck_pipeline.defs.times import times_of
from fbcheck_pipeline.errors import ListError, SettingsError
from fbcheck_pipeline.files.query_batches import query_batches
from fbcheck_pipeline.files.table_batches import batches_of
from fbcheck_pipeline.lists import source_named
from fbcheck_pipeline.settings import settings_of
from fbcheck_pipeline.workflow.arrival.snapshots import SnapshotRules

Partitions = Literal["event", "all"]
Key = Union[str, Sequence[str], dg.AssetKey, dg.AssetsDefinition, dg.AssetSpec]


class AssetSource:
    """An asset whose table is taken as a list each time that it was materialized.

    It is loaded through its own IO manager: as a pandas or Polars frame, a pyarrow table, or batches.
    """

    def __init__(
        self,
        key: Key,
        *,
        name: Optional[str] = None,
        type: Optional[type] = None,
        partitions: Partitions = "event",
        phone_columns: Sequence[str] = (),
        region_column: Optional[str] = None,
        keep_columns: Optional[Sequence[str]] = None,
        region: Optional[str] = None,
        purpose: Optional[str] = None,
        at_most: Optional[int] = 1,
    ) -> None:
        """
        Args:
            key: of the asset, `"crm/contacts"` or its parts. It may be partitioned, or of another code location,
                if an `AssetSpec` names its IO manager.
            name: of the source; by default the last part of the key.
            type: what its IO manager is asked for, e.g. `polars.DataFrame`.
            partitions: of a partitioned asset: "event" for the one that was materialized last, "all" for those that exist, as one list.
            phone_columns: by default those whose names and cells look like phones.
            region_column: of each row's country.
            keep_columns: what else stands in the results; by default all columns.
            region: of numbers without a country code, e.g. "TR"; by default the settings'.
            purpose: why the numbers are checked; by default the settings'.
            at_most: so many new lists in a UTC day; None for no bound.

        Raises:
            SettingsError: something cannot be so.
        """
        coerced = _key(key)
        if partitions not in get_args(Partitions):
            raise SettingsError(f'source {coerced.path[-1]}: partitions={partitions!r} is unknown; it is "event" or "all"')
        rules = rules_of(
            coerced.path[-1] if name is None else name,
            phone_columns=phone_columns, region_column=region_column, keep_columns=keep_columns, region=region,
            purpose=purpose, at_most=at_most,
        )  # fmt: skip
        self.name, self.rules = rules.source, rules
        self._key, self._type, self._partitions = coerced, type, partitions

    @property
    def upstream(self) -> Sequence[dg.AssetKey]:
        """What it is made of."""
        return [self._key]

    def build(self, instance: Instance, jobs: Mapping[str, Job]) -> dg.Definitions:
        """Its asset, job and sensor."""

        def tables(context: dg.AssetExecutionContext) -> Iterator[pa.RecordBatch]:
            for partition in self._loaded(context):
                yield from self._batches(context.load_asset_value(self._key, python_type=self._type, partition_key=partition))

        asset = list_asset(instance, self.rules, self.upstream, tables, has_their_columns=True)
        job = take_job(instance, self.name)
        return dg.Definitions(
            assets=[asset], jobs=[job], sensors=[source_sensor(instance, self.rules, self.upstream, [job, jobs[SUBMIT]])]
        )

    def _loaded(self, context: dg.AssetExecutionContext) -> Sequence[Optional[str]]:
        """Those to load; one None for an asset without partitions."""
        newest = context.instance.fetch_materializations(self._key, limit=1).records
        if not newest or newest[0].partition_key is None:
            return [None]
        if self._partitions == "event":
            context.log.info(f"source {self.name}: of all partitions the one that was materialized last is taken")
            return [newest[0].partition_key]
        return sorted(context.instance.get_materialized_partitions(self._key))

    def _batches(self, table: Any) -> Iterator[pa.RecordBatch]:
        try:
            yield from batches_of(table)
        except TypeError as error:
            raise ListError(
                f"source {self.name} is no table but {error}; name what its IO manager is to load, e.g. type=pandas.DataFrame"
            ) from error


class SqlSource:
    """A query whose rows are taken as a list: at its own times, on demand, and when what it depends on was materialized.

    For tables that no IO manager loads, such as those of dbt, dlt or sling. The rows stream through memory in pieces.
    """

    def __init__(
        self,
        name: str,
        *,
        url: dg.EnvVar,
        query: str,
        cron: Optional[str] = None,
        timezone: str = "UTC",
        deps: Sequence[Key] = (),
        phone_columns: Sequence[str] = (),
        region_column: Optional[str] = None,
        keep_columns: Optional[Sequence[str]] = None,
        region: Optional[str] = None,
        purpose: Optional[str] = None,
        at_most: Optional[int] = 1,
    ) -> None:
        """
        Args:
            url: the variable that holds SQLAlchemy's URL of the database; its driver must be installed.
            query: one statement without parameters.
            cron: when it is taken, in the time zone; None for no schedule.
            deps: assets that it reads; each new materialization of one takes a list.
            phone_columns, region_column, keep_columns, region, purpose, at_most: see `AssetSource`.

        Raises:
            SettingsError: something cannot be so.
        """
        self.rules = rules_of(
            name, phone_columns=phone_columns, region_column=region_column, keep_columns=keep_columns, region=region,
            purpose=purpose, at_most=at_most,
        )  # fmt: skip
        self.name = self.rules.source
        _refuse_text(self.name, deps=deps)
        self.upstream = [_key(each) for each in deps]
        variable = getattr(url, "env_var_name", None)
        if variable is None:
            raise SettingsError(
                f'source {self.name}: url must not stand in code, where Dagster shows it; name its variable, e.g. dagster.EnvVar("WAREHOUSE_URL")'
            )
        zone = f"source {self.name}: timezone"
        self._times = times_of(cron, timezone, cron_name=f"source {self.name}: cron", zone_name=zone) if cron else None
        self._variable, self._query = str(variable), query

    def build(self, instance: Instance, jobs: Mapping[str, Job]) -> dg.Definitions:
        """Its asset, job, sensor and schedule."""
        asset = list_asset(instance, self.rules, self.upstream, lambda _: self._batches(), has_their_columns=False)
        job = take_job(instance, self.name)
        schedule = self._times and source_schedule(instance, self.name, self._times, job)
        sensor = source_sensor(instance, self.rules, self.upstream, [job, jobs[SUBMIT]])
        return dg.Definitions(assets=[asset], jobs=[job], sensors=[sensor], schedules=[schedule] if schedule else [])

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if not (url := os.environ.get(self._variable)):
            raise SettingsError(f"source {self.name}: the environment variable {self._variable} is not set")
        try:
            yield from query_batches(url, self._query)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
            reason = re.sub(r"\+?[0-9]{5,}", "…", reason)  # databases quote what they cannot read
            raise ListError(f"source {self.name} cannot be read ({reason}); see to its query and its database") from None


def _key(given: Key) -> dg.AssetKey:
    if isinstance(given, str):
        return dg.AssetKey.from_user_string(given)
    return dg.AssetKey.from_coercible(given.key if isinstance(given, (dg.AssetsDefinition, dg.AssetSpec)) else given)


def rules_of(name: str, *, region: Optional[str], **given: Any) -> SnapshotRules:
    """What is taken of a source.

    Raises:
        SettingsError: something cannot be so.
    """
    source = source_named(name)
    if not source:
        raise SettingsError(f"a source needs a name of letters and digits, and name={name!r} has none")
    if region is not None:
        try:
            region = settings_of({"region": region}).region
        except SettingsError as error:
            raise SettingsError(str(error).replace("region:", f"source {source}: region:", 1)) from None
    _refuse_text(source, phone_columns=given["phone_columns"], keep_columns=given["keep_columns"])
    if given["keep_columns"] is not None and not given["phone_columns"]:
        raise SettingsError(f"source {source}: keep_columns leaves out all others, so phone_columns must be named, too")
    at_most = given["at_most"]
    if at_most is not None and not (isinstance(at_most, int) and at_most >= 1):
        raise SettingsError(
            f"source {source}: at_most={at_most!r} takes no list; it is a whole number from 1 on, or None for no bound"
        )
    return SnapshotRules(source, region=region, **given)


def _refuse_text(source: str, **lists: Any) -> None:
    """A text where a list of names belongs would be taken letter by letter."""
    for field, value in lists.items():
        if isinstance(value, str):
            raise SettingsError(f"source {source}: {field} is a list of names, e.g. [{value!r}]")
