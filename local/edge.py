"""The laptop's edge: one local port in front of the engine that behaves like CloudFront.

    viewer ─▶ viewer-request function ─▶ cache ─▶ engine (Host of the distribution, TLS header)
    viewer ─▶ /api/*: signed as origin access control does ─▶ engine ─▶ Function URL

The engine (MiniStack) routes, rewrites, adds headers and enforces access. This adds what it leaves
out: the cache (`cache.py`), invalidations with a lag (`invalidations.py`), the signature
(`signing.py`). What is configured comes from the engine (`distribution.py`), the path that keys a
copy from the published function itself (`viewer_request.py`).

Where the model is simpler than CloudFront:
- a copy keeps what the viewer-response function and the response headers policy made of it; on AWS
  both run on every answer, so a function that looks at the request would tell the difference;
- a custom error page is cached by the status that the viewer sees, not by the origin's;
- on a miss the object is asked for whole and unconditionally with GET, whatever the viewer sent;
  a request for a range goes past the cache;
- answers of the edge itself are never kept, and a signed origin is never cached, nor its errors;
- `/_…` belongs to the engine (it can be reset and configured there) and is answered 404 here.
"""

import asyncio
import logging
import random
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate

import boto3
import httpx
import uvicorn
from botocore.config import Config as ClientConfig
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.cache import (
    Answer,
    Copy,
    EdgeCache,
    Fields,
    Key,
    Result,
    Settled,
    accepted_encoding,
    field_value,
    key_of,
    settle,
    unchanged_for,
)
from local.distribution import Behaviour, CloudFrontApi, ControlPlane, Distribution
from local.invalidations import Controls, Invalidations
from local.origin import Ask, Engine, EngineDown, decoded, encoded
from local.signing import Signer, body_is_vouched_for
from local.viewer_request import FunctionFailed, ViewerRequests, viewer_event

log = logging.getLogger("haulway.edge")

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
LARGEST_BODY = 6 * 1024 * 1024
"""What a Function URL takes (Lambda quotas, read 2026-11-21)."""
START_LIMIT_S = 10.0
NOT_ASKED_OF_THE_ORIGIN = frozenset(
    "accept-encoding if-match if-modified-since if-none-match if-range if-unmodified-since range"
    .split()
)
SET_BY_THE_EDGE = frozenset(
    "age content-length via x-amz-cf-id x-amz-cf-pop x-cache x-haulway-edge".split()
)
SECRET = re.compile(r"(/(?:track|t)(?:/|%2f)).+", re.IGNORECASE)
LIKE_A_TOKEN = re.compile(r"[\w%-]{22,}")


@dataclass(frozen=True)
class EdgeConfig:
    """Where the edge listens, what stands behind it, and how slow its invalidations are.

    `listen_port` 0 takes a free one. The key must be one whose owner may call the Function URL:
    the edge signs with it where CloudFront would sign for itself. `caches` are independent edge
    locations; a viewer lands on one at random, or on the one named by `x-haulway-cache: 0`.
    """

    listen_port: int
    engine_url: str
    distribution_id: str
    distribution_domain: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    lag_s: float = 2.0
    caches: int = 1
    poll_s: float = 0.5
    refresh_s: float = 5.0


def masked(uri: str) -> str:
    """A path fit for a log: what follows /track/ and /t/ is gone, and all that looks like a token."""
    return LIKE_A_TOKEN.sub("***", SECRET.sub(r"\1***", uri))


@dataclass
class Site:
    """One edge location: its copies, and the fills under way (one per key)."""

    number: int
    cache: EdgeCache = field(default_factory=EdgeCache)
    fills: dict[Key, "asyncio.Task[Settled]"] = field(default_factory=dict)


class Edge:
    """Answers viewers. `clock` gives seconds since the epoch."""

    def __init__(
        self,
        config: EdgeConfig,
        control: ControlPlane,
        clock: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None,
        chance: random.Random,
    ) -> None:
        self.controls = Controls(config.lag_s)
        self.sites = [Site(number) for number in range(config.caches)]
        self.distribution: Distribution | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._config = config
        self._control = control
        self._clock = clock
        self._chance = chance
        self._engine = Engine(config.engine_url, config.distribution_domain, transport)
        self._functions = ViewerRequests()
        self._invalidations = Invalidations(control, self.controls, clock())
        self._signer = Signer(config.access_key_id, config.secret_access_key, config.region)
        self._in_touch = True

    # ── what is configured, and what was invalidated ──────────────────────────────────────────

    async def refresh(self) -> None:
        """Ask the engine for the distribution and for invalidations, now (after a deploy)."""
        self.distribution = await asyncio.to_thread(self._control.distribution)
        await self._invalidations.look()

    async def keep_up(self) -> None:
        """Until cancelled: look for invalidations, and now and then at the configuration."""
        refreshed_at = float("-inf")
        while True:
            try:
                if time.monotonic() - refreshed_at >= self._config.refresh_s:
                    await self.refresh()
                    refreshed_at = time.monotonic()
                else:
                    await self._invalidations.look()
                self._in_touch = True
            except Exception as trouble:  # noqa: BLE001 - whatever it is, the edge stays up
                if self._in_touch:
                    log.warning("engine does not report its distribution: %r", trouble)
                self._in_touch = False
            self._forget_what_is_due()
            await asyncio.sleep(self._config.poll_s)

    async def close(self) -> None:
        for fill in [fill for site in self.sites for fill in site.fills.values()]:
            fill.cancel()
        await self._functions.close()
        await self._engine.close()

    def _forget_what_is_due(self) -> None:
        self._invalidations.take_effect([site.cache for site in self.sites], self._clock())

    async def _configured(self) -> Distribution:
        if self.distribution is None:
            try:
                await self.refresh()
            except ValueError as unfit:
                raise EngineDown(502, f"The distribution cannot be modelled: {unfit}\n") from unfit
            except Exception as trouble:
                raise EngineDown.refused(self._config.engine_url) from trouble
        assert self.distribution is not None  # noqa: S101 - refresh sets it or raises
        return self.distribution

    # ── one request ───────────────────────────────────────────────────────────────────────────

    async def respond(self, request: Request) -> Response:
        """The answer to a viewer, with one line in the log and no token in it."""
        began = time.monotonic()
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
        uri = raw_path.decode("latin-1")
        try:
            response = await self._answer(request, uri)
        except EngineDown as down:
            response = _plain(down.status, down.text)
        fields = decoded(response.raw_headers)
        outcome = field_value(fields, "x-cache") or "-"
        spent_ms = (time.monotonic() - began) * 1000
        log.info(
            "%s %s %d %s %.0f ms",
            request.method, masked(uri), response.status_code, outcome, spent_ms,
        )  # fmt: skip
        return response

    async def _answer(self, request: Request, uri: str) -> Response:
        if uri.startswith("/_"):
            return _plain(404, "This path belongs to the engine; ask it on its own port.\n")
        body = await _whole_body(request)
        if body is None:
            return _plain(413, f"The body is larger than {LARGEST_BODY} bytes.\n")
        query = request.scope["query_string"].decode("latin-1")
        ask = Ask(request.method, uri, query, decoded(request.scope["headers"]), body)
        distribution = await self._configured()
        behaviour = distribution.behaviour(uri)
        if behaviour.signed:
            return await self._through_access_control(ask)
        key = await self._key(ask, behaviour, distribution.default_root)
        if key is None:
            return await self._past_the_cache(ask)
        return await self._through_cache(ask, behaviour, key, distribution)

    async def _through_access_control(self, ask: Ask) -> Response:
        if not body_is_vouched_for(ask.method, ask.headers, ask.body):
            return _plain(
                403,
                '{"Message":"x-amz-content-sha256 must be the SHA-256 of the body, in hex"}',
                "application/json",
            )
        headers = self._signer.sign(
            ask.method, self._config.distribution_domain, ask.uri, ask.query, ask.headers
        )
        return await self._past_the_cache(ask._replace(headers=headers))

    async def _past_the_cache(self, ask: Ask) -> Response:
        response = await self._engine.stream(ask)
        said = field_value(decoded(response.raw_headers), "x-cache") or ""
        outcome = "Error from cloudfront" if response.status_code >= 400 else "Miss from cloudfront"
        kept = [h for h in response.raw_headers if h[0] not in (b"x-cache", b"x-haulway-edge")]
        own = (
            ("x-cache", said if said.startswith("FunctionGenerated") else outcome),
            ("x-haulway-edge", "laptop"),
        )
        response.raw_headers = kept + encoded(own)
        return response

    async def _key(self, ask: Ask, behaviour: Behaviour, default_root: str) -> Key | None:
        """The key of the copy that answers; None where the cache has no say."""
        has_range = field_value(ask.headers, "range") is not None
        if ask.method not in ("GET", "HEAD") or not behaviour.policy.caches or has_range:
            return None
        uri = f"/{default_root}" if ask.uri == "/" and default_root else ask.uri
        if behaviour.viewer_request is None:
            return key_of(behaviour.policy, uri, ask.query, ask.headers)
        event = viewer_event(ask.method, uri, ask.query, ask.headers)
        try:
            made = await self._functions.run(behaviour.viewer_request, event)
        except FunctionFailed as failure:
            log.warning("viewer-request function: %s", LIKE_A_TOKEN.sub("***", str(failure)))
            return None
        if "statusCode" in made or not str(made.get("uri", "")).startswith("/"):
            return None
        if any(made.get(part) != event["request"][part] for part in ("querystring", "headers")):
            return None  # our function never does this; the engine knows what it means
        return key_of(behaviour.policy, str(made["uri"]), ask.query, ask.headers)

    # ── the cache ─────────────────────────────────────────────────────────────────────────────

    async def _through_cache(
        self, ask: Ask, behaviour: Behaviour, key: Key, distribution: Distribution
    ) -> Response:
        self._forget_what_is_due()
        site = self._site(ask)
        held = site.cache.find(key)
        if held is not None and held.answers_unasked(self._clock()):
            return self._from_copy(ask, held, "Hit", site)
        try:
            settled = await self._settled(site, key, ask, behaviour, distribution)
        except EngineDown:
            held = site.cache.find(key)
            if held is None or not held.may_stand_in(self._clock()):
                raise
            return self._from_copy(ask, held, "Hit", site)
        if settled.copy is not None and settled.result in ("Hit", "RefreshHit"):
            return self._from_copy(ask, settled.copy, settled.result, site)
        return _for_viewer(ask, settled.answer, settled.result, None, site)

    async def _settled(
        self, site: Site, key: Key, ask: Ask, behaviour: Behaviour, distribution: Distribution
    ) -> Settled:
        """The outcome of a fill; viewers who come meanwhile share it, if it may be shared."""
        running = site.fills.get(key)
        if running is None:
            fill = asyncio.create_task(self._fill(site, key, ask, behaviour, distribution))
            site.fills[key] = fill
            fill.add_done_callback(lambda done: _filled(site, key, done))
            return await asyncio.shield(fill)
        settled = await asyncio.shield(running)
        if settled.copy is not None and settled.copy.answers_unasked(self._clock()):
            return settled._replace(result="Hit")
        return await self._fill(site, key, ask, behaviour, distribution)

    async def _fill(
        self, site: Site, key: Key, ask: Ask, behaviour: Behaviour, distribution: Distribution
    ) -> Settled:
        asked_about = site.cache.find(key)
        asks = asked_about.question() if asked_about else ()
        encoding = accepted_encoding(behaviour.policy, ask.headers)
        if encoding:
            asks += (("accept-encoding", encoding),)
        own = tuple(h for h in ask.headers if h[0] not in NOT_ASKED_OF_THE_ORIGIN)
        answer = await self._engine.fetch(Ask("GET", ask.uri, ask.query, own + asks))
        await self.controls.arrival(key)
        self._forget_what_is_due()
        settled = settle(
            answer,
            asked_about,
            site.cache.find(key),
            behaviour.policy,
            distribution.error_ttls,
            self._clock(),
        )
        site.cache.put(key, settled.copy)
        return settled

    def _site(self, ask: Ask) -> Site:
        wanted = field_value(ask.headers, "x-haulway-cache") or ""
        pinned = wanted.isdigit() and int(wanted) < len(self.sites)
        return self.sites[int(wanted)] if pinned else self._chance.choice(self.sites)

    def _from_copy(self, ask: Ask, copy: Copy, result: Result, site: Site) -> Response:
        return _for_viewer(ask, copy.answer, result, copy.age_s(self._clock()), site)


def _filled(site: Site, key: Key, fill: "asyncio.Task[Settled]") -> None:
    site.fills.pop(key, None)
    if not fill.cancelled():
        fill.exception()  # its viewers have it, or have gone


def _for_viewer(
    ask: Ask, answer: Answer, result: Result, age_s: int | None, site: Site
) -> Response:
    unchanged = unchanged_for(answer, ask.headers)
    body = b"" if unchanged or ask.method == "HEAD" else answer.body
    fields: Fields = tuple(h for h in answer.headers if h[0] not in SET_BY_THE_EDGE)
    if unchanged:
        fields = tuple(h for h in fields if not h[0].startswith("content-"))
    else:
        fields += (("content-length", str(len(answer.body))),)
    outcome = "Error" if answer.status >= 400 else result
    fields += () if age_s is None else (("age", str(age_s)),)
    fields += (
        ("x-cache", f"{outcome} from cloudfront"),
        ("x-amz-cf-pop", f"LAPTOP-{site.number}"),
        ("x-haulway-edge", "laptop"),
    )
    response = Response(body, 304 if unchanged else answer.status)
    response.raw_headers = encoded(fields)
    return response


def _plain(status: int, text: str, media_type: str = "text/plain") -> Response:
    """An answer of the edge itself."""
    own = {
        "cache-control": "no-store",
        "date": formatdate(usegmt=True),
        "x-cache": "Error from cloudfront",
        "x-haulway-edge": "laptop",
    }
    return Response(text, status, own, media_type)


async def _whole_body(request: Request) -> bytes | None:
    """The body; None if it is larger than an origin would take."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def cloudfront(config: EdgeConfig) -> CloudFrontApi:
    """The control plane of the engine itself."""
    client = boto3.client(
        "cloudfront",
        endpoint_url=config.engine_url,
        region_name=config.region,
        aws_access_key_id=config.access_key_id,
        aws_secret_access_key=config.secret_access_key,
        config=ClientConfig(
            connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}, proxies={}
        ),
    )
    return CloudFrontApi(client, config.distribution_id)


def build_app(
    config: EdgeConfig,
    *,
    control: ControlPlane | None = None,
    clock: Callable[[], float] = time.time,
    transport: httpx.AsyncBaseTransport | None = None,
    chance: random.Random | None = None,
) -> Starlette:
    """The edge as an ASGI application; `app.state.edge` is the Edge, its `controls` the faults."""
    chance = chance or random.Random()  # noqa: S311 - which cache answers is no secret
    edge = Edge(config, control or cloudfront(config), clock, transport, chance)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        edge.loop = asyncio.get_running_loop()
        keeping_up = asyncio.create_task(edge.keep_up())
        yield
        keeping_up.cancel()
        with suppress(asyncio.CancelledError):
            await keeping_up
        await edge.close()

    async def answer(request: Request) -> Response:
        return await edge.respond(request)

    app = Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)], lifespan=lifespan)
    app.state.edge = edge
    return app


class EdgeServer:
    """The edge on 127.0.0.1, in a thread of its own: `start()`, `stop()`, or a `with` block."""

    def __init__(self, config: EdgeConfig, *, control: ControlPlane | None = None) -> None:
        self._app = build_app(config, control=control)
        self._port = config.listen_port
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="none",
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def edge(self) -> Edge:
        edge: Edge = self._app.state.edge
        return edge

    @property
    def controls(self) -> Controls:
        return self.edge.controls

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Returns when the port answers. Raises OSError if the port is taken."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="haulway-edge", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_LIMIT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the edge did not start; its log says why")
            time.sleep(0.01)

    def stop(self) -> None:
        """Returns when the port is free again."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=START_LIMIT_S)

    def refresh(self) -> None:
        """Take over a new configuration and new invalidations at once, as after a deploy."""
        loop = self.edge.loop
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self.edge.refresh(), loop).result(START_LIMIT_S)

    def __enter__(self) -> "EdgeServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
