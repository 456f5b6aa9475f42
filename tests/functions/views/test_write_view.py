"""A public view is only ever replaced by a newer one; what is no view at all, by any."""

import pytest

from functions.protocol.ports import Unavailable
from functions.views.write_view import write_view
from statemachine.flows import load_flow
from statemachine.ids import digest_of
from statemachine.job import Job
from statemachine.views import view_of
from tests.functions.conftest import FakeGround, Ground
from tests.support.builders import TOKEN, a_job
from tests.support.fakes import no_pause, to_bytes
from tests.support.faults import Faults, Kind

HAUL = load_flow("haul")
KEY = f"t/{digest_of(TOKEN)}.json"


def written(ground: Ground, job: Job) -> bool:
    return write_view(ground.views, job, HAUL, no_pause)


def bytes_of(status: str) -> bytes:
    return to_bytes(view_of(a_job(status), HAUL))


def test_a_newer_view_replaces_an_older_one(ground: Ground) -> None:
    assert written(ground, a_job())
    assert written(ground, a_job("in_progress"))
    assert ground.get(KEY) == bytes_of("in_progress")


def test_an_older_view_or_the_same_is_left_unwritten(ground: Ground) -> None:
    written(ground, a_job("in_progress"))
    for status in ("in_progress", "ready_for_pickup", "pending_pickup"):
        assert not written(ground, a_job(status))
    assert ground.get(KEY) == bytes_of("in_progress")


@pytest.mark.parametrize("broken", [b"", b"<html>", b'{"rev": 99}'])
def test_what_is_no_view_is_replaced(ground: Ground, broken: bytes) -> None:
    """It is derived: left in place, it would hold up its job for ever."""
    ground.put(KEY, broken)
    assert written(ground, a_job("in_progress"))
    assert ground.get(KEY) == bytes_of("in_progress")


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_write_whose_answer_is_lost_is_looked_after(ground: Ground, fault: Kind) -> None:
    with ground.under(Faults({"PutObject": [fault]})):
        written(ground, a_job())
    assert ground.get(KEY) == bytes_of("pending_pickup")


def test_past_the_bound_whoever_wanted_it_shall_come_again(fake_ground: FakeGround) -> None:
    with (
        fake_ground.under(Faults({"PutObject": ["before"] * 100})),
        pytest.raises(Unavailable),
    ):
        written(fake_ground, a_job())
