"""The laptop's edge: one local port in front of the engine that behaves like CloudFront.

The engine (MiniStack) routes, rewrites, adds headers, and enforces access. The edge adds the rest:
the cache (`cache.py`, `edge_location.py`) and invalidations with a lag (`invalidations.py`). The
configuration comes from the engine (`distribution.py`), the path in the cache key from the
published function (`viewer_request.py`); `edge_request.py` combines them.

The edge is simpler than CloudFront:
- a copy includes the result of the viewer-response function and the response headers policy, which
  on AWS run for every response;
- a custom error page is cached by the status that the viewer sees, not by the origin's status;
- on a miss the edge always fetches the whole object with an unconditional GET; range requests
  bypass the cache;
- requests to a bucket without access control bypass the engine's distribution, which can only read
  from it, so these responses lack the response headers policy;
- responses of the edge itself are never cached;
- paths `/_…` administer the engine and are answered 404 here.
"""

import asyncio
import logging
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import boto3
import httpx
import uvicorn
from botocore.config import Config as ClientConfig
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from local.distribution import CloudFrontApi, ControlPlane
from local.edge_request import EdgeConfig, EdgeRequestHandler
from local.edge_websocket import PATH
from local.invalidations import Controls

__all__ = [
    "Controls",
    "EdgeConfig",
    "EdgeRequestHandler",
    "EdgeServer",
    "build_app",
    "cloudfront",
    "serve",
]

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
START_TIMEOUT_S = 10.0


def build_app(
    config: EdgeConfig,
    *,
    control: ControlPlane | None = None,
    clock: Callable[[], float] = time.time,
    transport: httpx.AsyncBaseTransport | None = None,
    rng: random.Random | None = None,
) -> Starlette:
    """The edge as an ASGI application. `app.state.edge` is its handler."""
    logging.getLogger("botocore.auth").setLevel(logging.INFO)  # at DEBUG it logs paths
    rng = rng or random.Random()  # noqa: S311 - the choice of a cache is not secret
    edge = EdgeRequestHandler(config, control or cloudfront(config), clock, transport, rng)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        edge.loop = asyncio.get_running_loop()
        polling = asyncio.create_task(edge.poll_engine())
        yield
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling
        await edge.close()

    async def answer(request: Request) -> Response:
        return await edge.respond(request)

    async def pass_on(viewer: WebSocket) -> None:
        await edge.pass_on(viewer)

    routes = [WebSocketRoute(PATH, pass_on), Route("/{path:path}", answer, methods=METHODS)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.edge = edge
    return app


def cloudfront(config: EdgeConfig) -> CloudFrontApi:
    """The CloudFront API of the engine."""
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


class EdgeServer:
    """The edge on 127.0.0.1, in its own thread: `start()` and `stop()`, or a `with` block."""

    def __init__(self, config: EdgeConfig, *, control: ControlPlane | None = None) -> None:
        app = build_app(config, control=control)
        self.edge: EdgeRequestHandler = app.state.edge
        self._port = config.listen_port
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="wsproto",
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def controls(self) -> Controls:
        return self.edge.controls

    @property
    def url(self) -> str:
        """The address for viewers, with the real port once started."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> "EdgeServer":
        """Returns when the port answers. Raises OSError if the port is taken."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="haulway-edge", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the edge did not start; see its log")
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """Returns when the port is free again; a second call does nothing."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(START_TIMEOUT_S)

    def refresh(self) -> None:
        """Read the configuration and invalidations now, for example after a deployment."""
        if self.edge.loop is not None:
            refreshed = asyncio.run_coroutine_threadsafe(self.edge.refresh(), self.edge.loop)
            refreshed.result(START_TIMEOUT_S)

    def __enter__(self) -> "EdgeServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(config: EdgeConfig) -> EdgeServer:
    """A running edge; `stop()` ends it."""
    return EdgeServer(config).start()
