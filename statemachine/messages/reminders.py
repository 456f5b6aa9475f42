"""When customers are reminded of a visit, whether that is still true, and what they answered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from statemachine.business.business import BusinessSettings
from statemachine.flows import Flow
from statemachine.job.job import Job
from statemachine.job.visit import CrewApproach, OptionalText
from statemachine.messages.sms_texts import REMINDERS, TextKind


@dataclass(frozen=True)
class PlannedReminder:
    """`mark` names the delivery: one for each kind and arrival window."""

    kind: TextKind
    mark: str
    due_at: datetime


def reminders_of(job: Job, flow: Flow, tenant: BusinessSettings) -> Iterator[PlannedReminder]:
    """Those that the business wants for the job's window, the past ones too."""
    start = job.schedule.window_start
    if start is None or not flow.status(job.status).awaits_arrival:
        return
    if tenant.remind_day_before:
        zone = ZoneInfo(tenant.time_zone)
        day = start.astimezone(zone).date() - timedelta(days=1)
        at = datetime.combine(day, tenant.reminder_time, zone).astimezone(UTC)
        yield PlannedReminder("day_before", _mark("day_before", start), at)
    if tenant.remind_hours_before:
        at = start - timedelta(hours=tenant.remind_hours_before)
        yield PlannedReminder("hours_before", _mark("hours_before", start), at)


def reminder_kind(mark: str) -> TextKind | None:
    """The kind of reminder that a delivery with this mark is; None for other texts."""
    kind = mark.partition("-")[0]
    return next((each for each in REMINDERS if each == kind), None)


def is_still_due(mark: str, job: Job, flow: Flow, now: datetime) -> bool:
    """Whether the reminder is true: the same window, which lies ahead, and a crew still to come."""
    start, kind = job.schedule.window_start, reminder_kind(mark)
    return (
        kind is not None
        and start is not None
        and now < start
        and mark == _mark(kind, start)
        and flow.status(job.status).awaits_arrival
    )


def _mark(kind: TextKind, start: datetime) -> str:
    return f"{kind}-{start:%Y%m%dT%H%M}"


OPTIONAL: Mapping[TextKind, OptionalText] = {
    "day_before": "reminders",
    "hours_before": "reminders",
    "on_my_way": "on_my_way",
    "arriving": "arriving",
}
"""What a customer may switch off; a change of time is always told."""


def offered_texts(tenant: BusinessSettings) -> tuple[OptionalText, ...]:
    """The optional texts that the business sends at all."""
    offered = (each for kind, each in OPTIONAL.items() if _is_sent(kind, tenant))
    return tuple(dict.fromkeys(offered))


def is_wanted(kind: TextKind, tenant: BusinessSettings, job: Job) -> bool:
    """Whether the business sends this kind of text, and the customer has not switched it off."""
    return _is_sent(kind, tenant) and OPTIONAL.get(kind) not in job.unwanted_texts


def _is_sent(kind: TextKind, tenant: BusinessSettings) -> bool:
    switches: dict[TextKind, object] = {
        "crew_changed": tenant.text_crew_changes,
        "on_my_way": tenant.text_on_my_way,
        "arriving": tenant.text_on_my_way,
        "day_before": tenant.remind_day_before,
        "hours_before": tenant.remind_hours_before,
    }
    return bool(switches.get(kind, True))


def call_after(job: Job, flow: Flow) -> datetime | None:
    """When a person should call: the customer gets no texts, or has not said yes to the window."""
    answer = job.visit_answer
    if answer is None or answer.state not in ("asked", "other_time"):
        told = answer is not None and answer.window_start == job.schedule.window_start
        return None if told else _untold_since(job, flow)
    if answer.window_start != job.schedule.window_start:
        return None
    return answer.answer_by if flow.status(job.status).awaits_arrival else None


def _untold_since(job: Job, flow: Flow) -> datetime | None:
    """When the customer of an open job, who has a number, said that no text may go there."""
    consent = job.texts_consent
    if consent is None or consent.agreed or job.customer.phone is None:
        return None
    return None if flow.status(job.status).terminal else consent.at


def approach_now(job: Job, flow: Flow) -> CrewApproach | None:
    """What the crew said about its way, unless the job has moved, or its window has, since."""
    said = job.approach
    if said is None or said.at < job.entered_at or not flow.status(job.status).awaits_arrival:
        return None
    moved = any(edit.window and edit.recorded_at > said.at for edit in job.edits)
    return None if moved else said
