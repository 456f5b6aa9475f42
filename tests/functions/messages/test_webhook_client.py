"""The webhook client: only public addresses, no redirects, a deadline; tested on real sockets."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from functions.deliver_webhooks import Settings
from functions.messages.webhook_client import (
    AddressRefused,
    NoResponse,
    SafeWebhookClient,
    WebhookResponse,
    is_public,
)

INSIDE = [
    "127.0.0.1", "127.8.8.8", "169.254.169.254", "169.254.170.2", "::1", "fd00:ec2::254",
    "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fe80::1%eth0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "no address",
    "::ffff:8.8.8.8", "::8.8.8.8", "::ffff:0:808:808", "64:ff9b::808:808", "64:ff9b:1::808:808",
    "2002:808:808::1", "2001:0:808:808::1", "2001:2::1", "2001:20::1", "2001:db8::1", "3fff::1",
    "3ffe::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1",
    "4000::1", "::2",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a_private_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "2a00:1450:4001::8", "2001:4860::8888"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_with_a_private_address_is_refused_on_aws(address: str) -> None:
    poster = SafeWebhookClient(resolve=lambda host, port: ["8.8.8.8", address])
    with pytest.raises(AddressRefused, match="inside a private network"):
        poster.post("https://innocent.example/hook", b"{}", {}, 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/",
        "https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://127.1/",
        "https://[::ffff:127.0.0.1]/",
    ],
)  # fmt: skip
def test_every_spelling_of_a_private_address_is_refused_on_aws(url: str) -> None:
    with pytest.raises(AddressRefused):
        SafeWebhookClient().post(url, b"{}", {}, 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/", "ftp://partner.example/", "https://", "https:///path", "hook",
        "https://user:pass@partner.example/", "https://@partner.example/",
        "https://partner.example/a b", "https://partner.example/\r\nX: y", "https://p.example:0x1/",
        "https://p.example:99999/", "https://pärtner.example/",
    ],
)  # fmt: skip
def test_a_malformed_url_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        SafeWebhookClient(resolve=lambda host, port: ["8.8.8.8"]).checked(url)


def test_the_connection_goes_to_the_checked_address() -> None:
    """DNS rebinding: the name is resolved only once."""
    asked: list[str] = []

    def resolving(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with server(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, got):
        poster = SafeWebhookClient(allow_local=True, resolve=resolving)
        answer = poster.post(f"http://partner.invalid:{port}/hook?a=1", b"{}", {"x-a": "b"}, 2)
    assert answer == WebhookResponse(204)
    assert asked == ["partner.invalid"]
    assert got[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\nHost: partner.invalid:")
    assert got[0].endswith(b"\r\n\r\n{}")


def test_a_redirect_is_not_followed() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"
    with server(redirect) as (port, got):
        answer = SafeWebhookClient(allow_local=True).post(f"http://127.0.0.1:{port}/", b"{}", {}, 2)
    assert answer.status == 302
    assert len(got) == 1


def test_retry_after_is_returned() -> None:
    with server(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n\r\n") as (port, _):
        answer = SafeWebhookClient(allow_local=True).post(f"http://127.0.0.1:{port}/", b"{}", {}, 2)
    assert answer == WebhookResponse(429, "7")


def _silent(connection: socket.socket) -> None:
    connection.recv(1)  # until the client hangs up


def _dripping(connection: socket.socket) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 40:
        connection.sendall(bytes([letter]))
        time.sleep(0.05)


def _garbage(connection: socket.socket) -> None:
    connection.sendall(b"\x00\xff" * 200 + b"\r\n\r\n")


def _closing(connection: socket.socket) -> None:
    connection.close()


@pytest.mark.parametrize("behave", [_silent, _dripping, _garbage, _closing])
def test_a_silent_slow_or_nonsensical_server_has_a_deadline(
    behave: Callable[[socket.socket], None],
) -> None:
    with server(behave) as (port, _):
        begun = time.monotonic()
        with pytest.raises(NoResponse):
            SafeWebhookClient(allow_local=True).post(f"http://127.0.0.1:{port}/", b"{}", {}, 0.5)
        assert time.monotonic() - begun < 1.5


def test_an_endless_response_is_not_read() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n" + b"x" * 1000
    with server(endless) as (port, _):
        answer = SafeWebhookClient(allow_local=True).post(f"http://127.0.0.1:{port}/", b"{}", {}, 2)
    assert answer.status == 200


def test_an_endless_tls_handshake_has_a_deadline() -> None:
    with server(_silent) as (port, _):
        begun = time.monotonic()
        with pytest.raises(NoResponse):
            SafeWebhookClient(allow_local=True).post(f"https://127.0.0.1:{port}/", b"{}", {}, 0.5)
        assert time.monotonic() - begun < 1.5


def test_a_refused_connection_is_no_response() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NoResponse):
            SafeWebhookClient(allow_local=True).post(
                f"http://127.0.0.1:{closed.getsockname()[1]}/", b"{}", {}, 1
            )


@contextmanager
def server(
    says: bytes | Callable[[socket.socket], None],
) -> Iterator[tuple[int, list[bytes]]]:
    """A server that accepts connections until the end of the test and answers all the same."""
    got: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    got.append(_request(connection))
                    if isinstance(says, bytes):
                        connection.sendall(says)
                    else:
                        says(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], got
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def _request(connection: socket.socket) -> bytes:
    read = b""
    while not read.endswith(b"{}"):
        more = connection.recv(65536)
        if not more or (not read and more[0] == 22):  # 22 is a TLS handshake
            return more
        read += more
    return read


@pytest.mark.parametrize(
    ("switch", "account", "allowed"),
    [("on", "000000000000", True), ("on", "123456789012", False), ("off", "000000000000", False)],
)
def test_allow_local_works_only_on_the_engine(switch: str, account: str, allowed: bool) -> None:
    settings = Settings(
        dead_letter_url="", jobs_bucket="", bus_name="", prompt_queue_url="", slow_queue_url="",
        slow_queue_arn="", local_endpoints=switch, account_id=account,
    )  # fmt: skip
    assert settings.allows_local is allowed
