"""What the crew's page asks of the stub: their own jobs, actions from the phone, photos, places.

As everywhere in the stub, the documents are the API's own and the rules are the domain's; here are
only the parts that store.
"""

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from events import Changes, JobEditRequested
from functions.api.crew_documents import (
    EditWish,
    PhotoDocument,
    PhotoWish,
    Upload,
    Whereabouts,
    WhereaboutsWish,
)
from functions.api.problems import MEDIA_TYPE, Problem
from statemachine.edits import edited
from statemachine.flows import load_flow
from statemachine.job import Edit, Job, LoadSize, Photo
from statemachine.values import Actor, iso
from statemachine.views import photo_path
from tests.pages.browser import ZONE
from tests.pages.world import TENANT, now

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub

JPEG = b"\xff\xd8\xff"
FAR_AHEAD = timedelta(days=365)


class PhoneWish(EditWish):
    """An edit with the load size, which the phone may say too."""

    load_size: LoadSize | None = None


class CrewStub:
    """`uploads` are the bytes that came, by photo; `places` where the crews said they were."""

    def __init__(self, stub: "Stub") -> None:
        self.stub = stub
        self.uploads: dict[str, bytes] = {}
        self.places: list[tuple[str, Whereabouts]] = []

    def routes(self) -> list[Route]:
        guarded = self.stub.guarded
        job = "/api/jobs/{job_id}"
        return [
            Route("/api/my/jobs", guarded(self.my_jobs)),
            Route(job, guarded(self.edit), methods=["PATCH"]),
            Route(f"{job}/photos", guarded(self.offer), methods=["POST"]),
            Route(f"{job}/photos/{{photo_id}}", guarded(self.add), methods=["POST"]),
            Route(f"{job}/whereabouts", guarded(self.place), methods=["PUT"]),
            Route("/uploads/{photo_id}", guarded(self.upload), methods=["PUT"]),
            Route("/t/p/{name}", guarded(self.photo)),
        ]

    async def my_jobs(self, request: Request) -> Response:
        actor = self.stub.actor(request)
        with self.stub.world.lock:
            jobs = [job for job in self.stub.world.jobs.values() if is_on(actor, job)]
        mine = sorted((job for job in jobs if of_these_days(job)), key=arrival)
        documents = [self.stub.job_of(request, job) for job in mine]
        answer = {"jobs": documents, "time_zone": ZONE, "as_of": iso(now())}
        return Response(json.dumps(answer), media_type="application/json")

    async def edit(self, request: Request) -> Response:
        """An edit with an id of its own is a phone's; any other is the dispatcher's."""
        if b'"event_id"' not in await request.body():
            return await self.stub.edit(request)
        wish, job = await self.asked(request, PhoneWish), self.own_job(request)
        if job.knows(wish.event_id or ""):
            return self.stub.shown(request, job)
        with self.stub.world.lock:
            self.stub.world.jobs[job.job_id] = after(job, wish, self.stub.actor(request))
        return self.stub.shown(request, self.stub.world.jobs[job.job_id])

    async def offer(self, request: Request) -> Response:
        wish, job = await self.asked(request, PhotoWish), self.own_job(request)
        photo_id = photo_id_of(job, wish)
        if not wish.media_type.startswith("image/"):
            return refusal(422, "photo-refused", "that is no picture")
        if photo_id in photo_ids(job):
            return Response(PhotoDocument(photo_id=photo_id).model_dump_json())
        upload = Upload(url=f"/uploads/{photo_id}", headers={"content-type": wish.media_type})
        return Response(PhotoDocument(photo_id=photo_id, upload=upload).model_dump_json())

    async def upload(self, request: Request) -> Response:
        self.uploads[request.path_params["photo_id"]] = await request.body()
        return Response(None, 200)

    async def add(self, request: Request) -> Response:
        wish, job = await self.asked(request, PhotoWish), self.own_job(request)
        photo_id = photo_id_of(job, wish)
        if photo_id in photo_ids(job):
            return self.stub.shown(request, job)
        body = self.uploads.get(photo_id)
        if body is None or len(body) != wish.bytes:
            return refusal(409, "photo-missing", "the photo is not there")
        if not body.startswith(JPEG):
            return refusal(422, "photo-refused", "that is no JPEG")
        photo = Photo(
            event_id=wish.event_id,
            actor=self.stub.actor(request),
            photo_id=photo_id,
            kind=wish.kind,
            taken_at=wish.occurred_at,
            recorded_at=now(),
        )
        with self.stub.world.lock:
            job = self.stub.world.jobs[job.job_id]
            self.stub.world.jobs[job.job_id] = job.seen(photos=(*job.photos, photo))
        return self.stub.shown(request, self.stub.world.jobs[job.job_id])

    async def place(self, request: Request) -> Response:
        wish, job = await self.asked(request, WhereaboutsWish), self.own_job(request)
        if not load_flow(job.flow).status(job.status).under_way:
            return refusal(409, "not-under-way", "the job is not under way")
        where = Whereabouts(latitude=wish.latitude, longitude=wish.longitude, at=wish.occurred_at)
        self.places.append((job.job_id, where))
        return Response(None, 204)

    async def photo(self, request: Request) -> Response:
        body = self.uploads.get(request.path_params["name"].removesuffix(".jpg"))
        if body is None:
            return Response(None, 404)
        return Response(body, media_type="image/jpeg")

    async def asked(self, request: Request, kind: type[Any]) -> Any:
        from tests.pages.stub_api import document

        return await document(request, kind)

    def own_job(self, request: Request) -> Job:
        job, actor = self.stub.job(request), self.stub.actor(request)
        if actor.kind == "crew" and not is_on(actor, job):
            raise Problem("not-allowed")
        return job


def refusal(status: int, slug: str, detail: str) -> Response:
    document = {"type": f"/problems/{slug}", "title": detail, "status": status, "detail": detail}
    return Response(json.dumps(document), status, media_type=MEDIA_TYPE)


def after(job: Job, wish: PhoneWish, actor: Actor) -> Job:
    given = wish.model_dump(exclude_none=True, exclude={"event_id", "occurred_at", "load_size"})
    event_id, moment = wish.event_id or "", wish.occurred_at or now()
    if given:
        request = JobEditRequested(
            tenant=TENANT,
            event_id=event_id,
            occurred_at=moment,
            actor=actor,
            job_id=job.job_id,
            changes=Changes.model_validate(given),
        )
        job = edited(job, request, now())
    if wish.load_size:
        made = Edit(event_id=event_id, actor=actor, fields=("load_size",), recorded_at=now())
        job = job.seen(load_size=wish.load_size, edits=(*job.edits, made))
    return job


def with_proof(document: dict[str, Any], job: Job) -> dict[str, Any]:
    """The job's document with what the crew adds to it."""
    photos = [
        {
            "photo_id": photo.photo_id,
            "kind": photo.kind,
            "path": photo_path(photo.photo_id),
            "taken_at": iso(photo.taken_at),
        }
        for photo in job.photos
    ]
    own = {"truck": job.truck, "load_size": job.load_size, "photos": photos}
    return {**document, **{key: value for key, value in own.items() if value is not None}}


def is_on(actor: Actor, job: Job) -> bool:
    return any(member.member == actor.id for member in job.crew)


def of_these_days(job: Job) -> bool:
    """Today's and tomorrow's, by the business's clock, and those without a day."""
    if job.schedule.window_start is None:
        return True
    zone = ZoneInfo(ZONE)
    today = now().astimezone(zone).date()
    return today <= job.schedule.window_start.astimezone(zone).date() <= today + timedelta(days=1)


def arrival(job: Job) -> tuple[Any, str]:
    return job.schedule.window_start or now() + FAR_AHEAD, job.job_id


def photo_ids(job: Job) -> set[str]:
    return {photo.photo_id for photo in job.photos}


def photo_id_of(job: Job, wish: PhotoWish) -> str:
    return hashlib.sha256(f"{job.token}/{wish.event_id}".encode()).hexdigest()[:32]
