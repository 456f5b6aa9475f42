"""Restores the last readable version of a job whose object cannot be read.

A person decides this, with their own AWS credentials, because changes that only the unreadable
object has are lost. The version is written over exactly that object, with a higher `rev` than
anyone has seen, so that the view and the board accept it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from functions.ops.history import History
from functions.protocol.ports import Corrupt, HaulwayError, Jobs
from statemachine.job.job import Job
from statemachine.job.records import Edit
from statemachine.values.ids import digest_of
from statemachine.values.values import RESERVED, Actor
from statemachine.views.evidence import ObjectVersion

RESTORED = "restored_from_an_earlier_version"
"""Listed among the job's changes, with who did it."""


class NothingToRestore(HaulwayError):
    """The job can be read, or no version of it can."""


@dataclass(frozen=True)
class Restoration:
    """The plan: `version` replaces the object with this `etag`."""

    version: ObjectVersion[Job]
    etag: str
    seen_rev: int
    """The highest `rev` of the view, the board, and all readable versions."""


@dataclass(frozen=True)
class RestoreJob:
    jobs: Jobs
    history: History

    def plan(self, tenant: str, job_id: str) -> Restoration:
        """Raises NothingToRestore, UnknownJob, Unavailable. Changes nothing."""
        etag = self._unreadable(tenant, job_id)
        versions = self.history.of_job(tenant, job_id).items
        if not versions:
            raise NothingToRestore(f"no version of {job_id} can be read")
        seen_rev = max(self._revs(versions, tenant, job_id))
        return Restoration(versions[-1], etag, seen_rev)

    def __call__(self, planned: Restoration, by: Actor, now: datetime) -> Job:
        """The job as stored. Raises Conflict if the object has changed since the plan."""
        job, event_id = planned.version.value, f"{RESERVED}restore-{planned.etag.strip(chr(34))}"
        edit = Edit(event_id=event_id, actor=by, fields=(RESTORED,), recorded_at=now)
        restored = job.restored(above=planned.seen_rev, edits=(*job.edits, edit))
        self.jobs.mark_open(job.tenant, job.job_id)  # so that the watchdog repairs the rest
        self.jobs.replace(restored, planned.etag)
        return restored

    def _unreadable(self, tenant: str, job_id: str) -> str:
        try:
            self.jobs.read(tenant, job_id)
        except Corrupt as error:
            if error.etag is None:
                raise
            return error.etag
        raise NothingToRestore(f"{job_id} can be read; there is nothing to restore")

    def _revs(
        self, versions: tuple[ObjectVersion[Job], ...], tenant: str, job_id: str
    ) -> Iterator[int]:
        yield from (version.value.version for version in versions)
        views = self.history.of_view(digest_of(versions[-1].value.token))
        yield from (version.value.rev for version in views.items)
        for stamp in self.history.of_board(tenant).items[-1:]:
            yield self.history.card_rev(tenant, stamp.version_id, job_id)
