"""moto in place of AWS, for tests of adapters: one server in each process, for all tests.

It is the threaded server, because moto's in-process S3 loses acknowledged writes under threads. It
answers one request at a time: moto looks at `If-Match` and writes in two steps, between which
another request could write. There is only one server, because two in a process share all of moto's
state.
"""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from functions.aws import container

REGION = "us-east-1"


class Moto:
    """A moto server, and clients for it as the functions make theirs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count(1)
        with self.environment():
            self.s3 = container.one_attempt("s3")

    @contextmanager
    def environment(self, **more: str) -> Iterator[None]:
        """The environment variables of a function, while it is wired."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", self.url)
            patch.setenv("AWS_ACCESS_KEY_ID", "test")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            for name, value in more.items():
                patch.setenv(name, value)
            yield

    def client(self, service: str) -> Any:
        """A boto3 client without retries, because tests script every response."""
        with self.environment():
            return container.one_attempt(service)

    def name(self, kind: str) -> str:
        """A name that no other test uses."""
        return f"{kind}-{next(self._numbers)}"

    def bucket(self) -> str:
        name = self.name("bucket")
        self.s3.create_bucket(Bucket=name)
        return name

    def crew_roster(self) -> str:
        return self.table("crew-roster")

    def job_index(self) -> str:
        return self.table("job-index")

    def table(self, kind: str) -> str:
        """An empty table, as the template has them."""
        name = self.name(kind)
        self.client("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        return name


class OneAtATime:
    """A WSGI application that answers no request while it answers another."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app, self.turn = app, threading.Lock()

    def __call__(self, *request: Any) -> Any:
        with self.turn:
            return self.app(*request)


class OrderlyMotoServer(ThreadedMotoServer):
    def start(self) -> None:
        super().start()
        assert self._server is not None
        self._server.app = OneAtATime(self._server.app)


@contextmanager
def running() -> Iterator[Moto]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = OrderlyMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Moto(f"http://{host}:{port}")
    server.stop()
