"""What a route is: who may call it, what it takes and returns, and how often one address may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel

from functions.api.dependencies import Api
from functions.api.problems import slug_of
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.people.accounts import DISPATCHES, ROLES, Role
from functions.people.api_keys import KEY_ID_PATTERN
from functions.people.rate_limits import Limit
from statemachine.lifecycle import EXPLANATIONS
from statemachine.values import JOB_ID_PATTERN, NAME_PATTERN, TENANT_PATTERN

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Roles = frozenset[Role] | None
"""One of these roles is enough; None means everyone, without a session."""

EVERYONE: Roles = None
SIGNED_IN: Roles = frozenset(ROLES)
OWNER: Roles = frozenset({"owner"})
CREW: Roles = frozenset({"owner", "dispatcher", "driver", "first_mate", "supervisor"})
DISPATCHER: Roles = DISPATCHES
PLANNERS: Roles = frozenset({"owner", "dispatcher", "supervisor", "ops"})
OPS: Roles = frozenset({"owner", "ops"})

BOOKINGS = Limit("bookings", most=20, window=timedelta(hours=1))
INVITATIONS = Limit("invitations", most=30, window=timedelta(hours=1))
PUBLIC_READS = Limit("looks", most=600, window=timedelta(minutes=5))
CUSTOMER_MOVES = Limit("choices", most=30, window=timedelta(minutes=10))

PARAMETERS = {
    "job_id": JOB_ID_PATTERN,
    "photo_id": "^[0-9a-f]{32}$",
    "digest": "^[0-9a-f]{32}$",
    "member": NAME_PATTERN,
    "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "queue": NAME_PATTERN,
    "business": TENANT_PATTERN,
    "key_id": KEY_ID_PATTERN,
}
"""The pattern of each parameter in the angle brackets of a path."""

MOVE_REFUSED = (*map(slug_of, EXPLANATIONS), "event-id-used", "records-full")


@dataclass(frozen=True, kw_only=True)
class Route:
    """`problems` are those beyond what `roles`, `body`, and `limit` imply."""

    method: Method
    path: str
    summary: str
    roles: Roles
    handler: Callable[[Api, ApiRequest], ApiResponse]
    responses: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    limit: Limit | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"
