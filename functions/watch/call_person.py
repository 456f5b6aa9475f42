"""A person is called for a job that the watchdog cannot help: once, until it goes again.

The call is made before it is recorded: a crash in between calls twice rather than never.
"""

from dataclasses import dataclass
from datetime import datetime

from events import JobStuck, StuckReason
from functions.metrics import Metrics
from functions.ports import Bus, Logger, Stuck, StuckJob


@dataclass(frozen=True)
class CallPerson:
    stuck: Stuck
    bus: Bus
    metrics: Metrics
    log: Logger

    def __call__(
        self, tenant: str, job_id: str, why: StuckReason, now: datetime, known: StuckJob | None
    ) -> None:
        if known:
            return
        self.metrics.count("JobsStuck", tenant)
        self.log.error("stuck", tenant=tenant, job=job_id, why=why)
        self.bus.announce([JobStuck(tenant=tenant, job_id=job_id, why=why, recorded_at=now)])
        self.stuck.add(StuckJob(tenant=tenant, job_id=job_id, why=why, since=now))
