"""A delivery: one message to one recipient about one fact, and its outcome.

    (none) ── held ──┐                    SMS: after an expired claim unknown, never sent again
       └─────────────┴── claimed ── sent · refused · unknown
                             └── waiting ── claimed …  webhook: after an expired claim, sent again

The function that stores the claim sends the message. `version` grows with every write. The object
is the truth about what is held or waiting; a queue message only hints that its time has come.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from statemachine.values.values import Frozen, Tenant, Utc

Channel = Literal["sms", "webhook"]
Outcome = Literal["sent", "unknown", "refused", "dropped", "failed", "gone"]
DeliveryState = Literal[
    "held", "waiting", "claimed", "sent", "unknown", "refused", "dropped", "failed", "gone"
]
OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))

CLAIM_LASTS = timedelta(minutes=2)
"""Longer than a function may run, so no one still works under an expired claim."""

OVER_BUDGET = "over_budget"
"""Why a text is held for a person, who sends it or drops it."""

DeliveryLabel = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]


class SendClaim(Frozen):
    id: DeliveryLabel
    at: Utc


class Attempt(Frozen):
    """One attempt to send. `outcome` is a word, or the HTTP status of the response."""

    at: Utc
    outcome: str


class DeliveryName(Frozen):
    """Identifies a message: there is never more than one delivery with a name."""

    tenant: Tenant
    about: DeliveryLabel
    """The job's id, or the id of what else the fact is about."""
    mark: DeliveryLabel
    """Which fact: the `seq` of a move, or what else identifies it."""
    channel: Channel
    recipient: DeliveryLabel
    """`customer`, or the endpoint's id; never a phone number."""

    @property
    def key(self) -> str:
        return f"tenants/{self.tenant}/deliveries/{self.tail}.json"

    @property
    def tail(self) -> str:
        """The name within the tenant, as `261121-7k3m2q/1-sms-customer`."""
        return f"{self.about}/{self.mark}-{self.channel}-{self.recipient}"

    @classmethod
    def parse(cls, tenant: str, tail: str) -> "DeliveryName":
        """The name with that `tail`. No recipient contains a hyphen. Raises ValueError."""
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
    """One word, if it was not simply sent."""
    status: str | None = None
    """The job's status that the message is about."""
    to: str
    """Masked: the end of a phone number, the host of a URL."""
    number: str | None = None
    """Of an SMS: the start of the number's digest, which changes when the number is corrected."""
    parts: int | None = None
    told: dict[str, str] = Field(default_factory=dict)
    """Of an SMS: what it tells that may change later, as `owed_texts.told_by` writes it."""
    asked: str | None = None
    """Of a text that a person waits for: a slow hash of the request, which has its number."""
    message_id: str | None = None
    """The provider's id, or the `webhook-id`."""
    fact: dict[str, Any] | None = None
    """What a webhook sends, ids and statuses, so that it can be sent again."""
    claim: SendClaim | None = None
    attempts: tuple[Attempt, ...] = ()
    due_at: Utc | None = None
    created_at: Utc
    updated_at: Utc

    @property
    def ended(self) -> bool:
        return self.state in OUTCOMES

    @property
    def sent_at(self) -> datetime | None:
        """When the provider accepted it; None if it did not."""
        return next((each.at for each in self.attempts if each.outcome == "sent"), None)

    def addressed_as(self, draft: "Delivery") -> "Delivery":
        """As `draft`: a held message goes to the number, and tells what is so, when it is sent."""
        now = {"to": draft.to, "number": draft.number, "parts": draft.parts, "told": draft.told}
        return self.with_(**now)

    @property
    def waits_for_time(self) -> bool:
        """False where a person may send it at any moment."""
        return self.why != OVER_BUDGET

    def is_claimed_by(self, claim_id: str) -> bool:
        return self.claim is not None and self.claim.id == claim_id

    def expired(self, now: datetime) -> bool:
        return (
            self.state == "claimed"
            and self.claim is not None
            and now - self.claim.at >= CLAIM_LASTS
        )

    def is_due(self, now: datetime) -> bool:
        """Whether it is held or waiting, and its time has come."""
        return not self.ended and self.due_at is not None and self.due_at <= now

    def claimed(self, claim_id: str, now: datetime) -> "Delivery":
        return self.next(now, state="claimed", claim=SendClaim(id=claim_id, at=now), due_at=None)

    def end(self, state: Outcome, now: datetime, **more: object) -> "Delivery":
        return self.next(now, state=state, due_at=None, **more)

    def next(self, now: datetime, **changes: object) -> "Delivery":
        return self.with_(version=self.version + 1, updated_at=now, **changes)


def masked_phone(phone: str) -> str:
    """`•••0123`: enough to distinguish two numbers of one customer."""
    return f"•••{phone[-4:]}"
