"""`haul flow …`: check a flow, draw it."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from cli.output.output import UsageError, console, report_errors
from statemachine import asl
from statemachine.flow_check import check_text
from statemachine.flow_docs import mermaid
from statemachine.flows import FOLDER, UnknownFlow, flow_names, load_flow

app = typer.Typer(no_args_is_help=True, help="Check and draw flows.")


@app.command()
def check(
    files: Annotated[Optional[list[Path]], typer.Argument(help="Default: every flow.")] = None,
) -> None:
    """Say of each flow whether it is sound, and of a malformed one the line and the reason."""
    with report_errors():
        wrong = 0
        for path in files or [FOLDER / f"{name}.json" for name in flow_names()]:
            wrong += _check(path)
        if wrong:
            raise UsageError(f"{wrong} faults; repair the lines above")


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
    name: Annotated[str, typer.Argument(help="The flow's name.")] = "haul",
    as_asl: Annotated[bool, typer.Option("--asl", help="The Step Functions definition.")] = False,
) -> None:
    """Print a flow as a Mermaid diagram, or as the state machine generated from it."""
    with report_errors():
        try:
            flow = load_flow(name)
        except UnknownFlow as error:
            raise UsageError(str(error)) from error
        typer.echo(asl.render(flow) if as_asl else mermaid(flow), nl=False)
