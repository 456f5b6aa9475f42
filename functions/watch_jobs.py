"""Step 9: the watchdog looks after open jobs and repairs what got lost on the way.

It is called by the schedule (a round over those whose turn it is, see `watch/round.py`; one message
for each business, see `watch/fan_out.py`), by Step Functions' own message that an execution has
ended badly (that one job), and after a restart of the laptop engine (a round that asks for every
execution, because there none survives).
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    HasViews,
    RunsMachines,
    batch_consumer,
    client,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.dead_letter_counts import SqsDeadLetterCounts
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.messages import S3Deliveries, S3Endpoints
from functions.aws.metrics import LogMetrics
from functions.aws.queues import SqsDelayedMessages
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Stuck, S3Tenants
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.protocol.batches import BatchConsumer, JobRef, once
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import (
    Bus,
    Conflict,
    Corrupt,
    DeadLetterCounts,
    Executions,
    Jobs,
    Stuck,
    Tenants,
    Unavailable,
    Unforeseen,
    UnknownJob,
    Views,
)
from functions.publish_board import PublishBoard
from functions.repair.fan_out_rounds import FanOut
from functions.repair.job_selection import minute_of
from functions.repair.repair_business import RepairBusiness, RoundOrder, TimeIsUp
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.repair_execution import RepairExecution, is_settled
from functions.repair.repair_job import Inspection, RepairJob
from functions.repair.report_stuck import ReportStuck, place_of
from functions.repair.requests import (
    AskMissing,
    ExecutionEnded,
    RepairReport,
    RepairRequest,
    RepairSomeRequest,
    RoundReport,
    RoundRequest,
    WatchRequest,
)
from statemachine.flows import UnknownFlow
from statemachine.job import Repair

DEAD_LETTERS_EVERY = 5
"""Rounds. The alarms on those queues are CloudWatch's own and wait for none."""
ROUND_S = 60.0
"""So long a round looks at one job after the other; the function may run for twice that."""


@dataclass(frozen=True)
class WatchJobs:
    jobs: Jobs
    views: Views
    executions: Executions
    bus: Bus
    tenants: Tenants
    publish: PublishBoard
    stuck: Stuck
    deliveries: RepairDeliveries
    metrics: Metrics
    dead_letters: DeadLetterCounts
    pause: Pause = full_jitter

    @property
    def repair_job(self) -> RepairJob:
        call = ReportStuck(self.stuck, self.bus, self.metrics, log)
        execution = RepairExecution(self.jobs, self.executions, self.bus, call, self.pause)
        return RepairJob(
            self.jobs, self.views, self.bus, execution, call, self.deliveries, self.metrics, log,
            self.pause,
        )  # fmt: skip

    @property
    def business(self) -> RepairBusiness:
        return RepairBusiness(
            self.jobs, self.publish, self.stuck, self.repair_job, self.metrics, log
        )

    def round(
        self,
        now: datetime,
        ask_executions: bool = False,
        full: bool = False,
        share_of: Callable[[int], TimeIsUp] = lambda _: lambda: False,
    ) -> RoundReport:
        """The jobs of every business whose turn it is, and now and then the dead-letter queues.

        `share_of` is the time for one of so many businesses, from when it is asked. Each minute
        another business is the first. Raises Unavailable, after all the others were looked after,
        where something failed.
        """
        order = RoundOrder(now, full or ask_executions, ask_executions)
        found, failed = RoundReport(), list[str]()
        names = list(self.tenants.names())
        begin = minute_of(now) % max(1, len(names))
        for tenant in [*names[begin:], *names[:begin]]:
            try:
                mine = replace(order, time_is_up=share_of(len(names)))
                found = found.and_of(self.business(tenant, mine))
            except Exception as error:  # the trouble of one business is not that of the others
                log.error("not looked after", who=tenant, error=place_of(error))
                failed.append(str(error) if isinstance(error, Unavailable) else tenant)
        try:
            found = found.with_(dead_letters=self.dead(now, order.full))
        except Unavailable:
            failed.append("dead letters")
        if failed:
            raise Unavailable("; ".join(failed))
        if not found.left:
            self.metrics.count("WatchRounds")  # an alarm rings where no round comes to its end
        return found

    def one_business(self, tenant: str, order: RoundOrder) -> RoundReport:
        """Raises Unavailable, after all its jobs were looked after, where something failed."""
        found = self.business(tenant, order)
        if not found.left:
            self.metrics.count("WatchRounds")
        return found

    def dead(self, now: datetime, full: bool) -> dict[str, int]:
        """Messages in dead-letter queues, told now and then. What to do is for a person to say."""
        if not full and minute_of(now) % DEAD_LETTERS_EVERY:
            return {}
        dead = {queue: count for queue, count in self.dead_letters().items() if count}
        for queue, count in dead.items():
            log.error("dead letters", queue=queue, count=count)
        if dead:
            self.metrics.measure("DeadLetters", sum(dead.values()), "Count")
        return dead

    def repair(self, tenant: str, job_id: str, now: datetime) -> list[Repair]:
        """Everything a person can have done for one job; the repairs that were made.

        Raises UnknownJob, Corrupt, UnknownFlow, Unforeseen, Unavailable.
        """
        try:
            return self._redriven(tenant, job_id, now)
        except (UnknownJob, Corrupt, UnknownFlow, Unavailable, Conflict):
            raise
        except Exception as error:
            self.business.blame(tenant, job_id, error, now)
            raise Unforeseen(f"our code failed on it: {place_of(error)}") from error

    def _redriven(self, tenant: str, job_id: str, now: datetime) -> list[Repair]:
        self.repair_job.readable(tenant, job_id)
        look = Inspection(now, self.publish(tenant, [], now), ask=True, messages=True)
        repaired = self.repair_job(tenant, job_id, look, self.stuck.read(tenant, job_id))
        if "card written" in repaired.repairs:
            self.publish(tenant, [job_id], now)
        return list(repaired.repairs)

    def missing(self, tenant: str, job_id: str, now: datetime) -> list[str]:
        """The messages that ought to exist and do not, as `sms 1 to customer`.

        Raises UnknownJob, Corrupt, UnknownFlow, Unavailable.
        """
        job = self.repair_job.readable(tenant, job_id)
        names = [expected.name for expected in self.deliveries.missing(job, now)]
        return [f"{name.channel} {name.mark} to {name.recipient}" for name in names]

    def repair_some(self, tenant: str, job_ids: Iterable[str], now: datetime) -> RepairReport:
        """The same for each of them. One that no one can help does not stop the others."""
        repaired: dict[str, list[Repair]] = {}
        failed: dict[str, str] = {}
        for job_id in job_ids:
            try:
                with suppress(UnknownJob):  # erased, or never stored: it needs nothing
                    if repairs := self.repair(tenant, job_id, now):
                        repaired[job_id] = repairs
            except (Corrupt, UnknownFlow, Unforeseen, Unavailable) as error:
                failed[job_id] = f"{type(error).__name__}: {error}"
            except Exception as error:  # even the mark could not be made: told, and the next one
                failed[job_id] = place_of(error)
        return RepairReport(repaired=repaired, failed=failed)

    def ended(self, event: ExecutionEnded, now: datetime) -> bool:
        """Whether the job of an execution that ended badly was given a successor.

        An execution that has got as far as waiting is replaced at once. One that died before is
        left to the next rounds, so that a fault that kills every successor costs one start a
        round.
        """
        self.metrics.count("ExecutionsEnded", event.input.tenant, Status=event.status)
        try:
            job = self.repair_job.readable(event.input.tenant, event.input.job_id)
        except UnknownFlow:
            return False  # it is open, so a round comes to it and calls a person
        if job.execution.generation != event.generation or is_settled(job):
            return False
        if job.wait is None or job.wait.epoch.generation != event.generation:
            self.jobs.mark_open(job.tenant, job.job_id)
            return False
        return self.repair_job.replace_ended(job, now)


class Settings(FromQueue, HasJobs, HasViews, Announces, RunsMachines):
    slow_queue_url: str
    watch_queue_url: str
    """The function's own queue: a round is one message for each business."""
    text_queue_url: str


@once
def wire() -> tuple[WatchJobs, FanOut, BatchConsumer[WatchRequest]]:
    settings = read_settings(Settings)
    s3, sqs = one_attempt("s3"), client("sqs")
    jobs, tenants = S3Jobs(s3, settings.jobs_bucket), S3Tenants(s3, settings.jobs_bucket)
    watch = WatchJobs(
        jobs,
        public_views(s3, settings),
        StepFunctionsExecutions(
            client("stepfunctions"), settings.machine_prefix, settings.machine_alias
        ),
        EventBridgeBus(client("events"), settings.bus_name),
        tenants,
        PublishBoard(jobs, S3Boards(s3, settings.jobs_bucket)),
        S3Stuck(s3, settings.jobs_bucket),
        RepairDeliveries(
            S3Deliveries(s3, settings.jobs_bucket),
            S3Endpoints(s3, settings.jobs_bucket),
            SqsDelayedMessages(sqs, settings.text_queue_url),
            SqsDelayedMessages(sqs, settings.slow_queue_url),
            EventBridgeBus(client("events"), settings.bus_name),
            LogMetrics(),
            log,
        ),
        LogMetrics(),
        SqsDeadLetterCounts(sqs, settings.dead_letter_url, "watch-jobs"),
    )
    return (
        watch,
        FanOut(tenants, SqsDelayedMessages(sqs, settings.watch_queue_url)),
        batch_consumer(WatchRequest, settings),
    )


def after(seconds: float) -> TimeIsUp:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _round(watch: WatchJobs, fan_out: FanOut, order: RoundRequest, queued: bool) -> dict[str, Any]:
    """Of one business where one is named, of all where they are few; else a message for each."""
    now, ask, full = utc_now(), order.ask_executions, order.full or order.ask_executions
    if order.tenant:
        one = RoundOrder(now, full, ask, order.after or "", after(ROUND_S))
        found = watch.one_business(order.tenant, one)
    elif queued and (sent := fan_out(order)) is not None:
        found = RoundReport(businesses=sent, dead_letters=watch.dead(now, full))
    else:
        found = watch.round(now, ask, full, lambda number: after(ROUND_S / number))
    fan_out.go_on(order, found)
    told = found.model_dump(mode="json")
    log.info("round", **told)
    return told


def _redriven(watch: WatchJobs, ref: JobRef) -> dict[str, Any]:
    """`repaired`, or `error` where no one can help."""
    try:
        repaired = watch.repair(ref.tenant, ref.job_id, utc_now())
    except (UnknownJob, Corrupt, UnknownFlow, Unforeseen) as error:
        return {"error": type(error).__name__, "detail": str(error)}
    log.info("redriven", tenant=ref.tenant, job=ref.job_id, repaired=repaired)
    return {"repaired": repaired}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """From the queue: the batch's failures. Invoked directly with a round: what was repaired."""
    watch, fan_out, messages = wire()
    queued = "Records" in event

    def one(message: WatchRequest) -> dict[str, Any]:
        match message.root:
            case RoundRequest() as order:
                return _round(watch, fan_out, order, queued)
            case ExecutionEnded() as ended:
                replaced = watch.ended(ended, utc_now())
                log.info("execution ended", job=ended.input.job_id, replaced=replaced)
                return {"replaced": replaced}
            case RepairRequest(repair=ref):
                return _redriven(watch, ref)
            case AskMissing(missing=ref):
                return {"missing": watch.missing(ref.tenant, ref.job_id, utc_now())}
            case RepairSomeRequest(repair_some=some):
                done = watch.repair_some(some.tenant, some.job_ids, utc_now())
                told = done.model_dump(mode="json")
                log.info("redriven", tenant=some.tenant, jobs=len(some.job_ids), **told)
                return told

    return messages.deliver(event, one) if queued else one(WatchRequest.model_validate(event))
