"""Versions of the state machines: new executions run the version of the alias `live`.

A running execution stays on the version that started it. Versions are published here and not by
CloudFormation, because the laptop engine does not have that resource type.
"""

from typing import Any

from botocore.exceptions import ClientError

ALIAS = "live"


def go_live(sfn: Any, machine_prefix: str, flows: list[str]) -> list[str]:
    """Point the alias of each flow at its current definition. Returns the flows that changed."""
    return [flow for flow in flows if _go_live(sfn, f"{machine_prefix}{flow}")]


def _go_live(sfn: Any, arn: str) -> bool:
    wanted = sfn.describe_state_machine(stateMachineArn=arn)
    running = _version_of_alias(sfn, arn)
    if running and _same(sfn.describe_state_machine(stateMachineArn=running), wanted):
        return False
    version = sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    routing = [{"stateMachineVersionArn": version, "weight": 100}]
    if running:
        sfn.update_state_machine_alias(
            stateMachineAliasArn=f"{arn}:{ALIAS}", routingConfiguration=routing
        )
    else:
        sfn.create_state_machine_alias(name=ALIAS, routingConfiguration=routing)
    return True


def _version_of_alias(sfn: Any, arn: str) -> str | None:
    try:
        alias = sfn.describe_state_machine_alias(stateMachineAliasArn=f"{arn}:{ALIAS}")
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ResourceNotFound", "StateMachineDoesNotExist"):
            return None
        raise
    version: str = alias["routingConfiguration"][0]["stateMachineVersionArn"]
    return version


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[key] == other[key] for key in ("definition", "roleArn"))
