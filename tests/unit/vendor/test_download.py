"""A download is whole or not there, from an allowed place, within its bounds, and without the key."""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from fbcheck_pipeline.errors import ResultError, ResultExpired, ResultForbidden, ResultUnavailable, StorageError
from fbcheck_pipeline.vendor.connections import Timeouts
from fbcheck_pipeline.vendor.fetching import MAX_REDIRECTS, ResultFetcher

from . import wire
from .conftest import Certificate
from .wire import HASTY, KEY, PATIENT, Behaviour, Wire, client_for, http, says_then_closes

BODY = b"Number,facebook\n" + b"+41798284651,yes\n" * 500
SIGNED = "/r.xlsx?sig=s3cr3t"
PLAIN = {"Content-Type": "application/octet-stream"}
FILE = says_then_closes(http(200, BODY, PLAIN))


def fetch(to: Path, *behaviours: Behaviour, timeouts: Timeouts = PATIENT, hosts: str | None = None) -> Wire:
    with Wire(*behaviours) as server, client_for(server.url, timeouts, max_result_mb=1, result_hosts=hosts) as client:
        try:
            found = client.download(server.url + SIGNED, to)
        except ResultError as error:
            assert os.listdir(to.parent) == []
            shown = "".join(traceback.format_exception(error)) + repr(error)
            assert "s3cr3t" not in shown and KEY not in shown
            raise
    assert found.sha256 == hashlib.sha256(to.read_bytes()).hexdigest()
    assert found.size_bytes == to.stat().st_size
    return server


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "result"


@pytest.mark.parametrize(
    "answer",
    [
        http(200, BODY, PLAIN),
        http(200, BODY, {"Content-Length": "", "Connection": "close"}),
        http(200, b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), {"Content-Length": "", "Transfer-Encoding": "chunked"}),
    ],
)
def test_a_file_arrives_as_it_lies_there(to: Path, answer: bytes) -> None:
    """Whatever tells its end: length, chunks or the close."""
    fetch(to, says_then_closes(answer))
    assert to.read_bytes() == BODY


def test_the_key_stays_here_and_the_file_is_its_owners(to: Path) -> None:
    """`result_url` is another party's, also on the API's own host; the file holds people's numbers."""
    server = fetch(to, FILE)
    assert server.requests[0].startswith(b"GET /r.xlsx?sig=s3cr3t HTTP/1.1\r\n")
    assert b"X-API-Key" not in server.requests[0] and KEY.encode() not in server.requests[0]
    assert b"Accept-Encoding: identity" in server.requests[0]
    assert to.stat().st_mode & 0o777 == 0o600
    assert os.listdir(to.parent) == ["result"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_expired_url_has_an_error_of_its_own(to: Path, status: int) -> None:
    """Then the status has a fresh one."""
    with pytest.raises(ResultExpired, match=str(status)):
        fetch(to, says_then_closes(http(status, b"<Error/>")))


CHUNKED = {"Content-Length": "", "Transfer-Encoding": "chunked"}


@pytest.mark.parametrize(
    "behaviour",
    [
        *(says_then_closes(http(status, b"x")) for status in (500, 502, 503, 429, 206, 204, 304)),
        says_then_closes(http(200, BODY[:100], {"Content-Length": str(len(BODY))})),
        says_then_closes(http(200, BODY, {"Content-Length": str(len(BODY) + 100)})),
        says_then_closes(http(200, b"64\r\n" + BODY[:50], CHUNKED)),
        says_then_closes(http(200, b"64\r\n" + BODY[:100] + b"\r\n", CHUNKED)),
        says_then_closes(http(200, b"64\r\n" + BODY[:100] + b"\r\nzz\r\n", CHUNKED)),
        says_then_closes(http(302, b"")),
        says_then_closes(http(200, BODY, {"Content-Length": "9" * 5000, "Connection": "x" * 70_000})),
        says_then_closes(b"garbage\r\n\r\n"),
        wire.closes_at_once,
        wire.closes_after_body,
        wire.resets_after_body,
    ],
)
def test_a_download_that_breaks_off_is_not_there(to: Path, behaviour: Behaviour) -> None:
    """A partial file would be parsed as whole, and its missing rows settled for good."""
    with pytest.raises(ResultUnavailable):
        fetch(to, behaviour)


@pytest.mark.timeout(8)
@pytest.mark.parametrize("behaviour", [wire.hangs, wire.hangs_after(http(200, BODY[:100], {"Content-Length": str(len(BODY))}))])
def test_a_download_that_falls_silent_is_not_there(to: Path, behaviour: Behaviour) -> None:
    """It is fetched again later, whole."""
    with pytest.raises(ResultUnavailable):
        fetch(to, behaviour, timeouts=HASTY)


@pytest.mark.parametrize("head", [http(200, b"", {"Content-Length": "", "Connection": "close"}), b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_a_download_that_drips_ends(to: Path, head: bytes) -> None:
    """Body or headers: each drop resets the read time-out, the whole has a bound of its own."""
    with Wire(wire.drips(head, b"x", 0.02)) as server, pytest.raises(ResultUnavailable):
        ResultFetcher(None, 10**6, True, Timeouts(download_idle_s=1.0, download_total_s=0.2)).fetch(server.url, to)
    assert os.listdir(to.parent) == []


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "", "Connection": "close"}])
def test_a_file_that_is_too_large_is_not_stored(to: Path, headers: dict[str, str]) -> None:
    """Told by its length before a byte is read, or stopped when it has grown."""
    with pytest.raises(ResultForbidden, match="MAX_RESULT_MB"):
        fetch(to, says_then_closes(http(200, b"x" * 1_000_001, headers)))


def test_redirects_are_followed_within_bounds(to: Path) -> None:
    """Relative ones too; object stores use one, a loop would use many."""
    hop = says_then_closes(http(302, b"<html>", {"Location": "other?sig=s3cr3t"}))
    server = fetch(to, *[hop] * MAX_REDIRECTS, FILE)
    assert server.requests[1].startswith(b"GET /other?sig=s3cr3t ")
    # Every hop has the very origin of API_URL, and none of them is a call of the API.
    assert len(server.requests) == MAX_REDIRECTS + 1
    assert not any(
        b"api-key" in each.lower() or KEY.encode() in each or b"authorization" in each.lower() for each in server.requests
    )
    to.unlink()
    with pytest.raises(ResultForbidden, match="redirects"):
        fetch(to, *[hop] * (MAX_REDIRECTS + 1), FILE)


@pytest.mark.parametrize(
    "to_where", ["http://10.0.0.1/", "http://169.254.169.254/", "file:///etc/passwd", "http://0.0.0.0:1/", "//[::1"]
)
def test_every_hop_is_vetted(to: Path, to_where: str) -> None:
    """A redirect is how a public host would reach a private one."""
    with pytest.raises(ResultForbidden):
        fetch(to, says_then_closes(http(302, b"", {"Location": to_where})))


def test_a_hop_to_a_host_that_is_not_named_is_refused(to: Path) -> None:
    """RESULT_HOSTS holds for every hop."""
    with pytest.raises(ResultForbidden, match="RESULT_HOSTS"):
        fetch(to, says_then_closes(http(302, b"", {"Location": "http://localhost/"})), hosts="127.0.0.1")
    fetch(to, FILE, hosts="127.0.0.1")


def test_loopback_is_forbidden_where_the_vendor_is_elsewhere(to: Path) -> None:
    """Nothing may be asked of this machine's own services; not even connected to."""
    with Wire(FILE) as server, client_for("https://vendor.example") as client:
        for host in ("127.0.0.1", "2130706433", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"):
            with pytest.raises(ResultForbidden):
                client.download(f"http://{host}:{server.port}/r.xlsx", to)
        assert server.requests == []


def test_a_result_does_not_go_through_a_proxy(to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy looks the name up itself: what was vetted here would mean nothing."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fetch(to, FILE)


def once(*addresses: str) -> Callable[[str, int], list[str]]:
    """A resolver that may be asked once: a second answer could be another."""
    answers = iter([list(addresses)])
    return lambda host, port: next(answers)


def test_the_connection_goes_to_the_vetted_address_under_the_hosts_name(
    to: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is looked up once; SNI, Host and certificate are still the name's."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.bundle))
    names: list[str] = []
    certificate.server.sni_callback = lambda _, name, __: names.append(name)
    with Wire(FILE, tls=certificate.server) as server:
        fetcher = ResultFetcher(None, 10**6, True, resolve=once("127.0.0.1"))
        fetcher.fetch(f"https://results.example:{server.port}/r.xlsx", to)
    assert names == ["results.example"]
    assert f"Host: results.example:{server.port}\r\n".encode() in server.requests[0]


def test_a_certificate_of_another_name_is_refused(to: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is trusted for the host's name only."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.bundle))
    with Wire(FILE, tls=certificate.server) as server, pytest.raises(ResultUnavailable):
        ResultFetcher(None, 10**6, True, resolve=once("127.0.0.1")).fetch(f"https://other.example:{server.port}/", to)
    assert server.requests == [b""]


def test_the_next_address_is_tried_when_one_takes_no_connection(to: Path) -> None:
    """A name often has an IPv6 address that this machine cannot reach."""
    with Wire(FILE) as server:
        ResultFetcher(None, 10**6, True, resolve=once("127.0.0.2", "127.0.0.1")).fetch(f"http://localhost:{server.port}/", to)
    assert to.read_bytes() == BODY


def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """A full disk is no fault of the vendor's."""
    with Wire(FILE) as server, client_for(server.url) as client, pytest.raises(StorageError):
        client.download(server.url, tmp_path / "missing" / "result")
    with Wire(FILE) as server, client_for(server.url) as client, pytest.raises(StorageError):
        (tmp_path / "folder").mkdir()
        client.download(server.url, tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]
