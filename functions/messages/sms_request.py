"""The messages that request a text about a job."""

import json
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, model_validator

from statemachine.job.deliveries import DeliveryName
from statemachine.values.values import JobId, Tenant

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


class JobChanged(BaseModel):
    """What a text needs from `JobCreated`, `JobMoved`, `JobEdited`, or our own `SmsRequest`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    job_id: JobId
    seq: int | None = None
    """None for an edit, which is no move."""
    mark: str | None = None
    """The mark of an existing delivery."""
    fields: tuple[str, ...] = ()
    """What the edit changed."""

    @model_validator(mode="after")
    def _tells_something(self) -> "JobChanged":
        if self.seq is None and self.mark is None and not self.fields:
            raise ValueError("send `seq`, `mark`, or the `fields` of an edit")
        return self

    @property
    def named(self) -> str | None:
        """The mark of the text that is meant; None for an edit: whatever is owed after it."""
        return self.mark or (None if self.seq is None else str(self.seq))
