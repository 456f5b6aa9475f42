"""A copy of a deployed function with its own role, from which permissions can be removed.

So the tests do not disturb the running copy.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.engine_key import REGION
from local.laptop import STAGE, Laptop
from local.stages import ACCOUNT, on_laptop

Statement = dict[str, Any]


@dataclass(frozen=True)
class Function:
    """It runs with `role`, which has the permissions of the deployed function's role."""

    stack: Laptop
    name: str
    role: str
    environment: dict[str, str]

    def asked(self, event: Any) -> Any:
        """Invoke it. Raises AssertionError if it fails or returns messages to its queue."""
        answer = self.stack.client("lambda").invoke(
            FunctionName=self.role, Payload=json.dumps(event).encode()
        )
        given = json.loads(answer["Payload"].read())
        assert not answer.get("FunctionError"), given
        assert not (given or {}).get("batchItemFailures"), given
        return given

    def delivered(self, *details: Any, queue_arn: str = "") -> None:
        """As its queue delivers them from the bus."""
        self.received(*({"detail": detail} for detail in details), queue_arn=queue_arn)

    def received(self, *bodies: Any, queue_arn: str = "") -> None:
        shared = {"attributes": {}, "eventSource": "aws:sqs", "eventSourceARN": queue_arn}
        records = [
            {"messageId": str(number), "body": json.dumps(body), **shared}
            for number, body in enumerate(bodies)
        ]
        self.asked({"Records": records})

    def takes_messages(self) -> None:
        """Use each of its queues with its role, as Lambda does, without taking a message. Raises
        AssertionError if that is not permitted.
        """
        mappings = self.stack.client("lambda").list_event_source_mappings(
            FunctionName=f"haulway-{STAGE}-{self.name}"
        )["EventSourceMappings"]
        sqs = self._sqs_in_its_name()
        for queue in [mapping["EventSourceArn"].rpartition(":")[2] for mapping in mappings]:
            url = self.stack.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
            with _permitted():
                sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            with _permitted():
                sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
            with _permitted():
                sqs.delete_message(QueueUrl=url, ReceiptHandle="of no message")
            with _permitted():
                sqs.change_message_visibility(
                    QueueUrl=url, ReceiptHandle="of no message", VisibilityTimeout=1
                )

    def _sqs_in_its_name(self) -> Any:
        role = self.stack.client("iam").get_role(RoleName=self.role)["Role"]["Arn"]
        lent = self.stack.client("sts").assume_role(RoleArn=role, RoleSessionName="lambda")
        keys = lent["Credentials"]
        return boto3.client(
            "sqs",
            endpoint_url=self.stack.engine.url,
            region_name=REGION,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def restart(self) -> None:
        """Drop its containers, so that the next request starts a new one."""
        self.stack.client("lambda").update_function_configuration(
            FunctionName=self.role,
            Environment={"Variables": self.environment | {"FRESH": uuid.uuid4().hex}},
        )

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """Every Allow statement, with its policy.

        Without a Sid it is SAM's own, for the function's dead-letter queue.
        """
        iam = self.stack.client("iam")
        for policy in iam.list_role_policies(RoleName=self.role)["PolicyNames"]:
            for statement in self._document(policy)["Statement"]:
                if "Sid" in statement and statement["Effect"] == "Allow":
                    yield policy, statement

    @contextmanager
    def without(self, policy: str, statement: Statement) -> Iterator[None]:
        document = self._document(policy)
        self._write(policy, [each for each in document["Statement"] if each != statement])
        try:
            yield
        finally:
            self._write(policy, document["Statement"])

    def _document(self, policy: str) -> Any:
        iam = self.stack.client("iam")
        return iam.get_role_policy(RoleName=self.role, PolicyName=policy)["PolicyDocument"]

    def _write(self, policy: str, statements: Sequence[Statement]) -> None:
        _put_policy(self.stack.client("iam"), self.role, policy, statements)


def _put_policy(iam: Any, role: str, policy: str, statements: Sequence[Statement]) -> None:
    if not statements:  # a policy needs a statement
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
        return
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=text)


@contextmanager
def _permitted() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if "AccessDenied" in error.response["Error"]["Code"]:
            raise AssertionError(error) from error


@contextmanager
def a_copy(stack: Laptop, name: str, *more: Statement) -> Iterator[Function]:
    """A temporary copy of the function `name`, with the permissions in `more` added."""
    lam = stack.client("lambda")
    live = lam.get_function_configuration(FunctionName=f"haulway-{STAGE}-{name}")
    copy = f"without-{name}-{uuid.uuid4().hex[:6]}"
    arn = _role_like(stack, str(live["Role"]).rpartition("/")[2], copy, more)
    # Without this setting it reads the address from the parameter store, as on AWS.
    environment = live["Environment"]["Variables"] | {"EDGE_URL": ""}
    lam.create_function(
        FunctionName=copy,
        Role=arn,
        Code=_code(stack),
        Environment={"Variables": environment},
        **{key: live[key] for key in ("Runtime", "Handler", "Timeout", "MemorySize")},
    )
    try:
        yield Function(stack, name, copy, environment)
    finally:
        lam.delete_function(FunctionName=copy)


def _code(stack: Laptop) -> dict[str, str]:
    artifacts = on_laptop(STAGE, stack.engine.address).artifacts
    current = artifacts.record(STAGE).current
    assert current
    return {"S3Bucket": artifacts.bucket, "S3Key": artifacts.release(current).code}


def _role_like(stack: Laptop, role: str, copy: str, more: Sequence[Statement]) -> str:
    iam = stack.client("iam")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    us = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    trusting = {**trust, "Statement": [*trust["Statement"], us]}
    made = iam.create_role(RoleName=copy, AssumeRolePolicyDocument=json.dumps(trusting))
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        _put_policy(iam, copy, policy, document["Statement"])
    if more:
        _put_policy(iam, copy, "more", more)
    for managed in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.attach_role_policy(RoleName=copy, PolicyArn=managed["PolicyArn"])
    return str(made["Role"]["Arn"])
