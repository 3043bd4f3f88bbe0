"""The settings as a Dagster resource, which opens the workspace and the vendor's client."""

from typing import Optional

import dagster as dg
from pydantic import PrivateAttr

from fbcheck_pipeline.settings import Settings, load_settings
from fbcheck_pipeline.vendor import VendorClient
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace


class FbcheckResource(dg.ConfigurableResource["FbcheckResource"]):
    """Every field of `Settings`; an empty one comes from the environment (`FBCHECK_*`) or `.env`."""

    api_key: Optional[str] = None
    api_url: Optional[str] = None
    protocol: Optional[str] = None
    user_id: Optional[str] = None
    data_uri: Optional[str] = None
    ledger_url: Optional[str] = None
    receipts: Optional[str] = None
    region: Optional[str] = None
    chunk_size: Optional[int] = None
    min_chunk: Optional[int] = None
    poll_seconds: Optional[float] = None
    verdict_days: Optional[float] = None
    max_billable: Optional[int] = None
    max_billable_per_day: Optional[int] = None
    price_per_10k: Optional[float] = None
    task_deadline_hours: Optional[float] = None
    max_tries: Optional[int] = None
    result_hosts: Optional[str] = None
    max_result_mb: Optional[int] = None
    allow_line_types: Optional[str] = None
    purpose: Optional[str] = None
    require_purpose: Optional[bool] = None
    webhook_url: Optional[str] = None
    log_level: Optional[str] = None

    _workspace: Optional[Workspace] = PrivateAttr(default=None)
    _client: Optional[VendorClient] = PrivateAttr(default=None)

    def settings(self) -> Settings:
        """The settings, those configured here first."""
        given = {name: getattr(self, name) for name in Settings.model_fields}
        return load_settings(**{name: value for name, value in given.items() if value is not None})

    def workspace(self) -> Workspace:
        """Settings, storage and ledger, opened once."""
        if self._workspace is None:
            self._workspace = open_workspace(self.settings())
        return self._workspace

    def client(self) -> VendorClient:
        """The vendor's client, opened once."""
        if self._client is None:
            self._client = VendorClient(self.settings())
        return self._client

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
