"""Where a crew is: told by its phone while a job is under way, rounded, and gone afterwards.

It is no part of the job and of no view: both are kept in versions, and views in caches. It is
told to no one without a look at the job itself, so that it ends with the status; what is found
later than that is removed, and what no one finds is swept away half an hour after it was told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import Field

from functions.protocol.ports import HaulwayError
from statemachine.flows import load_flow
from statemachine.job import Job
from statemachine.lifecycle import CLOCK_SKEW
from statemachine.values import Frozen, Utc

LASTS = timedelta(minutes=30)
STEP = 0.005
"""Degrees: about half a kilometre. Enough to see that a crew comes nearer, not at whose door."""

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class JobNotUnderWay(HaulwayError):
    """The job is not under way, so no one is told where its crew is; stop sending."""


class CrewLocation(Frozen):
    """Where a crew is, rounded to about half a kilometre. `at` is when its phone said so."""

    latitude: Latitude
    longitude: Longitude
    at: Utc


class CrewLocations(Protocol):
    def keep(self, tenant: str, job_id: str, place: CrewLocation) -> None:
        """Unless a newer one is kept; `LASTS` after its `at` it may vanish. Raises Unavailable."""

    def read(self, tenant: str, job_id: str) -> CrewLocation | None: ...

    def forget(self, tenant: str, job_id: str) -> None: ...


def rounded(latitude: float, longitude: float, at: datetime) -> CrewLocation:
    return CrewLocation(latitude=_rounded(latitude), longitude=_rounded(longitude), at=at)


def _rounded(degrees: float) -> float:
    return round(round(degrees / STEP) * STEP, 3)


@dataclass(frozen=True)
class ShareLocation:
    places: CrewLocations

    def tell(self, job: Job, place: CrewLocation, now: datetime) -> None:
        """Keep `place`. One that is too old already, or from the future, is no one's place now.

        Raises JobNotUnderWay; what was kept before is gone then.
        """
        if not _under_way(job):
            self.places.forget(job.tenant, job.job_id)
            raise JobNotUnderWay
        if _is_now(place, now):
            self.places.keep(job.tenant, job.job_id, place)

    def stop(self, job: Job) -> None:
        self.places.forget(job.tenant, job.job_id)

    def of(self, job: Job, now: datetime) -> CrewLocation | None:
        """Where the crew of `job` is; None where that may not be told, or is not known."""
        place = self.places.read(job.tenant, job.job_id)
        if place is None:
            return None
        if _under_way(job) and _is_now(place, now):
            return place
        self.places.forget(job.tenant, job.job_id)
        return None

    def of_all(self, jobs: Iterable[Job], now: datetime) -> dict[str, CrewLocation]:
        """By job id, for those of `jobs` that are under way and whose crew has told."""
        known = {job.job_id: self.of(job, now) for job in jobs if _under_way(job)}
        return {job_id: place for job_id, place in known.items() if place}


def _under_way(job: Job) -> bool:
    return load_flow(job.flow).is_under_way(job.status)


def _is_now(place: CrewLocation, now: datetime) -> bool:
    return now - LASTS < place.at <= now + CLOCK_SKEW
