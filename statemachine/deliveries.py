"""A delivery: one message to one recipient about one fact, and what has become of it.

    (none) ── held ──┐                    SMS: an expired claim becomes unknown, never sent again
       └─────────────┴── claimed ── sent · refused · unknown
                             └── waiting ── claimed …  webhook: an expired claim is sent again

Whoever stores the claim sends. `version` grows with every write. The object is the
truth about what is held or waiting: a queue's message is only a hint that its time has come.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from statemachine.values import Frozen, Tenant, Utc

Channel = Literal["sms", "webhook"]
Outcome = Literal["sent", "unknown", "refused", "dropped", "failed", "gone"]
DeliveryState = Literal[
    "held", "waiting", "claimed", "sent", "unknown", "refused", "dropped", "failed", "gone"
]
OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))

CLAIM_LASTS = timedelta(minutes=2)
"""Longer than a function may run, so that whoever held an expired claim is gone."""

DeliveryLabel = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]


class SendClaim(Frozen):
    id: DeliveryLabel
    at: Utc


class Attempt(Frozen):
    """One time that we sent; `outcome` is a word, or the answer's status."""

    at: Utc
    outcome: str


class DeliveryName(Frozen):
    """What makes two messages the same: there is one delivery of each name, ever."""

    tenant: Tenant
    about: DeliveryLabel
    """The job's id, or what else the fact is about."""
    mark: DeliveryLabel
    """Which fact: the `seq` of a move, or what else names it."""
    channel: Channel
    recipient: DeliveryLabel
    """`customer`, or the endpoint's id; never a number."""

    @property
    def key(self) -> str:
        return f"tenants/{self.tenant}/deliveries/{self.tail}.json"

    @property
    def tail(self) -> str:
        """What names it within its tenant, as `261121-7k3m2q/1-sms-customer`."""
        return f"{self.about}/{self.mark}-{self.channel}-{self.recipient}"

    @classmethod
    def parse(cls, tenant: str, tail: str) -> "DeliveryName":
        """The name that `tail` was made of: no recipient has a hyphen. Raises ValueError."""
        about, _, rest = tail.partition("/")
        mark, channel, recipient = rest.rsplit("-", 2)
        return cls.model_validate(
            {
                "tenant": tenant,
                "about": about,
                "mark": mark,
                "channel": channel,
                "recipient": recipient,
            }
        )


class Delivery(Frozen):
    name: DeliveryName
    version: Annotated[int, Field(ge=1)] = 1
    state: DeliveryState
    why: str | None = None
    """In one word where it was not simply sent."""
    status: str | None = None
    """The job's status that the customer is told of."""
    to: str
    """Masked: the end of a number, the host of an address."""
    number: str | None = None
    """Of a text: the start of its number's digest, by which a corrected number is told apart."""
    parts: int | None = None
    message_id: str | None = None
    """The provider's, or the `webhook-id`."""
    fact: dict[str, Any] | None = None
    """What a webhook tells: ids and statuses, so that it can be told again."""
    claim: SendClaim | None = None
    attempts: tuple[Attempt, ...] = ()
    due_at: Utc | None = None
    created_at: Utc
    updated_at: Utc

    @property
    def ended(self) -> bool:
        return self.state in OUTCOMES

    def addressed_as(self, draft: "Delivery") -> "Delivery":
        """To whom and as it would go out now: what is held is sent by what is known then."""
        now = {"to": draft.to, "number": draft.number, "parts": draft.parts}
        return self.with_(**now)

    def is_claimed_by(self, claim_id: str) -> bool:
        return self.claim is not None and self.claim.id == claim_id

    def expired(self, now: datetime) -> bool:
        return (
            self.state == "claimed"
            and self.claim is not None
            and now - self.claim.at >= CLAIM_LASTS
        )

    def is_due(self, now: datetime) -> bool:
        """Held or between two tries, and its time has come."""
        return not self.ended and self.due_at is not None and self.due_at <= now

    def claimed(self, claim_id: str, now: datetime) -> "Delivery":
        return self.next(now, state="claimed", claim=SendClaim(id=claim_id, at=now), due_at=None)

    def end(self, state: Outcome, now: datetime, **more: object) -> "Delivery":
        return self.next(now, state=state, due_at=None, **more)

    def next(self, now: datetime, **changes: object) -> "Delivery":
        return self.with_(version=self.version + 1, updated_at=now, **changes)


def masked_phone(phone: str) -> str:
    """`•••0123`: enough to tell two numbers of one customer apart."""
    return f"•••{phone[-4:]}"
