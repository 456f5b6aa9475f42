"""Reports for those who plan: figures, unpaid jobs, and the file for an accountant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pydantic import ConfigDict, model_validator

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, MediaBody
from functions.views.read_report import ReadReport, TooMuch
from statemachine.history.report import Grouping
from statemachine.job.bounds import fault_at
from statemachine.schedule.roster import Date
from statemachine.values.values import Frozen


class ReportQuery(Frozen):
    """Both days included, by the business's clock; at most 366. `by` is what a row is about."""

    model_config = ConfigDict(extra="ignore")

    first: Date
    last: Date
    by: Grouping = "day"

    @model_validator(mode="after")
    def _in_order(self) -> "ReportQuery":
        if self.last < self.first:
            raise fault_at("last", "it is before `first`; give a later day")
        return self

    @property
    def days(self) -> tuple[date, date]:
        return date.fromisoformat(self.first), date.fromisoformat(self.last)


def read_report(api: Api, request: ApiRequest) -> ApiResponse:
    wanted = request.query_as(ReportQuery)
    with _within_limits():
        document = _report(api)(request.session.tenant, *wanted.days, wanted.by, request.now)
    return ApiResponse(200, document)


def read_jobs_csv(api: Api, request: ApiRequest) -> ApiResponse:
    wanted = request.query_as(ReportQuery)
    with _within_limits():
        text = _report(api).csv(request.session.tenant, *wanted.days)
    name = f"jobs-{wanted.first}-{wanted.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return ApiResponse(200, MediaBody("text/csv; charset=utf-8", text), headers)


def _report(api: Api) -> ReadReport:
    return ReadReport(api.index, api.tenants, api.roster.trucks, api.sent_texts)


@contextmanager
def _within_limits() -> Iterator[None]:
    try:
        yield
    except TooMuch as error:
        raise Problem("invalid", str(error)) from error
