"""Our design compared to the naive one, in which every change reads and writes the whole jobs.json.

    python -m bench.naive

All run on the S3 of the laptop engine with 8 writers: naive (last write wins), naive with
compare-and-swap, and ours (a conditional PUT of one job; the board is written in batches).
"""

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.protocol.compare_and_swap import commit
from functions.views.board import PublishBoard
from local.engine import Engine
from local.engine_key import EngineAddress
from statemachine.flows import load_flow
from statemachine.job.records import Note
from statemachine.views.views import Board, card_of
from tests.conftest import free_port
from tests.support.builders import a_job
from tests.support.index_fakes import an_index

WRITERS, CHANGES = 8, 64
SIZES = (1_000, 10_000)
ATTEMPTS = 20
BUCKET, KEY = "bench", "jobs.json"
NOW = datetime.now(UTC)


@dataclass
class Tally:
    """Bytes transferred, and changes given up."""

    moved: int = 0
    given_up: int = 0
    lock: Any = None

    def add(self, count: int) -> None:
        with self.lock:
            self.moved += count


def main() -> None:
    with tempfile.TemporaryDirectory() as state, Engine(free_port(), Path(state)) as engine:
        print(f"\n## The naive design beside ours ({WRITERS} writers, {CHANGES} changes)\n")
        print("| jobs | design | ms a change (median) | changes lost | given up | MB moved |")
        print("|---|---|---|---|---|---|")
        for size in SIZES:
            for name, design in (
                ("naive", naive),
                ("naive, compare and swap", swapping),
                ("ours", ours),
            ):
                report(size, name, *design(client(engine.address), size))


def client(engine: EngineAddress) -> Any:
    return boto3.client(
        "s3", endpoint_url=engine.url, region_name="us-east-1",
        aws_access_key_id=engine.key.access_key_id,
        aws_secret_access_key=engine.key.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
    )  # fmt: skip


def report(size: int, name: str, took: list[float], lost: int, tally: Tally) -> None:
    milliseconds = statistics.median(took) * 1000
    print(
        f"| {size:,} | {name} | {milliseconds:.0f} | {lost} of {CHANGES} | {tally.given_up} "
        f"| {tally.moved / 1e6:.1f} |",
        flush=True,
    )


def whole_file(size: int) -> dict[str, Any]:
    flow = load_flow("haul")
    card = card_of(a_job(), flow).model_dump(mode="json", exclude_none=True)
    return {"jobs": {f"job-{n:05}": {**card, "changes": []} for n in range(size)}}


def fresh_bucket(s3: Any) -> None:
    with suppress(ClientError):
        s3.create_bucket(Bucket=BUCKET)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", ()):
            s3.delete_object(Bucket=BUCKET, Key=item["Key"])


def race(change: Callable[[int], None]) -> list[float]:
    def timed(number: int) -> float:
        begun = time.perf_counter()
        change(number)
        return time.perf_counter() - begun

    with ThreadPoolExecutor(WRITERS) as writers:
        return list(writers.map(timed, range(CHANGES)))


def naive(s3: Any, size: int) -> tuple[list[float], int, Tally]:
    return _whole(s3, size, conditional=False)


def swapping(s3: Any, size: int) -> tuple[list[float], int, Tally]:
    return _whole(s3, size, conditional=True)


def _whole(s3: Any, size: int, conditional: bool) -> tuple[list[float], int, Tally]:
    fresh_bucket(s3)
    tally = Tally(lock=threading.Lock())
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=json.dumps(whole_file(size)).encode())

    def change(number: int) -> None:
        for _ in range(ATTEMPTS if conditional else 1):
            answer = s3.get_object(Bucket=BUCKET, Key=KEY)
            body = answer["Body"].read()
            document = json.loads(body)
            document["jobs"][f"job-{number % size:05}"]["changes"].append(number)
            written = json.dumps(document).encode()
            tally.add(len(body) + len(written))
            condition = {"IfMatch": answer["ETag"]} if conditional else {}
            try:
                s3.put_object(Bucket=BUCKET, Key=KEY, Body=written, **condition)
                return
            except ClientError:
                continue
        with tally.lock:
            tally.given_up += 1

    took = race(change)
    final = json.loads(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    kept = sum(len(card["changes"]) for card in final["jobs"].values())
    return took, CHANGES - kept - tally.given_up, tally


def ours(s3: Any, size: int) -> tuple[list[float], int, Tally]:
    """A change is the commit of one job; the board is written in batches, and its bytes count."""
    fresh_bucket(s3)
    tally = Tally(lock=threading.Lock())
    s3.meta.events.register(
        "before-send.s3.PutObject",
        lambda request, **_: tally.add(int(request.headers["Content-Length"])),
    )
    jobs, boards = S3Jobs(s3, BUCKET), S3Boards(s3, BUCKET)
    changed = [a_job(job_id=f"261121-{n:06}") for n in range(CHANGES)]
    for job in changed:
        jobs.create(job)
    flow = load_flow("haul")
    rest = [card_of(a_job(job_id=f"261120-{n:06}"), flow) for n in range(size - CHANGES)]
    boards.overwrite("main", Board().merged(rest))
    tally.moved = 0

    def change(number: int) -> None:
        job = changed[number]
        note = Note(event_id=f"n-{number}", text="moved", recorded_at=NOW, actor=job.created_by)
        commit(
            jobs, "main", job.job_id, lambda job: (job.with_change(notes=(*job.notes, note)), None)
        )

    took = race(change)
    publish = PublishBoard(jobs, boards, an_index())
    ids = [job.job_id for job in changed]
    for start in range(0, CHANGES, 50):
        publish("main", ids[start : start + 50], NOW)
    board = boards.read("main")
    assert board is not None
    kept = sum(board.value.jobs[job_id].notes for job_id in ids)
    return took, CHANGES - kept, tally


if __name__ == "__main__":
    main()
