"""Who gave a job another arrival window, when, and why: for the people who work on it."""

from statemachine.job.records import WindowChange
from statemachine.values.values import Actor, Frozen, Utc


class WindowEntry(Frozen):
    """An edit that changed the arrival window."""

    window: WindowChange
    reason: str | None = None
    recorded_at: Utc
    actor: Actor
