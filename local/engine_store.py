"""What the engine has acknowledged is on disk, so that `kill -9` loses none of it.

MiniStack keeps tables and queues in memory and writes them when it ends in an orderly way. `Store`
stands in front of it (ASGI) and holds the answer to a write until the service's state is on disk.
Writes that come together share one file: whoever finds a state written that was taken after their
own write need not write again. S3 objects are MiniStack's own business: it writes each at once.

Queues that hold more than `LARGE` bytes (thousands of messages) are not waited for, but written in
turn, for at most a fifth of the time: the watchdog finds a job whose message was lost, and no one
an account.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from local.engine_door import App, Receive, Scope, Send

log = logging.getLogger("haulway.engine")

LARGE = 4_000_000
NOT_WAITED_FOR_IF_LARGE = frozenset({"sqs"})
EVERY_S = 1.0
PAUSE = 4
"""A state that took a second to write is left alone for so many seconds."""
HELD = {
    "dynamodb": "dynamodb",
    "secretsmanager": "secretsmanager",
    "sqs": "sqs",
    "events": "sqs",
    "sns": "sqs",
}
"""By the service that is asked, as its signature names it: the state that has to be on disk. Events
and topics lead to queues, within the same request."""
ALWAYS_LOOKED_AT = ("dynamodb", "sqs")
"""They change without a request: messages are taken and moved, items expire."""
READS = re.compile(
    r"\.(?:Get|Describe|List|Query|Scan|BatchGet|TransactGet|Receive|Delete.?Message)"
)
SETS_UP = frozenset(
    {"cloudformation", "cloudfront", "events", "iam", "lambda", "scheduler", "ssm", "states"}
)
PASSES_BY = re.compile(
    r"/invocations$|/invalidation$|\.(?:PutEvents|StartExecution|StopExecution|SendTask\w+)$"
)
"""What is asked of those services all day and sets nothing up."""
CREDENTIAL = re.compile(r"Credential=[^/,]+/\d+/[^/,]+/([a-z0-9-]+)/aws4_request")
SAVE_PATH = "/_haulway/save"


class Asked(NamedTuple):
    """One request: the service as its signature names it, and what is asked of it."""

    service: str
    action: str

    @property
    def held(self) -> str | None:
        """The state that has to be on disk before the answer."""
        return None if READS.search(self.action) else HELD.get(self.service)

    @property
    def sets_up(self) -> bool:
        """Whether more than one state may be different afterwards."""
        reads = READS.search(self.action) or self.action.startswith("GET ")
        return self.service in SETS_UP and not reads and not PASSES_BY.search(self.action)


def asked(scope: Scope) -> Asked:
    headers = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
    signed = CREDENTIAL.search(headers.get("authorization", b"").decode("latin-1"))
    target = headers.get("x-amz-target", b"").decode("latin-1")
    action = f"{scope['method']} {target or scope['path']}"
    return Asked(signed[1] if signed else "", action)


class Store:
    """`encode` gives a state as bytes, empty for none; `write` puts them on disk; `services` are
    those that have a state."""

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
        request = asked(scope)

        async def held(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start" and request.held:
                await self.stored(request.held)
            await send(message)

        await self.app(scope, receive, held)  # type: ignore[arg-type]  # a message is a dict
        self._setting_up = self._setting_up or request.sets_up

    async def stored(self, service: str) -> None:
        """Returns when what the service knows now is on disk, or too much to wait for."""
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
        """The engine's life, with a round beside it that ends before the engine's own last save."""
        rounds: asyncio.Task[None] | None = None

        async def heard() -> object:
            nonlocal rounds
            message = await receive()
            if message["type"] == "lifespan.startup":
                rounds = asyncio.create_task(self._go_round())
            elif rounds:
                rounds.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await rounds
            return message

        await self.app(scope, heard, send)  # type: ignore[arg-type]  # a message is a dict

    async def _go_round(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.round()
            except Exception:  # whatever it is, the next round tries again
                log.exception("the engine's state could not be stored")

    async def round(self) -> None:
        """Store what has changed without a request, and what was set up, once that is over."""
        for service in ALWAYS_LOOKED_AT:
            rested = self._clock() - self._ended.get(service, 0)
            if rested >= PAUSE * self._took.get(service, 0):
                async with self._locks.setdefault(service, asyncio.Lock()):
                    await self._store(service)
        if self._set_up and not self._setting_up:
            self._set_up = False
            await self._store_all()
        self._set_up, self._setting_up = self._set_up or self._setting_up, False

    async def _store_all(self) -> None:
        """One after another, so that requests are answered in between."""
        for service in self.services():
            async with self._locks.setdefault(service, asyncio.Lock()):
                await self._store(service)
            await asyncio.sleep(0)
