"""What the holder of a tracking link sends with the token that proves it."""

from typing import Annotated

from pydantic import Field, model_validator

from functions.api.request_models import LinkHolderBody
from statemachine.job.bounds import NoteInput, UtcInput, fault_at, window_fault
from statemachine.job.visit import OptionalText
from statemachine.values.values import Frozen, OutsideEventId


class RescheduleBody(LinkHolderBody):
    """Another arrival window, one of those that `GET /api/businesses/ID/slots` offers."""

    window_start: UtcInput
    window_end: UtcInput

    @model_validator(mode="after")
    def _a_window(self) -> "RescheduleBody":
        if fault := window_fault(self):
            raise fault_at(*fault)
        return self


class TextChoicesBody(Frozen):
    """The optional texts that the customer does not want about this job; the others are wanted."""

    token: Annotated[str, Field(max_length=64, repr=False)]
    unwanted: Annotated[tuple[OptionalText, ...], Field(max_length=3)]


class CustomerNoteBody(Frozen):
    """A sentence to the crew."""

    token: Annotated[str, Field(max_length=64, repr=False)]
    note: NoteInput


class CustomerPhotoBody(Frozen):
    """A photo to be uploaded. `bytes` is its exact size; a copy has the same `event_id`."""

    token: Annotated[str, Field(max_length=64, repr=False)]
    event_id: OutsideEventId
    media_type: Annotated[str, Field(max_length=100)]
    bytes: Annotated[int, Field(ge=1)]
