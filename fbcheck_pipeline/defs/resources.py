"""The product's settings as a Dagster resource, and what it opens: the workspace and the vendor's client."""

from typing import Any, Optional, Union, get_args

import dagster as dg
from pydantic import PrivateAttr, create_model

from fbcheck_pipeline.settings import Settings, load_settings
from fbcheck_pipeline.vendor import VendorClient
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace

CONFIG_TYPES = (bool, int, float)


class _FbcheckResource(dg.ConfigurableResource):
    """Fields left empty come from the environment (`FBCHECK_*`) or `.env`, as everywhere in the product."""

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
        """Give connections back when the run ends."""
        self.close()

    def close(self) -> None:
        """Close what was opened."""
        if self._client is not None:
            self._client.close()
        if self._workspace is not None:
            self._workspace.ledger.close()
        self._client = self._workspace = None


def _config_type(name: str) -> Any:
    """The type Dagster's configuration has for a setting: number types as they are, everything else as text."""
    annotation = Settings.model_fields[name].annotation
    found = [each for each in (get_args(annotation) or (annotation,)) if each in CONFIG_TYPES]
    return found[0] if found else str


FbcheckResource = create_model(
    "FbcheckResource",
    __base__=_FbcheckResource,
    __module__=__name__,
    __doc__=_FbcheckResource.__doc__,
    **{name: (Union[_config_type(name), None], None) for name in Settings.model_fields},
)
"""A resource with every field of `Settings`, so that there is one list of settings and no second."""
