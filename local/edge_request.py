"""Handles a viewer's request: finds the behavior, then passes it on, or answers from the cache.

viewer ─▶ viewer-request function ─▶ cache ─▶ engine (Host of the distribution, TLS header)
viewer ─▶ /api/*: only slots cached ─▶ engine, which adds the origin's headers ─▶ Function URL
viewer ─▶ /uploads/*: presigned, passed on ─▶ engine ─▶ bucket
"""

import asyncio
import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from local.cache import EdgeCache, Key, field_value, key_of
from local.distribution import Behavior, ControlPlane, Distribution
from local.edge_location import EdgeLocation
from local.edge_websocket import PATH, pass_on
from local.engine_access import ADMINISTRATION
from local.invalidations import Controls, Invalidations
from local.origin import EngineDown, Origin, OriginRequest, decoded, encoded
from local.viewer_request import FunctionFailed, ViewerRequests, viewer_event

log = logging.getLogger("haulway.edge")

LARGEST_BODY = 6 * 1024 * 1024
"""The limit of a Function URL (Lambda quotas, read 2026-11-21)."""
LARGEST_UPLOAD = 32 * 1024 * 1024
"""Our own limit, because bodies are held in memory here; CloudFront streams far larger ones."""
NOT_FOR_BUCKETS = frozenset({"cookie"})
SECRET = re.compile(r"(/(?:track|t)(?:/|%2f)).+", re.IGNORECASE)
LIKE_A_TOKEN = re.compile(r"[\w%-]{22,}")


@dataclass(frozen=True)
class EdgeConfig:
    """Where the edge listens, what is behind it, and how slow its invalidations are.

    `listen_port` 0 picks a free port. With the access key the edge reads the distribution, and
    its secret opens the engine's port. `caches` is the number of edge locations; a viewer gets one
    at random, or the one named by the header `x-haulway-cache: 0`.
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
    """A path for the log: without what follows /track/ or /t/, and without possible tokens."""
    return LIKE_A_TOKEN.sub("***", SECRET.sub(r"\1***", uri))


class EdgeRequestHandler:
    """Answers viewers. `clock` gives seconds since the epoch; `controls` injects faults."""

    def __init__(
        self,
        config: EdgeConfig,
        control: ControlPlane,
        clock: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None,
        rng: random.Random,
    ) -> None:
        self.controls = Controls(config.lag_s)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._config = config
        self._control = control
        self._rng = rng
        self._clock = clock
        self._distribution: Distribution | None = None
        self._functions = ViewerRequests()
        self._connected = True
        self._origin = Origin(
            config.engine_url, config.distribution_domain, transport, config.secret_access_key
        )
        caches = [EdgeCache() for _ in range(config.caches)]
        self._invalidations = Invalidations(control, self.controls, caches, clock())
        self._locations = [
            EdgeLocation(number, cache, self._origin, self._invalidations, clock)
            for number, cache in enumerate(caches)
        ]

    async def refresh(self) -> Distribution:
        """Read the distribution and invalidations from the engine now (after a deployment)."""
        self._distribution = await asyncio.to_thread(self._control.distribution)
        await self._invalidations.poll()
        return self._distribution

    async def poll_engine(self) -> None:
        """Until cancelled: poll invalidations often and the configuration sometimes."""
        refreshed_at = float("-inf")
        while True:
            try:
                if time.monotonic() - refreshed_at >= self._config.refresh_s:
                    await self.refresh()
                    refreshed_at = time.monotonic()
                else:
                    await self._invalidations.poll()
                self._connected = True
            except Exception as error:  # the edge must stay up
                if self._connected:
                    log.warning("the engine does not report its distribution: %r", error)
                self._connected = False
            self._invalidations.take_effect(self._clock())
            await asyncio.sleep(self._config.poll_s)

    async def close(self) -> None:
        for location in self._locations:
            await location.close()
        await self._functions.close()
        await self._origin.close()

    async def respond(self, request: Request) -> Response:
        """The response to a viewer. Logs one line without tokens."""
        began = time.monotonic()
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
        uri = raw_path.decode("latin-1")
        try:
            response = await self._answer(request, uri)
        except EngineDown as down:
            response = _plain(down.status, down.text)
        outcome = field_value(decoded(response.raw_headers), "x-cache")
        spent_ms = (time.monotonic() - began) * 1000
        line = f"{request.method} {masked(uri)} {response.status_code} {outcome} {spent_ms:.0f} ms"
        log.info(line)
        return response

    async def pass_on(self, viewer: WebSocket) -> None:
        """A viewer's WebSocket, if the distribution has a behavior for it."""
        config = self._config
        try:
            host = (await self._configured()).behavior(PATH).origin
        except EngineDown:
            host = ""
        if host and self.controls.pushes:
            await pass_on(viewer, config.engine_url, host, config.secret_access_key)
        else:
            await viewer.close()

    async def _answer(self, request: Request, uri: str) -> Response:
        if ADMINISTRATION.match(unquote(uri)):
            return _plain(
                404, "This path belongs to the engine; request it on the engine's port.\n"
            )
        distribution = await self._configured()
        behavior = distribution.behavior(uri)
        largest = LARGEST_UPLOAD if behavior.bucket else LARGEST_BODY
        body = await _whole_body(request, largest)
        if body is None:
            return _plain(413, f"The body is larger than {largest} bytes.\n")
        query = request.scope["query_string"].decode("latin-1")
        viewer = f"{request.client.host}:{request.client.port}" if request.client else ""
        headers = decoded(request.scope["headers"])
        ask = OriginRequest(request.method, uri, query, headers, body, viewer=viewer)
        if behavior.bucket:
            return await self._to_the_bucket(ask, behavior.bucket)
        key = await self._key(ask, behavior, distribution.default_root)
        if key is None:
            return await self._past_the_cache(ask)
        return await self._location(ask).answer(ask, key, behavior.policy, distribution.error_ttls)

    async def _configured(self) -> Distribution:
        try:
            return self._distribution or await self.refresh()
        except ValueError as unfit:
            raise EngineDown(502, f"The edge cannot model this distribution: {unfit}\n") from unfit
        except Exception as error:
            raise EngineDown.refused(self._config.engine_url) from error

    async def _to_the_bucket(self, ask: OriginRequest, bucket: str) -> Response:
        """Bypasses the engine's distribution, which only reads from buckets and drops the query."""
        kept = tuple(h for h in ask.headers if h[0] not in NOT_FOR_BUCKETS)
        return await self._past_the_cache(ask._replace(headers=kept, host=bucket))

    async def _past_the_cache(self, ask: OriginRequest) -> Response:
        response = await self._origin.stream(ask)
        said = field_value(decoded(response.raw_headers), "x-cache") or ""
        outcome = "Error from cloudfront" if response.status_code >= 400 else "Miss from cloudfront"
        kept = [h for h in response.raw_headers if h[0] not in (b"x-cache", b"x-haulway-edge")]
        own = (
            ("x-cache", said if said.startswith("FunctionGenerated") else outcome),
            ("x-haulway-edge", "laptop"),
        )
        response.raw_headers = kept + encoded(own)
        return response

    async def _key(self, ask: OriginRequest, behavior: Behavior, default_root: str) -> Key | None:
        """The cache key; None if the request bypasses the cache.

        It does for ranges, and if the viewer-request function fails, answers itself, or changes
        more than the path (ours does not): then the engine runs the function and answers.
        """
        has_range = field_value(ask.headers, "range") is not None
        if ask.method not in ("GET", "HEAD") or not behavior.policy.caches or has_range:
            return None
        uri = f"/{default_root}" if ask.uri == "/" and default_root else ask.uri
        if behavior.viewer_request is not None:
            asked = viewer_event(ask.method, uri, ask.query, ask.headers)
            try:
                made = await self._functions.run(behavior.viewer_request, asked)
            except FunctionFailed as failure:
                log.warning("viewer-request function: %s", LIKE_A_TOKEN.sub("***", str(failure)))
                return None
            if {**made, "uri": uri} != asked["request"]:
                return None
            uri = str(made.get("uri"))
        return key_of(behavior.policy, uri, ask.query, ask.headers)

    def _location(self, ask: OriginRequest) -> EdgeLocation:
        wanted = field_value(ask.headers, "x-haulway-cache") or ""
        pinned = wanted.isdigit() and int(wanted) < len(self._locations)
        return self._locations[int(wanted)] if pinned else self._rng.choice(self._locations)


def _plain(status: int, text: str, media_type: str = "text/plain") -> Response:
    """A response of the edge itself."""
    own = {
        "cache-control": "no-store",
        "date": formatdate(usegmt=True),
        "x-cache": "Error from cloudfront",
        "x-haulway-edge": "laptop",
    }
    return Response(text, status, own, media_type)


async def _whole_body(request: Request, largest: int) -> bytes | None:
    """The body; None if it is too large."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
