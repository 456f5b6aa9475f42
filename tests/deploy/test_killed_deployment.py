"""A deployment that is killed at any step is finished by the next one.

These tests cover every step, on a stage in memory. tests/e2e/ kills real processes at the
riskiest steps, on the engine.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from deploy import push
from deploy.artifacts import Release, address
from deploy.deployment import Deployment
from deploy.leases import StoredLease
from deploy.pages import Page
from deploy.template import Built, published_value
from tests.deploy.fakes import (
    STAGE,
    FakeCloudFormation,
    FakeLeases,
    FakeTarget,
    a_target,
    a_template,
)

STEPS = (
    "upload", "edge function", "push", "stack", "try functions", "publish", "flows", "pages",
    "data", "invalidation", "verify pages", "verify API", "verify jobs", "clean",
)  # fmt: skip


class Killed(BaseException):
    """The process is gone: its `except` and `finally` blocks have no effect."""


class ExpiredLeases(FakeLeases):
    """A killed process does not release its lease, which has expired when the next one starts."""

    def __init__(self) -> None:
        super().__init__()
        self.process_died = False

    def read(self, key: str) -> StoredLease | None:
        found = super().read(key)
        return found and replace(found, now=found.now + timedelta(hours=1))

    def remove(self, key: str, etag: str) -> None:
        if not self.process_died:
            super().remove(key, etag)


class CloudFormation(FakeCloudFormation):
    """With the outputs that later steps need."""

    def describe_stacks(self, **asked: Any) -> Any:
        answer = super().describe_stacks(**asked)
        names = ("MachinePrefix", "SiteBucket", "DistributionId")
        answer["Stacks"][0]["Outputs"] = [{"OutputKey": n, "OutputValue": n} for n in names]
        return answer


@dataclass(frozen=True)
class AllClients(FakeTarget):
    def client(self, service: str) -> Any:
        return {"cloudformation": self.cloudformation}.get(service)


@dataclass
class Stage:
    """What customers see: flows, pages, and the release that was verified last."""

    target: AllClients
    leases: ExpiredLeases
    flows: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    verified: str | None = None

    def go_live(self, _: Any, __: str, flows: list[str]) -> None:
        self.flows = flows

    def publish(self, _: Any, __: str, files: list[Page]) -> bool:
        """Ignores hashed files, which are uploaded first and not visible yet."""
        entries = [page.key for page in files if page.is_entry and page.key != push.FILE]
        self.pages = entries or self.pages
        return bool(entries)

    def verify(
        self, _: Any, __: Any, release: Release, ___: Any, step: Callable[[str], None]
    ) -> None:
        for part in ("pages", "API", "jobs"):
            step(f"verify {part}")
        self.verified = release.name

    def deploy(self, built: Built, report: Callable[[str], None] = lambda _: None) -> None:
        self.leases.process_died = False
        Deployment(self.target, report, flows=()).deploy(built)

    def deploy_killed_at(self, step: str, built: Built) -> None:
        def die(now: str) -> None:
            if now == step:
                self.leases.process_died = True
                raise Killed

        with pytest.raises(Killed):
            self.deploy(built, die)

    def runs(self, built: Built) -> bool:
        """Whether functions, flows and pages are all of that release."""
        parameters = self.target.cloudformation.parameters
        mark = published_value(built.contents[built.release.template], parameters)
        found = (parameters["Published"], self.flows, self.pages)
        return found == (mark, [*built.release.asl], [*built.release.pages])


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage that runs release Before; what a step does to AWS is done to it instead."""
    leases = ExpiredLeases()
    plain = vars(a_target(CloudFormation()))
    stage = Stage(AllClients(**plain | {"locks": leases, "where": "laptop"}), leases)
    effects = {
        "push.ensure": lambda *_: push.PushApi("api", "host", "realtime", "key"),
        "state_machine_versions.go_live": stage.go_live,
        "pages.publish": stage.publish,
        "pages.invalidate": lambda *_: "invalidation",
        "pages.remove_others": lambda *_: [],
        "verify_jobs.prepare": lambda *_: None,
        "verify_jobs.verify": stage.verify,
        "verify_jobs.sweep": lambda *_: None,
        "check_imports": lambda *_: 0,
    }
    for name, effect in effects.items():
        monkeypatch.setattr(f"deploy.deployment.{name}", effect)
    stage.deploy(a_release("Before"))
    return stage


def a_release(name: str) -> Built:
    """Template, flow and page are this release's own."""
    code, template, page = io.BytesIO(), a_template(name), name.encode()
    zipfile.ZipFile(code, "w").close()
    keys = {"code": address("code", code.getvalue()), "template": address("template", template)}
    pages = {f"{name}.html": address("pages", page)}
    release = Release(build=name, edge={}, asl={name: "asl/x"}, pages=pages, **keys)
    contents = {keys["code"]: code.getvalue(), keys["template"]: template}
    return Built(release, {**contents, pages[f"{name}.html"]: page})


def test_deployments_killed_at_every_step_are_finished_by_the_next(stage: Stage) -> None:
    """Each meets what the one before it left undone, and comes one step further."""
    one, two = a_release("One"), a_release("Two")
    for number, step in enumerate(STEPS):
        built = (two, one)[number % 2]
        stage.deploy_killed_at(step, built)
        record = stage.target.artifacts.record(STAGE)
        assert (record.pending == built.release.name) == (step not in ("upload", "clean")), step
        assert (record.current == built.release.name) == (step == "clean"), step
    stage.deploy(last := a_release("Three"))
    record = stage.target.artifacts.record(STAGE)
    assert record.current == last.release.name
    assert record.pending is None
    assert stage.runs(last)


@pytest.mark.parametrize("step", STEPS)
def test_whatever_step_it_died_at_the_release_before_comes_back(stage: Stage, step: str) -> None:
    stage.deploy_killed_at(step, a_release("Two"))
    stage.deploy(before := a_release("Before"))
    assert stage.runs(before)
    assert stage.target.locks.held == {}


def test_every_step_that_a_deployment_announces_is_one_to_be_killed_at(stage: Stage) -> None:
    announced: list[str] = []
    stage.deploy(a_release("Two"), announced.append)
    assert announced == ["imports", *STEPS]
