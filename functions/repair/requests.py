"""What the watchdog is told to do, and what it answers."""

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Json, RootModel

from functions.protocol.batches import JobRef
from statemachine.job import Repair
from statemachine.values import Frozen, JobId, Tenant


class RoundRequest(BaseModel):
    """Look after the jobs whose turn it is, `full` after all; `ask_executions` also asks for those
    that seem well.

    Of one business where `tenant` is named. `after` is where an earlier message has got to: a job
    of that business, else a business.
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
    """Step Functions' own event that an execution has ended badly, as far as we read it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(pattern=r"-g[0-9]+$")]
    status: str
    input: Json[JobRef]

    @property
    def generation(self) -> int:
        return int(self.name.rpartition("-g")[2])


class RepairRequest(BaseModel):
    """Someone asks that one job be looked after now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repair: JobRef


class AskMissing(BaseModel):
    """Someone asks which messages about one job ought to exist and do not; nothing is changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    missing: JobRef


class JobSelection(Frozen):
    """As many jobs of one business as are done well before the function's time is up."""

    tenant: Tenant
    job_ids: Annotated[tuple[JobId, ...], Field(max_length=100)]


class RepairSomeRequest(BaseModel):
    """Someone asks that these jobs be looked after now, one after the other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repair_some: JobSelection


class WatchRequest(
    RootModel[RoundRequest | ExecutionEnded | RepairRequest | RepairSomeRequest | AskMissing]
):
    """What the watchdog's queue brings, or who calls it by hand."""


class RoundReport(Frozen):
    """What a round has found: repairs by job, boards made again, dead letters by function."""

    looked_at: int = 0
    repaired: dict[str, list[Repair]] = Field(default_factory=dict)
    boards: list[str] = Field(default_factory=list)
    dead_letters: dict[str, int] = Field(default_factory=dict)
    stuck: list[str] = Field(default_factory=list)
    """Jobs that our code failed on."""
    left: dict[Tenant, JobId] = Field(default_factory=dict)
    """By business the last job that was looked at before the time was up."""
    businesses: int = 0
    """To so many a message of their own was sent."""

    def and_of(self, other: "RoundReport") -> "RoundReport":
        """What two rounds have found together."""
        return RoundReport(
            looked_at=self.looked_at + other.looked_at,
            repaired=self.repaired | other.repaired,
            boards=[*self.boards, *other.boards],
            dead_letters=self.dead_letters | other.dead_letters,
            stuck=[*self.stuck, *other.stuck],
            left=self.left | other.left,
            businesses=self.businesses + other.businesses,
        )


class RepairReport(Frozen):
    """By job: what was repaired, and why no one could help. Where nothing was wrong: neither."""

    repaired: dict[JobId, list[Repair]] = Field(default_factory=dict)
    failed: dict[JobId, str] = Field(default_factory=dict)
