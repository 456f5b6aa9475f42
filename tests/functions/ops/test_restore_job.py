"""Restoring a job whose object cannot be read: what is restored, and what is refused."""

from datetime import timedelta

import pytest

from functions.ops.restore_job import RESTORED, NothingToRestore, RestoreJob
from functions.protocol.ports import Conflict, UnknownJob
from statemachine.job.job import Job
from statemachine.views.views import Board, card_of
from tests.functions.ops.test_explain_job import HAUL, VersionedBusiness, a_day
from tests.support.builders import DISPATCHER, NOON, a_job, minutes, moved
from tests.support.fakes import job_key
from tests.support.ops_fakes import FakeHistory

JOB = a_job().job_id
KEY = job_key("main", JOB)


@pytest.fixture
def business() -> VersionedBusiness:
    return VersionedBusiness()


@pytest.fixture
def restoring(business: VersionedBusiness) -> RestoreJob:
    return RestoreJob(business.jobs, FakeHistory(business.bucket, business.site))


def broken(business: VersionedBusiness) -> Job:
    """Corrupts a job's object. Returns the job as in its last readable version."""
    job = a_day(business)
    business.bucket.put(KEY, b'{"version": 5')
    return job


def test_the_last_readable_version_is_restored_on_the_record(
    business: VersionedBusiness, restoring: RestoreJob
) -> None:
    job = broken(business)
    stored = restoring(restoring.plan("main", JOB), DISPATCHER, NOON + minutes(9))
    assert business.jobs.read("main", JOB).value == stored
    assert stored.ledger == job.ledger
    assert stored.status == job.status
    assert [(edit.fields, edit.actor) for edit in stored.edits] == [((RESTORED,), DISPATCHER)]
    assert JOB in business.jobs.open_jobs("main")
    assert business.bucket.versions[KEY][-2] == b'{"version": 5'


def test_the_restored_job_has_a_higher_rev_than_view_and_board(
    business: VersionedBusiness, restoring: RestoreJob
) -> None:
    ahead = moved(broken(business), "start").with_(rev=12)
    business.boards.overwrite("main", Board().merged([card_of(ahead, HAUL)]))
    planned = restoring.plan("main", JOB)
    assert planned.seen_rev == 12
    stored = restoring(planned, DISPATCHER, NOON)
    assert stored.version == 13
    assert stored.rev == 13


def test_a_job_that_can_be_read_is_left_alone(
    business: VersionedBusiness, restoring: RestoreJob
) -> None:
    a_day(business)
    with pytest.raises(NothingToRestore, match="can be read"):
        restoring.plan("main", JOB)
    with pytest.raises(UnknownJob):
        restoring.plan("main", "261121-000000")


def test_a_job_without_a_readable_version_cannot_be_restored(
    business: VersionedBusiness, restoring: RestoreJob
) -> None:
    business.bucket.put(KEY, b"{")
    with pytest.raises(NothingToRestore, match="no version"):
        restoring.plan("main", JOB)


def test_a_concurrent_write_is_not_overwritten(
    business: VersionedBusiness, restoring: RestoreJob
) -> None:
    broken(business)
    planned = restoring.plan("main", JOB)
    other = restoring(planned, DISPATCHER, NOON)
    with pytest.raises(Conflict):
        restoring(planned, DISPATCHER, NOON + timedelta(seconds=1))
    assert business.jobs.read("main", JOB).value == other


def test_a_broken_job_is_explained_from_its_last_readable_version(
    business: VersionedBusiness,
) -> None:
    job = broken(business)
    result = business.explain("main", JOB, NOON + minutes(5))
    assert result.status == job.status
    assert result.rev == job.rev
    (wrong,) = result.diagnosis
    assert "cannot be read" in wrong
    assert f"haul ops restore {JOB}" in wrong
    assert not result.events[-1].ok
