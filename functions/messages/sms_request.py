"""The message that asks for a text about a job: which status it tells of."""

import json
from dataclasses import dataclass

from statemachine.deliveries import DeliveryName


@dataclass(frozen=True)
class SmsRequest:
    tenant: str
    job_id: str
    seq: int
    mark: str
    """Of its delivery: `1`, or `1-9f86d081` where a corrected number is told of the same status."""

    @classmethod
    def of(cls, name: DeliveryName) -> "SmsRequest | None":
        """None for an answer to a text, which is about no status."""
        seq = name.mark.partition("-")[0]
        if not seq.isdecimal():
            return None
        return cls(name.tenant, name.about, int(seq), name.mark)

    def message(self) -> str:
        return json.dumps({"detail": self.__dict__})
