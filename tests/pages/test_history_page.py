"""The history page: search while typing, filters, the drawer, and booking again."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from statemachine.job.job import Customer, Schedule
from tests.pages.browser import PHONE, Visitor, serious_findings, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD

pytestmark = pytest.mark.browser


def at_the_history(someone: Visitor, stub: StubServer, address: str = "") -> Page:
    page = someone.page(f"{stub.url}/history/{address}")
    sign_in(page, "dana", PASSWORD)
    expect(page.get_by_test_id("search")).to_be_visible()
    return page


def a_past(stub: StubServer) -> None:
    """Thirty jobs of years ago; the last one is of Zoë Núñez, with a sofa."""
    for number in range(30):
        begin = datetime(2024, 6, 1, 15, tzinfo=UTC) + timedelta(days=number)
        name = "Zoë Núñez" if number == 29 else f"Customer {number}"
        window = Schedule(window_start=begin, window_end=begin + timedelta(hours=2))
        stub.data.book(Customer(name=name, phone=f"+120655501{number:02d}"), schedule=window)


def test_a_job_of_years_ago_is_found_opened_and_booked_again(
    browser: Browser, stub: StubServer
) -> None:
    a_past(stub)
    with visitor(browser) as dana:
        page = at_the_history(dana, stub)
        results = page.get_by_test_id("result")
        expect(results).to_have_count(25)
        page.get_by_test_id("more").click()
        expect(results).to_have_count(30)
        page.get_by_test_id("search").fill("zoe nun")
        expect(results).to_have_count(1)
        assert "zoe" in page.url.partition("#")[2]
        results.first.click()
        drawer = page.get_by_test_id("drawer")
        expect(drawer).to_contain_text("Zoë Núñez")
        drawer.get_by_test_id("book-again").click()
        form = page.get_by_test_id("new-job")
        expect(form.get_by_label("Customer")).to_have_value("Zoë Núñez")
        expect(form.get_by_label("Mobile number")).to_have_value("+1 (206) 555-0129")
        expect(form.get_by_label("Address")).not_to_have_value("")
        form.get_by_test_id("create-job").click()
        expect(form.get_by_test_id("new-link")).to_be_visible()
    assert len([job for job in stub.data.jobs.values() if job.customer.name == "Zoë Núñez"]) == 2


def test_the_address_keeps_the_question_and_the_job(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    a_past(stub)
    with visitor(browser) as dana:
        page = at_the_history(dana, stub, "#q=customer&last=2024-06-03")
        results = page.get_by_test_id("result")
        expect(results).to_have_count(3)
        expect(page.get_by_label("To", exact=True)).to_have_value("2024-06-03")
        results.last.click()
        expect(page.get_by_test_id("drawer")).to_contain_text("Customer 0")
        page.reload()
        expect(page.get_by_test_id("drawer")).to_contain_text("Customer 0")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("drawer")).to_have_count(0)
        expect(results).to_have_count(3)
        page.get_by_test_id("search").fill("no such customer")
        expect(page.get_by_test_id("empty-state")).to_contain_text("No job fits")
        assert serious_findings(page, axe) == []


def test_a_caller_is_known_by_the_number_and_has_a_page(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    a_past(stub)
    with visitor(browser, PHONE) as dana:
        page = at_the_history(dana, stub)
        page.goto(f"{stub.url}/dispatch/")
        page.get_by_test_id("new-job-button").click()
        form = page.get_by_test_id("new-job")
        form.get_by_label("Mobile number").fill("0129")
        form.get_by_test_id("known-customer").click()
        expect(form.get_by_label("Customer")).to_have_value("Zoë Núñez")
        expect(form.get_by_label("Mobile number")).to_have_value("+1 (206) 555-0129")
        expect(form).to_contain_text("1 job, last on")
        expect(form.get_by_test_id("latest-jobs").get_by_role("link")).to_have_count(1)
        found = next(j for j in stub.data.jobs.values() if j.customer.name == "Zoë Núñez")
        page.goto(f"{stub.url}/history/?customer={found.job_id}")
        panel = page.get_by_test_id("customer")
        expect(panel).to_contain_text("(206) 555-0129")
        expect(page.get_by_test_id("result")).to_have_count(1)
        panel.get_by_role("button", name="All jobs").click()
        expect(page.get_by_test_id("result")).to_have_count(25)
        assert serious_findings(page, axe) == []
