"""`haul job list` and `haul job show` on a terminal with 80 columns."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cli.client.bus_client import OPERATOR, BusClient
from cli.client.connection import Connection
from cli.commands import job
from cli.output.output import console
from functions.api.response_models import JobDocument
from functions.api.responses import job_document
from functions.aws.s3_stores import S3Boards, S3Jobs
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job, Schedule
from statemachine.job.job import Place as Address
from statemachine.views.views import Board, Card, card_of
from tests.support.builders import a_job
from tests.support.moto_server import Moto

HAUL = load_flow("haul")
WIDTH = 80
NINE = datetime(2026, 12, 1, 14, tzinfo=UTC)
"""In New York."""


class FakeClient:
    def __init__(self, *jobs: Job) -> None:
        self.jobs = jobs

    def time_zone(self) -> str:
        return "America/New_York"

    def cards(self) -> list[Card]:
        return [card_of(each, HAUL) for each in self.jobs]

    def job(self, job_id: str) -> JobDocument:
        return job_document(self.jobs[0], OPERATOR, "https://haul.example.com")


def said(client: FakeClient, *words: str) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "_width", WIDTH)
        patch.setattr(job, "utc_now", lambda: NINE - timedelta(days=2))
        obj = SimpleNamespace(client=client, tenant="main")
        result = CliRunner().invoke(job.app, list(words), obj=obj)
    assert result.exit_code == 0, result.output
    return [line.rstrip() for line in result.output.splitlines()]


def on(job_id: str, start: datetime | None, hours: float = 2, **more: object) -> Job:
    end = start + timedelta(hours=hours) if start else None
    schedule = Schedule(window_start=start, window_end=end)
    return a_job().with_(job_id=job_id, schedule=schedule, **more)


def test_jobs_are_listed_by_day_and_time_with_the_time_zone() -> None:
    client = FakeClient(
        on("261121-222222", NINE + timedelta(days=1)),
        on("261121-333333", None),
        on("261121-444444", NINE, customer=Customer(name="A name of " + "many words " * 9)),
    )
    lines = said(client, "list")
    assert [line.split()[0] for line in lines[1:]] == [
        "Tue", "261121-444444", "Wed", "261121-222222", "no", "261121-333333", "Times",
    ]  # fmt: skip
    assert lines[2].split()[:2] == ["261121-444444", "09:00–11:00"]
    assert max(map(len, lines)) <= WIDTH
    assert lines[-1] == "Times are in America/New_York, EST"


def test_a_window_that_ends_on_another_day_or_in_another_year_says_so() -> None:
    far = datetime(2027, 1, 4, 14, tzinfo=UTC)
    lines = said(FakeClient(on("261121-222222", NINE, hours=52), on("261121-333333", far)), "list")
    assert "09:00–Thu Dec 3 13:00" in lines[2]
    assert lines[3] == "Mon Jan 4 2027"


@pytest.mark.parametrize("year", [1, 9999])
def test_an_extreme_date_does_not_hide_other_jobs(year: int) -> None:
    edge = datetime(1, 1, 1, tzinfo=UTC) if year == 1 else datetime(9999, 12, 31, 23, tzinfo=UTC)
    odd = on("261121-222222", None).with_(schedule=Schedule(window_end=edge, eta=edge))
    ids = [line.split()[0] for line in said(FakeClient(odd, on("261121-333333", NINE)), "list")]
    assert {"261121-222222", "261121-333333"} <= set(ids)


def test_names_are_not_markup() -> None:
    client = FakeClient(on("261121-222222", NINE, customer=Customer(name="[red]Al[/]")))
    assert "[red]Al[/]" in said(client, "list")[2]


def test_a_job_is_shown_with_phone_window_eta_and_link() -> None:
    shown = on(
        "261121-222222", NINE, customer=Customer(name="Ann", phone="+15555550123"),
        place=Address(address="14 Elm St"),
    )  # fmt: skip
    eta = NINE + timedelta(minutes=30)
    shown = shown.with_(schedule=shown.schedule.model_copy(update={"eta": eta}))
    lines = said(FakeClient(shown), "show", "261121-222222")
    assert "phone: +15555550123" in lines
    assert "window: Tue Dec 1 09:00–11:00 (America/New_York, EST)" in lines
    assert "ETA: Tue Dec 1 09:30 (America/New_York, EST)" in lines
    assert f"tracking link: https://haul.example.com/track/{shown.token}" in lines


def test_a_new_job_is_listed_before_it_is_on_the_board(moto: Moto) -> None:
    s3, bucket = moto.s3, moto.bucket()
    old, new = on("261121-222222", NINE), on("261121-333333", NINE)
    moved = old.with_(version=old.version + 1, customer=Customer(name="Corrected"))
    S3Boards(s3, bucket).write("main", Board(jobs={old.job_id: card_of(old, HAUL)}), None)
    for each in (moved, new):
        S3Jobs(s3, bucket).create(each)
    s3.put_object(Bucket=bucket, Key="tenants/main/jobs/261121-444444.json", Body=b"not a job")
    client = BusClient(Connection({"JobsBucket": bucket}, "https://x", moto), "main")
    assert {card.job_id for card in client.cards()} == {old.job_id, new.job_id}
