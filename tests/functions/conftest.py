"""Where the functions' tests store objects: on the fakes, or on the real adapters and moto."""

import copy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pytest

from functions.aws.invalidation_usage import S3InvalidationUsage
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Stuck, S3Tenants, S3Views
from functions.protocol.ports import Boards, Jobs, Stuck, Tenants, Views
from functions.views.invalidation_budget import InvalidationUsage
from tests.support.fakes import (
    Bucket,
    FakeBoards,
    FakeInvalidationUsage,
    FakeJobs,
    FakeStuck,
    FakeTenants,
    FakeViews,
)
from tests.support.faults import Faults
from tests.support.moto_server import Moto


class Storage(Protocol):
    """Ports that share one bucket, and ways to make its calls fail."""

    @property
    def jobs(self) -> Jobs: ...
    @property
    def views(self) -> Views: ...
    @property
    def boards(self) -> Boards: ...
    @property
    def stuck(self) -> Stuck: ...
    @property
    def tenants(self) -> Tenants: ...
    @property
    def usage(self) -> InvalidationUsage: ...

    def under(self, faults: Faults) -> AbstractContextManager[Faults]:
        """Make calls to this storage fail."""

    def with_faults(self, faults: Faults) -> AbstractContextManager["Storage"]:
        """Another client of the same bucket; only its calls fail."""

    def get(self, key: str) -> bytes: ...

    def put(self, key: str, body: bytes) -> None: ...

    def etag(self, key: str) -> str: ...


class FakeStorage:
    def __init__(self, bucket: Bucket | None = None) -> None:
        self.bucket = bucket or Bucket()
        self.jobs = FakeJobs(self.bucket)
        self.views, self.boards = FakeViews(self.bucket), FakeBoards(self.bucket)
        self.stuck, self.usage = FakeStuck(self.bucket), FakeInvalidationUsage(self.bucket)
        self.tenants = FakeTenants(self.bucket)

    @contextmanager
    def under(self, faults: Faults) -> Iterator[Faults]:
        before, self.bucket.faults = self.bucket.faults, faults
        yield faults
        self.bucket.faults = before

    @contextmanager
    def with_faults(self, faults: Faults) -> Iterator[Storage]:
        another = copy.copy(self.bucket)
        another.faults = faults
        yield FakeStorage(another)

    def get(self, key: str) -> bytes:
        return self.bucket.objects[key]

    def put(self, key: str, body: bytes) -> None:
        self.bucket.objects[key] = body

    def etag(self, key: str) -> str:
        found = self.bucket.get(key)
        assert found
        return found[1]


class S3Storage:
    """A bucket of `s3`, a client that tries once; `another` makes another such client."""

    def __init__(self, s3: Any, bucket: str, another: Callable[[], Any]) -> None:
        self.s3, self.bucket, self.another = s3, bucket, another
        self.jobs = S3Jobs(self.s3, self.bucket)
        self.views, self.boards = S3Views(self.s3, self.bucket, 60), S3Boards(self.s3, self.bucket)
        self.stuck = S3Stuck(self.s3, self.bucket)
        self.tenants = S3Tenants(self.s3, self.bucket)
        self.usage = S3InvalidationUsage(self.s3, self.bucket)

    @classmethod
    def of(cls, moto: Moto) -> "S3Storage":
        return cls(moto.s3, moto.bucket(), lambda: moto.client("s3"))

    def under(self, faults: Faults) -> AbstractContextManager[Faults]:
        return faults.on(self.s3)

    @contextmanager
    def with_faults(self, faults: Faults) -> Iterator[Storage]:
        s3 = self.another()
        with faults.on(s3):
            yield S3Storage(s3, self.bucket, self.another)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def etag(self, key: str) -> str:
        return str(self.s3.head_object(Bucket=self.bucket, Key=key)["ETag"])


@pytest.fixture(params=["fake", "moto"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Every test that uses it runs twice: on the fakes, and on S3 in moto."""
    if request.param == "fake":
        return FakeStorage()
    moto: Moto = request.getfixturevalue("moto")
    return S3Storage.of(moto)


@pytest.fixture
def fake_storage() -> FakeStorage:
    return FakeStorage()


@pytest.fixture
def s3_storage(moto: Moto) -> S3Storage:
    return S3Storage.of(moto)
