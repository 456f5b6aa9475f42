"""Builders of jobs and requests. A test gives the values it is about; the rest are defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any

from events import JobEditRequested, JobMoveRequested, JobRequested
from statemachine.flows import Flow, load_flow
from statemachine.job.job import Assigned, Customer, Execution, Job, Place, Schedule
from statemachine.rules.lifecycle import Committed, judge
from statemachine.values.values import Actor

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOKEN = "Zk3rW8qQ1vN6tYb0xJp_Lg"

DISPATCHER = Actor(kind="dispatcher", id="dana")
CREW = Actor(kind="crew", id="mike")
CUSTOMER = Actor(kind="customer", id="link")
PARTNER = Actor(kind="partner", id="acme")
SYSTEM = Actor(kind="system", id="watchdog")

DRIVER = Assigned(role="driver", member="mike", first_name="Mike")


SOON = Schedule(window_start=NOON + timedelta(days=2), window_end=NOON + timedelta(days=2, hours=4))
"""A window that the business has given."""


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def a_job(status: str | None = None, flow: str = "haul", **values: Any) -> Job:
    """A job booked at NOON and moved to `status` by the shortest way, then given `values`."""
    job = Job(
        job_id="261121-7k3m2q",
        tenant="main",
        flow=flow,
        version=1,
        rev=1,
        status=load_flow(flow).initial.name,
        entered_at=NOON,
        created_at=NOON,
        created_by=DISPATCHER,
        event_id="booking-1",
        execution=Execution(since=NOON),
        customer=Customer(name="Ada Wong", phone="+15555550123"),
        place=Place(address="12 Harbor Road"),
        price_cents=60_000,
        crew=(DRIVER,),
        token=TOKEN,
    )
    job = moved(job, *moves_to(status, load_flow(flow))) if status else job
    return job.with_(**values)


def moves_to(status: str, flow: Flow) -> tuple[str, ...]:
    """The shortest series of moves that brings a new job to `status`."""
    ways: dict[str, tuple[str, ...]] = {flow.initial.name: ()}
    for _ in flow.statuses:
        longer = [(move, way) for here, way in ways.items() for move in flow.moves_from(here)]
        ways = {move.to: (*way, move.name) for move, way in longer} | ways
    return ways[status]


def moved(job: Job, *moves: str) -> Job:
    """The job after `moves`, each made by the dispatcher at NOON."""
    for move in moves:
        request = a_request(job, move, event_id=f"way-{job.seq + 1}", reason="so it was")
        verdict = judge(job, request, load_flow(job.flow), NOON)
        assert isinstance(verdict, Committed), verdict
        job = verdict.job
    return job


def a_request(job: Job, move: str | None = None, **values: Any) -> JobMoveRequested:
    """A dispatcher's request. `a_request(job, to="completed")` names the status instead."""
    return JobMoveRequested.model_validate(
        {
            "tenant": job.tenant,
            "event_id": f"{move or values.get('to')}-1",
            "occurred_at": NOON,
            "actor": DISPATCHER,
            "job_id": job.job_id,
            "move": move,
            **values,
        }
    )


def an_edit(job: Job, **changes: Any) -> JobEditRequested:
    """A dispatcher's edit with `changes` and the event id `edit-1`."""
    return JobEditRequested.model_validate(
        {
            "tenant": job.tenant,
            "event_id": "edit-1",
            "occurred_at": NOON,
            "actor": DISPATCHER,
            "job_id": job.job_id,
            "changes": changes,
        }
    )


def a_booking(**values: Any) -> JobRequested:
    return JobRequested.model_validate(
        {
            "tenant": "main",
            "event_id": "booking-1",
            "occurred_at": NOON,
            "actor": CUSTOMER,
            "customer": {"name": "Ada Wong", "phone": "+15555550123"},
            "place": {"address": "12 Harbor Road"},
            **values,
        }
    )
