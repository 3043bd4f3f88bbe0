"""The three jobs of a list, in their order: submit it, collect verdicts, join it."""

import dagster as dg

from fbcheck_pipeline.defs import assets
from fbcheck_pipeline.defs.partitions import lists

VENDOR_TAG = "fbcheck/vendor"
"""What a run does at the vendor; deploy/dagster.yaml limits how many submit at once."""

submit_list = dg.define_asset_job(
    "submit_list",
    selection=dg.AssetSelection.assets(assets.raw_phones, assets.e164_phones, assets.submitted_chunks),
    partitions_def=lists,
    tags={VENDOR_TAG: "submit"},
    description="Read a list, normalise its phones, then plan and submit the phones that must be bought.",
)
collect_verdicts = dg.define_asset_job(
    "collect_verdicts",
    selection=dg.AssetSelection.assets(assets.verdicts),
    description="Fetch every exported result into the verdict store.",
)
join_list = dg.define_asset_job(
    "join_list",
    selection=dg.AssetSelection.assets(assets.facebook_results, assets.facebook_summary),
    partitions_def=lists,
    description="Join a list with the verdicts of its phones and update the summary. A join costs nothing and may be repeated.",
)
JOBS = [submit_list, collect_verdicts, join_list]
