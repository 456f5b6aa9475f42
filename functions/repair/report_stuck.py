"""A job that the watchdog cannot repair is reported to a person, once for each reason.

The report is sent before it is recorded, so that a crash in between sends it twice, not never.
"""

import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from events import JobStuck, StuckReason
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Bus, Logger, Stuck, StuckJob

ROOT = Path(__file__).parent.parent.parent
LONGEST = 300


@dataclass(frozen=True)
class ReportStuck:
    stuck: Stuck
    bus: Bus
    metrics: Metrics
    log: Logger

    def __call__(
        self, tenant: str, job_id: str, why: StuckReason, now: datetime, known: StuckJob | None,
        detail: str | None = None,
    ) -> None:  # fmt: skip
        if known and known.why == why:
            return
        self.metrics.count("JobsStuck", tenant)
        self.log.error("stuck", tenant=tenant, job=job_id, why=why, detail=detail)
        self.bus.announce([JobStuck(tenant=tenant, job_id=job_id, why=why, recorded_at=now)])
        if known:
            self.stuck.remove(tenant, job_id)
        words = detail[:LONGEST] if detail else None
        self.stuck.add(StuckJob(tenant=tenant, job_id=job_id, why=why, since=now, detail=words))


def place_of(error: Exception) -> str:
    """The error's type and the last line of our code in its trace.

    As in `OverflowError at statemachine/rules/deadlines.py:29`. The error's message is left out,
    because it may contain a name, a number, or a token.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)]
    where = ours[-1] if ours else None
    if where is None:
        return type(error).__name__
    return f"{type(error).__name__} at {Path(where.filename).relative_to(ROOT)}:{where.lineno}"


def _is_ours(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(ROOT) and "site-packages" not in path.parts
