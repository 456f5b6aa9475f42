"""The roster part of the stub API: availability, and who can be assigned to a job.

The real rules are behind the real API; these refuse in the same way.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from events import Changes
from functions.api.response_models import AssignedJob, CrewDocument, CrewMember, TruckDocument
from functions.people.accounts import Account
from functions.people.crew_location import CrewLocation
from statemachine.flows import load_flow
from statemachine.job.job import CrewRole, Job
from statemachine.rules.edits import CrewTaken, CrewUnavailable
from statemachine.schedule.fit import PlannedJob, obstacles_to
from statemachine.schedule.reservations import window_of
from statemachine.schedule.roster import Day

if TYPE_CHECKING:
    from tests.pages.stub_data import StubData

ZONE = "America/New_York"
READERS = {"owner", "dispatcher", "supervisor", "ops"}


@dataclass
class Roster:
    """Hours, trucks, and locations."""

    days: dict[tuple[str, str], Day] = field(default_factory=dict)
    trucks: dict[str, str] = field(default_factory=dict)
    crew_location: dict[str, CrewLocation] = field(default_factory=dict)


def today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()


def moment(day: date, clock: str) -> datetime:
    """That time of day in the business's zone, as UTC."""
    local = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(ZONE))
    return local.astimezone(UTC)


def crew_document(data: "StubData", first: date, last: date) -> CrewDocument:
    named = {(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)}
    members = [member(data, account, named) for account in data.accounts.values()]
    trucks = [
        TruckDocument(truck=truck, name=name, jobs=tuple(engagements(data, truck=truck)))
        for truck, name in data.roster.trucks.items()
    ]
    return CrewDocument(
        members=tuple(members), trucks=tuple(trucks), time_zone=ZONE, as_of=datetime.now(UTC)
    )


def member(data: "StubData", account: Account, dates: set[str]) -> CrewMember:
    name, roster = account.account, data.roster
    days = {day: said for (who, day), said in roster.days.items() if who == name and day in dates}
    return CrewMember(
        member=name,
        name=account.name,
        roles=account.roles,
        days=days,
        jobs=tuple(engagements(data, member=name)),
        crew_location=roster.crew_location.get(name),
    )


def engagements(
    data: "StubData", *, member: str | None = None, truck: str | None = None
) -> list[AssignedJob]:
    found = []
    for job in data.jobs.values():
        roles = [each.role for each in job.crew if each.member == member]
        if roles or (truck is not None and job.truck == truck):
            found.append(assigned_job(job, roles[0] if roles else None))
    return found


def assigned_job(job: Job, role: CrewRole | None) -> AssignedJob:
    return AssignedJob(
        job_id=job.job_id,
        role=role,
        status=job.status,
        under_way=load_flow(job.flow).status(job.status).under_way,
        window_start=job.schedule.window_start,
        window_end=job.schedule.window_end,
        duration_minutes=job.duration_minutes,
    )


def check_assignment(data: "StubData", job: Job, changes: Changes) -> None:
    """Raises CrewUnavailable or CrewTaken with the reason, unless a dispatcher overrides it."""
    if changes.override:
        return
    if changes.truck:
        _check_free(data, job, data.roster.trucks[changes.truck], truck=changes.truck)
    for wanted in changes.crew or ():
        account = data.accounts.get(wanted.member)
        if account is None or wanted.role not in account.roles:
            raise CrewUnavailable(f"{wanted.member} is no {wanted.role}")
        if not any(each.member == wanted.member for each in job.crew):
            first_name = account.name.split()[0]
            _check_there(data, job, wanted.member, first_name)
            _check_free(data, job, first_name, member=wanted.member)


def _check_there(data: "StubData", job: Job, member: str, name: str) -> None:
    start = job.schedule.window_start
    day = start.astimezone(ZoneInfo(ZONE)).date().isoformat() if start else ""
    said = data.roster.days.get((member, day))
    if said is not None and not said.hours:
        raise CrewUnavailable(f"{name} is off on {day}.")


def _check_free(data: "StubData", job: Job, name: str, **whose: str) -> None:
    mine = _planned(job)
    others = [data.jobs[each.job_id] for each in engagements(data, **whose)]
    theirs = [_planned(other) for other in others if other.job_id != job.job_id]
    taken = mine and obstacles_to(mine, [each for each in theirs if each])
    if taken:
        names = ", ".join(data.jobs[each.job_id].customer.name for each in taken)
        raise CrewTaken(f"{name} is already on {names} then.")


def _planned(job: Job) -> PlannedJob | None:
    span = window_of(job)
    return span and PlannedJob(job.job_id, *span, timedelta(minutes=job.duration_minutes))
