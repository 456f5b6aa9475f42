"""The CloudFormation stack of a stage: plans change sets and executes them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
CREATION_FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
TIMEOUT_S = 6 * 3600
"""CodeDeploy's longest traffic shift takes 100 minutes, and one may wait for another."""


class DeployFailed(Exception):
    """Base class of the errors that end a deployment."""


class StackFailed(DeployFailed):
    """CloudFormation failed; the text has the first reason it gave."""


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
    """A change set that is not executed yet. Its id is None if nothing changes."""

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
        """Create a change set for the template. Raises StackFailed if that fails.

        Parameters that are not in `wanted` do not change. Waits for an update that is still in
        progress, perhaps from a deployment that was killed.
        """
        status = self._wait_until_idle()
        if status in CREATION_FAILED:
            raise StackFailed(
                f"the creation of stack {self.name} failed ({status}); a deployment deletes the "
                "rest of it and creates it again"
            )
        creates = status in (None, "REVIEW_IN_PROGRESS")
        known = {} if creates else self.parameters()
        answer = self.cloudformation.create_change_set(
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
        return self._described(answer["Id"], creates)

    def _described(self, change_set: str, creates: bool) -> Planned:
        answer = self._wait_for_change_set(change_set)
        if answer["Status"] == "FAILED":
            reason = answer.get("StatusReason", "no reason given")
            self.delete_change_set(change_set)
            if any(words in reason for words in NO_CHANGES):
                return Planned(self.stage, None, creates, ())
            raise StackFailed(f"stack {self.name}: {reason}")
        changes = tuple(_change(each["ResourceChange"]) for each in answer["Changes"])
        return Planned(self.stage, change_set, creates, changes)

    def _wait_for_change_set(self, change_set: str) -> dict[str, Any]:
        pages: list[dict[str, Any]] = []
        deadline = time.monotonic() + TIMEOUT_S
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
        """Execute the change set and wait. Raises StackFailed with the first reason given.

        If it fails, new resources are deleted, even those with a retention policy: they are empty,
        and their names would block the next attempt.
        """
        if planned.change_set is None:
            return
        self.cloudformation.execute_change_set(
            ChangeSetName=planned.change_set, StackName=self.name, RetainExceptOnCreate=True
        )
        status = self._wait_until_idle()
        wanted = "CREATE_COMPLETE" if planned.creates else "UPDATE_COMPLETE"
        if status != wanted:
            raise StackFailed(f"stack {self.name}: {self._first_reason()}")

    def delete_failed_creation(self) -> None:
        """Delete a stack whose creation failed. Only the holder of the stage's lock may do that."""
        if self._wait_until_idle() in CREATION_FAILED:
            self.cloudformation.delete_stack(StackName=self.name)
            if (left := self._wait_until_idle()) is not None:
                raise StackFailed(f"stack {self.name} cannot be deleted ({left}); check it by hand")

    def delete_change_set(self, change_set: str | None, creates: bool = False) -> None:
        """Delete a change set that will not be executed, and the empty stack it has created."""
        if change_set:
            self.cloudformation.delete_change_set(ChangeSetName=change_set, StackName=self.name)
        if creates and self.status() == "REVIEW_IN_PROGRESS":
            self.cloudformation.delete_stack(StackName=self.name)

    def protect(self) -> None:
        """Turn on termination protection."""
        self.cloudformation.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=True
        )

    def outputs(self) -> dict[str, str]:
        return outputs(self.cloudformation, self.stage)

    def parameters(self) -> dict[str, str]:
        stack = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", ())}

    @property
    def exists(self) -> bool:
        """Whether the next plan updates the stack instead of creating it."""
        return self.status() not in (None, "REVIEW_IN_PROGRESS", *CREATION_FAILED)

    def functions(self) -> dict[str, str]:
        """Names of the functions by logical id."""
        pages = self.cloudformation.get_paginator("list_stack_resources")
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::Lambda::Function"
        }

    def status(self) -> str | None:
        """None if there is no stack."""
        try:
            answer = self.cloudformation.describe_stacks(StackName=self.name)
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return str(answer["Stacks"][0]["StackStatus"])

    def _wait_until_idle(self) -> str | None:
        """The status once no operation is in progress."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            status = self.status()
            if status is None or status == "REVIEW_IN_PROGRESS":
                return status
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(self.poll_s)
        raise StackFailed(f"stack {self.name} is still busy after {TIMEOUT_S} s; check it by hand")

    def _first_reason(self) -> str:
        answer = self.cloudformation.describe_stack_events(StackName=self.name)
        failed = [e for e in reversed(answer["StackEvents"]) if "FAILED" in e["ResourceStatus"]]
        for event in failed:
            reason = event.get("ResourceStatusReason", "no reason given")
            return f"{event['LogicalResourceId']}: {reason}"
        return "no reason given; see its events"


def outputs(cloudformation: Any, stage: str) -> dict[str, str]:
    """The outputs of the stack: names, URLs, and ARNs."""
    stack = cloudformation.describe_stacks(StackName=stack_name(stage))["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}


def _change(change: Mapping[str, Any]) -> Change:
    return Change(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        kind=change["ResourceType"],
        replaced=change.get("Replacement") == "True",
    )
