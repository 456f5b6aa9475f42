"""The crew's page on a phone in Chromium: with signal, without it, and when it comes back."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from statemachine.job import Assigned, Job
from tests.pages.browser import (
    ARGS,
    PHONE,
    ZONE,
    Visitor,
    missing,
    sign_in,
    visitor,
)
from tests.pages.stub_api import StubServer
from tests.pages.world import PASSWORD, World, now

pytestmark = pytest.mark.browser

MIGUEL = Assigned(role="driver", member="miguel", first_name="Miguel")


def a_job_for_miguel(
    world: World, customer: str = "Ada Wong", *moves: str, hours: float = 1
) -> Job:
    """Ready for pickup, with Miguel as its driver, in so many hours."""
    job = world.book(customer, address="12 Harbor Road, Portland")
    start = now() + timedelta(hours=hours)
    world.plan(job.job_id, MIGUEL, window_start=start, window_end=start + timedelta(hours=2))
    return world.move(job.job_id, "confirm", *moves)


def at_work(someone: Visitor, stub: StubServer) -> Page:
    page = someone.page(f"{stub.url}/crew/")
    sign_in(page, "miguel", PASSWORD)
    expect(page.get_by_test_id("signal")).to_have_attribute("data-signal", "good")
    return page


def test_a_driver_works_through_a_job(browser: Browser, stub: StubServer) -> None:
    job = a_job_for_miguel(stub.world)
    with visitor(browser, PHONE) as miguel:
        page = at_work(miguel, stub)
        page.screenshot(path="/tmp/crewpage-1.png", full_page=True)
        page.get_by_test_id("next").click()
        expect(page.get_by_test_id("job")).to_have_attribute("data-status", "in_progress")
        expect(page.get_by_test_id("signal")).to_have_attribute("data-waiting", "0")
        page.get_by_test_id("next").click()
        expect(page.get_by_test_id("job")).to_have_attribute("data-status", "completed")
        expect(page.get_by_test_id("signal")).to_have_attribute("data-waiting", "0")
    ledger = stub.world.jobs[job.job_id].ledger
    assert [entry.move for entry in ledger] == ["confirm", "start", "complete"]


@contextmanager
def phone(folder: Path) -> Iterator[BrowserContext]:
    """A phone's browser, whose memory is `folder`: closed at the end, opened again by the next."""
    program = shutil.which("chromium")
    if program is None:
        missing("Chromium", "the Debian package chromium")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=program,
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
    expect(page.get_by_test_id("signal")).to_have_attribute("data-waiting", str(count))


@contextmanager
def airplane_mode(context: BrowserContext, stub: StubServer) -> Iterator[None]:
    context.set_offline(True)
    with stub.out_of_reach():
        yield
    context.set_offline(False)


def kept(page: Page) -> None:
    """The service worker has the whole page."""
    page.wait_for_function("caches.match('/crew/').then(Boolean)")


def of(page: Page, customer: str) -> Locator:
    return page.get_by_test_id("job").filter(has_text=customer)


def press_next(page: Page, customer: str) -> datetime:
    of(page, customer).get_by_test_id("next").click()
    return now()


def could_not_do_it(page: Page, customer: str, reason: str) -> datetime:
    of(page, customer).get_by_text("More").click()
    of(page, customer).get_by_role("button", name="Could not do it").click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_test_id("save").click()
    return now()


def test_work_without_signal_survives_a_closed_browser_and_arrives_once_in_order_with_true_times(
    tmp_path: Path,
) -> None:
    """Meanwhile the office has cancelled one of the jobs: what was done there is shown as refused."""
    with StubServer() as stub:
        job = a_job_for_miguel(stub.world)
        other = a_job_for_miguel(stub.world, "Bo Lind", hours=2)
        with phone(tmp_path) as context:
            miguel = Visitor(context)
            page = at_work(miguel, stub)
            kept(page)
            picture = a_picture(page)
            with airplane_mode(context, stub):
                expect(page.get_by_test_id("signal")).to_have_attribute("data-signal", "none")
                pressed = [press_next(page, "Ada Wong")]
                take_photo(page, "before", picture)
                expect(page.get_by_test_id("photo")).to_have_attribute("data-queued", "true")
                pressed.append(could_not_do_it(page, "Ada Wong", "The gate is locked"))
                waiting(page, 3)
                pressed.append(press_next(page, "Ada Wong"))
                page.get_by_role("button", name="Bo Lind").click()
                press_next(page, "Bo Lind")
                waiting(page, 5)
                page.close()
        miguel.check()
        stub.world.move(other.job_id, "cancel")
        with phone(tmp_path) as context:
            again = Visitor(context)
            with airplane_mode(context, stub):
                page = again.page(f"{stub.url}/crew/")
                waiting(page, 5)
                expect(of(page, "Ada Wong")).to_have_attribute("data-status", "in_progress")
                expect(page.get_by_test_id("photo").locator("img")).to_be_visible()
                page.screenshot(path="/tmp/crewpage-2.png", full_page=True)
            waiting(page, 0)
            refused = page.get_by_test_id("refused")
            expect(refused).to_contain_text("Start job: Bo Lind")
            expect(refused).to_contain_text("“Cancelled” by now")
            page.screenshot(path="/tmp/crewpage-3.png", full_page=True)
            page.reload()
            refused.get_by_role("button", name="Understood").click()
            expect(refused).to_have_count(0)
            page.reload()
            expect(of(page, "Ada Wong")).to_be_visible()
            expect(refused).to_have_count(0)
            again.check()
        made = stub.world.jobs[job.job_id].ledger[1:]
        assert [entry.move for entry in made] == ["start", "no_access", "start"]
        for entry, at in zip(made, pressed, strict=True):
            assert at - timedelta(seconds=1) < entry.occurred_at <= at < entry.recorded_at
        (photo,) = stub.world.jobs[job.job_id].photos
        assert made[0].occurred_at < photo.taken_at < made[1].occurred_at
        assert 1_000 < len(stub.stub.crew.uploads[photo.photo_id]) < len(picture)
        (refusal,) = stub.world.jobs[other.job_id].refused
        assert (refusal.move, refusal.why) == ("start", "illegal_move")
