"""Export, import and erasure on the running copy."""

import json
from pathlib import Path

import pytest

from local.laptop import Laptop
from statemachine.job import Job
from tests.e2e.business import booking, exist, haul, jobs_of, move, put, settled

pytestmark = pytest.mark.engine


def an_ended_job(stack: Laptop, number: int, name: str) -> Job:
    request = {**booking(number, prefix="dat"), "customer": {"name": name}}
    put(stack, "JobRequested", [request])
    exist(stack, [request["job_id"]])
    forward = [move(request["job_id"], each) for each in ("confirm", "start", "complete")]
    put(stack, "JobMoveRequested", forward)
    (job,) = settled(stack, [request["job_id"]])
    return job


def test_an_ended_job_carries_the_tag_of_the_lifecycle_rules(stack: Laptop) -> None:
    job = an_ended_job(stack, 1, "Tagged")
    key = f"tenants/main/jobs/{job.job_id}.json"
    tags = stack.client("s3").get_object_tagging(Bucket=stack.outputs["JobsBucket"], Key=key)
    assert tags["TagSet"] == [{"Key": "ended", "Value": "yes"}]


def test_a_customer_is_erased_with_every_version_and_one_line_is_kept(
    stack: Laptop, tmp_path: Path
) -> None:
    job = an_ended_job(stack, 2, "Erased Person")
    saved = tmp_path / "jobs.jsonl"
    exported = haul(stack, "export", str(saved))
    erased = haul(stack, "erase", "--customer", "erased person", "--yes", "--json")
    assert (exported.returncode, erased.returncode) == (0, 0), exported.stderr + erased.stderr
    assert json.loads(erased.stdout)["jobs"] == 1
    assert job.job_id not in set(jobs_of(stack).all_ids("main"))
    assert _traces(stack, "Erased Person") == []
    again = haul(stack, "import", str(saved), "--json")
    assert json.loads(again.stdout)["jobs"] == 1, again.stderr
    assert jobs_of(stack).read("main", job.job_id).value.customer.name == "Erased Person"


def _traces(stack: Laptop, text: str) -> list[str]:
    """Keys of every version of every object of the business that has the text in it."""
    s3, bucket = stack.client("s3"), stack.outputs["JobsBucket"]
    found = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in page.get("Versions", ()):
            which = {"Bucket": bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
            if text.encode() in s3.get_object(**which)["Body"].read():
                found.append(each["Key"])
    return found


def test_the_last_act_is_on_record_without_names(stack: Laptop) -> None:
    haul(stack, "erase", "--customer", "Nobody Here", "--yes")
    s3, bucket = stack.client("s3"), stack.outputs["JobsBucket"]
    listing = s3.list_objects_v2(Bucket=bucket, Prefix="audit/").get("Contents", ())
    lines = [
        json.loads(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()) for each in listing
    ]
    assert all({"at", "by", "what", "tenant"} <= line.keys() for line in lines)
    assert "Person" not in json.dumps(lines)
