"""Fault cases that need Step Functions, on the laptop engine, with real Lambdas and task tokens.

The tests write to the same buckets and send the same task tokens, with faults in between.
Each test has its own job ids, because the engine also runs other jobs at the same time.
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
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.jobs.advance import AdvanceJob
from functions.jobs.wait import WaitRequest
from functions.protocol.ports import TaskOutput, Unavailable
from local.laptop import Laptop
from statemachine.job.job import LATE, Execution, Job, TaskWait
from statemachine.rules.lifecycle import Committed, Duplicate, Verdict
from tests.functions.board_contention import ConcurrentMoves, folded
from tests.functions.conftest import S3Storage
from tests.functions.protocol.test_protocol import kinds, race
from tests.support.builders import a_job, a_request
from tests.support.fakes import FakeLog, board_key
from tests.support.faults import Fault, Faults, Kind, ServiceResponse
from tests.support.slot_fakes import slots_on_fakes

pytestmark = pytest.mark.engine

PATIENCE_S = 60.0
TENANT = "protocol"
"""A business of its own, so that other tests on this engine do not see it on their board."""
NUMBERS = itertools.count(1)


def until(what: Callable[[], Any]) -> Any:
    """The first result of `what` that is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return answer


class EngineSetup:
    """The laptop copy, and `AdvanceJob` in this process on the same jobs."""

    def __init__(self, stack: Laptop) -> None:
        self.stack, self.outputs = stack, stack.outputs
        self.storage = self.bucket(self.outputs["JobsBucket"])
        self.jobs, self.sfn = self.storage.jobs, self.client("stepfunctions")
        self.executions = StepFunctionsExecutions(self.sfn, self.outputs["MachinePrefix"])
        bus = EventBridgeBus(self.client("events"), self.outputs["BusName"])
        self.advance = AdvanceJob(
            self.jobs, self.executions, bus, slots_on_fakes(self.jobs), FakeLog()
        )
        self.lambdas = stack.client("lambda")

    def client(self, service: str) -> Any:
        """One that tries once, as the functions' clients for conditional writes do."""
        once = Config(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            max_pool_connections=40,
        )
        return self.stack.aws.client(service, config=once)

    def bucket(self, name: str) -> S3Storage:
        return S3Storage(self.client("s3"), name, lambda: self.client("s3"))

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
def setup(stack: Laptop) -> EngineSetup:
    return EngineSetup(stack)


# -- T2 and T20: S3 as the engine keeps it


@pytest.fixture
def empty(setup: EngineSetup) -> S3Storage:
    name = f"moves-{next(NUMBERS)}"
    storage = setup.bucket(name)
    storage.s3.create_bucket(Bucket=name)
    return storage


def test_t2_of_many_writers_none_is_overwritten(empty: S3Storage) -> None:
    empty.jobs.create(a_job())
    requests = [a_request(a_job(), "confirm", event_id=f"c{number}") for number in range(10)]
    assert kinds(race(empty.jobs, *requests)) == ["Committed", *["Refused"] * 9]
    job = empty.jobs.read("main", a_job().job_id).value
    records = [*job.ledger, *job.refused]
    assert sorted(record.event_id for record in records) == sorted(r.event_id for r in requests)


def test_t20_at_rest_the_board_is_made_of_all_jobs(empty: S3Storage) -> None:
    moves = ConcurrentMoves(empty, seed=2020)
    moves.go()
    assert empty.get(board_key("main")) == folded(empty)
    assert moves.went_back == []
    assert moves.statuses() == {"completed": 200}


# -- T12: the signal


@pytest.mark.parametrize(
    "lost", ["before", "after", ServiceResponse(400, "ThrottlingException")], ids=str
)
def test_t12_a_lost_task_token_call_is_repeated_and_the_execution_continues_once(
    setup: EngineSetup, lost: Fault
) -> None:
    job = setup.waiting()
    with Faults({"SendTaskSuccess": [lost]}).on(setup.sfn), pytest.raises(Unavailable):
        setup.ask(job, "confirm")
    assert setup.now(job).status == "ready_for_pickup"
    assert isinstance(setup.ask(job, "confirm"), Duplicate)
    setup.wait_of(job, seq=1)
    assert setup.visited(setup.arn(job)) == ["pending_pickup", "ready_for_pickup"]
    assert [entry.event_id for entry in setup.now(job).ledger] == ["confirm-1"]


# -- T14 to T16: waiting


def test_t14_events_committed_before_their_wait_registers_are_not_missed(
    setup: EngineSetup,
) -> None:
    job = setup.stored()
    for move in ("confirm", "start"):
        assert isinstance(setup.ask(job, move), Committed)
    setup.executions.start("haul", TENANT, job.job_id, 0)
    setup.wait_of(job, seq=2)
    assert setup.visited(setup.arn(job)) == ["pending_pickup", "ready_for_pickup", "in_progress"]


def a_hasty_machine(setup: EngineSetup) -> str:
    """The state machine of `haul`, with limits of a few seconds."""
    real = setup.sfn.describe_state_machine(stateMachineArn=f"{setup.outputs['MachinePrefix']}haul")
    definition = json.loads(real["definition"])
    for state in definition["States"].values():
        if state.get("Resource", "").endswith(".waitForTaskToken"):
            state["TimeoutSeconds"] = 5
    made = setup.sfn.create_state_machine(
        name="hasty", definition=json.dumps(definition), roleArn=real["roleArn"]
    )
    return str(made["stateMachineArn"])


def test_t15_a_wait_that_timed_out_is_fenced_by_the_one_that_followed(setup: EngineSetup) -> None:
    """Timeline: task 1 waits · times out · task 2 waits · task 1's registration continues late."""
    job = setup.stored()
    started = setup.sfn.start_execution(
        stateMachineArn=a_hasty_machine(setup),
        name=f"{TENANT}-{job.job_id}-g0",
        input=json.dumps({"tenant": TENANT, "job_id": job.job_id}),
    )
    first = setup.wait_of(job, seq=0)
    until(lambda: setup.now(job).wait != first)
    zombie = WaitRequest(
        tenant=TENANT,
        job_id=job.job_id,
        seq=0,
        execution=f"{TENANT}-{job.job_id}-g0",
        entered_at=first.epoch.entered_at,
        retry=first.epoch.retry,
        token=first.token,
    )
    answer = setup.lambdas.invoke(
        FunctionName=setup.outputs["CreateJobFunction"].replace("create-job", "register-wait"),
        Payload=zombie.model_dump_json().encode(),
    )
    assert "FunctionError" not in answer
    wait = setup.now(job).wait
    assert wait
    assert wait.epoch.newer_than(first.epoch)
    setup.ask(job, "cancel", reason="Moved away")
    until(lambda: setup.now(job).execution.seq == 1)
    assert setup.visited(started["executionArn"])[-1] == "cancelled"


def test_an_execution_that_learns_its_job_is_late_announces_it_and_keeps_waiting(
    setup: EngineSetup,
) -> None:
    job = setup.waiting()
    wait = setup.wait_of(job, seq=0)
    assert wait.handles_late
    assert not wait.reported_late
    setup.executions.send_success(wait.token, TaskOutput(seq=0, to=LATE))
    until(lambda: bool((now := setup.now(job).wait) and now.reported_late))
    history = setup.sfn.get_execution_history(executionArn=setup.arn(job))["events"]
    assert "pending_pickup.overdue" in str(history)
    setup.ask(job, "confirm")
    setup.wait_of(job, seq=1)


def test_t16_a_used_token_or_one_of_a_stopped_execution_is_no_error(
    setup: EngineSetup,
) -> None:
    job = setup.waiting()
    used = setup.wait_of(job, seq=0)
    setup.ask(job, "confirm")
    live = setup.wait_of(job, seq=1)
    setup.executions.send_success(used.token, TaskOutput(seq=1, to="ready_for_pickup"))
    setup.sfn.stop_execution(executionArn=setup.arn(job))
    setup.executions.send_success(live.token, TaskOutput(seq=2, to="in_progress"))
    assert setup.visited(setup.arn(job)) == ["pending_pickup", "ready_for_pickup"]
    assert setup.now(job).status == "ready_for_pickup"
    assert isinstance(setup.ask(job, "cancel", reason="Moved away"), Committed)


# -- T18 and T19: executions


def test_t18_an_execution_stopped_by_hand_is_replaced_once_and_the_job_completes(
    setup: EngineSetup,
) -> None:
    """Two dispatchers send the next event at once, before the event of the end arrives."""
    job = setup.waiting()
    setup.ask(job, "confirm")
    setup.wait_of(job, seq=1)
    setup.sfn.stop_execution(executionArn=setup.arn(job))
    with ThreadPoolExecutor(2) as dispatchers:
        verdicts = dispatchers.map(
            lambda number: setup.ask(job, "start", event_id=f"start-{number}"), range(2)
        )
    assert kinds(list(verdicts)) == ["Committed", "Refused"]
    setup.wait_of(job, seq=2)
    setup.ask(job, "complete")
    until(lambda: setup.now(job).execution.seq == 3)
    assert setup.now(job).status == "completed"
    assert setup.now(job).execution.generation == 1
    assert setup.visited(setup.arn(job, generation=1))[-2:] == ["in_progress", "completed"]
    names = [f"{TENANT}-{job.job_id}-g{generation}" for generation in (0, 1)]
    until(
        lambda: setup.executions_of(job) == dict(zip(names, ("ABORTED", "SUCCEEDED"), strict=True))
    )


@pytest.mark.parametrize("lost", ["before", "after", "dup"])
def test_t19_a_start_whose_answer_was_lost_is_one_execution(setup: EngineSetup, lost: Kind) -> None:
    job = setup.stored()
    with Faults({"StartExecution": [lost]}).on(setup.sfn):
        for _ in range(3):
            try:
                setup.executions.start("haul", TENANT, job.job_id, 0)
            except Unavailable:
                continue
    setup.wait_of(job, seq=0)
    assert setup.executions_of(job) == {f"{TENANT}-{job.job_id}-g0": "RUNNING"}


def test_t19_an_execution_that_has_closed_is_not_started_again(setup: EngineSetup) -> None:
    job = setup.waiting()
    setup.ask(job, "cancel", reason="Moved away")
    name = f"{TENANT}-{job.job_id}-g0"
    until(lambda: setup.executions_of(job) == {name: "SUCCEEDED"})
    setup.executions.start("haul", TENANT, job.job_id, 0)
    assert setup.executions_of(job) == {name: "SUCCEEDED"}


def test_t1_and_t11_an_event_that_is_on_the_bus_twice_is_applied_once(setup: EngineSetup) -> None:
    """The first `put_events` arrives, its answer is lost, and the sender sends it again."""
    job = setup.waiting()
    events, request = (
        setup.client("events"),
        a_request(job, "confirm", occurred_at=datetime.now(UTC)),
    )
    entry = {
        "EventBusName": setup.outputs["BusName"],
        "Source": "haulway.dispatch",
        "DetailType": JobMoveRequested.__name__,
        "Detail": request.model_dump_json(exclude_none=True),
    }
    with Faults({"PutEvents": ["dup"]}).on(events):
        events.put_events(Entries=[entry])
    setup.wait_of(job, seq=1)
    time.sleep(1)
    assert [entry.event_id for entry in setup.now(job).ledger] == ["confirm-1"]
    assert setup.visited(setup.arn(job)) == ["pending_pickup", "ready_for_pickup"]
