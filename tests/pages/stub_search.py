"""Searching all jobs and finding customers, with the real rules on an index in memory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.customer_models import CustomerDocument, CustomersDocument, CustomersQuery
from functions.api.customers import notes_of
from functions.api.problems import Problem
from functions.api.request_models import JobsQuery
from functions.api.response_models import JobsDocument
from functions.api.search import question_of
from functions.views.find_jobs import find_jobs
from functions.views.job_index import IndexJob, JobIndex
from statemachine.history.customers import CustomerSummary, customers_in
from statemachine.history.job_search import Entry, Question
from tests.pages.stub_data import TENANT, StubData, now
from tests.pages.stub_roster import ZONE
from tests.support.fakes import no_pause
from tests.support.index_fakes import FakeJobIndex

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub


def search_routes(stub: "Stub") -> list[Route]:
    async def customers(request: Request) -> Response:
        stub.session(request)
        try:
            wanted = CustomersQuery.model_validate(dict(request.query_params))
        except ValidationError as error:
            raise Problem("invalid") from error
        found = customers_in(_entries(stub.data, Question(phone=wanted.phone)))
        documents = tuple(_document(stub.data, *each) for each in found)
        return _answered(CustomersDocument(customers=documents))

    async def customer(request: Request) -> Response:
        stub.session(request)
        job = stub.data.jobs[request.path_params["job_id"]]
        phone = job.customer.phone
        question = Question(phone=phone) if phone else Question(job_id=job.job_id)
        return _answered(_document(stub.data, *customers_in(_entries(stub.data, question))[0]))

    return [
        Route("/api/customers", stub.guarded(customers)),
        Route("/api/jobs/{job_id}/customer", stub.guarded(customer)),
    ]


def search_all(data: StubData, query: dict[str, str]) -> Response:
    wanted = JobsQuery.model_validate(query)
    found = find_jobs(
        index_of(data), TENANT, question_of(wanted, ZoneInfo(ZONE)), wanted.limit, wanted.after
    )
    jobs = {entry.job_id: entry.card() for entry in found.entries}
    return _answered(JobsDocument(jobs=jobs, next=found.following, as_of=now()))


def index_of(data: StubData) -> JobIndex:
    if data.index:
        return data.index
    index = FakeJobIndex()
    for job in data.jobs.values():
        IndexJob(index, no_pause)(job)
    return index


def _entries(data: StubData, question: Question) -> tuple[Entry, ...]:
    return find_jobs(index_of(data), TENANT, question, 100).entries


def _document(
    data: StubData, summary: CustomerSummary, entries: Sequence[Entry]
) -> CustomerDocument:
    jobs = [data.jobs[entry.job_id] for entry in entries]
    return CustomerDocument(
        **summary.__dict__,
        latest=tuple(entry.card() for entry in entries),
        notes=tuple(notes_of(jobs)),
    )


def _answered(document: JobsDocument | CustomerDocument | CustomersDocument) -> Response:
    return Response(document.model_dump_json(exclude_none=True), media_type="application/json")
