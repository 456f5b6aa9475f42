"""The rules about the photos of a job. Pure functions; they do not look into image files."""

import hashlib
from datetime import datetime
from typing import Literal

from statemachine.flows import load_flow
from statemachine.job.job import Job, Photo, PhotoKind
from statemachine.job.records import Edit
from statemachine.rules.lifecycle import CLOCK_SKEW

MAX_PHOTOS, MAX_CUSTOMER_PHOTOS = 20, 5
"""Of the work, and by the customer: neither takes the other's room."""

PhotoFault = Literal["cancelled", "ended", "full", "clock", "heic", "format", "large", "unreadable"]
"""Why a photo is refused: `ended` only a customer's. Each page has a text for what it can meet."""


class PhotoRefused(Exception):
    """The job does not take the photo. The text says why, and what to do instead."""

    def __init__(self, why: PhotoFault, text: str) -> None:
        super().__init__(text)
        self.why = why


def photo_id_of(job: Job, event_id: str) -> str:
    """The name of that event's photo, the same for every copy of the event.

    No one can guess it, because it depends on the job's first tracking token.
    """
    seed = job.link.photo_seed or job.token
    return hashlib.sha256(f"photo|{seed}|{event_id}".encode()).hexdigest()[:32]


def photo_of(job: Job, event_id: str) -> Photo | None:
    return next((photo for photo in job.photos if photo.event_id == event_id), None)


def check_room(job: Job, kind: PhotoKind, taken_at: datetime, now: datetime) -> None:
    """Raises PhotoRefused if the job does not take the photo."""
    end, by_customer = load_flow(job.flow).status(job.status).end, kind == "customer"
    if end == "cancelled":
        raise PhotoRefused("cancelled", "the job is cancelled; photos are for work that is done")
    if end and by_customer:
        raise PhotoRefused("ended", "the job is done; call the office instead")
    most = MAX_CUSTOMER_PHOTOS if by_customer else MAX_PHOTOS
    taken = sum((photo.kind == "customer") == by_customer for photo in job.photos)
    if taken >= most:
        text = f"the job has {most} photos already, and cannot hold more"
        raise PhotoRefused("full", text)
    if taken_at > now + CLOCK_SKEW:
        text = "`occurred_at` is in the future; check the phone's clock"
        raise PhotoRefused("clock", text)


def with_photo(job: Job, photo: Photo) -> Job:
    """The job with `photo`; the same object if it knows that event. Raises as `check_room`."""
    if job.knows(photo.event_id):
        return job
    check_room(job, photo.kind, photo.taken_at, photo.recorded_at)
    edit = Edit(
        event_id=photo.event_id,
        fields=("photos",),
        recorded_at=photo.recorded_at,
        actor=photo.actor,
    )
    return job.with_change(photos=(*job.photos, photo), edits=(*job.edits, edit))
