"""Proof of service: the photos of a job. Pure; what a picture is made of is not its business."""

import hashlib
from datetime import datetime
from typing import Literal

from statemachine.flows import load_flow
from statemachine.job import Edit, Job, Photo
from statemachine.lifecycle import CLOCK_SKEW

MOST_PHOTOS = 20

PhotoFault = Literal["cancelled", "full", "clock", "heic", "format", "large", "unreadable"]
"""Why a photo cannot be taken; the crew's page has words for each."""


class PhotoRefused(Exception):
    """The photo cannot be taken on the job; the text says why, and what to do instead."""

    def __init__(self, why: PhotoFault, text: str) -> None:
        super().__init__(text)
        self.why = why


def photo_id_of(job: Job, event_id: str) -> str:
    """The name of the photo of that event: the same for every copy of it, and no one guesses it,

    for the job's token is part of it.
    """
    return hashlib.sha256(f"photo|{job.token}|{event_id}".encode()).hexdigest()[:32]


def photo_of(job: Job, event_id: str) -> Photo | None:
    return next((photo for photo in job.photos if photo.event_id == event_id), None)


def check_room(job: Job, taken_at: datetime, now: datetime) -> None:
    """Raises PhotoRefused where the job takes no further photo."""
    if load_flow(job.flow).status(job.status).end == "cancelled":
        raise PhotoRefused("cancelled", "the job is cancelled; photos are for work that is done")
    if len(job.photos) >= MOST_PHOTOS:
        text = f"the job has its {MOST_PHOTOS} photos; that is all it can hold"
        raise PhotoRefused("full", text)
    if taken_at > now + CLOCK_SKEW:
        text = "`occurred_at` lies ahead of our clock; check the phone's clock"
        raise PhotoRefused("clock", text)


def with_photo(job: Job, photo: Photo) -> Job:
    """The job with `photo`; the very same job if it knows that event. Raises as `check_room`."""
    if job.knows(photo.event_id):
        return job
    check_room(job, photo.taken_at, photo.recorded_at)
    edit = Edit(
        event_id=photo.event_id,
        fields=("photos",),
        recorded_at=photo.recorded_at,
        actor=photo.actor,
    )
    return job.seen(photos=(*job.photos, photo), edits=(*job.edits, edit))
