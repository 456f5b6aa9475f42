"""The Step Functions definition of a flow, generated: `asl/{flow}.asl.json`, checked in.

Each status is a small story of three states, named after it:

    ready_for_pickup         settle it: the view is written, the fact announced
    ready_for_pickup.wait    wait, with a task token, for the next entry of the job's ledger
    ready_for_pickup.next    go to the status which that entry leads to

The wait ends after the status's time limit; then the job is said to be overdue and waited for
again. An execution begins at the flow's first status; a successor (its name does not end in
`-g0`) asks first where the job stands. In every state the input is the place in the ledger.
"""

import json
from pathlib import Path
from typing import Any

from statemachine.flows import Flow, Status, flow_names, load_flow

FOLDER = Path(__file__).parent / "asl"

BEGIN, RESUME, RESUMED, SUPERSEDED = "begin", "resume", "resumed", "superseded"

BUSY = {
    "ErrorEquals": ["Lambda.TooManyRequestsException", "Lambda.Unknown"],
    "IntervalSeconds": 1,
    "MaxAttempts": 60,
    "BackoffRate": 1.5,
    "MaxDelaySeconds": 8,
    "JitterStrategy": "FULL",
}
"""Too many functions at work at once: only later. (The laptop engine says Unknown.)"""
AGAIN = {
    "ErrorEquals": ["States.TaskFailed"],
    "IntervalSeconds": 1,
    "MaxAttempts": 6,
    "BackoffRate": 2,
    "MaxDelaySeconds": 30,
    "JitterStrategy": "FULL",
}
TOO_SLOW = {**AGAIN, "ErrorEquals": ["States.Timeout"]}
"""Not where a wait stands behind it: there the time limit is meant."""
RETRY = [BUSY, AGAIN, TOO_SLOW]
WHO = {
    "tenant": "{% $states.context.Execution.Input.tenant %}",
    "job_id": "{% $states.context.Execution.Input.job_id %}",
}

SHOWN_AT = "{% $exists($states.input.shown_at) ? $states.input.shown_at : null %}"
"""Settling says so, unless the status was settled before."""

State = dict[str, Any]


def definition(flow: Flow) -> dict[str, Any]:
    """The state machine of `flow`; `${SettleJobArn}` and the like are filled in at deployment."""
    states: dict[str, State] = {
        BEGIN: _begin(flow),
        RESUME: _settle("{% null %}", RESUMED),
        RESUMED: _go_to([status.name for status in flow.statuses], "status"),
    }
    for status in flow.statuses:
        states |= _ended(flow, status) if status.terminal else _open(flow, status)
    states[SUPERSEDED] = {"Type": "Succeed", "Comment": "A newer execution follows this job."}
    return {
        "Comment": f"{flow.label.en}, version {flow.version}, from flows/{flow.name}.json.",
        "QueryLanguage": "JSONata",
        "StartAt": BEGIN,
        "States": states,
    }


def render(flow: Flow) -> str:
    return json.dumps(definition(flow), indent=2) + "\n"


def write_all() -> None:
    for name in flow_names():
        (FOLDER / f"{name}.asl.json").write_text(render(load_flow(name)), encoding="utf-8")


def _begin(flow: Flow) -> State:
    return {
        "Type": "Choice",
        "Choices": [
            {
                "Condition": "{% $contains($states.context.Execution.Name, /-g0$/) %}",
                "Output": {"seq": 0},
                "Next": flow.initial.name,
            }
        ],
        "Default": RESUME,
    }


def _open(flow: Flow, status: Status) -> dict[str, State]:
    name = status.name
    ways = sorted({move.to for move in flow.moves_from(name)}, key=flow.position)
    return {
        name: _settle("{% $states.input.seq %}", f"{name}.wait"),
        f"{name}.wait": _wait(status),
        f"{name}.overdue": _overdue(flow, status),
        f"{name}.next": _go_to([*ways, SUPERSEDED], "to"),
    }


def _ended(flow: Flow, status: Status) -> dict[str, State]:
    """A terminal status; where the job was brought back meanwhile, the ledger is followed on."""
    ways = sorted({move.to for move in flow.moves_from(status.name)}, key=flow.position)
    end, following = f"{status.name}.end", f"{status.name}.next"
    settle = _settle("{% $states.input.seq %}", following if ways else end)
    states = {status.name: settle, end: {"Type": "Succeed"}}
    if ways:
        states[following] = {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": f"{{% $states.input.following.to = '{way}' %}}",
                    "Output": {"seq": "{% $states.input.following.seq %}"},
                    "Next": way,
                }
                for way in ways
            ],
            "Default": end,
        }
    return states


def _settle(seq: str, following: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "${SettleJobArn}", "Payload": {**WHO, "seq": seq}},
        "Output": "{% $states.result.Payload %}",
        "TimeoutSeconds": 60,
        "Retry": RETRY,
        "Next": following,
    }


def _wait(status: Status) -> State:
    assert status.limit_minutes is not None  # only terminal statuses have none
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {
            "FunctionName": "${RegisterWaitArn}",
            "Payload": {
                **WHO,
                "seq": "{% $states.input.seq %}",
                "execution": "{% $states.context.Execution.Name %}",
                "entered_at": "{% $states.context.State.EnteredTime %}",
                "retry": "{% $states.context.State.RetryCount %}",
                "token": "{% $states.context.Task.Token %}",
                "shown_at": SHOWN_AT,
            },
        },
        "Output": "{% $states.result %}",
        "TimeoutSeconds": status.limit_minutes * 60,
        "Retry": [BUSY, AGAIN],
        "Catch": [
            {
                "ErrorEquals": ["States.Timeout"],
                "Output": "{% $states.input %}",
                "Next": f"{status.name}.overdue",
            }
        ],
        "Next": f"{status.name}.next",
    }


def _overdue(flow: Flow, status: Status) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Arguments": {
            "Entries": [
                {
                    "EventBusName": "${BusName}",
                    "Source": "haulway.jobs",
                    "DetailType": "JobOverdue",
                    "Detail": {
                        **WHO,
                        "flow": flow.name,
                        "status": status.name,
                        "seq": "{% $states.input.seq %}",
                        "recorded_at": "{% $now() %}",
                    },
                }
            ]
        },
        "Output": "{% $states.input %}",
        "Retry": RETRY,
        "Next": f"{status.name}.wait",
    }


def _go_to(names: list[str], key: str) -> State:
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": f"{{% $states.input.{key} = '{name}' %}}", "Next": name} for name in names
        ],
    }


if __name__ == "__main__":
    write_all()
