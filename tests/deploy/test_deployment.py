"""Which release a stage runs in the end, and with which parameters."""

import pytest

from deploy.artifacts import Release, StageRecord
from deploy.deployment_errors import NothingToRollBackTo, RolledBack, Stopped
from deploy.stack import Planned
from deploy.verify_edge import NotVerified
from tests.deploy.fakes import (
    STAGE,
    FakeCloudFormation,
    FakeTarget,
    StackOnlyDeployment,
    a_deployment,
    a_release,
    a_target,
)


@pytest.fixture
def target() -> FakeTarget:
    """A stage that runs nothing yet."""
    return a_target(FakeCloudFormation())


def having(target: FakeTarget, **parameters: str) -> FakeTarget:
    """The same stage, deployed to with `--set`."""
    there = a_target(target.cloudformation, **parameters)
    there.kept.stored = target.kept.stored
    return there


def record_of(target: FakeTarget) -> StageRecord:
    return target.kept.record(STAGE)


def settings(target: FakeTarget) -> dict[str, str]:
    ours = ("Stage", "Where", "Published")
    return {k: v for k, v in target.cloudformation.parameters.items() if k not in ours}


def running(target: FakeTarget, *builds: str, parameters: tuple[str, ...] = ()) -> list[Release]:
    """Releases that were verified one after the other."""
    releases = [a_release(target, build, *parameters) for build in builds]
    for release in releases:
        a_deployment(target).release(release)
    return releases


def test_a_parameter_goes_back_with_its_release(target: FakeTarget) -> None:
    (first,) = running(having(target, Ttl="60"), "first", parameters=("Ttl",))
    bad = a_release(target, "second", "Ttl")
    with pytest.raises(RolledBack):
        a_deployment(having(target, Ttl="1"), {bad.name: NotVerified("slow")}).release(bad)
    assert settings(target) == {"Ttl": "60"}
    assert record_of(target).current == first.name
    assert record_of(target).pending is None


def test_a_parameter_goes_back_without_a_new_release_too(target: FakeTarget) -> None:
    (first,) = running(having(target, Ttl="60"), "first", parameters=("Ttl",))
    target.cloudformation.refuses = {"Ttl": "1"}
    with pytest.raises(RolledBack):
        a_deployment(having(target, Ttl="1")).release(first)
    assert settings(target) == {"Ttl": "60"}


def test_a_parameter_of_the_new_release_does_not_block_the_way_back(
    target: FakeTarget,
) -> None:
    (first,) = running(target, "first")
    bad = a_release(target, "second", "Fresh")
    with pytest.raises(RolledBack):
        a_deployment(having(target, Fresh="1"), {bad.name: NotVerified("no")}).release(bad)
    assert settings(target) == {}
    assert record_of(target).current == first.name


def test_unfinished_deployments_are_rolled_back_to_the_last_verified_release(
    target: FakeTarget,
) -> None:
    """After first, second, and third, the deployments of fourth and fifth are killed."""
    there = having(target, Ttl="60")
    _, second, third = running(there, "first", "second", "third", parameters=("Ttl",))
    for build in ("fourth", "fifth"):
        doomed = a_release(target, build, "Ttl")
        with pytest.raises(SystemExit):
            a_deployment(having(target, Ttl=build), {doomed.name: SystemExit()}).release(doomed)
    a_deployment(target).roll_back()
    left = record_of(target)
    assert left.current == third.name
    assert left.previous[0] == second.name
    assert left.pending is None
    assert settings(target) == {"Ttl": "60"}


def test_a_killed_rollback_is_finished_by_the_next(target: FakeTarget) -> None:
    first, second, _ = running(target, "first", "second", "third")
    with pytest.raises(SystemExit):
        a_deployment(target, {second.name: SystemExit()}).roll_back()
    a_deployment(target).roll_back()
    assert record_of(target).current == second.name
    assert record_of(target).previous == (first.name,)


def test_a_killed_rollback_does_not_turn_off_gradual_traffic(
    target: FakeTarget,
) -> None:
    there = having(target, GradualTraffic="true")
    _, second, _ = running(there, "first", "second", "third", parameters=("GradualTraffic",))
    with pytest.raises(SystemExit):
        a_deployment(target, {second.name: SystemExit()}).roll_back()
    target.cloudformation.parameters["GradualTraffic"] = "false"
    a_deployment(target).roll_back()
    assert settings(target) == {"GradualTraffic": "true"}


def test_the_way_back_has_no_review(target: FakeTarget) -> None:
    """It only removes what was just added, and perhaps no one is there to answer."""
    running(target, "first")
    bad, asked = a_release(target, "second", "Fresh"), list[Planned]()
    deployment = StackOnlyDeployment(target, lambda _: None, review=asked.append)
    with pytest.raises(RolledBack):
        deployment.with_faults({bad.name: NotVerified("no")}).release(bad)
    assert len(asked) == 1


def test_a_rollback_does_not_change_parameters(target: FakeTarget) -> None:
    running(target, "first", parameters=("Ttl",))
    running(having(target, Ttl="5"), "second", parameters=("Ttl",))
    a_deployment(target).roll_back()
    assert settings(target) == {"Ttl": "5"}


def test_an_interrupted_deployment_reports_the_state_of_the_stage(target: FakeTarget) -> None:
    (first,) = running(target, "first")
    second = a_release(target, "second")
    with pytest.raises(Stopped, match=f"{second.name} .* may serve .* not verified") as told:
        a_deployment(target, {second.name: KeyboardInterrupt()}).release(second)
    assert f"`haul rollback {STAGE}` to return to {first.name}" in str(told.value)
    assert record_of(target).pending == second.name


def test_without_a_verified_release_there_is_nothing_to_roll_back_to(
    target: FakeTarget,
) -> None:
    only = a_release(target, "only")
    with pytest.raises(NotVerified):
        a_deployment(target, {only.name: NotVerified("no")}).release(only)
    with pytest.raises(NothingToRollBackTo, match="deploy it again to finish"):
        a_deployment(target).roll_back()


def test_a_release_older_than_cases_keeps_its_name(target: FakeTarget) -> None:
    old = a_release(target, "old")
    assert b"cases" not in old.to_bytes()
    assert target.kept.release(old.name) == old
