"""`haul report`: the table, the unpaid jobs, JSON, and the accountant's file."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.commands import report
from cli.output.exit_codes import USAGE
from cli.output.output import console, money
from functions.views.job_index import IndexJob
from functions.views.read_report import ReadReport
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Customer
from statemachine.job.prices import Payment
from tests.support.builders import a_job
from tests.support.fakes import Bucket, FakeTenants, no_pause
from tests.support.index_fakes import FakeJobIndex
from tests.support.message_fakes import FakeSentTexts

DAYS = ("--first", "2026-11-01", "--last", "2026-11-30")
MADRID = BusinessSettings(tenant="main", name="Portes", country="ES")
CASH = Payment(method="cash", amount_cents=60_000)
APP = typer.Typer()
APP.command()(report.report)


@pytest.fixture(autouse=True)
def business(monkeypatch: pytest.MonkeyPatch) -> None:
    """A business in Madrid with a paid job and an unpaid one."""
    index = FakeJobIndex()
    for number, paid in enumerate(((CASH,), ())):
        customer = Customer(name=f"=Customer {number}")
        ids = {"job_id": f"261121-00000{number}", "token": f"{number:022d}"}
        IndexJob(index, no_pause)(a_job("completed", payments=paid, customer=customer, **ids))
    read = ReadReport(index, FakeTenants(Bucket(), MADRID), lambda _: (), FakeSentTexts())
    monkeypatch.setattr(report, "_directly", lambda _: read)
    monkeypatch.setattr(console, "_width", 160)


def said(*words: str) -> Result:
    client = SimpleNamespace(time_zone=lambda: "Europe/Madrid")
    obj = SimpleNamespace(client=client, api=None, tenant="main")
    return CliRunner().invoke(APP, list(words), obj=obj)


def test_amounts_are_in_the_currency_of_the_business() -> None:
    output = said(*DAYS, "--by", "month").output
    [row] = [line for line in output.splitlines() if "2026-11" in line]
    assert "€1,200.00" in row
    assert "€600.00" in row
    assert money(124_050) == "$1,240.50"
    assert money(5, "MXN") == "MX$0.05"
    assert money(None) == ""


def test_the_unpaid_jobs_are_listed() -> None:
    output = said(*DAYS, "--unpaid").output
    assert "261121-000001" in output
    assert "261121-000000" not in output


def test_json_has_the_whole_report() -> None:
    document = json.loads(said(*DAYS, "--json").output)
    assert document["total"]["unpaid_cents"] == 60_000
    assert document["first"] == "2026-11-01"
    assert document["currency"] == "EUR"


def test_the_file_is_new_and_only_its_owner_s(tmp_path: Path) -> None:
    file = tmp_path / "november.csv"
    assert said(*DAYS, "--csv", str(file)).exit_code == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert [(row["job"], row["unpaid"], row["currency"]) for row in rows] == [
        ("261121-000000", "0.00", "EUR"),
        ("261121-000001", "600.00", "EUR"),
    ]
    assert file.stat().st_mode & 0o777 == 0o600
    assert said(*DAYS, "--csv", str(file)).exit_code != 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--last", "soon"), "not a day"),
        (("--first", "2026-12-01", "--last", "2026-11-01"), "before `first`"),
        ((*DAYS, "--by", "hour"), "by"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_usage_error(words: tuple[str, ...], told: str) -> None:
    result = said(*words)
    assert result.exit_code == USAGE
    assert told in " ".join(result.output.split())
