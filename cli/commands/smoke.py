"""`haul smoke`: try on a stage what only AWS itself can show."""

from typing import Annotated, Optional

import typer
from rich.markup import escape

from cli.client.connection import Connection, on_aws
from cli.output.output import CliError, console, print_json, report_errors

SIGNS = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "[dim]–[/]"}


def smoke(
    context: typer.Context,
    stage: Annotated[
        Optional[str],
        typer.Argument(metavar="STAGE", help="On AWS; without it, the copy on this laptop."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try what only AWS can show, in minutes and for cents. Exit code 1 if a row fails."""
    # Imported here because the libraries for deployments load slowly.
    from deploy.smoke import SmokedStage, SmokeRow
    from deploy.smoke import smoke as rows_of
    from local.aws import LocalSession
    from statemachine.flows import flow_names, load_flow

    with report_errors():
        reached: Connection = on_aws(stage) if stage else context.obj.connection
        here = SmokedStage(
            reached.session,
            reached.outputs,
            reached.edge_url,
            [load_flow(name) for name in flow_names()],
            not isinstance(reached.session, LocalSession),
        )
        rows = list[SmokeRow]()
        for row in rows_of(here):
            rows.append(row)
            if not as_json:
                line = f"{SIGNS[row.ok]} {escape(row.behavior)} [dim]({row.took_s:.1f} s)[/]"
                console.print(line, soft_wrap=True)
                console.print(f"    {escape(row.found)}", soft_wrap=True)
        if as_json:
            print_json([vars(row) for row in rows])
        if bad := [row for row in rows if row.ok is False]:
            raise CliError(f"{len(bad)} of {len(rows)} rows failed")
