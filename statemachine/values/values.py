"""Basic types of all documents: ids, moments, actors, and texts in two languages."""

import threading
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

_BUILDING = threading.RLock()


class BuiltOnUse(BaseModel):
    """A model that pydantic builds at its first use: a function imports many and uses few.

    Under a lock, because pydantic's own building is not safe if two threads need it at once.
    """

    model_config = ConfigDict(defer_build=True)

    @classmethod
    def model_rebuild(cls, **options: Any) -> bool | None:
        with _BUILDING:
            return super().model_rebuild(**options)


class Frozen(BuiltOnUse):
    """Base of our own documents: immutable, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def with_(self, **changes: Any) -> Self:
        """A copy with `changes`, validated (pydantic's own `model_copy` is not)."""
        return type(self).model_validate({**self.__dict__, **changes})


YEARS = range(2000, 2200)
"""Input with a time in any other year is refused, because no one plans for it."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2999, 12, 31, tzinfo=UTC)
"""Moments are clamped to this range when a document is read. So hours and days can be added to any
stored moment, and it can be shown in any time zone, without an OverflowError."""


def to_utc(moment: datetime) -> datetime:
    """In UTC, cut to the millisecond, so that a document read back equals the one written."""
    if not EARLIEST.year <= moment.year <= LATEST.year:
        return EARLIEST if moment.year < EARLIEST.year else LATEST
    utc = moment.astimezone(UTC)
    if not EARLIEST.year < utc.year < LATEST.year:
        utc = min(max(utc, EARLIEST), LATEST)
    finer = utc.microsecond % 1000  # most have none, and a document may have thousands of moments
    return utc.replace(microsecond=utc.microsecond - finer) if finer else utc


def iso(moment: datetime) -> str:
    """`2026-11-21T10:00:00.000Z`: UTC, always three decimals, so that text order is time order."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


WrittenAsIso = PlainSerializer(iso, return_type=str, when_used="json")
Utc = Annotated[AwareDatetime, AfterValidator(to_utc), WrittenAsIso]
"""A moment in UTC, to the millisecond. A time without a zone is refused.

This type is for stored documents; input has `bounds.UtcInput`."""

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")

TENANT_PATTERN = r"^[a-z][a-z0-9-]{0,30}$"
JOB_ID_PATTERN = r"^[0-9]{6}-[0-9a-hjkmnp-tv-z]{6}$"
PHONE_PATTERN = r"^\+[1-9][0-9]{6,14}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"

Tenant = Annotated[str, Field(pattern=TENANT_PATTERN)]
JobId = Annotated[str, Field(pattern=JOB_ID_PATTERN)]
"""`261121-7k3m2q`: the day of booking and six Crockford base32 letters, to sort and to speak."""
EventId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
"""The sender's id of an event, the same for every copy; not the id of the envelope."""

RESERVED = "haulway."
"""The prefix of event ids that the server derives; requests from outside may not have it."""


def is_reserved(event_id: str) -> bool:
    return event_id.startswith(RESERVED)


def _not_reserved(event_id: str) -> str:
    if is_reserved(event_id):
        raise ValueError(f"ids that begin with {RESERVED!r} are reserved; choose another id")
    return event_id


OutsideEventId = Annotated[EventId, AfterValidator(_not_reserved)]
"""An event id that a sender outside may choose."""
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]
LongText = Annotated[str, Field(min_length=1, max_length=2000)]

ActorKind = Literal["dispatcher", "crew", "customer", "partner", "system"]


class Actor(Frozen):
    """The sender of a request. `id` is an account, a partner, or a program; never personal data."""

    kind: ActorKind
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@:-]{1,64}$")]


class Text(Frozen):
    """The same text in every language."""

    en: Annotated[str, Field(min_length=1)]
    es: Annotated[str, Field(min_length=1)]

    def get(self, language: Language) -> str:
        return self.es if language == "es" else self.en
