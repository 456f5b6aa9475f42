"""Proof of service: a photo is added to its job. Every step is idempotent.

phone            API                                      uploads/ (private)      t/p/ (public)
  1 announce ──▶ name and one-time address of the upload
  2 bytes ───────────────────────────────────────────────▶ raw
  3 done ──────▶ read ◀───────────────────────────────────
                 redraw, publish ──────────────────────────────────────────────▶ photo
                 commit to the job, write the view, announce
                 delete ─────────────────────────────────▶ nothing

The photo is committed after it is published, so that no job shows a photo that does not exist. The
upload is deleted last, so that step 3 can be repeated after a crash. If the job refuses the photo,
at once or on such a repetition, the published photo is withdrawn: no job names it, so erasing the
job would not find it. Until the job is completed, only those who work on it get the photo's name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from functions.jobs.edit import announce_edit
from functions.photos.redraw_photo import check_announced, redrawn
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Bus, HaulwayError, Jobs, TaskTokens, UnknownJob, Views
from functions.views.write_view import write_view
from statemachine.flows import load_flow
from statemachine.job.bounds import UtcInput
from statemachine.job.job import Job, Photo, PhotoKind
from statemachine.rules.lifecycle import with_early_moves_judged
from statemachine.rules.proof_of_service import (
    PhotoRefused,
    check_room,
    photo_id_of,
    photo_of,
    with_photo,
)
from statemachine.values.values import Actor, EventId, Frozen, JobId, Tenant


class PhotoMissing(HaulwayError):
    """Nothing was uploaded under that name, or not what was announced; upload it again."""


class EventTaken(HaulwayError):
    """The job has that event already, and it is not a photo; send a new event_id."""


class PhotoRequest(Frozen):
    """A photo of a job, as announced. `size` is in bytes."""

    tenant: Tenant
    job_id: JobId
    event_id: EventId
    occurred_at: UtcInput
    actor: Actor
    kind: PhotoKind
    media_type: str
    size: int


@dataclass(frozen=True)
class UploadTarget:
    """Where to PUT the bytes: a path of our own site, valid for one size and one type."""

    path: str
    headers: dict[str, str]


class Photos(Protocol):
    """`key` names an upload: `{tenant}/{job_id}/{photo_id}`."""

    def upload(self, key: str, media_type: str, size: int) -> UploadTarget:
        """An address for `size` bytes; it expires after a quarter of an hour."""

    def raw(self, key: str, size: int) -> bytes | None:
        """The upload; None if there is none, or if its size differs, in which case it is not read.

        Raises Unavailable.
        """

    def publish(self, photo_id: str, jpeg: bytes) -> None:
        """Idempotent for the same bytes."""

    def withdraw(self, photo_id: str) -> None:
        """Idempotent, even if nothing was published. Raises Unavailable."""

    def delete_raw(self, key: str) -> None: ...


@dataclass(frozen=True)
class AddPhoto:
    jobs: Jobs
    views: Views
    bus: Bus
    photos: Photos
    clean: Callable[[bytes], bytes] = redrawn
    pause: Pause = full_jitter
    task_tokens: TaskTokens | None = None
    """As in `EditJob`."""

    def announce(
        self, job: Job, request: PhotoRequest, now: datetime
    ) -> tuple[str, UploadTarget | None]:
        """Step 1: the photo's id and where to upload it; None if the job has it already.

        Raises PhotoRefused, EventTaken.
        """
        photo_id = photo_id_of(job, request.event_id)
        if _is_on(job, request.event_id):
            return photo_id, None
        check_announced(request.media_type, request.size)
        with self._withdrawn_if_refused(photo_id):
            check_room(job, request.kind, request.occurred_at, now)
        key = _key(job, photo_id)
        return photo_id, self.photos.upload(key, request.media_type, request.size)

    def __call__(self, job: Job, request: PhotoRequest, now: datetime) -> Job:
        """Step 3: the job with the photo.

        Raises PhotoRefused, EventTaken, PhotoMissing, Unavailable.
        """
        photo_id = photo_id_of(job, request.event_id)
        if not _is_on(job, request.event_id):
            check_announced(request.media_type, request.size)
            with self._withdrawn_if_refused(photo_id):
                check_room(job, request.kind, request.occurred_at, now)
            self.photos.publish(photo_id, self.clean(self._raw(_key(job, photo_id), request.size)))
        with self._withdrawn_if_refused(photo_id):
            job = self._committed(_photo(photo_id, request, now), request, now)
        write_view(self.views, job, load_flow(job.flow), now, self.pause)
        announce_edit(job, request.event_id, self.bus, self.task_tokens)
        self.photos.delete_raw(_key(job, photo_id))
        return job

    @contextmanager
    def _withdrawn_if_refused(self, photo_id: str) -> Iterator[None]:
        try:
            yield
        except (PhotoRefused, EventTaken, UnknownJob):
            self.photos.withdraw(photo_id)
            raise

    def _raw(self, key: str, size: int) -> bytes:
        raw = self.photos.raw(key, size)
        if raw is None:
            raise PhotoMissing
        return raw

    def _committed(self, photo: Photo, request: PhotoRequest, now: datetime) -> Job:
        def change(job: Job) -> tuple[Job, None]:
            if _is_on(job, photo.event_id):
                return job, None
            return with_early_moves_judged(with_photo(job, photo), load_flow(job.flow), now), None

        tenant, job_id = request.tenant, request.job_id
        return commit(self.jobs, tenant, job_id, change, self.pause, watched=True)[0]


def _is_on(job: Job, event_id: str) -> bool:
    """Whether the job has the photo of that event. Raises EventTaken."""
    known = photo_of(job, event_id) is not None
    if job.knows(event_id) and not known:
        raise EventTaken
    return known


def _photo(photo_id: str, request: PhotoRequest, now: datetime) -> Photo:
    return Photo(
        event_id=request.event_id,
        actor=request.actor,
        photo_id=photo_id,
        kind=request.kind,
        taken_at=request.occurred_at,
        recorded_at=now,
    )


def _key(job: Job, photo_id: str) -> str:
    return f"{job.tenant}/{job.job_id}/{photo_id}"
