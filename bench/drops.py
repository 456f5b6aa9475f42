"""The time from dropping a card on the board to the customer's page, with a real browser and edge.

python -m bench.drops
"""

import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from local.laptop import Laptop
from statemachine.values.ids import digest_of
from statemachine.views.views import View
from tests.conftest import free_port
from tests.e2e.support.jobs import booking, exist, jobs_of, put
from tests.pages.browser import PHONE, chromium, drag, expect_in, expect_status, sign_in, visitor

CARDS = 4
LAGS_S = (0, 5)
WAY = ("pending_pickup", "ready_for_pickup", "in_progress", "completed")
PATIENCE_S = 90.0
NOTE_WHEN_SHOWN = """
window.shownAt = {};
new MutationObserver(() => {
  const status = document.querySelector("[data-testid=status]")?.dataset.status;
  if (status) window.shownAt[status] ??= Date.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


@dataclass(frozen=True)
class Followed:
    """One job: the name on its card, its view at the edge, its customer's page."""

    name: str
    view_url: str
    page: Page


@dataclass(frozen=True)
class Drop:
    status: str
    edge_ms: float
    page_ms: float


def main() -> None:
    print(f"\n## From the drop of a card to the tracking page, {CARDS} cards, ms\n")
    print("| lag of the edge | status | edge has it (median) | page shows it (median) | slowest |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as state, chromium() as browser:
        laptop = Laptop(Path(state), free_port(), free_port(), lag_s=0, report=lambda _: None)
        laptop.start()
        try:
            for number, lag_s in enumerate(LAGS_S):
                report(lag_s, list(drops(laptop, browser, lag_s, number * CARDS)))
        finally:
            laptop.stop()


def report(lag_s: float, made: list[Drop]) -> None:
    for status in WAY[1:]:
        edge = [drop.edge_ms for drop in made if drop.status == status]
        page = [drop.page_ms for drop in made if drop.status == status]
        medians = f"{statistics.median(edge):.0f} | {statistics.median(page):.0f}"
        print(f"| {lag_s} s | {status} | {medians} | {max(page):.0f} |", flush=True)


def drops(laptop: Laptop, browser: Browser, lag_s: float, first: int) -> Iterator[Drop]:
    assert laptop.edge is not None
    laptop.edge.controls.lag_s = lag_s
    with followed(laptop, browser, first) as jobs, visitor(browser) as dispatcher:
        sign = laptop.first_sign_in()
        board = dispatcher.page(f"{laptop.edge_url}/dispatch/")
        sign_in(board, sign.account, sign.password)
        for status in WAY[1:]:
            yield from moved(board, jobs, status)


@contextmanager
def followed(laptop: Laptop, browser: Browser, first: int) -> Iterator[list[Followed]]:
    requests = [booking(first + number, prefix="drop") for number in range(CARDS)]
    put(laptop, "JobRequested", requests)
    exist(laptop, [request["job_id"] for request in requests])
    with ExitStack() as customers:
        jobs = []
        for request in requests:
            token = jobs_of(laptop).read("main", request["job_id"]).value.token
            page = customers.enter_context(visitor(browser, PHONE)).page()
            page.add_init_script(NOTE_WHEN_SHOWN)
            page.goto(f"{laptop.edge_url}/track/{token}")
            expect_status(page, WAY[0], PATIENCE_S)
            view_url = f"{laptop.edge_url}/t/{digest_of(token)}.json"
            jobs.append(Followed(request["customer"]["name"], view_url, page))
        yield jobs


def moved(board: Page, jobs: list[Followed], status: str) -> Iterator[Drop]:
    """Drop all cards, one after the other; then wait for them at the edge and on the pages."""
    with ThreadPoolExecutor(len(jobs)) as edge:
        waiting = []
        for job in jobs:
            expect_in(board, job.name, WAY[WAY.index(status) - 1], PATIENCE_S)
            drag(board, job.name, status)
            dropped = time.time() * 1000
            waiting.append((job, dropped, edge.submit(when_served, job.view_url, status)))
        for job, dropped, served in waiting:
            expect_status(job.page, status, PATIENCE_S)
            shown: float = job.page.evaluate("status => window.shownAt[status]", status)
            yield Drop(status, served.result() - dropped, shown - dropped)


def when_served(url: str, status: str) -> float:
    """The first moment, in epoch milliseconds, at which the edge serves the view with it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with urllib.request.urlopen(url, timeout=10) as answer:
            if View.model_validate_json(answer.read()).status == status:
                return time.time() * 1000
        time.sleep(0.05)
    raise TimeoutError(f"the edge never served {status}")


if __name__ == "__main__":
    main()
