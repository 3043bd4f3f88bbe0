"""The project with an instance of fbcheck_pipeline."""

import dagster as dg

import fbcheck_pipeline as fb
from crm.assets import contacts, reachable


@dg.definitions
def defs() -> dg.Definitions:
    """Theirs and ours, merged."""
    facebook = fb.build_definitions(
        "facebook",
        settings=fb.FbcheckResource(
            api_key=dg.EnvVar("FACEBOOK_KEY"),
            api_url=dg.EnvVar("FACEBOOK_URL"),  # the sandbox's; without it, the real vendor's
            data_uri=dg.EnvVar("FACEBOOK_DATA"),
            region="CH",
        ),
        owners=["team:crm"],
        sources=[
            fb.AssetSource(
                contacts,
                phone_columns=["mobile", "office"],
                region_column="country",
                keep_columns=["contact_id"],
                purpose="spring campaign",
            )
        ],
        nightly=fb.Nightly(cron="0 5 * * *", timezone="Europe/Zurich"),
    )
    return dg.Definitions.merge(dg.Definitions(assets=[contacts, reachable]), facebook)
