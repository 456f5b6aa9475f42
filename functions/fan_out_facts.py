"""Step 8: a fact becomes one message for each endpoint that chose it; each then has its own fate.

Endpoints that fail get their messages by the slow lane, so that their time-outs never stand
between a fact and an endpoint that answers.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from functions.aws.container import (
    FromQueue,
    HasJobs,
    batch_consumer,
    client,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.messages import S3Endpoints
from functions.aws.queues import SqsDelayedMessages
from functions.messages.endpoints import TYPES, Endpoint, Endpoints
from functions.messages.fact_notice import FactNotice, receivers_of
from functions.messages.webhook_schedule import WebhookAttempt, WebhookQueues
from functions.protocol.batches import BatchConsumer, Permanent, field_errors, once


@dataclass(frozen=True)
class FanOutFacts:
    endpoints: Endpoints
    lanes: WebhookQueues

    def __call__(self, facts: list[FactNotice], now: datetime) -> list[Exception | None]:
        """One message for each endpoint that wants a fact; first those to endpoints that answer.

        For each of `facts` its error or None: a tenant whose endpoints cannot be read stops no
        other. Raises Unavailable: then all come again, which does no harm.
        """
        prompt: list[WebhookAttempt] = []
        slow: list[WebhookAttempt] = []
        endpoints, errors = self._endpoints({fact.tenant for fact in facts})
        for fact in facts:
            for endpoint in receivers_of(endpoints.get(fact.tenant, []), fact):
                lane = slow if endpoint.failing_since else prompt
                lane.append(_due(fact, endpoint, now))
        self.lanes.put_all(prompt, slow=False)
        self.lanes.put_all(slow, slow=True)
        log.info("fanned out", facts=len(facts), messages=len(prompt) + len(slow))
        return [errors.get(fact.tenant) for fact in facts]

    def _endpoints(
        self, tenants: set[str]
    ) -> tuple[dict[str, list[Endpoint]], dict[str, Exception]]:
        """By tenant its endpoints, and the error of those whose endpoints cannot be read."""
        found: dict[str, list[Endpoint]] = {}
        errors: dict[str, Exception] = {}
        for tenant in sorted(tenants):
            try:
                found[tenant] = list(self.endpoints.all(tenant))
            except Exception as error:  # this tenant's facts come again, the others' do not
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
    """Raises Permanent with what is wrong and where."""
    try:
        envelope = json.loads(body)
        detail = envelope["detail"]
        return event.model_validate({**detail, "kind": envelope["detail-type"], "detail": detail})
    except ValidationError as error:
        raise Permanent("; ".join(field_errors(error))) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Permanent("the message is not an EventBridge event with a `detail`") from error


class Settings(FromQueue, HasJobs):
    prompt_queue_url: str
    slow_queue_url: str


@once
def wire() -> tuple[FanOutFacts, BatchConsumer[FactNotice]]:
    settings = read_settings(Settings)
    sqs = client("sqs")
    lanes = WebhookQueues(
        SqsDelayedMessages(sqs, settings.prompt_queue_url),
        SqsDelayedMessages(sqs, settings.slow_queue_url),
    )
    fan_out = FanOutFacts(S3Endpoints(one_attempt("s3"), settings.jobs_bucket), lanes)
    return fan_out, batch_consumer(FactNotice, settings, parse_fact)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    fan_out, messages = wire()

    return messages.deliver_together(event, lambda facts: fan_out(facts, utc_now()))
