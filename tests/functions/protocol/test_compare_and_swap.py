"""Compare-and-swap on a job: bounded; a lost race and a lost answer are handled alike."""

from datetime import timedelta

import pytest

from functions.protocol.compare_and_swap import ATTEMPTS, BASE_S, CAP_S, commit, full_jitter
from functions.protocol.ports import Conflict, Corrupt, Unavailable, UnknownJob
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.lifecycle import judge
from tests.functions.conftest import FakeStorage, Storage
from tests.support.builders import NOON, a_job, a_request
from tests.support.fakes import job_key, no_pause
from tests.support.faults import Faults, Kind


def cheaper(job: Job) -> tuple[Job, str]:
    """A change that recognizes its own result."""
    return (job, "known") if job.price_cents == 1 else (job.with_change(price_cents=1), "changed")


def committed(storage: Storage) -> tuple[Job, str]:
    return commit(storage.jobs, "main", a_job().job_id, cheaper, no_pause)


def test_a_change_is_stored_and_its_outcome_returned(storage: Storage) -> None:
    storage.jobs.create(a_job())
    assert committed(storage) == (a_job().with_change(price_cents=1), "changed")
    assert storage.jobs.read("main", a_job().job_id).value == a_job().with_change(price_cents=1)


def test_nothing_is_written_if_nothing_changes(storage: Storage) -> None:
    storage.jobs.create(a_job(price_cents=1))
    with storage.under(Faults()) as calls:
        assert committed(storage) == (a_job(price_cents=1), "known")
    assert calls.log == [("GetObject", None)]


@pytest.mark.parametrize("lost", ["after", "dup"])
def test_a_write_whose_answer_is_lost_is_found_done(storage: Storage, lost: Kind) -> None:
    """If it is sent twice, the second copy gets 412, which is handled alike."""
    storage.jobs.create(a_job())
    with storage.under(Faults({"PutObject": [lost]})) as calls:
        assert committed(storage) == (a_job().with_change(price_cents=1), "known")
    assert calls.calls("PutObject") == 1


def test_a_write_that_never_arrived_is_made_again(storage: Storage) -> None:
    storage.jobs.create(a_job())
    with storage.under(Faults({"PutObject": ["before", "before"]})) as calls:
        assert committed(storage) == (a_job().with_change(price_cents=1), "changed")
    assert calls.calls("PutObject") == 3


def test_a_change_is_made_again_on_what_another_has_written(storage: Storage) -> None:
    """Timeline: we read v1 · another writes v2 · our PUT gets 412 · we read v2."""
    storage.jobs.create(a_job())
    seen: list[int] = []

    def change(job: Job) -> tuple[Job, int]:
        seen.append(job.version)
        if len(seen) == 1:
            other = storage.jobs.read("main", job.job_id)
            storage.jobs.replace(other.value.with_change(price_cents=2), other.etag)
        return job.with_bookkeeping(), job.version

    job, _ = commit(storage.jobs, "main", a_job().job_id, change, no_pause)
    assert seen == [1, 2]
    assert job.version == 3
    assert job.price_cents == 2


def test_after_all_attempts_the_message_is_to_be_retried(fake_storage: FakeStorage) -> None:
    fake_storage.jobs.create(a_job())
    pauses: list[int] = []
    with (
        fake_storage.under(Faults({"PutObject": ["before"] * 100})) as calls,
        pytest.raises(Unavailable) as caught,
    ):
        commit(fake_storage.jobs, "main", a_job().job_id, cheaper, pauses.append)
    assert calls.calls("PutObject") == ATTEMPTS
    assert pauses == list(range(ATTEMPTS))
    assert isinstance(caught.value.__cause__, Conflict)


def test_a_read_that_fails_now_is_tried_again(fake_storage: FakeStorage) -> None:
    fake_storage.jobs.create(a_job())
    with fake_storage.under(Faults({"GetObject": ["before", "after"]})):
        assert committed(fake_storage)[1] == "changed"


def test_a_job_that_is_missing_or_unreadable_is_not_asked_for_again(storage: Storage) -> None:
    with storage.under(Faults()) as calls, pytest.raises(UnknownJob):
        committed(storage)
    storage.put(job_key("main", a_job().job_id), b"{")
    with storage.under(calls), pytest.raises(Corrupt):
        committed(storage)
    assert calls.log == [("GetObject", None)] * 2


def test_an_error_of_the_change_is_not_retried(fake_storage: FakeStorage) -> None:
    fake_storage.jobs.create(a_job())

    def refuse(job: Job) -> tuple[Job, None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        commit(fake_storage.jobs, "main", a_job().job_id, refuse, no_pause)
    assert len(fake_storage.bucket.versions[job_key("main", a_job().job_id)]) == 1


def test_pauses_are_random_grow_and_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pauses together leave a function with a timeout of 30 s enough time for its work."""
    slept: list[float] = []
    monkeypatch.setattr("functions.protocol.compare_and_swap.time.sleep", slept.append)
    for attempt in range(ATTEMPTS):
        full_jitter(attempt)
    longest = [min(CAP_S, BASE_S * 2**attempt) for attempt in range(ATTEMPTS)]
    assert all(0 <= pause <= bound for pause, bound in zip(slept, longest, strict=True))
    assert len(set(slept)) == ATTEMPTS
    assert sum(longest) < 10


def test_a_job_that_was_just_read_is_not_read_again(storage: Storage) -> None:
    storage.jobs.create(a_job())
    known = storage.jobs.read("main", a_job().job_id)
    with storage.under(Faults()) as calls:
        job, said = commit(storage.jobs, "main", a_job().job_id, cheaper, no_pause, known=known)
    assert job.price_cents == 1
    assert said == "changed"
    assert [operation for operation, _ in calls.log] == ["PutObject"]


def test_a_job_that_was_written_since_it_was_read_is_read_again(storage: Storage) -> None:
    storage.jobs.create(a_job())
    known = storage.jobs.read("main", a_job().job_id)
    storage.jobs.replace(known.value.with_change(duration_minutes=77), known.etag)
    job, said = commit(storage.jobs, "main", a_job().job_id, cheaper, no_pause, known=known)
    assert job.price_cents == 1
    assert job.duration_minutes == 77
    assert said == "changed"


@pytest.mark.parametrize(
    ("booked_s", "moved_s", "marks"),
    [(0, 29, 0), (0, 30, 1), (29, 30, 1), (29, 59, 1), (15, 15, 1)],
)
def test_the_first_move_in_half_a_minute_marks_the_job_open(
    storage: Storage, booked_s: int, moved_s: int, marks: int
) -> None:
    """Two that cannot be told apart by their time both do."""
    storage.jobs.create(a_job(created_at=NOON + timedelta(seconds=booked_s)))

    def confirmed(job: Job) -> tuple[Job, None]:
        request = a_request(job, "confirm")
        return judge(job, request, load_flow(job.flow), NOON + timedelta(seconds=moved_s)).job, None

    with storage.under(Faults()) as calls:
        commit(storage.jobs, "main", a_job().job_id, confirmed, no_pause, watched=True)
    assert calls.calls("PutObject") == 1 + marks


def test_what_is_no_move_marks_the_job_open_each_time(storage: Storage) -> None:
    storage.jobs.create(a_job())
    with storage.under(Faults()) as calls:
        commit(storage.jobs, "main", a_job().job_id, cheaper, no_pause, watched=True)
    assert calls.calls("PutObject") == 2
