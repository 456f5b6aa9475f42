"""Who may call what: a table of routes and roles, and what crew may do on jobs.

A cell has the status of the response to a valid request. Mike drives the job; Fay is not on it.
"""

import base64
import re
from typing import Any

import pytest

from functions.api.routes import ROUTES
from functions.messages.phone_numbers import digest_of as conversation_of
from statemachine.rules.proof_of_service import photo_id_of
from statemachine.values.ids import digest_of
from tests.api.api_fixture import ApiBackend
from tests.support.builders import TOKEN, a_job
from tests.support.pictures import a_png

PEOPLE = ("no one", "dana", "sue", "mike", "fay", "otto", "olive")
JOB = "261121-7k3m2q"
DIGEST = digest_of(TOKEN)
PHOTO_ID = photo_id_of(a_job(), "photo-1")

TABLE: dict[str, tuple[int, ...]] = {
    #                                      no one dispatcher supervisor driver  first_mate ops owner
    #                                                          (not on) (on it)  (not on)
    "POST /api/session":                       (200, 200, 200, 200, 200, 200, 200),
    "GET /api/session":                        (401, 200, 200, 200, 200, 200, 200),
    "POST /api/invitation":                  (401, 401, 401, 401, 401, 401, 401),
    "DELETE /api/session":                     (204, 204, 204, 204, 204, 204, 204),
    "GET /api/business":                     (401, 200, 403, 403, 403, 403, 200),
    "PATCH /api/business":                   (401, 403, 403, 403, 403, 403, 200),
    "PUT /api/business/logo":               (401, 403, 403, 403, 403, 403, 200),
    "GET /api/business/history":             (401, 403, 403, 403, 403, 403, 200),
    "GET /api/business/texts":               (401, 200, 403, 403, 403, 403, 200),
    "POST /api/business/texts/preview":      (401, 403, 403, 403, 403, 403, 200),
    "POST /api/business/texts/test":         (401, 403, 403, 403, 403, 403, 201),
    "GET /api/keys":                         (401, 403, 403, 403, 403, 403, 200),
    "POST /api/keys":                        (401, 403, 403, 403, 403, 403, 201),
    "DELETE /api/keys/<key_id>":             (401, 403, 403, 403, 403, 403, 404),
    "GET /api/people":                       (401, 403, 403, 403, 403, 403, 200),
    "POST /api/people":                      (401, 403, 403, 403, 403, 403, 201),
    "PATCH /api/people/<member>":            (401, 403, 403, 403, 403, 403, 200),
    "POST /api/people/<member>/invitation":  (401, 403, 403, 403, 403, 403, 201),
    "GET /api/flows":                          (401, 200, 200, 200, 200, 200, 200),
    "GET /api/jobs":                           (401, 200, 200, 200, 200, 200, 200),
    "POST /api/jobs":                          (401, 201, 403, 403, 403, 403, 201),
    "GET /api/customers":                      (401, 422, 403, 403, 403, 403, 422),
    "GET /api/reports":                        (401, 422, 403, 403, 403, 403, 422),
    "GET /api/reports/jobs.csv":               (401, 422, 403, 403, 403, 403, 422),
    "GET /api/jobs/<job_id>/customer":         (401, 200, 403, 403, 403, 403, 200),
    "GET /api/jobs/<job_id>":                  (401, 200, 200, 200, 404, 200, 200),
    "POST /api/jobs/<job_id>/moves":           (401, 200, 403, 200, 404, 403, 200),
    "PATCH /api/jobs/<job_id>":                (401, 200, 403, 200, 404, 403, 200),
    "GET /api/conversations":                (401, 200, 403, 403, 403, 403, 200),
    "GET /api/jobs/<job_id>/conversation":  (401, 200, 403, 403, 403, 403, 200),
    "GET /api/conversations/<conversation>": (401, 404, 403, 403, 403, 403, 404),
    "POST /api/conversations/<conversation>/messages": (401, 409, 403, 403, 403, 403, 409),
    "PUT /api/conversations/<conversation>/read": (401, 404, 403, 403, 403, 403, 404),
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
    "GET /api/businesses/<business>/preview":  (200, 200, 200, 200, 200, 200, 200),
    "GET /api/businesses/<business>/slots":    (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>/preview":         (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>":                 (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>/business":         (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>/slots":            (200, 200, 200, 200, 200, 200, 200),
    "GET /api/track/<digest>/calendar.ics":     (404, 404, 404, 404, 404, 404, 404),
    "GET /api/track/<digest>/location":            (404, 404, 404, 404, 404, 404, 404),
    "POST /api/track/<digest>/confirm":        (409, 409, 409, 409, 409, 409, 409),
    "POST /api/track/<digest>/reschedule":     (200, 200, 200, 200, 200, 200, 200),
    "POST /api/track/<digest>/notes":          (200, 200, 200, 200, 200, 200, 200),
    "POST /api/track/<digest>/texts":          (200, 200, 200, 200, 200, 200, 200),
    "POST /api/track/<digest>/photos":         (201, 201, 201, 201, 201, 201, 201),
    "POST /api/track/<digest>/photos/<photo_id>": (422, 422, 422, 422, 422, 422, 422),
    "POST /api/track/<digest>/cancel":         (200, 200, 200, 200, 200, 200, 200),
    "GET /api/ops":                            (401, 403, 403, 403, 403, 200, 200),
    "GET /api/ops/jobs":                       (401, 403, 403, 403, 403, 200, 200),
    "GET /api/ops/jobs/<job_id>":              (401, 403, 403, 403, 403, 200, 200),
    "POST /api/ops/jobs/<job_id>/repair":     (401, 403, 403, 403, 403, 200, 200),
    "GET /api/ops/dead-letters/<queue>":       (401, 403, 403, 403, 403, 200, 200),
    "POST /api/ops/dead-letters/<queue>/redrive":  (401, 403, 403, 403, 403, 200, 200),
    "POST /api/ops/dead-letters/<queue>/discard": (401, 403, 403, 403, 403, 200, 200),
}  # fmt: skip
"""`confirm` is 409 for everyone because the job is already confirmed. The job is not under way, so
its location can be neither shared nor read. The photo was not uploaded, and its
name is not that of a customer's. There is no API key, and no
one was invited. No one has texted yet, and it is quiet hours. The queries of customers and of
reports are missing."""

PHOTO = {
    "event_id": "photo-1",
    "occurred_at": "2026-11-21T12:00:00Z",
    "kind": "before",
    "media_type": "image/jpeg",
    "bytes": 1000,
}
CUSTOMER_PHOTO = {
    "token": TOKEN,
    "event_id": "photo-1",
    "media_type": "image/jpeg",
    "bytes": 1000,
}

BODIES: dict[str, Any] = {
    "POST /api/session": {"account": "dana", "password": "correct horse battery"},
    "POST /api/jobs": {"customer_name": "Ada Wong", "location": "12 Harbor Road"},
    "POST /api/jobs/<job_id>/moves": {"move": "start"},
    "PATCH /api/jobs/<job_id>": {"note": "Ring twice"},
    "PATCH /api/business": {"name": "Quick Dump"},
    "PUT /api/business/logo": {"image": base64.b64encode(a_png()).decode()},
    "POST /api/business/texts/preview": {"name": "rescheduled"},
    "POST /api/business/texts/test": {
        "name": "rescheduled",
        "language": "en",
        "phone": "(206) 555-0123",
    },
    "POST /api/invitation": {"token": "a.b.c", "password": "correct horse battery"},
    "POST /api/people": {"account": "nell", "name": "Nell", "roles": ["driver"]},
    "PATCH /api/people/<member>": {"roles": ["driver"]},
    "POST /api/keys": {"name": "Website", "roles": ["dispatcher"]},
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
    "POST /api/track/<digest>/reschedule": {
        "token": TOKEN,
        "window_start": "2026-11-23T13:00:00Z",
        "window_end": "2026-11-23T17:00:00Z",
    },
    "POST /api/track/<digest>/notes": {"token": TOKEN, "note": "Mind the dog"},
    "POST /api/track/<digest>/texts": {"token": TOKEN, "unwanted": ["reminders"]},
    "POST /api/track/<digest>/photos": CUSTOMER_PHOTO,
    "POST /api/track/<digest>/photos/<photo_id>": CUSTOMER_PHOTO,
    "POST /api/track/<digest>/cancel": {"token": TOKEN, "reason": "Sold it"},
    "POST /api/conversations/<conversation>/messages": {"text": "On our way", "job_id": JOB},
    "PUT /api/conversations/<conversation>/read": {"seq": 1},
    "POST /api/ops/dead-letters/<queue>/redrive": {"message_ids": None},
    "POST /api/ops/dead-letters/<queue>/discard": {"message_ids": None},
}

MATCHES = {"PATCH /api/business": {"if-match": '"1"'}}

CELLS = [
    (route, who, status)
    for route, statuses in TABLE.items()
    for who, status in zip(PEOPLE, statuses, strict=True)
]


PATH_VALUES = {
    "job_id": JOB,
    "digest": DIGEST,
    "conversation": conversation_of("main", "+15555550123"),
    "member": "fay",
    "date": "2026-11-22",
    "photo_id": PHOTO_ID,
    "queue": "advance_job",
    "business": "main",
    "key_id": "3f9a1c2b0d4e",
}


def path_of(route: str) -> str:
    return re.sub(r"<(\w+)>", lambda name: PATH_VALUES[name[1]], route.partition(" ")[2])


def test_the_table_has_every_route() -> None:
    assert sorted(TABLE) == sorted(route.name for route in ROUTES)


@pytest.mark.parametrize(("route", "who", "status"), CELLS)
def test_role_and_route(api: ApiBackend, route: str, who: str, status: int) -> None:
    api.store(a_job("ready_for_pickup"))
    before = api.state()
    got = api.send(
        route.partition(" ")[0],
        path_of(route),
        BODIES.get(route),
        by=None if who == "no one" else who,
        headers={"idempotency-key": "a-key-of-mine", **MATCHES.get(route, {})},
    )
    assert got.status == status, got
    if status >= 400:
        assert api.state() == before


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
def test_crew_may_change_only_notes_eta_and_load(api: ApiBackend, changes: dict[str, Any]) -> None:
    job = api.store(a_job("in_progress"))
    match = {"if-match": f'"{job.rev}"'}
    got = api.send("PATCH", f"/api/jobs/{JOB}", changes, by="mike", headers=match)
    assert got.status == 403
    assert got.slug == "not-allowed"
    assert api.job(JOB) == job


def test_crew_may_set_the_eta(api: ApiBackend) -> None:
    job = api.store(a_job("ready_for_pickup"))
    match = {"if-match": f'"{job.rev}"'}
    changes = {"schedule": {"eta": "2026-11-21T13:00:00Z"}}
    got = api.send("PATCH", f"/api/jobs/{JOB}", changes, by="mike", headers=match)
    assert got.status == 200
    assert got.json["schedule"] == {"eta": "2026-11-21T13:00:00.000Z"}


def test_a_move_that_is_not_for_crew_is_refused_on_the_record(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    body = {"move": "cancel", "reason": "no time"}
    got = api.send("POST", f"/api/jobs/{JOB}/moves", body, by="mike")
    assert got.status == 403
    assert got.slug == "not-allowed"
    assert [refusal.why for refusal in api.job(JOB).refused] == ["not_allowed"]


def test_crew_see_the_cards_of_their_own_jobs(api: ApiBackend) -> None:
    api.store(a_job("ready_for_pickup"))
    api.store(a_job(job_id="261121-000001", token="x" * 22, crew=()))
    seen = {who: list(api.send("GET", "/api/jobs", by=who).json["jobs"]) for who in PEOPLE[1:]}
    both = ["261121-000001", JOB]
    assert seen == {
        "dana": both,
        "sue": both,
        "mike": [JOB],
        "fay": [],
        "otto": both,
        "olive": both,
    }


def test_only_dispatchers_and_the_jobs_crew_see_the_gate_code(api: ApiBackend) -> None:
    api.store(a_job(place={"address": "12 Harbor Road", "gate_code": "4711"}))
    result = {who: "4711" in api.send("GET", f"/api/jobs/{JOB}", by=who).text for who in PEOPLE[1:]}
    assert result == {
        "dana": True,
        "sue": False,
        "mike": True,
        "fay": False,
        "otto": False,
        "olive": True,
    }


def test_only_dispatchers_get_the_tracking_link(api: ApiBackend) -> None:
    api.store(a_job())
    result = {who: TOKEN in api.send("GET", f"/api/jobs/{JOB}", by=who).text for who in PEOPLE[1:]}
    assert result == {
        "dana": True,
        "sue": False,
        "mike": False,
        "fay": False,
        "otto": False,
        "olive": True,
    }


def test_the_legal_moves_depend_on_the_role(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    offered = {
        who: [m["name"] for m in api.send("GET", f"/api/jobs/{JOB}", by=who).json["moves"]]
        for who in ("dana", "mike", "sue", "otto")
    }
    assert offered == {
        "dana": ["complete", "no_access", "unstart", "cancel_under_way"],
        "mike": ["complete", "no_access"],
        "sue": [],
        "otto": [],
    }


def test_one_business_sees_nothing_of_another(api: ApiBackend) -> None:
    api.add_account("dana", "dispatcher", tenant="other")
    api.store(a_job("ready_for_pickup"))
    asked = [
        api.send("GET", f"/api/jobs/{JOB}", by="dana", tenant="other"),
        api.send("POST", f"/api/jobs/{JOB}/moves", {"move": "start"}, by="dana", tenant="other"),
        api.send("PATCH", f"/api/jobs/{JOB}", {"note": "x"}, by="dana", tenant="other"),
    ]
    assert [got.status for got in asked] == [404, 404, 404]
    assert api.send("GET", "/api/jobs", by="dana", tenant="other").json["jobs"] == {}
