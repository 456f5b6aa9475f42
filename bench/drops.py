"""The time from dropping a card on the board to the customer's page and another dispatcher's board,
with and without pushes, with a real browser and edge.

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
ROUNDS = ((0, True), (0, False), (5, True), (5, False))
"""The edge's lag in seconds, and whether it passes WebSockets on."""
WAY = ("pending_pickup", "ready_for_pickup", "in_progress", "completed")
PATIENCE_S = 90.0
LISTENS_AFTER_MS = 2_000
NOTE_WHEN_SHOWN = """
window.shownAt = {};
new MutationObserver(() => {
  const status = document.querySelector("[data-testid=status]")?.dataset.status;
  if (status) window.shownAt[status] ??= Date.now();
  for (const card of document.querySelectorAll("[data-testid=column] [data-job]")) {
    const place = `${card.dataset.job} ${card.closest("[data-testid=column]").dataset.status}`;
    window.shownAt[place] ??= Date.now();
  }
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


@dataclass(frozen=True)
class Followed:
    """One job: its id, the name on its card, its view at the edge, its customer's page."""

    job_id: str
    name: str
    view_url: str
    page: Page


@dataclass(frozen=True)
class Drop:
    edge_ms: float
    page_ms: float
    board_ms: float


def main() -> None:
    print(f"\n## From the drop of a card, {len(WAY[1:]) * CARDS} drops each, ms\n")
    print("| lag of the edge | pushes | edge has it | page shows it | 95% | other board | 95% |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as state, chromium() as browser:
        laptop = Laptop(Path(state), free_port(), free_port(), lag_s=0, report=lambda _: None)
        laptop.start()
        try:
            for number, (lag_s, pushes) in enumerate(ROUNDS):
                made = list(drops(laptop, browser, lag_s, pushes, number * CARDS))
                report(lag_s, pushes, made)
        finally:
            laptop.stop()


def report(lag_s: float, pushes: bool, made: list[Drop]) -> None:
    cells = [statistics.median(drop.edge_ms for drop in made)]
    for times in ([drop.page_ms for drop in made], [drop.board_ms for drop in made]):
        cells += [statistics.median(times), sorted(times)[int(0.95 * len(times))]]
    numbers = " | ".join(f"{cell:.0f}" for cell in cells)
    print(f"| {lag_s} s | {'yes' if pushes else 'no'} | {numbers} |", flush=True)


def drops(
    laptop: Laptop, browser: Browser, lag_s: float, pushes: bool, first: int
) -> Iterator[Drop]:
    assert laptop.edge is not None
    laptop.edge.controls.lag_s, laptop.edge.controls.pushes = lag_s, pushes
    with (
        followed(laptop, browser, first) as jobs,
        visitor(browser) as dispatcher,
        visitor(browser) as colleague,
    ):
        board, other = board_of(laptop, dispatcher.page()), board_of(laptop, colleague.page())
        for job in jobs:
            expect_in(other, job.name, WAY[0], PATIENCE_S)
        other.wait_for_timeout(LISTENS_AFTER_MS)
        for status in WAY[1:]:
            yield from moved(board, other, jobs, status)


def board_of(laptop: Laptop, page: Page) -> Page:
    sign = laptop.first_sign_in()
    page.add_init_script(NOTE_WHEN_SHOWN)
    page.goto(f"{laptop.edge_url}/dispatch/")
    sign_in(page, sign.account, sign.password)
    return page


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
            jobs.append(Followed(request["job_id"], request["customer"]["name"], view_url, page))
        yield jobs


def moved(board: Page, other: Page, jobs: list[Followed], status: str) -> Iterator[Drop]:
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
            expect_in(other, job.name, status, PATIENCE_S)
            page_ms = shown_at(job.page, status) - dropped
            board_ms = shown_at(other, f"{job.job_id} {status}") - dropped
            yield Drop(served.result() - dropped, page_ms, board_ms)


def shown_at(page: Page, place: str) -> float:
    moment: float = page.evaluate("place => window.shownAt[place]", place)
    return moment


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
