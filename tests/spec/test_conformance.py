"""What the real functions store, the model of a job can store: the two cannot drift apart."""

import random
import shutil
from dataclasses import replace

import pytest

from spec.traces import Stored, accepts, trace_of
from statemachine.job.job import Job
from tests.support.builders import NOON, a_booking, a_request, minutes
from tests.support.fakes import job_key, parsed
from tests.support.faults import SeededFaults
from tests.support.simulation import Disruptions, Simulation

pytestmark = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("gcc")), reason="needs spin and gcc"
)
JOB_ID = "261121-000001"
MOVES = ("confirm", "complete", "cancel", "reopen")
FAULTS = 1
"""Enough for each of the recorded runs."""


def recorded(seed: int, faults: float = 0.1) -> list[Stored]:
    """The trace of one job of the flow `pickup` under seeded faults, its moves in any order."""
    calls = SeededFaults(
        seed, {"PutObject": faults, "SendTaskSuccess": faults}, ("before", "after")
    )
    world = Simulation(seed, calls, Disruptions(faults * 3, 0.0, 0.0, faults / 10, faults / 3))
    world.ask(a_booking(event_id="booking", job_id=JOB_ID, flow="pickup"))
    world.run()
    chance = random.Random(seed)
    moves = chance.sample(MOVES, chance.randint(2, 4))
    for number, move in enumerate(moves):
        when = NOON + minutes(number / 60)
        world.ask(a_request(world.job(JOB_ID), move, event_id=move, reason="so", occurred_at=when))
    world.run()
    versions = world.bucket.versions[job_key("main", JOB_ID)]
    return trace_of([parsed(Job, version) for version in versions])


@pytest.mark.parametrize("seed", range(3))
def test_the_model_accepts_what_was_stored(seed: int) -> None:
    trace = recorded(seed)
    assert len(trace) >= 3
    assert accepts(trace, FAULTS)


def test_the_model_does_not_accept_a_move_that_was_made_twice() -> None:
    trace = recorded(1, faults=0)
    last = trace[-1]
    assert accepts(trace, most_faults=0)
    assert not accepts([*trace, replace(last, seq=last.seq + 1)], most_faults=0)


def test_the_model_does_not_accept_a_lost_move() -> None:
    trace = recorded(1, faults=0)
    moved = next(number for number, each in enumerate(trace) if each.applied)
    lost = [*trace[: moved + 1], replace(trace[moved], applied=0, seq=0), *trace[moved + 1 :]]
    assert not accepts(lost, most_faults=0)
