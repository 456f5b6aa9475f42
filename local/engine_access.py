"""Filters requests to the engine's port: only signed requests from this machine, and the edge.

MiniStack answers any web page (CORS `*`) under any host name (DNS rebinding). Browsers mark the
requests of pages with `Origin` or `Sec-Fetch-Site`, which no SDK sends; pages can neither sign nor
know the key that the edge sends. So requests with these headers are refused, and so are requests
that are neither signed nor from the edge. MiniStack checks whether a signature is valid.
"""

import hmac
import json
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from local.engine_key import HEADER

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OWN_NAMES = re.compile(r"(?:(?:[a-z0-9-]+\.)*localhost|127\.0\.0\.1)(?::\d+)?", re.IGNORECASE)
"""`*.localhost` are the engine's names for APIs and distributions; no DNS server resolves them."""
ADMINISTRATION = re.compile(r"/*_")
"""`/_ministack/reset` and similar paths, with any number of leading slashes."""
OPEN_PATHS = frozenset({"/_ministack/health"})
SIGNED = "AWS4-HMAC-SHA256"


class AccessFilter:
    """ASGI middleware in front of the engine. `secret` is the copy's secret access key."""

    def __init__(self, app: App, secret: str) -> None:
        self.app, self.secret = app, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if why := refusal(scope, self.secret):
            await _refuse(scope, receive, send, why)
            return
        kept = [pair for pair in scope["headers"] if pair[0].lower() != HEADER.encode()]
        await self.app({**scope, "headers": kept}, receive, send)


def refusal(scope: Scope, secret: str) -> str | None:
    """Why the request is refused; None if it is allowed."""
    hosts = _values(scope, "host")
    own_name = len(hosts) == 1 and bool(OWN_NAMES.fullmatch(hosts[0]))
    if _is_known(_values(scope, HEADER), secret):
        administers = ADMINISTRATION.match(scope["path"]) and not own_name
        return "The engine cannot be administered through the edge." if administers else None
    if any(site != "none" for site in _values(scope, "sec-fetch-site")) or _values(scope, "origin"):
        return "The engine does not answer web pages; use the edge."
    if not own_name:
        return "The engine does not answer under this host name; use 127.0.0.1."
    if scope["path"] in OPEN_PATHS or _is_signed(scope):
        return None
    return 'The engine answers only signed requests; `eval "$(haul env)"` sets the key for them.'


def _is_known(sent: Iterable[str], secret: str) -> bool:
    return any(hmac.compare_digest(each.encode(), secret.encode()) for each in sent)


def _is_signed(scope: Scope) -> bool:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    in_header = any(value.startswith(SIGNED) for value in _values(scope, "authorization"))
    return in_header or "X-Amz-Signature" in query


def _values(scope: Scope, name: str) -> list[str]:
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == wanted]


async def _refuse(scope: Scope, receive: Receive, send: Send, why: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps({"__type": "AccessDeniedException", "message": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
