"""The fault cases of the protocol, T1 to T20, by their numbers.

Cases about S3 run twice, on the fakes and on moto's threaded server. Cases about a running
execution use `tests/support/simulation.py`, and run again in `test_protocol_on_engine.py`. Answers
of AWS that no emulator gives are scripted in `test_aws.py`.
"""

import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from events import JobEditRequested, JobMoved, JobMoveRequested
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.jobs.advance import AdvanceJob
from functions.jobs.edit import EditJob
from functions.jobs.settle import SettleJob, SettleRequest
from functions.jobs.wait import WaitRequest
from functions.protocol.batches import BatchConsumer, JobRef
from functions.protocol.compare_and_swap import Pause
from functions.protocol.ports import Conflict, Jobs, Stored, TaskOutput, Unavailable
from functions.views.board import PublishBoard
from statemachine.asl import FOLDER as ASL_FOLDER
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import LATE, Job
from statemachine.rules.lifecycle import Committed, Duplicate, Refused, Verdict
from tests.functions.board_contention import ConcurrentMoves, folded
from tests.functions.conftest import FakeStorage, S3Storage, Storage
from tests.functions.creation import again, batch, envelope, settled_before, waited_for
from tests.functions.protocol.test_ports import a_bus_on
from tests.functions.protocol.test_simulation import a_day, job_id
from tests.support.builders import NOON, a_booking, a_job, a_request, an_edit, minutes
from tests.support.fakes import (
    FakeBus,
    FakeDeadLetters,
    FakeExecutions,
    FakeLog,
    board_key,
    job_key,
    no_pause,
    parsed,
)
from tests.support.faults import Fault, Faults, Kind, ServiceResponse
from tests.support.index_fakes import an_index
from tests.support.message_fakes import FakeMetrics
from tests.support.moto_server import Moto
from tests.support.roster_fakes import a_crew_assignment
from tests.support.simulation import Disruptions, Run, Simulation
from tests.support.slot_fakes import slots_on_fakes

KEY = job_key("main", a_job().job_id)


TOUCHED_AND_WRITTEN = 2
"""Two PUTs per move: the index entry for the watchdog, then the job."""


class ProtocolSetup:
    """One job and `AdvanceJob` on it; `ask` is the verdict on a request."""

    def __init__(self, storage: Storage, job: Job | None = None, pause: Pause = no_pause) -> None:
        self.jobs = storage.jobs
        if job:
            self.jobs.create(job)
        self.executions, self.bus = FakeExecutions(), FakeBus()
        self.advance = AdvanceJob(
            self.jobs, self.executions, self.bus, slots_on_fakes(self.jobs), FakeLog(), pause
        )

    @property
    def job(self) -> Job:
        return self.jobs.read("main", a_job().job_id).value

    def ask(self, move: str, **values: Any) -> Verdict:
        return self.advance(a_request(a_job(), move, **values), NOON)


class ReadTogether:
    """Jobs for several writers, none of which writes before all have read."""

    def __init__(self, jobs: Jobs, writers: int) -> None:
        self._jobs, self._barrier = jobs, threading.Barrier(writers)
        self._here = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)

    def read(self, tenant: str, job_id: str) -> Stored[Job]:
        stored = self._jobs.read(tenant, job_id)
        if not hasattr(self._here, "read"):
            self._here.read = True
            self._barrier.wait(60)
        return stored


def race(jobs: Jobs, *requests: JobMoveRequested) -> list[Verdict]:
    """The verdicts on requests that are judged on the same `rev`."""
    together: Any = ReadTogether(jobs, len(requests))
    advance = AdvanceJob(together, FakeExecutions(), FakeBus(), slots_on_fakes(jobs), FakeLog())
    with ThreadPoolExecutor(len(requests)) as writers:
        return list(writers.map(lambda request: advance(request, NOON), requests))


def kinds(verdicts: list[Verdict]) -> list[str]:
    return sorted(type(verdict).__name__ for verdict in verdicts)


# -- T1 to T7: one event, one entry


def test_t1_the_same_event_twice_is_applied_once(storage: Storage) -> None:
    setup = ProtocolSetup(storage, a_job())
    first = setup.ask("confirm")
    assert isinstance(first, Committed)
    assert setup.ask("confirm") == Duplicate(first.job)
    assert setup.job == first.job
    assert setup.job.version == 2
    assert len(setup.job.ledger) == 1


def test_t1_the_same_event_twice_is_announced_once() -> None:
    """One fact is one text message and one webhook id."""
    world = Simulation()
    world.ask(a_booking(job_id=job_id(0)))
    world.run()
    world.ask(*[a_request(world.job(job_id(0)), "confirm")] * 2)
    world.run()
    assert [fact for fact in world.bus.facts if isinstance(fact, JobMoved)] == world.bus.announced(
        JobMoved
    )
    assert len(world.bus.announced(JobMoved)) == 1


def test_t2_two_writers_of_one_event_both_succeed_and_it_is_there_once(storage: Storage) -> None:
    """Timeline: both read v1 · one PUT, 200 · the other, 412 · it reads and finds its event."""
    storage.jobs.create(a_job())
    request = a_request(a_job(), "confirm")
    with storage.under(Faults()) as calls:
        assert kinds(race(storage.jobs, request, request)) == ["Committed", "Duplicate"]
    assert calls.calls("PutObject") == 2 * TOUCHED_AND_WRITTEN
    assert [entry.event_id for entry in ProtocolSetup(storage).job.ledger] == ["confirm-1"]


def test_t2_the_loser_with_another_event_is_judged_on_the_new_status(storage: Storage) -> None:
    storage.jobs.create(a_job("in_progress"))
    complete, cancel = (
        a_request(a_job(), move, reason="so") for move in ("complete", "cancel_under_way")
    )
    assert kinds(race(storage.jobs, complete, cancel)) == ["Committed", "Refused"]
    job = ProtocolSetup(storage).job
    assert job.seq == 3
    assert job.refused[0].why == "illegal_move"


def test_t2_of_many_writers_none_is_overwritten(storage: Storage) -> None:
    storage.jobs.create(a_job())
    requests = [a_request(a_job(), "confirm", event_id=f"c{number}") for number in range(10)]
    assert kinds(race(storage.jobs, *requests)) == ["Committed", *["Refused"] * 9]
    job = ProtocolSetup(storage).job
    records = [*job.ledger, *job.refused]
    assert sorted(record.event_id for record in records) == sorted(r.event_id for r in requests)
    assert job.version == 11


def test_t3_a_put_whose_answer_is_lost_is_applied_once_and_no_one_notices(storage: Storage) -> None:
    setup = ProtocolSetup(storage, waited_for(a_job()))
    with storage.under(Faults({"PutObject": [None, "after"]})):
        assert setup.ask("confirm") == Duplicate(setup.job)
    assert [entry.event_id for entry in setup.job.ledger] == ["confirm-1"]
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_t4_an_event_whose_answer_was_lost_is_recognized_below_a_later_one(
    storage: Storage,
) -> None:
    """Timeline: e1 is PUT, its answer lost · e2 is committed on top · e1 reads and finds itself."""

    def meanwhile(attempt: int) -> None:
        assert isinstance(ProtocolSetup(storage).ask("start"), Committed)

    setup = ProtocolSetup(storage, a_job(), pause=meanwhile)
    with storage.under(Faults({"PutObject": [None, "after"]})):
        assert isinstance(setup.ask("confirm"), Duplicate)
    assert [entry.event_id for entry in setup.job.ledger] == ["confirm-1", "start-1"]


def test_t5_a_conflict_of_conditional_writes_is_retried_and_applied_once(
    s3_storage: S3Storage,
) -> None:
    pauses: list[int] = []
    setup = ProtocolSetup(s3_storage, a_job(), pause=pauses.append)
    conflict: list[Fault] = [ServiceResponse(409, "ConditionalRequestConflict")] * 3
    with s3_storage.under(Faults({"PutObject": [None, *conflict]})) as calls:
        assert isinstance(setup.ask("confirm"), Committed)
    assert calls.calls("PutObject") == TOUCHED_AND_WRITTEN + 3
    assert pauses == [0, 1, 2]
    assert setup.job.version == 2
    assert len(setup.job.ledger) == 1


def test_t5_any_other_409_is_not_swallowed(s3_storage: S3Storage) -> None:
    setup = ProtocolSetup(s3_storage, a_job())
    other = Faults({"PutObject": [None, ServiceResponse(409, "OperationAborted")]})
    with s3_storage.under(other) as calls, pytest.raises(ClientError, match="OperationAborted"):
        setup.ask("confirm")
    assert calls.calls("PutObject") == TOUCHED_AND_WRITTEN
    assert setup.job == a_job()


def test_t6_an_event_for_a_missing_job_is_dead_lettered_and_nothing_created(
    storage: Storage,
) -> None:
    setup, letters = ProtocolSetup(storage), FakeDeadLetters()
    body = envelope(a_request(a_job(), "confirm"))
    consumer = BatchConsumer(JobMoveRequested, letters, FakeLog())
    with storage.under(Faults()) as calls:
        assert consumer.deliver(batch(body), lambda event: setup.advance(event, NOON)) == again()
    assert letters.dead_lettered == [(body, "UnknownJob", "no job 261121-7k3m2q of tenant main")]
    assert calls.log == [("GetObject", None)]


def test_t7_a_version_that_looks_like_an_older_one_is_not_mistaken_for_it(storage: Storage) -> None:
    """A → B → A: S3's ETags are hashes of the content, so the content has its `version`."""
    versions = [a_job(), a_job().with_change(price_cents=1), a_job().with_change().with_change()]
    assert versions[0].with_(version=3, rev=3) == versions[2]
    storage.jobs.create(versions[0])
    etags = [storage.etag(KEY)]
    for version in versions[1:]:
        storage.jobs.replace(version, etags[-1])
        etags.append(storage.etag(KEY))
    assert len(set(etags)) == 3
    with pytest.raises(Conflict):
        storage.jobs.replace(a_job().with_change(price_cents=2), etags[0])


# -- T8 to T10: any order, any number of copies

DUMPSTER = load_flow("dumpster")
DUMPSTER_JOB = a_job(flow="dumpster")
CONFIRM, PICK_UP, DUMP, COMPLETE = (
    a_request(DUMPSTER_JOB, move, occurred_at=NOON + minutes(number))
    for number, move in enumerate(("confirm", "pick_up", "dump", "complete"))
)
UNKNOWN_MOVE = a_request(DUMPSTER_JOB, "fly")
NOTE = an_edit(DUMPSTER_JOB, note="Ring twice")
SIX_EVENTS = (CONFIRM, PICK_UP, DUMP, UNKNOWN_MOVE, COMPLETE, NOTE)


class DumpsterJobSetup:
    """A dumpster job that takes events, and the versions of its object."""

    def __init__(self) -> None:
        self.storage = FakeStorage()
        self.storage.jobs.create(DUMPSTER_JOB)
        bus = FakeBus()
        slots = slots_on_fakes(self.storage.jobs)
        self.advance = AdvanceJob(
            self.storage.jobs, FakeExecutions(), bus, slots, FakeLog(), no_pause
        )
        crew = a_crew_assignment(self.storage.jobs)
        self.edit = EditJob(self.storage.jobs, self.storage.views, bus, crew, slots, no_pause)
        self.seconds = 600

    def receive(self, event: JobMoveRequested | JobEditRequested) -> None:
        self.seconds += 1
        now = NOON + timedelta(seconds=self.seconds)
        if isinstance(event, JobMoveRequested):
            self.advance(event, now)
        else:
            self.edit(event, now)

    def versions(self) -> Iterator[Job]:
        return (parsed(Job, body) for body in self.storage.bucket.versions[KEY])

    def summary(self) -> tuple[object, ...]:
        """What must not depend on the order of arrival."""
        job = ProtocolSetup(self.storage).job
        return (
            (job.status, job.seq, job.early),
            [(entry.event_id, entry.origin, entry.to) for entry in job.ledger],
            [(refusal.event_id, refusal.why) for refusal in job.refused],
            [note.text for note in job.notes],
        )


@pytest.mark.parametrize("number", range(1, 7))
def test_t8_every_order_of_events_each_twice_ends_in_the_same_job(number: int) -> None:
    """The first `number` events; a copy comes at once, or after all the others."""
    events = SIX_EVENTS[:number]
    expected = after_events(events * 2).summary()
    for count, order in enumerate(itertools.permutations(events)):
        copied_at_once = tuple(event for event in order for _ in range(2))
        setup = after_events(copied_at_once if count % 2 else order * 2)
        assert setup.summary() == expected
        places = [DUMPSTER.position(job.status) for job in setup.versions()]
        assert places == sorted(places)


def after_events(events: Sequence[JobMoveRequested | JobEditRequested]) -> DumpsterJobSetup:
    setup = DumpsterJobSetup()
    for event in events:
        setup.receive(event)
    return setup


def test_t9_an_ended_job_knows_its_events_and_refuses_new_ones_on_the_record(
    storage: Storage,
) -> None:
    setup = ProtocolSetup(storage, a_job("completed"))
    assert isinstance(setup.ask("complete", event_id="way-3"), Duplicate)
    late = setup.ask("start")
    assert isinstance(late, Refused)
    assert late.job == setup.job
    assert late.refusal.why == "illegal_move"
    assert late.job.status == "completed"
    assert setup.ask("start") == Duplicate(late.job)


def ids_of_facts(world: Simulation) -> set[tuple[object, ...]]:
    """The values by which consumers recognize a copy."""
    return {
        (
            type(fact),
            getattr(fact, "job_id", None),
            getattr(fact, "seq", None),
            getattr(fact, "event_id", None),
        )
        for fact in world.bus.facts
    }


def test_t10_the_whole_archive_replayed_days_later_changes_nothing() -> None:
    """Requests and facts alike: no object changes, and no new fact is announced.

    The outcome of an edit or a refused move is announced again, with the same id. Paths that are
    invalidated again are counted again.
    """
    world = a_day(Simulation(seed=5), seed=5, jobs=6)
    world.now += timedelta(days=30)
    world.watchdog_round()
    world.run()
    objects, told = dict(world.bucket.objects), ids_of_facts(world)
    started, resumed = dict(world.executions.started), list(world.executions.resumed)
    world.ask(*list(world.archive))
    for fact in world.bus.announced(JobMoved):
        world.messages += world.consumers(fact)
    world.run()
    changed = {key for key, body in world.bucket.objects.items() if objects.get(key) != body}
    assert changed == set()
    assert len(world.bucket.objects) <= len(objects)
    assert ids_of_facts(world) == told
    assert world.executions.started == started
    assert world.executions.resumed == resumed
    assert world.dead.dead_lettered == []


# -- T11 to T13: the bus, the task token, the write


def test_t11_a_fact_whose_answer_was_lost_is_announced_twice_and_counts_once(moto: Moto) -> None:
    """The state machine settles again; consumers know the copy. (Partial failures: test_aws.py)"""
    storage = S3Storage.of(moto)
    bus, heard = a_bus_on(moto)
    storage.jobs.create(settled_before(a_job("ready_for_pickup")))
    settle = SettleJob(storage.jobs, storage.views, bus, FakeMetrics(), lambda: NOON, no_pause)
    request = SettleRequest(tenant="main", job_id=a_job().job_id, seq=1)
    with Faults({"PutEvents": ["after"]}).on(bus.events), pytest.raises(Unavailable):
        settle(request)
    settle(request)
    told = [JobMoved.model_validate(detail) for detail in heard()]
    assert told == [told[0]] * 2
    publish = PublishBoard(storage.jobs, storage.boards, an_index(), no_pause)
    with storage.under(Faults()) as calls:
        for fact in told:
            publish("main", [JobRef.model_validate(fact.model_dump()).job_id], NOON)
    assert calls.calls("PutObject") == 1


def a_job_in(world: Simulation) -> str:
    world.ask(a_booking(job_id=job_id(0)))
    world.run()
    return job_id(0)


def the_run(world: Simulation, generation: int = 0) -> Run:
    [run] = [run for run in world.runs.values() if run.generation == generation]
    return run


@pytest.mark.parametrize("lost", ["before", "after", "dup"])
def test_t12_a_lost_task_token_call_is_repeated_and_the_execution_continues_once(
    lost: Kind,
) -> None:
    world = Simulation(faults=Faults({"SendTaskSuccess": [lost]}))
    job = a_job_in(world)
    world.ask(a_request(world.job(job), "confirm"))
    world.run()
    assert world.job(job).status == "ready_for_pickup"
    assert world.job(job).version == 4
    assert the_run(world).visited == [(0, "pending_pickup"), (1, "ready_for_pickup")]
    assert world.faults.calls("SendTaskSuccess") == (1 if lost == "dup" else 2)


def test_t12_the_object_is_committed_before_the_task_token_call_is_lost(moto: Moto) -> None:
    """Throttled: the redelivery only sends the task token, and writes nothing."""
    storage, sfn = S3Storage.of(moto), moto.client("stepfunctions")
    storage.jobs.create(waited_for(a_job()))
    executions = StepFunctionsExecutions(sfn, "arn:haulway-")
    advance = AdvanceJob(
        storage.jobs, executions, FakeBus(), slots_on_fakes(storage.jobs), FakeLog(), no_pause
    )
    request = a_request(a_job(), "confirm")
    throttled = Faults({"SendTaskSuccess": [ServiceResponse(400, "ThrottlingException")]})
    with throttled.on(sfn), storage.under(Faults()) as calls:
        with pytest.raises(Unavailable):
            advance(request, NOON)
        assert isinstance(advance(request, NOON), Duplicate)
    assert calls.calls("PutObject") == TOUCHED_AND_WRITTEN
    assert throttled.calls("SendTaskSuccess") == 2


def test_t13_if_the_write_fails_for_good_nothing_is_resumed(storage: Storage) -> None:
    setup = ProtocolSetup(storage, waited_for(a_job()))
    before = setup.job
    never: list[Fault] = ["before"] * 100
    consumer = BatchConsumer(JobMoveRequested, FakeDeadLetters(), FakeLog())
    body = envelope(a_request(a_job(), "confirm"))
    with storage.under(Faults({"PutObject": [None, *never]})):
        assert consumer.deliver(batch(body), lambda event: setup.advance(event, NOON)) == again(0)
    assert setup.job == before
    assert setup.executions.resumed == []


# -- T14 to T17: waiting


def test_t14_an_event_committed_before_its_wait_registers_is_not_missed() -> None:
    world = Simulation()
    world.ask(a_booking(job_id=job_id(0)))
    world.step()
    assert the_run(world).place == "begin"
    for move in ("confirm", "start"):
        world.advance(a_request(world.job(job_id(0)), move), world.now)
    world.run()
    assert [status for _, status in the_run(world).visited] == [
        "pending_pickup",
        "ready_for_pickup",
        "in_progress",
    ]
    assert the_run(world).place == "wait"


def test_t15_a_wait_that_timed_out_is_fenced_by_the_one_that_followed() -> None:
    """Timeline: task 1 waits · times out · task 2 waits · task 1's registration continues late."""
    world = Simulation()
    job = a_job_in(world)
    first = world.job(job).wait
    assert first
    world.now += minutes(2880)
    world.time_out(the_run(world))
    world.run()
    second = world.job(job)
    zombie = WaitRequest(
        tenant="main",
        job_id=job,
        seq=0,
        execution=f"main-{job}-g0",
        entered_at=first.epoch.entered_at,
        retry=0,
        token=first.token,
    )
    assert world.register(zombie) == "fenced"
    assert world.job(job) == second
    world.ask(a_request(second, "confirm"))
    world.run()
    assert the_run(world).visited == [(0, "pending_pickup"), (1, "ready_for_pickup")]


@pytest.mark.parametrize(
    "says",
    [
        ServiceResponse(400, "TaskTimedOut"),
        ServiceResponse(400, "TaskDoesNotExist"),
        ServiceResponse(400, "InvalidToken"),
        ServiceResponse(200, body=b"{}"),
    ],
    ids=str,
)
def test_t16_the_object_decides_whatever_step_functions_says_about_a_token(
    moto: Moto, says: ServiceResponse
) -> None:
    storage, sfn = S3Storage.of(moto), moto.client("stepfunctions")
    storage.jobs.create(waited_for(a_job()))
    advance = AdvanceJob(
        storage.jobs,
        StepFunctionsExecutions(sfn, "arn:haulway-"),
        FakeBus(),
        slots_on_fakes(storage.jobs),
        FakeLog(),
        no_pause,
    )
    request = a_request(a_job(), "confirm")
    with Faults({"SendTaskSuccess": [says, says]}).on(sfn):
        first = advance(request, NOON)
        second = advance(request, NOON)
    assert isinstance(first, Committed)
    assert second == Duplicate(first.job)
    assert storage.jobs.read("main", a_job().job_id).value == first.job


@pytest.mark.parametrize("name", flow_names())
def test_t17_every_waiting_state_has_a_limit_and_catches_it(name: str) -> None:
    machine = json.loads((ASL_FOLDER / f"{name}.asl.json").read_text("utf-8"))
    waiting = {
        state: definition
        for state, definition in machine["States"].items()
        if definition.get("Resource", "").endswith(".waitForTaskToken")
    }
    flow = load_flow(name)
    assert set(waiting) == {s.name for s in flow.statuses if not s.terminal}
    for status, definition in waiting.items():
        assert definition["TimeoutSeconds"] == (flow.status(status).limit_minutes or 0) * 60
        caught = [c["Next"] for c in definition["Catch"] if "States.Timeout" in c["ErrorEquals"]]
        overdue, choices = f"{status}.overdue", machine["States"][f"{status}.next"]["Choices"]
        resumed = [choice["Next"] for choice in choices if f"'{LATE}'" in choice["Condition"]]
        assert caught == [status], "the limit only renews the wait"
        assert resumed == [overdue]
        assert definition["Arguments"]["Payload"]["handles_late"]
        assert machine["States"][overdue]["Next"] == status
        retried = {error for retry in definition["Retry"] for error in retry["ErrorEquals"]}
        assert not retried & {"States.ALL", "States.Timeout"}, "a retry would hide the limit"


# -- T18 and T19: executions


@pytest.mark.parametrize("told", [True, False])
def test_t18_an_execution_stopped_by_hand_is_replaced_once_and_the_job_completes(
    told: bool,
) -> None:
    """Two dispatchers send the next event at once; the event of the end may get lost."""
    world = Simulation(seed=2, disruptions=Disruptions(lost=0.0 if told else 1.0))
    job = a_job_in(world)
    for move in ("confirm", "start"):
        world.ask(a_request(world.job(job), move))
        world.run()
    world.end(the_run(world), badly="ABORTED")
    world.ask(*(a_request(world.job(job), "complete", event_id=f"d{n}") for n in (1, 2)))
    world.run()
    world.run_until_repaired()
    assert list(world.executions.started) == [f"main-{job}-g0", f"main-{job}-g1"]
    assert world.job(job).status == "completed"
    assert world.job(job).execution.seq == 3
    assert the_run(world, generation=1).visited[-1] == (3, "completed")
    assert sorted(fact.seq for fact in world.bus.announced(JobMoved)) == [1, 2, 3]


def test_t19_a_start_whose_answer_was_lost_is_one_execution() -> None:
    world = Simulation(faults=Faults({"StartExecution": ["after"]}))
    job = a_job_in(world)
    assert world.faults.calls("StartExecution") == 2
    assert list(world.executions.started) == [f"main-{job}-g0"]
    assert the_run(world).visited == [(0, "pending_pickup")]


def test_t19_an_execution_that_has_closed_is_not_started_again() -> None:
    world = Simulation()
    job = a_job_in(world)
    world.ask(a_request(world.job(job), "cancel", reason="Moved away"))
    world.run()
    world.ask(*list(world.archive))
    world.run()
    assert list(world.executions.started) == [f"main-{job}-g0"]
    assert the_run(world).place == "end"


def test_t19_the_input_of_an_execution_is_canonical(moto: Moto) -> None:
    """With another input, AWS would refuse to start what runs already."""
    sfn = moto.client("stepfunctions")
    inputs: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        inputs.append(params["input"])

    sfn.meta.events.register("provide-client-params.sfn.StartExecution", note)
    with Faults({"StartExecution": [ServiceResponse(200, body=b"{}")] * 2}).on(sfn):
        for _ in range(2):
            StepFunctionsExecutions(sfn, "arn:x-").start("haul", "main", "261121-7k3m2q", 0)
    assert inputs == ['{"tenant": "main", "job_id": "261121-7k3m2q"}'] * 2


# -- T20: the board under load


def test_t20_at_rest_the_board_is_made_of_all_jobs(storage: Storage) -> None:
    """200 jobs, 32 movers, two board writers, any of whose calls may fail, one reader.

    moto is slow: it gets 30 jobs here, and the engine all of them in test_protocol_on_engine.py.
    """
    jobs = 200 if isinstance(storage, FakeStorage) else 30
    moves = ConcurrentMoves(storage, seed=20, jobs=jobs)
    moves.go()
    shown = storage.get(board_key("main"))
    assert shown == folded(storage)
    PublishBoard(storage.jobs, storage.boards, an_index()).rebuild("main", NOON)
    assert storage.get(board_key("main")) == shown
    assert moves.went_back == []
    assert moves.statuses() == {"completed": jobs}
