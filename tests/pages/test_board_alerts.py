"""The office is told at once what a customer has done."""

import pytest
from playwright.sync_api import Browser, expect

from events import Changes
from functions.messages.phone_numbers import digest_of
from statemachine.messages.conversation import Conversation, ConversationMessage
from statemachine.values.values import Actor
from tests.pages.browser import PATIENCE_MS, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import DANA, PASSWORD, now

pytestmark = pytest.mark.browser
CUSTOMER = Actor(kind="customer", id="link")


def test_a_message_is_shown_at_once_and_opens_its_job(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book("Ada Wong")
    other = stub.data.book("Bo Lind")
    with visitor(browser) as desk:
        desk.context.grant_permissions(["notifications"])
        page = desk.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        expect(page.locator(".card")).to_have_count(2)
        stub.data.edit(other.job_id, DANA, Changes(note="I called"))
        stub.data.edit(job.job_id, CUSTOMER, Changes(note="Mind the dog"))
        notice = page.get_by_test_id("said")
        expect(notice).to_have_text("Message from the customer: Ada WongOpen", timeout=30_000)
        page.get_by_test_id("alerts").click()
        dialog = page.get_by_test_id("alerts-dialog")
        dialog.get_by_label("Play a sound").check()
        dialog.get_by_label("Show the browser’s notification").check()
        dialog.get_by_role("button", name="Done").click()
        page.get_by_test_id("alerts").click()
        expect(dialog.get_by_label("Play a sound")).to_be_checked()
        page.keyboard.press("Escape")
        notice.get_by_role("button", name="Open").click()
        expect(page.get_by_test_id("drawer")).to_contain_text("Mind the dog")


def test_a_message_of_a_number_without_a_job_is_told_read_and_answered(
    browser: Browser, stub: StubServer
) -> None:
    phone = "+12065550188"
    digest = digest_of("main", phone)
    with visitor(browser) as desk:
        page = desk.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
        empty = Conversation(tenant="main", digest=digest, phone=phone, version=1)
        wrote = ConversationMessage(
            message_id="in-1", at=now(), sender="customer", text="Do you take pianos?", to_read=True
        )
        stub.data.conversations[digest] = empty.added(wrote)
        notice = page.get_by_test_id("said")
        expect(notice).to_have_text("Message from a number ending in 0188Open", timeout=PATIENCE_MS)
        notice.get_by_role("button", name="Open").click()
        talk = page.get_by_test_id("messages-dialog")
        expect(talk).to_contain_text("Do you take pianos?")
        talk.get_by_label("Text the customer").fill("Yes, we do.")
        talk.get_by_test_id("send-text").click()
        expect(talk.locator("[data-from=office]")).to_contain_text("Yes, we do.")
