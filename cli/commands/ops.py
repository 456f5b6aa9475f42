"""`haul ops …`: watch the whole, find what is stuck, repair it, see to dead letters."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape

from cli.commands.restore import restore
from cli.output.ops_tables import letters_table, overview_tables, queues_table, troubled_table
from cli.output.output import (
    CliError,
    Rejected,
    TimedOut,
    UsageError,
    console,
    print_json,
    report_errors,
)
from functions.ops.dead_letters import check_queue
from functions.protocol.ports import Corrupt, Unavailable

if TYPE_CHECKING:
    from cli.client.ops_client import OpsClient
    from functions.api.ops_models import OpsDocument
    from functions.repair.requests import RepairReport

app = typer.Typer(
    no_args_is_help=True, help="Keep it running: overview, repairs, dead letters, check-up."
)
dlq = typer.Typer(no_args_is_help=True, help="Dead letters: messages that were given up.")
app.add_typer(dlq, name="dlq")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Queue = Annotated[
    str,
    typer.Argument(
        metavar="QUEUE",
        help="As `haul ops dlq list` names it.",
        parser=lambda name: str(name).replace("-", "_"),  # alarms have AWS's names, with hyphens
    ),
]
Ids = Annotated[
    Optional[list[str]], typer.Argument(metavar="[ID]…", help="As `haul ops dlq show` tells them.")
]
All = Annotated[bool, typer.Option("--all", help="All letters of the queue.")]
MOST_GOES = 100
TELL_OF_TROUBLE = ("board:", "stuck jobs:")
"""The sources without which no one can say that no job is in trouble."""


@app.command()
def watch(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
    every: Annotated[float, typer.Option(min=2, help="Seconds between two looks.")] = 5.0,
    as_json: Json = False,
) -> None:
    """How the whole is doing, kept up to date until Ctrl-C."""
    with report_errors():
        desk: OpsClient = context.obj.ops
        if as_json:
            print_json(desk.overview().model_dump(mode="json", exclude_none=True))
            return
        if once:
            console.print(overview_tables(desk.overview()))
            return
        with Live(console=console, screen=True) as live, suppress(KeyboardInterrupt):
            for frame in frames(desk):
                live.update(frame)
                time.sleep(every)


def frames(desk: "OpsClient") -> Iterator[RenderableType]:
    """The overview again and again; where there is no answer, the last one with its trouble."""
    last: RenderableType = "looking …"
    while True:
        try:
            last = overview_tables(desk.overview())
            yield last
        except (Unavailable, TimedOut) as error:
            why = escape(str(error))
            yield Group(last, f"[bold red]no answer[/], this is how it was: {why}")


@app.command()
def stuck(context: typer.Context, as_json: Json = False) -> None:
    """Jobs that are overdue, or that the watchdog cannot help."""
    with report_errors():
        overview: OpsDocument = context.obj.ops.overview()
        troubled = overview.problem_jobs
        unread = [each for each in overview.incomplete if each.startswith(TELL_OF_TROUBLE)]
        if as_json:
            print_json([job.model_dump(mode="json", exclude_none=True) for job in troubled])
        elif troubled:
            console.print(troubled_table(troubled))
            console.print("haul explain JOB tells why; haul ops repair JOB repairs what it can.")
            if any(job.why == "corrupt" for job in troubled):
                console.print("haul ops restore JOB brings back one that is corrupt.")
        elif not unread:
            console.print("[green]✓[/] No job is overdue or stuck.")
        if unread:
            raise TimedOut(f"there may be more: {'; '.join(unread)}; look again in a moment")


@app.command()
def repair(
    context: typer.Context,
    job_id: Annotated[Optional[str], typer.Argument(metavar="JOB", help="One job.")] = None,
    all_jobs: Annotated[bool, typer.Option("--all", help="Every open job.")] = False,
    as_json: Json = False,
) -> None:
    """Repair what got lost on the way of a job: its execution, its view, its card."""
    with report_errors():
        desk: OpsClient = context.obj.ops
        if (job_id is None) != all_jobs:
            raise UsageError("name one JOB, or all of them with --all")
        if job_id is None:
            _redrive_all(desk, as_json)
            return
        repairs = _redriven(desk, job_id)
        if as_json:
            print_json({"repaired": {job_id: repairs} if repairs else {}})
        else:
            console.print(f"[bold]{job_id}[/]: {', '.join(repairs) or 'nothing was wrong'}")


def _redrive_all(desk: "OpsClient", as_json: bool) -> None:
    """What is found as it is found, how far it is, and at the end how it went."""
    looked_at, repaired, failed = 0, dict[str, list[str]](), dict[str, str]()
    with console.status("redriving …") as status:
        for lot in desk.repair_all():
            looked_at += lot.looked_at
            repaired |= {job_id: list(done) for job_id, done in lot.done.repaired.items()}
            failed |= lot.done.failed
            status.update(f"{looked_at} of {lot.of} …")
            if not as_json:
                _print_lot(lot.done)
    if as_json:
        print_json({"looked_at": looked_at, "repaired": repaired, "failed": failed})
    else:
        console.print(f"{looked_at} looked at, {len(repaired)} repaired, {len(failed)} failed.")
    if failed:
        raise TimedOut(f"{len(failed)} of {looked_at} failed; try those again, one by one")


def _print_lot(done: "RepairReport") -> None:
    for job_id, repairs in done.repaired.items():
        console.print(f"[bold]{job_id}[/]: {', '.join(repairs)}")
    for job_id, why in done.failed.items():
        console.print(f"[bold]{job_id}[/]: [bold red]failed[/], {escape(why)}", soft_wrap=True)


def _redriven(desk: "OpsClient", job_id: str) -> list[str]:
    try:
        return list(desk.repair(job_id).repairs)
    except Corrupt as error:
        restore = f"`haul ops restore {job_id}` puts its last readable version back"
        raise Rejected(f"{error}; {restore}") from error


app.command("restore")(restore)


@app.command()
def doctor(
    context: typer.Context,
    max_key_days: Annotated[int, typer.Option(help="How old signing keys may be.")] = 45,
    as_json: Json = False,
) -> None:
    """Check a deployment from one end to the other; ends with 1 where something is bad."""
    # It needs the template's libraries, which take a while to import; other commands do not.
    from deploy.doctor import examine

    with report_errors():
        place = context.obj.place
        findings = list(examine(place.session, place.outputs, place.edge_url, max_key_days))
        bad = [finding for finding in findings if not finding.ok]
        if as_json:
            print_json([vars(finding) for finding in findings])
        else:
            for finding in findings:
                sign = "[green]✓[/]" if finding.ok else "[bold red]✗[/]"
                console.print(f"{sign} {escape(finding.what)}", soft_wrap=True)
                if not finding.ok:
                    console.print(f"    → {escape(finding.do)}", soft_wrap=True)
        if bad:
            raise CliError(f"{len(bad)} of {len(findings)} checks are bad")


@dlq.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """The queues with what waits in them, and their dead letters."""
    with report_errors():
        queues = context.obj.ops.queues()
        if as_json:
            print_json([queue.model_dump(mode="json") for queue in queues])
        else:
            console.print(queues_table(queues))
            if any(queue.dead for queue in queues):
                console.print("haul ops dlq show QUEUE tells what its dead letters are about.")


@dlq.command()
def show(context: typer.Context, queue: Queue, as_json: Json = False) -> None:
    """The dead letters of a queue: what they are about, and why they were given up."""
    with report_errors():
        letters = context.obj.ops.letters(queue)
        if as_json:
            print_json([letter.model_dump(mode="json", exclude_none=True) for letter in letters])
        elif letters:
            console.print(letters_table(letters))
            console.print(
                f"Repair the cause, then haul ops dlq replay {queue} ID sends one again, --all all "
                "of them; what is nonsense goes with discard in place of replay."
            )
        else:
            console.print(f"[green]✓[/] {queue} has no dead letters.")


@dlq.command()
def replay(
    context: typer.Context, queue: Queue, ids: Ids = None, all_: All = False, as_json: Json = False
) -> None:
    """Send dead letters again to the queue they came from."""
    with report_errors():
        _each(context.obj.ops, "redrive", queue, _chosen(ids, all_), as_json)


@dlq.command()
def discard(
    context: typer.Context,
    queue: Queue,
    ids: Ids = None,
    all_: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Throw dead letters away, for good."""
    with report_errors():
        chosen = _chosen(ids, all_)
        check_queue(queue)
        what = "all dead letters" if chosen is None else f"{len(chosen)} dead letters"
        if not yes and not typer.confirm(f"Throw {what} of {queue} away, for good?"):
            raise UsageError("nothing was thrown away")
        _each(context.obj.ops, "discard", queue, chosen, as_json)


def _chosen(ids: list[str] | None, all_: bool) -> list[str] | None:
    if bool(ids) == all_:
        raise UsageError("name letters by their ids, or all of them with --all")
    return ids or None


def _each(desk: "OpsClient", what: str, queue: str, ids: list[str] | None, as_json: bool) -> None:
    """A hundred letters in one go; of all, as many goes as there are letters."""
    act = desk.redrive if what == "redrive" else desk.discard
    done = 0
    for _ in range(MOST_GOES):
        result = act(queue, ids)
        done += result.done
        if ids is not None or not result.remaining or not result.done:
            break
    if as_json:
        print_json({"done": done, "remaining": result.remaining})
    else:
        how = "sent again" if what == "redrive" else "thrown away"
        console.print(f"{done} {how}.")
    if result.remaining:
        raise CliError(f"{result.remaining} not found; someone may have been faster, look again")
