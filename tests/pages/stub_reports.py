"""Reports of the stub's jobs, by the real fold."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.reports import ReportQuery
from functions.views.read_report import ReportDocument, unpaid_jobs
from statemachine.flows import load_flow
from statemachine.job_search import entry_of
from statemachine.report import report_of
from tests.pages.stub_roster import ZONE

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub


def report_routes(stub: "Stub") -> list[Route]:
    async def report(request: Request) -> Response:
        stub.session(request)
        wanted = ReportQuery.model_validate(dict(request.query_params))
        first, last = wanted.days
        entries = [
            entry
            for job in stub.data.jobs.values()
            for entry in [entry_of(job, load_flow(job.flow))]
            if first <= entry.at.astimezone(ZoneInfo(ZONE)).date() <= last
        ]
        document = ReportDocument(
            **report_of((entry.figures() for entry in entries), wanted.by, ZoneInfo(ZONE)).__dict__,
            first=first,
            last=last,
            time_zone=ZONE,
            currency="USD",
            unpaid=tuple(unpaid_jobs(entries)),
            as_of=datetime.now(UTC),
        )
        body = document.model_dump_json(exclude_none=True)
        return Response(body, media_type="application/json")

    return [Route("/api/reports", stub.guarded(report))]
