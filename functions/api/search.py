"""Searching all jobs there ever were, with the index; and the customers that its jobs name."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import JobsQuery
from functions.api.response_models import JobsDocument
from functions.api.responses import ApiResponse, sees_all
from functions.people.sessions import Session
from functions.views.find_jobs import find_jobs
from statemachine.history.job_search import Question, phone_in
from statemachine.values.values import JOB_ID_PATTERN

MOST_FOUND = 100
"""In one response."""


def search_jobs(api: Api, request: ApiRequest, wanted: JobsQuery) -> ApiResponse:
    """One page of all jobs that fit, the latest first. Crew find only the jobs they are on."""
    tenant = request.session.tenant
    zone = ZoneInfo(api.tenants.read(tenant).time_zone)
    question = visible_to(request.session, question_of(wanted, zone))
    most = min(wanted.limit, MOST_FOUND)
    found = find_jobs(api.index, tenant, question, most, wanted.after)
    document = JobsDocument(
        jobs={entry.job_id: entry.card() for entry in found.entries},
        next=found.following,
        as_of=request.now,
    )
    return ApiResponse(200, document, compress=True)


def question_of(wanted: JobsQuery, zone: ZoneInfo) -> Question:
    """What is typed into one field may be words, a job's id, or a phone number."""
    typed = (wanted.q or "").strip()
    is_id = re.fullmatch(JOB_ID_PATTERN, typed.lower(), re.ASCII) is not None
    number = "" if is_id else phone_in(typed)
    return Question(
        job_id=typed.lower() if is_id else None,
        words="" if is_id or number else typed,
        since=begin_of(wanted.first, zone) if wanted.first else None,
        until=begin_of(wanted.last, zone, days=1) if wanted.last else None,
        statuses=tuple(wanted.status.split(",")) if wanted.status else (),
        flow=wanted.flow,
        crew=wanted.crew,
        truck=wanted.truck,
        price_from=wanted.price_from,
        price_to=wanted.price_to,
        paid=wanted.paid,
        load_size=wanted.load_size,
        method=wanted.method,
        on_time=wanted.on_time,
        failed=wanted.failed,
        cancelled_for=wanted.cancelled_for or "",
        failed_for=wanted.failed_for or "",
        left=tuple(wanted.left.split(",")) if wanted.left else (),
        phone=wanted.phone or (typed if number else ""),
        customer=wanted.customer or "",
        address=wanted.address or "",
        load=wanted.load or "",
    )


def visible_to(session: Session, question: Question) -> Question:
    """The question for the jobs that the account may see. Raises Problem."""
    if sees_all(session):
        return question
    if question.crew not in (None, session.account.account):
        raise Problem("not-allowed")
    return question.with_(crew=session.account.account)


def begin_of(day: str, zone: ZoneInfo, days: int = 0) -> datetime:
    """When that day begins by the business's clock, or a day so much later."""
    return datetime.combine(date.fromisoformat(day) + timedelta(days), time(0), zone)
