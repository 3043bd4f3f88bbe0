"""The guarded download: from a vetted address, bounded in size and time, whole or not at all, never with the key.

What the file holds is not looked at here.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from fbcheck_pipeline import __version__
from fbcheck_pipeline.errors import ResultExpired, ResultForbidden, ResultUnavailable
from fbcheck_pipeline.files.atomic import whole_file
from fbcheck_pipeline.vendor.addresses import Resolver, Target, joined, system_resolver, vet
from fbcheck_pipeline.vendor.connections import Timeouts

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# 400 is how S3 answers a URL that was signed with temporary credentials which have expired.
EXPIRED = frozenset({400, 401, 403, 404, 410})

_FAULTS = (HTTPError, http.client.HTTPException, OSError)


@dataclass(frozen=True)
class DownloadedResult:
    """A file that arrived whole: SHA-256 in hex, and its size."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class ResultFetcher:
    """Fetches results; every hop is vetted, and the connection goes to the vetted address.

    The proxies of the environment are not used: a proxy looks names up itself, and nothing could be vetted.
    """

    allowed_hosts: frozenset[str] | None
    max_bytes: int
    may_use_loopback: bool
    timeouts: Timeouts = field(default_factory=Timeouts)
    resolve: Resolver = system_resolver
    base_url: str = ""

    def fetch(self, url: str, to: Path) -> DownloadedResult:
        """Download a result.

        Args:
            url: the vendor's `result_url`; a relative one leads on from `base_url`.
            to: where the file shall lie, in a folder that exists; it appears there whole, readable by its owner only.

        Raises:
            ResultForbidden: the address, a redirect's address, or the size is not allowed.
            ResultExpired: 400, 401, 403, 404 or 410; the next status answer has a fresh URL.
            ResultUnavailable: the host failed, the body came short or took too long; again later.
            StorageError: the file cannot be written.
        """
        deadline = time.monotonic() + self.timeouts.download_total_s
        url = joined(self.base_url, url)
        for _ in range(MAX_REDIRECTS + 1):
            target = vet(url, allowed_hosts=self.allowed_hosts, may_use_loopback=self.may_use_loopback, resolve=self.resolve)
            with self._opened(target, deadline) as response:
                if response.status in REDIRECTS and (location := response.headers.get("Location")):
                    url = joined(url, location)
                    continue
                _check_status(response.status)
                return self._store(response, to, deadline)
        raise ResultForbidden(f"the result's URL leads through more than {MAX_REDIRECTS} redirects")

    @contextlib.contextmanager
    def _opened(self, target: Target, deadline: float) -> Iterator[HTTPResponse]:
        """The answer to one GET, its body unread."""
        connection = self._connected(target)
        try:
            with _network_faults_named(), _cut_at(deadline, connection.sock):
                connection.timeout = self.timeouts.download_idle_s
                connection.request("GET", target.request_uri, headers=_headers(target), preload_content=False)
                response = connection.getresponse()
            yield response
        finally:
            connection.close()

    def _connected(self, target: Target) -> HTTPConnection:
        """A connection to the first vetted address that takes one."""
        fault = "no address"
        for address in target.addresses:
            connection = self._connection(target, address)
            try:
                connection.connect()
            except _FAULTS as error:
                connection.close()
                fault = type(error).__name__
            else:
                return connection
        raise ResultUnavailable(f"the result's host {target.host[:80]!r} cannot be reached ({fault}); it is tried again later")

    def _connection(self, target: Target, address: str) -> HTTPConnection:
        if target.scheme == "http":
            return HTTPConnection(address, target.port, timeout=self.timeouts.connect_s)
        # SNI and the certificate are the name's, though the connection is the address's: no second look-up can differ.
        return HTTPSConnection(
            address,
            target.port,
            timeout=self.timeouts.connect_s,
            server_hostname=target.host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=_ca_bundle(target.host),
        )

    def _store(self, response: HTTPResponse, to: Path, deadline: float) -> DownloadedResult:
        """Write the body at its place, whole."""
        self._check_size(response.length_remaining or 0)
        digest, size_bytes = hashlib.sha256(), 0
        with whole_file(to) as file:
            for part in self._parts(response, deadline):
                size_bytes += len(part)
                self._check_size(size_bytes)
                digest.update(part)
                file.write(part)
        return DownloadedResult(digest.hexdigest(), size_bytes)

    def _parts(self, response: HTTPResponse, deadline: float) -> Iterator[bytes]:
        while True:
            # read1 returns what is there: a body that drips cannot hold a read beyond the deadline.
            with _network_faults_named():
                part = response.read1(1 << 18, decode_content=False)
            if time.monotonic() > deadline:
                raise ResultUnavailable(
                    f"the download took more than {self.timeouts.download_total_s:.0f} s; it is tried again later"
                )
            if not part:
                return
            yield part

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self.max_bytes:
            raise ResultForbidden(f"the result is larger than {self.max_bytes} bytes; raise FBCHECK_MAX_RESULT_MB to accept it")


@contextlib.contextmanager
def _network_faults_named() -> Iterator[None]:
    """A broken connection must not read as a full disk."""
    try:
        yield
    except _FAULTS as error:
        raise ResultUnavailable(f"the download broke off ({type(error).__name__}); it is tried again later") from None


def _check_status(status: int) -> None:
    if status in EXPIRED:
        raise ResultExpired(
            f"the result's URL answers HTTP {status}: it is no longer valid; the next status call brings a fresh one",
            http_status=status,
        )
    if status != 200:
        raise ResultUnavailable(f"the result's URL answers HTTP {status}; it is tried again later")


def _headers(target: Target) -> dict[str, str]:
    return {
        "Host": target.host_header,
        "User-Agent": f"fbcheck-pipeline/{__version__}",
        "Accept": "*/*",
        # What is hashed and measured are the bytes that lie there, not a transfer's packing of them.
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _ca_bundle(host: str) -> str:
    """The same trust as the vendor's own calls: REQUESTS_CA_BUNDLE, or what requests brings along."""
    with requests.Session() as session:
        verify = session.merge_environment_settings(f"https://{host}", {}, None, None, None)["verify"]
    return verify if isinstance(verify, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH


@contextlib.contextmanager
def _cut_at(deadline: float, sock: socket.socket) -> Iterator[None]:
    """Shut the socket at the deadline: headers that drip would reset every read time-out for ever."""
    timer = threading.Timer(max(deadline - time.monotonic(), 0), _shut, [sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
