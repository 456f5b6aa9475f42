"""One edge location: its copies, its fills in progress, and its responses."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.responses import Response

from local.cache import (
    CachedCopy,
    CachePolicy,
    CacheResult,
    EdgeCache,
    EdgeResponse,
    Fields,
    Key,
    Result,
    accepted_encoding,
    settle,
    unchanged_for,
)
from local.invalidations import Invalidations
from local.origin import EngineDown, Origin, OriginRequest, encoded

NOT_FORWARDED = frozenset(
    {
        "accept-encoding",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
    }
)
SET_BY_THE_EDGE = frozenset(
    {"age", "content-length", "via", "x-amz-cf-id", "x-amz-cf-pop", "x-cache", "x-haulway-edge"}
)


@dataclass
class EdgeLocation:
    """Answers GET and HEAD from its cache; fills it from the origin, one fill per key at a time."""

    number: int
    cache: EdgeCache
    origin: Origin
    invalidations: Invalidations
    clock: Callable[[], float]
    _fills: "dict[Key, asyncio.Task[CacheResult]]" = field(default_factory=dict)

    async def answer(
        self, request: OriginRequest, key: Key, policy: CachePolicy, error_ttls: Mapping[int, float]
    ) -> Response:
        """Raises EngineDown if the origin does not answer and no copy may be served instead."""
        self.invalidations.take_effect(self.clock())
        held = self.cache.find(key)
        if held is not None and held.is_fresh(self.clock()):
            return self._from_copy(request, held, "Hit")
        try:
            settled = await self._shared_fill(request, key, policy, error_ttls)
        except EngineDown:
            held = self.cache.find(key)
            if held is None or not held.may_replace_error(self.clock()):
                raise
            return self._from_copy(request, held, "Hit")
        if settled.copy is not None and settled.result in ("Hit", "RefreshHit"):
            return self._from_copy(request, settled.copy, settled.result)
        return self._for_viewer(request, settled.answer, settled.result, None)

    async def close(self) -> None:
        fills = list(self._fills.values())
        for fill in fills:
            fill.cancel()
        await asyncio.gather(*fills, return_exceptions=True)

    async def _shared_fill(
        self, request: OriginRequest, key: Key, policy: CachePolicy, error_ttls: Mapping[int, float]
    ) -> CacheResult:
        """The outcome of a fill. Viewers who come meanwhile share it, if it can be cached.

        The fill is a separate task, which continues when the viewer who caused it disconnects.
        """
        running = self._fills.get(key)
        if running is None:
            fill = asyncio.create_task(self._fill(request, key, policy, error_ttls))
            self._fills[key] = fill
            fill.add_done_callback(lambda done: self._filled(key, done))
            return await asyncio.shield(fill)
        settled = await asyncio.shield(running)
        if settled.copy is not None and settled.copy.is_fresh(self.clock()):
            return settled._replace(result="Hit")
        return await self._fill(request, key, policy, error_ttls)

    async def _fill(
        self, request: OriginRequest, key: Key, policy: CachePolicy, error_ttls: Mapping[int, float]
    ) -> CacheResult:
        asked_about = self.cache.find(key)
        answer = await self.origin.fetch(_origin_request(request, policy, asked_about))
        await self.invalidations.controls.arrival(key)
        now = self.clock()
        self.invalidations.take_effect(now)
        held = self.cache.find(key)
        settled = settle(answer, asked_about, held, policy, error_ttls, now=now)
        self.cache.put(key, settled.copy)
        return settled

    def _filled(self, key: Key, fill: "asyncio.Task[CacheResult]") -> None:
        self._fills.pop(key, None)
        if not fill.cancelled():
            fill.exception()  # marked as retrieved: the viewers have it or have disconnected

    def _from_copy(self, request: OriginRequest, copy: CachedCopy, result: Result) -> Response:
        return self._for_viewer(request, copy.answer, result, copy.age_s(self.clock()))

    def _for_viewer(
        self, request: OriginRequest, answer: EdgeResponse, result: Result, age_s: int | None
    ) -> Response:
        unchanged = unchanged_for(answer, request.headers)
        fields: Fields = tuple(h for h in answer.headers if h[0] not in SET_BY_THE_EDGE)
        if unchanged:
            fields = tuple(h for h in fields if not h[0].startswith("content-"))
        else:
            fields += (("content-length", str(len(answer.body))),)
        fields += () if age_s is None else (("age", str(age_s)),)
        fields += (
            ("x-cache", f"{'Error' if answer.status >= 400 else result} from cloudfront"),
            ("x-amz-cf-pop", f"LAPTOP-{self.number}"),
            ("x-haulway-edge", "laptop"),
        )
        body = b"" if unchanged or request.method == "HEAD" else answer.body
        response = Response(body, 304 if unchanged else answer.status)
        response.raw_headers = encoded(fields)
        return response


def _origin_request(
    request: OriginRequest, policy: CachePolicy, held: CachedCopy | None
) -> OriginRequest:
    """The request on behalf of all viewers: for the whole object, if it has changed."""
    own = tuple(h for h in request.headers if h[0] not in NOT_FORWARDED)
    own += held.validators() if held else ()
    encoding = accepted_encoding(policy, request.headers)
    own += (("accept-encoding", encoding),) if encoding else ()
    return OriginRequest("GET", request.uri, request.query, own, viewer=request.viewer)
