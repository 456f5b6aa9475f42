"""The real functions, each invocation in a container of its own, on the fakes of the world."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import BaseModel

from events import JobEditRequested, JobMoveRequested, JobRequested
from functions.jobs.advance import AdvanceJob
from functions.jobs.create import CreateJob
from functions.jobs.edit import EditJob
from functions.jobs.settle import SettleJob
from functions.jobs.wait import RegisterWait
from functions.messages.customer_sms import SendSms
from functions.messages.fact_notice import FactNotice
from functions.messages.fan_out import FanOutFacts, parse_fact
from functions.messages.inbound import Inbound, parse_inbound
from functions.messages.incoming_sms import ReceiveSms
from functions.messages.plan_reminders import PlanReminders
from functions.messages.sms_once import SmsOnce
from functions.messages.sms_request import JobChanged
from functions.messages.webhook_delivery import DeliverWebhooks
from functions.messages.webhook_schedule import WebhookAttempt, WebhookQueues
from functions.protocol.batches import BatchConsumer, JobRef, Redelivery
from functions.protocol.ports import Unavailable
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.requests import ExecutionEnded
from functions.repair.watch import WatchJobs
from functions.views.board import PublishBoard
from functions.views.invalidate import InvalidateViews
from functions.views.job_index import IndexJob
from tests.api.api_fixture import ApiBackend
from tests.simulation.queues import Batch, Message, Queue
from tests.support.business_fakes import FakeLogos
from tests.support.fakes import (
    FakeCdn,
    FakeDeadLetters,
    FakeInvalidationCounter,
    FakeInvalidationUsage,
    FakeLinkEnds,
    FakeLog,
    FakeStuck,
    no_pause,
)
from tests.support.faults import Faults
from tests.support.message_fakes import (
    FakeConversations,
    FakeDelayedMessages,
    FakeDeliveries,
    FakeEndpoints,
    FakeMetrics,
    FakePhoneRecords,
    FakeRequests,
    FakeTextBudgets,
    FakeWebhookClient,
)
from tests.support.slot_fakes import slots_on_fakes

FACTS_OF: dict[str, tuple[str, ...]] = {
    "publish-board": ("JobCreated", "JobMoved", "JobEdited"),
    "invalidate-views": ("JobMoved", "JobEdited"),
    "send-sms": ("JobCreated", "JobMoved", "JobEdited"),
    "fan-out-facts": (
        "JobCreated",
        "JobMoved",
        "JobEdited",
        "JobMoveRefused",
        "JobEditRefused",
        "JobOverdue",
        "EndpointPaused",
    ),
}
"""The rules of `template.yaml`: which facts each queue gets."""
REQUESTS_OF = {"JobRequested": "create-job", "JobMoveRequested": "advance-job"} | {
    "JobEditRequested": "edit-job"
}


class SmsProvider(Protocol):
    def send(self, phone: str, body: str, about: str, sender: str | None = None) -> str: ...


class Deferred:
    """Redelivery of one batch: a message becomes visible again when the function says."""

    def __init__(self, batch: list[Message], clock: Callable[[], datetime], faults: Faults) -> None:
        self.batch, self.clock, self.faults = batch, clock, faults

    def delay(self, record: dict[str, Any], seconds: int) -> None:
        message = self.batch[int(record["receiptHandle"])]

        def visible_again() -> None:
            message.visible_at = self.clock() + timedelta(seconds=seconds)

        self.faults.around("ChangeMessageVisibility", visible_again, Unavailable("lost"))


class Lambdas:
    def __init__(
        self, backend: ApiBackend, clock: Callable[[], datetime], texts: SmsProvider, chance: float
    ) -> None:
        self.backend, self.clock, self.texts, self.chance = backend, clock, texts, chance
        faults = backend.faults
        self.cdn, self.dead = FakeCdn(faults), FakeDeadLetters(faults)
        self.requests, self.webhooks = FakeRequests(faults), FakeWebhookClient(faults)
        self.text_queue, self.prompt, self.slow = (FakeDelayedMessages(faults) for _ in range(3))
        self.stuck, self.endpoints = FakeStuck(backend.bucket), FakeEndpoints(backend.bucket)
        self.deliveries = FakeDeliveries(backend.bucket)
        self.metrics, self.log = FakeMetrics(), FakeLog()
        self._ids = itertools.count(1)
        self.sent_texts = backend.sent_texts
        self.slots = slots_on_fakes(
            backend.jobs, backend.tenants, backend.slot_sheets, backend.roster
        )

    def _id(self) -> str:
        return f"id-{next(self._ids)}"

    # Step 1 to 4

    def create(self) -> CreateJob:
        at = self.backend
        return CreateJob(
            at.jobs,
            at.views,
            at.executions,
            at.tenants,
            self.slots,
            lambda: next(at.tokens),
            no_pause,
        )

    def advance(self) -> AdvanceJob:
        at = self.backend
        return AdvanceJob(at.jobs, at.executions, at.bus, self.slots, self.log, no_pause)

    def edit(self) -> EditJob:
        at = self.backend
        return EditJob(at.jobs, at.views, at.bus, at.assign, self.slots, no_pause, at.executions)

    def settle(self) -> SettleJob:
        at = self.backend
        return SettleJob(at.jobs, at.views, at.bus, self.metrics, self.clock, no_pause)

    def register(self) -> RegisterWait:
        at = self.backend
        return RegisterWait(at.jobs, at.executions, self.settle(), no_pause)

    # Step 5 to 9

    def publish(self) -> PublishBoard:
        at = self.backend
        return PublishBoard(at.jobs, at.boards, IndexJob(at.index, no_pause), no_pause)

    def invalidate(self) -> InvalidateViews:
        usage, counter = FakeInvalidationUsage(self.backend.bucket), FakeInvalidationCounter()
        return InvalidateViews(
            self.backend.jobs, self.cdn, counter, usage, 1000, self.metrics, self.clock
        )

    def once(self) -> SmsOnce:
        return SmsOnce(
            self.deliveries, self.texts, self.metrics, self.log, self._id, self.sent_texts, no_pause
        )

    def send_sms(self) -> SendSms:
        at = self.backend
        return SendSms(
            jobs=at.jobs,
            tenants=at.tenants,
            numbers=FakePhoneRecords(at.bucket),
            budgets=FakeTextBudgets(at.bucket),
            requests=self.requests,
            once=self.once(),
            later=self.text_queue,
            plan=PlanReminders(self.deliveries, at.tenants, no_pause),
            link=lambda token: f"https://edge.test/track/{token}",
            pause=no_pause,
        )

    def receive_sms(self) -> ReceiveSms:
        at = self.backend
        return ReceiveSms(
            tenants=at.tenants,
            numbers=FakePhoneRecords(at.bucket),
            jobs=at.jobs,
            requests=self.requests,
            conversations=FakeConversations(at.bucket),
            once=self.once(),
            budgets=FakeTextBudgets(at.bucket),
            pause=no_pause,
        )

    def fan_out(self) -> FanOutFacts:
        return FanOutFacts(self.endpoints, WebhookQueues(self.prompt, self.slow))

    def deliver_webhooks(self) -> DeliverWebhooks:
        return DeliverWebhooks(
            deliveries=self.deliveries,
            endpoints=self.endpoints,
            lanes=WebhookQueues(self.prompt, self.slow),
            client=self.webhooks,
            bus=self.backend.bus,
            metrics=self.metrics,
            log=self.log,
            new_id=self._id,
            chance=lambda: self.chance,
            clock=self.clock,
            pause=no_pause,
        )

    def watch(self) -> WatchJobs:
        at = self.backend
        deliveries = RepairDeliveries(
            self.deliveries, self.endpoints, self.text_queue, self.slow,
            at.bus, self.metrics, self.log, no_pause,
        )  # fmt: skip
        return WatchJobs(
            at.jobs, at.views, at.executions, at.bus, at.tenants, self.publish(), self.stuck,
            deliveries, self.slots, FakeLinkEnds(at.bucket), self.metrics, dict, no_pause,
            logos=FakeLogos(at.site),
        )  # fmt: skip

    # Their queues, as in `template.yaml`

    def queues(self) -> dict[str, Queue]:
        now = self.clock

        def each(event: type[BaseModel], handle: Callable[[Any], object], parse: Any = None) -> Any:
            return lambda batch, later: self._consumer(event, later, parse).deliver(batch, handle)

        def together(event: type[BaseModel], handle: Any, parse: Any = None) -> Any:
            return lambda batch, later: self._consumer(event, later, parse).deliver_together(
                batch, handle
            )

        def ended(event: ExecutionEnded) -> object:
            return self.watch().ended(event, now())

        found = [
            Queue("create-job", each(JobRequested, lambda e: self.create()(e, now())), 3),
            Queue("advance-job", each(JobMoveRequested, lambda e: self.advance()(e, now())), 3),
            Queue("edit-job", each(JobEditRequested, lambda e: self.edit()(e, now())), 3),
            Queue(
                "publish-board",
                together(JobRef, lambda refs: self.publish().together(refs, now())),
                5,
                360,
                may_lose=True,
            ),
            Queue(
                "invalidate-views",
                together(JobRef, lambda refs: self.invalidate()(refs)),
                5,
                may_lose=True,
            ),
            Queue(
                "send-sms",
                each(JobChanged, lambda change: self.send_sms()(change, now())),
                3,
                delay_s=30,
                may_lose=True,
            ),
            Queue(
                "receive-sms", each(Inbound, lambda i: self.receive_sms()(i, now()), parse_inbound)
            ),
            Queue(
                "fan-out-facts",
                together(FactNotice, lambda facts: self.fan_out()(facts, now()), parse_fact),
                3,
                may_lose=True,
            ),
            Queue(
                "webhooks",
                together(WebhookAttempt, lambda d: self.deliver_webhooks().together(d, False)),
                3,
                may_lose=True,
            ),
            Queue(
                "webhooks-slow",
                together(WebhookAttempt, lambda d: self.deliver_webhooks().together(d, True)),
                3,
                may_lose=True,
            ),
            Queue("watch-jobs", each(ExecutionEnded, ended), 1, 720, may_lose=True),
        ]
        return {queue.name: queue for queue in found}

    def _consumer(
        self, event: type[BaseModel], later: Redelivery, parse: Any
    ) -> BatchConsumer[Any]:
        return BatchConsumer(event, self.dead, self.log, parse, later, self.clock)

    def deliver(self, queue: Queue, batch: Batch, messages: list[Message]) -> dict[str, Any]:
        later = Deferred(messages, self.clock, self.backend.faults)
        return queue.handle(batch, later)
