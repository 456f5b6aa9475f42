"""The crew as the board plans it, what each has to do today, and who is refused why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.people.roster import Truck
from statemachine.job import Assigned, Job, Photo, Schedule
from tests.api.api_fixture import Got, Office
from tests.support.builders import CREW, NOON, a_job
from tests.support.roster_fakes import a_member

JOB = "261121-7k3m2q"
NINE = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
"""Today in the morning, by the business's clock in New York; NOON is seven there."""


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


def edit(office: Office, changes: Any, job: str = JOB, by: str = "dana", **headers: str) -> Got:
    match = {"if-match": f'"{office.job(job).rev}"'}
    return office.ask("PATCH", f"/api/jobs/{job}", changes, by=by, headers=match | headers)


# -- the plan


def test_the_crew_is_shown_with_days_trucks_and_jobs(office: Office) -> None:
    office.accounts.add(a_member("gus", phone="+15555550111", email="gus@example.com"))
    office.accounts.add(a_member("left", disabled=True))
    office.roster.set_truck(Truck(tenant="main", truck="t1", name="Big red"))
    day = {"hours": [{"begin": "07:00", "end": "15:30"}], "roles": ["driver"]}
    office.ask("PUT", "/api/crew/mike/days/2026-11-22", day, by="dana")
    office.ask("PUT", "/api/crew/fay/days/2026-12-24", {"hours": []}, by="dana")
    office.keep(a_numbered(1, "mike", "fay", status="in_progress", truck="t1"))
    got = office.ask("GET", "/api/crew", by="sue")
    assert got.status == 200
    job = {
        "job_id": "261121-000001",
        "status": "in_progress",
        "under_way": True,
        "window_start": "2026-11-21T14:00:00.000Z",
        "window_end": "2026-11-21T16:00:00.000Z",
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
    assert (members["gus"]["phone"], members["gus"]["email"]) == ("+15555550111", "gus@example.com")
    assert got.json["time_zone"] == "America/New_York"


def test_a_card_in_a_status_that_this_version_does_not_have_spoils_no_plan(office: Office) -> None:
    office.keep(a_numbered(1, "mike", status="in_progress"))
    stored = office.boards.read("main")
    assert stored
    cards = {id_: card.with_(status="loading") for id_, card in stored.value.jobs.items()}
    office.boards.overwrite("main", stored.value.with_(jobs=cards))
    got = office.ask("GET", "/api/crew", by="sue")
    [job] = next(each["jobs"] for each in got.json["members"] if each["member"] == "mike")
    assert (job["status"], job["under_way"]) == ("loading", False)


def test_the_plan_has_the_days_that_are_asked_for(office: Office) -> None:
    """Two days unless it says more. The second job's window passes midnight, so both days have
    it; one without a window is there as long as it is open.
    """
    office.keep(a_numbered(1, "mike", schedule=window(0)))
    office.keep(a_numbered(2, "mike", schedule=window(1.6)))
    office.keep(a_numbered(3, "mike", schedule=window(2)))
    office.keep(a_numbered(4, "mike", schedule=Schedule()))
    office.keep(a_numbered(5, "mike", schedule=Schedule(), status="completed"))

    def shown(**query: str) -> list[int]:
        got = office.ask("GET", "/api/crew", by="dana", query=query)
        (mike,) = (each for each in got.json["members"] if each["member"] == "mike")
        return [int(job["job_id"][7:]) for job in mike["jobs"]]

    assert shown() == [1, 2, 4]
    assert shown(first="2026-11-23", last="2026-11-23") == [2, 3, 4]
    assert shown(first="2026-11-22") == [2, 3, 4]


def test_a_job_under_way_is_in_the_plan_whenever_it_was_planned(office: Office) -> None:
    """The first took longer than its day, the third began before it; who is on them works now."""
    for number, days, status in ((1, -1, "in_progress"), (2, -1, None), (3, 4, "in_progress")):
        office.keep(a_numbered(number, "mike", schedule=window(days), status=status))
    place = {"latitude": 40.71, "longitude": -74.01, "occurred_at": NOON.isoformat()}
    told = office.ask("PUT", "/api/jobs/261121-000001/location", place, by="mike")
    assert told.status == 204
    got = office.ask("GET", "/api/crew", by="dana")
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
def test_days_that_cannot_be_shown_are_refused(office: Office, query: dict[str, str]) -> None:
    got = office.ask("GET", "/api/crew", by="dana", query=query)
    assert (got.status, got.slug) == (422, "invalid")


def test_a_day_is_set_and_taken_back(office: Office) -> None:
    path = "/api/crew/mike/days/2026-11-21"
    office.keep(a_numbered(1))
    driver = {"crew": [{"role": "driver", "member": "mike"}]}
    assert office.ask("PUT", path, {"hours": []}, by="dana").status == 204
    assert edit(office, driver, "261121-000001").slug == "crew-unavailable"
    assert office.ask("DELETE", path, by="dana").status == 204
    assert edit(office, driver, "261121-000001").status == 200


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
def test_a_day_of_no_one_or_of_no_calendar_is_refused(
    office: Office, method: str, path: str, status: int, slug: str
) -> None:
    body: Any = {"hours": []} if method == "PUT" else None
    got = office.ask(method, path, body, by="dana")
    assert (got.status, got.slug, office.roster.known) == (status, slug, {})


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
def test_a_day_that_breaks_its_schema_is_refused(office: Office, day: Any) -> None:
    got = office.ask("PUT", "/api/crew/mike/days/2026-11-21", day, by="dana")
    assert (got.status, got.slug, office.roster.known) == (422, "invalid", {})


# -- putting people on a job


def test_who_is_refused_and_why_is_told(office: Office) -> None:
    office.keep(a_numbered(1))
    office.keep(a_numbered(2))
    driver = {"crew": [{"role": "driver", "member": "mike"}]}
    assert edit(office, driver, "261121-000001").status == 200
    got = edit(office, driver, "261121-000002")
    assert (got.status, got.slug) == (409, "crew-taken")
    assert got.json["detail"].startswith("mike is on job 261121-000001 at that time")
    assert (got.json["rev"], got.json["job_status"]) == (1, "pending_pickup")
    got = edit(office, {"crew": [{"role": "driver", "member": "fay"}]}, "261121-000002")
    assert (got.status, got.slug) == (409, "crew-unavailable")
    assert office.job("261121-000002").crew == ()


def test_a_truck_is_put_on_a_job_and_taken_off(office: Office) -> None:
    office.roster.set_truck(Truck(tenant="main", truck="t1", name="Big red"))
    office.keep(a_numbered(1))
    assert edit(office, {"truck": "t1"}, "261121-000001").json["truck"] == "t1"
    assert "truck" not in edit(office, {"truck": ""}, "261121-000001").json
    assert edit(office, {"truck": "t2"}, "261121-000001").slug == "crew-unavailable"


def test_the_board_is_told_what_was_changed(office: Office) -> None:
    office.roster.set_truck(Truck(tenant="main", truck="t1", name="Big red"))
    office.keep(a_numbered(1))
    changes = {
        "crew": [{"role": "driver", "member": "mike"}],
        "truck": "t1",
        "load_size": "half",
    }
    edit(office, changes, "261121-000001")
    (fact,) = office.bus.facts
    assert getattr(fact, "fields", ()) == ("crew", "truck", "load_size")


# -- what the crew itself says


def test_crew_say_what_they_loaded_and_when_without_a_rev(office: Office) -> None:
    """From a phone that was without signal: sent later, sent twice."""
    office.keep(a_job("in_progress"))
    request_body = {
        "note": "Two sofas more",
        "load_size": "half",
        "schedule": {"eta": "2026-11-21T13:00:00Z"},
        "event_id": "phone-1",
        "occurred_at": "2026-11-21T11:20:00Z",
    }
    for _ in range(2):
        got = office.ask("PATCH", f"/api/jobs/{JOB}", request_body, by="mike")
        assert got.status == 200
    (note,) = got.json["notes"]
    assert (note["text"], note["occurred_at"]) == ("Two sofas more", "2026-11-21T11:20:00.000Z")
    assert (got.json["load_size"], len(office.job(JOB).edits)) == ("half", 1)


def test_a_note_that_comes_at_once_has_one_time(office: Office) -> None:
    office.keep(a_job("in_progress"))
    request_body = {"note": "Here", "occurred_at": "2026-11-21T11:59:30Z"}
    (note,) = office.ask("PATCH", f"/api/jobs/{JOB}", request_body, by="mike").json["notes"]
    assert "occurred_at" not in note


def test_an_edit_under_someone_elses_event_id_is_refused(office: Office) -> None:
    office.keep(a_job("in_progress"))
    request_body = {"note": "x", "event_id": "same"}
    assert office.ask("PATCH", f"/api/jobs/{JOB}", request_body, by="mike").status == 200
    for event_id in ("same", "booking-1-is-no-edit", "way-1"):
        got = office.ask(
            "PATCH", f"/api/jobs/{JOB}", {"note": "y", "event_id": event_id}, by="dana"
        )
        expected = 200 if event_id.startswith("booking") else 409
        assert got.status == expected, event_id
    assert [note.text for note in office.job(JOB).notes] == ["x", "y"]


def test_an_edit_needs_more_than_an_event_id(office: Office) -> None:
    office.keep(a_job())
    got = office.ask("PATCH", f"/api/jobs/{JOB}", {"event_id": "e-1"}, by="dana")
    assert (got.status, got.slug) == (422, "invalid")


@pytest.mark.parametrize("changes", [{"truck": ""}, {"price_cents": 1, "note": "x"}])
def test_the_rest_wants_a_rev_and_a_dispatcher(office: Office, changes: Any) -> None:
    office.keep(a_job("in_progress"))
    assert office.ask("PATCH", f"/api/jobs/{JOB}", changes, by="dana").slug == "if-match-missing"
    assert edit(office, changes, by="mike").slug == "not-allowed"


# -- my day


def test_my_jobs_are_those_of_today_and_tomorrow_in_order(office: Office) -> None:
    """Left over from yesterday first, those without a window last; the day after is not yet."""
    for number, schedule in enumerate(
        (Schedule(), window(1), window(0), window(-1), window(2), window(0.2)), start=1
    ):
        office.keep(a_numbered(number, "mike", schedule=schedule))
    office.keep(a_numbered(7, "dana", schedule=window(0.1)))
    got = office.ask("GET", "/api/my/jobs", by="mike")
    assert [int(job["job_id"][7:]) for job in got.json["jobs"]] == [4, 3, 6, 2, 1]
    assert (got.json["time_zone"], got.json["as_of"]) == (
        "America/New_York",
        "2026-11-21T12:00:00.000Z",
    )


def test_what_ended_stays_until_the_day_is_over(office: Office) -> None:
    office.keep(a_numbered(1, "mike", status="completed"))

    def mine() -> int:
        return len(office.ask("GET", "/api/my/jobs", by="mike").json["jobs"])

    assert mine() == 1
    office.now = NOON + timedelta(hours=16)
    assert mine() == 1
    office.now = NOON + timedelta(hours=17)
    assert mine() == 0


def test_my_jobs_have_what_is_needed_at_the_door_and_no_link(office: Office) -> None:
    job = a_numbered(1, "mike")
    office.keep(job.with_(place=job.place.with_(gate_code="4711")))
    (mine,) = office.ask("GET", "/api/my/jobs", by="mike").json["jobs"]
    assert (mine["place"]["gate_code"], "tracking_url" in mine) == ("4711", False)
    assert office.ask("GET", "/api/my/jobs", by="fay").json["jobs"] == []


def test_my_jobs_say_whose_they_are_and_what_their_trucks_are_called(office: Office) -> None:
    for truck, name in (("t1", "Big red"), ("t2", "Small blue")):
        office.roster.set_truck(Truck(tenant="main", truck=truck, name=name))
    office.keep(a_numbered(1, "mike", truck="t1"))
    office.keep(a_numbered(2, "fay", truck="t2"))
    mine = office.ask("GET", "/api/my/jobs", by="mike").json
    assert (mine["account"], mine["trucks"]) == ("mike", {"t1": "Big red"})


def test_who_was_taken_off_a_job_sees_it_no_more_though_the_card_still_names_them(
    office: Office,
) -> None:
    office.keep(a_numbered(1, "mike"))
    office.ask("GET", "/api/my/jobs", by="mike")
    stored = office.jobs.read("main", "261121-000001")
    office.jobs.replace(stored.value.with_change(crew=()), stored.etag)
    assert office.ask("GET", "/api/my/jobs", by="mike").json["jobs"] == []


def test_photos_are_on_the_job_with_where_the_edge_has_them(office: Office) -> None:
    photo = Photo(
        event_id="p-1",
        actor=CREW,
        photo_id="0" * 31 + "f",
        kind="before",
        taken_at=NOON,
        recorded_at=NOON,
    )
    office.keep(a_job("in_progress", photos=(photo,)))
    assert office.ask("GET", f"/api/jobs/{JOB}", by="mike").json["photos"] == [
        {
            "photo_id": photo.photo_id,
            "kind": "before",
            "path": f"/t/p/{photo.photo_id}.jpg",
            "taken_at": "2026-11-21T12:00:00.000Z",
        }
    ]


def test_where_a_crew_was_seen_is_told_to_planners_while_it_is_under_way(office: Office) -> None:
    job = a_numbered(1, "mike", status="in_progress")
    office.keep(job)
    told = {"latitude": 40.71278, "longitude": -74.00594, "occurred_at": "2026-11-21T12:00:00Z"}
    assert office.ask("PUT", f"/api/jobs/{job.job_id}/location", told, by="mike").status == 204
    seen = {
        each["member"]: each for each in office.ask("GET", "/api/crew", by="dana").json["members"]
    }
    assert seen["mike"]["crew_location"] == {
        "latitude": 40.715,
        "longitude": -74.005,
        "at": "2026-11-21T12:00:00.000Z",
    }
    assert "crew_location" not in seen["fay"]
    office.ask("POST", f"/api/jobs/{job.job_id}/moves", {"move": "complete"}, by="mike")
    after = office.ask("GET", "/api/crew", by="dana").json["members"]
    assert [each for each in after if "crew_location" in each] == []
