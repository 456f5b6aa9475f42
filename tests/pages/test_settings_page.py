"""The owner's settings: what is saved, what is refused, and what others changed meanwhile."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.pages.browser import sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_business import WEEKDAYS, change
from tests.pages.stub_data import PASSWORD

pytestmark = pytest.mark.browser
USUAL = {day: [{"start": "08:00", "end": "19:00"}] for day in WEEKDAYS if day != "sun"}
ALL_SET = {
    "phone": "+15555550123",
    "privacy_url": "https://quick.example/privacy",
    "accent_color": "#c2410c",
}


@contextmanager
def settings_page(
    browser: Browser, stub: StubServer, who: str = "olivia", at: str = "/settings/", **options: Any
) -> Iterator[Page]:
    with visitor(browser, **options) as owner:
        page = owner.page(f"{stub.url}{at}")
        sign_in(page, who, PASSWORD)
        expect(page.get_by_test_id("settings")).not_to_have_attribute("data-scene", "sign-in")
        yield page


def setting(page: Page, key: str) -> Locator:
    return page.locator(f"form [data-setting={key}]").first


def save(page: Page) -> None:
    page.get_by_test_id("save").click()


def expect_saved(page: Page) -> None:
    expect(page.get_by_test_id("unsaved")).to_have_text("All changes saved")


def test_only_what_changed_is_saved_and_customers_see_it(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        with page.expect_request("**/api/business") as asked:
            page.get_by_label("Name", exact=True).fill("Quick Dump")
            page.get_by_label("Phone").fill("(555) 555-0199")
            page.get_by_label("Website").fill("quick.example")
            expect(page.get_by_test_id("unsaved")).to_have_text("3 unsaved changes")
            save(page)
        request = asked.value
        assert request.method == "PATCH"
        assert request.headers["if-match"] == '"7"'
        assert request.post_data_json == {
            "name": "Quick Dump",
            "phone": "+15555550199",
            "website": "https://quick.example/",
        }
        expect_saved(page)
        page.goto(f"{stub.url}/book/")
        expect(page.get_by_test_id("brand")).to_contain_text("Quick Dump")
        expect(page.get_by_test_id("call")).to_have_attribute("href", "tel:+15555550199")


def test_hours_windows_dates_and_terms_are_saved_as_they_are_typed(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        setting(page, "opening_hours").get_by_label("Sunday", exact=True).uncheck()
        page.get_by_label("Monday, from").fill("09:00")
        page.get_by_role("button", name="Remove Arrival window from 16:00").click()
        page.get_by_label("Date to close").fill("2027-12-25")
        page.get_by_role("button", name="Add date").click()
        page.get_by_label("Service area").fill("100, 112")
        page.get_by_label("Latest booking").select_option("120")
        page.get_by_label("Days a tracking link lasts").fill("60")
        setting(page, "cancellation_policy").get_by_label("English").fill(
            "Free until the day before."
        )
        save(page)
        expect_saved(page)
    saved = stub.data.business.model_dump(mode="json")
    assert "sun" not in saved["opening_hours"]
    assert saved["opening_hours"]["mon"] == [{"start": "09:00", "end": "19:00"}]
    assert saved["windows"] == [
        {"start": "08:00", "end": "12:00"},
        {"start": "12:00", "end": "16:00"},
    ]
    assert saved["closed_dates"] == ["2027-12-25"]
    assert saved["service_area"] == ["100", "112"]
    assert saved["lead_minutes"] == 120
    assert saved["link_lifetime_days"] == 60
    assert saved["cancellation_policy"]["en"] == "Free until the day before."


def test_what_cannot_be_right_is_said_at_its_field_before_anything_is_sent(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_label("Monday, to").fill("07:00")
        page.get_by_label("Phone").fill("12")
        save(page)
        expect(setting(page, "phone")).to_contain_text("does not look like a phone number")
        expect(setting(page, "opening_hours")).to_contain_text(re.compile("Monday: .+ends before"))
        expect(page.get_by_label("Phone")).to_be_focused()
    assert ("PATCH", "/api/business") not in stub.data.requests


def test_what_the_service_refuses_is_said_at_its_field_and_the_rest_stays_typed(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_label("E-mail").fill("olivia at quick.example")
        page.get_by_label("Accent color", exact=True).fill("#ffff00")
        save(page)
        expect(setting(page, "accent_color")).to_contain_text("White text on it cannot be read")
        expect(page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("E-mail")).to_be_focused()
        expect(page.get_by_test_id("unsaved")).to_have_text("2 unsaved changes")
    assert stub.data.business.version == 7


def test_what_someone_else_changed_is_shown_and_what_was_typed_is_kept(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_label("Name", exact=True).fill("Quick Dump")
        page.get_by_label("Phone").fill("(555) 555-0199")
        change(stub.data, phone="+15555550111", accent_color="#c2410c")
        save(page)
        conflict = page.get_by_test_id("conflict")
        expect(conflict).to_be_focused()
        expect(conflict).to_contain_text("Phone is now: (555) 555-0111")
        expect(conflict).to_contain_text("Accent color is now: #c2410c")
        expect(page.get_by_label("Accent color", exact=True)).to_have_value("#c2410c")
        expect(page.get_by_label("Phone")).to_have_value("(555) 555-0199")
        conflict.get_by_role("button", name="Use theirs").click()
        expect(page.get_by_label("Phone")).to_have_value("(555) 555-0111")
        save(page)
        expect_saved(page)
        expect(conflict).to_have_count(0)
    saved = stub.data.business.model_dump(mode="json")
    assert saved["name"] == "Quick Dump"
    assert saved["phone"] == "+15555550111"


def test_the_preview_follows_what_is_typed(browser: Browser, stub: StubServer) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_label("Name", exact=True).fill("Quick Dump")
        page.get_by_label("Phone").fill("5555550199")
        page.get_by_label("Accent color", exact=True).fill("#c2410c")
        booking = page.get_by_test_id("preview-booking")
        expect(booking).to_contain_text("Quick Dump")
        expect(booking).to_contain_text("Call us")
        expect(booking.locator(".monogram")).to_have_css("background-color", "rgb(194, 65, 12)")
        expect(page.get_by_test_id("preview-tracking")).to_contain_text("Pending pickup")
        expect(page.get_by_test_id("preview-sms")).to_contain_text("Quick Dump: Hi Ada, ")
        page.get_by_label("Main language").select_option("es")
        expect(booking).to_contain_text("Reserve una recogida")


def test_the_checklist_leads_to_what_is_missing_and_is_gone_when_done(
    browser: Browser, stub: StubServer
) -> None:
    change(stub.data, opening_hours=USUAL)
    with settings_page(browser, stub) as page:
        setup = page.get_by_test_id("setup")
        expect(setup).to_contain_text("4 left")
        setup.get_by_role("link", name="Add the phone number that customers call").click()
        expect(page.get_by_label("Phone")).to_be_focused()
        page.get_by_label("Phone").fill("5555550123")
        page.get_by_label("Privacy policy").fill(ALL_SET["privacy_url"])
        page.get_by_label("Accent color", exact=True).fill(ALL_SET["accent_color"])
        save(page)
        expect(setup).to_contain_text("1 left")
        page.get_by_test_id("confirm-hours").click()
        expect(setup).to_have_count(0)
        page.reload()
        expect(page.get_by_test_id("preview-sms")).to_contain_text("Hi Ada")
        expect(setup).to_have_count(0)


def test_the_first_crew_member_is_on_the_checklist(browser: Browser, stub: StubServer) -> None:
    change(stub.data, **ALL_SET)
    del stub.data.accounts["miguel"]
    with settings_page(browser, stub) as page:
        page.get_by_role("link", name="Add your first crew member").click()
        expect(page.get_by_test_id("crew")).to_be_focused()
        expect(page.get_by_test_id("crew")).to_contain_text("No one can be sent to a job yet.")
        page.get_by_text("Add someone").click()
        people = page.get_by_test_id("crew")
        people.get_by_label("Name").fill("Nell Ruiz")
        expect(people.get_by_label("Signs in as")).to_have_value("nell")
        people.get_by_role("button", name="Add").click()
        expect(page.get_by_role("link", name="Add your first crew member")).to_have_count(0)
    assert stub.data.accounts["nell"].roles == ("driver",)


def test_someone_is_invited_chooses_a_password_and_signs_in_once_with_the_link(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        miguel = page.locator("[data-account=miguel]")
        miguel.get_by_text("Change Miguel").click()
        miguel.get_by_role("button", name="link").click()
        link = miguel.get_by_test_id("invitation").locator("input").input_value()
    with visitor(browser, locale="es-MX") as invited:
        expect(invited.page(link).get_by_role("heading")).to_have_text("Elija su contraseña")
    with visitor(browser) as invited:
        page = invited.page(link)
        assert "invitation" not in page.url
        page.get_by_label("Password").fill("short")
        page.get_by_role("button").click()
        expect(page.get_by_test_id("invitation-form")).to_contain_text("at least 12 characters")
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button").click()
        page.wait_for_url(f"{stub.url}/crew/")
        page.goto("about:blank")
        page.goto(link)
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button").click()
        expect(page.get_by_test_id("invitation-said")).to_contain_text("was used or has expired")


def test_the_last_owner_cannot_be_disabled(browser: Browser, stub: StubServer) -> None:
    with settings_page(browser, stub) as page:
        olivia = page.locator("[data-account=olivia]")
        olivia.get_by_text("Change Oliv").click()
        olivia.get_by_role("button", name="Disable").click()
        expect(page.get_by_test_id("said")).to_contain_text("only owner")
    assert not stub.data.accounts["olivia"].disabled


def test_a_key_is_shown_once_and_revoked(browser: Browser, stub: StubServer) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_text("Make a key").click()
        page.get_by_label("What it is for").fill("Website")
        page.get_by_role("button", name="Make the key").click()
        assert page.get_by_label("Key for Website").input_value().startswith("hk_main_")
        page.reload()
        expect(page.get_by_test_id("keys")).to_contain_text("Website dispatcher")
        expect(page.get_by_label("Key for Website")).to_have_count(0)
        page.get_by_role("button", name="Revoke").click()
        expect(page.get_by_test_id("keys")).not_to_contain_text("Website")


def test_a_dispatcher_is_told_who_may_change_settings(browser: Browser, stub: StubServer) -> None:
    with settings_page(browser, stub, who="dana") as page:
        expect(page.get_by_test_id("empty-state")).to_contain_text("This page is for the owner")
    assert ("GET", "/api/business") not in stub.data.requests


def test_a_session_that_ends_keeps_what_was_typed(browser: Browser, stub: StubServer) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_label("Name", exact=True).fill("Quick Dump")
        stub.stub.sessions.clear()
        save(page)
        expect(page.get_by_test_id("sign-in-form")).to_contain_text("what you typed is still here")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_test_id("sign-in").click()
        expect(page.get_by_label("Name", exact=True)).to_have_value("Quick Dump")
        save(page)
        expect_saved(page)
    assert stub.data.business.name == "Quick Dump"


def test_the_page_is_accessible_and_fits_a_small_phone(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    change(stub.data, **ALL_SET, closed_dates=["2027-12-25"])
    small = {"width": 320, "height": 640}
    with settings_page(browser, stub, viewport=small) as page:
        expect(page.get_by_test_id("preview-sms")).to_contain_text("Hi Ada")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.evaluate(axe)
        found = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    told = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found]
    assert told == []
