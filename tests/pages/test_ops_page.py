"""The ops page in Chromium: what is wrong is seen at once, and repaired from the page."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

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
from tests.pages.page_world import PASSWORD, an_account
from tests.pages.stub_api import StubServer
from tests.pages.stub_ops import a_letter, with_trouble

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
    """The dialog says all of `says`; then it is done."""
    dialog = page.get_by_test_id("confirm")
    for text in says:
        expect(dialog).to_contain_text(text)
    dialog.get_by_role("button", name=act).click()


def posts(stub: StubServer) -> list[str]:
    return [path for method, path in stub.world.requests if method == "POST" and "/ops/" in path]


def test_a_calm_day_is_one_calm_line(browser: Browser, stub: StubServer) -> None:
    stub.world.book()
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text(re.compile("All is well"))
        expect(page.get_by_test_id("part-trouble")).to_contain_text("No job is overdue or stuck")


def test_the_flow_shows_the_jobs_in_each_status_with_their_oldest_age_and_what_is_overdue(
    browser: Browser, stub: StubServer
) -> None:
    stub.world.book(minutes_ago=3 * 24 * 60)
    stub.world.book(minutes_ago=90)
    job = stub.world.book(minutes_ago=500)
    stub.world.move(job.job_id, "confirm", minutes_ago=130)
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


def test_what_could_not_be_read_is_said_and_the_rest_is_shown(
    browser: Browser, stub: StubServer, axe: str
) -> None:
    a_letter(stub.world, stub.world.book())

    def without_board(route: Route) -> None:
        answer = route.fetch()
        told = {name: part for name, part in answer.json().items() if name not in BOARD}
        incomplete = ["board: not read (Corrupt)", "invalidations: not read (Unavailable)"]
        route.fulfill(response=answer, json=told | {"incomplete": incomplete})

    with visitor(browser) as olga:
        olga.context.route("**/api/ops", without_board)
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("1 dead letter, 2 sources not read")
        expect(page.get_by_test_id("unread")).to_contain_text("board: not read (Corrupt)")
        for part in ("trouble", "flow", "stays", "visible", "snapshot", "invalidations"):
            expect(page.get_by_test_id(f"part-{part}")).to_contain_text("Not read")
        expect(page.get_by_test_id("part-executions")).to_contain_text("Running")
        assert serious_findings(page, axe) == []
        olga.context.unroute("**/api/ops")
        page.reload()
        expect(health(page)).to_have_text("1 dead letter")
        expect(page.get_by_test_id("unread")).to_be_hidden()


def test_a_job_that_is_both_overdue_and_stuck_is_one_job_with_two_troubles(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book(minutes_ago=3 * 24 * 60)
    stub.world.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("1 job overdue, 1 stuck")
        expect(trouble(page, job.job_id)).to_have_count(1)
        expect(trouble(page, job.job_id)).to_contain_text("stuck for 3 d, overdue for 1 d")


def test_several_flows_are_chosen_from_and_the_choice_is_kept(
    browser: Browser, stub: StubServer
) -> None:
    stub.world.book()
    stub.world.book(flow="dumpster")
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Dumpster").click()
        expect(page.locator('.box[data-status="dumped"]')).to_be_visible()
        page.reload()
        expect(page.locator('.box[data-status="dumped"]')).to_be_visible()


def test_a_stuck_job_is_redriven_from_the_page_which_says_before_and_after_what_happens(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    stub.world.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("1 stuck")
        expect(trouble(page, job.job_id)).to_contain_text("Keeps failing")
        trouble(page, job.job_id).get_by_role("button", name="Redrive").click()
        confirm(
            page,
            "Redrive",
            f"Redrive {job.job_id}?",
            "a new one continues from “Pending pickup”",
            "no text is sent twice",
            "under the same id",
        )
        expect(said(page)).to_contain_text("a new execution carries on")
        expect(trouble(page, job.job_id)).to_have_count(0)
        expect(page.get_by_role("heading", name="Jobs in trouble")).to_be_focused()
        expect(health(page)).to_have_text(re.compile("All is well"))
    assert stub.world.stuck == {}
    assert posts(stub) == [f"/api/ops/jobs/{job.job_id}/repair"]


def test_nothing_is_redriven_by_whoever_thinks_better_of_it(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    stub.world.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        trouble(page, job.job_id).get_by_role("button", name="Redrive").click()
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("confirm")).to_have_count(0)
        trouble(page, job.job_id).get_by_role("button", name="Redrive").click()
        confirm(page, "Leave it")
        expect(trouble(page, job.job_id).get_by_role("button", name="Redrive")).to_be_focused()
    assert posts(stub) == []


def test_a_redrive_that_cannot_help_says_why(browser: Browser, stub: StubServer) -> None:
    job = stub.world.book()
    stub.world.stuck[job.job_id] = "corrupt"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(trouble(page, job.job_id)).to_contain_text("Status unknown")
        trouble(page, job.job_id).get_by_role("button", name="Redrive").click()
        confirm(page, "Redrive", "continues from where the job stands")
        expect(said(page)).to_contain_text("a stored object cannot be read")
        expect(trouble(page, job.job_id)).to_be_visible()


def test_a_lost_answer_is_told_and_the_redrive_not_repeated(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    stub.world.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route("**/repair", lose)
        trouble(page, job.job_id).get_by_role("button", name="Redrive").click()
        confirm(page, "Redrive")
        expect(said(page)).to_contain_text("not known whether it was done")
        expect(trouble(page, job.job_id)).to_have_count(0)
    assert len(posts(stub)) == 1


def test_dead_letters_are_read_sent_again_and_thrown_away(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    for detail in ("It answered 503", "It answered 500", "The number cannot be reached"):
        a_letter(stub.world, job, detail=detail)
    a_letter(stub.world, job, queue="publish_board")
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        expect(health(page)).to_have_text("4 dead letters")
        page.get_by_role("button", name="Dead letters of send messages").click()
        letters = page.get_by_test_id("letters")
        expect(letters.get_by_test_id("letter")).to_have_count(3)
        expect(letters).to_contain_text("The number cannot be reached")
        last = letters.get_by_test_id("letter").filter(has_text="cannot be reached")
        last.get_by_role("button", name="Throw away").click()
        confirm(page, "Throw away", "Throw away 1 letter?", "no one can bring it back")
        expect(said(page)).to_contain_text("1 letter thrown away")
        letters.get_by_role("button", name="Send these 2 again").click()
        confirm(page, "Send again", "Send 2 letters again?", "not done twice")
        expect(said(page)).to_contain_text("2 letters sent again")
        expect(letters.get_by_test_id("letter")).to_have_count(0)
        expect(health(page)).to_have_text("1 dead letter")
    assert [letter.queue for letter in stub.world.letters] == ["publish_board"]
    assert posts(stub) == [
        "/api/ops/dead-letters/send_sms/discard",
        "/api/ops/dead-letters/send_sms/redrive",
    ]


def test_more_letters_than_can_be_shown_are_meant_as_a_whole(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    for _ in range(103):
        a_letter(stub.world, job)
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Dead letters of send messages").click()
        letters = page.get_by_test_id("letters")
        expect(letters.get_by_test_id("letter")).to_have_count(100)
        letters.get_by_role("button", name="Send all in the queue again").click()
        confirm(page, "Send again", "Send all letters of this queue again?", "A hundred at most")
        expect(said(page)).to_contain_text("100 letters sent again. 3 left in the queue")
        expect(letters.get_by_test_id("letter")).to_have_count(3)


def test_a_letter_that_someone_else_took_is_told(browser: Browser, stub: StubServer) -> None:
    a_letter(stub.world, stub.world.book())
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Dead letters of send messages").click()
        send = page.get_by_test_id("letter").get_by_role("button", name="Send again")
        expect(send).to_be_visible()
        stub.world.letters.clear()
        send.click()
        confirm(page, "Send again")
        expect(said(page)).to_contain_text("1 could not be found")


def test_a_job_is_explained_by_its_id_and_its_story_filtered(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book(minutes_ago=60)
    stub.world.move(job.job_id, "confirm", minutes_ago=30)
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        field = page.get_by_label("Explain a job")
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
        expect(page.get_by_test_id("story-count")).to_have_text("1 of 4 lines")
        page.get_by_role("button", name="Moved").click()
        page.get_by_label("Rev").select_option("1")
        expect(page.get_by_test_id("line")).to_have_text(re.compile("Booked"))
        page.get_by_label("Who").select_option("dispatcher dana")
        page.get_by_label("Until").fill("2020-01-01T00:00:00")
        expect(page.get_by_test_id("line")).to_have_count(0)
        page.go_back()
        expect(page.get_by_test_id("overview")).to_be_visible()


def test_a_story_says_first_what_is_wrong_and_what_it_does_not_know(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    stub.world.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("link", name=f"Explain {job.job_id}").click()
        verdict = page.get_by_test_id("verdict")
        expect(verdict).to_contain_text("Its last three executions have died")
        expect(verdict).to_contain_text("This story is incomplete")
        page.get_by_test_id("story").get_by_role("button", name="Redrive").click()
        confirm(page, "Redrive")
        expect(verdict).to_have_attribute("data-verdict", "well")
        page.get_by_role("link", name="Overview").click()
        expect(page.get_by_test_id("overview")).to_be_visible()


def test_a_link_to_a_story_opens_it_after_signing_in_and_an_unknown_job_is_told(
    browser: Browser, stub: StubServer
) -> None:
    with visitor(browser) as olga:
        page = olga.page(f"{stub.url}/ops/#job=261121-7k3m2q")
        sign_in(page, "olga", PASSWORD)
        expect(page.get_by_test_id("story")).to_contain_text("there is no such job")


def test_the_page_follows_by_itself_and_says_when_it_cannot(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    with visitor(browser) as olga:
        page = at_ops(olga, stub, patient=False)
        stub.world.stuck[job.job_id] = "keeps_failing"
        later(page, 17)
        expect(health(page)).to_have_text("1 stuck")
        stub.world.down = True
        later(page, 17)
        expect(page.get_by_test_id("banner")).to_contain_text("cannot be reached")
        with page.expect_response("**/api/ops"):
            later(page, 20)
        expect(page.get_by_test_id("freshness")).to_contain_text(re.compile(r"As of \d\d s ago"))
        expect(trouble(page, job.job_id)).to_be_visible()
        stub.world.down = False
        page.context.set_offline(True)
        expect(page.get_by_test_id("banner")).to_contain_text("You are offline")
        page.context.set_offline(False)
        expect(page.get_by_test_id("banner")).to_have_count(0)


def test_a_redraw_takes_nothing_from_under_the_finger(browser: Browser, stub: StubServer) -> None:
    job = stub.world.book()
    stub.world.stuck[job.job_id] = "keeps_failing"
    with visitor(browser) as olga:
        page = at_ops(olga, stub, patient=False)
        # Each minute it is drawn again anyway, for what it says of ages.
        later(page, 61 - int(page.evaluate("Date.now() / 1000 % 60")))
        button = trouble(page, job.job_id).get_by_role("button", name="Redrive")
        button.focus()
        held = button.element_handle()
        with page.expect_response("**/api/ops"):
            later(page, 17)
        expect(page.get_by_test_id("freshness")).to_contain_text("As of")
        assert held is not None
        assert held.evaluate("(button) => button.isConnected")
        stub.world.stuck[job.job_id] = "corrupt"
        with page.expect_response("**/api/ops"):
            later(page, 17)
        expect(trouble(page, job.job_id)).to_contain_text("Cannot be read")
        expect(button).to_be_focused()


def test_people_without_the_role_are_refused_in_words_and_shown_nothing(
    browser: Browser, stub: StubServer
) -> None:
    with_trouble(a_day(stub.world))
    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/ops/")
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_role("heading", name="This page is for ops")).to_be_visible()
        expect(page.get_by_test_id("overview")).to_have_count(0)
        assert ("GET", "/api/ops") not in stub.world.requests
        assert page.evaluate("fetch('/api/ops').then((answer) => answer.status)") == 403
        page.get_by_role("link", name="To the board").click()
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


def test_a_session_that_ended_is_taken_up_again_where_it_was(
    browser: Browser, stub: StubServer
) -> None:
    stub.world.accounts["otto"] = an_account("otto", "Otto", "ops")
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


def test_a_story_that_was_open_when_the_session_ended_is_read_again(
    browser: Browser, stub: StubServer
) -> None:
    job = stub.world.book()
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_label("Explain a job").fill(job.job_id)
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("line")).to_have_count(2)
        stub.stub.sessions.clear()
        stub.world.move(job.job_id, "confirm")
        page.get_by_role("button", name="Read again").click()
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        sign_in(page, "olga", PASSWORD)
        expect(page.get_by_test_id("line")).to_have_count(4)


def test_markup_in_letters_is_shown_as_text(browser: Browser, stub: StubServer) -> None:
    a_letter(stub.world, stub.world.book(), reason=MARKUP, detail=MARKUP)
    with visitor(browser) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Dead letters of send messages").click()
        expect(page.get_by_test_id("letter")).to_contain_text(MARKUP)
        assert page.locator("main img").count() == 0
        assert "owned" not in page.title()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing_serious(
    browser: Browser, stub: StubServer, axe: str, scheme: str, viewport: dict[str, int]
) -> None:
    with_trouble(a_day(stub.world))
    dark = scheme == "dark"
    size = PHONE if viewport["width"] == PHONE["width"] else DESKTOP
    with visitor(browser, size, scheme="dark" if dark else "light") as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Dead letters of send messages").click()
        expect(page.get_by_test_id("letter")).to_have_count(2)
        assert serious_findings(page, axe) == []
        page.get_by_role("button", name="Redrive").first.click()
        assert serious_findings(page, axe) == []
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Explain 2").first.click()
        expect(page.get_by_test_id("line").first).to_be_visible()
        page.get_by_test_id("story-filter").evaluate("(filter) => { filter.open = true; }")
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


def test_the_page_is_not_wider_than_a_small_phone(browser: Browser, stub: StubServer) -> None:
    with_trouble(a_day(stub.world))
    with visitor(browser, {"width": 320, "height": 640}) as olga:
        page = at_ops(olga, stub)
        page.get_by_role("button", name="Dead letters of send messages").click()
        expect(page.get_by_test_id("letter")).to_have_count(2)
        too_wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(too_wide) <= 0
        page.get_by_role("link", name="Explain 2").first.click()
        expect(page.get_by_test_id("line").first).to_be_visible()
        assert page.evaluate(too_wide) <= 0
