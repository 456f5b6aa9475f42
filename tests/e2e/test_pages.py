"""The pages over the whole system: real API, real executions, the laptop edge, a real browser."""

import secrets
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from functions.aws.roster import DynamoAccounts
from functions.people.accounts import AccountExists, Passwords, new_account
from local.laptop import Laptop
from tests.conftest import TTL_S
from tests.e2e.support.pages import SLOW, comes_to_show, follow_link
from tests.pages.browser import (
    DESKTOP,
    PHONE,
    Visitor,
    book,
    card,
    drag,
    expect_in,
    expect_scene,
    expect_status,
    give_reason,
    move_by_menu,
    open_job,
    said,
    sign_in,
    visitor,
)

pytestmark = [pytest.mark.engine, pytest.mark.browser]

WAY = ("pending_pickup", "ready_for_pickup", "in_progress", "completed")
MARKUP = "<img src=x onerror=\"document.title='owned'\"><b>Bold & Sons</b>"


@pytest.fixture(scope="module")
def dispatchers(stack: Laptop) -> dict[str, str]:
    """Two dispatchers and their password each; Dana's account may be there from other tests."""
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    made = {}
    for name in ("dana", "omar"):
        made[name] = secrets.token_urlsafe(12)
        account = new_account(
            "main", name, name.title(), ("dispatcher",), made[name], datetime.now(UTC), Passwords()
        )
        try:
            accounts.add(account)
        except AccountExists:
            accounts.set_password("main", name, Passwords().hash(made[name]), datetime.now(UTC))
    return made


def at_the_board(
    someone: Visitor, stack: Laptop, dispatchers: dict[str, str], account: str = "dana"
) -> Page:
    page = someone.page(f"{stack.edge_url}/")
    sign_in(page, account, dispatchers[account])
    expect(page.get_by_test_id("freshness")).to_contain_text("Updated", timeout=SLOW * 1000)
    return page


def fresh_name() -> str:
    return f"Ada {secrets.token_hex(3)}"


def booked_on_a_phone(browser: Browser, stack: Laptop, name: str, **fields: str) -> str:
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stack.edge_url}/book/")
        return book(page, name=name, **fields)


def never_went_back(page: Page) -> bool:
    shown: list[str] = page.evaluate("window.shownStatuses")
    return [WAY.index(status) for status in shown] == sorted(WAY.index(s) for s in shown)


def test_booked_on_a_phone_driven_on_the_board_followed_by_the_customer(
    browser: Browser, calm: Laptop, dispatchers: dict[str, str]
) -> None:
    """Invalidations take longer than copies live; test_journey.py has the shorter lags."""
    assert calm.edge is not None
    calm.edge.controls.lag_s = 60
    name = fresh_name()
    link = booked_on_a_phone(browser, calm, name)
    with visitor(browser, PHONE) as customer, visitor(browser, DESKTOP) as dana:
        page = follow_link(customer, link)
        expect_status(page, WAY[0], SLOW)
        board = at_the_board(dana, calm, dispatchers)
        expect_in(board, name, WAY[0], SLOW)
        for status in WAY[1:]:
            drag(board, name, status)
            expect_in(board, name, status, SLOW)
        comes_to_show(page, WAY[-1], TTL_S + SLOW)
        assert never_went_back(page)


def test_an_invalidation_lost_for_good_delays_the_page_by_the_ttl_and_no_more(
    browser: Browser, calm: Laptop, dispatchers: dict[str, str]
) -> None:
    assert calm.edge is not None
    calm.edge.controls.losing = frozenset({0})
    name = fresh_name()
    link = booked_on_a_phone(browser, calm, name)
    with visitor(browser) as customer, visitor(browser) as dana:
        page = follow_link(customer, link)
        expect_status(page, WAY[0], SLOW)
        board = at_the_board(dana, calm, dispatchers)
        expect_in(board, name, WAY[0], SLOW)
        drag(board, name, WAY[1])
        comes_to_show(page, WAY[1], TTL_S + SLOW)
        assert never_went_back(page)


def test_a_link_opened_in_the_second_of_booking_is_never_not_found(
    browser: Browser, calm: Laptop
) -> None:
    """With an edge that answers 403 from its cache for a while, on top."""
    link = booked_on_a_phone(browser, calm, fresh_name())
    refused: list[str] = []

    def an_error_from_the_cache(route: Route) -> None:
        if len(refused) < 3:
            refused.append(route.request.url)
            route.fulfill(status=403, headers={"x-cache": "Error from cloudfront"}, body="")
        else:
            route.continue_()

    with visitor(browser, PHONE) as customer:
        page = customer.page()
        page.route("**/t/*.json", an_error_from_the_cache)
        page.add_init_script("""
          window.scenes = [];
          new MutationObserver(() => {
            const scene = document.querySelector('[data-testid=tracking]')?.dataset.scene;
            if (scene && window.scenes.at(-1) !== scene) window.scenes.push(scene);
          }).observe(document, {subtree: true, childList: true, attributes: true});
        """)
        page.goto(link)
        expect_scene(page, "job", SLOW)
        scenes = page.evaluate("window.scenes")
        assert scenes[-1] == "job"
        assert "not_found" not in scenes
        assert len(refused) == 3


def test_two_dispatchers_and_one_card_one_moves_it_and_one_is_told(
    browser: Browser, calm: Laptop, dispatchers: dict[str, str]
) -> None:
    name = fresh_name()
    booked_on_a_phone(browser, calm, name)
    with visitor(browser) as dana, visitor(browser) as omar:
        hers = at_the_board(dana, calm, dispatchers)
        his = at_the_board(omar, calm, dispatchers, "omar")
        expect_in(hers, name, WAY[0], SLOW)
        expect_in(his, name, WAY[0], SLOW)
        his.route("**/api/jobs", lambda route: route.abort())
        drag(hers, name, WAY[1])
        expect_in(hers, name, WAY[1], SLOW)
        move_by_menu(his, name, "Cancel")
        give_reason(his, "Customer called")
        expect(said(his)).to_contain_text(
            f"dana moved {name} to “Ready for pickup”", timeout=SLOW * 1000
        )


def test_offline_in_mid_journey_and_back(
    browser: Browser, calm: Laptop, dispatchers: dict[str, str]
) -> None:
    name = fresh_name()
    link = booked_on_a_phone(browser, calm, name)
    with visitor(browser, PHONE) as customer, visitor(browser) as dana:
        page = follow_link(customer, link)
        expect_status(page, WAY[0], SLOW)
        customer.context.set_offline(True)
        expect(page.get_by_text("offline").first).to_be_visible()
        board = at_the_board(dana, calm, dispatchers)
        expect_in(board, name, WAY[0], SLOW)
        drag(board, name, WAY[1])
        expect_in(board, name, WAY[1], SLOW)
        expect_status(page, WAY[0])
        customer.context.set_offline(False)
        comes_to_show(page, WAY[1], SLOW)


def test_names_notes_and_addresses_full_of_markup_are_text_everywhere(
    browser: Browser, calm: Laptop, dispatchers: dict[str, str]
) -> None:
    name = f"{MARKUP} {secrets.token_hex(3)}"
    link = booked_on_a_phone(browser, calm, name, what=MARKUP, address=MARKUP)
    with visitor(browser) as dana:
        board = at_the_board(dana, calm, dispatchers)
        expect_in(board, name, WAY[0], SLOW)
        expect(card(board, name)).to_contain_text(MARKUP)
        drawer = open_job(board, name)
        expect(drawer.get_by_test_id("notes")).to_contain_text(MARKUP)
        tracking = dana.page(link)
        expect_status(tracking, WAY[0], SLOW)
        for page in (board, tracking):
            assert page.locator("main img, main b, dialog img, dialog b").count() == 0
            assert "owned" not in page.title()
