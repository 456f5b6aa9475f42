"""A customer's act and a business's round ask AWS as often with many businesses as with one.

The functions run in this process, wired as in a container, on the running engine. Their businesses
are in a bucket of their own, so that the copy's own rounds do not look through them.
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any, cast

import pytest
from botocore.client import BaseClient

from functions import receive_sms, serve_api, watch_jobs
from functions.aws import container
from functions.aws.messages import S3PhoneRecords
from functions.aws.s3_stores import S3Jobs, S3Tenants, S3Views
from functions.messages.phone_numbers import PendingQuestion, change_phone_record
from functions.protocol.clock import utc_now
from functions.protocol.edge_secret import HEADER
from functions.repair.fan_out_rounds import MOST
from functions.views.write_view import write_view
from local.engine_key import REGION
from local.laptop import STAGE, Laptop
from statemachine.business.business import SHARED, BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job, Schedule
from statemachine.values.ids import digest_of, new_token
from tests.api.api_fixture import an_event
from tests.e2e.support.permission_scenarios_api import edge_secret
from tests.support.builders import a_job

pytestmark = pytest.mark.engine

MANY = MOST + 100
"""More than one page of names, and more than one message of a round begins."""
TENANT = "quick"
CALM = "calm"
"""It has no jobs, so that every round does the same."""
FUNCTIONS: tuple[tuple[str, ModuleType], ...] = (
    ("api", serve_api), ("receive-sms", receive_sms), ("watch-jobs", watch_jobs)
)  # fmt: skip
Calls = Counter[str]


@dataclass(frozen=True)
class ManyBusinesses:
    stack: Laptop
    bucket: str
    watch_queue: str

    def add(self, businesses: int) -> None:
        s3, bucket = self.stack.client("s3"), self.bucket
        some = BusinessSettings(tenant=TENANT, name="Some Business").model_dump_json().encode()

        def put(number: int) -> None:
            s3.put_object(Bucket=bucket, Key=f"directory/b{number}.json", Body=some)

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(put, range(businesses)))

    def job(self) -> Job:
        """A job of the business that waits for its customer, with its view."""
        phone = f"+1555555{secrets.randbelow(9000) + 1000}"
        begin = utc_now() + timedelta(days=2)
        job = a_job(
            "pending_pickup", tenant=TENANT, job_id=f"261121-{secrets.token_hex(3)}",
            token=new_token(), customer=Customer(name="Ada", phone=phone),
            schedule=Schedule(window_start=begin, window_end=begin + timedelta(hours=4)),
        )  # fmt: skip
        s3 = self.stack.client("s3")
        S3Jobs(s3, self.bucket).create(job)
        views = S3Views(s3, self.stack.outputs["SiteBucket"], 60)
        write_view(views, job, load_flow(job.flow), utc_now())
        return job

    def confirmation(self, job: Job) -> Calls:
        headers = {HEADER: edge_secret(self.stack), "content-type": "application/json"}
        body = json.dumps({"token": job.token}).encode()
        event = an_event("POST", f"/api/track/{digest_of(job.token)}/confirm", body, headers)
        with counted() as calls:
            answer = serve_api.handler(event, cast("Any", None))
        assert answer["statusCode"] == 200, answer
        return calls

    def text(self, job: Job) -> Calls:
        """The customer's YES to a number that all businesses share."""
        phone, s3 = str(job.customer.phone), self.stack.client("s3")
        numbers = S3PhoneRecords(s3, self.bucket)
        question = PendingQuestion(job_id=job.job_id, rev=job.rev, move="confirm")
        change_phone_record(numbers, SHARED, phone, lambda number: number.texted_by(TENANT))
        change_phone_record(
            numbers, TENANT, phone, lambda number: number.texted(job.job_id, question)
        )
        text = {
            "originationNumber": phone, "destinationNumber": "+15555559999",
            "messageBody": "YES", "inboundMessageId": secrets.token_hex(8),
        }  # fmt: skip
        sent = {"Message": json.dumps(text), "Timestamp": utc_now().isoformat()}
        with counted() as calls:
            assert receive_sms.handler(_batch(sent), None) == {"batchItemFailures": []}
        return calls

    def round(self) -> Calls:
        """The watchdog's, over one business."""
        with counted() as calls:
            assert watch_jobs.handler({"tenant": CALM}, None)["repaired"] == {}
        return calls

    def schedule(self) -> Calls:
        """The watchdog's message of each minute, which becomes a message for each business."""
        with counted() as calls:
            watch_jobs.handler(_batch({"detail": {"after": "0"}}), None)
        return calls


@contextmanager
def counted() -> Iterator[Calls]:
    """Each call that botocore makes meanwhile, by service and operation. Those of CloudFront are
    the edge's, which runs in this process too."""
    calls: Calls = Counter()
    make = BaseClient._make_api_call  # type: ignore[attr-defined]  # no stub has it

    def counting(self: Any, operation: str, parameters: Any) -> Any:
        if (service := self.meta.service_model.service_name) != "cloudfront":
            calls[f"{service} {operation}"] += 1
        return make(self, operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", counting)
        yield calls


def _batch(body: Any) -> dict[str, Any]:
    record = {
        "messageId": "1", "body": json.dumps(body), "attributes": {}, "eventSource": "aws:sqs",
        "eventSourceARN": "",
    }  # fmt: skip
    return {"Records": [record]}


@pytest.fixture(scope="module")
def stage(stack: Laptop) -> Iterator[ManyBusinesses]:
    name = f"many-{secrets.token_hex(4)}"
    s3, sqs = stack.client("s3"), stack.client("sqs")
    s3.create_bucket(Bucket=name)
    made = ManyBusinesses(stack, name, sqs.create_queue(QueueName=name)["QueueUrl"])
    for tenant in (TENANT, CALM):
        S3Tenants(s3, name).add(BusinessSettings(tenant=tenant, name="Quick Dump"))
    key, now = stack.engine.address.key, utc_now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", stack.engine.url)
        patch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setattr(watch_jobs, "utc_now", lambda: now)  # not every round does the same
        container.session.cache_clear()
        for function, module in FUNCTIONS:
            for variable, value in _environment(stack, function).items():
                patch.setenv(variable, value)
            patch.setenv("JOBS_BUCKET", name)
            patch.setenv("WATCH_QUEUE_URL", made.watch_queue)
            cast("Any", module).wire.cache_clear()
            cast("Any", module).wire()
        yield made
    container.session.cache_clear()
    for _, module in FUNCTIONS:
        cast("Any", module).wire.cache_clear()


def _environment(stack: Laptop, function: str) -> dict[str, str]:
    known = stack.client("lambda").get_function_configuration(
        FunctionName=f"haulway-{STAGE}-{function}"
    )
    return dict(known["Environment"]["Variables"])


def test_with_many_businesses_a_confirmation_a_text_and_a_round_make_as_many_calls(
    stage: ManyBusinesses,
) -> None:
    for _ in range(2):  # the first reads keys and secrets that a container then keeps
        alone = stage.confirmation(stage.job()), stage.text(stage.job()), stage.round()
    stage.add(MANY)
    crowded = stage.confirmation(stage.job()), stage.text(stage.job()), stage.round()
    print(*alone, sep="\n")
    assert [sum(each.values()) > 2 for each in alone] == [True, True, True]
    assert crowded == alone
    begun = stage.schedule()
    print(begun)
    # Names, a hundred batches of ten messages, one that goes on with the others, and in some rounds
    # the number of dead letters in each of their queues.
    assert begun["s3 ListObjectsV2"] <= 2
    assert begun["sqs SendMessageBatch"] + begun["sqs SendMessage"] <= 101
    assert sum(begun.values()) <= 120
