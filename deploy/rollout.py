"""The stack on its way to a release: new code comes beside the code that serves, is asked a few
questions, and only then takes over.

    stack       new code and settings in every function; the alias `live` stays with the old version
    try         each function answers as `$LATEST`
    publish     the parameter `Published` alone: new versions, to which `live` moves
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from deploy.stack import Planned, Stack
from deploy.target import Outputs, Target
from deploy.template import PUBLISHED, mark_of
from deploy.trial import try_functions

PROTECTED = "production"

Say = Callable[[str], None]
Review = Callable[[Planned], None]


@dataclass(frozen=True)
class Rollout:
    """`say` hears of each step, `review` sees each change set before it is executed."""

    target: Target
    stack: Stack
    say: Say
    review: Review

    def bring(self, template: bytes, url: str) -> Outputs:
        """Raises StackFailed, NotTrusted. In a stack that is made new nobody is served yet."""
        self.say("stack")
        there = self.stack.is_there
        known = self.stack.parameters() if there else {}
        mark = mark_of(template, known | self._wanted())
        planned = self.plan(template, url, None if there else mark)
        self.review(planned)
        self.stack.execute(planned)
        if self.target.stage == PROTECTED:
            self.stack.protect()
        if there and mark and known.get(PUBLISHED) != mark:
            self._publish(template, url, mark)
        return self.stack.outputs()

    def plan(self, template: bytes, url: str, published: str | None = None) -> Planned:
        """Towards the template at `url`; functions publish where `published` is another value."""
        more = {} if published is None else {PUBLISHED: published}
        document, wanted = json.loads(template), {**self._wanted(), **more}
        if unknown := sorted(wanted.keys() - document["Parameters"].keys()):
            raise LookupError(f"the template has no parameter {', '.join(unknown)}")
        return self.stack.plan(document, url, wanted)

    def _publish(self, template: bytes, url: str, mark: str) -> None:
        self.say("try functions")
        names = self.stack.functions()
        try_functions(self.target.client("lambda"), names, json.loads(template))
        self.say("publish")
        self.stack.execute(self.plan(template, url, mark))

    def _wanted(self) -> dict[str, str]:
        target = self.target
        return {"Stage": target.stage, "Where": target.where, **target.parameters}
