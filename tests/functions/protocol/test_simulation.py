"""One job's way in memory, one event after the other: each single call may fail.

Handlers that run at once, people, messages, and the edge are in `tests/simulation/`.
"""

import random
from zoneinfo import ZoneInfo

import pytest

from events import (
    JobCreated,
    JobEditRequested,
    JobMoved,
    JobMoveRefused,
    JobMoveRequested,
    Request,
)
from functions.views.job_index import IndexJob, rebuild_index
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from statemachine.views.views import View, view_of
from tests.support.builders import NOON, a_booking, a_job, a_request, an_edit, minutes
from tests.support.fakes import FakeJobs, no_pause, parsed
from tests.support.faults import Fault, FaultAtCall, SeededFaults
from tests.support.index_fakes import FakeJobIndex
from tests.support.simulation import Disruptions, Simulation


def job_id(number: int) -> str:
    return f"261121-{number:06d}"


def a_day(world: Simulation, seed: int, jobs: int = 3) -> Simulation:
    """Jobs of all flows; moves of all kinds, in any order, so that many are early or refused."""
    chance = random.Random(seed)
    for number in range(jobs):
        flow = chance.choice(flow_names())
        world.ask(a_booking(event_id=f"booking-{number}", job_id=job_id(number), flow=flow))
    world.run()
    for job in world.jobs():
        driver = {"role": "driver", "member": "mike", "first_name": "Mike"}
        world.ask(an_edit(job, crew=[driver]))
        for number in range(chance.randint(3, 9)):
            move = chance.choice(load_flow(job.flow).moves).name
            when = NOON + minutes(number / 60)
            world.ask(a_request(job, move, event_id=f"m{number}", reason="so", occurred_at=when))
    world.run()
    world.run_until_repaired()
    return world


def assert_all_is_right(world: Simulation) -> None:
    for job in world.jobs():
        assert_followed(world, job)
        assert_told(world, job)
        view = world.bucket.objects[f"t/{digest_of(job.token)}.json"]
        assert parsed(View, view) == view_of(job, load_flow(job.flow))
    assert_nothing_lost(world)
    assert_never_back(world)
    shown = world.board()
    world.publish.rebuild("main", world.now)
    assert world.board() == shown
    assert_index_is_right(world)


def assert_index_is_right(world: Simulation) -> None:
    """The index that has grown equals one that is made from the jobs, item by item."""
    made = FakeJobIndex()
    rebuild_index(FakeJobs(world.bucket), IndexJob(made, no_pause), "main", ZoneInfo("UTC"))
    assert world.index.known == made.known
    assert world.index.listings == made.listings


def assert_followed(world: Simulation, job: Job) -> None:
    """Settled to its last entry, and followed by one execution or, if it has ended, by none."""
    going = [run for run in world.runs_of(job) if run.place != "end"]
    assert job.execution.seq == job.seq
    assert job.early == ()
    assert [shown.seq for shown in job.shown] == sorted({shown.seq for shown in job.shown})
    assert all(shown.at >= job.entered_at_of(shown.seq) for shown in job.shown)
    if load_flow(job.flow).status(job.status).terminal:
        assert going == []
        return
    [run] = going
    assert run.generation == job.execution.generation
    assert run.at == job.seq
    assert job.wait
    assert job.wait.seq == job.seq
    assert job.wait.token == run.token


def assert_told(world: Simulation, job: Job) -> None:
    """Every entry was announced, first in the order of the ledger; so was every refusal."""
    moved = [fact for fact in world.bus.announced(JobMoved) if fact.job_id == job.job_id]
    assert [fact.seq for fact in moved] == list(range(1, job.seq + 1))
    assert [(fact.event_id, fact.to) for fact in moved] == [(e.event_id, e.to) for e in job.ledger]
    assert [fact.job_id for fact in world.bus.announced(JobCreated)].count(job.job_id) == 1
    refused = {f.event_id for f in world.bus.announced(JobMoveRefused) if f.job_id == job.job_id}
    assert refused == {refusal.event_id for refusal in job.refused}


def assert_nothing_lost(world: Simulation) -> None:
    """Every request is on its job's record, once."""
    assert world.dead.dead_lettered == []
    for request in world.archive:
        if isinstance(request, JobMoveRequested | JobEditRequested):
            assert world.job(request.job_id).knows(request.event_id)
        else:
            assert any(job.event_id == request.event_id for job in world.jobs())
    for job in world.jobs():
        known = [record.event_id for record in (*job.ledger, *job.refused, *job.edits)]
        assert len(set(known)) == len(known)


def assert_never_back(world: Simulation) -> None:
    """Each version of a job or a view has a higher number, and no two versions are the same."""
    for key, versions in world.bucket.versions.items():
        kind = Job if "/jobs/" in key else View if key.startswith("t/") else None
        number = "version" if kind is Job else "rev"
        if kind:
            numbers = [getattr(parsed(kind, body), number) for body in versions]
            assert numbers == sorted(set(numbers)), key
            assert len(set(versions)) == len(versions)


def test_without_faults_nothing_is_repaired() -> None:
    world = a_day(Simulation(seed=1), seed=1)
    assert_all_is_right(world)
    assert {job.execution.generation for job in world.jobs()} == {0}
    repairs = {r for job in world.jobs() for done in job.repaired for r in done.repairs}
    assert repairs <= {"refused late"}
    for job in world.jobs():
        assert [shown.seq for shown in job.shown] == list(range(job.seq + 1))


def one_job_through(world: Simulation) -> Simulation:
    """Booked, confirmed, under way, completed: about a hundred calls."""
    world.ask(a_booking(job_id=job_id(0)))
    world.run()
    for move in ("confirm", "start", "complete"):
        world.ask(a_request(world.job(job_id(0)), move))
        world.run()
    world.run_until_repaired()
    return world


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_any_single_call_may_fail(fault: Fault) -> None:
    """Each call of a job's life fails, in turn, in a fixed order of events."""
    calls = len(one_job_through(Simulation()).faults.log)
    for number in range(calls):
        world = one_job_through(Simulation(faults=FaultAtCall(number, fault)))
        assert world.job(job_id(0)).status == "completed", f"call {number}"
        assert_all_is_right(world)


def test_the_same_seed_gives_the_same_simulation() -> None:
    def play(seed: int) -> tuple[object, ...]:
        faults = SeededFaults(seed, 0.1)
        world = a_day(Simulation(seed, faults, Disruptions(0.2, 0.2, 0.02, 0.02, 0.02)), seed)
        return faults.log, world.bus.facts, world.bucket.versions

    assert play(3) == play(3)
    assert play(3) != play(4)


def test_a_booking_and_its_moves_sent_at_once_are_all_made_in_any_order_of_arrival() -> None:
    """A hundred bookings, each sent with its three moves, shuffled: none reaches a dead end."""
    for seed in range(100):
        world, job = Simulation(seed), a_job(job_id=job_id(seed))
        requests: list[Request] = [a_booking(job_id=job.job_id)]
        requests += [
            a_request(job, move, event_id=move, occurred_at=NOON + minutes(number))
            for number, move in enumerate(("confirm", "start", "complete"))
        ]
        world.chance.shuffle(requests)
        world.ask(*requests)
        world.run()
        moves = [entry.move for entry in world.job(job.job_id).ledger]
        assert moves == ["confirm", "start", "complete"]
        assert world.dead.dead_lettered == []
