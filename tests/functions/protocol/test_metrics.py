"""Metrics are lines of the log in CloudWatch's embedded format, and carry nothing private."""

import json
from typing import Any

import pytest

from functions.aws.eventbridge import EventBridgeBus
from functions.aws.metrics import LogMetrics, count_facts
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.jobs.facts import fact_of_entry, refused_fact
from statemachine.flows import load_flow
from statemachine.rules.lifecycle import Refused, judge
from tests.support.builders import NOON, a_job, a_request
from tests.support.message_fakes import FakeMetrics

HAUL = load_flow("haul")


@pytest.fixture
def in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "haulway-test-advance-job")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Haulway/test")


@pytest.mark.usefixtures("in_lambda")
def test_what_alarms_stand_on_is_one_line_that_cloudwatch_makes_a_metric_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    LogMetrics().measure("EventToVisibleMs", 812, "Milliseconds", "main")
    (line,) = capsys.readouterr().out.splitlines()
    said: dict[str, Any] = json.loads(line)
    assert said.pop("_aws")["CloudWatchMetrics"] == [
        {
            "Namespace": "Haulway/test",
            "Dimensions": [[]],
            "Metrics": [{"Name": "EventToVisibleMs", "Unit": "Milliseconds"}],
        }
    ]
    assert said == {"tenant": "main", "EventToVisibleMs": 812}


@pytest.mark.usefixtures("in_lambda")
def test_what_is_only_looked_at_costs_no_metric(capsys: pytest.CaptureFixture[str]) -> None:
    LogMetrics().count("Refusals", "main", Reason="overtaken")
    said = json.loads(capsys.readouterr().out)
    assert said == {"tenant": "main", "Reason": "overtaken", "Refusals": 1}


def test_outside_of_a_lambda_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    LogMetrics().count("Writes")
    assert capsys.readouterr().out == ""


def test_facts_are_counted_by_what_they_say() -> None:
    moved = judge(a_job(), a_request(a_job(), "confirm"), HAUL, NOON).job
    refused = judge(moved, a_request(moved, "confirm", event_id="again"), HAUL, NOON)
    assert isinstance(refused, Refused)
    metrics = FakeMetrics()
    facts = [
        fact_of_entry(moved, HAUL, 0),
        fact_of_entry(moved, HAUL, 1),
        refused_fact(moved, refused.refusal),
    ]
    count_facts(metrics, facts)
    assert metrics.counted == {
        "Bookings": 1,
        "Moves": 1,
        "Refusals": 1,
        "Refusals: illegal_move": 1,
    }


class Recorder:
    """A client that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def put_events(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"FailedEntryCount": 0, "Entries": []}

    def start_execution(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {}


TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def test_what_a_traced_function_causes_belongs_to_its_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    client = Recorder()
    EventBridgeBus(client, "bus").announce([fact_of_entry(a_job(), HAUL, 0)])
    StepFunctionsExecutions(client, "arn:").start("haul", "main", "261121-7k3m2q", 0)
    put, start = client.asked
    assert put["Entries"][0]["TraceHeader"] == TRACE
    assert start["traceHeader"] == TRACE


def test_without_a_trace_no_one_makes_one_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    client = Recorder()
    EventBridgeBus(client, "bus").announce([fact_of_entry(a_job(), HAUL, 0)])
    assert "TraceHeader" not in client.asked[0]["Entries"][0]
