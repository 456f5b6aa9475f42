"""A fact as webhooks tell it: its name, what it is about, and which endpoints chose it."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from events import Fact
from functions.messages.endpoints import Endpoint, FactName
from statemachine.values import Tenant, Utc


class FactNotice(BaseModel):
    """A fact as the bus brings it: its name, what every fact has, and all it says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: FactName
    tenant: Tenant
    recorded_at: Utc
    detail: dict[str, Any]

    @property
    def about(self) -> str:
        return str(self.detail.get("job_id") or self.detail.get("endpoint") or "business")

    @property
    def mark(self) -> str:
        """What names the fact among those about the same job; a copy of it has the same.

        Facts are announced again where an answer was lost, so the moment of announcing names none
        that has another name: an endpoint is paused once for each time it began to fail.
        """
        if self.kind in ("JobCreated", "JobMoved"):
            return str(self.detail.get("seq", 0))
        names = ("event_id", "failing_since", "recorded_at")
        named = next((self.detail[name] for name in names if self.detail.get(name)), None)
        digest = hashlib.sha256(f"{self.kind}|{named}".encode()).hexdigest()[:16]
        return f"{self.kind}-{digest}"


def notice_of(fact: Fact) -> FactNotice:
    """As the bus would bring it."""
    detail = json.loads(fact.model_dump_json(exclude_none=True))
    return FactNotice.model_validate({**detail, "kind": type(fact).__name__, "detail": detail})


def wanting(endpoints: Iterable[Endpoint], fact: FactNotice) -> Iterator[Endpoint]:
    """Also paused and disabled ones: their log says what they missed, to be replayed."""
    for endpoint in endpoints:
        own = fact.kind == "EndpointPaused" and fact.detail.get("endpoint") == endpoint.endpoint_id
        if fact.kind in endpoint.facts and not own and fact.recorded_at >= endpoint.created_at:
            yield endpoint
