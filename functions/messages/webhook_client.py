"""One POST to someone else's server, from inside our network: to public addresses alone.

The name is resolved once, every address it has is checked, and the connection goes to an address
that was checked: a name that resolves to something else a moment later changes nothing. Redirects
are not followed. The whole exchange has a deadline, and of the answer only the head is read.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from functions.protocol.ports import HaulwayError

CONNECT_S = 4.0
ADDRESSES_TRIED = 2

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
GLOBAL_V6 = ipaddress.ip_network("2000::/3")
"""The only unicast space that IANA has given out (IPv6 Global Unicast Address Assignments); what
lies outside of it stands for IPv4 (mapped, translated, NAT64), is local, or is reserved."""
NOT_GLOBAL_V6 = tuple(
    ipaddress.ip_network(net)
    for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20")
)
"""What is special within it: protocol assignments with Teredo, benchmarking and ORCHID (RFC 2928,
4380, 5180, 7343), documentation (RFC 3849, 9637), 6to4 (RFC 3056), and the former 6bone. Named
here because Python's own list depends on its version."""


class AddressRefused(HaulwayError):
    """We do not connect there: not HTTPS, or an address inside a network. Give a public one."""


class NoResponse(HaulwayError):
    """Not reached, or no answer in time. It may have been received."""


class WebhookResponse(NamedTuple):
    status: int
    retry_after: str | None = None


class WebhookClient(Protocol):
    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], patience_s: float
    ) -> WebhookResponse:
        """Raises AddressRefused, NoResponse."""


Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises NoResponse."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoResponse("the name does not resolve") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def is_public(address: str) -> bool:
    """Whether an address is of the public internet: no loopback, private, link-local, metadata …"""
    try:
        ip: IpAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip not in GLOBAL_V6 or any(ip in network for network in NOT_GLOBAL_V6)
    ):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@dataclass(frozen=True)
class SafeWebhookClient:
    """`allow_local` is for development: plain HTTP and this machine's addresses are let through."""

    allow_local: bool = False
    resolve: Resolve = resolve
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], patience_s: float
    ) -> WebhookResponse:
        parts = urlsplit(url)
        host, port = self.checked(url)
        last: Exception | None = None
        for address in self.addresses(host, port)[:ADDRESSES_TRIED]:
            connection = self._connection(parts.scheme, host, port, address, patience_s)
            try:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                return _exchange(connection, path, body, headers, patience_s)
            except _NotConnected as error:
                last = error
        raise NoResponse("not reached") from last

    def checked(self, url: str) -> tuple[str, int]:
        """Host and port of an address that may be posted to by its form. Raises AddressRefused."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise AddressRefused("the address is malformed") from error
        if parts.scheme != "https" and not (self.allow_local and parts.scheme == "http"):
            raise AddressRefused("the address must begin with https://")
        if (
            not host
            or parts.username is not None
            or parts.password is not None
            or not url.isascii()
        ):
            raise AddressRefused("the address needs a host, and neither name nor password")
        if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
            raise AddressRefused("the address holds blanks or control characters")
        return host, port or (443 if parts.scheme == "https" else 80)

    def addresses(self, host: str, port: int) -> list[str]:
        """All are public, or none is used: a name with one foot inside is not to be trusted."""
        found = self.resolve(host, port)
        if not self.allow_local and not all(is_public(address) for address in found):
            raise AddressRefused("the name leads to an address inside a network")
        if not found:
            raise NoResponse("the name has no address")
        return found

    def _connection(
        self, scheme: str, host: str, port: int, address: str, patience_s: float
    ) -> "_Pinned":
        tls = self.tls if scheme == "https" else None
        return _Pinned(host, port, address, tls, patience_s)


class _NotConnected(Exception):
    pass


class _Pinned(http.client.HTTPConnection):
    """To one address, under the name it was found by: in TLS's SNI, its certificate, and `Host`."""

    def __init__(
        self, host: str, port: int, address: str, tls: ssl.SSLContext | None, patience_s: float
    ) -> None:
        super().__init__(host, port, timeout=patience_s)
        self.default_port = 443 if tls else 80
        self.address, self.tls, self.patience_s = address, tls, patience_s

    def connect(self) -> None:
        try:
            raw = socket.create_connection(
                (self.address, self.port), min(CONNECT_S, self.patience_s)
            )
        except OSError as error:
            raise _NotConnected from error
        raw.settimeout(self.patience_s)
        self.sock = raw
        if self.tls:
            wrapped = self.tls.wrap_socket(
                raw, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = wrapped  # known to the deadline before the handshake begins
            wrapped.do_handshake()


def _exchange(
    connection: _Pinned, path: str, body: bytes, headers: Mapping[str, str], patience_s: float
) -> WebhookResponse:
    """A server that drips its answer byte by byte has the same deadline as one that is silent."""
    cut = threading.Timer(patience_s, lambda: _cut(connection))
    cut.daemon = True
    cut.start()
    try:
        connection.request("POST", path, body, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        return WebhookResponse(answer.status, answer.getheader("Retry-After"))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoResponse(type(error).__name__) from error
    finally:
        cut.cancel()
        connection.close()


def _cut(connection: _Pinned) -> None:
    """The socket itself, past its TLS: whoever waits for it is told at once."""
    if connection.sock:
        with suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
