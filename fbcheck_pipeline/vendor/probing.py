"""Is there a vendor at API_URL, does it take the key, and what time is it there? For `fbcheck doctor`; nothing is billed."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests

from fbcheck_pipeline.errors import TaskNotFound, VendorError
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.client import VendorClient

PROBE_TASK = "doctor-probe"


@dataclass(frozen=True)
class Probe:
    """What was found: `fault` is None when the vendor answered as it should; `server_time` is UTC seconds, if it told."""

    fault: str | None
    server_time: float | None


def probe(settings: Settings, *, timeout_s: float = 10.0) -> Probe:
    """Ask for a task that does not exist: "no such task" proves address and key.

    Raises:
        SettingsError: there is no key.
    """
    with VendorClient(settings) as client:
        try:
            client.task(PROBE_TASK)
        except TaskNotFound:
            pass
        except VendorError as error:
            return Probe(str(error), None)
    return Probe(None, _server_time(settings.api_url, timeout_s))


def _server_time(url: str, timeout_s: float) -> float | None:
    try:
        told = requests.head(url, timeout=timeout_s, allow_redirects=False).headers.get("Date")
        return parsedate_to_datetime(told).timestamp() if told else None
    except (requests.RequestException, ValueError):
        return None
