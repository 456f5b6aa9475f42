"""A job's whole way in three browsers on the engine: moved by the customer, not done at first."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from local.laptop import Laptop
from tests.e2e.support.pages import (
    SLOW,
    Person,
    comes_to_show,
    follow_link,
    fresh_name,
    signed_in,
    someone,
)
from tests.pages.browser import (
    PHONE,
    book,
    card,
    change_crew,
    expect_in,
    expect_status,
    move_by_menu,
    open_job,
    status_on,
    visitor,
)
from tests.pages.test_crew_page import could_not_complete, of, press_next, waiting
from tests.support.pictures import a_phone_photo

pytestmark = [pytest.mark.engine, pytest.mark.browser]

BOOKED, READY, WORKING, FAILED, DONE = (
    "pending_pickup",
    "ready_for_pickup",
    "in_progress",
    "attempt_failed",
    "completed",
)
OF_CUSTOMER = re.compile("customer", re.IGNORECASE)
MORNING, AFTERNOON = re.compile("8:00.+12:00"), re.compile("12:00.+4:00")


@pytest.mark.parametrize("lag_s", [0, 5])
def test_booked_rescheduled_not_done_given_a_new_window_and_done(
    browser: Browser, calm: Laptop, lag_s: float
) -> None:
    assert calm.edge is not None
    calm.edge.controls.lag_s = lag_s
    name, dana = fresh_name(), someone(calm, "Dana", "dispatcher")
    miguel = someone(calm, "Miguel", "driver")
    with (
        visitor(browser, PHONE) as customer,
        visitor(browser) as desk,
        visitor(browser, PHONE) as crew,
    ):
        booking = customer.page(f"{calm.edge_url}/book/")
        page = follow_link(customer, booked_in_days(booking, name))
        expect_status(page, BOOKED, SLOW)
        day_booked = page.get_by_test_id("arrival").inner_text()

        choose_tomorrow(page, calm, MORNING)
        expect(page.get_by_test_id("said")).to_contain_text("This page shows your new time")
        arrival = page.get_by_test_id("arrival")
        expect(arrival).to_contain_text("Tomorrow")
        assert arrival.inner_text() != day_booked
        page.get_by_test_id("choice-confirm").click()
        expect_status(page, READY, SLOW)
        send_photo(page)

        board = signed_in(desk, calm, "/dispatch/", dana)
        expect_in(board, name, READY, SLOW)
        put_on(board, name, miguel)
        phone = signed_in(crew, calm, "/crew/", miguel)
        started_early(phone, name)
        expect(phone.get_by_role("img", name=OF_CUSTOMER)).to_have_js_property("complete", True)
        comes_to_show(page, WORKING, SLOW)
        could_not_complete(phone, name, "The gate is locked")
        waiting(phone, 0)
        comes_to_show(page, FAILED, SLOW)
        expect(page.get_by_test_id("wording")).to_contain_text("could not complete your job")
        expect(arrival).to_contain_text("We will offer you a time")

        choose_tomorrow(page, calm, AFTERNOON)
        expect(status_on(page)).to_have_text("Requested", timeout=SLOW * 1000)
        expect(arrival).to_contain_text("Requested time")
        expect(card(board, name)).to_contain_text("Requested: ", timeout=SLOW * 1000)
        move_by_menu(board, name, "Confirm pickup")
        comes_to_show(page, READY, SLOW)
        expect(arrival).to_contain_text("Arrival window")
        expect(arrival).to_contain_text(AFTERNOON)

        expect_in(board, name, READY, SLOW)
        put_on(board, name, miguel)
        phone.reload()
        started_early(phone, name)
        comes_to_show(page, WORKING, SLOW)
        press_next(phone, name)
        comes_to_show(page, DONE, SLOW)
        shown = page.evaluate("window.shownStatuses")
        assert shown == [BOOKED, READY, WORKING, FAILED, BOOKED, READY, WORKING, DONE]


def booked_in_days(page: Page, name: str) -> str:
    """On the third day from now on which the business is open: before its cut-off."""
    page.locator("[name=preferred-day]").nth(3).check()
    page.get_by_role("radio", name=MORNING).check()
    return book(page, name=name)


def choose_tomorrow(page: Page, stack: Laptop, window: re.Pattern[str]) -> None:
    business = httpx.get(f"{stack.edge_url}/api/businesses/main", timeout=SLOW).json()
    tomorrow = datetime.now(UTC).astimezone(ZoneInfo(business["time_zone"])) + timedelta(days=1)
    page.get_by_test_id("reschedule").click()
    dialog = page.get_by_test_id("reschedule-dialog")
    dialog.get_by_label("Day").select_option(tomorrow.date().isoformat())
    dialog.get_by_label(window).check()
    dialog.get_by_test_id("reschedule-pickup").click()


def send_photo(page: Page) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("photo").click()
    picture = a_phone_photo((1200, 900))
    chooser.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture})
    expect(page.get_by_test_id("said")).to_contain_text("Your photo was sent to the crew")


def put_on(board: Page, name: str, driver: Person) -> None:
    drawer = open_job(board, name)
    expect(drawer.get_by_role("img", name=OF_CUSTOMER)).to_have_count(1)
    form = change_crew(drawer)
    form.get_by_label("Driver").select_option(driver.account)
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden(timeout=SLOW * 1000)
    board.keyboard.press("Escape")


def started_early(phone: Page, name: str) -> None:
    """The window is tomorrow's, so the phone asks first."""
    expect(of(phone, name)).to_have_attribute("data-status", READY, timeout=SLOW * 1000)
    head = of(phone, name).get_by_role("button", name=name)
    if head.get_attribute("aria-expanded") == "false":
        head.click()
    press_next(phone, name)
    phone.get_by_role("button", name="Start anyway").click()
    waiting(phone, 0)
