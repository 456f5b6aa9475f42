"""The dispatcher's day view, and choosing a crew from the roster."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from events import Assignment, Changes
from functions.people.crew_location import CrewLocation
from statemachine.job.job import Assigned, Job
from statemachine.schedule.roster import DAY_OFF, Day, Hours
from tests.pages.browser import (
    DESKTOP,
    PHONE,
    Visitor,
    change_crew,
    day_row,
    expect_state,
    later,
    open_job,
    serious_findings,
    sign_in,
    to_the_day,
    visitor,
)
from tests.pages.day import BEN, MIGUEL, TASHA, a_day, a_roster
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import DANA, PASSWORD, StubData, an_account, now
from tests.pages.stub_roster import moment, today

pytestmark = pytest.mark.browser

HOUR = timedelta(hours=1)
TODAY = today()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def data(stub: StubServer) -> StubData:
    return a_roster(stub.data)


def at_the_day(
    someone: Visitor,
    stub: StubServer,
    query: str = "",
    account: str = "dana",
    *,
    patient: bool = True,
) -> Page:
    page = someone.page(f"{stub.url}/dispatch/?view=day{query}", patient=patient)
    sign_in(page, account, PASSWORD)
    expect(page.get_by_test_id("rows")).to_be_visible()
    return page


def tomorrow(data: StubData, customer: str, begin: str, end: str, *crew: Assigned) -> Job:
    """A job of four hours: two of them do not fit if their windows overlap."""
    job = data.book(customer)
    data.jobs[job.job_id] = job.with_change(duration_minutes=240)
    window = {"window_start": moment(TOMORROW, begin), "window_end": moment(TOMORROW, end)}
    return data.plan(job.job_id, *crew, **window)


# Who is where


def test_everyone_who_can_be_assigned_has_a_row_with_their_state(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    job = data.book("Marisol Vega")
    data.plan(job.job_id, MIGUEL, window_start=now() - HOUR, window_end=now() + HOUR)
    with visitor(browser) as dana:
        page = at_the_day(dana, stub)
        expect_state(page, "miguel", "busy until")
        expect_state(page, "tasha", "free")
        expect_state(page, "rosa", "off today")
        expect(page.get_by_test_id("day-title")).to_contain_text("Today")
        expect(day_row(page, "miguel").get_by_test_id("block")).to_have_text(re.compile("Marisol"))
        expect(day_row(page, "t1")).to_contain_text("Truck 1 (Isuzu)")
        expect(day_row(page, "dana")).to_have_count(0)
        place = day_row(page, "miguel").get_by_role("link", name="Location of Miguel")
        expect(place).to_have_attribute(
            "href", re.compile(r"^https://www\.openstreetmap\.org/\?mlat=45\.520&mlon=-122\.680")
        )
        expect(place).to_contain_text(re.compile("[34] min ago"))


def test_a_job_on_the_day_opens_the_drawer_and_gives_the_focus_back(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    tomorrow(data, "Marisol Vega", "09:00", "11:00", MIGUEL)
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        expect_state(page, "miguel", "1 job")
        block = day_row(page, "miguel").get_by_test_id("block")
        expect(block).to_have_accessible_name(re.compile("Marisol Vega, Driver, 9:00.*11:00.AM"))
        block.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("drawer").get_by_test_id("history")).to_be_visible()
        page.keyboard.press("Escape")
        expect(block).to_be_focused()


def test_jobs_without_driver_or_truck_and_without_window_are_listed(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    tomorrow(data, "Marisol Vega", "09:00", "11:00", MIGUEL)
    tomorrow(data, "Jonah Price", "12:00", "13:00")
    data.book("Ada Wong")
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        lacking = page.get_by_test_id("open-jobs").get_by_role("listitem")
        expect(lacking).to_have_text([re.compile("Marisol.*no truck"), re.compile("no driver")])
        expect(page.get_by_test_id("unplanned-jobs")).to_contain_text("Ada Wong")
        lacking.nth(1).get_by_role("button").first.click()
        form = change_crew(page.get_by_test_id("drawer"))
        form.get_by_label("Driver").select_option("Tasha Green")
        form.get_by_label("Truck").select_option("Truck 2 (Ford)")
        form.get_by_role("button", name="Save").click()
        expect(form).to_be_hidden()
        page.keyboard.press("Escape")
        expect(lacking).to_have_count(1)
        expect(day_row(page, "tasha").get_by_test_id("block")).to_contain_text("Jonah Price")
        expect(day_row(page, "t2").get_by_test_id("block")).to_contain_text("Jonah Price")


def test_view_and_day_are_in_the_address_for_reload_and_back(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        to_the_day(page)
        turn = page.get_by_role("button", name="Next day")
        turn.focus()
        page.keyboard.press("Enter")
        expect(turn).to_be_focused()
        expect(page.get_by_test_id("day-title")).not_to_contain_text("Today")
        expect(page).to_have_url(re.compile(rf"\?view=day&date={TOMORROW}$"))
        page.reload()
        expect(page.get_by_test_id("day-title")).to_contain_text(f" {TOMORROW.day}")
        expect_state(page, "rosa", "no jobs")
        page.go_back()
        expect_state(page, "rosa", "off today")
        page.go_back()
        expect(page.get_by_test_id("day")).to_be_hidden()
        expect(page).to_have_url(f"{stub.url}/dispatch/")


def test_on_a_phone_the_week_shows_the_day_that_is_chosen(
    browser: Browser, stub: StubServer
) -> None:
    sunday = TODAY + timedelta(days=6 - TODAY.weekday())
    with visitor(browser, PHONE) as dana:
        page = at_the_day(dana, stub, f"&date={sunday}")
        chosen = page.get_by_test_id("week").locator("[aria-current=date]")
        expect(chosen).to_be_in_viewport(ratio=0.9)


def test_a_change_from_elsewhere_appears_on_the_day(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    job = tomorrow(data, "Marisol Vega", "09:00", "11:00", MIGUEL)
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}", patient=False)
        expect_state(page, "tasha", "no jobs")
        crew = Changes(crew=(Assignment(role="driver", member="tasha"),))
        data.edit(job.job_id, DANA, crew)
        later(page, 10)
        expect_state(page, "tasha", "1 job")
        expect_state(page, "miguel", "no jobs")


def test_crew_who_may_not_read_the_roster_stay_on_the_board(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    with visitor(browser) as miguel:
        page = miguel.page(f"{stub.url}/dispatch/?view=day")
        sign_in(page, "miguel", PASSWORD)
        expect(page.get_by_test_id("freshness")).to_contain_text("Updated")
        expect(page.get_by_role("group", name="View")).to_be_hidden()
        expect(page.get_by_test_id("day")).to_have_count(0)
    assert ("GET", "/api/crew") not in data.requests


def test_a_supervisor_sees_the_day_but_cannot_change_hours(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    with visitor(browser) as tasha:
        page = at_the_day(tasha, stub, account="tasha")
        expect_state(page, "rosa", "off today")
        expect(page.get_by_role("button", name="Hours of")).to_have_count(0)


def test_a_day_that_cannot_be_read_says_so_and_is_read_later(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    with visitor(browser) as dana:
        page = dana.page(patient=False)
        page.route("**/api/crew*", lambda route: route.fulfill(status=503, body="{}"))
        page.goto(f"{stub.url}/dispatch/?view=day")
        sign_in(page, "dana", PASSWORD)
        expect(page.get_by_test_id("day")).to_contain_text("cannot be loaded", timeout=20_000)
        page.unroute_all()
        later(page, 60)
        expect_state(page, "rosa", "off today", timeout_s=30)


def test_a_roster_that_cannot_be_updated_stays_with_its_age(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, patient=False)
        page.route("**/api/crew*", lambda route: route.fulfill(status=403, body="{}"))
        data.book("Ada Wong")
        later(page, 10)
        expect(page.get_by_text("could not be updated")).to_be_visible(timeout=15_000)
        expect_state(page, "rosa", "off today")
        page.unroute_all()
        later(page, 60)
        expect(page.get_by_text("could not be updated")).to_be_hidden(timeout=15_000)


def test_the_roster_is_removed_for_the_next_person(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    with visitor(browser) as shared:
        page = at_the_day(shared, stub)
        page.get_by_test_id("sign-out").click()
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        assert "Rosa" not in page.content()
        sign_in(page, "miguel", PASSWORD)
        expect(page.get_by_test_id("freshness")).to_contain_text("Updated")
        assert "Rosa" not in page.content()


# Hours


def test_a_day_off_and_hours_are_set_and_reset_from_the_day(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    key = ("tasha", TOMORROW.isoformat())
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        hours = page.get_by_role("button", name="Hours of Tasha Green")
        hours.click()
        page.get_by_label("Off").check()
        page.get_by_role("button", name="Save").click()
        expect_state(page, "tasha", "off")
        assert data.roster.days[key] == DAY_OFF
        expect(hours).to_be_focused()
        hours.click()
        page.get_by_label("Available at these hours").check()
        page.get_by_label("From").fill("07:00")
        page.get_by_label("until").fill("11:30")
        page.get_by_role("button", name="Add hours").click()
        expect(page.get_by_label("From").last).to_be_focused()
        page.get_by_role("button", name="Remove these hours").last.click()
        page.get_by_label("Supervisor").uncheck()
        page.get_by_role("button", name="Save").click()
        expect(day_row(page, "tasha")).to_contain_text(re.compile("only driver.*7:00.*11:30.AM"))
        assert data.roster.days[key] == Day(
            hours=(Hours(begin="07:00", end="11:30"),), roles=("driver",)
        )
        hours.click()
        page.get_by_label("Available all day").check()
        page.get_by_label("Supervisor").check()
        page.get_by_role("button", name="Save").click()
        expect(day_row(page, "tasha")).not_to_contain_text("only driver")
    assert key not in data.roster.days


def test_invalid_hours_are_refused_and_stay_in_the_form(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    with visitor(browser) as dana:
        page = at_the_day(dana, stub)
        day_row(page, "ben").locator(".track").click(position={"x": 8, "y": 8})
        dialog = page.get_by_test_id("day-dialog")
        dialog.get_by_label("until").fill("07:00")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_test_id("day-said")).to_contain_text("must be different")
        expect(dialog.get_by_label("until")).to_have_value("07:00")
        page.keyboard.press("Escape")
    assert data.roster.days[("ben", TODAY.isoformat())].hours[0].end == "12:00"


# Crew from the roster


def test_the_list_says_who_is_off_or_has_no_time(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    data.roster.days[("rosa", TOMORROW.isoformat())] = DAY_OFF
    data.roster.days[("ben", TOMORROW.isoformat())] = Day(
        hours=(Hours(begin="07:00", end="10:00"),)
    )
    taken = tomorrow(data, "Marisol Vega", "09:00", "11:00", MIGUEL)
    data.jobs[taken.job_id] = taken.with_change(truck="t1")
    tomorrow(data, "Jonah Price", "10:00", "12:00")
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        page.get_by_test_id("open-jobs").get_by_text("Jonah Price").click()
        form = change_crew(page.get_by_test_id("drawer"))
        driver = form.get_by_label("Driver").get_by_role("option")
        expect(driver).to_have_text(
            [
                "No one",
                re.compile(r"Miguel Santos \(on Marisol Vega, 9:00.*11:00.AM\)"),
                "Tasha Green",
                "Rosa Lind (off that day)",
            ]
        )
        mates = form.get_by_label("Helper", exact=True).get_by_role("option")
        expect(mates.filter(has_text="Ben")).to_have_text(re.compile("available 7:00.*10:00.AM"))
        trucks = form.get_by_label("Truck").get_by_role("option")
        expect(trucks.filter(has_text="Truck 1")).to_have_text(re.compile("on Marisol Vega"))


def test_a_refused_assignment_shows_the_reason_and_keeps_the_choice(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    """Tasha is free when the form opens, and on another job when it is saved."""
    job = tomorrow(data, "Jonah Price", "10:00", "12:00")
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        page.get_by_test_id("open-jobs").get_by_text("Jonah Price").click()
        form = change_crew(page.get_by_test_id("drawer"))
        form.get_by_label("Driver").select_option("Tasha Green")
        form.get_by_label("Helper", exact=True).select_option("Ben Ito")
        tomorrow(data, "Marisol Vega", "09:00", "11:00", TASHA)
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("Tasha is already on Marisol Vega then.")
        expect(form.get_by_label("Driver")).to_have_value("tasha")
        expect(form.get_by_label("Helper", exact=True)).to_have_value("ben")
        form.get_by_label("Driver").select_option("Miguel Santos")
        form.get_by_role("button", name="Save").click()
        expect(form).to_be_hidden()
        expect(page.get_by_test_id("drawer")).to_contain_text("Miguel · Driver")
    assert data.jobs[job.job_id].crew == (MIGUEL, BEN)


def test_what_does_not_fit_is_saved_with_a_reason(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    tomorrow(data, "Marisol Vega", "09:00", "11:00", TASHA)
    job = tomorrow(data, "Jonah Price", "10:00", "12:00")
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        page.get_by_test_id("open-jobs").get_by_text("Jonah Price").click()
        form = change_crew(page.get_by_test_id("drawer"))
        form.get_by_label("Driver").select_option("tasha")
        form.get_by_role("button", name="Save").click()
        form.get_by_label("Reason to save anyway").fill("Ben drives the first one")
        form.get_by_role("button", name="Save anyway").click()
        expect(form).to_be_hidden()
    assert data.jobs[job.job_id].edits[-1].reason == "Ben drives the first one"


def test_a_job_is_dragged_onto_a_person_who_has_time(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    tomorrow(data, "Marisol Vega", "09:00", "11:00", TASHA)
    job = tomorrow(data, "Jonah Price", "10:00", "12:00")
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        held = page.get_by_test_id("open-jobs").get_by_text("Jonah Price")
        held.hover()
        page.mouse.down()
        day_row(page, "miguel").hover()
        expect(day_row(page, "miguel").get_by_test_id("fit")).to_have_text("fits")
        expect(day_row(page, "tasha").get_by_test_id("fit")).to_have_text(
            "no time beside Marisol Vega"
        )
        page.mouse.up()
        expect(day_row(page, "miguel").get_by_test_id("block")).to_contain_text("Jonah Price")
        expect(page.get_by_test_id("fit")).to_have_count(0)
    assert data.jobs[job.job_id].crew == (MIGUEL,)


def test_a_job_is_assigned_by_keyboard_and_an_override_needs_a_reason(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    tomorrow(data, "Marisol Vega", "09:00", "11:00", TASHA)
    job = tomorrow(data, "Jonah Price", "10:00", "12:00")
    with visitor(browser) as dana:
        page = at_the_day(dana, stub, f"&date={TOMORROW}")
        page.get_by_role("button", name="Assign Jonah Price").press("Enter")
        dialog = page.get_by_test_id("assign-dialog")
        choices = dialog.get_by_label("To").get_by_role("option")
        expect(choices.filter(has_text="Tasha")).to_have_text(
            "Tasha Green (no time beside Marisol Vega)"
        )
        dialog.get_by_label("To").select_option(label="Tasha Green (no time beside Marisol Vega)")
        dialog.get_by_role("button", name="Assign").press("Enter")
        expect(dialog).to_contain_text("Tasha is already on Marisol Vega then.")
        dialog.get_by_label("Reason to assign anyway").fill("Ben drives the first one")
        page.keyboard.press("Enter")
        expect(day_row(page, "tasha").get_by_test_id("block")).to_have_count(2)
    assert data.jobs[job.job_id].crew == (TASHA,)


def test_the_crew_stays_when_only_the_truck_changes(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    """Rosa is off now, and a person who left the roster is still assigned."""
    gone = Assigned(role="first_mate", member="gone", first_name="Gus")
    rosa = Assigned(role="driver", member="rosa", first_name="Rosa")
    job = tomorrow(data, "Jonah Price", "10:00", "12:00", rosa, gone)
    data.roster.days[("rosa", TOMORROW.isoformat())] = DAY_OFF
    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        drawer = open_job(page, "Jonah Price")
        form = change_crew(drawer)
        expect(form.get_by_label("Driver")).to_have_value("rosa")
        expect(form.get_by_label("Helper", exact=True)).to_have_value("gone")
        form.get_by_label("Truck").select_option("Truck 2 (Ford)")
        form.get_by_role("button", name="Save").click()
        expect(drawer).to_contain_text("Truck 2 (Ford)")
        assert data.jobs[job.job_id].crew == (rosa, gone)
        assert data.jobs[job.job_id].truck == "t2"
        form = change_crew(drawer)
        form.get_by_label("Truck").select_option("None")
        form.get_by_role("button", name="Save").click()
        expect(form).to_be_hidden()
    assert data.jobs[job.job_id].truck is None


def test_a_roster_that_cannot_be_read_is_an_error_in_the_drawer_and_can_be_retried(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    data.book("Ada Wong")
    with visitor(browser) as dana:
        page = dana.page(f"{stub.url}/dispatch/")

        def refuse(route: Route) -> None:
            route.fulfill(status=403, body='{"title": "Your roles do not allow this"}')

        page.route("**/api/crew*", refuse)
        sign_in(page, "dana", PASSWORD)
        drawer = open_job(page, "Ada Wong")
        drawer.get_by_role("button", name="Change crew").click()
        expect(drawer.get_by_role("alert").first).to_contain_text("could not be read")
        page.unroute_all()
        drawer.get_by_role("button", name="Try again").click()
        expect(drawer.get_by_label("Driver")).to_be_visible()
        expect(drawer).to_contain_text("no arrival window yet")


# For everyone


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_day_is_accessible(
    browser: Browser, stub: StubServer, axe: str, viewport: ViewportSize
) -> None:
    a_roster(a_day(stub.data))
    with visitor(browser, viewport) as dana:
        page = at_the_day(dana, stub)
        assert serious_findings(page, axe) == []
        width = page.evaluate("document.querySelector('.day').scrollWidth")
        assert width <= viewport["width"]
        page.get_by_role("button", name="Hours of Ben").click()
        expect(page.get_by_test_id("day-dialog")).to_be_visible()
        assert serious_findings(page, axe) == []
        page.keyboard.press("Escape")
        page.get_by_test_id("open-jobs").get_by_role("button").first.click()
        form = change_crew(page.get_by_test_id("drawer"))
        assert serious_findings(page, axe) == []
        inside = form.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert inside


def test_a_name_with_markup_is_shown_as_text(
    browser: Browser, stub: StubServer, data: StubData
) -> None:
    markup = "<img src=x onerror=alert(1)>"
    data.accounts["eve"] = an_account("eve", markup, "driver")
    data.roster.crew_location["eve"] = CrewLocation(latitude=1, longitude=2, at=datetime.now(UTC))
    with visitor(browser) as dana:
        page = at_the_day(dana, stub)
        expect(day_row(page, "eve")).to_contain_text(markup)
        expect(page.locator("img[src=x]")).to_have_count(0)
