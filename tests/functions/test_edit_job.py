"""Step 2 for particulars: committed once, shown before they are announced."""

import pytest

from events import JobEdited
from functions.edit_job import EditJob
from functions.ports import Unavailable, UnknownJob
from statemachine.edits import EditRefused
from statemachine.flows import load_flow
from statemachine.identity import digest_of
from statemachine.views import View, view_of
from tests.builders import DISPATCHER, NOON, TOKEN, a_job, an_edit
from tests.fakes import Bucket, FakeBus, FakeJobs, FakeViews, no_pause, parsed
from tests.faults import Crashed, EveryCall, Faults, Kind
from tests.roster_fakes import a_crew_office

VIEW_KEY = f"t/{digest_of(TOKEN)}.json"
NEW_PRICE = an_edit(a_job(), price_cents=75_000)


class Desk:
    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket()
        self.jobs, self.bus = FakeJobs(self.bucket), FakeBus(self.faults)
        self.jobs.create(a_job())
        self.bucket.faults = self.faults
        self.edit = EditJob(
            self.jobs, FakeViews(self.bucket), self.bus, a_crew_office(self.jobs), no_pause
        )


def test_an_edit_is_committed_shown_and_announced() -> None:
    desk = Desk()
    job = desk.edit(NEW_PRICE, NOON)
    assert desk.jobs.read("main", job.job_id).value == job
    assert (job.price_cents, job.rev, job.visible_rev, job.status) == (
        75_000,
        2,
        2,
        "pending_pickup",
    )
    assert parsed(View, desk.bucket.objects[VIEW_KEY]) == view_of(job, load_flow("haul"))
    assert desk.bus.facts == [
        JobEdited(
            tenant="main",
            job_id=job.job_id,
            flow="haul",
            recorded_at=NOON,
            event_id="edit-1",
            actor=DISPATCHER,
            rev=2,
            fields=("price_cents",),
        )
    ]


def test_a_copy_of_an_edit_changes_nothing_and_tells_the_same() -> None:
    desk = Desk()
    job = desk.edit(NEW_PRICE, NOON)
    assert desk.edit(NEW_PRICE, NOON) == job
    assert len(desk.bus.told(JobEdited)) == 1
    assert [len(versions) for versions in desk.bucket.versions.values()] == [2, 1, 1]


def test_before_an_edit_is_stored_the_watchdog_is_told() -> None:
    """So it also finds the card behind of a job that had ended and left its sight."""
    desk = Desk(Faults({"PutObject": [None, "crash"]}))
    with pytest.raises(Crashed):
        desk.edit(NEW_PRICE, NOON)
    assert list(desk.jobs.open_jobs("main")) == [a_job().job_id]


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_whatever_is_lost_on_the_way_the_next_copy_completes_the_edit(fault: Kind) -> None:
    for number in range(6):
        desk = Desk(EveryCall(number, fault))
        try:
            desk.edit(NEW_PRICE, NOON)
        except (Unavailable, Crashed):
            desk.edit(NEW_PRICE, NOON)
        desk.faults.over = True
        assert desk.jobs.read("main", a_job().job_id).value.rev == 2, desk.faults.log
        assert parsed(View, desk.bucket.objects[VIEW_KEY]).rev == 2
        assert len(desk.bus.told(JobEdited)) == 1


def test_an_edit_decided_on_an_older_state_is_refused() -> None:
    desk = Desk()
    desk.edit(NEW_PRICE, NOON)
    late = NEW_PRICE.model_copy(update={"event_id": "edit-2", "expected_rev": 1})
    with pytest.raises(EditRefused):
        desk.edit(late, NOON)
    assert desk.jobs.read("main", a_job().job_id).value.price_cents == 75_000


def test_a_job_nobody_knows_is_not_edited() -> None:
    desk = Desk()
    with pytest.raises(UnknownJob):
        desk.edit(an_edit(a_job(job_id="261121-000000"), note="Ring"), NOON)
    assert (desk.bus.facts, VIEW_KEY in desk.bucket.objects) == ([], False)
