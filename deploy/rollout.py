"""Updates the stack to a release in three steps, so that new code is checked before it serves.

    stack           new code and settings in every function; the alias `live` keeps the old version
    try functions   each function answers probes as `$LATEST`
    publish         only the parameter `Published` changes: new versions, to which `live` moves

On the way back `live` moves at once, even if traffic normally shifts gradually: the alarms that
caused the rollback are still on, and would stop a gradual shift.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from deploy.function_check import check_functions
from deploy.stack import Planned, Stack
from deploy.target import Outputs, Target
from deploy.template import PUBLISHED, published_value
from functions.aws.secrets import SecretStore
from functions.protocol.edge_secret import EdgeSecrets

PROTECTED = "production"
PROTECTION = "DeletionProtection"
"""The parameter that protects stored data. It is set only after the creation of a stack, because a
failed creation could not be undone otherwise."""
GRADUAL = "GradualTraffic"

Report = Callable[[str], None]
Review = Callable[[Planned], None]
Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Rollout:
    """`step` begins a step, `review` gets each change set before it is executed."""

    target: Target
    stack: Stack
    step: Callable[[str], None]
    review: Review

    def run(
        self,
        template: bytes,
        url: str,
        back_to: Parameters | None = None,
        made: Parameters = MappingProxyType({}),
    ) -> Outputs:
        """Raises StackFailed, FunctionCheckFailed. A new stack needs no check: it serves no one.

        `back_to` is None on the way forward, which sets the target's parameters. On the way back
        it has the parameters from before; the others do not change. `made` are parameters of what
        the deployment itself has made.
        """
        self.step("stack")
        self.stack.delete_failed_creation()
        exists = self.stack.exists
        known = self.stack.parameters() if exists else {}
        wanted = self._wanted(template, known, back_to)
        wanted |= _declared(made, json.loads(template)["Parameters"])
        published = published_value(template, known | wanted)
        if exists:
            self._execute(template, url, wanted)
        else:
            self._create(template, url, wanted | ({PUBLISHED: published} if published else {}))
        if self.target.stage == PROTECTED:
            self.stack.protect()
        if exists and published and known.get(PUBLISHED) != published:
            self._publish(template, url, wanted | {PUBLISHED: published}, back_to is not None)
        return self.stack.outputs()

    def plan(self, template: bytes, url: str) -> Planned:
        """What the first step of `run` would change, on the way forward."""
        return self.stack.plan(json.loads(template), url, self._wanted(template, {}, None))

    def _create(self, template: bytes, url: str, wanted: Parameters) -> None:
        protects = wanted.get(PROTECTION) == "true"
        self._execute(template, url, {**wanted, PROTECTION: "false"} if protects else wanted)
        if protects:
            self._execute(template, url, wanted)

    def _publish(self, template: bytes, url: str, wanted: Parameters, at_once: bool) -> None:
        self.step("try functions")
        names = self.stack.functions()
        check_functions(
            self.target.client("lambda"), names, json.loads(template), self._edge_secret()
        )
        self.step("publish")
        document = json.loads(template)
        if at_once and wanted.get(GRADUAL) == "true":
            self.stack.execute(self.stack.plan(document, url, {**wanted, GRADUAL: "false"}))
        self.stack.execute(self.stack.plan(document, url, wanted))

    def _edge_secret(self) -> str:
        """Empty for a release from before there was one."""
        arn = self.stack.outputs().get("EdgeSecretArn")
        if arn is None:
            return ""
        return SecretStore(self.target.client("secretsmanager"), arn, EdgeSecrets).read().current

    def _execute(self, template: bytes, url: str, wanted: Parameters) -> None:
        planned = self.stack.plan(json.loads(template), url, wanted)
        self.review(planned)
        self.stack.execute(planned)

    def _wanted(
        self, template: bytes, known: Parameters, back_to: Parameters | None
    ) -> dict[str, str]:
        target, declared = self.target, json.loads(template)["Parameters"]
        ours = {"Stage": target.stage, "Where": target.where}
        if target.stage == PROTECTED:
            ours[PROTECTION] = "true"
        if back_to is not None:
            return _declared({**known, **back_to, **ours}, declared)
        if unknown := sorted(target.parameters.keys() - declared.keys()):
            raise LookupError(f"the template has no parameter {', '.join(unknown)}")
        return _declared({**ours, **target.parameters}, declared)


def _declared(parameters: Parameters, declared: Mapping[str, Any]) -> dict[str, str]:
    """Only the parameters that the template has, without `Published`, which `run` sets."""
    return {n: v for n, v in parameters.items() if n in declared and n != PUBLISHED}
