"""The roster for planners: who can be put on a job and when, and what each is already on."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from functions.api.dependencies import Api
from functions.api.jobs import read_jobs
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import DaysQuery
from functions.api.response_models import AssignedJob, CrewDocument, CrewMember, TruckDocument
from functions.api.responses import ApiResponse
from functions.people.accounts import Account
from functions.people.crew_location import CrewLocation
from functions.people.roster import Days
from statemachine.flows import load_flow
from statemachine.job.job import CREW_ROLES
from statemachine.schedule.roster import Day, Span, day_of, day_span, overlap
from statemachine.views.views import Card

MOST_DAYS = 62
Dates = tuple[date, date]
"""The first and the last day, both included."""


def list_crew(api: Api, request: ApiRequest) -> ApiResponse:
    """Everyone who can be put on a job and every truck, with the jobs they are on."""
    tenant = request.session.tenant
    zone = ZoneInfo(api.tenants.read(tenant).time_zone)
    dates = _dates(request.query_as(DaysQuery), request.now, zone)
    cards = list(_cards_in(api.boards.latest(tenant).value.jobs.values(), dates, zone))
    days = api.roster.days(tenant, *dates)
    locations = _locations(api, tenant, cards, request.now)
    document = CrewDocument(
        members=tuple(
            _member(each, days, cards).with_(crew_location=locations.get(each.account))
            for each in _crew(api.accounts.all(tenant))
        ),
        trucks=tuple(
            TruckDocument(
                truck=each.truck,
                name=each.name,
                jobs=tuple(_assigned_job(card) for card in cards if card.truck == each.truck),
            )
            for each in api.roster.trucks(tenant)
        ),
        time_zone=zone.key,
        as_of=request.now,
    )
    return ApiResponse(200, document, compress=True)


def set_day(api: Api, request: ApiRequest) -> ApiResponse:
    """Set a member's hours on one day. The jobs they are already on stay as they are."""
    day = request.document(Day)
    api.roster.set_day(request.session.tenant, _known_member(api, request), _date_of(request), day)
    return ApiResponse(204, outcome="day set")


def reset_day(api: Api, request: ApiRequest) -> ApiResponse:
    """Reset a member's day to the default: available all day, in every role."""
    api.roster.reset_day(request.session.tenant, _known_member(api, request), _date_of(request))
    return ApiResponse(204, outcome="day reset")


def _dates(wanted: DaysQuery, now: datetime, zone: ZoneInfo) -> Dates:
    """Raises Problem if the last day is before the first, or more than MOST_DAYS after it."""
    today = now.astimezone(zone).date()
    first = date.fromisoformat(wanted.first) if wanted.first else today
    last = date.fromisoformat(wanted.last) if wanted.last else first + timedelta(1)
    if not timedelta(0) <= last - first < timedelta(MOST_DAYS):
        raise Problem("invalid", f"`last` must follow `first` by less than {MOST_DAYS} days")
    return first, last


def _cards_in(cards: Iterable[Card], dates: Dates, zone: ZoneInfo) -> Iterator[Card]:
    """Jobs with a window on these days, open jobs without a window, and jobs under way.

    Jobs under way count whatever day they were planned for: their crew is at work now.
    """
    span = day_span(dates[0], zone)[0], day_span(dates[1], zone)[1]
    for card in cards:
        if _under_way(card) or _is_in(card, span):
            yield card


def _is_in(card: Card, span: Span) -> bool:
    begin, end = card.schedule.window_start, card.schedule.window_end
    if begin is None:
        return not card.terminal
    return overlap((begin, end), span) if end else span[0] <= begin < span[1]


def _locations(
    api: Api, tenant: str, cards: Iterable[Card], now: datetime
) -> dict[str, CrewLocation]:
    """By member: the last location of the crew whose job is under way."""
    under_way = [card.job_id for card in cards if _under_way(card)]
    jobs = read_jobs(api, tenant, under_way)
    locations = api.share_location.of_all(jobs, now)
    located = sorted(
        (job for job in jobs if job.job_id in locations), key=lambda job: locations[job.job_id].at
    )
    return {each.member: locations[job.job_id] for job in located for each in job.crew}


def _crew(accounts: Iterable[Account]) -> list[Account]:
    able = (each for each in accounts if not (each.disabled or CREW_ROLES.isdisjoint(each.roles)))
    return sorted(able, key=lambda each: each.account)


def _member(account: Account, days: Days, cards: Iterable[Card]) -> CrewMember:
    theirs = days.get(account.account, {})
    return CrewMember(
        member=account.account,
        name=account.name,
        roles=account.roles,
        phone=account.phone,
        email=account.email,
        days={on.isoformat(): theirs[on] for on in sorted(theirs)},
        jobs=tuple(
            _assigned_job(card).with_(role=each.role)
            for card in cards
            for each in card.crew
            if each.member == account.account
        ),
    )


def _assigned_job(card: Card) -> AssignedJob:
    return AssignedJob(
        job_id=card.job_id,
        status=card.status,
        under_way=_under_way(card),
        window_start=card.schedule.window_start,
        window_end=card.schedule.window_end,
        duration_minutes=card.duration_minutes,
    )


def _under_way(card: Card) -> bool:
    return load_flow(card.flow).is_under_way(card.status)


def _known_member(api: Api, request: ApiRequest) -> str:
    """Raises Problem if the member is not on the roster."""
    member = request.parameters["member"]
    if api.accounts.read(request.session.tenant, member) is None:
        raise Problem("unknown-member")
    return member


def _date_of(request: ApiRequest) -> date:
    """Raises Problem if the calendar has no such day."""
    try:
        return day_of(request.parameters["date"])
    except ValueError as error:
        raise Problem("invalid", str(error)) from error
