"""Money over the whole system, in a real browser: the guide, the estimate, the cash, the report."""

import csv
import io

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from local.laptop import Laptop
from tests.e2e.support.jobs import until
from tests.e2e.support.pages import (
    SLOW,
    booked,
    fresh_name,
    given_to,
    job_of,
    signed_in,
    someone,
)
from tests.pages.browser import PHONE, visitor
from tests.pages.test_crew_page import of, press_next

pytestmark = [pytest.mark.engine, pytest.mark.browser]


def test_done_and_paid_in_cash_is_in_the_report_the_unpaid_list_and_the_file(
    browser: Browser, stack: Laptop
) -> None:
    olive, mike = someone(stack, "Olive", "owner"), someone(stack, "Mike", "driver")
    ada, bo = fresh_name(), fresh_name("Bo")
    with visitor(browser) as owner:
        page = signed_in(owner, stack, "/settings/", olive)
        write_prices(page)
        hours = {ada: 0.0, bo: 1.5}  # one crew cannot be at two jobs at once
        jobs = {
            name: given_to(stack, booked(stack, name, hours=begin), mike)
            for name, begin in hours.items()
        }
        with visitor(browser, PHONE) as crew:
            phone = signed_in(crew, stack, "/crew/", mike)
            for name in jobs:
                do_the_job(phone, name)
            opened(phone, ada).get_by_test_id("pay").click()
            phone.get_by_role("button", name="Cash").click()
            expect(of(phone, ada).get_by_test_id("paid")).to_have_text("Paid: $300, cash")
            expect(opened(phone, bo).get_by_test_id("unpaid")).to_contain_text("To collect: $300")
            sent = phone.get_by_test_id("signal")
            expect(sent).to_have_attribute("data-waiting", "0", timeout=SLOW * 1000)
        paid = until(lambda: job_of(stack, jobs[ada]), lambda job: bool(job.payments), SLOW)
        assert [(each.amount_cents, each.method) for each in paid.payments] == [(30_000, "cash")]
        change = next(edit for edit in paid.edits if edit.money and edit.money.after.payments)
        assert (change.actor.kind, change.actor.id) == ("crew", mike.account)
        page.goto(f"{stack.edge_url}/reports/#period=days&by=crew")
        both_are_reported(page, mike.account, ada, bo)
        the_file_has_both(page, jobs[ada], jobs[bo])


def write_prices(page: Page) -> None:
    page.get_by_label("Minimum").fill("99")
    page.get_by_label("Half load").fill("300")
    page.get_by_label("Full load").fill("550")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("unsaved")).to_have_text("All changes saved")


def do_the_job(phone: Page, customer: str) -> None:
    """Start, report half a load, complete. The price is there as soon as the load is."""
    job = opened(phone, customer)
    expect(job).to_have_attribute("data-status", "ready_for_pickup")
    press_next(phone, customer)
    job.get_by_test_id("load").click()
    phone.get_by_role("button", name="Half", exact=True).click()
    expect(job.get_by_test_id("unpaid")).to_contain_text("To collect: $300")
    press_next(phone, customer)
    expect(job).to_have_attribute("data-status", "completed")


def opened(phone: Page, customer: str) -> Locator:
    """The job's card; only the current one is open by itself."""
    job = of(phone, customer)
    head = job.get_by_role("button").first
    if head.get_attribute("aria-expanded") == "false":
        head.click()
    expect(head).to_have_attribute("aria-expanded", "true")
    return job


def both_are_reported(page: Page, account: str, ada: str, bo: str) -> None:
    """The index follows the jobs within seconds, so the report is asked for until it has both."""
    row = page.get_by_test_id("figures").get_by_role("row").filter(has_text="Mike")

    def shown() -> str:
        page.reload()
        expect(page.get_by_test_id("totals")).to_be_visible()
        return " ".join(row.all_text_contents())

    text = until(shown, lambda text: "$600" in text and "$300" in text, SLOW)
    assert text
    unpaid = page.get_by_test_id("unpaid")
    expect(unpaid).to_contain_text(bo)
    expect(unpaid).not_to_contain_text(ada)


def the_file_has_both(page: Page, paid: str, unpaid: str) -> None:
    with page.expect_download() as download:
        page.get_by_test_id("csv").click()
    text = download.value.path().read_text(encoding="utf-8")
    rows = {row["job"]: row for row in csv.DictReader(io.StringIO(text))}
    told = {
        job: [rows[job][name] for name in ("price", "paid", "unpaid", "method", "load")]
        for job in (paid, unpaid)
    }
    assert told == {
        paid: ["300.00", "300.00", "0.00", "cash", "half"],
        unpaid: ["300.00", "0.00", "300.00", "", "half"],
    }
