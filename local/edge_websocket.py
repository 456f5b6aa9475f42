"""Passes WebSockets on to the engine's push service, as the distribution's behavior does on AWS.

It also does what the engine does not: a wildcard subscription is refused, as the handler of the
channels refuses it on AWS (`deploy/push.py`), and nothing is published from here, because the
engine takes any signature in a WebSocket's message for a good one.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

from functions.aws.appsync import NAMESPACE
from local.engine_key import HEADER

PATH = "/event/realtime"
CHANNEL = re.compile(rf"/{NAMESPACE}/[0-9a-f]{{32}}")
PASSED_ON = frozenset({"connection_init", "subscribe", "unsubscribe", "ka"})
LONGEST = 4096
"""Characters of a viewer's message; those of our pages are below 500."""
CHUNK = 65_536
GOING_AWAY = 1001
POLICY_VIOLATION = 1008


class NotAccepted(Exception):
    """The engine does not open the WebSocket."""


@dataclass
class EngineSocket:
    """The edge's own WebSocket to the engine."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    protocol: WSConnection
    subprotocol: str | None = None

    @classmethod
    async def open(
        cls, engine_url: str, host: str, subprotocols: list[str], secret: str
    ) -> "EngineSocket":
        """Raises NotAccepted, OSError."""
        address = urlsplit(engine_url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        made = cls(reader, writer, WSConnection(ConnectionType.CLIENT))
        own = [(HEADER.encode(), secret.encode())]
        made.send(Request(host, PATH, subprotocols=subprotocols, extra_headers=own))
        try:
            accepted = await anext(made._events())
        except StopAsyncIteration:
            accepted = None
        if not isinstance(accepted, AcceptConnection):
            made.close()
            raise NotAccepted
        made.subprotocol = accepted.subprotocol
        return made

    async def texts(self) -> AsyncIterator[str]:
        """Until the engine closes the connection."""
        parts: list[str] = []
        async for event in self._events():
            if isinstance(event, TextMessage):
                parts.append(event.data)
                if event.message_finished:
                    yield "".join(parts)
                    parts = []
            elif isinstance(event, Ping):
                self.send(event.response())

    def send(self, event: Event) -> None:
        self.writer.write(self.protocol.send(event))

    def close(self) -> None:
        self.writer.close()

    async def _events(self) -> AsyncIterator[Event]:
        """What the engine has sent; ends with the connection."""
        while True:
            for event in self.protocol.events():
                if isinstance(event, CloseConnection | RejectConnection):
                    return
                yield event
            received = await self.reader.read(CHUNK)
            if not received:
                return
            self.protocol.receive_data(received)


async def pass_on(viewer: WebSocket, engine_url: str, host: str, secret: str) -> None:
    """Until either side closes. `host` is that of the push service; `secret` opens the engine."""
    try:
        engine = await EngineSocket.open(
            engine_url, host, list(viewer.scope.get("subprotocols", ())), secret
        )
    except (NotAccepted, OSError):
        await viewer.close(POLICY_VIOLATION)
        return
    await viewer.accept(engine.subprotocol)
    ways = [asyncio.create_task(_to_viewer(engine, viewer))]
    ways.append(asyncio.create_task(_to_engine(viewer, engine)))
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        engine.close()
        with suppress(RuntimeError, WebSocketDisconnect):  # the viewer has closed it
            await viewer.close(GOING_AWAY)


async def _to_viewer(engine: EngineSocket, viewer: WebSocket) -> None:
    async for text in engine.texts():
        await viewer.send_text(text)


async def _to_engine(viewer: WebSocket, engine: EngineSocket) -> None:
    with suppress(WebSocketDisconnect):
        async for text in viewer.iter_text():
            message = _message(text)
            if message.get("type") not in PASSED_ON:
                return
            if message["type"] == "subscribe" and not _is_whole(message.get("channel")):
                await viewer.send_text(json.dumps(_refusal(message)))
                continue
            engine.send(TextMessage(text))
            await engine.writer.drain()


def _message(text: str) -> dict[str, Any]:
    """Empty if it is none."""
    try:
        message = json.loads(text) if len(text) <= LONGEST else None
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _is_whole(channel: object) -> bool:
    return isinstance(channel, str) and CHANNEL.fullmatch(channel) is not None


def _refusal(message: dict[str, Any]) -> dict[str, Any]:
    errors = [{"errorType": "UnauthorizedException", "message": "Not Authorized"}]
    return {"type": "subscribe_error", "id": message.get("id"), "errors": errors}
