"""Reports of the stub's jobs, by the real reader."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.reports import ReportQuery
from functions.views.read_report import ReadReport
from tests.pages.stub_data import TENANT
from tests.pages.stub_search import index_of
from tests.support.fakes import Bucket, FakeTenants
from tests.support.message_fakes import FakeSentTexts

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub


def report_routes(stub: "Stub") -> list[Route]:
    def report(request: Request) -> Response:
        stub.session(request)
        wanted = ReportQuery.model_validate(dict(request.query_params))
        tenants = FakeTenants(Bucket(), stub.data.business)
        read = ReadReport(index_of(stub.data), tenants, lambda _: (), FakeSentTexts())
        document = read(TENANT, *wanted.days, wanted.by, datetime.now(UTC))
        body = document.model_dump_json(exclude_none=True)
        return Response(body, media_type="application/json")

    async def answered(request: Request) -> Response:
        return await run_in_threadpool(report, request)

    return [Route("/api/reports", stub.guarded(answered))]
