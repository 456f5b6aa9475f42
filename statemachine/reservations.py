"""Claims: who and which truck is spoken for, so that no one is put on two jobs at one time.

The job object is the truth; the claims are the lock in front of it. A sheet has the claims on one
member or truck for one day, and is only ever replaced by the next version of itself.

    edit of job A   read A at v6 ── claim maria, for A at v7 ── PUT A If-Match(6) → 200
    edit of job B   read B at v3 ── maria is claimed for A: look at A
                       A is at v7 or higher   A itself says whether it has maria: refuse, or take
                       A is still at v6       its edit is on its way: wait, look again
                       … for two minutes         no one lives so long: it has died, take her

A claim still_needs the `version` that the job gets with it. From that `version` on, the claim says nothing any
more that the job does not say itself: an edit that lost its race, a job that has ended or was
moved to another day leave claims that stop no one. So nothing has to be taken back, and a crash
between claim and commit blocks for two minutes at most.

The claim of a job that has ended is asleep: it stops no one, and stays, for a move that brings the
job back claims nothing. A sheet has no more than two claims for each job that needs_of its subject.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from statemachine.flows import Flow
from statemachine.job import Job
from statemachine.roster import Date, Span, dates_of, overlap
from statemachine.values import EventId, Frozen, JobId, Utc

ABANDONED_AFTER = timedelta(minutes=2)
"""No function runs this long, so a claim this old whose job was not written has no writer left."""

Subject = Annotated[str, Field(pattern=r"^(member|truck):[a-z][a-z0-9_]{0,39}$")]
"""Who or what is claimed: `member:maria`, `truck:t1`."""


class BusySpan(Frozen):
    """A member or a truck, and when a job needs them."""

    subject: Subject
    begin: Utc
    end: Utc

    @property
    def span(self) -> Span:
        return self.begin, self.end

    @property
    def sheets(self) -> tuple[tuple[Subject, Date], ...]:
        """The sheets it stands on. Their days are UTC's, whatever clock the business goes by."""
        days = dates_of(self.span, UTC)
        return tuple((self.subject, day.isoformat()) for day in days)


class Reservation(Frozen):
    job_id: JobId
    version: Annotated[int, Field(ge=1)]
    """The job's version once this reservation's edit is committed."""
    event_id: EventId
    begin: Utc
    end: Utc
    reserved_at: Utc


class ReservationSheet(Frozen):
    """The claims on one subject for one day. Version 0 is a sheet that is not stored yet."""

    subject: Subject
    day: Date
    version: Annotated[int, Field(ge=0)] = 0
    reservations: tuple[Reservation, ...] = ()

    def conflicting(self, wanted: Reservation) -> tuple[Reservation, ...]:
        """Other jobs' claims on the same time."""
        span = wanted.begin, wanted.end
        others = (claim for claim in self.reservations if claim.job_id != wanted.job_id)
        return tuple(claim for claim in others if overlap(span, (claim.begin, claim.end)))

    def with_reservation(
        self, mine: Reservation, before: Job, gone: Collection[Reservation]
    ) -> "ReservationSheet":
        """The next version, with `mine` and without what is `gone`; this one if it has it all.

        Of the same job stay those that are still to be committed, and the one that `before` rests
        on: it counts until this edit is committed, and if it never is.
        """
        if mine in self.reservations and not gone:
            return self
        kept = (
            claim
            for claim in self.reservations
            if claim not in gone and _may_count(claim, mine, before, self.subject)
        )
        return self.with_(version=self.version + 1, reservations=(*kept, mine))


def _may_count(claim: Reservation, mine: Reservation, before: Job, subject: str) -> bool:
    if claim.job_id != mine.job_id:
        return True
    if (claim.version, claim.event_id) == (mine.version, mine.event_id):
        return False
    return claim.version > before.version or still_needs(before, claim, subject)


def still_needs(job: Job, claim: Reservation, subject: str) -> bool:
    """Whether the job says what the claim says, be it open or ended."""
    return BusySpan(subject=subject, begin=claim.begin, end=claim.end) in needs_of(job)


def needs_of(job: Job) -> tuple[BusySpan, ...]:
    """Whom and what the job still_needs, and for when: it needs them unless it has ended."""
    span = window_of(job)
    if span is None:
        return ()
    members = (f"member:{assigned.member}" for assigned in job.crew)
    trucks = (f"truck:{job.truck}",) if job.truck else ()
    subjects = sorted({*members, *trucks})
    return tuple(BusySpan(subject=who, begin=span[0], end=span[1]) for who in subjects)


def window_of(job: Job) -> Span | None:
    """The arrival window; None while an end of it is open."""
    begin, end = job.schedule.window_start, job.schedule.window_end
    return None if begin is None or end is None else (begin, end)


def has_ended(job: Job, flow: Flow) -> bool:
    return flow.status(job.status).terminal


ReservationState = Literal["active", "dormant", "pending", "stale"]


def reservation_state(
    claim: Reservation, subject: str, job: Job, flow: Flow, now: datetime
) -> ReservationState:
    """What a claim is worth, by its job as it is now."""
    if job.version < claim.version:
        return "pending" if now - claim.reserved_at < ABANDONED_AFTER else "stale"
    if not still_needs(job, claim, subject):
        return "stale"
    return "dormant" if has_ended(job, flow) else "active"
