"""Checks the crew and the truck of every edit before it is stored, wherever the edit comes from.

    everyone on the roster, in that role? ─ available all that time? ─ do their jobs fit?

The last check is made by reserving them: see `functions/people/reserve.py`. A dispatcher may
override the last two, with a reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from events import JobEditRequested
from functions.people.accounts import Account, Accounts
from functions.people.reserve import Reserve
from functions.people.roster import Days, Reservations, Roster
from functions.protocol.ports import Jobs, Tenants
from statemachine.flows import Flow, load_flow
from statemachine.job.bounds import LONGEST_WINDOW
from statemachine.job.job import Assigned, Job
from statemachine.rules.edits import CrewOff, CrewUnavailable
from statemachine.schedule.reservations import has_ended, needs_of, window_of
from statemachine.schedule.roster import Span, covers, dates_of, day_text
from statemachine.values.values import YEARS

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

        Raises CrewUnavailable, CrewOff or CrewTaken with the reason, and Conflict or Unavailable
        if it has to be tried again.
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
            if not has_ended(after, flow) and not request.changes.override:
                self._check_days(after.tenant, newly, span)
            edit = before.version + 1, request.event_id
            self._reserve(needed, before, edit, now, bool(request.changes.override))

    def reserve_again(self, job: Job, now: datetime) -> None:
        """Reserves everything that the job needs as it is, for a job that was imported.

        Raises CrewTaken if it does not fit with their other jobs: then a person has to choose.
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
                raise CrewOff(
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

    @property
    def _reserve(self) -> Reserve:
        return Reserve(self.reservations, self.jobs)


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
