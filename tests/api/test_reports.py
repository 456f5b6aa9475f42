"""Reports through the API: who may read them, what they count, and the accountant's file."""

from typing import Any

import pytest

from statemachine.job.job import Customer
from statemachine.job.prices import Payment
from tests.api.api_fixture import ApiBackend
from tests.support.builders import a_job

DAYS = {"first": "2026-11-01", "last": "2026-11-30"}
CASH = Payment(method="cash", amount_cents=60_000)


@pytest.fixture
def month(api: ApiBackend) -> ApiBackend:
    """A paid job, an unpaid one, and a cancelled one."""
    for number, (status, payments) in enumerate(
        [("completed", (CASH,)), ("completed", ()), ("cancelled", ())]
    ):
        customer = Customer(name=f"Customer {number}", phone="+15555550123")
        ids = {"job_id": f"261121-00000{number}", "token": f"{number:022d}"}
        api.publish(a_job(status, customer=customer, payments=payments, **ids))
    return api


def read(api: ApiBackend, by: str = "olive", path: str = "/api/reports", **query: str) -> Any:
    return api.send("GET", path, by=by, query={**DAYS, **query})


def test_the_report_counts_money_and_names_what_is_unpaid(month: ApiBackend) -> None:
    got = read(month).json
    total = got["total"]
    assert total["jobs"] == 3
    assert total["done"] == 2
    assert total["cancelled"] == 1
    assert total["revenue_cents"] == 120_000
    assert total["unpaid_cents"] == 60_000
    assert total["methods"] == {"cash": 1}
    assert [(each["customer"], each["unpaid_cents"]) for each in got["unpaid"]] == [
        ("Customer 1", 60_000)
    ]
    assert got["currency"] == "USD"
    assert got["time_zone"] == "America/New_York"
    assert got["cancelled_for"] == [{"reason": "so it was", "jobs": 1}]


def test_rows_by_crew_have_names(month: ApiBackend) -> None:
    by_crew = month.send("GET", "/api/reports", by="olive", query={**DAYS, "by": "crew"}).json
    assert [row["key"] for row in by_crew["rows"]] == ["mike"]
    assert by_crew["names"] == {"mike": "Mike"}


def test_the_file_has_a_row_for_each_job_and_nothing_of_a_person(month: ApiBackend) -> None:
    got = read(month, path="/api/reports/jobs.csv")
    assert got.status == 200
    assert got.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="jobs-2026-11-01-2026-11-30.csv"' in got.headers["content-disposition"]
    lines = got.text.splitlines()
    assert len(lines) == 4
    assert not any(text in got.text for text in ("Customer", "5555550123", "Harbor", "0" * 22))


@pytest.mark.parametrize("path", ["/api/reports", "/api/reports/jobs.csv"])
def test_the_crew_reads_no_reports(path: str, month: ApiBackend) -> None:
    assert read(month, by="mike", path=path).slug == "not-allowed"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"first": "2026-12-01"}, "last: it is before `first`"),
        ({"first": "2024-01-01"}, "366 days"),
        ({"last": "soon"}, "last: "),
        ({"by": "hour"}, "by: "),
    ],
)
def test_days_that_make_no_report_are_refused(
    query: dict[str, str], told: str, month: ApiBackend
) -> None:
    got = month.send("GET", "/api/reports", by="olive", query=DAYS | query)
    assert got.status == 422
    assert got.slug == "invalid"
    assert told in got.text
