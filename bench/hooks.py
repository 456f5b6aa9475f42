"""Texts and webhooks on the laptop engine: how many per second, and the cost of 50 dead endpoints.

python -m bench.hooks
"""

import json
import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from events import FACTS_SOURCE
from functions.aws.messages import S3Endpoints
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.jobs.facts import fact_of_entry
from local.laptop import Laptop
from statemachine.business.business import NEVER_QUIET, BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job
from tests.conftest import free_port
from tests.support.builders import a_job
from tests.support.message_fakes import an_endpoint

TEXTS, WEBHOOKS = 200, 200
MERGE_S = 2
"""As `template.yaml` has it for the laptop."""
FACTS, EVERY_S, HANGING = 20, 0.5, 50
PATIENCE_S = 120.0
FLOW = load_flow("haul")


def main() -> None:
    logging.getLogger("haulway").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory() as state,
        receivers() as (url, got),
        Laptop(Path(state), free_port(), free_port(), lag_s=0, report=quiet) as laptop,
    ):
        texts(laptop)
        webhooks(laptop, url, got)
        beside_dead_ones(laptop, url, got)


def quiet(_: str) -> None:
    """The numbers are what is printed here."""


def texts(laptop: Laptop) -> None:
    jobs = a_tenants_jobs(laptop, "texting", TEXTS)
    begun = time.perf_counter()
    tell(laptop, jobs)
    until(lambda: texts_sent(laptop) >= TEXTS, EVERY_S / 2)
    took = time.perf_counter() - begun
    after = TEXTS / (took - MERGE_S)
    print(
        f"\n## Hooks\n\n{TEXTS} texts in {took:.1f} s: {after:.0f} a second after the merge ",
        end="",
    )
    print(f"window of {MERGE_S} s.")


def webhooks(laptop: Laptop, url: str, got: dict[str, float]) -> None:
    jobs = a_tenants_jobs(laptop, "hooking", WEBHOOKS)
    endpoint(laptop, "hooking", "ep_well", f"{url}/well")
    begun = time.perf_counter()
    tell(laptop, jobs)
    until(lambda: len(got) >= WEBHOOKS)
    took = time.perf_counter() - begun
    print(f"{WEBHOOKS} webhooks in {took:.1f} s: {WEBHOOKS / took:.0f} a second.")


def beside_dead_ones(laptop: Laptop, url: str, got: dict[str, float]) -> None:
    print(
        f"\n| a healthy endpoint, {FACTS} facts | p50 ms | p95 ms | ratio of p50 |"
        "\n|---|---|---|---|"
    )
    alone = delays(laptop, "alone", url, got, "c")
    report("alone", alone, alone)
    for number in range(HANGING):
        endpoint(laptop, "among", f"ep_{number:02}", f"{url}/hangs")
    first = delays(laptop, "among", url, got, "a")
    report(f"beside {HANGING} that hang, from their first fact on", first, alone)
    report("the same, once they are known", delays(laptop, "among", url, got, "b"), alone)


def report(name: str, values: list[float], alone: list[float]) -> None:
    p50, p95 = statistics.median(values), statistics.quantiles(values, n=20)[-1]
    ratio = p50 / statistics.median(alone)
    print(f"| {name} | {p50 * 1000:.0f} | {p95 * 1000:.0f} | {ratio:.2f} |", flush=True)


def delays(laptop: Laptop, tenant: str, url: str, got: dict[str, float], run: str) -> list[float]:
    """The time from `put_events` to the receiver, for one fact after another."""
    jobs = a_tenants_jobs(laptop, tenant, FACTS, run)
    endpoint(laptop, tenant, f"ep_well_{run}", f"{url}/well")
    put: dict[str, float] = {}
    for job in jobs:
        put[job.job_id] = time.time()
        tell(laptop, [job])
        time.sleep(EVERY_S)
    until(lambda: all(job_id in got for job_id in put))
    return [got[job_id] - at for job_id, at in put.items()]


def a_tenants_jobs(laptop: Laptop, tenant: str, number: int, run: str = "a") -> list[Job]:
    s3, bucket = laptop.client("s3"), laptop.outputs["JobsBucket"]
    if tenant not in set(S3Tenants(s3, bucket).names()):
        settings = BusinessSettings(tenant=tenant, name="Bench", quiet=NEVER_QUIET)
        S3Tenants(s3, bucket).add(settings)
    now = datetime.now(timezone.utc)
    made = []
    for count in range(number):
        job = a_job(
            "ready_for_pickup", job_id=f"261121-{tenant[0]}{run}{count:04}".translate(SPOKEN)
        )
        phone = f"+1555555{count:04}" if tenant == "texting" else None
        entry = job.ledger[0].with_(recorded_at=now)
        job = job.with_(
            tenant=tenant, ledger=(entry,), customer=Customer(name="Ada Wong", phone=phone)
        )
        S3Jobs(s3, bucket).create(job)
        made.append(job)
    return made


SPOKEN = str.maketrans("ilou", "110v")


def endpoint(laptop: Laptop, tenant: str, endpoint_id: str, url: str) -> None:
    endpoints = S3Endpoints(laptop.client("s3"), laptop.outputs["JobsBucket"])
    since = datetime(2026, 1, 1, tzinfo=timezone.utc)
    made = an_endpoint(endpoint_id, tenant=tenant, url=url, facts=("JobMoved",), created_at=since)
    endpoints.write(made, None)


def tell(laptop: Laptop, jobs: list[Job]) -> None:
    """The facts of these jobs' last moves, as `settle_job` would put them on the bus."""
    entries = [
        {
            "EventBusName": laptop.outputs["BusName"],
            "Source": FACTS_SOURCE,
            "DetailType": "JobMoved",
            "Detail": fact_of_entry(job, FLOW, job.seq).model_dump_json(exclude_none=True),
        }
        for job in jobs
    ]
    for start in range(0, len(entries), 10):
        laptop.client("events").put_events(Entries=entries[start : start + 10])


def texts_sent(laptop: Laptop) -> int:
    answer = laptop.engine.ask("GET", "/_ministack/sns/sms-messages")
    return sum(len(messages) for messages in answer.json()["sms_messages"].values())


@contextmanager
def receivers() -> Iterator[tuple[str, dict[str, float]]]:
    """A server that records when requests reach /well, and never answers at /hangs."""
    got: dict[str, float] = {}
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/hangs":
                over.wait(30)
                return
            got.setdefault(json.loads(body)["data"]["job_id"], time.time())
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def until(done: object, every_s: float = 0.02) -> None:
    """Each look at the texts takes the engine time that it needs for the texts."""
    assert callable(done)
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done in {PATIENCE_S} s")
        time.sleep(every_s)


if __name__ == "__main__":
    main()
