"""Who may be put on a job: asked in the middle of every edit, wherever it comes from.

    is everybody on the roster, in that role? ─ there all that time? ─ on no other job then?

The last question is asked by claiming them: see `statemachine/reservations.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from events import JobEditRequested
from functions.people.accounts import Account, Accounts
from functions.people.roster import Days, Reservations, Roster
from functions.protocol.ports import Corrupt, Jobs, Tenants, Unavailable, UnknownJob
from statemachine.bounds import LONGEST_WINDOW
from statemachine.edits import CrewTaken, CrewUnavailable
from statemachine.flows import Flow, load_flow
from statemachine.job import Assigned, Job
from statemachine.reservations import (
    BusySpan,
    Reservation,
    ReservationSheet,
    has_ended,
    needs_of,
    reservation_state,
    window_of,
)
from statemachine.roster import Span, covers, dates_of, day_text
from statemachine.values import YEARS

LONGEST_FIRST_NAME = 40


@dataclass(frozen=True)
class AssignCrew:
    accounts: Accounts
    roster: Roster
    claims: Reservations
    jobs: Jobs
    tenants: Tenants

    def first_names(self, job: Job) -> Callable[[str], str]:
        """Tells what a member is called. Raises CrewUnavailable for who is not on the roster.

        Who is on the job keeps their name there, also when they have left since.
        """
        known = {each.member: each.first_name for each in job.crew}
        return lambda member: known.get(member) or first_name(self._profile(job.tenant, member))

    def __call__(self, before: Job, after: Job, request: JobEditRequested, now: datetime) -> None:
        """Reservations whom and what `after` names more than `before`. A job that has ended needs no one:
        its claims are asleep, for the day it is brought back, and no one has to be free for them.

        Raises CrewUnavailable or CrewTaken with the reason; Conflict and Unavailable where it has
        to be asked again.
        """
        flow = load_flow(after.flow)
        span, newly = window_of(after), _newly(before, after, flow)
        for assigned in newly:
            _check_role(self._profile(after.tenant, assigned.member), assigned)
        self._check_truck(before, after)
        had = needs_of(before)
        for_new = [needed for needed in needs_of(after) if needed not in had]
        if span and (newly or for_new):
            _check_span(span)
            if not has_ended(after, flow):
                self._check_days(after.tenant, newly, span)
            self._claim(for_new, before, (before.version + 1, request.event_id), now)

    def reserve_again(self, job: Job, now: datetime) -> None:
        """Reservations whatever the job needs as it is: for one that was brought from elsewhere.

        Raises CrewTaken where another job has them too: then a person has to choose.
        """
        span = window_of(job)
        if span and not has_ended(job, load_flow(job.flow)):
            _check_span(span)
            self._claim(needs_of(job), job, (job.version, f"again-{job.version}"), now)

    def _check_days(self, tenant: str, newly: Sequence[Assigned], span: Span) -> None:
        zone = ZoneInfo(self.tenants.read(tenant).time_zone)
        dates = dates_of(span, zone)
        days = self.roster.days(tenant, dates[0] - timedelta(1), dates[-1])
        for assigned in newly:
            theirs = days.get(assigned.member, {})
            if not covers(theirs, span, assigned.role, zone):
                when = _said_about(days, assigned.member, dates)
                raise CrewUnavailable(
                    f"{assigned.member} is not there as {assigned.role} for the whole arrival "
                    f"window ({when}); choose someone else, or change their day"
                )

    def _check_truck(self, before: Job, after: Job) -> None:
        truck = after.truck
        if truck and truck != before.truck and self.roster.truck(after.tenant, truck) is None:
            raise CrewUnavailable(f"there is no truck {truck!r}; choose one of the roster's")

    def _profile(self, tenant: str, member: str) -> Account:
        account = self.accounts.read(tenant, member)
        if account is None or account.disabled:
            raise CrewUnavailable(f"{member!r} is not on the roster; choose someone who is")
        return account

    def _claim(
        self, needed: Sequence[BusySpan], before: Job, edit: tuple[int, str], now: datetime
    ) -> None:
        """`edit` is the `version` that the job gets by it, and its event id."""
        claims = [
            (_claim_of(each, before.job_id, edit, now), sheet)
            for each in needed
            for sheet in each.sheets
        ]
        sheets = self.claims.read(before.tenant, [sheet for _, sheet in claims])
        claimed = [
            self._claimed(sheet, claim, before, now)
            for sheet, (claim, _) in zip(sheets, claims, strict=True)
        ]
        changed = [new for new, old in zip(claimed, sheets, strict=True) if new is not old]
        if changed:
            self.claims.write(before.tenant, changed)

    def _claimed(
        self, sheet: ReservationSheet, mine: Reservation, before: Job, now: datetime
    ) -> ReservationSheet:
        met = () if has_ended(before, load_flow(before.flow)) else sheet.conflicting(mine)
        gone = [claim for claim in met if self._is_gone(before.tenant, sheet.subject, claim, now)]
        return sheet.with_reservation(mine, before, gone)

    def _is_gone(self, tenant: str, subject: str, claim: Reservation, now: datetime) -> bool:
        """Gone for good, or only asleep.

        Raises CrewTaken where the claim stands, Unavailable where that is not known yet.
        """
        try:
            job = self.jobs.read(tenant, claim.job_id).value
        except UnknownJob:  # erased
            return True
        except Corrupt as error:
            raise CrewTaken(
                f"{_spoken(subject)} may be on job {claim.job_id}, which cannot be read now; "
                "choose another until that job is repaired"
            ) from error
        worth = reservation_state(claim, subject, job, load_flow(job.flow), now)
        if worth == "active":
            raise CrewTaken(
                f"{_spoken(subject)} is on job {claim.job_id} at that time; choose another, "
                "or change one of the two"
            )
        if worth == "pending":
            raise Unavailable(f"{_spoken(subject)} is just being put on job {claim.job_id}")
        return worth == "stale"


def first_name(account: Account) -> str:
    words = account.name.split() or [account.account.title()]
    return words[0][:LONGEST_FIRST_NAME]


def _check_span(span: Span) -> None:
    if not {span[0].year, span[1].year} <= set(YEARS):
        raise CrewUnavailable("no one plans for such a year; correct the arrival window")
    if span[1] <= span[0]:
        raise CrewUnavailable("the arrival window ends before it begins; no one can be there then")
    if span[1] - span[0] > LONGEST_WINDOW:
        days = LONGEST_WINDOW.days
        raise CrewUnavailable(f"no one is held for more than {days} days; narrow the window")


def _newly(before: Job, after: Job, flow: Flow) -> list[Assigned]:
    """Who is on the job again, in that role or for that window."""
    span = window_of(after)
    if span and span != window_of(before) and not has_ended(after, flow):
        return list(after.crew)
    known = {(each.role, each.member) for each in before.crew}
    return [each for each in after.crew if (each.role, each.member) not in known]


def _check_role(account: Account, wanted: Assigned) -> None:
    if wanted.role not in account.roles:
        may = ", ".join(account.roles)
        raise CrewUnavailable(
            f"{wanted.member} may not be {wanted.role}, only {may}; choose someone else"
        )


def _said_about(days: Days, member: str, dates: Sequence[date]) -> str:
    theirs = days.get(member, {})
    lines = (f"{day.isoformat()}: {day_text(theirs[day])}" for day in dates if day in theirs)
    return "; ".join(lines)


def _claim_of(needed: BusySpan, job_id: str, edit: tuple[int, str], now: datetime) -> Reservation:
    version, event_id = edit
    return Reservation(
        job_id=job_id,
        version=version,
        event_id=event_id,
        begin=needed.begin,
        end=needed.end,
        reserved_at=now,
    )


def _spoken(subject: str) -> str:
    kind, _, name = subject.partition(":")
    return name if kind == "member" else f"truck {name}"
