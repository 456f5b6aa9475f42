"""What an edit changes of the schedule, and who may put it into a full window."""

from datetime import datetime

from statemachine.job.bounds import horizon_fault, window_fault
from statemachine.job.job import Schedule
from statemachine.job.records import WindowChange
from statemachine.rules.edit_request import EditRequest
from statemachine.values.values import Actor


def may_overbook(actor: Actor, asked: bool | None) -> bool:
    return bool(asked) and actor.kind == "dispatcher"


def schedule_after(before: Schedule, given: Schedule) -> Schedule:
    """Only the given times change; but an ETA was for the window that the job leaves."""
    values = {name: getattr(given, name) for name in given.model_fields_set}
    after = before.with_(**values)
    return after if after.window == before.window else after.with_(eta=values.get("eta"))


def schedule_fault(
    before: Schedule, after: object, now: datetime, horizon_days: int
) -> tuple[str, str] | None:
    """The field and the sentence; only what the edit changes, because stored values may be older
    than a rule."""
    if not isinstance(after, Schedule):
        return None
    changed = {
        field: getattr(after, field)
        for field in Schedule.model_fields
        if getattr(after, field) != getattr(before, field)
    }
    fault = horizon_fault(Schedule(**changed), now, horizon_days)
    if changed.keys() & {"window_start", "window_end"}:
        fault = fault or window_fault(after)
    return fault


def window_change(
    before: Schedule, after: object, request: EditRequest, asked: bool
) -> WindowChange | None:
    if not isinstance(after, Schedule) or after.window == before.window:
        return None
    return WindowChange(
        from_start=before.window_start,
        from_end=before.window_end,
        to_start=after.window_start,
        to_end=after.window_end,
        overbooked=may_overbook(request.actor, request.changes.override),
        asked=asked,
    )
