"""The rules about photos: each once, not too many, and not on a cancelled job."""

import pytest

from statemachine.flows import load_flow
from statemachine.job.job import Job, Photo
from statemachine.job.record_limits import MAX_RECORDS
from statemachine.job.records import Edit
from statemachine.rules.lifecycle import CLOCK_SKEW
from statemachine.rules.proof_of_service import (
    MAX_CUSTOMER_PHOTOS,
    MAX_PHOTOS,
    PhotoRefused,
    photo_id_of,
    with_photo,
)
from statemachine.views.views import PhotoShown, view_of
from tests.support.builders import CREW, NOON, a_job, minutes


def full_of(kind: str, number: int) -> Job:
    photos = (a_photo(a_job(), f"{kind}-{n}", kind=kind) for n in range(number))
    return a_job(photos=tuple(photos))


def a_photo(job: Job, event_id: str = "photo-1", **values: object) -> Photo:
    return Photo.model_validate(
        {
            "event_id": event_id,
            "actor": CREW,
            "photo_id": photo_id_of(job, event_id),
            "kind": "before",
            "taken_at": NOON,
            "recorded_at": NOON,
            **values,
        }
    )


def test_a_photo_raises_the_rev_and_is_recorded_as_an_edit() -> None:
    job = a_job("in_progress")
    photo = a_photo(job)
    after = with_photo(job, photo)
    assert after.photos == (photo,)
    assert after.rev == job.rev + 1
    assert after.edits[-1] == Edit(
        event_id="photo-1", actor=CREW, fields=("photos",), recorded_at=NOON
    )


def test_a_copy_of_a_photo_changes_nothing() -> None:
    job = with_photo(a_job("in_progress"), a_photo(a_job()))
    assert with_photo(job, a_photo(job, recorded_at=NOON + minutes(9))) is job


@pytest.mark.parametrize("status", ["pending_pickup", "ready_for_pickup", "completed"])
def test_photos_may_come_before_and_after_the_work(status: str) -> None:
    job = a_job(status)
    assert len(with_photo(job, a_photo(job)).photos) == 1


@pytest.mark.parametrize(
    ("job", "photo", "says"),
    [
        (a_job("cancelled"), {}, "cancelled"),
        (a_job("in_progress"), {"taken_at": NOON + CLOCK_SKEW + minutes(1)}, "clock"),
        (full_of("before", MAX_PHOTOS), {"kind": "attempt"}, "20 photos"),
        (full_of("customer", MAX_CUSTOMER_PHOTOS), {"kind": "customer"}, "5 photos"),
        (a_job("completed"), {"kind": "customer"}, "done"),
    ],
)
def test_a_photo_is_refused_with_a_reason(job: Job, photo: dict[str, object], says: str) -> None:
    with pytest.raises(PhotoRefused, match=says):
        with_photo(job, a_photo(job, **photo))  # type: ignore[arg-type]  # by parameter


def test_photos_of_the_work_and_by_the_customer_take_no_room_from_each_other() -> None:
    for kind, number, other in (
        ("before", MAX_PHOTOS, "customer"),
        ("customer", MAX_CUSTOMER_PHOTOS, "before"),
    ):
        job = full_of(kind, number)
        assert len(with_photo(job, a_photo(job, kind=other)).photos) == number + 1


def test_a_job_full_of_edits_takes_photos_because_they_have_their_own_limit() -> None:
    edits = [
        Edit(event_id=f"e-{n}", actor=CREW, fields=(), recorded_at=NOON) for n in range(MAX_RECORDS)
    ]
    assert len(with_photo(a_job(edits=tuple(edits)), a_photo(a_job())).photos) == 1


def test_the_name_of_a_photo_depends_on_token_and_event() -> None:
    names = {
        photo_id_of(a_job(), "photo-1"),
        photo_id_of(a_job(), "photo-2"),
        photo_id_of(a_job(token="x" * 22), "photo-1"),
    }
    assert len(names) == 3
    assert photo_id_of(a_job(), "photo-1") == photo_id_of(a_job("completed"), "photo-1")


@pytest.mark.parametrize(
    "status", ["pending_pickup", "ready_for_pickup", "in_progress", "cancelled", "completed"]
)
def test_the_customer_sees_photos_only_of_a_completed_job(status: str) -> None:
    job = a_job(status)
    job = job.with_(photos=(a_photo(job),), load_size="half")
    view = view_of(job, load_flow("haul"))
    shown = (PhotoShown(kind="before", path=f"/t/p/{job.photos[0].photo_id}.jpg"),)
    completed = status == "completed"
    assert (view.photos, view.load_size) == ((shown, "half") if completed else ((), None))
    assert (job.photos[0].photo_id in view.model_dump_json()) == completed
