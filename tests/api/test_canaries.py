"""Canaries: what must never be told is marked, every route is asked, and nothing sings.

Answers, log lines and facts are searched for passwords, keys, task tokens, tracking tokens and
other customers' details.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.api.routes import ROUTES
from statemachine.ids import digest_of
from statemachine.job import Customer, Epoch, Job, Note, Place, TaskWait
from tests.api.api_fixture import Got, Office
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
"""How a driver is reached."""
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
def marked_office(office: Office) -> Office:
    office.keep(a_marked_job("261121-7k3m2q", OWN))
    office.keep(a_marked_job(OTHER_JOB, OTHERS, crew=()))
    office.accounts.add(a_member("gus", phone=GUS[0], email=GUS[1]))
    return office


def everything_asked(office: Office) -> Iterator[tuple[str, str, Got]]:
    """Every route asked by everybody, properly and then improperly: route, who, answer."""
    for route in ROUTES:
        for who in PEOPLE:
            by = None if who == "no one" else who
            headers = {"idempotency-key": f"canary-key-{who}"}
            proper = BODIES.get(route.name)
            path = path_of(route.name)
            yield route.name, who, office.ask(route.method, path, proper, by=by, headers=headers)
            yield route.name, who, office.ask(route.method, path, b"{", by=by, headers=headers)
            echo = {"password": WRONG, "account": WRONG, "x": OTHERS["token"], "token": WRONG}
            yield route.name, who, office.ask(route.method, path, echo, by=by, headers=headers)
    body = {"account": "dana", "password": WRONG}
    yield "POST /api/session", "no one", office.ask("POST", "/api/session", body)


def outside(office: Office) -> str:
    """All log lines and facts."""
    facts = [fact.model_dump_json() for fact in office.bus.facts]
    return json.dumps(office.log.lines) + "".join(facts)


def test_no_answer_has_a_password_a_key_or_a_task_token(marked_office: Office) -> None:
    hashes = [a.password_hash for a in marked_office.accounts.known.values() if a.password_hash]
    assert hashes
    secrets = [TASK_TOKEN, WRONG, "correct horse", marked_office.keys.keys.current.key, *hashes]
    for route, who, got in everything_asked(marked_office):
        told = got.text + json.dumps(got.headers)
        assert [secret for secret in secrets if secret in told] == [], (route, who)


def test_no_answer_about_one_customer_has_anothers_details(marked_office: Office) -> None:
    for route, who, got in everything_asked(marked_office):
        board = route == "GET /api/jobs" and who in ("dana", "sue", "otto", "olive")
        shown = {"name", "address"} if board else set()
        sung = {kind for kind, canary in OTHERS.items() if canary in got.text}
        assert sung <= shown, (route, who)


def test_the_public_sees_of_a_job_nothing_that_is_private(marked_office: Office) -> None:
    for route, who, got in everything_asked(marked_office):
        if route.startswith(("GET /api/track", "POST /api/track")):
            assert [kind for kind, canary in OWN.items() if canary in got.text] == [], (route, who)


def test_only_dispatcher_and_owner_are_told_a_token(marked_office: Office) -> None:
    for route, who, got in everything_asked(marked_office):
        if TOKEN in got.text:
            assert (who in ("dana", "olive"), "/api/jobs/<job_id>" in route) == (True, True)


def test_how_crew_are_reached_is_told_to_those_who_plan_and_no_one_else(
    marked_office: Office,
) -> None:
    told = {
        (route, who)
        for route, who, got in everything_asked(marked_office)
        if any(canary in got.text for canary in GUS)
    }
    assert told == {("GET /api/crew", who) for who in ("dana", "sue", "otto", "olive")}


def test_nothing_of_all_this_is_logged_or_announced(marked_office: Office) -> None:
    answers = list(everything_asked(marked_office))
    links = [got.json["tracking_token"] for *_, got in answers if "tracking_token" in got.text]
    cookies = [cookie.split(";")[0].split("=")[1] for *_, got in answers for cookie in got.cookies]
    people = [account.name for account in marked_office.accounts.known.values()]
    secrets = [
        *OWN.values(), *OTHERS.values(), *GUS, *links, *filter(None, cookies), *people,
        TASK_TOKEN, WRONG, "correct horse", "Ada Wong", "12 Harbor", "5555550123", "203.0.113.7",
        digest_of(TOKEN),
    ]  # fmt: skip
    assert len(links) >= 7
    assert [secret for secret in secrets if secret in outside(marked_office)] == []
    assert len(marked_office.log.lines) == len(answers)


def test_a_token_in_the_wrong_place_is_not_logged(marked_office: Office) -> None:
    """People paste links wherever they fit."""
    for path in (f"/api/track/{TOKEN}", f"/api/jobs/{TOKEN}", f"/api/{TOKEN}"):
        marked_office.ask("GET", path, by="dana")
    marked_office.ask("GET", "/api/jobs", by="dana", query={"q": TOKEN, "status": TOKEN})
    assert TOKEN not in outside(marked_office)
