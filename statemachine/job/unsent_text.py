"""A text that was not sent and that a person has to know of: it is held, or was refused."""

from typing import Literal

from statemachine.job.deliveries import DeliveryLabel
from statemachine.values.values import Frozen, Name

UnsentState = Literal["held", "send", "drop", "refused", "gone"]
"""`held` for a person, who says `send` or `drop`; `refused` before it was sent, because of the
number; `gone`: there is nothing to decide any more."""


class UnsentText(Frozen):
    """`mark` names its delivery."""

    mark: DeliveryLabel
    state: UnsentState
    why: Name | None = None
    """One word, as in the delivery."""

    @property
    def is_shown(self) -> bool:
        return self.state in ("held", "refused")
