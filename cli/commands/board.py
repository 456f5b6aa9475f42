"""`haul board …`."""

from typing import Annotated

import typer

from cli.data.derived import publish_board_of
from cli.output.output import console, print_json, report_errors
from functions.protocol.clock import utc_now

app = typer.Typer(no_args_is_help=True, help="Rebuild the board from the jobs.")


@app.command()
def rebuild(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Build the board (jobs.json) again from all jobs, and replace the stored one."""
    with report_errors():
        publish = publish_board_of(context.obj.connection)
        board = publish.rebuild(context.obj.tenant, utc_now())
        if as_json:
            print_json({"jobs": len(board.jobs)})
        else:
            console.print(f"The board has {len(board.jobs)} jobs.")
