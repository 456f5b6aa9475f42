"""The logo: set by the owner, shown on every page, refused where it is none."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from tests.pages.browser import visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_business import change
from tests.pages.test_settings_page import expect_saved, save, settings_page
from tests.support.pictures import saved

pytestmark = pytest.mark.browser


def test_a_logo_is_set_shown_on_every_page_and_removed(
    browser: Browser, stub: StubServer, tmp_path: Path
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(saved(Image.new("RGB", (900, 300), "#c2410c"), "PNG"))
    with settings_page(browser, stub) as page:
        page.get_by_label("Name", exact=True).fill("Typed meanwhile")
        page.get_by_label("Choose a file").set_input_files(file)
        expect(page.get_by_alt_text("Your logo")).to_have_js_property("naturalWidth", 360)
        expect(page.get_by_test_id("preview-booking").get_by_test_id("logo")).to_be_visible()
        expect(page.get_by_label("Name", exact=True)).to_have_value("Typed meanwhile")
        save(page)
        expect_saved(page)
        for path in ("/book/", "/dispatch/", "/crew/"):
            page.goto(f"{stub.url}{path}")
            logo = page.get_by_test_id("logo")
            expect(logo).to_have_js_property("complete", value=True)
            assert logo.evaluate("logo => [logo.width, logo.height]") == [96, 32]
        page.goto(f"{stub.url}/settings/")
        page.get_by_role("button", name="Remove the logo").click()
        expect(page.get_by_alt_text("Your logo")).to_have_count(0)
    assert stub.data.business.logo is None


def test_a_file_that_is_no_logo_is_refused_beside_the_field(
    browser: Browser, stub: StubServer, tmp_path: Path
) -> None:
    with settings_page(browser, stub) as page:
        for name, content, why in (
            ("logo.svg", b"<svg/>", "SVG is not accepted"),
            ("logo.exe", b"MZ", "Choose a picture: PNG, JPEG, or WebP."),
            ("logo.png", bytes(8_000_000), "The file has 8.0 MB; a logo has at most 2 MB."),
            ("logo.jpg", b"<svg/>", "the logo is no picture that can be read"),
        ):
            (tmp_path / name).write_bytes(content)
            page.get_by_label("Choose a file").set_input_files(tmp_path / name)
            expect(page.locator("#logo")).to_contain_text(why)
    assert stub.data.business.version == 7


def test_a_page_leaves_room_for_the_logo_before_it_comes_and_asks_for_none_without(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser) as customer:
        page = customer.page(f"{stub.url}/book/")
        expect(page.get_by_test_id("brand")).to_contain_text("Haul & Co")
    assert [path for _, path in stub.data.requests if path.startswith("/logos/")] == []
    gone = f"/logos/main/261121-{'a' * 32}.png"
    change(stub.data, logo={"path": gone, "width": 360, "height": 120})
    with visitor(browser) as customer:
        page = customer.page("about:blank")
        on_their_way: list[Route] = []
        page.route("**/logos/**", lambda route: on_their_way.append(route))
        page.goto(f"{stub.url}/book/", wait_until="domcontentloaded")
        logo = page.get_by_test_id("logo")
        expect(logo).to_have_js_property("width", 96)
        assert logo.evaluate("logo => logo.height") == 32
        on_their_way[0].continue_()
        expect(logo).to_be_hidden()  # its file is gone: the name stands alone
        expect(page.get_by_test_id("brand")).to_contain_text("Haul & Co")
