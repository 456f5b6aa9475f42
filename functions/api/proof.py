"""What a crew's phone adds to its job: photos, and where it is."""

from functions.add_photo import PhotoWanted
from functions.api.answers import Answer, acts_on, works_on
from functions.api.asking import Ask
from functions.api.crew_documents import PhotoDocument, PhotoWish, Upload, WhereaboutsWish
from functions.api.jobs import actor_of, done_before, job_of, shown, visible_job
from functions.api.parts import Api
from functions.api.problems import Problem
from functions.people.whereabouts import rounded
from statemachine.job import Job
from statemachine.proof import photo_id_of


def announce_photo(api: Api, ask: Ask) -> Answer:
    """Where to upload it; 200 and no upload where the job has this very photo already."""
    wish = ask.document(PhotoWish)
    job = job_of(api, ask)
    if not acts_on(ask.who, job):
        return done_before(ask.who, job, wish.event_id)
    photo_id, upload = api.add_photo.announce(job, _wanted(wish, job, ask), ask.now)
    document = PhotoDocument(
        photo_id=photo_id,
        upload=Upload(url=upload.path, headers=upload.headers) if upload else None,
    )
    outcome = "photo announced" if upload else "photo there before"
    return Answer(201 if upload else 200, document, about=(job.tenant, job.job_id), outcome=outcome)


def add_photo(api: Api, ask: Ask) -> Answer:
    """The job with the photo, once it has been uploaded; a copy of the request changes nothing."""
    wish = ask.document(PhotoWish)
    job = job_of(api, ask)
    if not acts_on(ask.who, job):
        return done_before(ask.who, job, wish.event_id)
    if ask.parameters["photo_id"] != photo_id_of(job, wish.event_id):
        raise Problem("invalid", "photo_id is not that of event_id; announce the photo first")
    return shown(api, ask, api.add_photo(job, _wanted(wish, job, ask), ask.now), outcome="photo")


def tell_place(api: Api, ask: Ask) -> Answer:
    wish = ask.document(WhereaboutsWish)
    job = _crews_job(api, ask)
    place = rounded(wish.latitude, wish.longitude, wish.occurred_at)
    api.share_place.tell(job, place, ask.now)
    return Answer(204, about=(job.tenant, job.job_id), outcome="place told")


def stop_telling(api: Api, ask: Ask) -> Answer:
    """The switch is off: what was told is forgotten at once."""
    job = _crews_job(api, ask)
    api.share_place.stop(job)
    return Answer(204, about=(job.tenant, job.job_id), outcome="place forgotten")


def _crews_job(api: Api, ask: Ask) -> Job:
    """A place is told by those who are there: the job's crew, and nobody for them."""
    job = visible_job(api, ask)
    if not works_on(ask.who, job):
        raise Problem("not-allowed", about=(job.tenant, job.job_id))
    return job


def _wanted(wish: PhotoWish, job: Job, ask: Ask) -> PhotoWanted:
    return PhotoWanted(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=wish.event_id,
        occurred_at=wish.occurred_at,
        actor=actor_of(ask.who),
        kind=wish.kind,
        media_type=wish.media_type,
        size=wish.bytes,
    )
