"""One fact for one endpoint: what is signed and sent, when, and through which queue."""

import hashlib
import json
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from functions.messages.deliveries import DelayedMessages
from functions.messages.endpoints import Endpoint
from functions.protocol.ports import Stored
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.values.values import Name, Tenant, Utc, iso

SCHEDULE_S = (5, 60, 300, 1800, 7200, 18_000, 28_800, 36_000)
"""Waits between tries, 25.5 hours together."""
JITTER = 0.2
"""A wait is up to this fraction longer, so that webhooks that failed together spread out."""
PUT_OFF_S = 60.0
"""The longest delay of a message whose endpoint has failed another one, and was not tried."""
LONGEST_WAIT = timedelta(hours=24)
"""Even if `Retry-After` asks for more."""


class WebhookAttempt(BaseModel):
    """One try to send one fact to one endpoint."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    endpoint: Name
    about: str
    mark: str
    type: str
    timestamp: Utc
    data: dict[str, Any]
    attempt: int = 0
    due_at: Utc

    @property
    def name(self) -> DeliveryName:
        return DeliveryName(
            tenant=self.tenant,
            about=self.about,
            mark=self.mark,
            channel="webhook",
            recipient=self.endpoint,
        )

    @property
    def webhook_id(self) -> str:
        """The same for all tries and copies of the fact."""
        digest = hashlib.sha256(f"{self.tenant}|{self.about}|{self.mark}".encode()).digest()
        return f"msg_{b32encode(digest[:15]).decode().lower()}"

    def body(self) -> bytes:
        document = {"type": self.type, "timestamp": iso(self.timestamp), "data": self.data}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def next_attempt(delivery: Delivery, now: datetime) -> WebhookAttempt:
    """The message that sends a delivery's fact again, beginning with the first try."""
    assert delivery.fact is not None
    return WebhookAttempt(
        tenant=delivery.name.tenant,
        endpoint=delivery.name.recipient,
        about=delivery.name.about,
        mark=delivery.name.mark,
        due_at=now,
        **delivery.fact,
    )


@dataclass(frozen=True)
class WebhookQueues:
    prompt: DelayedMessages
    slow: DelayedMessages

    def put(self, due: WebhookAttempt, slow: bool, delay_s: float = 0) -> None:
        (self.slow if slow else self.prompt).put(message_of(due), delay_s)

    def put_all(
        self, dues: Sequence[WebhookAttempt], slow: bool, delays_s: Sequence[float] = ()
    ) -> None:
        bodies = [message_of(due) for due in dues]
        (self.slow if slow else self.prompt).put_all(bodies, delays_s)


@dataclass(frozen=True)
class WebhookBatch:
    """What the messages of one batch learn from each other."""

    endpoints: dict[tuple[str, str], Stored[Endpoint]] = field(default_factory=dict)
    """As they were read for this batch."""
    failed: set[tuple[str, str]] = field(default_factory=set)


def message_of(due: WebhookAttempt) -> str:
    return json.dumps({"detail": json.loads(due.model_dump_json())})


def wait_before(attempt: int, chance: float, requested: timedelta) -> timedelta:
    """The wait after try number `attempt`, counted from 0; not shorter than `requested`."""
    planned = timedelta(seconds=SCHEDULE_S[attempt] * (1 + JITTER * chance))
    return min(LONGEST_WAIT, max(planned, requested))


def retry_after(text: str | None, now: datetime) -> timedelta:
    """The wait in `Retry-After`, in seconds or as a date (RFC 9110 10.2.3); 0 if it is invalid."""
    try:
        if text and text.strip().isascii() and text.strip().isdigit():
            return min(LONGEST_WAIT, timedelta(seconds=int(text.strip()[:9])))
        if text:
            moment = parsedate_to_datetime(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.utc)
            return max(timedelta(0), moment - now)
    except (ValueError, OverflowError):
        pass
    return timedelta(0)
