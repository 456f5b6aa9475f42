"""`haul`: everything a person does with Haulway from a terminal."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.markup import escape

from cli import examples
from cli.client import connection
from cli.output.error_log import DEBUG, unforeseen, wants_tracebacks
from cli.output.output import BROKEN, UsageError, error_console
from cli.output.output import __doc__ as out_doc

if TYPE_CHECKING:
    from cli.client.bus_client import JobClient
    from cli.client.ops_client import OpsClient

EXIT_CODES = (out_doc or "").partition("\n\n")[2]


class Commands(typer.Typer):
    """Ends in a sentence also where an error comes from outside of a command's own care."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except BrokenPipeError:  # `haul job list | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(BROKEN)
        except Exception as error:
            if wants_tracebacks():
                raise
            error_console.print(f"[bold red]haul:[/] {escape(unforeseen(error))}", soft_wrap=True)
            sys.exit(BROKEN)


app = Commands(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Haulway: the jobs of a small hauling business, from booking to completion.",
    epilog=EXIT_CODES,
)


@dataclass
class GlobalOptions:
    """Which copy of Haulway, and which business in it, the command is for."""

    state: Path
    stage: str | None
    tenant: str
    api: str | None

    @cached_property
    def desk(self) -> "JobClient":
        """Through the API where one is named, else with AWS's own credentials."""
        from cli.client.api_client import ApiClient, own_sessions
        from cli.client.bus_client import BusClient

        if self.api:
            return ApiClient(self.api, own_sessions())
        return BusClient(self.place, self.tenant)

    @cached_property
    def ops(self) -> "OpsClient":
        """The same choice for those who keep it running."""
        from cli.client.api_client import ApiClient, own_sessions
        from cli.client.ops_client import ApiOpsClient, DirectOpsClient

        if self.api:
            return ApiOpsClient(ApiClient(self.api, own_sessions()))
        return DirectOpsClient(self.place, self.tenant)

    @cached_property
    def place(self) -> connection.Connection:
        """Raises UsageError where a site is named: the copy on this laptop would be meant instead."""
        if self.api:
            raise UsageError(
                "this command works with AWS credentials or on the laptop, not through a site: "
                "leave --api (HAUL_API) out, or name a stage with --stage"
            )
        return connection.connect(self.state, self.stage)


@app.callback()
def choose(
    context: typer.Context,
    state: Annotated[
        Path, typer.Option(envvar="HAUL_STATE", help="Folder of the copy on this laptop.")
    ] = Path(".haul"),
    stage: Annotated[
        Optional[str], typer.Option(envvar="HAUL_STAGE", help="A stage on AWS instead.")
    ] = None,
    tenant: Annotated[str, typer.Option(envvar="HAUL_TENANT", help="The business.")] = "main",
    api: Annotated[
        Optional[str], typer.Option(envvar="HAUL_API", help="A site's address: use its API.")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", envvar=DEBUG, help="Show where an unforeseen error arose.")
    ] = False,
) -> None:
    if debug:
        os.environ[DEBUG] = "1"
    # Powertools would otherwise warn about a missing collector on a laptop.
    os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")
    context.obj = GlobalOptions(state, stage, tenant, api)


def _commands() -> None:
    """Each group of commands is a module; they are joined here, after `app` exists."""
    from cli.commands import (
        board,
        business,
        cost,
        crew,
        data,
        deploy,
        env,
        erase,
        events,
        explain,
        flow,
        hooks,
        job,
        ops,
        photo,
        roster,
        track,
        up,
    )

    job.app.command("photo")(photo.photo)
    app.add_typer(job.app, name="job")
    app.add_typer(business.app, name="business")
    app.add_typer(crew.app, name="crew")
    app.add_typer(roster.app, name="roster")
    app.add_typer(events.app, name="events")
    app.add_typer(flow.app, name="flow")
    app.add_typer(board.app, name="board")
    app.add_typer(hooks.app, name="hooks")
    app.add_typer(ops.app, name="ops")
    app.command("explain")(explain.explain)
    app.command("up")(up.up)
    app.command("env")(env.env)
    app.command("track")(track.track)
    app.command("deploy")(deploy.deploy)
    app.command("promote")(deploy.promote)
    app.command("rollback")(deploy.rollback)
    app.command("cost")(cost.cost)
    app.command("export")(data.export)
    app.command("import")(data.import_)
    app.command("erase")(erase.erase)
    app.command("sign-in")(crew.sign_in)
    app.command("sign-out")(crew.sign_out)
    examples.shown_in(app)


_commands()

if __name__ == "__main__":
    app()
