"""The engine as the edge's one origin: asked in the distribution's name, its answers brought back.

Hop-by-hop header fields stop here in both directions (RFC 9110 7.6.1), bodies are passed on as they
came, compressed or not. No path is ever logged: httpx sees the engine's own address only, the
viewer's path travels beside it as the request target, byte for byte.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from local.cache import EdgeResponse, Fields, field_value
from local.engine_key import HEADER

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
ANSWER_LIMIT_S = 30.0
"""CloudFront's default origin response timeout."""
CONNECT_LIMIT_S = 5.0
OWN_REQUEST_FIELDS = frozenset(
    {
        "cloudfront-viewer-address",
        "content-length",
        "host",
        "x-forwarded-proto",
        "x-haulway-cache",
        HEADER,
    }
)
"""What the edge says itself, whatever a viewer has sent under these names."""


class EngineDown(Exception):
    """The engine gave no answer; `text` tells the reader of the page what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    @classmethod
    def refused(cls, url: str) -> "EngineDown":
        return cls(
            502,
            f"The edge is up, but the engine behind it ({url}) does not answer.\n"
            "Start it with `haul up`, then load this page again.\n",
        )

    @classmethod
    def slow(cls, url: str) -> "EngineDown":
        return cls(
            504,
            f"The engine ({url}) took longer than {ANSWER_LIMIT_S:.0f} s to answer.\n"
            "Try again; if it stays so, stop `haul up` and start it again.\n",
        )


class OriginRequest(NamedTuple):
    """A request as it came: `uri` is the raw path, `query` the raw query without its `?`.

    `host` is whom it is for, where that is not the distribution; `viewer` is who sent it, as
    CloudFront-Viewer-Address writes it.
    """

    method: str
    uri: str
    query: str = ""
    headers: Fields = ()
    body: bytes = b""
    host: str = ""
    viewer: str = ""

    @property
    def target(self) -> str:
        return f"{self.uri}?{self.query}" if self.query else self.uri


def end_to_end(fields: Fields) -> Fields:
    """Without the hop-by-hop fields, and without those that Connection names."""
    named = {name.strip().lower() for name in (field_value(fields, "connection") or "").split(",")}
    return tuple(f for f in fields if f[0] not in HOP_BY_HOP and f[0] not in named)


class Origin:
    """One connection pool to the engine's port, speaking as the distribution's edge.

    `secret` tells the engine that it is the edge who asks, and no page or program.
    """

    def __init__(
        self, url: str, domain: str, transport: httpx.AsyncBaseTransport | None, secret: str
    ) -> None:
        self.url = url
        self.domain = domain
        self._own = (("x-forwarded-proto", "https"), (HEADER, secret))
        self._client = httpx.AsyncClient(transport=transport, trust_env=False)

    async def fetch(self, ask: OriginRequest) -> EdgeResponse:
        """The whole answer. Raises EngineDown."""
        answer = await self._send(ask)
        try:
            body = b"".join([chunk async for chunk in answer.aiter_raw()])
        except httpx.TimeoutException as slow:
            raise EngineDown.slow(self.url) from slow
        except httpx.TransportError as broken:
            raise EngineDown.refused(self.url) from broken
        finally:
            await answer.aclose()
        return EdgeResponse(answer.status_code, _fields(answer), body)

    async def stream(self, ask: OriginRequest) -> Response:
        """The answer, passed on while it arrives. Raises EngineDown before the first byte only."""
        answer = await self._send(ask)

        async def chunks() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.aiter_raw():
                    yield chunk
            finally:
                await answer.aclose()

        onward = StreamingResponse(
            chunks(), answer.status_code, background=BackgroundTask(answer.aclose)
        )
        onward.raw_headers = encoded(_fields(answer))
        return onward

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(self, ask: OriginRequest) -> httpx.Response:
        headers = tuple(h for h in end_to_end(ask.headers) if h[0] not in OWN_REQUEST_FIELDS)
        seen = (("cloudfront-viewer-address", ask.viewer),) if ask.viewer else ()
        timeout = httpx.Timeout(ANSWER_LIMIT_S, connect=CONNECT_LIMIT_S)
        host = ask.host or self.domain
        request = httpx.Request(
            ask.method,
            self.url,
            headers=encoded((*headers, *seen, ("host", host), *self._own)),
            content=ask.body or None,
            extensions={"target": ask.target.encode("latin-1"), "timeout": timeout.as_dict()},
        )
        try:
            return await self._client.send(request, stream=True)
        except (httpx.ConnectTimeout, httpx.ReadTimeout) as slow:
            raise EngineDown.slow(self.url) from slow
        except httpx.TransportError as broken:
            raise EngineDown.refused(self.url) from broken


def encoded(fields: Fields) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def decoded(raw: list[tuple[bytes, bytes]]) -> Fields:
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw)


def _fields(answer: httpx.Response) -> Fields:
    return end_to_end(decoded(answer.headers.raw))
