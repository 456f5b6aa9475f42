"""Streams of events, copied, reordered, late, and contradictory, leave a job in a sound state."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise, permutations
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from events import JobMoveRequested
from statemachine.flows import Flow, flow_names, load_flow
from statemachine.job.job import Job
from statemachine.rules.lifecycle import (
    MAX_EARLY_MOVES,
    Duplicate,
    EarlyMoveKept,
    Refused,
    expire,
    judge,
)
from statemachine.values.values import Actor, ActorKind
from tests.support.builders import CUSTOMER, DISPATCHER, NOON, a_job, a_request, minutes

BOOKED = a_job(flow="dumpster")
DUMPSTER = load_flow("dumpster")
LATER = NOON + minutes(10)

EVENTS = [
    a_request(BOOKED, "confirm", occurred_at=NOON + minutes(1)),
    a_request(BOOKED, to="in_transit", occurred_at=NOON + minutes(2)),
    a_request(BOOKED, "dump", occurred_at=NOON + minutes(3)),
    a_request(BOOKED, to="complete", occurred_at=NOON + minutes(4)),
    a_request(BOOKED, "dump", event_id="not-theirs", actor=CUSTOMER),
    a_request(BOOKED, "start", event_id="not-here"),
]
"""The four moves of a dumpster job, and two that are always refused."""

EXPECTED_MOVES = [
    ("confirm", "pending_confirmation", "ready_for_pickup"),
    ("pick_up", "ready_for_pickup", "in_transit"),
    ("dump", "in_transit", "dumped"),
    ("complete", "dumped", "complete"),
]


def moves_in(job: Job) -> list[tuple[str, str, str]]:
    return [(entry.move, entry.origin, entry.to) for entry in job.ledger]


def after(job: Job, events: Iterable[JobMoveRequested], now: datetime = LATER) -> Job:
    for event in events:
        job = sound_step(job, event, load_flow(job.flow), now)
    return job


def sound_step(job: Job, event: JobMoveRequested, flow: Flow, now: datetime) -> Job:
    """The job after `event`; checks everything that must hold after any event."""
    verdict = judge(job, event, flow, now)
    if isinstance(verdict, Duplicate):
        assert verdict.job is job
    else:
        taken = verdict.job.seq - job.seq
        assert verdict.job.version == job.version + max(taken, 1)
        assert (taken == 0) == isinstance(verdict, EarlyMoveKept | Refused)
        check_sound(verdict.job, flow)
    assert judge(verdict.job, event, flow, now) == Duplicate(verdict.job)
    assert known(job) | {event.event_id} == known(verdict.job)
    return verdict.job


def known(job: Job) -> set[str]:
    return {record.event_id for records in records_of(job) for record in records}


def records_of(job: Job) -> tuple[Any, ...]:
    return job.ledger, job.refused, job.early


def check_sound(job: Job, flow: Flow) -> None:
    """Ledger, status, and revs are consistent, and every event is recorded exactly once."""
    ways = [(flow.initial.name, flow.initial.name), *((e.origin, e.to) for e in job.ledger)]
    assert all(before[1] == later[0] for before, later in pairwise(ways))
    assert job.status == ways[-1][1]
    assert [entry.seq for entry in job.ledger] == list(range(1, job.seq + 1))
    revs = [1, *(entry.rev for entry in job.ledger)]
    assert revs == sorted(set(revs))
    assert job.rev == revs[-1] <= job.version
    assert len(known(job)) == sum(map(len, records_of(job)))
    assert len(job.early) <= (0 if flow.status(job.status).terminal else MAX_EARLY_MOVES)


def test_t8_every_order_of_six_events_each_twice_ends_in_the_same_job() -> None:
    for order in permutations(EVENTS):
        job, position = BOOKED, 0
        for event in order:
            job = judge(job, event, DUMPSTER, LATER).job
            assert judge(job, event, DUMPSTER, LATER) == Duplicate(job)
            assert position <= (position := DUMPSTER.position(job.status))
        assert moves_in(job) == EXPECTED_MOVES
        assert {refusal.event_id for refusal in job.refused} == {"not-theirs", "not-here"}
        assert job.early == ()


@given(st.permutations(EVENTS * 2))
def test_t8_copies_may_come_at_any_time(events: list[JobMoveRequested]) -> None:
    job = after(BOOKED, events)
    assert moves_in(job) == EXPECTED_MOVES
    assert known(job) == {event.event_id for event in EVENTS}


def test_t10_a_replay_of_the_whole_archive_days_later_changes_nothing() -> None:
    job = after(BOOKED, reversed(EVENTS))
    days_later = LATER + minutes(5000)
    for event in [*EVENTS, *reversed(EVENTS)]:
        assert judge(job, event, DUMPSTER, days_later).job is job


def test_moves_after_a_lost_event_wait_and_are_then_refused_on_the_record() -> None:
    job = after(BOOKED, [EVENTS[0], EVENTS[2], EVENTS[3]])
    assert job.status == "ready_for_pickup"
    assert len(job.early) == 2
    job, refusals = expire(job, LATER + minutes(15))
    assert [refusal.why for refusal in refusals] == ["kept_too_long", "kept_too_long"]
    assert after(job, [EVENTS[1]]).status == "in_transit"


ACTORS = [Actor(kind=kind, id="someone") for kind in get_args(ActorKind)]


@st.composite
def streams(draw: st.DrawFn) -> tuple[Job, list[tuple[JobMoveRequested, int]]]:
    """A new job of any flow, and events for it, each with the minute at which it arrives."""
    job = a_job(flow=draw(st.sampled_from(flow_names())))
    flow = load_flow(job.flow)
    moves = st.sampled_from([*(move.name for move in flow.moves), "sing"])
    statuses = st.sampled_from([status.name for status in flow.statuses])
    event = st.builds(
        a_request,
        st.just(job),
        move=st.none(),
        to=statuses,
        event_id=st.integers(1, 12).map(str),
        actor=st.sampled_from([DISPATCHER, *ACTORS]),
        occurred_at=st.integers(-30, 8).map(lambda number: NOON + minutes(number)),
        expected_rev=st.none() | st.none() | st.integers(1, 9),
        reason=st.none() | st.just("because"),
    )
    named = st.tuples(event, moves).map(
        lambda pair: pair[0].model_copy(update={"move": pair[1], "to": None})
    )
    arrivals = st.lists(st.tuples(event | named, st.integers(0, 9)), max_size=24)
    return job, draw(arrivals)


@given(streams())
def test_any_stream_leaves_a_sound_job(
    stream: tuple[Job, list[tuple[JobMoveRequested, int]]],
) -> None:
    job, arrivals = stream
    flow, now = load_flow(job.flow), NOON
    for event, wait in arrivals:
        now += minutes(wait)
        before = job
        job = sound_step(job, event, flow, now)
        assert job.ledger[: before.seq] == before.ledger, "the ledger never changes"
        expired, refusals = expire(job, now)
        assert expired.version == job.version + bool(refusals)
        assert known(expired) == known(job)
        job = expired
        check_sound(job, flow)


@given(streams())
def test_a_job_after_any_stream_is_equal_when_read_back(
    stream: tuple[Job, list[tuple[JobMoveRequested, int]]],
) -> None:
    job, arrivals = stream
    job = after(job, [event for event, _ in arrivals], NOON + minutes(3))
    assert Job.model_validate_json(job.model_dump_json(exclude_none=True)) == job
