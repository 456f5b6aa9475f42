"""Reserves members and trucks for a job, if the jobs that they then have fit.

    read their sheets ─ do all jobs fit? ─ yes ──────────────────────────────┐
                            └ no: look at the jobs ─ do those in force fit? ─ yes ─ write the sheets
                                                            └ no: CrewTaken

See `statemachine/schedule/reservations.py` for what makes a reservation count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.people.roster import Reservations
from functions.protocol.ports import Jobs, Unavailable, UnknownJob
from functions.protocol.read_each import UNREADABLE, readable_job
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.edits import CrewTaken
from statemachine.schedule.fit import PlannedJob, groups_of, obstacles_to
from statemachine.schedule.reservations import (
    Need,
    Reservation,
    ReservationSheet,
    ReservationState,
    chain_of,
    has_ended,
    reservation_state,
)
from statemachine.schedule.roster import Date

MOST_DAYS = 16
"""Of one chain of reservations. A longer one, of windows of many days, is cut off there: DynamoDB
writes at most 100 items in one transaction."""


@dataclass(frozen=True)
class Reserve:
    reservations: Reservations
    jobs: Jobs

    def __call__(
        self,
        needed: Sequence[Need],
        before: Job,
        edit: tuple[int, str],
        now: datetime,
        override: bool = False,
    ) -> None:
        """`edit` is the `version` that the edit gives the job, and the edit's event id.

        `override`: reserve even what does not fit. Raises CrewTaken, or Conflict or Unavailable if
        it has to be tried again.
        """
        wanted = {each.subject: _reservation_of(each, before.job_id, edit, now) for each in needed}
        changed: list[ReservationSheet] = []
        for subject, sheets in self._sheets(before.tenant, wanted).items():
            mine = wanted[subject]
            others = [each for sheet in sheets for each in sheet.reservations]
            stale = () if override else self._stale(subject, mine, others, before, now)
            new = [sheet.with_reservation(mine, before, stale) for sheet in sheets]
            own = [sheet.day in mine.days for sheet in sheets]
            if any(yes and a is not b for yes, a, b in zip(own, sheets, new, strict=True)):
                changed += new
        if changed:
            self.reservations.write(before.tenant, changed)

    def _sheets(
        self, tenant: str, wanted: dict[str, Reservation]
    ) -> dict[str, list[ReservationSheet]]:
        """By subject: the sheets of every day that the chain of its reservation touches."""
        sheets: dict[tuple[str, Date], ReservationSheet] = {}
        days = {subject: mine.days for subject, mine in wanted.items()}
        while missing := [
            (subject, day)
            for subject, theirs in days.items()
            for day in theirs
            if (subject, day) not in sheets
        ]:
            found = self.reservations.read(tenant, missing)
            sheets |= dict(zip(missing, found, strict=True))
            days = {
                subject: _days(mine, _others(sheets.values(), subject, mine))
                for subject, mine in wanted.items()
            }
        return {
            subject: [sheet for (whose, _), sheet in sorted(sheets.items()) if whose == subject]
            for subject in wanted
        }

    def _stale(
        self,
        subject: str,
        mine: Reservation,
        others: Sequence[Reservation],
        before: Job,
        now: datetime,
    ) -> tuple[Reservation, ...]:
        """The reservations in its way that are gone for good.

        Raises CrewTaken if those in force leave no room, Unavailable if that is not known yet.
        """
        if has_ended(before, load_flow(before.flow)):
            return ()
        theirs = [each for each in others if each.job_id != mine.job_id]
        if not _obstacles(mine, theirs):
            return ()
        near = _in_group(mine, theirs)
        states = [(each, self._state(before.tenant, subject, each, now)) for each in near]
        active = [each for each, state in states if state == "active"]
        if obstacles := _obstacles(mine, active):
            raise CrewTaken(_why_not(subject, obstacles))
        pending = [each for each, state in states if state == "pending"]
        if obstacles := _obstacles(mine, [*active, *pending]):
            raise Unavailable(f"{_label(subject)} is just being put on {_listed(obstacles)}")
        return tuple(each for each, state in states if state == "stale")

    def _state(
        self, tenant: str, subject: str, other: Reservation, now: datetime
    ) -> ReservationState:
        try:
            job = readable_job(self.jobs, tenant, other.job_id)
        except UnknownJob:  # erased
            return "stale"
        except UNREADABLE as error:
            raise CrewTaken(
                f"{_label(subject)} may be on job {other.job_id}, which cannot be read now; "
                "choose another until that job is repaired"
            ) from error
        return reservation_state(other, subject, job, load_flow(job.flow), now)


def _days(mine: Reservation, others: Iterable[Reservation]) -> tuple[Date, ...]:
    return tuple(dict.fromkeys((*mine.days, *chain_of(mine, others))))[:MOST_DAYS]


def _others(
    sheets: Iterable[ReservationSheet], subject: str, mine: Reservation
) -> list[Reservation]:
    return [
        each
        for sheet in sheets
        if sheet.subject == subject
        for each in sheet.reservations
        if each.job_id != mine.job_id
    ]


def _obstacles(mine: Reservation, others: Iterable[Reservation]) -> tuple[PlannedJob, ...]:
    """A reservation of two days is on two sheets, but it is one job."""
    return obstacles_to(mine.planned, dict.fromkeys(each.planned for each in others))


def _in_group(mine: Reservation, others: Sequence[Reservation]) -> list[Reservation]:
    planned = {mine.planned, *(each.planned for each in others)}
    group = next(group for group in groups_of(planned) if mine.planned in group)
    return [each for each in dict.fromkeys(others) if each.planned in group]


def _reservation_of(needed: Need, job_id: str, edit: tuple[int, str], now: datetime) -> Reservation:
    version, event_id = edit
    return Reservation(
        job_id=job_id,
        version=version,
        event_id=event_id,
        begin=needed.begin,
        end=needed.end,
        duration_minutes=needed.duration_minutes,
        reserved_at=now,
    )


def _why_not(subject: str, obstacles: Sequence[PlannedJob]) -> str:
    return (
        f"{_label(subject)} is on {_listed(obstacles)}, and in no order would each job begin "
        "within its window; choose another, or change a window or a duration"
    )


def _listed(jobs: Sequence[PlannedJob]) -> str:
    ids = [each.job_id for each in jobs]
    if len(ids) == 1:
        return f"job {ids[0]}"
    return f"jobs {', '.join(ids[:-1])} and {ids[-1]}"


def _label(subject: str) -> str:
    kind, _, name = subject.partition(":")
    return name if kind == "member" else f"truck {name}"
