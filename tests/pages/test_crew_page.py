"""The crew page on a phone in Chromium: with signal, without it, and when it comes back."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from events import Changes
from statemachine.job.job import Assigned, Job, Place
from tests.pages.browser import (
    ARGS,
    PHONE,
    ZONE,
    Visitor,
    chromium_program,
    serious_findings,
    sign_in,
    traffic_of,
    visitor,
)
from tests.pages.stub_api import StubServer, published
from tests.pages.stub_data import DANA, PASSWORD, StubData, now

pytestmark = pytest.mark.browser

FIRST_VIEW_BYTES = 36_000
SAVED_FILES = """async () => {
  const seen = [JSON.stringify(localStorage)];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => done(request.result);
    });
    for (const store of database.objectStoreNames) {
      seen.push(await new Promise((done) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => done(JSON.stringify(request.result));
      }));
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    seen.push(...(await cache.keys()).map(({ url }) => url).filter((url) => url.includes("/api/")));
  }
  return seen.join();
}"""
LINES = """(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return range.getClientRects().length;
}"""
TASHA = Assigned(role="driver", member="tasha", first_name="Tasha")
MIGUEL = Assigned(role="driver", member="miguel", first_name="Miguel")


TODAY_H = 3


def hours_until_tomorrow_noon() -> float:
    """Hours from now until noon tomorrow, in the business's zone."""
    here = now().astimezone(ZoneInfo(ZONE))
    noon = (here + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    return (noon - here) / timedelta(hours=1)


def hours_left_today() -> float:
    here = now().astimezone(ZoneInfo(ZONE))
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - here) / timedelta(hours=1)


def a_job_for_miguel(
    data: StubData, customer: str = "Ada Wong", *moves: str, hours: float = 1
) -> Job:
    """Ready for pickup, with Miguel as its driver, in so many hours. Up to `TODAY_H` it is always
    today: near midnight it is less."""
    job = data.book(customer, address="12 Harbor Road, Portland")
    if hours < 0:
        hours *= min(1, 24 - hours_left_today())
    elif hours <= TODAY_H:
        hours *= min(1, hours_left_today() / (TODAY_H + 1))
    start = now() + timedelta(hours=hours)
    data.plan(job.job_id, MIGUEL, window_start=start, window_end=start + timedelta(hours=2))
    return data.move(job.job_id, "confirm", *moves)


def at_work(someone: Visitor, stub: StubServer) -> Page:
    page = someone.page(f"{stub.url}/crew/")
    sign_in(page, "miguel", PASSWORD)
    expect(page.get_by_test_id("signal")).to_have_attribute("data-signal", "good")
    return page


def test_a_driver_works_through_a_job(browser: Browser, stub: StubServer) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        page.get_by_test_id("next").click()
        expect(page.get_by_test_id("job")).to_have_attribute("data-status", "in_progress")
        expect(page.get_by_test_id("signal")).to_have_attribute("data-waiting", "0")
        page.get_by_test_id("next").click()
        expect(page.get_by_test_id("job")).to_have_attribute("data-status", "completed")
        expect(page.get_by_test_id("signal")).to_have_attribute("data-waiting", "0")
    ledger = stub.data.jobs[job.job_id].ledger
    assert [entry.move for entry in ledger] == ["confirm", "start", "complete"]


def test_other_moves_stay_open_when_the_page_is_built_again(
    browser: Browser, stub: StubServer
) -> None:
    a_job_for_miguel(stub.data, "Ada Wong", "start")
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        of(page, "Ada Wong").get_by_text("More").click()
        page.get_by_role("button", name="ES Español").click()
        moves = of(page, "Ada Wong").get_by_test_id("more").get_by_role("button")
        expect(moves.first).to_be_visible()
        expect(moves.first).to_have_text("No se pudo completar")


@contextmanager
def phone(browser: Browser, folder: Path) -> Iterator[BrowserContext]:
    """A phone's browser with its storage in `folder`, which the next one opens again."""
    context = browser.browser_type.launch_persistent_context(
        folder,
        executable_path=chromium_program(),
        args=ARGS,
        viewport=PHONE,
        timezone_id=ZONE,
        locale="en-US",
        reduced_motion="reduce",
    )
    yield context
    context.close()


def take_photo(page: Page, which: str, picture: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id(f"photo-{which}").click()
    chooser.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture})


def a_picture(page: Page, width: int = 2_400, height: int = 1_800) -> bytes:
    """A JPEG as a phone's camera makes one."""
    text: str = page.evaluate(
        """([width, height]) => {
          const canvas = document.createElement("canvas");
          Object.assign(canvas, { width, height });
          canvas.getContext("2d").fillRect(90, 90, 900, 900);
          return canvas.toDataURL("image/jpeg").split(",")[1];
        }""",
        [width, height],
    )
    return base64.b64decode(text)


def waiting(page: Page, count: int) -> None:
    """That many actions wait on the phone."""
    signal = page.get_by_test_id("signal")
    expect(signal).to_have_attribute("data-waiting", str(count), timeout=15_000)


@contextmanager
def airplane_mode(context: BrowserContext, stub: StubServer) -> Iterator[None]:
    context.set_offline(True)
    with stub.unreachable():
        yield
    context.set_offline(False)


def until(page: Page, condition: str) -> None:
    """Waits without evaluating text on the page, which the content security policy forbids."""
    deadline = time.monotonic() + 8
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never came true: {condition}"
        page.wait_for_timeout(50)


def kept(page: Page, words: str = "") -> None:
    """The service worker has saved the whole page, with these words, and serves it."""
    until(page, "navigator.serviceWorker.controller !== null")
    text = "caches.match('/crew/').then((page) => page?.text() ?? '')"
    until(page, f"{text}.then((text) => text !== '' && text.includes('{words}'))")


def of(page: Page, customer: str) -> Locator:
    return page.get_by_test_id("job").filter(has_text=customer)


def press_next(page: Page, customer: str) -> datetime:
    of(page, customer).get_by_test_id("next").click()
    return now()


def could_not_complete(page: Page, customer: str, reason: str) -> datetime:
    of(page, customer).get_by_text("More").click()
    of(page, customer).get_by_role("button", name="Could not complete").click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_test_id("save").click()
    pressed = now()
    page.get_by_role("button", name="No photo").click()
    return pressed


def test_work_without_signal_survives_a_closed_browser_and_arrives_once_in_order(
    browser: Browser, tmp_path: Path
) -> None:
    """The office cancels one of the jobs meanwhile, so its actions are shown as refused."""
    with StubServer() as stub:
        job = a_job_for_miguel(stub.data)
        other = a_job_for_miguel(stub.data, "Bo Lind", hours=2)
        with phone(browser, tmp_path) as context:
            miguel = Visitor(context)
            page = at_work(miguel, stub)
            kept(page)
            picture = a_picture(page)
            with airplane_mode(context, stub):
                expect(page.get_by_test_id("signal")).to_have_attribute("data-signal", "none")
                pressed = [press_next(page, "Ada Wong")]
                take_photo(page, "before", picture)
                expect(page.get_by_test_id("photo")).to_have_attribute("data-queued", "true")
                pressed.append(could_not_complete(page, "Ada Wong", "The gate is locked"))
                waiting(page, 3)
                pressed.append(press_next(page, "Ada Wong"))
                page.get_by_role("button", name="Bo Lind").click()
                press_next(page, "Bo Lind")
                page.get_by_role("button", name="Start anyway").click()  # Ada's is not done
                waiting(page, 5)
                page.close()
        miguel.check()
        stub.data.move(other.job_id, "cancel")
        with phone(browser, tmp_path) as context:
            again = Visitor(context)
            with airplane_mode(context, stub):
                page = again.page(f"{stub.url}/crew/")
                waiting(page, 5)
                expect(of(page, "Ada Wong")).to_have_attribute("data-status", "in_progress")
                expect(page.get_by_test_id("photo").locator("img")).to_be_visible()
            waiting(page, 0)
            refused = page.get_by_test_id("refused")
            expect(refused).to_contain_text("Start job: Bo Lind")
            expect(refused).to_contain_text("already “Cancelled”")
            page.reload()
            refused.get_by_role("button", name="Dismiss").click()
            expect(refused).to_have_count(0)
            page.reload()
            expect(of(page, "Ada Wong")).to_be_visible()
            expect(refused).to_have_count(0)
            again.check()
        made = stub.data.jobs[job.job_id].ledger[1:]
        assert [entry.move for entry in made] == ["start", "no_access", "start"]
        for entry, at in zip(made, pressed, strict=True):
            assert abs(entry.occurred_at - at) < timedelta(seconds=1)
            assert entry.recorded_at > pressed[-1]
        (photo,) = stub.data.jobs[job.job_id].photos
        assert made[0].occurred_at < photo.taken_at < made[1].occurred_at
        assert 1_000 < len(stub.stub.phones.uploads[photo.photo_id]) < len(picture)
        (refusal,) = stub.data.jobs[other.job_id].refused
        assert refusal.move == "start"
        assert refusal.why == "illegal_move"


def test_notes_load_and_a_new_arrival_time(browser: Browser, stub: StubServer) -> None:
    job = a_job_for_miguel(stub.data)
    start = stub.data.jobs[job.job_id].schedule.window_start
    assert start is not None
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        page.get_by_test_id("note").click()
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("dialog")).to_contain_text("Enter a note")
        page.get_by_role("textbox", name="Note").fill("Sofa is on the second floor")
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("notes")).to_contain_text("second floor")
        page.get_by_test_id("late").click()
        page.get_by_role("button", name="+30 min").click()
        expect(page.get_by_test_id("job")).to_contain_text("Expected")
        page.get_by_test_id("load").click()
        page.get_by_role("button", name="Three quarters").click()
        expect(page.get_by_test_id("load")).to_contain_text("Three quarters")
        waiting(page, 0)
        expect(page.get_by_test_id("load")).to_contain_text("Three quarters")
    done = stub.data.jobs[job.job_id]
    assert [note.text for note in done.notes] == ["Sofa is on the second floor"]
    assert done.load_size == "three_quarters"
    assert done.schedule.eta is not None
    late = done.schedule.eta - start
    assert timedelta(minutes=30) <= late <= timedelta(minutes=31)
    assert done.schedule.window_start == start


def test_a_double_tap_does_not_complete_the_job(browser: Browser, stub: StubServer) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        page.get_by_test_id("next").dblclick()
        expect(page.get_by_test_id("job")).to_have_attribute("data-status", "in_progress")
        waiting(page, 0)
        expect(page.get_by_test_id("next")).to_be_enabled()
    assert stub.data.jobs[job.job_id].status == "in_progress"


def test_the_job_shows_phone_address_and_gate_code(browser: Browser, stub: StubServer) -> None:
    job = a_job_for_miguel(stub.data)
    place = Place(address="12 Harbor Road, Portland", gate_code="4711#")
    stub.data.roster.trucks["t1"] = "Big red"
    stub.data.edit(job.job_id, DANA, Changes(place=place, truck="t1"))
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        expect(page.get_by_test_id("gate")).to_contain_text("4711#")
        expect(page.get_by_text("Truck: Big red")).to_be_visible()
        call = page.get_by_role("link", name="Call")
        expect(call).to_have_attribute("href", "tel:+15555550123")
        way = page.get_by_role("link", name="Directions")
        expect(way).to_have_attribute("href", "geo:0,0?q=12%20Harbor%20Road%2C%20Portland")


def test_today_and_tomorrow_are_in_order_without_other_peoples_jobs(
    browser: Browser, stub: StubServer
) -> None:
    stub.data.book("Someone Else")
    a_job_for_miguel(stub.data, "Tomorrow Tom", hours=hours_until_tomorrow_noon())
    a_job_for_miguel(stub.data, "Early Eve", hours=-0.5)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        names = page.get_by_test_id("job").locator(".job-who").all_inner_texts()
        assert names == ["Early Eve", "Tomorrow Tom"]
        expect(page.get_by_test_id("tomorrow")).to_contain_text("Tomorrow Tom")


def test_tomorrow_becomes_today_at_midnight_even_without_signal(
    browser: Browser, stub: StubServer
) -> None:
    a_job_for_miguel(stub.data, "Tomorrow Tom", hours=hours_until_tomorrow_noon())
    with visitor(browser, PHONE) as miguel:
        page = miguel.page()
        page.clock.install(time=now())
        page.goto(f"{stub.url}/crew/")
        sign_in(page, "miguel", PASSWORD)
        expect(page.get_by_test_id("tomorrow")).to_contain_text("Tomorrow Tom")
        miguel.context.set_offline(True)
        page.clock.fast_forward("24:00:00")
        expect(page.get_by_test_id("today")).to_contain_text("Tomorrow Tom")


def test_a_session_that_expired_without_signal_is_renewed_and_nothing_is_lost(
    browser: Browser, stub: StubServer
) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        miguel.context.set_offline(True)
        press_next(page, "Ada Wong")
        waiting(page, 1)
        stub.stub.sessions.clear()
        miguel.context.set_offline(False)
        expect(page.get_by_test_id("sign-in-form")).to_contain_text("session has ended")
        expect(page.get_by_label("Account")).to_have_value("miguel")
        assert stub.data.jobs[job.job_id].status == "ready_for_pickup"
        sign_in(page, "miguel", PASSWORD)
        waiting(page, 0)
    assert stub.data.jobs[job.job_id].status == "in_progress"


def test_a_photo_that_was_refused_is_not_lost(browser: Browser, stub: StubServer) -> None:
    """Miguel is unassigned from the job while he has no signal, and then assigned again."""
    job = a_job_for_miguel(stub.data, "Ada Wong", "start")
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        picture = a_picture(page)
        miguel.context.set_offline(True)
        take_photo(page, "before", picture)
        waiting(page, 1)
        stub.data.plan(job.job_id, TASHA)
        miguel.context.set_offline(False)
        refused = page.get_by_test_id("refused")
        expect(refused).to_contain_text("no longer allowed to do this on this job")
        stub.data.plan(job.job_id, MIGUEL)
        page.get_by_role("button", name="Send again").click()
        expect(refused).to_have_count(0)
        waiting(page, 0)
    assert len(stub.data.jobs[job.job_id].photos) == 1


def test_a_person_who_signs_in_on_another_page_sees_their_own_jobs_here(
    browser: Browser, stub: StubServer
) -> None:
    a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        (ticket,) = stub.stub.sessions
        stub.stub.sessions[ticket] = "omar"
        press_next(page, "Ada Wong")
        expect(page.get_by_text("Signed in as Omar Haddad")).to_be_visible()
        expect(page.get_by_test_id("job")).to_have_count(0)
        expect(page.get_by_test_id("waiting")).to_contain_text("another account on this phone: 1")


def test_a_failing_service_is_retried_automatically(browser: Browser, stub: StubServer) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        stub.data.down = True
        press_next(page, "Ada Wong")
        expect(page.get_by_test_id("signal")).to_have_attribute("data-signal", "trouble")
        waiting(page, 1)
        stub.data.down = False
        waiting(page, 0)
    assert stub.data.jobs[job.job_id].status == "in_progress"


def test_signing_out_removes_everything_from_the_phone(browser: Browser, stub: StubServer) -> None:
    a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        kept(page)
        miguel.context.set_offline(True)
        press_next(page, "Ada Wong")
        waiting(page, 1)
        page.get_by_test_id("sign-out").click()
        expect(page.get_by_test_id("dialog")).to_contain_text("Not sent yet: 1")
        page.get_by_role("button", name="Sign out and lose them").click()
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        on_phone = page.evaluate(SAVED_FILES)
        assert "Ada" not in on_phone
        assert "5555550123" not in on_phone
        assert "start" not in on_phone
        miguel.context.set_offline(False)
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        page.reload()
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        assert stub.stub.sessions == {}


def test_the_page_is_in_spanish_too(browser: Browser, stub: StubServer) -> None:
    a_job_for_miguel(stub.data)
    with visitor(browser, PHONE, locale="es-MX") as miguel:
        page = miguel.page(f"{stub.url}/crew/")
        page.get_by_label("Cuenta").fill("miguel")
        page.get_by_label("Contraseña").fill(PASSWORD)
        page.get_by_test_id("sign-in").click()
        expect(page.get_by_test_id("next")).to_have_text("Empezar")
        page.get_by_role("button", name="EN English").click()
        expect(page.get_by_test_id("next")).to_have_text("Start job")


def test_the_location_is_shared_only_while_a_job_is_under_way(
    browser: Browser, stub: StubServer
) -> None:
    job = a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        miguel.context.grant_permissions(["geolocation"])
        miguel.context.set_geolocation({"latitude": 43.66, "longitude": -70.25})
        page = at_work(miguel, stub)
        page.get_by_test_id("share").check()
        expect(page.get_by_test_id("share-state")).to_contain_text("once a job is under way")
        assert stub.stub.phones.places == []
        with page.expect_response("**/location") as told:
            press_next(page, "Ada Wong")
        assert told.value.status == 204
        expect(page.get_by_test_id("share-state")).to_contain_text("On. The customer")
        waiting(page, 0)
    ((job_id, where),) = stub.stub.phones.places
    assert job_id == job.job_id
    assert where.latitude == 43.66
    assert where.longitude == -70.25


def test_switching_sharing_off_removes_the_location(browser: Browser, stub: StubServer) -> None:
    a_job_for_miguel(stub.data, "Ada Wong", "start")
    with visitor(browser, PHONE) as miguel:
        miguel.context.grant_permissions(["geolocation"])
        miguel.context.set_geolocation({"latitude": 43.66, "longitude": -70.25})
        page = at_work(miguel, stub)
        with page.expect_response("**/location"):
            page.get_by_test_id("share").check()
        assert stub.data.places != {}
        miguel.context.set_offline(True)
        page.get_by_test_id("share").uncheck()
        expect(page.get_by_test_id("share-state")).to_contain_text("as soon as there is signal")
        with page.expect_response("**/location", timeout=20_000):
            miguel.context.set_offline(False)
        expect(page.get_by_test_id("share-state")).to_contain_text("Off. If you turn it on")
        assert stub.data.places == {}


def test_the_saved_page_is_one_whole_build_and_follows_a_deployment(
    browser: Browser, tmp_path: Path
) -> None:
    """Files have hashes in their names, the page does not."""
    with StubServer() as stub, phone(browser, tmp_path) as context:
        a_job_for_miguel(stub.data)
        someone = Visitor(context)
        page = at_work(someone, stub)
        kept(page)
        with airplane_mode(context, stub):
            page.reload()
            expect(of(page, "Ada Wong")).to_be_visible()
        changed = {
            key: body.replace(b"Skip to the jobs", b"Skip them")
            for key, body in published().items()
        }
        stub.stub.published = changed
        page.reload()
        expect(page.locator(".skip")).to_have_text("Skip them")
        kept(page, "Skip them")
        with airplane_mode(context, stub):
            page.reload()
            expect(page.locator(".skip")).to_have_text("Skip them")
            expect(of(page, "Ada Wong")).to_be_visible()
        someone.check()


def test_the_first_view_is_small(browser: Browser, stub: StubServer) -> None:
    a_job_for_miguel(stub.data)
    with visitor(browser, PHONE) as miguel:
        page = miguel.page()
        with traffic_of(page) as traffic:
            page.goto(f"{stub.url}/crew/")
            expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        print(f"crew: {traffic.transferred_bytes} bytes, {len(traffic.urls)} requests")
        assert traffic.transferred_bytes < FIRST_VIEW_BYTES


def test_axe_finds_nothing_serious(browser: Browser, stub: StubServer, axe: str) -> None:
    job = a_job_for_miguel(stub.data, "Ada Wong", "start")
    other = a_job_for_miguel(stub.data, "Bo Lind", hours=2)
    a_job_for_miguel(stub.data, "Tomorrow Tom", hours=hours_until_tomorrow_noon())
    place = Place(address="12 Harbor Road, Portland", gate_code="4711#")
    stub.data.edit(job.job_id, DANA, Changes(place=place, note="Two sofas, one fridge"))
    with visitor(browser, PHONE) as miguel:
        page = miguel.page(f"{stub.url}/crew/")
        expect(page.get_by_test_id("sign-in-form")).to_be_visible()
        assert serious_findings(page, axe) == []
        sign_in(page, "miguel", PASSWORD)
        expect(of(page, "Ada Wong")).to_be_visible()
        picture = a_picture(page)
        miguel.context.set_offline(True)
        take_photo(page, "before", picture)
        page.get_by_role("button", name="Bo Lind").click()
        press_next(page, "Bo Lind")
        page.get_by_role("button", name="Start anyway").click()
        waiting(page, 2)
        page.get_by_text("Show what is waiting").click()
        assert serious_findings(page, axe) == []
        page.get_by_test_id("late").first.click()
        assert serious_findings(page, axe) == []
        page.keyboard.press("Escape")
        stub.data.move(other.job_id, "cancel")
        miguel.context.set_offline(False)
        expect(page.get_by_test_id("refused")).to_be_visible()
        assert serious_findings(page, axe) == []


def test_the_page_fits_a_small_phone(browser: Browser, stub: StubServer) -> None:
    name = "Maximiliana Featherstonehaugh-Wolfeschlegelstein"
    job = a_job_for_miguel(stub.data, name, "start")
    place = Place(address="12 Harbor Road, Portland", gate_code="4711#")
    stub.data.edit(job.job_id, DANA, Changes(place=place))
    with visitor(browser, {"width": 320, "height": 640}, locale="es-MX") as miguel:
        page = miguel.page(f"{stub.url}/crew/")
        page.get_by_label("Cuenta").fill("miguel")
        page.get_by_label("Contraseña").fill(PASSWORD)
        page.get_by_test_id("sign-in").click()
        expect(page.get_by_test_id("next")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        for text in (page.get_by_test_id("gate").locator("strong"), page.get_by_text("enviado")):
            assert text.evaluate(LINES) <= len(text.inner_text().split()), "a word is broken"
