"""The crew's page over the whole system: a phone that loses its signal, real photos, real jobs."""

import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from local.laptop import Laptop
from statemachine.values.ids import digest_of
from tests.e2e.support.jobs import haul, until
from tests.e2e.support.pages import (
    PASSWORD,
    SLOW,
    Person,
    booked,
    fresh_name,
    given_to,
    job_of,
    moved,
    no_signal,
    signed_in,
    someone,
)
from tests.pages.browser import (
    PHONE,
    Visitor,
    change_crew,
    day_row,
    expect_state,
    expect_status,
    visitor,
)
from tests.pages.test_crew_page import (
    could_not_complete,
    kept,
    of,
    phone,
    press_next,
    take_photo,
    waiting,
)
from tests.support.pictures import CAMERA, GPS, a_phone_photo, markers_of, opened

pytestmark = [pytest.mark.engine, pytest.mark.browser]


def on_the_roster(stack: Laptop, name: str) -> Person:
    """A driver, added as an office does it."""
    account = f"{name.lower()}_{secrets.token_hex(3)}"
    words = ("--name", f"{name} Santos", "--role", "driver", "--password", PASSWORD)
    added = haul(stack, "crew", "add", account, *words)
    assert added.returncode == 0, added.stderr
    return Person(account, f"{name} Santos")


def test_a_day_without_signal_arrives_whole_once_and_in_order(
    browser: Browser, stack: Laptop, tmp_path: Path
) -> None:
    """The browser is closed meanwhile, and the office cancels a job that the crew has started."""
    miguel, ada, bo = on_the_roster(stack, "Miguel"), fresh_name(), fresh_name("Bo")
    short = {"duration_minutes": 15}  # both fit now, so that neither is tomorrow's late in the day
    job_id = given_to(stack, booked(stack, ada, gate_code="4711#"), miguel, **short)
    other = given_to(stack, booked(stack, bo), miguel, **short)
    with phone(browser, tmp_path) as context:
        page = signed_in(someone := Visitor(context), stack, "/crew/", miguel)
        expect(of(page, ada)).to_have_attribute("data-status", "ready_for_pickup")
        expect(of(page, ada).get_by_test_id("gate")).to_contain_text("4711#")
        kept(page)
        with no_signal(context, stack):
            pressed = worked_through(page, ada)
            press_next(page, bo)
            waiting(page, 8)
            page.close()
    someone.check()
    moved(stack, other, "cancel", reason="The customer called")
    with phone(browser, tmp_path) as context:
        page = (again := Visitor(context)).page(f"{stack.edge_url}/crew/")
        expect(page.get_by_test_id("signal")).to_have_attribute(
            "data-waiting", "0", timeout=SLOW * 1000
        )
        refused = page.get_by_test_id("refused")
        expect(refused).to_contain_text(f"Start job: {bo}")
        expect(refused).to_contain_text("already “Cancelled”")
        again.check()
    all_is_on_the_job(stack, job_id, pressed)
    assert [entry.move for entry in job_of(stack, other).ledger] == ["confirm", "cancel"]
    the_customer_sees_what_was_done(browser, stack, job_id)


def worked_through(page: Page, customer: str) -> list[datetime]:
    """Everything one does at a job; when its moves were pressed."""
    signal = page.get_by_test_id("signal")
    expect(signal).to_have_attribute("data-signal", "none")
    pressed = [press_next(page, customer)]
    take_photo(page, "before", a_phone_photo((2400, 1800)))
    expect(page.get_by_test_id("photo")).to_have_attribute("data-queued", "true")
    pressed.append(could_not_complete(page, customer, "The gate is locked"))
    job = of(page, customer)
    note_down(page, job, "Two sofas, second floor")
    job.get_by_test_id("load").click()
    page.get_by_role("button", name="Three quarters").click()
    waiting(page, 5)
    pressed.append(press_next(page, customer))
    waiting(page, 6)
    pressed.append(press_next(page, customer))
    waiting(page, 7)
    return pressed


def note_down(page: Page, job: Locator, text: str) -> None:
    job.get_by_test_id("note").click()
    page.get_by_role("textbox", name="Note").fill(text)
    page.get_by_test_id("save").click()


def all_is_on_the_job(stack: Laptop, job_id: str, pressed: list[datetime]) -> None:
    job = job_of(stack, job_id)
    made = job.ledger[1:]
    assert [entry.move for entry in made] == ["start", "no_access", "start", "complete"]
    for entry, at in zip(made, pressed, strict=True):
        assert abs(entry.occurred_at - at) < timedelta(seconds=2)
        assert entry.recorded_at > pressed[-1]
    assert [note.text for note in job.notes] == ["Two sofas, second floor"]
    assert job.load_size == "three_quarters"
    (photo,) = job.photos
    assert made[0].occurred_at < photo.taken_at < made[1].occurred_at
    public = httpx.get(f"{stack.edge_url}/t/p/{photo.photo_id}.jpg", timeout=SLOW)
    assert public.status_code == 200
    assert opened(public.content).size == (1200, 1600)
    assert not {0xE1, 0xE2, 0xFE} & set(markers_of(public.content))
    assert not {secret for secret in (GPS, CAMERA) if secret.encode() in public.content}


def the_customer_sees_what_was_done(browser: Browser, stack: Laptop, job_id: str) -> None:
    served(stack, job_id, "completed")
    with visitor(browser, PHONE) as customer:
        page = customer.page(f"{stack.edge_url}/track/{job_of(stack, job_id).token}")
        expect_status(page, "completed", SLOW)
        proof = page.get_by_test_id("proof")
        expect(proof.get_by_test_id("load")).to_contain_text("three quarters", ignore_case=True)
        picture = proof.locator("img")
        picture.scroll_into_view_if_needed()
        until(lambda: picture.evaluate("img => img.complete && img.naturalWidth"), bool)
        expect(page.get_by_test_id("location")).to_have_count(0)


def test_the_crews_place_is_seen_by_customer_and_dispatcher_only_while_under_way(
    browser: Browser, stack: Laptop
) -> None:
    miguel, dana = on_the_roster(stack, "Miguel"), someone(stack, "Dana", "dispatcher")
    job_id = given_to(stack, booked(stack, ada := fresh_name()), miguel)
    link = f"{stack.edge_url}/track/{job_of(stack, job_id).token}"
    with (
        visitor(browser, PHONE) as crew,
        visitor(browser, PHONE) as customer,
        visitor(browser) as desk,
    ):
        crew.context.grant_permissions(["geolocation"])
        crew.context.set_geolocation({"latitude": 45.5231, "longitude": -122.6765})
        page = signed_in(crew, stack, "/crew/", miguel)
        tracking = customer.page(link)
        expect_status(tracking, "ready_for_pickup", SLOW)
        page.get_by_test_id("share").check()
        with page.expect_response("**/location") as told:
            press_next(page, ada)
        assert told.value.status == 204
        served(stack, job_id, "in_progress")
        tracking.reload()
        expect_status(tracking, "in_progress", SLOW)
        place = tracking.get_by_test_id("location")
        expect(place.get_by_role("link")).to_have_attribute(
            "href",
            "https://www.openstreetmap.org/?mlat=45.525&mlon=-122.675#map=15/45.525/-122.675",
            timeout=SLOW * 1000,
        )
        day = signed_in(desk, stack, "/dispatch/?view=day", dana)
        seen = day_row(day, miguel.account).get_by_role("link", name="Location of Miguel")
        expect(seen).to_have_attribute(
            "href",
            "https://www.openstreetmap.org/?mlat=45.525&mlon=-122.675#map=15/45.525/-122.675",
            timeout=SLOW * 1000,
        )
        press_next(page, ada)
        served(stack, job_id, "completed")
        tracking.reload()
        expect_status(tracking, "completed", SLOW)
        expect(place).to_have_count(0)
        day.reload()
        expect(day_row(day, miguel.account)).to_be_visible(timeout=SLOW * 1000)
        expect(seen).to_have_count(0)


def test_the_customer_sees_that_the_crew_is_on_its_way_until_it_starts(
    browser: Browser, stack: Laptop
) -> None:
    miguel = on_the_roster(stack, "Miguel")
    job_id = given_to(stack, booked(stack, ada := fresh_name()), miguel)
    link = f"{stack.edge_url}/track/{job_of(stack, job_id).token}"
    with visitor(browser, PHONE) as crew, visitor(browser, PHONE) as customer:
        page = signed_in(crew, stack, "/crew/", miguel)
        page.get_by_test_id("approach").click()
        page.get_by_role("button", name="In 30 min").click()
        expect(page.get_by_test_id("told")).to_contain_text("you are on your way, expected")
        waiting(page, 0)
        tracking = customer.page(link)
        way = tracking.get_by_test_id("eta")
        said = "Your crew is on the way, expected around"
        expect(way).to_contain_text(said, timeout=SLOW * 1000)
        press_next(page, ada)
        waiting(page, 0)
        page.get_by_test_id("undo").get_by_role("button").click()
        waiting(page, 0)
        served(stack, job_id, "ready_for_pickup")
        tracking.reload()
        expect(way).to_contain_text(said, timeout=SLOW * 1000)
        press_next(page, ada)
        served(stack, job_id, "in_progress")
        tracking.reload()
        expect_status(tracking, "in_progress", SLOW)
        expect(way).to_have_count(0)
    assert [entry.move for entry in job_of(stack, job_id).ledger[1:]] == ["start", "undo", "start"]


def served(stack: Laptop, job_id: str, status: str) -> None:
    """The edge has the view of that status: a page that is loaded now shows it."""
    view = f"{stack.edge_url}/t/{digest_of(job_of(stack, job_id).token)}.json"
    until(lambda: httpx.get(view, timeout=SLOW).json()["status"], status.__eq__, SLOW)


def test_a_dispatcher_plans_the_day_and_is_told_who_was_taken_meanwhile(
    browser: Browser, stack: Laptop
) -> None:
    dana, tasha = someone(stack, "Dana", "dispatcher"), on_the_roster(stack, "Tasha")
    rosa = on_the_roster(stack, "Rosa")
    jobs = [booked(stack, name := fresh_name("Jonah")), booked(stack, fresh_name("Marisol"))]
    with visitor(browser) as desk:
        page = signed_in(desk, stack, "/dispatch/?view=day", dana)
        expect_state(page, tasha.account, "free", SLOW)
        row = day_row(page, rosa.account)
        row.get_by_role("button", name=re.compile("^Hours of")).click()
        page.get_by_label("Off").check()
        page.get_by_role("button", name="Save").click()
        expect_state(page, rosa.account, "off today", SLOW)
        page.get_by_test_id("open-jobs").get_by_text(name).click()
        form = change_crew(page.get_by_test_id("drawer"))
        driver = form.get_by_label("Driver")
        off = driver.locator(f'option[value="{rosa.account}"]')
        expect(off).to_contain_text(re.compile("off that day|only available"))  # past midnight
        driver.select_option(tasha.account)
        given_to(stack, jobs[1], tasha)
        form.get_by_role("button", name="Save").click()
        alert = form.get_by_role("alert")
        expect(alert).to_contain_text(f"is on job {jobs[1]}, and in no order", timeout=SLOW * 1000)
        expect(driver).to_have_value(tasha.account)
        free = on_the_roster(stack, "Ben")
        form.get_by_role("button", name="Cancel", exact=True).click()
        page.reload()  # the drawer has an address of its own, and is open again
        form = change_crew(page.get_by_test_id("drawer"))
        form.get_by_label("Driver").select_option(free.account)
        form.get_by_role("button", name="Save").click()
        expect(form).to_be_hidden(timeout=SLOW * 1000)
        page.goto(f"{stack.edge_url}/dispatch/?view=day")
        block = day_row(page, free.account).get_by_test_id("block")
        expect(block).to_contain_text(name, timeout=SLOW * 1000)
    assert [each.member for each in job_of(stack, jobs[0]).crew] == [free.account]
