"""The three jobs of a list, in their order: submit it, collect verdicts, join it; and the job of the tables over all lists."""

from collections.abc import Iterable
from typing import Union

import dagster as dg

from fbcheck_pipeline.defs.instance import Instance, Job, latest_name
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.paths import DataFile

VENDOR_TAG = "fbcheck/vendor"
"""What a run does at the vendor; deploy/dagster.yaml limits how many submit at once."""

SUBMIT, COLLECT, JOIN, TELL = "submit_list", "collect_verdicts", "join_list", "refresh_current_verdicts"
"""The jobs' names in an instance without a name."""


def join_assets(instance: Instance, sources: Iterable[str]) -> list[Union[DataFile, str]]:
    """What a join materializes for lists of these sources: with sources declared, also what people have downstream of them."""
    unpartitioned: list[Union[DataFile, str]] = [*map(latest_name, sources), paths.CURRENT_VERDICTS] if instance.sources else []
    return [paths.FACEBOOK_RESULTS, paths.FACEBOOK_SUMMARY, *unpartitioned]


def build_jobs(instance: Instance) -> dict[str, Job]:
    """The jobs by their plain names."""
    return {
        SUBMIT: instance.job(
            SUBMIT,
            dg.AssetSelection.assets(*map(instance.key, (paths.RAW_PHONES, paths.E164_PHONES, paths.SUBMITTED_CHUNKS))),
            "Read a list, normalise its phones, then plan and submit the phones that must be bought.",
            tags={VENDOR_TAG: instance.labelled("submit")},
        ),
        COLLECT: instance.job(
            COLLECT,
            dg.AssetSelection.assets(instance.key(paths.VERDICTS)),
            "Fetch every exported result into the verdict store.",
        ),
        JOIN: instance.job(
            JOIN,
            dg.AssetSelection.assets(*map(instance.key, join_assets(instance, instance.sources))),
            "Join a list with the verdicts of its phones and update the summary. A join costs nothing and may be repeated.",
        ),
        TELL: instance.job(
            TELL,
            dg.AssetSelection.assets(instance.key(paths.CURRENT_VERDICTS)),
            "Bring the tables of current verdicts and of their changes up to date; where nothing is new, nothing is written.",
        ),
    }
