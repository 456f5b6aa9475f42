"""Hints to AppSync: what is sent, and that a failure is counted and nothing else."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from botocore.credentials import Credentials

from functions.aws.appsync import AppSyncHints
from tests.support.message_fakes import FakeMetrics

HOST = "api.appsync-api.us-east-1.amazonaws.com"
CHANNEL = "0" * 32


class Service(BaseHTTPRequestHandler):
    """Answers with `status` and keeps what was asked."""

    status: ClassVar[int] = 200
    asked: ClassVar[list[tuple[Any, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.asked.append((self.headers, json.loads(body)))
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


def hints(url: str, metrics: FakeMetrics) -> AppSyncHints:
    return AppSyncHints(HOST, url, "us-east-1", Credentials("AKIA", "secret"), metrics)


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
