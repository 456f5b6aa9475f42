"""`haul business …`: the businesses of a stage, and their settings."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from rich.markup import escape
from rich.table import Table

from cli.client.business_client import Businesses, BusinessOfSession, stored_businesses
from cli.data.audit_log import audited
from cli.output.output import (
    CliError,
    Rejected,
    UsageError,
    console,
    local_time,
    print_json,
    report_errors,
)
from deploy.erase_business import NotErasable, check_erasable, erase_business
from functions.business.change_settings import COMMAND_LINE, BusinessExists, ReservedId
from functions.business.set_logo import LogoRefused, check_size
from functions.protocol.clock import utc_now
from statemachine.business.business import DEFAULT_COUNTRY, BusinessSettings
from statemachine.business.business_values import COUNTRIES
from statemachine.settings.business_changes import SETTABLE, BusinessRecord, SettingsPatch

app = typer.Typer(no_args_is_help=True, help="The businesses here, and their settings.")

LISTS = ("closed_dates", "countries", "languages", "service_area")
"""Settings that are written as words with commas between them."""
RANGES = {"windows": ("start", "end"), "quiet": ("begin", "end")}
"""Settings that are written as `08:00-12:00`."""

Id = Annotated[str, typer.Argument(metavar="ID", help="As keys and events name it.")]
OwnId = Annotated[
    Optional[str], typer.Argument(metavar="[ID]", help="Left out: the one of --tenant.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    context: typer.Context,
    business_id: Id,
    name: Annotated[str, typer.Option(help="How customers know it.")],
    time_zone: Annotated[
        Optional[str], typer.Option(help="As America/Los_Angeles; default: its country's.")
    ] = None,
    country: Annotated[str, typer.Option(help=f"One of {', '.join(COUNTRIES)}.")] = DEFAULT_COUNTRY,
    as_json: Json = False,
) -> None:
    """Add a business beside those that are here."""
    with report_errors():
        wanted = {"tenant": business_id, "name": name, "country": country}
        if time_zone is not None:
            wanted["time_zone"] = time_zone
        settings = BusinessSettings.model_validate(wanted)
        try:
            known = stored_businesses(context.obj.connection).settings
            record = known.add(settings, COMMAND_LINE, utc_now())
        except (BusinessExists, ReservedId) as error:
            raise Rejected(str(error)) from error
        if as_json:
            print_json(_document(record))
            return
        console.print(f"[bold]{business_id}[/] is added: {_named(record)}.")
        console.print(
            f"Next: haul --tenant {business_id} crew add ACCOUNT --name NAME --role owner",
            soft_wrap=True,
        )


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """The businesses that are here; through a site, the one you are signed in to."""
    with report_errors():
        found = _businesses(context).all()
        if as_json:
            print_json(list(map(_document, found)))
            return
        table = Table("id", "name", "time zone", "country", "")
        for each in found:
            state = "[yellow]suspended[/]" if each.suspended else ""
            table.add_row(each.tenant, escape(each.name), each.time_zone, each.country, state)
        console.print(table)


@app.command()
def show(
    context: typer.Context,
    business_id: OwnId = None,
    history: Annotated[bool, typer.Option("--history", help="Show who changed what.")] = False,
    as_json: Json = False,
) -> None:
    """All settings of a business, or its latest changes."""
    with report_errors():
        businesses, wanted = _businesses(context), business_id or context.obj.tenant
        if history:
            _show_history(businesses, wanted, as_json)
            return
        document = _document(businesses.read(wanted))
        if as_json:
            print_json(document)
            return
        table = Table("setting", "value")
        for field in ("tenant", "version", *SETTABLE):
            table.add_row(field, escape(_written(document.get(field))))
        console.print(table)


def _show_history(businesses: Businesses, business_id: str, as_json: bool) -> None:
    changes = businesses.history(business_id)
    if as_json:
        print_json([each.model_dump(mode="json", exclude_none=True) for each in changes])
        return
    table = Table("version", "when", "who", "setting", "from", "to")
    for change in changes:
        for field in change.changes:
            told = (field.field, escape(_written(field.old)), escape(_written(field.new)))
            table.add_row(str(change.version), local_time(change.at), change.by, *told)
    console.print(table)


@app.command("set")
def set_(
    context: typer.Context,
    business_id: Id,
    values: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…", help="Empty clears it.")],
    as_json: Json = False,
) -> None:
    """Change settings; lists with commas, windows as 08:00-12:00,12:00-16:00, the rest as JSON."""
    with report_errors():
        wanted = dict(map(_value, values))
        _change(context, business_id, wanted, as_json)


@app.command()
def logo(
    context: typer.Context,
    business_id: Id,
    file: Annotated[Path, typer.Argument(help="PNG, JPEG, or WebP, at most 2 MB.", exists=True)],
    as_json: Json = False,
) -> None:
    """Set the logo, which is drawn again; `haul business set ID logo=` removes it."""
    with report_errors():
        try:
            check_size(file.stat().st_size)
            record = _businesses(context).set_logo(business_id, file.read_bytes())
        except LogoRefused as error:
            raise UsageError(f"{file}: {error}") from error
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}") from error
        if as_json:
            print_json(_document(record))
            return
        console.print(f"[bold]{business_id}[/] has this logo at version {record.version}.")


@app.command()
def disable(context: typer.Context, business_id: Id) -> None:
    """Take no more bookings from customers; pages say so, and nothing is lost."""
    with report_errors():
        _change(context, business_id, {"suspended": True}, False)


@app.command()
def enable(context: typer.Context, business_id: Id) -> None:
    """Take bookings from customers again."""
    with report_errors():
        _change(context, business_id, {"suspended": False}, False)


@app.command()
def erase(
    context: typer.Context,
    business_id: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a disabled business for good: jobs, photos, people, keys, messages, settings.

    `haul --tenant ID export FILE` keeps a copy of its jobs. This is logged.
    """
    with report_errors():
        connection = context.obj.connection
        try:
            jobs = check_erasable(connection.client, connection.outputs, business_id)
            question = f"Erase {business_id} with {jobs} jobs for good?"
            if not yes and not typer.confirm(question):
                raise CliError("nothing was erased")
            with audited(context, "erase-business", {"business": business_id}) as done:
                erased = erase_business(connection.client, connection.outputs, business_id)
                done |= asdict(erased)
        except NotErasable as error:
            raise Rejected(f"nothing was erased: {error}") from error
        if as_json:
            print_json(done)
            return
        console.print(f"[bold]{business_id}[/] is erased, with {erased.jobs} jobs.")


def _change(
    context: typer.Context, business_id: str, wanted: dict[str, Any], as_json: bool
) -> None:
    businesses, patch = _businesses(context), SettingsPatch.model_validate(wanted)
    before = businesses.read(business_id).version
    record = businesses.change(business_id, patch)
    if as_json:
        print_json(_document(record))
    elif record.version == before or record.last_change is None:
        console.print(f"[bold]{business_id}[/] has these settings already.")
    else:
        for each in record.last_change.changes:
            told = f"{each.field}: {_written(each.old)} → {_written(each.new)}"
            console.print(escape(told), soft_wrap=True)
        console.print(f"[bold]{business_id}[/] is at version {record.version}.")


def _value(text: str) -> tuple[str, Any]:
    """A setting and its value as JSON would have it. Raises UsageError."""
    key, is_there, value = text.partition("=")
    if not is_there or key not in SETTABLE:
        raise UsageError(f"write KEY=VALUE, with a key of {', '.join(SETTABLE)}")
    if value.startswith(("[", "{")):
        try:
            return key, json.loads(value)
        except ValueError as error:
            raise UsageError(f"{key}: this is no JSON ({error})") from error
    if key in LISTS:
        return key, [each.strip() for each in value.split(",") if each.strip()]
    if key in RANGES and value:
        ranges = [_range(key, each) for each in value.split(",")]
        return key, ranges if key == "windows" else ranges[0]
    return key, value or None


def _range(key: str, text: str) -> dict[str, str]:
    start, _, end = text.strip().partition("-")
    return dict(zip(RANGES[key], (start.strip(), end.strip()), strict=True))


def _written(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _named(record: BusinessRecord) -> str:
    return f"{escape(record.name)}, {record.time_zone}, {record.currency}"


def _document(record: BusinessRecord) -> dict[str, Any]:
    return record.settings.model_dump(mode="json", exclude_none=True)


def _businesses(context: typer.Context) -> Businesses:
    if context.obj.api:
        return BusinessOfSession(context.obj.api_client)
    return stored_businesses(context.obj.connection)
