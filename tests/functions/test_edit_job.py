"""Step 2 for details: an edit is committed once, and shown before it is announced."""

from dataclasses import replace
from datetime import datetime

import pytest

from events import JobEdited, JobEditRefused, JobMoveRefused
from functions.jobs.edit import EditJob
from functions.jobs.facts import refused_edit_fact
from functions.protocol.ports import TaskOutput, Unavailable, UnknownJob
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.edits import MAX_REFUSED_EDITS, EditRefused, edited, with_refusal
from statemachine.rules.lifecycle import Duplicate, EarlyMoveKept, Refused, judge
from statemachine.values.ids import digest_of
from statemachine.views.views import View, view_of
from tests.functions.creation import waited_for
from tests.support.builders import DISPATCHER, NOON, TOKEN, a_job, a_request, an_edit, minutes
from tests.support.fakes import (
    Bucket,
    FakeBus,
    FakeExecutions,
    FakeJobs,
    FakeViews,
    no_pause,
    parsed,
)
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind
from tests.support.roster_fakes import a_crew_assignment
from tests.support.slot_fakes import slots_on_fakes

VIEW_KEY = f"t/{digest_of(TOKEN)}.json"
NEW_PRICE = an_edit(a_job(), price_cents=75_000, reason="More to haul")


class EditJobSetup:
    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket()
        self.jobs, self.bus = FakeJobs(self.bucket), FakeBus(self.faults)
        self.jobs.create(a_job())
        self.bucket.faults = self.faults
        self.edit = EditJob(
            self.jobs,
            FakeViews(self.bucket),
            self.bus,
            a_crew_assignment(self.jobs),
            slots_on_fakes(self.jobs),
            no_pause,
        )


def test_an_edit_is_committed_shown_and_announced() -> None:
    setup = EditJobSetup()
    job = setup.edit(NEW_PRICE, NOON)
    assert setup.jobs.read("main", job.job_id).value == job
    assert job.price_cents == 75_000
    assert job.version == 2
    assert job.rev == 2
    assert job.status == "pending_pickup"
    assert parsed(View, setup.bucket.objects[VIEW_KEY]) == view_of(job, load_flow("haul"))
    assert setup.bus.facts == [
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


def test_a_copy_of_an_edit_changes_nothing_and_announces_the_same() -> None:
    setup = EditJobSetup()
    job = setup.edit(NEW_PRICE, NOON)
    assert setup.edit(NEW_PRICE, NOON) == job
    assert len(setup.bus.announced(JobEdited)) == 1
    assert [len(versions) for versions in setup.bucket.versions.values()] == [2, 1, 1]


def test_a_job_is_in_the_index_before_its_edit_is_stored() -> None:
    """So the watchdog also repairs the card of an ended job that had left the index."""
    setup = EditJobSetup(Faults({"PutObject": [None, "crash"]}))
    with pytest.raises(Crashed):
        setup.edit(NEW_PRICE, NOON)
    assert list(setup.jobs.open_jobs("main")) == [a_job().job_id]


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_the_next_copy_completes_the_edit_whatever_was_lost(fault: Kind) -> None:
    for number in range(6):
        setup = EditJobSetup(FaultAtCall(number, fault))
        try:
            setup.edit(NEW_PRICE, NOON)
        except (Unavailable, Crashed):
            setup.edit(NEW_PRICE, NOON)
        setup.faults.over = True
        assert setup.jobs.read("main", a_job().job_id).value.version == 2, setup.faults.log
        assert parsed(View, setup.bucket.objects[VIEW_KEY]).rev == 2
        assert len(setup.bus.announced(JobEdited)) == 1


def test_an_edit_decided_on_an_older_state_is_refused() -> None:
    setup = EditJobSetup()
    setup.edit(NEW_PRICE, NOON)
    late = NEW_PRICE.model_copy(update={"event_id": "edit-2", "expected_rev": 1})
    with pytest.raises(EditRefused):
        setup.edit(late, NOON)
    assert setup.jobs.read("main", a_job().job_id).value.price_cents == 75_000


def test_an_edit_of_an_unknown_job_creates_nothing() -> None:
    setup = EditJobSetup()
    with pytest.raises(UnknownJob):
        setup.edit(an_edit(a_job(job_id="261121-000000"), note="Ring"), NOON)
    assert setup.bus.facts == []
    assert VIEW_KEY not in setup.bucket.objects


# -- refused on the record

STALE = NEW_PRICE.model_copy(update={"expected_rev": 7})


def test_a_refused_edit_is_on_the_jobs_record_and_announced() -> None:
    setup = EditJobSetup()
    with pytest.raises(EditRefused, match="the job is at rev 1, not 7"):
        setup.edit(STALE, NOON)
    job = setup.jobs.read("main", a_job().job_id).value
    (refusal,) = job.refused_edits
    assert refusal.why == "overtaken"
    assert refusal.fields == ("price_cents",)
    assert job.rev == 1
    assert job.price_cents == 60_000
    assert setup.bus.facts == [refused_edit_fact(job, refusal)]
    assert setup.bus.announced(JobEditRefused)[0].event_id == STALE.event_id


def test_a_copy_of_a_refused_edit_is_refused_and_announced_alike() -> None:
    """Even if it could be made by now, because no one expects it any more."""
    setup = EditJobSetup()
    for _ in range(2):
        with pytest.raises(EditRefused, match="the job is at rev 1, not 7"):
            setup.edit(STALE, NOON)
    again = NEW_PRICE.model_copy(update={"expected_rev": None})
    with pytest.raises(EditRefused):
        setup.edit(again, NOON + minutes(1))
    assert len(setup.bus.announced(JobEditRefused)) == 1
    assert setup.jobs.read("main", a_job().job_id).value.version == 2


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_a_refused_edit_is_recorded_and_announced_whatever_is_lost(fault: Kind) -> None:
    for number in range(5):
        setup = EditJobSetup(FaultAtCall(number, fault))
        with pytest.raises((EditRefused, Unavailable, Crashed)):
            setup.edit(STALE, NOON)
        setup.faults.over = True
        with pytest.raises(EditRefused):
            setup.edit(STALE, NOON)
        assert len(setup.jobs.read("main", a_job().job_id).value.refused_edits) == 1
        assert len(setup.bus.announced(JobEditRefused)) == 1


def test_refused_edits_do_not_fill_the_record() -> None:
    job = a_job()
    for number in range(MAX_REFUSED_EDITS + 5):
        request = STALE.model_copy(update={"event_id": f"e{number}"})
        job = with_refusal(job, request, EditRefused("no", "overtaken"), NOON)
    assert len(job.refused_edits) == MAX_REFUSED_EDITS
    assert edited(job, NEW_PRICE, NOON).price_cents == 75_000


# -- an event id that another event of this job has


def test_a_move_with_the_event_id_of_an_edit_is_refused_on_the_record() -> None:
    job = edited(a_job(), NEW_PRICE, NOON)
    move = a_request(job, "confirm", event_id=NEW_PRICE.event_id)
    verdict = judge(job, move, load_flow("haul"), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.refusal.why == "event_id_used"
    assert verdict.job.status == "pending_pickup"
    assert judge(verdict.job, move, load_flow("haul"), NOON) == Duplicate(verdict.job)
    assert edited(verdict.job, NEW_PRICE, NOON) is verdict.job


def test_an_edit_with_the_event_id_of_a_move_is_refused_on_the_record() -> None:
    setup = EditJobSetup()
    setup.jobs.replace(a_job("ready_for_pickup"), setup.jobs.read("main", a_job().job_id).etag)
    with pytest.raises(EditRefused, match="another event of this job has"):
        setup.edit(NEW_PRICE.model_copy(update={"event_id": "way-1"}), NOON)
    (refusal,) = setup.jobs.read("main", a_job().job_id).value.refused_edits
    assert refusal.why == "event_id_used"


def test_an_edit_with_the_event_id_of_another_edit_is_refused() -> None:
    job = edited(a_job(), NEW_PRICE, NOON)
    with pytest.raises(EditRefused, match="another event of this job has that"):
        edited(job, an_edit(job, note="Ring"), NOON)


# -- early moves that waited for the edit


def kept_until_rev(rev: int, move: str = "confirm") -> Job:
    """A job whose execution waits, with an early move that was decided on `rev`."""
    job = waited_for(a_job())
    verdict = judge(job, a_request(job, move, expected_rev=rev), load_flow("haul"), NOON)
    assert isinstance(verdict, EarlyMoveKept)
    return verdict.job


def edited_and_resumed(job: Job, now: datetime = NOON) -> tuple[Job, FakeExecutions, FakeBus]:
    setup, executions = EditJobSetup(), FakeExecutions()
    setup.jobs.replace(job, setup.jobs.read("main", job.job_id).etag)
    replace(setup.edit, task_tokens=executions)(NEW_PRICE, now)
    return setup.jobs.read("main", job.job_id).value, executions, setup.bus


def test_an_early_move_is_made_with_the_edit_that_brings_its_rev() -> None:
    job, executions, _ = edited_and_resumed(kept_until_rev(4))
    assert job.status == "ready_for_pickup"
    assert job.early == ()
    assert job.rev == 5
    assert [entry.rev for entry in job.ledger] == [5]
    assert executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_an_early_move_is_refused_with_the_edit_that_brings_its_rev() -> None:
    job, executions, bus = edited_and_resumed(kept_until_rev(4, "complete"))
    (refusal,) = job.refused
    assert refusal.why == "illegal_move"
    assert job.early == ()
    assert executions.resumed == []
    assert [fact.event_id for fact in bus.announced(JobMoveRefused)] == ["complete-1"]


def test_an_early_move_whose_rev_is_still_ahead_stays_kept() -> None:
    kept = kept_until_rev(9)
    job, executions, _ = edited_and_resumed(kept)
    assert job.early == kept.early
    assert executions.resumed == []


def test_an_early_move_whose_time_is_up_is_refused_with_the_edit() -> None:
    job, _, bus = edited_and_resumed(kept_until_rev(9), NOON + minutes(16))
    assert [refusal.why for refusal in job.refused] == ["kept_too_long"]
    assert len(bus.announced(JobMoveRefused)) == 1
