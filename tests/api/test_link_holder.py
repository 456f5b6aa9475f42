"""What the holder of a tracking link may do: another window, a note, a calendar entry."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from statemachine.business.business import BusinessSettings
from statemachine.job.job import Job, Schedule
from statemachine.rules.proof_of_service import MAX_CUSTOMER_PHOTOS, check_room
from statemachine.rules.requirements import has_proof, is_request
from statemachine.values.ids import digest_of
from statemachine.values.values import iso
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.support.builders import NOON, TOKEN, a_job, a_request
from tests.support.fakes import FakeTenants
from tests.support.pictures import CAMERA, a_phone_photo

JOB, DIGEST = a_job().job_id, digest_of(TOKEN)
MORNING = datetime(2026, 11, 23, 13, tzinfo=UTC)
AFTERNOON = MORNING + timedelta(hours=4)
PLANNED = Schedule(window_start=MORNING, window_end=AFTERNOON, eta=MORNING)


@pytest.fixture
def api() -> ApiBackend:
    backend = ApiBackend()
    settings(backend)
    backend.store(a_job("ready_for_pickup", schedule=PLANNED, truck="t1"))
    return backend


def settings(api: ApiBackend, **values: Any) -> None:
    own = {"slots_by_weekday": {"mon": {"12:00": 1}}, **values}
    FakeTenants(api.bucket, BusinessSettings(tenant="main", name="Haulway", **own))


def reschedule(api: ApiBackend, start: datetime = AFTERNOON, **values: Any) -> ApiReply:
    window = {"window_start": iso(start), "window_end": iso(start + timedelta(hours=4))}
    body = {"token": TOKEN, **window, **values}
    return api.send("POST", f"/api/track/{DIGEST}/reschedule", body)


def taken(api: ApiBackend) -> set[tuple[str, datetime]]:
    sheets = api.slot_sheets.sheets.values()
    return {(slot.job_id, slot.begin) for sheet in sheets for slot in sheet.taken}


def the_job(api: ApiBackend) -> Job:
    return api.job(JOB)


def test_a_customer_moves_the_job_to_a_free_window_once(api: ApiBackend) -> None:
    first, again = reschedule(api, reason="At work"), reschedule(api, reason="At work")
    assert first.status == 200
    assert again.status == 200
    assert again.json == first.json
    job = the_job(api)
    (edit,) = job.edits
    assert edit.window is not None
    assert edit.window.from_start == MORNING
    assert edit.window.to_start == AFTERNOON
    assert edit.actor.kind == "customer"
    assert edit.reason == "At work"
    assert job.schedule.window_start == AFTERNOON
    assert job.schedule.eta is None
    assert taken(api) == {(JOB, AFTERNOON)}


def test_the_crew_of_the_old_window_is_taken_off(api: ApiBackend) -> None:
    reschedule(api)
    assert the_job(api).crew == ()
    assert the_job(api).truck is None


def fill(api: ApiBackend) -> Job:
    """Another job that takes the only slot of the afternoon."""
    window = Schedule(window_start=AFTERNOON, window_end=AFTERNOON + timedelta(hours=4))
    other = api.store(a_job(job_id="261121-000001", token="x" * 22).with_(schedule=window))
    api.dependencies.slots.follow(other, NOON)
    return other


def test_a_full_window_is_refused_with_offers_and_the_job_keeps_its_own(api: ApiBackend) -> None:
    fill(api)
    got = reschedule(api)
    assert got.status == 409
    assert got.slug == "slot-full"
    assert bool(got.json["offers"])
    assert the_job(api).schedule == PLANNED


def test_a_window_that_was_full_can_be_had_once_it_is_free(api: ApiBackend) -> None:
    other = fill(api)
    assert [reschedule(api).slug for _ in range(2)] == ["slot-full"] * 2
    api.dependencies.advance(a_request(other, "cancel", reason="sold it"), NOON)
    assert [reschedule(api).status for _ in range(2)] == [200, 200]
    assert len(the_job(api).edits) == 1
    assert taken(api) == {(JOB, AFTERNOON)}


def test_after_the_cut_off_the_business_has_to_be_called(api: ApiBackend) -> None:
    api.now = MORNING - timedelta(hours=23)
    assert reschedule(api).slug == "too-late-to-reschedule"
    settings(api, reschedule_cutoff_minutes=60)
    assert reschedule(api).status == 200


def test_only_a_window_that_the_business_offers(api: ApiBackend) -> None:
    got = reschedule(api, MORNING + timedelta(hours=1))
    assert got.status == 422
    assert got.slug == "invalid"
    assert the_job(api).edits == ()


@pytest.mark.parametrize("status", ["in_progress", "completed", "cancelled"])
def test_a_job_that_has_begun_or_ended_stays_where_it_is(status: str) -> None:
    api = ApiBackend()
    settings(api)
    job = api.store(a_job(status, schedule=PLANNED))
    assert reschedule(api).slug == "illegal-move"
    assert the_job(api) == job


def test_without_the_token_nothing_is_moved_or_written(api: ApiBackend) -> None:
    job = the_job(api)
    assert reschedule(api, token="x" * 22).slug == "unknown-job"
    assert note(api, token="x" * 22).slug == "unknown-job"
    assert the_job(api) == job


def test_a_request_becomes_a_booking_by_choosing_a_window() -> None:
    api = ApiBackend()
    settings(api)
    api.store(a_job(crew=()))
    assert reschedule(api).json["steps"][0]["label"]["en"] == "Pending pickup"
    assert not is_request(the_job(api))


def test_where_a_dispatcher_accepts_bookings_the_new_time_is_a_request(api: ApiBackend) -> None:
    settings(api, accepts_bookings="by_dispatcher")
    first, again = reschedule(api), reschedule(api)
    assert first.status == 200
    assert again.json == first.json
    assert first.json["status"] == "pending_pickup"
    assert first.json["requested"]
    assert first.json["steps"][0]["label"]["en"] == "Requested"
    job = the_job(api)
    assert len(job.edits) == 1
    assert job.ledger[-1].move == "unconfirm"
    assert not job.accepted
    assert taken(api) == {(JOB, AFTERNOON)}
    api.add_account("dana", "dispatcher")
    shown = api.send("GET", f"/api/jobs/{JOB}", by="dana").json
    assert shown["requested"]
    assert shown["window_changes"][0]["window"]["asked"]
    assert api.send("POST", f"/api/track/{DIGEST}/confirm", {"token": TOKEN}).slug == (
        "window-missing"
    )


@pytest.mark.parametrize("status", ["on_hold", "attempt_failed"])
def test_a_job_that_was_put_aside_comes_back_as_a_request(status: str) -> None:
    api = ApiBackend()
    settings(api)
    api.store(a_job(status))
    got = reschedule(api)
    assert got.json["status"] == "pending_pickup"
    assert got.json["requested"]
    assert the_job(api).ledger[-1].move == "bring_back"
    assert taken(api) == {(JOB, AFTERNOON)}


def note(
    api: ApiBackend, text: str = "Mind the dog", key: str = "a-key-0001", **values: Any
) -> ApiReply:
    body = {"token": TOKEN, "note": text, **values}
    return api.send("POST", f"/api/track/{DIGEST}/notes", body, headers={"idempotency-key": key})


def test_a_note_reaches_the_crew_once(api: ApiBackend) -> None:
    assert [note(api).status, note(api).status] == [200, 200]
    (written,) = the_job(api).notes
    assert written.text == "Mind the dog"
    assert written.actor.kind == "customer"


def test_a_key_with_another_note_is_refused(api: ApiBackend) -> None:
    assert note(api).status == 200
    refused = note(api, "Mind the cat")
    assert refused.status == 422
    assert refused.slug == "idempotency-key-reused"
    assert len(the_job(api).notes) == 1


def test_a_job_that_has_ended_takes_no_notes() -> None:
    api = ApiBackend()
    settings(api)
    api.store(a_job("cancelled"))
    assert note(api).slug == "illegal-move"


def texts(api: ApiBackend, *unwanted: str) -> ApiReply:
    body = {"token": TOKEN, "unwanted": unwanted}
    return api.send("POST", f"/api/track/{DIGEST}/texts", body)


def test_a_customer_switches_optional_texts_off_and_on_again(api: ApiBackend) -> None:
    assert texts(api, "reminders", "arriving").json["unwanted_texts"] == ["arriving", "reminders"]
    assert texts(api, "reminders").json["unwanted_texts"] == ["reminders"]
    assert texts(api).json["unwanted_texts"] == []
    made = [edit for edit in the_job(api).edits if edit.fields == ("unwanted_texts",)]
    assert [edit.actor.kind for edit in made] == ["customer"] * 3


def test_the_same_choice_of_texts_is_stored_once(api: ApiBackend) -> None:
    assert [texts(api, "reminders").status for _ in range(2)] == [200, 200]
    assert len(the_job(api).edits) == 1


def test_no_one_switches_off_the_news_of_another_time(api: ApiBackend) -> None:
    assert texts(api, "rescheduled").status == 422


def test_a_reason_to_cancel_may_be_left_out_where_the_business_says_so(api: ApiBackend) -> None:
    path = f"/api/track/{DIGEST}/cancel"
    assert api.send("POST", path, {"token": TOKEN}).slug == "reason-missing"
    settings(api, cancel_reason_required=False)
    assert api.send("POST", path, {"token": TOKEN}).status == 200
    assert the_job(api).ledger[-1].reason == "No reason given"


def test_the_calendar_entry_has_the_window_and_nothing_confidential(api: ApiBackend) -> None:
    got = api.send("GET", f"/api/track/{DIGEST}/calendar.ics")
    assert got.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(got.text).walk("VEVENT")
    assert event.decoded("dtstart") == MORNING
    assert event.decoded("dtend") == AFTERNOON
    assert str(event["summary"]) == "Haulway: arrival window"
    assert event["sequence"] == 2
    assert not any(secret in got.text for secret in ("Harbor", "Ada", "5550123", TOKEN))


def test_a_request_has_no_calendar_entry() -> None:
    api = ApiBackend()
    api.store(a_job())
    assert api.send("GET", f"/api/track/{DIGEST}/calendar.ics").slug == "no-window"


def test_the_holder_of_the_link_sees_what_is_free(api: ApiBackend) -> None:
    reply = api.send("GET", f"/api/track/{DIGEST}/slots")
    assert {
        each["left"] for each in reply.json["slots"] if each["window_start"] == iso(AFTERNOON)
    } == {1}
    assert api.send("GET", f"/api/track/{'f' * 32}/slots").slug == "unknown-job"


RAW = a_phone_photo()


def photo(api: ApiBackend, event_id: str = "photo-1", raw: bytes = RAW, **values: Any) -> ApiReply:
    """Announced, uploaded, and added; the first refusal otherwise."""
    body = {"token": TOKEN, "event_id": event_id, "media_type": "image/jpeg", "bytes": len(raw)}
    path, body = f"/api/track/{DIGEST}/photos", body | values
    announced = api.send("POST", path, body)
    if announced.status >= 300:
        return announced
    photo_id = announced.json["photo_id"]
    if announced.json.get("upload"):
        api.photos.uploads.put(f"uploads/main/{JOB}/{photo_id}", raw)
    return api.send("POST", f"{path}/{photo_id}", body)


def test_a_photo_reaches_the_crew_once_without_its_metadata(api: ApiBackend) -> None:
    assert [photo(api).status, photo(api).status] == [200, 200]
    (added,) = the_job(api).photos
    assert added.kind == "customer"
    assert added.actor.kind == "customer"
    published = api.site.objects[f"t/p/{added.photo_id}.jpg"]
    assert CAMERA.encode() in RAW
    assert CAMERA.encode() not in published
    api.add_account("mike", "driver")
    seen = api.send("GET", f"/api/jobs/{JOB}", by="mike").json["photos"]
    assert [each["kind"] for each in seen] == ["customer"]


def test_a_customers_photo_is_no_proof_and_not_in_the_public_view(api: ApiBackend) -> None:
    view = photo(api).json
    assert "photos" not in view or view["photos"] == []
    assert not has_proof(the_job(api).with_(load_size="half"))


def test_a_customer_has_room_of_their_own_and_takes_none_of_the_crews(api: ApiBackend) -> None:
    got = [photo(api, f"photo-{number}") for number in range(MAX_CUSTOMER_PHOTOS + 1)]
    assert [each.status for each in got] == [200] * MAX_CUSTOMER_PHOTOS + [422]
    assert got[-1].slug == "photo-refused"
    assert got[-1].json["why"] == "full"
    check_room(the_job(api), "before", NOON, NOON)


@pytest.mark.parametrize(
    ("values", "why"),
    [({"media_type": "image/heic"}, "heic"), ({"media_type": "text/html"}, "format"),
     ({"bytes": 10_000_001}, "large")],
)  # fmt: skip
def test_a_photo_out_of_bounds_is_refused_before_its_upload(
    api: ApiBackend, values: dict[str, Any], why: str
) -> None:
    got = photo(api, **values)
    assert got.slug == "photo-refused"
    assert got.json["why"] == why
    assert the_job(api).photos == ()


@pytest.mark.parametrize(("status", "why"), [("completed", "ended"), ("cancelled", "cancelled")])
def test_a_job_that_has_ended_takes_no_photo(status: str, why: str) -> None:
    api = ApiBackend()
    settings(api)
    api.store(a_job(status))
    assert photo(api).json["why"] == why


def test_without_the_token_no_photo_is_taken(api: ApiBackend) -> None:
    assert photo(api, token="x" * 22).slug == "unknown-job"
