"""Sends one POST to a partner's server, and only to public addresses.

The name is resolved once, all its addresses are checked, and the connection goes to a checked
address: a name that resolves differently a moment later changes nothing. Redirects are not
followed. The whole exchange has a deadline, and only the head of the response is read.
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
"""The only unicast space that IANA has assigned (IPv6 Global Unicast Address Assignments).
Addresses outside of it stand for IPv4 (mapped, translated, NAT64), are local, or are reserved."""
NOT_GLOBAL_V6 = tuple(
    ipaddress.ip_network(net)
    for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20")
)
"""Special networks within it: protocol assignments with Teredo, benchmarking, and ORCHID (RFC 2928,
4380, 5180, 7343), documentation (RFC 3849, 9637), 6to4 (RFC 3056), and the former 6bone. Listed
here because Python's own list depends on its version."""


class AddressRefused(HaulwayError):
    """Not HTTPS, or an address inside a private network. Use a public one."""


class NoResponse(HaulwayError):
    """Not reached, or no response in time. The webhook may have been received."""


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
    """Whether the address is on the public internet: not loopback, private, link-local, …"""
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
    """`allow_local` is for development: it allows plain HTTP and every address."""

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
        """Host and port of a URL with an allowed form. Raises AddressRefused."""
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
            raise AddressRefused("the address needs a host and must not contain a user or password")
        if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
            raise AddressRefused("the address contains blanks or control characters")
        return host, port or (443 if parts.scheme == "https" else 80)

    def addresses(self, host: str, port: int) -> list[str]:
        """Raises AddressRefused if even one address is not public: such a name is not trusted."""
        found = self.resolve(host, port)
        if not self.allow_local and not all(is_public(address) for address in found):
            raise AddressRefused("the name resolves to an address inside a private network")
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
    """Connects to one address, but uses the name for SNI, the certificate, and `Host`."""

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
            self.sock = wrapped  # so that the deadline can cut the handshake too
            wrapped.do_handshake()


def _exchange(
    connection: _Pinned, path: str, body: bytes, headers: Mapping[str, str], patience_s: float
) -> WebhookResponse:
    """A server that responds byte by byte has the same deadline as a silent one."""
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
    """Shuts down the socket beneath TLS, so that a blocked read returns at once."""
    if connection.sock:
        with suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
