"""What AWS can answer, and what the adapters make of it: every answer here is scripted."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.aws import container
from functions.aws.cloudfront import CloudFrontCdn
from functions.aws.container import Announces, HasJobs, HasViews, Misconfigured, read_settings
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import S3InvalidationUsage, public_views
from functions.aws.queues import SqsDeadLetterCounts
from functions.aws.s3_stores import S3Jobs
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.protocol.ports import Conflict, TaskOutput, Unavailable
from functions.settle_job import fact_of_entry
from functions.views.invalidation_budget import MonthlyUsage
from statemachine.flows import load_flow
from statemachine.views import view_of
from tests.functions.conftest import S3Ground
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
def test_a_conditional_write_that_failed_somehow_is_a_conflict(
    s3_ground: S3Ground, fault: Fault
) -> None:
    s3_ground.jobs.create(a_job())
    seen = s3_ground.jobs.read("main", a_job().job_id).etag
    with s3_ground.under(Faults({"PutObject": [fault]})) as calls, pytest.raises(Conflict):
        s3_ground.jobs.replace(a_job().with_change(price_cents=1), seen)
    assert calls.calls("PutObject") == 1, "a client of one attempt"


@pytest.mark.parametrize("fault", ERRORS, ids=str)
def test_a_write_that_can_never_succeed_is_an_error(s3_ground: S3Ground, fault: Fault) -> None:
    with s3_ground.under(Faults({"PutObject": [fault]})), pytest.raises(ClientError):
        s3_ground.jobs.create(a_job())


WHOLE = to_bytes(a_job())


@pytest.mark.parametrize(
    "fault",
    [*NOT_NOW, *LOST_ANSWERS, ServiceResponse(200, body=WHOLE[:100], promised=len(WHOLE))],
    ids=str,
)
def test_a_read_that_failed_somehow_is_to_be_tried_again(s3_ground: S3Ground, fault: Fault) -> None:
    """Also one that breaks off: half a job is no corrupt job."""
    s3_ground.jobs.create(a_job())
    with s3_ground.under(Faults({"GetObject": [fault]})), pytest.raises(Unavailable):
        s3_ground.jobs.read("main", a_job().job_id)


@pytest.mark.parametrize("fault", ERRORS, ids=str)
def test_a_read_that_can_never_succeed_is_an_error(s3_ground: S3Ground, fault: Fault) -> None:
    with s3_ground.under(Faults({"GetObject": [fault]})), pytest.raises(ClientError):
        s3_ground.jobs.read("main", a_job().job_id)


INDEX: dict[str, Callable[[S3Ground], object]] = {
    "PutObject": lambda s3_ground: s3_ground.jobs.mark_open("main", "261121-000001"),
    "DeleteObject": lambda s3_ground: s3_ground.jobs.mark_ended("main", "261121-000001"),
    "ListObjectsV2": lambda s3_ground: list(s3_ground.jobs.open_jobs("main")),
}


@pytest.mark.parametrize("operation", INDEX)
def test_the_index_of_open_jobs_may_be_busy(s3_ground: S3Ground, operation: str) -> None:
    with (
        s3_ground.under(Faults({operation: [ServiceResponse(503, "SlowDown")]})),
        pytest.raises(Unavailable),
    ):
        INDEX[operation](s3_ground)


# -- the bus


def a_bus(moto: Moto) -> tuple[EventBridgeBus, Any]:
    events, name = moto.client("events"), moto.name("bus")
    events.create_event_bus(Name=name)
    return EventBridgeBus(events, name), events


def some_failed(*codes: str | None) -> ServiceResponse:
    """`put_events` answers 200 also where entries failed."""
    entries = [{"ErrorCode": code} if code else {"EventId": "1"} for code in codes]
    failed = sum(code is not None for code in codes)
    return ServiceResponse(
        200, body=json.dumps({"FailedEntryCount": failed, "Entries": entries}).encode()
    )


def test_a_bus_that_takes_some_entries_is_given_only_the_others_again(moto: Moto) -> None:
    bus, events = a_bus(moto)
    sent: list[list[int]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        sent.append([json.loads(entry["Detail"])["seq"] for entry in params["Entries"]])

    events.meta.events.register("provide-client-params.events.PutEvents", note)
    with Faults({"PutEvents": [some_failed(None, "ThrottlingException", None)]}).on(events):
        bus.announce([fact_of_entry(a_job("in_progress"), HAUL, seq) for seq in range(3)])
    assert sent == [[0, 1, 2], [1]]


def test_a_bus_that_never_takes_an_entry_makes_the_function_try_again(moto: Moto) -> None:
    bus, events = a_bus(moto)
    refused = some_failed("InternalFailure")
    with Faults({"PutEvents": [refused] * 9}).on(events) as calls, pytest.raises(Unavailable):
        bus.announce([fact_of_entry(a_job(), HAUL, 0)])
    assert calls.calls("PutEvents") == 4


@pytest.mark.parametrize(
    "fault", [*LOST_ANSWERS, ServiceResponse(400, "ThrottlingException")], ids=str
)
def test_a_bus_that_does_not_answer_is_to_be_tried_again(moto: Moto, fault: Fault) -> None:
    bus, events = a_bus(moto)
    with Faults({"PutEvents": [fault]}).on(events), pytest.raises(Unavailable):
        bus.announce([fact_of_entry(a_job(), HAUL, 0)])


# -- executions


@pytest.fixture(scope="module")
def sfn(moto: Moto) -> object:
    return moto.client("stepfunctions")


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_does_not_live_is_evidence_of_nothing(sfn: object, code: str) -> None:
    """T16: the job's object decides, so no one is told; 200 for a used token says no more."""
    executions = StepFunctionsExecutions(sfn, "arn:haulway-")
    with Faults({"SendTaskSuccess": [ServiceResponse(400, code)]}).on(sfn) as calls:
        executions.send_success("task-1", TaskOutput(seq=1, to="ready_for_pickup"))
    assert calls.calls("SendTaskSuccess") == 1


@pytest.mark.parametrize(
    "fault", [*LOST_ANSWERS, ServiceResponse(400, "ThrottlingException")], ids=str
)
def test_a_task_token_that_may_not_have_resumed_is_to_be_resumed_again(
    sfn: object, fault: Fault
) -> None:
    with Faults({"SendTaskSuccess": [fault]}).on(sfn), pytest.raises(Unavailable):
        StepFunctionsExecutions(sfn, "arn:haulway-").send_success(
            "task-1", TaskOutput(seq=1, to="completed")
        )


def test_a_task_token_that_we_may_not_ring_is_an_error(sfn: object) -> None:
    denied = ServiceResponse(400, "AccessDeniedException")
    with Faults({"SendTaskSuccess": [denied]}).on(sfn), pytest.raises(ClientError):
        StepFunctionsExecutions(sfn, "arn:haulway-").send_success(
            "task-1", TaskOutput(seq=1, to="completed")
        )


def test_an_execution_of_that_name_that_has_closed_is_success(sfn: object) -> None:
    """AWS: 200 while one of that name and input runs, then ExecutionAlreadyExists for 90 days."""
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
def test_an_edge_that_is_too_busy_is_to_be_asked_again(moto: Moto, fault: Fault) -> None:
    cloudfront = moto.client("cloudfront")
    with Faults({"CreateInvalidation": [fault]}).on(cloudfront), pytest.raises(Unavailable):
        CloudFrontCdn(cloudfront, "E1").forget(["/t/a.json"], batch="1")


def test_a_distribution_that_is_not_there_is_an_error(moto: Moto) -> None:
    with pytest.raises(ClientError):
        CloudFrontCdn(moto.client("cloudfront"), "E1").forget(["/t/a.json"], batch="1")


# -- settings and clients


def test_conditional_writes_are_sent_once_and_the_rest_may_be_sent_again(moto: Moto) -> None:
    """With botocore's own retries, a write whose answer was lost meets 412 against itself."""
    with moto.environment():
        once, often = container.one_attempt("s3"), container.client("s3")
    bucket = moto.bucket()
    for client, expected in ((once, 1), (often, 2)):
        jobs = S3Jobs(client, bucket)
        with Faults({"PutObject": ["after"]}).on(client) as calls, pytest.raises(Conflict):
            jobs.create(a_job(job_id=f"261121-00000{expected}"))
        assert calls.calls("PutObject") == expected


def test_a_function_that_lacks_a_setting_fails_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wanted(HasJobs, Announces):
        view_ttl_s: int

    monkeypatch.delenv("JOBS_BUCKET", raising=False)
    monkeypatch.delenv("BUS_NAME", raising=False)
    monkeypatch.setenv("VIEW_TTL_S", "soon")
    with pytest.raises(Misconfigured, match="BUS_NAME, JOBS_BUCKET, VIEW_TTL_S"):
        read_settings(Wanted)


def test_what_a_later_version_has_added_is_passed_over() -> None:
    """Two versions work side by side while one is rolled out or back."""
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
    assert (calls.calls("ListQueues"), calls.calls("GetQueueAttributes")) == (0, 2)


def test_an_execution_that_never_was_needs_no_stopping(moto: Moto) -> None:
    sfn = moto.client("stepfunctions")
    executions = StepFunctionsExecutions(sfn, "arn:haulway-")
    with Faults({"StopExecution": [ServiceResponse(400, "ExecutionDoesNotExist")]}).on(
        sfn
    ) as calls:
        executions.stop("haul", "main", "261121-000001", 0)
    assert calls.calls("StopExecution") == 1


def test_an_execution_that_is_there_already_was_not_started(moto: Moto) -> None:
    sfn = moto.client("stepfunctions")
    executions = StepFunctionsExecutions(sfn, "arn:haulway-")
    with Faults({"StartExecution": [ServiceResponse(400, "ExecutionAlreadyExists")]}).on(sfn):
        assert not executions.start("haul", "main", "261121-000001", 0)


def test_a_view_says_how_long_the_edge_may_keep_it_by_what_is_left_of_the_month(
    moto: Moto,
) -> None:
    """Written through the views of the functions: long at first, short in the last tenth."""
    jobs, site, month = moto.bucket(), moto.bucket(), f"{container.utc_now():%Y-%m}"
    settings = HasViews(
        site_bucket=site, jobs_bucket=jobs, view_ttl_s=60, invalidation_paths_per_month=100
    )

    def kept(digest: str) -> str:
        view = view_of(a_job(), load_flow("haul"))
        public_views(moto.s3, settings).write(digest, view, None)
        return str(moto.s3.head_object(Bucket=site, Key=f"t/{digest}.json")["CacheControl"])

    assert kept("before") == "public, max-age=0, s-maxage=60"
    S3InvalidationUsage(moto.s3, jobs).write(MonthlyUsage(month=month, paths=90), None)
    assert kept("after") == "public, max-age=0, s-maxage=2"
