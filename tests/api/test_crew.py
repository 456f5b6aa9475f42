"""The crew for planners, each member's own jobs, and refused crew edits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.people.roster import Truck
from statemachine.job.job import Assigned, Job, Photo, Schedule
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.support.builders import CREW, NOON, a_job
from tests.support.roster_fakes import a_member

JOB = "261121-7k3m2q"
NINE = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
"""This morning in the business's time zone, New York, where NOON (UTC) is 7:00."""


def window(days: float = 0, hours: float = 2) -> Schedule:
    start = NINE + timedelta(days=days)
    return Schedule(window_start=start, window_end=start + timedelta(hours=hours))


def a_numbered(number: int, *members: str, **values: Any) -> Job:
    crew = tuple(
        Assigned(role=role, member=member, first_name=member.title())
        for role, member in zip(("driver", "first_mate"), members, strict=False)
    )
    values = {"schedule": window(), "token": f"{number:022}", "crew": crew, **values}
    return a_job(values.pop("status", None), job_id=f"261121-{number:06d}", **values)


def edit(
    api: ApiBackend, changes: Any, job: str = JOB, by: str = "dana", **headers: str
) -> ApiReply:
    match = {"if-match": f'"{api.job(job).rev}"'}
    return api.send("PATCH", f"/api/jobs/{job}", changes, by=by, headers=match | headers)


# -- the plan


def test_the_crew_is_listed_with_days_trucks_and_jobs(api: ApiBackend) -> None:
    api.accounts.add(a_member("gus", phone="+15555550111", email="gus@example.com"))
    api.accounts.add(a_member("left", disabled=True))
    api.roster.set_truck(Truck(tenant="main", truck="t1", name="Big red"))
    day = {"hours": [{"begin": "07:00", "end": "15:30"}], "roles": ["driver"]}
    api.send("PUT", "/api/crew/mike/days/2026-11-22", day, by="dana")
    api.send("PUT", "/api/crew/fay/days/2026-12-24", {"hours": []}, by="dana")
    api.store(a_numbered(1, "mike", "fay", status="in_progress", truck="t1"))
    got = api.send("GET", "/api/crew", by="sue")
    assert got.status == 200
    job = {
        "job_id": "261121-000001",
        "status": "in_progress",
        "under_way": True,
        "window_start": "2026-11-21T14:00:00.000Z",
        "window_end": "2026-11-21T16:00:00.000Z",
        "duration_minutes": 60,
    }
    assert got.json["trucks"] == [{"truck": "t1", "name": "Big red", "jobs": [job]}]
    members = {each["member"]: each for each in got.json["members"]}
    assert list(members) == ["fay", "gus", "mike", "sue"]
    assert members["mike"] == {
        "member": "mike",
        "name": "Mike",
        "roles": ["driver"],
        "days": {"2026-11-22": day},
        "jobs": [{**job, "role": "driver"}],
    }
    assert members["fay"]["days"] == {}
    assert members["gus"]["phone"] == "+15555550111"
    assert members["gus"]["email"] == "gus@example.com"
    assert got.json["time_zone"] == "America/New_York"


def test_a_card_with_an_unknown_status_does_not_break_the_list(
    api: ApiBackend,
) -> None:
    api.store(a_numbered(1, "mike", status="in_progress"))
    stored = api.boards.read("main")
    assert stored
    cards = {id_: card.with_(status="loading") for id_, card in stored.value.jobs.items()}
    api.boards.overwrite("main", stored.value.with_(jobs=cards))
    got = api.send("GET", "/api/crew", by="sue")
    [job] = next(each["jobs"] for each in got.json["members"] if each["member"] == "mike")
    assert job["status"] == "loading"
    assert not job["under_way"]


def test_the_list_covers_the_requested_days(api: ApiBackend) -> None:
    """The default is two days. The second job's window passes midnight, so it is on both days; an
    open job without a window is always listed.
    """
    api.store(a_numbered(1, "mike", schedule=window(0)))
    api.store(a_numbered(2, "mike", schedule=window(1.6)))
    api.store(a_numbered(3, "mike", schedule=window(2)))
    api.store(a_numbered(4, "mike", schedule=Schedule()))
    api.store(a_numbered(5, "mike", schedule=Schedule(), status="completed"))

    def shown(**query: str) -> list[int]:
        got = api.send("GET", "/api/crew", by="dana", query=query)
        (mike,) = (each for each in got.json["members"] if each["member"] == "mike")
        return [int(job["job_id"][7:]) for job in mike["jobs"]]

    assert shown() == [1, 2, 4]
    assert shown(first="2026-11-23", last="2026-11-23") == [2, 3, 4]
    assert shown(first="2026-11-22") == [2, 3, 4]


def test_a_job_under_way_is_listed_whatever_its_day(api: ApiBackend) -> None:
    """The first job took longer than its day, the third began early; their crews work now."""
    for number, days, status in ((1, -1, "in_progress"), (2, -1, None), (3, 4, "in_progress")):
        api.store(a_numbered(number, "mike", schedule=window(days), status=status))
    place = {"latitude": 40.71, "longitude": -74.01, "occurred_at": NOON.isoformat()}
    result = api.send("PUT", "/api/jobs/261121-000001/location", place, by="mike")
    assert result.status == 204
    got = api.send("GET", "/api/crew", by="dana")
    (mike,) = (each for each in got.json["members"] if each["member"] == "mike")
    assert [(each["job_id"][7:], each["under_way"]) for each in mike["jobs"]] == [
        ("000001", True),
        ("000003", True),
    ]
    assert mike["crew_location"]["latitude"] == 40.71


@pytest.mark.parametrize(
    "query",
    [
        {"first": "2026-11-22", "last": "2026-11-21"},
        {"first": "2026-01-01", "last": "2026-12-31"},
        {"first": "2026-02-30"},
        {"first": "9999-12-31"},
        {"first": "0001-01-01", "last": "0001-01-02"},
        {"first": "today"},
    ],
)
def test_days_that_cannot_be_shown_are_refused(api: ApiBackend, query: dict[str, str]) -> None:
    got = api.send("GET", "/api/crew", by="dana", query=query)
    assert got.status == 422
    assert got.slug == "invalid"


def test_a_day_is_set_and_reset(api: ApiBackend) -> None:
    path = "/api/crew/mike/days/2026-11-21"
    api.store(a_numbered(1))
    driver = {"crew": [{"role": "driver", "member": "mike"}]}
    assert api.send("PUT", path, {"hours": []}, by="dana").status == 204
    assert edit(api, driver, "261121-000001").slug == "crew-off"
    assert api.send("DELETE", path, by="dana").status == 204
    assert edit(api, driver, "261121-000001").status == 200


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/api/crew/no one/days/2026-11-21", 404, "unknown-member"),
        ("/api/crew/mike/days/2026-11-31", 422, "invalid"),
        ("/api/crew/mike/days/tomorrow", 422, "invalid"),
        ("/api/crew/mike/days/9999-12-31", 422, "invalid"),
        ("/api/crew/mike/days/0001-01-01", 422, "invalid"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_day_of_an_unknown_member_or_date_is_refused(
    api: ApiBackend, method: str, path: str, status: int, slug: str
) -> None:
    body: Any = {"hours": []} if method == "PUT" else None
    got = api.send(method, path, body, by="dana")
    assert got.status == status
    assert got.slug == slug
    assert api.roster.known == {}


@pytest.mark.parametrize(
    "day",
    [
        {"hours": [{"begin": "7:00", "end": "15:00"}]},
        {"hours": [{"begin": "07:00"}]},
        {"hours": [{"begin": "07:00", "end": "08:00"}] * 7},
        {"hours": [], "roles": ["dispatcher"]},
        {"hours": "off"},
    ],
)
def test_an_invalid_day_is_refused(api: ApiBackend, day: Any) -> None:
    got = api.send("PUT", "/api/crew/mike/days/2026-11-21", day, by="dana")
    assert got.status == 422
    assert got.slug == "invalid"
    assert api.roster.known == {}


# -- putting people on a job


def test_a_refusal_names_the_member_and_the_reason(api: ApiBackend) -> None:
    api.store(a_numbered(1, duration_minutes=240))
    api.store(a_numbered(2, duration_minutes=240))
    driver = {"crew": [{"role": "driver", "member": "mike"}]}
    assert edit(api, driver, "261121-000001").status == 200
    got = edit(api, driver, "261121-000002")
    assert got.status == 409
    assert got.slug == "crew-taken"
    assert got.json["detail"].startswith("mike is on job 261121-000001, and in no order")
    assert got.json["may_override"] is True
    assert got.json["rev"] == 1
    assert got.json["job_status"] == "pending_pickup"
    got = edit(api, {"crew": [{"role": "driver", "member": "fay"}]}, "261121-000002")
    assert got.status == 409
    assert got.slug == "crew-unavailable"
    assert api.job("261121-000002").crew == ()


def test_a_dispatcher_may_override_with_a_reason(api: ApiBackend) -> None:
    api.store(a_numbered(1, duration_minutes=240))
    api.store(a_numbered(2, duration_minutes=240))
    driver = {"crew": [{"role": "driver", "member": "mike"}]}
    edit(api, driver, "261121-000001")
    assert edit(api, driver | {"override": True}, "261121-000002").status == 422
    over = {"override": True, "reason": "Fay goes along"}
    assert edit(api, driver | over, "261121-000002").status == 200
    assert api.job("261121-000002").edits[-1].reason == "Fay goes along"


def test_a_truck_is_put_on_a_job_and_taken_off(api: ApiBackend) -> None:
    api.roster.set_truck(Truck(tenant="main", truck="t1", name="Big red"))
    api.store(a_numbered(1))
    assert edit(api, {"truck": "t1"}, "261121-000001").json["truck"] == "t1"
    assert "truck" not in edit(api, {"truck": ""}, "261121-000001").json
    assert edit(api, {"truck": "t2"}, "261121-000001").slug == "crew-unavailable"


def test_an_edit_announces_what_was_changed(api: ApiBackend) -> None:
    api.roster.set_truck(Truck(tenant="main", truck="t1", name="Big red"))
    api.store(a_numbered(1))
    changes = {
        "crew": [{"role": "driver", "member": "mike"}],
        "truck": "t1",
        "load_size": "half",
    }
    edit(api, changes, "261121-000001")
    (fact,) = api.bus.facts
    assert getattr(fact, "fields", ()) == ("crew", "truck", "load_size")


# -- what the crew itself says


def test_crew_edit_load_and_eta_without_a_rev(api: ApiBackend) -> None:
    """From a phone without signal: sent later, and twice."""
    api.store(a_job("in_progress"))
    request_body = {
        "note": "Two sofas more",
        "load_size": "half",
        "schedule": {"eta": "2026-11-21T13:00:00Z"},
        "event_id": "phone-1",
        "occurred_at": "2026-11-21T11:20:00Z",
    }
    for _ in range(2):
        got = api.send("PATCH", f"/api/jobs/{JOB}", request_body, by="mike")
        assert got.status == 200
    (note,) = got.json["notes"]
    assert note["text"] == "Two sofas more"
    assert note["occurred_at"] == "2026-11-21T11:20:00.000Z"
    assert got.json["load_size"] == "half"
    assert len(api.job(JOB).edits) == 1


def test_a_note_sent_at_once_has_one_time(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    request_body = {"note": "Here", "occurred_at": "2026-11-21T11:59:30Z"}
    (note,) = api.send("PATCH", f"/api/jobs/{JOB}", request_body, by="mike").json["notes"]
    assert "occurred_at" not in note


def test_an_edit_with_another_actors_event_id_is_refused(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    request_body = {"note": "x", "event_id": "same"}
    assert api.send("PATCH", f"/api/jobs/{JOB}", request_body, by="mike").status == 200
    for event_id in ("same", "booking-1-is-no-edit", "way-1"):
        got = api.send("PATCH", f"/api/jobs/{JOB}", {"note": "y", "event_id": event_id}, by="dana")
        expected = 200 if event_id.startswith("booking") else 409
        assert got.status == expected, event_id
    assert [note.text for note in api.job(JOB).notes] == ["x", "y"]


def test_an_edit_needs_more_than_an_event_id(api: ApiBackend) -> None:
    api.store(a_job())
    got = api.send("PATCH", f"/api/jobs/{JOB}", {"event_id": "e-1"}, by="dana")
    assert got.status == 422
    assert got.slug == "invalid"


@pytest.mark.parametrize("changes", [{"truck": ""}, {"price_cents": 1, "note": "x"}])
def test_other_edits_need_a_rev_and_a_dispatcher(api: ApiBackend, changes: Any) -> None:
    api.store(a_job("in_progress"))
    assert api.send("PATCH", f"/api/jobs/{JOB}", changes, by="dana").slug == "if-match-missing"
    assert edit(api, changes, by="mike").slug == "not-allowed"


# -- my day


def test_my_jobs_are_those_of_today_and_tomorrow_in_order(api: ApiBackend) -> None:
    """Yesterday's open jobs first, jobs without a window last; nothing after tomorrow."""
    for number, schedule in enumerate(
        (Schedule(), window(1), window(0), window(-1), window(2), window(0.2)), start=1
    ):
        api.store(a_numbered(number, "mike", schedule=schedule))
    api.store(a_numbered(7, "dana", schedule=window(0.1)))
    got = api.send("GET", "/api/my/jobs", by="mike")
    assert [int(job["job_id"][7:]) for job in got.json["jobs"]] == [4, 3, 6, 2, 1]
    assert got.json["time_zone"] == "America/New_York"
    assert got.json["as_of"] == "2026-11-21T12:00:00.000Z"


def test_an_ended_job_stays_until_the_day_is_over(api: ApiBackend) -> None:
    api.store(a_numbered(1, "mike", status="completed"))

    def mine() -> int:
        return len(api.send("GET", "/api/my/jobs", by="mike").json["jobs"])

    assert mine() == 1
    api.now = NOON + timedelta(hours=16)
    assert mine() == 1
    api.now = NOON + timedelta(hours=17)
    assert mine() == 0


def test_my_jobs_include_the_gate_code_but_no_link(api: ApiBackend) -> None:
    job = a_numbered(1, "mike")
    api.store(job.with_(place=job.place.with_(gate_code="4711")))
    (mine,) = api.send("GET", "/api/my/jobs", by="mike").json["jobs"]
    assert mine["place"]["gate_code"] == "4711"
    assert "tracking_url" not in mine
    assert api.send("GET", "/api/my/jobs", by="fay").json["jobs"] == []


def test_my_jobs_name_the_account_and_the_trucks(api: ApiBackend) -> None:
    for truck, name in (("t1", "Big red"), ("t2", "Small blue")):
        api.roster.set_truck(Truck(tenant="main", truck=truck, name=name))
    api.store(a_numbered(1, "mike", truck="t1"))
    api.store(a_numbered(2, "fay", truck="t2"))
    mine = api.send("GET", "/api/my/jobs", by="mike").json
    assert mine["account"] == "mike"
    assert mine["trucks"] == {"t1": "Big red"}


def test_a_member_taken_off_a_job_does_not_see_it_even_if_the_card_lags(
    api: ApiBackend,
) -> None:
    api.store(a_numbered(1, "mike"))
    api.send("GET", "/api/my/jobs", by="mike")
    stored = api.jobs.read("main", "261121-000001")
    api.jobs.replace(stored.value.with_change(crew=()), stored.etag)
    assert api.send("GET", "/api/my/jobs", by="mike").json["jobs"] == []


def test_a_job_lists_its_photos_with_their_paths(api: ApiBackend) -> None:
    photo = Photo(
        event_id="p-1",
        actor=CREW,
        photo_id="0" * 31 + "f",
        kind="before",
        taken_at=NOON,
        recorded_at=NOON,
    )
    api.store(a_job("in_progress", photos=(photo,)))
    assert api.send("GET", f"/api/jobs/{JOB}", by="mike").json["photos"] == [
        {
            "photo_id": photo.photo_id,
            "kind": "before",
            "path": f"/t/p/{photo.photo_id}.jpg",
            "taken_at": "2026-11-21T12:00:00.000Z",
        }
    ]


def test_planners_see_crew_locations_of_jobs_under_way(
    api: ApiBackend,
) -> None:
    job = a_numbered(1, "mike", status="in_progress")
    api.store(job)
    result = {"latitude": 40.71278, "longitude": -74.00594, "occurred_at": "2026-11-21T12:00:00Z"}
    assert api.send("PUT", f"/api/jobs/{job.job_id}/location", result, by="mike").status == 204
    seen = {
        each["member"]: each for each in api.send("GET", "/api/crew", by="dana").json["members"]
    }
    assert seen["mike"]["crew_location"] == {
        "latitude": 40.715,
        "longitude": -74.005,
        "at": "2026-11-21T12:00:00.000Z",
    }
    assert "crew_location" not in seen["fay"]
    api.send("POST", f"/api/jobs/{job.job_id}/moves", {"move": "complete"}, by="mike")
    after = api.send("GET", "/api/crew", by="dana").json["members"]
    assert [each for each in after if "crew_location" in each] == []
