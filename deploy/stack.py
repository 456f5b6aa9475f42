"""The CloudFormation stack: created or updated, and waited for."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy.template import Package

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

Say = Callable[[str], None]


class StackFailed(Exception):
    """CloudFormation did not get there; the text has the first reason it gave."""


def artifact_bucket(stage: str, account: str) -> str:
    return f"haulway-{stage}-artifacts-{account}"


def upload(s3: Any, bucket: str, package: Package) -> None:
    """Put the artifacts that are not there yet; their keys are hashes, so none changes."""
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        s3.create_bucket(Bucket=bucket)
    known = {
        item["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", ())
    }
    for key in sorted(package.artifacts.keys() - known):
        s3.put_object(Bucket=bucket, Key=key, Body=package.artifacts[key])


def apply(
    cloudformation: Any, s3: Any, stage: str, bucket: str, package: Package, poll_s: float = 5
) -> dict[str, str]:
    """The outputs of the stack of `stage` after it was created or updated. Raises StackFailed."""
    name = f"haulway-{stage}"
    key = "template/current.json"
    s3.put_object(Bucket=bucket, Key=key, Body=package.template.encode())
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    wanted = {
        "StackName": name,
        "TemplateURL": url.partition("?")[0],
        "Capabilities": CAPABILITIES,
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": stage},{"ParameterKey": "Where", "ParameterValue": "laptop"}],
    }
    if not _exists(cloudformation, name):
        cloudformation.create_stack(**wanted)
        _wait(cloudformation, "stack_create_complete", name, poll_s)
    elif _update(cloudformation, wanted):
        _wait(cloudformation, "stack_update_complete", name, poll_s)
    return outputs(cloudformation, stage)


def outputs(cloudformation: Any, stage: str) -> dict[str, str]:
    """What the stack says of itself: names, URLs and ARNs by their output key."""
    stack = cloudformation.describe_stacks(StackName=f"haulway-{stage}")["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}


def _exists(cloudformation: Any, name: str) -> bool:
    try:
        cloudformation.describe_stacks(StackName=name)
        return True
    except ClientError:
        return False


def _update(cloudformation: Any, wanted: dict[str, Any]) -> bool:
    try:
        cloudformation.update_stack(**wanted)
        return True
    except ClientError as error:
        if "No updates" in str(error):
            return False
        raise


def _wait(cloudformation: Any, state: str, name: str, poll_s: float) -> None:
    try:
        cloudformation.get_waiter(state).wait(
            StackName=name, WaiterConfig={"Delay": poll_s, "MaxAttempts": 360}
        )
    except WaiterError as error:
        raise StackFailed(f"stack {name}: {_first_reason(cloudformation, name)}") from error


def _first_reason(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [e for e in reversed(events) if "FAILED" in e["ResourceStatus"]]
    for event in failed:
        return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
    return "no reason given; look at its events"
