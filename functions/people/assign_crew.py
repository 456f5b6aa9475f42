"""Checks the crew and the truck of every edit before it is stored, wherever the edit comes from.

    everyone on the roster, in that role? ─ available all that time? ─ on no other job then?

The last check is made by reserving them: see `statemachine/reservations.py`.
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
    reservations: Reservations
    jobs: Jobs
    tenants: Tenants

    def first_names(self, job: Job) -> Callable[[str], str]:
        """A function from a member to their first name. It raises CrewUnavailable for a member who
        is not on the roster.

        Members already on the job keep the name they have there, even if they have left since.
        """
        known = {each.member: each.first_name for each in job.crew}
        return lambda member: known.get(member) or first_name(self._profile(job.tenant, member))

    def __call__(self, before: Job, after: Job, request: JobEditRequested, now: datetime) -> None:
        """Reserves the members and the truck that `after` has and `before` does not.

        An ended job reserves nothing. Its reservations are asleep in case it is reopened, and they
        block no one.

        Raises CrewUnavailable or CrewTaken with the reason, and Conflict or Unavailable if it has
        to be tried again.
        """
        flow = load_flow(after.flow)
        span, newly = window_of(after), _newly(before, after, flow)
        for assigned in newly:
            _check_role(self._profile(after.tenant, assigned.member), assigned)
        self._check_truck(before, after)
        had = needs_of(before)
        needed = [need for need in needs_of(after) if need not in had]
        if span and (newly or needed):
            _check_span(span)
            if not has_ended(after, flow):
                self._check_days(after.tenant, newly, span)
            self._reserve(needed, before, (before.version + 1, request.event_id), now)

    def reserve_again(self, job: Job, now: datetime) -> None:
        """Reserves everything that the job needs as it is, for a job that was imported.

        Raises CrewTaken if another job has reserved them: then a person has to choose.
        """
        span = window_of(job)
        if span and not has_ended(job, load_flow(job.flow)):
            _check_span(span)
            self._reserve(needs_of(job), job, (job.version, f"again-{job.version}"), now)

    def _check_days(self, tenant: str, newly: Sequence[Assigned], span: Span) -> None:
        zone = ZoneInfo(self.tenants.read(tenant).time_zone)
        dates = dates_of(span, zone)
        days = self.roster.days(tenant, dates[0] - timedelta(1), dates[-1])
        for assigned in newly:
            theirs = days.get(assigned.member, {})
            if not covers(theirs, span, assigned.role, zone):
                when = _days_text(days, assigned.member, dates)
                raise CrewUnavailable(
                    f"{assigned.member} is not available as {assigned.role} for the whole arrival "
                    f"window ({when}); choose someone else, or change their day"
                )

    def _check_truck(self, before: Job, after: Job) -> None:
        truck = after.truck
        if truck and truck != before.truck and self.roster.truck(after.tenant, truck) is None:
            raise CrewUnavailable(f"there is no truck {truck!r}; choose one from the roster")

    def _profile(self, tenant: str, member: str) -> Account:
        account = self.accounts.read(tenant, member)
        if account is None or account.disabled:
            raise CrewUnavailable(f"{member!r} is not on the roster; choose someone who is")
        return account

    def _reserve(
        self, needed: Sequence[BusySpan], before: Job, edit: tuple[int, str], now: datetime
    ) -> None:
        """`edit` is the `rev` that the edit gives the job, and the edit's event id."""
        wanted = [
            (_reservation_of(each, before.job_id, edit, now), sheet)
            for each in needed
            for sheet in each.sheets
        ]
        sheets = self.reservations.read(before.tenant, [sheet for _, sheet in wanted])
        reserved = [
            self._with_reservation(sheet, reservation, before, now)
            for sheet, (reservation, _) in zip(sheets, wanted, strict=True)
        ]
        changed = [new for new, old in zip(reserved, sheets, strict=True) if new is not old]
        if changed:
            self.reservations.write(before.tenant, changed)

    def _with_reservation(
        self, sheet: ReservationSheet, mine: Reservation, before: Job, now: datetime
    ) -> ReservationSheet:
        overlapping = () if has_ended(before, load_flow(before.flow)) else sheet.conflicting(mine)
        gone = [
            each for each in overlapping if self._is_gone(before.tenant, sheet.subject, each, now)
        ]
        return sheet.with_reservation(mine, before, gone)

    def _is_gone(self, tenant: str, subject: str, other: Reservation, now: datetime) -> bool:
        """True if the other reservation is gone for good, False if it is asleep.

        Raises CrewTaken if it is in force, Unavailable if that is not known yet.
        """
        try:
            job = self.jobs.read(tenant, other.job_id).value
        except UnknownJob:  # erased
            return True
        except Corrupt as error:
            raise CrewTaken(
                f"{_label(subject)} may be on job {other.job_id}, which cannot be read now; "
                "choose another until that job is repaired"
            ) from error
        state = reservation_state(other, subject, job, load_flow(job.flow), now)
        if state == "active":
            raise CrewTaken(
                f"{_label(subject)} is on job {other.job_id} at that time; choose another, "
                "or change one of the two jobs"
            )
        if state == "pending":
            raise Unavailable(f"{_label(subject)} is just being put on job {other.job_id}")
        return state == "stale"


def first_name(account: Account) -> str:
    words = account.name.split() or [account.account.title()]
    return words[0][:LONGEST_FIRST_NAME]


def _check_span(span: Span) -> None:
    if not {span[0].year, span[1].year} <= set(YEARS):
        raise CrewUnavailable("the year is out of range; correct the arrival window")
    if span[1] <= span[0]:
        raise CrewUnavailable("the arrival window ends before it begins; correct it")
    if span[1] - span[0] > LONGEST_WINDOW:
        days = LONGEST_WINDOW.days
        raise CrewUnavailable(f"the arrival window is longer than {days} days; shorten it")


def _newly(before: Job, after: Job, flow: Flow) -> list[Assigned]:
    """Members to check: those new on the job or in their role; all of them for a new window."""
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


def _days_text(days: Days, member: str, dates: Sequence[date]) -> str:
    theirs = days.get(member, {})
    lines = (f"{day.isoformat()}: {day_text(theirs[day])}" for day in dates if day in theirs)
    return "; ".join(lines)


def _reservation_of(
    needed: BusySpan, job_id: str, edit: tuple[int, str], now: datetime
) -> Reservation:
    version, event_id = edit
    return Reservation(
        job_id=job_id,
        version=version,
        event_id=event_id,
        begin=needed.begin,
        end=needed.end,
        reserved_at=now,
    )


def _label(subject: str) -> str:
    kind, _, name = subject.partition(":")
    return name if kind == "member" else f"truck {name}"
