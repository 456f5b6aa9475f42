"""A photo is added to its job once, whatever is lost, duplicated, or crashes."""

from dataclasses import replace

import pytest

from events import JobEdited
from functions.photos.add_photo import (
    AddPhoto,
    EventTaken,
    PhotoMissing,
    PhotoRequest,
    UploadTarget,
)
from functions.photos.redraw_photo import redrawn
from functions.protocol.ports import Unavailable
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.lifecycle import judge
from statemachine.rules.proof_of_service import PhotoRefused, photo_id_of
from statemachine.values.ids import digest_of
from statemachine.views.views import View, view_of
from tests.functions.creation import waited_for
from tests.support.builders import CREW, NOON, TOKEN, a_job, a_request, minutes
from tests.support.fakes import (
    Bucket,
    FakeBus,
    FakeExecutions,
    FakeJobs,
    FakePhotos,
    FakeViews,
    no_pause,
    parsed,
)
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind
from tests.support.pictures import a_phone_photo, opened

RAW = a_phone_photo()
PHOTO_ID = photo_id_of(a_job(), "photo-1")
RAW_KEY, PHOTO_KEY = f"uploads/main/261121-7k3m2q/{PHOTO_ID}", f"t/p/{PHOTO_ID}.jpg"
VIEW_KEY = f"t/{digest_of(TOKEN)}.json"


def wanted(**values: object) -> PhotoRequest:
    return PhotoRequest.model_validate(
        {
            "tenant": "main",
            "job_id": "261121-7k3m2q",
            "event_id": "photo-1",
            "occurred_at": NOON,
            "actor": CREW,
            "kind": "before",
            "media_type": "image/jpeg",
            "size": len(RAW),
            **values,
        }
    )


class AddPhotoSetup:
    """A job, and `AddPhoto` on fakes."""

    def __init__(self, job: Job | None = None, faults: Faults | None = None) -> None:
        self.bucket, self.site = Bucket(), Bucket()
        self.bus = FakeBus(faults)
        self.jobs = FakeJobs(self.bucket)
        self.jobs.create(job or a_job("in_progress"))
        self.bucket.faults = self.site.faults = faults or Faults()
        photos = FakePhotos(self.bucket, self.site)
        self.add = AddPhoto(self.jobs, FakeViews(self.site), self.bus, photos, pause=no_pause)

    @property
    def job(self) -> Job:
        self.bucket.faults.over = True
        return self.jobs.read("main", "261121-7k3m2q").value

    def upload(self, raw: bytes = RAW) -> None:
        self.bucket.objects[RAW_KEY] = raw

    def announce(self, **values: object) -> tuple[str, UploadTarget | None]:
        return self.add.announce(a_job("in_progress"), wanted(**values), NOON)

    def take(self, **values: object) -> Job:
        """Step 3, by someone who reads the job first as the API does."""
        self.bucket.faults.over, over = True, self.bucket.faults.over
        job = self.jobs.read("main", "261121-7k3m2q").value
        self.bucket.faults.over = over
        return self.add(job, wanted(**values), NOON)


def test_a_photo_is_cleaned_published_committed_shown_and_announced() -> None:
    setup = AddPhotoSetup()
    assert setup.announce() == (
        PHOTO_ID,
        UploadTarget(f"/{RAW_KEY}?size={len(RAW)}", {"content-type": "image/jpeg"}),
    )
    setup.upload()
    job = setup.take()
    assert setup.job == job
    assert [(p.photo_id, p.kind, p.actor) for p in job.photos] == [(PHOTO_ID, "before", CREW)]
    assert opened(setup.site.objects[PHOTO_KEY]).getexif() == {}
    assert parsed(View, setup.site.objects[VIEW_KEY]) == view_of(job, load_flow("haul"))
    assert [(f.fields, f.rev) for f in setup.bus.announced(JobEdited)] == [(("photos",), job.rev)]
    assert RAW_KEY not in setup.bucket.objects


def test_until_the_job_is_completed_the_photos_name_is_in_no_public_document() -> None:
    setup = AddPhotoSetup()
    setup.upload()
    setup.take()
    documents = {k: v for k, v in setup.site.objects.items() if not k.startswith("t/p/")}
    assert list(documents) == [VIEW_KEY]
    assert PHOTO_ID not in str(documents) + repr(setup.bus.facts)


def test_a_photo_added_after_the_end_is_shown_too() -> None:
    setup = AddPhotoSetup(a_job("completed"))
    setup.upload()
    setup.take(kind="after")
    view = parsed(View, setup.site.objects[VIEW_KEY])
    assert [(p.kind, p.path) for p in view.photos] == [("after", f"/{PHOTO_KEY}")]


def test_each_step_may_be_repeated_with_the_same_result() -> None:
    setup = AddPhotoSetup()
    assert setup.announce() == setup.announce()
    setup.upload()
    first = setup.take()
    versions = len(setup.bucket.versions["tenants/main/jobs/261121-7k3m2q.json"])
    assert setup.take() == first
    assert setup.add.announce(first, wanted(), NOON) == (PHOTO_ID, None)
    assert len(setup.bucket.versions["tenants/main/jobs/261121-7k3m2q.json"]) == versions
    assert len(setup.site.versions[PHOTO_KEY]) == 1
    assert len(setup.bus.announced(JobEdited)) == 1


def test_a_copy_of_an_upload_that_comes_late_does_not_change_the_photo() -> None:
    setup = AddPhotoSetup()
    setup.upload()
    setup.take()
    setup.upload(a_phone_photo((99, 99)))
    setup.take()
    assert opened(setup.site.objects[PHOTO_KEY]).size == (240, 320)
    assert RAW_KEY not in setup.bucket.objects


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_the_next_attempt_completes_the_photo_whichever_call_failed(
    fault: Kind, number: int
) -> None:
    setup = AddPhotoSetup(faults=FaultAtCall(number, fault))
    setup.upload()
    try:
        setup.take()
    except (Crashed, Unavailable):
        assert number < 10, "there are nine calls after the first look"
        setup.take()
    assert [photo.photo_id for photo in setup.job.photos] == [PHOTO_ID]
    assert opened(setup.site.objects[PHOTO_KEY]).size == (240, 320)
    assert parsed(View, setup.site.objects[VIEW_KEY]).rev == setup.job.rev
    assert len(setup.bus.announced(JobEdited)) == 1
    assert RAW_KEY not in setup.bucket.objects


def test_without_an_upload_the_phone_is_asked_to_upload_again() -> None:
    setup = AddPhotoSetup()
    with pytest.raises(PhotoMissing):
        setup.take()
    assert setup.job == a_job("in_progress")
    assert setup.site.objects == {}


@pytest.mark.parametrize("sent", [RAW + b"x", RAW[:-1], bytes(11_000_000)])
def test_an_upload_of_another_size_than_announced_is_not_read(sent: bytes) -> None:
    setup = AddPhotoSetup()
    setup.upload(sent)
    with pytest.raises(PhotoMissing):
        setup.take()
    assert setup.job == a_job("in_progress")
    assert setup.site.objects == {}


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (b"\x7fELF" + bytes(900), {"size": 904}),
        (b"<svg><script>alert(1)</script></svg>", {"size": 36}),
        (RAW, {"size": 100_000_000}),
        (RAW, {"media_type": "image/svg+xml"}),
        (RAW, {"occurred_at": NOON + minutes(30)}),
    ],
)
def test_a_refused_photo_changes_neither_job_nor_site(
    raw: bytes, values: dict[str, object]
) -> None:
    setup = AddPhotoSetup()
    setup.upload(raw)
    with pytest.raises(PhotoRefused):
        setup.take(**values)
    assert setup.job == a_job("in_progress")
    assert setup.site.objects == {}
    assert setup.bus.facts == []


def test_an_event_id_of_another_event_is_refused() -> None:
    setup = AddPhotoSetup()
    setup.upload()
    with pytest.raises(EventTaken):
        setup.take(event_id="way-1")
    with pytest.raises(EventTaken):
        setup.announce(event_id="way-1")


def test_a_photo_that_the_job_refuses_after_all_is_not_public() -> None:
    """A dispatcher cancels the job while the photo is redrawn."""
    setup = AddPhotoSetup()
    setup.upload()

    def meanwhile(raw: bytes) -> bytes:
        stored = setup.jobs.read("main", "261121-7k3m2q")
        setup.jobs.replace(stored.value.with_change(status="cancelled"), stored.etag)
        return redrawn(raw)

    setup.add = replace(setup.add, clean=meanwhile)
    with pytest.raises(PhotoRefused):
        setup.take()
    assert setup.site.objects == {}


def test_a_photo_left_by_a_crash_before_the_commit_is_withdrawn_if_it_is_refused() -> None:
    setup = AddPhotoSetup(a_job("cancelled"))
    for step in (setup.take, lambda: setup.add.announce(setup.job, wanted(), NOON)):
        setup.site.objects[PHOTO_KEY] = b"published"
        with pytest.raises(PhotoRefused):
            step()
        assert setup.site.objects == {}


def test_an_early_move_that_waits_for_the_photos_rev_is_made_with_it() -> None:
    job = waited_for(a_job("in_progress"))
    early = a_request(job, "complete", expected_rev=job.rev + 1)
    setup, executions = (
        AddPhotoSetup(judge(job, early, load_flow("haul"), NOON).job),
        FakeExecutions(),
    )
    setup.add = replace(setup.add, task_tokens=executions)
    setup.upload()
    assert setup.take().status == "completed"
    assert setup.job.early == ()
    assert [token for token, _ in executions.resumed] == ["task-1"]
