"""One deployer at a time, and none for ever."""

import socket
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from deploy.artifacts import Artifacts
from deploy.lock import Holder, Locked, locked
from functions.ports import Conflict

NOW = datetime.now(timezone.utc)


class Objects(Artifacts):
    """Conditional writes as S3 does them, in memory."""

    def __init__(self) -> None:
        self.stored: dict[str, tuple[bytes, str]] = {}
        self.writes = 0

    def put_if(self, key: str, body: bytes, etag: str | None) -> str:
        if self.stored.get(key, (b"", None))[1] != etag:
            raise Conflict(key)
        self.writes += 1
        self.stored[key] = (body, f"etag-{self.writes}")
        return f"etag-{self.writes}"

    def read_with_etag(self, key: str) -> tuple[bytes, str] | None:
        return self.stored.get(key)

    def remove_if(self, key: str, etag: str) -> None:
        if self.stored.get(key, (b"", None))[1] != etag:
            raise Conflict(key)
        del self.stored[key]

    def held_by(self, **values: object) -> None:
        holder = {
            "user": "dana", "host": "elsewhere", "pid": 1, "doing": "deploy abc",
            "since": NOW, "until": NOW + timedelta(days=1), **values,
        }  # fmt: skip
        body = Holder.model_validate(holder).model_dump_json().encode()
        self.put_if("locks/staging.json", body, None)


def test_the_second_is_told_who_and_until_when() -> None:
    objects = Objects()
    objects.held_by()
    with (
        pytest.raises(Locked, match=r"dana@elsewhere .* deploy abc"),
        locked(objects, "staging", "x"),
    ):
        pass


def test_the_lock_is_given_back_also_after_a_failure() -> None:
    objects = Objects()
    with pytest.raises(ZeroDivisionError), locked(objects, "staging", "x"):
        raise ZeroDivisionError
    assert objects.stored == {}


def test_a_lease_that_has_run_out_is_taken_over() -> None:
    objects = Objects()
    objects.held_by(until=NOW - timedelta(seconds=1))
    with locked(objects, "staging", "x"):
        assert b'"doing": "x"' in objects.stored["locks/staging.json"][0]


def test_a_holder_that_died_on_this_machine_is_taken_over_at_once() -> None:
    died = subprocess.Popen([sys.executable, "-c", ""])
    died.wait()
    objects = Objects()
    objects.held_by(host=socket.gethostname(), pid=died.pid)
    with locked(objects, "staging", "x"):
        pass


def test_whoever_took_over_keeps_the_lock_when_the_first_comes_back() -> None:
    objects = Objects()
    with locked(objects, "staging", "first"):
        del objects.stored["locks/staging.json"]
        objects.held_by()
    assert "locks/staging.json" in objects.stored
