"""Fault cases that need a living Step Functions, on the laptop engine: real Lambdas and tokens.

Our own hands write to the same buckets and ring the same tokens, with faults between us and them.
Jobs are told apart by their ids; whatever else the engine has to do goes on beside.
"""

import itertools
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.config import Config

from events import JobMoveRequested
from functions.advance_job import AdvanceJob
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.protocol.ports import TaskOutput, Unavailable
from functions.register_wait import WaitRequest
from local.laptop import Laptop
from statemachine.job import LATE, Execution, Job, TaskWait
from statemachine.lifecycle import Committed, Duplicate, Verdict
from tests.functions.conftest import S3Ground
from tests.functions.crew_contention import Rush, folded
from tests.functions.protocol.test_protocol import kinds, race
from tests.support.builders import a_job, a_request
from tests.support.fakes import board_key
from tests.support.faults import Fault, Faults, Kind, ServiceResponse

pytestmark = pytest.mark.engine

PATIENCE_S = 60.0
TENANT = "protocol"
"""Of our own: the others who use this engine see nothing of it on their board."""
NUMBERS = itertools.count(1)


def until(what: Callable[[], Any]) -> Any:
    """The first answer of `what` that is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return answer


class Works:
    """The running copy, and a dispatcher in this process who works on the same jobs."""

    def __init__(self, stack: Laptop) -> None:
        self.stack, self.outputs = stack, stack.outputs
        self.ground = self.bucket(self.outputs["JobsBucket"])
        self.jobs, self.sfn = self.ground.jobs, self.client("stepfunctions")
        self.executions = StepFunctionsExecutions(self.sfn, self.outputs["MachinePrefix"])
        bus = EventBridgeBus(self.client("events"), self.outputs["BusName"])
        self.advance = AdvanceJob(self.jobs, self.executions, bus)
        self.lambdas = stack.client("lambda")

    def client(self, service: str) -> Any:
        """One that tries once, as the functions' clients for conditional writes do."""
        once = Config(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            max_pool_connections=40,
        )
        return self.stack.aws.client(service, config=once)

    def bucket(self, name: str) -> S3Ground:
        return S3Ground(self.client("s3"), name, lambda: self.client("s3"))

    def stored(self) -> Job:
        """A new job of which no execution knows yet."""
        now = datetime.now(UTC)
        number = next(NUMBERS)
        job = a_job(
            tenant=TENANT,
            job_id=f"261122-{number:06d}",
            token=f"{number:022d}",
            created_at=now,
            entered_at=now,
            execution=Execution(since=now),
        )
        self.jobs.create(job)
        return job

    def waiting(self) -> Job:
        """A new job whose execution waits for the first move."""
        job = self.stored()
        self.executions.start("haul", TENANT, job.job_id, 0)
        self.wait_of(job, seq=0)
        return job

    def now(self, job: Job) -> Job:
        return self.jobs.read(TENANT, job.job_id).value

    def wait_of(self, job: Job, seq: int) -> TaskWait:
        """The wait behind ledger entry `seq`, once it is registered."""

        def registered() -> TaskWait | None:
            wait = self.now(job).wait
            return wait if wait and wait.seq >= seq else None

        wait: TaskWait = until(registered)
        return wait

    def ask(self, job: Job, move: str, **values: Any) -> Verdict:
        now = datetime.now(UTC)
        return self.advance(a_request(job, move, **{"occurred_at": now, **values}), now)

    def arn(self, job: Job, generation: int = 0) -> str:
        prefix = self.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
        return f"{prefix}haul:{TENANT}-{job.job_id}-g{generation}"

    def visited(self, arn: str) -> list[str]:
        """The statuses an execution has entered, in their order."""
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
        entered = (event.get("stateEnteredEventDetails") for p in pages for event in p["events"])
        names = [details["name"] for details in entered if details]
        return [name for name in names if "." not in name]

    def executions_of(self, job: Job) -> dict[str, str]:
        """By name, with what became of them."""
        machine = f"{self.outputs['MachinePrefix']}haul"
        pages = self.sfn.get_paginator("list_executions").paginate(stateMachineArn=machine)
        return {
            execution["name"]: execution["status"]
            for page in pages
            for execution in page["executions"]
            if job.job_id in execution["name"]
        }


@pytest.fixture(scope="module")
def works(stack: Laptop) -> Works:
    return Works(stack)


# -- T2 and T20: S3 as the engine keeps it


@pytest.fixture
def empty(works: Works) -> S3Ground:
    name = f"rush-{next(NUMBERS)}"
    ground = works.bucket(name)
    ground.s3.create_bucket(Bucket=name)
    return ground


def test_t2_of_many_writers_none_is_overwritten(empty: S3Ground) -> None:
    empty.jobs.create(a_job())
    requests = [a_request(a_job(), "confirm", event_id=f"c{number}") for number in range(10)]
    assert kinds(race(empty.jobs, *requests)) == ["Committed", *["Refused"] * 9]
    job = empty.jobs.read("main", a_job().job_id).value
    records = [*job.ledger, *job.refused]
    assert sorted(record.event_id for record in records) == sorted(r.event_id for r in requests)


def test_t20_at_rest_the_board_is_the_fold_of_all_jobs(empty: S3Ground) -> None:
    rush = Rush(empty, seed=2020)
    rush.go()
    assert empty.get(board_key("main")) == folded(empty)
    assert rush.went_back == []
    assert rush.statuses() == {"completed": 200}


# -- T12: the signal


@pytest.mark.parametrize(
    "lost", ["before", "after", ServiceResponse(400, "ThrottlingException")], ids=str
)
def test_t12_a_lost_signal_is_given_again_and_the_execution_goes_on_once(
    works: Works, lost: Fault
) -> None:
    job = works.waiting()
    with Faults({"SendTaskSuccess": [lost]}).on(works.sfn), pytest.raises(Unavailable):
        works.ask(job, "confirm")
    assert works.now(job).status == "ready_for_pickup"
    assert isinstance(works.ask(job, "confirm"), Duplicate)
    works.wait_of(job, seq=1)
    assert works.visited(works.arn(job)) == ["pending_pickup", "ready_for_pickup"]
    assert [entry.event_id for entry in works.now(job).ledger] == ["confirm-1"]


# -- T14 to T16: waiting


def test_t14_events_committed_before_their_wait_registers_are_not_missed(works: Works) -> None:
    job = works.stored()
    for move in ("confirm", "start"):
        assert isinstance(works.ask(job, move), Committed)
    works.executions.start("haul", TENANT, job.job_id, 0)
    works.wait_of(job, seq=2)
    assert works.visited(works.arn(job)) == ["pending_pickup", "ready_for_pickup", "in_progress"]


def a_hasty_machine(works: Works) -> str:
    """The machine of `haul`, whose patience ends after a few seconds."""
    real = works.sfn.describe_state_machine(stateMachineArn=f"{works.outputs['MachinePrefix']}haul")
    definition = json.loads(real["definition"])
    for state in definition["States"].values():
        if state.get("Resource", "").endswith(".waitForTaskToken"):
            state["TimeoutSeconds"] = 5
    made = works.sfn.create_state_machine(
        name="hasty", definition=json.dumps(definition), roleArn=real["roleArn"]
    )
    return str(made["stateMachineArn"])


def test_t15_a_wait_that_timed_out_is_fenced_by_the_one_that_followed(works: Works) -> None:
    """Timeline: task 1 waits · times out · task 2 waits · task 1's registration wakes up late."""
    job = works.stored()
    started = works.sfn.start_execution(
        stateMachineArn=a_hasty_machine(works),
        name=f"{TENANT}-{job.job_id}-g0",
        input=json.dumps({"tenant": TENANT, "job_id": job.job_id}),
    )
    first = works.wait_of(job, seq=0)
    until(lambda: works.now(job).wait != first)
    zombie = WaitRequest(
        tenant=TENANT,
        job_id=job.job_id,
        seq=0,
        execution=f"{TENANT}-{job.job_id}-g0",
        entered_at=first.epoch.entered_at,
        retry=first.epoch.retry,
        token=first.token,
    )
    answer = works.lambdas.invoke(
        FunctionName=works.outputs["CreateJobFunction"].replace("create-job", "register-wait"),
        Payload=zombie.model_dump_json().encode(),
    )
    assert "FunctionError" not in answer
    wait = works.now(job).wait
    assert wait
    assert wait.epoch.newer_than(first.epoch)
    works.ask(job, "cancel", reason="Moved away")
    until(lambda: works.now(job).execution.seq == 1)
    assert works.visited(started["executionArn"])[-1] == "cancelled"
    assert "pending_pickup.overdue" in str(
        works.sfn.get_execution_history(executionArn=started["executionArn"])["events"]
    )


def test_an_execution_that_is_told_its_job_is_late_says_so_and_waits_on(works: Works) -> None:
    job = works.waiting()
    works.ask(job, "confirm")
    wait = works.wait_of(job, seq=1)
    assert (wait.handles_late, wait.reported_late) == (True, False)
    works.executions.send_success(wait.token, TaskOutput(seq=1, to=LATE))
    until(lambda: bool((now := works.now(job).wait) and now.reported_late))
    history = works.sfn.get_execution_history(executionArn=works.arn(job))["events"]
    assert "ready_for_pickup.overdue" in str(history)
    works.ask(job, "start")
    works.wait_of(job, seq=2)


def test_t16_a_token_that_was_used_or_whose_execution_was_stopped_says_nothing(
    works: Works,
) -> None:
    job = works.waiting()
    used = works.wait_of(job, seq=0)
    works.ask(job, "confirm")
    live = works.wait_of(job, seq=1)
    works.executions.send_success(used.token, TaskOutput(seq=1, to="ready_for_pickup"))
    works.sfn.stop_execution(executionArn=works.arn(job))
    works.executions.send_success(live.token, TaskOutput(seq=2, to="in_progress"))
    assert works.visited(works.arn(job)) == ["pending_pickup", "ready_for_pickup"]
    assert works.now(job).status == "ready_for_pickup"
    assert isinstance(works.ask(job, "cancel", reason="Moved away"), Committed)


# -- T18 and T19: executions


def test_t18_an_execution_stopped_by_hand_has_one_successor_and_the_job_completes(
    works: Works,
) -> None:
    """Two dispatchers race on the next event while the news of the end is on its way."""
    job = works.waiting()
    works.ask(job, "confirm")
    works.wait_of(job, seq=1)
    works.sfn.stop_execution(executionArn=works.arn(job))
    with ThreadPoolExecutor(2) as dispatchers:
        verdicts = dispatchers.map(
            lambda number: works.ask(job, "start", event_id=f"start-{number}"), range(2)
        )
    assert kinds(list(verdicts)) == ["Committed", "Refused"]
    works.wait_of(job, seq=2)
    works.ask(job, "complete")
    until(lambda: works.now(job).execution.seq == 3)
    assert (works.now(job).status, works.now(job).execution.generation) == ("completed", 1)
    assert works.visited(works.arn(job, generation=1))[-2:] == ["in_progress", "completed"]
    names = [f"{TENANT}-{job.job_id}-g{generation}" for generation in (0, 1)]
    until(
        lambda: works.executions_of(job) == dict(zip(names, ("ABORTED", "SUCCEEDED"), strict=True))
    )


@pytest.mark.parametrize("lost", ["before", "after", "dup"])
def test_t19_a_start_whose_answer_was_lost_is_one_execution(works: Works, lost: Kind) -> None:
    job = works.stored()
    with Faults({"StartExecution": [lost]}).on(works.sfn):
        for _ in range(3):
            try:
                works.executions.start("haul", TENANT, job.job_id, 0)
            except Unavailable:
                continue
    works.wait_of(job, seq=0)
    assert works.executions_of(job) == {f"{TENANT}-{job.job_id}-g0": "RUNNING"}


def test_t19_an_execution_that_has_closed_is_not_started_again(works: Works) -> None:
    job = works.waiting()
    works.ask(job, "cancel", reason="Moved away")
    name = f"{TENANT}-{job.job_id}-g0"
    until(lambda: works.executions_of(job) == {name: "SUCCEEDED"})
    works.executions.start("haul", TENANT, job.job_id, 0)
    assert works.executions_of(job) == {name: "SUCCEEDED"}


def test_t1_and_t11_an_event_that_is_on_the_bus_twice_is_applied_once(works: Works) -> None:
    """The first `put_events` arrives, its answer is lost, and the sender sends it again."""
    job = works.waiting()
    events, request = (
        works.client("events"),
        a_request(job, "confirm", occurred_at=datetime.now(UTC)),
    )
    entry = {
        "EventBusName": works.outputs["BusName"],
        "Source": "haulway.dispatch",
        "DetailType": JobMoveRequested.__name__,
        "Detail": request.model_dump_json(exclude_none=True),
    }
    with Faults({"PutEvents": ["dup"]}).on(events):
        events.put_events(Entries=[entry])
    works.wait_of(job, seq=1)
    time.sleep(1)
    assert [entry.event_id for entry in works.now(job).ledger] == ["confirm-1"]
    assert works.visited(works.arn(job)) == ["pending_pickup", "ready_for_pickup"]
