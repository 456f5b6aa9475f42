"""Hints to AppSync: what is sent, and that a failure is counted and nothing else."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from botocore.credentials import Credentials

from functions.aws.appsync import PAUSE, AppSyncHints
from tests.support.message_fakes import FakeMetrics

HOST = "api.appsync-api.us-east-1.amazonaws.com"
CHANNEL = "0" * 32
CLOSES = 0
"""Instead of a status: the connection ends without a response."""


class Service(BaseHTTPRequestHandler):
    """Answers with `status` and keeps what was asked."""

    status: ClassVar[int] = 200
    asked: ClassVar[list[tuple[Any, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.asked.append((self.headers, json.loads(body)))
        if self.status == CLOSES:
            return
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    Service.status, Service.asked[:] = 200, []
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Clock:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def hints(url: str, metrics: FakeMetrics, clock: Clock | None = None) -> AppSyncHints:
    keys = Credentials("AKIA", "secret")
    return AppSyncHints(HOST, url, "us-east-1", keys, metrics, clock or Clock())


def test_a_hint_has_the_rev_and_is_signed_for_the_host_of_the_api(url: str) -> None:
    hints(url, FakeMetrics()).send(CHANNEL, 8)
    [(headers, sent)] = Service.asked
    assert sent == {"channel": f"/hints/{CHANNEL}", "events": ['{"rev": 8}']}
    assert headers["host"] == HOST
    assert "/us-east-1/appsync/aws4_request" in headers["authorization"]


def test_a_refused_hint_is_counted(url: str) -> None:
    Service.status = 401
    metrics = FakeMetrics()
    hints(url, metrics).send(CHANNEL, 8)
    assert metrics.counted["HintsLost"] == 1
    assert len(Service.asked) == 1


def test_a_service_that_is_not_there_is_counted() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    metrics = FakeMetrics()
    hints(f"http://127.0.0.1:{port}", metrics).send(CHANNEL, 8)
    assert metrics.counted["HintsLost"] == 1


def test_after_a_failure_the_service_is_left_alone_for_a_while(url: str) -> None:
    Service.status = 500
    clock, metrics = Clock(), FakeMetrics()
    sender = hints(url, metrics, clock)
    sender.send(CHANNEL, 8)
    clock.now += PAUSE - timedelta(seconds=1)
    sender.send(CHANNEL, 9)
    assert len(Service.asked) == 1
    assert metrics.counted["HintsLost"] == 2


def test_after_the_pause_hints_are_sent_again(url: str) -> None:
    Service.status = 500
    clock = Clock()
    sender = hints(url, FakeMetrics(), clock)
    sender.send(CHANNEL, 8)
    Service.status = 200
    clock.now += PAUSE
    for rev in (9, 10):
        sender.send(CHANNEL, rev)
    assert len(Service.asked) == 3


def test_a_connection_that_has_ended_is_no_reason_to_pause(url: str) -> None:
    Service.status = CLOSES
    sender = hints(url, FakeMetrics())
    sender.send(CHANNEL, 8)
    sender.send(CHANNEL, 9)
    assert len(Service.asked) == 2
