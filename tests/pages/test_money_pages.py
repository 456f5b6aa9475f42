"""Prices, payments, and reports in the browser: guide, estimate, drawer, and report."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from statemachine.price_guide import EstimateRequest, PriceGuide, estimate_of
from statemachine.prices import Payment
from tests.pages.browser import PHONE, fill_booking, open_job, serious_findings, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_business import change
from tests.pages.stub_data import PASSWORD

pytestmark = pytest.mark.browser

GUIDE = {
    "minimum_cents": 9_900,
    "full_cents": 55_000,
    "half_cents": 30_000,
    "items": [{"name": "Mattress", "name_es": "Colchón", "price_cents": 3_500}],
    "surcharges": [{"name": "Stairs", "name_es": "Escaleras", "basis_points": 1_000}],
}
PAID = Payment(method="cash", amount_cents=30_000)


def signed_in(page: Page, who: str = "dana") -> Page:
    sign_in(page, who, PASSWORD)
    expect(page.get_by_test_id("sign-in-form")).to_have_count(0)
    return page


def test_the_owner_types_the_price_guide(browser: Browser, stub: StubServer, axe: str) -> None:
    with visitor(browser) as owner:
        page = signed_in(owner.page(f"{stub.url}/settings/"), "olivia")
        page.get_by_label("Minimum").fill("99")
        page.get_by_label("Half load").fill("300")
        page.get_by_role("button", name="Add an item").click()
        page.get_by_label("Single items: Name", exact=True).fill("Mattress")
        page.get_by_label("Single items: Name in Spanish").fill("Colchón")
        page.get_by_label("Single items: Price").fill("35")
        page.get_by_role("button", name="Add a surcharge").click()
        page.get_by_label("Surcharges: Name", exact=True).fill("Stairs")
        page.get_by_label("Surcharges: Name in Spanish").fill("Escaleras")
        page.get_by_label("Surcharges: Amount or %").fill("10%")
        page.get_by_test_id("save").click()
        expect(page.locator("[data-setting=price_guide]")).to_contain_text("price of a full load")
        page.get_by_label("Full load").fill("550")
        assert serious_findings(page, axe) == []
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("unsaved")).to_have_text("All changes saved")
    assert stub.data.business.price_guide == PriceGuide.model_validate(GUIDE)


def test_the_estimate_follows_each_choice_and_is_booked(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    change(stub.data, price_guide=GUIDE)
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        estimate = page.get_by_test_id("estimate")
        expect(estimate).to_have_text("$99–$550")
        page.get_by_text("Half", exact=True).click()
        expect(estimate).to_have_text("$300–$412.50")
        page.get_by_label("Mattress").fill("2")
        expect(estimate).to_have_text("$370–$482.50")
        page.get_by_text("Stairs +10 %").click()
        expect(estimate).to_have_text("$407–$530.75")
        assert serious_findings(page, axe) == []
        fill_booking(page)
        with page.expect_request("**/api/bookings") as sent:
            page.get_by_test_id("submit").click()
        assert json.loads(sent.value.post_data or "")["estimate"] == {
            "load_size": "half",
            "items": [{"name": "Mattress", "count": 2}],
            "surcharges": ["Stairs"],
        }


def test_without_a_price_guide_the_form_asks_for_no_load(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        expect(page.get_by_test_id("booking-form")).to_be_visible()
        expect(page.get_by_test_id("estimate-section")).to_have_count(0)


def test_the_drawer_changes_price_and_payment_with_a_reason(
    browser: Browser, stub: StubServer
) -> None:
    estimate = estimate_of(PriceGuide.model_validate(GUIDE), EstimateRequest(load_size="half"))
    job = stub.data.book(price_cents=30_000, estimate=estimate, load_size="half")
    with visitor(browser) as dana:
        drawer = open_job(signed_in(dana.page(f"{stub.url}/dispatch/")), "Ada Wong")
        expect(drawer).to_contain_text("Estimated $300–$412.50")
        drawer.get_by_role("button", name="Change money").click()
        drawer.get_by_label("Price").fill("280")
        drawer.get_by_label("Paid", exact=True).select_option("check")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer.get_by_role("alert").first).to_contain_text("reason")
        drawer.get_by_label("Reason").fill("Regular customer")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer.get_by_test_id("paid")).to_have_text("$280 paid, check")
        expect(drawer).to_contain_text("$300 by the reported load")
        changed = drawer.get_by_test_id("money-change")
        expect(changed).to_contain_text("Price: $300 → $280")
        expect(changed).to_contain_text("“Regular customer”")
    assert stub.data.jobs[job.job_id].payment == Payment(method="check", amount_cents=28_000)


def test_the_report_leads_from_each_number_to_its_jobs(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    for name, payment in (("Ada Wong", PAID), ("Bo Li", None)):
        job = stub.data.book(name, price_cents=30_000, payment=payment)
        stub.data.move(job.job_id, "confirm", "start", "complete")
    with visitor(browser) as dana:
        page = signed_in(dana.page(f"{stub.url}/reports/#period=days"))
        expect(page.get_by_test_id("total-revenue")).to_contain_text("$600")
        unpaid = page.get_by_test_id("total-unpaid")
        expect(unpaid).to_contain_text("$300")
        expect(unpaid).to_have_attribute("href", re.compile("^/history/#.*paid=false$"))
        expect(page.get_by_test_id("unpaid")).to_contain_text("Bo Li")
        expect(page.get_by_test_id("unpaid")).not_to_contain_text("Ada Wong")
        expect(page.get_by_test_id("methods")).to_contain_text("Cash")
        page.get_by_label("By", exact=True).select_option("month")
        expect(page.get_by_test_id("figures")).to_contain_text("Month")
        expect(page.get_by_test_id("csv")).to_have_attribute(
            "href", re.compile(r"^/api/reports/jobs\.csv\?first=")
        )
        assert serious_findings(page, axe) == []
