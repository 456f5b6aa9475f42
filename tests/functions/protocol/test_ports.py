"""The contract of every port, tested on its fake and on the real adapter with moto."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Protocol

import pytest

from events import JobCreated, JobMoved
from functions.aws.cloudfront import CloudFrontCdn
from functions.aws.dead_letter_sender import SqsDeadLetters
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.queues import SqsRedelivery
from functions.aws.s3_stores import S3Tenants
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.jobs.facts import fact_of_entry
from functions.protocol.ports import (
    Bus,
    Cdn,
    Conflict,
    Corrupt,
    DeadLetters,
    Executions,
    Stored,
    StuckJob,
    TaskOutput,
    Tenants,
    Unavailable,
    UnknownJob,
    UnknownTenant,
)
from functions.views.invalidation_budget import MonthlyUsage
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.views.views import Board, View, card_of, view_of
from tests.functions.conftest import Storage
from tests.support.builders import NOON, TOKEN, a_job
from tests.support.fakes import (
    Bucket,
    FakeBus,
    FakeCdn,
    FakeDeadLetters,
    FakeExecutions,
    FakeTenants,
    board_key,
    job_key,
)
from tests.support.faults import Faults, Kind
from tests.support.moto_server import Moto

HAUL = load_flow("haul")
JOB_KEY = job_key("main", a_job().job_id)


def a_view(status: str = "pending_pickup") -> View:
    return view_of(a_job(status), HAUL)


def a_board(*jobs: Job) -> Board:
    return Board().merged(card_of(job, HAUL) for job in jobs)


# -- jobs


def test_a_job_is_read_as_it_was_stored(storage: Storage) -> None:
    job = a_job("in_progress")
    storage.jobs.create(job)
    stored = storage.jobs.read("main", job.job_id)
    assert stored.value == job
    assert stored.etag == storage.etag(JOB_KEY)


def test_a_job_that_was_never_stored_is_unknown(storage: Storage) -> None:
    with pytest.raises(UnknownJob):
        storage.jobs.read("main", "261121-000000")


def test_another_tenants_job_is_unknown(storage: Storage) -> None:
    storage.jobs.create(a_job())
    with pytest.raises(UnknownJob):
        storage.jobs.read("other", a_job().job_id)


def test_a_job_is_created_once(storage: Storage) -> None:
    storage.jobs.create(a_job())
    with pytest.raises(Conflict):
        storage.jobs.create(a_job(price_cents=1))
    assert storage.jobs.read("main", a_job().job_id).value == a_job()


def test_a_job_is_replaced_only_with_its_current_etag(storage: Storage) -> None:
    job = a_job()
    storage.jobs.create(job)
    seen = storage.jobs.read("main", job.job_id).etag
    storage.jobs.replace(job.with_change(price_cents=1), seen)
    with pytest.raises(Conflict):
        storage.jobs.replace(job.with_change(price_cents=2), seen)
    assert storage.jobs.read("main", job.job_id).value.price_cents == 1


def test_a_job_that_is_gone_is_not_created_by_replacing_it(storage: Storage) -> None:
    with pytest.raises(Conflict):
        storage.jobs.replace(a_job(), '"0123456789abcdef0123456789abcdef"')
    with pytest.raises(UnknownJob):
        storage.jobs.read("main", a_job().job_id)


@pytest.mark.parametrize("body", [b"", b"not json", b"{}", b"[]", b"\xff"])
def test_an_object_that_is_no_job_is_corrupt_and_left_alone(storage: Storage, body: bytes) -> None:
    storage.put(JOB_KEY, body)
    with pytest.raises(Corrupt) as caught:
        storage.jobs.read("main", a_job().job_id)
    assert caught.value.etag == storage.etag(JOB_KEY)
    assert storage.get(JOB_KEY) == body


@pytest.mark.parametrize(("fault", "version"), [("before", 1), ("after", 3)])
def test_a_lost_write_is_a_conflict_whether_it_was_done_or_not(
    storage: Storage, fault: Kind, version: int
) -> None:
    storage.jobs.create(a_job())
    for _ in range(2):
        stored = storage.jobs.read("main", a_job().job_id)
        with storage.under(Faults({"PutObject": [fault]})), pytest.raises(Conflict):
            storage.jobs.replace(stored.value.with_change(price_cents=2), stored.etag)
    assert storage.jobs.read("main", a_job().job_id).value.version == version


def test_a_read_whose_answer_is_lost_is_to_be_tried_again(storage: Storage) -> None:
    storage.jobs.create(a_job())
    with storage.under(Faults({"GetObject": ["after"]})), pytest.raises(Unavailable):
        storage.jobs.read("main", a_job().job_id)


def test_open_jobs_are_listed_until_they_have_ended(storage: Storage) -> None:
    for job_id in ("261121-000002", "261121-000001"):
        storage.jobs.mark_open("main", job_id)
    storage.jobs.mark_open("main", "261121-000001")
    assert list(storage.jobs.open_jobs("main")) == ["261121-000001", "261121-000002"]
    storage.jobs.mark_ended("main", "261121-000001")
    storage.jobs.mark_ended("main", "261121-000001")
    assert list(storage.jobs.open_jobs("main")) == ["261121-000002"]


def test_a_deadline_is_in_the_index_until_it_was_handled(storage: Storage) -> None:
    storage.jobs.mark_open("main", "261121-000001")
    storage.jobs.mark_due("main", "261121-000002", NOON + timedelta(milliseconds=1))
    storage.put("tenants/main/open/no-job", b"")
    index = storage.jobs.open_index("main")
    assert list(index.touched) == ["261121-000001"]
    assert index.now_due(NOON) == {}
    [(job_id, names)] = index.now_due(NOON + timedelta(seconds=1)).items()
    assert job_id == "261121-000002"
    assert names == ["261121-000002@20261121T120001Z"]
    storage.jobs.clear_due("main", names[0])
    assert storage.jobs.open_index("main").due == {}
    assert list(storage.jobs.open_jobs("main")) == ["261121-000001"]


def test_the_index_says_when_a_job_was_touched_last(storage: Storage) -> None:
    storage.jobs.mark_open("main", "261121-000001")
    first = storage.jobs.open_jobs("main")["261121-000001"]
    storage.jobs.mark_open("main", "261121-000001")
    assert storage.jobs.open_jobs("main")["261121-000001"] >= first
    assert first.tzinfo is not None


def a_stuck_job(**values: Any) -> StuckJob:
    known = {"tenant": "main", "job_id": a_job().job_id, "why": "corrupt", "since": NOON}
    return StuckJob.model_validate({**known, **values})


def test_a_stuck_job_stays_as_first_reported_until_it_is_removed(storage: Storage) -> None:
    assert storage.stuck.all("main") == []
    assert storage.stuck.read("main", a_job().job_id) is None
    storage.stuck.add(a_stuck_job())
    storage.stuck.add(a_stuck_job(why="keeps_failing"))
    storage.stuck.add(a_stuck_job(tenant="other"))
    assert storage.stuck.all("main") == [a_stuck_job()]
    assert storage.stuck.read("main", a_job().job_id) == a_stuck_job()
    for _ in range(2):
        storage.stuck.remove("main", a_job().job_id)
    assert storage.stuck.all("main") == []
    assert len(storage.stuck.all("other")) == 1


def test_all_jobs_are_those_of_the_tenant(storage: Storage) -> None:
    storage.jobs.create(a_job())
    storage.jobs.create(a_job(tenant="other", job_id="261121-000001"))
    storage.jobs.mark_open("main", "261121-000002")
    assert list(storage.jobs.all_ids("main")) == [a_job().job_id]


def test_the_listing_has_when_each_job_was_written(storage: Storage) -> None:
    storage.jobs.create(a_job())
    storage.jobs.create(a_job(tenant="other", job_id="261121-000001"))
    written = storage.jobs.written("main")
    assert list(written) == [a_job().job_id]
    assert written[a_job().job_id] >= NOON


def test_the_last_note_of_a_months_usage_counts(storage: Storage) -> None:
    assert storage.usage.read("2026-11") is None
    storage.usage.write(MonthlyUsage(month="2026-11", paths=900))
    storage.usage.write(MonthlyUsage(month="2026-11", paths=950))
    assert storage.usage.read("2026-11") == MonthlyUsage(month="2026-11", paths=950)
    assert storage.usage.read("2026-12") is None


# -- views and boards


def test_a_view_is_written_if_there_is_none_and_then_replaced(storage: Storage) -> None:
    assert storage.views.read("0" * 32) is None
    storage.views.write("0" * 32, a_view(), None)
    with pytest.raises(Conflict):
        storage.views.write("0" * 32, a_view("in_progress"), None)
    first = storage.views.read("0" * 32)
    assert first == Stored(a_view(), storage.etag(f"t/{'0' * 32}.json"))
    storage.views.write("0" * 32, a_view("in_progress"), first.etag)
    second = storage.views.read("0" * 32)
    assert second == Stored(a_view("in_progress"), storage.etag(f"t/{'0' * 32}.json"))


def test_an_invalid_view_can_be_replaced_with_its_etag(storage: Storage) -> None:
    storage.put(f"t/{'0' * 32}.json", b"<html>")
    with pytest.raises(Corrupt) as caught:
        storage.views.read("0" * 32)
    storage.views.write("0" * 32, a_view(), caught.value.etag)
    assert storage.views.read("0" * 32)


def test_a_board_is_its_own_canonical_bytes(storage: Storage) -> None:
    board = a_board(a_job(job_id="261121-000002"), a_job(job_id="261121-000001"))
    storage.boards.write("main", board, None)
    assert storage.boards.read("main") == Stored(board, storage.etag(board_key("main")))
    assert storage.get(board_key("main")) == board.to_bytes()


def test_a_board_is_replaced_only_with_its_current_etag(storage: Storage) -> None:
    storage.boards.write("main", a_board(), None)
    seen = storage.boards.read("main")
    assert seen
    storage.boards.write("main", a_board(a_job()), seen.etag)
    with pytest.raises(Conflict):
        storage.boards.write("main", a_board(), seen.etag)
    with pytest.raises(Conflict):
        storage.boards.write("main", a_board(), None)


def test_an_unreadable_board_is_corrupt_until_it_is_overwritten(storage: Storage) -> None:
    storage.put(board_key("main"), b'{"jobs":')
    with pytest.raises(Corrupt):
        storage.boards.read("main")
    storage.boards.overwrite("main", a_board(a_job()))
    assert storage.boards.read("main") == Stored(a_board(a_job()), storage.etag(board_key("main")))


# -- tenants

HAULWAY = BusinessSettings(tenant="main", name="Haulway")


@pytest.fixture(params=["fake", "moto"])
def tenants(request: pytest.FixtureRequest) -> Tenants:
    if request.param == "fake":
        return FakeTenants(Bucket(), HAULWAY)
    moto: Moto = request.getfixturevalue("moto")
    real = S3Tenants(moto.s3, moto.bucket())
    real.add(HAULWAY)
    return real


def test_a_tenant_is_found_by_its_name(tenants: Tenants) -> None:
    assert tenants.read("main") == HAULWAY
    assert list(tenants.names()) == ["main"]


def test_any_other_name_is_an_unknown_tenant(tenants: Tenants) -> None:
    with pytest.raises(UnknownTenant):
        tenants.read("other")


def test_a_tenant_is_added_once(moto: Moto) -> None:
    tenants = S3Tenants(moto.s3, moto.bucket())
    tenants.add(HAULWAY)
    with pytest.raises(Conflict):
        tenants.add(HAULWAY.with_(name="Another"))
    assert tenants.read("main") == HAULWAY


# -- executions


@pytest.fixture(params=["fake", "moto"])
def executions(request: pytest.FixtureRequest) -> Executions:
    if request.param == "fake":
        return FakeExecutions()
    moto: Moto = request.getfixturevalue("moto")
    sfn, name = moto.client("stepfunctions"), moto.name("machine")
    made = sfn.create_state_machine(
        name=f"{name}-haul",
        definition='{"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/machine",
    )
    return StepFunctionsExecutions(sfn, made["stateMachineArn"].removesuffix("haul"))


def test_an_execution_runs_once_it_was_started(executions: Executions) -> None:
    assert not executions.is_running("haul", "main", "261121-7k3m2q", 0)
    assert executions.start("haul", "main", "261121-7k3m2q", 0)
    assert executions.is_running("haul", "main", "261121-7k3m2q", 0)


def test_a_stopped_execution_no_longer_runs_and_stopping_again_is_success(
    executions: Executions,
) -> None:
    executions.start("haul", "main", "261121-7k3m2q", 0)
    for _ in range(2):
        executions.stop("haul", "main", "261121-7k3m2q", 0)
    assert not executions.is_running("haul", "main", "261121-7k3m2q", 0)


def test_starting_the_same_generation_again_is_success(executions: Executions) -> None:
    executions.start("haul", "main", "261121-7k3m2q", 0)
    executions.start("haul", "main", "261121-7k3m2q", 0)
    assert not executions.is_running("haul", "main", "261121-7k3m2q", 1)


def test_an_expired_token_is_no_error(executions: Executions) -> None:
    executions.send_success("nothing-waits-behind-it", TaskOutput(seq=1, to="ready_for_pickup"))


# -- the bus


class Heard(Protocol):
    """The messages on the bus, as consumers get them."""

    def __call__(self) -> list[dict[str, object]]: ...


BusAndMessages = tuple[Bus, Heard]


@pytest.fixture(params=["fake", "moto"])
def bus(request: pytest.FixtureRequest) -> BusAndMessages:
    if request.param == "moto":
        return a_bus_on(request.getfixturevalue("moto"))
    fake = FakeBus()
    return fake, lambda: [json.loads(f.model_dump_json(exclude_none=True)) for f in fake.facts]


def a_bus_on(moto: Moto) -> tuple[EventBridgeBus, Heard]:
    """A bus with one rule for our facts, and its queue."""
    events, sqs, name = moto.client("events"), moto.client("sqs"), moto.name("bus")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    events.create_event_bus(Name=name)
    pattern = json.dumps({"source": ["haulway.jobs"]})
    events.put_rule(Name=name, EventBusName=name, EventPattern=pattern)
    target = {"Id": "queue", "Arn": arn["QueueArn"]}
    events.put_targets(Rule=name, EventBusName=name, Targets=[target])

    def heard() -> list[dict[str, object]]:
        details = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            details += [json.loads(message["Body"])["detail"] for message in messages]
        return details

    return EventBridgeBus(events, name), heard


def test_every_fact_reaches_the_bus(bus: BusAndMessages) -> None:
    announces, heard = bus
    facts = [fact_of_entry(a_job("completed"), HAUL, seq) for seq in range(4)]
    announces.announce([*facts, *facts, *facts])
    told = [JobMoved.model_validate(detail) for detail in heard() if "from" in detail]
    assert sorted(fact.seq for fact in told) == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_fact_says_what_happened_and_nothing_private(bus: BusAndMessages) -> None:
    announces, heard = bus
    announces.announce([fact_of_entry(a_job(), HAUL, 0)])
    [told] = heard()
    assert JobCreated.model_validate(told) == fact_of_entry(a_job(), HAUL, 0)
    assert not any(secret in str(told) for secret in (TOKEN, "Ada", "+1555", "Harbor"))


def test_without_facts_no_call_is_made(bus: BusAndMessages) -> None:
    announces, heard = bus
    announces.announce([])
    assert heard() == []


# -- the CDN

CdnAndLog = tuple[Cdn, Callable[[], list[tuple[str, ...]]]]


@pytest.fixture(params=["fake", "moto"])
def cdn_and_log(request: pytest.FixtureRequest) -> CdnAndLog:
    """A CDN, and the paths of its invalidations: one entry for each `CallerReference`."""
    if request.param == "fake":
        fake = FakeCdn()
        return fake, fake.invalidated
    moto: Moto = request.getfixturevalue("moto")
    cloudfront = moto.client("cloudfront")
    distribution = a_distribution(cloudfront, moto.name("distribution"))

    def invalidated() -> list[tuple[str, ...]]:
        return [paths for _, paths in dict.fromkeys(invalidations(cloudfront, distribution))]

    return CloudFrontCdn(cloudfront, distribution), invalidated


def a_distribution(cloudfront: Any, reference: str) -> str:
    origin = {"Id": "site", "DomainName": "b.s3.amazonaws.com"}
    config = {
        "CallerReference": reference,
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [{**origin, "S3OriginConfig": {"OriginAccessIdentity": ""}}],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "https-only",
            "CachePolicyId": "any",
        },
    }
    made = cloudfront.create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])


def invalidations(cloudfront: Any, distribution: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Reference and paths of every call; moto keeps a repeated one that CloudFront would not."""
    listed = cloudfront.list_invalidations(DistributionId=distribution)
    for item in reversed(listed["InvalidationList"].get("Items", ())):
        found = cloudfront.get_invalidation(DistributionId=distribution, Id=item["Id"])
        batch = found["Invalidation"]["InvalidationBatch"]
        yield batch["CallerReference"], tuple(batch["Paths"]["Items"])


def test_paths_are_invalidated_together_each_once(cdn_and_log: CdnAndLog) -> None:
    cdn, invalidated = cdn_and_log
    cdn.invalidate(["/t/b.json", "/t/a.json", "/t/b.json"], batch="1")
    assert invalidated() == [("/t/a.json", "/t/b.json")]


def test_a_batch_asked_for_again_is_the_same_invalidation(cdn_and_log: CdnAndLog) -> None:
    cdn, invalidated = cdn_and_log
    for _ in range(2):
        cdn.invalidate(["/t/a.json"], batch="1")
    assert invalidated() == [("/t/a.json",)]


def test_the_next_change_of_the_same_path_is_another_invalidation(cdn_and_log: CdnAndLog) -> None:
    cdn, invalidated = cdn_and_log
    for batch in ("1", "2"):
        cdn.invalidate(["/t/a.json"], batch)
    assert invalidated() == [("/t/a.json",), ("/t/a.json",)]


# -- dead letters

LettersAndReader = tuple[DeadLetters, Callable[[], list[tuple[str, str, str]]]]


@pytest.fixture(params=["fake", "moto"])
def letters(request: pytest.FixtureRequest) -> LettersAndReader:
    if request.param == "fake":
        fake = FakeDeadLetters()
        return fake, lambda: fake.dead_lettered
    moto: Moto = request.getfixturevalue("moto")
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName=moto.name("dead-letters"))["QueueUrl"]
    return SqsDeadLetters(sqs, url), lambda: letters_in(sqs, url)


def letters_in(sqs: Any, url: str) -> list[tuple[str, str, str]]:
    """Body, reason, and detail of every message in a dead-letter queue; empties the queue."""
    found = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        for message in messages:
            said = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
            found.append((message["Body"], said["Reason"], said["Detail"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_dead_letter_has_its_complete_body_and_its_reason(letters: LettersAndReader) -> None:
    dead_letter, read = letters
    body = json.dumps({"detail": {"note": "x" * 300_000}})
    dead_letter.put(body, "Permanent", "note: too long")
    assert read() == [(body, "Permanent", "note: too long")]


def test_a_detail_may_be_empty_or_very_long(moto: Moto) -> None:
    """SQS refuses empty attributes; a message has 1 MiB for body and attributes together."""
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName=moto.name("dead-letters"))["QueueUrl"]
    for detail in ("", "x" * 5000):
        SqsDeadLetters(sqs, url).put("{}", "Permanent", detail)
    assert letters_in(sqs, url) == [("{}", "Permanent", "-"), ("{}", "Permanent", "x" * 900)]


def test_a_message_that_is_to_be_retried_soon_is_visible_again_soon(moto: Moto) -> None:
    """Its queue is in the same account as the dead-letter queue; the record has its name."""
    sqs, name = moto.client("sqs"), moto.name("queue")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    record = {
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{name}",
        "receiptHandle": message["ReceiptHandle"],
    }
    SqsRedelivery(sqs, f"{url}-dead-letters").delay(record, 0)
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["{}"]
