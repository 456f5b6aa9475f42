"""Restoring a job whose object cannot be read: what is put back, and where that is refused."""

from datetime import timedelta

import pytest

from functions.ops.restore_job import RESTORED, NothingToRestore, RestoreJob
from functions.protocol.ports import Conflict, UnknownJob
from statemachine.job import Job
from statemachine.views import Board, card_of
from tests.functions.ops.test_explain_job import HAUL, World, a_day
from tests.support.builders import DISPATCHER, NOON, a_job, minutes, moved
from tests.support.fakes import job_key
from tests.support.ops_fakes import FakeHistory

JOB = a_job().job_id
KEY = job_key("main", JOB)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def restoring(world: World) -> RestoreJob:
    return RestoreJob(world.jobs, FakeHistory(world.bucket, world.site))


def broken(world: World) -> Job:
    """A job whose object was spoiled; its last readable version."""
    job = a_day(world)
    world.bucket.put(KEY, b'{"version": 5')
    return job


def test_the_last_readable_version_is_put_back_on_the_record(
    world: World, restoring: RestoreJob
) -> None:
    job = broken(world)
    stored = restoring(restoring.plan("main", JOB), DISPATCHER, NOON + minutes(9))
    assert world.jobs.read("main", JOB).value == stored
    assert (stored.ledger, stored.status) == (job.ledger, job.status)
    assert [(edit.fields, edit.actor) for edit in stored.edits] == [((RESTORED,), DISPATCHER)]
    assert JOB in world.jobs.open_jobs("main")
    assert world.bucket.versions[KEY][-2] == b'{"version": 5'


def test_it_has_a_higher_rev_than_customer_or_board_have_seen(
    world: World, restoring: RestoreJob
) -> None:
    ahead = moved(broken(world), "start").with_(rev=12)
    world.boards.overwrite("main", Board().merged([card_of(ahead, HAUL)]))
    planned = restoring.plan("main", JOB)
    assert planned.seen_rev == 12
    stored = restoring(planned, DISPATCHER, NOON)
    assert (stored.version, stored.rev) == (13, 13)


def test_a_job_that_can_be_read_is_left_alone(world: World, restoring: RestoreJob) -> None:
    a_day(world)
    with pytest.raises(NothingToRestore, match="can be read"):
        restoring.plan("main", JOB)
    with pytest.raises(UnknownJob):
        restoring.plan("main", "261121-000000")


def test_a_job_without_a_readable_version_cannot_be_restored(
    world: World, restoring: RestoreJob
) -> None:
    world.bucket.put(KEY, b"{")
    with pytest.raises(NothingToRestore, match="no version"):
        restoring.plan("main", JOB)


def test_what_someone_else_wrote_meanwhile_is_not_overwritten(
    world: World, restoring: RestoreJob
) -> None:
    broken(world)
    planned = restoring.plan("main", JOB)
    other = restoring(planned, DISPATCHER, NOON)
    with pytest.raises(Conflict):
        restoring(planned, DISPATCHER, NOON + timedelta(seconds=1))
    assert world.jobs.read("main", JOB).value == other


def test_a_broken_job_is_explained_from_its_last_readable_version(world: World) -> None:
    job = broken(world)
    told = world.explain("main", JOB, NOON + minutes(5))
    assert (told.status, told.rev) == (job.status, job.rev)
    (wrong,) = told.wrong
    assert "cannot be read" in wrong
    assert f"haul ops restore {JOB}" in wrong
    assert not told.lines[-1].ok
