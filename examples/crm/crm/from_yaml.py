"""The same project with the instance as a component, in `defs/facebook/defs.yaml`."""

from pathlib import Path

import dagster as dg

from crm.assets import contacts, reachable


@dg.definitions
def defs() -> dg.Definitions:
    """Theirs, and what the folder `defs` holds."""
    facebook = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(dg.Definitions(assets=[contacts, reachable]), facebook)
