"""Step 8: a fact is sent to an endpoint, signed, at least once and always with the same id.

    prompt queue   first attempts, to endpoints that answer; three seconds each
    slow queue     retries, and everything for endpoints that fail; fifteen seconds each

An endpoint leaves the prompt queue with its first failure, so even fifty endpoints that hang do not
delay one that answers. Retries continue for more than a day; what is still undelivered is reported.
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
from functions.messages.deliveries import Busy, Deliveries, changed_from
from functions.messages.endpoints import Endpoint, Endpoints, UnknownEndpoint, change_endpoint
from functions.messages.webhook_client import (
    AddressRefused,
    NoResponse,
    WebhookClient,
    WebhookResponse,
)
from functions.messages.webhook_schedule import (
    PUT_OFF_S,
    SCHEDULE_S,
    WebhookAttempt,
    WebhookBatch,
    WebhookQueues,
    retry_after,
    wait_before,
)
from functions.protocol.clock import utc_now
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Bus, Logger, Stored, Unavailable
from statemachine.job.deliveries import Attempt, Delivery
from statemachine.values.values import Name, Tenant, iso

PROMPT_S, SLOW_S = 3.0, 15.0
"""How long an endpoint may take to answer, by queue; the standard suggests 15 to 30 seconds."""
AT_ONCE_TO_ONE = 4
"""How many requests one function sends to the same endpoint at once."""
AT_ONCE = 64
REMEMBERED = timedelta(seconds=10)
"""How long a container passes messages on that wait behind a failure."""


class TestRequest(BaseModel):
    """Send a test to an endpoint and return its answer; nothing is stored."""

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
    client: WebhookClient
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
    _failed_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When this container last saw an endpoint fail."""

    def together(self, dues: Sequence[WebhookAttempt], slow: bool) -> list[Exception | None]:
        """Deliver all messages at once, few to one endpoint; returns for each its error or None."""
        batch = WebhookBatch()

        def tried(due: WebhookAttempt) -> Exception | None:
            try:
                self(due, slow, batch)
            except Exception as error:  # one must not stop the others; it alone is retried
                return error
            return None

        late = set() if slow else {n for n, due in enumerate(dues) if self._has_just_failed(due)}
        lost = self._passed_on([dues[n] for n in sorted(late)])
        with ThreadPoolExecutor(AT_ONCE) as posts:
            outcomes = posts.map(tried, [due for n, due in enumerate(dues) if n not in late])
            return [lost if n in late else next(outcomes) for n in range(len(dues))]

    def _has_just_failed(self, due: WebhookAttempt) -> bool:
        failed_at = self._failed_at.get((due.tenant, due.endpoint))
        return failed_at is not None and self.clock() - failed_at < REMEMBERED

    def _passed_on(self, dues: list[WebhookAttempt]) -> Exception | None:
        """What was queued before an endpoint began to fail goes to the slow queue, unread."""
        try:
            self.lanes.put_all(dues, slow=True)
        except Unavailable as error:
            return error
        return None

    def __call__(
        self, due: WebhookAttempt, slow: bool = False, batch: "WebhookBatch | None" = None
    ) -> Delivery | None:
        """The delivery; None if the message was only queued again or its endpoint no longer exists.

        Messages of an endpoint that has just failed another one of the batch are delayed without an
        attempt. Raises Busy and Unavailable if the message is to be retried.
        """
        batch, to = batch or WebhookBatch(), (due.tenant, due.endpoint)
        wait = due.due_at - self.clock()
        if wait > timedelta(seconds=1):
            self.lanes.put(due, slow=True, delay_s=wait.total_seconds())
            return None
        with self._gates[to]:
            stored = batch.endpoints.get(to) or self.endpoints.read(*to)
            if stored is None:
                return None
            batch.endpoints[to] = stored
            passed_on = not slow and stored.value.failing_since
            if passed_on:
                self._failed_at[to] = self.clock()
            if stored.value.state == "active" and (passed_on or to in batch.failed):
                self.lanes.put(due, slow=True, delay_s=PUT_OFF_S * self.chance() if slow else 0)
                return None
            delivery = self._deliver(due, stored.value, SLOW_S if slow else PROMPT_S)
            if delivery.state in ("waiting", "failed"):
                batch.failed.add(to)
                self._failed_at[to] = self.clock()
            return delivery

    def _deliver(self, due: WebhookAttempt, endpoint: Endpoint, patience_s: float) -> Delivery:
        claim_id, now = self.new_id(), self.clock()

        def decide(known: Delivery | None) -> Delivery:
            if known and (known.ended or len(known.attempts) > due.attempt):
                return known  # done, or another copy of the message has made more attempts
            current = known or _draft(due, endpoint, now)
            if endpoint.state != "active":
                return current.end("dropped", now, why=endpoint.state)
            if known and known.state == "claimed" and not known.expired(now):
                return known
            return current.claimed(claim_id, now)

        # A first attempt is hardly ever a copy of another one, so nothing is read before the claim.
        known = self.deliveries.read(due.name) if due.attempt else None
        stored = changed_from(known, self.deliveries, due.name, decide, self.pause)
        delivery = stored.value
        if delivery.state != "claimed":
            return delivery
        if not delivery.is_claimed_by(claim_id):
            raise Busy("another sender has the claim")
        return self._record_answer(due, stored, endpoint, self._post(due, endpoint, patience_s))

    def _post(
        self, due: WebhookAttempt, endpoint: Endpoint, patience_s: float
    ) -> WebhookResponse | str:
        """The answer, or one word that says why there is none."""
        now, body = self.clock(), due.body()
        headers = signed_headers(endpoint.signing(now), due.webhook_id, body, now)
        try:
            return self.client.post(endpoint.url, body, headers, patience_s)
        except AddressRefused:
            return "address_refused"
        except NoResponse:
            return "no_answer"

    def _record_answer(
        self,
        due: WebhookAttempt,
        claimed: Stored[Delivery],
        endpoint: Endpoint,
        answer: WebhookResponse | str,
    ) -> Delivery:
        now = self.clock()
        status = answer.status if isinstance(answer, WebhookResponse) else 0
        outcome = answer if isinstance(answer, str) else str(status)
        attempts = (*claimed.value.attempts, Attempt(at=now, outcome=outcome))
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
        # First queued, then recorded: a crash in between costs one more attempt, not the fact.
        self.lanes.put(again, slow=True, delay_s=(due_at - now).total_seconds())
        return self._mark(
            claimed,
            lambda d: d.next(
                now, state="waiting", why=outcome, claim=None, attempts=attempts, due_at=due_at
            ),
        )

    def _mark(self, stored: Stored[Delivery], ended: Callable[[Delivery], Delivery]) -> Delivery:
        claimed, claim = stored.value, stored.value.claim
        assert claim is not None

        def decide(known: Delivery | None) -> Delivery:
            if known is None or known.state != "claimed" or not known.is_claimed_by(claim.id):
                return known or claimed
            return ended(known)

        marked = changed_from(stored, self.deliveries, claimed.name, decide, self.pause).value
        self.metrics.count("Deliveries", claimed.name.tenant, Outcome=f"webhook {marked.state}")
        return marked

    def _note_failure(self, endpoint: Endpoint, now: datetime) -> None:
        """Announced before it is recorded: a crash in between announces it twice, not never."""
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
        """Write nothing if the endpoint, as it was just read, is so already."""
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
        """Send a test, whatever the endpoint's state, and return its answer."""
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
