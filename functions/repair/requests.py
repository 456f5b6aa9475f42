"""The watchdog's requests and reports."""

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Json, RootModel

from functions.protocol.batches import JobRef
from statemachine.job.records import Repair
from statemachine.values.values import Frozen, JobId, Tenant


class RoundRequest(BaseModel):
    """Check the jobs whose turn it is, or all if `full`.

    `ask_executions` also asks Step Functions about jobs that seem well. `tenant` limits the round
    to one business. `after` is where an earlier message stopped: a job of that business, or,
    without `tenant`, a business.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    full: bool = False
    ask_executions: bool = False
    tenant: Tenant | None = None
    after: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None

    def message(self) -> str:
        """For the watchdog's own queue."""
        return json.dumps({"detail": self.model_dump(exclude_none=True)})


class ExecutionEnded(BaseModel):
    """The event of Step Functions that an execution has ended badly, as far as we read it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(pattern=r"-g[0-9]+$")]
    status: str
    input: Json[JobRef]

    @property
    def generation(self) -> int:
        return int(self.name.rpartition("-g")[2])


class RepairRequest(BaseModel):
    """Check and repair one job now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repair: JobRef


class MissingMessagesRequest(BaseModel):
    """List the messages about one job that should exist and do not; changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    missing: JobRef


class JobSelection(Frozen):
    """Jobs of one business; so few that the function checks them well within its time limit."""

    tenant: Tenant
    job_ids: Annotated[tuple[JobId, ...], Field(max_length=100)]


class RepairSomeRequest(BaseModel):
    """Check and repair these jobs now, one after the other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repair_some: JobSelection


class WatchRequest(
    RootModel[
        RoundRequest | ExecutionEnded | RepairRequest | RepairSomeRequest | MissingMessagesRequest
    ]
):
    """What comes from the watchdog's queue or from someone who invokes it."""


class RoundReport(Frozen):
    """What a round has done: repairs by job, rebuilt boards, dead letters by function."""

    looked_at: int = 0
    repaired: dict[str, list[Repair]] = Field(default_factory=dict)
    boards: list[str] = Field(default_factory=list)
    dead_letters: dict[str, int] = Field(default_factory=dict)
    stuck: list[str] = Field(default_factory=list)
    """Jobs that our code failed on."""
    slots: list[JobId] = Field(default_factory=list)
    """Jobs that had a slot too many, or lacked theirs."""
    left: dict[Tenant, JobId] = Field(default_factory=dict)
    """By business, the last job that was checked before the time was up."""
    businesses: int = 0
    """How many businesses were sent a message of their own."""

    def combined_with(self, other: "RoundReport") -> "RoundReport":
        """The sum of two reports."""
        return RoundReport(
            looked_at=self.looked_at + other.looked_at,
            repaired=self.repaired | other.repaired,
            boards=[*self.boards, *other.boards],
            dead_letters=self.dead_letters | other.dead_letters,
            stuck=[*self.stuck, *other.stuck],
            slots=[*self.slots, *other.slots],
            left=self.left | other.left,
            businesses=self.businesses + other.businesses,
        )


class RepairReport(Frozen):
    """By job, what was repaired or why it could not be; a job that was fine is in neither."""

    repaired: dict[JobId, list[Repair]] = Field(default_factory=dict)
    failed: dict[JobId, str] = Field(default_factory=dict)
