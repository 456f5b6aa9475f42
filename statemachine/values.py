"""The small values everything else is made of."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer


class Frozen(BaseModel):
    """A document of ours: a value, and every key of it is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def with_(self, **changes: Any) -> Self:
        """A copy with `changes`, validated (pydantic's own `model_copy` is not)."""
        return type(self).model_validate({**self.__dict__, **changes})


YEARS = range(2000, 2200)
"""Of other years no one makes plans, and what comes in with one is refused."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2999, 12, 31, tzinfo=UTC)
"""No document is read with a moment outside of these two. Whatever is stored, hours and days can
then be added to it, and it can be told in any time zone, without an OverflowError."""


def _to_utc(moment: datetime) -> datetime:
    """No finer than we write it, so that a document read back is equal to the one written."""
    if not EARLIEST.year <= moment.year <= LATEST.year:
        return EARLIEST if moment.year < EARLIEST.year else LATEST
    utc = min(max(moment.astimezone(UTC), EARLIEST), LATEST)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """`2026-11-21T10:00:00.000Z`: UTC, always three decimals, so that text order is time order."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


Utc = Annotated[
    AwareDatetime, AfterValidator(_to_utc), PlainSerializer(iso, return_type=str, when_used="json")
]
"""An aware moment, kept in UTC to the millisecond. A time without zone is refused.

For what is read; what comes in is a `bounds.UtcInput`."""

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")

TENANT_PATTERN = r"^[a-z][a-z0-9-]{0,30}$"
JOB_ID_PATTERN = r"^[0-9]{6}-[0-9a-hjkmnp-tv-z]{6}$"
PHONE_PATTERN = r"^\+[1-9][0-9]{6,14}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"

Tenant = Annotated[str, Field(pattern=TENANT_PATTERN)]
JobId = Annotated[str, Field(pattern=JOB_ID_PATTERN)]
"""Sortable and speakable: `261121-7k3m2q`, the day of booking and six Crockford base32 letters."""
EventId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
"""The producer's own id of an event: the same for every copy of it, never the envelope's."""

RESERVED = "haulway."
"""Event ids that begin so are derived by the server; requests from outside may not bear them."""


def is_reserved(event_id: str) -> bool:
    return event_id.startswith(RESERVED)


def _not_reserved(event_id: str) -> str:
    if is_reserved(event_id):
        raise ValueError(f"ids that begin with {RESERVED!r} are the server's; send one of your own")
    return event_id


OutsideEventId = Annotated[EventId, AfterValidator(_not_reserved)]
"""An event id as someone outside may choose it."""
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]
LongText = Annotated[str, Field(min_length=1, max_length=2000)]

ActorKind = Literal["dispatcher", "crew", "customer", "partner", "system"]


class Actor(Frozen):
    """Who asked. `id` is an account, a partner or a program; never a name or a phone number."""

    kind: ActorKind
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@:-]{1,64}$")]


class Text(Frozen):
    """One wording in every language we speak."""

    en: Annotated[str, Field(min_length=1)]
    es: Annotated[str, Field(min_length=1)]

    def get(self, language: Language) -> str:
        return self.es if language == "es" else self.en
