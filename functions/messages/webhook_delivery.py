"""Step 8: a fact is posted to an endpoint, signed, at least once and always under one id.

    prompt lane   first tries, to endpoints that answer; three seconds each
    slow lane     retries, and everything for endpoints that fail; fifteen seconds each

An endpoint that fails leaves the prompt lane with its first failure, so of fifty that hang none
stands before one that answers. Retries go on for more than a day; what no one took is reported.
"""

import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Semaphore
from typing import Any

from pydantic import BaseModel, ConfigDict
from standardwebhooks import Webhook

from events import EndpointPaused
from functions.messages.deliveries import Busy, Deliveries, change
from functions.messages.endpoints import Endpoint, Endpoints, UnknownEndpoint, change_endpoint
from functions.messages.webhook_client import (
    AddressRefused,
    NoResponse,
    WebhookClient,
    WebhookResponse,
)
from functions.messages.webhook_schedule import (
    SCHEDULE_S,
    WebhookAttempt,
    WebhookQueues,
    retry_after,
    wait_before,
)
from functions.protocol.clock import utc_now
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Bus, Logger
from statemachine.deliveries import Attempt, Delivery
from statemachine.values import Name, Tenant, iso

PROMPT_S, SLOW_S = 3.0, 15.0
"""How long an endpoint may take to answer, by lane; the specification proposes 15 to 30 seconds."""
AT_ONCE_TO_ONE = 4
"""How many posts one function has open to the same endpoint."""
AT_ONCE = 64
PUT_OFF_S = 60.0
"""Within this time a message comes back whose endpoint has just failed another one."""


class TestRequest(BaseModel):
    """Post a test to an endpoint and say what it answered; nothing is kept of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    __test__ = False

    test: Name
    tenant: Tenant


def signed_headers(
    secrets: Sequence[str], webhook_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """The headers of the Standard Webhooks specification 1.0.0; one signature for each secret."""
    signatures = [Webhook(value).sign(webhook_id, now, body.decode()) for value in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Haulway-Webhooks/1",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@dataclass(frozen=True)
class DeliverWebhooks:
    deliveries: Deliveries
    endpoints: Endpoints
    lanes: WebhookQueues
    poster: WebhookClient
    bus: Bus
    metrics: Metrics
    log: Logger
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    chance: Callable[[], float] = random.random
    clock: Callable[[], datetime] = utc_now
    pause: Pause = full_jitter
    _gates: dict[tuple[str, str], Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: Semaphore(AT_ONCE_TO_ONE))
    )

    def together(self, dues: Sequence[WebhookAttempt], slow: bool) -> list[Exception | None]:
        """Every message at once, few to the same endpoint; for each its error, if it had one."""

        failed: set[tuple[str, str]] = set()

        def tried(due: WebhookAttempt) -> Exception | None:
            try:
                self(due, slow, failed)
            except Exception as error:  # one must not stop the others; it comes again by itself
                return error
            return None

        with ThreadPoolExecutor(AT_ONCE) as posts:
            return list(posts.map(tried, dues))

    def __call__(
        self, due: WebhookAttempt, slow: bool = False, failed: "set[tuple[str, str]] | None" = None
    ) -> Delivery | None:
        """What became of the message; None where it was only passed on, or its endpoint is gone.

        `failed` are endpoints that have just failed others of the same batch: their messages are
        put off without a try. Raises Busy and Unavailable where it shall be delivered again.
        """
        failed = set() if failed is None else failed
        wait = due.due_at - self.clock()
        if wait > timedelta(seconds=1):
            self.lanes.put(due, slow=True, delay_s=wait.total_seconds())
            return None
        with self._gates[due.tenant, due.endpoint]:
            stored = self.endpoints.read(due.tenant, due.endpoint)
            if stored is None:
                return None
            passed_on = not slow and stored.value.failing_since
            if stored.value.state == "active" and (
                passed_on or (due.tenant, due.endpoint) in failed
            ):
                self.lanes.put(due, slow=True, delay_s=PUT_OFF_S * self.chance() if slow else 0)
                return None
            delivery = self._deliver(due, stored.value, SLOW_S if slow else PROMPT_S)
            if delivery.state in ("waiting", "failed"):
                failed.add((due.tenant, due.endpoint))
            return delivery

    def _deliver(self, due: WebhookAttempt, endpoint: Endpoint, patience_s: float) -> Delivery:
        claim_id, now = self.new_id(), self.clock()

        def decide(known: Delivery | None) -> Delivery:
            if known and (known.ended or len(known.attempts) > due.attempt):
                return known  # done, or another copy of the message is further on
            current = known or _draft(due, endpoint, now)
            if endpoint.state != "active":
                return current.end("dropped", now, why=endpoint.state)
            if known and known.state == "claimed" and not known.expired(now):
                return known
            return current.claimed(claim_id, now)

        delivery = change(self.deliveries, due.name, decide, self.pause)
        if delivery.state != "claimed":
            return delivery
        if not delivery.is_claimed_by(claim_id):
            raise Busy("another sender has the claim")
        return self._concluded(due, delivery, endpoint, self._post(due, endpoint, patience_s))

    def _post(
        self, due: WebhookAttempt, endpoint: Endpoint, patience_s: float
    ) -> WebhookResponse | str:
        """The answer, or one word for why there is none."""
        now, body = self.clock(), due.body()
        headers = signed_headers(endpoint.signing(now), due.webhook_id, body, now)
        try:
            return self.poster.post(endpoint.url, body, headers, patience_s)
        except AddressRefused:
            return "address_refused"
        except NoResponse:
            return "no_answer"

    def _concluded(
        self,
        due: WebhookAttempt,
        claimed: Delivery,
        endpoint: Endpoint,
        answer: WebhookResponse | str,
    ) -> Delivery:
        now = self.clock()
        status = answer.status if isinstance(answer, WebhookResponse) else 0
        outcome = answer if isinstance(answer, str) else str(status)
        attempts = (*claimed.attempts, Attempt(at=now, outcome=outcome))
        if 200 <= status < 300:
            self._change(endpoint, Endpoint.answered)
            return self._mark(claimed, lambda d: d.end("sent", now, why=None, attempts=attempts))
        if status == 410:
            self._change(endpoint, lambda e: e.disabled("410 Gone"))
            return self._mark(claimed, lambda d: d.end("gone", now, why="410", attempts=attempts))
        self._note_failure(endpoint, now)
        if due.attempt >= len(SCHEDULE_S):
            self._report(due)
            return self._mark(
                claimed, lambda d: d.end("failed", now, why=outcome, attempts=attempts)
            )
        asked = answer.retry_after if isinstance(answer, WebhookResponse) else None
        due_at = now + wait_before(due.attempt, self.chance(), retry_after(asked, now))
        again = due.model_copy(update={"attempt": due.attempt + 1, "due_at": due_at})
        # Before the mark: a crash in between costs one more try under the same id, never the fact.
        self.lanes.put(again, slow=True, delay_s=(due_at - now).total_seconds())
        return self._mark(
            claimed,
            lambda d: d.next(
                now, state="waiting", why=outcome, claim=None, attempts=attempts, due_at=due_at
            ),
        )

    def _mark(self, claimed: Delivery, ended: Callable[[Delivery], Delivery]) -> Delivery:
        claim = claimed.claim
        assert claim is not None

        def decide(known: Delivery | None) -> Delivery:
            if known is None or known.state != "claimed" or not known.is_claimed_by(claim.id):
                return known or claimed
            return ended(known)

        marked = change(self.deliveries, claimed.name, decide, self.pause)
        self.metrics.count("Deliveries", claimed.name.tenant, Outcome=f"webhook {marked.state}")
        return marked

    def _note_failure(self, endpoint: Endpoint, now: datetime) -> None:
        """Announced before it is recorded: a crash in between tells it twice rather than never."""
        wanted = endpoint.failed(now)
        if endpoint.state == "active" and wanted.state == "paused" and wanted.failing_since:
            self.metrics.count("EndpointsPaused", endpoint.tenant)
            self.log.error("endpoint paused", tenant=endpoint.tenant, endpoint=endpoint.endpoint_id)
            fact = EndpointPaused(
                tenant=endpoint.tenant,
                endpoint=endpoint.endpoint_id,
                failing_since=wanted.failing_since,
                recorded_at=now,
            )
            self.bus.announce([fact])
        self._change(endpoint, lambda e: e.failed(now))

    def _change(self, endpoint: Endpoint, changed: Callable[[Endpoint], Endpoint]) -> None:
        """Nothing to do where it was so a moment ago, when the endpoint was read."""
        if changed(endpoint) is not endpoint:
            change_endpoint(
                self.endpoints, endpoint.tenant, endpoint.endpoint_id, changed, self.pause
            )

    def _report(self, due: WebhookAttempt) -> None:
        self.metrics.count("WebhooksUndelivered", due.tenant)
        self.log.error(
            "webhook given up", tenant=due.tenant, about=due.about, endpoint=due.endpoint
        )

    def test(self, tenant: str, endpoint_id: str) -> dict[str, Any]:
        """Post a test, whatever the endpoint's state, and say what it answered."""
        stored = self.endpoints.read(tenant, endpoint_id)
        if stored is None:
            raise UnknownEndpoint(f"no endpoint {endpoint_id} of {tenant}")
        now = self.clock()
        due = WebhookAttempt(
            tenant=tenant, endpoint=endpoint_id, about="test", mark=self.new_id(),
            type="endpoint.test", timestamp=now, data={"endpoint": endpoint_id}, due_at=now,
        )  # fmt: skip
        answer = self._post(due, stored.value, SLOW_S)
        outcome = answer if isinstance(answer, str) else str(answer.status)
        return {"outcome": outcome, "webhook_id": due.webhook_id, "ok": outcome.startswith("2")}


def _draft(due: WebhookAttempt, endpoint: Endpoint, now: datetime) -> Delivery:
    return Delivery(
        name=due.name,
        state="waiting",
        to=endpoint.host,
        message_id=due.webhook_id,
        fact={"type": due.type, "timestamp": iso(due.timestamp), "data": due.data},
        created_at=now,
        updated_at=now,
    )
