"""Erases from the index the jobs that are erased: the bucket's lifecycle erases a job that ended
long ago, and no event says so.

A round looks at one old week, another one each time, and at a few of its jobs. What reports need of
an erased job is counted in the same change, without persons.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from functions.protocol.ports import Corrupt, Jobs, Tenants, UnknownJob
from functions.repair.job_selection import minute_of
from functions.views.job_index import (
    WEEK_S,
    IndexJob,
    list_name,
    place_of,
    start_of,
    week_of,
    weeks_of,
)
from statemachine.history.job_search import EVERY

AT_ONCE = 20


@dataclass(frozen=True)
class SweepIndex:
    jobs: Jobs
    index_job: IndexJob
    tenants: Tenants
    retention: timedelta
    """How long an ended job is kept."""

    def __call__(self, tenant: str, now: datetime) -> int:
        """How many entries were erased. Raises Unavailable."""
        index = self.index_job.index
        weeks, last = weeks_of(index, tenant, now), week_of(now - self.retention)
        if weeks is None or weeks.first > last:
            return 0
        week = weeks.first + minute_of(now) % (last - weeks.first + 1)
        # From another place each time, so that jobs that are kept longer do not hide the others.
        before = start_of(week) + timedelta(seconds=minute_of(now) * 7919 % WEEK_S + 1)
        places = index.listed(list_name(tenant, EVERY, week), place_of(before), AT_ONCE)
        return sum(self._erased(tenant, place.partition("#")[2]) for place in places)

    def _erased(self, tenant: str, job_id: str) -> bool:
        try:
            self.jobs.read(tenant, job_id)
        except UnknownJob:
            zone = ZoneInfo(self.tenants.read(tenant).time_zone)
            self.index_job.erase(tenant, job_id, zone)
            return True
        except Corrupt:
            return False  # it is there, and a person has to look at it
        return False
