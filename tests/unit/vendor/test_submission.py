"""A submission costs money: what is sent, how often, and what each outcome means."""

from __future__ import annotations

import json
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests

from fbcheck_pipeline.errors import (
    RateLimited,
    SettingsError,
    SubmissionRefused,
    SubmissionUnconfirmed,
    VendorError,
    VendorRefuses,
    VendorUnavailable,
)
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.connections import KeyForOrigin, Timeouts
from fbcheck_pipeline.vendor.outcomes import BY_STATUS, Charged
from fbcheck_pipeline.vendor.task_snapshots import TaskStatus
from fbcheck_pipeline.vendor.wire_answers import shown

from . import wire
from .conftest import Certificate
from .wire import HASTY, KEY, PATIENT, PAYLOAD, Behaviour, Wire, client_for, http, says, says_then_closes, settings_for

HTML = b"<!doctype html><html><body>Gateway</body></html>"
PAGE = {"Content-Type": "text/html; charset=utf-8"}
ACCEPTED = b'{"task_id":"cs9viu7i61pkfs4oavvg","status":"pending","total":0,"success":0,"failure":0}'


def submit(behaviour: Behaviour, timeouts: Timeouts = PATIENT) -> VendorError:
    """One submission that must fail: its error; the vendor saw one connection and at most one POST."""
    with Wire(behaviour) as server, client_for(server.url, timeouts) as client:
        with pytest.raises(VendorError) as caught:
            client.submit_chunk(PAYLOAD)
        assert len(server.requests) == 1
        assert server.requests[0].count(b"POST ") <= 1
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert KEY not in shown
    assert "+4179" not in shown
    return caught.value


def test_a_chunk_is_sent_as_the_vendor_documents_it() -> None:
    """The multipart names, the file name and the key's header are the vendor's; the phones go byte for byte."""
    with Wire(says(http(200, ACCEPTED))) as server, client_for(server.url, user_id="u1") as client:
        task = client.submit_chunk(PAYLOAD)
    request = server.requests[0]
    assert request.startswith(b"POST /fb/api/simple/tasks HTTP/1.1\r\n")
    assert f"X-API-Key: {KEY}".encode() in request
    assert b'name="file"; filename="input.txt"' in request
    assert b'name="user_id"\r\n\r\nu1\r\n' in request
    assert PAYLOAD in request
    assert (task.task_id, task.status) == ("cs9viu7i61pkfs4oavvg", TaskStatus.PENDING)


def test_v1_names_the_task_type() -> None:
    """Without it the vendor refuses; it has no user id."""
    with Wire(says(http(202, ACCEPTED))) as server, client_for(server.url, protocol="v1", user_id="u1") as client:
        client.submit_chunk(PAYLOAD)
    assert server.requests[0].startswith(b"POST /v1/tasks HTTP/1.1\r\n")
    assert b'name="task_type"\r\n\r\nfacebook\r\n' in server.requests[0]
    assert b"user_id" not in server.requests[0]


def test_every_submission_has_a_connection_of_its_own() -> None:
    """A stale kept connection would make a harmless failure look as if the chunk may be billed."""
    with Wire(says(http(200, ACCEPTED))) as server, client_for(server.url) as client:
        client.submit_chunk(PAYLOAD)
        client.submit_chunk(PAYLOAD)
    assert [request.count(b"POST ") for request in server.requests] == [1, 1]
    assert b"Connection: close" in server.requests[0]


@pytest.mark.parametrize(
    "behaviour",
    [
        wire.closes_at_once,
        wire.closes_after_head,
        wire.closes_after_body,
        wire.resets_after_body,
        says_then_closes(b"\x16\x03\x01 garbage\r\n\r\n"),
        says_then_closes(b"HTTP/1.1 20"),
        says_then_closes(b"HTTP/1.1 200 OK\r\nContent-Type: appl"),
        says_then_closes(http(200, ACCEPTED[:40], {"Content-Length": str(len(ACCEPTED))})),
        says_then_closes(http(402, b'{"err', {"Content-Length": "90"})),
        says_then_closes(http(200, b"57\r\n" + ACCEPTED[:30], {"Content-Length": "", "Transfer-Encoding": "chunked"})),
        says_then_closes(http(200, b"\x1f\x8bbroken", {"Content-Encoding": "gzip"})),
        says_then_closes(http(200, ACCEPTED + b" " * 1_100_000)),
    ],
)
def test_an_answer_lost_after_the_connection_stood_is_unconfirmed(behaviour: Behaviour) -> None:
    """The vendor may have accepted the chunk: a second POST could be billed twice."""
    assert type(submit(behaviour)) is SubmissionUnconfirmed


def test_an_upload_cut_midway_is_unconfirmed() -> None:
    """More bytes than the sockets' buffers hold, and nobody reads them; who knows what a proxy already passed on."""
    with Wire(wire.closes_after_head) as server, client_for(server.url) as client, pytest.raises(SubmissionUnconfirmed):
        client.submit_chunk(PAYLOAD * 20_000)


@pytest.mark.parametrize(
    "behaviour",
    [
        wire.hangs,
        wire.hangs_after(http(200, ACCEPTED[:40], {"Content-Length": str(len(ACCEPTED))})),
        wire.drips(http(200, b"", {"Content-Length": "", "Connection": "close"})),
    ],
)
def test_silence_after_the_body_is_unconfirmed(behaviour: Behaviour) -> None:
    """Also an answer that drips: each drop resets the read time-out, the whole has a bound of its own."""
    assert type(submit(behaviour, HASTY)) is SubmissionUnconfirmed


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (502, b"{}", {}),
        (503, b"{}", {"Retry-After": "5"}),
        (504, b"", {}),
        (200, HTML, PAGE),
        (500, HTML, PAGE),
        (502, HTML, PAGE),
        (400, HTML, PAGE),
        (200, HTML, {"Content-Type": "application/json"}),
        (500, b"upstream failed", {"Content-Type": "text/plain"}),
        (500, b"", {}),
        (200, b"", {}),
        (204, b"", {}),
        (200, b"not json", {}),
        (200, b"[1]", {}),
        (200, b"[" * 100_000, {}),
        (200, b'{"status":"pending"}', {}),
        (200, b'{"task_id":null}', {}),
        (200, b'{"task_id":true}', {}),
        (200, b'{"task_id":""}', {}),
        (200, b'{"task_id":"a b"}', {}),
        (200, b'{"task_id":"../x"}', {}),
        (200, b'{"task_id":"' + b"x" * 129 + b'"}', {}),
        (301, b"", {"Location": "/tasks/1"}),
        (302, b"", {"Location": "/tasks/1"}),
        (303, b"", {"Location": "/tasks/1"}),
        (304, b"", {}),
        (408, b"{}", {}),
        (409, b"{}", {}),
        (418, b"{}", {}),
        (501, b"{}", {}),
        (599, b"{}", {}),
    ],
)
def test_answers_that_prove_nothing_are_unconfirmed(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Something in between may speak after the vendor has accepted."""
    error = submit(says_then_closes(http(status, body, headers)))
    assert type(error) is SubmissionUnconfirmed
    assert f"HTTP {status}" in str(error)


LONG = "x" * 200


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (http(200, ACCEPTED, PAGE), "cs9viu7i61pkfs4oavvg"),
        (http(303, ACCEPTED, {"Location": "/elsewhere"}), "cs9viu7i61pkfs4oavvg"),
        (http(303, b"", {"Location": "/fb/api/simple/tasks/a%20b?x=1"}), "a b"),
        (http(200, ACCEPTED, {"Content-Length": str(len(ACCEPTED) + 9)}), "cs9viu7i61pkfs4oavvg"),
        (http(200, ACCEPTED[:-1]), "cs9viu7i61pkfs4oavvg"),
        (http(200, b'{"task_id":"' + LONG.encode() + b'"}'), LONG),
        (http(200, b'{"task_id":"a/b c"}'), "a/b c"),
        (http(200, b'{"task_id":-7.5}'), "-7.5"),
        (http(200, b'{"id":"abc","status":"pending"}'), "abc"),
        (http(200, b'{"id":"request","data":{"task_id":4711}}'), "4711"),
        (http(200, b'[{"taskId":"abc"}]'), "abc"),
        (http(200, b'<html id=\'x\'><pre>{"task_id": "abc"}</pre>', PAGE), "abc"),
        (http(502, b'{"task_id":"abc"}'), "abc"),
        (http(200, b'{"id":"+41798284651"}'), None),
        (http(200, b'{"id":"' + KEY.encode() + b'"}'), None),
        (http(200, b'{"task_id":""}'), None),
        (http(200, b'<a id="top">'), None),
    ],
)
def test_whatever_may_be_an_id_comes_with_the_doubt(said: bytes, named: str | None) -> None:
    """It is the one trace of what was paid for; a phone or the key is none."""
    error = submit(says_then_closes(said))
    assert isinstance(error, SubmissionUnconfirmed)
    assert error.possible_task_id == named
    assert len(error.answer) <= 3000 and KEY not in error.answer and "828" not in error.answer


@pytest.mark.parametrize("interim", [100, 102, 103])
def test_an_interim_answer_is_not_taken_for_the_answer(interim: int) -> None:
    """A gateway says 102 or 103 while the vendor works; what follows is the acceptance."""
    said = b"HTTP/1.1 %d Wait\r\nLink: </x>\r\n\r\n" % interim + http(200, ACCEPTED)
    with Wire(says(said)) as server, client_for(server.url) as client:
        assert client.submit_chunk(PAYLOAD).task_id == "cs9viu7i61pkfs4oavvg"


@pytest.mark.parametrize(
    ("status", "error"), [(403, VendorRefuses), (404, VendorRefuses), (413, SubmissionRefused), (429, RateLimited)]
)
def test_a_web_page_that_turns_the_request_away_is_no_acceptance(status: int, error: type[Exception]) -> None:
    """A mistyped address answers 404 with a page: that holds no chunk, and it says what to fix."""
    assert type(submit(says_then_closes(http(status, HTML, PAGE)))) is error


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, VendorRefuses) for status in (401, 402, 403, 404, 307, 308)),
        *((status, SubmissionRefused) for status in (400, 413, 415, 422)),
        (429, RateLimited),
        (500, VendorUnavailable),
    ],
)
def test_answers_that_are_free_say_so(status: int, kind: type[VendorError]) -> None:
    """The table of docs/vendor-api.md; a redirect is not followed, the key would go along."""
    error = submit(says_then_closes(http(status, b'{"error":"reason"}', {"Location": "http://127.0.0.1:1/else"})))
    assert type(error) is kind
    assert "reason" in str(error)
    assert getattr(error, "http_status", status) == status


@pytest.mark.parametrize(("status", "remedy"), [(401, "API_KEY"), (402, "top it up"), (404, "API_URL"), (308, "API_URL")])
def test_a_refusal_says_what_to_mend(status: int, remedy: str) -> None:
    """The whole submission stops: a person must know what to do."""
    assert remedy in str(submit(says_then_closes(http(status, b"{}"))))


def test_no_row_of_the_table_is_both_free_and_unconfirmed() -> None:
    """The table is data: what it lists is free, what it does not list is not assumed to be."""
    assert {outcome.charged for outcome in BY_STATUS.values()} == {Charged.NO}
    assert set(BY_STATUS) == {400, 401, 402, 403, 404, 413, 415, 422, 429, 500}


def test_the_vendors_words_are_shown_without_phones_key_or_signatures() -> None:
    """A refusal may quote the file, the header or a URL; none of it may reach a log."""
    words = f"line 3: +41 79 828 46 51 and 41798284651 with {KEY}\x1b[31m see https://h.example/a?sig=s3cr3t " + "x" * 400
    error = str(submit(says_then_closes(http(400, json.dumps({"code": "invalid_file", "message": words}).encode()))))
    assert "invalid_file: line 3" in error
    assert "828" not in error and "s3cr3t" not in error and "\x1b" not in error
    assert len(error) < 320


@pytest.mark.parametrize("separator", ["", " ", " - ", ") (", ", ", ":", " / ", "_", " \u00b7 "])
def test_a_number_is_masked_however_its_digits_are_parted(separator: str) -> None:
    """The vendor quotes what it did not like."""
    assert "79" not in shown(f"bad value 41{separator}79{separator}828{separator}46, row 12")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), ("1.5", 1.5), ("999999", 3600.0), ("soon", None), ("", None), ("-3", None), ("Thu, 99 Foo 2024", None)],
)
def test_retry_after_in_seconds_is_read_and_bounded(told: str, seconds: float | None) -> None:
    """Nobody waits a year because a header says so."""
    error = submit(says_then_closes(http(429, b"{}", {"Retry-After": told})))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize(("ahead_s", "seconds"), [(90, 90.0), (-90, 0.0), (90_000, 3600.0)])
def test_retry_after_as_a_date_is_read_against_the_vendors_own_clock(ahead_s: int, seconds: float) -> None:
    """This machine's clock may be wrong by hours."""
    there = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    headers = {"Date": format_datetime(there, usegmt=True)}
    headers["Retry-After"] = format_datetime(there + timedelta(seconds=ahead_s), usegmt=True)
    error = submit(says_then_closes(http(429, b"{}", headers)))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("status", ["queued", "", None, 7])
def test_an_accepted_task_with_a_strange_status_is_kept_as_pending(status: object) -> None:
    """It is billed: its id must not be lost over a word."""
    body = json.dumps({"task_id": 4711, "status": status}).encode()
    with Wire(says(http(200, body))) as server, client_for(server.url) as client:
        task = client.submit_chunk(PAYLOAD)
    assert (task.task_id, task.status) == ("4711", TaskStatus.PENDING)


@pytest.mark.parametrize(("told", "is_synthetic"), [("true", True), ("True", True), ("false", False), ("", False)])
def test_a_sandbox_is_known_by_its_header(told: str, is_synthetic: bool) -> None:
    """Invented verdicts must never pass for real ones."""
    with Wire(says(http(200, ACCEPTED, {"X-Synthetic": told}))) as server, client_for(server.url) as client:
        assert client.submit_chunk(PAYLOAD).is_synthetic is is_synthetic


def test_a_refused_connection_is_free() -> None:
    """Nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with client_for(f"http://127.0.0.1:{port}") as client, pytest.raises(VendorUnavailable, match="NewConnectionError"):
        client.submit_chunk(PAYLOAD)


def test_a_name_without_address_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent."""

    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with client_for("https://vendor.example") as client, pytest.raises(VendorUnavailable, match="NameResolutionError"):
        client.submit_chunk(PAYLOAD)


def test_a_connect_time_out_is_free() -> None:
    """A listener whose queue is full answers no further call; nothing was sent."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        url, timeouts = f"http://127.0.0.1:{address[1]}", Timeouts(connect_s=0.2)
        with client_for(url, timeouts) as client, pytest.raises(VendorUnavailable, match="ConnectTimeout"):
            client.submit_chunk(PAYLOAD)
        for filler in fillers:
            filler.close()


def test_a_failed_handshake_is_free() -> None:
    """The other side speaks no TLS: the request never left."""
    with Wire(lambda _, connection: connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")) as server:
        with client_for(server.url.replace("http", "https")) as client, pytest.raises(VendorUnavailable):
            client.submit_chunk(PAYLOAD)
        assert PAYLOAD not in server.requests[0]


def test_a_certificate_that_is_not_trusted_is_free(certificate: Certificate) -> None:
    """The key and the phones stay here."""
    with Wire(says(http(200, ACCEPTED)), tls=certificate.server) as server, client_for(server.url) as client:
        with pytest.raises(VendorUnavailable, match="SSLError"):
            client.submit_chunk(PAYLOAD)
        assert b"".join(server.requests) == b""


def test_tls_that_breaks_after_the_body_is_unconfirmed(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library calls it an SSLError like a failed handshake, yet the chunk had left."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.bundle))

    def breaks(_: Wire, connection: socket.socket) -> None:
        wire.read_request(connection)
        with socket.socket(fileno=socket.dup(connection.fileno())) as bare:
            bare.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)

    with Wire(breaks, tls=certificate.server) as server, client_for(server.url) as client:
        with pytest.raises(SubmissionUnconfirmed, match="SSLError"):
            client.submit_chunk(PAYLOAD)
        assert PAYLOAD in server.requests[0]


def test_a_proxy_that_refuses_the_tunnel_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """CONNECT failed: neither key nor phones were sent."""
    with Wire(says_then_closes(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with client_for("https://vendor.example") as client, pytest.raises(VendorUnavailable):
            client.submit_chunk(PAYLOAD)
        assert proxy.requests[0].startswith(b"CONNECT vendor.example:443")
        assert KEY.encode() not in proxy.requests[0]


def test_a_page_of_a_forwarding_proxy_is_unconfirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over plain http the proxy has the request before it answers for the vendor."""
    with Wire(says_then_closes(http(503, HTML, PAGE))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with client_for("http://vendor.example") as client, pytest.raises(SubmissionUnconfirmed):
            client.submit_chunk(PAYLOAD)
        assert proxy.requests[0].startswith(b"POST http://vendor.example/fb/api")


def test_a_sandbox_on_this_machine_is_reached_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corporate proxy would look for 127.0.0.1 at itself."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Wire(says(http(200, ACCEPTED))) as server, client_for(server.url) as client:
        assert client.submit_chunk(PAYLOAD).task_id


def test_netrc_never_touches_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """requests would add the Authorization that a `.netrc` holds for the host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Wire(says(http(200, ACCEPTED))) as server, client_for(server.url) as client:
        client.submit_chunk(PAYLOAD)
    assert b"Authorization" not in server.requests[0]
    assert f"X-API-Key: {KEY}".encode() in server.requests[0]


@pytest.mark.parametrize("key", [None, "", "  ", "two\nlines", "schlüssel"])
def test_a_key_that_is_missing_or_no_header_is_a_settings_error(key: str | None) -> None:
    """Told before any work is done, and without the key."""
    with pytest.raises(SettingsError, match="FBCHECK_API_KEY") as caught:
        VendorClient(settings_for("http://127.0.0.1:1", api_key=key))
    assert not (key or "").strip() or (key or "") not in str(caught.value)


def test_an_address_that_cannot_be_requested_is_a_settings_error() -> None:
    """Told before any work is done."""
    with pytest.raises(SettingsError, match="FBCHECK_API_URL"):
        load_settings(api_url="http://127.0.0.1:99999")


@pytest.mark.parametrize(
    "url",
    ["http://vendor.example/a", "https://vendor.example:444/a", "https://x.vendor.example/", "https://vendor.example@h.example/"],
)
def test_the_key_goes_to_no_other_origin(url: str) -> None:
    """Not even where somebody calls with another URL: scheme, host and port must be API_URL's."""
    auth = KeyForOrigin(KEY, "https://vendor.example")
    assert "X-API-Key" not in requests.Request("GET", url, auth=auth).prepare().headers
    assert requests.Request("GET", "https://VENDOR.example:443/a", auth=auth).prepare().headers["X-API-Key"] == KEY


def test_the_key_goes_to_a_host_that_is_written_otherwise_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host names outside ASCII are translated before the origin is compared."""
    with Wire(says(http(200, ACCEPTED))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with client_for("http://VENDOR.b\u00fccher.example") as client:
            client.submit_chunk(PAYLOAD)
    assert b"http://vendor.xn--bcher-kva.example/" in proxy.requests[0]
    assert f"X-API-Key: {KEY}".encode() in proxy.requests[0]


def test_the_client_shows_no_key() -> None:
    """It may stand in a traceback or a Dagster event."""
    with client_for("http://127.0.0.1:1") as client:
        assert repr(client) == "VendorClient(api_url='http://127.0.0.1:1', protocol='simple')"
