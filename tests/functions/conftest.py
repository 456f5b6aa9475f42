"""Where the functions' tests are played: on the fakes, or on the real adapters before moto.

moto runs as its threaded server: in one process, its S3 loses acknowledged writes under threads.
"""

import copy
import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pytest
from moto.server import ThreadedMotoServer

from functions.aws import container
from functions.aws.freshness import S3Spendings
from functions.aws.stores import S3Boards, S3Jobs, S3Stuck, S3Views
from functions.freshness import Spendings
from functions.ports import Boards, Jobs, Stuck, Views
from tests.fakes import Bucket, FakeBoards, FakeJobs, FakeSpendings, FakeStuck, FakeViews
from tests.faults import Faults

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
        """The environment a function finds, for as long as it takes to be wired."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", self.url)
            patch.setenv("AWS_ACCESS_KEY_ID", "test")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            for name, value in more.items():
                patch.setenv(name, value)
            yield

    def client(self, service: str) -> Any:
        """One that tries once, whatever the function's own would do: tests script every answer."""
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
        """An empty table, as the template has it."""
        name = self.name("crew-roster")
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

    def ground(self) -> "S3Ground":
        return S3Ground(self.s3, self.bucket(), lambda: self.client("s3"))


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Moto(f"http://{host}:{port}")
    server.stop()


class Ground(Protocol):
    """A place for jobs, views and boards, and a way to spoil what goes there."""

    @property
    def jobs(self) -> Jobs: ...
    @property
    def views(self) -> Views: ...
    @property
    def boards(self) -> Boards: ...
    @property
    def stuck(self) -> Stuck: ...
    @property
    def spendings(self) -> Spendings: ...

    def under(self, faults: Faults) -> AbstractContextManager[Faults]:
        """Faults on every way to this place."""

    def beset_by(self, faults: Faults) -> AbstractContextManager["Ground"]:
        """Another way to the same place, with faults on it alone."""

    def get(self, key: str) -> bytes: ...

    def put(self, key: str, body: bytes) -> None: ...

    def etag(self, key: str) -> str: ...


class FakeGround:
    def __init__(self, bucket: Bucket | None = None) -> None:
        self.bucket = bucket or Bucket()
        self.jobs = FakeJobs(self.bucket)
        self.views, self.boards = FakeViews(self.bucket), FakeBoards(self.bucket)
        self.stuck, self.spendings = FakeStuck(self.bucket), FakeSpendings(self.bucket)

    @contextmanager
    def under(self, faults: Faults) -> Iterator[Faults]:
        before, self.bucket.faults = self.bucket.faults, faults
        yield faults
        self.bucket.faults = before

    @contextmanager
    def beset_by(self, faults: Faults) -> Iterator[Ground]:
        another = copy.copy(self.bucket)
        another.faults = faults
        yield FakeGround(another)

    def get(self, key: str) -> bytes:
        return self.bucket.objects[key]

    def put(self, key: str, body: bytes) -> None:
        self.bucket.objects[key] = body

    def etag(self, key: str) -> str:
        found = self.bucket.get(key)
        assert found
        return found[1]


class S3Ground:
    """A bucket behind `s3`, a client that tries once; `another` makes one more of it."""

    def __init__(self, s3: Any, bucket: str, another: Callable[[], Any]) -> None:
        self.s3, self.bucket, self.another = s3, bucket, another
        self.jobs = S3Jobs(self.s3, self.bucket)
        self.views, self.boards = S3Views(self.s3, self.bucket, 60), S3Boards(self.s3, self.bucket)
        self.stuck = S3Stuck(self.s3, self.bucket)
        self.spendings = S3Spendings(self.s3, self.bucket)

    def under(self, faults: Faults) -> AbstractContextManager[Faults]:
        return faults.on(self.s3)

    @contextmanager
    def beset_by(self, faults: Faults) -> Iterator[Ground]:
        s3 = self.another()
        with faults.on(s3):
            yield S3Ground(s3, self.bucket, self.another)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def etag(self, key: str) -> str:
        return str(self.s3.head_object(Bucket=self.bucket, Key=key)["ETag"])


@pytest.fixture(params=["fake", "moto"])
def ground(request: pytest.FixtureRequest) -> Ground:
    """Everything that depends on it runs twice: on the fakes, and on S3 as moto knows it."""
    if request.param == "fake":
        return FakeGround()
    moto: Moto = request.getfixturevalue("moto")
    return moto.ground()


@pytest.fixture
def fake_ground() -> FakeGround:
    return FakeGround()


@pytest.fixture
def s3_ground(moto: Moto) -> S3Ground:
    return moto.ground()
