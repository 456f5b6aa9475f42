"""The pages in Chromium, over a stub of what lies behind them.

Every visitor's console is checked when they leave: no script error, and no violation of the
content security policy.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from functions.people.crew_location import rounded
from statemachine.job.job import Assigned, Schedule
from statemachine.values.ids import digest_of
from statemachine.values.values import Actor
from tests.pages.browser import (
    DESKTOP,
    PHONE,
    Visitor,
    book,
    booked_link,
    card,
    column,
    drag,
    drag_by_touch,
    expect_in,
    expect_scene,
    expect_status,
    fill_booking,
    give_reason,
    later,
    move_by_menu,
    open_job,
    said,
    serious_findings,
    sign_in,
    traffic_of,
    visitor,
)
from tests.pages.day import a_day
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD, first_note, now
from tests.support.pictures import saved

pytestmark = pytest.mark.browser

FIRST_VIEW = {"track": (5, 29_400), "book": (6, 30_000), "dispatch": (8, 60_000)}
"""Requests and bytes until a phone shows the page."""
OMAR = Actor(kind="dispatcher", id="omar")
MARKUP = "<img src=x onerror=\"document.title='owned'\"><b>Bold & Sons</b>"
MIGUEL = Assigned(role="driver", member="miguel", first_name="Miguel")


def at_the_board(someone: Visitor, stub: StubServer, account: str = "dana") -> Page:
    page = someone.page(f"{stub.url}/dispatch/")
    sign_in(page, account, PASSWORD)
    expect(page.get_by_test_id("freshness")).to_contain_text("Updated")
    return page


# Booking


def test_a_person_books_on_a_phone_and_gets_their_tracking_link(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_role("button", name="Mattress").click()
        page.get_by_label("Pickup address").fill("12 Harbor Road, Portland")
        page.get_by_role("radio", name="Tomorrow").check()
        page.get_by_role("radio", name=re.compile("12:00.+4:00")).check()
        page.get_by_label("Your name").fill("Ada Wong")
        page.get_by_label("Mobile number").press_sequentially("5555550123")
        expect(page.get_by_label("Mobile number")).to_have_value("(555) 555-0123")
        page.get_by_test_id("submit").click()
        page.goto(booked_link(page))
        expect_status(page, "pending_pickup")
        expect(page.get_by_test_id("window")).to_contain_text("12:00")
    (job,) = stub.data.jobs.values()
    assert job.customer.name == "Ada Wong"
    assert job.customer.phone == "+15555550123"
    assert job.notes[0].text == "Mattress"


def test_the_form_shows_and_clears_its_errors(browser: Browser, stub: StubServer) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")
        page.get_by_label("Mobile number").fill("12")
        page.get_by_test_id("submit").click()
        expect(page.get_by_label("What needs hauling?").first).to_be_focused()
        expect(page.get_by_test_id("fault-phone")).to_contain_text("phone number")
        expect(page.get_by_test_id("fault-name")).to_be_visible()
        page.get_by_label("Mobile number").fill("5555550123")
        expect(page.get_by_test_id("fault-phone")).to_be_hidden()
        page.get_by_role("radio", name="Another day").check()
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("fault-day")).to_contain_text("choose a day")
        page.get_by_label("Which day?").select_option(index=3)
        page.get_by_role("radio", name=re.compile("12:00.+4:00")).check()
        expect(page.get_by_test_id("fault-day")).to_be_hidden()
    assert stub.data.jobs == {}


def test_a_lost_answer_does_not_book_twice(browser: Browser, stub: StubServer) -> None:
    """The booking arrives, but its answer is lost: the page retries, even after a reload."""
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/book/")

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route("**/api/bookings", lose)
        fill_booking(page)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("waiting")).to_be_visible()
        page.reload()
        expect(page.get_by_test_id("waiting")).to_be_visible()
        page.unroute_all(behavior="ignoreErrors")
        link = booked_link(page)
    (job,) = stub.data.jobs.values()
    assert link == stub.tracking_url(job)


def test_the_draft_survives_a_reload_and_a_change_of_language(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser, PHONE, locale="es-MX") as customer:
        page = customer.page(f"{stub.url}/book/")
        fill_booking(page, name="Inés")
        page.reload()
        expect(page.get_by_test_id("restored")).to_contain_text("Guardamos")
        page.get_by_role("button", name="EN English").click()
        expect(page.get_by_label("Your name")).to_have_value("Inés")


# Tracking


def test_the_tracking_page_updates_and_never_goes_back(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job), patient=False)
        expect_status(page, "pending_pickup")
        before = stub.data.view(digest_of(job.token))
        stub.data.move(job.job_id, "confirm")
        later(page, 3)
        expect_status(page, "ready_for_pickup")
        stub.data.pin(job, before)
        page.reload()
        expect_status(page, "ready_for_pickup")
        later(page, 3)
        expect_status(page, "ready_for_pickup")
        expect(page.get_by_test_id("freshness")).to_contain_text("Updated")


def test_the_tracking_page_shows_when_and_who(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    start = now() + timedelta(hours=1)
    window = {"window_start": start, "window_end": start + timedelta(hours=2), "eta": start}
    stub.data.plan(job.job_id, MIGUEL, **window)
    stub.data.move(job.job_id, "confirm")
    with visitor(browser) as customer:
        page = customer.page(stub.tracking_url(job))
        expect(page.get_by_test_id("driver")).to_contain_text("Miguel")
        expect(page.get_by_test_id("eta")).to_contain_text("Expected around")
        stub.data.move(job.job_id, "start")
        expect_status(page, "in_progress")
        expect(page.get_by_test_id("eta")).to_have_count(0)
        expect(page.get_by_test_id("arrival")).to_contain_text("–")
        reference = page.get_by_test_id("reference")
        expect(reference).to_have_attribute("data-reference", job.job_id.upper())
        expect(reference).to_contain_text(" ".join(job.job_id[-3:].upper()))
        steps = page.get_by_test_id("pipeline").locator("[data-step]")
        states = steps.evaluate_all("nodes => nodes.map((node) => node.dataset.state)")
        assert states == ["done", "done", "current", "coming"]
        assert page.title() == "In progress · Haul & Co"


def test_the_crews_location_is_shown_only_while_the_job_is_under_way(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.plan(job.job_id, MIGUEL)
    stub.data.move(job.job_id, "confirm")
    stub.data.places[job.job_id] = rounded(45.51511, -122.6784, now() - timedelta(minutes=2))
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job))
        expect_status(page, "ready_for_pickup")
        expect(page.get_by_test_id("location")).to_have_count(0)
        assert location_requests(stub) == 0
        stub.data.move(job.job_id, "start")
        expect(page.get_by_test_id("location")).to_contain_text("Your crew’s location · 2 min")
        expect(page.get_by_role("link", name="Show on a map")).to_have_attribute(
            "href",
            "https://www.openstreetmap.org/?mlat=45.515&mlon=-122.680#map=15/45.515/-122.680",
        )
        page.get_by_role("button", name="Español").click()
        expect(page.get_by_test_id("location")).to_contain_text("Ubicación de su equipo · hace 2")
        stub.data.move(job.job_id, "complete")
        expect_status(page, "completed")
        expect(page.get_by_test_id("location")).to_have_count(0)
    assert location_requests(stub) == 1


def location_requests(stub: StubServer) -> int:
    return sum(path.endswith("/location") for _, path in stub.data.requests)


def test_photos_and_load_are_shown_once_the_job_is_completed(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.move(job.job_id, "confirm", "start")
    for kind, colour in (("after", "#4a7"), ("before", "#a64"), ("after", "#47a")):
        jpeg = saved(Image.new("RGB", (800, 600), colour), "JPEG")
        stub.data.photograph(job.job_id, kind, jpeg)  # type: ignore[arg-type]
    stub.data.jobs[job.job_id] = stub.data.jobs[job.job_id].with_change(load_size="three_quarters")
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job))
        expect_status(page, "in_progress")
        expect(page.get_by_test_id("proof")).to_have_count(0)
        stub.data.move(job.job_id, "complete")
        expect(page.get_by_test_id("load")).to_have_text("Load size: three quarters of the truck")
        pictures = page.get_by_test_id("proof").get_by_role("img")
        expect(pictures).to_have_count(3)
        assert [picture.get_attribute("alt") for picture in pictures.all()] == [
            "Before the work, photo 1 of 1",
            "After the work, photo 1 of 2",
            "After the work, photo 2 of 2",
        ]
        for picture in pictures.all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", True)
            expect(picture).to_have_js_property("naturalWidth", 800)
        page.get_by_role("button", name="Español").click()
        expect(page.get_by_test_id("proof")).to_contain_text("tres cuartos del camión")
        expect(pictures.first).to_have_attribute("alt", "Antes del trabajo, foto 1 de 1")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_axe_finds_nothing_serious_about_location_and_proof(
    browser: Browser, stub: StubServer, axe: str, viewport: ViewportSize
) -> None:
    under_way, done = stub.data.book(), stub.data.book()
    for job in (under_way, done):
        stub.data.move(job.job_id, "confirm", "start")
    stub.data.places[under_way.job_id] = rounded(45.5, -122.7, now())
    stub.data.photograph(done.job_id, "before", saved(Image.new("RGB", (80, 60), "#fff"), "JPEG"))
    stub.data.move(done.job_id, "complete")
    with visitor(browser, viewport) as customer:
        for job, shown in ((under_way, "location"), (done, "proof")):
            page = customer.page(stub.tracking_url(job))
            expect(page.get_by_test_id(shown)).to_be_visible()
            assert serious_findings(page, axe) == []


def test_a_link_opened_at_once_is_being_prepared_and_never_not_found(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.pin(job, missing=True)
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job))
        expect_scene(page, "preparing")
        stub.data.unpin(job)
        expect_status(page, "pending_pickup")


def test_an_invalid_link_says_so(browser: Browser, stub: StubServer) -> None:
    with visitor(browser, PHONE) as customer:
        page = customer.page()
        for token in ["abc", "x" * 200, "%3Cscript%3E", "AAAA%2F..%2F", ""]:
            page.goto(f"{stub.url}/track/{token}")
            expect_scene(page, "not_found")


def test_an_expired_link_shows_nothing_about_the_job(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job), patient=False)
        expect_scene(page, "job")
        stub.data.gone.add(digest_of(job.token))
        later(page, 3)
        expect_scene(page, "gone")
        expect(page.get_by_test_id("reference")).to_have_count(0)


def in_two_days() -> Schedule:
    begin = datetime.now(UTC) + timedelta(days=2)
    return Schedule(window_start=begin, window_end=begin + timedelta(hours=4))


def test_failures_and_offline_are_shown_until_they_end(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book(schedule=in_two_days())
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job), patient=False)
        expect_status(page, "pending_pickup")
        customer.context.set_offline(True)
        notice = page.get_by_test_id("notice")
        expect(notice).to_have_attribute("data-notice", "offline")
        expect(page.get_by_test_id("choice-confirm")).to_be_disabled()
        expect(page.get_by_test_id("freshness")).to_contain_text("Last update")
        stub.data.move(job.job_id, "confirm")
        customer.context.set_offline(False)
        later(page, 3)
        expect_status(page, "ready_for_pickup")
        expect(notice).to_have_count(0)
        stub.data.down = True
        later(page, 3)
        expect(notice).to_have_attribute("data-notice", "trouble")
        page.reload()
        expect_status(page, "ready_for_pickup")


def test_the_customer_confirms_and_no_older_copy_undoes_it(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book(schedule=in_two_days())
    stub.data.pin(job)
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job), patient=False)
        page.get_by_test_id("choice-confirm").click()
        expect_status(page, "ready_for_pickup")
        expect(page.get_by_test_id("said")).to_contain_text("confirmed")
        with page.expect_response("**/t/*.json"):  # the copy that is pinned to the old state
            later(page, 3)
        expect_status(page, "ready_for_pickup")
        page.reload()
        expect_status(page, "ready_for_pickup")


def test_the_customer_cancels_with_a_reason(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job))
        page.get_by_test_id("choice-cancel").click()
        dialog = page.get_by_test_id("cancel-dialog")
        page.get_by_test_id("cancel-pickup").click()
        expect(dialog).to_contain_text("tell us why")
        dialog.get_by_role("button", name="I no longer need it").click()
        page.get_by_test_id("cancel-pickup").click()
        expect_status(page, "cancelled")
    (entry,) = stub.data.jobs[job.job_id].ledger
    assert entry.actor.kind == "customer"
    assert entry.reason == "I no longer need it"


def test_a_late_move_is_reported_and_the_newest_state_is_shown(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book(schedule=in_two_days())
    stub.data.poll_s = 60
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job), patient=False)
        expect_status(page, "pending_pickup")
        stub.data.move(job.job_id, "confirm", "start")
        page.get_by_test_id("choice-confirm").click()
        later(page, 3)
        expect(page.get_by_test_id("said")).to_contain_text("changed a moment ago")
        expect_status(page, "in_progress")


def test_the_page_has_the_browsers_language_and_can_be_switched(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book(schedule=in_two_days())
    with visitor(browser, PHONE, locale="es-US") as customer:
        page = customer.page(stub.tracking_url(job))
        expect(page.get_by_test_id("status")).to_have_text("Recogida pendiente")
        assert page.evaluate("document.documentElement.lang") == "es"
        page.get_by_role("button", name="EN English").click()
        page.reload()
        expect(page.get_by_test_id("status")).to_have_text("Pending pickup")


def test_the_token_goes_nowhere_but_to_the_page_itself(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page()
        with traffic_of(page) as traffic:
            page.goto(stub.tracking_url(job))
            expect_status(page, "pending_pickup")
        told = [url for url in traffic.urls if job.token in url]
        assert told == [stub.tracking_url(job)]
        assert job.token not in page.title()
        assert job.token not in page.evaluate("JSON.stringify(localStorage)")


@pytest.mark.parametrize("name", FIRST_VIEW)
def test_the_first_view_is_small(browser: Browser, stub: StubServer, name: str) -> None:
    job = stub.data.book()
    seen = {"track": "status-banner", "book": "booking-form", "dispatch": "sign-in-form"}[name]
    with visitor(browser, PHONE) as customer:
        page = customer.page()
        with traffic_of(page) as traffic:
            page.goto(stub.tracking_url(job) if name == "track" else f"{stub.url}/{name}/")
            expect(page.get_by_test_id(seen)).to_be_visible()
        print(f"{name}: {traffic.transferred_bytes} bytes", *traffic.urls, sep="\n")
        requests, transferred_bytes = FIRST_VIEW[name]
        assert len(traffic.urls) <= requests
        assert traffic.transferred_bytes <= transferred_bytes


def test_the_first_view_of_the_board_is_small(browser: Browser, stub: StubServer) -> None:
    stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        with traffic_of(page) as traffic:
            page.reload()
            expect(page.get_by_test_id("card")).to_be_visible()
        assert len(traffic.urls) <= FIRST_VIEW["dispatch"][0], traffic.urls


@pytest.mark.parametrize(
    "name", ["book", "crew", "dispatch", "history", "ops", "reports", "settings", "track"]
)
def test_the_sources_run_without_a_build(browser: Browser, name: str) -> None:
    with StubServer(sources=True) as stub, visitor(browser, PHONE) as someone:
        job = stub.data.book()
        page = someone.page(stub.tracking_url(job) if name == "track" else f"{stub.url}/{name}/")
        seen = {"track": "status-banner", "book": "booking-form"}.get(name, "sign-in-form")
        expect(page.get_by_test_id(seen)).to_be_visible()


def test_the_token_may_be_in_the_query(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/index.html?token={job.token}")
        expect_status(page, "pending_pickup")


# Dispatch


def test_the_root_is_the_board_with_its_sign_in_form(browser: Browser, stub: StubServer) -> None:
    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/")
        page.wait_for_url("**/dispatch/")
        sign_in(page, "dana", "wrong")
        expect(page.get_by_test_id("sign-in-said")).to_contain_text("wrong")
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_test_id("empty-state")).to_contain_text("No jobs yet")
        page.reload()
        expect(page.get_by_test_id("empty-state")).to_contain_text("No jobs yet")


def test_a_card_is_dragged_by_mouse_and_by_touch(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    with visitor(browser, touch=True) as dana:
        page = at_the_board(dana, stub)
        drag(page, "Ada Wong", "ready_for_pickup")
        expect_in(page, "Ada Wong", "ready_for_pickup")
        expect(page.get_by_test_id("drawer")).to_have_count(0)
        drag_by_touch(page, "Ada Wong", "in_progress")
        expect_in(page, "Ada Wong", "in_progress")
    assert stub.data.jobs[job.job_id].status == "in_progress"


def test_a_card_is_moved_by_keyboard_and_every_step_is_announced(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        heard = page.locator("#said")
        page.get_by_role("button", name="Ada Wong", exact=True).focus()
        page.keyboard.press("Space")
        expect(heard).to_contain_text("picked up from Pending pickup")
        page.keyboard.press("ArrowRight")
        expect(heard).to_have_text("Ready for pickup")
        page.keyboard.press("Escape")
        expect(heard).to_contain_text("was not moved")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        expect_in(page, "Ada Wong", "ready_for_pickup")
        expect(page.get_by_role("button", name="Ada Wong", exact=True)).to_be_focused()
        page.keyboard.press("m")
        page.keyboard.press("Enter")
        expect_in(page, "Ada Wong", "in_progress")


def test_a_drop_on_a_wrong_column_says_where_the_card_can_go(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        drag(page, "Ada Wong", "completed")
        expect(said(page)).to_contain_text(
            "It can move to “Ready for pickup”, “On hold” or “Cancelled”"
        )
        expect_in(page, "Ada Wong", "pending_pickup")


def test_a_move_that_needs_a_reason_asks_for_it(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        drag(page, "Ada Wong", "cancelled")
        page.get_by_role("button", name="Do not move").click()
        expect_in(page, "Ada Wong", "pending_pickup")
        move_by_menu(page, "Ada Wong", "Cancel")
        give_reason(page, "Wrong address")
        expect_in(page, "Ada Wong", "cancelled")
    assert stub.data.jobs[job.job_id].ledger[0].reason == "Wrong address"


def test_a_move_that_needs_a_driver_leads_to_assigning_one(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book(flow="crewed")
    stub.data.move(job.job_id, "prepare")
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        page.locator('[data-flow="crewed"]').first.click()
        move_by_menu(page, "Ada Wong", "Start job")
        expect(said(page)).to_contain_text("needs a driver first")
        said(page).get_by_role("button", name="Assign").click()
        drawer = page.get_by_test_id("drawer")
        drawer.get_by_role("button", name="Change crew").click()
        drawer.get_by_label("Driver", exact=True).select_option("Miguel")
        drawer.get_by_role("button", name="Save").click()
        drawer.get_by_role("button", name="Start job").click()
        expect(drawer.get_by_test_id("drawer-status")).to_have_text("In progress")
    assert stub.data.jobs[job.job_id].crew == (MIGUEL,)


def test_a_lost_race_says_who_moved_the_card_and_where_to(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        expect_in(page, "Ada Wong", "pending_pickup")
        stub.data.move(job.job_id, "cancel", by=OMAR)
        drag(page, "Ada Wong", "ready_for_pickup")
        expect(said(page)).to_contain_text("omar moved Ada Wong to “Cancelled”")
        expect_in(page, "Ada Wong", "cancelled")
    assert stub.data.jobs[job.job_id].status == "cancelled"


def test_of_two_dispatchers_who_move_one_card_the_slower_one_is_told(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book()
    with visitor(browser) as dana, visitor(browser) as omar:
        hers, his = at_the_board(dana, stub), at_the_board(omar, stub, "omar")
        expect_in(his, "Ada Wong", "pending_pickup")
        drag(hers, "Ada Wong", "ready_for_pickup")
        expect_in(hers, "Ada Wong", "ready_for_pickup")
        move_by_menu(his, "Ada Wong", "Cancel")
        give_reason(his, "Customer called")
        expect(said(his)).to_contain_text("dana moved Ada Wong to “Ready for pickup”")
        expect_in(his, "Ada Wong", "ready_for_pickup")


def test_two_tabs_update_and_sign_out_together(browser: Browser, stub: StubServer) -> None:
    stub.data.book()
    with visitor(browser) as dana:
        first = at_the_board(dana, stub)
        second = dana.page(f"{stub.url}/dispatch/")
        expect_in(second, "Ada Wong", "pending_pickup")
        move_by_menu(first, "Ada Wong", "Confirm pickup")
        expect_in(second, "Ada Wong", "ready_for_pickup", timeout_s=3)
        first.get_by_test_id("sign-out").click()
        expect(second.get_by_test_id("sign-in-form")).to_be_visible()
        expect(second.get_by_test_id("card")).to_have_count(0)


def test_changes_from_elsewhere_appear_and_an_unchanged_board_costs_a_304(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser) as dana:
        page = dana.page(patient=False)
        statuses: list[int] = []
        page.on(
            "response",
            lambda answer: statuses.append(answer.status) if answer.url.endswith("/jobs") else None,
        )
        page.goto(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        expect_in(page, "Ada Wong", "pending_pickup")
        with page.expect_response("**/api/jobs"):
            later(page, 6)
        expect(page.get_by_test_id("freshness")).to_contain_text("Updated")
        stub.data.move(job.job_id, "confirm", by=OMAR)
        later(page, 6)
        expect_in(page, "Ada Wong", "ready_for_pickup")
    assert statuses[:2] == [200, 304]
    assert statuses[-1] == 200


def test_search_and_filters_show_the_matching_cards(browser: Browser, stub: StubServer) -> None:
    a_day(stub.data)
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        cards = page.get_by_test_id("card")
        expect(cards).to_have_count(12)
        expect(page.get_by_test_id("overdue")).to_have_count(3)
        page.get_by_label("Search jobs").fill("canal miguel")
        expect(cards).to_have_count(1)
        page.get_by_label("Search jobs").fill("no one at all")
        expect(page.get_by_test_id("empty-state")).to_contain_text("No job matches")
        page.get_by_role("button", name="Show all jobs").click()
        page.get_by_role("button", name="Overdue").click()
        expect(cards).to_have_count(3)


def test_the_drawer_shows_and_changes_a_job(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book(notes=(first_note("Gate is on the left", OMAR),))
    stub.data.move(job.job_id, "confirm")
    stub.data.judge(job.job_id, OMAR, {"move": "confirm", "event_id": "e-1"})
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        drawer = open_job(page, "Ada Wong")
        expect(drawer.get_by_test_id("notes")).to_contain_text("Gate is on the left")
        expect(drawer.get_by_test_id("refusal")).to_contain_text("does not allow that move")
        drawer.get_by_label("New note").fill("Beware of the dog")
        drawer.get_by_role("button", name="Add note").click()
        expect(drawer.get_by_test_id("notes")).to_contain_text("Beware of the dog")
        drawer.get_by_role("button", name="Change schedule").click()
        drawer.get_by_label("Window start").fill("2027-01-05T10:00")
        drawer.get_by_label("Window end").fill("2027-01-05T12:00")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer).to_contain_text("Tue, Jan 5")
        drawer.get_by_role("button", name="Start job").click()
        page.get_by_role("button", name="Start anyway").click()
        expect(drawer.get_by_test_id("drawer-status")).to_have_text("In progress")
        page.keyboard.press("Escape")
        expect(card(page, "Ada Wong")).to_contain_text("10:00")
        expect(page.get_by_role("button", name="Ada Wong", exact=True)).to_be_focused()


def test_an_edit_of_a_changed_job_is_refused_and_can_be_repeated(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        drawer = open_job(page, "Ada Wong")
        drawer.get_by_role("button", name="Change customer").click()
        drawer.get_by_label("Address").fill("14 Harbor Road")
        stub.data.move(job.job_id, "confirm", by=OMAR)
        drawer.get_by_role("button", name="Save").click()
        expect(drawer.get_by_test_id("edit-form")).to_contain_text("changed this job")
        expect(drawer.get_by_test_id("drawer-status")).to_have_text("Ready for pickup")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer.get_by_test_id("edit-form")).to_have_count(0)
    assert stub.data.jobs[job.job_id].place.address == "14 Harbor Road"


def test_a_new_job_gives_a_link_that_opens(browser: Browser, stub: StubServer) -> None:
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        page.get_by_test_id("new-job-button").click()
        dialog = page.get_by_test_id("new-job")
        dialog.get_by_label("Customer").fill("Bo Lind")
        dialog.get_by_label("Address").fill("9 Mill Street")
        dialog.get_by_label("Price").fill("$1,240.50")
        page.get_by_test_id("create-job").click()
        link = page.get_by_test_id("new-link").input_value()
        page.get_by_role("button", name="Done").click()
        expect_in(page, "Bo Lind", "pending_pickup")
        customer = dana.page(link)
        expect_status(customer, "pending_pickup")
    (job,) = stub.data.jobs.values()
    assert job.price_cents == 124_050


def test_the_board_says_that_it_is_offline_and_catches_up(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        dana.context.set_offline(True)
        expect(page.get_by_test_id("banner")).to_contain_text("You are offline")
        drag(page, "Ada Wong", "ready_for_pickup")
        expect(said(page)).to_contain_text("No answer for Ada Wong", timeout=8_000)
        expect_in(page, "Ada Wong", "pending_pickup")
        stub.data.move(job.job_id, "confirm", by=OMAR)
        dana.context.set_offline(False)
        expect(page.get_by_test_id("banner")).to_have_count(0)
        expect_in(page, "Ada Wong", "ready_for_pickup")


def test_an_expired_session_continues_after_the_sign_in(browser: Browser, stub: StubServer) -> None:
    stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        stub.stub.sessions.clear()
        move_by_menu(page, "Ada Wong", "Confirm pickup")
        expect(page.get_by_test_id("sign-in-form")).to_contain_text("session has ended")
        expect(page.get_by_label("Account")).to_have_value("dana")
        sign_in(page, "dana", PASSWORD)
        expect_in(page, "Ada Wong", "pending_pickup")


def test_a_driver_can_move_and_cannot_create_jobs(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    stub.data.plan(job.job_id, MIGUEL)
    stub.data.move(job.job_id, "confirm", "start")
    with visitor(browser, PHONE) as miguel:
        page = at_the_board(miguel, stub, "miguel")
        expect(page.get_by_test_id("new-job-button")).to_have_count(0)
        page.get_by_role("button", name="Move Ada Wong").click()
        moves = page.get_by_test_id("move-menu").get_by_role("menuitem")
        expect(moves).to_have_text(
            [re.compile("Complete"), re.compile("Could not"), "Open the job"]
        )


def test_several_flows_have_tabs(browser: Browser, stub: StubServer) -> None:
    stub.data.book("Ada Wong")
    stub.data.book("Bo Lind", flow="dumpster")
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        expect_in(page, "Ada Wong", "pending_pickup")
        page.get_by_role("button", name="Dumpster").click()
        expect_in(page, "Bo Lind", "pending_confirmation")
        page.reload()
        expect_in(page, "Bo Lind", "pending_confirmation")


# All pages


def test_markup_is_shown_as_text_everywhere(browser: Browser, stub: StubServer) -> None:
    with visitor(browser) as customer:
        page = customer.page(f"{stub.url}/book/")
        link = book(page, name=MARKUP, what=MARKUP, address=MARKUP)
        (job,) = stub.data.jobs.values()
        driver = Assigned(role="driver", member="mallory", first_name=MARKUP[:40])
        stub.data.plan(job.job_id, driver)
        stub.data.move(job.job_id, "confirm", reason=MARKUP, note=MARKUP)
        page.goto(link)
        expect(page.get_by_test_id("driver")).to_contain_text(MARKUP[:40])
        assert page.locator("main img, main b").count() == 0
        board = at_the_board(customer, stub)
        expect(card(board, "Bold & Sons")).to_contain_text(MARKUP)
        drawer = open_job(board, MARKUP)
        expect(drawer.get_by_test_id("history")).to_contain_text(MARKUP)
        expect(drawer.get_by_test_id("notes")).to_contain_text(MARKUP)
        assert board.locator("main img, main b, dialog img, dialog b").count() == 0
        assert "owned" not in page.title() + board.title()


def test_axe_finds_nothing_serious(browser: Browser, stub: StubServer, axe: str) -> None:
    a_day(stub.data)
    jobs = {job.customer.name: job for job in stub.data.jobs.values()}
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(jobs["Ada Wong"]))
        expect_status(page, "pending_pickup")
        assert serious_findings(page, axe) == []
        page.goto(stub.tracking_url(jobs["Marisol Vega"]))
        expect_status(page, "in_progress")
        assert serious_findings(page, axe) == []
        page.goto(f"{stub.url}/book/")
        page.get_by_test_id("submit").click()
        assert serious_findings(page, axe) == []
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        assert serious_findings(page, axe) == []
        open_job(page, "Marisol Vega")
        assert serious_findings(page, axe) == []


def test_axe_finds_nothing_serious_in_the_other_states(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    job = stub.data.book()
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stub.url}/track/abc")
        expect_scene(page, "not_found")
        assert serious_findings(page, axe) == []
        page.goto(stub.tracking_url(job))
        page.get_by_test_id("choice-cancel").click()
        assert serious_findings(page, axe) == []
        page.goto(f"{stub.url}/book/")
        book(page)
        assert serious_findings(page, axe) == []
    with visitor(browser, PHONE) as dana:
        page = dana.page(f"{stub.url}/dispatch/")
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        assert serious_findings(page, axe) == []
        sign_in(page, "dana", PASSWORD)
        page.get_by_role("button", name="Move Ada Wong").first.click()
        assert serious_findings(page, axe) == []
        page.keyboard.press("Escape")
        page.get_by_test_id("new-job-button").click()
        assert serious_findings(page, axe) == []


@pytest.mark.parametrize("path", ["/book/", "/dispatch/", "/track/"])
def test_every_page_fits_a_small_phone(browser: Browser, stub: StubServer, path: str) -> None:
    job = a_day(stub.data).book("Maximiliana Featherstonehaugh-Wolfeschlegelstein")
    with visitor(browser, {"width": 320, "height": 640}) as someone:
        page = someone.page(f"{stub.url}{path}{job.token if path == '/track/' else ''}")
        if path == "/dispatch/":
            sign_in(page, "dana", PASSWORD)
            expect(column(page, "pending_pickup")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


def test_a_customer_without_text_messages_is_marked_on_the_board(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.jobs[job.job_id] = job.with_change(texts_stopped=True)
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        expect(card(page, "Ada Wong").get_by_test_id("texts-stopped")).to_be_visible()
