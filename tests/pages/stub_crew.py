"""The crew part of the stub API: their jobs, photos, and locations; photos by customers too.

The models are the API's and the rules are the domain's; only storing is done here.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.crew_models import MyJobsDocument, OfficeTextEntry
from functions.api.customer_bodies import CustomerPhotoBody
from functions.api.link_holder import LINK_HOLDER
from functions.api.my_jobs import office_texts_about
from functions.api.problems import Problem
from functions.api.request_models import LocationBody, PhotoBody
from functions.api.response_models import PhotoDocument, UploadDocument
from functions.people.crew_location import CrewLocation
from statemachine.flows import load_flow
from statemachine.job.job import Job, Photo, PhotoKind
from statemachine.rules.proof_of_service import PhotoRefused, photo_id_of, with_photo
from statemachine.values.values import Actor
from tests.pages.browser import ZONE
from tests.pages.stub_data import now

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub

JPEG = b"\xff\xd8\xff"
FAR_AHEAD = timedelta(days=365)


class CrewStub:
    """`uploads` has the uploaded bytes by photo; `places` has the locations that crews sent."""

    def __init__(self, stub: "Stub") -> None:
        self.stub = stub
        self.uploads: dict[str, bytes] = {}
        self.places: list[tuple[str, CrewLocation]] = []

    def routes(self) -> list[Route]:
        guarded = self.stub.guarded
        job, link = "/api/jobs/{job_id}", "/api/track/{digest}"
        return [
            Route("/api/my/jobs", guarded(self.my_jobs)),
            Route(f"{job}/photos", guarded(self.offer), methods=["POST"]),
            Route(f"{job}/photos/{{photo_id}}", guarded(self.add), methods=["POST"]),
            Route(f"{link}/photos", guarded(self.offer_by_link), methods=["POST"]),
            Route(f"{link}/photos/{{photo_id}}", guarded(self.add_by_link), methods=["POST"]),
            Route(f"{job}/location", guarded(self.place), methods=["PUT"]),
            Route(f"{job}/location", guarded(self.no_place), methods=["DELETE"]),
            Route("/uploads/{photo_id}", guarded(self.upload), methods=["PUT"]),
        ]

    async def my_jobs(self, request: Request) -> Response:
        actor = self.stub.actor(request)
        with self.stub.data.lock:
            jobs = [job for job in self.stub.data.jobs.values() if is_on(actor, job)]
        mine = sorted((job for job in jobs if of_these_days(job)), key=arrival)
        trucks = self.stub.data.roster.trucks
        answer = MyJobsDocument(
            account=actor.id,
            jobs=tuple(self.stub.job_of(request, job) for job in mine),
            trucks={job.truck: trucks[job.truck] for job in mine if job.truck},
            office_texts={job.job_id: self.office_texts(job) for job in mine},
            time_zone=ZONE,
            as_of=now(),
        )
        text = answer.model_dump_json(by_alias=True, exclude_none=True)
        return Response(text, media_type="application/json")

    def office_texts(self, job: Job) -> tuple[OfficeTextEntry, ...]:
        talks = self.stub.data.conversations.values()
        found = (office_texts_about(job, each) for each in talks)
        return next((texts for texts in found if texts), ())

    async def offer(self, request: Request) -> Response:
        return self.offered(self.own_job(request), await self.asked(request, PhotoBody))

    async def offer_by_link(self, request: Request) -> Response:
        request_body = await self.asked(request, CustomerPhotoBody)
        return self.offered(self.stub.held(request, request_body.token), request_body)

    def offered(self, job: Job, request_body: PhotoBody | CustomerPhotoBody) -> Response:
        photo_id = photo_id_of(job, request_body.event_id)
        if not request_body.media_type.startswith("image/"):
            raise PhotoRefused("format", "that is no picture")
        if photo_id in photo_ids(job):
            return Response(PhotoDocument(photo_id=photo_id).model_dump_json())
        upload = UploadDocument(
            url=f"/uploads/{photo_id}", headers={"content-type": request_body.media_type}
        )
        return Response(PhotoDocument(photo_id=photo_id, upload=upload).model_dump_json())

    async def upload(self, request: Request) -> Response:
        self.uploads[request.path_params["photo_id"]] = await request.body()
        return Response(None, 200)

    async def add(self, request: Request) -> Response:
        request_body, job = await self.asked(request, PhotoBody), self.own_job(request)
        actor = self.stub.actor(request)
        self.added(job, request_body, actor, request_body.kind, request_body.occurred_at)
        return self.stub.shown(request, self.stub.data.jobs[job.job_id])

    async def add_by_link(self, request: Request) -> Response:
        request_body = await self.asked(request, CustomerPhotoBody)
        job = self.stub.held(request, request_body.token)
        self.added(job, request_body, LINK_HOLDER, "customer", now())
        return Response(self.stub.data.view(request.path_params["digest"]))

    def added(
        self,
        job: Job,
        request_body: PhotoBody | CustomerPhotoBody,
        actor: Actor,
        kind: PhotoKind,
        taken_at: datetime,
    ) -> None:
        photo_id = photo_id_of(job, request_body.event_id)
        if photo_id in photo_ids(job):
            return
        body = self.uploads.get(photo_id)
        if body is None or len(body) != request_body.bytes:
            raise Problem("photo-missing")
        if not body.startswith(JPEG):
            raise PhotoRefused("unreadable", "that is no JPEG")
        photo = Photo(
            event_id=request_body.event_id,
            actor=actor,
            photo_id=photo_id,
            kind=kind,
            taken_at=taken_at,
            recorded_at=now(),
        )
        data = self.stub.data
        with data.lock:
            data.pictures[photo_id] = body
            data.jobs[job.job_id] = with_photo(data.jobs[job.job_id], photo)

    async def place(self, request: Request) -> Response:
        request_body, job = await self.asked(request, LocationBody), self.own_job(request)
        if not load_flow(job.flow).status(job.status).under_way:
            raise Problem("not-under-way")
        where = CrewLocation(
            latitude=request_body.latitude,
            longitude=request_body.longitude,
            at=request_body.occurred_at,
        )
        self.places.append((job.job_id, where))
        self.stub.data.places[job.job_id] = where
        return Response(None, 204)

    async def no_place(self, request: Request) -> Response:
        self.stub.data.places.pop(self.own_job(request).job_id, None)
        return Response(None, 204)

    async def asked(self, request: Request, kind: type[Any]) -> Any:
        from tests.pages.stub_api import document

        return await document(request, kind)

    def own_job(self, request: Request) -> Job:
        job, actor = self.stub.job(request), self.stub.actor(request)
        if actor.kind == "crew" and not is_on(actor, job):
            raise Problem("not-allowed")
        return job


def is_on(actor: Actor, job: Job) -> bool:
    return any(member.member == actor.id for member in job.crew)


def of_these_days(job: Job) -> bool:
    """Whether the job is today, tomorrow (in the business's zone), or without a day."""
    if job.schedule.window_start is None:
        return True
    zone = ZoneInfo(ZONE)
    today = now().astimezone(zone).date()
    return today <= job.schedule.window_start.astimezone(zone).date() <= today + timedelta(days=1)


def arrival(job: Job) -> tuple[Any, str]:
    return job.schedule.window_start or now() + FAR_AHEAD, job.job_id


def photo_ids(job: Job) -> set[str]:
    return {photo.photo_id for photo in job.photos}
