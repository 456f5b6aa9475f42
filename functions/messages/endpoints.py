"""Webhook endpoints: their addresses, the facts they receive, and the secrets that sign these."""

import base64
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import Field

from functions.protocol.batches import Permanent
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Stored, Unavailable
from statemachine.values.values import Frozen, Name, Tenant, Utc

FactName = Literal[
    "JobCreated",
    "JobMoved",
    "JobEdited",
    "JobMoveRefused",
    "JobEditRefused",
    "JobOverdue",
    "EndpointPaused",
]
TYPES: dict[str, str] = {
    "JobCreated": "job.created",
    "JobMoved": "job.moved",
    "JobEdited": "job.edited",
    "JobMoveRefused": "job.move_refused",
    "JobEditRefused": "job.edit_refused",
    "JobOverdue": "job.overdue",
    "EndpointPaused": "endpoint.paused",
}
"""The `type` of each fact in a webhook, dotted as the Standard Webhooks specification wants it."""

SECRET_BYTES = 32
ROTATION = timedelta(hours=24)
"""How long the old secret signs beside the new one."""
PAUSED_AFTER = timedelta(days=3)


class Secret(Frozen):
    value: Annotated[str, Field(pattern=r"^whsec_[A-Za-z0-9+/=]+$", repr=False)]
    until: Utc | None = None
    """When it stops signing; None for the current secret."""


class Endpoint(Frozen):
    tenant: Tenant
    endpoint_id: Name
    version: int = 0
    url: Annotated[str, Field(max_length=1000, repr=False)]
    """May contain a key of the receiver, so it is never logged; `host` is."""
    facts: Annotated[tuple[FactName, ...], Field(min_length=1)]
    secrets: Annotated[tuple[Secret, ...], Field(min_length=1)]
    state: Literal["active", "paused", "disabled"] = "active"
    why: str | None = None
    failing_since: Utc | None = None
    created_at: Utc

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "?"

    def signing(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the current one first."""
        valid = [s for s in self.secrets if s.until is None or now < s.until]
        return tuple(secret.value for secret in valid)

    def rotated(self, value: str, now: datetime) -> "Endpoint":
        old = Secret(value=self.secrets[0].value, until=now + ROTATION)
        return self.with_(secrets=(Secret(value=value), old))

    def answered(self) -> "Endpoint":
        return self if self.failing_since is None else self.with_(failing_since=None)

    def failed(self, now: datetime) -> "Endpoint":
        """Marked as failing from `now`, or paused if it has been failing for PAUSED_AFTER."""
        if self.failing_since is None:
            return self.with_(failing_since=now)
        if self.state == "active" and now - self.failing_since >= PAUSED_AFTER:
            return self.with_(state="paused", why="failing for days")
        return self

    def disabled(self, why: str) -> "Endpoint":
        return self if self.state == "disabled" else self.with_(state="disabled", why=why)

    def enabled(self) -> "Endpoint":
        return self.with_(state="active", why=None, failing_since=None)


class UnknownEndpoint(Permanent):
    """There is no such endpoint; `haul hooks list` shows them."""


class Endpoints(Protocol):
    def read(self, tenant: str, endpoint_id: str) -> Stored[Endpoint] | None: ...

    def write(self, endpoint: Endpoint, replacing: str | None) -> None:
        """Raises Conflict unless the stored ETag is still `replacing` (None: there is none)."""

    def all(self, tenant: str) -> Iterator[Endpoint]: ...


def new_secret() -> str:
    """`whsec_` and 256 random bits; the specification requires 192 to 512."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def new_endpoint_id() -> str:
    return f"ep_{secrets.token_hex(5)}"


def change_endpoint(
    endpoints: Endpoints,
    tenant: str,
    endpoint_id: str,
    changed: Callable[[Endpoint], Endpoint],
    pause: Pause = full_jitter,
) -> Endpoint:
    """The endpoint as stored after `changed`. Raises UnknownEndpoint, Unavailable."""
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = endpoints.read(tenant, endpoint_id)
            if stored is None:
                raise UnknownEndpoint(f"no endpoint {endpoint_id} of {tenant}")
            wanted = changed(stored.value)
            if wanted is stored.value:
                return wanted
            wanted = wanted.with_(version=stored.value.version + 1)
            endpoints.write(wanted, stored.etag)
            return wanted
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"{endpoint_id}: no write in {ATTEMPTS} attempts") from last
