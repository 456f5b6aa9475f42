"""Many jobs moved at once: moves a second, when each is seen, and what a move costs.

    python -m bench.burst                  these sources
    python -m bench.burst ../other .       another checkout too, in the same run

S3 keeps every version of an object, so its PUTs are counted afterwards; CPU is that of the engine
and its workers, from the kernel. Each client moves one job after the other and asks for its view
every quarter of a second: asking faster would be what is measured.
"""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import free_port

HAUL = [sys.executable, "-c", "from cli.main import app; app()"]
CLIENTS = {1: 6, 4: 12, 16: 32}
"""How many jobs for so many clients."""
FORWARD = (("confirm", "ready_for_pickup"), ("start", "in_progress"), ("complete", "completed"))
ASKED_EVERY_S = 0.25
ANY_KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""For earlier commits, whose engine had no key of its own."""
PATIENCE_S = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Copy:
    """A running copy of some checkout, without the code of this one."""

    state: Path
    known: dict[str, Any]
    key: dict[str, str]
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            client: Any = boto3.client
            self._clients[service] = client(
                service,
                endpoint_url=self.known["engine_url"],
                region_name=self.known["region"],
                aws_access_key_id=self.key["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.key["AWS_SECRET_ACCESS_KEY"],
                config=Config(max_pool_connections=32),
            )
        return self._clients[service]

    def put(self, kind: str, detail: dict[str, Any]) -> None:
        detail |= {
            "tenant": "main",
            "event_id": f"{detail['job_id']}-{detail.get('move', 'book')}",
            "occurred_at": datetime.now(UTC).isoformat(),
            "actor": {"kind": "dispatcher", "id": "dana"},
        }
        entry = {
            "EventBusName": self.known["bus_name"],
            "Source": "haulway.dispatch",
            "DetailType": kind,
            "Detail": json.dumps(detail),
        }
        answer = self.client("events").put_events(Entries=[entry])
        assert not answer["FailedEntryCount"], answer

    def read(self, bucket: str, key: str) -> dict[str, Any] | None:
        try:
            answer = self.client("s3").get_object(Bucket=self.known[bucket], Key=key)
        except ClientError:
            return None
        found: dict[str, Any] = json.loads(answer["Body"].read())
        return found


@contextmanager
def running(tree: Path) -> Iterator[Copy]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "copy"
        environment = {**os.environ, "PYTHONPATH": str(tree), "HAUL_STATE": str(state)}
        ports = ["--port", str(free_port()), "--engine-port", str(free_port())]
        with (Path(folder) / "up.log").open("wb") as log:
            up = subprocess.Popen(
                [*HAUL, "up", *ports, "--lag", "0"],
                cwd=tree, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            _until(lambda: (state / "local.json").exists() or up.poll() is not None)
            assert up.poll() is None, (Path(folder) / "up.log").read_text()
            said = subprocess.run(
                [*HAUL, "env"],
                cwd=tree,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            ).stdout
            key = dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", said, re.MULTILINE)) or ANY_KEY
            yield Copy(state, json.loads((state / "local.json").read_text()), key)
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(60)


def _until(done: Any) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := done()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(ASKED_EVERY_S)
    return found


def booked(copy: Copy, clients: int, number: int) -> tuple[str, str]:
    """The id of a new job and the digest of its link, once its execution waits."""
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    name = f"bn{letters[clients]}0{letters[number // 32]}{letters[number % 32]}"
    job_id = f"{datetime.now(UTC):%y%m%d}-{name}"
    customer, place = {"name": f"Customer {number}"}, {"address": f"{number} Soderblom Ave"}
    copy.put("JobRequested", {"job_id": job_id, "customer": customer, "place": place})

    def waits() -> dict[str, Any] | None:
        job = copy.read("jobs_bucket", f"tenants/main/jobs/{job_id}.json")
        return job if job and job.get("wait") else None

    return job_id, sha256(_until(waits)["token"].encode()).hexdigest()[:32]


def moved(copy: Copy, job_id: str, digest: str) -> list[float]:
    """Seconds until each move of the job was seen."""
    took = []
    for name, status in FORWARD:
        begun = time.monotonic()
        copy.put("JobMoveRequested", {"job_id": job_id, "move": name})
        _until(lambda: (copy.read("site_bucket", f"t/{digest}.json") or {}).get("status") == status)  # noqa: B023 - called at once
        took.append(time.monotonic() - begun)
    return took


def puts(copy: Copy) -> Counter[str]:
    """The PUTs that S3 has taken so far, and their bytes, by what they are."""
    found: Counter[str] = Counter()
    for bucket in ("jobs_bucket", "site_bucket"):
        pages = copy.client("s3").get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=copy.known[bucket]):
            for each in page.get("Versions", ()):
                kind = re.sub(r"^tenants/main/", "", each["Key"]).partition("/")[0]
                found[kind] += 1
                found["bytes"] += each["Size"]
    return found


def cpu_ms(state: Path) -> Counter[str]:
    """CPU milliseconds of the engine, which leads its session, and of all workers so far."""
    found: Counter[str] = Counter()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(state).encode() not in (process / "environ").read_bytes():
                continue
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if b"cli.main" in (process / "cmdline").read_bytes():
                continue
        except OSError:  # it has ended, or is another's
            continue
        leads = fields[3] == process.name
        found["engine" if leads else "workers"] += sum(map(int, fields[11:13])) * 1000 // TICKS
        found["workers"] += sum(map(int, fields[13:15])) * 1000 // TICKS if leads else 0
    return found


def calls(copy: Copy) -> int:
    """The calls of all functions so far: the engine writes a log stream for each."""
    logs = copy.client("logs")
    groups = logs.get_paginator("describe_log_groups").paginate()
    names = [group["logGroupName"] for page in groups for group in page["logGroups"]]
    streams = logs.get_paginator("describe_log_streams")
    return sum(
        len(page["logStreams"]) for name in names for page in streams.paginate(logGroupName=name)
    )


def processes(state: Path) -> tuple[int, int]:
    """How many processes the copy has, and their memory in MB; what they share counts once."""
    number, kilobytes = 0, 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            if str(state).encode() in about:
                pss = re.search(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.M)
                number, kilobytes = number + 1, kilobytes + int(pss[1] if pss else 0)
        except OSError:  # it has ended, or is another's
            continue
    return number, kilobytes // 1024


def main() -> None:
    for tree in [Path(each).resolve() for each in sys.argv[1:]] or [Path.cwd()]:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=tree, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        print(f"\n## Burst at commit {commit}\n")
        print("| clients | jobs | moves a second | seen after, p50 ms | p95 ms "
              "| CPU of engine, ms a move | of workers | S3 PUTs a move | KB a move "
              "| function calls a move |")  # fmt: skip
        print("|---|---|---|---|---|---|---|---|---|---|")
        with running(tree) as copy:
            for clients, jobs in CLIENTS.items():
                print(row(copy, clients, jobs), flush=True)
            number, megabytes = processes(copy.state)
            print(f"\nThen the copy has {number} processes and {megabytes} MB.")


def row(copy: Copy, clients: int, jobs: int) -> str:
    with ThreadPoolExecutor(clients) as pool:
        new = list(pool.map(lambda number: booked(copy, clients, number), range(jobs)))
        time.sleep(3)  # what the bookings caused is done
        written, called = puts(copy), calls(copy)
        used, begun = cpu_ms(copy.state), time.monotonic()
        took = sorted(each for one in pool.map(lambda job: moved(copy, *job), new) for each in one)
        elapsed_s = time.monotonic() - begun
    time.sleep(3)
    moves = jobs * len(FORWARD)
    cpu, more = cpu_ms(copy.state) - used, puts(copy) - written
    size = more.pop("bytes")
    asked = calls(copy) - called
    p95 = statistics.quantiles(took, n=20)[-1]
    engine_ms, workers_ms = (cpu[who] / moves for who in ("engine", "workers"))
    return (
        f"| {clients} | {jobs} | {moves / elapsed_s:.1f} | {statistics.median(took) * 1000:.0f} "
        f"| {p95 * 1000:.0f} | {engine_ms:.0f} | {workers_ms:.0f} "
        f"| {each_of(more, moves)} | {size / moves / 1024:.1f} | {asked / moves:.1f} |"
    )


def each_of(counted: Counter[str], moves: int) -> str:
    """`3.2 (jobs 2.0, t 1.0, …)`: a move's share of all, and of what is at least a twentieth."""
    shares = {name: n / moves for name, n in counted.most_common() if n / moves >= 0.05}
    kinds = ", ".join(f"{name} {share:.1f}" for name, share in shares.items())
    return f"{counted.total() / moves:.1f} ({kinds})"


if __name__ == "__main__":
    main()
