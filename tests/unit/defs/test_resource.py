"""The Dagster resource and the settings are one list."""

from typing import get_args

from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.settings import Settings

PLAIN = (bool, int, float)


def test_the_resource_has_every_setting_and_no_other() -> None:
    """Its fields are written down for type checkers and editors; what is left empty comes from the environment."""
    found = {name: field.annotation for name, field in FbcheckResource.model_fields.items()}
    expected = {name: plain_type(field.annotation) for name, field in Settings.model_fields.items()}
    assert {name: get_args(annotation)[0] for name, annotation in found.items()} == expected
    assert all(field.default is None for field in FbcheckResource.model_fields.values())


def plain_type(annotation: object) -> type:
    """Number types as they are, everything else as text: what Dagster's configuration has."""
    return next((each for each in (get_args(annotation) or (annotation,)) if each in PLAIN), str)
