"""Which addresses a result may be fetched from: public ones over https, and a sandbox's own machine.

Opening a connection is not done here; whoever does connects to the addresses that were vetted, never to the name again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin

from fbcheck_pipeline.errors import ResultForbidden, ResultUnavailable

MAX_URL = 8192
_LINE_BREAKS = dict.fromkeys(map(ord, "\t\r\n"))
_BLANKS = "".join(map(chr, range(33)))
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Resolver = Callable[[str, int], list[str]]
"""Host and port -> literal addresses; raises OSError when there are none."""


@dataclass(frozen=True)
class Target:
    """A vetted hop: what to connect to, and what to say there. The query may hold a signature: it shows in no repr."""

    scheme: str
    host: str
    port: int
    request_uri: str = field(repr=False)
    addresses: tuple[str, ...]

    @property
    def host_header(self) -> str:
        """Host, in brackets where it is an IPv6 literal, and the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"


def system_resolver(host: str, port: int) -> list[str]:
    """What this machine connects to for a name; reads odd literals (`2130706433`, `0x7f.1`) as the system does."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def tidied(url: str) -> str:
    """A URL as a browser reads it: without tabs and line feeds, without blanks around it, and `%20` for those in it."""
    return url.translate(_LINE_BREAKS).strip(_BLANKS).replace(" ", "%20")


def joined(base: str, url: str) -> str:
    """Where a URL leads on the page at `base`; nothing of it is vetted.

    Raises:
        ResultForbidden: it cannot be read.
    """
    try:
        return urljoin(base, tidied(url))
    except ValueError:
        raise ResultForbidden("the result's URL cannot be read") from None


def vet(url: str, *, allowed_hosts: frozenset[str] | None, may_use_loopback: bool, resolve: Resolver = system_resolver) -> Target:
    """Decide whether a result may be fetched from a URL.

    Args:
        url: from the vendor, or from a redirect.
        allowed_hosts: bare lower-case names, the only ones allowed; None allows any public host.
        may_use_loopback: the vendor itself is on loopback, so its results may be, over http too.
        resolve: how names become addresses.

    Returns:
        The parts of the URL and every address of its host, all of them vetted.

    Raises:
        ResultForbidden: scheme, host or any one of its addresses is not allowed.
        ResultUnavailable: the host has no address at present.
    """
    scheme, host, port, request_uri = _parts(url)
    if allowed_hosts is not None and host not in allowed_hosts:
        raise ResultForbidden(f"results may not come from {host[:80]!r}: it is not among FBCHECK_RESULT_HOSTS")
    addresses = _addresses(host, port, resolve)
    if not (may_use_loopback and all(is_loopback(address) for address in addresses)):
        if not all(is_public(address) for address in addresses):
            raise ResultForbidden(f"results may not come from {host[:80]!r}: it is not a public address")
        if scheme != "https":
            raise ResultForbidden(f"results may not come from {host[:80]!r} over plain http")
    return Target(scheme, host, port, request_uri, addresses)


def is_public(address: str) -> bool:
    """True for a literal address of the public internet; one embedded in an IPv6 address must be public too."""
    return all(_is_global(each) for each in _unwrapped(address))


def is_loopback(address: str) -> bool:
    """True for a literal loopback address, also in its IPv4-mapped form."""
    return _unwrapped(address)[-1].is_loopback


def _parts(url: str) -> tuple[str, str, int, str]:
    """One parser for what is checked and for what is requested, so that the two cannot disagree."""
    if len(url) > MAX_URL or "\\" in url or any(not c.isprintable() or c.isspace() for c in url):
        raise ResultForbidden("the result's URL is too long or contains characters that a URL cannot have")
    from urllib3.exceptions import LocationParseError  # not loaded by what only looks
    from urllib3.util import parse_url

    try:
        parsed = parse_url(url)
    except LocationParseError:
        raise ResultForbidden("the result's URL cannot be read") from None
    if parsed.scheme not in ("http", "https"):
        raise ResultForbidden(f"the result's URL has the scheme {(parsed.scheme or 'none')[:20]!r}; only https is fetched")
    if not parsed.host or parsed.auth:
        raise ResultForbidden("the result's URL has no host, or a user before it")
    host = parsed.host.strip("[]").lower().rstrip(".")
    return parsed.scheme, host, parsed.port or _default_port(parsed.scheme), parsed.request_uri


def _addresses(host: str, port: int, resolve: Resolver) -> tuple[str, ...]:
    try:
        addresses = tuple(resolve(host, port))
    except UnicodeError:
        raise ResultForbidden("the host in the result's URL is no valid name") from None
    except OSError:
        addresses = ()
    if not addresses:
        raise ResultUnavailable(f"the result's host {host[:80]!r} has no address at present; it is tried again later")
    return addresses


def _unwrapped(address: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address and the IPv4 addresses that it embeds; of a mapped or translated one only what it stands for."""
    outer = ipaddress.ip_address(address)
    if isinstance(outer, ipaddress.IPv4Address):
        return [outer]
    if outer.ipv4_mapped is not None:
        return [outer.ipv4_mapped]
    if outer in _NAT64:
        return [ipaddress.IPv4Address(int(outer) & 0xFFFF_FFFF)]
    return [outer] if outer.sixtofour is None else [outer.sixtofour, outer]


def _is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    is_special = address.is_private or address.is_multicast or address.is_reserved or address.is_unspecified
    is_local = address.is_loopback or address.is_link_local or getattr(address, "is_site_local", False)
    return address.is_global and not is_special and not is_local


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
