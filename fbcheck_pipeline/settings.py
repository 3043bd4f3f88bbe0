"""Every setting with its default and meaning. No other module reads `FBCHECK_*` variables.

Sources of `load_settings`, first wins: what the caller passes, `FBCHECK_*` variables, a `.env` file. `settings_of` takes what it
is given alone. The API key is a `SecretStr`: it shows in no repr, message or dump.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.model.paths import LEDGER
from fbcheck_pipeline.model.reasons import LineType

PREFIX = "FBCHECK_"
MIN_CHUNK_OF_PROTOCOL = {"simple": 1, "v1": 100}


_OTHER_CODES = {"UK": "GB", "EL": "GR"}
"""What these countries are called in the European Union's papers."""


LONGEST_NAMED = 40
"""Characters of a wrong value that a message repeats; one with more than three digits may be somebody's number."""


_FAULTS = {
    "int": "must be a whole number",
    "float": "must be a number",
    "finite": "must be a number",
    "bool": "must be true or false",
    "string": "must be text",
    "literal": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
}
"""What pydantic says of a value in its own words, by the beginning of a fault's name, the longer one first."""


def _vendor_address(value: str) -> str:
    url = urlsplit(value)
    try:
        has_port = url.port is None or url.port > 0
    except ValueError:
        has_port = False
    if url.scheme not in ("http", "https") or not url.hostname or not has_port or url.username or url.query or url.fragment:
        raise ValueError("must be an http(s) URL without user, query or fragment, e.g. https://api.ekycpro.com")
    return value.rstrip("/")


def _webhook(value: SecretStr) -> SecretStr:
    if urlsplit(value.get_secret_value()).scheme not in ("http", "https"):
        raise ValueError("must be an http(s) URL")
    return value


def _known_region(value: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    if value.upper() in SUPPORTED_REGIONS:
        return value.upper()
    from fbcheck_pipeline.text.countries import region_of

    meant = _OTHER_CODES.get(value.upper()) or region_of(value)
    remedy = f"; did you mean {meant}?" if meant else ""
    named = repr(value) if len(value) <= LONGEST_NAMED and sum(map(str.isdigit, value)) <= 3 else "the value"
    raise ValueError(f"{named} is no ISO 3166 region such as TR, DE or US{remedy}")


def _bare_hosts(value: str) -> str:
    if any(re.search(r"[/@\s]|^[^:]*:[^:]*$", host) for host in _words(value)):
        raise ValueError("must be bare host names without scheme or port, comma-separated, e.g. results.example.com")
    return value


def _line_types(value: str) -> str:
    if wrong := next((each for each in _words(value) if each not in [*LineType]), None):
        likely = nearest_of(wrong, LineType, likeness=0.6) or "see the settings' reference"
        raise ValueError(f"{wrong[:LONGEST_NAMED]!r} is no line type; {likely}")
    return value


def absolute_place(value: str) -> str:
    """A folder or an object store's URL as it is meant in every working directory; a relative folder would mean another ledger elsewhere."""
    return value.rstrip("/") if "://" in value else str(Path(value).expanduser().resolve())


class Settings(BaseModel):
    """Typed settings; build them with `load_settings` or `settings_of`, which turn mistakes into `SettingsError`."""

    model_config = ConfigDict(frozen=True, validate_default=True, hide_input_in_errors=True, use_attribute_docstrings=True)

    api_key: SecretStr | None = None
    """The vendor's API key, required for every call. It is sent only to API_URL and never shown."""
    api_url: Annotated[str, AfterValidator(_vendor_address)] = "https://api.ekycpro.com"
    """The vendor's address: an http(s) URL without user, query or fragment. A ledger belongs to one vendor; another vendor needs another DATA_URI."""
    protocol: Literal["simple", "v1"] = "simple"
    """Which of the vendor's two protocols to use; v1 requires at least 100 phones per submission."""
    user_id: str | None = None
    """Your user id at the vendor; sent if the protocol has a field for it."""
    data_uri: Annotated[str, AfterValidator(absolute_place)] = "data"
    """Where all data are stored: a folder (a relative path starts at the working directory), or an object store such as s3://bucket/prefix."""
    ledger_url: str | None = None
    """SQLAlchemy URL of the ledger. If unset, the ledger is ledger.db in DATA_URI. Required if DATA_URI is an object store."""
    receipts: Annotated[str, AfterValidator(absolute_place)] | None = None
    """A local folder for receipts, if the ledger is on a server; if unset, the user's state folder. A receipt keeps what the vendor answered."""
    region: Annotated[str, AfterValidator(_known_region)] | None = None
    """Region of numbers without a country code, as two letters such as TR or DE. If unset, such numbers are rejected as no_region."""
    chunk_size: int = Field(20_000, ge=1, le=10_000_000)
    """Maximum number of phones in one submission. The default is the size of the vendor's own sample."""
    min_chunk: int | None = Field(None, ge=1)
    """Minimum number of phones in one submission; fewer phones wait for the next list. If unset: 1 with simple, 100 with v1."""
    poll_seconds: float = Field(30, gt=0, le=600)
    """Seconds between the first two status calls for a task. Later intervals grow up to ten minutes, and after its deadline up to a day."""
    verdict_days: float = Field(30, ge=0)
    """A verdict younger than this many days is reused instead of bought again. Fractions are allowed."""
    max_billable: int | None = Field(None, ge=0)
    """Maximum number of phones submitted for one list. If a list needs more, nothing of it is submitted. If unset, there is no limit."""
    max_billable_per_day: int | None = Field(None, ge=0)
    """Maximum number of phones submitted for all lists together on one UTC day. If unset, there is no limit."""
    price_per_10k: float | None = Field(None, ge=0, allow_inf_nan=False)
    """Price of 10,000 phones in your currency; if set, estimates and reports show the cost. Prices change."""
    task_deadline_hours: float = Field(72, gt=0)
    """A task older than this many hours no longer delays its lists: its phones become undetermined. Fractions are allowed."""
    max_tries: int = Field(2, ge=1)
    """Maximum number of submissions of a phone that gets no usable answer, the first one included. `run --retry` may exceed it."""
    result_hosts: Annotated[str, AfterValidator(_bare_hosts)] | None = None
    """Hosts from which results may be downloaded: bare names, comma-separated. If unset, any public host is allowed."""
    max_result_mb: int = Field(512, ge=1)
    """Maximum size of a result file in MB, packed and unpacked."""
    allow_line_types: Annotated[str, AfterValidator(_line_types)] | None = None
    """Additional line types to submit, comma-separated, e.g. toll_free,uan. Other line types without accounts stay rejected."""
    purpose: str | None = None
    """Why the numbers are checked; recorded with each list for which no other purpose is given."""
    require_purpose: bool = False
    """If true, a list without a purpose is not accepted: use run --purpose TEXT, or set PURPOSE."""
    webhook_url: Annotated[SecretStr, AfterValidator(_webhook)] | None = None
    """Failed runs and checks are posted to this URL as {"text": …}, which Slack and many others accept. If unset, nobody is notified."""
    nightly_cron: str = "15 2 * * *"
    """When the nightly schedule runs: a cron line. Read when Dagster loads the definitions, as is the next."""
    nightly_timezone: str = "UTC"
    """The time zone of NIGHTLY_CRON, e.g. Europe/Istanbul."""
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(lambda value: str(value).upper())] = "INFO"
    """The level of the product's own log: DEBUG, INFO, WARNING or ERROR."""
    log_format: Annotated[Literal["text", "json"], BeforeValidator(lambda value: str(value).lower())] = "text"
    """How the commands write that log: text, or json for one object a line. Dagster's processes write it as Dagster is told to."""

    @model_validator(mode="after")
    def _fits_together(self) -> Settings:
        if self.smallest_chunk > self.chunk_size:
            raise ValueError(f"MIN_CHUNK ({self.smallest_chunk}) must not be above CHUNK_SIZE ({self.chunk_size})")
        if not self.is_local and self.ledger_url is None:
            raise ValueError("LEDGER_URL is required where DATA_URI is not a local folder, e.g. postgresql+psycopg://…")
        return self

    @property
    def is_local(self) -> bool:
        """True when DATA_URI is a folder of this machine."""
        return "://" not in self.data_uri

    @property
    def smallest_chunk(self) -> int:
        """MIN_CHUNK, or what the protocol needs."""
        return self.min_chunk if self.min_chunk is not None else MIN_CHUNK_OF_PROTOCOL[self.protocol]

    @property
    def ledger_address(self) -> str:
        """LEDGER_URL, or the SQLite file in the data folder."""
        return self.ledger_url or f"sqlite:///{self.data_uri}/{LEDGER.path}"

    def receipts_folder(self, ledger_uuid: str) -> Path:
        """Where receipts lie: beside an SQLite ledger, else in RECEIPTS, else in the user's state folder."""
        kind, _, place = self.ledger_address.partition(":///")
        if kind.partition("+")[0] == "sqlite":
            return Path(place).resolve().parent
        if self.receipts is not None:
            return Path(self.receipts)
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return Path(state) / "fbcheck" / ledger_uuid

    @property
    def vendor_origin(self) -> str:
        """Scheme, host and port of API_URL: what a ledger is bound to."""
        url = urlsplit(self.api_url)
        return f"{url.scheme}://{url.hostname}:{url.port or (443 if url.scheme == 'https' else 80)}"

    @property
    def allowed_result_hosts(self) -> frozenset[str] | None:
        """RESULT_HOSTS as a set of bare lower-case host names; None when any public host may serve results."""
        return frozenset(_words(self.result_hosts)) if self.result_hosts else None

    @property
    def extra_line_types(self) -> frozenset[str]:
        """ALLOW_LINE_TYPES as a set, e.g. {"toll_free"}."""
        return frozenset(_words(self.allow_line_types or ""))

    def cost_of(self, phone_count: int) -> float | None:
        """Price of this many phones; None without PRICE_PER_10K."""
        return None if self.price_per_10k is None else round(phone_count * self.price_per_10k / 10_000, 4)

    def without_secrets(self) -> dict[str, Any]:
        """The settings that a lineage or report may show: no key, no user, no credentials in a URL."""
        hidden = {
            "api_key",
            "user_id",
            "ledger_url",
            "receipts",
            "webhook_url",
            "log_level",
            "purpose",
            "nightly_cron",
            "nightly_timezone",
        }
        shown = self.model_dump(mode="json", exclude=hidden)
        shown["ledger"] = urlsplit(self.ledger_address).scheme
        return shown


def load_settings(*, prefix: str = PREFIX, only: Collection[str] = (), **given: Any) -> Settings:
    """Read the settings from what is given, the environment and the `.env` file.

    Args:
        prefix: what the variables' names begin with.
        only: fields that are read from there, all others have their defaults; none means all.
        given: fields by their lower-case name; they win over the environment.

    Raises:
        SettingsError: a value does not fit; the message names the variable, never the value.
    """
    there = {name.removeprefix(prefix).lower(): value for name, value in _variables(prefix).items()}
    there = {name: value for name, value in there.items() if name in only} if only else there
    return settings_of({**there, **given}, lambda field: f"{prefix}{field.upper()}")


def settings_of(given: Mapping[str, Any], spelled: Callable[[str], str] = str) -> Settings:
    """The settings from what is given alone; all else has its default.

    Args:
        spelled: how a message names a field.

    Raises:
        SettingsError: see `load_settings`.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = [("_".join(map(str, each["loc"])), _said_of({**each})) for each in error.errors()]
        raise SettingsError("; ".join(f"{spelled(field)}: {said}" if field else said for field, said in faults)) from None


def _said_of(fault: Mapping[str, Any]) -> str:
    said = next((said for kind, said in _FAULTS.items() if fault["type"].startswith(kind)), None)
    return fault["msg"].removeprefix("Value error, ") if said is None else said.format(**fault.get("ctx", {}))


def unknown_variables(prefix: str = PREFIX) -> list[str]:
    """A sentence for each such variable of the environment or the `.env` file that is no setting; it suggests the nearest one."""
    known = {f"{prefix}{name.upper()}": None for name in Settings.model_fields}
    see = "see the settings' reference"
    return [
        f"{name} is no setting and does nothing; {nearest_of(name, known) or see}"
        for name in sorted(_variables(prefix, with_empty=True).keys() - known.keys())
    ]


def nearest_of(name: str, known: Iterable[str], *, likeness: float = 0.8) -> str:
    """`did you mean …?` with the nearest of the known names; empty if none is as near as this, up to 1."""
    nearest = get_close_matches(name, known, n=1, cutoff=likeness)
    return f"did you mean {nearest[0]}?" if nearest else ""


def _variables(prefix: str, *, with_empty: bool = False) -> dict[str, str]:
    """Variables with this prefix, in upper case; an empty one is unset."""
    there = {**dotenv_values(".env"), **{name: value for name, value in os.environ.items() if value or with_empty}}
    return {
        name.upper(): value or ""
        for name, value in there.items()
        if name.upper().startswith(prefix.upper()) and (value or with_empty)
    }


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",") if word.strip()]
