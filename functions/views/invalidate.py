"""Step 6: changed views are invalidated at the edge, one invalidation for a batch of jobs.

CloudFront bills by the path and accepts about one call in two seconds, so the queue collects paths.
If CloudFront throttles, the batch is retried, with more messages. When the month's budget is spent,
nothing is invalidated and the edge keeps views for two seconds (invalidation_budget.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from functions.protocol.batches import JobRef, failure
from functions.protocol.clock import utc_now
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Cdn, Jobs
from functions.views.invalidation_budget import (
    InvalidationCounter,
    InvalidationUsage,
    MonthlyUsage,
    is_nearly_spent,
    month_of,
)
from statemachine.values.ids import digest_of


@dataclass(frozen=True)
class InvalidateViews:
    jobs: Jobs
    cdn: Cdn
    counter: InvalidationCounter
    usage: InvalidationUsage
    budget: int
    metrics: Metrics
    clock: Callable[[], datetime] = utc_now
    _noted: set[str] = field(default_factory=set)
    """The months of which this container has noted that they are nearly spent."""

    def __call__(self, refs: Sequence[JobRef]) -> list[Exception | None]:
        """One invalidation of the views of these jobs, unless the month's budget is spent.

        Returns for each of `refs` its error or None: a job that cannot be read is left out, and the
        others are invalidated together. Raises Unavailable if CloudFront throttles.
        """
        paths: dict[JobRef, list[str]] = {}

        def find_paths(ref: JobRef) -> None:
            paths[ref] = self._paths(ref.tenant, ref.job_id)

        errors = {ref: failure(find_paths, ref) for ref in dict.fromkeys(refs)}
        if paths:
            changed = sorted((ref.tenant, ref.job_id, ref.rev) for ref in paths)
            changed_paths = sorted({path for each in paths.values() for path in each})
            self._invalidate(changed_paths, batch=repr(changed))
        return [errors[ref] for ref in refs]

    def _invalidate(self, paths: list[str], batch: str) -> None:
        month = month_of(self.clock())
        used = self.counter.paths(month) + len(paths)
        if self.budget:
            self.metrics.measure("InvalidationBudgetUsed", 100 * used / self.budget, "Percent")
        if used > self.budget:
            self.metrics.measure("PathsNotInvalidated", len(paths), "Count")
            self._note(month, used)  # the budget may be smaller than when they were counted
            return
        self.cdn.invalidate(paths, batch=batch)
        # Afterwards, because a batch that CloudFront throttles is retried and is billed once.
        self._note(month, self.counter.add(month, len(paths)))
        self.metrics.measure("InvalidationPaths", len(paths), "Count")

    def _note(self, month: str, paths: int) -> None:
        if is_nearly_spent(paths, self.budget) and month not in self._noted:
            self.usage.write(MonthlyUsage(month=month, paths=paths))
            self._noted.add(month)

    def _paths(self, tenant: str, job_id: str) -> list[str]:
        """Of the job's view, and of those that its former links had."""
        job = self.jobs.read(tenant, job_id).value
        return [f"/t/{digest}.json" for digest in (digest_of(job.token), *job.link.former)]
