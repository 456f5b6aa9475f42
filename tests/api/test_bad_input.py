"""Bad input: a problem document, and nothing has changed."""

import base64
import json
from typing import Any

import pytest

from functions.api.jobs import derived_id
from functions.api.request import LARGEST_BODY
from functions.api.routes import ROUTES
from statemachine.ids import digest_of
from statemachine.values import iso
from tests.api.api_fixture import Got, Office, an_event
from tests.api.test_roles import BODIES, path_of
from tests.support.builders import NOON, TOKEN, a_job

JOB = "261121-7k3m2q"
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


def ask(office: Office, route: str, body: Any, **headers: str) -> Got:
    method, _, _ = route.partition(" ")
    sent = {"idempotency-key": "a-key-of-mine", "if-match": '"2"'} | headers
    by = "olive"  # the owner may ask everything
    return office.ask(method, path_of(route), body, by=by, headers=sent)


def assert_problem(got: Got, status: int, slug: str) -> None:
    assert (got.status, got.slug) == (status, slug), got
    assert got.json["status"] == status
    assert got.json["request_id"] == got.headers["x-request-id"]
    assert got.headers["cache-control"] == "no-store"


@pytest.fixture
def busy(office: Office) -> Office:
    office.keep(a_job("ready_for_pickup"))
    return office


def is_no_document(kind: str, route: str) -> bool:
    """An empty object names no letters, which means all of them."""
    return kind != "empty object" or "/dead-letters/" not in route


@pytest.mark.parametrize(
    ("kind", "route"),
    [(kind, route) for kind in NOT_DOCUMENTS for route in WITH_BODY if is_no_document(kind, route)],
)
def test_what_is_no_document_changes_nothing(busy: Office, route: str, kind: str) -> None:
    body, status, slug = NOT_DOCUMENTS[kind]
    before = busy.state()
    assert_problem(ask(busy, route, body), status, slug)
    assert busy.state() == before


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
def test_wrong_types_and_missing_fields_are_never_an_error_of_ours(
    busy: Office, route: str
) -> None:
    """Each value of a proper body is left out, and replaced by each kind of wrong one."""
    proper = BODIES[route] | {"event_id": "e-1", "occurred_at": "2026-11-21T12:00:00Z"}
    names = {**BODIES[route], **(proper if "moves" in route else {})}
    for name in names:
        without = {key: value for key, value in names.items() if key != name}
        bodies = [without, *({**names, name: wrong} for wrong in WRONG_TYPES)]
        for body in bodies:
            got = ask(busy, route, body)
            assert got.status < 500, (body, got)
            assert got.slug or got.status < 300, (body, got)


@pytest.mark.parametrize("route", WITH_BODY)
def test_a_body_of_a_megabyte_is_not_read(busy: Office, route: str) -> None:
    before = busy.state()
    assert_problem(ask(busy, route, b'{"note": "' + b"x" * 1_000_000 + b'"}'), 413, "too-large")
    assert_problem(ask(busy, route, b"[" * (LARGEST_BODY + 1)), 413, "too-large")
    assert busy.state() == before


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
def test_only_json_is_taken(busy: Office, route: str, kind: str) -> None:
    """What an HTML form of another site can send is no JSON."""
    before = busy.state()
    assert_problem(ask(busy, route, BODIES[route], **{"content-type": kind}), 415, "not-json")
    assert busy.state() == before


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_taken_under_each_of_its_names(busy: Office, kind: str) -> None:
    got = ask(busy, "PATCH /api/jobs/<job_id>", {"note": "x"}, **{"content-type": kind})
    assert got.status == 200


@pytest.mark.parametrize("route", UNSAFE)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
def test_posts_from_other_sites_are_refused(busy: Office, route: str, site: str) -> None:
    before = busy.state()
    got = ask(busy, route, BODIES.get(route), **{"sec-fetch-site": site})
    assert_problem(got, 403, "cross-site")
    assert (busy.state(), got.cookies) == (before, [])


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_posts_from_our_own_pages_are_not(busy: Office, site: str) -> None:
    got = ask(busy, "PATCH /api/jobs/<job_id>", {"note": "x"}, **{"sec-fetch-site": site})
    assert got.status == 200


def test_a_body_that_was_damaged_on_its_way_is_refused(busy: Office) -> None:
    """The laptop engine repairs invalid UTF-8 in JSON; the digest the page sent gives it away."""
    before = busy.state()
    headers = {"x-amz-content-sha256": "0" * 64}
    assert_problem(
        ask(busy, "PATCH /api/jobs/<job_id>", {"note": "x"}, **headers), 400, "malformed"
    )
    assert busy.state() == before


@pytest.mark.parametrize("sent", ["not base64!", "====", "\ud800"])
def test_a_body_that_cannot_be_decoded_is_refused(busy: Office, sent: str) -> None:
    headers = {"content-type": "application/json"}
    event = an_event("POST", "/api/session", b"", headers) | {"body": sent}
    assert_problem(busy.resolve(event), 400, "malformed")


def test_a_body_that_came_as_text_is_taken(busy: Office) -> None:
    text = json.dumps({"account": "dana", "password": "correct horse battery"})
    headers = {"content-type": "application/json"}
    event = an_event("POST", "/api/session", text.encode(), headers)
    assert busy.resolve(event | {"body": text, "isBase64Encoded": False}).status == 200


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
def test_a_request_id_that_is_none_is_not_echoed(busy: Office, injected: str) -> None:
    got = busy.ask("GET", "/api/flows", by="dana", headers={"x-request-id": injected})
    assert got.headers["x-request-id"] == "3f1c5a52-6b0e-4a55-8a3c-1d2f6a0c9f10"


def test_a_request_id_is_kept_from_end_to_end(busy: Office) -> None:
    got = busy.ask("GET", "/api/nothing", headers={"x-request-id": "page-0123-abcd"})
    assert got.headers["x-request-id"] == got.json["request_id"] == "page-0123-abcd"
    assert busy.log.lines[-1][1]["request_id"] == "page-0123-abcd"


@pytest.mark.parametrize(
    "text", ["Set-Cookie: x=y", "<script>alert(1)</script>", "'; DROP TABLE jobs; --"]
)
def test_text_stays_text(busy: Office, text: str) -> None:
    """Whatever a customer writes stands in the document alone, never in a header or the log."""
    body = BODIES["POST /api/bookings"] | {"name": text, "what": text}
    got = ask(busy, "POST /api/bookings", body)
    job = busy.job(got.json["job_id"])
    assert (job.customer.name, job.notes[0].text) == (text, text)
    told = str((list(got.headers.items()), got.cookies, busy.log.lines))
    assert text not in told
    assert "x=y" not in told


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-11-21T12:00:00",
        "1e400",
    ],
)
def test_times_at_the_ends_of_time_are_refused(busy: Office, value: str) -> None:
    got = ask(busy, "POST /api/jobs/<job_id>/moves", {"move": "start", "occurred_at": value})
    assert_problem(got, 422, "invalid")


@pytest.mark.parametrize("query", [{"status": "A B"}, {"status": "../x"}, {"q": "x" * 101}])
def test_a_query_that_breaks_its_schema_is_refused(busy: Office, query: dict[str, str]) -> None:
    assert_problem(busy.ask("GET", "/api/jobs", by="dana", query=query), 422, "invalid")


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
def test_where_nothing_is_there_is_a_problem(
    busy: Office, method: str, path: str, status: int, slug: str
) -> None:
    got = busy.ask(method, path, by="dana")
    assert_problem(got, status, slug)
    if status == 405:
        assert got.headers["allow"]


def test_an_event_without_its_optional_parts_is_answered(busy: Office) -> None:
    event = an_event("GET", "/api/session")
    del event["headers"], event["body"], event["isBase64Encoded"]
    assert_problem(busy.resolve(event), 401, "signed-out")


def test_what_breaks_on_our_side_says_nothing_about_itself(busy: Office) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"token {TOKEN} of Ada Wong")

    busy.jobs.read = broken  # type: ignore[method-assign, assignment]  # breaks it
    got = busy.ask("GET", f"/api/jobs/{JOB}", by="dana")
    assert_problem(got, 500, "internal")
    (line,) = busy.log.lines
    assert TOKEN not in got.text + str(line)
    assert (line[1]["error"], line[1]["where"].partition(":")[0]) == (
        "RuntimeError",
        "test_bad_input.py",
    )


def test_the_docs_are_shown_where_they_are_switched_on() -> None:
    laptop = Office(shows_docs=True)
    paths = ("", "/start.js", "/swagger.js", "/swagger.css")
    got = [laptop.ask("GET", f"/api/docs{path}") for path in paths]
    assert [answer.status for answer in got] == [200] * 4
    assert "<script>" not in got[0].text
    assert laptop.ask("GET", "/api/openapi.json").json["openapi"] == "3.1.0"


def test_base64_is_what_aws_sends_for_bytes() -> None:
    """So that the events of these tests are like the real ones."""
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
def test_an_event_id_that_the_server_derives_is_not_taken_from_outside(
    office: Office, method: str, path: str, body: dict[str, Any]
) -> None:
    """Whoever bears it first would keep the customer from ever confirming by the link."""
    office.keep(a_job("in_progress"))
    derived = derived_id("choice", "261121-7k3m2q", "confirm", "0", "")
    got = office.ask(method, path, {**body, "event_id": derived}, by="mike")
    assert (got.status, got.json["type"]) == (422, "/problems/invalid")
    assert "event_id: ids that begin with 'haulway.'" in got.json["detail"]
    assert not office.job("261121-7k3m2q").knows(derived)
