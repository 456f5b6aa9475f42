"""The pages with a stub of everything behind them: the site, the public views and the API.

The rewrite is the real edge function, the headers are those of template.yaml, the API follows its
contract over a World in memory. As a program it serves a believable day for working on the pages:

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
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.viewer_request import ViewerRequests, viewer_event
from statemachine.edits import EditRefused
from statemachine.flows import DEFAULT_FLOW, flow_names, load_flow
from statemachine.identity import digest_of
from statemachine.job import Customer, Job
from statemachine.lifecycle import EXPLANATIONS, Kept, Refused
from statemachine.values import Actor
from tests.pages.world import Account, World, detail_of, first_note, overtaken

ROOT = Path(__file__).parents[2]
REWRITE = (ROOT / "edge" / "rewrite.js").read_text(encoding="utf-8")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
COOKIE = "__Host-haulway"
Answer = Callable[[Request], Awaitable[Response]]


def content_security_policy() -> str:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    found = re.search(r"ContentSecurityPolicy: \"(default-src [^\"]+)\"", template)
    assert found, "template.yaml names no content security policy"
    return found[1]


SECURITY = {
    "content-security-policy": content_security_policy(),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


class Refusal(Exception):
    """An answer that is a problem document."""

    def __init__(self, status: int, slug: str, /, **extras: Any) -> None:
        super().__init__(slug)
        self.status, self.slug, self.extras = status, slug, extras


class Stub:
    def __init__(self, world: World) -> None:
        self.world = world
        self.sessions: dict[str, str] = {}
        self.rewrites = ViewerRequests()

    def app(self) -> Starlette:
        routes = [
            Route("/api/session", self.guarded(self.session), methods=["GET", "POST", "DELETE"]),
            Route("/api/flows", self.guarded(self.flows)),
            Route("/api/jobs", self.guarded(self.board)),
            Route("/api/jobs", self.guarded(self.create), methods=["POST"]),
            Route("/api/jobs/{job_id}", self.guarded(self.job), methods=["GET", "PATCH"]),
            Route("/api/jobs/{job_id}/moves", self.guarded(self.move), methods=["POST"]),
            Route("/api/bookings", self.guarded(self.booking), methods=["POST"]),
            Route("/api/track/{digest}", self.guarded(self.track)),
            Route("/api/track/{digest}/{move}", self.guarded(self.choose), methods=["POST"]),
            Route("/t/{name}", self.guarded(self.view)),
            Route("/{path:path}", self.page),
        ]
        return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware)])

    def guarded(self, answer: Answer) -> Answer:
        """What every answer of the API has: the body's hash checked, problems as documents."""

        async def respond(request: Request) -> Response:
            self.world.requests.append((request.method, request.url.path))
            if self.world.down:
                return problem(503, "unavailable")
            try:
                await check_hash(request)
                response = await answer(request)
            except Refusal as refusal:
                response = problem(refusal.status, refusal.slug, **refusal.extras)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return respond

    # Pages

    async def page(self, request: Request) -> Response:
        self.world.requests.append((request.method, request.url.path))
        event = viewer_event("GET", request.url.path, request.url.query, [])
        rewritten = await self.rewrites.run(REWRITE, event)
        path = (ROOT / "web" / str(rewritten.get("uri", "")).lstrip("/")).resolve()
        if "uri" not in rewritten or ROOT / "web" not in path.parents or not path.is_file():
            return Response("Nothing here.\n", 404, SECURITY)
        headers = {**SECURITY, "content-type": TYPES[path.suffix], "cache-control": "no-cache"}
        return Response(path.read_bytes(), headers=headers)

    async def view(self, request: Request) -> Response:
        digest = request.path_params["name"].removesuffix(".json")
        return self.viewed(request, digest, self.world.at_edge(digest))

    async def track(self, request: Request) -> Response:
        digest = request.path_params["digest"]
        return self.viewed(request, digest, self.world.view(digest))

    def viewed(self, request: Request, digest: str, body: bytes | None) -> Response:
        if digest in self.world.gone:
            raise Refusal(410, "gone")
        if body is None:
            raise Refusal(404, "unknown-job")
        return tagged(request, body, f'"{json.loads(body)["rev"]}"')

    async def choose(self, request: Request) -> Response:
        digest, body = request.path_params["digest"], await request.json()
        job = self.world.by_digest(digest)
        if job is None or job.token != body.get("token"):
            raise Refusal(404, "unknown-job")
        actor = Actor(kind="customer", id="link")
        asked = {"move": request.path_params["move"], "reason": body.get("reason")}
        self.judged(job, actor, asked)
        return Response(self.world.view(digest), media_type="application/json")

    # Everybody

    async def session(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.sessions.pop(request.cookies.get(COOKIE, ""), None)
            return Response(None, 204)
        if request.method == "GET":
            return answer(self.session_document(self.account_name(request)))
        body = await request.json()
        account = self.world.accounts.get(body.get("account", ""))
        if account is None or account.password != body.get("password"):
            raise Refusal(401, "wrong-credentials", detail="Account or password is wrong.")
        ticket = secrets.token_urlsafe()
        self.sessions[ticket] = body["account"]
        response = answer(self.session_document(body["account"]))
        response.set_cookie(COOKIE, ticket, secure=True, httponly=True, samesite="strict")
        return response

    def session_document(self, name: str) -> dict[str, Any]:
        account = self.world.accounts[name]
        return {
            "account": name,
            "name": account.name,
            "roles": list(account.roles),
            "tenant": "main",
            "expires_at": "2027-01-01T00:00:00.000Z",
        }

    def account_name(self, request: Request) -> str:
        name = self.sessions.get(request.cookies.get(COOKIE, ""))
        if name is None or name not in self.world.accounts:
            raise Refusal(401, "signed-out", detail="Sign in first.")
        return name

    def account(self, request: Request) -> tuple[Account, Actor]:
        name = self.account_name(request)
        account = self.world.accounts[name]
        kind: Any = account.kind
        return account, Actor(kind=kind, id=name)

    async def booking(self, request: Request) -> Response:
        body = await request.json()
        faults = [name for name in ("name", "phone", "address", "what") if not body.get(name)]
        if faults:
            raise Refusal(422, "invalid", detail=f"missing: {', '.join(faults)}")
        customer = Customer(name=body["name"], phone=body["phone"])
        job = self.booked(request, customer, body["address"], body["what"], body)
        return answer(self.booked_document(request, job), 201)

    # Signed in

    async def flows(self, request: Request) -> Response:
        self.account(request)
        texts = {name: load_flow(name).model_dump_json(by_alias=True) for name in flow_names()}
        flows = {name: json.loads(text) for name, text in texts.items()}
        body = json.dumps({"flows": flows, "default": DEFAULT_FLOW}).encode()
        return tagged(request, body, etag_of(body))

    async def board(self, request: Request) -> Response:
        self.account(request)
        body = self.world.board()
        as_of = b', "as_of": "2026-11-21T12:00:00.000Z"}'
        return tagged(request, body[:-1] + as_of, etag_of(body))

    async def create(self, request: Request) -> Response:
        self.account(request)
        body = await request.json()
        customer = Customer(name=body["customer_name"], phone=body.get("phone"))
        job = self.booked(request, customer, body["location"], body.get("notes"), body)
        return answer(self.booked_document(request, job), 201)

    async def job(self, request: Request) -> Response:
        account, actor = self.account(request)
        job = self.known(request)
        if request.method == "PATCH":
            job = await self.patched(request, job, actor)
        body = json.dumps(detail_of(job, account.kind, origin_of(request))).encode()
        return tagged(request, body, f'"{job.visible_rev}"')

    async def patched(self, request: Request, job: Job, actor: Actor) -> Job:
        changes = await request.json()
        seen = request.headers.get("if-match")
        if seen is None and list(changes) != ["note"]:
            raise Refusal(428, "if-match-missing")
        if seen not in (None, f'"{job.visible_rev}"'):
            raise Refusal(412, "job-changed", detail="The job has changed since you read it.")
        try:
            return self.world.edit(job.job_id, actor, changes)
        except (ValidationError, EditRefused) as error:
            raise Refusal(422, "invalid", detail=str(error).splitlines()[0]) from error

    async def move(self, request: Request) -> Response:
        account, actor = self.account(request)
        job = self.known(request)
        status = self.judged(job, actor, await request.json())
        moved = self.world.jobs[job.job_id]
        return answer(detail_of(moved, account.kind, origin_of(request)), status)

    # How the world is asked

    def judged(self, job: Job, actor: Actor, body: dict[str, Any]) -> int:
        verdict = self.world.judge(job.job_id, actor, body)
        if isinstance(verdict, Refused):
            why = verdict.refusal.why
            extras = overtaken(verdict.job) if why == "overtaken" else {}
            raise Refusal(409, why.replace("_", "-"), detail=EXPLANATIONS[why], **extras)
        return 202 if isinstance(verdict, Kept) else 200

    def known(self, request: Request) -> Job:
        job = self.world.jobs.get(request.path_params["job_id"])
        if job is None:
            raise Refusal(404, "unknown-job")
        return job

    def booked(
        self, request: Request, customer: Customer, place: str, note: str | None, body: Any
    ) -> Job:
        with self.world.lock:
            key = request.headers.get("idempotency-key", "")
            if known := self.world.keys.get(key):
                return self.world.jobs[known]
            schedule = body.get("schedule") or {
                name: body[name] for name in ("window_start", "window_end") if body.get(name)
            }
            actor = Actor(kind="customer", id="booking")
            job = self.world.book(
                customer.name,
                body.get("flow") or DEFAULT_FLOW,
                address=place,
                phone=customer.phone,
                schedule=schedule,
                price_cents=body.get("price"),
                notes=(first_note(note, actor),) if note else (),
            )
            self.world.keys[key] = job.job_id
            return job

    def booked_document(self, request: Request, job: Job) -> dict[str, str]:
        url = f"{origin_of(request)}/track/{job.token}"
        return {"job_id": job.job_id, "tracking_token": job.token, "tracking_url": url}


def answer(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status, media_type="application/json")


def tagged(request: Request, body: bytes, etag: str) -> Response:
    if request.headers.get("if-none-match") == etag:
        return Response(None, 304, {"etag": etag})
    return Response(body, 200, {"etag": etag}, "application/json")


def problem(status: int, slug: str, /, **extras: Any) -> Response:
    document = {"type": f"/problems/{slug}", "title": slug.replace("-", " "), "status": status}
    body = json.dumps({**document, "request_id": "stub-00000000", **extras})
    return Response(body, status, media_type="application/problem+json")


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def origin_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}"


async def check_hash(request: Request) -> None:
    """The real edge signs a request with the hash it is given; a wrong one is refused there."""
    body = await request.body()
    if request.method in ("GET", "HEAD") or not body:
        return
    if request.headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
        raise Refusal(403, "signature", detail="x-amz-content-sha256 is not the body's hash")


class StubServer:
    """The stub in a thread of its own: `with StubServer() as stub: stub.url, stub.world`."""

    def __init__(self, world: World | None = None, port: int = 0) -> None:
        self.world = world or World()
        self.stub = Stub(self.world)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://localhost:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self.stub.app(), log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

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

    def reset(self) -> World:
        """An empty world, everybody signed out."""
        self.world = self.stub.world = World()
        self.stub.sessions.clear()
        return self.world

    def tracking_url(self, job: Job) -> str:
        return f"{self.url}/track/{job.token}"


def main() -> None:
    from tests.pages.day import a_day

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8300
    with StubServer(a_day(World()), port) as stub:
        print(f"{stub.url}/dispatch/  (dana, haul away)\n{stub.url}/book/")
        for job in stub.world.jobs.values():
            print(f"{stub.tracking_url(job)}  {job.status}  {digest_of(job.token)}")
        threading.Event().wait()


if __name__ == "__main__":
    main()
