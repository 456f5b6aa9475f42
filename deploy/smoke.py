"""Tries on a stage what only AWS itself can show: one row for each behavior to rely on.

Everything it writes is its own and is removed at the end: a verification job of each flow, an
object, and dry runs. On the laptop engine the same rows show what the engine does.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, UnknownServiceError

from deploy.target import Target
from deploy.verify_edge import verify_api
from deploy.verify_jobs import verify_jobs
from functions.aws.errors import code_of, status_of
from statemachine.flows import Flow

AT_ONCE = 8
LONGEST_S = 300.0
SIMULATOR = "+14254147755"
"""A number of AWS's SMS simulator, which belongs to no one; a dry run does not reach even that."""
ONCE = Config(retries={"total_max_attempts": 1})


class NotHere(Exception):
    """The laptop engine does not have this; only AWS shows it."""


class Unlike(Exception):
    """The stage behaves otherwise than the code expects; the text says how."""


@dataclass(frozen=True)
class SmokeRow:
    """`ok` is None for what could not be tried here. `found` is what was seen, in words."""

    behavior: str
    ok: bool | None
    found: str
    took_s: float


@dataclass(frozen=True)
class SmokedStage:
    session: Any
    outputs: dict[str, str]
    edge_url: str
    flows: Sequence[Flow]
    on_aws: bool

    @property
    def bucket(self) -> str:
        return self.outputs["JobsBucket"]

    def once(self, service: str, **options: Any) -> Any:
        """A client that does not try again, so that the first answer is seen."""
        return self.session.client(service, config=ONCE.merge(Config(**options)))


def smoke(stage: SmokedStage) -> Iterator[SmokeRow]:
    """Each row as soon as it is known; a row that fails does not stop the others."""
    dead = _dead_letters(stage)
    for behavior, attempt in ROWS:
        yield _row(behavior, lambda attempt=attempt: attempt(stage))  # type: ignore[misc]  # a default binds the loop
    yield _row("SQS: the smoke test left no dead letter", lambda: _no_more(dead, stage))


def _row(behavior: str, attempt: Callable[[], str]) -> SmokeRow:
    began = time.monotonic()
    ok: bool | None = True
    try:
        found = attempt()
    except (NotHere, UnknownServiceError) as error:
        ok, found = None, str(error)
    except Exception as error:  # the other rows still count
        ok, found = False, f"{type(error).__name__}: {error}"[:300]
    return SmokeRow(behavior, ok, found, round(time.monotonic() - began, 2))


def _answer(call: Callable[[], Any]) -> str:
    """`200`, or the status and code of the error."""
    try:
        call()
    except ClientError as error:
        return f"{status_of(error)} {code_of(error)}"
    return "200"


def _expect(answer: str, *allowed: str) -> str:
    if not answer.startswith(allowed):
        raise Unlike(f"{answer}, expected {' or '.join(allowed)}")
    return answer


def conditional_writes(stage: SmokedStage) -> str:
    """Many writers of one new object: one succeeds, the others get 409 or 412."""
    s3, key = stage.once("s3", max_pool_connections=AT_ONCE), f"smoke/{uuid4()}"
    where = {"Bucket": stage.bucket, "Key": key}

    def write(number: int) -> str:
        return _answer(lambda: s3.put_object(**where, Body=b"%d" % number, IfNoneMatch="*"))

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = sorted(pool.map(write, range(AT_ONCE)))
        for answer in answers:
            _expect(answer, "200", "409 ConditionalRequestConflict", "412")
        if answers.count("200") != 1:
            raise Unlike(f"{answers.count('200')} of {AT_ONCE} writers succeeded")
        stale = _answer(lambda: s3.put_object(**where, Body=b"", IfMatch='"stale"'))
        _expect(stale, "412")
    finally:
        _remove(s3, stage.bucket, key)
    gone = _answer(lambda: s3.put_object(**where, Body=b"", IfMatch='"gone"'))
    _expect(gone, "404", "412")
    losers = ", ".join(sorted({answer for answer in answers if answer != "200"}))
    return f"1 of {AT_ONCE} succeeded, the others got {losers}; stale {stale}; gone {gone}"


def _remove(s3: Any, bucket: str, key: str) -> None:
    """With all its versions."""
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    for each in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=each["VersionId"])


def strangers_are_refused(stage: SmokedStage) -> str:
    s3 = stage.once("s3", signature_version=UNSIGNED)
    return _expect(_answer(lambda: s3.list_objects_v2(Bucket=stage.bucket)), "403")


def jobs_run_to_their_ends(stage: SmokedStage) -> str:
    """Booked, moved, followed by the link through the edge, settled, erased; one of each flow."""
    target = Target("smoke", stage.session, "", "", lambda _: nullcontext(stage.edge_url))
    verify_jobs(target, stage.outputs, stage.edge_url, stage.flows)
    return f"flows: {', '.join(flow.name for flow in stage.flows)}"


def the_edge_lets_the_api_answer(stage: SmokedStage) -> str:
    verify_api(stage.edge_url, LONGEST_S)
    return "401 from the API's own code, with and without a body"


def dead_tokens(stage: SmokedStage) -> str:
    sfn = stage.once("stepfunctions")
    answer = _answer(lambda: sfn.send_task_success(taskToken="no-token", output="{}"))
    return _expect(answer, "400 InvalidToken", "400 TaskDoesNotExist", "400 TaskTimedOut")


def events_fail_one_by_one(stage: SmokedStage) -> str:
    """The good entry is for no rule."""
    entry = {"EventBusName": stage.outputs["BusName"], "Source": "haulway.smoke"}
    entries = [{**entry, "DetailType": "Smoke", "Detail": text} for text in ("{}", "no JSON")]
    answer = stage.once("events").put_events(Entries=entries)
    codes = [each.get("ErrorCode", "taken") for each in answer["Entries"]]
    if not stage.on_aws and codes == ["taken", "taken"]:
        raise NotHere("the engine takes an entry that is no JSON")
    if codes != ["taken", "MalformedDetail"]:
        raise Unlike(f"the entries: {codes}")
    return f"{answer['FailedEntryCount']} of 2 failed: {codes[1]}"


def texts_would_be_taken(stage: SmokedStage) -> str:
    if not stage.on_aws:
        raise NotHere("the engine has no End User Messaging")
    sms = stage.once("pinpoint-sms-voice-v2")
    answer = sms.send_text_message(
        DestinationPhoneNumber=SIMULATOR, MessageBody="Haulway", DryRun=True
    )
    return f"a dry run was taken: {answer['MessageId']}"


def functions_may_not_do_more(stage: SmokedStage) -> str:
    """By IAM's own judgment of the role of the function that creates jobs."""
    if not stage.on_aws:
        raise NotHere("IAM's simulator is only on AWS")
    name, _, alias = stage.outputs["CreateJobFunction"].rpartition(":")
    functions = stage.once("lambda")
    config = functions.get_function_configuration(FunctionName=name, Qualifier=alias)
    answer = stage.once("iam").simulate_principal_policy(
        PolicySourceArn=config["Role"],
        ActionNames=["s3:DeleteObjectVersion", "iam:PassRole"],
        ResourceArns=[f"arn:aws:s3:::{stage.bucket}/tenants/canary/jobs/x.json"],
    )
    allowed = [
        each["EvalActionName"]
        for each in answer["EvaluationResults"]
        if each["EvalDecision"] == "allowed"
    ]
    if allowed:
        raise Unlike(f"it may do {', '.join(allowed)}")
    return "it may not delete versions or pass roles"


def _dead_letters(stage: SmokedStage) -> int:
    sqs, name = stage.session.client("sqs"), "ApproximateNumberOfMessages"
    urls = [url for output, url in stage.outputs.items() if output.endswith("DeadLettersUrl")]
    answers = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name]) for url in urls]
    return sum(int(answer["Attributes"][name]) for answer in answers)


def _no_more(before: int, stage: SmokedStage) -> str:
    after = _dead_letters(stage)
    if after > before:
        raise Unlike(f"{after - before} new ones; haul ops dlq list names their queues")
    return f"{after} in all, as before"


ROWS: tuple[tuple[str, Callable[[SmokedStage], str]], ...] = (
    ("S3: of many conditional writes one succeeds", conditional_writes),
    ("S3: a request without a signature is refused", strangers_are_refused),
    ("CloudFront: the API answers through the edge", the_edge_lets_the_api_answer),
    ("Step Functions: a job of each flow reaches its end", jobs_run_to_their_ends),
    ("Step Functions: an unknown task token is an error", dead_tokens),
    ("EventBridge: of two entries the wrong one fails", events_fail_one_by_one),
    ("SMS: a text would be taken", texts_would_be_taken),
    ("IAM: a function may not do more than it has to", functions_may_not_do_more),
)
