"""No answer to a write before it is on disk; writes that come together share one file."""

import asyncio
from typing import Any

import pytest

from local.engine_store import LARGE, Store, request_of


def request(target: str, service: str = "dynamodb", path: str = "/") -> dict[str, Any]:
    credential = f"AWS4-HMAC-SHA256 Credential=AKIA/20261128/us-east-1/{service}/aws4_request, x"
    headers = [(b"authorization", credential.encode()), (b"x-amz-target", target.encode())]
    return {"type": "http", "method": "POST", "path": path, "headers": headers}


class Engine:
    """Counts what it was told; `disk` is what was written, in order, with what was answered."""

    def __init__(self) -> None:
        self.told, self.disk, self.now = 0, list[str](), 0.0
        self.takes_s, self.size = 0.0, 0
        self.store = Store(self.app, self.encode, self.write, lambda: ["iam"], lambda: self.now)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.told += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def encode(self, service: str) -> bytes:
        self.now += self.takes_s
        return str(self.told).encode() + b" " * self.size

    def write(self, service: str, state: bytes) -> None:
        self.disk.append(f"{service} {state.decode().strip()}")

    async def ask(self, scope: dict[str, Any]) -> None:
        async def send(message: Any) -> None:
            self.disk.append("answered")

        await self.store(scope, None, send)  # type: ignore[arg-type]  # it receives nothing


def test_a_write_is_answered_once_it_is_on_disk() -> None:
    engine = Engine()
    asyncio.run(engine.ask(request("DynamoDB_20120810.PutItem")))
    assert engine.disk == ["dynamodb 1", "answered"]


@pytest.mark.parametrize(
    ("target", "service", "stored"),
    [
        ("DynamoDB_20120810.GetItem", "dynamodb", None),
        ("DynamoDB_20120810.Query", "dynamodb", None),
        ("DynamoDB_20120810.TransactWriteItems", "dynamodb", "dynamodb"),
        ("AmazonSQS.SendMessageBatch", "sqs", "sqs"),
        ("AmazonSQS.ReceiveMessage", "sqs", None),
        ("AWSEvents.PutEvents", "events", "sqs"),
        ("secretsmanager.PutSecretValue", "secretsmanager", "secretsmanager"),
        ("", "sns", "sqs"),
        ("", "s3", None),
    ],
)
def test_each_write_waits_for_the_state_that_it_changes(
    target: str, service: str, stored: str | None
) -> None:
    assert request_of(request(target, service)).awaited_state == stored


def test_writes_that_come_together_share_a_file_and_none_is_left_out() -> None:
    engine = Engine()

    async def many() -> None:
        put = request("DynamoDB_20120810.PutItem")
        await asyncio.gather(*(engine.ask(put) for _ in range(50)))

    asyncio.run(many())
    written = [line for line in engine.disk if line != "answered"]
    assert written[-1] == "dynamodb 50"
    assert len(written) <= 3


def test_queues_too_large_to_wait_for_are_written_by_the_round_after_a_rest() -> None:
    engine = Engine()
    engine.takes_s, engine.size = 1.0, LARGE
    send = request("AmazonSQS.SendMessage", "sqs")

    async def twice() -> None:
        await engine.ask(send)
        await engine.ask(send)
        await engine.store.store_changes()
        engine.now += 100
        await engine.store.store_changes()

    asyncio.run(twice())
    queues = [line for line in engine.disk if "dynamodb" not in line]
    assert queues == ["sqs 1", "answered", "answered", "sqs 2"]


def test_a_table_is_waited_for_however_large_it_is() -> None:
    engine = Engine()
    engine.size = 2 * LARGE
    put = request("DynamoDB_20120810.PutItem")

    async def twice() -> None:
        await engine.ask(put)
        await engine.ask(put)

    asyncio.run(twice())
    assert engine.disk == ["dynamodb 1", "answered", "dynamodb 2", "answered"]


def test_what_is_set_up_is_stored_whole_once_it_is_quiet() -> None:
    engine = Engine()

    async def rounds() -> None:
        await engine.ask(request("", "cloudformation"))
        await engine.store.store_changes()
        await engine.ask(request("", "cloudformation"))
        await engine.store.store_changes()
        assert "iam 2" not in engine.disk
        await engine.store.store_changes()
        await engine.store.store_changes()

    asyncio.run(rounds())
    assert engine.disk.count("iam 2") == 1


@pytest.mark.parametrize(
    ("target", "service", "path"),
    [
        ("AWSStepFunctions.StartExecution", "states", "/"),
        ("AWSEvents.PutEvents", "events", "/"),
        ("", "lambda", "/2015-03-31/functions/f/invocations"),
        ("", "cloudfront", "/2020-05-31/distribution/E1/invalidation"),
    ],
)
def test_the_day_s_traffic_sets_nothing_up(target: str, service: str, path: str) -> None:
    assert not request_of(request(target, service, path)).sets_up
