"""From a request to its answer: the same few questions for every route, one line in the log.

    route known? ─ from another site? ─ too often? ─ signed in? ─ right role? ─ the route itself

Each question has one problem as its no. Bodies are not looked at before the last of them.
"""

import json
import re
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from functions.api.dependencies import Api
from functions.api.problems import MEDIA_TYPE, Problem, problem_of
from functions.api.request import COOKIE, ApiRequest
from functions.api.responses import ApiResponse, MediaBody
from functions.api.routes import ROUTES, Route
from functions.people.known_devices import KNOWN_FOR
from functions.people.sessions import LASTS
from functions.protocol.metrics import Metrics

JSON = "application/json"
Reply = Response[str]


def dispatch(api: Api, route: Route | None, ask: ApiRequest) -> Reply:
    """The answer of `route` (None: there is none for this address); a problem where it fails."""
    name = route.name if route else "nowhere"
    try:
        answer = _answered(api, route, ask)
    except Exception as error:  # every one becomes a problem document; ours are told to the log
        problem = problem_of(error)
        _log_problem(api, name, ask, problem, error)
        return _no(problem, ask)
    about = _about(answer.about) | ({} if answer.seq is None else {"seq": answer.seq})
    api.log.info(
        answer.outcome, **about, route=name, status=answer.status, request_id=ask.request_id
    )
    return _yes(answer, ask)


def _answered(api: Api, route: Route | None, ask: ApiRequest) -> ApiResponse:
    if route is None:
        raise _nowhere(ask)
    if ask.is_cross_site:
        raise Problem("cross-site")
    _count(api, route, ask)
    if route.who is None:
        return route.does(api, ask)
    session = api.sessions.read(ask.cookie, ask.now) if ask.cookie else None
    if session is None:
        raise Problem("signed-out")
    if route.who.isdisjoint(session.account.roles):
        raise Problem("not-allowed")
    return route.does(api, replace(ask, session=session))


def _count(api: Api, route: Route, ask: ApiRequest) -> None:
    """Addresses are counted under a keyed hash, so that no one reads them in the table."""
    if route.limit:
        api.count(route.limit, api.origin(ask.address, ask.now), ask.now)


def _nowhere(ask: ApiRequest) -> Problem:
    methods = sorted(route.method for route in ROUTES if _leads_to(route.path, ask.path))
    if methods:
        return Problem("method-not-allowed", headers={"Allow": ", ".join(methods)})
    return Problem("not-found")


def _leads_to(path: str, asked: str) -> bool:
    pattern = re.sub(r"<\w+>", "[^/]+", path)
    return re.fullmatch(pattern, asked) is not None


def _yes(answer: ApiResponse, ask: ApiRequest) -> Reply:
    headers = _headers(ask, answer.headers)
    cookies = [] if answer.cookie is None else [_cookie(answer.cookie)]
    cookies += [_device_cookie(*answer.device)] if answer.device else []
    document = answer.document
    media_type: str | None = None
    body: str | None = None
    if isinstance(document, MediaBody):
        media_type, body = document.media_type, document.body
    elif document:
        media_type, body = JSON, document.model_dump_json(by_alias=True, exclude_none=True)
    return Response(answer.status, media_type, body, headers, cookies, compress=answer.compress)


def _no(problem: Problem, ask: ApiRequest) -> Reply:
    body = json.dumps(problem.document(ask.request_id))
    return Response(problem.status, MEDIA_TYPE, body, _headers(ask, problem.headers))


def _headers(ask: ApiRequest, more: Mapping[str, str]) -> Any:
    own = {"Cache-Control": "no-store", "X-Request-Id": ask.request_id}
    return own | {"X-Content-Type-Options": "nosniff"} | dict(more)


def _cookie(token: str) -> Cookie:
    """`__Host-`: only over TLS, only to this very host, never to a script."""
    return Cookie(
        COOKIE,
        token,
        path="/",
        secure=True,
        http_only=True,
        max_age=int(LASTS.total_seconds()) if token else 0,
        same_site=SameSite.STRICT_MODE,
    )


def _device_cookie(name: str, token: str) -> Cookie:
    """`__Secure-` and not `__Host-`: that one would be sent with every request to the site."""
    return Cookie(
        name,
        token,
        path="/api/session",
        secure=True,
        http_only=True,
        max_age=int(KNOWN_FOR.total_seconds()),
        same_site=SameSite.STRICT_MODE,
    )


def _log_problem(api: Api, name: str, ask: ApiRequest, problem: Problem, error: Exception) -> None:
    keys = _about(problem.about) | {
        "route": name,
        "status": problem.status,
        "request_id": ask.request_id,
    }
    if problem.status < 500:
        api.log.info(problem.slug, **keys)
    else:
        api.log.error(problem.slug, **keys, error=type(error).__name__, where=_where(error))
        _count_error(api.metrics, name)


def _count_error(metrics: Metrics, route: str) -> None:
    metrics.count("ApiErrors")
    if route.startswith("GET /api/track"):
        metrics.count("TrackingErrors")
    if route in ("POST /api/bookings", "POST /api/jobs"):
        metrics.count("BookingErrors")


def _about(about: tuple[str, str] | None) -> dict[str, Any]:
    return {"tenant": about[0], "job": about[1]} if about else {}


def _where(error: Exception) -> str:
    """The place in the code alone: an error's own words may hold a name, number or token."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.rpartition('/')[2]}:{last.lineno}"
