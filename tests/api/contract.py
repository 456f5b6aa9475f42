"""schemathesis for our API: it tries every operation of docs/openapi.json.

Requests also carry the body's SHA-256, as CloudFront requires, and mostly ids of existing jobs,
because random ids are nearly always unknown.
"""

import hashlib
import io
import re
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests
import schemathesis
from requests.adapters import HTTPAdapter
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from urllib3 import HTTPResponse

from functions.api.request import COOKIE
from tests.api.api_fixture import ApiBackend, an_event
from tests.api.document import document

Test = TypeVar("Test", bound=Callable[..., None])

HERE = "http://api.test"


def the_schema(known: dict[str, str], signed_in: bool, thorough: bool = True) -> Any:
    """docs/openapi.json, with mostly `known` values in paths and headers.

    If not `signed_in`, only operations that require a session are tried. If not `thorough`, only
    random requests are made, without those at the limits of the schema.
    """
    generation = GenerationConfig(deterministic=True, with_security_parameters=False)
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=thorough))
    # 412 rejects a request too: a malformed If-Match matches no rev.
    checks = ChecksConfig()
    rejection = checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "412"]
    project = ProjectConfig(generation=generation, phases=phases, checks=checks)
    projects = ProjectsConfig(default=project)
    config = SchemathesisConfig(projects=projects)
    schema: Any = schemathesis.openapi.from_dict(deepcopy(document()), config=config)

    def with_known(_: Any, values: dict[str, Any] | None) -> dict[str, Any]:
        """A value that breaks its pattern stays: schemathesis expects that it is refused."""
        sound = {n: value for n, value in (values or {}).items() if _is_sound(n, value)}
        chosen = {n: _mostly(known.get(n, value), value) for n, value in sound.items()}
        return {**(values or {}), **chosen}

    schema.hook("map_path_parameters")(with_known)
    schema.hook("map_headers")(with_known)
    return schema if signed_in else schema.include(func=_requires_session)


def every_operation(schema: Any) -> Callable[[Test], Test]:
    """Parametrizes a test by operation; it is called with one `case` after the other."""
    parametrize: Callable[[Test], Test] = schema.parametrize()
    return parametrize


def _requires_session(context: Any) -> bool:
    return bool(context.operation.definition.raw["security"])


def _is_sound(parameter: str, value: object) -> bool:
    return all(re.search(pattern, str(value)) for pattern in _patterns_of(parameter))


@cache
def _patterns_of(parameter: str) -> frozenset[str]:
    operations = (each for path in document()["paths"].values() for each in path.values())
    parameters = (each for operation in operations for each in operation.get("parameters", ()))
    return frozenset(
        each["schema"]["pattern"]
        for each in parameters
        if each.get("name") == parameter and "pattern" in each.get("schema", {})
    )


def _mostly(known: str, made_up: object) -> object:
    """The known value or, in a quarter of all cases, the random one.

    Without line breaks: the laptop's edge has no route for a path with one, and answers in plain
    text.
    """
    rare = hashlib.sha256(repr(made_up).encode()).digest()[0] < 64
    chosen = made_up if rare else known
    one_line = re.sub(r"%0A|\n", "", str(chosen), flags=re.IGNORECASE)
    return chosen if one_line == str(chosen) else one_line or "x"


def check(case: Any, base_url: str, session: requests.Session) -> Any:
    """The response, after all checks of schemathesis except two.

    Its check of forged sessions does not know the cookie that we add; our own tests forge
    sessions. And a schema cannot express every rule ("exactly one of `move` and `to`"), so a
    request that matches the schema may still be refused with 422, as documented.
    """
    excluded = [ignored_auth, positive_data_acceptance]
    return case.call_and_validate(base_url=base_url, session=session, excluded_checks=excluded)


class SignedIn(requests.auth.AuthBase):
    """Adds what a browser adds: the session's cookie."""

    def __init__(self, cookie: str | None = None) -> None:
        self.cookie = cookie

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.cookie:
            request.headers["cookie"] = f"{COOKIE}={self.cookie}"
        return request


class BackendAdapter(HTTPAdapter):
    """Lets `requests` call an ApiBackend in the same process."""

    def __init__(self, api: ApiBackend) -> None:
        super().__init__()
        self.api = api

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        cookie = headers.pop("cookie", None)
        event = an_event(
            request.method or "GET",
            url.path,
            _bytes_of(request),
            headers,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
        )
        if cookie:
            event["cookies"] = cookie.split("; ")
        got = self.api.resolve(event)
        sent = {name: v for name, v in got.headers.items() if name != "content-encoding"}
        raw = HTTPResponse(io.BytesIO(got.text.encode()), sent, got.status, preload_content=False)
        response: requests.Response = self.build_response(request, raw)
        return response


def a_session(cookie: str | None, api: ApiBackend | None = None) -> requests.Session:
    session = requests.Session()
    session.auth = SignedIn(cookie)
    if api:
        session.mount(HERE, BackendAdapter(api))
    return session


def _bytes_of(request: requests.PreparedRequest) -> bytes:
    body: Any = request.body or b""
    sent: bytes = body.encode() if isinstance(body, str) else body
    return sent
