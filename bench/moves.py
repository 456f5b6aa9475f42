"""The time from `put_events` to the view that shows the status, on a warm engine; and its start.

python -m bench.moves
"""

import statistics
import tempfile
import time
from pathlib import Path

from functions.aws.s3_stores import S3Views
from local.laptop import Laptop
from statemachine.values.ids import digest_of
from tests.conftest import free_port
from tests.e2e.support.jobs import booking, exist, jobs_of, move, put

JOBS, WARM_UP = 20, 3
FORWARD = (("confirm", "ready_for_pickup"), ("start", "in_progress"), ("complete", "completed"))
PATIENCE_S = 60.0


def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        laptop = Laptop(Path(state), free_port(), free_port(), lag_s=0, report=lambda _: None)
        begun = time.perf_counter()
        laptop.start()
        first = time.perf_counter() - begun
        laptop.stop()
        begun = time.perf_counter()
        laptop.start()
        again = time.perf_counter() - begun
        try:
            transitions(laptop)
        finally:
            laptop.stop()
    print(f"\nReady after {first:.1f} s in an empty folder, {again:.1f} s when started again.")


def transitions(laptop: Laptop) -> None:
    took: dict[str, list[float]] = {name: [] for name, _ in FORWARD}
    for number in range(WARM_UP + JOBS):
        one(laptop, number, took if number >= WARM_UP else {name: [] for name in took})
    print(f"\n## One job at a time, warm engine, {JOBS} jobs: `put_events` → view\n")
    print("| move | p50 ms | p95 ms |\n|---|---|---|")
    for name, values in took.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        print(f"| {name} | {statistics.median(values) * 1000:.0f} | {p95 * 1000:.0f} |")


def one(laptop: Laptop, number: int, took: dict[str, list[float]]) -> None:
    request = booking(number, prefix="ben")
    put(laptop, "JobRequested", [request])
    exist(laptop, [request["job_id"]])
    digest = digest_of(jobs_of(laptop).read("main", request["job_id"]).value.token)
    views = S3Views(laptop.client("s3"), laptop.outputs["SiteBucket"], 60)
    events = laptop.client("events")
    for name, status in FORWARD:
        begun = time.perf_counter()
        put(laptop, "JobMoveRequested", [move(request["job_id"], name)], events)
        shows(views, digest, status)
        took[name].append(time.perf_counter() - begun)


def shows(views: S3Views, digest: str, status: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        stored = views.read(digest)
        if stored and stored.value.status == status:
            return
        time.sleep(0.005)
    raise TimeoutError(f"no view shows {status}")


if __name__ == "__main__":
    main()
