"""The day view with many crews and jobs, in Chromium over the stub of the page tests: how long it
takes to draw, and what the page does while a job is dragged over the rows.

    python -m bench.day
"""

import statistics
from datetime import timedelta

from playwright.sync_api import Page, expect

from statemachine.job.job import Assigned
from tests.pages.browser import DESKTOP, chromium, sign_in
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD, StubData, an_account
from tests.pages.stub_roster import moment, today

CREWS, PLANNED, DRAWN, MOVES = 12, 120, 7, 200
DRAW = """async ([button, blocks]) => {
  const begun = performance.now();
  button.click();
  const drawn = () => document.querySelectorAll("[data-testid=block]").length === blocks;
  await new Promise((done) => {
    const look = () => drawn() ? requestAnimationFrame(() => setTimeout(done)) : setTimeout(look);
    look();
  });
  return performance.now() - begun;
}"""
NOTE_MOVES = """() => {
  window.moves_ms = [];
  let begun = 0;
  addEventListener("pointermove", () => { begun = performance.now(); }, { capture: true });
  addEventListener("pointermove", () => { moves_ms.push(performance.now() - begun); });
}"""
"""The page's own listener is added when the job is taken hold of, between these two."""


def main() -> None:
    with StubServer() as stub, chromium() as browser:
        the_day(stub, browser.new_context(viewport=DESKTOP).new_page())


def the_day(stub: StubServer, page: Page) -> None:
    blocks = planned(stub.reset())
    page.goto(f"{stub.url}/dispatch/?view=day&date={today() + timedelta(days=1)}")
    sign_in(page, "dana", PASSWORD)
    expect(page.get_by_test_id("block")).to_have_count(blocks)
    spent = Spent(page)
    drawn, worked = list[float](), list[float]()
    for _ in range(DRAWN):
        page.get_by_role("button", name="Next day").click()
        expect(page.get_by_test_id("block")).to_have_count(0)
        back = page.get_by_role("button", name="Previous day").element_handle()
        spent.since()
        drawn.append(page.evaluate(DRAW, [back, blocks]))
        worked.append(spent.since())
    print(f"\n## The day with {CREWS} crews and {PLANNED} jobs, in Chromium\n")
    rows = page.get_by_test_id("day-row").count()
    print(f"{rows} rows with {blocks} blocks. Worked is the time of the page's main thread, with")
    print(
        "style, layout, and painting; the rest is waiting, for the stub and for the next frame.\n"
    )
    print("| what | ms (median) | worked |\n|---|---|---|")
    print(
        f"| drawn after a click, {DRAWN} times | {statistics.median(drawn):.0f} "
        f"| {statistics.median(worked):.0f} |"
    )
    dragged(page, spent)


def planned(data: StubData) -> int:
    """Tomorrow's jobs: nine in ten have driver, helper, and truck; returns the number of blocks."""
    for number in range(CREWS):
        data.accounts[f"d{number}"] = an_account(f"d{number}", f"Driver {number}", "driver")
        data.accounts[f"h{number}"] = an_account(f"h{number}", f"Helper {number}", "first_mate")
        data.roster.trucks[f"t{number}"] = f"Truck {number}"
    day, windows = today() + timedelta(days=1), (("08:00", "12:00"), ("12:00", "16:00"))
    for number in range(PLANNED):
        crew = number % CREWS
        begin, end = windows[number // CREWS % 2]
        window = {"window_start": moment(day, begin), "window_end": moment(day, end)}
        team = (
            Assigned(role="driver", member=f"d{crew}", first_name="Driver"),
            Assigned(role="first_mate", member=f"h{crew}", first_name="Helper"),
        )
        is_open = number >= PLANNED - CREWS
        job = data.book(f"Customer {number}", duration_minutes=45)
        job = data.plan(job.job_id, *(() if is_open else team), **window)
        if not is_open:
            data.jobs[job.job_id] = job.with_change(truck=f"t{crew}")
    return (PLANNED - CREWS) * 3


def dragged(page: Page, spent: "Spent") -> None:
    """A job without a crew is held and moved over all rows."""
    held = page.get_by_test_id("open-jobs").get_by_text(f"Customer {PLANNED - 1}", exact=True)
    rows = page.get_by_test_id("rows").bounding_box()
    held.hover()
    box = held.bounding_box()
    assert rows
    assert box
    page.mouse.down()
    page.evaluate(NOTE_MOVES)
    spent.since()
    page.mouse.move(box["x"] - 30, box["y"])
    expect(page.get_by_test_id("fit")).to_have_count(page.get_by_test_id("day-row").count())
    lifted, first = spent.since(), page.evaluate("moves_ms.splice(0)")
    height = min(rows["height"], page.viewport_size["height"]) if page.viewport_size else 0
    for number in range(MOVES):
        page.mouse.move(rows["x"] + 40 + number % 50, rows["y"] + height * (number % 40) / 40)
    worked, times = spent.since(), page.evaluate("moves_ms")
    page.keyboard.press("Escape")
    page.mouse.up()
    assert len(times) == MOVES, len(times)
    print(
        f"| taken hold of, until every row says whether it fits | {sum(first):.0f} | {lifted:.0f} |"
    )
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"| one of {MOVES} moves of the pointer | {statistics.median(times):.1f} (p95 {p95:.1f}) "
        f"| {worked / MOVES:.1f} |"
    )


class Spent:
    """How long the page's main thread has worked since it was asked before, in ms."""

    def __init__(self, page: Page) -> None:
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("Performance.enable")
        self.before = 0.0
        self.since()

    def since(self) -> float:
        metrics = self.devtools.send("Performance.getMetrics")["metrics"]
        now: float = next(each["value"] for each in metrics if each["name"] == "TaskDuration")
        spent, self.before = now - self.before, now
        return spent * 1000


if __name__ == "__main__":
    main()
