"""The owner sets how many jobs windows take, how long loads take, and who accepts a booking."""

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.stub_api import StubServer
from tests.pages.test_settings_page import expect_saved, save, setting, settings_page

pytestmark = pytest.mark.browser


def test_an_owner_sets_how_many_jobs_windows_take_how_long_loads_take_and_who_accepts(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_label("Saturday, 8:00 AM – 12:00 PM: jobs").fill("2")
        page.get_by_label("Date with other numbers").fill("2027-12-24")
        setting(page, "slots_on").get_by_role("button", name="Add a day").click()
        setting(page, "slots_on").get_by_label("12:00 PM – 4:00 PM: jobs").fill("0")
        setting(page, "load_durations").get_by_label("Full load").select_option("180")
        page.get_by_label("Bookings are accepted").select_option("by_dispatcher")
        page.get_by_label("Latest change by the customer").select_option("240")
        page.get_by_label("Ask why a customer cancels").uncheck()
        page.get_by_label("Kind of job").select_option("crewed")
        expect(page.get_by_test_id("preview-booking")).to_contain_text("We received your request")
        save(page)
        expect_saved(page)
        expect(page.get_by_label("Saturday, 8:00 AM – 12:00 PM: jobs")).to_have_value("2")
    saved = stub.data.business.model_dump(mode="json")
    assert saved["slots_by_weekday"] == {"sat": {"08:00": 2}}
    assert saved["slots_on"] == {"2027-12-24": {"12:00": 0}}
    assert saved["load_durations"] == {"full": 180}
    assert saved["accepts_bookings"] == "by_dispatcher"
    assert saved["reschedule_cutoff_minutes"] == 240
    assert not saved["cancel_reason_required"]
    assert saved["flow"] == "crewed"


def test_a_number_of_jobs_that_cannot_be_is_said_at_its_field(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        page.get_by_label("Monday, 8:00 AM – 12:00 PM: jobs").fill("many")
        save(page)
        expect(setting(page, "slots_by_weekday")).to_contain_text("Monday, 8:00 AM: Write a whole")
        expect(page.get_by_label("Monday, 8:00 AM – 12:00 PM: jobs")).to_be_focused()
    assert ("PATCH", "/api/business") not in stub.data.requests
