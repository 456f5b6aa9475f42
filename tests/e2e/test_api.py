"""The API on the real engine, asked through the edge as pages and programs ask it."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from functions.api.request import COOKIE
from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Jobs
from functions.people.accounts import Passwords, Role, new_account
from local.laptop import Laptop
from statemachine.values.ids import digest_of
from tests.api.contract import a_session, check, every_operation, the_schema
from tests.e2e.support.jobs import executions, jobs_of, until

pytestmark = pytest.mark.engine

PASSWORD = "canary horse battery"
LOG = "/haulway/local"
"""Of all functions; so the canaries are looked for in what each of them says."""
PEOPLE: dict[str, tuple[Role, ...]] = {
    "dana": ("dispatcher",),
    "omar": ("dispatcher",),
    "mike": ("driver",),
    "otto": ("ops",),
    "lena": ("dispatcher",),
}
ORDER = {
    "customer_name": "Canary Halvorsen",
    "phone": "+15555550199",
    "agreed_to_texts": True,
    "location": "Canary Ave 14",
    "price": 600,
}


@dataclass
class Client:
    """Someone's browser: it keeps the cookie."""

    url: str
    http: httpx.Client
    cookie: str | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if body is None:
            content = b""
        else:
            sent = {"content-type": "application/json"} | sent
        if self.cookie:
            sent["cookie"] = f"{COOKIE}={self.cookie}"
        return self.http.request(method, f"{self.url}{path}", content=content, headers=sent)

    def sign_in(self, account: str, password: str = PASSWORD) -> httpx.Response:
        answer = self.ask("POST", "/api/session", {"account": account, "password": password})
        set_cookie = answer.headers.get("set-cookie", "")
        if set_cookie.startswith(f"{COOKIE}="):
            self.cookie = set_cookie.partition("=")[2].partition(";")[0]
        return answer

    def book(self) -> dict[str, str]:
        answer = self.ask("POST", "/api/jobs", ORDER, idempotency_key=uuid.uuid4().hex)
        assert answer.status_code == 201, answer.text
        found: dict[str, str] = answer.json()
        return found


Meet = Callable[..., Client]


@pytest.fixture(scope="module")
def someone(stack: Laptop) -> Iterator[Meet]:
    """A client, with or without a cookie."""
    with httpx.Client(timeout=60) as http:
        yield lambda cookie=None: Client(stack.edge_url, http, cookie)


@pytest.fixture(scope="module")
def people(stack: Laptop) -> None:
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    for account, roles in PEOPLE.items():
        accounts.add(
            new_account(
                "main", account, "Canary Person", roles, PASSWORD, datetime.now(UTC), Passwords()
            )
        )


@pytest.fixture(scope="module")
def dana(someone: Meet, people: None) -> Client:
    client = someone()
    assert client.sign_in("dana").status_code == 200
    return client


@pytest.fixture(scope="module")
def omar(someone: Meet, people: None) -> Client:
    client = someone()
    assert client.sign_in("omar").status_code == 200
    return client


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).removeprefix("/problems/")


def test_a_job_goes_from_booking_to_completed_through_the_api(stack: Laptop, dana: Client) -> None:
    job_id = dana.book()["job_id"]
    for rev, move in enumerate(("confirm", "start", "complete"), start=1):
        answer = dana.ask("POST", f"/api/jobs/{job_id}/moves", {"move": move})
        assert answer.status_code == 200
        assert answer.json()["seq"] == rev
    job = jobs_of(stack).read("main", job_id).value
    until(lambda: executions(stack, job), lambda states: states == ["SUCCEEDED"])
    shown = dana.ask("GET", f"/api/jobs/{job_id}").json()
    assert [entry["move"] for entry in shown["history"]] == ["confirm", "start", "complete"]
    assert {entry["actor"]["id"] for entry in shown["history"]} == {"dana"}


def test_the_board_shows_a_move_and_is_304_while_nothing_happens(dana: Client) -> None:
    job_id = dana.book()["job_id"]
    dana.ask("POST", f"/api/jobs/{job_id}/moves", {"move": "confirm"})

    def look() -> httpx.Response:
        return dana.ask("GET", "/api/jobs", accept_encoding="gzip")

    def status(answer: httpx.Response) -> Any:
        return answer.json()["jobs"].get(job_id, {}).get("status")

    until(look, lambda answer: bool(status(answer) == "ready_for_pickup"))
    for _ in range(10):
        etag = look().headers["etag"]
        time.sleep(0.2)
        if dana.ask("GET", "/api/jobs", if_none_match=etag).status_code == 304:
            return
    pytest.fail("no 304 in 10 looks at a board that no one changes")


def test_a_customer_books_follows_and_cancels(stack: Laptop, someone: Meet) -> None:
    customer = someone()
    request_body = {
        "name": "Canary Wong",
        "phone": "(555) 555-0123",
        "address": "12 Harbor",
        "what": "Sofa",
    }
    key = uuid.uuid4().hex
    booked = customer.ask("POST", "/api/bookings", request_body, idempotency_key=key)
    again = customer.ask("POST", "/api/bookings", request_body, idempotency_key=key)
    assert booked.status_code == 201
    assert again.status_code == 200
    assert booked.json() == again.json()
    token = booked.json()["tracking_token"]
    digest = digest_of(token)
    assert customer.ask("GET", f"/api/track/{digest}").json()["status"] == "pending_pickup"
    refused = customer.ask("POST", f"/api/track/{digest}/cancel", {"token": "x" * 22})
    assert refused.status_code == 404
    assert slug(refused) == "unknown-job"
    body = {"token": token, "reason": "Sold it"}
    assert customer.ask("POST", f"/api/track/{digest}/cancel", body).json()["status"] == "cancelled"

    def at_edge() -> Any:
        return customer.http.get(f"{stack.edge_url}/t/{digest}.json").json().get("status")

    until(at_edge, lambda status: bool(status == "cancelled"))


def test_two_dispatchers_in_the_same_second(dana: Client, omar: Client) -> None:
    """One wins; the other gets 409, naming the winner."""
    for _ in range(5):
        job_id, meet = dana.book()["job_id"], threading.Barrier(2)

        def move(client: Client, body: dict[str, Any]) -> httpx.Response:
            meet.wait()  # noqa: B023 - used within this very round
            return client.ask("POST", f"/api/jobs/{job_id}/moves", body)  # noqa: B023

        with ThreadPoolExecutor(2) as two:
            asked = [
                two.submit(move, dana, {"move": "confirm", "expected_rev": 1}),
                two.submit(move, omar, {"move": "cancel", "reason": "rain", "expected_rev": 1}),
            ]
            answers = {
                who: call.result() for who, call in zip(("dana", "omar"), asked, strict=True)
            }
        won = [who for who, answer in answers.items() if answer.status_code == 200]
        lost = [answer for answer in answers.values() if answer.status_code == 409]
        assert (len(won), len(lost)) == (1, 1), answers
        assert slug(lost[0]) == "overtaken"
        assert lost[0].json()["moved_by"]["id"] == won[0]


def test_an_edit_that_was_overtaken_is_412(dana: Client, omar: Client) -> None:
    job_id = dana.book()["job_id"]
    path, known = f"/api/jobs/{job_id}", '"1"'
    assert (
        dana.ask("PATCH", path, {"price_cents": 1, "reason": "x"}, if_match=known).status_code
        == 200
    )
    refused = omar.ask("PATCH", path, {"price_cents": 2}, if_match=known)
    assert refused.status_code == 412
    assert slug(refused) == "job-changed"


def test_roles_count_behind_the_edge_too(someone: Meet, dana: Client) -> None:
    job_id = dana.book()["job_id"]
    for account, status in (("otto", 403), ("mike", 404)):
        client = someone()
        client.sign_in(account)
        assert client.ask("POST", "/api/jobs", ORDER).status_code == 403
        moved = client.ask("POST", f"/api/jobs/{job_id}/moves", {"move": "confirm"})
        assert account == account
        assert moved.status_code == status
    assert someone().ask("GET", "/api/jobs").status_code == 401


def test_ten_wrong_passwords_close_the_door_until_there_is_a_new_one(
    stack: Laptop, someone: Meet, people: None
) -> None:
    client = someone()
    for _ in range(10):
        assert slug(client.sign_in("lena", "wrong canary password")) == "wrong-credentials"
    refused = client.sign_in("lena")
    assert slug(refused) == "too-many-requests"
    assert refused.status_code == 429
    assert 890 <= int(refused.headers["retry-after"]) <= 900
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    accounts.set_password("main", "lena", Passwords().hash(PASSWORD), datetime.now(UTC))
    assert client.sign_in("lena").status_code == 200


def test_a_session_that_ended_stays_ended(stack: Laptop, someone: Meet, people: None) -> None:
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    client = someone()
    client.sign_in("lena")
    copied = client.cookie
    client.ask("DELETE", "/api/session")
    client.cookie = copied
    assert client.ask("GET", "/api/session").status_code == 401
    client.sign_in("lena")
    for disabled in (True, False):
        accounts.set_disabled("main", "lena", disabled)
        assert client.ask("GET", "/api/session").status_code == 401


def test_keys_are_rotated_without_signing_anybody_out(
    stack: Laptop, someone: Meet, dana: Client
) -> None:
    """Nor is anyone refused: the edge sends its new secret at once, and the API knows it."""
    rotated = stack.client("lambda").invoke(FunctionName="haulway-local-rotate-keys", Payload=b"{}")
    given = json.loads(rotated["Payload"].read())
    assert given.get("edge_secret") is True, given
    assert dana.ask("GET", "/api/session").status_code == 200
    late = someone()
    assert late.sign_in("dana").status_code == 200
    assert late.ask("GET", "/api/session").status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        (b'{"note": "' + b"x" * 1_000_000 + b'"}', {}, 413, "too-large"),
        (b'{"note": ', {}, 400, "malformed"),
        (b'{"note": 7}', {}, 422, "invalid"),
        (b'{"note": "x"}', {"sec-fetch-site": "cross-site"}, 403, "cross-site"),
        (b"note=x", {"content-type": "application/x-www-form-urlencoded"}, 415, "not-json"),
    ],
)
def test_bad_input_is_a_problem_and_changes_nothing(
    stack: Laptop, dana: Client, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    job_id = dana.book()["job_id"]
    answer = dana.ask("PATCH", f"/api/jobs/{job_id}", body, **headers)
    assert answer.status_code == status
    assert slug(answer) == kind
    job = jobs_of(stack).read("main", job_id).value
    assert job.rev == 1
    assert job.notes == ()


def test_nonsense_cookies_are_no_one(someone: Meet) -> None:
    for cookie in ("x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "..", "=", "%00"):
        answer = someone(cookie).ask("GET", "/api/session")
        assert answer.status_code == 401
        assert slug(answer) == "signed-out"


def test_a_request_id_goes_from_end_to_end(stack: Laptop, dana: Client) -> None:
    sent = f"page-{uuid.uuid4()}"
    answer = dana.ask("GET", "/api/flows", x_request_id=sent)
    assert answer.headers["x-request-id"] == sent
    until(lambda: api_log(stack), lambda text: sent in text)


def test_the_docs_are_there_on_the_laptop(dana: Client) -> None:
    assert dana.ask("GET", "/api/openapi.json").json()["info"]["title"] == "Haulway"
    page = dana.ask("GET", "/api/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert dana.ask("GET", "/api/docs/swagger.js").status_code == 200


# schemathesis, through the edge; tests/api/test_contract.py is the thorough one

KNOWN = {"job_id": "", "digest": "", "If-Match": '"1"'}
BOUNDED = settings(
    max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
INSIDE = the_schema(KNOWN, signed_in=True, thorough=False)
OUTSIDE = the_schema(KNOWN, signed_in=False, thorough=False)


@pytest.fixture(scope="module")
def jobs(stack: Laptop) -> S3Jobs:
    return jobs_of(stack)


@pytest.fixture(scope="module")
def known(stack: Laptop, dana: Client) -> str:
    booked = dana.book()
    KNOWN["job_id"], KNOWN["digest"] = booked["job_id"], digest_of(booked["tracking_token"])
    return booked["job_id"]


@every_operation(INSIDE)
@BOUNDED
def test_signed_in_through_the_edge(case: Any, stack: Laptop, dana: Client, known: str) -> None:
    with a_session(dana.cookie) as session:
        check(case, stack.edge_url, session)


@every_operation(OUTSIDE)
@BOUNDED
def test_nothing_without_a_session(case: Any, stack: Laptop, jobs: S3Jobs, known: str) -> None:
    before = records(jobs, known)
    with a_session(None) as session:
        response = check(case, stack.edge_url, session)
    assert response.status_code in (401, 403, 404, 405), response.text
    assert records(jobs, known) == before


def records(jobs: S3Jobs, job_id: str) -> tuple[Any, ...]:
    """All that a request could have left behind; executions keep their own books."""
    job = jobs.read("main", job_id).value
    return job.rev, job.ledger, job.refused, job.early, job.edits


def test_the_log_has_no_canary(stack: Laptop, jobs: S3Jobs, dana: Client) -> None:
    """After all of the above: no password, cookie, token, name, number or address."""
    job_id = dana.book()["job_id"]
    dana.ask("POST", f"/api/jobs/{job_id}/moves", {"move": "confirm"})
    text = until(lambda: api_log(stack), lambda text: text.count(job_id) >= 2)
    tokens = [jobs.read("main", job_id).value.token.lower() for job_id in jobs.all_ids("main")]
    sung = [
        c for c in ("canary", "5555550", str(dana.cookie).lower(), *tokens) if c in text.lower()
    ]
    assert sung == []


def api_log(stack: Laptop) -> str:
    """Every line of the API's log, from CloudWatch."""
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=LOG)
    return "\n".join(event["message"] for page in pages for event in page["events"])
