"""What the API takes as a value, and what it says of one that it refuses."""

import json
from datetime import timedelta
from typing import Any

import pytest

from statemachine.edits import MAX_OWN_NOTES
from statemachine.ids import digest_of
from statemachine.values import iso
from tests.api.api_fixture import Got, Office
from tests.api.test_roles import BODIES
from tests.support.builders import NOON, a_job
from tests.support.fakes import job_key

JOB = "261121-7k3m2q"
BOOKING, NEW_JOB = BODIES["POST /api/bookings"], BODIES["POST /api/jobs"]


def book(office: Office, key: str = "a-key-of-mine", **values: Any) -> Got:
    headers = {"idempotency-key": key}
    return office.ask("POST", "/api/bookings", BOOKING | values, headers=headers)


def take(office: Office, key: str = "a-key-of-mine", **values: Any) -> Got:
    headers = {"idempotency-key": key}
    return office.ask("POST", "/api/jobs", NEW_JOB | values, by="dana", headers=headers)


def edit(office: Office, body: dict[str, Any], by: str = "dana", **headers: str) -> Got:
    job = office.job(JOB)
    match = {"if-match": f'"{job.visible_rev}"'} | headers
    return office.ask("PATCH", f"/api/jobs/{JOB}", body, by=by, headers=match)


def fields(got: Got) -> list[str]:
    assert (got.status, got.slug) == (422, "invalid"), got
    return [fault.partition(": ")[0] for fault in got.json["faults"]]


def after(**days: float) -> dict[str, str]:
    return {name: iso(NOON + timedelta(number)) for name, number in days.items()}


WINDOWS: dict[str, tuple[dict[str, str], str]] = {
    "of the year 9999": ({"window_end": "9999-12-31T23:59:59Z"}, "window_end"),
    "of the year 1": ({"window_start": "0001-01-01T00:00:00Z"}, "window_start"),
    "that ends first": (after(window_start=2, window_end=1), "window_end"),
    "without length": (after(window_start=1, window_end=1), "window_end"),
    "of last year": (after(window_start=-330, window_end=-329.8), "window_end"),
    "of a whole year": (after(window_start=1, window_end=366), "window_end"),
    "in two years": (after(window_start=730, window_end=730.1), "window_start"),
}


@pytest.mark.parametrize("which", WINDOWS)
def test_a_window_is_refused_with_the_name_of_its_field(office: Office, which: str) -> None:
    window, field = WINDOWS[which]
    [by_customer], [by_staff] = (
        fields(book(office, **window)),
        fields(take(office, schedule=window)),
    )
    assert (by_customer.rpartition(".")[2], by_staff.rpartition(".")[2]) == (field, field)
    assert list(office.jobs.all_ids("main")) == []


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("   ", "name"),
        ("\u200b\u2060", "name"),
        ("A\0B", "name"),
        ("\u202eadA", "name"),
        ("  ", "address"),
        ("12 Harbor\nRoad", "address"),
        ("\x1b[31m", "what"),
        ("0000000000", "phone"),
        ("447700900123", "phone"),
        ("+1 900 555 1234", "phone"),
        ("206 555 0199 x5", "phone"),
    ],
)
def test_a_text_that_no_one_can_use_is_refused_at_its_field(
    office: Office, value: str, field: str
) -> None:
    got = book(office, **{field: value})
    assert fields(got) == [field]
    assert value not in got.text.replace(field, "")


def test_a_number_is_understood_as_people_write_it_at_each_door(office: Office) -> None:
    written, number = "+44 (0)7700 900123", "+447700900123"
    booked, taken = book(office, phone=written), take(office, phone=written)
    office.keep(a_job())
    edit(office, {"customer": {"name": "Ada Wong", "phone": written}})
    ids = (booked.json["job_id"], taken.json["job_id"], JOB)
    assert [office.job(job_id).customer.phone for job_id in ids] == [number] * 3


@pytest.mark.parametrize(
    ("price", "cents"),
    [("1,240.50", 124_050), ("$600", 60_000), (599.5, 59_950), (600, 60_000), ("0", 0)],
)
def test_a_price_is_taken_as_a_number_or_as_people_write_it(
    office: Office, price: object, cents: int
) -> None:
    assert office.job(take(office, price=price).json["job_id"]).price_cents == cents


@pytest.mark.parametrize(
    "price", ["240,50", "$1.240,50", "1e3", "١٢", "1_000", -1, True, 0.005, ""]
)
def test_a_price_that_can_be_read_two_ways_is_refused(office: Office, price: object) -> None:
    assert fields(take(office, price=price)) == ["price"]


def test_a_moment_of_no_year_is_refused_wherever_crew_say_one(office: Office) -> None:
    office.keep(a_job("in_progress"))
    year_one = "0001-01-01T00:00:00Z"
    assert fields(edit(office, {"schedule": {"eta": year_one}}, "mike")) == ["schedule.eta"]
    assert fields(edit(office, {"note": "x", "occurred_at": year_one}, "mike")) == ["occurred_at"]
    move = {"move": "complete", "occurred_at": year_one}
    assert fields(office.ask("POST", f"/api/jobs/{JOB}/moves", move, by="mike")) == ["occurred_at"]


def test_an_edit_that_ends_the_stored_window_too_early_is_refused_at_the_field(
    office: Office,
) -> None:
    office.keep(a_job(schedule=after(window_start=1, window_end=1.2)))
    assert fields(edit(office, {"schedule": after(window_end=0.5)})) == ["schedule.window_end"]
    assert edit(office, {"schedule": after(window_start=-9, window_end=-8.9)}).status == 200


def test_a_crew_that_floods_its_notes_stops_neither_its_eta_nor_the_dispatcher(
    office: Office,
) -> None:
    office.keep(a_job("in_progress"))
    sent = [edit(office, {"note": f"{n}" + "x" * 1900}, "mike") for n in range(MAX_OWN_NOTES + 1)]
    assert [got.status for got in sent[-2:]] == [200, 409]
    assert sent[-1].slug == "notes-full"
    assert edit(office, {"schedule": after(eta=0.1)}, "mike").status == 200
    assert edit(office, {"note": "Call them", "price_cents": 1}).status == 200


def test_a_key_that_came_with_another_job_is_refused_and_books_nothing(office: Office) -> None:
    first = take(office)
    assert (take(office).status, take(office, location="9 Elm St").slug) == (
        200,
        "idempotency-key-reused",
    )
    office.now += timedelta(days=1)
    assert take(office, location="9 Elm St").status == 422
    assert list(office.jobs.all_ids("main")) == [first.json["job_id"]]


def test_a_key_that_came_with_another_edit_is_refused(office: Office) -> None:
    office.keep(a_job())
    key = {"idempotency-key": "a-key-of-mine"}
    assert [edit(office, {"note": note}, **key).status for note in ("A", "A", "B")] == [
        200,
        200,
        422,
    ]
    assert edit(office, {"note": "B"}, **key).slug == "idempotency-key-reused"
    twice = [edit(office, {"note": note, "event_id": "e-1"}) for note in ("A", "B")]
    assert [got.slug for got in twice] == ["", "event-id-used"]


def test_an_unknown_field_is_named_without_its_value(office: Office) -> None:
    got = take(office, custmer_name="CANARY")
    assert fields(got) == ["custmer_name"]
    office.keep(a_job())
    nested = edit(office, {"schedule": {"window_strt": "CANARY"}})
    assert fields(nested) == ["schedule.window_strt"]
    hostile = take(office, **{"<script>\x1b" + "x" * 500: "CANARY"})
    assert fields(hostile) == ["a field"]
    assert "CANARY" not in got.text + nested.text + hostile.text


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_job_that_was_stored_with_a_date_at_the_end_of_time_is_served_and_can_be_corrected(
    office: Office, moment: str
) -> None:
    """As an earlier version let it in, or a person wrote it by hand."""
    job = office.keep(a_job("in_progress"))
    document = json.loads(office.bucket.objects[job_key("main", JOB)])
    times = dict.fromkeys(("window_start", "window_end", "eta"), moment)
    document |= {"schedule": times, "entered_at": moment, "created_at": moment}
    office.bucket.objects[job_key("main", JOB)] = json.dumps(document).encode()
    office.show(office.job(JOB))
    for path in (f"/api/jobs/{JOB}", "/api/jobs", "/api/my/jobs", "/api/crew"):
        assert office.ask("GET", path, by="dana").status == 200, path
    assert office.ask("GET", f"/api/track/{digest_of(job.token)}").status == 200
    window = after(window_start=1, window_end=1.1)
    assert edit(office, {"schedule": {**window, "eta": None}}).status == 200
    assert edit(office, {"note": "Corrected"}).status == 200
    move = {"move": "cancel_under_way", "reason": "test"}
    assert office.ask("POST", f"/api/jobs/{JOB}/moves", move, by="dana").status in (200, 202, 409)
