"""Ends the links of jobs that ended long enough ago: what they opened is removed.

    a job leaves the index of open jobs    the end of its link is noted before
    that time has come                     its public view is removed, then the note

The job decides, so a note that is outdated, because the job was brought back, does no harm. The
edge may keep the view as long as it keeps any view that is not invalidated.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from functions.protocol.ports import Jobs, LinkEnds, UnknownJob, Views
from functions.protocol.read_each import UNREADABLE, readable_job
from functions.views.write_view import remove_dead_views
from statemachine.job.job import Job
from statemachine.rules.link import link_ends_at

AT_MOST = 300
"""Links that one round ends; the next one goes on."""


@dataclass(frozen=True)
class EndLinks:
    jobs: Jobs
    views: Views
    ends: LinkEnds

    def note(self, job: Job) -> None:
        """Note when the link of a job that has ended ends. Raises Unavailable."""
        if ends_at := link_ends_at(job):
            self.ends.add(job.tenant, job.job_id, ends_at)

    def __call__(self, tenant: str, now: datetime) -> int:
        """How many views were removed. Raises Unavailable."""
        due = list(islice(self.ends.due(tenant, now), AT_MOST))
        return sum(self._ended(tenant, name, job_id, now) for name, job_id in due)

    def _ended(self, tenant: str, name: str, job_id: str, now: datetime) -> bool:
        removed = False
        try:
            removed = remove_dead_views(self.views, readable_job(self.jobs, tenant, job_id), now)
        except UnknownJob:  # erased, with its view
            pass
        except UNREADABLE:  # a person has to restore it; then its link is ended
            return False
        self.ends.remove(tenant, name)
        return removed
