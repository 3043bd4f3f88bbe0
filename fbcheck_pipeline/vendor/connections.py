"""Sessions to API_URL: where the key may go, which connection is fresh, and whether anything can have left on it.

What a request says and what its answer means is not known here.
"""

from __future__ import annotations

import http.client
import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar

from fbcheck_pipeline import __version__

NETWORK_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)
STATUS_CONNECTIONS = 16


@dataclass(frozen=True)
class Timeouts:
    """Seconds. A submission may take its time, silence there costs a person's attention; a status call may not."""

    connect_s: float = 10.0
    read_s: float = 300.0
    status_s: float = 10.0
    download_idle_s: float = 60.0
    download_total_s: float = 600.0


class KeyForOrigin(AuthBase):
    """Puts the key on requests to one origin and on no other.

    Being the session's auth it also keeps requests from looking into `.netrc`, while proxies and CA bundles of the
    environment stay in force.
    """

    def __init__(self, key: str, api_url: str) -> None:
        self._key = key
        self._origin = origin_of(api_url)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if request.url and origin_of(request.url) == self._origin:
            request.headers["X-API-Key"] = self._key
        return request


class VendorSession(requests.Session):
    """A session that follows no redirect and keeps no cookie."""

    def __init__(self, auth: KeyForOrigin, adapter: HTTPAdapter) -> None:
        super().__init__()
        self.auth = auth
        self.headers.update({"User-Agent": f"fbcheck-pipeline/{__version__}", "Accept": "application/json"})
        self.cookies: RequestsCookieJar = _NoCookies()
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None always: requests would otherwise read a redirect's whole body and prepare to follow it."""


def status_adapter() -> HTTPAdapter:
    """Kept connections for many threads; no retries of its own."""
    return HTTPAdapter(pool_connections=1, pool_maxsize=STATUS_CONNECTIONS, max_retries=0)


class FinalResponse(http.client.HTTPResponse):
    """The answer itself: the library takes any interim one but 100, such as 102 or 103, for the whole of it."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        is_interim = 100 <= status < 200 and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if is_interim else status, reason


class OneShotAdapter(HTTPAdapter):
    """One fresh connection that tells whether anything can have been sent on it.

    The library's exceptions do not tell: a TLS error, for one, may come from the handshake or long after the body left.
    A connection that was never established is the only proof that nothing was sent.
    """

    def __init__(self, upload_s: float) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.is_connected = False
        self.upload_s = upload_s

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool as ever, but with connections that report themselves."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self._reporting(pool.ConnectionCls)
        return pool

    def _reporting(self, plain: Any) -> Any:
        adapter = self

        class Reporting(plain):  # type: ignore[misc]
            response_class = FinalResponse

            def connect(self) -> None:
                super().connect()
                adapter.is_connected = True
                # urllib3 would send the body under the connect time-out, too short for a large chunk on a slow line.
                self.sock.settimeout(adapter.upload_s)

        return Reporting


class _NoCookies(RequestsCookieJar):
    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        """Forget it: threads share the session, and the vendor's API has no sessions."""


def origin_of(url: str) -> tuple[str, str | None, int]:
    """Scheme, lower-case host and port of an http(s) URL."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname, parts.port or (443 if parts.scheme.lower() == "https" else 80)


def is_loopback_host(host: str) -> bool:
    """True for `localhost` and for literal loopback addresses; no name is looked up."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
