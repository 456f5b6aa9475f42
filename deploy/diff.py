"""What a deployment would change, for a dry run."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.artifacts import Artifacts
from deploy.rollout import Rollout
from deploy.stack import Change
from deploy.template import Built


@dataclass(frozen=True)
class Difference:
    release: str
    current: str | None
    code: bool
    edge: tuple[str, ...]
    flows: tuple[str, ...]
    pages: tuple[str, ...]
    stack: tuple[Change, ...]

    @property
    def nothing(self) -> bool:
        return not (self.code or self.edge or self.flows or self.pages or self.stack)


def compare(artifacts: Artifacts, stage: str, rollout: Rollout, built: Built) -> Difference:
    """The stage against the build. Raises StackFailed if CloudFormation cannot plan it."""
    record, release = artifacts.record(stage), built.release
    known = artifacts.release(record.current) if record.current else None
    template = built.contents[release.template]
    artifacts.add({release.template: template})
    planned = rollout.plan(template, artifacts.url(release.template))
    rollout.stack.delete_change_set(planned.change_set, planned.creates)
    return Difference(
        release=release.name,
        current=record.current,
        code=known is None or known.code != release.code,
        edge=_changed(release.edge, known.edge if known else {}),
        flows=_changed(release.asl, known.asl if known else {}),
        pages=_changed(release.pages, known.pages if known else {}),
        stack=planned.changes,
    )


def _changed(new: Mapping[str, str], old: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(key for key in {*new, *old} if new.get(key) != old.get(key)))
