"""The CloudFormation stack of a stage: what would change is said first, then it is done."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
NOTHING = ("didn't contain changes", "No updates are to be performed")
NEVER_LIVED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
LONGEST_S = 6 * 3600
"""CodeDeploy's longest steps take 100 minutes, and one function's may wait for another's."""

Say = Callable[[str], None]


class DeployFailed(Exception):
    """The root of what keeps a deployment from its end."""


class StackFailed(DeployFailed):
    """CloudFormation did not get there; the text has the first reason it gave."""


@dataclass(frozen=True)
class Change:
    action: str
    """Add, Modify, Remove, Import or Dynamic."""
    logical_id: str
    kind: str
    replaced: bool

    def __str__(self) -> str:
        how = "Replace" if self.replaced else self.action
        return f"{how} {self.logical_id} ({self.kind})"


def stack_name(stage: str) -> str:
    return f"haulway-{stage}"


@dataclass(frozen=True)
class Planned:
    """A change set, described and not executed; None in place of its id where nothing changes."""

    stage: str
    change_set: str | None
    creates: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Stack:
    cloudformation: Any
    stage: str
    poll_s: float = 5

    @property
    def name(self) -> str:
        return stack_name(self.stage)

    def plan(self, template: Mapping[str, Any], url: str, wanted: Mapping[str, str]) -> Planned:
        """A change set towards the template. Raises StackFailed where it cannot be made.

        Parameters that are not in `wanted` stay as they are. A stack on which someone is at
        work, perhaps a deployment that was killed, is waited for.
        """
        status = self._at_rest()
        if status in NEVER_LIVED:
            raise StackFailed(
                f"stack {self.name} was never made ({status}); a deployment removes what is left "
                "of it and makes it again"
            )
        creates = status in (None, "REVIEW_IN_PROGRESS")
        known = {} if creates else self.parameters()
        made = self.cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"haulway-{uuid4().hex[:12]}",
            ChangeSetType="CREATE" if creates else "UPDATE",
            TemplateURL=url,
            Capabilities=CAPABILITIES,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": wanted[key]}
                if key in wanted
                else {"ParameterKey": key, "UsePreviousValue": True}
                for key in template["Parameters"]
                if key in wanted or key in known
            ],
        )
        return self._described(made["Id"], creates)

    def _described(self, change_set: str, creates: bool) -> Planned:
        answer = self._wait_for_change_set(change_set)
        if answer["Status"] == "FAILED":
            reason = answer.get("StatusReason", "no reason given")
            self.forget(change_set)
            if any(words in reason for words in NOTHING):
                return Planned(self.stage, None, creates, ())
            raise StackFailed(f"stack {self.name}: {reason}")
        changes = tuple(_change(each["ResourceChange"]) for each in answer["Changes"])
        return Planned(self.stage, change_set, creates, changes)

    def _wait_for_change_set(self, change_set: str) -> dict[str, Any]:
        pages: list[dict[str, Any]] = []
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            answer = self.cloudformation.describe_change_set(
                ChangeSetName=change_set, StackName=self.name
            )
            if answer["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                pages.append(answer)
                break
            time.sleep(self.poll_s)
        while token := pages[-1].get("NextToken"):
            pages.append(
                self.cloudformation.describe_change_set(
                    ChangeSetName=change_set, StackName=self.name, NextToken=token
                )
            )
        return {**pages[0], "Changes": [c for page in pages for c in page.get("Changes", ())]}

    def execute(self, planned: Planned) -> None:
        """Do what was planned, and wait for it. Raises StackFailed with the first reason given.

        Where it fails, what was made new goes again, also what is kept otherwise: it is empty, and
        its name would stand in the way of the next try.
        """
        if planned.change_set is None:
            return
        self.cloudformation.execute_change_set(
            ChangeSetName=planned.change_set, StackName=self.name, RetainExceptOnCreate=True
        )
        status = self._at_rest()
        wanted = "CREATE_COMPLETE" if planned.creates else "UPDATE_COMPLETE"
        if status != wanted:
            raise StackFailed(f"stack {self.name}: {self._first_reason()}")

    def make_room(self) -> None:
        """Remove a stack that never came to life. Only whoever holds the lock of the stage does."""
        if self._at_rest() in NEVER_LIVED:
            self.cloudformation.delete_stack(StackName=self.name)
            if (left := self._at_rest()) is not None:
                raise StackFailed(f"stack {self.name} cannot be removed ({left}); look at it")

    def forget(self, change_set: str | None, creates: bool = False) -> None:
        """Leave no change set behind that no one executes."""
        if change_set:
            self.cloudformation.delete_change_set(ChangeSetName=change_set, StackName=self.name)
        if creates and self.status() == "REVIEW_IN_PROGRESS":
            self.cloudformation.delete_stack(StackName=self.name)

    def protect(self) -> None:
        """No one can delete the stack by accident."""
        self.cloudformation.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=True
        )

    def outputs(self) -> dict[str, str]:
        return outputs(self.cloudformation, self.stage)

    def parameters(self) -> dict[str, str]:
        stack = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", ())}

    @property
    def is_there(self) -> bool:
        """Whether the next plan changes it, and does not create it."""
        return self.status() not in (None, "REVIEW_IN_PROGRESS", *NEVER_LIVED)

    def functions(self) -> dict[str, str]:
        """The names of the functions by their logical ids."""
        pages = self.cloudformation.get_paginator("list_stack_resources")
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::Lambda::Function"
        }

    def status(self) -> str | None:
        """None where there is no stack."""
        try:
            answer = self.cloudformation.describe_stacks(StackName=self.name)
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return str(answer["Stacks"][0]["StackStatus"])

    def _at_rest(self) -> str | None:
        """The status once no one is at work on the stack."""
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            status = self.status()
            if status is None or status == "REVIEW_IN_PROGRESS":
                return status
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(self.poll_s)
        raise StackFailed(f"stack {self.name} is not at rest after {LONGEST_S} s; look at it")

    def _first_reason(self) -> str:
        answer = self.cloudformation.describe_stack_events(StackName=self.name)
        failed = [e for e in reversed(answer["StackEvents"]) if "FAILED" in e["ResourceStatus"]]
        for event in failed:
            reason = event.get("ResourceStatusReason", "no reason given")
            return f"{event['LogicalResourceId']}: {reason}"
        return "no reason given; look at its events"


def outputs(cloudformation: Any, stage: str) -> dict[str, str]:
    """What the stack says of itself: names, URLs and ARNs by their output key."""
    stack = cloudformation.describe_stacks(StackName=stack_name(stage))["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}


def _change(change: Mapping[str, Any]) -> Change:
    return Change(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        kind=change["ResourceType"],
        replaced=change.get("Replacement") == "True",
    )
