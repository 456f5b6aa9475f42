"""The engine as the edge's only origin, requested under the distribution's host name.

Hop-by-hop header fields are removed in both directions (RFC 9110 7.6.1); bodies are passed on
unchanged, compressed or not. No path is ever logged: httpx knows only the engine's address; the
viewer's path is sent separately as the request target, byte for byte.
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
RESPONSE_TIMEOUT_S = 30.0
"""CloudFront's default origin response timeout."""
CONNECT_TIMEOUT_S = 5.0
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
"""Fields that the edge sets itself; the viewer's are dropped."""


class EngineDown(Exception):
    """The engine gave no answer; `text` says on the page what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    @classmethod
    def refused(cls, url: str) -> "EngineDown":
        return cls(
            502,
            f"The edge is running, but the engine behind it ({url}) does not answer.\n"
            "Start it with `haul up`, then load this page again.\n",
        )

    @classmethod
    def slow(cls, url: str) -> "EngineDown":
        return cls(
            504,
            f"The engine ({url}) took longer than {RESPONSE_TIMEOUT_S:.0f} s to answer.\n"
            "Try again; if that does not help, restart `haul up`.\n",
        )


class OriginRequest(NamedTuple):
    """A request: `uri` is the raw path, `query` the raw query without its `?`.

    `host` is the host if it is not the distribution; `viewer` the sender's address and port, in
    the format of CloudFront-Viewer-Address.
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
    """The fields without hop-by-hop fields and those that Connection names."""
    named = {name.strip().lower() for name in (field_value(fields, "connection") or "").split(",")}
    return tuple(f for f in fields if f[0] not in HOP_BY_HOP and f[0] not in named)


class Origin:
    """A connection pool to the engine's port.

    `secret` proves to the engine that a request comes from the edge.
    """

    def __init__(
        self, url: str, domain: str, transport: httpx.AsyncBaseTransport | None, secret: str
    ) -> None:
        self.url = url
        self.domain = domain
        self._own = (("x-forwarded-proto", "https"), (HEADER, secret))
        self._client = httpx.AsyncClient(transport=transport, trust_env=False)

    async def fetch(self, request: OriginRequest) -> EdgeResponse:
        """The whole response. Raises EngineDown."""
        answer = await self._send(request)
        try:
            body = b"".join([chunk async for chunk in answer.aiter_raw()])
        except httpx.TimeoutException as slow:
            raise EngineDown.slow(self.url) from slow
        except httpx.TransportError as broken:
            raise EngineDown.refused(self.url) from broken
        finally:
            await answer.aclose()
        return EdgeResponse(answer.status_code, _fields(answer), body)

    async def stream(self, request: OriginRequest) -> Response:
        """The response, streamed. Raises EngineDown, only before the first byte."""
        answer = await self._send(request)

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

    async def _send(self, request: OriginRequest) -> httpx.Response:
        headers = tuple(h for h in end_to_end(request.headers) if h[0] not in OWN_REQUEST_FIELDS)
        seen = (("cloudfront-viewer-address", request.viewer),) if request.viewer else ()
        timeout = httpx.Timeout(RESPONSE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        host = request.host or self.domain
        outgoing = httpx.Request(
            request.method,
            self.url,
            headers=encoded((*headers, *seen, ("host", host), *self._own)),
            content=request.body or None,
            extensions={"target": request.target.encode("latin-1"), "timeout": timeout.as_dict()},
        )
        try:
            return await self._client.send(outgoing, stream=True)
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
