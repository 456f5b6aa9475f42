"""Every permission is needed: with any one statement taken away, something fails."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.aws.container import utc_now
from functions.aws.hooks import S3Deliveries
from functions.aws.stores import S3Stuck
from functions.ports import StuckJob
from local.laptop import Laptop
from statemachine.deliveries import Delivery, DeliveryName
from statemachine.flows import load_flow
from statemachine.identity import digest_of
from statemachine.job import Execution, Job
from statemachine.lifecycle import judge
from tests.builders import a_request
from tests.e2e.business import booking, hired, jobs_of, move, put, until

pytestmark = pytest.mark.engine

FORWARD = ("confirm", "start", "complete")
ASKED_NOW_AND_THEN = {"Freshness", "FindDeadLetters"}
"""Looked up once a minute by each container, or once in its life."""
TELLS_MISSING = {"TellsMissingFromForbidden", "TellsMissingViews"}
"""AWS answers 403 for a missing key to whoever may not list the bucket; the engine answers 404."""


@dataclass(frozen=True)
class Function:
    """A deployed function, invoked directly as its role, and what it ought to be able to do."""

    stack: Laptop
    name: str

    def asked(self, event: Any) -> None:
        """Raises AssertionError where the function failed or handed messages back."""
        answer = self.stack.client("lambda").invoke(
            FunctionName=f"haulway-local-{self.name}", Qualifier="live",
            Payload=json.dumps(event).encode(),
        )  # fmt: skip
        given = json.loads(answer["Payload"].read())
        assert not answer.get("FunctionError"), given
        assert not (given or {}).get("batchItemFailures"), given

    def delivered(self, *details: Any) -> None:
        """As its queue brings them, with one that can never succeed, which has to be buried."""
        bodies = [json.dumps({"detail": detail}) for detail in details]
        records = [
            {"messageId": str(number), "body": body, "attributes": {}, "eventSource": "aws:sqs"}
            for number, body in enumerate(bodies)
        ]
        self.asked({"Records": records})

    @property
    def role(self) -> str:
        configuration = self.stack.client("lambda").get_function_configuration(
            FunctionName=f"haulway-local-{self.name}"
        )
        return str(configuration["Role"].rpartition("/")[2])


def a_job(stack: Laptop, *moves: str) -> dict[str, Any]:
    """A booked job that has made its moves, as `{tenant, job_id}`; its execution waits or ended."""
    request = booking(uuid.uuid4().int % 32768)
    put(stack, "JobRequested", [request])
    jobs, job_id = jobs_of(stack), request["job_id"]
    until(lambda: job_id in set(jobs.all_ids("main")), bool, 60)
    put(stack, "JobMoveRequested", [move(job_id, name) for name in moves])
    until(lambda: jobs.read("main", job_id).value, lambda job: _rests(job, len(moves)), 60)
    return {"tenant": "main", "job_id": job_id}


def _rests(job: Any, seq: int) -> bool:
    over = load_flow(job.flow).status(job.status).terminal
    return bool(job.seq == seq and (job.execution.seq == seq if over else job.wait))


Act = Callable[[], None]
"""What the function is asked to do, once everything it needs has been prepared."""


def books(create: Function) -> Act:
    def act() -> None:
        create.asked(booking(uuid.uuid4().int % 32768))
        create.delivered({"no": "request"})

    return act


def advances(advance: Function) -> Act:
    waiting, ended = a_job(advance.stack), a_job(advance.stack, *FORWARD)
    fresh = uuid.uuid4().hex
    return lambda: advance.delivered(
        move(waiting["job_id"], "confirm", f"{fresh}-1"),
        move(waiting["job_id"], "reopen", f"{fresh}-2", reason="refused", expected_rev=1),
        move(ended["job_id"], "reopen", f"{fresh}-3", reason="wrong address"),
        move("261121-zzzzzz", "confirm", f"{fresh}-4"),
    )


def edits(edit: Function) -> Act:
    job = a_job(edit.stack)
    about = move(job["job_id"], "x", uuid.uuid4().hex)
    del about["move"]
    _without_view(edit.stack, job)
    member = f"priv_{uuid.uuid4().hex[:8]}"
    hired(edit.stack, member)
    window = {"window_start": "2026-11-28T14:00:00Z", "window_end": "2026-11-28T16:00:00Z"}
    changes = {"crew": [{"role": "driver", "member": member}], "schedule": window}
    return lambda: edit.delivered(
        {**about, "changes": changes},
        {**about, "job_id": "261121-zzzzzz", "changes": {"note": "no such job"}},
    )


def waits(register: Function) -> Act:
    job = a_job(register.stack, "confirm")
    about = {
        **job, "seq": 0, "execution": f"main-{job['job_id']}-g9", "retry": 0,
        "entered_at": "2030-01-01T00:00:00Z", "token": "no-such-token",
    }  # fmt: skip
    return lambda: register.asked(about)


def settles(settle: Function) -> Act:
    job = a_job(settle.stack)
    _without_view(settle.stack, job)
    _forget_settled(settle.stack, job)
    return lambda: settle.asked({**job, "seq": 0})


def publishes(publish: Function) -> Act:
    job, none = a_job(publish.stack), {"tenant": "main", "job_id": "261121-zzzzzz"}
    return lambda: publish.delivered({**job, "rev": 1}, {**none, "rev": 1})


def forgets(forget: Function) -> Act:
    job, none = a_job(forget.stack), {"tenant": "main", "job_id": "261121-zzzzzz"}

    def act() -> None:
        forget.delivered({**job, "rev": uuid.uuid4().int % 10**9})
        forget.delivered({**none, "rev": 1})

    return act


def rotates(rotate: Function) -> Act:
    return lambda: rotate.asked({})


def watches(watch: Function) -> Act:
    """A job whose execution and view are gone, one that was not rung, a trouble that is over."""
    stack = watch.stack
    dead, unheard = a_job(stack), a_job(stack)
    _without_view(stack, dead)
    then = utc_now() - timedelta(minutes=15)
    older = Execution(generation=7, seq=0, since=then)
    _rewrite(stack, dead, lambda job: job.bookkept(entered_at=then, execution=older, wait=None))
    _rewrite(stack, unheard, lambda job: _unheard(job, then))
    s3, bucket = stack.client("s3"), stack.outputs["JobsBucket"]
    gone = StuckJob(tenant="main", job_id="261121-zzzzzz", why="corrupt", since=then)
    S3Stuck(s3, bucket).add(gone)
    name = DeliveryName(
        tenant="main", about=dead["job_id"], mark="9", channel="sms", recipient="customer"
    )
    draft = Delivery(name=name, state="waiting", to="x", created_at=then, updated_at=then)
    S3Deliveries(s3, bucket).create(draft.claimed("lost", then))

    def act() -> None:
        watch.asked({"full": True})
        watch.delivered({"no": "watch"})

    return act


def _unheard(job: Job, then: datetime) -> Job:
    """Confirmed a while ago, which nobody has told its execution."""
    verdict = judge(job, a_request(job, "confirm", occurred_at=then), load_flow(job.flow), then)
    return verdict.job.bookkept(execution=verdict.job.execution.with_(since=then))


def _rewrite(stack: Laptop, who: dict[str, Any], changed: Callable[[Job], Job]) -> None:
    jobs = jobs_of(stack)
    stored = jobs.read("main", who["job_id"])
    jobs.replace(changed(stored.value), stored.etag)


def _without_view(stack: Laptop, job: dict[str, Any]) -> None:
    stored = jobs_of(stack).read("main", job["job_id"]).value
    key = f"t/{digest_of(stored.token)}.json"
    stack.client("s3").delete_object(Bucket=stack.outputs["SiteBucket"], Key=key)


def _forget_settled(stack: Laptop, job: dict[str, Any]) -> None:
    """As if its first status had never been settled, so that settling has all its work to do."""
    jobs = jobs_of(stack)
    stored = jobs.read("main", job["job_id"])
    unsettled = stored.value.execution.with_(seq=-1)
    jobs.replace(stored.value.bookkept(execution=unsettled, wait=None), stored.etag)


SCENARIOS: dict[str, Callable[[Function], Act]] = {
    "create-job": books,
    "advance-job": advances,
    "edit-job": edits,
    "register-wait": waits,
    "settle-job": settles,
    "publish-board": publishes,
    "forget-at-edge": forgets,
    "rotate-keys": rotates,
    "watch-jobs": watches,
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_with_any_one_statement_taken_away_something_fails(stack: Laptop, name: str) -> None:
    function, scenario = Function(stack, name), SCENARIOS[name]
    scenario(function)()
    needless = [
        sid for sid, without in _each_taken_away(function) if _works(without, scenario(function))
    ]
    assert needless == []


def _works(without: AbstractContextManager[None], act: Act) -> bool:
    with without:
        try:
            act()
        except AssertionError:
            return False
    return True


def _each_taken_away(function: Function) -> Iterator[tuple[str, AbstractContextManager[None]]]:
    iam, role = function.stack.client("iam"), function.role
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            if "Sid" not in statement or statement["Sid"] in TELLS_MISSING | ASKED_NOW_AND_THEN:
                continue  # without a Sid it is SAM's own, for the function's dead letters
            left = [each for each in document["Statement"] if each is not statement]
            yield statement["Sid"], _policy(iam, role, policy, document, left)


@contextmanager
def _policy(iam: Any, role: str, policy: str, document: Any, left: list[Any]) -> Iterator[None]:
    def write(statements: list[Any]) -> None:
        if not statements:  # a policy without any is none
            iam.delete_role_policy(RoleName=role, PolicyName=policy)
            return
        text = json.dumps({**document, "Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=text)

    write(left)
    try:
        yield
    finally:
        write(document["Statement"])
