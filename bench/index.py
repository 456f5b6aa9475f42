"""Questions to the index of all jobs: 100,000 jobs of three years beside 1,000 of the same years;
and the pages that ask them, in Chromium.

    python -m bench.index

The real adapter and the real questions use the laptop engine's DynamoDB in this process, without
its HTTP server. The engine sorts a whole partition for each query, which DynamoDB does not; so its
times say how far the lists that a question reads are kept small, not how fast AWS is. Those of the
questions are CPU time of all threads, so that other programs on the machine do not count.
"""

import asyncio
import io
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import get_session
from ministack.services import dynamodb as engine
from playwright.sync_api import Page, expect

from functions.aws.job_index import DynamoJobIndex
from functions.views.find_jobs import find_jobs
from functions.views.job_index import Weeks, listings_of, week_of
from statemachine.history.job_search import Entry, Question
from tests.pages.browser import chromium, sign_in, traffic_of
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD

SIZES = (1_000, 100_000)
ASKED = 40
"""How often each question is asked, each time by other values where it has any."""
A_PAGE = 25
YEARS = timedelta(days=3 * 365)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST = ("Ada", "José", "Maria", "Bo", "Zoë", "Liam", "Olga", "Tom", "Ines", "Raj")
LAST = ("Wong", "Núñez", "Smith", "Ortega", "Li", "Garcia", "Petrov", "Nguyen", "Haddad", "Kim")
STREETS = (
    "Harbor",
    "Elm",
    "Soderblom",
    "Mission",
    "Juniper",
    "Cedar",
    "Lake",
    "Hill",
    "Bay",
    "Fir",
)
THINGS = (
    "sofa",
    "mattress",
    "piano",
    "fridge",
    "boxes",
    "desk",
    "washer",
    "debris",
    "tires",
    "bed",
)
CREW = ("mike", "maria", "zoe", "omar")


def the_entries(number: int) -> Iterator[Entry]:
    """Finished jobs, evenly over the years; one in ten was cancelled, one in ten is not paid, and a
    customer has three."""
    chance = random.Random(7)
    for each in range(number):
        at = NOW - YEARS * (each / number)
        customer = chance.randrange(max(1, number // 3))
        member = chance.choice(CREW)
        price = chance.randrange(100, 900) * 100
        paid = price if each % 10 > 1 else 0
        yield Entry.model_validate(
            {
                "rev": 5, "job_id": f"{at:%y%m%d}-{each:06d}", "flow": "haul",
                "status": "cancelled" if each % 10 == 0 else "completed", "terminal": True,
                "customer": f"{FIRST[customer % 10]} {LAST[customer // 10 % 10]}",
                "phone": f"+1206{customer:07d}", "phone_end": f"{customer:07d}"[-4:],
                "address": f"{each % 900} {chance.choice(STREETS)} Street",
                "load": " and ".join(chance.sample(THINGS, 2)),
                "price_cents": price, "duration_minutes": 60, "paid": paid > 0,
                "facts": {"end": "cancelled" if each % 10 == 0 else "done", "paid_cents": paid},
                "crew": [{"role": "driver", "member": member, "first_name": member.title()}],
                "truck": f"t{each % 3}", "entered_at": at, "created_at": at, "at": at,
            }
        )  # fmt: skip


QUESTIONS: dict[str, list[Question]] = {
    "the latest jobs": [Question()],
    "a month": [
        Question(since=NOW - timedelta(30 * n + 30), until=NOW - timedelta(30 * n))
        for n in range(30)
    ],
    "status": [Question(statuses=("completed",)), Question(statuses=("cancelled",))],
    "crew": [Question(crew=member) for member in CREW],
    "truck and status": [Question(truck=f"t{n}", statuses=("completed",)) for n in range(3)],
    "flow": [Question(flow="haul")],
    "price": [Question(price_from=40_000, price_to=60_000)],
    "not paid": [Question(paid=False)],
    "customer": [Question(customer=name) for name in FIRST],
    "phone": [Question(phone=f"206000{n:04d}") for n in range(0, 300, 9)],
    "last four digits": [Question(phone=f"{n:04d}") for n in range(0, 300, 9)],
    "address": [Question(address=street) for street in STREETS],
    "a word of the load": [Question(load=thing) for thing in THINGS],
    "name, load, and status": [
        Question(words=f"{name} {thing}", statuses=("completed",))
        for name, thing in zip(FIRST, THINGS, strict=True)
    ],
}


class EngineClient:
    """A botocore client whose requests go to the engine's code; it counts the calls."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.client: Any = get_session().create_client(
            "dynamodb", region_name="us-east-1", endpoint_url="http://engine",
            aws_access_key_id="bench", aws_secret_access_key="bench",
        )  # fmt: skip
        events: Any = self.client.meta.events
        events.register("before-send", self._send)

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        self.calls[event_name.rpartition(".")[2]] += 1
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        body = request.body.encode() if isinstance(request.body, str) else request.body
        status, answered, content = asyncio.run(
            engine.handle_request("POST", "/", headers, body or b"", {})
        )
        answer = HTTPHeaders()
        for name, value in answered.items():
            answer[name] = value
        return AWSResponse(request.url, status, answer, _Raw(content))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def filled(dynamodb: EngineClient, size: int) -> DynamoJobIndex:
    """A table with so many jobs, written past the engine's checks, because they take minutes."""
    table = f"jobs-{size}"
    dynamodb.client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )  # fmt: skip
    index = DynamoJobIndex(dynamodb.client, table)
    items = engine._tables[table]["items"]
    for entry in the_entries(size):
        key = f"main#job#{entry.job_id}"
        body = entry.model_dump_json(exclude_none=True)
        items[key] = {"entry": {"pk": {"S": key}, "sk": {"S": "entry"}, "entry": {"S": body}}}
        for name, place in listings_of("main", entry):
            items.setdefault(name, {})[place] = {"pk": {"S": name}, "sk": {"S": place}}
    index.set_weeks("main", Weeks(week_of(NOW - YEARS), week_of(NOW)), None)
    return index


def measured(dynamodb: EngineClient, index: DynamoJobIndex, asked: list[Question]) -> list[float]:
    """Milliseconds of each answer; then the calls and the jobs of an average one."""
    took, jobs = list[float](), 0
    dynamodb.calls.clear()
    for number in range(ASKED):
        begin = time.process_time()
        jobs += len(find_jobs(index, "main", asked[number % len(asked)], A_PAGE).entries)
        took.append((time.process_time() - begin) * 1000)
    return [*took, dynamodb.calls.total() / ASKED, jobs / ASKED]


TYPED = {
    "a name": "zoe nunez",
    "a phone's last digits": "0021",
    "a load": "piano",
    "a street": "juniper",
}
RUNS = 5
ANSWERED = """async (text) => {
  const search = document.querySelector("[data-testid=search]");
  const list = document.querySelector("[data-testid=results]");
  const first = () => list.querySelector("[data-job]")?.dataset.job;
  const before = first();
  search.value = text;
  const begun = performance.now();
  search.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => {
    const changed = () => first() && first() !== before && done();
    new MutationObserver(changed).observe(list, { childList: true, subtree: true });
  });
  return performance.now() - begun;
}"""
"""Milliseconds from a key to the first result that was not there before, with the page's own wait
for the next key."""
FIRST_SHOWN = """(selector) => {
  new MutationObserver(() => {
    if (!window.shown_ms && document.querySelector(selector)) window.shown_ms = performance.now();
  }).observe(document, { childList: true, subtree: true });
}"""
REPORT = "/reports/#period=other&by=day&first=2026-11-01&last=2026-11-30"
PAGES = {"/history/": "[data-testid=result]", REPORT: "[data-testid=figures] td"}


def in_chromium(indexes: dict[int, DynamoJobIndex]) -> None:
    """The pages over the stub of the page tests, which asks these indexes."""
    with StubServer() as stub, chromium() as browser:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{stub.url}/history/")
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_test_id("search")).to_be_visible()
        session = context.storage_state()
        small, large = SIZES
        print("\n## From a key to the first result on the history page, in Chromium\n")
        print(f"The median of {RUNS}, in ms, of which the page waits 250 for the next key.\n")
        print(f"| typed | at {small:,} jobs | at {large:,} jobs |\n|---|---|---|")
        for what, text in TYPED.items():
            took = [typed(page, stub, indexes[size], text) for size in SIZES]
            print(f"| {what} | {took[0]:.0f} | {took[1]:.0f} |")
        context.close()
        print("\n## The first view of a page, signed in, nothing cached yet\n")
        print("| page | jobs | KB | requests | ms until it shows them |\n|---|---|---|---|---|")
        for path, selector in PAGES.items():
            for size in SIZES:
                stub.data.index = indexes[size]
                fresh = browser.new_context(storage_state=session)
                fresh.add_init_script(f"({FIRST_SHOWN})({selector!r})")
                page = fresh.new_page()
                with traffic_of(page) as traffic:
                    page.goto(f"{stub.url}{path}")
                    expect(page.locator(selector).first).to_be_visible(timeout=60_000)
                    ms = page.evaluate("() => window.shown_ms")
                print(f"| `{path.partition('#')[0]}` | {size:,} "
                      f"| {traffic.transferred_bytes / 1000:.1f} | {len(traffic.urls)} "
                      f"| {ms:.0f} |")  # fmt: skip
                fresh.close()


def typed(page: Page, stub: StubServer, index: DynamoJobIndex, text: str) -> float:
    stub.data.index = index
    took = list[float]()
    for _ in range(RUNS):
        page.goto("about:blank")
        page.goto(f"{stub.url}/history/#first={NOW - YEARS:%Y-%m-%d}")
        expect(page.get_by_test_id("result").first).to_be_visible(timeout=60_000)
        took.append(page.evaluate(ANSWERED, text))
    return statistics.median(took)


def main() -> None:
    dynamodb = EngineClient()
    indexes = {size: filled(dynamodb, size) for size in SIZES}
    questions(dynamodb, indexes)
    in_chromium(indexes)


def questions(dynamodb: EngineClient, indexes: dict[int, DynamoJobIndex]) -> None:
    small, large = SIZES
    print(f"## Questions to the index: {large:,} jobs of three years beside {small:,}\n")
    print(f"The first {A_PAGE} jobs; {ASKED} answers each, in ms of CPU time, with the engine.\n")
    print(f"| question | p50 at {small:,} | p50 at {large:,} | ratio | p95 at {small:,} "
          f"| p95 at {large:,} | calls | jobs found |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for name, asked in QUESTIONS.items():
        few, many = (measured(dynamodb, indexes[size], asked) for size in SIZES)
        row = [statistics.median(few[:ASKED]), statistics.median(many[:ASKED])]
        tail = [statistics.quantiles(ms[:ASKED], n=20)[18] for ms in (few, many)]
        print(f"| {name} | {row[0]:.1f} | {row[1]:.1f} | {row[1] / row[0]:.2f} | {tail[0]:.1f} "
              f"| {tail[1]:.1f} | {few[-2]:.0f} → {many[-2]:.0f} "
              f"| {few[-1]:.0f} → {many[-1]:.0f} |")  # fmt: skip


if __name__ == "__main__":
    main()
