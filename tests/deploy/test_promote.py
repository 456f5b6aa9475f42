"""An approval is for one release; and the pipeline hands on which."""

from typing import Any

import boto3
import pytest
import yaml

from deploy.artifacts import Release
from deploy.bundle import ROOT
from deploy.deployment import Deployment
from deploy.deployment_errors import NotConfirmed
from deploy.target import Target, distribution_url
from tests.support.moto_server import REGION, Moto

WORKFLOW: dict[str, Any] = yaml.safe_load(
    (ROOT / ".github/workflows/deploy.yml").read_text("utf-8")
)


class Brings(Deployment):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.brought: list[str] = []

    def release(self, release: Release) -> Any:
        self.brought.append(release.name)
        return {}


def a_release(build: str) -> Release:
    return Release(build=build, code="code/c", template="template/t", edge={}, asl={}, pages={})


def test_a_release_that_came_to_staging_after_the_approval_is_not_promoted(moto: Moto) -> None:
    agreed, later = a_release("agreed"), a_release("later")
    with moto.environment():
        account = moto.name("account")
        production = Brings(
            Target("production", boto3.Session(), account, REGION, distribution_url)
        )
        artifacts = production.artifacts
        artifacts.ensure(REGION)
        for release in (agreed, later):
            artifacts.add_release(release)
            record = artifacts.record("staging")
            artifacts.write_record("staging", record.with_(current=release.name))
        with pytest.raises(NotConfirmed, match=f"runs release {later.name}, not"):
            production.promote("staging", agreed.name)
        assert production.brought == []
        production.promote("staging", later.name)
        production.promote("staging")
    assert production.brought == [later.name, later.name]


def test_the_pipeline_promotes_what_it_brought_to_staging() -> None:
    staging, production = WORKFLOW["jobs"]["staging"], WORKFLOW["jobs"]["production"]
    (deployed,) = (step for step in staging["steps"] if step.get("id") == "deploy")
    assert "haul deploy staging --yes --release-file release.txt" in deployed["run"]
    assert staging["outputs"] == {"release": "${{ steps.deploy.outputs.release }}"}
    promoted = production["steps"][-1]
    assert promoted["env"] == {"RELEASE": "${{ needs.staging.outputs.release }}"}
    assert '--release "$RELEASE"' in promoted["run"]


def test_a_run_that_waits_for_its_approval_holds_up_no_later_one() -> None:
    assert "concurrency" not in WORKFLOW
    assert "concurrency" not in WORKFLOW["jobs"]["production"]
    assert WORKFLOW["jobs"]["staging"]["concurrency"]["group"] == "deploy-staging"
