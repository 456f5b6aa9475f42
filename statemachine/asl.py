"""Generates the Step Functions definition of each flow, `asl/{flow}.asl.json`, which is in git.

Each open status has two main states, named after it:

    ready_for_pickup         settle the status; wait, with a task token, for the next ledger entry
    ready_for_pickup.next    go to the status to which that entry leads

When the job is overdue, the execution is resumed with `late`, announces it, and waits again. It
cannot know that time itself, because the arrival window may change while it waits; the status's
time limit only renews the wait. A status with an end is settled without a wait, and ends the
execution: if a move has brought the job back meanwhile, the next generation follows it.

The input of a state is its `seq` in the ledger. The first state of an execution has no input: there
a first execution (`-g0`) begins in the flow's first status, and a successor is told at once where
its job stands.
"""

import json
from pathlib import Path
from typing import Any

from statemachine.flows import Flow, Status, flow_names, load_flow
from statemachine.job.job import LATE, SUPERSEDED

FOLDER = Path(__file__).parent / "asl"


BUSY = {
    "ErrorEquals": ["Lambda.TooManyRequestsException", "Lambda.Unknown"],
    "IntervalSeconds": 1,
    "MaxAttempts": 60,
    "BackoffRate": 1.5,
    "MaxDelaySeconds": 8,
    "JitterStrategy": "FULL",
}
"""Too many functions run at once, so try later. (MiniStack reports it as Unknown.)"""
AGAIN = {
    "ErrorEquals": ["States.TaskFailed"],
    "IntervalSeconds": 1,
    "MaxAttempts": 6,
    "BackoffRate": 2,
    "MaxDelaySeconds": 30,
    "JitterStrategy": "FULL",
}
TOO_SLOW = {**AGAIN, "ErrorEquals": ["States.Timeout"]}
"""Not for a state that waits for a task token, where the timeout is the status's limit."""
RETRY = [BUSY, AGAIN, TOO_SLOW]
JOB = {
    "tenant": "{% $states.context.Execution.Input.tenant %}",
    "job_id": "{% $states.context.Execution.Input.job_id %}",
}

SEQ = "{% $exists($states.input.seq) ? $states.input.seq : null %}"
REPORTED_LATE = f"{{% $exists($states.input.to) and $states.input.to = '{LATE}' %}}"

State = dict[str, Any]


def definition(flow: Flow) -> dict[str, Any]:
    """The state machine of `flow`. `${SettleJobArn}` and the like are filled in at deployment."""
    states: dict[str, State] = {}
    for status in flow.statuses:
        states |= {status.name: _settle()} if status.terminal else _open(flow, status)
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
    choices = _choices([*_next_statuses(flow, status), SUPERSEDED])
    choices.append(_choice(LATE, f"{name}.overdue"))
    return {
        name: _wait(status),
        f"{name}.overdue": _overdue(flow, status),
        f"{name}.next": {"Type": "Choice", "Choices": choices},
    }


def _next_statuses(flow: Flow, status: Status) -> list[str]:
    """The next statuses. From the first status all of them, because a successor begins there."""
    if status == flow.initial:
        return [status.name for status in flow.statuses]
    return list(flow.next_statuses(status.name))


def _settle() -> State:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "${SettleJobArn}", "Payload": {**JOB, "seq": SEQ}},
        "Output": "{% $states.result.Payload %}",
        "TimeoutSeconds": 60,
        "Retry": RETRY,
        "End": True,
    }


def _wait(status: Status) -> State:
    assert status.limit_minutes is not None  # only statuses with an end have none
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {
            "FunctionName": "${RegisterWaitArn}",
            "Payload": {
                **JOB,
                "seq": SEQ,
                "settles": True,
                "handles_late": True,
                "reported_late": REPORTED_LATE,
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
                # Without `to`: the renewed wait must not count as having just reported late.
                "Output": {"seq": SEQ},
                "Next": status.name,
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
                        **JOB,
                        "flow": flow.name,
                        "status": status.name,
                        "seq": "{% $states.input.seq %}",
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
