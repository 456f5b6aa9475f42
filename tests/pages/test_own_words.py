"""The business's own words, labels of statuses and texts: the owner sets them, others see them."""

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.browser import PHONE, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD
from tests.pages.test_settings_page import settings_page

pytestmark = pytest.mark.browser


def test_a_status_is_called_what_the_owner_says_on_every_page(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book("Ada Wong")
    with settings_page(browser, stub) as page:
        haul = page.locator("[data-flow=haul]")
        haul.locator("summary").click()
        pending = haul.locator("[data-label='haul.pending_pickup']")
        expect(pending.get_by_label("English")).to_have_attribute("placeholder", "Pending pickup")
        pending.get_by_label("English").fill("Completed")
        haul.get_by_role("button", name="Save these names").click()
        expect(pending).to_contain_text("Another status of this kind of job is called that")
        pending.get_by_label("English").fill("Waiting for you")
        requested = haul.locator("[data-label='haul.pending_pickup.requested']")
        requested.get_by_label("English").fill("Asked for")
        requested.get_by_label("Spanish").fill("Pedido por usted")
        haul.get_by_role("button", name="Save these names").click()
        expect(haul).to_contain_text("your words")
        expect(page.locator("[data-flow=dumpster]")).not_to_contain_text("your words")
    with visitor(browser, PHONE) as customer:
        page = customer.page(stub.tracking_url(job))
        expect(page.get_by_test_id("status")).to_have_text("Asked for")
        page.locator('[data-language="es"]').click()
        expect(page.get_by_test_id("status")).to_have_text("Pedido por usted")
        expect(page.get_by_test_id("pipeline")).to_contain_text("Listo para recoger")
    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible()


def test_the_owner_gets_a_test_text_in_the_words_being_typed(
    browser: Browser, stub: StubServer
) -> None:
    with settings_page(browser, stub) as page:
        late = page.locator("[data-text=late]")
        late.locator("summary").click()
        words = "{business}: Running late, see you{eta} {link}"
        late.get_by_label("English").fill(words)
        form = late.get_by_test_id("test-text")
        form.get_by_role("button", name="Send it in English").click()
        expect(form).to_contain_text("Enter the number of your own phone")
        form.get_by_label("Your own phone").fill("900 555 0123")
        form.get_by_role("button", name="Send it in English").click()
        expect(form).to_contain_text("this number gets no texts")
        form.get_by_label("Your own phone").fill("(206) 555-0123")
        form.get_by_role("button", name="Send it in English").click()
        expect(page.get_by_test_id("notices")).to_contain_text("Sent to")
    assert stub.data.test_texts == [("en", words)]
    assert stub.data.business.own_texts == {}


def test_the_owner_says_a_text_in_words_of_the_business(browser: Browser, stub: StubServer) -> None:
    with settings_page(browser, stub) as page:
        late = page.locator("[data-text=late]")
        late.locator("summary").click()
        english = late.get_by_label("English")
        expect(late).to_contain_text("running late, expected around 10:40-10:55 AM.")
        english.fill("{business}: Running late. {link}")
        expect(late).to_contain_text("keep {eta}: the text would not tell it")
        english.fill("{business}: Running late, see you{eta} 🚚 {link}")
        expect(late).to_contain_text("leave room for only 70")
        late.get_by_role("button", name="Save these words").click()
        expect(page.locator("[data-text=late]")).to_contain_text("your words")
    own = stub.data.business.own_texts
    assert {name: words.en for name, words in own.items()} == {
        "late": "{business}: Running late, see you{eta} 🚚 {link}"
    }
    assert own["late"].es is None
