"""The pages with a stub of everything behind them: the site, the public views, and the API.

Requests and responses are the real API's models, the rewrite is the real edge function, and the
headers are those of template.yaml; the data is in memory. The pages are bundled, as a deployment
publishes them. As a program it serves sample data and the sources as they are, for working on the
pages:

    python -m tests.pages.stub_api 8300
"""

import hashlib
import json
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.pages import Page, pages
from events import Changes
from functions.api.customer_bodies import CustomerNoteBody, RescheduleBody, TextChoicesBody
from functions.api.jobs import CREW_EDITS, given_in
from functions.api.move_outcome import outcome_of
from functions.api.problems import MEDIA_TYPE, Problem, problem_of
from functions.api.request_models import (
    BookingBody,
    CredentialsBody,
    DaysQuery,
    EditBody,
    LinkHolderBody,
    MoveBody,
    NewJobBody,
)
from functions.api.response_models import BookedDocument, JobDocument
from functions.api.responses import job_document, kind_of, session_document
from functions.people.sessions import Session
from functions.protocol.ports import HaulwayError
from local.viewer_request import ViewerRequests, viewer_event
from statemachine.business.own_labels import labeled
from statemachine.flows import DEFAULT_FLOW, flow_names, load_flow
from statemachine.job.consent import TextsConsent
from statemachine.job.job import Customer, Job, Schedule
from statemachine.rules.edits import EditRefused
from statemachine.rules.proof_of_service import PhotoRefused
from statemachine.schedule.roster import Day
from statemachine.values.values import Actor
from tests.pages.stub_business import (
    business_routes,
    public_document,
    slot_offers,
    slots_document,
)
from tests.pages.stub_conversations import ConversationsStub
from tests.pages.stub_crew import CrewStub
from tests.pages.stub_data import PASSWORD, StubData, now
from tests.pages.stub_people import PeopleStub
from tests.pages.stub_reports import report_routes
from tests.pages.stub_roster import READERS, ZONE, check_assignment, crew_document, today
from tests.pages.stub_search import search_all, search_routes

ROOT = Path(__file__).parents[2]
REWRITE = (ROOT / "edge" / "rewrite.js").read_text(encoding="utf-8")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
DAY = "/api/crew/{member}/days/{date}"
COOKIE = "__Host-haulway"
SESSION_S = 12 * 60 * 60
JSON = "application/json"
CUSTOMER = Actor(kind="customer", id="link")
Answer = Callable[[Request], Awaitable[Response]]
Document = TypeVar("Document", bound=BaseModel)


TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")
CUSTOM = re.compile(r'Header: ((?:Cross-Origin|Permissions)-[\w-]+), Value: "([^"]+)"')


def content_security_policy() -> str:
    found = re.search(r"ContentSecurityPolicy: \"(default-src [^\"]+)\"", TEMPLATE)
    assert found, "template.yaml names no content security policy"
    return found[1]


SECURITY = {
    "content-security-policy": content_security_policy(),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    **{name.lower(): value for name, value in CUSTOM.findall(TEMPLATE)},
}


@cache
def published() -> dict[str, bytes]:
    """The pages as a deployment publishes them, by key."""
    return {page.key: page.body for page in pages()}


def as_published(files: dict[str, bytes], key: str) -> Response:
    """A file as a deployment serves it, with its caching."""
    if key not in files:
        return Response("Nothing here.\n", 404, SECURITY)
    page = Page(key, files[key])
    headers = {"content-type": page.content_type, "cache-control": page.caching}
    return Response(page.body, headers=SECURITY | headers)


class Stub:
    def __init__(self, data: StubData, published: dict[str, bytes] | None) -> None:
        self.data = data
        self.sessions: dict[str, str] = {}
        self.rewrites = ViewerRequests()
        self.rewritten: dict[str, str | None] = {}
        self.phones = CrewStub(self)
        self.people = PeopleStub(self)
        self.published = published
        """The published files by key; None serves `web/` as it is."""

    def app(self) -> Starlette:
        from tests.pages.stub_ops import ops_routes

        routes = [
            *self.phones.routes(),
            *business_routes(self),
            *self.people.routes(),
            *search_routes(self),
            *ConversationsStub(self).routes(),
            *report_routes(self),
            Route("/api/session", self.guarded(self.who_am_i)),
            Route("/api/session", self.guarded(self.sign_in), methods=["POST"]),
            Route("/api/session", self.guarded(self.sign_out), methods=["DELETE"]),
            Route("/api/flows", self.guarded(self.flows)),
            Route("/api/jobs", self.guarded(self.board)),
            Route("/api/jobs", self.guarded(self.create), methods=["POST"]),
            Route("/api/jobs/{job_id}", self.guarded(self.read)),
            Route("/api/jobs/{job_id}", self.guarded(self.edit), methods=["PATCH"]),
            Route("/api/jobs/{job_id}/moves", self.guarded(self.move), methods=["POST"]),
            Route("/api/crew", self.guarded(self.crew)),
            Route(DAY, self.guarded(self.set_day), methods=["PUT"]),
            Route(DAY, self.guarded(self.clear_day), methods=["DELETE"]),
            Route("/api/bookings", self.guarded(self.book), methods=["POST"]),
            Route("/api/businesses/main", self.guarded(self.business)),
            Route("/api/businesses/main/slots", self.guarded(self.slots)),
            Route("/api/track/{digest}/business", self.guarded(self.business)),
            Route("/api/track/{digest}", self.guarded(self.track)),
            Route("/api/track/{digest}/location", self.guarded(self.place)),
            Route("/api/track/{digest}/slots", self.guarded(self.slots)),
            Route(
                "/api/track/{digest}/reschedule", self.guarded(self.reschedule), methods=["POST"]
            ),
            Route("/api/track/{digest}/notes", self.guarded(self.note), methods=["POST"]),
            Route("/api/track/{digest}/texts", self.guarded(self.choose_texts), methods=["POST"]),
            Route("/api/track/{digest}/{move}", self.guarded(self.choose), methods=["POST"]),
            Route("/t/p/{name}", self.photo),
            Route("/t/{name}", self.guarded(self.view)),
            *ops_routes(self),
            Route("/{path:path}", self.page),
        ]
        return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware)])

    def guarded(self, answer: Answer) -> Answer:
        """Records the request, turns errors into problem documents, and forbids caching."""

        async def respond(request: Request) -> Response:
            self.data.requests.append((request.method, request.url.path))
            try:
                response = await (self.refuse if self.data.down else answer)(request)
            except (Problem, HaulwayError, EditRefused, PhotoRefused) as error:
                problem = problem_of(error)
                body = json.dumps(problem.document("stub-00000000"))
                response = Response(body, problem.status, media_type=MEDIA_TYPE)
            response.headers["cache-control"] = "no-store"
            return response

        return respond

    async def refuse(self, request: Request) -> Response:
        raise Problem("unavailable")

    # Pages and views

    async def page(self, request: Request) -> Response:
        self.data.requests.append((request.method, request.url.path))
        uri = await self.rewrite(request.url.path)
        if self.published is not None:
            return as_published(self.published, (uri or "").lstrip("/"))
        path = (ROOT / "web" / (uri or "").lstrip("/")).resolve()
        if uri is None or ROOT / "web" not in path.parents or not path.is_file():
            return Response("Nothing here.\n", 404, SECURITY)
        caching = "no-cache" if path.suffix == ".html" else "max-age=5"
        headers = {**SECURITY, "content-type": TYPES[path.suffix], "cache-control": caching}
        return Response(path.read_bytes(), headers=headers)

    async def photo(self, request: Request) -> Response:
        """A photo as in the site bucket."""
        self.data.requests.append((request.method, request.url.path))
        jpeg = self.data.pictures.get(request.path_params["name"].removesuffix(".jpg"))
        if jpeg is None:
            return Response(status_code=403, headers=SECURITY)
        return Response(jpeg, headers=SECURITY, media_type="image/jpeg")

    async def place(self, request: Request) -> Response:
        job = self.data.by_digest(request.path_params["digest"])
        place = self.data.places.get(job.job_id) if job else None
        if job is None or place is None or not load_flow(job.flow).status(job.status).under_way:
            raise Problem("no-location")
        return Response(place.model_dump_json(), media_type=JSON)

    async def rewrite(self, path: str) -> str | None:
        """The object of a path, by the real edge function; None if the function answers itself."""
        if path not in self.rewritten:
            event = viewer_event("GET", path, "", ())
            found = await self.rewrites.run(REWRITE, event)
            self.rewritten[path] = str(found["uri"]) if "uri" in found else None
        return self.rewritten[path]

    async def view(self, request: Request) -> Response:
        digest = request.path_params["name"].removesuffix(".json")
        if digest in self.data.gone:
            return Response("Gone.\n", 410)
        return viewed(request, self.data.at_edge(digest))

    async def business(self, request: Request) -> Response:
        return Response(json.dumps(public_document(self.data)), media_type=JSON)

    async def slots(self, request: Request) -> Response:
        return answered(slots_document(self.data))

    async def track(self, request: Request) -> Response:
        return viewed(request, self.data.view(request.path_params["digest"]))

    async def choose(self, request: Request) -> Response:
        digest, request_body = (
            request.path_params["digest"],
            await document(request, LinkHolderBody),
        )
        job = self.held(request, request_body.token)
        self.moved(
            job, CUSTOMER, {"move": request.path_params["move"], "reason": request_body.reason}
        )
        return viewed(request, self.data.view(digest))

    async def reschedule(self, request: Request) -> Response:
        wanted = await document(request, RescheduleBody)
        job = self.held(request, wanted.token)
        if wanted.window_start in {e.window_start for e in slot_offers(self.data) if not e.left}:
            raise Problem("slot-full")
        window = Schedule(window_start=wanted.window_start, window_end=wanted.window_end)
        changes = Changes(schedule=window, crew=(), truck="", reason=wanted.reason)
        self.data.edit(job.job_id, CUSTOMER, changes)
        return viewed(request, self.data.view(request.path_params["digest"]))

    async def note(self, request: Request) -> Response:
        written = await document(request, CustomerNoteBody)
        job = self.held(request, written.token)
        self.data.edit(job.job_id, CUSTOMER, Changes(note=written.note))
        return viewed(request, self.data.view(request.path_params["digest"]))

    async def choose_texts(self, request: Request) -> Response:
        chosen = await document(request, TextChoicesBody)
        job = self.held(request, chosen.token)
        self.data.edit(job.job_id, CUSTOMER, Changes(unwanted_texts=chosen.unwanted))
        return viewed(request, self.data.view(request.path_params["digest"]))

    def held(self, request: Request, token: str) -> Job:
        job = self.data.by_digest(request.path_params["digest"])
        if job is None or job.token != token:
            raise Problem("unknown-job")
        return job

    async def book(self, request: Request) -> Response:
        order = await document(request, BookingBody)
        schedule = Schedule(window_start=order.window_start, window_end=order.window_end)
        full = {each.window_start for each in slot_offers(self.data) if not each.left}
        if order.window_start in full:
            raise Problem("slot-full")
        customer = Customer(name=order.name, phone=order.phone, language=order.language)
        day = order.preferred_day and date.fromisoformat(order.preferred_day)
        wanted = {"schedule": schedule, "preferred_day": day}
        return self.booked(request, customer, order.address, order.what, **wanted)

    # Signed in

    async def who_am_i(self, request: Request) -> Response:
        return answered(session_document(self.session(request)))

    async def sign_in(self, request: Request) -> Response:
        request_body = await document(request, CredentialsBody)
        if request_body.account not in self.data.accounts or request_body.password != PASSWORD:
            raise Problem("wrong-credentials")
        return self.signed_in(request_body.account)

    def signed_in(self, account: str) -> Response:
        ticket = secrets.token_urlsafe()
        self.sessions[ticket] = account
        response = answered(session_document(self.session_of(account)))
        response.set_cookie(
            COOKIE, ticket, max_age=SESSION_S, secure=True, httponly=True, samesite="strict"
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        self.sessions.pop(request.cookies.get(COOKIE, ""), None)
        return Response(None, 204)

    def session(self, request: Request) -> Session:
        account = self.sessions.get(request.cookies.get(COOKIE, ""))
        if account is None:
            raise Problem("signed-out")
        return self.session_of(account)

    def session_of(self, account: str) -> Session:
        return Session(self.data.accounts[account], now() + timedelta(hours=12))

    async def flows(self, request: Request) -> Response:
        self.session(request)
        own = self.data.business.own_labels
        known = {name: labeled(load_flow(name), own) for name in flow_names()}
        flows = {
            name: json.loads(each.model_dump_json(by_alias=True)) for name, each in known.items()
        }
        document = {"flows": flows, "default": DEFAULT_FLOW, "time_zone": ZONE}
        document["currency"] = "USD"
        return tagged(request, json.dumps(document).encode())

    async def board(self, request: Request) -> Response:
        self.session(request)
        if request.query_params.get("scope") == "all":
            return await run_in_threadpool(search_all, self.data, dict(request.query_params))
        return tagged(request, self.data.board())

    async def create(self, request: Request) -> Response:
        self.session(request)
        order = await document(request, NewJobBody)
        customer = Customer(name=order.customer_name, phone=order.phone, language=order.language)
        return self.booked(
            request,
            customer,
            order.location,
            order.notes,
            flow=order.flow or DEFAULT_FLOW,
            price_cents=order.price_cents,
            schedule=order.schedule,
            texts_consent=TextsConsent(
                agreed=bool(order.agreed_to_texts),
                at=now(),
                by=Actor(kind="dispatcher", id=self.session(request).account.account),
            ),
        )

    async def read(self, request: Request) -> Response:
        return self.shown(request, self.job(request))

    async def edit(self, request: Request) -> Response:
        job = self.job(request)
        request_body = await document(request, EditBody)
        if job.knows(request_body.event_id or ""):
            return self.shown(request, job)
        seen = request.headers.get("if-match")
        if seen is None and not given_in(request_body) <= CREW_EDITS:
            raise Problem("if-match-missing")
        rev = None if seen is None else int(seen.strip('"'))
        check_assignment(self.data, job, request_body.changes())
        job = self.data.edit(
            job.job_id,
            self.actor(request),
            request_body.changes(),
            rev,
            request_body.event_id,
            request_body.occurred_at,
        )
        return self.shown(request, job)

    # The roster

    async def crew(self, request: Request) -> Response:
        if not READERS & set(self.session(request).account.roles):
            raise Problem("not-allowed")
        wanted = DaysQuery.model_validate(dict(request.query_params))
        first = date.fromisoformat(wanted.first) if wanted.first else today()
        last = date.fromisoformat(wanted.last) if wanted.last else first + timedelta(days=1)
        return answered(crew_document(self.data, first, last))

    async def set_day(self, request: Request) -> Response:
        day = await document(request, Day)
        self.data.roster.days[self.day_of(request)] = day
        return answered(day)

    async def clear_day(self, request: Request) -> Response:
        self.data.roster.days.pop(self.day_of(request), None)
        return Response(None, 204)

    def day_of(self, request: Request) -> tuple[str, str]:
        if self.actor(request).kind != "dispatcher":
            raise Problem("not-allowed")
        return request.path_params["member"], request.path_params["date"]

    async def move(self, request: Request) -> Response:
        request_body, job = await document(request, MoveBody), self.job(request)
        outcome = self.moved(job, self.actor(request), request_body.model_dump(exclude_none=True))
        moved = self.data.jobs[job.job_id]
        return self.shown(request, moved, 202 if outcome == "kept" else 200)

    # Access to the data

    def actor(self, request: Request) -> Actor:
        session = self.session(request)
        return Actor(kind=kind_of(session), id=session.account.account)

    def job(self, request: Request) -> Job:
        self.session(request)
        job = self.data.jobs.get(request.path_params["job_id"])
        if job is None:
            raise Problem("unknown-job")
        return job

    def shown(self, request: Request, job: Job, status: int = 200) -> Response:
        return answered(self.job_of(request, job), status)

    def job_of(self, request: Request, job: Job) -> JobDocument:
        origin = origin_of(request) if self.actor(request).kind == "dispatcher" else None
        return job_document(job, self.session(request), origin)

    def moved(self, job: Job, actor: Actor, request_body: dict[str, object]) -> str:
        verdict, request = self.data.judge(job.job_id, actor, request_body)
        return outcome_of(verdict, request, to_customer=actor == CUSTOMER)

    def booked(
        self, request: Request, customer: Customer, place: str, note: str | None, **values: Any
    ) -> Response:
        """The same Idempotency-Key always gives the same job."""
        key = request.headers.get("idempotency-key")
        if key is None:
            raise Problem("invalid", "send an Idempotency-Key, or a retry would book twice")
        with self.data.lock:
            known = self.data.keys.get(key)
            if known is None:
                job = self.data.book(customer, address=place, load=note, **values)
                self.data.keys[key] = job.job_id
            job = self.data.jobs[self.data.keys[key]]
        url = f"{origin_of(request)}/track/{job.token}"
        link = BookedDocument(job_id=job.job_id, tracking_token=job.token, tracking_url=url)
        return answered(link, 200 if known else 201)


async def document(request: Request, kind: type[Document]) -> Document:
    return parsed(await body_of(request), kind)


async def body_of(request: Request) -> bytes:
    body = await request.body()
    if request.headers.get("content-type") != JSON:
        raise Problem("not-json")
    return body


def parsed(body: bytes, kind: type[Document]) -> Document:
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Problem("invalid", f"{first['loc']}: {first['msg']}") from error


def answered(answer: BaseModel, status: int = 200) -> Response:
    text = answer.model_dump_json(by_alias=True, exclude_none=True)
    return Response(text, status, media_type=JSON)


def viewed(request: Request, body: bytes | None) -> Response:
    if body is None:
        raise Problem("unknown-job")
    return tagged(request, body)


def tagged(request: Request, body: bytes) -> Response:
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == etag:
        return Response(None, 304, {"etag": etag})
    return Response(body, 200, {"etag": etag}, JSON)


def origin_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}"


class StubServer:
    """The stub in its own thread: `with StubServer() as stub: stub.url, stub.data`."""

    def __init__(self, data: StubData | None = None, port: int = 0, sources: bool = False) -> None:
        """`sources` serves `web/` as it is, without bundling."""
        self.stub = Stub(data or StubData(), None if sources else published())
        self._listen(port)

    def _listen(self, port: int) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self._port = self._socket.getsockname()[1]
        self.url = f"http://localhost:{self._port}"
        config = uvicorn.Config(self.stub.app(), log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    @property
    def data(self) -> StubData:
        return self.stub.data

    def __enter__(self) -> "StubServer":
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            assert time.monotonic() < deadline, "the stub did not start"
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Stops the server. A browser that is set offline still lets its service worker through."""
        self.__exit__()
        try:
            yield
        finally:
            self._listen(self._port)
            self.__enter__()

    def reset(self) -> StubData:
        """Removes all data and sessions."""
        self.stub.data = StubData()
        self.stub.sessions.clear()
        return self.data

    def tracking_url(self, job: Job) -> str:
        return f"{self.url}/track/{job.token}"


def main() -> None:
    from tests.pages.day import a_day, a_roster
    from tests.pages.stub_ops import with_trouble

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8300
    with StubServer(with_trouble(a_roster(a_day(StubData()))), port, sources=True) as stub:
        print(f"{stub.url}/ops/  (olga, {PASSWORD})")
        print(f"{stub.url}/dispatch/  (dana, {PASSWORD})\n{stub.url}/book/")
        for job in stub.data.jobs.values():
            print(f"{stub.tracking_url(job)}  {job.status}")
        threading.Event().wait()


if __name__ == "__main__":
    main()
