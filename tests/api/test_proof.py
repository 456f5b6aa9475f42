"""Photos and crew locations through the API: who may send and see them, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from statemachine import flows
from statemachine.job.job import Assigned, Job
from statemachine.rules.proof_of_service import photo_id_of
from statemachine.values.ids import digest_of
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.api.test_canaries import OWN, a_marked_job
from tests.support.builders import DRIVER, NOON, TOKEN, a_job, minutes, moved
from tests.support.pictures import CAMERA, GPS, a_phone_photo, opened

JOB = "261121-7k3m2q"
PHOTOS = f"/api/jobs/{JOB}/photos"
JOB_LOCATION = f"/api/jobs/{JOB}/location"
PUBLIC_LOCATION = f"/api/track/{digest_of(TOKEN)}/location"
PHOTO_ID = photo_id_of(a_job(), "photo-1")
RAW = a_phone_photo()
POSITION = {"latitude": 37.77493, "longitude": -122.41942, "occurred_at": "2026-11-21T12:00:00Z"}


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
    """Stores the bytes as the edge and the bucket do after a PUT to the upload URL."""
    path = got.json["upload"]["url"].partition("?")[0]
    api.bucket.objects[path.removeprefix("/")] = raw


def take_photo(api: ApiBackend, by: str = "mike", **values: Any) -> ApiReply:
    """All three steps; returns the last response."""
    announced = api.send("POST", PHOTOS, request_body(**values), by=by)
    assert announced.status == 201, announced
    upload(api, announced)
    path = f"{PHOTOS}/{announced.json['photo_id']}"
    return api.send("POST", path, request_body(**values), by=by)


def show(api: ApiBackend, job: Job) -> None:
    """Stores the job and its view, as the functions behind the queues would."""
    stored = api.jobs.read(job.tenant, job.job_id)
    api.jobs.replace(job, stored.etag)


@pytest.fixture
def proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A flow that requires proof of service, made as CONTRIBUTING describes."""
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


def test_a_photo_is_added_in_three_steps(api_with_job: ApiBackend) -> None:
    got = take_photo(api_with_job)
    assert got.status == 200
    assert got.json["photos"] == [
        {
            "photo_id": PHOTO_ID,
            "kind": "before",
            "path": f"/t/p/{PHOTO_ID}.jpg",
            "taken_at": "2026-11-21T11:59:00.000Z",
        }
    ]
    assert got.headers["etag"] == f'"{api_with_job.job(JOB).rev}"'
    assert opened(api_with_job.site.objects[f"t/p/{PHOTO_ID}.jpg"]).format == "JPEG"


def test_every_step_may_be_repeated(api_with_job: ApiBackend) -> None:
    first = api_with_job.send("POST", PHOTOS, request_body(), by="mike")
    assert api_with_job.send("POST", PHOTOS, request_body(), by="mike").json == first.json
    done = take_photo(api_with_job)
    again = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert again.status == 200
    assert again.json == done.json
    there = api_with_job.send("POST", PHOTOS, request_body(), by="mike")
    assert there.status == 200
    assert there.json == {"photo_id": PHOTO_ID}


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
def test_an_impossible_photo_is_refused_before_its_upload(
    api_with_job: ApiBackend, values: dict[str, Any], why: str, says: str
) -> None:
    before = api_with_job.state()
    got = api_with_job.send("POST", PHOTOS, request_body(**values), by="mike")
    assert got.status == 422
    assert got.slug == "photo-refused"
    assert got.json["why"] == why
    assert says in got.json["detail"]
    assert api_with_job.state() == before


@pytest.mark.parametrize(
    "raw",
    [b"\x7fELF" + bytes(900), b"<svg><script>alert(1)</script></svg>", RAW[: len(RAW) // 2]],
)
def test_an_upload_that_is_not_a_photo_is_refused_and_never_published(
    api_with_job: ApiBackend, raw: bytes
) -> None:
    lie = request_body(bytes=len(raw))
    upload(api_with_job, api_with_job.send("POST", PHOTOS, lie, by="mike"), raw)
    before = api_with_job.state()
    got = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", lie, by="mike")
    assert got.status == 422
    assert got.slug == "photo-refused"
    assert api_with_job.state() == before


def test_an_upload_larger_than_announced_is_not_read(
    api_with_job: ApiBackend,
) -> None:
    upload(
        api_with_job,
        api_with_job.send("POST", PHOTOS, request_body(), by="mike"),
        bytes(100_000_000),
    )
    got = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert got.status == 409
    assert got.slug == "photo-missing"
    assert api_with_job.job(JOB).photos == ()


def test_a_photo_that_was_not_uploaded_must_be_uploaded_again(api_with_job: ApiBackend) -> None:
    got = api_with_job.send("POST", f"{PHOTOS}/{PHOTO_ID}", request_body(), by="mike")
    assert got.status == 409
    assert got.slug == "photo-missing"
    assert "again" in got.json["title"]


def test_a_photo_id_belongs_to_its_event_id(api_with_job: ApiBackend) -> None:
    got = api_with_job.send("POST", f"{PHOTOS}/{'0' * 32}", request_body(), by="mike")
    assert got.status == 422
    assert got.slug == "invalid"


def test_the_event_id_of_a_move_cannot_be_used_for_a_photo(api_with_job: ApiBackend) -> None:
    got = api_with_job.send("POST", PHOTOS, request_body(event_id="way-1"), by="mike")
    assert got.status == 409
    assert got.slug == "event-id-used"


def test_a_canceled_job_accepts_no_photos(api: ApiBackend) -> None:
    api.store(a_job("cancelled"))
    got = api.send("POST", PHOTOS, request_body(), by="mike")
    assert got.status == 422
    assert got.slug == "photo-refused"


def test_supervisors_see_photos_but_cannot_add_them(api_with_job: ApiBackend) -> None:
    take_photo(api_with_job, by="dana")
    seen = {
        who: PHOTO_ID in api_with_job.send("GET", f"/api/jobs/{JOB}", by=who).text
        for who in ("dana", "sue", "mike", "fay", "otto")
    }
    assert seen == {"dana": True, "sue": True, "mike": True, "fay": False, "otto": True}
    assert api_with_job.send("POST", PHOTOS, request_body(), by="sue").slug == "not-allowed"
    assert api_with_job.send("POST", PHOTOS, request_body(), by="fay").slug == "unknown-job"


def test_no_public_object_names_a_photo_before_the_job_is_completed(
    api_with_job: ApiBackend,
) -> None:
    """Nor does any reveal what is private, such as the place and camera in the photo's file."""
    take_photo(api_with_job)
    public = dict(api_with_job.site.objects)
    assert sorted(public) == [f"t/{digest_of(TOKEN)}.json", f"t/p/{PHOTO_ID}.jpg"]
    assert PHOTO_ID not in api_with_job.send("GET", f"/api/track/{digest_of(TOKEN)}").text
    assert PHOTO_ID.encode() not in b"".join(public.values())
    canaries = [*OWN.values(), GPS, CAMERA]
    assert [c for c in canaries if c.encode() in b"".join(public.values())] == []


def test_neither_photos_nor_locations_are_logged_or_announced(api_with_job: ApiBackend) -> None:
    take_photo(api_with_job)
    api_with_job.send("PUT", JOB_LOCATION, POSITION, by="mike")
    api_with_job.send("GET", PUBLIC_LOCATION)
    outside = json.dumps(api_with_job.log.lines) + "".join(
        f.model_dump_json() for f in api_with_job.bus.facts
    )
    secrets = [PHOTO_ID, "37.77", "122.4", "uploads/", *OWN.values()]
    assert [secret for secret in secrets if secret in outside] == []


def test_the_crews_location_is_shared_rounded_while_the_job_is_under_way(
    api_with_job: ApiBackend,
) -> None:
    assert api_with_job.send("PUT", JOB_LOCATION, POSITION, by="mike").status == 204
    got = api_with_job.send("GET", PUBLIC_LOCATION)
    assert got.status == 200
    assert got.json == {"latitude": 37.775, "longitude": -122.42, "at": "2026-11-21T12:00:00.000Z"}
    assert got.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("status", ["pending_pickup", "ready_for_pickup", "completed", "cancelled"])
def test_no_location_is_accepted_unless_the_job_is_under_way(api: ApiBackend, status: str) -> None:
    api.store(a_job(status))
    got = api.send("PUT", JOB_LOCATION, POSITION, by="mike")
    assert got.status == 409
    assert got.slug == "not-under-way"
    assert api.locations.stored == {}


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_the_location_ends_with_the_status_even_if_the_view_lags(
    api_with_job: ApiBackend, status: str
) -> None:
    api_with_job.send("PUT", JOB_LOCATION, POSITION, by="mike")
    show(api_with_job, api_with_job.job(JOB).with_change(status=status))
    got = api_with_job.send("GET", PUBLIC_LOCATION)
    assert got.status == 404
    assert got.slug == "no-location"
    assert api_with_job.locations.stored == {}


def test_a_location_sent_after_the_end_deletes_the_stored_one(
    api_with_job: ApiBackend,
) -> None:
    api_with_job.send("PUT", JOB_LOCATION, POSITION, by="mike")
    show(api_with_job, api_with_job.job(JOB).with_change(status="completed"))
    assert api_with_job.send("PUT", JOB_LOCATION, POSITION, by="mike").slug == "not-under-way"
    assert api_with_job.locations.stored == {}


def test_a_location_expires_after_half_an_hour(api_with_job: ApiBackend) -> None:
    api_with_job.send("PUT", JOB_LOCATION, POSITION, by="mike")
    api_with_job.now = NOON + minutes(29)
    assert api_with_job.send("GET", PUBLIC_LOCATION).status == 200
    api_with_job.now = NOON + minutes(31)
    assert api_with_job.send("GET", PUBLIC_LOCATION).slug == "no-location"


@pytest.mark.parametrize("at", ["2026-11-21T11:00:00Z", "2026-11-21T12:30:00Z"])
def test_an_old_or_future_location_is_ignored(api_with_job: ApiBackend, at: str) -> None:
    got = api_with_job.send("PUT", JOB_LOCATION, POSITION | {"occurred_at": at}, by="mike")
    assert got.status == 204
    assert api_with_job.locations.stored == {}


def test_stopping_deletes_the_location_at_once(api_with_job: ApiBackend) -> None:
    api_with_job.send("PUT", JOB_LOCATION, POSITION, by="mike")
    assert api_with_job.send("DELETE", JOB_LOCATION, by="mike").status == 204
    assert api_with_job.send("GET", PUBLIC_LOCATION).slug == "no-location"
    assert api_with_job.locations.stored == {}


def test_every_missing_location_gets_the_same_response(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    api.store(a_job("ready_for_pickup", job_id="261121-000001", token="x" * 22))
    digests = (digest_of(TOKEN), digest_of("x" * 22), "0" * 32)
    answers = [api.send("GET", f"/api/track/{digest}/location") for digest in digests]
    result = [got.json | {"request_id": ""} for got in answers]
    assert [each == result[0] for each in result] == [True] * 3
    assert answers[0].status == 404
    assert answers[0].slug == "no-location"
    assert api.send("GET", "/api/track/nonsense/location").status == 404


def test_two_businesses_with_the_same_job_id_have_separate_locations(
    api: ApiBackend,
) -> None:
    api.store(a_job("in_progress"))
    api.store(a_job("in_progress", tenant="other", token="x" * 22))
    api.send("PUT", JOB_LOCATION, POSITION, by="mike")
    assert api.send("GET", PUBLIC_LOCATION).status == 200
    assert api.send("GET", f"/api/track/{digest_of('x' * 22)}/location").slug == "no-location"


@pytest.mark.parametrize(
    "wrong", [{"latitude": 91}, {"longitude": "1"}, {"latitude": None}, {"accuracy": 5}]
)
def test_an_invalid_location_is_refused(api_with_job: ApiBackend, wrong: dict[str, Any]) -> None:
    assert api_with_job.send("PUT", JOB_LOCATION, POSITION | wrong, by="mike").slug == "invalid"


def test_planners_see_all_locations_of_jobs_under_way(api: ApiBackend) -> None:
    api.store(a_job("in_progress"))
    ended = api.store(a_job("completed", job_id="261121-000001", token="x" * 22))
    quiet = api.store(a_job("in_progress", job_id="261121-000002", token="y" * 22))
    api.send("PUT", JOB_LOCATION, POSITION, by="mike")
    places = api.dependencies.share_location.of_all([api.job(JOB), ended, quiet], NOON)
    assert {job_id: place.latitude for job_id, place in places.items()} == {JOB: 37.775}


def test_a_helper_may_share_the_location_too(api: ApiBackend) -> None:
    fay = Assigned(role="first_mate", member="fay", first_name="Fay")
    api.store(a_job("in_progress", crew=(DRIVER, fay)))
    assert api.send("PUT", JOB_LOCATION, POSITION, by="fay").status == 204


def take_off(api: ApiBackend, who: str) -> None:
    job = api.job(JOB)
    show(api, job.with_change(crew=tuple(each for each in job.crew if each.member != who)))


def test_a_member_taken_off_a_job_learns_only_that_earlier_requests_are_done(
    api_with_job: ApiBackend,
) -> None:
    """The responses were lost; when the requests are repeated, they are no longer on the job."""
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
        assert got.status == 204
        assert got.text == ""
        other = api_with_job.send(method, address, body | {"event_id": "new"}, by="mike")
        assert other.status == 404
        assert other.slug == "unknown-job"
        assert api_with_job.send(method, address, body, by="fay").slug == "unknown-job"
    assert api_with_job.state() == before


# -- a flow that requires proof


def test_a_flow_that_requires_proof_completes_only_with_it(api: ApiBackend, proven: str) -> None:
    api.store(a_job("in_progress", flow=proven))
    complete: dict[str, Any] = {"move": "complete"}

    def done(by: str = "mike") -> ApiReply:
        return api.send("POST", f"/api/jobs/{JOB}/moves", complete, by=by)

    shown = api.send("GET", f"/api/jobs/{JOB}", by="dana").json
    assert [move["requires"] for move in shown["moves"] if move["name"] == "complete"] == [
        ["proof"]
    ]
    assert done().status == 409
    assert done("dana").slug == "proof-missing"
    take_photo(api, kind="before")
    take_photo(api, event_id="photo-2", kind="after")
    assert done().slug == "proof-missing"
    match = {"if-match": f'"{api.job(JOB).rev}"'}
    load = {"load_size": "half"}
    assert api.send("PATCH", f"/api/jobs/{JOB}", load, by="mike", headers=match).status == 200
    assert done().status == 200
    assert api.job(JOB).status == "completed"
