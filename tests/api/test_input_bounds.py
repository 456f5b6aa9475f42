"""Which values the API accepts, and what it says about those that it refuses."""

import json
from datetime import timedelta
from typing import Any

import pytest

from statemachine.rules.edits import MAX_OWN_NOTES
from statemachine.values.ids import digest_of
from statemachine.values.values import iso
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.api.test_roles import BODIES
from tests.support.builders import NOON, a_job
from tests.support.fakes import job_key

JOB = "261121-7k3m2q"
BOOKING, NEW_JOB = BODIES["POST /api/bookings"], BODIES["POST /api/jobs"]


def book(api: ApiBackend, key: str = "a-key-of-mine", **values: Any) -> ApiReply:
    headers = {"idempotency-key": key}
    return api.send("POST", "/api/bookings", BOOKING | values, headers=headers)


def take(api: ApiBackend, key: str = "a-key-of-mine", **values: Any) -> ApiReply:
    headers = {"idempotency-key": key}
    return api.send("POST", "/api/jobs", NEW_JOB | values, by="dana", headers=headers)


def edit(api: ApiBackend, body: dict[str, Any], by: str = "dana", **headers: str) -> ApiReply:
    job = api.job(JOB)
    match = {"if-match": f'"{job.rev}"'} | headers
    return api.send("PATCH", f"/api/jobs/{JOB}", body, by=by, headers=match)


def fields(got: ApiReply) -> list[str]:
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
def test_a_refused_window_names_the_field(api: ApiBackend, which: str) -> None:
    window, field = WINDOWS[which]
    [by_customer], [by_staff] = (
        fields(book(api, **window)),
        fields(take(api, schedule=window)),
    )
    assert by_customer.rpartition(".")[2] == field
    assert by_staff.rpartition(".")[2] == field
    assert list(api.jobs.all_ids("main")) == []


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
def test_unusable_text_is_refused_with_its_field(api: ApiBackend, value: str, field: str) -> None:
    got = book(api, **{field: value})
    assert fields(got) == [field]
    assert value not in got.text.replace(field, "")


def test_phone_numbers_are_understood_on_every_route(api: ApiBackend) -> None:
    written, number = "+44 (0)7700 900123", "+447700900123"
    booked, taken = book(api, phone=written), take(api, phone=written)
    api.store(a_job())
    edit(api, {"customer": {"name": "Ada Wong", "phone": written}})
    ids = (booked.json["job_id"], taken.json["job_id"], JOB)
    assert [api.job(job_id).customer.phone for job_id in ids] == [number] * 3


@pytest.mark.parametrize(
    ("price", "cents"),
    [("1,240.50", 124_050), ("$600", 60_000), (599.5, 59_950), (600, 60_000), ("0", 0)],
)
def test_a_price_may_be_a_number_or_text(api: ApiBackend, price: object, cents: int) -> None:
    assert api.job(take(api, price=price).json["job_id"]).price_cents == cents


@pytest.mark.parametrize(
    "price", ["240,50", "$1.240,50", "1e3", "١٢", "1_000", -1, True, 0.005, ""]
)
def test_an_ambiguous_price_is_refused(api: ApiBackend, price: object) -> None:
    assert fields(take(api, price=price)) == ["price"]


def test_times_with_an_impossible_year_are_refused(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    year_one = "0001-01-01T00:00:00Z"
    assert fields(edit(api, {"schedule": {"eta": year_one}}, "mike")) == ["schedule.eta"]
    assert fields(edit(api, {"note": "x", "occurred_at": year_one}, "mike")) == ["occurred_at"]
    move = {"move": "complete", "occurred_at": year_one}
    assert fields(api.send("POST", f"/api/jobs/{JOB}/moves", move, by="mike")) == ["occurred_at"]


def test_an_edit_that_ends_the_window_before_it_begins_is_refused(
    api: ApiBackend,
) -> None:
    api.store(a_job(schedule=after(window_start=1, window_end=1.2)))
    assert fields(edit(api, {"schedule": after(window_end=0.5)})) == ["schedule.window_end"]
    assert edit(api, {"schedule": after(window_start=-9, window_end=-8.9)}).status == 200


def test_too_many_crew_notes_block_neither_the_eta_nor_the_dispatcher(
    api: ApiBackend,
) -> None:
    api.store(a_job("in_progress"))
    sent = [edit(api, {"note": f"{n}" + "x" * 1900}, "mike") for n in range(MAX_OWN_NOTES + 1)]
    assert [got.status for got in sent[-2:]] == [200, 409]
    assert sent[-1].slug == "notes-full"
    assert edit(api, {"schedule": after(eta=0.1)}, "mike").status == 200
    assert edit(api, {"note": "Call them", "price_cents": 1, "reason": "So agreed"}).status == 200


def test_a_key_used_for_another_job_is_refused(api: ApiBackend) -> None:
    first = take(api)
    assert take(api).status == 200
    assert take(api, location="9 Elm St").slug == "idempotency-key-reused"
    api.now += timedelta(days=1)
    assert take(api, location="9 Elm St").status == 422
    assert list(api.jobs.all_ids("main")) == [first.json["job_id"]]


def test_a_key_used_for_another_edit_is_refused(api: ApiBackend) -> None:
    api.store(a_job())
    key = {"idempotency-key": "a-key-of-mine"}
    assert [edit(api, {"note": note}, **key).status for note in ("A", "A", "B")] == [
        200,
        200,
        422,
    ]
    assert edit(api, {"note": "B"}, **key).slug == "idempotency-key-reused"
    twice = [edit(api, {"note": note, "event_id": "e-1"}) for note in ("A", "B")]
    assert [got.slug for got in twice] == ["", "event-id-used"]


def test_an_unknown_field_is_named_without_its_value(api: ApiBackend) -> None:
    got = take(api, custmer_name="CANARY")
    assert fields(got) == ["custmer_name"]
    api.store(a_job())
    nested = edit(api, {"schedule": {"window_strt": "CANARY"}})
    assert fields(nested) == ["schedule.window_strt"]
    hostile = take(api, **{"<script>\x1b" + "x" * 500: "CANARY"})
    assert fields(hostile) == ["a field"]
    assert "CANARY" not in got.text + nested.text + hostile.text


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_stored_job_with_an_extreme_date_is_served_and_can_be_corrected(
    api: ApiBackend, moment: str
) -> None:
    """A person may have written it by hand."""
    job = api.store(a_job("in_progress"))
    document = json.loads(api.bucket.objects[job_key("main", JOB)])
    times = dict.fromkeys(("window_start", "window_end", "eta"), moment)
    document |= {"schedule": times, "entered_at": moment, "created_at": moment}
    api.bucket.objects[job_key("main", JOB)] = json.dumps(document).encode()
    api.publish(api.job(JOB))
    for path in (f"/api/jobs/{JOB}", "/api/jobs", "/api/my/jobs", "/api/crew"):
        assert api.send("GET", path, by="dana").status == 200, path
    assert api.send("GET", f"/api/track/{digest_of(job.token)}").status == 200
    window = after(window_start=1, window_end=1.1)
    assert edit(api, {"schedule": {**window, "eta": None}}).status == 200
    assert edit(api, {"note": "Corrected"}).status == 200
    move = {"move": "cancel_under_way", "reason": "test"}
    assert api.send("POST", f"/api/jobs/{JOB}/moves", move, by="dana").status in (200, 202, 409)
