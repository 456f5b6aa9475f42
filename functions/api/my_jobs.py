"""The jobs that the signed-in account is on, today and tomorrow, for a crew's phone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from functions.api.board import cards_of
from functions.api.dependencies import Api
from functions.api.jobs import read_jobs
from functions.api.request import ApiRequest
from functions.api.response_models import MyJobsDocument
from functions.api.responses import ApiResponse, job_document, works_on
from statemachine.job.job import Job
from statemachine.schedule.roster import day_span
from statemachine.views.views import Card


def list_my_jobs(api: Api, request: ApiRequest) -> ApiResponse:
    """The jobs of today and tomorrow, and those left open from earlier days."""
    session, now = request.session, request.now
    zone = ZoneInfo(api.tenants.read(session.tenant).time_zone)
    cards = cards_of(session, api.boards.latest(session.tenant).value.jobs.values())
    current = [card.job_id for card in cards if _is_current(card, now, zone)]
    mine = [job for job in read_jobs(api, session.tenant, current) if works_on(session, job)]
    document = MyJobsDocument(
        account=session.account.account,
        jobs=tuple(job_document(job, session, None) for job in sorted(mine, key=_by_window)),
        trucks=_truck_names(api, session.tenant, {job.truck for job in mine if job.truck}),
        time_zone=zone.key,
        as_of=now,
    )
    return ApiResponse(200, document)


def _truck_names(api: Api, tenant: str, trucks: set[str]) -> dict[str, str]:
    if not trucks:
        return {}
    return {each.truck: each.name for each in api.roster.trucks(tenant) if each.truck in trucks}


def _is_current(card: Card, now: datetime, zone: ZoneInfo) -> bool:
    """An open job that begins tomorrow at the latest, or a job that ended today."""
    today = now.astimezone(zone).date()
    if card.terminal:
        return card.entered_at >= day_span(today, zone)[0]
    begin = card.schedule.window_start
    return begin is None or begin < day_span(today + timedelta(1), zone)[1]


def _by_window(job: Job) -> tuple[bool, float, str]:
    begin = job.schedule.window_start
    return begin is None, begin.timestamp() if begin else 0.0, job.job_id
