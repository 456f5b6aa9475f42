"""Alarms, dashboard, code, and runbook have the same metrics."""

import ast
import json
import re
from functools import cache
from operator import ge, gt, lt
from pathlib import Path
from typing import Any, get_args

import pytest

from deploy.template_file import read_template
from functions.protocol.metrics import AlarmMetric, LogMetric, MetricName

ROOT = Path(__file__).parent.parent
TEMPLATE: dict[str, Any] = read_template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
OURS = "Haulway/${Stage}"
FROM_AWS = {
    "AWS/Lambda": {"Errors": {"FunctionName"}},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible": {"QueueName"}},
    "AWS/States": {"ThrottledEvents": {"ServiceMetric"}},
}
"""Metrics of AWS services, with their dimensions."""

ALARMS = {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
every_alarm = pytest.mark.parametrize("name", ALARMS)


@cache
def emitted() -> set[str]:
    """The names of metrics that the code passes to `count` or `measure`."""
    names: set[str] = set()
    for path in (ROOT / "functions").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and _is_metric(call):
                names.add(ast.literal_eval(call.args[0]))
    return names


def _is_metric(call: ast.Call) -> bool:
    said = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if said not in ("count", "measure") or not call.args:
        return False
    return isinstance(call.args[0], ast.Constant) and call.args[0].value in get_args(MetricName)


def watched(alarm: dict[str, Any]) -> tuple[str, str, set[str]]:
    """The namespace, metric, and dimensions of the alarm."""
    dimensions = {dimension["Name"] for dimension in alarm.get("Dimensions", ())}
    return text(alarm["Namespace"]), alarm["MetricName"], dimensions


def text(value: Any) -> str:
    return str(value["Fn::Sub"] if isinstance(value, dict) else value)


def widgets(kind: str) -> list[dict[str, Any]]:
    body = json.loads(text(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]))
    return [widget["properties"] for widget in body["widgets"] if widget["type"] == kind]


def in_queries() -> set[str]:
    """The metrics in the log queries of the dashboard."""
    functions = r"(?:sum|max)\((\w+)\)"
    return {name for w in widgets("log") for name in re.findall(functions, w["query"])}


def test_the_code_emits_exactly_the_named_metrics() -> None:
    assert emitted() == set(get_args(MetricName))


@every_alarm
def test_an_alarm_watches_a_metric_that_exists(name: str) -> None:
    namespace, metric, dimensions = watched(ALARMS[name])
    if namespace == OURS:
        assert metric in emitted()
        assert dimensions == set()
    else:
        assert dimensions == FROM_AWS[namespace][metric]


def test_the_dashboard_shows_exactly_the_emitted_metrics() -> None:
    shown = {(metric[0], metric[1]) for w in widgets("metric") for metric in w["metrics"]}
    assert {metric for space, metric in shown if space == OURS} == set(get_args(AlarmMetric))
    assert [m for space, m in shown if space != OURS and m not in FROM_AWS[space]] == []
    assert in_queries() == set(get_args(LogMetric))


def test_our_alarms_use_metrics_and_not_log_lines() -> None:
    ours = {m for space, m, _ in map(watched, ALARMS.values()) if space == OURS}
    assert ours == set(get_args(AlarmMetric)) - {"Moves"}


COMPARED = {
    "GreaterThanThreshold": gt,
    "GreaterThanOrEqualToThreshold": ge,
    "LessThanThreshold": lt,
}


def breaches(alarm: dict[str, Any], value: float | None) -> bool:
    if value is None:
        return bool(alarm["TreatMissingData"] == "breaching")
    return bool(COMPARED[alarm["ComparisonOperator"]](value, alarm["Threshold"]))


def goes_off(name: str, *values: float | None) -> bool:
    """Whether the alarm is on after periods with these values, oldest first; None: no data."""
    alarm, state = ALARMS[name], False
    window, wanted = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm")
    for end in range(1, len(values) + 1):
        seen = values[max(0, end - window) : end]
        if alarm["TreatMissingData"] != "ignore" or any(value is not None for value in seen):
            state = sum(breaches(alarm, value) for value in seen) >= (wanted or window)
    return state


@pytest.mark.parametrize(
    ("name", "values", "is_on"),
    [
        ("WatchdogSilentAlarm", (5, 5, 5), False),
        ("WatchdogSilentAlarm", (5, None, None), True),
        ("SlowVisibilityAlarm", (60_000, None, None, 900, None, 60_000, None), True),
        ("SlowVisibilityAlarm", (60_000, *(None,) * 12, 60_000), False),
        ("InvalidationBudgetAlarm", (91, None, None, 92, None, None), True),
        ("InvalidationBudgetAlarm", (101, None, 1), False),
        ("UnreadableAlarm", (None, 1), True),
        ("UnreadableAlarm", (1, None), False),
    ],
)
def test_an_alarm_goes_off_when_it_should_even_with_little_data(
    name: str, values: tuple[float | None, ...], is_on: bool
) -> None:
    assert goes_off(name, *values) == is_on


def test_the_references_of_the_dashboard_are_in_the_template() -> None:
    body = text(RESOURCES["Dashboard"]["Properties"]["DashboardBody"])
    named = {reference.partition(".")[0] for reference in re.findall(r"\$\{([\w.:]+)\}", body)}
    assert named - set(RESOURCES) - set(TEMPLATE["Parameters"]) == {"AWS::Region"}


def test_every_dead_letter_queue_has_its_alarm() -> None:
    queues = {name for name, r in RESOURCES.items() if r["Type"] == "AWS::SQS::Queue"}
    watched_queues = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in ALARMS.values()
        for dimension in alarm.get("Dimensions", ())
        if dimension["Name"] == "QueueName"
    }
    assert watched_queues == {name for name in queues if name.endswith("DeadLetters")}


@every_alarm
def test_every_alarm_notifies_the_alarm_topic(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@every_alarm
def test_every_alarm_has_a_section_with_a_command_in_the_runbook(name: str) -> None:
    """An alarm without a name of its own has the name of its resource there."""
    given = text(ALARMS[name].get("AlarmName", name)).removeprefix("haulway-${Stage}-")
    _, found, after = RUNBOOK.partition(f"### `{given}`")
    assert found, f"docs/runbook.md has no section for {given}"
    assert "`haul " in after.partition("\n### ")[0] or "`aws " in after.partition("\n### ")[0]


def test_the_runbook_has_no_section_for_an_alarm_that_does_not_exist() -> None:
    given = {
        text(a.get("AlarmName", name)).removeprefix("haulway-${Stage}-")
        for name, a in ALARMS.items()
    }
    assert set(re.findall(r"^### `([\w-]+)`", RUNBOOK, re.MULTILINE)) == given
