"""A start that is probably a mistake: days early, or by a driver who is on another job.

Nothing refuses it, because the person may know better: the pages and the command line ask first.
`web/shared/jobs/moves.js` finds the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from statemachine.flows import Move, load_flow
from statemachine.job.job import CrewRole, Schedule
from statemachine.views.views import Card


class CrewMemberSeen(Protocol):
    @property
    def role(self) -> CrewRole: ...
    @property
    def member(self) -> str: ...
    @property
    def first_name(self) -> str: ...


class JobSeen(Protocol):
    """What a card has of a job, and a job's own document too."""

    @property
    def job_id(self) -> str: ...
    @property
    def flow(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def crew(self) -> Sequence[CrewMemberSeen]: ...


EARLY = timedelta(hours=3)


@dataclass(frozen=True)
class EarlyStart:
    """The job is planned for a later day of the business."""

    planned: datetime


@dataclass(frozen=True)
class BusyDriver:
    """The driver, by first name, is on the `other` job now."""

    driver: str
    other: Card


def doubt_about(
    move: Move, job: JobSeen, others: Iterable[Card], now: datetime, zone: ZoneInfo
) -> EarlyStart | BusyDriver | None:
    """Why `move` is probably a mistake; None if it begins nothing, or nothing speaks against it."""
    flow = load_flow(job.flow)
    if not flow.status(move.to).under_way or flow.status(job.status).under_way:
        return None
    planned = job.schedule.window_start
    if planned and _is_early(planned, now, zone):
        return EarlyStart(planned)
    driver = next((each for each in job.crew if each.role == "driver"), None)
    if driver is None:
        return None
    busy = (each for each in others if each.job_id != job.job_id and _drives(each, driver.member))
    other = next(busy, None)
    return BusyDriver(driver.first_name, other) if other else None


def _is_early(planned: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """On a later day, and not only because midnight is near."""
    is_later_day = planned.astimezone(zone).date() > now.astimezone(zone).date()
    return is_later_day and planned - now > EARLY


def _drives(card: Card, member: str) -> bool:
    """Whether the member drives on that job, and it is under way."""
    under_way = load_flow(card.flow).status(card.status).under_way
    return under_way and any(c.role == "driver" and c.member == member for c in card.crew)
