"""Every setting, its default and the reason for it; nothing else reads the environment.

Sources, first wins: what the caller passes, `FBCHECK_*` variables, a `.env` file. The API key is a
`SecretStr`: it shows in no repr, message or dump.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fbcheck_pipeline.errors import SettingsError

MIN_CHUNK_OF_PROTOCOL = {"simple": 1, "v1": 100}


class Settings(BaseSettings):
    """Typed settings; build them with `load_settings`, which turns mistakes into `SettingsError`."""

    model_config = SettingsConfigDict(
        env_prefix="FBCHECK_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    api_key: SecretStr | None = Field(None, description="Required for any call to the vendor.")
    api_url: str = Field("https://api.ekycpro.com", description="Base URL of the vendor; the ledger is bound to it.")
    protocol: Literal["simple", "v1"] = Field("simple", description="Which of the vendor's two protocols to speak.")
    user_id: str | None = Field(None, description="Sent where the protocol has it.")
    data_uri: str = Field("data", description="Root of all data: a folder, or an object-store URL.")
    ledger_url: str | None = Field(None, description="SQLAlchemy URL; default is ledger.db in a local DATA_URI.")
    region: str | None = Field(None, description="ISO 3166 region of numbers written without a country code.")
    chunk_size: int = Field(20_000, ge=1, le=10_000_000, description="Most phones in a chunk; the vendor's own sample size.")
    min_chunk: int | None = Field(None, ge=1, description="Fewest phones in a chunk; default 1 (simple) or 100 (v1).")
    poll_seconds: float = Field(30, gt=0, le=600, description="Base interval between two status calls of one task.")
    verdict_days: float = Field(30, ge=0, description="A verdict younger than this is reused, not bought again.")
    max_billable: int | None = Field(None, ge=0, description="Most phones that may be submitted per list.")
    max_billable_per_day: int | None = Field(None, ge=0, description="Most phones that may be submitted per UTC day.")
    price_per_10k: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Price of 10,000 phones, for estimates; prices change."
    )
    task_deadline_hours: float = Field(72, gt=0, description="A task older than this settles; fractions are allowed.")
    max_tries: int = Field(2, ge=1, description="How often a phone without a usable answer is submitted in all.")
    result_hosts: str | None = Field(None, description="The only hosts results may come from, comma-separated, no ports.")
    max_result_mb: int = Field(512, ge=1, description="Largest result file accepted, also after unpacking, in MB.")
    allow_line_types: str | None = Field(None, description="Line types to keep besides the usual, comma-separated.")
    purpose: str | None = Field(None, description="Why the numbers are checked; recorded per list.")
    webhook_url: SecretStr | None = Field(
        None, description='Failed runs and checks are posted here as {"text": …}, e.g. to Slack; off when unset.'
    )
    log_level: str = Field("INFO", description="Level of the product's own logs.")

    @field_validator("api_url")
    @classmethod
    def _is_http_url(cls, value: str) -> str:
        url = urlsplit(value)
        try:
            has_port = url.port is None or url.port > 0
        except ValueError:
            has_port = False
        if url.scheme not in ("http", "https") or not url.hostname or not has_port or url.username or url.query or url.fragment:
            raise ValueError("must be an http(s) URL without user, query or fragment, e.g. https://api.ekycpro.com")
        return value.rstrip("/")

    @field_validator("webhook_url")
    @classmethod
    def _is_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in ("http", "https"):
            raise ValueError("must be an http(s) URL")
        return value

    @field_validator("region")
    @classmethod
    def _is_known_region(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from phonenumbers import SUPPORTED_REGIONS

        if value.upper() not in SUPPORTED_REGIONS:
            raise ValueError("must be an ISO 3166 region such as TR, DE or US")
        return value.upper()

    @field_validator("log_level")
    @classmethod
    def _is_log_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("data_uri")
    @classmethod
    def _is_absolute(cls, value: str) -> str:
        """A relative folder would mean another ledger in another working directory."""
        return value.rstrip("/") if "://" in value else str(Path(value).expanduser().resolve())

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
        return self.ledger_url or f"sqlite:///{self.data_uri}/ledger.db"

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
        """Price of so many phones, None without PRICE_PER_10K."""
        return None if self.price_per_10k is None else round(phone_count * self.price_per_10k / 10_000, 4)

    def without_secrets(self) -> dict[str, Any]:
        """What may stand in a lineage or report: no key, no user, no credentials in a URL."""
        shown = self.model_dump(mode="json", exclude={"api_key", "user_id", "ledger_url", "webhook_url", "log_level", "purpose"})
        shown["ledger"] = urlsplit(self.ledger_address).scheme
        return shown


def load_settings(**given: Any) -> Settings:
    """Read the settings.

    Args:
        given: fields by their lower-case name; they win over the environment.

    Raises:
        SettingsError: a value does not fit; the message names the variable, never the value.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = [_fault("_".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        raise SettingsError("; ".join(faults)) from None


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",") if word.strip()]


def _fault(field: str, message: str) -> str:
    named = f"FBCHECK_{field.upper()}: " if field else ""
    return named + message.removeprefix("Value error, ")
