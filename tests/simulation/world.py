"""The world: people, functions, queues, executions, the edge, and the clock, one step at a time.

A step is one call of a port, or one decision of the scheduler about who goes on. At every call
another handler may go first, and the call may fail before or after its effect, arrive twice, or the
process may die. After some steps the faults are over, and the world comes to rest.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from events import TEXTS_SOURCE, Fact, Request
from events.requests import REQUESTS_SOURCE
from functions.aws.sms_providers import EndUserMessagingSms
from functions.messages.sms_once import SmsNotAccepted, SmsOutcomeUnknown
from functions.messages.webhook_client import WebhookResponse
from functions.protocol.batches import BatchFailed, JobRef
from tests.api.api_fixture import ApiBackend
from tests.simulation.baton import Baton, Task
from tests.simulation.choices import Choices
from tests.simulation.edge import Customer, Edge
from tests.simulation.lambdas import FACTS_OF, REQUESTS_OF, Lambdas
from tests.simulation.machines import Machines, Run
from tests.simulation.queues import Message, Queue
from tests.support.aws_calls import taking
from tests.support.faults import Crashed, Fault, Faults

MOMENTS = (
    datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
    datetime(2026, 11, 24, 1, 50, tzinfo=UTC),  # ten minutes before New York's quiet hours
    datetime(2027, 3, 14, 3, 30, tzinfo=UTC),  # the night in which the clocks go forward
    datetime(2027, 11, 7, 3, 30, tzinfo=UTC),  # the night in which they go back
)
KINDS: tuple[Fault | None, ...] = (None, None, "before", "after", "dup", "crash")
"""What may happen at a call: nothing, another goes first, and the faults."""
WEATHER = ((88, 12, 0, 0, 0, 0), (57, 40, 1, 1, 1, 0), (76, 14, 3, 3, 2, 2), (52, 38, 3, 3, 2, 2))
"""How often, in percent, in calm and in stormy runs."""
LONGEST = timedelta(seconds=60)
"""A function that runs longer is ended."""
A_CALL = timedelta(milliseconds=7)
POOLS = (
    "functions.views.board",
    "functions.protocol.read_each",
    "functions.messages.webhook_delivery",
    "functions.views.find_jobs",
)


class InOrder:
    """In the place of a pool of threads, whose order does not depend on the seed."""

    def __init__(self, _workers: int) -> None: ...

    def __enter__(self) -> "InOrder":
        return self

    def __exit__(self, *_error: object) -> None: ...

    def map(self, do: Callable[..., Any], *each: Any) -> Iterator[Any]:
        return map(do, *each)


@contextmanager
def in_order() -> Iterator[None]:
    """Pools of threads work one by one, and the functions log nothing."""
    with ExitStack() as stack:
        stack.enter_context(patch("functions.aws.json_log._print", lambda *_: None))
        for module in POOLS:
            stack.enter_context(patch(f"{module}.ThreadPoolExecutor", InOrder))
        yield


class WorldFaults(Faults):
    """Every call of a port asks the world what happens to it."""

    def __init__(self, at_call: Callable[[str], Fault | None]) -> None:
        super().__init__()
        self.at_call = at_call

    def next_fault(self, operation: str) -> Fault | None:
        return self.at_call(operation)


@dataclass(frozen=True)
class SentText:
    about: str
    phone: str
    body: str
    at: datetime
    began: datetime
    """When the function that sent it began."""


class Texts:
    """The SMS provider. It takes a text, or refuses for now; the answer may be lost."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.sent: list[SentText] = []

    def send(self, phone: str, body: str, about: str, sender: str | None = None) -> str:
        world = self.world
        if not world.resting and world.choices.happens(10):
            raise SmsNotAccepted
        EndUserMessagingSms(taking("pinpoint-sms-voice-v2")).send(phone, body, about, sender)
        task = world.baton.running
        began = task.began if task else world.now

        def reached() -> None:
            self.sent.append(SentText(about, phone, body, world.now, began))

        world.faults.around("SendText", reached, SmsOutcomeUnknown("lost"))
        return f"sms-{len(self.sent)}"


class World:
    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.now = choices.one_of(MOMENTS)
        self.weather = choices.one_of(WEATHER)
        self.began = self.last_round = self.now
        self.baton, self.tasks = Baton(), list[Task]()
        self.trace: list[str] = []
        self.steps = self.interleaved = 0
        self.injected: Counter[str] = Counter()
        self.resting = False
        self.faults = WorldFaults(self.at_call)
        self.backend = ApiBackend(self.faults)
        self.backend.bucket.clock = self.backend.site.clock = self.clock
        self.texts = Texts(self)
        self.lambdas = Lambdas(self.backend, self.clock, self.texts, chance=0.5)
        self.queues = self.lambdas.queues()
        self.machines = Machines(
            self.backend.executions,
            self.backend.bus,
            lambda request: self.lambdas.settle()(request),
            lambda request: self.lambdas.register()(request),
            self._ended_badly,
        )
        self.edge = Edge(self.backend.site, self.clock, self.may_be_overtaken)
        self.customers: list[Customer] = []
        self.asked: list[Request] = []
        self._heard = self._invalidated = 0
        self._set_now(self.now)

    # The clock

    def clock(self) -> datetime:
        return self.now

    def _set_now(self, now: datetime) -> None:
        self.now = self.backend.now = now

    def note(self, line: str) -> None:
        self.trace.append(f"{self.now:%m-%d %H:%M:%S} {line}")

    # What happens at a call of a port

    def at_call(self, operation: str) -> Fault | None:
        """The fault of this call; before it, other handlers may run."""
        task = self.baton.running
        if task is None:
            return None  # asked by the test itself
        if self.baton.closing:
            raise Crashed(operation)
        self.steps += 1
        task.calls += 1
        self._set_now(self.now + A_CALL)
        if self.now - task.began > LONGEST:
            self.note(f"{task.name}: ended by its time limit at {operation}")
            self.injected["time limit"] += 1
            raise Crashed(operation)
        if self.resting:
            return None
        chosen = self.choices.weighted(self.weather)
        if chosen == 1:
            self.may_be_overtaken(operation)
            return None
        kind = KINDS[chosen]
        if operation in ("SendText", "Post") and kind == "dup":
            return None  # a provider has one attempt; a partner's server may see two, by our retry
        if kind is not None:
            self.injected[str(kind)] += 1
            self.note(f"{task.name}: {operation} {kind}")
        return kind

    def may_be_overtaken(self, operation: str) -> None:
        if not self.resting:
            self.let_others_go(operation)

    def let_others_go(self, operation: str) -> None:
        """Also at rest: the running task may have to wait for what another has begun."""
        task = self.baton.running
        if task is None:
            return
        self.interleaved += 1
        self.note(f"{task.name}: waits at {operation}")
        self.baton.hand_back()
        self.note(f"{task.name}: goes on at {operation}")

    # Tasks

    def start(self, name: str, do: Callable[[], None]) -> None:
        task = Task(name, do, self.now)
        self.tasks.append(task)
        self.note(name)
        self.go_on(task)

    def go_on(self, task: Task) -> None:
        self.baton.go_on(task)
        if task.ended:
            self.tasks.remove(task)
        self.collect()

    # What people and services send

    def ask(self, request: Request, source: str = REQUESTS_SOURCE) -> None:
        """Put a request on the bus."""
        self.asked.append(request)
        name = type(request).__name__
        detail = json.loads(request.model_dump_json(exclude_none=True))
        body = json.dumps({"source": source, "detail-type": name, "detail": detail})
        self.queues[REQUESTS_OF[name]].put(body, self.now)

    def _announce(self, fact: Fact) -> None:
        name = type(fact).__name__
        detail = json.loads(fact.model_dump_json(exclude_none=True))
        body = json.dumps({"source": "haulway.jobs", "detail-type": name, "detail": detail})
        for queue, facts in FACTS_OF.items():
            if name in facts:
                self.queues[queue].put(body, self.now)

    def _ended_badly(self, run: Run, status: str) -> None:
        who = JobRef(**run.who).model_dump_json()
        body = json.dumps({"detail": {"name": run.name, "status": status, "input": who}})
        self.queues["watch-jobs"].put(body, self.now)
        self.note(f"execution {run.name} {status}")

    def collect(self) -> None:
        """Turn the effects of the last step into messages, executions, and invalidations."""
        facts = self.backend.bus.facts[self._heard :]
        self._heard += len(facts)
        for fact in facts:
            self._announce(fact)
        for request in self.lambdas.requests.asked:
            self.ask(request, TEXTS_SOURCE)
        self.lambdas.requests.asked.clear()
        for queue, box in (
            ("send-sms", self.lambdas.text_queue),
            ("webhooks", self.lambdas.prompt),
            ("webhooks-slow", self.lambdas.slow),
        ):
            for body, delay_s in box.taken():
                self.queues[queue].put(body, self.now, delay_s)
        made = list(self.lambdas.cdn.invalidations)[self._invalidated :]
        self._invalidated += len(made)
        for _, paths in made:
            for path in paths:
                lag = timedelta() if self.resting else timedelta(seconds=self.choices.below(30))
                self.edge.invalidate(path, lag)
        self.machines.collect(self.now)

    # What the world can do next

    def deliver(self, queue: Queue) -> None:
        visible = queue.visible(self.now)
        if self.resting:
            batch = visible[: queue.at_once]
        else:
            first = self.choices.below(len(visible))
            batch = visible[first : first + 1 + self.choices.below(queue.at_once)]
            if queue.may_lose and self.choices.happens(4):
                queue.messages.remove(batch[0])
                self.injected["message lost"] += 1
                self.note(f"{queue.name}: a message is lost")
                return
        if not self.resting and self.choices.happens(8):
            queue.put_copy(batch[0])
            self.injected["message twice"] += 1
            self.note(f"{queue.name}: a message comes twice")
        self.start(queue.name, lambda: self._handle(queue, batch))

    def _handle(self, queue: Queue, batch: list[Message]) -> None:
        records = queue.receive(batch, self.now)
        try:
            answer = self.lambdas.deliver(queue, records, batch)
        except BatchFailed as error:
            self.note(f"{queue.name}: {error}")
            return
        queue.settle(batch, answer)

    def go(self, run: Run) -> None:
        invoked = self.machines.step(run, self.now)
        if invoked is None:
            self.collect()
            return
        token = run.token

        def invoke() -> None:
            try:
                invoked()
            except AssertionError:
                raise
            except (Exception, Crashed):
                self.machines.failed(run, token, self.now)

        self.start(f"{run.name} at {run.status}", invoke)

    def disturb(self, run: Run) -> None:
        """Someone stops an execution; or the answer of its function is lost, and it tries again
        while that function still runs."""
        if run.place == "invoked":
            self.injected["invocation tried again"] += 1
            self.note(f"{run.name} at {run.status}: tried again")
            self.machines.failed(run, run.token, self.now)
        elif self.choices.happens(20):
            self.injected["execution stopped"] += 1
            self.machines.end_badly(run, "ABORTED")

    def watch(self, full: bool = False) -> None:
        self.last_round = self.now

        def one_round() -> None:
            try:
                self.lambdas.watch().round(self.now, full, full)
            except AssertionError:
                raise
            except Exception as error:  # the schedule calls it again in a minute
                self.note(f"round: {type(error).__name__}")

        self.start("round", one_round)

    def next_due(self) -> datetime | None:
        """The next moment at which something happens by itself."""
        due = [m.visible_at for q in self.queues.values() for m in q.messages]
        due += self.machines.next_due()
        due += [at for at, _ in self.edge.invalidations]
        later = [at for at in due if at > self.now]
        return min(later, default=None)

    def pass_time(self, span: timedelta) -> None:
        self._set_now(self.now + span)
        for run in self.machines.open():
            limit = run.limit_at
            if run.place == "wait" and limit is not None and limit <= self.now:
                self.note(f"{run.name}: {run.status} reaches its limit")
                self.machines.time_out(run)
        self.edge.apply_invalidations()
        self.collect()

    def close(self) -> None:
        self.baton.close(self.tasks)


def answer_of(number: int) -> WebhookResponse:
    """What a partner's server says."""
    return WebhookResponse((200, 200, 200, 500, 503)[number])
