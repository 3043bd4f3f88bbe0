"""What Dagster loads where the product is a code location of its own: all names plain, all settings from the environment."""

from fbcheck_pipeline.defs.building import build_definitions
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.defs.times import Nightly

defs = build_definitions(settings=FbcheckResource.from_env(), inbox=True, nightly=Nightly())
