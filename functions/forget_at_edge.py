"""Step 6: the edge forgets the old views: one invalidation for a whole batch of jobs.

CloudFront bills by the path and admits about one call in two seconds, so paths are gathered by
the queue. When it throttles, the batch goes back and comes again, larger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functions.aws.cloudfront import CloudFrontEdge
from functions.aws.container import (
    FromQueue,
    HasJobs,
    client,
    inbox,
    log,
    one_attempt,
    read_settings,
)
from functions.aws.stores import S3Jobs
from functions.inbox import Inbox, JobRef, once
from functions.ports import Edge, Jobs
from statemachine.identity import digest_of


@dataclass(frozen=True)
class ForgetAtEdge:
    jobs: Jobs
    edge: Edge

    def __call__(self, refs: Iterable[JobRef]) -> list[str]:
        """The paths forgotten: of the view of each job once. Raises UnknownJob, Unavailable."""
        changed = sorted({(ref.tenant, ref.job_id, ref.rev) for ref in refs})
        paths = sorted({self._path(tenant, job_id) for tenant, job_id, _ in changed})
        if paths:
            self.edge.forget(paths, batch=repr(changed))
        return paths

    def _path(self, tenant: str, job_id: str) -> str:
        return f"/t/{digest_of(self.jobs.read(tenant, job_id).value.token)}.json"


class Settings(FromQueue, HasJobs):
    distribution_id: str


@once
def wire() -> tuple[ForgetAtEdge, Inbox[JobRef]]:
    settings = read_settings(Settings)
    jobs = S3Jobs(one_attempt("s3"), settings.jobs_bucket)
    edge = CloudFrontEdge(client("cloudfront"), settings.distribution_id)
    return ForgetAtEdge(jobs, edge), inbox(JobRef, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    forget, messages = wire()

    def all_jobs(refs: list[JobRef]) -> None:
        paths = forget(refs)
        log.info("edge forgets", paths=len(paths))

    return messages.deliver_together(event, all_jobs)
