"""From `haul up` to a business's first booking, in the browser alone: what people do, counted."""

import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.conftest import free_port
from tests.e2e.support.jobs import HAUL
from tests.pages.browser import PHONE, book, card, sign_in, visitor
from tests.support.pictures import saved

pytestmark = [pytest.mark.engine, pytest.mark.browser]

SLOW = 60_000
"""Milliseconds for what goes through cold functions on a busy machine."""
STARTS_WITHIN_S = 180
PASSWORD = "four words of ours"


@dataclass
class FreshCopy:
    """What `haul up` prints to someone who starts it for the first time."""

    printed: list[str] = field(default_factory=list)
    is_up: threading.Event = field(default_factory=threading.Event)

    def read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self.printed.append(line)
            if "Ctrl-C stops it" in line:
                self.is_up.set()
        self.is_up.set()  # it has ended, and what it printed says why

    def found(self, pattern: str) -> str:
        match = re.search(pattern, "".join(self.printed))
        assert match, "".join(self.printed)
        return match[1]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[FreshCopy]:
    ports = ("--port", str(free_port()), "--engine-port", str(free_port()))
    copy = FreshCopy()
    with subprocess.Popen(
        [str(HAUL), "up", "--state", str(tmp_path / "copy"), *ports],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        reader = threading.Thread(target=copy.read, args=(process,))
        reader.start()
        expect.set_options(timeout=SLOW)
        try:
            assert copy.is_up.wait(STARTS_WITHIN_S)
            yield copy
        finally:
            expect.set_options(timeout=5_000)
            process.terminate()
            process.wait(60)
            reader.join(60)


def save(page: Page) -> None:
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("unsaved")).to_have_text("All changes saved")


def invite(page: Page, name: str, role: str) -> str:
    """Add someone with that role, and return the link to give them."""
    people = page.get_by_test_id("crew")
    people.get_by_text("Add someone").click()
    add = page.get_by_role("button", name="Add", exact=True)
    form = people.locator("form").filter(has=add)  # not the open one of someone else
    form.get_by_label("Name").fill(name)
    if role != "driver":
        form.get_by_label("Driver").uncheck()
        form.get_by_label(role.title()).check()
    add.click()
    person = people.locator(f"[data-account={name.lower()}]")
    person.get_by_text(f"Change {name}").click()
    person.get_by_role("button", name="Sign-in link").click()
    return str(person.get_by_test_id("invitation").locator("input").input_value())


def accept(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Set the password and sign in").click()


def test_an_owner_sets_up_a_business_and_its_first_customer_books(
    browser: Browser, fresh: FreshCopy, tmp_path: Path
) -> None:
    site = fresh.found(r"Settings +(http://\S+)/settings/")
    account, password = fresh.found(r"sign in as (\S+) with"), fresh.found(r"password (\S+?):")
    logo = tmp_path / "logo.png"
    logo.write_bytes(saved(Image.new("RGB", (900, 300), "#c2410c"), "PNG"))
    steps: list[str] = []
    with visitor(browser) as owner:
        page = owner.page(f"{site}/settings/")
        page.set_default_timeout(SLOW)
        steps.append("sign in with what `haul up` printed")
        sign_in(page, account, password)
        setup = page.get_by_test_id("setup")
        expect(setup).to_contain_text("Finish setting up")
        steps.append("name, phone, color, zone, hours, windows, prices, and privacy: save")
        page.get_by_label("Name", exact=True).first.fill("Quick Dump")
        page.get_by_label("Phone").first.fill("(206) 555-0199")
        page.get_by_label("Accent color", exact=True).fill("#c2410c")
        page.get_by_label("Time zone").select_option("America/Los_Angeles")
        page.get_by_label("Monday, from").fill("07:00")
        prices = page.locator("#price_guide")
        prices.get_by_label("Minimum").fill("99")
        prices.get_by_label("Full load").fill("550")
        page.get_by_label("Privacy policy").fill("quick.example/privacy")
        save(page)
        steps.append("choose the logo")
        page.get_by_label("Choose a file").set_input_files(logo)
        expect(page.get_by_alt_text("Your logo")).to_be_visible()
        steps.append("add a dispatcher and copy the link")
        to_dana = invite(page, "Dana", "dispatcher")
        steps.append("add a driver and copy the link")
        to_mike = invite(page, "Mike", "driver")
        expect(setup).to_have_count(0)
    with visitor(browser, viewport=PHONE) as driver:
        steps.append("the driver chooses a password")
        page = driver.page()
        page.set_default_timeout(SLOW)
        accept(page, to_mike)
        page.wait_for_url(f"{site}/crew/")
        expect(page.get_by_test_id("logo")).to_be_visible()
    with visitor(browser, viewport=PHONE, zone="America/Los_Angeles") as customer:
        steps.append("the first customer books")
        page = customer.page(f"{site}/book/")
        page.set_default_timeout(SLOW)
        expect(page.get_by_test_id("brand")).to_contain_text("Quick Dump")
        expect(page.get_by_test_id("brand").get_by_test_id("logo")).to_be_visible()
        expect(page.get_by_test_id("call")).to_have_attribute("href", "tel:+12065550199")
        page.goto(book(page, "Ada Wong"))
        expect(page).to_have_title(re.compile("Quick Dump"))
        expect(page.get_by_test_id("brand").get_by_test_id("logo")).to_be_visible()
    with visitor(browser) as dispatcher:
        steps.append("the dispatcher chooses a password and sees the booking")
        page = dispatcher.page()
        page.set_default_timeout(SLOW)
        accept(page, to_dana)
        page.wait_for_url(f"{site}/dispatch/")
        expect(card(page, "Ada Wong")).to_be_visible()
        expect(page.get_by_test_id("logo")).to_be_visible()
    print(*steps, sep="\n")
    assert len(steps) == 8
