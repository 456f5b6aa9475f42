"""The commands that repair what someone changed or deleted by hand.

A deployment does not repair it: CloudFormation does not touch resources that are unchanged in the
template, even if someone has disabled or deleted them (AWS documentation, "Using drift-aware change
sets", read 2026-11-25).
"""

from collections.abc import Callable, Mapping
from typing import Any

from functions.ops.dead_letters import QUEUES

BY_HAND = "restore it with the commands under “What someone changed by hand” in docs/ops.md"

Parameters = Mapping[str, str]


def rule_state(known: Mapping[str, Any], name: str, parameters: Parameters) -> str:
    """The state in the template, given the stack's parameters. Rules that SAM adds are enabled."""
    rule = known["Resources"].get(name, {})
    state = rule.get("Properties", {}).get("State", "ENABLED")
    if isinstance(state, dict):
        condition, then, otherwise = state["Fn::If"]
        holds = _holds(known["Conditions"][condition], known["Conditions"], parameters)
        state = then if holds else otherwise
    return str(state)


def _holds(said: Mapping[str, Any], conditions: Mapping[str, Any], parameters: Parameters) -> bool:
    (kind, about), *_ = said.items()
    if kind == "Condition":
        return _holds(conditions[about], conditions, parameters)
    if kind == "Fn::Equals":
        one, other = (parameters[x["Ref"]] if isinstance(x, dict) else str(x) for x in about)
        return one == other
    joined: Callable[..., bool] = {"Fn::And": all, "Fn::Or": any, "Fn::Not": _none}[kind]
    return joined(_holds(each, conditions, parameters) for each in about)


def _none(parts: Any) -> bool:
    return not any(parts)


def alias(aws: str, function: str, name: str, version: str) -> str:
    """With the newest version: it was live last unless someone rolled back."""
    return (
        f"{aws} lambda create-alias --function-name {function} --name {name} "
        f"--function-version {version}"
    )


def reader(aws: str, stack: str, queue: str, arn: str, mappings: list[dict[str, Any]]) -> str:
    """Enables or creates the event source mapping of `queue`, named without the stage's prefix."""
    if mappings:
        on = (
            f"{aws} lambda update-event-source-mapping --uuid {each['UUID']} --enabled"
            for each in mappings
        )
        return " && ".join(on)
    function = next((name for name, queues in QUEUES.items() if queue in queues), queue)
    return (
        f"{aws} lambda create-event-source-mapping --event-source-arn {arn} "
        f"--function-name {stack}-{function.replace('_', '-')}:live "
        "--function-response-types ReportBatchItemFailures"
    )


def rule(aws: str, name: str, bus: str, wanted: str) -> str:
    act = "enable-rule" if wanted == "ENABLED" else "disable-rule"
    return f"{aws} events {act} --name {name} --event-bus-name {bus}"
