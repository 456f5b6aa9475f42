"""The crew page in Chromium, with the stub API of the page tests: the cost of opening it, and of
sending a day's work that was done offline.

python -m bench.crew
"""

import statistics
import time
from collections import Counter
from datetime import timedelta

from playwright.sync_api import Browser, BrowserContext, Page, expect

from statemachine.job.job import Assigned
from tests.pages.browser import PHONE, chromium, sign_in, traffic_of
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD, now

RUNS, JOBS = 3, 5
MIGUEL = Assigned(role="driver", member="miguel", first_name="Miguel")
ROUND_TRIPS_MS = {"none of its own": 0, "150 ms": 150}
A_DAYS_WORK = """async (jobs) => {
  const { deviceStore } = await import("/crew/state/crew_store.js");
  const { newId } = await import("/shared/api/api.js");
  const store = await deviceStore();
  const canvas = Object.assign(document.createElement("canvas"), { width: 1600, height: 1200 });
  const paper = canvas.getContext("2d");
  for (let dot = 0; dot < 20000; dot += 1) {
    paper.fillStyle = `rgb(${dot % 256} ${(dot * 7) % 256} ${(dot * 13) % 256})`;
    paper.fillRect((dot * 37) % 1600, (dot * 91) % 1200, 40, 40);
  }
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
  const photo = { photo_kind: "before", media_type: "image/jpeg", blob };
  const note = (number) => ({ kind: "edit", edit: { note: `Note ${number}` } });
  const move = (name) => ({ kind: "move", move: { move: name, reason: "locked" }, label: {} });
  const moves = ["start", "no_access", "start", "complete"].map(move);
  const work = [{ kind: "photo", photo }, ...moves, ...[1, 2, 3, 4, 5].map(note)];
  for (const action of work) {
    for (const job_id of jobs) {
      const own = { event_id: newId(), occurred_at: new Date().toISOString(), account: "miguel" };
      const queued = { job_id, customer: "Ada", tries: 0, refused: null, fault: null };
      await store.add({ ...action, ...own, ...queued });
    }
  }
  return blob.size;
}"""


def main() -> None:
    with StubServer() as published, StubServer(sources=True) as sources, chromium() as browser:
        first_views(browser, published)
        replays(browser, sources)  # whose modules can be imported to prepare the work


def first_views(browser: Browser, stub: StubServer) -> None:
    print("\n## The crew's page until it is useful, nothing kept yet\n")
    print("| view | bytes | requests |\n|---|---|---|")
    a_day(stub)
    context = a_phone(browser)
    page = context.new_page()
    with traffic_of(page) as traffic:
        page.goto(f"{stub.url}/crew/")
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
    print(f"| sign-in | {traffic.transferred_bytes:,} | {len(traffic.urls)} |")
    sign_in(page, "miguel", PASSWORD)
    expect(page.get_by_test_id("job")).to_have_count(JOBS)
    session = context.storage_state()
    fresh = browser.new_context(viewport=PHONE, service_workers="block", storage_state=session)
    page = fresh.new_page()
    with traffic_of(page) as traffic:
        page.goto(f"{stub.url}/crew/")
        expect(page.get_by_test_id("job")).to_have_count(JOBS)
    print(f"| {JOBS} jobs | {traffic.transferred_bytes:,} | {len(traffic.urls)} |")
    context.close()
    fresh.close()


def replays(browser: Browser, stub: StubServer) -> None:
    print(f"\n## Replay of {JOBS * 10} actions: moves, notes, {JOBS} photos (median of {RUNS})\n")
    print("| round trip | seconds | requests |\n|---|---|---|")
    for name, round_trip_ms in ROUND_TRIPS_MS.items():
        runs = [replay(browser, stub, round_trip_ms) for _ in range(RUNS)]
        seconds = statistics.median(took for took, _ in runs)
        requests = statistics.median(sum(asked.values()) for _, asked in runs)
        print(f"| {name} | {seconds:.1f} | {requests:.0f} |")
    print(f"\nThe last run asked: {dict(runs[-1][1])}")


def replay(browser: Browser, stub: StubServer, round_trip_ms: int) -> tuple[float, Counter[str]]:
    """The API is down while the work is done; then it answers, and the page sends everything."""
    jobs = a_day(stub)
    context = a_phone(browser)
    page = context.new_page()
    page.goto(f"{stub.url}/crew/")
    sign_in(page, "miguel", PASSWORD)
    expect(page.get_by_test_id("job")).to_have_count(JOBS)
    stub.data.down = True
    page.evaluate(A_DAYS_WORK, jobs)
    page.reload()
    waiting(page, JOBS * 10)
    slow_down(page, round_trip_ms)
    stub.data.down = False
    before, begun = len(stub.data.requests), time.perf_counter()
    page.evaluate("dispatchEvent(new Event('online'))")
    waiting(page, 0)
    took = time.perf_counter() - begun
    asked = Counter(kind_of(path) for _, path in stub.data.requests[before:])
    context.close()
    done = [stub.data.jobs[job_id] for job_id in jobs]
    assert all([e.move for e in job.ledger][1:] == MOVES for job in done)
    assert all((len(job.notes), len(job.photos)) == (5, 1) for job in done)
    return took, asked


MOVES = ["start", "no_access", "start", "complete"]


def a_day(stub: StubServer) -> list[str]:
    world = stub.reset()
    start = now() + timedelta(minutes=5)
    window = {"window_start": start, "window_end": start + timedelta(hours=2)}
    jobs = [world.book(f"Customer {number}").job_id for number in range(JOBS)]
    for job_id in jobs:
        world.plan(job_id, MIGUEL, **window)
        world.move(job_id, "confirm")
    return jobs


def a_phone(browser: Browser) -> BrowserContext:
    """Without the service worker, whose requests are not part of the measurement."""
    return browser.new_context(viewport=PHONE, service_workers="block")


def slow_down(page: Page, round_trip_ms: int) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    slow = {"offline": False, "latency": round_trip_ms}
    speed = {"downloadThroughput": -1, "uploadThroughput": -1}
    devtools.send("Network.emulateNetworkConditions", slow | speed)


def waiting(page: Page, count: int) -> None:
    signal = page.get_by_test_id("signal")
    expect(signal).to_have_attribute("data-waiting", str(count), timeout=120_000)


def kind_of(path: str) -> str:
    """`/api/jobs/261121-7k3m2q/moves` is `moves`."""
    if path.startswith("/uploads/"):
        return "upload"
    parts = path.split("/")
    if parts[2] != "jobs":
        return "/".join(parts[2:])
    return "/".join(["photos", "…"] if len(parts) == 6 else parts[4:]) or "job"


if __name__ == "__main__":
    main()
