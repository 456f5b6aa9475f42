"""A fact as a webhook sends it: its name, what it is about, and which endpoints receive it."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from events import Fact
from functions.messages.endpoints import Endpoint, FactName
from statemachine.values.values import Tenant, Utc


class FactNotice(BaseModel):
    """A fact as it comes from the bus: its name, the fields of every fact, and all its detail."""

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
        """Names the fact among those about the same job; every copy of it has the same mark.

        A fact may be announced again after a lost response, so `recorded_at` is used only if the
        fact has no other name. A pause, for example, is named by when the endpoint began to fail.
        """
        if self.kind in ("JobCreated", "JobMoved"):
            return str(self.detail.get("seq", 0))
        names = ("event_id", "failing_since", "recorded_at")
        named = next((self.detail[name] for name in names if self.detail.get(name)), None)
        digest = hashlib.sha256(f"{self.kind}|{named}".encode()).hexdigest()[:16]
        return f"{self.kind}-{digest}"


def notice_of(fact: Fact) -> FactNotice:
    """The fact as it would come from the bus."""
    detail = json.loads(fact.model_dump_json(exclude_none=True))
    return FactNotice.model_validate({**detail, "kind": type(fact).__name__, "detail": detail})


def receivers_of(endpoints: Iterable[Endpoint], fact: FactNotice) -> Iterator[Endpoint]:
    """The endpoints that chose this fact. Paused and disabled ones too: their delivery log shows
    what they missed, so that it can be sent again."""
    for endpoint in endpoints:
        own = fact.kind == "EndpointPaused" and fact.detail.get("endpoint") == endpoint.endpoint_id
        if fact.kind in endpoint.facts and not own and fact.recorded_at >= endpoint.created_at:
            yield endpoint
