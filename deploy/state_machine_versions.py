"""State machines by version: the alias `live` names the one that new executions run.

Step Functions lets a running execution end on the version that started it. The versions are made
here and not by CloudFormation, because the laptop engine has no such resource; so both take the
same way.
"""

from typing import Any

from botocore.exceptions import ClientError

ALIAS = "live"


def go_live(sfn: Any, machine_prefix: str, flows: list[str]) -> list[str]:
    """Point the alias of each flow at its present definition; the answer names what has changed."""
    return [flow for flow in flows if _live(sfn, f"{machine_prefix}{flow}")]


def _live(sfn: Any, arn: str) -> bool:
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
