"""`haul report`: how the business did, as a table, as JSON, or as a file for its accountant."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Optional, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from cli.output.output import CliError, UsageError, console, money, print_json, report_errors
from functions.api.reports import ReportQuery
from functions.aws.job_index import DynamoJobIndex
from functions.aws.s3_stores import S3Tenants
from functions.aws.sent_texts import DynamoSentTexts
from functions.protocol.clock import utc_now
from functions.views.read_report import ReadReport, ReportDocument, TooMuch
from statemachine.history.report import Grouping
from statemachine.history.report_figures import Figures
from statemachine.schedule.roster import day_of

USUAL_DAYS = 30


def report(
    context: typer.Context,
    by: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Grouping))}.")] = "day",
    first: Annotated[
        Optional[str], typer.Option(help="As 2026-11-01. If left out, 30 days in all.")
    ] = None,
    last: Annotated[Optional[str], typer.Option(help="As 2026-11-30. If left out, today.")] = None,
    unpaid: Annotated[bool, typer.Option("--unpaid", help="List the unpaid jobs.")] = False,
    csv: Annotated[Optional[Path], typer.Option(help="A new file; a row for each job.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how the business did: jobs, revenue, unpaid, average price, on time, texts.

    Days are by the business's clock. docs/reports.md says what each figure is.
    """
    with report_errors():
        zone = ZoneInfo(context.obj.client.time_zone())
        wanted = _query(by, first, last or f"{utc_now().astimezone(zone):%Y-%m-%d}")
        if csv is not None:
            _write(csv, _csv(context, wanted))
            console.print(f"The jobs are in {csv}.")
            return
        document = _report(context, wanted)
        if as_json:
            print_json(document.model_dump(mode="json", exclude_none=True))
        elif unpaid:
            console.print(_unpaid_table(document, zone))
        else:
            console.print(_table(document))


def _query(by: str, first: str | None, last: str) -> ReportQuery:
    """Raises ValidationError, UsageError."""
    try:
        begin = first or str(day_of(last) - timedelta(USUAL_DAYS - 1))
    except ValueError:
        raise UsageError(f"--last {last!r} is not a day; write it as 2026-11-30") from None
    return ReportQuery.model_validate({"by": by, "first": begin, "last": last})


def _report(context: typer.Context, wanted: ReportQuery) -> ReportDocument:
    """Through the site if one is named, else with AWS credentials. Raises CliError."""
    if context.obj.api:
        answer = context.obj.api_client.ask("GET", f"/api/reports?{_as_query(wanted)}")
        return ReportDocument.model_validate_json(answer.content)
    try:
        return _directly(context)(context.obj.tenant, *wanted.days, wanted.by, utc_now())
    except TooMuch as error:
        raise CliError(str(error)) from error


def _csv(context: typer.Context, wanted: ReportQuery) -> str:
    """Raises CliError."""
    if context.obj.api:
        path = f"/api/reports/jobs.csv?{_as_query(wanted)}"
        return str(context.obj.api_client.ask("GET", path).text)
    try:
        return _directly(context).csv(context.obj.tenant, *wanted.days)
    except TooMuch as error:
        raise CliError(str(error)) from error


def _as_query(wanted: ReportQuery) -> str:
    return urlencode(wanted.model_dump())


def _directly(context: typer.Context) -> ReadReport:
    """Trucks keep their ids: their names are on the roster page."""
    connection = context.obj.connection
    outputs = connection.outputs
    dynamodb, table = connection.client("dynamodb"), outputs["JobIndexTable"]
    tenants = S3Tenants(connection.client("s3"), outputs["JobsBucket"])
    return ReadReport(
        DynamoJobIndex(dynamodb, table), tenants, lambda _: (), DynamoSentTexts(dynamodb, table)
    )


def _write(file: Path, text: str) -> None:
    """A new file that only its owner may read. Raises CliError."""
    try:
        with file.open("x", encoding="utf-8", newline="") as out:
            file.chmod(0o600)
            out.write(text)
    except FileExistsError:
        raise CliError(f"{file} exists; choose another name") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def _table(document: ReportDocument) -> Table:
    table = Table(
        document.by,
        "jobs",
        "done",
        "cancelled",
        "failed",
        "revenue",
        "unpaid",
        "average",
        "on time",
        "texts",
    )
    for row in document.rows:
        name = document.names.get(row.key, row.key) or "(none)"
        table.add_row(escape(name), *_cells(row.figures, document.currency))
    table.add_section()
    table.add_row("total", *_cells(document.total, document.currency))
    return table


def _cells(figures: Figures, currency: str) -> tuple[str, ...]:
    arrivals = figures.with_arrival
    return (
        str(figures.jobs),
        str(figures.done),
        str(figures.cancelled),
        str(figures.failed_attempts),
        money(figures.revenue_cents, currency),
        money(figures.unpaid_cents, currency),
        money(figures.average_price_cents, currency),
        f"{100 * figures.on_time / arrivals:.0f} %" if arrivals else "",
        str(figures.texts),
    )


def _unpaid_table(document: ReportDocument, zone: ZoneInfo) -> Table:
    table = Table("day", "job", "customer", "price", "unpaid")
    for job in document.unpaid:
        amounts = (money(each, document.currency) for each in (job.price_cents, job.unpaid_cents))
        day = f"{job.at.astimezone(zone):%Y-%m-%d}"
        table.add_row(day, job.job_id, escape(job.customer), *amounts)
    return table
