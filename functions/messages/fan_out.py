"""Step 8: a fact becomes one message for each endpoint that subscribes to it.

Endpoints that fail get their messages by the slow queue, so that their timeouts do not delay
deliveries to endpoints that answer; and the longer they fail, the later, up to a minute: most of
the work for an endpoint that does not answer would be in vain.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from functions.aws.container import log
from functions.messages.endpoints import TYPES, Endpoint, Endpoints
from functions.messages.fact_notice import FactNotice, receivers_of
from functions.messages.webhook_schedule import PUT_OFF_S, WebhookAttempt, WebhookQueues
from functions.protocol.batches import Permanent
from functions.protocol.field_errors import field_errors


@dataclass(frozen=True)
class FanOutFacts:
    endpoints: Endpoints
    lanes: WebhookQueues
    chance: Callable[[], float] = random.random

    def __call__(self, facts: list[FactNotice], now: datetime) -> list[Exception | None]:
        """Queue one message for each endpoint that wants a fact; first those that answer.

        Returns for each of `facts` its error or None: a tenant whose endpoints cannot be read does
        not stop the others. Raises Unavailable; then all are retried, which does no harm.
        """
        prompt: list[WebhookAttempt] = []
        slow: list[WebhookAttempt] = []
        delays: list[float] = []
        endpoints, errors = self._endpoints({fact.tenant for fact in facts})
        for fact in facts:
            for endpoint in receivers_of(endpoints.get(fact.tenant, []), fact):
                due = _due(fact, endpoint, now)
                if endpoint.failing_since is None:
                    prompt.append(due)
                else:
                    failing_s = (now - endpoint.failing_since).total_seconds()
                    delays.append(self.chance() * min(PUT_OFF_S, max(0, failing_s)))
                    slow.append(due)
        self.lanes.put_all(prompt, slow=False)
        self.lanes.put_all(slow, slow=True, delays_s=delays)
        log.info("fanned out", facts=len(facts), messages=len(prompt) + len(slow))
        return [errors.get(fact.tenant) for fact in facts]

    def _endpoints(
        self, tenants: set[str]
    ) -> tuple[dict[str, list[Endpoint]], dict[str, Exception]]:
        """By tenant, its endpoints, or the error if they cannot be read."""
        found: dict[str, list[Endpoint]] = {}
        errors: dict[str, Exception] = {}
        for tenant in sorted(tenants):
            try:
                found[tenant] = list(self.endpoints.all(tenant))
            except Exception as error:  # only this tenant's facts are retried
                errors[tenant] = error
        return found, errors


def _due(fact: FactNotice, endpoint: Endpoint, now: datetime) -> WebhookAttempt:
    return WebhookAttempt(
        tenant=fact.tenant,
        endpoint=endpoint.endpoint_id,
        about=fact.about,
        mark=fact.mark,
        type=TYPES[fact.kind],
        timestamp=fact.recorded_at,
        data=fact.detail,
        due_at=now,
    )


def parse_fact(event: type[FactNotice], body: str) -> FactNotice:
    """Raises Permanent, which says what is wrong and where."""
    try:
        envelope = json.loads(body)
        detail = envelope["detail"]
        return event.model_validate({**detail, "kind": envelope["detail-type"], "detail": detail})
    except ValidationError as error:
        raise Permanent("; ".join(field_errors(error))) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Permanent("the message is not an EventBridge event with a `detail`") from error
