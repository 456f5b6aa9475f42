"""The message that requests a text about a job."""

import json
from dataclasses import dataclass

from statemachine.deliveries import DeliveryName

REPLIES = "replies"
"""What replies to customers' texts are about, instead of a job."""


@dataclass(frozen=True)
class SmsRequest:
    tenant: str
    job_id: str
    mark: str
    """The delivery's mark: `1`, or `rescheduled-9f86d081884c7d65`."""

    @classmethod
    def of(cls, name: DeliveryName) -> "SmsRequest | None":
        """None for a reply to a text, which is about no job."""
        return None if name.about == REPLIES else cls(name.tenant, name.about, name.mark)

    def message(self) -> str:
        return json.dumps({"detail": self.__dict__})
