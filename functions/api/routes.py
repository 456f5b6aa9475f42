"""The table of routes: who may ask what, what is answered, and how often an address may ask.

Routing, the check of roles, docs/openapi.json and the tests are all made from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel

from functions.api import board, business, crew, crew_actions, jobs, ops, public, session
from functions.api.business import HistoryQuery, SettingsHistoryDocument
from functions.api.crew_models import (
    CrewDocument,
    DaysQuery,
    EditBody,
    LocationBody,
    MyJobsDocument,
    PhotoBody,
    PhotoDocument,
)
from functions.api.dependencies import Api
from functions.api.ops_models import (
    DeadLettersBody,
    DeadLettersDocument,
    DeadLettersResult,
    OpenJobsDocument,
    OpsDocument,
    RepairDocument,
    TimelineDocument,
)
from functions.api.problems import slug_of
from functions.api.request import ApiRequest
from functions.api.request_models import (
    BookingBody,
    CredentialsBody,
    JobsQuery,
    LinkHolderBody,
    MoveBody,
    NewJobBody,
)
from functions.api.response_models import (
    BookedDocument,
    BusinessDocument,
    FlowsDocument,
    JobDocument,
    JobsDocument,
    SessionDocument,
)
from functions.api.responses import ApiResponse
from functions.people.accounts import DISPATCHES, ROLES, Limit, Role
from functions.people.crew_location import CrewLocation
from statemachine.business_changes import BusinessRecord, SettingsPatch
from statemachine.lifecycle import EXPLANATIONS
from statemachine.roster import Day
from statemachine.values import JOB_ID_PATTERN, NAME_PATTERN, TENANT_PATTERN
from statemachine.views import View

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Who = frozenset[Role] | None
"""The roles that may ask, one of them is enough; None is everybody, without a session."""

EVERYBODY: Who = None
SIGNED_IN: Who = frozenset(ROLES)
OWNER: Who = frozenset({"owner"})
CREW: Who = frozenset({"owner", "dispatcher", "driver", "first_mate", "supervisor"})
DISPATCHER: Who = DISPATCHES
PLANNERS: Who = frozenset({"owner", "dispatcher", "supervisor", "ops"})
OPS: Who = frozenset({"owner", "ops"})

BOOKINGS = Limit("bookings", most=20, window=timedelta(hours=1))
LOOKS = Limit("looks", most=600, window=timedelta(minutes=5))
CHOICES = Limit("choices", most=30, window=timedelta(minutes=10))

PARAMETERS = {
    "job_id": JOB_ID_PATTERN,
    "photo_id": "^[0-9a-f]{32}$",
    "digest": "^[0-9a-f]{32}$",
    "member": NAME_PATTERN,
    "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "queue": NAME_PATTERN,
    "business": TENANT_PATTERN,
}
"""What stands in the angle brackets of a path."""

MOVE_REFUSED = (*map(slug_of, EXPLANATIONS), "event-id-used", "records-full")


@dataclass(frozen=True)
class Route:
    """`refusals` are the problems beyond those that its `who`, `body` and `limit` bring along."""

    method: Method
    path: str
    summary: str
    who: Who
    does: Callable[[Api, ApiRequest], ApiResponse]
    answers: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    limit: Limit | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/session",
        "Sign in",
        EVERYBODY,
        session.sign_in,
        {200: SessionDocument},
        body=CredentialsBody,
        refusals=("wrong-credentials", "too-many-requests"),
    ),
    Route("GET", "/api/session", "Who am I?", SIGNED_IN, session.who_am_i, {200: SessionDocument}),
    Route("DELETE", "/api/session", "Sign out", EVERYBODY, session.sign_out, {204: None}),
    Route(
        "GET",
        "/api/flows",
        "The flows: statuses, moves, labels, colours",
        SIGNED_IN,
        board.list_flows,
        {200: FlowsDocument, 304: None},
        headers=("If-None-Match",),
    ),
    Route(
        "GET",
        "/api/jobs",
        "The board; for crew the jobs they are on",
        SIGNED_IN,
        board.list_jobs,
        {200: JobsDocument, 304: None},
        query=JobsQuery,
        headers=("If-None-Match",),
        refusals=("invalid",),
    ),
    Route(
        "POST",
        "/api/jobs",
        "Take down a job",
        DISPATCHER,
        jobs.create_job,
        {201: BookedDocument, 200: BookedDocument},
        body=NewJobBody,
        headers=("Idempotency-Key",),
        refusals=("unknown-flow", "idempotency-key-reused"),
    ),
    Route(
        "GET",
        "/api/jobs/<job_id>",
        "A job with its history, refusals and legal moves",
        SIGNED_IN,
        jobs.read_job,
        {200: JobDocument},
        refusals=("unknown-job",),
    ),
    Route(
        "POST",
        "/api/jobs/<job_id>/moves",
        "Move a job",
        CREW,
        jobs.move_job,
        {200: JobDocument, 202: JobDocument, 204: None},
        body=MoveBody,
        refusals=("unknown-job", *MOVE_REFUSED),
    ),
    Route(
        "PATCH",
        "/api/jobs/<job_id>",
        "Change a job's details",
        CREW,
        jobs.edit_job,
        {200: JobDocument, 204: None},
        body=EditBody,
        headers=("If-Match", "Idempotency-Key"),
        refusals=(
            "unknown-job",
            "job-changed",
            "crew-unavailable",
            "crew-taken",
            "event-id-used",
            "if-match-missing",
            "records-full",
            "notes-full",
            "idempotency-key-reused",
        ),
    ),
    Route(
        "GET",
        "/api/business",
        "The settings of the business",
        DISPATCHER,
        business.show_business,
        {200: BusinessRecord},
    ),
    Route(
        "PATCH",
        "/api/business",
        "Change settings of the business",
        OWNER,
        business.change_business,
        {200: BusinessRecord},
        body=SettingsPatch,
        headers=("If-Match",),
        refusals=("business-changed", "if-match-missing"),
    ),
    Route(
        "GET",
        "/api/business/history",
        "The changes of the settings, newest first",
        OWNER,
        business.business_history,
        {200: SettingsHistoryDocument},
        query=HistoryQuery,
        refusals=("invalid",),
    ),
    Route(
        "GET",
        "/api/my/jobs",
        "The jobs of whoever asks, today and tomorrow",
        SIGNED_IN,
        crew.my_jobs,
        {200: MyJobsDocument},
    ),
    Route(
        "GET",
        "/api/crew",
        "Everybody who can be put on a job, and the trucks",
        PLANNERS,
        crew.show_crew,
        {200: CrewDocument},
        query=DaysQuery,
        refusals=("invalid",),
    ),
    Route(
        "PUT",
        "/api/crew/<member>/days/<date>",
        "When someone is there on one day",
        DISPATCHER,
        crew.set_day,
        {204: None},
        body=Day,
        refusals=("unknown-member",),
    ),
    Route(
        "DELETE",
        "/api/crew/<member>/days/<date>",
        "There all day again",
        DISPATCHER,
        crew.forget_day,
        {204: None},
        refusals=("unknown-member", "invalid"),
    ),
    Route(
        "POST",
        "/api/jobs/<job_id>/photos",
        "Announce a photo, and learn where to upload it",
        CREW,
        crew_actions.announce_photo,
        {201: PhotoDocument, 200: PhotoDocument, 204: None},
        body=PhotoBody,
        refusals=("unknown-job", "photo-refused", "event-id-used"),
    ),
    Route(
        "POST",
        "/api/jobs/<job_id>/photos/<photo_id>",
        "Add an uploaded photo to the job",
        CREW,
        crew_actions.add_photo,
        {200: JobDocument, 204: None},
        body=PhotoBody,
        refusals=(
            "unknown-job",
            "photo-refused",
            "photo-missing",
            "event-id-used",
        ),
    ),
    Route(
        "PUT",
        "/api/jobs/<job_id>/location",
        "Tell where the crew is, while the job is under way",
        CREW,
        crew_actions.share_location_now,
        {204: None},
        body=LocationBody,
        refusals=("unknown-job", "not-under-way"),
    ),
    Route(
        "DELETE",
        "/api/jobs/<job_id>/location",
        "Forget where the crew is",
        CREW,
        crew_actions.stop_telling,
        {204: None},
        refusals=("unknown-job",),
    ),
    Route(
        "POST",
        "/api/bookings",
        "Book a job as a customer",
        EVERYBODY,
        public.book,
        {201: BookedDocument, 200: BookedDocument},
        body=BookingBody,
        headers=("Idempotency-Key",),
        limit=BOOKINGS,
        refusals=("idempotency-key-reused", "business-suspended"),
    ),
    Route(
        "GET",
        "/api/businesses/<business>",
        "A business as its customers know it, and the zone of its clock",
        EVERYBODY,
        public.business,
        {200: BusinessDocument},
        refusals=("unknown-business",),
        limit=LOOKS,
    ),
    Route(
        "GET",
        "/api/track/<digest>",
        "The public view of a job, past every cache",
        EVERYBODY,
        public.track,
        {200: View, 304: None},
        headers=("If-None-Match",),
        refusals=("unknown-job",),
        limit=LOOKS,
    ),
    Route(
        "GET",
        "/api/track/<digest>/business",
        "The business that does the job, and the zone of its clock",
        EVERYBODY,
        public.business_of_job,
        {200: BusinessDocument},
        refusals=("unknown-job",),
        limit=LOOKS,
    ),
    Route(
        "GET",
        "/api/track/<digest>/place",
        "Where the crew is, while the job is under way",
        EVERYBODY,
        public.place,
        {200: CrewLocation},
        refusals=("no-location",),
        limit=LOOKS,
    ),
    Route(
        "POST",
        "/api/track/<digest>/confirm",
        "Confirm, as the holder of the link",
        EVERYBODY,
        public.confirm,
        {200: View},
        body=LinkHolderBody,
        refusals=("unknown-job", *MOVE_REFUSED),
        limit=CHOICES,
    ),
    Route(
        "POST",
        "/api/track/<digest>/cancel",
        "Cancel, as the holder of the link",
        EVERYBODY,
        public.cancel,
        {200: View},
        body=LinkHolderBody,
        refusals=("unknown-job", *MOVE_REFUSED),
        limit=CHOICES,
    ),
    Route("GET", "/api/ops", "How the whole is doing", OPS, ops.overview, {200: OpsDocument}),
    Route(
        "GET",
        "/api/ops/jobs",
        "The jobs that are open",
        OPS,
        ops.open_jobs,
        {200: OpenJobsDocument},
    ),
    Route(
        "GET",
        "/api/ops/jobs/<job_id>",
        "Everything that happened to a job, and what is wrong with it",
        OPS,
        ops.explain,
        {200: TimelineDocument},
        refusals=("unknown-job",),
    ),
    Route(
        "POST",
        "/api/ops/jobs/<job_id>/repair",
        "Look after one job now, as the watchdog does",
        OPS,
        ops.repair,
        {200: RepairDocument},
        refusals=("unknown-job",),
    ),
    Route(
        "GET",
        "/api/ops/dead-letters/<queue>",
        "The dead letters of a queue, a hundred at most",
        OPS,
        ops.dead_letters,
        {200: DeadLettersDocument},
        refusals=("unknown-queue",),
    ),
    Route(
        "POST",
        "/api/ops/dead-letters/<queue>/replay",
        "Send dead letters again",
        OPS,
        ops.replay,
        {200: DeadLettersResult},
        body=DeadLettersBody,
        refusals=("unknown-queue", "not-redrivable"),
    ),
    Route(
        "POST",
        "/api/ops/dead-letters/<queue>/discard",
        "Throw dead letters away",
        OPS,
        ops.discard,
        {200: DeadLettersResult},
        body=DeadLettersBody,
        refusals=("unknown-queue",),
    ),
)
