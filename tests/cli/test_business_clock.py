"""Every time that `haul` prints is by the business's clock, wherever the terminal is."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cli.commands.export_import import exported
from cli.output.business_clock import CLOCK
from cli.output.output import clock, local_time, moment_text, window_text
from statemachine.job.job import Schedule
from statemachine.messages.sms_wording import window
from tests.support.builders import a_job

TERMINALS = ("Asia/Tokyo", "America/Los_Angeles", "Europe/London", "Pacific/Apia")
NEW_YORK = ZoneInfo("America/New_York")
AROUND = {
    "before the clocks go forward": datetime(2027, 3, 14, 6, 30, tzinfo=UTC),
    "after the clocks went forward": datetime(2027, 3, 14, 7, 30, tzinfo=UTC),
    "before the clocks go back": datetime(2027, 11, 7, 5, 30, tzinfo=UTC),
    "after the clocks went back": datetime(2027, 11, 7, 6, 30, tzinfo=UTC),
}


@pytest.fixture(params=TERMINALS)
def terminal(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    CLOCK.go_by(lambda: NEW_YORK)
    yield request.param
    CLOCK.go_by(lambda: None)
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def test_the_times_are_the_businesss_on_both_sides_of_each_change(terminal: str) -> None:
    assert [local_time(moment) for moment in AROUND.values()] == [
        "Sun 01:30 EST",
        "Sun 03:30 EDT",
        "Sun 01:30 EDT",
        "Sun 01:30 EST",
    ]
    now = datetime(2027, 1, 1, 12, tzinfo=UTC)
    [first, *_] = AROUND.values()
    assert moment_text(first, NEW_YORK, now) == "Sun Mar 14 01:30 EST"
    assert clock(first, NEW_YORK) == "01:30"


@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2027, 11, 7)], ids=str)
@pytest.mark.parametrize(
    ("begin", "end", "spoken"),
    [(8, 12, "8:00 AM-12:00 PM"), (12, 16, "12:00-4:00 PM"), (16, 19, "4:00-7:00 PM")],
)
def test_list_text_and_export_say_the_same_window_on_the_days_that_change(
    terminal: str, day: date, begin: int, end: int, spoken: str
) -> None:
    start, stop = (
        datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK).astimezone(UTC)
        for hour in (begin, end)
    )
    schedule = Schedule(window_start=start, window_end=stop)
    named = f"{day:%b} {day.day}"
    assert window_text(schedule, NEW_YORK, start) == f"Sun {named} {begin:02}:00–{end:02}:00"
    assert window(schedule, NEW_YORK, "en") == f" for Sun, {named}, {spoken}"
    written = json.loads(exported(a_job(schedule=schedule), NEW_YORK))["schedule"]
    assert written["window_start"].startswith(f"{day}T{begin:02}:00:00")
    assert written["window_end"].startswith(f"{day}T{end:02}:00:00")


def test_the_zone_is_asked_for_once_and_only_if_a_time_is_printed() -> None:
    asked: list[str] = []

    def zone() -> ZoneInfo:
        asked.append("zone")
        return NEW_YORK

    CLOCK.go_by(zone)
    assert asked == []
    local_time(AROUND["before the clocks go back"])
    local_time(AROUND["before the clocks go back"])
    CLOCK.go_by(lambda: None)
    assert asked == ["zone"]
