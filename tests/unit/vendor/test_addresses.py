"""A result URL is not trusted: it may name this machine, its neighbours, or change its mind between two look-ups."""

from __future__ import annotations

import socket

import pytest

from fbcheck_pipeline.errors import ResultForbidden, ResultUnavailable
from fbcheck_pipeline.vendor.addresses import Target, is_public, vet

PUBLIC = "93.184.215.14"


def vetted(url: str, *addresses: str, may_use_loopback: bool = False, allowed: frozenset[str] | None = None) -> Target:
    found = list(addresses or [PUBLIC])
    return vet(url, allowed_hosts=allowed, may_use_loopback=may_use_loopback, resolve=lambda host, port: found)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.0.0.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::10.0.0.1"),
        *("64:ff9b::127.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:5ef5:79fb:0:0:f5ff:fffe"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    """Whatever its name, and though other addresses of the name are public: the connection could go to any of them."""
    assert not is_public(address)
    for addresses in ([address], [PUBLIC, address]):
        with pytest.raises(ResultForbidden, match="not a public address"):
            vetted("https://results.example/a", *addresses)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:21f:cb07::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_accepted_over_https_only(address: str) -> None:
    """The file holds people's numbers: nobody on the way may read or change it."""
    assert vetted("https://results.example/a", address).addresses == (address,)
    with pytest.raises(ResultForbidden, match="plain http"):
        vetted("http://results.example/a", address)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "[::ffff:7f00:1]", "localhost"]
)
def test_odd_spellings_of_this_machine_are_this_machine(host: str) -> None:
    """Checked is what the system connects to, not what the text looks like."""
    with pytest.raises((ResultForbidden, ResultUnavailable)) as caught:
        vet(f"https://{host}/a", allowed_hosts=None, may_use_loopback=False)
    assert isinstance(caught.value, ResultForbidden) or host.startswith("[")


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://results.example/a", "gopher://results.example/", "data:text/csv,Number", "javascript:1"),
        *("//results.example/a", "results.example/a", "", "https://", "https:///a", "https:results.example", "HTTPS//x"),
        *("https://user:word@results.example/a", "https://results.example@10.0.0.1/", "https://results.example\\@10.0.0.1/"),
        *(
            "https://results.example/a b",
            "https://results.example/a\r\nHost: x",
            "https://results.example:99999/",
            "https://[::1/",
        ),
        *("https://a.example" + "/a" * 5000, "https://\u0000.example/", "unix:///run/docker.sock"),
    ],
)
def test_urls_that_are_no_plain_https_are_refused(url: str) -> None:
    """The message names the fault and never the URL: it may carry a signature."""
    with pytest.raises(ResultForbidden) as caught:
        vetted(url)
    assert "passwd" not in str(caught.value) and "word" not in str(caught.value)


def test_only_named_hosts_are_allowed_where_hosts_are_named() -> None:
    """RESULT_HOSTS are bare names, whatever the case, the port or a final dot; a subdomain is another host."""
    allowed = frozenset({"results.example"})
    for url in ("https://results.example/a", "https://RESULTS.example:8443/a", "https://results.example./a"):
        assert vetted(url, allowed=allowed).host == "results.example"
    for url in ("https://evil.example/", "https://x.results.example/", "https://results.example.evil.example/"):
        with pytest.raises(ResultForbidden, match="RESULT_HOSTS"):
            vetted(url, allowed=allowed)
    with pytest.raises(ResultForbidden, match="public"):
        vetted("https://results.example/", "10.0.0.1", allowed=allowed)


def test_loopback_is_allowed_where_the_vendor_itself_is_there() -> None:
    """The sandbox; its neighbours in the private network are still not."""
    assert vetted("http://127.0.0.1:8000/a", "127.0.0.1", may_use_loopback=True).host_header == "127.0.0.1:8000"
    assert vetted("http://localhost:8000/a", "::1", "127.0.0.1", may_use_loopback=True)
    for addresses in (["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["127.0.0.1", PUBLIC], ["0.0.0.0"]):
        with pytest.raises(ResultForbidden):
            vetted("http://results.example/a", *addresses, may_use_loopback=True)


def test_a_host_without_address_may_have_one_later() -> None:
    """DNS fails by itself too."""

    def fails(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(ResultUnavailable):
        vet("https://results.example/a", allowed_hosts=None, may_use_loopback=False, resolve=fails)


def test_a_label_that_is_too_long_for_dns_is_refused() -> None:
    """The system's resolver raises UnicodeError for it."""
    with pytest.raises((ResultForbidden, ResultUnavailable)):
        vet(f"https://{'a' * 70}.example/", allowed_hosts=None, may_use_loopback=False)


def test_a_target_shows_no_signature() -> None:
    """It may stand in a traceback."""
    assert "s3cr3t" not in repr(vetted("https://results.example/a?sig=s3cr3t"))
    assert vetted("https://results.example/a%2Fb?sig=s3cr3t%2B#x").request_uri == "/a%2Fb?sig=s3cr3t%2B"
    assert vetted("https://[2606:4700::1]:8443/", "2606:4700::1").host_header == "[2606:4700::1]:8443"
