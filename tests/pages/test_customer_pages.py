"""The customer pages: times in one zone, errors at their fields, and no unfounded claims."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.browser import (
    PHONE,
    booked_link,
    expect_scene,
    expect_status,
    fill_booking,
    later,
    visitor,
)
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import now
from tests.pages.stub_roster import ZONE

pytestmark = pytest.mark.browser
TOKYO = "Asia/Tokyo"


def test_a_booking_from_tokyo_has_the_day_and_hours_of_the_business(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE, zone=TOKYO) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("radio", name="Tomorrow").check()
        expect(page.get_by_test_id("zone")).to_contain_text("Eastern Time")
        page.get_by_role("radio", name=re.compile("12:00.+4:00")).check()
        fill_booking(page)
        page.get_by_test_id("submit").click()
        booked = page.get_by_test_id("summary")
        expect(booked).to_contain_text(re.compile("Tomorrow, 12:00.+4:00.+12 Harbor Road.+A sofa"))
        page.goto(booked_link(page))
        expect(page.get_by_test_id("window")).to_contain_text(re.compile("12:00.+4:00"))
        expect(page.get_by_test_id("zone")).to_contain_text("Eastern Time")
    (job,) = stub.data.jobs.values()
    here = ZoneInfo(ZONE)
    assert job.schedule.window_start is not None
    start = job.schedule.window_start.astimezone(here)
    assert start.date() == now().astimezone(here).date() + timedelta(days=1)
    assert start.hour == 12


def test_each_calendar_day_is_offered_once_on_the_eve_of_summer_time(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(patient=False)
        page.clock.set_system_time(datetime(2027, 3, 14, 4, 30, tzinfo=UTC))
        page.goto(f"{stub.url}/book/")
        days = page.get_by_test_id("days").locator("input")
        values = days.evaluate_all("nodes => nodes.map((node) => node.value)")
        assert values[1:-1] == [f"2027-03-{day}" for day in range(14, 20)]


def test_digits_of_a_phone_number_are_never_dropped(browser: Browser, stub: StubServer) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        fill_booking(page, phone="")
        page.get_by_label("Mobile number").press_sequentially("447700900123")
        expect(page.get_by_label("Mobile number")).to_have_value("447700900123")
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("fault-phone")).to_contain_text("start with +")
    assert stub.data.jobs == {}


def test_an_error_of_the_service_is_shown_at_its_field(browser: Browser, stub: StubServer) -> None:
    def refuse(page: Page) -> None:
        document = '{"type": "/problems/invalid", "faults": ["phone: this kind is not served"]}'
        page.route(
            "**/api/bookings",
            lambda route: route.fulfill(
                status=422, content_type="application/problem+json", body=document
            ),
        )

    with visitor(browser, PHONE, locale="es-US") as customer:
        page = customer.page(f"{stub.url}/book/")
        refuse(page)
        fill_booking(page)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("fault-phone")).to_contain_text("este número")
        expect(page.locator("#phone")).to_be_focused()
        page.locator("#phone").fill("555 555 0199")
        expect(page.get_by_test_id("fault-phone")).to_be_hidden()


def test_another_day_that_stays_empty_is_an_error_at_that_field(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        fill_booking(page)
        page.get_by_role("radio", name="Another day").check()
        page.get_by_test_id("submit").click()
        fault = page.get_by_test_id("fault-day")
        expect(fault).to_contain_text("choose a day")
        at_field = "(node) => node.previousElementSibling.contains(document.querySelector('#day'))"
        assert fault.evaluate(at_field)


def test_a_second_tap_removes_a_thing(browser: Browser, stub: StubServer) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        mattress = page.get_by_role("button", name="Mattress")
        page.get_by_role("button", name="Sofa").click()
        mattress.click()
        expect(page.locator("#what")).to_have_value("Sofa, mattress")
        expect(mattress).to_have_attribute("aria-pressed", "true")
        mattress.click()
        expect(page.locator("#what")).to_have_value("Sofa")


def test_an_unknown_link_is_not_found_within_seconds(browser: Browser, stub: StubServer) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(patient=False)
        page.goto(f"{stub.url}/track/{'A' * 22}")
        later(page, 6)
        expect_scene(page, "not_found")
        expect(page.get_by_test_id("tracking")).not_to_contain_text("We have your booking")


def test_a_customer_who_just_booked_is_told_that_the_page_is_being_prepared(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        fill_booking(page)
        page.get_by_test_id("submit").click()
        link = booked_link(page)
        (job,) = stub.data.jobs.values()
        stub.data.pin(job, missing=True)
        page.goto(link)
        expect_scene(page, "preparing")
        stub.data.unpin(job)
        expect_status(page, "pending_pickup")


def test_times_are_written_in_one_way_in_spanish(browser: Browser, stub: StubServer) -> None:
    with visitor(browser, PHONE, locale="es-MX") as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("radio", name=re.compile("^Mañana")).first.check()
        page.get_by_role("radio", name=re.compile("12:00.+4:00|12:00.+16:00")).check()
        windows = page.locator("label", has=page.get_by_role("radio")).all_inner_texts()
        times = [text for text in windows if ":" in text]
        assert len(times) > 1
        assert all(text.rstrip().endswith("m.") for text in times)
        assert "16:00" not in page.locator("form").inner_text()
