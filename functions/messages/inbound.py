"""A text that came in, as AWS End User Messaging SMS delivers it through SNS and SQS."""

import hashlib
import json
import re
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from functions.protocol.batches import Permanent
from statemachine.messages.sms_replies import readable
from statemachine.values.values import PHONE_PATTERN, RESERVED, Utc


class Inbound(BaseModel):
    """An incoming text as AWS End User Messaging SMS delivers it (two-way SMS, 2026-11-21)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    sender: Annotated[str, Field(alias="originationNumber", min_length=1)]
    """Usually a phone number; services send from short codes, as `72345`, or from a name."""
    receiver: Annotated[str, Field(alias="destinationNumber")]
    body: Annotated[str, Field(alias="messageBody"), AfterValidator(readable)] = ""
    """Empty for a text with only a picture, which is not passed on to us."""
    message_id: Annotated[
        str, Field(validation_alias=AliasChoices("inboundMessageId", "message_id"), min_length=1)
    ]
    at: Utc

    @property
    def is_from_phone(self) -> bool:
        return re.fullmatch(PHONE_PATTERN, self.sender) is not None

    @property
    def event_id(self) -> str:
        """The same for every copy; hashed, because the carrier's id may contain anything."""
        return f"{RESERVED}sms-{hashlib.sha256(self.message_id.encode()).hexdigest()[:32]}"


def parse_inbound(event: type[Inbound], body: str) -> Inbound:
    """The text in the notification of SNS. Raises Permanent, which does not quote the text."""
    try:
        notification = json.loads(body)
        text = json.loads(notification["Message"])
        return event.model_validate({**text, "at": notification["Timestamp"]})
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Permanent("not an incoming text as AWS End User Messaging SMS delivers it") from error
