"""What is wrong with a job now, in sentences for whoever has to do something about it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from statemachine.deadlines import due_at
from statemachine.evidence import LOST, JobEvidence
from statemachine.flows import flow_names, load_flow
from statemachine.job import Job
from statemachine.timeline import clock, span
from statemachine.views import Board, card_of

GRACE = timedelta(seconds=30)
"""What is younger than this is on its way."""
REDRIVE = "repair the job"
LATE = timedelta(minutes=3)
"""Longer than the watchdog needs to send a message whose queue has lost it."""


def diagnose(known: JobEvidence, now: datetime) -> tuple[str, ...]:
    job = known.job
    if job.flow not in flow_names():
        return (
            f"This version does not have the flow {job.flow}: deploy the release that has it "
            "again, and the job goes on.",
        )
    if job.status not in {status.name for status in load_flow(job.flow).statuses}:
        return (
            f"This version does not know the status {job.status}: deploy the release that has it "
            "again, and the job goes on.",
        )
    return (
        *_waits_too_long(known.job, now),
        *_execution(known, now),
        *_derived(known, now),
        *_kept(known.job),
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
            f"Its execution has settled entry {max(job.execution.seq, 0)} of {job.seq} only: "
            f"{REDRIVE}."
        )
    elif job.wait is None and not ended:
        yield f"No execution waits for its next move: {REDRIVE}."
    newest = {run.generation: run for run in known.runs or ()}.get(job.execution.generation)
    if ended and job.execution.seq >= job.seq:
        return
    if known.runs is not None and (newest is None or newest.state != "running"):
        what = newest.state.replace("_", " ") if newest else "unknown to Step Functions"
        yield f"Execution {job.execution.generation} is {what}: {REDRIVE}."


def _derived(known: JobEvidence, now: datetime) -> Iterator[str]:
    job = known.job
    if now - _last_change(job) < GRACE:
        return
    if known.views is not None:
        rev = max((view.value.rev for view in known.views), default=0)
        if rev < job.rev:
            yield f"Customers see rev {rev} of {job.rev}: {REDRIVE}."
    rev = job.rev if known.on_board is None else known.on_board
    if rev < job.rev and _belongs_on_board(job, now):
        yield f"The board shows rev {rev} of {job.rev}: {REDRIVE}."


def _last_change(job: Job) -> datetime:
    """The last one that people can see."""
    edited = [edit.recorded_at for edit in job.edits]
    return max([job.entered_at, *edited, *(photo.recorded_at for photo in job.photos)])


def _belongs_on_board(job: Job, now: datetime) -> bool:
    return bool(Board().merged([card_of(job, load_flow(job.flow))]).at(now).jobs)


def _kept(job: Job) -> Iterator[str]:
    for early in job.early:
        asked = early.move or f"to {early.to}"
        yield (
            f"{asked} is kept for the moves before it, and refused at "
            f"{early.until:%Y-%m-%d %H:%M} UTC: make those moves, or let it be refused."
        )


def _messages(known: JobEvidence, now: datetime) -> Iterator[str]:
    for delivery in known.deliveries or ():
        to = f"{delivery.name.channel} {delivery.name.mark} to {delivery.name.recipient}"
        if delivery.state in LOST:
            yield f"Message {to} is {delivery.state}: see `haul hooks log`."
        elif delivery.expired(now):
            yield f"Message {to} was claimed and never finished: look into dead letters."
        elif delivery.is_due(now - LATE):
            yield f"Message {to} was due at {clock(delivery.due_at)} and is still there: {REDRIVE}."
    for name in known.missing or ():
        yield f"Message {name} is missing: it ought to exist and was never made: {REDRIVE}."
