"""`haul crew …`, `haul sign-in`, `haul sign-out`: the accounts of the people who work here."""

from typing import Annotated, Optional

import typer
from rich.markup import escape
from rich.table import Table

from cli.client.api_client import ApiClient
from cli.client.connection import Connection
from cli.output.output import NotFound, Rejected, UsageError, console, print_json, report_errors
from functions.aws.roster import DynamoAccounts
from functions.people.accounts import (
    ROLES,
    Account,
    AccountExists,
    Passwords,
    Profile,
    ProfileInput,
    Role,
    UnknownAccount,
    WeakPassword,
    suggested_password,
)
from functions.protocol.clock import utc_now

app = typer.Typer(no_args_is_help=True, help="Manage the accounts and passwords of your people.")

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The sign-in name, such as maria.")]
Password = Annotated[
    Optional[str],
    typer.Option(envvar="HAUL_PASSWORD", help="Without it, you are asked, or use --make-up."),
]
MakeUp = Annotated[bool, typer.Option("--make-up", help="Generate a password and print it once.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    context: typer.Context,
    account: Name,
    name: Annotated[str, typer.Option(help="What they are called.")],
    role: Annotated[list[str], typer.Option(help=f"Repeatable. One of {', '.join(ROLES)}.")],
    password: Password = None,
    make_up: MakeUp = False,
    phone: Annotated[
        Optional[str], typer.Option(help="Such as (206) 555-0199, or +44 7700 900123.")
    ] = None,
    email: Annotated[Optional[str], typer.Option(help="Their email address.")] = None,
    as_json: Json = False,
) -> None:
    """Add an account. (`haul roster import` adds people who need no password.)"""
    with report_errors():
        tenant, now = context.obj.tenant, utc_now()
        who = ProfileInput(name=name, roles=roles_named(role), phone=phone, email=email)
        made = Account(tenant=tenant, account=account, password_since=now, **dict(who))
        known = accounts(context.obj.connection)
        if known.read(tenant, account):
            raise Rejected(f"the account {account!r} exists already")
        secret = _password(password, make_up)
        try:
            known.add(made.with_(password_hash=Passwords().hash(secret)))
        except AccountExists as error:
            raise Rejected(str(error)) from error
        except WeakPassword as error:
            raise UsageError(str(error)) from error
        _print_result(account, "added", secret if make_up else None, as_json)


@app.command("set")
def set_(
    context: typer.Context,
    account: Name,
    name: Annotated[Optional[str], typer.Option(help="What they are called.")] = None,
    role: Annotated[
        Optional[list[str]],
        typer.Option(help="Replaces all their roles. Repeatable."),
    ] = None,
    phone: Annotated[Optional[str], typer.Option(help="Empty takes it away.")] = None,
    email: Annotated[Optional[str], typer.Option(help="Empty takes it away.")] = None,
) -> None:
    """Change a profile: the fields you give. The jobs that the person is on do not change."""
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        given = {"name": name, "phone": phone, "email": email}
        changes: dict[str, object] = {k: v or None for k, v in given.items() if v is not None}
        if role:
            changes["roles"] = roles_named(role)
        if not changes:
            raise UsageError("nothing to change: give --name, --role, --phone or --email")
        known = accounts(connection).read(tenant, account)
        if known is None:
            raise NotFound(f"no account {account!r}; `haul crew list` shows them")
        profile = {each: getattr(known, each) for each in Profile.model_fields}
        changed = Profile(**(profile | _checked(changes)))
        accounts(connection).set_profile(tenant, account, changed)
        _print_result(account, "is changed", None, False)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List all accounts."""
    with report_errors():
        found = sorted(
            accounts(context.obj.connection).all(context.obj.tenant), key=lambda a: a.account
        )
        if as_json:
            shown = {"account", "name", "roles", "disabled"}
            print_json([account.model_dump(mode="json", include=shown) for account in found])
            return
        table = Table("account", "name", "roles", "")
        for account in found:
            state = "" if account.password_hash else "no password"
            state = "[red]disabled[/]" if account.disabled else state
            table.add_row(account.account, escape(account.name), ", ".join(account.roles), state)
        console.print(table)


@app.command()
def disable(
    context: typer.Context,
    account: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Enable the account again.")] = False,
) -> None:
    """Disable an account, and end its sessions."""
    with report_errors():
        try:
            accounts(context.obj.connection).set_disabled(context.obj.tenant, account, not undo)
        except UnknownAccount as error:
            raise NotFound(f"{error}; `haul crew list` shows them") from error
        _print_result(account, "enabled" if undo else "disabled", None, False)


@app.command()
def password(
    context: typer.Context,
    account: Name,
    password: Password = None,
    make_up: MakeUp = False,
    as_json: Json = False,
) -> None:
    """Set a new password, and end the sessions of the account."""
    with report_errors():
        known = accounts(context.obj.connection)
        if known.read(context.obj.tenant, account) is None:
            raise NotFound(f"no account {account!r}; `haul crew list` shows them")
        secret = _password(password, make_up)
        try:
            hashed = Passwords().hash(secret)
            now = utc_now()
            known.set_password(context.obj.tenant, account, hashed, now)
        except UnknownAccount as error:
            raise NotFound(f"{error}; `haul crew list` shows them") from error
        except WeakPassword as error:
            raise UsageError(str(error)) from error
        _print_result(account, "has a new password", secret if make_up else None, as_json)


def sign_in(
    context: typer.Context,
    account: Name,
    password: Annotated[
        Optional[str], typer.Option(envvar="HAUL_PASSWORD", help="Without it, you are asked.")
    ] = None,
) -> None:
    """Sign in to the site named by --api."""
    with report_errors():
        site = _remote(context)
        secret = password or typer.prompt("Password", hide_input=True)
        session = site.sign_in(account, secret, context.obj.tenant)
        console.print(f"Signed in as {escape(session['name'])}, until {session['expires_at']}.")


def sign_out(context: typer.Context) -> None:
    """Sign out of the site named by --api."""
    with report_errors():
        _remote(context).sign_out()
        console.print("Signed out.")


def accounts(connection: Connection) -> DynamoAccounts:
    return DynamoAccounts(connection.client("dynamodb"), connection.outputs["CrewRosterTable"])


def _remote(context: typer.Context) -> ApiClient:
    if context.obj.api is None:
        raise UsageError("name the site: haul --api https://haul.example.com sign-in ACCOUNT")
    client: ApiClient = context.obj.api_client
    return client


def _checked(changes: dict[str, object]) -> dict[str, object]:
    """Validate only what is changed: stored values may break rules that came later."""
    whole = ProfileInput.model_validate({"name": "-", "roles": ROLES[:1], **changes})
    return {each: getattr(whole, each) for each in changes}


def roles_named(named: list[str]) -> tuple[Role, ...]:
    wrong = sorted(set(named) - set(ROLES))
    if wrong:
        raise UsageError(f"no role {', '.join(wrong)}; the roles are {', '.join(ROLES)}")
    return tuple(role for role in ROLES if role in named)


def _password(given: str | None, make_up: bool) -> str:
    if make_up:
        return suggested_password()
    if given is not None:
        return given
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _print_result(account: str, what: str, secret: str | None, as_json: bool) -> None:
    if as_json:
        print_json({"account": account} | ({"password": secret} if secret else {}))
        return
    console.print(f"[bold]{account}[/] {what}." + (f" Password: {secret}" if secret else ""))
