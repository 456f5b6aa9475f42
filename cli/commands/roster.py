"""`haul roster …`: when people are available, in which roles, and the trucks."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Optional
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from cli.client.connection import Connection
from cli.commands.crew import accounts
from cli.data.reservations import crew_assignment, renew_reservations
from cli.data.roster_csv import BadRow, day_of, read_days, read_people, write_days, write_people
from cli.output.output import NotFound, Rejected, UsageError, console, print_json, report_errors
from cli.output.safe_text import shown
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Tenants
from functions.people.accounts import Account
from functions.people.roster import NewTruck, UnknownMember, UnknownTruck
from functions.people.roster_import import import_days, import_people
from functions.protocol.clock import utc_now
from functions.protocol.read_each import Unreadable, read_each
from statemachine.job.job import CREW_ROLES
from statemachine.schedule.roster import Day, day_text
from statemachine.schedule.roster import day_of as plain_day

app = typer.Typer(no_args_is_help=True, help="Manage working hours, roles, time off, and trucks.")
trucks = typer.Typer(no_args_is_help=True, help="Manage the trucks.")
app.add_typer(trucks, name="truck")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Member = Annotated[str, typer.Argument(metavar="MEMBER", help="An account from `haul crew list`.")]
From = Annotated[Optional[str], typer.Option("--from", help="First date; default: today.")]
To = Annotated[Optional[str], typer.Option("--to", help="Last date; default: one week in all.")]
TruckArg = Annotated[str, typer.Argument(metavar="TRUCK", help="A short name, such as t1.")]


@app.command()
def show(
    context: typer.Context,
    first: From = None,
    last: To = None,
    as_json: Json = False,
) -> None:
    """List the people who can work on jobs, with their time off and special hours."""
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        days = roster(connection).days(tenant, *_dates(connection, tenant, first, last))
        people = sorted(accounts(connection).all(tenant), key=lambda each: each.account)
        crew = [each for each in people if not CREW_ROLES.isdisjoint(each.roles)]
        if as_json:
            print_json([_as_json(each, days.get(each.account, {})) for each in crew])
            return
        table = Table("member", "name", "roles", "phone", "email", "time off, special hours")
        for each in crew:
            theirs = sorted(days.get(each.account, {}).items())
            lines = "\n".join(f"{on:%a} {on}  {day_text(day)}" for on, day in theirs)
            name = escape(each.name) + (" [red](disabled)[/]" if each.disabled else "")
            contact = each.phone or "", escape(each.email or "")
            table.add_row(each.account, name, ", ".join(each.roles), *contact, lines)
        console.print(table)


@app.command("set")
def set_(
    context: typer.Context,
    member: Member,
    on: Annotated[str, typer.Argument(metavar="DATE", help="Such as 2026-11-22.")],
    when: Annotated[
        list[str], typer.Argument(metavar="WHEN…", help="07:00-15:30 …, `off`, or `default`.")
    ],
    role: Annotated[
        Optional[list[str]],
        typer.Option("--role", "--roles", help="Only this role on that day. Repeatable."),
    ] = None,
) -> None:
    """Set the hours of a person on one day, or time off."""
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        day, what = _date("DATE", on), _day(when, role or [])
        if accounts(connection).read(tenant, member) is None:
            raise NotFound(f"no account {member!r}; `haul roster show` lists all people")
        if what is None:
            roster(connection).reset_day(tenant, member, day)
        else:
            roster(connection).set_day(tenant, member, day, what)
        hours = "default hours" if what is None else day_text(what)
        console.print(f"[bold]{member}[/] on {day:%A}, {day}: {hours}.")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="UTF-8 CSV: account,name,phone,email,roles,disabled.")
    ],
    days: Annotated[
        bool, typer.Option("--days", help="The file has days: account,date,hours,roles.")
    ] = False,
) -> None:
    """Add or change the people in a CSV file. If a row is bad, nothing is changed."""
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        text = _text_of(file)
        try:
            if days:
                parsed = read_days(text)
                import_days(accounts(connection), roster(connection), tenant, parsed)
                console.print(f"{len(parsed)} days set.")
                return
            people = read_people(text)
        except (BadRow, UnknownMember) as error:
            raise UsageError(f"{file}: {error}; nothing was imported") from error
        done = import_people(accounts(connection), tenant, people, utc_now())
        console.print(
            f"{len(done.added)} added, {len(done.changed)} changed, "
            f"{len(done.as_before)} unchanged. To sign in, a new person needs `haul crew password`."
        )


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The CSV file to write; `-` prints it.")],
    days: Annotated[bool, typer.Option("--days", help="Export days instead of people.")] = False,
    first: From = None,
    last: To = None,
) -> None:
    """Export people, or their days, to a CSV file for `haul roster import`, without passwords.

    Disabled people are marked, and stay disabled when the file is imported.
    """
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        if days:
            text = write_days(
                roster(connection).days(tenant, *_dates(connection, tenant, first, last))
            )
        else:
            text = write_people(accounts(connection).all(tenant))
        if str(file) == "-":
            typer.echo(shown(text), nl=False)
            return
        try:
            file.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}") from error
        console.print(f"Wrote {file}.")


@app.command()
def check(context: typer.Context) -> None:
    """Find people and trucks on two open jobs at the same time, and renew all reservations.

    Useful after jobs were imported or restored.
    """
    with report_errors():
        crew, tenant = crew_assignment(context.obj.connection), context.obj.tenant
        now, found = utc_now(), list[str]()
        for job in read_each(crew.jobs, tenant, crew.jobs.open_jobs(tenant)):
            if isinstance(job, Unreadable):
                found.append(f"{job.job_id} cannot be read: {job.why}")
            else:
                found += renew_reservations(crew, job, now)
        if found:
            raise Rejected("; ".join(found))
        console.print("No person and no truck is on two jobs at the same time.")


@trucks.command("add")
def add_truck(
    context: typer.Context,
    truck: TruckArg,
    name: Annotated[str, typer.Option(help="The name of the truck.")],
) -> None:
    """Add or rename a truck."""
    with report_errors():
        known = NewTruck(tenant=context.obj.tenant, truck=truck, name=name)
        roster(context.obj.connection).set_truck(known)
        console.print(f"[bold]{truck}[/] is {escape(name)}.")


@trucks.command("list")
def list_trucks(context: typer.Context, as_json: Json = False) -> None:
    """List the trucks."""
    with report_errors():
        known = list(roster(context.obj.connection).trucks(context.obj.tenant))
        if as_json:
            print_json([each.model_dump(include={"truck", "name"}) for each in known])
            return
        table = Table("truck", "name")
        for each in known:
            table.add_row(each.truck, escape(each.name))
        console.print(table)


@trucks.command("remove")
def remove_truck(context: typer.Context, truck: TruckArg) -> None:
    """Remove a truck. Jobs that have this truck keep it."""
    with report_errors():
        try:
            roster(context.obj.connection).remove_truck(context.obj.tenant, truck)
        except UnknownTruck as error:
            raise NotFound(f"{error}; `haul roster truck list` shows them") from error
        console.print(f"[bold]{truck}[/] is removed.")


def roster(connection: Connection) -> DynamoRoster:
    return DynamoRoster(connection.client("dynamodb"), connection.outputs["CrewRosterTable"])


def _today(connection: Connection, tenant: str) -> date:
    tenants = S3Tenants(connection.client("s3"), connection.outputs["JobsBucket"])
    return utc_now().astimezone(ZoneInfo(tenants.read(tenant).time_zone)).date()


def _dates(
    connection: Connection, tenant: str, first: str | None, last: str | None
) -> tuple[date, date]:
    begin = _date("--from", first) if first else _today(connection, tenant)
    end = _date("--to", last) if last else begin + timedelta(6)
    if end < begin:
        raise UsageError(f"--to {end} is before --from {begin}; swap them")
    return begin, end


def _date(what: str, text: str) -> date:
    try:
        return plain_day(text)
    except ValueError as error:
        raise UsageError(f"{what} {text!r}: {error}") from error


def _day(when: list[str], roles: list[str]) -> Day | None:
    """None for `default`."""
    if when == ["default"]:
        if roles:
            raise UsageError("`default` includes all roles of the profile; leave out --role")
        return None
    try:
        return day_of(when, roles)
    except ValidationError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            f"{file} is not in UTF-8, so its accented letters are not certain; save it "
            "in the spreadsheet as `CSV UTF-8` and import it again; nothing was imported"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error}") from error


def _as_json(account: Account, days: Mapping[date, Day]) -> dict[str, object]:
    fields = {"account", "name", "roles", "phone", "email", "disabled"}
    shown = account.model_dump(mode="json", include=fields)
    dated = {on.isoformat(): days[on].model_dump(exclude_none=True) for on in sorted(days)}
    return shown | {"days": dated}
