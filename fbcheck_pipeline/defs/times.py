"""When something is launched by the clock: a cron line and the time zone it is meant in, judged where they are written."""

from dataclasses import dataclass
from typing import Annotated, Optional

import dagster as dg

from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import SettingsError

CRON, TIMEZONE = "nightly_cron", "nightly_timezone"


@dataclass(frozen=True)
class Nightly(dg.Resolvable):
    """When the night plans again what is incomplete: a cron line, and the time zone it is meant in; by default as the settings say."""

    cron: Annotated[Optional[str], dg.Resolver.default(description="A cron line; by default the settings' nightly_cron.")] = None
    timezone: Annotated[
        Optional[str],
        dg.Resolver.default(description="That it is meant in, e.g. Europe/Istanbul; by default the settings' nightly_timezone."),
    ] = None


@dataclass(frozen=True)
class Times:
    """A cron line of five fields, and the time zone it is meant in."""

    cron: str
    timezone: str


def nightly_times(nightly: Nightly, fbcheck: FbcheckResource) -> Times:
    """When the night is.

    Raises:
        SettingsError: the cron line is none, or the time zone.
    """
    with fbcheck.whole_remedies():
        given = {name: value for name, value in ((CRON, nightly.cron), (TIMEZONE, nightly.timezone)) if value}
        settings = fbcheck.settings_named(CRON, TIMEZONE, **given)
        return times_of(
            settings.nightly_cron,
            settings.nightly_timezone,
            cron_name="FBCHECK_NIGHTLY_CRON",
            zone_name="FBCHECK_NIGHTLY_TIMEZONE",
        )


def times_of(cron: str, timezone: str, *, cron_name: str, zone_name: str) -> Times:
    """The two together, judged as Dagster judges them.

    Args:
        cron_name, zone_name: what a message calls them.

    Raises:
        SettingsError: the cron line is none, or the time zone.
    """
    if not _is_taken(cron, "UTC"):
        raise SettingsError(f"{cron_name}={cron!r} is no cron line: minute, hour, day, month and weekday, e.g. 15 2 * * *")
    if not _is_taken(cron, timezone):
        raise SettingsError(f"{zone_name}={timezone!r} is no time zone; write it as UTC or Europe/Istanbul")
    return Times(cron, timezone)


def _is_taken(cron: str, timezone: str) -> bool:
    try:
        dg.ScheduleDefinition(job_name="any", cron_schedule=cron, execution_timezone=timezone)
    except dg.DagsterInvalidDefinitionError:
        return False
    return True
