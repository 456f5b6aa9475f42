"""The office is told at once what a customer has done."""

import pytest
from playwright.sync_api import Browser, expect

from events import Changes
from statemachine.values import Actor
from tests.pages.browser import sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import DANA, PASSWORD

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
