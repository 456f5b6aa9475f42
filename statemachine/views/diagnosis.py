"""What is wrong with a job now, in sentences that say what to do."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job
from statemachine.rules.deadlines import due_at
from statemachine.views.evidence import LOST, JobEvidence
from statemachine.views.timeline import clock, span
from statemachine.views.views import Board, card_of

GRACE = timedelta(seconds=30)
"""What changed less than this ago may still be in progress."""
REPAIR = "repair the job"
MESSAGE_GRACE = timedelta(minutes=3)
"""Longer than the watchdog needs to send a message that its queue has lost."""


def diagnose(known: JobEvidence, now: datetime) -> tuple[str, ...]:
    job = known.job
    if job.flow not in flow_names():
        return (
            f"This release does not have the flow {job.flow}: deploy a release that has it, "
            "and the job continues.",
        )
    if job.status not in {status.name for status in load_flow(job.flow).statuses}:
        return (
            f"This release does not have the status {job.status}: deploy a release that has it, "
            "and the job continues.",
        )
    return (
        *_waits_too_long(known.job, now),
        *_execution(known, now),
        *_view_and_card(known, now),
        *_early_moves(known.job),
        *_messages(known, now),
    )


def _waits_too_long(job: Job, now: datetime) -> Iterator[str]:
    due = due_at(job)
    if due and due < now:
        label = load_flow(job.flow).status(job.status).label.en
        yield f"It is overdue in {label} by {span((now - due).total_seconds())}: move it, or call."


def _execution(known: JobEvidence, now: datetime) -> Iterator[str]:
    job = known.job
    if now - max(job.entered_at, job.execution.since) < GRACE:
        return
    ended = load_flow(job.flow).status(job.status).terminal
    if job.execution.seq < job.seq:
        yield (
            f"Its execution has settled only entry {max(job.execution.seq, 0)} of {job.seq}: "
            f"{REPAIR}."
        )
    elif job.wait is None and not ended:
        yield f"No execution waits for its next move: {REPAIR}."
    newest = {run.generation: run for run in known.runs or ()}.get(job.execution.generation)
    if ended and job.execution.seq >= job.seq:
        return
    if known.runs is not None and (newest is None or newest.state != "running"):
        what = newest.state.replace("_", " ") if newest else "unknown to Step Functions"
        yield f"Execution {job.execution.generation} is {what}: {REPAIR}."


def _view_and_card(known: JobEvidence, now: datetime) -> Iterator[str]:
    job = known.job
    if now - _last_change(job) < GRACE:
        return
    if known.views is not None:
        rev = max((view.value.rev for view in known.views), default=0)
        if rev < job.rev:
            yield f"Customers see rev {rev} of {job.rev}: {REPAIR}."
    rev = job.rev if known.on_board is None else known.on_board
    if rev < job.rev and _belongs_on_board(job, now):
        yield f"The board shows rev {rev} of {job.rev}: {REPAIR}."


def _last_change(job: Job) -> datetime:
    """The time of the last change that people can see."""
    edited = [edit.recorded_at for edit in job.edits]
    return max([job.entered_at, *edited, *(photo.recorded_at for photo in job.photos)])


def _belongs_on_board(job: Job, now: datetime) -> bool:
    return bool(Board().merged([card_of(job, load_flow(job.flow))]).at(now).jobs)


def _early_moves(job: Job) -> Iterator[str]:
    for early in job.early:
        move = early.move or f"to {early.to}"
        yield (
            f"{move} came early and waits for the moves before it until "
            f"{early.until:%Y-%m-%d %H:%M} UTC: make those moves, or it will be refused."
        )


def _messages(known: JobEvidence, now: datetime) -> Iterator[str]:
    for delivery in known.deliveries or ():
        to = f"{delivery.name.channel} {delivery.name.mark} to {delivery.name.recipient}"
        if delivery.state in LOST:
            yield f"Message {to} is {delivery.state}: see `haul hooks log`."
        elif delivery.expired(now):
            yield f"Message {to} was claimed and never finished: look into the dead-letter queues."
        elif delivery.is_due(now - MESSAGE_GRACE):
            yield f"Message {to} was due at {clock(delivery.due_at)} and was not sent: {REPAIR}."
    for name in known.missing or ():
        yield f"Message {name} was never created: {REPAIR}."
