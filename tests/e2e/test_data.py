"""Export, import and erasure on the running copy."""

import json
import uuid
from pathlib import Path

import httpx
import pytest

from functions.aws.job_index import DynamoJobIndex
from functions.aws.messages import S3PhoneRecords
from functions.messages.phone_numbers import change_phone_record, phone_record
from functions.views.find_jobs import find_jobs
from local.laptop import Laptop
from statemachine.history.job_search import Question
from statemachine.job.job import Job, Photo
from tests.e2e.support.jobs import booking, exist, haul, jobs_of, move, put, settled

pytestmark = pytest.mark.engine


def an_ended_job(stack: Laptop, number: int, name: str, phone: str | None = None) -> Job:
    customer = {"name": name, "phone": phone} if phone else {"name": name}
    request = {**booking(number, prefix="dat"), "customer": customer}
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


def test_a_customer_is_erased_with_every_version_and_the_erasure_is_logged(
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
    assert _indexed(stack, "Erased Person") == {}
    again = haul(stack, "import", str(saved), "--json")
    assert json.loads(again.stdout)["jobs"] == 1, again.stderr
    assert jobs_of(stack).read("main", job.job_id).value.customer.name == "Erased Person"
    assert _indexed(stack, "erased pers") == {job.job_id: "completed"}


def test_a_rebuilt_index_equals_the_one_that_has_grown(stack: Laptop) -> None:
    an_ended_job(stack, 7, "Indexed Person")
    haul(stack, "ops", "repair", "--all")  # what the consumer has not entered yet
    index = _index(stack)
    grown = set(index.stored("main"))
    rebuilt = json.loads(haul(stack, "index", "rebuild", "--json").stdout)
    assert rebuilt["removed"] == 0
    assert rebuilt["jobs"] == len(list(jobs_of(stack).all_ids("main")))
    assert set(index.stored("main")) == grown


def _index(stack: Laptop) -> DynamoJobIndex:
    return DynamoJobIndex(stack.client("dynamodb"), stack.outputs["JobIndexTable"])


def _indexed(stack: Laptop, words: str) -> dict[str, str]:
    """The jobs that a search finds, with their statuses."""
    found = find_jobs(_index(stack), "main", Question(words=words), 5)
    return {entry.job_id: entry.status for entry in found.entries}


def test_photos_go_with_their_job_and_a_stop_outlives_its_sender(
    stack: Laptop, tmp_path: Path
) -> None:
    phone, photo_id, numbers = "+15555550191", uuid.uuid4().hex, numbers_of(stack)
    before = json.loads(haul(stack, "export", str(tmp_path / "before.jsonl"), "--json").stdout)
    job = with_photo(stack, an_ended_job(stack, 3, "Photographed Person", phone), photo_id)
    change_phone_record(numbers, "main", phone, lambda number: number.texted(job.job_id, None))
    change_phone_record(numbers, "main", phone, lambda number: number.stop(job.created_at))
    saved = tmp_path / "jobs.jsonl"
    exported = json.loads(haul(stack, "export", str(saved), "--json").stdout)
    more = {each: exported[each] - before[each] for each in ("photos", "photos_missing")}
    assert more == {"photos": 1, "photos_missing": 1}
    assert (tmp_path / "jobs.jsonl.photos" / f"{photo_id}.jpg").read_bytes() == b"a picture"

    erased = json.loads(haul(stack, "erase", "--customer", phone, "--yes", "--json").stdout)
    assert erased["jobs"] == 1
    assert erased["opt_outs_kept"] == 1
    assert picture(stack, photo_id) is None
    left = phone_record(numbers, "main", phone)
    assert left.stopped
    assert left.jobs == ()
    assert left.questions == ()
    again = haul(stack, "erase", "--customer", phone, "--yes", "--json")
    assert json.loads(again.stdout) == {"jobs": 0, "objects": 0, "opt_outs_kept": 1}

    imported = json.loads(haul(stack, "import", str(saved), "--json").stdout)
    assert {each: imported[each] for each in ("jobs", "photos")} == {"jobs": 1, "photos": 1}
    assert imported["photos_existing"] == before["photos"]
    assert picture(stack, photo_id) == b"a picture"


def test_an_interrupted_import_is_finished_by_the_next(stack: Laptop, tmp_path: Path) -> None:
    photo_id = uuid.uuid4().hex
    job = with_photo(stack, an_ended_job(stack, 4, "Moved Person"), photo_id)
    saved = tmp_path / "jobs.jsonl"
    haul(stack, "export", str(saved))
    haul(stack, "erase", "--customer", "Moved Person", "--yes")
    jobs_of(stack).create(job)  # interrupted here: no view, no photo
    again = json.loads(haul(stack, "import", str(saved), "--json").stdout)
    assert again["jobs"] == 0
    assert picture(stack, photo_id) == b"a picture"
    key = f"tenants/main/jobs/{job.job_id}.json"
    tags = stack.client("s3").get_object_tagging(Bucket=stack.outputs["JobsBucket"], Key=key)
    assert tags["TagSet"] == [{"Key": "ended", "Value": "yes"}]


def test_a_file_with_a_bad_line_imports_nothing(stack: Laptop, tmp_path: Path) -> None:
    job = an_ended_job(stack, 5, "Kept Out")
    saved = tmp_path / "jobs.jsonl"
    haul(stack, "export", str(saved))
    haul(stack, "erase", "--customer", "Kept Out", "--yes")
    saved.write_text(saved.read_text("utf-8") + '{"job_id": "CANARY"}\n', encoding="utf-8")
    said = haul(stack, "import", str(saved))
    assert said.returncode == 2
    assert "nothing was imported" in said.stderr
    assert "CANARY" not in said.stderr
    assert job.job_id not in set(jobs_of(stack).all_ids("main"))


def numbers_of(stack: Laptop) -> S3PhoneRecords:
    return S3PhoneRecords(stack.client("s3"), stack.outputs["JobsBucket"])


def with_photo(stack: Laptop, job: Job, photo_id: str) -> Job:
    """With two photos, of which one was never uploaded."""
    about = {"kind": "after", "taken_at": job.created_at, "recorded_at": job.created_at}
    photos = tuple(
        Photo.model_validate({**about, "photo_id": each, "event_id": each, "actor": job.created_by})
        for each in (photo_id, uuid.uuid4().hex)
    )
    stored = jobs_of(stack).read("main", job.job_id)
    photographed = stored.value.with_(photos=photos, version=stored.value.version + 1)
    jobs_of(stack).replace(photographed, stored.etag)
    bucket, key = stack.outputs["SiteBucket"], f"t/p/{photo_id}.jpg"
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=b"a picture")
    return photographed


def picture(stack: Laptop, photo_id: str) -> bytes | None:
    """The photo as the customer's browser gets it."""
    answer = httpx.get(f"{stack.edge_url}/t/p/{photo_id}.jpg")
    return answer.content if answer.is_success else None


def _traces(stack: Laptop, text: str) -> list[str]:
    """Keys of all versions of the business's objects that contain the text."""
    s3, bucket = stack.client("s3"), stack.outputs["JobsBucket"]
    found = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in page.get("Versions", ()):
            which = {"Bucket": bucket, "Key": each["Key"], "VersionId": each["VersionId"]}
            if text.encode() in s3.get_object(**which)["Body"].read():
                found.append(each["Key"])
    return found


def test_the_audit_log_has_no_names(stack: Laptop) -> None:
    haul(stack, "erase", "--customer", "No one Here", "--yes")
    s3, bucket = stack.client("s3"), stack.outputs["JobsBucket"]
    listing = s3.list_objects_v2(Bucket=bucket, Prefix="audit/").get("Contents", ())
    lines = [
        json.loads(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()) for each in listing
    ]
    assert all({"at", "by", "what", "tenant"} <= line.keys() for line in lines)
    assert [line["outcome"] for line in lines if line["what"] == "erase"][-1] == "done"
    assert "Person" not in json.dumps(lines)
