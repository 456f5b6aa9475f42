"""Chromium for tests of the pages, and what people do on them.

It works with the stub API of these tests and with the whole system.
"""

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1360, "height": 860}
ZONE = "America/New_York"
PATIENCE_MS = 30_000
"""How long a page may take on a busy machine. It costs nothing where a test passes."""
Scheme = Literal["light", "dark"]


def missing(what: str, package: str) -> NoReturn:
    """Skips the test if a program or package is missing; with CI=true that is a failure."""
    text = f"{what} is missing; install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


def chromium_program() -> str:
    """The one without windows if it is there: it takes a third of the CPU time."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        missing("Chromium", "the Debian package chromium-headless-shell")
    return program


@contextmanager
def chromium() -> Iterator[Browser]:
    program = chromium_program()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGS)
        yield browser
        browser.close()


REFUSED = ("Failed to load resource", "WebSocket connection to")


@dataclass
class Visitor:
    """One person with their own browser; `faults` has the errors in the console."""

    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    def page(self, url: str | None = None, *, patient: bool = True) -> Page:
        """A new tab; with `patient=False` its time can be moved on with `later`."""
        page = self.context.new_page()
        if not patient:
            page.clock.install()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        if url is not None:
            page.goto(url)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        """Records errors, except refused requests, which the page reports or does without."""
        text = message.text
        if message.type == "error" and not text.startswith(REFUSED):
            self.faults.append(text)

    def check(self) -> None:
        """Checks that there was no script error and no violation of the security policy."""
        assert self.faults == []


@contextmanager
def visitor(
    browser: Browser,
    viewport: ViewportSize = DESKTOP,
    *,
    scheme: Scheme = "light",
    locale: str = "en-US",
    touch: bool = False,
    zone: str = ZONE,
) -> Iterator[Visitor]:
    context = browser.new_context(
        viewport=viewport,
        color_scheme=scheme,
        locale=locale,
        timezone_id=zone,
        has_touch=touch,
        reduced_motion="reduce",
    )
    someone = Visitor(context)
    yield someone
    context.close()
    someone.check()


def later(page: Page, seconds: int) -> None:
    """Moves the page's clock forward; timers that are due fire."""
    page.clock.fast_forward(seconds * 1000)


# Booking


def fill_booking(page: Page, name: str = "Ada Wong", **fields: str) -> None:
    """Fills in the form; `fields` are `what`, `address`, `phone`."""
    page.locator("#what").fill(fields.get("what", "A sofa"))
    page.locator("#address").fill(fields.get("address", "12 Harbor Road, Portland"))
    page.locator("#name").fill(name)
    page.locator("#phone").fill(fields.get("phone", "555 555 0123"))


def book(page: Page, name: str = "Ada Wong", **fields: str) -> str:
    """Books a pickup and returns its tracking link."""
    fill_booking(page, name, **fields)
    page.get_by_test_id("submit").click()
    return booked_link(page)


def booked_link(page: Page) -> str:
    link = page.get_by_test_id("link")
    expect(link).to_be_visible()
    return link.input_value()


# Tracking


def status_on(page: Page) -> Locator:
    """The headline of the tracking page; `data-status` is its status."""
    return page.get_by_test_id("status")


def expect_status(page: Page, status: str, timeout_s: float = 8) -> None:
    expect(status_on(page)).to_have_attribute("data-status", status, timeout=timeout_s * 1000)


def expect_scene(page: Page, scene: str, timeout_s: float = 8) -> None:
    """`asking`, `preparing`, `job`, `offline`, `trouble`, `not_found`, `gone`, `insecure`."""
    tracking = page.get_by_test_id("tracking")
    expect(tracking).to_have_attribute("data-scene", scene, timeout=timeout_s * 1000)


# Dispatch


def sign_in(page: Page, account: str, password: str) -> None:
    page.get_by_label("Account").fill(account)
    page.get_by_label("Password").fill(password)
    page.get_by_test_id("sign-in").click()


def column(page: Page, status: str) -> Locator:
    return page.locator(f'[data-testid="column"][data-status="{status}"]')


def card(page: Page, customer: str) -> Locator:
    return page.get_by_test_id("card").filter(has_text=customer)


def expect_in(page: Page, customer: str, status: str, timeout_s: float = 8) -> None:
    """The card is in that column, and its move is done."""
    there = column(page, status).get_by_test_id("card").filter(has_text=customer)
    expect(there).to_be_visible(timeout=timeout_s * 1000)
    expect(there).not_to_have_attribute("aria-busy", "true", timeout=timeout_s * 1000)


def drag(page: Page, customer: str, status: str) -> None:
    """Drags the card to the column by mouse; no notice lies over the card then."""
    for dismiss in page.get_by_test_id("notices").get_by_role("button", name="Dismiss").all():
        dismiss.click()
    start, end = _centre(card(page, customer)), _centre(column(page, status))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 12, start[1] + 4, steps=2)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def drag_by_touch(page: Page, customer: str, status: str) -> None:
    """Drags the card to the column by touch, after a long press."""
    devtools = page.context.new_cdp_session(page)
    x, y = _centre(card(page, customer))
    _touch(devtools, "touchStart", x, y)
    expect(card(page, customer)).to_have_class(re.compile("lifted"))
    left = column(page, status).bounding_box()
    assert left is not None
    for step in range(1, 5):
        _touch(devtools, "touchMove", x + (left["x"] + 40 - x) * step / 4, y + step)
    _touch(devtools, "touchEnd")
    devtools.detach()


def _touch(devtools: CDPSession, kind: str, *at: float) -> None:
    points = [{"x": at[0], "y": at[1]}] if at else []
    devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _centre(locator: Locator) -> tuple[float, float]:
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 120)


def move_by_menu(page: Page, customer: str, move: str) -> None:
    """Chooses the move from the card's menu."""
    page.get_by_role("button", name=f"Move {customer}").click()
    page.get_by_role("menuitem", name=move).click()


def give_reason(page: Page, reason: str) -> None:
    dialog = page.get_by_test_id("reason-dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name="Move to").click()


def open_job(page: Page, customer: str) -> Locator:
    """Opens the card and returns its drawer once it is loaded."""
    page.get_by_role("button", name=customer, exact=True).click()
    drawer = page.get_by_test_id("drawer")
    expect(drawer.get_by_test_id("history")).to_be_visible()
    return drawer


def said(page: Page) -> Locator:
    """The newest notice."""
    return page.get_by_test_id("notices").get_by_test_id("said").last


# The day


def to_the_day(page: Page) -> None:
    """Goes from the board to today's view and waits until it is loaded."""
    page.get_by_role("group", name="View").get_by_role("button", name="Day").click()
    expect(page.get_by_test_id("rows")).to_be_visible()


def day_row(page: Page, who: str) -> Locator:
    """The row of a person or a truck, by its id."""
    return page.locator(f'[data-testid="day-row"][data-row="{who}"]')


def expect_state(page: Page, who: str, text: str, timeout_s: float = 8) -> None:
    """`text` is `free`, `busy until …`, `off today`, or on another day `2 jobs`."""
    state = day_row(page, who).get_by_test_id("state")
    expect(state).to_contain_text(text, timeout=timeout_s * 1000)


def change_crew(drawer: Locator) -> Locator:
    """Opens the crew form and waits for the roster."""
    drawer.get_by_role("button", name="Change crew").click()
    form = drawer.get_by_test_id("crew-form")
    expect(form.get_by_label("Driver")).to_be_visible()
    return form


# Measuring


def axe_script() -> str:
    """axe-core from the Python package axe-playwright-python."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        missing("axe-core", "the Python package axe-playwright-python")
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


COLORS = ["color-contrast", "link-in-text-block"]
"""The rules of axe about colors."""
STILL = """() => {
  const sheet = new CSSStyleSheet();
  const none = "transition: none !important; animation: none !important";
  sheet.replaceSync(`*, ::before, ::after { ${none} }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
"""Ends all transitions, so that a change of the scheme reaches every element at once."""
TWO_FRAMES = """async () => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
}"""


def serious_findings(page: Page, script: str) -> list[str]:
    """The serious and critical findings of axe on the current page, in light and in dark.

    Dark changes colors alone, so only the rules about them are checked in it. The page is in light
    before and after.
    """
    page.evaluate(f"() => {{ if (!window.axe) {{ {script} }} }}")
    page.evaluate(STILL)
    found = _serious(page, {})
    page.emulate_media(color_scheme="dark")
    page.evaluate(TWO_FRAMES)
    found += _serious(page, {"runOnly": COLORS})
    page.emulate_media(color_scheme="light")
    page.evaluate(TWO_FRAMES)
    return found


def _serious(page: Page, options: dict[str, Any]) -> list[str]:
    found: dict[str, Any] = page.evaluate(
        "(options) => axe.run(document, { ...options, resultTypes: ['violations'] })", options
    )
    return [
        f"{each['id']}: {node['html'][:160]} {json.dumps(node['any'][:1])[:300]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@dataclass
class Traffic:
    """What a page fetched: the addresses, and the bytes of the compressed bodies.

    Headers are not counted, because HTTP/2 compresses them to a fraction of what HTTP/1.1 sends.
    """

    urls: list[str] = field(default_factory=list)
    transferred_bytes: int = 0


@contextmanager
def traffic_of(page: Page) -> Iterator[Traffic]:
    devtools = page.context.new_cdp_session(page)
    traffic = Traffic()

    def sent(event: dict[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            traffic.urls.append(event["request"]["url"])

    def received(event: dict[str, Any]) -> None:
        traffic.transferred_bytes -= int(event["response"]["encodedDataLength"])  # the headers

    def finished(event: dict[str, Any]) -> None:
        traffic.transferred_bytes += int(event["encodedDataLength"])

    devtools.on("Network.requestWillBeSent", sent)
    devtools.on("Network.responseReceived", received)
    devtools.on("Network.loadingFinished", finished)
    devtools.send("Network.enable")
    yield traffic
    devtools.detach()
