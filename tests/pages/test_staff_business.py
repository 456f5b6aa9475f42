"""The business on the pages of those who work there, and what its owner still has to set up."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.browser import DESKTOP, PHONE, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_business import change
from tests.pages.stub_data import PASSWORD

pytestmark = pytest.mark.browser
LOOKS = {"name": "Quick Dump", "accent_color": "#c2410c", "phone": "+15555550123"}
ORANGE = "rgb(194, 65, 12)"


def test_the_board_has_the_name_and_the_color_of_the_business(
    browser: Browser, stub: StubServer
) -> None:
    change(stub.data, **LOOKS)
    stub.data.book("Ada Wong")
    with visitor(browser, DESKTOP) as dispatcher:
        page = dispatcher.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        toolbar = page.get_by_test_id("toolbar")
        expect(toolbar.locator(".brand")).to_have_text(re.compile("Quick Dump$"))
        expect(page.get_by_test_id("new-job-button")).to_have_css("background-color", ORANGE)
        expect(page).to_have_title("Board · Quick Dump")
        expect(toolbar.get_by_role("link", name="Settings")).to_have_count(0)
        expect(page.get_by_test_id("setup")).to_have_count(0)


def test_an_owner_sees_on_the_board_what_is_missing_and_works_as_a_dispatcher(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book("Ada Wong")
    with visitor(browser, DESKTOP) as owner:
        page = owner.page(f"{stub.url}/dispatch/")
        sign_in(page, "olivia", PASSWORD)
        expect(page.get_by_test_id("new-job-button")).to_be_visible()
        setup = page.get_by_test_id("setup")
        expect(setup).to_contain_text("Finish setting up: 3 left")
        link = setup.get_by_role("link", name="Link your privacy policy")
        expect(link).to_have_attribute("href", "/settings/#privacy_url")
        page.get_by_role("link", name="Settings").click()
        page.get_by_label("Phone").fill("5555550123")
        page.get_by_label("Privacy policy").fill("quick.example/privacy")
        page.get_by_label("Accent color", exact=True).fill("#c2410c")
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("unsaved")).to_have_text("All changes saved")
        page.get_by_role("link", name="Board").click()
        expect(page.get_by_test_id("new-job-button")).to_have_css("background-color", ORANGE)
        expect(setup).to_have_count(0)


def test_the_crew_page_has_the_name_of_the_business_also_without_signal(
    browser: Browser, stub: StubServer
) -> None:
    change(stub.data, **LOOKS)
    with visitor(browser, PHONE, locale="es-MX") as crew:
        page = crew.page(f"{stub.url}/crew/")
        page.get_by_label("Cuenta").fill("miguel")
        page.get_by_label("Contraseña").fill(PASSWORD)
        page.get_by_test_id("sign-in").click()
        brand = page.locator(".top .brand")
        expect(brand).to_have_text(re.compile("Quick Dump$"))
        expect(page.get_by_test_id("call")).to_have_text("Llamar a la oficina")
        expect(page.get_by_test_id("call")).to_have_attribute("href", "tel:+15555550123")
        page.route("**/api/businesses/**", lambda route: route.abort())
        page.reload()
        expect(brand).to_have_text(re.compile("Quick Dump$"))
        expect(page).to_have_title(re.compile(" · Quick Dump$"))
