"""What a dead link opened is gone, whatever was lost on the way."""

from datetime import timedelta

import pytest

from functions.aws.link_ends import S3LinkEnds
from functions.jobs.edit import EditJob
from functions.protocol.ports import LinkEnds, Unavailable
from functions.repair.end_links import EndLinks
from functions.views.write_view import remove_dead_views, write_view
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.job.link_values import JobLink
from statemachine.values.ids import digest_of
from tests.functions.conftest import FakeStorage, S3Storage, Storage
from tests.support.builders import NOON, TOKEN, a_job, an_edit
from tests.support.fakes import FakeBus, FakeLinkEnds, no_pause
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind
from tests.support.roster_fakes import a_crew_assignment
from tests.support.slot_fakes import slots_on_fakes

HAUL = load_flow("haul")
OLD, NEW = digest_of(TOKEN), digest_of("n" * 22)
ENDED = a_job("completed", link=JobLink(days=7))
END = NOON + timedelta(days=7)


class Links:
    def __init__(self, storage: Storage, job: Job | None = None) -> None:
        self.storage, self.bus = storage, FakeBus()
        jobs, views = storage.jobs, storage.views
        job = job or a_job()
        jobs.create(job)
        write_view(views, job, HAUL, NOON, no_pause)
        crew, slots = a_crew_assignment(jobs), slots_on_fakes(jobs)
        self.edit = EditJob(
            jobs, views, self.bus, crew, slots, no_pause, new_token=lambda: "n" * 22
        )

    def changes(self, link: str) -> Job:
        return self.edit(an_edit(a_job(), link=link), NOON)

    def opens(self) -> set[str]:
        """The digests that anyone finds."""
        return {digest for digest in (OLD, NEW) if self.storage.views.read(digest)}


def ends_of(storage: Storage) -> LinkEnds:
    if isinstance(storage, S3Storage):
        return S3LinkEnds(storage.s3, storage.bucket)
    assert isinstance(storage, FakeStorage)
    return FakeLinkEnds(storage.bucket)


def test_a_replaced_link_opens_the_job_and_the_former_nothing(storage: Storage) -> None:
    links = Links(storage)
    assert links.changes("replace").token == "n" * 22
    assert links.opens() == {NEW}


def test_a_revoked_link_opens_nothing(storage: Storage) -> None:
    links = Links(storage)
    links.changes("revoke")
    assert links.opens() == set()


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
@pytest.mark.parametrize("change", ["replace", "revoke"])
def test_the_next_copy_completes_the_change_whatever_was_lost(change: str, fault: Kind) -> None:
    """A crash between the new view and the removal of the former one leaves both for a moment."""
    for number in range(10):
        storage = FakeStorage()
        links = Links(storage)
        with storage.under(FaultAtCall(number, fault)) as faults:
            try:
                links.changes(change)
            except (Unavailable, Crashed):
                links.changes(change)
        job = storage.jobs.read("main", a_job().job_id).value
        assert links.opens() == ({NEW} if change == "replace" else set()), faults.log
        assert len(job.edits) == 1


def test_a_writer_that_read_the_job_before_is_outdone(storage: Storage) -> None:
    """Its view comes back after the link was replaced; the watchdog removes it."""
    links = Links(storage)
    job = links.changes("replace")
    write_view(storage.views, a_job("ready_for_pickup"), HAUL, NOON, no_pause)
    assert links.opens() == {OLD, NEW}
    assert remove_dead_views(storage.views, job, NOON)
    assert links.opens() == {NEW}
    assert not remove_dead_views(storage.views, job, NOON)


def test_a_view_that_cannot_be_read_is_removed_too(storage: Storage) -> None:
    links = Links(storage)
    job = links.changes("replace")
    storage.put(f"t/{OLD}.json", b"<html>")
    assert remove_dead_views(storage.views, job, NOON)
    assert links.opens() == {NEW}


@pytest.mark.parametrize("job", [a_job(link=JobLink(revoked=True)), ENDED])
def test_no_view_of_a_dead_link_is_written(storage: Storage, job: Job) -> None:
    assert not write_view(storage.views, job, HAUL, END, no_pause)
    assert storage.views.read(OLD) is None


# -- the end, some days after the job's


def test_the_link_of_a_job_that_ended_opens_it_until_its_end(storage: Storage) -> None:
    links, end_links = (
        Links(storage, ENDED),
        EndLinks(storage.jobs, storage.views, ends_of(storage)),
    )
    end_links.note(ENDED)
    assert end_links("main", END - timedelta(seconds=1)) == 0
    assert links.opens() == {OLD}
    assert end_links("main", END) == 1
    assert links.opens() == set()
    assert list(ends_of(storage).due("main", END)) == []


def test_a_job_that_was_brought_back_has_its_link_whatever_was_noted(storage: Storage) -> None:
    links = Links(storage, a_job("in_progress"))
    ends = ends_of(storage)
    ends.add("main", a_job().job_id, END)
    assert EndLinks(storage.jobs, storage.views, ends)("main", END) == 0
    assert links.opens() == {OLD}
    assert list(ends.due("main", END)) == []


def test_links_end_in_the_order_of_time(storage: Storage) -> None:
    ends = ends_of(storage)
    for days, job_id in ((3, "261121-00000c"), (1, "261121-00000a"), (2, "261121-00000b")):
        ends.add("main", job_id, NOON + timedelta(days=days))
    due = [job_id for _, job_id in ends.due("main", NOON + timedelta(days=2))]
    assert due == ["261121-00000a", "261121-00000b"]


def test_a_job_that_was_erased_or_cannot_be_read_stops_no_other_link(storage: Storage) -> None:
    links, ends = Links(storage, ENDED), ends_of(storage)
    storage.put("tenants/main/jobs/261121-00000b.json", b"<html>")
    for job_id in ("261121-00000a", "261121-00000b", ENDED.job_id):
        ends.add("main", job_id, END)
    assert EndLinks(storage.jobs, storage.views, ends)("main", END) == 1
    assert links.opens() == set()
    left = [job_id for _, job_id in ends.due("main", END)]
    assert left == ["261121-00000b"]  # until a person has restored it


@pytest.mark.parametrize("fault", ["before", "after"])
def test_the_note_stays_until_the_view_is_gone(fake_storage: FakeStorage, fault: Kind) -> None:
    links, ends = Links(fake_storage, ENDED), FakeLinkEnds(fake_storage.bucket)
    end_links = EndLinks(fake_storage.jobs, fake_storage.views, ends)
    end_links.note(ENDED)
    with fake_storage.under(Faults({"DeleteObject": [fault]})), pytest.raises(Unavailable):
        end_links("main", END)
    end_links("main", END)
    assert links.opens() == set()
    assert list(ends.due("main", END)) == []
