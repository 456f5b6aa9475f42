"""A simulation of Haulway in memory: real functions, fakes of AWS, and a seeded scheduler.

Messages, executions, and task tokens are pending steps. `run` executes them one after another in an
order that depends only on the seed. `Disruptions` deliver messages twice, lose them, let waits time
out, and stop executions. `Faults` break the calls inside a step.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from events import (
    Fact,
    JobCreated,
    JobEditRequested,
    JobMoveRefused,
    JobMoveRequested,
    JobOverdue,
    JobRequested,
    Request,
)
from functions.jobs.advance import AdvanceJob
from functions.jobs.create import CreateJob
from functions.jobs.edit import EditJob
from functions.jobs.settle import SettledStatus, SettleJob, SettleRequest
from functions.jobs.wait import RegisterWait, WaitRequest
from functions.messages.expected_messages import Expected
from functions.protocol.batches import BatchConsumer, JobRef, failure
from functions.protocol.ports import TaskOutput
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.requests import ExecutionEnded
from functions.repair.watch import WatchJobs
from functions.views.board import PublishBoard
from functions.views.invalidate import InvalidateViews
from functions.views.job_index import IndexJob
from statemachine.business.business import BusinessSettings
from statemachine.flows import Flow, load_flow
from statemachine.job.deliveries import Delivery
from statemachine.job.job import LATE, SUPERSEDED, Job
from statemachine.job.records import Repair
from statemachine.views.views import Card
from tests.support.builders import NOON
from tests.support.business_fakes import FakeLogos
from tests.support.fakes import (
    Bucket,
    FakeBoards,
    FakeBus,
    FakeCdn,
    FakeDeadLetters,
    FakeExecutions,
    FakeInvalidationCounter,
    FakeInvalidationUsage,
    FakeJobs,
    FakeLinkEnds,
    FakeLog,
    FakeRedelivery,
    FakeStuck,
    FakeTenants,
    FakeViews,
    board_key,
    job_key,
    no_pause,
    parsed,
)
from tests.support.faults import Crashed, Faults
from tests.support.index_fakes import FakeJobIndex
from tests.support.message_fakes import (
    FakeDelayedMessages,
    FakeDeliveries,
    FakeEndpoints,
    FakeMetrics,
)
from tests.support.roster_fakes import a_crew_assignment
from tests.support.slot_fakes import FakeSlots, slots_on_fakes

HandleAll = Callable[[list[Any]], Sequence[Exception | None]]

RECEIVES = 50
"""How often a message is delivered at most. Generous, because faults are frequent."""
RETRIES = 6
STEPS = 20_000


@dataclass(frozen=True)
class Disruptions:
    """The chance of each disruption at every step, between 0 and 1."""

    twice: float = 0.0
    """A message is delivered again after it succeeded."""
    lost: float = 0.0
    """A fact's message, or the notice that an execution ended, never arrives."""
    times_out: float = 0.0
    """A waiting execution reaches its time limit."""
    stopped: float = 0.0
    """Someone stops a running execution."""
    watched: float = 0.0
    """The watchdog runs."""


@dataclass
class Message:
    """A message to deliver. `deliver` returns whether it succeeded."""

    deliver: Callable[[], bool]
    may_be_lost: bool = False
    receives: int = 0


@dataclass
class Run:
    """One execution of a flow's state machine."""

    name: str
    flow: Flow = field(repr=False)
    who: dict[str, Any]
    generation: int
    place: Literal["begin", "settle", "wait", "next", "end"] = "begin"
    status: str = ""
    seq: int | None = None
    token: str | None = None
    answer: TaskOutput | None = None
    failures: int = 0
    reported_late: bool = False
    visited: list[tuple[int, str]] = field(default_factory=list)

    @property
    def at(self) -> int:
        return self.seq or 0

    def come_to(self, status: str, seq: int) -> None:
        self.place, self.status, self.seq, self.failures = "settle", status, seq, 0
        self.reported_late = False


class OneByOne(PublishBoard):
    """PublishBoard without threads, because their order does not depend on the seed."""

    def each_card(self, tenant: str, job_ids: Any) -> dict[str, Card | Exception]:
        return {job_id: self._card_or_error(tenant, job_id) for job_id in job_ids}


class NoMessages(RepairDeliveries):
    """No function here sends SMS or webhooks, so none is missing; see test_due_messages.py."""

    def _missing(self, job: Job, known: list[Delivery], now: datetime) -> list[Expected]:
        return []


class Simulation:
    def __init__(
        self, seed: int = 0, faults: Faults | None = None, disruptions: Disruptions | None = None
    ) -> None:
        print(f"seed of the simulation: {seed}")
        self.chance = random.Random(seed)
        self.faults = faults or Faults()
        self.disruptions = disruptions or Disruptions()
        self.now = NOON
        self.bucket = Bucket(self.faults)
        self.bucket.clock = lambda: self.now
        self.bus, self.edge = FakeBus(self.faults), FakeCdn(self.faults)
        self.index = FakeJobIndex(self.faults)
        self.executions, self.dead = FakeExecutions(self.faults), FakeDeadLetters()
        self.messages: list[Message] = []
        self.archive: list[Request] = []
        self.runs: dict[str, Run] = {}
        self._heard, self._resumed, self._tokens = 0, 0, 0
        self._wire()

    def _wire(self) -> None:
        jobs, views = FakeJobs(self.bucket), FakeViews(self.bucket)
        tenants = FakeTenants(self.bucket, BusinessSettings(tenant="main", name="Haulway"))
        index_job = IndexJob(self.index, no_pause)
        slots = slots_on_fakes(jobs, tenants, FakeSlots(self.faults))
        board = OneByOne(jobs, FakeBoards(self.bucket), index_job, no_pause)
        self.create = CreateJob(
            jobs, views, self.executions, tenants, slots, self._new_tracking_token, no_pause
        )
        self.advance = AdvanceJob(jobs, self.executions, self.bus, slots, FakeLog(), no_pause)
        self.edit = EditJob(jobs, views, self.bus, a_crew_assignment(jobs), slots, no_pause)
        self.settle = SettleJob(jobs, views, self.bus, FakeMetrics(), lambda: self.now, no_pause)
        self.register = RegisterWait(jobs, self.executions, self.settle, no_pause)
        usage, counter = FakeInvalidationUsage(self.bucket), FakeInvalidationCounter(self.faults)
        self.publish, self.invalidate = (
            board,
            InvalidateViews(jobs, self.edge, counter, usage, 1000, FakeMetrics(), lambda: self.now),
        )
        later = FakeDelayedMessages()
        messages = NoMessages(
            FakeDeliveries(self.bucket), FakeEndpoints(self.bucket), later, later,
            self.bus, FakeMetrics(), FakeLog(), no_pause,
        )  # fmt: skip
        self.watch = WatchJobs(
            jobs, views, self.executions, self.bus, tenants, board, FakeStuck(self.bucket),
            messages, slots, FakeLinkEnds(self.bucket), FakeMetrics(), dict, no_pause,
            logos=FakeLogos(self.bucket),
        )  # fmt: skip

    def _new_tracking_token(self) -> str:
        self._tokens += 1
        return f"{self._tokens:022d}"

    # What people do and see

    def ask(self, *requests: Request) -> None:
        """Put requests on the bus, which delivers each of them at least once."""
        for request in requests:
            self.archive.append(request)
            self.messages.append(Message(self._delivery_of(request)))

    def job(self, job_id: str) -> Job:
        job: Job = parsed(Job, self.bucket.objects[job_key("main", job_id)])
        return job

    def jobs(self) -> list[Job]:
        prefix = job_key("main", "").removesuffix(".json")
        keys = sorted(key for key in self.bucket.objects if key.startswith(prefix))
        return [parsed(Job, self.bucket.objects[key]) for key in keys]

    def board(self) -> bytes:
        return self.bucket.objects[board_key("main")]

    def runs_of(self, job: Job) -> list[Run]:
        return [run for run in self.runs.values() if run.who["job_id"] == job.job_id]

    # The scheduler

    def run(self) -> None:
        """Run steps until none is left."""
        for _ in range(STEPS):
            if not self.step():
                return
        raise AssertionError(f"steps are left after {STEPS} steps")

    def step(self) -> bool:
        """Run one random step. Returns False if there is none."""
        self.now += timedelta(milliseconds=self.chance.randint(1, 2000))
        steps = self._steps()
        if not steps:
            return False
        self._disrupt()
        match self.chance.choice(steps):
            case Message() as message:
                self._deliver(message)
            case Run() as run:
                self._go(run)
        self._collect_effects()
        return True

    def run_until_repaired(self) -> None:
        """Stop all disruptions and faults, and let the watchdog repair until nothing is left."""
        self.disruptions, self.faults.over = Disruptions(), True
        for _ in range(20):
            self.run()
            self.now += timedelta(minutes=20)
            if not self.watchdog_round(ask_executions=True) and not self._steps():
                return
        raise AssertionError("the watchdog keeps repairing")

    def watchdog_round(self, ask_executions: bool = False) -> dict[str, list[Repair]]:
        """Run the watchdog and return what it repaired."""
        repaired = self.watch.round(self.now, ask_executions).repaired
        self._collect_effects()
        return repaired

    def _steps(self) -> "list[Message | Run]":
        going = [run for run in self.runs.values() if run.place not in ("wait", "end")]
        return [*self.messages, *going]

    def _happens(self, chance: float) -> bool:
        return self.chance.random() < chance

    def _disrupt(self) -> None:
        waiting = [run for run in self.runs.values() if run.place == "wait"]
        going = [run for run in self.runs.values() if run.place != "end"]
        if waiting and self._happens(self.disruptions.times_out):
            self.time_out(self.chance.choice(waiting))
        if going and self._happens(self.disruptions.stopped):
            self.end(self.chance.choice(going), badly="ABORTED")
        if self._happens(self.disruptions.watched):
            self.messages.append(Message(self._tried(lambda: self.watch.round(self.now))))

    def _deliver(self, message: Message) -> None:
        self.messages.remove(message)
        if message.may_be_lost and self._happens(self.disruptions.lost):
            return
        message.receives += 1
        try:
            done = message.deliver()
        except Crashed:
            done = False
        if not done:
            assert message.receives < RECEIVES, "given up"
        if not done or self._happens(self.disruptions.twice):
            self.messages.append(message)

    def _collect_effects(self) -> None:
        """Turn the effects of the last step into steps: facts, executions, resumed task tokens."""
        facts, self._heard = self.bus.facts[self._heard :], len(self.bus.facts)
        for fact in facts:
            if not isinstance(fact, JobMoveRefused | JobOverdue):
                self.messages += self.consumers(fact)
        for name, (flow, tenant, job_id, generation) in self.executions.started.items():
            if name not in self.runs:
                who = {"tenant": tenant, "job_id": job_id}
                self.runs[name] = Run(name, load_flow(flow), who, generation)
        for run in self.runs.values():
            if run.place != "end" and run.name not in self.executions.running:
                run.place, run.token = "end", None  # stopped
        resumed, self._resumed = (
            self.executions.resumed[self._resumed :],
            len(self.executions.resumed),
        )
        for token, answer in resumed:
            for run in self.runs.values():
                if run.place == "wait" and run.token == token:
                    run.place, run.token, run.answer = "next", None, answer

    # Messages

    def _delivery_of(self, request: Request) -> Callable[[], bool]:
        handle: Callable[[Any], object]
        match request:
            case JobRequested():
                handle = lambda event: self.create(event, self.now)  # noqa: E731 - one line, used once
            case JobMoveRequested():
                handle = lambda event: self.advance(event, self.now)  # noqa: E731 - one line, used once
            case JobEditRequested():
                handle = lambda event: self.edit(event, self.now)  # noqa: E731 - one line, used once
            case _:
                raise AssertionError(request)
        return self._delivered(
            type(request), request, lambda events: [failure(handle, event) for event in events]
        )

    def consumers(self, fact: Fact) -> list[Message]:
        def show(refs: list[JobRef]) -> list[Exception | None]:
            return self.publish.together(refs, self.now)

        handlers: list[HandleAll] = [show]
        if not isinstance(fact, JobCreated):
            handlers.append(self.invalidate)
        return [Message(self._delivered(JobRef, fact, each), may_be_lost=True) for each in handlers]

    def _delivered(
        self, event: type[BaseModel], content: BaseModel, handle: HandleAll
    ) -> Callable[[], bool]:
        """Deliver a batch of one record, as SQS does. Returns whether it is acknowledged."""
        body = f'{{"detail":{content.model_dump_json(exclude_none=True)}}}'
        stamps = {"ApproximateFirstReceiveTimestamp": str(int(self.now.timestamp() * 1000))}
        batch = {"Records": [{"messageId": "1", "body": body, "attributes": stamps}]}
        consumer = BatchConsumer(
            event, self.dead, FakeLog(), redelivery=FakeRedelivery(), clock=lambda: self.now
        )
        return lambda: not consumer.deliver_together(batch, handle)["batchItemFailures"]

    def _tried(self, do: Callable[[], object]) -> Callable[[], bool]:
        def whether_done() -> bool:
            try:
                do()
            except (Exception, Crashed):
                return False
            return True

        return whether_done

    # Executions, as statemachine/asl.py defines them

    def _go(self, run: Run) -> None:
        try:
            self._pass(run)
        except (Exception, Crashed):
            run.failures += 1
            if run.failures > RETRIES:
                self.end(run, badly="FAILED")

    def _pass(self, run: Run) -> None:
        if run.place == "next":
            self._follow(run)
        elif run.place == "begin":
            run.status = run.flow.initial.name
            if run.generation == 0:
                run.visited.append((0, run.status))
            self._wait(run, retry=0, entered_at=self.now)
        elif run.flow.status(run.status).terminal:
            self._settled(run, self.settle(SettleRequest(**run.who, seq=run.seq)))
        else:
            run.visited.append((run.at, run.status))
            self._wait(run, retry=0, entered_at=self.now)

    def _settled(self, run: Run, settled: SettledStatus) -> None:
        assert settled.status == run.status
        run.visited.append((run.at, run.status))
        self.end(run)

    def _wait(self, run: Run, retry: int, entered_at: datetime) -> None:
        """Wait with a new token for every attempt. Its registration may come late."""
        self._tokens += 1
        token = f"task-{self._tokens}"
        run.place, run.token = "wait", token
        request = WaitRequest(
            **run.who,
            seq=run.seq,
            execution=run.name,
            entered_at=entered_at,
            retry=retry,
            token=token,
            settles=True,
            handles_late=True,
            reported_late=run.reported_late,
        )

        def register() -> bool:
            if self._tried(lambda: self.register(request))() or run.token != token:
                return True
            if retry < RETRIES:
                self._wait(run, retry + 1, entered_at)
            else:
                self.end(run, badly="FAILED")
            return True

        self.messages.append(Message(register))

    def time_out(self, run: Run) -> None:
        run.reported_late = False
        self._wait(run, retry=0, entered_at=self.now)

    def _overdue(self, run: Run) -> None:
        fact = JobOverdue(
            **run.who, flow=run.flow.name, recorded_at=self.now, status=run.status, seq=run.at
        )
        self.bus.facts.append(fact)
        self._wait(run, retry=0, entered_at=self.now)

    def _follow(self, run: Run) -> None:
        assert run.answer
        ways = {move.to for move in run.flow.moves_from(run.status)}
        if run.status == run.flow.initial.name:
            ways = {status.name for status in run.flow.statuses}
        if run.answer.to == SUPERSEDED:
            self.end(run)
        elif run.answer.to == LATE:
            run.reported_late = True
            self._overdue(run)
        elif run.answer.to in ways:
            run.come_to(run.answer.to, run.answer.seq)
        else:  # States.NoChoiceMatched
            self.end(run, badly="FAILED")

    def end(self, run: Run, badly: str | None = None) -> None:
        run.place, run.token = "end", None
        self.executions.running.discard(run.name)
        if badly:
            who = JobRef(**run.who).model_dump_json()
            ended = ExecutionEnded.model_validate({"name": run.name, "status": badly, "input": who})
            news = self._tried(lambda: self.watch.ended(ended, self.now))
            self.messages.append(Message(news, may_be_lost=True))
