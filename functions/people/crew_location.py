"""Where a crew is: shared by its phone while a job is under way, rounded, and deleted afterwards.

The location is not in the job or the view: S3 keeps old versions of both, and caches keep views.
Every read looks at the job's status first, so that no one sees a location after the job is no
longer under way. A location found later is deleted; one that no one reads expires half an hour
after it was shared.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import Field

from functions.protocol.ports import HaulwayError
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.lifecycle import CLOCK_SKEW
from statemachine.values.values import Frozen, Utc

LASTS = timedelta(minutes=30)
STEP = 0.005
"""Degrees, about half a kilometer: shows that the crew is coming, not at which door it is."""

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class JobNotUnderWay(HaulwayError):
    """The job is not under way, so its crew's location is not shared; stop sending it."""


class CrewLocation(Frozen):
    """Where a crew is, rounded to about half a kilometer. `at` is when its phone measured it."""

    latitude: Latitude
    longitude: Longitude
    at: Utc


class CrewLocations(Protocol):
    def store(self, tenant: str, job_id: str, location: CrewLocation) -> None:
        """Unless a newer one is stored. It may expire LASTS after its `at`. Raises Unavailable."""

    def read(self, tenant: str, job_id: str) -> CrewLocation | None: ...

    def delete(self, tenant: str, job_id: str) -> None: ...


def rounded(latitude: float, longitude: float, at: datetime) -> CrewLocation:
    return CrewLocation(latitude=_rounded(latitude), longitude=_rounded(longitude), at=at)


def _rounded(degrees: float) -> float:
    return round(round(degrees / STEP) * STEP, 3)


@dataclass(frozen=True)
class ShareLocation:
    locations: CrewLocations

    def share(self, job: Job, location: CrewLocation, now: datetime) -> None:
        """Stores `location`; one that is too old or in the future is ignored.

        Raises JobNotUnderWay, and deletes what was stored before.
        """
        if not _under_way(job):
            self.locations.delete(job.tenant, job.job_id)
            raise JobNotUnderWay
        if _is_current(location, now):
            self.locations.store(job.tenant, job.job_id, location)

    def stop(self, job: Job) -> None:
        self.locations.delete(job.tenant, job.job_id)

    def of(self, job: Job, now: datetime) -> CrewLocation | None:
        """Where the crew of `job` is; None if that is not known or may not be shared."""
        location = self.locations.read(job.tenant, job.job_id)
        if location is None:
            return None
        if _under_way(job) and _is_current(location, now):
            return location
        self.locations.delete(job.tenant, job.job_id)
        return None

    def of_all(self, jobs: Iterable[Job], now: datetime) -> dict[str, CrewLocation]:
        """By job id, for the jobs that are under way and whose crew shares its location."""
        known = {job.job_id: self.of(job, now) for job in jobs if _under_way(job)}
        return {job_id: location for job_id, location in known.items() if location}


def _under_way(job: Job) -> bool:
    return load_flow(job.flow).is_under_way(job.status)


def _is_current(location: CrewLocation, now: datetime) -> bool:
    return now - LASTS < location.at <= now + CLOCK_SKEW
