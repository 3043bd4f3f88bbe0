"""One instance of the product in a code location: whatever Dagster wants unique carries its name, and is named here alone.

Without a name, which a code location of its own needs not, all have their plain names.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Optional, Union, cast

import dagster as dg

from fbcheck_pipeline.defs.far_steps import refuse_far_steps
from fbcheck_pipeline.defs.hooks import Hooks
from fbcheck_pipeline.defs.judged import Judged
from fbcheck_pipeline.defs.metadata import described_columns
from fbcheck_pipeline.defs.places import PLACES
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import OperatorError, SettingsError
from fbcheck_pipeline.model.paths import SUBMITTED_CHUNKS, DataFile
from fbcheck_pipeline.workflow.workspace import Workspace

INSTANCE_TAG = "fbcheck/instance"
"""Every asset of ours has it, and every run of our jobs; both are found by it, whatever their prefix."""

LEDGER_TAG = "fbcheck/ledger"
"""Every run of our jobs has the ledger's id by it once a step began: instances without a name may share Dagster's storage."""

LATEST = "_latest"
"""How the names of such assets end; see `latest_name`."""

NO_LIST = (
    "this run has no list, so nothing of it is read, sent or bought: launch it for the partition of one list, and leave these assets "
    'out of jobs over everything, e.g. by dagster.AssetSelection.all() - fbcheck_pipeline.selection("NAME")'
)

ListLook = Callable[[Workspace, str], dg.AssetCheckResult]
CommonLook = Callable[[Workspace], dg.AssetCheckResult]
"""What a check does: of one list, by its key, or of all. The function's name is the check's."""
Job = Any
"""What `dg.define_asset_job` returns; Dagster has no public name for it."""
Context = Union[
    dg.AssetExecutionContext, dg.AssetCheckExecutionContext, dg.SensorEvaluationContext, dg.ScheduleEvaluationContext,
    dg.RunStatusSensorContext, dg.RunFailureSensorContext,
]  # fmt: skip


@dataclass(frozen=True)
class Instance:
    """What `build_definitions` was told of one instance.

    Attributes:
        name: letters, digits and `_`; None for plain names.
        key_prefix: of every asset key.
        executor: of our jobs. Runs that others launch over our assets have theirs.
        run_tags, op_tags: of our jobs' runs, and of our assets' steps.
        is_running, is_buying: whether sensors and schedules run by default, and whether those do that buy.
        sources: names of those that are no files, with the assets that each is made of, as `a/b`.
        hooks: what the project changes of our assets.
        places: see `places_of`.
    """

    name: Optional[str] = None
    key_prefix: Sequence[str] = ()
    group_name: str = "fbcheck"
    owners: Optional[Sequence[str]] = None
    tags: Mapping[str, str] = field(default_factory=dict)
    run_tags: Mapping[str, str] = field(default_factory=dict)
    op_tags: Mapping[str, Any] = field(default_factory=dict)
    executor: dg.ExecutorDefinition = dg.in_process_executor
    is_running: bool = True
    is_buying: bool = True
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=Hooks)
    places: str = ""

    def __post_init__(self) -> None:
        if self.name is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise SettingsError(f"name={self.name!r} cannot be used: letters, digits and _ make a name, e.g. facebook")

    @property
    def only_collects(self) -> bool:
        """Whether what runs by itself buys nothing: in a branch deployment."""
        return self.is_running and not self.is_buying

    def named(self, plain: str) -> str:
        """A name that no other instance has, for what Dagster identifies by name: jobs, sensors, resources, partition sets."""
        return f"{self.name}_{plain}" if self.name else plain

    def labelled(self, plain: str) -> str:
        """The same for values that only we read: run keys and tags."""
        return f"{self.name}/{plain}" if self.name else plain

    @property
    def fbcheck_key(self) -> str:
        """The resource key of the settings."""
        return self.named("fbcheck")

    @property
    def io_manager_key(self) -> str:
        """The resource key of the Parquet files; never Dagster's default key, which is the project's own."""
        return self.named("fbcheck_io_manager")

    @property
    def lists(self) -> dg.DynamicPartitionsDefinition:
        """The partitions: one per list, named by its list key. Tasks and chunks are no partitions."""
        return dg.DynamicPartitionsDefinition(name=self.partition_set)

    @property
    def partition_set(self) -> str:
        """The name of the partitions; in a Dagster instance it is global."""
        return self.named("lists")

    def key(self, asset: Union[DataFile, str]) -> dg.AssetKey:
        """The key of an asset of ours, by its file or its name."""
        return dg.AssetKey([*self.key_prefix, asset if isinstance(asset, str) else asset.folder])

    def step(self, asset: DataFile) -> str:
        """What Dagster calls the step, and the op, of an asset."""
        return self.key(asset).to_python_identifier()

    def asset(
        self, file: Union[DataFile, str], *kinds: str, is_of_list: bool = True, code_version: str = "1", **given: Any
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """A decorator: an asset, which has what all of ours share.

        Args:
            file: its file, or its name where it has none of its own.
            is_of_list: it is partitioned by list.
            code_version: where another one made what is stored, Dagster shows that as stale.
        """

        def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
            made = dg.asset(
                key=self.key(file),
                partitions_def=self.lists if is_of_list else None,
                group_name=self.group_name,
                owners=self.owners,
                tags={INSTANCE_TAG: self.name or "", **self.tags},
                kinds={"parquet", *kinds},
                code_version=code_version,
                metadata=None if isinstance(file, str) else {**described_columns(file), **self._told_of(file)},
                op_tags=self.op_tags,
                required_resource_keys={self.fbcheck_key},
                io_manager_key=self.io_manager_key,
                **given,
            )(self.hooks.around(function))
            assert isinstance(made, dg.AssetsDefinition)
            return self.hooks.changed(made)

        return decorate

    def _told_of(self, file: DataFile) -> dict[str, str]:
        return {PLACES: self.places} if self.places and file is SUBMITTED_CHUNKS else {}

    def list_checks(self, file: DataFile, looks: Mapping[ListLook, str]) -> dg.AssetChecksDefinition:
        """Checks of an asset that run for one list, each with its description."""
        with warnings.catch_warnings():  # Dagster warns that partitioned checks are a preview; that is our affair
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return self._checks(file, "checks", looks, lambda context: [self.list_key(context)], partitions_def=self.lists)

    def common_checks(self, file: DataFile, looks: Mapping[CommonLook, str]) -> dg.AssetChecksDefinition:
        """Checks of an asset that look at all lists, each with its description."""
        return self._checks(file, "common_checks", looks, lambda context: [])

    def _checks(
        self,
        file: DataFile,
        name: str,
        looks: Mapping[Any, str],
        of: Callable[[dg.AssetCheckExecutionContext], list[str]],
        **given: Any,
    ) -> dg.AssetChecksDefinition:
        """One step for several checks, each of which can be launched alone: a step of its own costs as much as most checks."""
        key = self.key(file)

        @dg.multi_asset_check(
            name=f"{self.step(file)}_{name}",
            specs=[dg.AssetCheckSpec(look.__name__, asset=key, description=said, **given) for look, said in looks.items()],
            can_subset=True,
            required_resource_keys={self.fbcheck_key},
            op_tags=self.op_tags,
        )
        def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
            selected = {each.name for each in context.selected_asset_check_keys}
            with self.working(context) as fbcheck:
                for look in looks:
                    if look.__name__ in selected:
                        found = look(fbcheck.workspace(), *of(context))
                        remedy = found.description and fbcheck.command_line.said(found.description)
                        yield found._replace(asset_key=key, check_name=look.__name__, description=remedy)

        return check

    def job(
        self,
        plain: str,
        selection: dg.AssetSelection,
        description: str,
        tags: Mapping[str, str] | None = None,
    ) -> Job:
        """A job of ours, which names its executor and so leaves that of the project to the project's own."""
        return dg.define_asset_job(
            self.named(plain),
            selection=Judged(selection),
            executor_def=self.executor,
            tags={**self.run_tags, **(tags or {}), INSTANCE_TAG: self.name or ""},
            description=description,
        )

    def fbcheck(self, context: Context) -> FbcheckResource:
        """The settings of this instance in a run or a tick."""
        return cast(FbcheckResource, getattr(context.resources, self.fbcheck_key))

    @contextmanager
    def working(self, context: Union[dg.AssetExecutionContext, dg.AssetCheckExecutionContext]) -> Iterator[FbcheckResource]:
        """The settings for one step; errors of ours name whole commands.

        Raises:
            SettingsError: the step may run on another machine than the data.
        """
        fbcheck = self.fbcheck(context)
        with fbcheck.whole_remedies():
            refuse_far_steps(context, fbcheck.settings())
            if (
                INSTANCE_TAG in context.run.tags and LEDGER_TAG not in context.run.tags
            ):  # launched by a person or Dagster's schedule
                context.instance.add_run_tags(context.run.run_id, {LEDGER_TAG: fbcheck.workspace().ledger.uuid})
            yield fbcheck

    def list_key(self, context: Union[dg.AssetExecutionContext, dg.AssetCheckExecutionContext]) -> str:
        """The list of a run.

        Raises:
            OperatorError: it has none.
        """
        if not context.has_partition_key:
            raise OperatorError(NO_LIST)
        return str(context.partition_key)

    def sensor_status(self, *, is_buying: bool = False) -> dg.DefaultSensorStatus:
        """Whether a sensor runs by default."""
        is_on = self.is_buying if is_buying else self.is_running
        return dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED

    def schedule_status(self, *, is_buying: bool = False) -> dg.DefaultScheduleStatus:
        """Whether a schedule runs by default."""
        is_on = self.is_buying if is_buying else self.is_running
        return dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED


def list_name(source: str) -> str:
    """The asset that takes snapshots of a source."""
    return f"{source}_list"


def latest_name(source: str) -> str:
    """The asset of the result of a source's newest list."""
    return f"{source}{LATEST}"
