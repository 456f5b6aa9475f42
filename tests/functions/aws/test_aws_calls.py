"""What AWS would refuse is refused by the fakes: by botocore's models and the documented limits."""

from typing import Any

import pytest

from tests.simulation.play import Outcome
from tests.support.aws_calls import LIMITS, Refused, check_all_clients, check_call, taking
from tests.support.fakes import QUEUE, Bucket, FakeExecutions
from tests.support.message_fakes import FakeDelayedMessages
from tests.support.moto_server import Moto

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:haulway-local-haul"
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def entry(**values: str) -> dict[str, str]:
    return {"EventBusName": "haulway", "Source": "s", "DetailType": "t", "Detail": "{}", **values}


TOO_MUCH: list[tuple[str, str, dict[str, Any], str]] = [
    ("s3", "PutObject", {"Bucket": "b", "Key": "é" * 513}, "bytes of a key"),
    (
        "s3",
        "PutObject",
        {"Bucket": "b", "Key": "k", "Tagging": "&".join(f"a{n}=b" for n in range(11))},
        "tags of an object",
    ),
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": QUEUE, "MessageBody": "x" * 1_048_577},
        "bytes of a message",
    ),
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": QUEUE, "MessageBody": "x", "DelaySeconds": 901},
        "seconds of delay",
    ),
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": QUEUE, "MessageBody": "\x00"},
        "characters that XML has not",
    ),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": QUEUE, "Entries": [{"Id": str(n), "MessageBody": "x"} for n in range(11)]},
        "messages in a call",
    ),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": QUEUE, "Entries": [{"Id": "1", "MessageBody": "x"}] * 2},
        "messages of one id",
    ),
    ("events", "PutEvents", {"Entries": [entry()] * 11}, "11, at most 10"),
    ("events", "PutEvents", {"Entries": [entry(Detail="x" * 30_000)] * 9}, "bytes of all entries"),
    (
        "stepfunctions",
        "StartExecution",
        {"stateMachineArn": MACHINE, "name": "n" * 81},
        "at most 80",
    ),
    (
        "stepfunctions",
        "StartExecution",
        {"stateMachineArn": MACHINE, "name": "a b"},
        "without spaces",
    ),
    (
        "stepfunctions",
        "SendTaskSuccess",
        {"taskToken": "t", "output": "é" * 200_000},
        "bytes of an output",
    ),
    (
        "dynamodb",
        "PutItem",
        {"TableName": "t-1", "Item": {**KEY, "v": {"S": "x" * 409_600}}},
        "bytes of an item",
    ),
    (
        "dynamodb",
        "PutItem",
        {"TableName": "t-1", "Item": {"pk": {"S": ""}, "sk": {"S": "b"}}},
        "keys that are not empty",
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{"Delete": {"TableName": "t-1", "Key": KEY}}] * 2},
        "actions on one item",
    ),
    (
        "cloudfront",
        "CreateInvalidation",
        {
            "DistributionId": "E1",
            "InvalidationBatch": {
                "CallerReference": "r",
                "Paths": {"Quantity": 3001, "Items": ["/a"] * 3001},
            },
        },
        "paths in progress",
    ),
    (
        "pinpoint-sms-voice-v2",
        "SendTextMessage",
        {"DestinationPhoneNumber": "+15555550101", "MessageBody": "x" * 1601},
        "at most 1,600",
    ),
    ("lambda", "Invoke", {"FunctionName": "f", "InvocationType": "Later"}, "is none of"),
]


@pytest.mark.parametrize(("service", "operation", "call", "said"), TOO_MUCH)
def test_a_call_beyond_a_limit_is_refused(
    service: str, operation: str, call: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        check_call(service, operation, call)


def test_a_parameter_that_botocore_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="Unknown parameter"):
        taking("sqs").send_message(QueueUrl=QUEUE, MessageBody="x", Delay=3)


def test_a_call_at_every_limit_is_taken() -> None:
    check_call("sqs", "SendMessage", {"QueueUrl": QUEUE, "MessageBody": "x" * 1_048_576})
    check_call("s3", "PutObject", {"Bucket": "b", "Key": "k" * 1024})


def test_each_limit_is_of_calls_that_exist() -> None:
    known = {limit.service: taking(limit.service)._operations.values() for limit in LIMITS}
    for limit in LIMITS:
        assert set(limit.operations) <= set(known[limit.service]), limit.what


def test_the_fakes_refuse_what_aws_would_refuse() -> None:
    with pytest.raises(Refused, match="bytes of a key"):
        Bucket().put("k" * 1025, b"")
    with pytest.raises(Refused, match="at most 80"):
        FakeExecutions().start("haul", "main", "j" * 80, 1)
    with pytest.raises(Refused, match="bytes of a message"):
        FakeDelayedMessages().put("x" * 1_048_577, 0)


def test_a_refused_call_breaks_a_rule_of_the_simulation() -> None:
    assert Outcome([], [], broken=Refused("too large")).rule == "AWS takes every call"


def test_the_calls_of_a_real_client_are_checked(moto: Moto) -> None:
    with check_all_clients(), pytest.raises(Refused, match="bytes of a key"):
        moto.s3.put_object(Bucket=moto.bucket(), Key="k" * 1025)
