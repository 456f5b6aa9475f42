"""A round of the watchdog when nothing is wrong: its calls to AWS and its time.

    python -m bench.watch

The real functions and adapters use an S3 in memory that counts calls. The time is computation only,
mostly parsing documents; on AWS each call adds its latency.
"""

import io
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.link_ends import S3LinkEnds
from functions.aws.logos import S3Logos
from functions.aws.messages import S3Deliveries, S3Endpoints
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Stuck, S3Tenants, S3Views
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.watch import WatchJobs
from functions.views.board import PublishBoard
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from statemachine.views.views import Board, card_of, view_of
from tests.functions.creation import waited_for
from tests.support.builders import a_job
from tests.support.fakes import FakeBus, FakeExecutions, FakeLog, etag_of, no_pause
from tests.support.index_fakes import an_index
from tests.support.message_fakes import FakeDelayedMessages, FakeMetrics
from tests.support.slot_fakes import slots_on_fakes

OPEN, FINISHED = (50, 1_000, 10_000), (0, 10_000)
ROUNDS = 5
PAGE = 1_000
NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(hours=2)
BUCKET = "bench"
FLOW = load_flow("haul")


class CountedS3:
    """The part of an S3 client that the adapters need; counts the calls."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()

    def get_object(self, **asked: str) -> dict[str, Any]:
        self.calls["GET"] += 1
        body = self.objects.get(asked["Key"])
        if body is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(body), "ETag": etag_of(body)}

    def put_object(self, **asked: Any) -> None:
        self.calls["PUT"] += 1
        self.objects[asked["Key"]] = asked["Body"]

    def get_paginator(self, _: str) -> "CountedS3":
        return self

    def paginate(self, **asked: str) -> Iterator[dict[str, Any]]:
        found = sorted(key for key in self.objects if key.startswith(asked["Prefix"]))
        for start in range(0, max(1, len(found)), PAGE):
            self.calls["LIST"] += 1
            keys = found[start : start + PAGE]
            yield {"Contents": [{"Key": key, "LastModified": LONG_AGO} for key in keys]}


def main() -> None:
    print(f"\n## A round of the watchdog over healthy jobs, median of {ROUNDS}\n")
    print("| open | finished | looks at | LIST | GET | PUT | Step Functions | s |")
    print("|---|---|---|---|---|---|---|---|")
    for number in OPEN:
        for finished in FINISHED:
            s3, executions = a_business(number, finished), FakeExecutions()
            watch = a_watchdog(s3, executions)
            report(number, finished, watch, s3, executions, full=False)
    report(number, finished, watch, s3, executions, full=True)


def a_business(number: int, finished: int) -> CountedS3:
    s3 = CountedS3()
    jobs, views = S3Jobs(s3, BUCKET), S3Views(s3, BUCKET, 60)
    S3Tenants(s3, BUCKET).add(BusinessSettings(tenant="main", name="Haulway"))
    open_jobs = [waited_for(a_job(**who(n))) for n in range(number)]
    ended = [a_job("completed", **who(number + n)) for n in range(finished)]
    for job in (*open_jobs, *ended):
        jobs.create(job)
        views.write(digest_of(job.token), view_of(job, FLOW), None)
    for job in open_jobs:
        jobs.mark_open("main", job.job_id)
    S3Boards(s3, BUCKET).overwrite("main", board_of(open_jobs))
    return s3


def who(number: int) -> dict[str, Any]:
    moments = {"entered_at": LONG_AGO, "created_at": LONG_AGO}
    return {"job_id": f"261121-{number:06}", "token": f"{number:022}", **moments}


def board_of(jobs: list[Job]) -> Board:
    return Board().merged(card_of(job, FLOW) for job in jobs)


def a_watchdog(s3: Any, executions: FakeExecutions) -> WatchJobs:
    jobs = S3Jobs(s3, BUCKET)
    messages = RepairDeliveries(
        S3Deliveries(s3, BUCKET), S3Endpoints(s3, BUCKET),
        FakeDelayedMessages(), FakeDelayedMessages(), FakeBus(),
        FakeMetrics(), FakeLog(),
    )  # fmt: skip
    return WatchJobs(
        jobs, S3Views(s3, BUCKET, 60), executions, FakeBus(), S3Tenants(s3, BUCKET),
        PublishBoard(jobs, S3Boards(s3, BUCKET), an_index()), S3Stuck(s3, BUCKET), messages,
        slots_on_fakes(jobs), S3LinkEnds(s3, BUCKET), FakeMetrics(), dict, no_pause,
        logos=S3Logos(s3, BUCKET),
    )  # fmt: skip


def report(
    number: int, finished: int, watch: WatchJobs, s3: CountedS3, executions: FakeExecutions,
    full: bool,
) -> None:  # fmt: skip
    took, looks, calls = [], [], []
    for minute in range(1 if full else ROUNDS):
        s3.calls.clear()
        begun = time.perf_counter()
        found = watch.round(NOW + timedelta(minutes=minute), full=full)
        took.append(time.perf_counter() - begun)
        assert (found.repaired, found.boards) == ({}, [])
        looks.append(found.looked_at)
        calls.append(dict(s3.calls))
    middle = {
        kind: median([each.get(kind, 0) for each in calls]) for kind in ("LIST", "GET", "PUT")
    }
    print(
        f"| {number:,} | {finished:,} | {median(looks):,}{' (all)' if full else ''} "
        f"| {middle['LIST']} | {middle['GET']:,} | {middle['PUT']} | {len(executions.faults.log)} "
        f"| {statistics.median(took):.2f} |",
        flush=True,
    )


def median(values: list[int]) -> int:
    return round(statistics.median(values))


if __name__ == "__main__":
    main()
