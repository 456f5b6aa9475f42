"""The pipeline: what may reach a stage, and from where."""

import re
from typing import Any

import yaml

from deploy.bundle import ROOT

JOBS: dict[str, Any] = yaml.safe_load(
    (ROOT / ".github" / "workflows" / "deploy.yml").read_text("utf-8")
)["jobs"]
MANUAL = (ROOT / "docs" / "deploy.md").read_text("utf-8")


def test_a_job_that_can_take_a_role_runs_for_main_alone() -> None:
    can = {name for name, job in JOBS.items() if "id-token" in job.get("permissions", {})}
    assert can == {"staging", "production"}
    for name in can:
        assert JOBS[name]["if"] == "github.ref == 'refs/heads/main'"
        assert JOBS[name]["environment"] == name


def test_the_roles_of_the_manual_trust_main_and_no_other_branch() -> None:
    subjects = re.findall(r'"(repo:OWNER/REPO:[^"]+)"', MANUAL)
    assert subjects == ["repo:OWNER/REPO:environment:production:ref:refs/heads/main"]
    assert '"include_claim_keys": ["repo", "context", "ref"]' in MANUAL
