"""What a dispatcher types is accepted or refused at its field; an open job has an address."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from statemachine.job.job import Customer
from tests.pages.browser import Visitor, card, open_job, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD

pytestmark = pytest.mark.browser


def at_the_board(someone: Visitor, stub: StubServer, query: str = "") -> Page:
    page = someone.page(f"{stub.url}/dispatch/{query}")
    sign_in(page, "dana", PASSWORD)
    return page


def new_job(page: Page, **fields: str) -> None:
    page.get_by_test_id("new-job-button").click()
    dialog = page.get_by_test_id("new-job")
    given = {"Customer": "Ada Wong", "Address": "12 Harbor Road"} | fields
    for label, text in given.items():
        dialog.get_by_label(label, exact=True).fill(text)


def create(page: Page) -> None:
    page.get_by_test_id("create-job").click()


def test_an_amount_with_a_decimal_comma_is_refused(browser: Browser, stub: StubServer) -> None:
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        new_job(page, Price="240,50", **{"Mobile number": "447700900123"})
        create(page)
        dialog = page.get_by_test_id("new-job")
        expect(dialog).to_contain_text("like 240 or 240.50")
        expect(dialog).to_contain_text("+ and a country code")
        expect(dialog.get_by_label("Mobile number")).to_be_focused()
        dialog.get_by_label("Mobile number").fill("+44 7700 900123")
        dialog.get_by_label("Price").fill("240.50")
        create(page)
        expect(dialog).to_contain_text("Ask the customer, then choose.")
        dialog.get_by_label("Text messages").select_option("The customer agreed")
        create(page)
        expect(page.get_by_test_id("new-link")).to_be_visible()
    (job,) = stub.data.jobs.values()
    assert job.price_cents == 24_050
    assert job.customer.phone == "+447700900123"
    assert job.texts_consent
    assert job.texts_consent.agreed


def test_a_two_digit_year_is_in_this_century_and_half_a_time_is_an_error(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        new_job(page)
        dialog = page.get_by_test_id("new-job")
        dialog.get_by_label("Window start").click()
        page.keyboard.type("1201")
        create(page)
        expect(dialog).to_contain_text("Enter a complete date and time")
        dialog.get_by_label("Window start").fill("0099-12-01T09:00")
        dialog.get_by_label("Window end").click()
        expect(dialog.get_by_label("Window start")).to_have_value("2099-12-01T09:00")
        create(page)
        expect(dialog).to_contain_text("90 days ahead: Tue, Dec 1, 2099")
        create(page)
        expect(page.get_by_test_id("new-link")).to_be_visible()
    (job,) = stub.data.jobs.values()
    assert job.schedule.window_start is not None
    assert job.schedule.window_start.year == 2099


def test_a_window_in_the_past_is_questioned_and_shown_with_its_year(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book()
    with visitor(browser) as dana:
        drawer = open_job(at_the_board(dana, stub), "Ada Wong")
        drawer.get_by_role("button", name="Change schedule").click()
        drawer.get_by_label("Window start").fill("2025-12-01T09:00")
        drawer.get_by_label("Window end").fill("2025-12-01T11:00")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer).to_contain_text("This time is in the past: Mon, Dec 1, 2025")
        drawer.get_by_role("button", name="Save anyway").click()
        schedule = drawer.get_by_role("region", name="Schedule")
        expect(schedule).to_contain_text("Mon, Dec 1, 2025, 9:00")


def test_a_correction_after_a_lost_answer_is_applied_to_the_job_that_was_booked(
    browser: Browser, stub: StubServer
) -> None:
    lost: list[Request] = []

    def lose_the_first(route: Route, request: Request) -> None:
        if request.method == "POST" and len(lost) < 3:
            lost.append(request)
            route.fetch()
            return route.abort()
        return route.fallback()

    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        page.route("**/api/jobs", lose_the_first)
        new_job(page)
        create(page)
        dialog = page.get_by_test_id("new-job")
        expect(dialog).to_contain_text("No answer", timeout=20_000)
        dialog.get_by_label("Address").fill("9 Elm Street")
        create(page)
        expect(page.get_by_test_id("late")).to_contain_text("Your corrections were applied")
    (job,) = stub.data.jobs.values()
    assert job.place.address == "9 Elm Street"


def test_an_open_job_has_an_address_that_can_be_shared_and_back_closes_it(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        open_job(page, "Ada Wong")
        expect(page).to_have_url(f"{stub.url}/dispatch/?job={job.job_id}")
        page.go_back()
        expect(page.get_by_test_id("drawer")).to_have_count(0)
        expect(page).to_have_url(f"{stub.url}/dispatch/")
        page.go_forward()
        expect(page.get_by_test_id("drawer")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page).to_have_url(f"{stub.url}/dispatch/")
    with visitor(browser) as omar:
        page = at_the_board(omar, stub, f"?job={job.job_id}")
        expect(page.get_by_test_id("drawer")).to_contain_text("Ada Wong")


def test_the_board_finds_load_and_last_digits_and_prints_every_card(
    browser: Browser, stub: StubServer
) -> None:
    for number in range(40):
        customer = Customer(name=f"Customer {number}", phone=f"+155555501{number:02}")
        stub.data.book(customer, load="Piano" if number == 7 else "Sofa")
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        expect(page.get_by_test_id("card")).to_have_count(40)
        page.emulate_media(media="print")
        for part in (".cards", ".columns", ".column"):
            expect(page.locator(part).first).to_have_css("overflow-y", "visible")
        last = page.get_by_test_id("card").last.bounding_box()
        whole = page.evaluate("document.documentElement.scrollHeight")
        assert last is not None
        assert last["y"] + last["height"] <= whole + 1
        page.emulate_media(media="screen")
        for text in ("piano", "0107", "(555) 555-0107"):
            page.get_by_label("Search jobs").fill(text)
            expect(page.get_by_test_id("card")).to_have_count(1)
            expect(card(page, "Customer 7")).to_be_visible()


def test_a_move_is_taken_back_by_the_button_in_its_notice(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book("Ada Wong")
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        page.get_by_role("button", name="Move Ada Wong").click()
        page.get_by_role("menuitem", name=re.compile("^Ready for pickup|^Confirm")).click()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_test_id("said").last).to_contain_text("is back in “Pending pickup”")
    moves = [(entry.move, entry.undoes) for entry in stub.data.jobs[job.job_id].ledger]
    assert moves == [("confirm", None), ("undo", 1)]


def test_a_start_days_early_is_asked_about(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book("Ada Wong")
    start = datetime.now(UTC) + timedelta(days=2)
    stub.data.plan(job.job_id, window_start=start, window_end=start + timedelta(hours=2))
    stub.data.move(job.job_id, "confirm")
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        for answer in ("Do not start", "Start anyway"):
            page.get_by_role("button", name="Move Ada Wong").click()
            page.get_by_role("menuitem", name=re.compile("^In progress|^Start")).click()
            expect(page.get_by_test_id("whether-dialog")).to_contain_text("The arrival window is")
            assert stub.data.jobs[job.job_id].status == "ready_for_pickup"
            page.get_by_role("button", name=answer).click()
        expect(page.get_by_test_id("said").last).to_contain_text("moved to “In progress”")


def test_a_browser_without_cookies_is_told_so(browser: Browser, stub: StubServer) -> None:
    session = {
        "account": "olga",
        "name": "Olga",
        "roles": ["ops"],
        "tenant": "main",
        "expires_at": "2099-01-01T00:00:00Z",
    }

    def answer_without_cookie(route: Route, request: Request) -> None:
        return route.fulfill(json=session) if request.method == "POST" else route.fallback()

    for path in ("dispatch", "crew", "ops"):
        with visitor(browser) as someone:
            page = someone.page()
            page.route("**/api/session", answer_without_cookie)
            page.goto(f"{stub.url}/{path}/")
            sign_in(page, "olga", PASSWORD)
            expect(page.get_by_test_id("sign-in-said")).to_contain_text(re.compile("cookies"))


@pytest.mark.parametrize("width", [768, 820, 1024, 1360])
def test_the_labels_of_the_hours_never_overlap(
    browser: Browser, stub: StubServer, width: int
) -> None:
    stub.data.book()
    with visitor(browser, {"width": width, "height": 900}) as dana:
        page = at_the_board(dana, stub, "?view=day")
        expect(page.get_by_test_id("rows")).to_be_visible()
        boxes = page.locator(".tick").evaluate_all(
            "nodes => nodes.map((node) => node.getBoundingClientRect())"
            ".filter(({ width }) => width > 0).map(({ left, right }) => [left, right])"
        )
        assert len(boxes) > 2
        assert all(one[1] <= other[0] for one, other in pairwise(boxes))
