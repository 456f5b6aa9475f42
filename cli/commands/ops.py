"""`haul ops …`: overview, stuck jobs, repairs, dead-letter queues, and the doctor."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape

from cli.commands.restore import restore
from cli.output.ops_tables import (
    dead_letters_table,
    overview_tables,
    problem_jobs_table,
    queues_table,
)
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
    no_args_is_help=True, help="Operate the system: overview, repairs, dead-letter queues, doctor."
)
dlq = typer.Typer(no_args_is_help=True, help="Dead-letter queues: messages that failed for good.")
app.add_typer(dlq, name="dlq")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Queue = Annotated[
    str,
    typer.Argument(
        metavar="QUEUE",
        help="A name from `haul ops dlq list`.",
        parser=lambda name: str(name).replace("-", "_"),  # alarms use the AWS names, with hyphens
    ),
]
Ids = Annotated[
    Optional[list[str]],
    typer.Argument(metavar="[ID]…", help="Message ids from `haul ops dlq show`."),
]
All = Annotated[bool, typer.Option("--all", help="All messages of the dead-letter queue.")]
MAX_CALLS = 100
PROBLEM_SOURCES = ("board:", "stuck jobs:")
"""If one of these sources could not be read, there may be more jobs with problems."""


@app.command()
def watch(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Print the overview once.")] = False,
    every: Annotated[float, typer.Option(min=2, help="Seconds between two updates.")] = 5.0,
    as_json: Json = False,
) -> None:
    """Show an overview of the system, and update it until Ctrl-C."""
    with report_errors():
        client: OpsClient = context.obj.ops
        if as_json:
            print_json(client.overview().model_dump(mode="json", exclude_none=True))
            return
        if once:
            console.print(overview_tables(client.overview()))
            return
        with Live(console=console, screen=True) as live, suppress(KeyboardInterrupt):
            for frame in frames(client):
                live.update(frame)
                time.sleep(every)


def frames(client: "OpsClient") -> Iterator[RenderableType]:
    """The overview, again and again. Without an answer, the last one with the error."""
    last: RenderableType = "loading …"
    while True:
        try:
            last = overview_tables(client.overview())
            yield last
        except (Unavailable, TimedOut) as error:
            why = escape(str(error))
            yield Group(last, f"[bold red]no answer[/]; this is the last known state: {why}")


@app.command()
def stuck(context: typer.Context, as_json: Json = False) -> None:
    """List jobs that are overdue, or stuck: the watchdog cannot repair them."""
    with report_errors():
        overview: OpsDocument = context.obj.ops.overview()
        troubled = overview.problem_jobs
        unread = [each for each in overview.incomplete if each.startswith(PROBLEM_SOURCES)]
        if as_json:
            print_json([job.model_dump(mode="json", exclude_none=True) for job in troubled])
        elif troubled:
            console.print(problem_jobs_table(troubled))
            console.print("haul explain JOB says why; haul ops repair JOB repairs what it can.")
            if any(job.why == "corrupt" for job in troubled):
                console.print("haul ops restore JOB restores a corrupt job.")
        elif not unread:
            console.print("[green]✓[/] No job is overdue or stuck.")
        if unread:
            raise TimedOut(f"there may be more: {'; '.join(unread)}; try again in a moment")


@app.command()
def repair(
    context: typer.Context,
    job_id: Annotated[Optional[str], typer.Argument(metavar="JOB", help="One job.")] = None,
    all_jobs: Annotated[bool, typer.Option("--all", help="Every open job.")] = False,
    as_json: Json = False,
) -> None:
    """Repair a job: make its execution, view, card, and messages again if they are missing."""
    with report_errors():
        client: OpsClient = context.obj.ops
        if (job_id is None) != all_jobs:
            raise UsageError("name one JOB, or use --all")
        if job_id is None:
            _repair_all(client, as_json)
            return
        repairs = _repair_one(client, job_id)
        if as_json:
            print_json({"repaired": {job_id: repairs} if repairs else {}})
        else:
            console.print(f"[bold]{job_id}[/]: {', '.join(repairs) or 'nothing was wrong'}")


def _repair_all(client: "OpsClient", as_json: bool) -> None:
    """Prints each repair at once, shows the progress, and ends with a summary."""
    checked, repaired, failed = 0, dict[str, list[str]](), dict[str, str]()
    with console.status("repairing …") as status:
        for batch in client.repair_all():
            checked += batch.checked
            repaired |= {job_id: list(done) for job_id, done in batch.done.repaired.items()}
            failed |= batch.done.failed
            status.update(f"{checked} of {batch.total} …")
            if not as_json:
                _print_batch(batch.done)
    if as_json:
        print_json({"checked": checked, "repaired": repaired, "failed": failed})
    else:
        console.print(f"{checked} checked, {len(repaired)} repaired, {len(failed)} failed.")
    if failed:
        raise TimedOut(f"{len(failed)} of {checked} failed; repair those one by one")


def _print_batch(done: "RepairReport") -> None:
    for job_id, repairs in done.repaired.items():
        console.print(f"[bold]{job_id}[/]: {', '.join(repairs)}")
    for job_id, why in done.failed.items():
        console.print(f"[bold]{job_id}[/]: [bold red]failed[/], {escape(why)}", soft_wrap=True)


def _repair_one(client: "OpsClient", job_id: str) -> list[str]:
    try:
        return list(client.repair(job_id).repairs)
    except Corrupt as error:
        restore = f"`haul ops restore {job_id}` restores its last readable version"
        raise Rejected(f"{error}; {restore}") from error


app.command("restore")(restore)


@app.command()
def doctor(
    context: typer.Context,
    max_key_days: Annotated[int, typer.Option(help="Maximum age of signing keys.")] = 45,
    as_json: Json = False,
) -> None:
    """Check whether a deployment is what its template says. Exit code 1 if a check fails."""
    # Imported here because the libraries for the template load slowly.
    from deploy.doctor import examine

    with report_errors():
        connection = context.obj.connection
        findings = list(
            examine(connection.session, connection.outputs, connection.edge_url, max_key_days)
        )
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
            raise CliError(f"{len(bad)} of {len(findings)} checks failed")


@dlq.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the queues: waiting messages, and messages in their dead-letter queues."""
    with report_errors():
        queues = context.obj.ops.queues()
        if as_json:
            print_json([queue.model_dump(mode="json") for queue in queues])
        else:
            console.print(queues_table(queues))
            if any(queue.dead for queue in queues):
                console.print("haul ops dlq show QUEUE shows the dead letters and their reasons.")


@dlq.command()
def show(context: typer.Context, queue: Queue, as_json: Json = False) -> None:
    """Show the messages of a dead-letter queue, and why they failed."""
    with report_errors():
        letters = context.obj.ops.dead_letters(queue)
        if as_json:
            print_json([letter.model_dump(mode="json", exclude_none=True) for letter in letters])
        elif letters:
            console.print(dead_letters_table(letters))
            console.print(
                f"Fix the cause; then haul ops dlq redrive {queue} ID sends one message again, and "
                "--all sends all of them. Use discard instead of redrive to delete messages."
            )
        else:
            console.print(f"[green]✓[/] {queue} has no dead letters.")


@dlq.command()
def redrive(
    context: typer.Context, queue: Queue, ids: Ids = None, all_: All = False, as_json: Json = False
) -> None:
    """Send messages of a dead-letter queue to their source queue again."""
    with report_errors():
        _act_on(context.obj.ops, "redrive", queue, _chosen(ids, all_), as_json)


@dlq.command()
def discard(
    context: typer.Context,
    queue: Queue,
    ids: Ids = None,
    all_: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete messages of a dead-letter queue, for good."""
    with report_errors():
        chosen = _chosen(ids, all_)
        check_queue(queue)
        what = "all dead letters" if chosen is None else f"{len(chosen)} dead letter(s)"
        if not yes and not typer.confirm(f"Delete {what} of {queue} for good?"):
            raise UsageError("nothing was deleted")
        _act_on(context.obj.ops, "discard", queue, chosen, as_json)


def _chosen(ids: list[str] | None, all_: bool) -> list[str] | None:
    if bool(ids) == all_:
        raise UsageError("name message ids, or use --all")
    return ids or None


def _act_on(ops: "OpsClient", what: str, queue: str, ids: list[str] | None, as_json: bool) -> None:
    """A call handles up to a hundred messages; for all of them it is called again."""
    act = ops.redrive if what == "redrive" else ops.discard
    done = 0
    for _ in range(MAX_CALLS):
        result = act(queue, ids)
        done += result.done
        if ids is not None or not result.remaining or not result.done:
            break
    if as_json:
        print_json({"done": done, "remaining": result.remaining})
    else:
        how = "sent again" if what == "redrive" else "deleted"
        console.print(f"{done} {how}.")
    if result.remaining:
        raise CliError(
            f"{result.remaining} not found; perhaps someone else was faster: check again"
        )
