"""Dead letters: shown as what they are about, sent again without loss, thrown away on purpose."""

import json
import time
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from functions.api.ops_models import DeadLettersResult
from functions.aws.dead_letter_queues import SqsDeadLetterQueues
from functions.aws.queues import SqsDeadLetters
from functions.ops.dead_letters import (
    QUEUES,
    DeadLetterQueues,
    DeadLetterService,
    NotRedrivable,
    UnknownQueue,
)
from functions.protocol.ports import Unavailable
from tests.support.faults import Faults
from tests.support.moto_server import Moto
from tests.support.ops_fakes import FakeDeadLetterQueues

MOVE = {"job_id": "261121-7k3m2q", "event_id": "move-1", "actor": {"id": "Ada Wong"}}
BODY = json.dumps({"detail-type": "JobMoveRequested", "detail": MOVE})


class Post(Protocol):
    """A stage's queues, and a way to put something into them."""

    queues: DeadLetterQueues

    def put(self, queue: str, body: str, **attributes: str) -> str: ...

    def waiting(self, name: str) -> list[str]: ...


class FakePost:
    def __init__(self) -> None:
        self.queues = FakeDeadLetterQueues()
        self.dead_letter: Callable[..., str] = self.queues.add

    def waiting(self, name: str) -> list[str]:
        return self.queues.sent[name]


class MotoPost:
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
def post(request: pytest.FixtureRequest) -> Any:
    return FakePost() if request.param == "fake" else MotoPost(request.getfixturevalue("moto"))


def test_a_letter_is_shown_as_what_it_is_about_and_stays_where_it_is(post: Post) -> None:
    message_id = post.put("advance_job", BODY, Reason="UnknownJob", Detail="no job of that id")
    desk = DeadLetterService(post.queues)
    for _ in range(2):
        (letter,) = desk.show("advance_job")
        assert letter.model_dump(exclude={"sent_at"}) == {
            "message_id": message_id,
            "queue": "advance_job",
            "event": "JobMoveRequested",
            "job_id": "261121-7k3m2q",
            "event_id": "move-1",
            "reason": "UnknownJob",
            "detail": "no job of that id",
        }
    assert post.queues.state("advance_job").dead == 1


def test_more_letters_than_one_call_brings_are_all_shown(post: Post) -> None:
    ids = [post.put("edit_job", BODY) for _ in range(23)]
    shown = [letter.message_id for letter in DeadLetterService(post.queues).show("edit_job")]
    assert sorted(shown) == sorted(ids)


def test_a_letter_that_is_sent_again_leaves_the_dead(post: Post) -> None:
    first, _ = (post.put("advance_job", body) for body in (BODY, "{}"))
    desk = DeadLetterService(post.queues)
    assert desk.replay("advance_job", [first]) == DeadLettersResult(done=1, left=0)
    assert post.waiting("advance-job") == [BODY]
    assert [letter.message_id == first for letter in desk.show("advance_job")] == [False]


def test_all_letters_are_sent_again_where_none_is_named(post: Post) -> None:
    for number in range(12):
        post.put("watch_jobs", str(number))
    assert DeadLetterService(post.queues).replay("watch_jobs") == DeadLettersResult(done=12, left=0)
    assert post.queues.state("watch_jobs").dead == 0
    assert post.queues.state("watch_jobs").waiting == 12


def test_webhooks_are_sent_again_by_the_prompt_lane(post: Post) -> None:
    post.put("deliver_webhooks", BODY)
    DeadLetterService(post.queues).replay("deliver_webhooks")
    assert post.waiting("deliver-webhooks") == [BODY]


def test_a_letter_that_is_thrown_away_is_gone_and_the_others_stay(post: Post) -> None:
    first, second = (post.put("advance_job", body) for body in (BODY, "{}"))
    desk = DeadLetterService(post.queues)
    assert desk.discard("advance_job", [first, "no-such-id"]) == DeadLettersResult(done=1, left=1)
    assert [letter.message_id for letter in desk.show("advance_job")] == [second]
    assert post.waiting("advance-job") == []


def test_what_our_functions_dead_letter_is_told_by_its_reason(moto: Moto) -> None:
    post = MotoPost(moto)
    url = post.urls["create-job-dead-letters"]
    SqsDeadLetters(post.sqs, url).put(BODY, "Permanent", "customer.name: Field required")
    (letter,) = DeadLetterService(post.queues).show("create_job")
    assert (letter.reason, letter.detail) == ("Permanent", "customer.name: Field required")


# -- on the fake alone


def test_an_empty_answer_comes_from_all_servers_of_the_queue(moto: Moto) -> None:
    post, asked = MotoPost(moto), list[dict[str, Any]]()
    post.sqs.meta.events.register(
        "provide-client-params.sqs.ReceiveMessage", lambda params, **_: asked.append(params)
    )
    assert DeadLetterService(post.queues).show("advance_job") == ()
    assert [params["WaitTimeSeconds"] for params in asked] == [1]


def test_a_hundred_letters_go_at_a_time_and_the_rest_is_told() -> None:
    queues = FakeDeadLetterQueues()
    for number in range(130):
        queues.add("advance_job", str(number))
    desk = DeadLetterService(queues)
    assert desk.replay("advance_job") == DeadLettersResult(done=100, left=30)
    assert desk.replay("advance_job") == DeadLettersResult(done=30, left=0)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"}, "NO_PERMISSIONS"),
        ({}, "TooManyTries"),
    ],
)
def test_a_letter_that_aws_gave_up_has_its_reason_too(
    attributes: dict[str, str], reason: str
) -> None:
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
def test_nothing_of_a_letters_content_is_told_but_ids(body: str) -> None:
    queues = FakeDeadLetterQueues()
    queues.add("advance_job", body)
    (letter,) = DeadLetterService(queues).show("advance_job")
    assert (letter.event, letter.job_id, letter.event_id) == (None, None, None)


def test_letters_of_no_queue_cannot_be_sent_again_but_thrown_away() -> None:
    queues = FakeDeadLetterQueues()
    queues.add("rotate_keys", "{}")
    with pytest.raises(NotRedrivable):
        DeadLetterService(queues).replay("rotate_keys")
    assert DeadLetterService(queues).discard("rotate_keys") == DeadLettersResult(done=1, left=0)


def test_a_queue_that_is_none_of_ours_is_unknown() -> None:
    desk = DeadLetterService(FakeDeadLetterQueues())
    for ask in (desk.show, desk.replay, desk.discard):
        with pytest.raises(UnknownQueue):
            ask("../jobs")


@pytest.mark.parametrize("operation", ["SendMessage", "DeleteMessage"])
@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_letter_is_never_lost_when_sending_it_again_fails(operation: str, fault: Any) -> None:
    queues = FakeDeadLetterQueues(Faults({operation: [fault]}))
    queues.add("advance_job", BODY)
    desk = DeadLetterService(queues)
    with pytest.raises(Unavailable):
        desk.replay("advance_job")
    desk.replay("advance_job")
    assert queues.sent["advance-job"] in ([BODY], [BODY, BODY])
    assert desk.show("advance_job") == ()
