"""A photo comes onto its job: once, whatever is lost, doubled or dies on the way."""

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
from statemachine.ids import digest_of
from statemachine.job import Job
from statemachine.lifecycle import judge
from statemachine.proof_of_service import PhotoRefused, photo_id_of
from statemachine.views import View, view_of
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


class Yard:
    """A job in its bucket, and everything that a photo passes through."""

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
    yard = Yard()
    assert yard.announce() == (
        PHOTO_ID,
        UploadTarget(f"/{RAW_KEY}?size={len(RAW)}", {"content-type": "image/jpeg"}),
    )
    yard.upload()
    job = yard.take()
    assert yard.job == job
    assert [(p.photo_id, p.kind, p.actor) for p in job.photos] == [(PHOTO_ID, "before", CREW)]
    assert opened(yard.site.objects[PHOTO_KEY]).getexif() == {}
    assert parsed(View, yard.site.objects[VIEW_KEY]) == view_of(job, load_flow("haul"))
    assert [(f.fields, f.rev) for f in yard.bus.announced(JobEdited)] == [(("photos",), job.rev)]
    assert RAW_KEY not in yard.bucket.objects


def test_until_the_job_is_completed_the_photos_name_is_in_no_public_document() -> None:
    yard = Yard()
    yard.upload()
    yard.take()
    documents = {k: v for k, v in yard.site.objects.items() if not k.startswith("t/p/")}
    assert list(documents) == [VIEW_KEY]
    assert PHOTO_ID not in str(documents) + repr(yard.bus.facts)


def test_a_photo_that_comes_after_the_end_is_shown_too() -> None:
    yard = Yard(a_job("completed"))
    yard.upload()
    yard.take(kind="after")
    view = parsed(View, yard.site.objects[VIEW_KEY])
    assert [(p.kind, p.path) for p in view.photos] == [("after", f"/{PHOTO_KEY}")]


def test_each_step_may_be_repeated_with_the_same_result() -> None:
    yard = Yard()
    assert yard.announce() == yard.announce()
    yard.upload()
    first = yard.take()
    versions = len(yard.bucket.versions["tenants/main/jobs/261121-7k3m2q.json"])
    assert yard.take() == first
    assert yard.add.announce(first, wanted(), NOON) == (PHOTO_ID, None)
    assert len(yard.bucket.versions["tenants/main/jobs/261121-7k3m2q.json"]) == versions
    assert len(yard.site.versions[PHOTO_KEY]) == 1
    assert len(yard.bus.announced(JobEdited)) == 1


def test_a_copy_of_an_upload_that_comes_late_does_not_change_the_photo() -> None:
    yard = Yard()
    yard.upload()
    yard.take()
    yard.upload(a_phone_photo((99, 99)))
    yard.take()
    assert opened(yard.site.objects[PHOTO_KEY]).size == (240, 320)
    assert RAW_KEY not in yard.bucket.objects


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_whatever_goes_wrong_at_whichever_call_the_next_try_finishes(
    fault: Kind, number: int
) -> None:
    yard = Yard(faults=FaultAtCall(number, fault))
    yard.upload()
    try:
        yard.take()
    except (Crashed, Unavailable):
        assert number < 10, "there are nine calls after the first look"
        yard.take()
    assert [photo.photo_id for photo in yard.job.photos] == [PHOTO_ID]
    assert opened(yard.site.objects[PHOTO_KEY]).size == (240, 320)
    assert parsed(View, yard.site.objects[VIEW_KEY]).rev == yard.job.rev
    assert len(yard.bus.announced(JobEdited)) == 1
    assert RAW_KEY not in yard.bucket.objects


def test_without_the_upload_the_phone_is_told_to_send_it_again() -> None:
    yard = Yard()
    with pytest.raises(PhotoMissing):
        yard.take()
    assert (yard.job, yard.site.objects) == (a_job("in_progress"), {})


@pytest.mark.parametrize("sent", [RAW + b"x", RAW[:-1], bytes(11_000_000)])
def test_an_upload_of_another_size_than_announced_is_not_read(sent: bytes) -> None:
    yard = Yard()
    yard.upload(sent)
    with pytest.raises(PhotoMissing):
        yard.take()
    assert (yard.job, yard.site.objects) == (a_job("in_progress"), {})


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
def test_what_is_refused_leaves_job_and_site_as_they_were(
    raw: bytes, values: dict[str, object]
) -> None:
    yard = Yard()
    yard.upload(raw)
    with pytest.raises(PhotoRefused):
        yard.take(**values)
    assert (yard.job, yard.site.objects, yard.bus.facts) == (a_job("in_progress"), {}, [])


def test_an_event_that_was_something_else_is_no_photo() -> None:
    yard = Yard()
    yard.upload()
    with pytest.raises(EventTaken):
        yard.take(event_id="way-1")
    with pytest.raises(EventTaken):
        yard.announce(event_id="way-1")


def test_a_photo_that_the_job_refuses_after_all_is_not_public() -> None:
    """The office cancels the job while the photo is redrawn."""
    yard = Yard()
    yard.upload()

    def meanwhile(raw: bytes) -> bytes:
        stored = yard.jobs.read("main", "261121-7k3m2q")
        yard.jobs.replace(stored.value.with_change(status="cancelled"), stored.etag)
        return redrawn(raw)

    yard.add = replace(yard.add, clean=meanwhile)
    with pytest.raises(PhotoRefused):
        yard.take()
    assert yard.site.objects == {}


def test_a_photo_of_someone_who_died_before_the_commit_is_withdrawn_when_it_is_refused() -> None:
    yard = Yard(a_job("cancelled"))
    for step in (yard.take, lambda: yard.add.announce(yard.job, wanted(), NOON)):
        yard.site.objects[PHOTO_KEY] = b"published"
        with pytest.raises(PhotoRefused):
            step()
        assert yard.site.objects == {}


def test_a_kept_move_that_waits_for_the_photos_rev_is_made_with_it() -> None:
    job = waited_for(a_job("in_progress"))
    early = a_request(job, "complete", expected_rev=job.rev + 1)
    yard, executions = Yard(judge(job, early, load_flow("haul"), NOON).job), FakeExecutions()
    yard.add = replace(yard.add, task_tokens=executions)
    yard.upload()
    assert (yard.take().status, yard.job.early) == ("completed", ())
    assert [token for token, _ in executions.resumed] == ["task-1"]
