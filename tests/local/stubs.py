"""Stubs for tests of the edge: an origin, a control plane, and a clock."""

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.cache import CachePolicy, KeyNames
from local.distribution import Behavior, Distribution, Invalidation
from local.edge import build_app
from local.edge_request import EdgeConfig, EdgeRequestHandler

NOON = 1_795_262_400.0
REWRITE = (Path(__file__).parents[2] / "edge" / "rewrite.js").read_text()
VIEWS = CachePolicy(min_s=0, default_s=2, max_s=60)
PAGES = CachePolicy(min_s=0, default_s=300, max_s=300, encodings=("br", "gzip"))
NEVER = CachePolicy(0, 0, 0, query=KeyNames("none"))
DISTRIBUTION = Distribution(
    (
        Behavior("/api/*", NEVER),
        Behavior("/uploads/*", NEVER, bucket="jobs.s3.us-east-1.amazonaws.com"),
        Behavior("/t/*", VIEWS),
        Behavior("/track/*", PAGES, viewer_request=REWRITE),
        Behavior("/book/*", PAGES, viewer_request=REWRITE),
        Behavior("*", PAGES, viewer_request=REWRITE),
    ),
    {403: 0.0, 404: 0.0},
)
CONFIG = EdgeConfig(
    listen_port=0,
    engine_url="http://127.0.0.1:9",
    distribution_id="E1",
    distribution_domain="d1.cloudfront.net",
    region="us-east-1",
    access_key_id="AKIDEXAMPLE",
    secret_access_key="wJalrXUtnFEMI",
    lag_s=5.0,
)


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class StubControl:
    """The CloudFront API: a configuration, and invalidations with their times."""

    configured: Distribution = DISTRIBUTION
    made: dict[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)

    def distribution(self) -> Distribution:
        return self.configured

    def invalidations(self) -> list[Invalidation]:
        return [Invalidation(name, at) for name, (at, _) in self.made.items()]

    def paths(self, invalidation_id: str) -> tuple[str, ...]:
        return self.made[invalidation_id][1]

    def invalidate(self, at: float, *paths: str) -> None:
        self.made[f"I{len(self.made)}"] = (at, paths)


@dataclass
class StubOrigin(httpx.AsyncBaseTransport):
    """An origin with objects by path; records requests, and fails on demand."""

    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    status: int = 200
    error: Callable[[httpx.Request], httpx.TransportError] | None = None
    gate: asyncio.Event | None = None

    def put(self, path: str, body: bytes, **headers: str) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.objects[path] = (body, {"etag": f'"{hash(body) & 0xFFFF}"', **fields})

    @property
    def targets(self) -> list[str]:
        return [request.extensions["target"].decode() for request in self.requests]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answer(request)
        if self.gate is not None:
            await self.gate.wait()
        return answer

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.error is not None:
            raise self.error(request)
        path = request.extensions["target"].decode().partition("?")[0]
        path = "/track/index.html" if path.startswith("/track/") else path
        path += "index.html" if path.endswith("/") else ""  # the engine rewrites too
        body, headers = self.objects.get(path, (b"", {}))
        if self.status != 200 or path not in self.objects:
            status = self.status if self.status != 200 else 403
            return a_response(status, b"no", {"x-cache": "Miss from cloudfront"})
        if request.headers.get("if-none-match") == headers["etag"]:
            return a_response(304, b"", headers)
        return a_response(200, body, {**headers, "x-cache": "Miss from cloudfront"})


class RawBody(httpx.AsyncByteStream):
    """A response body that is not read and not decoded yet."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 65_536):
            yield self._body[start : start + 65_536]


def a_response(status: int, body: bytes, headers: dict[str, str]) -> httpx.Response:
    length = {"content-length": str(len(body))}
    return httpx.Response(status, headers={**length, **headers}, stream=RawBody(body))


@dataclass
class EdgeUnderTest:
    """An edge with its stubs, and a viewer."""

    viewer: httpx.AsyncClient
    edge: EdgeRequestHandler
    origin: StubOrigin
    control: StubControl
    clock: Clock

    async def get(self, path: str, **headers: str) -> httpx.Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.viewer.get(path, headers=fields)

    async def invalidate(self, *paths: str) -> None:
        """Created now; takes effect after the lag."""
        self.control.invalidate(self.clock.now, *paths)
        await self.edge.refresh()


EdgeTest = Callable[[EdgeUnderTest], Awaitable[None]]


def node_or_skip() -> None:
    """The edge needs Node for the rewrite; CI must have it."""
    if shutil.which("node") is None:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say("node is missing (Debian package nodejs): the edge runs the rewrite on it")


def run_on_edge(test: EdgeTest, **changes: Any) -> None:
    """Run `test` in its own event loop, on an edge configured with `changes`."""

    node_or_skip()

    async def run() -> None:
        origin, control, clock = StubOrigin(), StubControl(), Clock()
        config = EdgeConfig(**{**CONFIG.__dict__, **changes})
        app = build_app(
            config,
            control=control,
            clock=clock,
            transport=origin,
            rng=random.Random(1),
        )
        edge: EdgeRequestHandler = app.state.edge
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://edge") as viewer:
            try:
                await test(EdgeUnderTest(viewer, edge, origin, control, clock))
            finally:
                await edge.close()

    asyncio.run(run())
