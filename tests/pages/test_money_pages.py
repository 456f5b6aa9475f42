"""Prices, payments, and reports in the browser: guide, estimate, drawer, and report."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from statemachine.job.job import Assigned
from statemachine.job.prices import Payment
from statemachine.money.price_guide import EstimateRequest, PriceGuide, estimate_of
from tests.pages.browser import PHONE, fill_booking, open_job, serious_findings, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_business import change
from tests.pages.stub_data import PASSWORD
from tests.pages.test_crew_page import of, press_next

pytestmark = pytest.mark.browser

GUIDE = {
    "minimum_cents": 9_900,
    "full_cents": 55_000,
    "half_cents": 30_000,
    "items": [{"name": "Mattress", "name_es": "Colchón", "price_cents": 3_500}],
    "surcharges": [{"name": "Stairs", "name_es": "Escaleras", "basis_points": 1_000}],
}
MIGUEL = Assigned(role="driver", member="miguel", first_name="Miguel")
PAID = Payment(method="cash", amount_cents=30_000)


def signed_in(page: Page, who: str = "dana") -> Page:
    sign_in(page, who, PASSWORD)
    expect(page.get_by_test_id("sign-in-form")).to_have_count(0)
    return page


def test_the_owner_types_the_price_guide(browser: Browser, stub: StubServer, axe: str) -> None:
    with visitor(browser) as owner:
        page = signed_in(owner.page(f"{stub.url}/settings/"), "olivia")
        page.get_by_role("textbox", name="Minimum").fill("99")
        page.get_by_role("textbox", name="Half load").fill("300")
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
        page.get_by_role("textbox", name="Full load").fill("550")
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


def test_a_new_job_has_the_load_and_the_estimate_that_the_dispatcher_chooses(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    change(stub.data, price_guide=GUIDE)
    with visitor(browser) as dana:
        page = signed_in(dana.page(f"{stub.url}/dispatch/"))
        page.get_by_test_id("new-job-button").click()
        form = page.get_by_test_id("new-job")
        estimate = form.get_by_test_id("estimate")
        expect(estimate).to_have_text("$99–$550")
        form.get_by_label("Load").select_option("half")
        expect(estimate).to_have_text("$300–$412.50")
        form.get_by_text("Single items and surcharges").click()
        form.get_by_label("Mattress").fill("2")
        form.get_by_label("Stairs").check()
        expect(estimate).to_have_text("$407–$530.75")
        assert serious_findings(page, axe) == []
        form.get_by_label("Customer").fill("Ada Wong")
        form.get_by_label("Address").fill("12 Harbor Road")
        with page.expect_request("**/api/jobs") as sent:
            form.get_by_test_id("create-job").click()
        assert json.loads(sent.value.post_data or "")["estimate"] == {
            "load_size": "half",
            "items": [{"name": "Mattress", "count": 2}],
            "surcharges": ["Stairs"],
        }


def test_booking_again_fills_in_the_load_and_leaves_its_price_to_the_guide(
    browser: Browser, stub: StubServer
) -> None:
    guide = PriceGuide.model_validate(GUIDE)
    change(stub.data, price_guide=GUIDE)
    wanted = EstimateRequest.model_validate(
        {"load_size": "half", "items": [{"name": "Mattress"}], "surcharges": ["Stairs"]}
    )
    job = stub.data.book(price_cents=36_850, estimate=estimate_of(guide, wanted), load_size="half")
    with visitor(browser) as dana:
        page = signed_in(dana.page(f"{stub.url}/history/?job={job.job_id}"))
        page.get_by_test_id("drawer").get_by_test_id("book-again").click()
        form = page.get_by_test_id("new-job")
        expect(form.get_by_label("Load")).to_have_value("half")
        expect(form.get_by_label("Mattress")).to_have_value("1")
        expect(form.get_by_label("Stairs")).to_be_checked()
        expect(form.get_by_test_id("estimate")).to_have_text("$368.50–$492.25")
        expect(form.get_by_label("Price")).to_have_value("")


def test_the_drawer_changes_price_and_payments_with_a_reason(
    browser: Browser, stub: StubServer
) -> None:
    estimate = estimate_of(PriceGuide.model_validate(GUIDE), EstimateRequest(load_size="half"))
    job = stub.data.book(price_cents=30_000, estimate=estimate, load_size="half")
    with visitor(browser) as dana:
        drawer = open_job(signed_in(dana.page(f"{stub.url}/dispatch/")), "Ada Wong")
        expect(drawer).to_contain_text("Estimated $300–$412.50")
        expect(drawer.get_by_test_id("owed")).to_have_text("Not paid")
        note_money(drawer, price="280", method="check", amount="100")
        expect(drawer.get_by_role("alert").first).to_contain_text("reason")
        drawer.get_by_label("Reason").fill("Regular customer")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer.get_by_test_id("paid")).to_have_text("$100 paid, check")
        expect(drawer.get_by_test_id("owed")).to_have_text("$180 owed")
        expect(drawer).to_contain_text("$300 by the reported load")
        changed = drawer.get_by_test_id("money-change")
        expect(changed).to_contain_text("Price: $300 → $280")
        expect(changed).to_contain_text("“Regular customer”")
        note_money(drawer, method="cash")
        expect(drawer.get_by_test_id("paid")).to_have_text(["$100 paid, check", "$180 paid, cash"])
        expect(drawer.get_by_test_id("owed")).to_have_count(0)
        note_money(drawer, method="none", reason="The check bounced")
        expect(drawer.get_by_test_id("owed")).to_have_text("Not paid")
    assert stub.data.jobs[job.job_id].payments == ()


def note_money(
    drawer: Locator, method: str, price: str = "", amount: str = "", reason: str = ""
) -> None:
    drawer.get_by_role("button", name="Change money").click()
    if price:
        drawer.get_by_label("Price").fill(price)
    drawer.get_by_label("Paid", exact=True).select_option(method)
    drawer.get_by_label("Amount paid").fill(amount)
    drawer.get_by_label("Reason").fill(reason)
    drawer.get_by_role("button", name="Save").click()


def test_the_crew_collects_in_the_card_of_the_job_that_it_completed(
    browser: Browser, stub: StubServer
) -> None:
    """In two parts; the card folds once all is paid."""
    for name in ("Ada Wong", "Bo Li"):
        job = stub.data.book(name, price_cents=30_000)
        stub.data.plan(job.job_id, MIGUEL)
        stub.data.move(job.job_id, "confirm")
    with visitor(browser, PHONE) as crew:
        page = signed_in(crew.page(f"{stub.url}/crew/"), "miguel")
        press_next(page, "Ada Wong")
        press_next(page, "Ada Wong")
        card = of(page, "Ada Wong")
        expect(card).to_have_attribute("data-status", "completed")
        expect(card.get_by_test_id("unpaid")).to_contain_text("To collect: $300")
        pay(page, card, "Cash", "100")
        expect(card.get_by_test_id("paid")).to_have_text("Paid: $100, cash")
        expect(card.get_by_test_id("unpaid")).to_contain_text("To collect: $200")
        pay(page, card, "Check")
        expect(card.get_by_role("button").first).to_have_attribute("aria-expanded", "false")
        expect(page.get_by_test_id("signal")).to_have_attribute("data-waiting", "0")
        press_next(page, "Bo Li")
        press_next(page, "Bo Li")
        other = of(page, "Bo Li").get_by_role("button").first
        expect(other).to_have_attribute("aria-expanded", "true")
        other.click()
        expect(other).to_have_attribute("aria-expanded", "false")
    paid = next(each for each in stub.data.jobs.values() if each.customer.name == "Ada Wong")
    assert [(each.method, each.amount_cents) for each in paid.payments] == [
        ("cash", 10_000),
        ("check", 20_000),
    ]


def pay(page: Page, job: Locator, how: str, amount: str = "") -> None:
    job.get_by_test_id("pay").click()
    if amount:
        page.get_by_label("Amount paid").fill(amount)
    page.get_by_role("button", name=how).click()


def a_month(stub: StubServer) -> None:
    """Jobs of today: paid, paid in part, not paid, without a price, cancelled, tried in vain."""
    whole, part = PAID, PAID.model_copy(update={"amount_cents": 10_000})
    done: tuple[dict[str, Any], ...] = (
        {"price_cents": 30_000, "payments": (whole,), "load_size": "half", "crew": (MIGUEL,)},
        {"price_cents": 30_000, "payments": (part,), "load_size": "full"},
        {"price_cents": 30_000, "truck": "t1"},
        {"price_cents": None},
    )
    for number, values in enumerate(done):
        job = stub.data.book(f"Customer {number}", **values)
        stub.data.move(job.job_id, "confirm", "start", "complete")
    for name, *moves in (("Ada Wong", "cancel"), ("Bo Li", "confirm", "start", "no_access")):
        stub.data.move(stub.data.book(name).job_id, *moves)


def test_each_number_of_a_report_leads_to_its_jobs_and_no_others(
    browser: Browser, stub: StubServer
) -> None:
    a_month(stub)
    with visitor(browser) as dana:
        page = signed_in(dana.page(f"{stub.url}/reports/#period=days&by=crew"))
        expect(page.get_by_test_id("total-unpaid")).to_contain_text("$500")
        links = page.get_by_test_id("report").locator("a[href^='/history/#']")
        told = [(link.inner_text(), str(link.get_attribute("href"))) for link in links.all()]
        counts = [(text, href) for text, href in told if re.fullmatch(r"[0-9]+", text)]
        assert len(counts) > 15
        for text, href in counts:
            assert len(found(page, stub, href)) == int(text), href
        of_money = {
            f"total-{name}": len(found(page, stub, str(tile.get_attribute("href"))))
            for name in ("revenue", "unpaid", "average")
            for tile in [page.get_by_test_id(f"total-{name}")]
        }
        assert of_money == {"total-revenue": 3, "total-unpaid": 2, "total-average": 3}
        page.get_by_test_id("loads").get_by_role("link").first.click()
        expect(page.get_by_test_id("result")).to_have_count(1)
        expect(page.get_by_label("Load", exact=True)).to_have_value("half")
        expect(page.get_by_label("Status", exact=True).locator(":checked")).not_to_have_text(
            "Any status"
        )


def found(page: Page, stub: StubServer, href: str) -> dict[str, object]:
    """The jobs that the history asks for at that address."""
    question = href.partition("#")[2]
    answer = page.request.get(f"{stub.url}/api/jobs?scope=all&limit=100&{question}")
    assert answer.ok, answer.text()
    jobs: dict[str, object] = answer.json()["jobs"]
    return jobs


def test_the_report_leads_from_each_number_to_its_jobs(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    for name, payments in (("Ada Wong", (PAID,)), ("Bo Li", ())):
        job = stub.data.book(name, price_cents=30_000, payments=payments)
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
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert serious_findings(page, axe) == []
