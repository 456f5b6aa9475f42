"""Photos and places through the API: who may, what is refused, and who is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from statemachine import flows
from statemachine.ids import digest_of
from statemachine.job import Assigned, Job
from statemachine.proof_of_service import photo_id_of
from tests.api.api_fixture import Got, Office
from tests.api.test_canaries import OWN, a_marked_job
from tests.support.builders import DRIVER, NOON, TOKEN, a_job, minutes, moved
from tests.support.pictures import CAMERA, GPS, a_phone_photo, opened

JOB = "261121-7k3m2q"
PHOTOS = f"/api/jobs/{JOB}/photos"
WHERE = f"/api/jobs/{JOB}/location"
PLACE = f"/api/track/{digest_of(TOKEN)}/place"
PHOTO_ID = photo_id_of(a_job(), "photo-1")
RAW = a_phone_photo()
HERE = {"latitude": 37.77493, "longitude": -122.41942, "occurred_at": "2026-11-21T12:00:00Z"}


def request_body(**values: Any) -> dict[str, Any]:
    return {
        "event_id": "photo-1",
        "occurred_at": "2026-11-21T11:59:00Z",
        "kind": "before",
        "media_type": "image/jpeg",
        "bytes": len(RAW),
        **values,
    }


def upload(office: Office, got: Got, raw: bytes = RAW) -> None:
    """What the edge and the bucket do with the bytes that are PUT to the address."""
    path = got.json["upload"]["url"].partition("?")[0]
    office.bucket.objects[path.removeprefix("/")] = raw


def take_photo(office: Office, by: str = "mike", **values: Any) -> Got:
    """All three steps; the last answer."""
    announced = office.ask("POST", PHOTOS, request_body(**values), by=by)
    assert announced.status == 201, announced
    upload(office, announced)
    path = f"{PHOTOS}/{announced.json['photo_id']}"
    return office.ask("POST", path, request_body(**values), by=by)


def show(office: Office, job: Job) -> None:
    """The job as it is now, as the functions behind the queues would leave it."""
    stored = office.jobs.read(job.tenant, job.job_id)
    office.jobs.replace(job, stored.etag)


@pytest.fixture
def proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A flow whose jobs are completed with proof alone, as CONTRIBUTING tells how to make one."""
    folder = Path(copytree(flows.FOLDER, tmp_path / "flows"))
    known = json.loads((folder / "haul.json").read_text(encoding="utf-8"))
    (complete,) = (move for move in known["moves"] if move["name"] == "complete")
    complete["requires"] = ["proof"]
    (folder / "proven.json").write_text(json.dumps(known | {"name": "proven"}), encoding="utf-8")
    monkeypatch.setattr(flows, "FOLDER", folder)
    flows.flow_names.cache_clear()
    yield "proven"
    flows.flow_names.cache_clear()


@pytest.fixture
def busy(office: Office) -> Office:
    office.keep(a_marked_job_under_way())
    return office


def a_marked_job_under_way() -> Job:
    return moved(a_marked_job(JOB, OWN), "start")


def test_a_photo_comes_onto_the_job_in_three_steps(busy: Office) -> None:
    got = take_photo(busy)
    assert (got.status, got.json["photos"]) == (
        200,
        [
            {
                "photo_id": PHOTO_ID,
                "kind": "before",
                "path": f"/t/p/{PHOTO_ID}.jpg",
                "taken_at": "2026-11-21T11:59:00.000Z",
            }
        ],
    )
    assert got.headers["etag"] == f'"{busy.job(JOB).rev}"'
    assert opened(busy.site.objects[f"t/p/{PHOTO_ID}.jpg"]).format == "JPEG"


def test_every_step_may_come_twice(busy: Office) -> None:
    first = busy.ask("POST", PHOTOS, request_body(), by="mike")
    assert busy.ask("POST", PHOTOS, request_body(), by="mike").json == first.json
    done = take_photo(busy)
    again = busy.ask("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert (again.status, again.json) == (200, done.json)
    there = busy.ask("POST", PHOTOS, request_body(), by="mike")
    assert (there.status, there.json) == (200, {"photo_id": PHOTO_ID})


@pytest.mark.parametrize(
    ("values", "why", "says"),
    [
        ({"bytes": 100_000_000}, "large", "at most 10 MB"),
        ({"media_type": "image/svg+xml"}, "format", "JPEG, PNG or WebP"),
        ({"media_type": "application/x-dosexec"}, "format", "JPEG, PNG or WebP"),
        ({"media_type": "image/heic"}, "heic", "choose JPEG"),
        ({"occurred_at": "2026-11-21T13:00:00Z"}, "clock", "clock"),
    ],
)
def test_what_can_be_no_photo_is_refused_before_it_is_sent(
    busy: Office, values: dict[str, Any], why: str, says: str
) -> None:
    before = busy.state()
    got = busy.ask("POST", PHOTOS, request_body(**values), by="mike")
    assert (got.status, got.slug, got.json["why"]) == (422, "photo-refused", why)
    assert says in got.json["detail"]
    assert busy.state() == before


@pytest.mark.parametrize(
    "raw",
    [b"\x7fELF" + bytes(900), b"<svg><script>alert(1)</script></svg>", RAW[: len(RAW) // 2]],
)
def test_what_turns_out_to_be_no_photo_is_refused_and_shown_to_no_one(
    busy: Office, raw: bytes
) -> None:
    lie = request_body(bytes=len(raw))
    upload(busy, busy.ask("POST", PHOTOS, lie, by="mike"), raw)
    before = busy.state()
    got = busy.ask("POST", f"{PHOTOS}/{PHOTO_ID}", lie, by="mike")
    assert (got.status, got.slug) == (422, "photo-refused")
    assert busy.state() == before


def test_a_hundred_megabytes_under_a_smaller_name_are_not_read(busy: Office) -> None:
    upload(busy, busy.ask("POST", PHOTOS, request_body(), by="mike"), bytes(100_000_000))
    got = busy.ask("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert (got.status, got.slug, busy.job(JOB).photos) == (409, "photo-missing", ())


def test_a_photo_that_never_arrived_is_asked_for_again(busy: Office) -> None:
    got = busy.ask("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert (got.status, got.slug, "again" in got.json["title"]) == (409, "photo-missing", True)


def test_a_photos_name_belongs_to_its_event(busy: Office) -> None:
    got = busy.ask("POST", f"{PHOTOS}/{'0' * 32}", request_body(), by="mike")
    assert (got.status, got.slug) == (422, "invalid")


def test_an_event_id_of_a_move_is_no_photos(busy: Office) -> None:
    got = busy.ask("POST", PHOTOS, request_body(event_id="way-1"), by="mike")
    assert (got.status, got.slug) == (409, "event-id-used")


def test_a_cancelled_job_takes_no_photos(office: Office) -> None:
    office.keep(a_job("cancelled"))
    got = office.ask("POST", PHOTOS, request_body(), by="mike")
    assert (got.status, got.slug) == (422, "photo-refused")


def test_who_watches_over_a_job_sees_its_photos_and_adds_none(busy: Office) -> None:
    take_photo(busy, by="dana")
    seen = {
        who: PHOTO_ID in busy.ask("GET", f"/api/jobs/{JOB}", by=who).text
        for who in ("dana", "sue", "mike", "fay", "otto")
    }
    assert seen == {"dana": True, "sue": True, "mike": True, "fay": False, "otto": True}
    assert busy.ask("POST", PHOTOS, request_body(), by="sue").slug == "not-allowed"
    assert busy.ask("POST", PHOTOS, request_body(), by="fay").slug == "unknown-job"


def test_no_public_object_tells_a_photos_name_before_the_job_is_completed(busy: Office) -> None:
    """Nor does any tell what is private: not the photo either, whose file had place and camera."""
    take_photo(busy)
    public = dict(busy.site.objects)
    assert sorted(public) == [f"t/{digest_of(TOKEN)}.json", f"t/p/{PHOTO_ID}.jpg"]
    assert PHOTO_ID not in busy.ask("GET", f"/api/track/{digest_of(TOKEN)}").text
    assert PHOTO_ID.encode() not in b"".join(public.values())
    canaries = [*OWN.values(), GPS, CAMERA]
    assert [c for c in canaries if c.encode() in b"".join(public.values())] == []


def test_neither_photos_nor_places_are_logged_or_announced(busy: Office) -> None:
    take_photo(busy)
    busy.ask("PUT", WHERE, HERE, by="mike")
    busy.ask("GET", PLACE)
    outside = json.dumps(busy.log.lines) + "".join(f.model_dump_json() for f in busy.bus.facts)
    secrets = [PHOTO_ID, "37.77", "122.4", "uploads/", *OWN.values()]
    assert [secret for secret in secrets if secret in outside] == []


def test_the_crews_place_is_told_rounded_while_the_job_is_under_way(busy: Office) -> None:
    assert busy.ask("PUT", WHERE, HERE, by="mike").status == 204
    got = busy.ask("GET", PLACE)
    assert (got.status, got.json) == (
        200,
        {"latitude": 37.775, "longitude": -122.42, "at": "2026-11-21T12:00:00.000Z"},
    )
    assert got.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("status", ["pending_pickup", "ready_for_pickup", "completed", "cancelled"])
def test_no_place_is_taken_unless_the_job_is_under_way(office: Office, status: str) -> None:
    office.keep(a_job(status))
    got = office.ask("PUT", WHERE, HERE, by="mike")
    assert (got.status, got.slug, office.places.kept) == (409, "not-under-way", {})


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_the_place_is_gone_with_the_status_even_where_the_view_still_shows_it(
    busy: Office, status: str
) -> None:
    busy.ask("PUT", WHERE, HERE, by="mike")
    show(busy, busy.job(JOB).with_change(status=status))
    got = busy.ask("GET", PLACE)
    assert (got.status, got.slug, busy.places.kept) == (404, "no-location", {})


def test_the_next_word_of_a_phone_after_the_end_removes_the_place(busy: Office) -> None:
    busy.ask("PUT", WHERE, HERE, by="mike")
    show(busy, busy.job(JOB).with_change(status="completed"))
    assert busy.ask("PUT", WHERE, HERE, by="mike").slug == "not-under-way"
    assert busy.places.kept == {}


def test_a_place_is_old_after_half_an_hour(busy: Office) -> None:
    busy.ask("PUT", WHERE, HERE, by="mike")
    busy.now = NOON + minutes(29)
    assert busy.ask("GET", PLACE).status == 200
    busy.now = NOON + minutes(31)
    assert busy.ask("GET", PLACE).slug == "no-location"


@pytest.mark.parametrize("at", ["2026-11-21T11:00:00Z", "2026-11-21T12:30:00Z"])
def test_where_a_phone_was_or_will_be_is_not_where_it_is(busy: Office, at: str) -> None:
    got = busy.ask("PUT", WHERE, HERE | {"occurred_at": at}, by="mike")
    assert (got.status, busy.places.kept) == (204, {})


def test_switched_off_the_place_is_gone_at_once(busy: Office) -> None:
    busy.ask("PUT", WHERE, HERE, by="mike")
    assert busy.ask("DELETE", WHERE, by="mike").status == 204
    assert (busy.ask("GET", PLACE).slug, busy.places.kept) == ("no-location", {})


def test_whatever_the_reason_the_answer_about_a_place_is_the_same(office: Office) -> None:
    office.keep(a_job("in_progress"))
    office.keep(a_job("ready_for_pickup", job_id="261121-000001", token="x" * 22))
    digests = (digest_of(TOKEN), digest_of("x" * 22), "0" * 32, "nonsense")
    answers = [office.ask("GET", f"/api/track/{digest}/place") for digest in digests]
    told = [got.json | {"request_id": ""} for got in answers]
    assert [each == told[0] for each in told] == [True] * 4
    assert (answers[0].status, answers[0].slug) == (404, "no-location")


def test_two_businesses_with_a_job_of_the_same_id_keep_their_crews_apart(office: Office) -> None:
    office.keep(a_job("in_progress"))
    office.keep(a_job("in_progress", tenant="other", token="x" * 22))
    office.ask("PUT", WHERE, HERE, by="mike")
    assert office.ask("GET", PLACE).status == 200
    assert office.ask("GET", f"/api/track/{digest_of('x' * 22)}/place").slug == "no-location"


@pytest.mark.parametrize(
    "wrong", [{"latitude": 91}, {"longitude": "1"}, {"latitude": None}, {"accuracy": 5}]
)
def test_what_is_no_place_is_refused(busy: Office, wrong: dict[str, Any]) -> None:
    assert busy.ask("PUT", WHERE, HERE | wrong, by="mike").slug == "invalid"


def test_all_places_of_jobs_under_way_are_told_to_who_plans_the_day(office: Office) -> None:
    office.keep(a_job("in_progress"))
    ended = office.keep(a_job("completed", job_id="261121-000001", token="x" * 22))
    quiet = office.keep(a_job("in_progress", job_id="261121-000002", token="y" * 22))
    office.ask("PUT", WHERE, HERE, by="mike")
    places = office.api.share_location.of_all([office.job(JOB), ended, quiet], NOON)
    assert {job_id: place.latitude for job_id, place in places.items()} == {JOB: 37.775}


def test_a_first_mate_may_tell_the_place_too(office: Office) -> None:
    fay = Assigned(role="first_mate", member="fay", first_name="Fay")
    office.keep(a_job("in_progress", crew=(DRIVER, fay)))
    assert office.ask("PUT", WHERE, HERE, by="fay").status == 204


def take_off(office: Office, who: str) -> None:
    job = office.job(JOB)
    show(office, job.with_change(crew=tuple(each for each in job.crew if each.member != who)))


def test_who_is_taken_off_a_job_hears_that_what_they_did_is_done_and_no_more(
    busy: Office,
) -> None:
    """Their answers were lost; the job is none of theirs by the time they ask again."""
    move = {"event_id": "m-1", "move": "complete"}
    note = {"event_id": "n-1", "note": "Two sofas"}
    path = f"/api/jobs/{JOB}"
    own = [
        ("POST", PHOTOS, request_body()),
        ("POST", f"{PHOTOS}/{PHOTO_ID}", request_body()),
        ("PATCH", path, note),
        ("POST", f"{path}/moves", move),
    ]
    take_photo(busy)
    for method, address, body in own[2:]:
        assert busy.ask(method, address, body, by="mike").status == 200
    take_off(busy, "mike")
    before = busy.state()
    for method, address, body in own:
        got = busy.ask(method, address, body, by="mike")
        assert (got.status, got.text) == (204, "")
        other = busy.ask(method, address, body | {"event_id": "new"}, by="mike")
        assert (other.status, other.slug) == (404, "unknown-job")
        assert busy.ask(method, address, body, by="fay").slug == "unknown-job"
    assert busy.state() == before


# -- a flow that wants proof


def test_a_job_of_a_flow_that_wants_proof_is_completed_with_it_and_not_before(
    office: Office, proven: str
) -> None:
    office.keep(a_job("in_progress", flow=proven))
    complete: dict[str, Any] = {"move": "complete"}

    def done(by: str = "mike") -> Got:
        return office.ask("POST", f"/api/jobs/{JOB}/moves", complete, by=by)

    shown = office.ask("GET", f"/api/jobs/{JOB}", by="dana").json
    assert [move["requires"] for move in shown["moves"] if move["name"] == "complete"] == [
        ["proof"]
    ]
    assert (done().status, done("dana").slug) == (409, "proof-missing")
    take_photo(office, kind="before")
    take_photo(office, event_id="photo-2", kind="after")
    assert done().slug == "proof-missing"
    match = {"if-match": f'"{office.job(JOB).rev}"'}
    load = {"load_size": "half"}
    assert office.ask("PATCH", f"/api/jobs/{JOB}", load, by="mike", headers=match).status == 200
    assert (done().status, office.job(JOB).status) == (200, "completed")
