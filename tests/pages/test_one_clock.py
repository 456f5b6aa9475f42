"""One clock: every page has the business's wall time, wherever the device is, on the days on which
the business's clocks change."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from statemachine.job.job import Schedule
from tests.pages.browser import PHONE, sign_in, visitor
from tests.pages.stub_api import StubServer
from tests.pages.stub_data import PASSWORD
from tests.pages.stub_roster import ZONE

pytestmark = pytest.mark.browser
DEVICES = ("Asia/Tokyo", "America/Los_Angeles", "Europe/London", "Pacific/Apia")
HERE = ZoneInfo(ZONE)
WINDOWS = {
    (8, 12): re.compile(r"8:00.+12:00\s*PM"),
    (12, 16): re.compile(r"12:00.+4:00\s*PM"),
    (16, 19): re.compile(r"4:00.+7:00\s*PM"),
}


def next_changes() -> list[date]:
    """The next two days on which the business's clocks change."""
    found: list[date] = []
    day = datetime.now(UTC).astimezone(HERE).date()
    while len(found) < 2:
        day += timedelta(days=1)
        offsets = {datetime.combine(day, time(hour), HERE).utcoffset() for hour in (0, 12)}
        if len(offsets) == 2:
            found.append(day)
    return found


def window_on(day: date, hours: tuple[int, int]) -> Schedule:
    start, end = (datetime.combine(day, time(hour), HERE).astimezone(UTC) for hour in hours)
    return Schedule(window_start=start, window_end=end)


def named(day: date) -> re.Pattern[str]:
    """`Mar 14` or `March 14`."""
    return re.compile(rf"{day:%b}\w* {day.day}\b")


@pytest.mark.parametrize("device", DEVICES)
def test_each_page_says_the_businesss_time(browser: Browser, stub: StubServer, device: str) -> None:
    jobs = {
        stub.data.book(f"Ada of {day:%B} {hours[0]}", schedule=window_on(day, hours)): (day, said)
        for day in next_changes()
        for hours, said in WINDOWS.items()
    }
    with visitor(browser, PHONE, zone=device) as customer:
        page = customer.page()
        for job, (day, said) in jobs.items():
            page.goto(stub.tracking_url(job))
            expect(page.get_by_test_id("window")).to_have_text(said)
            expect(page.get_by_test_id("arrival")).to_contain_text(named(day))
            expect(page.get_by_test_id("zone")).to_contain_text("Eastern")
    with visitor(browser, zone=device) as dispatcher:
        page = dispatcher.page(f"{stub.url}/dispatch/")
        sign_in(page, "dana", PASSWORD)
        for job, (day, said) in jobs.items():
            card = page.get_by_test_id("card").filter(has_text=job.customer.name)
            expect(card).to_contain_text(said)
            expect(card).to_contain_text(named(day))
