"""Reservations of members and trucks, so that no one gets more jobs than they can do.

The job object is the truth; the reservations are the lock in front of it. A sheet has the
reservations of one member or truck for one day. It is only ever replaced by its next version.

    edit of job A   read A v6 ── reserve maria for A v7 ── PUT A If-Match(v6) → 200
    edit of job B   read B v3 ── A and B do not fit for maria: look at A
                        A is at v7 or higher     A itself says whether it has maria: refuse or take
                        A is still at v6         its edit is in progress: wait, look again
                        … for two minutes        no function runs so long: it has died, take her

A reservation names the `version` that the job gets with it. From that version on, only the job
itself counts: an edit that lost its race, or a job that has ended or was moved to another day,
leaves reservations that stop no one. So nothing has to be released, and a crash between
reservation and commit blocks for two minutes at most.

Whether jobs fit is the rule of `statemachine/schedule/fit.py`. A job that may still go on when
another can begin can get into its way, and so on: an edit judges the whole chain, and replaces
every sheet that the chain touches, so that of two edits at either end of it one has to look again.

The reservation of a job that has ended is dormant: it stops no one, but it stays, because a move
that brings the job back reserves nothing. A sheet has at most two reservations for each job that
needs its subject.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from statemachine.flows import Flow
from statemachine.job.job import USUAL_DURATION, DurationMinutes, Job
from statemachine.schedule.fit import PlannedJob
from statemachine.schedule.roster import Date, Span, dates_of
from statemachine.values.values import EventId, Frozen, JobId, Utc

ABANDONED_AFTER = timedelta(minutes=2)
"""No function runs this long: if the job is not written by then, it never will be."""

Subject = Annotated[str, Field(pattern=r"^(member|truck):[a-z][a-z0-9_]{0,39}$")]
"""Who or what is reserved: `member:maria`, `truck:t1`."""


class Need(Frozen):
    """A member or a truck that a job needs, with its window and duration."""

    subject: Subject
    begin: Utc
    end: Utc
    duration_minutes: DurationMinutes = USUAL_DURATION


class Reservation(Frozen):
    job_id: JobId
    version: Annotated[int, Field(ge=1)]
    """The job's version once this reservation's edit is committed."""
    event_id: EventId
    begin: Utc
    end: Utc
    duration_minutes: DurationMinutes = USUAL_DURATION
    reserved_at: Utc

    @property
    def planned(self) -> PlannedJob:
        duration = timedelta(minutes=self.duration_minutes)
        return PlannedJob(self.job_id, self.begin, self.end, duration)

    @property
    def days(self) -> tuple[Date, ...]:
        """The days whose sheets have it: UTC days, whatever the time zone of the business."""
        return days_of(self.begin, self.planned.over)


class ReservationSheet(Frozen):
    """The reservations of one subject for one day. Version 0 is not stored yet."""

    subject: Subject
    day: Date
    version: Annotated[int, Field(ge=0)] = 0
    reservations: tuple[Reservation, ...] = ()

    def with_reservation(
        self, mine: Reservation, before: Job, stale: Collection[Reservation]
    ) -> "ReservationSheet":
        """The next version, with `mine` if it is of this day, and without `stale`; this one if
        nothing changes.

        Of the same job it keeps those that are not committed yet and the one that `before` needs,
        which counts until this edit is committed.
        """
        if mine in self.reservations and not stale:
            return self
        kept = (
            each
            for each in self.reservations
            if each not in stale and _may_count(each, mine, before, self.subject)
        )
        added = (mine,) if self.day in mine.days else ()
        return self.with_(version=self.version + 1, reservations=(*kept, *added))


def _may_count(reservation: Reservation, mine: Reservation, before: Job, subject: str) -> bool:
    if reservation.job_id != mine.job_id:
        return True
    if (reservation.version, reservation.event_id) == (mine.version, mine.event_id):
        return False
    return reservation.version > before.version or still_needs(before, reservation, subject)


def still_needs(job: Job, reservation: Reservation, subject: str) -> bool:
    """Whether the job, open or ended, has what the reservation is for."""
    need = Need(
        subject=subject,
        begin=reservation.begin,
        end=reservation.end,
        duration_minutes=reservation.duration_minutes,
    )
    return need in needs_of(job)


def needs_of(job: Job) -> tuple[Need, ...]:
    """The members and trucks that the job needs; none without an arrival window."""
    span = window_of(job)
    if span is None:
        return ()
    members = (f"member:{assigned.member}" for assigned in job.crew)
    trucks = (f"truck:{job.truck}",) if job.truck else ()
    subjects = sorted({*members, *trucks})
    return tuple(
        Need(subject=subject, begin=span[0], end=span[1], duration_minutes=job.duration_minutes)
        for subject in subjects
    )


def days_of(begin: datetime, over: datetime) -> tuple[Date, ...]:
    return tuple(day.isoformat() for day in dates_of((begin, over), UTC))


def chain_of(mine: Reservation, others: Iterable[Reservation]) -> tuple[Date, ...]:
    """The days of all the reservations that can get into its way, directly or through others."""
    begin, over = mine.begin, mine.planned.over
    left = list(others)
    while near := [each for each in left if each.begin < over and begin < each.planned.over]:
        begin = min(begin, *(each.begin for each in near))
        over = max(over, *(each.planned.over for each in near))
        left = [each for each in left if each not in near]
    return days_of(begin, over)


def window_of(job: Job) -> Span | None:
    """The arrival window; None unless both ends are set."""
    begin, end = job.schedule.window_start, job.schedule.window_end
    return None if begin is None or end is None else (begin, end)


def has_ended(job: Job, flow: Flow) -> bool:
    return flow.status(job.status).terminal


ReservationState = Literal["active", "dormant", "pending", "stale"]


def reservation_state(
    reservation: Reservation, subject: str, job: Job, flow: Flow, now: datetime
) -> ReservationState:
    """Whether a reservation counts, by its job as it is now."""
    if job.version < reservation.version:
        return "pending" if now - reservation.reserved_at < ABANDONED_AFTER else "stale"
    if not still_needs(job, reservation, subject):
        return "stale"
    return "dormant" if has_ended(job, flow) else "active"
