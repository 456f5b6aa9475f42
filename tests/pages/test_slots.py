"""The booking page says what is free, and what a customer can do about a full window."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Route, expect

from statemachine.job.job import Schedule
from tests.pages.browser import PHONE, expect_status, fill_booking, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD, now
from tests.pages.stub_roster import ZONE

pytestmark = pytest.mark.browser
MORNING = re.compile("8:00.+12:00")
AFTERNOON = re.compile("12:00.+4:00")


def tomorrow_at(hour: int) -> datetime:
    day = now().astimezone(ZoneInfo(ZONE)).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def taken(stub: StubServer, hour: int, times: int) -> None:
    begin = tomorrow_at(hour)
    window = Schedule(window_start=begin, window_end=begin + timedelta(hours=4))
    for _ in range(times):
        stub.data.book(schedule=window)


def test_a_full_window_cannot_be_chosen_and_a_nearly_full_one_says_so(
    browser: Browser, stub: StubServer
) -> None:
    taken(stub, 8, 4)
    taken(stub, 12, 2)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("radio", name="Tomorrow").check()
        morning = page.get_by_role("radio", name=MORNING)
        expect(morning).to_be_disabled()
        expect(page.locator("label.chip", has=morning)).to_contain_text("full")
        afternoon = page.locator("label.chip", has=page.get_by_role("radio", name=AFTERNOON))
        expect(afternoon).to_contain_text("2 left")


def test_on_a_full_day_the_next_free_window_is_one_tap_away(
    browser: Browser, stub: StubServer
) -> None:
    for hour, places in ((8, 4), (12, 4), (16, 3)):
        taken(stub, hour, places)
    booked = len(stub.data.jobs)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("radio", name=re.compile("Tomorrow.*full")).check()
        expect(page.get_by_test_id("full-day")).to_contain_text("This day is full")
        page.get_by_test_id("next-free").click()
        expect(page.get_by_test_id("full-day")).to_be_hidden()
        fill_booking(page)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("booked")).to_be_visible()
    newest = list(stub.data.jobs.values())[-1]
    assert len(stub.data.jobs) == booked + 1
    assert newest.schedule.window_start not in {tomorrow_at(8), tomorrow_at(12), tomorrow_at(16)}


def test_a_full_day_can_be_asked_for_and_the_dispatcher_sees_which(
    browser: Browser, stub: StubServer
) -> None:
    for hour, places in ((8, 4), (12, 4), (16, 3)):
        taken(stub, hour, places)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("radio", name=re.compile("Tomorrow.*full")).check()
        expect(page.get_by_test_id("full-day")).to_contain_text("Send us your request for it")
        fill_booking(page)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("booked")).to_contain_text("We received your request")
    newest = list(stub.data.jobs.values())[-1]
    assert newest.preferred_day == tomorrow_at(8).astimezone(ZoneInfo(ZONE)).date()
    with visitor(browser) as office:
        page = office.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        card = page.locator(f"[data-job='{newest.job_id}']")
        expect(card).to_contain_text(re.compile("Requested: .*, any time"))
        card.get_by_role("button", name=newest.customer.name, exact=True).click()
        expect(page.get_by_test_id("drawer")).to_contain_text(re.compile("Requested: .*, any time"))


def test_who_was_too_late_is_told_at_the_day_and_sees_what_is_left(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE, locale="es-US") as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("radio", name="Mañana").check()
        page.get_by_role("radio", name=MORNING).check()
        fill_booking(page)
        taken(stub, 8, 4)  # someone else was faster
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("fault-day")).to_contain_text("último lugar")
        expect(page.get_by_role("radio", name=MORNING)).to_be_disabled()
        page.get_by_role("radio", name=AFTERNOON).check()
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("booked")).to_be_visible()


def test_a_request_says_that_a_time_will_come_and_has_nothing_to_confirm(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/{job.token}")
        expect(page.get_by_test_id("status")).to_have_text("Requested")
        expect(page.get_by_test_id("wording")).to_contain_text("get back to you with a time")
        expect(page.get_by_test_id("arrival")).to_contain_text("We will offer you a time")
        expect(page.get_by_test_id("choice-cancel")).to_be_visible()
        expect(page.get_by_test_id("choice-confirm")).to_have_count(0)
        expect(page.get_by_test_id("calendar")).to_have_count(0)


def test_a_customer_chooses_another_time_by_the_link(browser: Browser, stub: StubServer) -> None:
    begin = tomorrow_at(8) + timedelta(days=2)
    window = Schedule(window_start=begin, window_end=begin + timedelta(hours=4))
    job = stub.data.book(schedule=window)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/{job.token}")
        expect(page.get_by_test_id("choice-confirm")).to_have_text("I’m available, confirm")
        expect(page.get_by_test_id("calendar")).to_have_attribute("download", "pickup.ics")
        page.route("**/slots", lambda route: route.fulfill(status=403, body="{}"))
        page.get_by_test_id("reschedule").click()
        expect(page.get_by_test_id("said")).to_contain_text("cannot be loaded right now")
        page.unroute_all()
        page.get_by_test_id("reschedule").click()
        dialog = page.get_by_test_id("reschedule-dialog")
        dialog.get_by_test_id("reschedule-pickup").click()
        expect(dialog).to_contain_text("Please choose a time")
        dialog.get_by_label("Day").select_option(index=2)
        dialog.get_by_label(AFTERNOON).check()
        dialog.get_by_label("Why? (optional)").fill("At work")
        dialog.get_by_test_id("reschedule-pickup").click()
        expect(page.get_by_test_id("said")).to_contain_text("your new time")
        expect(page.get_by_test_id("window")).to_contain_text(AFTERNOON)
    after = stub.data.jobs[job.job_id]
    assert after.edits[-1].reason == "At work"
    assert after.schedule.window_start != begin


def test_a_customer_who_can_have_no_other_time_is_told_to_call(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/{job.token}")
        page.route("**/slots", lambda route: route.fulfill(json={"slots": []}))
        page.get_by_test_id("reschedule").click()
        dialog = page.get_by_test_id("reschedule-dialog")
        expect(dialog).to_contain_text("Please call us")
        expect(dialog.get_by_test_id("reschedule-pickup")).to_have_count(0)
        dialog.get_by_role("button", name="Back").click()
        expect(dialog).to_have_count(0)


def test_a_time_for_a_job_on_hold_is_a_request_on_the_customers_page_and_on_the_board(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.move(job.job_id, "hold")
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/{job.token}")
        expect(page.get_by_test_id("reschedule")).to_have_text("Choose a time")
        page.get_by_test_id("reschedule").click()
        dialog = page.get_by_test_id("reschedule-dialog")
        expect(dialog).to_contain_text("We will confirm the one that you choose")
        dialog.get_by_label("Day").select_option(index=2)
        dialog.get_by_label(AFTERNOON).check()
        dialog.get_by_test_id("reschedule-pickup").click()
        expect(page.get_by_test_id("said")).to_contain_text("We received your request")
        expect(page.get_by_test_id("status")).to_have_text("Requested")
        expect(page.get_by_test_id("arrival")).to_contain_text("Requested time")
    with visitor(browser) as office:
        page = office.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        card = page.locator(f"[data-job='{job.job_id}']")
        expect(card).to_contain_text("Requested: ")
        card.get_by_role("button", name=job.customer.name, exact=True).click()
        expect(page.get_by_test_id("asked")).to_contain_text("Confirm to accept it")
        expect(page.get_by_test_id("rescheduled")).to_contain_text("Another time requested")


def test_a_customer_writes_to_the_crew_and_cancels_knowing_the_policy(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.business = stub.data.business.with_(
        cancellation_policy={"en": "Free until the day before."}, cancel_reason_required=False
    )
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/{job.token}")
        page.get_by_test_id("note").click()
        page.get_by_test_id("note-dialog").get_by_label("Your note").fill("The gate is open")
        page.get_by_test_id("send-note").click()
        expect(page.get_by_test_id("said")).to_contain_text("sent to the crew")
        page.get_by_test_id("choice-cancel").click()
        expect(page.get_by_test_id("policy")).to_have_text("Free until the day before.")
        page.get_by_test_id("cancel-dialog").get_by_role("button", name="Keep my pickup").click()
    assert stub.data.jobs[job.job_id].notes[-1].text == "The gate is open"


def test_after_the_end_the_customer_may_book_again(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    stub.data.move(job.job_id, "cancel")
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/{job.token}")
        expect_status(page, "cancelled")
        expect(page.get_by_test_id("book-again")).to_have_attribute("href", "/book/")


def test_a_dispatcher_is_asked_before_a_full_window_is_overbooked(
    browser: Browser, stub: StubServer
) -> None:
    full = (
        '{"type": "/problems/slot-full", "title": "Full", "status": 409, "request_id": "x",'
        ' "may_override": true}'
    )

    def refuse_once(route: Route) -> None:
        wanted = route.request.method == "POST" and "overbook" not in (
            route.request.post_data or ""
        )
        if wanted:
            route.fulfill(status=409, content_type="application/problem+json", body=full)
        else:
            route.continue_()

    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        page.route("**/api/jobs", refuse_once)
        page.get_by_test_id("new-job-button").click()
        dialog = page.get_by_test_id("new-job")
        dialog.get_by_label("Customer", exact=True).fill("Ada Wong")
        dialog.get_by_label("Address", exact=True).fill("12 Harbor Road")
        page.get_by_test_id("create-job").click()
        expect(dialog).to_contain_text("That window is full")
        expect(page.get_by_test_id("create-job")).to_have_text("Overbook")
        page.get_by_test_id("create-job").click()
        expect(page.get_by_test_id("new-link")).to_be_visible()
    assert len(stub.data.jobs) == 1
