"""Dead-letter queues: messages are shown by their ids, redriven without loss, or discarded."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pytest

from functions.api.ops_models import DeadLettersResult
from functions.aws.dead_letter_reader import SqsDeadLetterQueues
from functions.aws.dead_letter_sender import SqsDeadLetters
from functions.ops.dead_letters import (
    QUEUES,
    DeadLetterQueues,
    DeadLetterService,
    NotRedrivable,
    ReceivedMessage,
    UnknownQueue,
)
from functions.protocol.ports import Unavailable
from tests.support.faults import Faults
from tests.support.moto_server import Moto
from tests.support.ops_fakes import FakeDeadLetterQueues

MOVE = {"job_id": "261121-7k3m2q", "event_id": "move-1", "actor": {"id": "Ada Wong"}}
BODY = json.dumps({"detail-type": "JobMoveRequested", "detail": MOVE})


class Queues(Protocol):
    """A stage's queues, and a way to put messages into them."""

    queues: DeadLetterQueues

    def put(self, queue: str, body: str, **attributes: str) -> str: ...

    def waiting(self, name: str) -> list[str]: ...


class FakeQueues:
    def __init__(self) -> None:
        self.queues = FakeDeadLetterQueues()
        self.put: Callable[..., str] = self.queues.add

    def waiting(self, name: str) -> list[str]:
        return self.queues.sent[name]


class MotoQueues:
    def __init__(self, moto: Moto) -> None:
        self.sqs, self.prefix = moto.client("sqs"), f"{moto.name('stage')}-"
        names = [name for names in QUEUES.values() for name in names]
        names += [f"{queue.replace('_', '-')}-dead-letters" for queue in QUEUES]
        self.urls = {
            name: self.sqs.create_queue(QueueName=f"{self.prefix}{name}")["QueueUrl"]
            for name in names
        }
        self.queues = SqsDeadLetterQueues(self.sqs, self.prefix)

    def put(self, queue: str, body: str, **attributes: str) -> str:
        values = {n: {"DataType": "String", "StringValue": v} for n, v in attributes.items()}
        url = self.urls[f"{queue.replace('_', '-')}-dead-letters"]
        time.sleep(0.002)  # SQS has the order of its messages by the millisecond
        answer = self.sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=values)
        return str(answer["MessageId"])

    def waiting(self, name: str) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", ())]


@pytest.fixture(params=["fake", "moto"])
def stage(request: pytest.FixtureRequest) -> Any:
    return FakeQueues() if request.param == "fake" else MotoQueues(request.getfixturevalue("moto"))


def test_a_dead_letter_is_shown_by_its_ids_and_stays_in_the_queue(stage: Queues) -> None:
    message_id = stage.put("advance_job", BODY, Reason="UnknownJob", Detail="no job of that id")
    dead_letters = DeadLetterService(stage.queues)
    for _ in range(2):
        (letter,) = dead_letters.show("advance_job")
        assert letter.model_dump(exclude={"sent_at"}) == {
            "message_id": message_id,
            "queue": "advance_job",
            "event": "JobMoveRequested",
            "job_id": "261121-7k3m2q",
            "event_id": "move-1",
            "reason": "UnknownJob",
            "detail": "no job of that id",
        }
    assert stage.queues.state("advance_job").dead == 1


def test_more_dead_letters_than_one_call_returns_are_all_shown(stage: Queues) -> None:
    ids = [stage.put("edit_job", BODY) for _ in range(23)]
    shown = [letter.message_id for letter in DeadLetterService(stage.queues).show("edit_job")]
    assert sorted(shown) == sorted(ids)


def test_a_redriven_message_leaves_the_dead_letter_queue(stage: Queues) -> None:
    first, _ = (stage.put("advance_job", body) for body in (BODY, "{}"))
    dead_letters = DeadLetterService(stage.queues)
    assert dead_letters.redrive("advance_job", [first]) == DeadLettersResult(done=1, remaining=0)
    assert stage.waiting("advance-job") == [BODY]
    assert [letter.message_id == first for letter in dead_letters.show("advance_job")] == [False]


def test_without_ids_all_dead_letters_are_redriven(stage: Queues) -> None:
    for number in range(12):
        stage.put("watch_jobs", str(number))
    assert DeadLetterService(stage.queues).redrive("watch_jobs") == DeadLettersResult(
        done=12, remaining=0
    )
    assert stage.queues.state("watch_jobs").dead == 0
    assert stage.queues.state("watch_jobs").waiting == 12


def test_webhooks_are_redriven_to_the_prompt_queue(stage: Queues) -> None:
    stage.put("deliver_webhooks", BODY)
    DeadLetterService(stage.queues).redrive("deliver_webhooks")
    assert stage.waiting("deliver-webhooks") == [BODY]


def test_a_discarded_message_is_deleted_and_the_others_stay(stage: Queues) -> None:
    first, second = (stage.put("advance_job", body) for body in (BODY, "{}"))
    dead_letters = DeadLetterService(stage.queues)
    assert dead_letters.discard("advance_job", [first, "no-such-id"]) == DeadLettersResult(
        done=1, remaining=1
    )
    assert [letter.message_id for letter in dead_letters.show("advance_job")] == [second]
    assert stage.waiting("advance-job") == []


def test_the_reason_from_our_functions_is_shown(moto: Moto) -> None:
    stage = MotoQueues(moto)
    url = stage.urls["create-job-dead-letters"]
    SqsDeadLetters(stage.sqs, url).put(BODY, "Permanent", "customer.name: Field required")
    (letter,) = DeadLetterService(stage.queues).show("create_job")
    assert letter.reason == "Permanent"
    assert letter.detail == "customer.name: Field required"


# -- on the fake alone


def test_an_empty_response_comes_from_all_servers_of_the_queue(moto: Moto) -> None:
    stage, asked = MotoQueues(moto), list[dict[str, Any]]()
    stage.sqs.meta.events.register(
        "provide-client-params.sqs.ReceiveMessage", lambda params, **_: asked.append(params)
    )
    assert DeadLetterService(stage.queues).show("advance_job") == ()
    assert [params["WaitTimeSeconds"] for params in asked] == [1]


def test_a_hundred_messages_are_redriven_at_a_time_and_the_rest_is_counted() -> None:
    queues = FakeDeadLetterQueues()
    for number in range(130):
        queues.add("advance_job", str(number))
    dead_letters = DeadLetterService(queues)
    assert dead_letters.redrive("advance_job") == DeadLettersResult(done=100, remaining=30)
    assert dead_letters.redrive("advance_job") == DeadLettersResult(done=30, remaining=0)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"}, "NO_PERMISSIONS"),
        ({}, "TooManyTries"),
    ],
)
def test_the_reason_from_aws_is_shown_too(attributes: dict[str, str], reason: str) -> None:
    queues = FakeDeadLetterQueues()
    queues.add("advance_job", BODY, **attributes)
    assert DeadLetterService(queues).show("advance_job")[0].reason == reason


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[1]",
        '{"detail": "text", "detail-type": 7}',
        '{"detail": {"job_id": "Ada Wong", "event_id": "+1 555 0123"}, "detail-type": "<b>"}',
        "[" * 100_000,
    ],
)
def test_only_ids_of_a_dead_letters_content_are_shown(body: str) -> None:
    queues = FakeDeadLetterQueues()
    queues.add("advance_job", body)
    (letter,) = DeadLetterService(queues).show("advance_job")
    assert letter.event is None
    assert letter.job_id is None
    assert letter.event_id is None


def test_dead_letters_without_a_source_queue_can_only_be_discarded() -> None:
    queues = FakeDeadLetterQueues()
    queues.add("rotate_keys", "{}")
    with pytest.raises(NotRedrivable):
        DeadLetterService(queues).redrive("rotate_keys")
    assert DeadLetterService(queues).discard("rotate_keys") == DeadLettersResult(
        done=1, remaining=0
    )


def test_another_queue_is_unknown() -> None:
    dead_letters = DeadLetterService(FakeDeadLetterQueues())
    for ask in (dead_letters.show, dead_letters.redrive, dead_letters.discard):
        with pytest.raises(UnknownQueue):
            ask("../jobs")


@pytest.mark.parametrize("operation", ["SendMessage", "DeleteMessage"])
@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_failed_redrive_loses_no_message(operation: str, fault: Any) -> None:
    queues = FakeDeadLetterQueues(Faults({operation: [fault]}))
    queues.add("advance_job", BODY)
    dead_letters = DeadLetterService(queues)
    with pytest.raises(Unavailable):
        dead_letters.redrive("advance_job")
    dead_letters.redrive("advance_job")
    assert queues.sent["advance-job"] in ([BODY], [BODY, BODY])
    assert dead_letters.show("advance_job") == ()


class ReadByAnother(FakeDeadLetterQueues):
    """At first, another reader holds every message."""

    reads = 0

    def receive(self, queue: str, most: int) -> Sequence[ReceivedMessage]:
        self.reads += 1
        return super().receive(queue, most) if self.reads > 1 else ()


def test_a_message_that_another_reader_holds_for_a_moment_is_deleted_all_the_same() -> None:
    queues = ReadByAnother()
    message = queues.add("advance_job", BODY)
    service = DeadLetterService(queues)
    assert service.discard("advance_job", [message]) == DeadLettersResult(done=1, remaining=0)
    assert service.discard("advance_job", [message]) == DeadLettersResult(done=0, remaining=1)
