"""Step 6: one invalidation for a batch of changes, never one for each, within the budget."""

from dataclasses import replace

import pytest

from functions.protocol.batches import BatchConsumer, JobRef
from functions.protocol.ports import Corrupt, Stored, Unavailable, UnknownJob
from functions.views.invalidate import InvalidateViews
from functions.views.invalidation_budget import MonthlyUsage, ViewTtl
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from tests.functions.creation import again, batch, envelope
from tests.support.builders import NOON, a_job, minutes
from tests.support.fakes import (
    Bucket,
    FakeCdn,
    FakeDeadLetters,
    FakeInvalidationCounter,
    FakeInvalidationUsage,
    FakeJobs,
    FakeLog,
)
from tests.support.faults import Faults, Kind
from tests.support.message_fakes import FakeMetrics

TOKENS = {"261121-000001": "1" * 22, "261121-000002": "2" * 22}
PATHS = [f"/t/{digest_of(token)}.json" for token in TOKENS.values()]


def a_change(number: int, rev: int = 1) -> JobRef:
    return JobRef(tenant="main", job_id=f"261121-00000{number}", rev=rev)


def an_invalidator(
    faults: Faults | None = None, budget: int = 1000, metrics: FakeMetrics | None = None
) -> tuple[InvalidateViews, FakeCdn]:
    jobs, cdn = FakeJobs(Bucket()), FakeCdn(faults)
    for job_id, token in TOKENS.items():
        jobs.create(a_job(job_id=job_id, token=token))
    invalidate = InvalidateViews(
        jobs,
        cdn,
        FakeInvalidationCounter(faults),
        FakeInvalidationUsage(jobs.bucket),
        budget,
        metrics or FakeMetrics(),
        lambda: NOON,
    )
    return invalidate, cdn


def test_a_batch_is_one_invalidation_of_every_changed_view() -> None:
    invalidate, cdn = an_invalidator()
    assert invalidate([a_change(2), a_change(1, rev=1), a_change(1, rev=3)]) == [None] * 3
    assert cdn.invalidated() == [tuple(sorted(PATHS))]


def test_a_batch_delivered_twice_stays_one_invalidation() -> None:
    invalidate, cdn = an_invalidator()
    invalidate([a_change(1), a_change(2)])
    invalidate([a_change(2), a_change(1), a_change(1)])
    assert len(cdn.invalidations) == 1


def test_the_next_change_of_a_view_is_invalidated_too() -> None:
    invalidate, cdn = an_invalidator()
    invalidate([a_change(1, rev=1)])
    invalidate([a_change(1, rev=3)])
    assert cdn.invalidated() == [(PATHS[0],), (PATHS[0],)]


def test_an_empty_batch_makes_no_call() -> None:
    invalidate, cdn = an_invalidator()
    assert invalidate([]) == []
    assert cdn.faults.log == []


@pytest.mark.parametrize("fault", ["before", "after"])
def test_if_cloudfront_throttles_the_batch_is_retried(fault: Kind) -> None:
    invalidate, cdn = an_invalidator(Faults({"CreateInvalidation": [fault]}))
    with pytest.raises(Unavailable):
        invalidate([a_change(1)])
    invalidate([a_change(1)])
    assert cdn.invalidated() == [(PATHS[0],)]


def test_one_erased_job_in_a_batch_of_a_hundred_leaves_one_invalidation_of_the_others() -> None:
    invalidate, cdn = an_invalidator()
    for number in range(100, 199):
        a_token = f"{number}{'x' * 19}"
        invalidate.jobs.create(a_job(job_id=f"261121-000{number}", token=a_token))
    letters, refs = FakeDeadLetters(), [f"261121-000{number}" for number in range(100, 200)]
    bodies = (envelope({"tenant": "main", "job_id": job_id, "rev": 1}) for job_id in refs)
    assert (
        BatchConsumer(JobRef, letters, FakeLog()).deliver_together(batch(*bodies), invalidate)
        == again()
    )
    assert [len(paths) for paths in cdn.invalidated()] == [99]
    assert [reason for _, reason, _ in letters.dead_lettered] == ["UnknownJob"]


@pytest.mark.parametrize("error", [Corrupt("not a job"), OverflowError("date out of range")])
def test_a_job_with_an_error_of_its_own_is_left_out_alone(error: Exception) -> None:
    invalidate, cdn = an_invalidator()

    class Poisoned(FakeJobs):
        def read(self, tenant: str, job_id: str) -> Stored[Job]:
            if job_id == "261121-000002":
                raise error
            return super().read(tenant, job_id)

    invalidate = replace(invalidate, jobs=Poisoned(invalidate.jobs.bucket))  # type: ignore[attr-defined]  # the fake's
    assert invalidate([a_change(2), a_change(1)]) == [error, None]
    assert cdn.invalidated() == [(PATHS[0],)]


def test_a_batch_of_erased_jobs_makes_no_call() -> None:
    invalidate, cdn = an_invalidator()
    (error,) = invalidate([a_change(9)])
    assert type(error) is UnknownJob
    assert cdn.faults.log == []


# -- the freshness budget

MONTH = "2026-11"


def test_invalidated_paths_are_counted_by_the_month() -> None:
    metrics = FakeMetrics()
    invalidate, _ = an_invalidator(metrics=metrics)
    invalidate([a_change(1), a_change(2)])
    invalidate([a_change(1, rev=3)])
    assert invalidate.counter.paths(MONTH) == 3
    assert metrics.measured["InvalidationPaths"] == [2, 1]
    shares = [100 * paths / invalidate.budget for paths in (2, 3)]
    assert metrics.measured["InvalidationBudgetUsed"] == shares


def test_a_batch_that_is_throttled_is_counted_once() -> None:
    invalidate, _ = an_invalidator(Faults({"CreateInvalidation": ["before", "before"]}))
    for _ in range(2):
        with pytest.raises(Unavailable):
            invalidate([a_change(1)])
    invalidate([a_change(1)])
    assert invalidate.counter.paths(MONTH) == 1


@pytest.mark.parametrize(("budget", "forgotten"), [(0, 0), (1, 1), (2, 1), (3, 2)])
def test_after_the_months_budget_nothing_is_invalidated(budget: int, forgotten: int) -> None:
    metrics = FakeMetrics()
    invalidate, cdn = an_invalidator(budget=budget, metrics=metrics)
    invalidate([a_change(1, rev=1)])
    invalidate([a_change(1, rev=2), a_change(2, rev=2)])
    assert len(cdn.invalidated()) == forgotten
    assert sum(metrics.measured["PathsNotInvalidated"]) == 3 - sum(map(len, cdn.invalidated()))


def test_the_used_share_of_the_budget_is_measured_even_after_it_is_spent() -> None:
    metrics = FakeMetrics()
    invalidate, _ = an_invalidator(budget=1, metrics=metrics)
    for rev in (1, 2, 3):
        invalidate([a_change(1, rev=rev)])
    assert metrics.measured["InvalidationBudgetUsed"] == [100, 200, 200]


def test_the_next_month_has_paths_again() -> None:
    invalidate, cdn = an_invalidator(budget=1)
    invalidate([a_change(1, rev=1)])
    invalidate([a_change(1, rev=2)])
    replace(invalidate, clock=lambda: NOON + minutes(60 * 24 * 10))([a_change(1, rev=3)])
    assert len(cdn.invalidated()) == 2


@pytest.mark.parametrize(
    ("spent", "budget", "ttl_s"),
    [(0, 1000, 60), (899, 1000, 60), (900, 1000, 2), (5000, 1000, 2), (0, 0, 2), (0, 1, 60)],
)
def test_views_are_short_lived_from_the_last_tenth_of_the_budget(
    spent: int, budget: int, ttl_s: int
) -> None:
    usage = FakeInvalidationUsage(Bucket())
    usage.write(MonthlyUsage(month=MONTH, paths=spent))
    assert ViewTtl(usage, budget, 60, lambda: NOON)() == ttl_s


def test_the_usage_is_read_once_a_minute_and_never_without_a_budget() -> None:
    bucket, now = Bucket(), NOON
    ttl = ViewTtl(FakeInvalidationUsage(bucket), 10, 60, lambda: now)
    assert [ttl() for _ in range(5)] == [60] * 5
    FakeInvalidationUsage(bucket).write(MonthlyUsage(month=MONTH, paths=9))
    before = bucket.faults.calls("GetObject")
    assert ttl() == 60
    now = NOON + minutes(1)
    assert ttl() == 2
    assert bucket.faults.calls("GetObject") - before == 1
    assert ViewTtl(FakeInvalidationUsage(bucket), 0, 60, lambda: NOON)() == 2
    assert bucket.faults.calls("GetObject") - before == 1


@pytest.mark.parametrize("count", [b"not json", None])
def test_an_unreadable_count_keeps_no_view_from_being_written(count: bytes | None) -> None:
    bucket = Bucket(None if count else Faults({"GetObject": ["before"]}))
    bucket.objects[f"ops/invalidations/{MONTH}.json"] = count or b"{}"
    assert ViewTtl(FakeInvalidationUsage(bucket), 1000, 60, lambda: NOON)() == 2


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_count_whose_answer_is_lost_is_counted_at_least_once(fault: Kind) -> None:
    invalidate, _ = an_invalidator(Faults({"UpdateItem": [fault]}))
    with pytest.raises(Unavailable):
        invalidate([a_change(1)])
    invalidate([a_change(1)])
    assert invalidate.counter.paths(MONTH) in (1, 2)


@pytest.mark.parametrize(("budget", "noted"), [(100, None), (2, None), (1, 1)])
def test_the_usage_is_noted_for_the_writers_of_views_only_when_it_is_nearly_spent(
    budget: int, noted: int | None
) -> None:
    invalidate, _ = an_invalidator(budget=budget)
    invalidate([a_change(1)])
    note = invalidate.usage.read(MONTH)
    assert (note and note.paths) == noted


def test_the_usage_is_noted_if_a_smaller_budget_is_spent_already() -> None:
    invalidate, _ = an_invalidator(budget=5)
    invalidate.counter.add(MONTH, 7)
    invalidate([a_change(1)])
    assert ViewTtl(invalidate.usage, 5, 60, lambda: NOON)() == 2


def test_a_note_that_was_not_written_is_written_with_the_next_batch() -> None:
    invalidate, _ = an_invalidator(budget=1)
    invalidate.jobs.bucket.faults = Faults({"PutObject": ["before"]})  # type: ignore[attr-defined]  # the fake's
    with pytest.raises(Unavailable):
        invalidate([a_change(1)])
    invalidate([a_change(1, rev=2)])
    assert invalidate.usage.read(MONTH)
