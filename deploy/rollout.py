"""The stack on its way to a release: new code comes beside the code that serves, is asked a few
questions, and only then takes over.

    stack       new code and settings in every function; the alias `live` stays with the old version
    try         each function answers as `$LATEST`
    publish     the parameter `Published` alone: new versions, to which `live` moves

On the way back `live` moves at once, also where traffic moves step by step otherwise: the alarms
that led there ring still, and would stop the steps.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.function_check import check_functions
from deploy.stack import Planned, Stack
from deploy.target import Outputs, Target
from deploy.template import PUBLISHED, mark_of

PROTECTED = "production"
PROTECTION = "DeletionProtection"
"""The parameter that protects what is stored. Not in a creation: one that fails could not be
taken back."""
GRADUAL = "GradualTraffic"

Say = Callable[[str], None]
Review = Callable[[Planned], None]
Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Rollout:
    """`say` hears of each step, `review` sees each change set before it is executed."""

    target: Target
    stack: Stack
    say: Say
    review: Review

    def bring(self, template: bytes, url: str, back_to: Parameters | None = None) -> Outputs:
        """Raises StackFailed, NotTrusted. In a stack that is made new no one is served yet.

        `back_to` is None on the way forward, which sets the target's parameters. On the way back
        it has the parameters of then; the others stay as they are.
        """
        self.say("stack")
        self.stack.make_room()
        there = self.stack.is_there
        known = self.stack.parameters() if there else {}
        wanted = self._wanted(template, known, back_to)
        mark = mark_of(template, known | wanted)
        if there:
            self._execute(template, url, wanted)
        else:
            self._create(template, url, wanted | ({PUBLISHED: mark} if mark else {}))
        if self.target.stage == PROTECTED:
            self.stack.protect()
        if there and mark and known.get(PUBLISHED) != mark:
            self._publish(template, url, wanted | {PUBLISHED: mark}, back_to is not None)
        return self.stack.outputs()

    def plan(self, template: bytes, url: str) -> Planned:
        """What `bring` would change at first, on the way forward."""
        return self.stack.plan(json.loads(template), url, self._wanted(template, {}, None))

    def _create(self, template: bytes, url: str, wanted: Parameters) -> None:
        protects = wanted.get(PROTECTION) == "true"
        self._execute(template, url, {**wanted, PROTECTION: "false"} if protects else wanted)
        if protects:
            self._execute(template, url, wanted)

    def _publish(self, template: bytes, url: str, wanted: Parameters, at_once: bool) -> None:
        self.say("try functions")
        names = self.stack.functions()
        check_functions(self.target.client("lambda"), names, json.loads(template))
        self.say("publish")
        document = json.loads(template)
        if at_once and wanted.get(GRADUAL) == "true":
            self.stack.execute(self.stack.plan(document, url, {**wanted, GRADUAL: "false"}))
        self.stack.execute(self.stack.plan(document, url, wanted))

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
    """Only what the template has; and when functions publish is not decided here."""
    return {n: v for n, v in parameters.items() if n in declared and n != PUBLISHED}
