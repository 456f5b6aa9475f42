"""`haul flow …`: check flow files, and draw flows."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from cli.output.output import UsageError, console, report_errors
from statemachine import asl
from statemachine.flow_check import check_text
from statemachine.flow_docs import mermaid
from statemachine.flows import FOLDER, UnknownFlow, flow_names, load_flow

app = typer.Typer(no_args_is_help=True, help="Check and draw flows, the statuses of a kind of job.")


@app.command()
def check(
    files: Annotated[Optional[list[Path]], typer.Argument(help="Default: all flows.")] = None,
) -> None:
    """Check flow files. Prints the line and the reason of each error."""
    with report_errors():
        wrong = 0
        for path in files or [FOLDER / f"{name}.json" for name in flow_names()]:
            wrong += _check(path)
        if wrong:
            raise UsageError(f"{wrong} errors; fix the lines above")


def _check(path: Path) -> int:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    faults = check_text(text, path.stem)
    for fault in faults:
        console.print(f"{path}:{fault.line}: {fault.reason}", soft_wrap=True)
    if not faults:
        console.print(f"[green]✓[/] {path.name}")
    return len(faults)


@app.command()
def render(
    name: Annotated[str, typer.Argument(help="The name of the flow.")] = "haul",
    as_asl: Annotated[bool, typer.Option("--asl", help="Print the state machine.")] = False,
) -> None:
    """Print a flow as a Mermaid diagram, or as its Step Functions state machine (ASL)."""
    with report_errors():
        try:
            flow = load_flow(name)
        except UnknownFlow as error:
            raise UsageError(str(error)) from error
        typer.echo(asl.render(flow) if as_asl else mermaid(flow), nl=False)
