"""What a route is: who may call it, what it takes and returns, and how often one address may."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel

from functions.api.dependencies import Api
from functions.api.problems import slug_of
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.people.accounts import DISPATCHES, ROLES, Role
from functions.people.api_keys import KEY_ID_PATTERN
from functions.people.rate_limits import Limit
from statemachine.rules.lifecycle import EXPLANATIONS
from statemachine.schedule.roster import DATE_PATTERN
from statemachine.values.values import JOB_ID_PATTERN, NAME_PATTERN, TENANT_PATTERN

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


class Parameter(NamedTuple):
    """`problem` is the slug of what a request gets whose value does not match `pattern`."""

    pattern: str
    problem: str


PARAMETERS = {
    "job_id": Parameter(JOB_ID_PATTERN, "unknown-job"),
    "photo_id": Parameter("^[0-9a-f]{32}$", "invalid"),
    "digest": Parameter("^[0-9a-f]{32}$", "unknown-job"),
    "conversation": Parameter("^[0-9a-f]{32}$", "unknown-conversation"),
    "member": Parameter(NAME_PATTERN, "unknown-member"),
    "date": Parameter(DATE_PATTERN, "invalid"),
    "queue": Parameter(NAME_PATTERN, "unknown-queue"),
    "business": Parameter(TENANT_PATTERN, "unknown-business"),
    "key_id": Parameter(KEY_ID_PATTERN, "unknown-key"),
}
"""By name in the angle brackets of a path. They become parts of keys in S3 and DynamoDB, so no
handler sees a value that does not match."""

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
    for_keys: bool = True
    """Whether an API key with one of the roles may call it too; if not, only a person may."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Those of the path, in its order."""
        return {name: PARAMETERS[name] for name in re.findall(r"<(\w+)>", self.path)}
