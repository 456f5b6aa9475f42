"""How the adapters handle AWS errors: every response here is scripted."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.aws import container
from functions.aws.cloudfront import CloudFrontCdn
from functions.aws.container import Announces, HasJobs, HasViews, Misconfigured, read_settings
from functions.aws.dead_letter_counts import SqsDeadLetterCounts
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_counter import DynamoInvalidationCounter
from functions.aws.invalidation_usage import S3InvalidationUsage, public_views
from functions.aws.s3_stores import S3Jobs
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.jobs.facts import fact_of_entry
from functions.protocol import clock
from functions.protocol.ports import Conflict, TaskOutput, Unavailable
from functions.views.invalidation_budget import MonthlyUsage
from statemachine.flows import load_flow
from statemachine.views.views import view_of
from tests.functions.conftest import S3Storage
from tests.support.builders import a_job
from tests.support.fakes import to_bytes
from tests.support.faults import Fault, Faults, ServiceResponse
from tests.support.moto_server import Moto

HAUL = load_flow("haul")
LOST_RACES: list[Fault] = [
    ServiceResponse(412, "PreconditionFailed"),
    ServiceResponse(409, "ConditionalRequestConflict"),
    ServiceResponse(404, "NoSuchKey"),
]
NOT_NOW: list[Fault] = [
    ServiceResponse(500, "InternalError"),
    ServiceResponse(503, "ServiceUnavailable"),
    ServiceResponse(503, "SlowDown"),
    ServiceResponse(400, "RequestTimeout"),
    ServiceResponse(500, "", b"<html>what a load balancer says</html>"),
]
LOST_ANSWERS: list[Fault] = ["before", "after"]
ERRORS: list[Fault] = [
    ServiceResponse(409, "OperationAborted"),
    ServiceResponse(403, "AccessDenied"),
    ServiceResponse(404, "NoSuchBucket"),
    ServiceResponse(400, "InvalidRequest"),
]


@pytest.mark.parametrize("fault", [*LOST_RACES, *NOT_NOW, *LOST_ANSWERS], ids=str)
def test_a_failed_conditional_write_is_a_conflict(s3_storage: S3Storage, fault: Fault) -> None:
    s3_storage.jobs.create(a_job())
    seen = s3_storage.jobs.read("main", a_job().job_id).etag
    with s3_storage.under(Faults({"PutObject": [fault]})) as calls, pytest.raises(Conflict):
        s3_storage.jobs.replace(a_job().with_change(price_cents=1), seen)
    assert calls.calls("PutObject") == 1, "a client of one attempt"


@pytest.mark.parametrize("fault", ERRORS, ids=str)
def test_a_write_that_can_never_succeed_is_an_error(s3_storage: S3Storage, fault: Fault) -> None:
    with s3_storage.under(Faults({"PutObject": [fault]})), pytest.raises(ClientError):
        s3_storage.jobs.create(a_job())


WHOLE = to_bytes(a_job())


@pytest.mark.parametrize(
    "fault",
    [*NOT_NOW, *LOST_ANSWERS, ServiceResponse(200, body=WHOLE[:100], promised=len(WHOLE))],
    ids=str,
)
def test_a_failed_read_is_unavailable(s3_storage: S3Storage, fault: Fault) -> None:
    """Also one that is cut off: half a job is not a corrupt job."""
    s3_storage.jobs.create(a_job())
    with s3_storage.under(Faults({"GetObject": [fault]})), pytest.raises(Unavailable):
        s3_storage.jobs.read("main", a_job().job_id)


@pytest.mark.parametrize("fault", ERRORS, ids=str)
def test_a_read_that_can_never_succeed_is_an_error(s3_storage: S3Storage, fault: Fault) -> None:
    with s3_storage.under(Faults({"GetObject": [fault]})), pytest.raises(ClientError):
        s3_storage.jobs.read("main", a_job().job_id)


INDEX: dict[str, Callable[[S3Storage], object]] = {
    "PutObject": lambda s3_storage: s3_storage.jobs.mark_open("main", "261121-000001"),
    "DeleteObject": lambda s3_storage: s3_storage.jobs.mark_ended("main", "261121-000001"),
    "ListObjectsV2": lambda s3_storage: list(s3_storage.jobs.open_jobs("main")),
}


@pytest.mark.parametrize("operation", INDEX)
def test_a_busy_index_of_open_jobs_is_unavailable(s3_storage: S3Storage, operation: str) -> None:
    with (
        s3_storage.under(Faults({operation: [ServiceResponse(503, "SlowDown")]})),
        pytest.raises(Unavailable),
    ):
        INDEX[operation](s3_storage)


# -- the bus


def a_bus(moto: Moto) -> tuple[EventBridgeBus, Any]:
    events, name = moto.client("events"), moto.name("bus")
    events.create_event_bus(Name=name)
    return EventBridgeBus(events, name), events


def some_failed(*codes: str | None) -> ServiceResponse:
    """`put_events` answers 200 although entries failed."""
    entries = [{"ErrorCode": code} if code else {"EventId": "1"} for code in codes]
    failed = sum(code is not None for code in codes)
    return ServiceResponse(
        200, body=json.dumps({"FailedEntryCount": failed, "Entries": entries}).encode()
    )


def test_only_failed_entries_are_put_on_the_bus_again(moto: Moto) -> None:
    bus, events = a_bus(moto)
    sent: list[list[int]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        sent.append([json.loads(entry["Detail"])["seq"] for entry in params["Entries"]])

    events.meta.events.register("provide-client-params.events.PutEvents", note)
    with Faults({"PutEvents": [some_failed(None, "ThrottlingException", None)]}).on(events):
        bus.announce([fact_of_entry(a_job("in_progress"), HAUL, seq) for seq in range(3)])
    assert sent == [[0, 1, 2], [1]]


def test_an_entry_that_the_bus_never_accepts_is_unavailable(moto: Moto) -> None:
    bus, events = a_bus(moto)
    refused = some_failed("InternalFailure")
    with Faults({"PutEvents": [refused] * 9}).on(events) as calls, pytest.raises(Unavailable):
        bus.announce([fact_of_entry(a_job(), HAUL, 0)])
    assert calls.calls("PutEvents") == 4


@pytest.mark.parametrize(
    "fault", [*LOST_ANSWERS, ServiceResponse(400, "ThrottlingException")], ids=str
)
def test_a_bus_that_does_not_answer_is_unavailable(moto: Moto, fault: Fault) -> None:
    bus, events = a_bus(moto)
    with Faults({"PutEvents": [fault]}).on(events), pytest.raises(Unavailable):
        bus.announce([fact_of_entry(a_job(), HAUL, 0)])


# -- executions


@pytest.fixture(scope="module")
def sfn(moto: Moto) -> object:
    return moto.client("stepfunctions")


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_an_expired_task_token_is_not_an_error(sfn: object, code: str) -> None:
    """T16: the job's object decides, so it is ignored, like a 200 for a used token."""
    executions = StepFunctionsExecutions(sfn, "arn:haulway-")
    with Faults({"SendTaskSuccess": [ServiceResponse(400, code)]}).on(sfn) as calls:
        executions.send_success("task-1", TaskOutput(seq=1, to="ready_for_pickup"))
    assert calls.calls("SendTaskSuccess") == 1


@pytest.mark.parametrize(
    "fault", [*LOST_ANSWERS, ServiceResponse(400, "ThrottlingException")], ids=str
)
def test_an_uncertain_resume_is_unavailable(sfn: object, fault: Fault) -> None:
    with Faults({"SendTaskSuccess": [fault]}).on(sfn), pytest.raises(Unavailable):
        StepFunctionsExecutions(sfn, "arn:haulway-").send_success(
            "task-1", TaskOutput(seq=1, to="completed")
        )


def test_a_task_token_without_permission_is_an_error(sfn: object) -> None:
    denied = ServiceResponse(400, "AccessDeniedException")
    with Faults({"SendTaskSuccess": [denied]}).on(sfn), pytest.raises(ClientError):
        StepFunctionsExecutions(sfn, "arn:haulway-").send_success(
            "task-1", TaskOutput(seq=1, to="completed")
        )


def test_an_execution_that_already_exists_is_success(sfn: object) -> None:
    """AWS: 200 while one with that name and input runs, then ExecutionAlreadyExists for 90 days."""
    exists = ServiceResponse(400, "ExecutionAlreadyExists")
    with Faults({"StartExecution": [exists]}).on(sfn) as calls:
        StepFunctionsExecutions(sfn, "arn:haulway-").start("haul", "main", "261121-7k3m2q", 0)
    assert calls.calls("StartExecution") == 1


@pytest.mark.parametrize("code", ["StateMachineDoesNotExist", "InvalidName"])
def test_an_execution_that_cannot_be_started_is_an_error(sfn: object, code: str) -> None:
    with (
        Faults({"StartExecution": [ServiceResponse(400, code)]}).on(sfn),
        pytest.raises(ClientError),
    ):
        StepFunctionsExecutions(sfn, "arn:haulway-").start("haul", "main", "261121-7k3m2q", 0)


# -- the edge


@pytest.mark.parametrize(
    "fault",
    [
        *LOST_ANSWERS,
        ServiceResponse(400, "Throttling"),
        ServiceResponse(400, "TooManyInvalidationsInProgress"),
    ],
    ids=str,
)
def test_a_busy_edge_is_unavailable(moto: Moto, fault: Fault) -> None:
    cloudfront = moto.client("cloudfront")
    with Faults({"CreateInvalidation": [fault]}).on(cloudfront), pytest.raises(Unavailable):
        CloudFrontCdn(cloudfront, "E1").invalidate(["/t/a.json"], batch="1")


def test_an_unknown_distribution_is_an_error(moto: Moto) -> None:
    with pytest.raises(ClientError):
        CloudFrontCdn(moto.client("cloudfront"), "E1").invalidate(["/t/a.json"], batch="1")


# -- settings and clients


def test_only_conditional_writes_are_never_retried(moto: Moto) -> None:
    """With botocore's retries, a write whose response was lost gets 412 because of itself."""
    with moto.environment():
        once, often = container.one_attempt("s3"), container.client("s3")
    bucket = moto.bucket()
    for client, expected in ((once, 1), (often, 2)):
        jobs = S3Jobs(client, bucket)
        with Faults({"PutObject": ["after"]}).on(client) as calls, pytest.raises(Conflict):
            jobs.create(a_job(job_id=f"261121-00000{expected}"))
        assert calls.calls("PutObject") == expected


def test_a_missing_setting_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wanted(HasJobs, Announces):
        view_ttl_s: int

    monkeypatch.delenv("JOBS_BUCKET", raising=False)
    monkeypatch.delenv("BUS_NAME", raising=False)
    monkeypatch.setenv("VIEW_TTL_S", "soon")
    with pytest.raises(Misconfigured, match="BUS_NAME, JOBS_BUCKET, VIEW_TTL_S"):
        read_settings(Wanted)


def test_fields_of_a_newer_version_are_ignored() -> None:
    """Two versions run at the same time during a deployment or rollback."""
    document = json.loads(a_job().model_dump_json())
    document["added_later"] = document["customer"]["added_later"] = "x"

    class Stub:
        def get_object(self, **_: str) -> dict[str, Any]:
            return {"Body": io.BytesIO(json.dumps(document).encode()), "ETag": '"e"'}

    assert S3Jobs(Stub(), "bucket").read("main", a_job().job_id).value == a_job()


def test_dead_letters_are_counted_in_every_queue_of_the_stage(moto: Moto) -> None:
    sqs, stage = moto.client("sqs"), moto.name("haulway")
    names = ("advance-job-dead-letters", "watch-jobs-dead-letters", "watch-jobs")
    urls = [sqs.create_queue(QueueName=f"{stage}-{name}")["QueueUrl"] for name in names]
    sqs.create_queue(QueueName=f"other-{stage}-edit-job-dead-letters")
    for url in (urls[0], urls[0], urls[2]):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    counts = SqsDeadLetterCounts(sqs, urls[1], "watch-jobs")
    assert counts() == {"advance-job": 2, "watch-jobs": 0}
    with Faults().on(sqs) as calls:
        assert counts() == {"advance-job": 2, "watch-jobs": 0}
    assert calls.calls("ListQueues") == 0
    assert calls.calls("GetQueueAttributes") == 2


def test_stopping_an_unknown_execution_does_nothing(moto: Moto) -> None:
    sfn = moto.client("stepfunctions")
    executions = StepFunctionsExecutions(sfn, "arn:haulway-")
    with Faults({"StopExecution": [ServiceResponse(400, "ExecutionDoesNotExist")]}).on(
        sfn
    ) as calls:
        executions.stop("haul", "main", "261121-000001", 0)
    assert calls.calls("StopExecution") == 1


def test_starting_an_existing_execution_returns_false(moto: Moto) -> None:
    sfn = moto.client("stepfunctions")
    executions = StepFunctionsExecutions(sfn, "arn:haulway-")
    with Faults({"StartExecution": [ServiceResponse(400, "ExecutionAlreadyExists")]}).on(sfn):
        assert not executions.start("haul", "main", "261121-000001", 0)


def test_a_views_ttl_depends_on_the_months_remaining_budget(
    moto: Moto,
) -> None:
    """Long at first, short in the last tenth of the budget."""
    jobs, site, month = moto.bucket(), moto.bucket(), f"{clock.utc_now():%Y-%m}"
    settings = HasViews(
        site_bucket=site, jobs_bucket=jobs, view_ttl_s=60, invalidation_paths_per_month=100
    )

    def kept(digest: str) -> str:
        view = view_of(a_job(), load_flow("haul"))
        public_views(moto.s3, settings).write(digest, view, None)
        return str(moto.s3.head_object(Bucket=site, Key=f"t/{digest}.json")["CacheControl"])

    assert kept("before") == "public, max-age=0, s-maxage=60"
    S3InvalidationUsage(moto.s3, jobs).write(MonthlyUsage(month=month, paths=90))
    assert kept("after") == "public, max-age=0, s-maxage=2"


def test_invalidated_paths_are_counted_by_the_month_in_one_item(moto: Moto) -> None:
    counter = DynamoInvalidationCounter(moto.client("dynamodb"), moto.crew_roster())
    assert counter.paths("2026-11") == 0
    counter.add("2026-11", 2)
    assert counter.add("2026-11", 3) == 5
    assert counter.paths("2026-11") == 5
    assert counter.paths("2026-12") == 0
