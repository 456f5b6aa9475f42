"""The message that requests a text about a job's status."""

import json
from dataclasses import dataclass

from statemachine.deliveries import DeliveryName


@dataclass(frozen=True)
class SmsRequest:
    tenant: str
    job_id: str
    seq: int
    mark: str
    """The delivery's mark: `1`, or `1-9f86d081` to repeat the status to a corrected number."""

    @classmethod
    def of(cls, name: DeliveryName) -> "SmsRequest | None":
        """None for a reply to a text, which is about no status."""
        seq = name.mark.partition("-")[0]
        if not seq.isdecimal():
            return None
        return cls(name.tenant, name.about, int(seq), name.mark)

    def message(self) -> str:
        return json.dumps({"detail": self.__dict__})
