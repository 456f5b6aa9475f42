"""Fakes for deployments: artifacts in memory, and a CloudFormation with one stack."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from deploy.artifacts import Artifacts, Release, StageRecord, address
from deploy.deployment import Deployment
from deploy.leases import StoredLease
from deploy.lock import Leases
from deploy.rollout import Parameters
from deploy.stack import Stack
from deploy.target import Outputs, Target
from functions.protocol.ports import Conflict
from tests.support.builders import NOON

STAGE = "staging"


class FakeArtifacts(Artifacts):
    """Objects by key."""

    def __init__(self) -> None:
        self.bucket = "artifacts"
        self.stored: dict[str, bytes] = {}

    def ensure(self, region: str) -> None: ...

    def get(self, key: str) -> bytes:
        return self.stored[key]

    def url(self, key: str) -> str:
        return f"https://artifacts.test/{key}"

    def _known(self, kinds: set[str]) -> set[str]:
        return {key for key in self.stored if key.partition("/")[0] in kinds}

    def _read(self, key: str) -> bytes | None:
        return self.stored.get(key)

    def _put(self, key: str, body: bytes) -> None:
        self.stored[key] = body


class FakeLeases:
    """Leases with their ETags; they never expire."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[bytes, str]] = {}
        self.writes = 0

    def read(self, key: str) -> StoredLease | None:
        if key not in self.held:
            return None
        return StoredLease(*self.held[key], written=NOON, now=NOON)

    def put(self, key: str, body: bytes, replacing: str | None) -> str:
        if self.held.get(key, (b"", None))[1] != replacing:
            raise Conflict(key)
        self.writes += 1
        self.held[key] = (body, f"etag-{self.writes}")
        return self.held[key][1]

    def remove(self, key: str, etag: str) -> None:
        if self.held.get(key, (b"", None))[1] != etag:
            raise Conflict(key)
        del self.held[key]


class FakeCloudFormation:
    """One stack. `executed` has the parameters of each executed change set."""

    def __init__(self, status: str | None = None, **parameters: str) -> None:
        self.status, self.parameters = status, parameters
        self.executed: list[dict[str, str]] = []
        self.refuses: dict[str, str] = {}
        """A change set with one of these parameters fails."""
        self.planned: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def describe_stacks(self, **_: Any) -> Any:
        if self.status is None:
            said = "Stack does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": said}}, "Describe")
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()]
        return {"Stacks": [{"StackStatus": self.status, "Parameters": given}]}

    def create_change_set(self, Parameters: list[Any], **asked: Any) -> Any:  # noqa: N803 - as AWS has it
        self.asked.append(("create_change_set", asked))
        self.planned = {
            each["ParameterKey"]: each.get("ParameterValue")
            or self.parameters[each["ParameterKey"]]
            for each in Parameters
        }
        return {"Id": "change-set"}

    def describe_change_set(self, **_: Any) -> Any:
        return {"Status": "CREATE_COMPLETE", "Changes": []}

    def execute_change_set(self, **asked: Any) -> None:
        self.asked.append(("execute_change_set", asked))
        made = "CREATE" if self.status is None else "UPDATE"
        if self.refuses.items() & self.planned.items():
            self.status = "ROLLBACK_COMPLETE" if made == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
            return
        self.status, self.parameters = f"{made}_COMPLETE", self.planned
        self.executed.append(self.planned)

    def describe_stack_events(self, **_: Any) -> Any:
        return {"StackEvents": []}

    def delete_stack(self, **asked: Any) -> None:
        self.asked.append(("delete_stack", asked))
        self.status, self.parameters = None, {}

    def delete_change_set(self, **_: Any) -> None: ...

    def update_termination_protection(self, **_: Any) -> None: ...

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[Any]:
        return []


@dataclass(frozen=True)
class FakeTarget(Target):
    kept: FakeArtifacts = field(default_factory=FakeArtifacts)
    locks: FakeLeases = field(default_factory=FakeLeases)
    cloudformation: FakeCloudFormation = field(default_factory=FakeCloudFormation)

    def client(self, service: str) -> Any:
        return {"cloudformation": self.cloudformation, "lambda": None}[service]

    @property
    def artifacts(self) -> Artifacts:
        return self.kept

    @property
    def leases(self) -> Leases:
        return self.locks

    @property
    def stack(self) -> Stack:
        return Stack(self.cloudformation, self.stage, poll_s=0)


def a_target(cloudformation: FakeCloudFormation, stage: str = STAGE, **given: str) -> FakeTarget:
    return FakeTarget(
        stage, None, "000000000000", "us-east-1", lambda _: nullcontext("https://edge.test"),
        parameters=given, cloudformation=cloudformation,
    )  # fmt: skip


def a_template(*parameters: str) -> bytes:
    declared = {name: {"Default": "none"} for name in ("Stage", "Where", "Published", *parameters)}
    return json.dumps({"Parameters": declared, "Resources": {}}).encode()


def a_release(target: FakeTarget, build: str, *parameters: str) -> Release:
    """A stored release whose template has these parameters."""
    template = a_template(*parameters)
    key = address("template", template)
    target.kept._put(key, template)
    release = Release(build=build, code="code/x", template=key, edge={}, asl={}, pages={})
    target.kept.add_release(release)
    return release


class StackOnlyDeployment(Deployment):
    """Only updates the stack, then raises the error of the release in `faults`."""

    def with_faults(self, faults: Mapping[str, BaseException]) -> "StackOnlyDeployment":
        self.faults = faults
        return self

    def _run_steps(
        self, release: Release, record: StageRecord, back_to: Parameters | None = None
    ) -> Outputs:
        self.rollout.run(self._content(release.template), "https://x.test", back_to)
        if fault := self.faults.get(release.name):
            raise fault
        return {}

    def _clean(self, release: Release, outputs: Outputs) -> None: ...


def a_deployment(
    target: FakeTarget, faults: Mapping[str, BaseException] | None = None
) -> StackOnlyDeployment:
    return StackOnlyDeployment(target, lambda _: None).with_faults(faults or {})
