"""Two instances in one code location, each with a vendor, a folder, a ledger and a webhook of its own."""

import dagster as dg

import fbcheck_pipeline as fb


def instance(name: str) -> dg.Definitions:
    """Its variables begin with its name."""
    variables = {setting: dg.EnvVar(f"{name}_{setting}".upper()) for setting in ("api_key", "webhook_url")}
    places = {setting: dg.EnvVar(f"{name}_{setting}".upper()) for setting in ("api_url", "data_uri")}
    return fb.build_definitions(name, settings=fb.FbcheckResource(**variables, **places, region="CH"), inbox=True)


defs = dg.Definitions.merge(instance("red"), instance("blue"))
