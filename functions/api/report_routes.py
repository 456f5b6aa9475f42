"""Routes of the reports."""

from functions.api import reports
from functions.api.reports import ReportQuery
from functions.api.route import DISPATCHER, Route
from functions.views.read_report import ReportDocument

REPORT_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/reports",
        summary="How the business did: jobs, revenue, unpaid, loads, times, and reasons",
        roles=DISPATCHER,
        handler=reports.read_report,
        responses={200: ReportDocument},
        query=ReportQuery,
        problems=("invalid",),
    ),
    Route(
        method="GET",
        path="/api/reports/jobs.csv",
        summary="The same jobs as a CSV file, one row each",
        roles=DISPATCHER,
        handler=reports.read_jobs_csv,
        responses={200: None},
        query=ReportQuery,
        problems=("invalid",),
    ),
)
