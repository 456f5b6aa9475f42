"""Canaries: secrets are marked, every route is called, and no mark may appear anywhere.

Responses, log lines, and facts are searched for passwords, keys, task tokens, tracking tokens, and
other customers' details.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.api.routes import ROUTES
from statemachine.job.job import Customer, Epoch, Job, Place, TaskWait
from statemachine.job.records import Note
from statemachine.values.ids import digest_of
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.api.test_roles import BODIES, PEOPLE, path_of
from tests.support.builders import DISPATCHER, NOON, TOKEN, a_job
from tests.support.roster_fakes import a_member

OWN = {
    "name": "Canary-Name-1",
    "phone": "+15550000001",
    "address": "Canary-Street-1",
    "gate": "Canary-Gate-1",
    "note": "Canary-Note-1",
    "token": TOKEN,
}
OTHERS = {
    "name": "Canary-Name-2",
    "phone": "+15550000002",
    "address": "Canary-Street-2",
    "gate": "Canary-Gate-2",
    "note": "Canary-Note-2",
    "token": "canary-token-222222222",
}
GUS = ("+15550000003", "canary-mail@example.com")
"""A driver's phone and email."""
TASK_TOKEN = "canary-task-token"
WRONG = "canary wrong password"
OTHER_JOB = "261121-000002"


def a_marked_job(job_id: str, of: dict[str, str], **values: Any) -> Job:
    wait = TaskWait(seq=1, epoch=Epoch(generation=0, entered_at=NOON, retry=0), token=TASK_TOKEN)
    note = Note(event_id="n-1", text=of["note"], recorded_at=NOON, actor=DISPATCHER)
    return a_job(
        "ready_for_pickup",
        job_id=job_id,
        customer=Customer(name=of["name"], phone=of["phone"]),
        place=Place(address=of["address"], gate_code=of["gate"]),
        notes=(note,),
        token=of["token"],
        wait=wait,
        **values,
    )


@pytest.fixture
def marked_backend(api: ApiBackend) -> ApiBackend:
    api.store(a_marked_job("261121-7k3m2q", OWN))
    api.store(a_marked_job(OTHER_JOB, OTHERS, crew=()))
    api.accounts.add(a_member("gus", phone=GUS[0], email=GUS[1]))
    return api


def all_responses(api: ApiBackend) -> Iterator[tuple[str, str, ApiReply]]:
    """Every route, called by everyone with a valid and then an invalid request: route, account,
    response."""
    for route in ROUTES:
        for who in PEOPLE:
            by = None if who == "no one" else who
            headers = {"idempotency-key": f"canary-key-{PEOPLE.index(who)}"}
            proper = BODIES.get(route.name)
            path = path_of(route.name)
            yield route.name, who, api.send(route.method, path, proper, by=by, headers=headers)
            yield route.name, who, api.send(route.method, path, b"{", by=by, headers=headers)
            echo = {"password": WRONG, "account": WRONG, "x": OTHERS["token"], "token": WRONG}
            yield route.name, who, api.send(route.method, path, echo, by=by, headers=headers)
    body = {"account": "dana", "password": WRONG}
    yield "POST /api/session", "no one", api.send("POST", "/api/session", body)


def outside(api: ApiBackend) -> str:
    """All log lines and announced facts."""
    facts = [fact.model_dump_json() for fact in api.bus.facts]
    return json.dumps(api.log.lines) + "".join(facts)


def test_no_response_contains_a_password_key_or_task_token(marked_backend: ApiBackend) -> None:
    hashes = [a.password_hash for a in marked_backend.accounts.known.values() if a.password_hash]
    assert hashes
    secrets = [TASK_TOKEN, WRONG, "correct horse", marked_backend.keys.keys.current.key, *hashes]
    for route, who, got in all_responses(marked_backend):
        result = got.text + json.dumps(got.headers)
        assert [secret for secret in secrets if secret in result] == [], (route, who)


def test_no_response_mixes_the_details_of_two_customers(marked_backend: ApiBackend) -> None:
    for route, who, got in all_responses(marked_backend):
        board = route == "GET /api/jobs" and who in ("dana", "sue", "otto", "olive")
        shown = {"name", "address"} if board else set()
        sung = {kind for kind, canary in OTHERS.items() if canary in got.text}
        assert sung <= shown, (route, who)


def test_public_routes_reveal_nothing_private(marked_backend: ApiBackend) -> None:
    for route, who, got in all_responses(marked_backend):
        if route.startswith(("GET /api/track", "POST /api/track")):
            assert [kind for kind, canary in OWN.items() if canary in got.text] == [], (route, who)


def test_only_dispatchers_see_a_tracking_token(marked_backend: ApiBackend) -> None:
    for route, who, got in all_responses(marked_backend):
        if TOKEN in got.text:
            assert who in ("dana", "olive"), route
            assert "/api/jobs/<job_id>" in route


def test_only_planners_see_the_crews_phones_and_emails(
    marked_backend: ApiBackend,
) -> None:
    result = {
        (route, who)
        for route, who, got in all_responses(marked_backend)
        if any(canary in got.text for canary in GUS)
    }
    planners = {("GET /api/crew", who) for who in ("dana", "sue", "otto", "olive")}
    assert result == planners | {("GET /api/people", "olive")}


def test_no_marked_value_is_logged_or_announced(marked_backend: ApiBackend) -> None:
    answers = list(all_responses(marked_backend))
    links = [got.json["tracking_token"] for *_, got in answers if "tracking_token" in got.text]
    cookies = [cookie.split(";")[0].split("=")[1] for *_, got in answers for cookie in got.cookies]
    people = [account.name for account in marked_backend.accounts.known.values()]
    secrets = [
        *OWN.values(), *OTHERS.values(), *GUS, *links, *filter(None, cookies), *people,
        TASK_TOKEN, WRONG, "correct horse", "Ada Wong", "12 Harbor", "5555550123", "203.0.113.7",
        digest_of(TOKEN),
    ]  # fmt: skip
    assert len(links) >= 7
    assert [secret for secret in secrets if secret in outside(marked_backend)] == []
    assert len(marked_backend.log.lines) == len(answers)


def test_a_token_in_the_wrong_place_is_not_logged(marked_backend: ApiBackend) -> None:
    """People paste links into every field."""
    for path in (f"/api/track/{TOKEN}", f"/api/jobs/{TOKEN}", f"/api/{TOKEN}"):
        marked_backend.send("GET", path, by="dana")
    marked_backend.send("GET", "/api/jobs", by="dana", query={"q": TOKEN, "status": TOKEN})
    assert TOKEN not in outside(marked_backend)
