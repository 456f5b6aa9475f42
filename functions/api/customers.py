"""Customers for dispatchers: found by phone while they type, and the customer of one job."""

from collections.abc import Iterable, Sequence

from functions.api.customer_models import (
    CustomerDocument,
    CustomersDocument,
    CustomersQuery,
    OfficeNote,
)
from functions.api.dependencies import Api
from functions.api.jobs import read_jobs, visible_job
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.protocol.ports import UnknownJob
from functions.views.find_jobs import find_jobs
from statemachine.history.customers import CustomerSummary, customers_in
from statemachine.history.job_search import Entry, Question
from statemachine.job.job import Job

MOST_CUSTOMERS = 5
MOST_JOBS = 100
"""Of one customer, or of all that a phone number may belong to: the latest."""
JOBS_WITH_NOTES, MOST_NOTES = 3, 5
"""Notes are read from so many of the latest jobs, so many in all."""
SHOWN_JOBS = 10


def find_customers(api: Api, request: ApiRequest) -> ApiResponse:
    """The customers whose number is `phone`, or begins or ends so; those with the latest jobs."""
    wanted = request.query_as(CustomersQuery)
    entries = _entries(api, request, Question(phone=wanted.phone))
    found = customers_in(entries)[:MOST_CUSTOMERS]
    documents = tuple(_document(api, request, *each) for each in found)
    return ApiResponse(200, CustomersDocument(customers=documents))


def customer_of_job(api: Api, request: ApiRequest) -> ApiResponse:
    """The customer of one job, by the phone number that the job has now, with all their jobs."""
    job = visible_job(api, request)
    phone = job.customer.phone
    question = Question(phone=phone) if phone else Question(job_id=job.job_id)
    found = customers_in(_entries(api, request, question))
    if not found:
        raise UnknownJob  # the index does not have it yet
    document = _document(api, request, *found[0], most=MOST_JOBS)
    return ApiResponse(200, document, about=(job.tenant, job.job_id))


def _entries(api: Api, request: ApiRequest, question: Question) -> Sequence[Entry]:
    return find_jobs(api.index, request.session.tenant, question, MOST_JOBS).entries


def _document(
    api: Api,
    request: ApiRequest,
    summary: CustomerSummary,
    entries: Sequence[Entry],
    most: int = SHOWN_JOBS,
) -> CustomerDocument:
    latest = [entry.job_id for entry in entries[:JOBS_WITH_NOTES]]
    return CustomerDocument(
        **summary.__dict__,
        latest=tuple(entry.card() for entry in entries[:most]),
        notes=tuple(notes_of(read_jobs(api, request.session.tenant, latest)))[:MOST_NOTES],
    )


def notes_of(jobs: Iterable[Job]) -> Iterable[OfficeNote]:
    """What the office wrote on the jobs, the latest first, without what was to be hauled."""
    for job in jobs:
        for note in reversed(job.notes):
            if note.actor.kind == "dispatcher" and note.event_id != job.event_id:
                yield OfficeNote(job_id=job.job_id, text=note.text, recorded_at=note.recorded_at)
