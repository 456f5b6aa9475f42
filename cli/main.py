"""`haul`: the command line. Its commands are in cli/commands/, listed in cli/lazy_commands.py."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.markup import escape

from cli.lazy_commands import LazyGroup
from cli.output.business_clock import CLOCK
from cli.output.error_log import DEBUG, log_unexpected, wants_tracebacks
from cli.output.exit_codes import FAILED
from cli.output.output import UsageError, error_console
from cli.output.output import __doc__ as output_doc

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cli.client.api_client import ApiClient
    from cli.client.bus_client import JobClient
    from cli.client.connection import Connection
    from cli.client.ops_client import OpsClient

API_KEY = "HAUL_API_KEY"
"""An API key for --api, in place of a session."""
EXIT_CODES = (output_doc or "").partition("\n\n")[2]


class HaulApp(typer.Typer):
    """Turns an error that no command has handled into one sentence, too."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except BrokenPipeError:  # `haul job list | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        except Exception as error:
            if wants_tracebacks():
                raise
            sentence = escape(log_unexpected(error))
            error_console.print(f"[bold red]haul:[/] {sentence}", soft_wrap=True)
            sys.exit(FAILED)


app = HaulApp(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Run the jobs of a small hauling business, from booking to completion.",
    epilog=EXIT_CODES,
)


@dataclass
class GlobalOptions:
    """The deployment and the business that the command is for."""

    state: Path
    stage: str | None
    tenant: str
    api: str | None

    @cached_property
    def api_client(self) -> "ApiClient":
        """Raises UsageError if --api names no site."""
        from cli.client.api_client import ApiClient, own_sessions

        if self.api is None:
            raise UsageError("name the site: haul --api https://haul.example.com …")
        return ApiClient(self.api, own_sessions(), key=os.environ.get(API_KEY))

    def close(self) -> None:
        CLOCK.go_by(lambda: None)
        if "api_client" in self.__dict__:
            self.api_client.http.close()

    @cached_property
    def client(self) -> "JobClient":
        """Through the API if --api names a site, else with AWS credentials."""
        from cli.client.bus_client import BusClient

        return self.api_client if self.api else BusClient(self.connection, self.tenant)

    @cached_property
    def zone(self) -> "ZoneInfo":
        """The business's: every date and time that a command prints is by its clock."""
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.client.time_zone())

    @cached_property
    def ops(self) -> "OpsClient":
        """The same choice for `haul ops`."""
        from cli.client.ops_client import ApiOpsClient, DirectOpsClient

        if self.api:
            return ApiOpsClient(self.api_client)
        return DirectOpsClient(self.connection, self.tenant)

    @cached_property
    def connection(self) -> "Connection":
        """Raises UsageError if --api names a site, which these commands would ignore."""
        from cli.client.connection import connect

        if self.api:
            raise UsageError(
                "this command needs AWS credentials or the copy on this laptop; it does not work "
                "through a site: leave out --api (HAUL_API), or name a stage with --stage"
            )
        return connect(self.state, self.stage)


@app.callback()
def set_global_options(
    context: typer.Context,
    state: Annotated[
        Path, typer.Option(envvar="HAUL_STATE", help="The folder of the copy on this laptop.")
    ] = Path(".haul"),
    stage: Annotated[
        Optional[str], typer.Option(envvar="HAUL_STAGE", help="Use this stage on AWS instead.")
    ] = None,
    tenant: Annotated[str, typer.Option(envvar="HAUL_TENANT", help="The business.")] = "main",
    api: Annotated[
        Optional[str], typer.Option(envvar="HAUL_API", help="Use the API of this site (URL).")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", envvar=DEBUG, help="Show tracebacks of unexpected errors.")
    ] = False,
) -> None:
    if debug:
        os.environ[DEBUG] = "1"
    # Without this, Powertools warns about a missing collector on a laptop.
    os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")
    context.obj = GlobalOptions(state, stage, tenant, api)
    CLOCK.go_by(lambda: context.obj.zone)
    context.call_on_close(context.obj.close)


if __name__ == "__main__":
    app()
