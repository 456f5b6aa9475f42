"""`haul index rebuild` on S3 and DynamoDB."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import typer
from typer.testing import CliRunner

from cli.commands import index
from functions.aws.job_index import DynamoJobIndex
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.views.find_jobs import find_jobs
from functions.views.job_index import IndexJob
from statemachine.business.business import BusinessSettings
from statemachine.history.job_search import Question
from tests.support.builders import a_job
from tests.support.moto_server import Moto

app = typer.Typer()
app.add_typer(index.app, name="index")


@dataclass
class Business:
    moto: Moto
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outputs = {"JobsBucket": self.moto.bucket(), "JobIndexTable": self.moto.job_index()}
        self.jobs = S3Jobs(self.moto.s3, self.outputs["JobsBucket"])
        tenants = S3Tenants(self.moto.s3, self.outputs["JobsBucket"])
        tenants.add(BusinessSettings(tenant="main", name="Haulway"))
        self.index = DynamoJobIndex(self.client("dynamodb"), self.outputs["JobIndexTable"])

    def client(self, service: str) -> Any:
        return self.moto.client(service)

    def rebuild(self) -> tuple[int, dict[str, Any]]:
        obj = SimpleNamespace(connection=self, tenant="main")
        said = CliRunner().invoke(app, ["index", "rebuild", "--json"], obj=obj)
        return said.exit_code, json.loads(said.stdout)


def test_the_index_is_made_again_and_says_what_cannot_be_read(moto: Moto) -> None:
    business = Business(moto)
    kept, broken = a_job(), a_job(job_id="261121-000002")
    business.jobs.create(kept)
    IndexJob(business.index)(a_job(job_id="261121-000003"))  # erased
    IndexJob(business.index)(broken)
    key = f"tenants/main/jobs/{broken.job_id}.json"
    moto.s3.put_object(Bucket=business.outputs["JobsBucket"], Key=key, Body=b"{")
    code, said = business.rebuild()
    assert said == {"jobs": 1, "removed": 1, "unreadable": [broken.job_id]}
    assert code == 1
    entries = find_jobs(business.index, "main", Question(), 9).entries
    assert {entry.job_id for entry in entries} == {kept.job_id, broken.job_id}
