"""`haul explain JOB`: the timeline of a job, and its diagnosis."""

from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from cli.output.business_clock import CLOCK
from cli.output.output import console, in_zone, print_json, report_errors, status_text
from functions.api.ops_models import TimelineDocument
from statemachine.views.evidence import TimelineEvent, TimelineKind

COLOURS: dict[TimelineKind, str] = {
    "booked": "bold",
    "moved": "bold",
    "kept": "yellow",
    "refused": "red",
    "edited": "bold",
    "repair": "yellow",
    "execution": "blue",
    "waiting": "dim",
    "settled": "blue",
    "view": "green",
    "board": "green",
    "invalidation": "dim",
    "message": "magenta",
    "now": "bold",
}


def explain(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show everything that happened to a job, and what is wrong with it now."""
    with report_errors():
        story = context.obj.ops.explain(job_id)
        if as_json:
            print_json(story.model_dump(mode="json", exclude_none=True))
            return
        _print(story)


def _print(story: TimelineDocument) -> None:
    status = status_text(story.flow, story.status) if story.flow and story.status else ""
    console.print(f"[bold]{story.job_id}[/]  {status}  rev {story.rev}\n")
    table = Table(
        Column("when", no_wrap=True),
        Column("what", no_wrap=True),
        "",
        "by",
        box=None,
        pad_edge=False,
    )
    day = None
    for line in story.events:
        local = in_zone(line.at, CLOCK.zone)
        if local.date() != day:
            day = local.date()
            table.add_row(f"[bold]{local:%a %d %b} {local:%Z}[/]", "", "", "")
        table.add_row(*_cells(line, local))
    console.print(table)
    for sentence in story.diagnosis:
        console.print(f"[bold red]✗[/] {escape(sentence)}")
    for source in story.incomplete:
        console.print(f"[yellow]?[/] {escape(source)}")
    if not story.diagnosis:
        console.print("[green]✓[/] Nothing is wrong with this job.")


def _cells(line: TimelineEvent, local: datetime) -> tuple[str, str, str, str]:
    colour = COLOURS[line.what] if line.ok else "red"
    by = f"{line.actor.kind} {line.actor.id}" if line.actor else ""
    when = f"{local:%H:%M:%S}.{local.microsecond // 100_000}"
    return when, f"[{colour}]{line.what}[/]", escape(line.text), escape(by)
