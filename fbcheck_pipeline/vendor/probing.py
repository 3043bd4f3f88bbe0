"""Is there a vendor at API_URL, does it take the key, how fast, what is left to spend, and what time is it there? Nothing is billed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests

from fbcheck_pipeline.errors import TaskNotFound, VendorError
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.client import NO_TASK, VendorClient


@dataclass(frozen=True)
class Probe:
    """What was found.

    Attributes:
        fault: None when the vendor answered as it should.
        took_s: until it answered, or was given up.
        balance: in USD; None where the protocol or the vendor does not tell.
        server_time: UTC seconds; None where the vendor does not tell.
    """

    fault: str | None
    took_s: float
    balance: float | None = None
    server_time: float | None = None


def probe(settings: Settings, *, timeout_s: float = 10.0) -> Probe:
    """Ask for a task that does not exist.

    Raises:
        SettingsError: there is no key.
    """
    with VendorClient(settings) as client:
        begun = time.monotonic()
        try:
            client.task(NO_TASK)
        except TaskNotFound:
            pass
        except VendorError as error:
            return Probe(str(error), time.monotonic() - begun)
        took_s = time.monotonic() - begun
        return Probe(None, took_s, _balance(client), _server_time(settings.api_url, timeout_s))


def _balance(client: VendorClient) -> float | None:
    try:
        balance = client.balance()
    except VendorError:
        return None
    return None if balance is None else balance.amount


def _server_time(url: str, timeout_s: float) -> float | None:
    try:
        told = requests.head(url, timeout=timeout_s, allow_redirects=False).headers.get("Date")
        return parsedate_to_datetime(told).timestamp() if told else None
    except (requests.RequestException, ValueError):
        return None
