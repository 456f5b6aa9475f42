"""A public view is only ever replaced by a newer one; what is no view at all, by any."""

import pytest

from functions.protocol.ports import Unavailable
from functions.views.write_view import write_view
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from statemachine.views.views import view_of
from tests.functions.conftest import FakeStorage, Storage
from tests.support.builders import NOON, TOKEN, a_job
from tests.support.fakes import no_pause, to_bytes
from tests.support.faults import Faults, Kind

HAUL = load_flow("haul")
KEY = f"t/{digest_of(TOKEN)}.json"


def written(storage: Storage, job: Job) -> bool:
    return write_view(storage.views, job, HAUL, NOON, no_pause)


def bytes_of(status: str) -> bytes:
    return to_bytes(view_of(a_job(status), HAUL))


def test_a_newer_view_replaces_an_older_one(storage: Storage) -> None:
    assert written(storage, a_job())
    assert written(storage, a_job("in_progress"))
    assert storage.get(KEY) == bytes_of("in_progress")


def test_an_older_view_or_the_same_is_left_unwritten(storage: Storage) -> None:
    written(storage, a_job("in_progress"))
    for status in ("in_progress", "ready_for_pickup", "pending_pickup"):
        assert not written(storage, a_job(status))
    assert storage.get(KEY) == bytes_of("in_progress")


@pytest.mark.parametrize("broken", [b"", b"<html>", b'{"rev": 99}'])
def test_what_is_no_view_is_replaced(storage: Storage, broken: bytes) -> None:
    """It is derived: left in place, it would hold up its job for ever."""
    storage.put(KEY, broken)
    assert written(storage, a_job("in_progress"))
    assert storage.get(KEY) == bytes_of("in_progress")


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_write_whose_answer_is_lost_is_checked(storage: Storage, fault: Kind) -> None:
    with storage.under(Faults({"PutObject": [fault]})):
        written(storage, a_job())
    assert storage.get(KEY) == bytes_of("pending_pickup")


def test_after_all_attempts_the_caller_is_to_retry(fake_storage: FakeStorage) -> None:
    with (
        fake_storage.under(Faults({"PutObject": ["before"] * 100})),
        pytest.raises(Unavailable),
    ):
        written(fake_storage, a_job())
