"""The drawer at the side of the board: one time zone for all, and the proof of service."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from functions.messages.phone_numbers import digest_of
from statemachine.messages.conversation import Conversation, ConversationMessage
from tests.pages.browser import PHONE, Visitor, open_job, serious_findings, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import DANA, PASSWORD, now
from tests.pages.stub_roster import ZONE
from tests.support.pictures import saved

pytestmark = pytest.mark.browser

WINDOW = {
    "window_start": datetime(2027, 1, 5, 15, 0, tzinfo=UTC),
    "window_end": datetime(2027, 1, 5, 17, 0, tzinfo=UTC),
}
"""10 AM to 12 PM in New York, where the business is; 7 to 9 AM in Los Angeles."""


def at_the_board(someone: Visitor, stub: StubServer) -> Page:
    page = someone.page(f"{stub.url}/dispatch/")
    sign_in(page, "dana", PASSWORD)
    return page


def test_a_dispatcher_in_another_zone_sees_and_sets_the_business_time(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.plan(job.job_id, **WINDOW)
    with visitor(browser, zone="America/Los_Angeles") as dana:
        page = at_the_board(dana, stub)
        drawer = open_job(page, "Ada Wong")
        expect(drawer).to_contain_text("Tue, Jan 5, 2027, 10:00")
        expect(drawer).to_contain_text("All times are Eastern Time")
        drawer.get_by_role("button", name="Change schedule").click()
        expect(drawer.get_by_label("Window start")).to_have_value("2027-01-05T10:00")
        drawer.get_by_label("Window end").fill("2027-01-05T13:00")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer).to_contain_text("10:00 AM – 1:00 PM")
    schedule = stub.data.jobs[job.job_id].schedule
    assert schedule.window_start == WINDOW["window_start"]
    assert schedule.window_end == WINDOW["window_end"] + timedelta(hours=1)


def test_an_action_without_signal_has_its_own_time_in_the_drawer(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    done = now() - timedelta(hours=4)
    stub.data.judge(job.job_id, DANA, {"move": "confirm", "event_id": "e", "occurred_at": done})
    with visitor(browser) as dana:
        drawer = open_job(at_the_board(dana, stub), "Ada Wong")
        moved = drawer.get_by_test_id("history").get_by_role("listitem").first
        expect(moved).to_contain_text(f"{done.astimezone(ZoneInfo(ZONE)):%-I:%M}")
        expect(moved).to_contain_text("sent ")


def test_the_drawer_shows_the_proof_and_takes_the_load_size(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    job = stub.data.book()
    stub.data.move(job.job_id, "confirm", "start")
    jpeg = saved(Image.new("RGB", (800, 600), "#4a7"), "JPEG")
    stub.data.photograph(job.job_id, "before", jpeg)
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        drawer = open_job(page, "Ada Wong")
        photo = drawer.get_by_role("img", name="Before the work, photo 1 of 1")
        photo.scroll_into_view_if_needed()
        expect(photo).to_have_js_property("naturalWidth", 800)
        drawer.get_by_role("button", name="Change proof").click()
        drawer.get_by_label("Load size").select_option("half")
        drawer.get_by_role("button", name="Save").click()
        expect(drawer).to_contain_text("Load: half")
        assert serious_findings(page, axe) == []
    assert stub.data.jobs[job.job_id].load_size == "half"


def test_a_move_that_requires_proof_shows_what_is_missing(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.move(job.job_id, "confirm", "start")
    refusal = {"type": "/problems/proof-missing", "title": "that move needs photos", "status": 409}
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        page.route("**/moves", lambda route: route.fulfill(status=409, json=refusal))
        page.get_by_role("button", name="Move Ada Wong").click()
        page.get_by_role("menuitem", name=re.compile("^Complete")).click()
        expect(page.get_by_test_id("said")).to_contain_text("that move needs photos")
        page.get_by_role("button", name="Show what is missing").click()
        expect(page.get_by_test_id("drawer")).to_contain_text("No photos yet")


def test_the_fields_of_a_new_job_fit_its_dialog(browser: Browser, stub: StubServer) -> None:
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        page.get_by_test_id("new-job-button").click()
        dialog = page.get_by_test_id("new-job")
        expect(dialog.get_by_label("Price")).to_be_visible()
        boxes = [field.bounding_box() for field in dialog.locator(".input").all()]
        whole = dialog.bounding_box()
    assert whole
    ends = sorted(box["x"] + box["width"] for box in boxes if box)
    assert len(ends) == 11
    assert ends[-1] <= whole["x"] + whole["width"] - 24


def test_a_dispatcher_reads_and_answers_a_customer_on_a_phone(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    job = stub.data.book()
    phone = job.customer.phone
    assert phone
    digest = digest_of("main", phone)
    empty = Conversation(tenant="main", digest=digest, phone=phone, version=1)
    wrote = ConversationMessage(
        message_id="in-1", at=now(), sender="customer", text="<b>Gate is open</b>", to_read=True
    )
    stub.data.conversations[digest] = empty.added(wrote)
    with visitor(browser, PHONE) as dana:
        page = at_the_board(dana, stub)
        drawer = open_job(page, "Ada Wong")
        talk = drawer.get_by_test_id("messages")
        expect(talk).to_contain_text("<b>Gate is open</b>")
        drawer.get_by_label("Ready-made reply").select_option(index=4)
        text = drawer.get_by_label("Text the customer")
        expect(text).to_have_value("Thanks! We have noted it for the crew.")
        expect(drawer.get_by_test_id("length")).to_contain_text("47 characters")
        drawer.get_by_test_id("send-text").click()
        expect(talk.locator("[data-from=office]")).to_contain_text("dana · sent")
        expect(text).to_have_value("")
        assert serious_findings(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    kept = stub.data.conversations[digest]
    assert kept.unread == 0
    assert [each.sender for each in kept.messages] == ["customer", "office"]


def test_a_dispatcher_replaces_and_revokes_the_tracking_link(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    job = stub.data.book()
    with visitor(browser) as dana:
        page = at_the_board(dana, stub)
        drawer = open_job(page, "Ada Wong")
        for choice, says in (("replace", "Give it only to the customer"), ("revoke", "revoked")):
            drawer.get_by_role("button", name="Change tracking link").click()
            drawer.get_by_label("What to do").select_option(choice)
            assert serious_findings(page, axe) == []
            drawer.get_by_role("button", name="Save").click()
            expect(drawer.get_by_test_id("link-state")).to_contain_text(says)
        expect(drawer.get_by_test_id("copy-link")).to_have_count(0)
    stored = stub.data.jobs[job.job_id]
    assert stored.token != job.token
    assert stored.link.revoked
