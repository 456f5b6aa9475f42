"""The jobs that the signed-in account is on, today and tomorrow, for a crew's phone."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from functions.api.board import cards_of
from functions.api.crew_models import MyJobsDocument, OfficeTextEntry
from functions.api.dependencies import Api
from functions.api.jobs import read_jobs
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, job_document, works_on
from functions.messages.phone_numbers import digest_of
from functions.protocol.ports import Corrupt
from functions.protocol.read_each import READERS
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.messages.conversation import Conversation
from statemachine.schedule.roster import day_span
from statemachine.views.views import Card

MOST_TEXTS = 10


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
        office_texts=_office_texts(api, mine),
        time_zone=zone.key,
        as_of=now,
    )
    return ApiResponse(200, document)


def _truck_names(api: Api, tenant: str, trucks: set[str]) -> dict[str, str]:
    if not trucks:
        return {}
    return {each.truck: each.name for each in api.roster.trucks(tenant) if each.truck in trucks}


def _office_texts(api: Api, jobs: Iterable[Job]) -> dict[str, tuple[OfficeTextEntry, ...]]:
    """By job, without the jobs that have none."""
    of = [job for job in jobs if not load_flow(job.flow).status(job.status).terminal]
    with ThreadPoolExecutor(READERS) as readers:
        texts = zip(of, readers.map(lambda job: _texts_about(api, job), of), strict=True)
        return {job.job_id: found for job, found in texts if found}


def _texts_about(api: Api, job: Job) -> tuple[OfficeTextEntry, ...]:
    """In the conversation with the number that the job has now. One that cannot be read takes no
    job from the list."""
    if job.customer.phone is None:
        return ()
    digest = digest_of(job.tenant, job.customer.phone)
    try:
        stored = api.read_conversation.conversations.read(job.tenant, digest)
    except Corrupt:
        return ()
    return office_texts_about(job, stored.value) if stored else ()


def office_texts_about(job: Job, conversation: Conversation) -> tuple[OfficeTextEntry, ...]:
    """Those that were sent: what may not have reached the customer is for the office to know.

    A customer's text has no state: it is among the notes.
    """
    sent = [
        OfficeTextEntry(text=each.text, at=each.at)
        for each in conversation.messages
        if each.state == "sent" and each.job_id == job.job_id
    ]
    return tuple(sent[-MOST_TEXTS:])


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
