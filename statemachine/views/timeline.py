"""A job's timeline, made from what is stored anyway. Nothing is stored only for it.

The job's records say who requested what and with what result. The versions of its object say what
functions and executions did, and when. Versions of view and board, invalidations, deliveries, and
executions say what followed. Events have ids, statuses, and times, but no name, phone number,
address, token, or text that a person wrote.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from statemachine.flows import flow_names, load_flow
from statemachine.job.deliveries import Delivery
from statemachine.job.job import Job, PhotoKind, ShownAt
from statemachine.job.records import EarlyMove, LedgerEntry, Refusal, WindowChange
from statemachine.rules.edits import EXPLANATIONS as EDIT_EXPLANATIONS
from statemachine.rules.lifecycle import EXPLANATIONS
from statemachine.values.values import iso
from statemachine.views.evidence import (
    LOST,
    ExecutionRun,
    JobEvidence,
    ObjectVersion,
    TimelineEvent,
    TimelineKind,
)

IN_ORDER: tuple[TimelineKind, ...] = (
    "booked",
    "kept",
    "moved",
    "refused",
    "edited",
    "repair",
    "execution",
    "view",
    "settled",
    "waiting",
    "board",
    "invalidation",
    "message",
    "now",
)
"""The order of events at the same time: causes before their effects."""
SECOND = timedelta(seconds=1)

PHOTOS: dict[PhotoKind, str] = {
    "before": "before the work",
    "after": "after the work",
    "attempt": "the failed attempt",
    "customer": "the customer",
}


def timeline_of(known: JobEvidence) -> tuple[TimelineEvent, ...]:
    """All events, oldest first."""
    lines = [
        *_requested(known.job),
        *_processed(known),
        *_executed(known.runs or ()),
        *_shown(known),
        *_sent(known.job, known.deliveries or ()),
    ]
    return tuple(sorted(lines, key=lambda line: (line.at, IN_ORDER.index(line.what))))


def changes_of(job: Job, versions: tuple[ObjectVersion[Job], ...]) -> dict[int, datetime]:
    """When people could first see each rev.

    Moves have the time in their record; edits have that of the job's version, if still known.
    """
    edited = {v.value.version: moment(v) for v in versions if v.value.version == v.value.rev}
    moved = {entry.rev: entry.recorded_at for entry in job.ledger}
    return dict(sorted((edited | moved | {1: job.created_at}).items()))


def moment(version: ObjectVersion[Job]) -> datetime:
    """The time of a version, which S3 cuts to the second, but not before any record in it."""
    job = version.value
    recorded = [version.at, job.created_at, job.execution.since]
    recorded += [entry.recorded_at for entry in job.ledger]
    recorded += [refusal.recorded_at for refusal in job.refused]
    recorded += [edit.recorded_at for edit in job.edits]
    recorded += [refused.recorded_at for refused in job.refused_edits]
    if job.wait:
        recorded.append(job.wait.epoch.entered_at)
    return max(recorded)


def _requested(job: Job) -> Iterator[TimelineEvent]:
    first = label_of(job, job.status_at(0))
    yield TimelineEvent(
        at=job.created_at,
        what="booked",
        text=f"begins in {first}",
        actor=job.created_by,
        rev=1,
        seq=0,
    )
    for entry in job.ledger:
        yield TimelineEvent(
            at=entry.recorded_at,
            what="moved",
            text=_move_text(job, entry),
            actor=entry.actor,
            rev=entry.rev,
            seq=entry.seq,
        )
    for refusal in job.refused:
        text = _refusal_text(job, refusal)
        yield TimelineEvent(
            at=refusal.recorded_at, what="refused", text=text, actor=refusal.actor, ok=False
        )
    for refused in job.refused_edits:
        fields = ", ".join(field.replace("_", " ") for field in refused.fields)
        text = f"change of {fields} refused: {EDIT_EXPLANATIONS[refused.why]}"
        yield TimelineEvent(
            at=refused.recorded_at, what="refused", text=text, actor=refused.actor, ok=False
        )
    for photo in job.photos:
        late = _late(photo.taken_at, photo.recorded_at)
        text = f"a photo from {PHOTOS[photo.kind]} was added{late}"
        yield TimelineEvent(at=photo.recorded_at, what="edited", text=text, actor=photo.actor)
    for edit in job.edits:
        text = f"changed: {', '.join(field.replace('_', ' ') for field in edit.fields)}"
        if edit.window:
            text += f"; {_window_text(edit.window)}"
        if edit.reason:
            text += f": {edit.reason}"
        yield TimelineEvent(at=edit.recorded_at, what="edited", text=text, actor=edit.actor)
    for repaired in job.repaired:
        text = f"the watchdog repaired it: {', '.join(repaired.repairs)}"
        yield TimelineEvent(at=repaired.at, what="repair", text=text)


def _window_text(change: WindowChange) -> str:
    before, after = (_moments(ends) for ends in (change.left_ends, change.given_ends))
    overbooked = ", overbooked" if change.overbooked else ""
    return f"arrival window {before} → {after}{overbooked}"


def _moments(ends: tuple[datetime | None, datetime | None]) -> str:
    return " to ".join(iso(moment) if moment else "open" for moment in ends)


def _move_text(job: Job, entry: LedgerEntry) -> str:
    text = f"{_move(job, entry.move)}: {label_of(job, entry.origin)} → {label_of(job, entry.to)}"
    return text + _late(entry.occurred_at, entry.recorded_at)


def _late(occurred_at: datetime, recorded_at: datetime) -> str:
    """How long it took to arrive, if that is noticeable: a phone was without signal."""
    late = (recorded_at - occurred_at).total_seconds()
    return f", {span(late)} after it happened" if late >= 2 else ""


def _refusal_text(job: Job, refusal: Refusal) -> str:
    requested = _requested_move(job, refusal)
    return f"{requested} refused in {label_of(job, refusal.status)}: {EXPLANATIONS[refusal.why]}"


def _processed(known: JobEvidence) -> Iterator[TimelineEvent]:
    """What functions and executions wrote, by comparing each version with the one before."""
    versions = known.versions or ()
    for before, after in pairwise(versions):
        yield from _step(before.value, after.value, moment(after))
    read = {early.event_id for v in versions for early in v.value.early}
    for early in known.job.early:
        if early.event_id not in read:
            yield _kept(known.job, early, early.occurred_at)


def _step(before: Job, after: Job, at: datetime) -> Iterator[TimelineEvent]:
    known = {early.event_id for early in before.early}
    yield from (_kept(after, early, at) for early in after.early if early.event_id not in known)
    run = after.execution
    if run.generation > before.execution.generation:
        text = f"execution {run.generation} was requested, to take over"
        yield TimelineEvent(at=at, what="execution", text=text)
    for seq in range(max(before.execution.seq + 1, 0), run.seq + 1):
        text = f"{label_of(after, after.status_at(seq))} is settled"
        yield TimelineEvent(at=at, what="settled", text=text, seq=seq)
    wait = after.wait
    if wait and (before.wait is None or before.wait.token != wait.token):
        label = label_of(after, after.status_at(wait.seq))
        text = f"execution {wait.epoch.generation} waits in {label} for the next move"
        yield TimelineEvent(at=at, what="waiting", text=text, seq=wait.seq)


def _kept(job: Job, early: EarlyMove, at: datetime) -> TimelineEvent:
    requested = _requested_move(job, early)
    text = f"{requested} came before its turn and is kept until {early.until:%Y-%m-%d %H:%M} UTC"
    return TimelineEvent(at=at, what="kept", text=text, actor=early.actor)


def _executed(runs: tuple[ExecutionRun, ...]) -> Iterator[TimelineEvent]:
    for run in runs:
        name = f"execution {run.generation}"
        yield TimelineEvent(at=run.started_at, what="execution", text=f"{name} started")
        if run.stopped_at:
            why = f": {run.error}" if run.error else ""
            text = f"{name} {run.state.replace('_', ' ')}{why}"
            ok = run.state == "succeeded"
            yield TimelineEvent(at=run.stopped_at, what="execution", text=text, ok=ok)


def _shown(known: JobEvidence) -> Iterator[TimelineEvent]:
    changed = changes_of(known.job, known.versions or ())
    exact = {known.job.ledger[s.seq - 1].rev if s.seq else 1: s.at for s in _in_ledger(known.job)}

    def line(what: TimelineKind, rev: int, at: datetime, text: str) -> TimelineEvent:
        since = changed.get(rev)
        seen = max(at, since) if since else at
        if since and seen > since:
            text += f", {span((seen - since).total_seconds())} after the change"
        return TimelineEvent(at=seen, what=what, text=text, rev=rev)

    for view in known.views or ():
        rev = view.value.rev
        yield line("view", rev, exact.get(rev, view.at), f"the view shows rev {rev}")
    for card in known.cards or ():
        yield line("board", card.value, card.at, f"the board shows rev {card.value}")
    for cut in known.invalidations or ():  # CloudFront cuts times to the second, as S3 does
        at = max((c for c in changed.values() if timedelta() <= c - cut < SECOND), default=cut)
        yield TimelineEvent(at=at, what="invalidation", text="the cached view was invalidated")


def _in_ledger(job: Job) -> Iterator[ShownAt]:
    return (shown for shown in job.shown if shown.seq <= len(job.ledger))


def _sent(job: Job, deliveries: tuple[Delivery, ...]) -> Iterator[TimelineEvent]:
    for delivery in deliveries:
        for number, attempt in enumerate(delivery.attempts[:-1], 1):
            text = f"{_message(job, delivery)}: attempt {number}, {attempt.outcome}"
            yield TimelineEvent(at=attempt.at, what="message", text=text, ok=False)
        yield TimelineEvent(
            at=delivery.updated_at,
            what="message",
            text=f"{_message(job, delivery)}: {_outcome(delivery)}",
            ok=delivery.state not in LOST,
        )


def _outcome(delivery: Delivery) -> str:
    why = f" ({delivery.why.replace('_', ' ')})" if delivery.why else ""
    if delivery.due_at is None:
        return f"{delivery.state}{why}"
    until = "held until" if delivery.state == "held" else "next attempt at"
    return f"{until} {clock(delivery.due_at)}{why}"


def clock(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "no time"


def _message(job: Job, delivery: Delivery) -> str:
    name = delivery.name
    if name.channel == "sms":
        about = label_of(job, delivery.status) if delivery.status else name.mark
        return f"text to the {name.recipient} about {about}"
    return f"webhook {name.mark} to {name.recipient}"


def _requested_move(job: Job, requested: Refusal | EarlyMove) -> str:
    return (
        _move(job, requested.move) if requested.move else f"to {label_of(job, str(requested.to))}"
    )


def _move(job: Job, name: str) -> str:
    """The label of the button; a move that the flow no longer has shows its name."""
    known = load_flow(job.flow).moves if job.flow in flow_names() else ()
    return next((each.label.en for each in known if each.name == name), name)


def label_of(job: Job, status: str) -> str:
    """The label in the flow; a status that the flow no longer has shows its name."""
    known = load_flow(job.flow).statuses if job.flow in flow_names() else ()
    return next((each.label.en for each in known if each.name == status), status)


def span(seconds: float) -> str:
    """`0.4 s`, `12 s`, `5 min`, `3 h`, `2 d`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
