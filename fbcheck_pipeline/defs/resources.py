"""The settings as a Dagster resource, which opens the workspace and the vendor's client.

Dagster keeps a resource's fields as text in the clear, so a secret is only ever the name of a variable here, and so is whatever
comes from a variable: `${NAME}`, read when the settings are. A variable that is unset then stops our steps alone, not those of others.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Optional, Self, Union

import dagster as dg
from pydantic import PrivateAttr

from fbcheck_pipeline.errors import FbcheckError, SettingsError
from fbcheck_pipeline.model.command_line import VARIABLE, CommandLine
from fbcheck_pipeline.settings import Settings, load_settings, nearest_of, settings_of, unknown_variables
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace

SECRETS = ("api_key", "ledger_url", "webhook_url")
"""Settings that are given by the name of a variable only: Dagster shows and stores what stands in a resource."""
FIT_TOGETHER = ({"chunk_size", "min_chunk", "protocol"}, {"data_uri", "ledger_url"})
"""Settings that are judged together, which is left to the run where one of them comes from a variable."""
_NAME = re.compile(r"[A-Za-z_]\w*")
_FROM_VARIABLE = re.compile(r"\$\{(\w+)\}")

Text = Union[str, dg.EnvVar, None]
Whole = Union[int, dg.EnvVar, None]
Number = Union[float, dg.EnvVar, None]
Truth = Union[bool, dg.EnvVar, None]


class FbcheckResource(dg.ConfigurableResource["FbcheckResource"]):
    """The settings of one instance. They come from here alone; `from_env` makes one that reads the environment.

    Each setting takes a value or a `dg.EnvVar`; the secrets (`api_key`, `ledger_url`, `webhook_url`) take an `EnvVar` only. An empty
    one is unset. Numbers are kept as text.

    Raises:
        SettingsError: a name is no setting, a value does not fit, or a secret is given in the clear.
    """

    api_key: Optional[str] = None
    api_url: Optional[str] = None
    protocol: Optional[str] = None
    user_id: Optional[str] = None
    data_uri: Optional[str] = None
    ledger_url: Optional[str] = None
    receipts: Optional[str] = None
    region: Optional[str] = None
    chunk_size: Optional[str] = None
    min_chunk: Optional[str] = None
    poll_seconds: Optional[str] = None
    verdict_days: Optional[str] = None
    max_billable: Optional[str] = None
    max_billable_per_day: Optional[str] = None
    price_per_10k: Optional[str] = None
    task_deadline_hours: Optional[str] = None
    max_tries: Optional[str] = None
    result_hosts: Optional[str] = None
    max_result_mb: Optional[str] = None
    allow_line_types: Optional[str] = None
    purpose: Optional[str] = None
    require_purpose: Optional[str] = None
    webhook_url: Optional[str] = None
    nightly_cron: Optional[str] = None
    nightly_timezone: Optional[str] = None
    log_level: Optional[str] = None
    log_format: Optional[str] = None

    env_prefix: Optional[str] = None
    """Of the variables that are read as well; see `from_env`."""
    instance_name: Optional[str] = None
    """Set by `build_definitions`, as are the next."""
    module: Optional[str] = None
    declared_sources: Optional[str] = None
    """JSON of their names with the assets that each is made of."""

    _workspace: Optional[Workspace] = PrivateAttr(default=None)
    _client: Optional[VendorClient] = PrivateAttr(default=None)

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            api_key: Optional[dg.EnvVar] = None,
            api_url: Text = None,
            protocol: Union[Literal["simple", "v1"], dg.EnvVar, None] = None,
            user_id: Text = None,
            data_uri: Text = None,
            ledger_url: Optional[dg.EnvVar] = None,
            receipts: Text = None,
            region: Text = None,
            chunk_size: Whole = None,
            min_chunk: Whole = None,
            poll_seconds: Number = None,
            verdict_days: Number = None,
            max_billable: Whole = None,
            max_billable_per_day: Whole = None,
            price_per_10k: Number = None,
            task_deadline_hours: Number = None,
            max_tries: Whole = None,
            result_hosts: Text = None,
            max_result_mb: Whole = None,
            allow_line_types: Text = None,
            purpose: Text = None,
            require_purpose: Truth = None,
            webhook_url: Optional[dg.EnvVar] = None,
            nightly_cron: Text = None,
            nightly_timezone: Text = None,
            log_level: Text = None,
            log_format: Text = None,
        ) -> None: ...

    else:

        def __init__(self, **given: Any) -> None:
            _refuse_unknown(given, type(self).model_fields)
            fields = {name: _as_text(value) for name, value in given.items()}
            _refuse_what_does_not_fit(fields)
            super().__init__(**fields)

    @classmethod
    def from_env(cls, prefix: str = VARIABLE) -> Self:
        """A resource whose settings are the variables with this prefix, also those of a `.env` file, as they are when a run begins."""
        given: dict[str, Any] = {"env_prefix": prefix}
        return cls(**given)

    def of_instance(self, name: Optional[str], module: str, sources: Mapping[str, Sequence[str]]) -> Self:
        """The same settings for the instance with this name, which the definitions of a module hold; both may be empty.

        Args:
            sources: names of those that are no files, with the assets that each is made of.
        """
        declared = json.dumps({name: list(keys) for name, keys in sources.items()}) if sources else None
        given: dict[str, Any] = {**_given(self), "instance_name": name, "module": module, "declared_sources": declared}
        return type(self)(**given)

    @property
    def command_line(self) -> CommandLine:
        """How a person reaches this instance."""
        return CommandLine(self.module or "", self.instance_name or "", self.env_prefix or "")

    def settings(self, **instead: Any) -> Settings:
        """The settings, those written here first.

        Args:
            instead: fields that win over them.

        Raises:
            SettingsError: a value does not fit, or a variable that is named here is not set.
        """
        return self.settings_named(*Settings.model_fields, **instead)

    def settings_named(self, *names: str, **instead: Any) -> Settings:
        """Only the settings with these names, as they are now; all others have their defaults.

        Args, Raises: see `settings`.
        """
        read = {name: _read(name, value) for name, value in _given(self).items() if name in names}
        given: dict[str, Any] = {**{name: value for name, value in read.items() if value}, **instead}
        return settings_of(given) if self.env_prefix is None else load_settings(prefix=self.env_prefix, only=names, **given)

    def sources(self) -> dict[str, list[str]]:
        """Names of sources that are no files, with the assets that each is made of."""
        return dict(json.loads(self.declared_sources or "{}"))

    def unknown_variables(self) -> list[str]:
        """A sentence for each variable with our prefix that is no setting."""
        return [] if self.env_prefix is None else unknown_variables(self.env_prefix)

    def workspace(self) -> Workspace:
        """Settings, storage and ledger, opened once."""
        if self._workspace is None:
            self._workspace = open_workspace(self.settings(), instance=self.instance_name or "", declared_sources=self.sources())
        return self._workspace

    def client(self) -> VendorClient:
        """The vendor's client, opened once."""
        if self._client is None:
            self._client = VendorClient(self.settings())
        return self._client

    @contextmanager
    def whole_remedies(self) -> Iterator[None]:
        """Let errors of ours name whole commands of this instance, and its settings as they are called there."""
        try:
            yield
        except FbcheckError as error:
            error.args = (self.command_line.said(str(error)), *error.args[1:])
            raise

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close the connections when the run ends."""
        self.close()

    def close(self) -> None:
        """Close what was opened."""
        if self._client is not None:
            self._client.close()
        if self._workspace is not None:
            self._workspace.ledger.close()
        self._client = self._workspace = None


def named_variable(name: str, value: Any) -> dg.EnvVar:
    """The variable that a field `…_env` names.

    Raises:
        SettingsError: it is no name; the message does not repeat it, as it may be the secret.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        example = name.removesuffix("_env").upper()
        raise SettingsError(f"{name} must be the name of an environment variable alone, e.g. {name}: {example}")
    return dg.EnvVar(value)


def _given(resource: FbcheckResource) -> dict[str, str]:
    values = {name: getattr(resource, name) for name in type(resource).model_fields}
    return {name: value for name, value in values.items() if value is not None}


def _as_text(value: Any) -> Optional[str]:
    """A value as it is kept: text, or the name of a variable; empty is unset."""
    if variable := getattr(value, "env_var_name", None):  # of `EnvVar("X")` and `EnvVar.int("X")`
        return f"${{{variable}}}"
    return None if value is None or value == "" else str(value)


def _read(name: str, value: str) -> Optional[str]:
    """What a kept text stands for."""
    named = _FROM_VARIABLE.fullmatch(value)
    if named is None:
        return value
    if named[1] not in os.environ:
        raise SettingsError(f"{name}: the environment variable {named[1]} is not set")
    return os.environ[named[1]]


def _refuse_unknown(given: dict[str, Any], known: Any) -> None:
    for name in given:
        if name not in known:
            remedy = nearest_of(name, Settings.model_fields) or "see the settings' reference"
            raise SettingsError(f"{name} is no setting; {remedy}")


def _refuse_what_does_not_fit(fields: dict[str, Optional[str]]) -> None:
    """Judge what is written in the clear; what comes from variables is judged when it is read."""
    named = {name for name, value in fields.items() if value is not None and _FROM_VARIABLE.fullmatch(value)}
    for name in SECRETS:
        if fields.get(name) and name not in named:
            raise SettingsError(
                f'{name} must not stand in code, where Dagster shows it; name its variable, e.g. dagster.EnvVar("{name.upper()}")'
            )
    left_out = named.union(*(some for some in FIT_TOGETHER if some & named))
    if fields.get("env_prefix") is None:
        settings_of({name: value for name, value in fields.items() if value and name in Settings.model_fields.keys() - left_out})
