"""A whole day planned by hand: four crews with six jobs each, whose windows overlap."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.pages.browser import Visitor, day_row, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD, StubData, an_account
from tests.pages.stub_roster import moment, today

pytestmark = pytest.mark.browser

TOMORROW = today() + timedelta(days=1)
WINDOWS = [("08:00", "12:00"), ("10:00", "14:00"), ("12:00", "16:00")]
CREWS = ["ana", "ben", "cleo", "dan"]
"""A driver each."""
DURATION = 90
"""Six of them, two in each window, fit a day exactly: a seventh never does."""


def a_day_to_plan(data: StubData, jobs: int) -> list[str]:
    """The names of the jobs' customers, in the order of their windows."""
    for account in CREWS:
        data.accounts[account] = an_account(account, account.title(), "driver")
    names = []
    for number in range(jobs):
        begin, end = WINDOWS[number * len(WINDOWS) // jobs]
        job = data.book(name := f"Job {number + 1:02}")
        data.jobs[job.job_id] = job.with_change(duration_minutes=DURATION)
        window = {"window_start": moment(TOMORROW, begin), "window_end": moment(TOMORROW, end)}
        data.plan(job.job_id, **window)
        names.append(name)
    return names


def at_tomorrow(someone: Visitor, stub: StubServer) -> Page:
    page = someone.page(f"{stub.url}/dispatch/?view=day&date={TOMORROW}")
    sign_in(page, "dana", PASSWORD)
    expect(page.get_by_test_id("rows")).to_be_visible()
    return page


def held(page: Page, name: str, over: str) -> Locator:
    """The job is lifted and dragged over that row by mouse; what the row says."""
    job = page.get_by_test_id("open-jobs").get_by_text(name)
    job.hover()
    page.mouse.down()
    job.hover(position={"x": 2, "y": 2})
    expect(page.get_by_test_id("notices")).to_have_css("pointer-events", "none")
    day_row(page, over).hover()
    return day_row(page, over).get_by_test_id("fit")


def assigned_by_mouse(page: Page, name: str, crew: str) -> None:
    expect(held(page, name, crew)).to_have_text("fits")
    page.mouse.up()


def assigned_by_keyboard(page: Page, name: str, crew: str) -> None:
    page.get_by_role("button", name=f"Assign {name}").press("Enter")
    dialog = page.get_by_test_id("assign-dialog")
    # The label also has what speaks against it, if anything does.
    dialog.get_by_label("To").select_option(label=crew.title())
    dialog.get_by_role("button", name="Assign").press("Enter")


def test_four_crews_get_six_jobs_each_and_what_does_not_fit_says_why(
    browser: Browser, stub: StubServer
) -> None:
    *names, late = a_day_to_plan(stub.data, 25)
    with visitor(browser) as dana:
        page = at_tomorrow(dana, stub)
        for number, name in enumerate(names):
            crew = CREWS[number % len(CREWS)]
            assign = assigned_by_mouse if number % 2 else assigned_by_keyboard
            assign(page, name, crew)
            done = number // len(CREWS) + 1
            expect(day_row(page, crew).get_by_test_id("block")).to_have_count(done)
        for crew in CREWS:
            expect(held(page, late, crew)).to_contain_text("no time beside Job ")
            page.keyboard.press("Escape")
            page.mouse.up()
        held(page, late, "dan")
        page.mouse.up()
        dialog = page.get_by_test_id("assign-dialog")
        expect(dialog).to_contain_text("Dan does not fit")
        expect(dialog).to_contain_text("Dan is already on Job ")
        dialog.get_by_role("button", name="Cancel").click()
        expect(page.get_by_test_id("open-jobs").get_by_role("listitem")).to_have_count(1)
    crews = [each.member for job in stub.data.jobs.values() for each in job.crew]
    assert {crew: crews.count(crew) for crew in CREWS} == dict.fromkeys(CREWS, 6)
