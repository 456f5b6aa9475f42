"""The ops page in Chromium: problems are seen at once and repaired from the page."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect

from tests.pages.browser import (
    DESKTOP,
    PHONE,
    Visitor,
    later,
    said,
    serious_findings,
    sign_in,
    visitor,
)
from tests.pages.day import a_day
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD, an_account
from tests.pages.stub_ops import a_dead_letter, with_trouble

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=\"document.title='owned'\">"


def at_ops(someone: Visitor, stub: StubServer, *, patient: bool = True) -> Page:
    page = someone.page(f"{stub.url}/ops/", patient=patient)
    sign_in(page, "olga", PASSWORD)
    expect(health(page)).to_be_visible()
    return page


def health(page: Page) -> Locator:
    return page.get_by_test_id("health")


def trouble(page: Page, job_id: str) -> Locator:
    return page.locator(f'[data-testid="trouble"][data-job="{job_id}"]')


def confirm(page: Page, act: str, *says: str) -> None:
    """Checks that the dialog has all texts of `says`, then presses the button."""
    dialog = page.get_by_test_id("confirm")
    for text in says:
        expect(dialog).to_contain_text(text)
    dialog.get_by_role("button", name=act).click()


def posts(stub: StubServer) -> list[str]:
    return [path for method, path in stub.data.requests if method == "POST" and "/ops/" in path]


def test_without_problems_the_headline_says_so(browser: Browser, stub: StubServer) -> None:
    stub.data.book()
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text(re.compile("No problems"))
        expect(page.get_by_test_id("part-trouble")).to_contain_text("No job is overdue or stuck")


def test_the_flow_shows_the_jobs_in_each_status_with_their_oldest_age_and_what_is_overdue(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book(minutes_ago=3 * 24 * 60)
    stub.data.book(minutes_ago=90)
    job = stub.data.book(minutes_ago=500)
    stub.data.move(job.job_id, "confirm", minutes_ago=130)
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("1 job overdue")
        box = page.locator('.box[data-status="pending_pickup"]')
        expect(box.locator(".box-count")).to_have_text("2")
        expect(box.locator(".box-age")).to_have_text("oldest 3 d")
        expect(box.locator(".box-late")).to_have_text("1 overdue")
        other = page.locator('.box[data-status="ready_for_pickup"]')
        expect(other.locator(".box-age")).to_have_text("oldest 2 h 10 min")
        assert page.locator(".arrow").count() > 5
        expect(page.get_by_test_id("flow-words")).to_contain_text("Completed: 0 jobs")


BOARD = ("statuses", "time_in_status", "visibility_delays", "board_jobs", "invalidations")


def test_unread_sources_are_listed_and_the_rest_is_shown(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    a_dead_letter(stub.data, stub.data.book())

    def without_board(route: Route) -> None:
        answer = route.fetch()
        told = {name: part for name, part in answer.json().items() if name not in BOARD}
        incomplete = ["board: not read (Corrupt)", "invalidations: not read (Unavailable)"]
        route.fulfill(response=answer, json=told | {"incomplete": incomplete})

    with visitor(browser) as olga:
        olga.context.route("**/api/ops", without_board)
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("1 failed message, 2 sources not read")
        expect(page.get_by_test_id("unread")).to_contain_text("board: not read (Corrupt)")
        for part in ("trouble", "flow", "stays", "visible", "snapshot", "invalidations"):
            expect(page.get_by_test_id(f"part-{part}")).to_contain_text("Not read")
        expect(page.get_by_test_id("part-executions")).to_contain_text("Running")
        assert serious_findings(page, axe) == []
        olga.context.unroute("**/api/ops")
        page.reload()
        expect(health(page)).to_have_text("1 failed message")
        expect(page.get_by_test_id("unread")).to_be_hidden()


def test_a_job_that_is_overdue_and_stuck_is_listed_once_with_both_problems(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book(minutes_ago=3 * 24 * 60)
    stub.data.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("1 job overdue, 1 stuck")
        expect(trouble(page, job.job_id)).to_have_count(1)
        expect(trouble(page, job.job_id)).to_contain_text("stuck for 3 d, overdue for 1 d")


def test_a_flow_can_be_chosen_and_the_choice_is_remembered(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book()
    stub.data.book(flow="dumpster")
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Dumpster").click()
        expect(page.locator('.box[data-status="dumped"]')).to_be_visible()
        page.reload()
        expect(page.locator('.box[data-status="dumped"]')).to_be_visible()


def test_a_stuck_job_is_repaired_and_the_page_says_what_happens_before_and_after(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("1 stuck")
        expect(trouble(page, job.job_id)).to_contain_text("Keeps failing")
        trouble(page, job.job_id).get_by_role("button", name="Repair").click()
        confirm(
            page,
            "Repair",
            f"Repair {job.job_id}?",
            "a new one continues from “Pending pickup”",
            "no text message is sent twice",
            "with the same id",
        )
        expect(said(page)).to_contain_text("a new execution continues")
        expect(trouble(page, job.job_id)).to_have_count(0)
        expect(page.get_by_role("heading", name="Jobs with problems")).to_be_focused()
        expect(health(page)).to_have_text(re.compile("No problems"))
    assert stub.data.stuck == {}
    assert posts(stub) == [f"/api/ops/jobs/{job.job_id}/repair"]


def test_a_repair_can_be_cancelled(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    stub.data.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        trouble(page, job.job_id).get_by_role("button", name="Repair").click()
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("confirm")).to_have_count(0)
        trouble(page, job.job_id).get_by_role("button", name="Repair").click()
        confirm(page, "Cancel")
        expect(trouble(page, job.job_id).get_by_role("button", name="Repair")).to_be_focused()
    assert posts(stub) == []


def test_a_repair_that_cannot_help_says_why(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    stub.data.stuck[job.job_id] = "corrupt"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(trouble(page, job.job_id)).to_contain_text("Status unknown")
        trouble(page, job.job_id).get_by_role("button", name="Repair").click()
        confirm(page, "Repair", "continues from the job’s current status")
        expect(said(page)).to_contain_text("a stored object cannot be read")
        expect(trouble(page, job.job_id)).to_be_visible()


def test_after_a_lost_answer_the_repair_is_not_repeated(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    stub.data.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route("**/repair", lose)
        trouble(page, job.job_id).get_by_role("button", name="Repair").click()
        confirm(page, "Repair")
        expect(said(page)).to_contain_text("may or may not have been made")
        expect(trouble(page, job.job_id)).to_have_count(0)
    assert len(posts(stub)) == 1


def test_failed_messages_are_read_redriven_and_deleted(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    for detail in ("It answered 503", "It answered 500", "The number cannot be reached"):
        a_dead_letter(stub.data, job, detail=detail)
    a_dead_letter(stub.data, job, queue="publish_board")
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("4 failed messages")
        page.get_by_role("button", name="Failed messages of send SMS").click()
        letters = page.get_by_test_id("dead-letters")
        expect(letters.get_by_test_id("dead-letter")).to_have_count(3)
        expect(letters).to_contain_text("The number cannot be reached")
        last = letters.get_by_test_id("dead-letter").filter(has_text="cannot be reached")
        last.get_by_role("button", name="Delete").click()
        confirm(page, "Delete", "Delete 1 message?", "cannot be restored")
        expect(said(page)).to_contain_text("1 message deleted")
        letters.get_by_role("button", name="Redrive these 2").click()
        confirm(page, "Redrive", "Redrive 2 messages?", "not done twice")
        expect(said(page)).to_contain_text("2 messages redriven")
        expect(letters.get_by_test_id("dead-letter")).to_have_count(0)
        expect(health(page)).to_have_text("1 failed message")
    assert [letter.queue for letter in stub.data.letters] == ["publish_board"]
    assert posts(stub) == [
        "/api/ops/dead-letters/send_sms/discard",
        "/api/ops/dead-letters/send_sms/redrive",
    ]


def test_messages_that_are_not_shown_can_be_redriven_too(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    for _ in range(103):
        a_dead_letter(stub.data, job)
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Failed messages of send SMS").click()
        letters = page.get_by_test_id("dead-letters")
        expect(letters.get_by_test_id("dead-letter")).to_have_count(100)
        letters.get_by_role("button", name="Redrive all in the queue").click()
        confirm(page, "Redrive", "Redrive all messages of this queue?", "At most 100")
        expect(said(page)).to_contain_text("100 messages redriven. 3 are left in the queue")
        expect(letters.get_by_test_id("dead-letter")).to_have_count(3)


def test_a_message_that_someone_else_took_is_reported(browser: Browser, stub: StubServer) -> None:
    a_dead_letter(stub.data, stub.data.book())
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Failed messages of send SMS").click()
        send = page.get_by_test_id("dead-letter").get_by_role("button", name="Redrive")
        expect(send).to_be_visible()
        stub.data.letters.clear()
        send.click()
        confirm(page, "Redrive")
        expect(said(page)).to_contain_text("1 could not be found")


def test_a_jobs_timeline_is_found_by_its_id_and_can_be_filtered(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book(minutes_ago=60)
    stub.data.move(job.job_id, "confirm", minutes_ago=30)
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        field = page.get_by_label("Show a job")
        field.fill("no such thing")
        field.press("Enter")
        expect(page.get_by_text("A job id looks like")).to_be_visible()
        field.fill(job.job_id.upper())
        field.press("Enter")
        expect(page).to_have_url(re.compile(f"#job={job.job_id}$"))
        expect(page.get_by_test_id("verdict")).to_have_attribute("data-verdict", "well")
        expect(page.get_by_test_id("line")).to_have_count(4)
        page.get_by_role("button", name="Moved").click()
        expect(page.get_by_test_id("line")).to_have_count(1)
        expect(page.get_by_test_id("timeline-count")).to_have_text("1 of 4 events")
        page.get_by_role("button", name="Moved").click()
        page.get_by_label("Rev").select_option("1")
        expect(page.get_by_test_id("line")).to_have_text(re.compile("Booked"))
        page.get_by_label("Actor").select_option("dispatcher dana")
        page.get_by_label("Until", exact=True).fill("2020-01-01T00:00:00")
        expect(page.get_by_test_id("line")).to_have_count(0)
        page.go_back()
        expect(page.get_by_test_id("overview")).to_be_visible()


def test_a_timeline_begins_with_problems_and_missing_sources(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    stub.data.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("link", name=f"Show {job.job_id}").click()
        verdict = page.get_by_test_id("verdict")
        expect(verdict).to_contain_text("Its last three executions have died")
        expect(verdict).to_contain_text("This timeline is incomplete")
        page.get_by_test_id("timeline").get_by_role("button", name="Repair").click()
        confirm(page, "Repair")
        expect(verdict).to_have_attribute("data-verdict", "well")
        page.get_by_role("link", name="← Overview").click()
        expect(page.get_by_test_id("overview")).to_be_visible()


def test_a_link_to_a_timeline_opens_it_after_the_sign_in(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser) as olga:
        page = olga.page(f"{stub.url}/ops/#job=261121-7k3m2q")
        sign_in(page, "olga", PASSWORD)
        expect(page.get_by_test_id("timeline")).to_contain_text("there is no such job")


def test_the_page_updates_automatically_and_says_when_it_cannot(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser) as olga:
        page = at_ops(olga, stub, patient=False)
        stub.data.stuck[job.job_id] = "keeps_failing"
        later(page, 17)
        expect(health(page)).to_have_text("1 stuck")
        stub.data.down = True
        later(page, 17)
        expect(page.get_by_test_id("banner")).to_contain_text("cannot be reached")
        with page.expect_response("**/api/ops"):
            later(page, 20)
        expect(page.get_by_test_id("freshness")).to_contain_text(re.compile(r"As of \d\d s ago"))
        expect(trouble(page, job.job_id)).to_be_visible()
        stub.data.down = False
        page.context.set_offline(True)
        expect(page.get_by_test_id("banner")).to_contain_text("You are offline")
        page.context.set_offline(False)
        expect(page.get_by_test_id("banner")).to_have_count(0)


def test_a_redraw_keeps_the_focused_button(browser: Browser, stub: StubServer) -> None:
    job = stub.data.book()
    stub.data.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub, patient=False)
        # The page is drawn again every minute, because it shows ages.
        later(page, 61 - int(page.evaluate("Date.now() / 1000 % 60")))
        button = trouble(page, job.job_id).get_by_role("button", name="Repair")
        button.focus()
        held = button.element_handle()
        with page.expect_response("**/api/ops"):
            later(page, 17)
        expect(page.get_by_test_id("freshness")).to_contain_text("As of")
        assert held is not None
        assert held.evaluate("(button) => button.isConnected")
        stub.data.stuck[job.job_id] = "corrupt"
        with page.expect_response("**/api/ops"):
            later(page, 17)
        expect(trouble(page, job.job_id)).to_contain_text("Cannot be read")
        expect(button).to_be_focused()


def test_people_without_the_role_are_refused_and_see_nothing(
    browser: Browser, stub: StubServer
) -> None:
    with_trouble(a_day(stub.data))
    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/ops/")
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_role("heading", name="This page is for ops")).to_be_visible()
        expect(page.get_by_test_id("overview")).to_have_count(0)
        assert ("GET", "/api/ops") not in stub.data.requests
        assert page.evaluate("fetch('/api/ops').then((answer) => answer.status)") == 403
        page.get_by_role("link", name="Go to the board").click()
        expect(page.get_by_test_id("toolbar")).not_to_contain_text("Ops")


def test_people_with_both_roles_go_from_board_to_ops_and_back(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("link", name="Board").click()
        expect(page.get_by_test_id("new-job-button")).to_be_visible()
        page.get_by_role("link", name="Ops").click()
        expect(health(page)).to_be_visible()


def test_after_an_expired_session_another_person_sees_their_own_page(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.accounts["otto"] = an_account("otto", "Otto", "ops")
    with visitor(browser) as olga:
        page = at_ops(olga, stub, patient=False)
        expect(page.get_by_role("link", name="Board")).to_be_visible()
        stub.stub.sessions.clear()
        later(page, 17)
        expect(page.get_by_test_id("sign-in-form")).to_contain_text("Your session has ended")
        sign_in(page, "otto", PASSWORD)
        expect(health(page)).to_be_visible()
        expect(page.get_by_role("link", name="Board")).to_have_count(0)
        page.get_by_test_id("sign-out").click()
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        expect(page.get_by_test_id("toolbar")).not_to_contain_text("Otto")


def test_a_timeline_that_was_open_when_the_session_expired_is_read_again(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.data.book()
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_label("Show a job").fill(job.job_id)
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("line")).to_have_count(2)
        stub.stub.sessions.clear()
        stub.data.move(job.job_id, "confirm")
        page.get_by_role("button", name="Refresh").click()
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        sign_in(page, "olga", PASSWORD)
        expect(page.get_by_test_id("line")).to_have_count(4)


def test_markup_in_messages_is_shown_as_text(browser: Browser, stub: StubServer) -> None:
    a_dead_letter(stub.data, stub.data.book(), reason=MARKUP, detail=MARKUP)
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Failed messages of send SMS").click()
        expect(page.get_by_test_id("dead-letter")).to_contain_text(MARKUP)
        assert page.locator("main img").count() == 0
        assert "owned" not in page.title()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing_serious(
    browser: Browser, stub: StubServer, axe: str, viewport: ViewportSize
) -> None:
    with_trouble(a_day(stub.data))
    with visitor(browser, viewport) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Failed messages of send SMS").click()
        expect(page.get_by_test_id("dead-letter")).to_have_count(2)
        assert serious_findings(page, axe) == []
        page.get_by_role("button", name="Repair").first.click()
        assert serious_findings(page, axe) == []
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Show 2").first.click()
        expect(page.get_by_test_id("line").first).to_be_visible()
        page.get_by_test_id("timeline-filter").evaluate("(filter) => { filter.open = true; }")
        assert serious_findings(page, axe) == []


def test_axe_finds_nothing_serious_where_someone_is_refused(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    with visitor(browser, PHONE) as dana:
        page = dana.page(f"{stub.url}/ops/")
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        assert serious_findings(page, axe) == []
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_role("heading", name="This page is for ops")).to_be_visible()
        assert serious_findings(page, axe) == []


def test_the_page_fits_a_small_phone(browser: Browser, stub: StubServer) -> None:
    with_trouble(a_day(stub.data))
    with visitor(browser, {"width": 320, "height": 640}) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Failed messages of send SMS").click()
        expect(page.get_by_test_id("dead-letter")).to_have_count(2)
        too_wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(too_wide) <= 0
        page.get_by_role("link", name="Show 2").first.click()
        expect(page.get_by_test_id("line").first).to_be_visible()
        assert page.evaluate(too_wide) <= 0
