"""The tables of `haul ops`."""

from collections.abc import Sequence
from statistics import median

from rich.console import ConsoleRenderable, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from cli.output.output import local_time, status_text
from functions.api.ops_models import DeadLetter, OpsDocument, ProblemJob, QueueState
from statemachine.flows import Status, load_flow

UNREAD = "[yellow]not read[/]"


def overview_tables(document: OpsDocument) -> Group:
    parts: list[ConsoleRenderable] = [
        Text.from_markup(_headline(document)),
        *(_incomplete(source) for source in document.incomplete),
        _statuses(document),
        queues_table([q for q in document.queues if q.waiting or q.in_flight or q.dead]),
    ]
    if document.problem_jobs:
        parts.append(
            Panel(problem_jobs_table(document.problem_jobs[:15]), title="jobs with problems")
        )
    return Group(*parts)


def _incomplete(source: str) -> Text:
    return Text.assemble(("? ", "yellow"), source)


def _headline(document: OpsDocument) -> str:
    lines = [
        f"[bold]{local_time(document.as_of)}[/]  {_board(document)}",
        f"executions: {_executions(document)}",
        f"invalidated this month: {_invalidated(document)}",
    ]
    if document.visibility_delays:
        seconds = sorted(each.ms / 1000 for each in document.visibility_delays)
        lines.append(
            f"time until visible: p50 {median(seconds):.1f} s, maximum {seconds[-1]:.1f} s"
        )
    return "\n".join(lines)


def _board(document: OpsDocument) -> str:
    if document.board_jobs is None:
        return f"the board: {UNREAD}"
    written = local_time(document.board_written_at) if document.board_written_at else "never"
    return f"{document.board_jobs} jobs on the board, written {written}"


def _executions(document: OpsDocument) -> str:
    if document.executions is None:
        return UNREAD
    runs = [
        f"{count.executions}{'+' if count.more else ''} {count.state.replace('_', ' ')}"
        + (f" ({', '.join(count.jobs[:5])})" if count.jobs else "")
        for count in document.executions
        if count.executions
    ]
    return ", ".join(runs) or "none"


def _invalidated(document: OpsDocument) -> str:
    spent = document.invalidations
    return f"{spent.paths} of {spent.budget} paths" if spent else UNREAD


def _statuses(document: OpsDocument) -> Table:
    times = {(each.flow, each.status): each for each in document.time_in_status or ()}
    table = Table(
        "flow",
        Column("status", no_wrap=True),
        "jobs",
        "overdue",
        "oldest since",
        "time in status, p50",
        "limit",
    )
    for count in document.statuses or ():
        stay = times.get((count.flow, count.status))
        table.add_row(
            count.flow,
            status_text(count.flow, count.status),
            str(count.jobs),
            f"[bold red]{count.overdue}[/]" if count.overdue else "",
            local_time(count.oldest_at) if count.oldest_at else "",
            f"{stay.median_minutes:.0f} min" if stay else "",
            _limit(load_flow(count.flow).status(count.status)),
        )
    return table


def _limit(status: Status) -> str:
    if status.awaits_arrival:
        return "arrival window"
    return f"{status.limit_minutes} min" if status.limit_minutes else ""


def problem_jobs_table(jobs: Sequence[ProblemJob]) -> Table:
    table = Table(Column("job", no_wrap=True), "flow", "status", "why", "since", box=None)
    for job in jobs:
        why = job.why.replace("_", " ") + (f": {job.detail}" if job.detail else "")
        at = job.flow or "?", job.status or "?"
        table.add_row(escape(job.job_id), *at, f"[red]{escape(why)}[/]", local_time(job.since))
    return table


def queues_table(queues: Sequence[QueueState]) -> Table:
    table = Table("queue", "waiting", "in flight", "dead letters")
    for queue in queues:
        dead = f"[bold red]{queue.dead}[/]" if queue.dead else "0"
        table.add_row(queue.queue, str(queue.waiting), str(queue.in_flight), dead)
    return table


def dead_letters_table(letters: Sequence[DeadLetter]) -> Table:
    table = Table(Column("id", no_wrap=True), "message, and why it failed", box=None)
    for letter in letters:
        about = f" for {letter.job_id}" if letter.job_id else ""
        why = f"{letter.reason or 'no reason recorded'}: {letter.detail or '?'}"
        what = f"{letter.event or 'unknown message'}{about}, {local_time(letter.sent_at)}"
        table.add_row(letter.message_id, f"{escape(what)}\n[red]{escape(why)}[/]")
    return table
