"""The Step Functions definition of a flow, generated: `asl/{flow}.asl.json`, checked in.

Each open status is a small story of two states, named after it:

    ready_for_pickup         show it, and wait, with a task token, for the next ledger entry
    ready_for_pickup.next    go to the status which that entry leads to

The wait ends after the status's time limit; then the job is said to be overdue and waited for
again. Where a status goes by the arrival window, its execution is resumed with `late` instead, and
the limit only makes the wait again. An ended status is settled without a wait.

In every state the input is the place in the ledger; the first state of an execution has none. There
the function begins at the flow's first status, and tells a successor (its name does not end in
`-g0`) at once where its job stands.
"""

import json
from pathlib import Path
from typing import Any

from statemachine.flows import Flow, Status, flow_names, load_flow
from statemachine.job import LATE, SUPERSEDED

FOLDER = Path(__file__).parent / "asl"


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

PLACE = "{% $exists($states.input.seq) ? $states.input.seq : null %}"
HEARS_LATE = {
    "handles_late": True,
    "reported_late": f"{{% $exists($states.input.to) and $states.input.to = '{LATE}' %}}",
}

State = dict[str, Any]


def definition(flow: Flow) -> dict[str, Any]:
    """The state machine of `flow`; `${SettleJobArn}` and the like are filled in at deployment."""
    states: dict[str, State] = {}
    for status in flow.statuses:
        states |= _ended(flow, status) if status.terminal else _open(flow, status)
    states[SUPERSEDED] = {"Type": "Succeed", "Comment": "A newer execution follows this job."}
    return {
        "Comment": f"{flow.label.en}, version {flow.version}, from flows/{flow.name}.json.",
        "QueryLanguage": "JSONata",
        "StartAt": flow.initial.name,
        "States": states,
    }


def render(flow: Flow) -> str:
    return json.dumps(definition(flow), indent=2) + "\n"


def write_all() -> None:
    for name in flow_names():
        (FOLDER / f"{name}.asl.json").write_text(render(load_flow(name)), encoding="utf-8")


def _open(flow: Flow, status: Status) -> dict[str, State]:
    name = status.name
    choices = _choices([*_ways(flow, status), SUPERSEDED])
    if status.late_minutes is not None:
        choices.append(_choice(LATE, f"{name}.overdue"))
    return {
        name: _wait(status),
        f"{name}.overdue": _overdue(flow, status),
        f"{name}.next": {"Type": "Choice", "Choices": choices},
    }


def _ways(flow: Flow, status: Status) -> list[str]:
    """From the first one to all of them, for there a successor begins."""
    if status == flow.initial:
        return [status.name for status in flow.statuses]
    return sorted({move.to for move in flow.moves_from(status.name)}, key=flow.position)


def _ended(flow: Flow, status: Status) -> dict[str, State]:
    """A terminal status; where the job was brought back meanwhile, the ledger is followed on."""
    ways = sorted({move.to for move in flow.moves_from(status.name)}, key=flow.position)
    end, following = f"{status.name}.end", f"{status.name}.next"
    settle = _settle(following if ways else end)
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


def _settle(following: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "${SettleJobArn}", "Payload": {**WHO, "seq": PLACE}},
        "Output": "{% $states.result.Payload %}",
        "TimeoutSeconds": 60,
        "Retry": RETRY,
        "Next": following,
    }


def _wait(status: Status) -> State:
    assert status.limit_minutes is not None  # only terminal statuses have none
    goes_by_window = status.late_minutes is not None
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {
            "FunctionName": "${RegisterWaitArn}",
            "Payload": {
                **WHO,
                "seq": PLACE,
                "settles": True,
                **(HEARS_LATE if goes_by_window else {}),
                "execution": "{% $states.context.Execution.Name %}",
                "entered_at": "{% $states.context.State.EnteredTime %}",
                "retry": "{% $states.context.State.RetryCount %}",
                "token": "{% $states.context.Task.Token %}",
            },
        },
        "Output": "{% $states.result %}",
        "TimeoutSeconds": status.limit_minutes * 60,
        "Retry": [BUSY, AGAIN],
        "Catch": [
            {
                "ErrorEquals": ["States.Timeout"],
                # Without `to`: a wait made again has not just been told that its job is late.
                "Output": {"seq": PLACE} if goes_by_window else "{% $states.input %}",
                "Next": status.name if goes_by_window else f"{status.name}.overdue",
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
                        "seq": "{% $exists($states.input.seq) ? $states.input.seq : 0 %}",
                        # The same in each retry, so that partners get one webhook id.
                        "recorded_at": "{% $states.context.State.EnteredTime %}",
                    },
                }
            ]
        },
        "Output": "{% $states.input %}",
        "Retry": RETRY,
        "Next": status.name,
    }


def _choices(names: list[str]) -> list[State]:
    return [_choice(name, name) for name in names]


def _choice(told: str, following: str) -> State:
    return {"Condition": f"{{% $states.input.to = '{told}' %}}", "Next": following}


if __name__ == "__main__":
    write_all()
