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
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.api.test_canaries import OWN, a_marked_job
from tests.support.builders import DRIVER, NOON, TOKEN, a_job, minutes, moved
from tests.support.pictures import CAMERA, GPS, a_phone_photo, opened

JOB = "261121-7k3m2q"
PHOTOS = f"/api/jobs/{JOB}/photos"
WHERE = f"/api/jobs/{JOB}/location"
PLACE = f"/api/track/{digest_of(TOKEN)}/location"
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


def upload(api: ApiBackend, got: ApiReply, raw: bytes = RAW) -> None:
    """What the edge and the bucket do with the bytes that are PUT to the address."""
    path = got.json["upload"]["url"].partition("?")[0]
    api.bucket.objects[path.removeprefix("/")] = raw


def take_photo(api: ApiBackend, by: str = "mike", **values: Any) -> ApiReply:
    """All three steps; the last answer."""
    announced = api.send("POST", PHOTOS, request_body(**values), by=by)
    assert announced.status == 201, announced
    upload(api, announced)
    path = f"{PHOTOS}/{announced.json['photo_id']}"
    return api.send("POST", path, request_body(**values), by=by)


def show(api: ApiBackend, job: Job) -> None:
    """The job as it is now, as the functions behind the queues would leave it."""
    stored = api.jobs.read(job.tenant, job.job_id)
    api.jobs.replace(job, stored.etag)


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
def api_with_job(api: ApiBackend) -> ApiBackend:
    api.store(a_marked_job_under_way())
    return api


def a_marked_job_under_way() -> Job:
    return moved(a_marked_job(JOB, OWN), "start")


def test_a_photo_comes_onto_the_job_in_three_steps(api_with_job: ApiBackend) -> None:
    got = take_photo(api_with_job)
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
    assert got.headers["etag"] == f'"{api_with_job.job(JOB).visible_rev}"'
    assert opened(api_with_job.site.objects[f"t/p/{PHOTO_ID}.jpg"]).format == "JPEG"


def test_every_step_may_come_twice(api_with_job: ApiBackend) -> None:
    first = api_with_job.send("POST", PHOTOS, request_body(), by="mike")
    assert api_with_job.send("POST", PHOTOS, request_body(), by="mike").json == first.json
    done = take_photo(api_with_job)
    again = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert (again.status, again.json) == (200, done.json)
    there = api_with_job.send("POST", PHOTOS, request_body(), by="mike")
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
    api_with_job: ApiBackend, values: dict[str, Any], why: str, says: str
) -> None:
    before = api_with_job.state()
    got = api_with_job.send("POST", PHOTOS, request_body(**values), by="mike")
    assert (got.status, got.slug, got.json["why"]) == (422, "photo-refused", why)
    assert says in got.json["detail"]
    assert api_with_job.state() == before


@pytest.mark.parametrize(
    "raw",
    [b"\x7fELF" + bytes(900), b"<svg><script>alert(1)</script></svg>", RAW[: len(RAW) // 2]],
)
def test_what_turns_out_to_be_no_photo_is_refused_and_shown_to_no_one(
    api_with_job: ApiBackend, raw: bytes
) -> None:
    lie = request_body(bytes=len(raw))
    upload(api_with_job, api_with_job.send("POST", PHOTOS, lie, by="mike"), raw)
    before = api_with_job.state()
    got = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", lie, by="mike")
    assert (got.status, got.slug) == (422, "photo-refused")
    assert api_with_job.state() == before


def test_a_hundred_megabytes_under_a_smaller_name_are_not_read(
    api_with_job: ApiBackend,
) -> None:
    upload(
        api_with_job,
        api_with_job.send("POST", PHOTOS, request_body(), by="mike"),
        bytes(100_000_000),
    )
    got = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert (got.status, got.slug, api_with_job.job(JOB).photos) == (409, "photo-missing", ())


def test_a_photo_that_never_arrived_is_asked_for_again(api_with_job: ApiBackend) -> None:
    got = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert (got.status, got.slug, "again" in got.json["title"]) == (409, "photo-missing", True)


def test_a_photos_name_belongs_to_its_event(api_with_job: ApiBackend) -> None:
    got = api_with_job.send("POST", f"{PHOTOS}/{'0' * 32}", request_body(), by="mike")
    assert (got.status, got.slug) == (422, "invalid")


def test_an_event_id_of_a_move_is_no_photos(api_with_job: ApiBackend) -> None:
    got = api_with_job.send("POST", PHOTOS, request_body(event_id="way-1"), by="mike")
    assert (got.status, got.slug) == (409, "event-id-used")


def test_a_cancelled_job_takes_no_photos(api: ApiBackend) -> None:
    api.store(a_job("cancelled"))
    got = api.send("POST", PHOTOS, request_body(), by="mike")
    assert (got.status, got.slug) == (422, "photo-refused")


def test_who_watches_over_a_job_sees_its_photos_and_adds_none(api_with_job: ApiBackend) -> None:
    take_photo(api_with_job, by="dana")
    seen = {
        who: PHOTO_ID in api_with_job.send("GET", f"/api/jobs/{JOB}", by=who).text
        for who in ("dana", "sue", "mike", "fay", "otto")
    }
    assert seen == {"dana": True, "sue": True, "mike": True, "fay": False, "otto": True}
    assert api_with_job.send("POST", PHOTOS, request_body(), by="sue").slug == "not-allowed"
    assert api_with_job.send("POST", PHOTOS, request_body(), by="fay").slug == "unknown-job"


def test_no_public_object_tells_a_photos_name_before_the_job_is_completed(
    api_with_job: ApiBackend,
) -> None:
    """Nor does any tell what is private: not the photo either, whose file had place and camera."""
    take_photo(api_with_job)
    public = dict(api_with_job.site.objects)
    assert sorted(public) == [f"t/{digest_of(TOKEN)}.json", f"t/p/{PHOTO_ID}.jpg"]
    assert PHOTO_ID not in api_with_job.send("GET", f"/api/track/{digest_of(TOKEN)}").text
    assert PHOTO_ID.encode() not in b"".join(public.values())
    canaries = [*OWN.values(), GPS, CAMERA]
    assert [c for c in canaries if c.encode() in b"".join(public.values())] == []


def test_neither_photos_nor_places_are_logged_or_announced(api_with_job: ApiBackend) -> None:
    take_photo(api_with_job)
    api_with_job.send("PUT", WHERE, HERE, by="mike")
    api_with_job.send("GET", PLACE)
    outside = json.dumps(api_with_job.log.lines) + "".join(
        f.model_dump_json() for f in api_with_job.bus.facts
    )
    secrets = [PHOTO_ID, "37.77", "122.4", "uploads/", *OWN.values()]
    assert [secret for secret in secrets if secret in outside] == []


def test_the_crews_place_is_told_rounded_while_the_job_is_under_way(
    api_with_job: ApiBackend,
) -> None:
    assert api_with_job.send("PUT", WHERE, HERE, by="mike").status == 204
    got = api_with_job.send("GET", PLACE)
    assert (got.status, got.json) == (
        200,
        {"latitude": 37.775, "longitude": -122.42, "at": "2026-11-21T12:00:00.000Z"},
    )
    assert got.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("status", ["pending_pickup", "ready_for_pickup", "completed", "cancelled"])
def test_no_place_is_taken_unless_the_job_is_under_way(api: ApiBackend, status: str) -> None:
    api.store(a_job(status))
    got = api.send("PUT", WHERE, HERE, by="mike")
    assert (got.status, got.slug, api.locations.stored) == (409, "not-under-way", {})


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_the_place_is_gone_with_the_status_even_where_the_view_still_shows_it(
    api_with_job: ApiBackend, status: str
) -> None:
    api_with_job.send("PUT", WHERE, HERE, by="mike")
    show(api_with_job, api_with_job.job(JOB).seen(status=status))
    got = api_with_job.send("GET", PLACE)
    assert (got.status, got.slug, api_with_job.locations.stored) == (404, "no-location", {})


def test_the_next_word_of_a_phone_after_the_end_removes_the_place(
    api_with_job: ApiBackend,
) -> None:
    api_with_job.send("PUT", WHERE, HERE, by="mike")
    show(api_with_job, api_with_job.job(JOB).seen(status="completed"))
    assert api_with_job.send("PUT", WHERE, HERE, by="mike").slug == "not-under-way"
    assert api_with_job.locations.stored == {}


def test_a_place_is_old_after_half_an_hour(api_with_job: ApiBackend) -> None:
    api_with_job.send("PUT", WHERE, HERE, by="mike")
    api_with_job.now = NOON + minutes(29)
    assert api_with_job.send("GET", PLACE).status == 200
    api_with_job.now = NOON + minutes(31)
    assert api_with_job.send("GET", PLACE).slug == "no-location"


@pytest.mark.parametrize("at", ["2026-11-21T11:00:00Z", "2026-11-21T12:30:00Z"])
def test_where_a_phone_was_or_will_be_is_not_where_it_is(api_with_job: ApiBackend, at: str) -> None:
    got = api_with_job.send("PUT", WHERE, HERE | {"occurred_at": at}, by="mike")
    assert (got.status, api_with_job.locations.stored) == (204, {})


def test_switched_off_the_place_is_gone_at_once(api_with_job: ApiBackend) -> None:
    api_with_job.send("PUT", WHERE, HERE, by="mike")
    assert api_with_job.send("DELETE", WHERE, by="mike").status == 204
    assert (api_with_job.send("GET", PLACE).slug, api_with_job.locations.stored) == (
        "no-location",
        {},
    )


def test_whatever_the_reason_the_answer_about_a_place_is_the_same(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    api.store(a_job("ready_for_pickup", job_id="261121-000001", token="x" * 22))
    digests = (digest_of(TOKEN), digest_of("x" * 22), "0" * 32, "nonsense")
    answers = [api.send("GET", f"/api/track/{digest}/location") for digest in digests]
    told = [got.json | {"request_id": ""} for got in answers]
    assert [each == told[0] for each in told] == [True] * 4
    assert (answers[0].status, answers[0].slug) == (404, "no-location")


def test_two_businesses_with_a_job_of_the_same_id_keep_their_crews_apart(
    api: ApiBackend,
) -> None:
    api.store(a_job("in_progress"))
    api.store(a_job("in_progress", tenant="other", token="x" * 22))
    api.send("PUT", WHERE, HERE, by="mike")
    assert api.send("GET", PLACE).status == 200
    assert api.send("GET", f"/api/track/{digest_of('x' * 22)}/location").slug == "no-location"


@pytest.mark.parametrize(
    "wrong", [{"latitude": 91}, {"longitude": "1"}, {"latitude": None}, {"accuracy": 5}]
)
def test_what_is_no_place_is_refused(api_with_job: ApiBackend, wrong: dict[str, Any]) -> None:
    assert api_with_job.send("PUT", WHERE, HERE | wrong, by="mike").slug == "invalid"


def test_all_places_of_jobs_under_way_are_told_to_who_plans_the_day(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    ended = api.store(a_job("completed", job_id="261121-000001", token="x" * 22))
    quiet = api.store(a_job("in_progress", job_id="261121-000002", token="y" * 22))
    api.send("PUT", WHERE, HERE, by="mike")
    places = api.dependencies.share_location.of_all([api.job(JOB), ended, quiet], NOON)
    assert {job_id: place.latitude for job_id, place in places.items()} == {JOB: 37.775}


def test_a_first_mate_may_tell_the_place_too(api: ApiBackend) -> None:
    fay = Assigned(role="first_mate", member="fay", first_name="Fay")
    api.store(a_job("in_progress", crew=(DRIVER, fay)))
    assert api.send("PUT", WHERE, HERE, by="fay").status == 204


def take_off(api: ApiBackend, who: str) -> None:
    job = api.job(JOB)
    show(api, job.seen(crew=tuple(each for each in job.crew if each.member != who)))


def test_who_is_taken_off_a_job_hears_that_what_they_did_is_done_and_no_more(
    api_with_job: ApiBackend,
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
    take_photo(api_with_job)
    for method, address, body in own[2:]:
        assert api_with_job.send(method, address, body, by="mike").status == 200
    take_off(api_with_job, "mike")
    before = api_with_job.state()
    for method, address, body in own:
        got = api_with_job.send(method, address, body, by="mike")
        assert (got.status, got.text) == (204, "")
        other = api_with_job.send(method, address, body | {"event_id": "new"}, by="mike")
        assert (other.status, other.slug) == (404, "unknown-job")
        assert api_with_job.send(method, address, body, by="fay").slug == "unknown-job"
    assert api_with_job.state() == before


# -- a flow that wants proof


def test_a_job_of_a_flow_that_wants_proof_is_completed_with_it_and_not_before(
    api: ApiBackend, proven: str
) -> None:
    api.store(a_job("in_progress", flow=proven))
    complete: dict[str, Any] = {"move": "complete"}

    def done(by: str = "mike") -> ApiReply:
        return api.send("POST", f"/api/jobs/{JOB}/moves", complete, by=by)

    shown = api.send("GET", f"/api/jobs/{JOB}", by="dana").json
    assert [move["requires"] for move in shown["moves"] if move["name"] == "complete"] == [
        ["proof"]
    ]
    assert (done().status, done("dana").slug) == (409, "proof-missing")
    take_photo(api, kind="before")
    take_photo(api, event_id="photo-2", kind="after")
    assert done().slug == "proof-missing"
    match = {"if-match": f'"{api.job(JOB).visible_rev}"'}
    load = {"load_size": "half"}
    assert api.send("PATCH", f"/api/jobs/{JOB}", load, by="mike", headers=match).status == 200
    assert (done().status, api.job(JOB).status) == (200, "completed")
