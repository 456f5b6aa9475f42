"""Bad input: a problem document, and nothing has changed."""

import base64
import json
from typing import Any

import pytest

from functions.api.business import LARGEST_LOGO_BODY
from functions.api.jobs import derived_id
from functions.api.request import LARGEST_BODY
from functions.api.routes import ROUTES
from functions.protocol.edge_secret import HEADER
from statemachine.values.ids import digest_of
from statemachine.values.values import iso
from tests.api.api_fixture import EDGE_SECRET, ApiBackend, ApiReply, an_event
from tests.api.test_roles import BODIES, path_of
from tests.support.builders import NOON, TOKEN, a_job

JOB = "261121-7k3m2q"
LARGEST = {"PUT /api/business/logo": LARGEST_LOGO_BODY}
WITH_BODY = [route.name for route in ROUTES if route.body]
UNSAFE = [route.name for route in ROUTES if route.method != "GET"]

NOT_DOCUMENTS: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "malformed"),
    "blank": (b"  ", 400, "malformed"),
    "half": (b'{"account": "da', 400, "malformed"),
    "text": (b"account=dana&password=x", 400, "malformed"),
    "html": (b"<form>", 400, "malformed"),
    "not utf-8": (b'{"account": "\xff\xfe"}', 400, "malformed"),
    "lone surrogate": (b'{"account": "\\ud800"}', 400, "malformed"),
    "utf-16": ('{"account": "dana"}'.encode("utf-16"), 400, "malformed"),
    "nul": (b"\x00", 400, "malformed"),
    "deep": (b"[" * 30_000, 400, "malformed"),
    "not a number": (b"NaN", 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "list": (b"[]", 422, "invalid"),
    "list of objects": (json.dumps([{"token": TOKEN}]).encode(), 422, "invalid"),
    "string": (b'"dana"', 422, "invalid"),
    "number": (b"1e999", 422, "invalid"),
    "long number": (b"9" * 5_000, 400, "malformed"),
    "empty object": (b"{}", 422, "invalid"),
    "unknown key": (b'{"isAdmin": true}', 422, "invalid"),
    "prototype": (b'{"__proto__": {"role": "dispatcher"}}', 422, "invalid"),
}


def send(api: ApiBackend, route: str, body: Any, **headers: str) -> ApiReply:
    method, _, _ = route.partition(" ")
    sent = {"idempotency-key": "a-key-of-mine", "if-match": '"2"'} | headers
    by = "olive"  # the owner may ask everything
    return api.send(method, path_of(route), body, by=by, headers=sent)


def assert_problem(got: ApiReply, status: int, slug: str) -> None:
    assert (got.status, got.slug) == (status, slug), got
    assert got.json["status"] == status
    assert got.json["request_id"] == got.headers["x-request-id"]
    assert got.headers["cache-control"] == "no-store"


@pytest.fixture
def api_with_job(api: ApiBackend) -> ApiBackend:
    api.store(a_job("ready_for_pickup"))
    return api


def is_not_a_document(kind: str, route: str) -> bool:
    """Whether `kind` is never a valid body of `route`."""
    return kind != "empty object" or "/dead-letters/" not in route


@pytest.mark.parametrize(
    ("kind", "route"),
    [
        (kind, route)
        for kind in NOT_DOCUMENTS
        for route in WITH_BODY
        if is_not_a_document(kind, route)
    ],
)
def test_a_body_that_is_not_a_document_changes_nothing(
    api_with_job: ApiBackend, route: str, kind: str
) -> None:
    body, status, slug = NOT_DOCUMENTS[kind]
    before = api_with_job.state()
    assert_problem(send(api_with_job, route, body), status, slug)
    assert api_with_job.state() == before


WRONG_TYPES: tuple[Any, ...] = (
    None,
    True,
    7,
    7.5,
    "seven",
    [],
    ["x"],
    {},
    {"x": 1},
    "x" * 5_000,
    "\r\n",
    -1,
)


@pytest.mark.parametrize("route", WITH_BODY)
def test_wrong_types_and_missing_fields_never_cause_a_5xx(
    api_with_job: ApiBackend, route: str
) -> None:
    """Each field of a valid body is left out, and replaced by a value of every wrong type."""
    proper = BODIES[route] | {"event_id": "e-1", "occurred_at": "2026-11-21T12:00:00Z"}
    names = {**BODIES[route], **(proper if "moves" in route else {})}
    for name in names:
        without = {key: value for key, value in names.items() if key != name}
        bodies = [without, *({**names, name: wrong} for wrong in WRONG_TYPES)]
        for body in bodies:
            got = send(api_with_job, route, body)
            assert got.status < 500, (body, got)
            assert got.slug or got.status < 300, (body, got)


@pytest.mark.parametrize("route", WITH_BODY)
def test_a_body_that_is_too_large_is_not_read(api_with_job: ApiBackend, route: str) -> None:
    before, largest = api_with_job.state(), LARGEST.get(route, LARGEST_BODY)
    text = b'{"note": "' + b"x" * largest + b'"}'
    assert_problem(send(api_with_job, route, text), 413, "too-large")
    assert_problem(send(api_with_job, route, b"[" * (largest + 1)), 413, "too-large")
    assert api_with_job.state() == before


@pytest.mark.parametrize("route", WITH_BODY)
@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/plain; a=application/json",
    ],
)
def test_only_json_is_accepted(api_with_job: ApiBackend, route: str, kind: str) -> None:
    """An HTML form on another site cannot send JSON."""
    before = api_with_job.state()
    assert_problem(
        send(api_with_job, route, BODIES[route], **{"content-type": kind}), 415, "not-json"
    )
    assert api_with_job.state() == before


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_every_spelling_of_the_json_content_type_is_accepted(
    api_with_job: ApiBackend, kind: str
) -> None:
    got = send(api_with_job, "PATCH /api/jobs/<job_id>", {"note": "x"}, **{"content-type": kind})
    assert got.status == 200


@pytest.mark.parametrize("route", UNSAFE)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
def test_posts_from_other_sites_are_refused(
    api_with_job: ApiBackend, route: str, site: str
) -> None:
    before = api_with_job.state()
    got = send(api_with_job, route, BODIES.get(route), **{"sec-fetch-site": site})
    assert_problem(got, 403, "cross-site")
    assert api_with_job.state() == before
    assert got.cookies == []


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_posts_from_our_own_pages_are_accepted(api_with_job: ApiBackend, site: str) -> None:
    got = send(api_with_job, "PATCH /api/jobs/<job_id>", {"note": "x"}, **{"sec-fetch-site": site})
    assert got.status == 200


@pytest.mark.parametrize("sent", ["not base64!", "====", "\ud800"])
def test_a_body_that_cannot_be_decoded_is_refused(api_with_job: ApiBackend, sent: str) -> None:
    headers = {"content-type": "application/json"}
    event = an_event("POST", "/api/session", b"", headers) | {"body": sent}
    assert_problem(api_with_job.resolve(event), 400, "malformed")


def test_a_body_sent_as_text_is_accepted(api_with_job: ApiBackend) -> None:
    text = json.dumps({"account": "dana", "password": "correct horse battery"})
    headers = {"content-type": "application/json"}
    event = an_event("POST", "/api/session", text.encode(), headers)
    assert api_with_job.resolve(event | {"body": text, "isBase64Encoded": False}).status == 200


@pytest.mark.parametrize(
    "injected",
    [
        "a\r\nSet-Cookie: x=y",
        "a\nb",
        "short",
        "x" * 65,
        "with blank",
        "umläut-umläut",
        "",
        "\x00" * 9,
    ],
)
def test_a_malformed_request_id_is_not_echoed(api_with_job: ApiBackend, injected: str) -> None:
    got = api_with_job.send("GET", "/api/flows", by="dana", headers={"x-request-id": injected})
    assert got.headers["x-request-id"] == "3f1c5a52-6b0e-4a55-8a3c-1d2f6a0c9f10"


def test_a_request_id_is_returned_and_logged(api_with_job: ApiBackend) -> None:
    got = api_with_job.send("GET", "/api/nothing", headers={"x-request-id": "page-0123-abcd"})
    assert got.headers["x-request-id"] == got.json["request_id"] == "page-0123-abcd"
    assert api_with_job.log.lines[-1][1]["request_id"] == "page-0123-abcd"


@pytest.mark.parametrize(
    "text", ["Set-Cookie: x=y", "<script>alert(1)</script>", "'; DROP TABLE jobs; --"]
)
def test_hostile_text_appears_only_in_the_document(api_with_job: ApiBackend, text: str) -> None:
    """What a customer writes appears only in the document, never in a header or the log."""
    body = BODIES["POST /api/bookings"] | {"name": text, "what": text}
    got = send(api_with_job, "POST /api/bookings", body)
    job = api_with_job.job(got.json["job_id"])
    assert job.customer.name == text
    assert job.notes[0].text == text
    result = str((list(got.headers.items()), got.cookies, api_with_job.log.lines))
    assert text not in result
    assert "x=y" not in result


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-11-21T12:00:00",
        "1e400",
    ],
)
def test_extreme_times_are_refused(api_with_job: ApiBackend, value: str) -> None:
    got = send(
        api_with_job, "POST /api/jobs/<job_id>/moves", {"move": "start", "occurred_at": value}
    )
    assert_problem(got, 422, "invalid")


@pytest.mark.parametrize("query", [{"status": "A B"}, {"status": "../x"}, {"q": "x" * 101}])
def test_an_invalid_query_is_refused(api_with_job: ApiBackend, query: dict[str, str]) -> None:
    assert_problem(api_with_job.send("GET", "/api/jobs", by="dana", query=query), 422, "invalid")


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api", 404, "not-found"),
        ("GET", "/api/", 404, "not-found"),
        ("GET", "/", 404, "not-found"),
        ("GET", "/api/jobs/", 404, "not-found"),
        ("GET", "/api/jobs/../session", 404, "not-found"),
        ("GET", f"/api/track/{digest_of(TOKEN)}/reopen", 404, "not-found"),
        ("GET", "/api/docs", 404, "not-found"),
        ("GET", "/api/openapi.json", 404, "not-found"),
        ("PUT", "/api/jobs", 405, "method-not-allowed"),
        ("DELETE", f"/api/jobs/{JOB}", 405, "method-not-allowed"),
        ("OPTIONS", "/api/jobs", 405, "method-not-allowed"),
        ("TRACE", "/api/session", 405, "method-not-allowed"),
        ("HEAD", "/api/flows", 405, "method-not-allowed"),
        ("BREW", "/api/session", 405, "method-not-allowed"),
    ],
)
def test_an_unknown_path_or_method_is_a_problem(
    api_with_job: ApiBackend, method: str, path: str, status: int, slug: str
) -> None:
    got = api_with_job.send(method, path, by="dana")
    assert_problem(got, status, slug)
    if status == 405:
        assert got.headers["allow"]


def test_an_event_without_optional_fields_gets_a_response(api_with_job: ApiBackend) -> None:
    event = an_event("GET", "/api/session")
    event["headers"] = {HEADER: EDGE_SECRET}
    del event["body"], event["isBase64Encoded"]
    assert_problem(api_with_job.resolve(event), 401, "signed-out")


def test_a_request_past_the_edge_is_refused_before_anything_else(api_with_job: ApiBackend) -> None:
    for headers in ({}, {HEADER: "guessed"}, {HEADER: f"{EDGE_SECRET}x"}):
        for path in ("/api/session", "/api/nowhere"):
            event = an_event("GET", path) | {"headers": headers}
            assert_problem(api_with_job.resolve(event), 403, "past-the-edge")


def test_an_internal_error_reveals_nothing(api_with_job: ApiBackend) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"token {TOKEN} of Ada Wong")

    api_with_job.jobs.read = broken  # type: ignore[method-assign, assignment]  # breaks it
    got = api_with_job.send("GET", f"/api/jobs/{JOB}", by="dana")
    assert_problem(got, 500, "internal")
    (line,) = api_with_job.log.lines
    assert TOKEN not in got.text + str(line)
    assert line[1]["error"] == "RuntimeError"
    assert line[1]["where"].partition(":")[0] == "test_bad_input.py"


def test_the_docs_are_served_if_enabled() -> None:
    laptop = ApiBackend(shows_docs=True)
    paths = ("", "/start.js", "/swagger.js", "/swagger.css")
    got = [laptop.send("GET", f"/api/docs{path}") for path in paths]
    assert [answer.status for answer in got] == [200] * 4
    assert "<script>" not in got[0].text
    assert laptop.send("GET", "/api/openapi.json").json["openapi"] == "3.1.0"


def test_events_encode_bytes_as_aws_does() -> None:
    """Checks that the events of these tests are like real ones."""
    assert an_event("POST", "/", b"\xff")["body"] == base64.b64encode(b"\xff").decode()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/jobs/261121-7k3m2q", {"note": "Ring"}),
        ("POST", "/api/jobs/261121-7k3m2q/moves", {"move": "complete"}),
        (
            "POST",
            "/api/jobs/261121-7k3m2q/photos",
            {"kind": "before", "media_type": "image/jpeg", "bytes": 9, "occurred_at": iso(NOON)},
        ),
    ],
)
def test_clients_cannot_use_event_ids_that_the_server_derives(
    api: ApiBackend, method: str, path: str, body: dict[str, Any]
) -> None:
    """Someone who used it first would keep the customer from confirming by the link."""
    api.store(a_job("in_progress"))
    derived = derived_id("choice", "261121-7k3m2q", "confirm", "0", "")
    got = api.send(method, path, {**body, "event_id": derived}, by="mike")
    assert got.status == 422
    assert got.json["type"] == "/problems/invalid"
    assert "event_id: ids that begin with 'haulway.'" in got.json["detail"]
    assert not api.job("261121-7k3m2q").knows(derived)
