"""Who may ask what: the table of role and route, and what crew may do on jobs that are not theirs.

A cell has the status that a proper request gets. The job is mike's to drive; fay is not on it.
"""

import re
from typing import Any

import pytest

from functions.api.routes import ROUTES
from statemachine.ids import digest_of
from statemachine.proof_of_service import photo_id_of
from tests.api.api_fixture import Office
from tests.support.builders import TOKEN, a_job

PEOPLE = ("no one", "dana", "sue", "mike", "fay", "otto", "olive")
JOB = "261121-7k3m2q"
DIGEST = digest_of(TOKEN)
PHOTO_ID = photo_id_of(a_job(), "photo-1")

TABLE: dict[str, tuple[int, ...]] = {
    #                                      no one dispatcher supervisor driver  first_mate ops owner
    #                                                          (not on) (on it)  (not on)
    "POST /api/session":                       (200, 200, 200, 200, 200, 200, 200),
    "GET /api/session":                        (401, 200, 200, 200, 200, 200, 200),
    "DELETE /api/session":                     (204, 204, 204, 204, 204, 204, 204),
    "GET /api/flows":                          (401, 200, 200, 200, 200, 200, 200),
    "GET /api/jobs":                           (401, 200, 200, 200, 200, 200, 200),
    "POST /api/jobs":                          (401, 201, 403, 403, 403, 403, 201),
    "GET /api/jobs/<job_id>":                  (401, 200, 200, 200, 404, 200, 200),
    "POST /api/jobs/<job_id>/moves":           (401, 200, 403, 200, 404, 403, 200),
    "PATCH /api/jobs/<job_id>":                (401, 200, 403, 200, 404, 403, 200),
    "GET /api/business":                     (401, 200, 403, 403, 403, 403, 200),
    "PATCH /api/business":                   (401, 403, 403, 403, 403, 403, 200),
    "GET /api/business/history":             (401, 403, 403, 403, 403, 403, 200),
    "GET /api/my/jobs":                         (401, 200, 200, 200, 200, 200, 200),
    "GET /api/crew":                            (401, 200, 200, 403, 403, 200, 200),
    "PUT /api/crew/<member>/days/<date>":       (401, 204, 403, 403, 403, 403, 204),
    "DELETE /api/crew/<member>/days/<date>":    (401, 204, 403, 403, 403, 403, 204),
    "POST /api/jobs/<job_id>/photos":          (401, 201, 403, 201, 404, 403, 201),
    "POST /api/jobs/<job_id>/photos/<photo_id>": (401, 409, 403, 409, 404, 403, 409),
    "PUT /api/jobs/<job_id>/location":      (401, 403, 403, 409, 404, 403, 403),
    "DELETE /api/jobs/<job_id>/location":   (401, 403, 403, 204, 404, 403, 403),
    "POST /api/bookings":                      (201, 201, 201, 201, 201, 201, 201),
    "GET /api/businesses/<business>":          (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>":                 (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>/business":         (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>/place":            (404, 404, 404, 404, 404, 404, 404),
    "POST /api/track/<digest>/confirm":        (409, 409, 409, 409, 409, 409, 409),
    "POST /api/track/<digest>/cancel":         (200, 200, 200, 200, 200, 200, 200),
    "GET /api/ops":                            (401, 403, 403, 403, 403, 200, 200),
    "GET /api/ops/jobs":                       (401, 403, 403, 403, 403, 200, 200),
    "GET /api/ops/jobs/<job_id>":              (401, 403, 403, 403, 403, 200, 200),
    "POST /api/ops/jobs/<job_id>/repair":     (401, 403, 403, 403, 403, 200, 200),
    "GET /api/ops/dead-letters/<queue>":       (401, 403, 403, 403, 403, 200, 200),
    "POST /api/ops/dead-letters/<queue>/replay":  (401, 403, 403, 403, 403, 200, 200),
    "POST /api/ops/dead-letters/<queue>/discard": (401, 403, 403, 403, 403, 200, 200),
}  # fmt: skip
"""`confirm` is 409 for everybody: the job was confirmed before. It is not under way, so no one may
tell its crew's place or is told it; and the photo was not uploaded."""

PHOTO = {
    "event_id": "photo-1",
    "occurred_at": "2026-11-21T12:00:00Z",
    "kind": "before",
    "media_type": "image/jpeg",
    "bytes": 1000,
}

BODIES: dict[str, Any] = {
    "POST /api/session": {"account": "dana", "password": "correct horse battery"},
    "POST /api/jobs": {"customer_name": "Ada Wong", "location": "12 Harbor Road"},
    "POST /api/jobs/<job_id>/moves": {"move": "start"},
    "PATCH /api/jobs/<job_id>": {"note": "Ring twice"},
    "PATCH /api/business": {"name": "Quick Dump"},
    "PUT /api/crew/<member>/days/<date>": {"hours": [{"begin": "07:00", "end": "15:30"}]},
    "POST /api/jobs/<job_id>/photos": PHOTO,
    "POST /api/jobs/<job_id>/photos/<photo_id>": PHOTO,
    "PUT /api/jobs/<job_id>/location": {
        "latitude": 37.77493,
        "longitude": -122.41942,
        "occurred_at": "2026-11-21T12:00:00Z",
    },
    "POST /api/bookings": {
        "name": "Ada Wong",
        "phone": "+15555550123",
        "address": "12 Harbor Road",
        "what": "A sofa",
    },
    "POST /api/track/<digest>/confirm": {"token": TOKEN},
    "POST /api/track/<digest>/cancel": {"token": TOKEN, "reason": "Sold it"},
    "POST /api/ops/dead-letters/<queue>/replay": {"message_ids": None},
    "POST /api/ops/dead-letters/<queue>/discard": {"message_ids": None},
}

MATCHES = {"PATCH /api/business": {"if-match": '"1"'}}

CELLS = [
    (route, who, status)
    for route, statuses in TABLE.items()
    for who, status in zip(PEOPLE, statuses, strict=True)
]


PLACES = {
    "job_id": JOB,
    "digest": DIGEST,
    "member": "fay",
    "date": "2026-11-22",
    "photo_id": PHOTO_ID,
    "queue": "advance_job",
    "business": "main",
}


def path_of(route: str) -> str:
    return re.sub(r"<(\w+)>", lambda name: PLACES[name[1]], route.partition(" ")[2])


def test_the_table_has_every_route() -> None:
    assert list(TABLE) == [route.name for route in ROUTES]


@pytest.mark.parametrize(("route", "who", "status"), CELLS)
def test_role_and_route(office: Office, route: str, who: str, status: int) -> None:
    office.keep(a_job("ready_for_pickup"))
    before = office.state()
    got = office.ask(
        route.partition(" ")[0],
        path_of(route),
        BODIES.get(route),
        by=None if who == "no one" else who,
        headers={"idempotency-key": "a-key-of-mine", **MATCHES.get(route, {})},
    )
    assert got.status == status, got
    if status >= 400:
        assert office.state() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"price_cents": 1},
        {"customer": {"name": "Someone"}},
        {"place": {"address": "Elsewhere 1"}},
        {"crew": []},
        {"schedule": {"window_start": "2026-11-22T10:00:00Z"}},
        {"note": "and", "price_cents": 1},
    ],
)
def test_crew_change_nothing_but_notes_and_eta(office: Office, changes: dict[str, Any]) -> None:
    job = office.keep(a_job("in_progress"))
    match = {"if-match": f'"{job.visible_rev}"'}
    got = office.ask("PATCH", f"/api/jobs/{JOB}", changes, by="mike", headers=match)
    assert (got.status, got.slug) == (403, "not-allowed")
    assert office.job(JOB) == job


def test_crew_say_when_they_will_be_there(office: Office) -> None:
    job = office.keep(a_job("ready_for_pickup"))
    match = {"if-match": f'"{job.visible_rev}"'}
    changes = {"schedule": {"eta": "2026-11-21T13:00:00Z"}}
    got = office.ask("PATCH", f"/api/jobs/{JOB}", changes, by="mike", headers=match)
    assert (got.status, got.json["schedule"]) == (200, {"eta": "2026-11-21T13:00:00.000Z"})


def test_a_move_that_is_not_for_crew_is_refused_on_the_record(office: Office) -> None:
    office.keep(a_job("ready_for_pickup"))
    body = {"move": "cancel", "reason": "no time"}
    got = office.ask("POST", f"/api/jobs/{JOB}/moves", body, by="mike")
    assert (got.status, got.slug) == (403, "not-allowed")
    assert [refusal.why for refusal in office.job(JOB).refused] == ["not_allowed"]


def test_crew_see_the_cards_of_their_own_jobs(office: Office) -> None:
    office.keep(a_job("ready_for_pickup"))
    office.keep(a_job(job_id="261121-000001", token="x" * 22, crew=()))
    seen = {who: list(office.ask("GET", "/api/jobs", by=who).json["jobs"]) for who in PEOPLE[1:]}
    both = ["261121-000001", JOB]
    assert seen == {
        "dana": both,
        "sue": both,
        "mike": [JOB],
        "fay": [],
        "otto": both,
        "olive": both,
    }


def test_only_who_works_on_a_job_knows_its_gate_code(office: Office) -> None:
    office.keep(a_job(place={"address": "12 Harbor Road", "gate_code": "4711"}))
    told = {who: "4711" in office.ask("GET", f"/api/jobs/{JOB}", by=who).text for who in PEOPLE[1:]}
    assert told == {
        "dana": True,
        "sue": False,
        "mike": True,
        "fay": False,
        "otto": False,
        "olive": True,
    }


def test_only_the_dispatcher_is_given_the_link(office: Office) -> None:
    office.keep(a_job())
    told = {who: TOKEN in office.ask("GET", f"/api/jobs/{JOB}", by=who).text for who in PEOPLE[1:]}
    assert told == {
        "dana": True,
        "sue": False,
        "mike": False,
        "fay": False,
        "otto": False,
        "olive": True,
    }


def test_the_moves_offered_are_those_that_will_be_taken(office: Office) -> None:
    office.keep(a_job("in_progress"))
    offered = {
        who: [m["name"] for m in office.ask("GET", f"/api/jobs/{JOB}", by=who).json["moves"]]
        for who in ("dana", "mike", "sue", "otto")
    }
    assert offered == {
        "dana": ["complete", "no_access", "call_off"],
        "mike": ["complete", "no_access"],
        "sue": [],
        "otto": [],
    }


def test_one_business_sees_nothing_of_another(office: Office) -> None:
    office.hire("dana", "dispatcher", tenant="other")
    office.keep(a_job("ready_for_pickup"))
    asked = [
        office.ask("GET", f"/api/jobs/{JOB}", by="dana", tenant="other"),
        office.ask("POST", f"/api/jobs/{JOB}/moves", {"move": "start"}, by="dana", tenant="other"),
        office.ask("PATCH", f"/api/jobs/{JOB}", {"note": "x"}, by="dana", tenant="other"),
    ]
    assert [got.status for got in asked] == [404, 404, 404]
    assert office.ask("GET", "/api/jobs", by="dana", tenant="other").json["jobs"] == {}
