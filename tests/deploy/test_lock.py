"""One deployer at a time, and none for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import CredentialRetrievalError

from deploy.artifacts import Release
from deploy.deployment import Deployment
from deploy.leases import S3Leases, StoredLease
from deploy.lock import LEASE, Holder, Lock, Locked, LockLost, locked
from deploy.target import Target
from functions.protocol.ports import Unavailable
from tests.deploy.fakes import FakeLeases
from tests.support.builders import NOON
from tests.support.faults import Fault, Faults
from tests.support.moto_server import REGION, Moto

KEY = "locks/staging.json"
HOUR = timedelta(hours=1)


@dataclass
class Bucket:
    """An artifact bucket, and who holds the lock of staging in it."""

    s3: Any
    name: str

    @property
    def leases(self) -> S3Leases:
        return S3Leases(self.s3, self.name)

    def held_by(self, user: str, **values: object) -> Lock:
        """As if that one had come by and taken it, from whomever."""
        about = {"host": "elsewhere", "pid": 1, "doing": "deploy abc", "since": NOON}
        me = Holder.model_validate({"user": user, "nonce": user, **about, **values})
        lock = Lock(self.leases, "staging", me, sleep=lambda _: None)
        self.s3.delete_object(Bucket=self.name, Key=KEY)
        lock.acquire()
        return lock

    def holder(self) -> str | None:
        found = self.leases.read(KEY)
        return Holder.model_validate_json(found.body).user if found else None


@pytest.fixture
def bucket(moto: Moto) -> Bucket:
    return Bucket(moto.s3, moto.bucket())


def test_the_second_learns_who_holds_the_lock_and_until_when(bucket: Bucket) -> None:
    bucket.held_by("dana")
    told = pytest.raises(
        Locked, match=r"dana@elsewhere \(process 1\) .* deploy abc.* expires at \d\d:"
    )
    with told, locked(bucket.leases, "staging", "x"):
        pass
    assert bucket.holder() == "dana"


def test_the_lock_is_given_back_also_after_a_failure(bucket: Bucket) -> None:
    with pytest.raises(ZeroDivisionError), locked(bucket.leases, "staging", "x"):
        raise ZeroDivisionError
    assert bucket.holder() is None


def test_a_lease_that_has_run_out_is_taken_over(bucket: Bucket) -> None:
    bucket.held_by("dana", lease_s=-2)
    with locked(bucket.leases, "staging", "x"):
        assert bucket.holder() != "dana"


def test_neither_another_clock_nor_another_machine_of_our_name_ends_a_lease(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's process is not seen from here; that it is not there says nothing."""
    monkeypatch.setattr("socket.gethostname", lambda: "runner")
    bucket.held_by("dana", host="runner", pid=2**22 + 1, since=NOON - 1000 * HOUR)
    with pytest.raises(Locked), locked(bucket.leases, "staging", "x"):
        pass


class OneLease(FakeLeases):
    """A lease held by dana, with the times that S3 reports."""

    def __init__(self, written: datetime, now: datetime) -> None:
        super().__init__()
        about = {"host": "x", "pid": 1, "doing": "y", "since": written, "nonce": "dana"}
        holder = Holder.model_validate({"user": "dana", **about})
        self.found = StoredLease(holder.model_dump_json().encode(), "etag-0", written, now)
        self.held[KEY] = self.found.body, "etag-0"

    def read(self, key: str) -> StoredLease | None:
        return self.found


@pytest.mark.parametrize("year", [1990, 2090], ids=["our clock ahead", "our clock behind"])
def test_a_lease_expires_by_the_clock_of_s3_and_not_by_ours(year: int) -> None:
    written = NOON.replace(year=year)
    me = Holder(user="eve", host="x", pid=2, doing="z", since=NOON, nonce="eve")
    with pytest.raises(Locked):
        Lock(OneLease(written, written + LEASE), "staging", me).acquire()
    over = OneLease(written, written + LEASE + timedelta(seconds=1))
    Lock(over, "staging", me).acquire()
    assert Holder.model_validate_json(over.held[KEY][0]).user == "eve"


class RecordingEvent(threading.Event):
    """Records the timeout of `wait`, which returns at once."""

    def wait(self, timeout: float | None = None) -> bool:
        self.asked = timeout
        return True


@pytest.mark.parametrize(("lease_s", "wait_s"), [(3, 1), (90, 20)])
def test_a_lock_is_renewed_well_before_its_lease_ends(lease_s: float, wait_s: float) -> None:
    me = Holder(user="eve", host="x", pid=2, doing="z", since=NOON, nonce="eve", lease_s=lease_s)
    stop = RecordingEvent()
    Lock(FakeLeases(), "staging", me).keep_renewing(stop)
    assert stop.asked == wait_s


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_lock_is_held_even_if_the_answer_to_its_write_was_lost(
    bucket: Bucket, fault: Fault
) -> None:
    faults = Faults({"PutObject": [fault]})
    with faults.on(bucket.s3), locked(bucket.leases, "staging", "x", HOUR) as lock:
        lock.check()
    assert bucket.holder() is None


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_lost_answer_to_a_renewal_does_not_lose_the_lock(bucket: Bucket, fault: Fault) -> None:
    lock = bucket.held_by("dana")
    with Faults({"PutObject": [fault]}).on(bucket.s3):
        lock.check()
    lock.check()


def test_a_moment_without_network_does_not_lose_the_lock(bucket: Bucket) -> None:
    lock = bucket.held_by("dana")
    with Faults({"PutObject": ["before"], "GetObject": ["before"]}).on(bucket.s3):
        lock.check()


def test_no_two_writes_of_a_lock_have_one_etag(bucket: Bucket) -> None:
    """Otherwise a deployment that read it before a renewal could take it afterward."""
    lock = bucket.held_by("dana")
    etags = {lock.etag}
    for _ in range(3):
        lock.check()
        etags.add(lock.etag)
    assert len(etags) == 4


def test_the_lock_survives_a_moment_without_credentials(bucket: Bucket) -> None:
    lock, stop = bucket.held_by("dana", lease_s=0.03), threading.Event()
    says, renewed = iter([CredentialRetrievalError(provider="sso", error_msg="no")]), lock.check

    def check() -> None:
        if error := next(says, None):
            raise error
        renewed()
        stop.set()

    lock.check = check  # type: ignore[method-assign]  # what it does next is scripted
    lock.keep_renewing(stop)
    assert lock.me.renewals == 1


def test_without_an_answer_the_deployment_stops(bucket: Bucket) -> None:
    lock = bucket.held_by("dana")
    silent: list[Fault | None] = ["before"] * 9
    with (
        pytest.raises(Unavailable),
        Faults({"PutObject": silent, "GetObject": silent}).on(bucket.s3),
    ):
        lock.check()
    lock.check()


def test_the_next_check_finds_that_another_deployment_has_the_lock(bucket: Bucket) -> None:
    """The first machine sleeps past the end of its lease and notices nothing until it wakes."""
    with locked(bucket.leases, "staging", "first", HOUR) as first:
        first.check()
        second = bucket.held_by("eve")
        for _ in range(2):
            with pytest.raises(LockLost, match=r"this deployment stops.* eve@elsewhere"):
                first.check()
        second.check()
    assert bucket.holder() == "eve"


def test_a_lock_that_someone_removed_is_lost(bucket: Bucket) -> None:
    lock = bucket.held_by("dana")
    bucket.s3.delete_object(Bucket=bucket.name, Key=KEY)
    with pytest.raises(LockLost, match="No one holds it"):
        lock.check()
    lock.release()


# -- a deployment that loses the lock midway


RELEASE = Release(build="b", code="code/c", template="template/t", edge={}, asl={}, pages={})


class TwoSteps(Deployment):
    """A deployment with two steps; `meanwhile` is called between them."""

    meanwhile: Any = None
    brought: tuple[str, ...] = ()

    def _run_steps(self, release: Release, *_: Any, **__: Any) -> Any:
        self.step("stack")
        self.brought += (release.name,)
        self.meanwhile()
        self.step("pages")
        raise AssertionError("a step was done without the lock")


@pytest.fixture
def target(moto: Moto) -> Iterator[Target]:
    """The stage `staging` in its own account."""

    @contextmanager
    def no_edge(_: Any) -> Iterator[str]:
        yield "http://nowhere"

    with moto.environment():
        account = moto.name("account")
        target = Target("staging", boto3.Session(), account, REGION, no_edge)
        target.artifacts.ensure(REGION)
        yield target


def test_a_deployment_that_lost_its_lock_stops_without_going_back(target: Target) -> None:
    """What the second deployment records after the first stays."""
    artifacts = target.artifacts
    artifacts.write_record("staging", artifacts.record("staging").with_(current="before"))
    first = TwoSteps(target, report=lambda _: None)
    second = Bucket(artifacts.s3, artifacts.bucket)

    def meanwhile() -> None:
        second.held_by("eve")
        artifacts.write_record("staging", artifacts.record("staging").with_(pending="eve's"))

    first.meanwhile = meanwhile
    with pytest.raises(LockLost, match="eve@elsewhere"):
        first.release(RELEASE)
    record = artifacts.record("staging")
    assert record.current == "before"
    assert record.pending == "eve's"
    assert first.brought == (RELEASE.name,)
    assert second.holder() == "eve"


def test_the_current_release_is_not_recorded_without_the_lock(target: Target) -> None:
    """The lock is lost after the last step, so no step notices it."""
    artifacts = target.artifacts

    class Verified(Deployment):
        def _run_steps(self, *_: Any, **__: Any) -> Any:
            Bucket(artifacts.s3, artifacts.bucket).held_by("eve")
            return {}

    with pytest.raises(LockLost):
        Verified(target, report=lambda _: None).release(RELEASE)
    assert artifacts.record("staging").current is None
