"""The crew's page on a phone in Chromium: with signal, without it, and when it comes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from statemachine.job import Assigned, Job, Place
from tests.pages.browser import (
    ARGS,
    PHONE,
    Visitor,
    missing,
    serious_findings,
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
