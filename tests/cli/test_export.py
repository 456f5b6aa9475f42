"""`haul export`: each job as it is stored, with its times by the business's clock."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.commands.export_import import exported, jobs_in
from cli.output.output import UsageError
from statemachine.job.job import Job, Schedule
from statemachine.job.records import Note
from tests.support.builders import CUSTOMER, NOON, a_job


def a_planned_job(begin: datetime, end: datetime) -> Job:
    return a_job("in_progress", schedule=Schedule(window_start=begin, window_end=end))


@pytest.mark.parametrize(
    ("day", "zone", "told"),
    [
        ((2026, 11, 23, 13), "America/New_York", "2026-11-23T08:00:00.000-05:00"),
        ((2026, 10, 31, 12), "America/New_York", "2026-10-31T08:00:00.000-04:00"),
        ((2026, 11, 23, 18), "Pacific/Apia", "2026-11-24T07:00:00.000+13:00"),
        ((2026, 11, 23, 18), "Europe/London", "2026-11-23T18:00:00.000+00:00"),
    ],
)
def test_an_exported_time_is_by_the_business_clock_and_is_the_same_moment(
    day: tuple[int, int, int, int], zone: str, told: str
) -> None:
    begin = datetime(*day, tzinfo=UTC)
    job = a_planned_job(begin, begin.replace(hour=begin.hour + 4))
    line = exported(job, ZoneInfo(zone))
    assert json.loads(line)["schedule"]["window_start"] == told
    assert Job.model_validate_json(line) == job


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"seq": 7}, "line 2: its ledger has gaps"),
        ({"rev": 10**6}, "line 2: its rev is ahead"),
        ({"status": "loading"}, "line 2: .*loading"),
        ({"flow": "piano"}, "line 2: .*piano"),
    ],
)
def test_a_job_that_could_not_be_read_once_it_is_stored_is_not_imported(
    tmp_path: Path, values: dict[str, Any], told: str
) -> None:
    good = exported(a_job(), ZoneInfo("UTC"))
    file = tmp_path / "jobs.jsonl"
    file.write_text(f"{good}\n{json.dumps(json.loads(good) | values)}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=told):
        jobs_in(file)


def test_a_line_separator_in_a_note_ends_no_line(tmp_path: Path) -> None:
    note = Note(event_id="n-1", actor=CUSTOMER, text="One\u2028two", recorded_at=NOON)
    job, file = a_job(notes=(note,)), tmp_path / "jobs.jsonl"
    file.write_text(exported(job, ZoneInfo("UTC")) + "\n", encoding="utf-8")
    assert jobs_in(file) == [job]


def test_every_moment_of_a_job_is_exported_in_that_zone() -> None:
    line = exported(a_planned_job(NOON, NOON.replace(hour=16)), ZoneInfo("America/Los_Angeles"))
    assert "-08:00" in line
    assert 'Z"' not in line
