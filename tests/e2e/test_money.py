"""Money over the whole system, in a real browser: the guide, the estimate, the cash, the report."""

import csv
import io
import secrets

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from functions.aws.job_index import DynamoJobIndex
from functions.views.find_jobs import find_jobs
from local.laptop import Laptop
from statemachine.history.job_search import Question
from tests.e2e.support.jobs import until
from tests.e2e.support.pages import (
    ADDRESS,
    SLOW,
    an_hour_in,
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


def test_a_repeat_caller_is_booked_done_paid_in_cash_and_in_every_report(
    browser: Browser, stack: Laptop
) -> None:
    """And another job of the day, paid in part, is on the unpaid list with the rest."""
    olive, mike = someone(stack, "Olive", "owner"), someone(stack, "Mike", "driver")
    ada, bo = fresh_name(), fresh_name("Bo")
    with visitor(browser) as owner:
        page = signed_in(owner, stack, "/settings/", olive)
        write_prices(page)
        first, again = booked_by_phone(page, stack, ada)
        window = {"schedule": an_hour_in(0), "override": True, "reason": "The day of the test"}
        short = {"duration_minutes": 15}  # so that one crew can do both now
        other = booked(stack, bo)
        jobs = {
            ada: given_to(stack, again, mike, **short, **window),
            bo: given_to(stack, other, mike, **short),
        }
        with visitor(browser, PHONE) as crew:
            phone = signed_in(crew, stack, "/crew/", mike)
            for name in jobs:
                do_the_job(phone, name)
            pay(phone, ada, "300")
            expect(opened(phone, ada).get_by_test_id("paid")).to_have_text("Paid: $300, cash")
            pay(phone, bo, "120.50")
            rest = opened(phone, bo).get_by_test_id("unpaid")
            expect(rest).to_contain_text("To collect: $179.50")
            sent = phone.get_by_test_id("signal")
            expect(sent).to_have_attribute("data-waiting", "0", timeout=SLOW * 1000)
        paid = until(lambda: job_of(stack, jobs[ada]), lambda job: bool(job.payments), SLOW)
        assert [(each.amount_cents, each.method) for each in paid.payments] == [(30_000, "cash")]
        change = next(edit for edit in paid.edits if edit.money and edit.money.after.payments)
        assert change.actor.kind == "crew"
        assert change.actor.id == mike.account
        assert paid.estimate is not None
        assert paid.customer == job_of(stack, first).customer
        assert paid.estimate.load_size == "half"
        page.goto(f"{stack.edge_url}/reports/#period=days&by=crew")
        both_are_reported(page, ada, bo)
        the_file_has_both(page, jobs[ada], jobs[bo])
        the_number_leads_to_both(page, ada, bo)


def booked_by_phone(page: Page, stack: Laptop, ada: str) -> tuple[str, str]:
    """The caller's first job, and the one that a dispatcher books when they call again."""
    digits = f"206555{secrets.randbelow(10**4):04d}"
    first = booked(stack, ada, phone=f"+1{digits}")
    index = DynamoJobIndex(stack.client("dynamodb"), stack.outputs["JobIndexTable"])
    until(lambda: index.read("main", first), bool, SLOW)
    page.goto(f"{stack.edge_url}/dispatch/")
    page.get_by_test_id("new-job-button").click()
    form = page.get_by_test_id("new-job")
    form.get_by_label("Mobile number").fill(digits)
    form.get_by_test_id("known-customer").click()
    expect(form.get_by_label("Customer")).to_have_value(ada)
    expect(form.get_by_label("Address")).to_have_value(ADDRESS)
    form.get_by_label("Text messages").select_option("The customer agreed")
    form.get_by_label("Load").select_option("half")
    expect(form.get_by_test_id("estimate")).to_have_text("$300–$412.50")
    form.get_by_test_id("create-job").click()
    expect(form.get_by_test_id("new-link")).to_be_visible(timeout=SLOW * 1000)
    jobs = until(
        lambda: find_jobs(index, "main", Question(phone=f"+1{digits}"), 9).entries,
        lambda found: len(found) > 1,
        SLOW,
    )
    [again] = [entry.job_id for entry in jobs if entry.job_id != first]
    return first, again


def pay(phone: Page, customer: str, dollars: str) -> None:
    opened(phone, customer).get_by_test_id("pay").click()
    phone.get_by_label("Amount paid").fill(dollars)
    phone.get_by_role("button", name="Cash").click()


def write_prices(page: Page) -> None:
    page.get_by_role("textbox", name="Minimum").fill("99")
    page.get_by_role("textbox", name="Half load").fill("300")
    page.get_by_role("textbox", name="Full load").fill("550")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("unsaved")).to_have_text("All changes saved", timeout=SLOW * 1000)


def do_the_job(phone: Page, customer: str) -> None:
    """Start, report half a load, complete. The price is there as soon as the load is."""
    job = opened(phone, customer)
    expect(job).to_have_attribute("data-status", "ready_for_pickup")
    press_next(phone, customer)
    job.get_by_test_id("load").click()
    phone.get_by_role("button", name="Half", exact=True).click()
    expect(job.get_by_test_id("unpaid")).to_contain_text("To collect: $300")
    press_next(phone, customer)
    expect(job).to_have_attribute("data-status", "completed", timeout=SLOW * 1000)


def opened(phone: Page, customer: str) -> Locator:
    """The job's card; only the current one is open by itself."""
    job = of(phone, customer)
    head = job.get_by_role("button").first
    if head.get_attribute("aria-expanded") == "false":
        head.click()
    expect(head).to_have_attribute("aria-expanded", "true")
    return job


def both_are_reported(page: Page, ada: str, bo: str) -> None:
    """The index follows the jobs within seconds, so the report is asked for until it has both."""
    row = page.get_by_test_id("figures").get_by_role("row").filter(has_text="Mike")

    def shown() -> str:
        page.reload()
        expect(page.get_by_test_id("totals")).to_be_visible()
        return " ".join(row.all_text_contents())

    text = until(shown, lambda text: "$600" in text and "$179.50" in text, SLOW)
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
        job: [rows[job][name] for name in ("price", "paid", "unpaid", "methods", "load")]
        for job in (paid, unpaid)
    }
    assert told == {
        paid: ["300.00", "300.00", "0.00", "cash", "half"],
        unpaid: ["300.00", "120.50", "179.50", "cash", "half"],
    }


def the_number_leads_to_both(page: Page, ada: str, bo: str) -> None:
    row = page.get_by_test_id("figures").get_by_role("row").filter(has_text="Mike")
    row.locator("[data-figure=revenue]").first.click()
    results = page.get_by_test_id("result")
    expect(results).to_have_count(2, timeout=SLOW * 1000)
    expect(results.filter(has_text=ada)).to_have_count(1)
    expect(results.filter(has_text=bo)).to_have_count(1)
