"""The one text that a customer is owed about a job: pure functions of the job and its deliveries.

    a move              its text, if it has one; it tells all that is so when it is sent
    the phone number    the text of the last move again, to the number that has not had it
    the arrival window  rescheduled, if a text told another one; asked again, if it is asked for
    the crew's way      on the way, or almost there
    the ETA             running late, or sooner, if it is not what the customer expects
    the crew            changed, if a text showed another one
    another time        the link to choose one, for a customer who has asked for it
    the link            the new one, if a text told another one

Each delivery has what its text told. So it does not matter how many edits were made in the
meantime, or in which order their facts arrive: what was told is compared with what is so now.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from statemachine.flows import Flow
from statemachine.job.deliveries import Delivery
from statemachine.job.job import Job
from statemachine.messages.reminders import approach_now
from statemachine.messages.sms_texts import CHANGE_TEXTS, TextKind
from statemachine.rules.requirements import is_request
from statemachine.rules.undo import BY_EDIT
from statemachine.values.values import Text, iso

TOLD = frozenset({"sent", "unknown"})
"""Outcomes after which the customer may have read the text."""
NOTICEABLE = timedelta(minutes=10)
"""A smaller change of the ETA is on the page and in no text."""
APPROACH_LASTS = timedelta(hours=1)
"""What the crew said about its way is news for so long."""
SAME_VISIT = timedelta(hours=12)
"""An ETA told for a time further away was about another day."""
TELLING = frozenset(
    {
        "customer", "texts_consent", "unsent_text", "schedule", "crew", "approach", "visit_answer",
        "link",
    }
)  # fmt: skip
"""The fields of a job whose change may have to be told."""


@dataclass(frozen=True)
class OwedText:
    """`mark` names the delivery, `at` is when the reason for the text arose."""

    mark: str
    kind: TextKind | None
    """None for the text of a move, or of the booking."""
    text: Text
    at: datetime


def text_after(job: Job, flow: Flow, seq: int) -> Text | None:
    """The text of ledger entry `seq`, where 0 is the booking; None if it has none."""
    if seq and job.ledger[seq - 1].undoes is not None:  # what stands again is so again
        standing = job.standing_at(seq)
        seq = standing[-1].seq if standing else 0
    status = flow.status(job.status_at(seq))
    text = status.sms
    if seq:
        entry = job.ledger[seq - 1]
        if entry.event_id.startswith(BY_EDIT):  # the text of the edit says it
            return None
        text = flow.sms_of(entry.move, entry.origin, entry.to)
    asked = status.requested if text == status.sms and is_request(job) else None
    return asked.sms if asked else text


def texts_before(job: Job, flow: Flow, seq: int) -> Iterator[tuple[int, Text]]:
    """The earlier entries that have a text, and their texts, the latest first.

    What was told before the customer asked for another window is so no longer.
    """
    asked = [edit.recorded_at for edit in job.edits if edit.window and edit.window.asked]
    for earlier in range(seq - 1, -1, -1):
        if asked and job.entered_at_of(earlier) < asked[-1]:
            return
        if text := text_after(job, flow, earlier):
            yield earlier, text


def told_by(owed: OwedText, job: Job) -> dict[str, str]:
    """What the customer knows of schedule, crew, and approach after reading the text.

    A text about a job without a window never promises the earlier one: on hold, after a failed
    attempt.
    """
    facts, text = _facts_of(job), owed.text
    told = {name: facts[name] for name in ("window", "eta") if f"{{{name}}}" in text.en}
    if not facts["window"]:
        told["window"] = ""
    told |= {name: facts[name] for name in ("crew", "link")} if "{link}" in text.en else {}
    about = {
        "on_my_way": "approach",
        "arriving": "approach",
        "other_time": "other_time",
        "asked_again": "asked",
    }
    return told | {name: facts[name] for kind, name in about.items() if kind == owed.kind}


def _facts_of(job: Job) -> dict[str, str]:
    schedule = job.schedule
    ends = [moment for moment in (schedule.window_start, schedule.window_end) if moment]
    return {
        "window": "/".join(iso(moment) for moment in ends),
        "eta": iso(schedule.eta) if schedule.eta else "",
        "crew": ",".join(sorted(assigned.member for assigned in job.crew)),
        "approach": f"{job.approach.stage}/{iso(job.approach.at)}" if job.approach else "",
        "other_time": _last_edit_of(job, "visit_answer"),
        "asked": _asked_with(job),
        "link": "" if job.link.revoked else _last_edit_of(job, "link"),
    }


def _last_edit_of(job: Job, field: str) -> str:
    """The event id of the last edit of that field."""
    return next((edit.event_id for edit in reversed(job.edits) if field in edit.fields), "")


def _asked_with(job: Job) -> str:
    """The event id of the edit by which the customer asked for the window; a booking has none."""
    changed = (edit for edit in reversed(job.edits) if edit.window)
    return next((edit.event_id for edit in changed), "") if not job.accepted else ""


def owed_text(
    job: Job, flow: Flow, known: Iterable[Delivery], number: str, now: datetime
) -> OwedText | None:
    """The text that is owed, sent or not yet decided; None if the customer knows all of it.

    `known` are the job's deliveries, `number` is the start of the present number's digest.
    """
    texts = {delivery.name.mark: delivery for delivery in known if delivery.name.channel == "sms"}
    last = text_of_move(job, flow, job.seq)
    if last and not _has_ended(texts.get(last.mark)):
        return last
    ended = [delivery for delivery in texts.values() if delivery.ended]
    candidates = (*_corrected(job, flow, ended, number), *_edited(job, flow, ended, now))
    return next((owed for owed in candidates if not _has_ended(texts.get(owed.mark))), None)


def text_of_move(job: Job, flow: Flow, seq: int) -> OwedText | None:
    """The text of ledger entry `seq`, owed or not; None if it has none."""
    text = text_after(job, flow, seq)
    return OwedText(str(seq), None, text, _since(job, seq)) if text else None


def _has_ended(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.ended


def corrected_mark(job: Job, number: str) -> str:
    """The mark of the text that repeats a status for a corrected phone number."""
    return f"{job.seq}-{number}"


def _corrected(job: Job, flow: Flow, ended: Sequence[Delivery], number: str) -> Iterator[OwedText]:
    """A number whose turn never came, neither with this status nor with a change of it."""
    text = text_after(job, flow, job.seq)
    here = [each for each in ended if _seq_of(each.name.mark) == job.seq] if text else ended
    corrected = any("customer" in edit.fields for edit in job.edits)
    if not text and job.link.revoked:
        return
    if corrected and ended and all(each.number != number for each in here):
        again: TextKind = "link" if job.accepted else "asked_again"
        kind, mark = None if text else again, corrected_mark(job, number)
        yield OwedText(mark, kind, text or CHANGE_TEXTS[again], _since(job, job.seq))


def _since(job: Job, seq: int) -> datetime:
    """When a text about the entry became possible: number or consent may have come later."""
    to = {"customer", "texts_consent"}
    edited = [edit.recorded_at for edit in job.edits if to & set(edit.fields)]
    return max([job.entered_at_of(seq), *edited])


def _seq_of(mark: str) -> int | None:
    seq = mark.partition("-")[0]
    return int(seq) if seq.isdecimal() else None


def _edited(job: Job, flow: Flow, ended: Sequence[Delivery], now: datetime) -> Iterator[OwedText]:
    if flow.status(job.status).terminal:
        return
    told: dict[str, str] = {}
    for delivery in sorted(ended, key=_order):
        if delivery.state in TOLD:  # a corrected number is of the same customer
            told |= delivery.told
    for kind, field in (
        (_window_text(job, told, now), "schedule"),
        (_approach_text(job, flow, told, now), "approach"),
        (_eta_text(job, told, now), "schedule"),
        (_crew_text(job, told), "crew"),
        (_other_time_text(job, told), "visit_answer"),
        (_link_text(job, told), "link"),
    ):
        edit = next((each for each in reversed(job.edits) if field in each.fields), None)
        if kind and edit:
            event = hashlib.sha256(edit.event_id.encode()).hexdigest()[:16]
            yield OwedText(f"{kind}-{event}", kind, CHANGE_TEXTS[kind], edit.recorded_at)


def _order(delivery: Delivery) -> tuple[datetime, bool, str]:
    """By time; at the same moment moves come last, because they say it if there is no window."""
    mark = delivery.name.mark
    return delivery.updated_at, _seq_of(mark) is not None, mark


def _window_text(job: Job, told: dict[str, str], now: datetime) -> TextKind | None:
    """None too if the window is over: no one needs to be told of it."""
    facts, end = _facts_of(job), job.schedule.window_end
    if not told or (end and end <= now):
        return None
    if not job.accepted:  # nothing was moved, until the business says so
        return None if told.get("asked", "") == facts["asked"] else "asked_again"
    window = facts["window"]
    if told.get("window", window) == window:
        return None
    if not told["window"]:
        return "scheduled"
    return "rescheduled" if window else "unscheduled"


def _approach_text(job: Job, flow: Flow, told: dict[str, str], now: datetime) -> TextKind | None:
    said = approach_now(job, flow)
    if said is None or now - said.at > APPROACH_LASTS:
        return None
    return None if told.get("approach") == _facts_of(job)["approach"] else said.stage


def _other_time_text(job: Job, told: dict[str, str]) -> TextKind | None:
    if job.visit_answer is None or job.visit_answer.state != "other_time" or job.link.revoked:
        return None
    return None if told.get("other_time") == _facts_of(job)["other_time"] else "other_time"


def _link_text(job: Job, told: dict[str, str]) -> TextKind | None:
    """For a customer whose texts had a link that opens nothing any more."""
    link = _facts_of(job)["link"]
    return "link" if told and link and told.get("link") != link else None


def _eta_text(job: Job, told: dict[str, str], now: datetime) -> TextKind | None:
    """An ETA that the customer does not expect: by what was told, or by the window."""
    eta, end = job.schedule.eta, job.schedule.window_end
    if eta is None or eta <= now:
        return None
    before = datetime.fromisoformat(told["eta"]) if told.get("eta") else None
    if before and abs(eta - before) <= SAME_VISIT:
        if abs(eta - before) < NOTICEABLE:
            return None
        return "late" if eta > before else "sooner"
    return "late" if told and end and eta > end else None


def _crew_text(job: Job, told: dict[str, str]) -> TextKind | None:
    crew = _facts_of(job)["crew"]
    return "crew_changed" if crew and told.get("crew") not in (None, "", crew) else None
