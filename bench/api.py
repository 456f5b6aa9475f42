"""The API: import time and cold start, compared to a bare handler; the board with 1,000 cards.

python -m bench.api
"""

import gzip
import hashlib
import io
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from functions.api.request import COOKIE
from functions.aws.s3_stores import S3Boards
from functions.protocol.clock import utc_now
from local.laptop import Laptop
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Place
from statemachine.values.ids import job_id_for
from statemachine.views.views import Board, card_of
from tests.api.api_fixture import an_event
from tests.conftest import free_port
from tests.support.builders import a_job

RUNS, COLD_STARTS, CARDS, LOOKS, WARM_UP = 7, 7, 1_000, 200, 10
ROOT = Path(__file__).parent.parent
POWERTOOLS = "from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver as R; R({})"
IMPORTS = {
    "bare handler (`json`)": "import json",
    "SDK, log and models (`functions.aws.container`)": "import functions.aws.container",
    "a move (`functions.advance_job`)": "import functions.advance_job",
    "… and Powertools' router": f"import functions.advance_job; {POWERTOOLS.format('')}",
    "… with its `enable_validation`": "import functions.advance_job; "
    + POWERTOOLS.format("enable_validation=True"),
    "the API (`functions.serve_api`)": "import functions.serve_api",
}
BARE = "def handler(event, context):\n    print('asked')\n    return {'statusCode': 401}\n"


def main() -> None:
    logging.getLogger("haulway.edge").setLevel(logging.WARNING)
    imports()
    with tempfile.TemporaryDirectory() as folder:
        laptop = Laptop(Path(folder), free_port(), free_port(), lag_s=0, report=lambda _: None)
        with laptop:
            cold_starts(laptop)
            board(laptop)


def imports() -> None:
    print(f"\n## Import of the API's module (ms of CPU, median of {RUNS})\n")
    print("| imported | ms |\n|---|---|")
    runs: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(RUNS):  # in turns, so that a busy moment affects all of them
        for name, statement in IMPORTS.items():
            runs[name].append(import_ms(statement))
    for name, values in runs.items():
        print(f"| {name} | {statistics.median(values):.0f} |")


def import_ms(statement: str) -> float:
    """CPU time, which other processes affect less than elapsed time."""
    program = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return float(ran.stdout) * 1000


def cold_starts(laptop: Laptop) -> None:
    """The first request to a new worker, and the next; without a session the API answers 401."""
    client = laptop.client("lambda")
    api = client.get_function(FunctionName=laptop.outputs["ApiFunction"])["Configuration"]
    client.create_function(
        FunctionName="bare",
        Runtime=api["Runtime"],
        Role=api["Role"],
        Handler="bare.handler",
        MemorySize=api["MemorySize"],
        Code={"ZipFile": zipped("bare.py", BARE)},
    )
    names = {"bare handler": "bare", "the API": api["FunctionName"]}
    cold: dict[str, list[float]] = {label: [] for label in names}
    warm: dict[str, list[float]] = {label: [] for label in names}
    for number in range(COLD_STARTS):
        for label, name in names.items():
            renew(client, name, number)
            cold[label].append(took(lambda name=name: ask(client, name)))  # type: ignore[misc]  # a default binds the loop
            warm[label].append(took(lambda name=name: ask(client, name)))  # type: ignore[misc]  # a default binds the loop
    print(f"\n## Cold start on the laptop engine (ms, median of {COLD_STARTS})\n")
    print("| handler | first request | next request |\n|---|---|---|")
    for label in names:
        first, following = statistics.median(cold[label]), statistics.median(warm[label])
        print(f"| {label} | {first:.0f} | {following:.0f} |")
    ratio = statistics.median(cold["the API"]) / statistics.median(cold["bare handler"])
    print(f"\nThe API starts in {ratio:.1f} times the time of a bare handler.")


def zipped(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def renew(client: Any, name: str, number: int) -> None:
    """Change the environment, which ends the existing workers."""
    known = client.get_function_configuration(FunctionName=name).get("Environment", {})
    variables = known.get("Variables", {}) | {"BENCH_ROUND": str(number)}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def ask(client: Any, name: str) -> None:
    event = json.dumps(an_event("GET", "/api/session"))
    answer = client.invoke(FunctionName=name, Payload=event.encode())
    assert json.loads(answer["Payload"].read())["statusCode"] == 401


def took(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def board(laptop: Laptop) -> None:
    """Request the whole board through the edge, as the dispatch page does every few seconds."""
    written = a_board()
    S3Boards(laptop.client("s3"), laptop.outputs["JobsBucket"]).overwrite("main", written)
    with httpx.Client(base_url=laptop.edge_url, timeout=30) as http:
        cookie = {"cookie": f"{COOKIE}={sign_in(laptop, http)}"}
        plain = cookie | {"accept-encoding": "identity"}
        first = http.get("/api/jobs", headers=plain)
        assert len(first.json()["jobs"]) == CARDS
        packed = cookie | {"accept-encoding": "gzip"}
        known = cookie | {"if-none-match": first.headers["etag"]}
        sizes = len(first.content), len(gzip.compress(first.content))
        kinds = {"200": (plain, 200), "200, gzip": (packed, 200), "304": (known, 304)}
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(WARM_UP + LOOKS):
            for kind, (headers, status) in kinds.items():
                ms = took(lambda h=headers, s=status: look(http, h, s))  # type: ignore[misc]  # a default binds the loop
                if number >= WARM_UP:
                    times[kind].append(ms)
    print(f"\n## `GET /api/jobs` with {CARDS:,} cards through the edge (ms, {LOOKS} of each)\n")
    print("| answer | p50 | p95 |\n|---|---|---|")
    for kind, values in times.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        print(f"| {kind} | {statistics.median(values):.0f} | {p95:.0f} |")
    medians = {kind: statistics.median(values) for kind, values in times.items()}
    print(
        f"\n200 takes {medians['200'] / medians['304']:.1f} times as long as 304. "
        f"The board has {sizes[0] / 1024:.0f} KiB, packed {sizes[1] / 1024:.0f}."
    )


def look(http: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert http.get("/api/jobs", headers=headers).status_code == status


def a_board() -> Board:
    """Jobs of many customers in every status, so that it compresses like a real board."""
    flow, now = load_flow("haul"), utc_now()
    ways = [status.name for status in flow.statuses]
    cards = []
    for number in range(CARDS):
        moment = now - timedelta(minutes=number)
        odd = hashlib.sha256(str(number).encode()).hexdigest()
        job = a_job(
            ways[number % 3],
            job_id=job_id_for("main", odd, moment),
            customer=Customer(name=f"{odd[:7].title()} {odd[7:16].title()}"),
            place=Place(address=f"{number} {odd[16:26].title()} Street"),
            created_at=moment,
            entered_at=moment,
        )
        cards.append(card_of(job, flow))
    return Board().merged(cards)


def sign_in(laptop: Laptop, http: httpx.Client) -> str:
    first = laptop.first_sign_in()
    body = {"account": first.account, "password": first.password}
    answer = http.post("/api/session", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["set-cookie"]).partition("=")[2].partition(";")[0]


if __name__ == "__main__":
    main()
