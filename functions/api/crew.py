"""The crew: who can be put on a job and when, and what each of them has to do today."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from functions.api.crew_models import (
    CrewDocument,
    CrewMember,
    DaysQuery,
    Engagement,
    MyJobsDocument,
    TruckDocument,
)
from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, job_document, works_on
from functions.people.accounts import Account
from functions.people.crew_location import CrewLocation
from functions.people.roster import Days
from statemachine.flows import load_flow
from statemachine.job import CREW_ROLES, Job
from statemachine.roster import Day, Span, day_of, day_span, overlap
from statemachine.views import Card

MOST_DAYS = 62
Dates = tuple[date, date]
"""The first and the last of some days."""


def show_crew(api: Api, ask: ApiRequest) -> ApiResponse:
    """Everybody who can be put on a job and every truck, with what they are on."""
    tenant = ask.who.tenant
    zone = ZoneInfo(api.tenants.read(tenant).time_zone)
    dates = _dates(ask.parameters_as(DaysQuery), ask.now, zone)
    cards = list(_cards_in(api.boards.latest(tenant).value.jobs.values(), dates, zone))
    days, seen = api.roster.days(tenant, *dates), _seen(api, tenant, cards, ask.now)
    document = CrewDocument(
        members=tuple(
            _member(each, days, cards).with_(crew_location=seen.get(each.account))
            for each in _crew(api.accounts.all(tenant))
        ),
        trucks=tuple(
            TruckDocument(
                truck=each.truck,
                name=each.name,
                jobs=tuple(_engagement(card) for card in cards if card.truck == each.truck),
            )
            for each in api.roster.trucks(tenant)
        ),
        time_zone=zone.key,
        as_of=ask.now,
    )
    return ApiResponse(200, document, compress=True)


def set_day(api: Api, ask: ApiRequest) -> ApiResponse:
    """When someone is there on one day. Jobs that they are on already stay as they are."""
    day = ask.document(Day)
    api.roster.set_day(ask.who.tenant, _known_member(api, ask), _date_of(ask), day)
    return ApiResponse(204, outcome="day set")


def forget_day(api: Api, ask: ApiRequest) -> ApiResponse:
    """There all day again, in every role."""
    api.roster.forget_day(ask.who.tenant, _known_member(api, ask), _date_of(ask))
    return ApiResponse(204, outcome="day forgotten")


def my_jobs(api: Api, ask: ApiRequest) -> ApiResponse:
    """What whoever asks is on today and tomorrow, and whatever is left from earlier days."""
    zone = ZoneInfo(api.tenants.read(ask.who.tenant).time_zone)
    cards = api.crews.cards_of(ask.who, api.boards.latest(ask.who.tenant).value.jobs.values())
    wanted = [card.job_id for card in cards if _concerns(card, ask.now, zone)]
    mine = [job for job in api.crews.jobs_of(ask.who.tenant, wanted) if works_on(ask.who, job)]
    document = MyJobsDocument(
        account=ask.who.account.account,
        jobs=tuple(job_document(job, ask.who, None) for job in sorted(mine, key=_by_window)),
        trucks=_names_of({job.truck for job in mine if job.truck}, api, ask),
        time_zone=zone.key,
        as_of=ask.now,
    )
    return ApiResponse(200, document)


def _names_of(trucks: set[str], api: Api, ask: ApiRequest) -> dict[str, str]:
    if not trucks:
        return {}
    known = api.roster.trucks(ask.who.tenant)
    return {each.truck: each.name for each in known if each.truck in trucks}


def _dates(wanted: DaysQuery, now: datetime, zone: ZoneInfo) -> Dates:
    """Raises Problem where the last day comes before the first, or long after."""
    today = now.astimezone(zone).date()
    first = date.fromisoformat(wanted.first) if wanted.first else today
    last = date.fromisoformat(wanted.last) if wanted.last else first + timedelta(1)
    if not timedelta(0) <= last - first < timedelta(MOST_DAYS):
        raise Problem("invalid", f"`last` comes after `first`, by {MOST_DAYS} days at most")
    return first, last


def _cards_in(cards: Iterable[Card], dates: Dates, zone: ZoneInfo) -> Iterator[Card]:
    """Those with a window on these days, open ones without any window, and, whenever they were
    planned, those under way: their crew is at work now.
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


def _seen(api: Api, tenant: str, cards: Iterable[Card], now: datetime) -> dict[str, CrewLocation]:
    """By member, where the crew of the job was last seen that they are at work on."""
    working = [card.job_id for card in cards if _under_way(card)]
    jobs = api.crews.jobs_of(tenant, working)
    places = api.share_location.of_all(jobs, now)
    with_place = sorted(
        (job for job in jobs if job.job_id in places), key=lambda job: places[job.job_id].at
    )
    return {each.member: places[job.job_id] for job in with_place for each in job.crew}


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
            _engagement(card).with_(role=each.role)
            for card in cards
            for each in card.crew
            if each.member == account.account
        ),
    )


def _engagement(card: Card) -> Engagement:
    return Engagement(
        job_id=card.job_id,
        status=card.status,
        under_way=_under_way(card),
        window_start=card.schedule.window_start,
        window_end=card.schedule.window_end,
    )


def _under_way(card: Card) -> bool:
    return load_flow(card.flow).is_under_way(card.status)


def _known_member(api: Api, ask: ApiRequest) -> str:
    """Raises Problem."""
    member = ask.parameters["member"]
    if api.accounts.read(ask.who.tenant, member) is None:
        raise Problem("unknown-member")
    return member


def _date_of(ask: ApiRequest) -> date:
    """Raises Problem for a day that is in no calendar."""
    try:
        return day_of(ask.parameters["date"])
    except ValueError as error:
        raise Problem("invalid", str(error)) from error


def _concerns(card: Card, now: datetime, zone: ZoneInfo) -> bool:
    """An open job whose day is not later than tomorrow, or one that ended today."""
    today = now.astimezone(zone).date()
    if card.terminal:
        return card.entered_at >= day_span(today, zone)[0]
    begin = card.schedule.window_start
    return begin is None or begin < day_span(today + timedelta(1), zone)[1]


def _by_window(job: Job) -> tuple[bool, float, str]:
    begin = job.schedule.window_start
    return begin is None, begin.timestamp() if begin else 0.0, job.job_id
