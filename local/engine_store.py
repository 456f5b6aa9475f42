"""Stores the engine's state before it acknowledges a write, so that `kill -9` loses nothing.

MiniStack keeps tables and queues in memory and writes them only when it shuts down cleanly. `Store`
is ASGI middleware that delays the response to a write until the service's state is on disk.
Concurrent writes share one file: a request does not write again if its change is in a state that
was written meanwhile. MiniStack itself writes S3 objects at once.

Queues of more than `LARGE` bytes (thousands of messages) are not awaited but written in the
background, for at most a fifth of the time. The watchdog repairs a job whose message was lost, but
nothing could repair a lost account.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from local.engine_access import App, Receive, Scope, Send

log = logging.getLogger("haulway.engine")

LARGE = 4_000_000
NOT_WAITED_FOR_IF_LARGE = frozenset({"sqs"})
EVERY_S = 1.0
PAUSE = 4
"""A state that took one second to write is not written again for this many seconds."""
AWAITED_STATE = {
    "dynamodb": "dynamodb",
    "secretsmanager": "secretsmanager",
    "sqs": "sqs",
    "events": "sqs",
    "sns": "sqs",
}
"""The state that must be on disk before a response, by the service in the request's signature.
Events and SNS messages reach queues within the same request."""
CHANGES_BY_ITSELF = ("dynamodb", "sqs")
"""Services whose state changes without a request: messages are moved, items expire."""
READS = re.compile(
    r"\.(?:Get|Describe|List|Query|Scan|BatchGet|TransactGet|Receive|Delete.?Message)"
)
SETUP_SERVICES = frozenset(
    {"cloudformation", "cloudfront", "events", "iam", "lambda", "scheduler", "ssm", "states"}
)
ROUTINE_CALLS = re.compile(
    r"/invocations$|/invalidation$|\.(?:PutEvents|StartExecution|StopExecution|SendTask\w+)$"
)
"""Frequent calls to these services that set nothing up."""
CREDENTIAL = re.compile(r"Credential=[^/,]+/\d+/[^/,]+/([a-z0-9-]+)/aws4_request")
SAVE_PATH = "/_haulway/save"


class EngineRequest(NamedTuple):
    """One request: the service in its signature, and the action."""

    service: str
    action: str

    @property
    def awaited_state(self) -> str | None:
        """The state that must be on disk before the response."""
        return None if READS.search(self.action) else AWAITED_STATE.get(self.service)

    @property
    def sets_up(self) -> bool:
        """Whether it may change the state of several services."""
        reads = READS.search(self.action) or self.action.startswith("GET ")
        setup = self.service in SETUP_SERVICES and not ROUTINE_CALLS.search(self.action)
        return setup and not reads


def request_of(scope: Scope) -> EngineRequest:
    headers = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
    signed = CREDENTIAL.search(headers.get("authorization", b"").decode("latin-1"))
    target = headers.get("x-amz-target", b"").decode("latin-1")
    action = f"{scope['method']} {target or scope['path']}"
    return EngineRequest(signed[1] if signed else "", action)


class Store:
    """`encode` gives a service's state as bytes, empty for none; `write` writes them to disk;
    `services` lists the services that have a state."""

    def __init__(
        self,
        app: App,
        encode: Callable[[str], bytes],
        write: Callable[[str, bytes], None],
        services: Callable[[], Iterable[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app, self.encode, self.write, self.services = app, encode, write, services
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._wanted, self._written = Counter[str](), Counter[str]()
        self._last: dict[str, bytes] = {}
        self._took: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._set_up, self._setting_up = False, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == SAVE_PATH:
            await self._store_all()
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)

        async def send_when_stored(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start" and request.awaited_state:
                await self.wait_until_stored(request.awaited_state)
            await send(message)

        await self.app(scope, receive, send_when_stored)  # type: ignore[arg-type]  # a message is a dict
        self._setting_up = self._setting_up or request.sets_up

    async def wait_until_stored(self, service: str) -> None:
        """Returns when the service's current state is on disk, or is too large to wait for."""
        if service in NOT_WAITED_FOR_IF_LARGE and len(self._last.get(service, b"")) > LARGE:
            return
        self._wanted[service] += 1
        mine = self._wanted[service]
        async with self._locks.setdefault(service, asyncio.Lock()):
            if self._written[service] < mine:
                await self._store(service)

    async def _store(self, service: str) -> None:
        began, upto = self._clock(), self._wanted[service]
        state = self.encode(service)
        if state and state != self._last.get(service):
            await asyncio.to_thread(self.write, service, state)
            self._last[service] = state
        self._written[service] = upto
        self._ended[service] = self._clock()
        self._took[service] = self._ended[service] - began

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs a background task while the engine runs; it ends before the engine's last save."""
        background: asyncio.Task[None] | None = None

        async def receive_and_track() -> object:
            nonlocal background
            message = await receive()
            if message["type"] == "lifespan.startup":
                background = asyncio.create_task(self._store_periodically())
            elif background:
                background.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await background
            return message

        await self.app(scope, receive_and_track, send)  # type: ignore[arg-type]  # a message is a dict

    async def _store_periodically(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.store_changes()
            except Exception:  # the next round tries again
                log.exception("the engine's state could not be stored")

    async def store_changes(self) -> None:
        """Store what changed without a request, and what was set up, once the setup has ended."""
        for service in CHANGES_BY_ITSELF:
            rested = self._clock() - self._ended.get(service, 0)
            if rested >= PAUSE * self._took.get(service, 0):
                async with self._locks.setdefault(service, asyncio.Lock()):
                    await self._store(service)
        if self._set_up and not self._setting_up:
            self._set_up = False
            await self._store_all()
        self._set_up, self._setting_up = self._set_up or self._setting_up, False

    async def _store_all(self) -> None:
        """One service after another, so that requests are answered in between."""
        for service in self.services():
            async with self._locks.setdefault(service, asyncio.Lock()):
                await self._store(service)
            await asyncio.sleep(0)
