"""The deployed stage that the doctor checks, and its findings."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deploy.target import stage_prefix
from deploy.template_file import read_template


@dataclass(frozen=True)
class Finding:
    """The result of one check; `do` is what a person has to do if it is not `ok`."""

    what: str
    ok: bool
    do: str = ""


@dataclass(frozen=True)
class DeployedStage:
    session: Any
    outputs: dict[str, str]
    edge_url: str
    max_key_days: int

    def client(self, service: str) -> Any:
        return self.session.client(service)

    @property
    def stack(self) -> str:
        return stage_prefix(self.outputs).removesuffix("-")

    @cached_property
    def parts(self) -> list[tuple[str, str, str]]:
        """Type, logical id, and physical id of every resource."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return [
            (each["ResourceType"], each["LogicalResourceId"], each.get("PhysicalResourceId", ""))
            for page in pages.paginate(StackName=self.stack)
            for each in page["StackResourceSummaries"]
        ]

    @property
    def stage(self) -> str:
        return self.stack.removeprefix("haulway-")

    @cached_property
    def described(self) -> dict[str, Any]:
        answer = self.client("cloudformation").describe_stacks(StackName=self.stack)
        stack: dict[str, Any] = answer["Stacks"][0]
        return stack

    @property
    def parameters(self) -> dict[str, str]:
        known = self.described.get("Parameters", ())
        return {each["ParameterKey"]: each["ParameterValue"] for each in known}

    @property
    def on_aws(self) -> bool:
        return self.parameters["Where"] == "aws"

    @property
    def aws(self) -> str:
        """The beginning of AWS CLI commands for this stage."""
        url = self.client("cloudformation").meta.endpoint_url
        return "aws" if self.on_aws else f"aws --endpoint-url {url}"

    @cached_property
    def template(self) -> dict[str, Any]:
        return read_template()

    def of(self, kind: str) -> Iterator[tuple[str, str]]:
        return ((name, known_as) for of, name, known_as in self.parts if of == kind)
