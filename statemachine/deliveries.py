"""A delivery: one message to one recipient about one fact, and what has become of it.

    (none) ── held ──┐                    SMS: an expired claim becomes unknown, never sent again
       └─────────────┴── claimed ── sent · refused · unknown
                             └── waiting ── claimed …  webhook: an expired claim is sent again

Whoever stores the claim sends. `rev` keeps the versions of the object apart.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from statemachine.values import Frozen, Tenant, Utc

Channel = Literal["sms", "webhook"]
Ending = Literal["sent", "unknown", "refused", "dropped", "failed", "gone"]
State = Literal[
    "held", "waiting", "claimed", "sent", "unknown", "refused", "dropped", "failed", "gone"
]
ENDINGS: frozenset[str] = frozenset(get_args(Ending))

CLAIM_LASTS = timedelta(minutes=2)
"""Longer than a function may run, so that whoever held an expired claim is gone."""

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]


class Claim(Frozen):
    id: Label
    at: Utc


class Attempt(Frozen):
    """One time that we sent; `outcome` is a word, or the answer's status."""

    at: Utc
    outcome: str


class DeliveryName(Frozen):
    """What makes two messages the same: there is one delivery of each name, ever."""

    tenant: Tenant
    about: Label
    """The job's id, or what else the fact is about."""
    mark: Label
    """Which fact: the `seq` of a move, or what else names it."""
    channel: Channel
    recipient: Label
    """`customer`, or the endpoint's id; never a number."""

    @property
    def key(self) -> str:
        folder = f"tenants/{self.tenant}/deliveries/{self.about}"
        return f"{folder}/{self.mark}-{self.channel}-{self.recipient}.json"


class Delivery(Frozen):
    name: DeliveryName
    rev: Annotated[int, Field(ge=1)] = 1
    state: State
    why: str | None = None
    """In one word where it was not simply sent."""
    status: str | None = None
    """The job's status that the customer is told of."""
    to: str
    """Masked: the end of a number, the host of an address."""
    parts: int | None = None
    message_id: str | None = None
    """The provider's, or the `webhook-id`."""
    fact: dict[str, Any] | None = None
    """What a webhook tells: ids and statuses, so that it can be told again."""
    claim: Claim | None = None
    attempts: tuple[Attempt, ...] = ()
    due_at: Utc | None = None
    created_at: Utc
    updated_at: Utc

    @property
    def ended(self) -> bool:
        return self.state in ENDINGS

    def is_claimed_by(self, claim_id: str) -> bool:
        return self.claim is not None and self.claim.id == claim_id

    def expired(self, now: datetime) -> bool:
        return (
            self.state == "claimed"
            and self.claim is not None
            and now - self.claim.at >= CLAIM_LASTS
        )

    def claimed(self, claim_id: str, now: datetime) -> "Delivery":
        return self.next(now, state="claimed", claim=Claim(id=claim_id, at=now), due_at=None)

    def end(self, state: Ending, now: datetime, **more: object) -> "Delivery":
        return self.next(now, state=state, due_at=None, **more)

    def next(self, now: datetime, **changes: object) -> "Delivery":
        return self.with_(rev=self.rev + 1, updated_at=now, **changes)


def masked(phone: str) -> str:
    """`•••0123`: enough to tell two numbers of one customer apart."""
    return f"•••{phone[-4:]}"
