"""Step 6: one invalidation for a batch of changes, never one for each."""

import pytest

from functions.forget_at_edge import ForgetAtEdge
from functions.inbox import JobRef
from functions.ports import Unavailable, UnknownJob
from statemachine.identity import digest_of
from tests.builders import a_job
from tests.fakes import Bucket, FakeEdge, FakeJobs
from tests.faults import Faults, Kind

TOKENS = {"261121-000001": "1" * 22, "261121-000002": "2" * 22}
PATHS = [f"/t/{digest_of(token)}.json" for token in TOKENS.values()]


def a_change(number: int, rev: int = 1) -> JobRef:
    return JobRef(tenant="main", job_id=f"261121-00000{number}", rev=rev)


def a_forgetter(faults: Faults | None = None) -> tuple[ForgetAtEdge, FakeEdge]:
    jobs, edge = FakeJobs(Bucket()), FakeEdge(faults)
    for job_id, token in TOKENS.items():
        jobs.create(a_job(job_id=job_id, token=token))
    return ForgetAtEdge(jobs, edge), edge


def test_a_batch_is_one_invalidation_of_every_changed_view() -> None:
    forget, edge = a_forgetter()
    paths = forget([a_change(2), a_change(1, rev=1), a_change(1, rev=3)])
    assert paths == sorted(PATHS)
    assert edge.forgotten() == [tuple(sorted(PATHS))]


def test_a_batch_delivered_twice_stays_one_invalidation() -> None:
    forget, edge = a_forgetter()
    forget([a_change(1), a_change(2)])
    forget([a_change(2), a_change(1), a_change(1)])
    assert len(edge.invalidations) == 1


def test_the_next_change_of_a_view_is_forgotten_too() -> None:
    forget, edge = a_forgetter()
    forget([a_change(1, rev=1)])
    forget([a_change(1, rev=3)])
    assert edge.forgotten() == [(PATHS[0],), (PATHS[0],)]


def test_no_change_is_no_call() -> None:
    forget, edge = a_forgetter()
    assert (forget([]), edge.faults.log) == ([], [])


@pytest.mark.parametrize("fault", ["before", "after"])
def test_where_the_edge_is_too_busy_the_batch_comes_again(fault: Kind) -> None:
    forget, edge = a_forgetter(Faults({"CreateInvalidation": [fault]}))
    with pytest.raises(Unavailable):
        forget([a_change(1)])
    forget([a_change(1)])
    assert edge.forgotten() == [(PATHS[0],)]


def test_a_job_nobody_knows_has_no_view_to_forget() -> None:
    forget, edge = a_forgetter()
    with pytest.raises(UnknownJob):
        forget([a_change(1), a_change(9)])
    assert edge.forgotten() == []
