"""`haul keys …`: API keys, by which programs use the API."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.client.connection import Connection
from cli.commands.crew import roles_named
from cli.output.output import NotFound, Rejected, console, moment_text, print_json, report_errors
from functions.aws.api_keys import DynamoApiKeys
from functions.business.change_settings import COMMAND_LINE
from functions.people.accounts import ROLES
from functions.people.api_keys import (
    LONGEST,
    ApiKey,
    NewKey,
    StoredKey,
    TooManyKeys,
    UnknownKey,
    new_key,
)
from functions.protocol.clock import utc_now

app = typer.Typer(no_args_is_help=True, help="API keys: how programs use the API.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is for, such as Website.")],
    role: Annotated[list[str], typer.Option(help=f"Repeatable. One of {', '.join(ROLES)}.")],
    days: Annotated[int, typer.Option(help="How long it is valid.", min=1, max=LONGEST.days)] = 90,
    as_json: Json = False,
) -> None:
    """Make a key, and print it: only this once."""
    with report_errors():
        keys, tenant = keys_of(context.obj.connection), context.obj.tenant
        wanted = NewKey(name=name, roles=roles_named(role), days=days)
        try:
            key, made = new_key(keys, tenant, wanted, COMMAND_LINE, utc_now())
        except TooManyKeys as error:
            raise Rejected(str(error)) from error
        if as_json:
            print_json({**_document(made), "key": key})
            return
        until = moment_text(made.expires_at, context.obj.zone, utc_now())
        console.print(f"[bold]{made.key_id}[/] is valid until {until}.")
        console.print(key, soft_wrap=True, markup=False, highlight=False)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the keys of the business, newest first."""
    with report_errors():
        found = sorted(
            keys_of(context.obj.connection).all(context.obj.tenant),
            key=lambda key: key.created_at,
            reverse=True,
        )
        if as_json:
            print_json(list(map(_document, found)))
            return
        table = Table("id", "name", "roles", "last used", "expires")
        zone = context.obj.zone
        for key in found:
            used = moment_text(key.last_used_at, zone, utc_now()) if key.last_used_at else "never"
            expires = moment_text(key.expires_at, zone, utc_now())
            ends = f"[red]expired {expires}[/]" if key.expires_at <= utc_now() else expires
            table.add_row(key.key_id, escape(key.name), ", ".join(key.roles), used, ends)
        console.print(table)


@app.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `haul keys list` shows it.")],
) -> None:
    """Revoke a key: its program is refused from now on."""
    with report_errors():
        try:
            keys_of(context.obj.connection).delete(context.obj.tenant, key_id)
        except UnknownKey as error:
            raise NotFound(f"{error}; `haul keys list` shows them") from error
        console.print(f"[bold]{escape(key_id)}[/] is revoked.")


def keys_of(connection: Connection) -> DynamoApiKeys:
    return DynamoApiKeys(connection.client("dynamodb"), connection.outputs["CrewRosterTable"])


def _document(key: StoredKey) -> dict[str, object]:
    return key.model_dump(mode="json", include=set(ApiKey.model_fields), exclude_none=True)
