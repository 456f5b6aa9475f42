"""From a request to its response: the same checks for every route, and one log line.

    from the edge? ─ route known? ─ same site? ─ within its limit? ─ signed in? ─ allowed role?
        ─ parameters of the path well-formed?

Each check fails with its own problem; then the handler runs. The body is not read before.
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
from functions.api.route import Route
from functions.api.routes import ROUTES
from functions.people.known_devices import KNOWN_FOR
from functions.people.sessions import LASTS, Session
from functions.protocol.edge_secret import HEADER
from functions.protocol.metrics import Metrics

JSON = "application/json"
Reply = Response[str]


def dispatch(api: Api, route: Route | None, request: ApiRequest) -> Reply:
    """The response of `route` (None: no route has this path and method), or a problem."""
    name = route.name if route else "no route"
    try:
        response = _handled(api, route, request)
    except Exception as error:  # every error becomes a problem document; 5xx are logged as errors
        problem = problem_of(error)
        _log_problem(api, name, request, problem, error)
        return _problem_reply(problem, request)
    about = _about(response.about) | ({} if response.seq is None else {"seq": response.seq})
    api.log.info(
        response.outcome, **about, route=name, status=response.status, request_id=request.request_id
    )
    return _reply(response, request)


def _handled(api: Api, route: Route | None, request: ApiRequest) -> ApiResponse:
    if not api.edge.passes(request.headers.get(HEADER), request.now):
        raise Problem("past-the-edge")
    if route is None:
        raise _no_route(request)
    if request.is_cross_site:
        raise Problem("cross-site")
    _count(api, route, request)
    if route.roles is not None:
        session = _session(api, request)
        if route.roles.isdisjoint(session.account.roles):
            raise Problem("not-allowed")
        if request.bearer is not None and not route.for_keys:
            raise Problem("not-allowed", "an API key may not do this; sign in as a person")
        request = replace(request, session_or_none=session)
    _check_parameters(route, request)
    return route.handler(api, request)


def _session(api: Api, request: ApiRequest) -> Session:
    """Of a program by its key, or else of a person by their cookie. Raises Problem."""
    if request.bearer is not None:
        session = api.keys.session(request.bearer, request.now)
        if session is None:
            raise Problem("wrong-key", headers={"WWW-Authenticate": "Bearer"})
        return session
    session = api.sessions.read(request.cookie, request.now) if request.cookie else None
    if session is None:
        raise Problem("signed-out")
    return session


def _check_parameters(route: Route, request: ApiRequest) -> None:
    """Raises Problem: the same as for a well-formed value that no one knows."""
    for name, parameter in route.parameters.items():
        if not re.fullmatch(parameter.pattern, request.parameters[name], re.ASCII):
            unknown = parameter.problem != "invalid"
            raise Problem(parameter.problem, None if unknown else f"{name}: it is malformed")


def _count(api: Api, route: Route, request: ApiRequest) -> None:
    if route.limit:
        api.count(route.limit, api.address_hash(request.address, request.now), request.now)


def _no_route(request: ApiRequest) -> Problem:
    methods = sorted(route.method for route in ROUTES if _matches(route.path, request.path))
    if methods:
        return Problem("method-not-allowed", headers={"Allow": ", ".join(methods)})
    return Problem("not-found")


def _matches(route_path: str, path: str) -> bool:
    pattern = re.sub(r"<\w+>", "[^/]+", route_path)
    return re.fullmatch(pattern, path) is not None


def _reply(response: ApiResponse, request: ApiRequest) -> Reply:
    headers = _headers(request, response.headers)
    cookies = [] if response.cookie is None else [_cookie(response.cookie)]
    cookies += [_device_cookie(*response.device)] if response.device else []
    document = response.document
    media_type: str | None = None
    body: str | None = None
    if isinstance(document, MediaBody):
        media_type, body = document.media_type, document.body
    elif document:
        media_type, body = JSON, document.model_dump_json(by_alias=True, exclude_none=True)
    return Response(response.status, media_type, body, headers, cookies, compress=response.compress)


def _problem_reply(problem: Problem, request: ApiRequest) -> Reply:
    body = json.dumps(problem.document(request.request_id))
    return Response(problem.status, MEDIA_TYPE, body, _headers(request, problem.headers))


def _headers(request: ApiRequest, more: Mapping[str, str]) -> Any:
    own = {"Cache-Control": "no-store", "X-Request-Id": request.request_id}
    return own | {"X-Content-Type-Options": "nosniff"} | dict(more)


def _cookie(token: str) -> Cookie:
    """`__Host-`: only over TLS and only to this host; scripts cannot read it."""
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
    """`__Secure-`, because a `__Host-` cookie would be sent with every request to the site."""
    return Cookie(
        name,
        token,
        path="/api/session",
        secure=True,
        http_only=True,
        max_age=int(KNOWN_FOR.total_seconds()),
        same_site=SameSite.STRICT_MODE,
    )


def _log_problem(
    api: Api, name: str, request: ApiRequest, problem: Problem, error: Exception
) -> None:
    keys = _about(problem.about) | {
        "route": name,
        "status": problem.status,
        "request_id": request.request_id,
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
    """Only the place in the code: the error's message may hold a name, number, or token."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.rpartition('/')[2]}:{last.lineno}"
