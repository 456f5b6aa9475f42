"""What is known about the crew's visit: the customer's answer to the reminder, the crew's way."""

from typing import Literal

from statemachine.values import Frozen, Utc

AnswerState = Literal["asked", "yes", "other_time", "called"]
"""`asked` by the reminder; the customer said `yes` or wants an `other_time`; we have `called`."""
ApproachStage = Literal["on_my_way", "arriving"]


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
