"""What is known about the crew's visit: the customer's answer to the reminder, the crew's way."""

from datetime import datetime, timedelta
from typing import Literal

from statemachine.values.values import Frozen, Utc

AnswerState = Literal["asked", "yes", "other_time", "called"]
"""`asked` by the reminder; the customer said `yes` or wants an `other_time`; we have `called`."""
ApproachStage = Literal["on_my_way", "arriving"]
ApproachInput = Literal["on_my_way", "arriving", "none"]
"""`none` takes back what the crew said."""
OptionalText = Literal["reminders", "on_my_way", "arriving"]
"""Texts that a customer may switch off for a job; all others tell what was booked or changed."""
ETA_SPAN = timedelta(minutes=15)
"""An ETA is promised with both ends: the crew is expected between it and this much later.
`web/shared/jobs/eta.js` has the same."""


class VisitAnswer(Frozen):
    """The customer's answer for one arrival window; after a reschedule it is about the past."""

    state: AnswerState
    window_start: Utc | None = None
    answer_by: Utc | None = None
    """From then on a person should call, unless the customer has said yes."""


class CrewApproach(Frozen):
    """What the crew said last about its way to the customer."""

    stage: ApproachStage
    at: Utc


def approach_said(said: ApproachInput, now: datetime) -> CrewApproach | None:
    return None if said == "none" else CrewApproach(stage=said, at=now)


def eta_ends(eta: datetime) -> tuple[datetime, datetime]:
    """Both ends of the time at which the crew is expected."""
    return eta, eta + ETA_SPAN
