"""What customers see of the business: its name, color, phone, hours and terms."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.browser import PHONE, expect_scene, fill_booking, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_business import WEEKDAYS, change, public_document
from tests.pages.stub_roster import today

pytestmark = pytest.mark.browser
NINE_TO_ELEVEN = re.compile(r"9:00.+11:00\s*AM")
TWO_WINDOWS = [{"start": "09:00", "end": "11:00"}, {"start": "13:00", "end": "15:00"}]
ALL_DAY = [{"start": "08:00", "end": "19:00"}]
ORANGE = "rgb(194, 65, 12)"


def test_a_closed_weekday_and_a_closed_date_cannot_be_picked(
    browser: Browser, stub: StubServer
) -> None:
    closed = today() + timedelta(days=2)
    weekday = WEEKDAYS[(today() + timedelta(days=3)).weekday()]
    hours = {day: ALL_DAY for day in WEEKDAYS if day != weekday}
    settings = {"closed_dates": [closed.isoformat()], "opening_hours": hours}
    change(stub.data, public_horizon_days=90, **settings)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_test_id("brand").get_by_text("Haul & Co").wait_for()
        chips = page.get_by_test_id("days").locator("input")
        near = chips.evaluate_all("nodes => nodes.map((node) => node.value)")[1:-1]
        far = page.locator("#day option").evaluate_all("all => all.map(({ value }) => value)")[1:]
    for days in (near, far):
        assert closed.isoformat() not in days
        assert (today() + timedelta(days=3)).isoformat() not in days
        assert (today() + timedelta(days=1)).isoformat() in days
    assert far[-1] <= (today() + timedelta(days=90)).isoformat()


def test_only_the_windows_of_the_business_can_be_chosen(browser: Browser, stub: StubServer) -> None:
    change(stub.data, windows=TWO_WINDOWS)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("radio", name="Tomorrow").check()
        windows = page.get_by_role("group", name="Time of day")
        expect(page.get_by_test_id("fault-day")).to_be_hidden()
        fill_booking(page)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("fault-day")).to_contain_text("choose a time")
        expect(windows.locator(".chip")).to_have_text([NINE_TO_ELEVEN, re.compile("3:00")])
        windows.get_by_role("radio", name=NINE_TO_ELEVEN).check()
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("summary")).to_contain_text(re.compile("9:00.+11:00"))
    (job,) = stub.data.jobs.values()
    start, end = job.schedule.window_start, job.schedule.window_end
    assert start is not None
    assert end is not None
    assert end - start == timedelta(hours=2)


def test_a_suspended_business_takes_no_bookings_and_says_who_to_call(
    browser: Browser, stub: StubServer
) -> None:
    change(stub.data, suspended=True, phone="+15555550123")
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        panel = page.get_by_test_id("suspended")
        expect(panel).to_contain_text("Not taking bookings online now")
        expect(panel.get_by_test_id("call")).to_have_attribute("href", "tel:+15555550123")
        expect(page.get_by_test_id("booking-form")).to_have_count(0)
        page.locator('[data-language="es"]').click()
        expect(panel).to_contain_text("Ahora no aceptamos reservas")


def test_a_booking_that_a_suspended_business_refuses_is_not_sent_again(
    browser: Browser, stub: StubServer
) -> None:
    refusal = '{"type": "/problems/business-suspended", "title": "No bookings now"}'
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.route("**/api/bookings", lambda route: route.fulfill(status=409, body=refusal))
        fill_booking(page)
        change(stub.data, suspended=True)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("suspended")).to_be_visible()
        change(stub.data, suspended=False)
        page.reload()
        expect(page.get_by_label("Your name")).to_have_value("Ada Wong")


def test_booking_and_tracking_pages_look_like_the_business(
    browser: Browser, stub: StubServer
) -> None:
    change(stub.data, accent_color="#c2410c", phone="+15555550123", name="Quick Dump")
    job = stub.data.book("Ada Wong")
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        expect(page.get_by_test_id("brand")).to_contain_text("Quick Dump")
        expect(page.get_by_test_id("submit")).to_have_css("background-color", ORANGE)
        expect(page).to_have_title("Book a pickup · Quick Dump")
        page.goto(stub.tracking_url(job))
        expect_scene(page, "job")
        expect(page.get_by_test_id("brand")).to_contain_text("Quick Dump")
        expect(page.locator(".monogram")).to_have_css("background-color", ORANGE)
        expect(page).to_have_title(re.compile(" · Quick Dump$"))
        expect(page.get_by_test_id("call")).to_have_attribute("href", "tel:+15555550123")
        said = page.locator("body").inner_text()
        assert re.findall(r".*Haulway.*", said) == ["Powered by Haulway"]


def test_terms_privacy_and_cancellation_policy_are_shown_in_the_customers_language(
    browser: Browser, stub: StubServer
) -> None:
    policy = {"en": "Free until the day before.", "es": "Gratis hasta el día anterior."}
    links = {"terms_url": "https://quick.example/terms", "privacy_url": "https://quick.example/p"}
    change(stub.data, cancellation_policy=policy, **links)
    with visitor(browser, PHONE, locale="es-MX") as customer:
        page = customer.page(f"{stub.url}/book/")
        expect(page.get_by_test_id("policy")).to_contain_text("Gratis hasta el día anterior.")
        consent = page.get_by_test_id("consent")
        hrefs = consent.get_by_role("link").evaluate_all("all => all.map(({ href }) => href)")
        assert hrefs == list(links.values())
        expect(consent).to_contain_text("Al reservar acepta nuestras condiciones")


def test_a_business_of_one_language_offers_no_other(browser: Browser, stub: StubServer) -> None:
    change(stub.data, languages=["es"], language="es")
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        expect(page.get_by_role("heading", name="Reserve una recogida")).to_be_visible()
        expect(page.locator(".switch")).to_be_hidden()


def test_each_business_has_its_booking_page_and_a_device_does_not_mix_them(
    browser: Browser, stub: StubServer
) -> None:
    quick = {**public_document(stub.data), "name": "Quick Dump"}
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.locator("#what").fill("Only for the first business")
        page.route("**/api/businesses/quick", lambda route: route.fulfill(body=json.dumps(quick)))
        page.goto(f"{stub.url}/book/quick")
        expect(page.get_by_test_id("brand")).to_contain_text("Quick Dump")
        expect(page.locator("#what")).to_have_value("")
        fill_booking(page)
        with page.expect_request("**/api/bookings") as sent:
            page.get_by_test_id("submit").click()
        request: Any = sent.value.post_data_json
        assert request["tenant"] == "quick"
