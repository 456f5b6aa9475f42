"""Step 9: the Lambda of the watchdog (`repair/watch.py`)."""

import time
from datetime import timedelta
from typing import Any

from functions.aws.container import (
    Announces,
    FromQueue,
    HasIndex,
    HasJobs,
    HasRoster,
    HasViews,
    RunsMachines,
    batch_consumer,
    client,
    log,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.dead_letter_counts import SqsDeadLetterCounts
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.job_index import DynamoJobIndex
from functions.aws.link_ends import S3LinkEnds
from functions.aws.logos import S3Logos
from functions.aws.messages import S3Deliveries, S3Endpoints
from functions.aws.metrics import LogMetrics
from functions.aws.queues import SqsDelayedMessages
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Stuck, S3Tenants
from functions.protocol.batches import BatchConsumer, JobRef
from functions.protocol.clock import utc_now
from functions.protocol.ports import (
    Corrupt,
    Unforeseen,
    UnknownJob,
)
from functions.repair.fan_out_rounds import FanOut
from functions.repair.repair_business import RoundOrder, TimeIsUp
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.requests import (
    ExecutionEnded,
    MissingMessagesRequest,
    RepairRequest,
    RepairSomeRequest,
    RoundReport,
    RoundRequest,
    WatchRequest,
)
from functions.repair.watch import WatchJobs
from functions.views.board import PublishBoard
from functions.views.job_index import IndexJob
from functions.wiring.executions import executions_of
from functions.wiring.take_slot import take_slot_of
from statemachine.flows import UnknownFlow

ROUND_S = 60.0
"""How long a round checks jobs, one after the other; the function may run for twice that."""


class Settings(FromQueue, HasJobs, HasIndex, HasRoster, HasViews, Announces, RunsMachines):
    slow_queue_url: str
    watch_queue_url: str
    """The function's own queue, with one message of a round for each business."""
    text_queue_url: str
    retention_days: int


@once
def wire() -> tuple[WatchJobs, FanOut, BatchConsumer[WatchRequest]]:
    settings = read_settings(Settings)
    s3, sqs = one_attempt("s3"), client("sqs")
    jobs, tenants = S3Jobs(s3, settings.jobs_bucket), S3Tenants(s3, settings.jobs_bucket)
    index_job = IndexJob(DynamoJobIndex(one_attempt("dynamodb"), settings.job_index))
    bus, metrics = EventBridgeBus(client("events"), settings.bus_name), LogMetrics()
    watch = WatchJobs(
        jobs=jobs,
        views=public_views(s3, settings),
        executions=executions_of(settings),
        bus=bus,
        tenants=tenants,
        publish=PublishBoard(jobs, S3Boards(s3, settings.jobs_bucket), index_job),
        stuck=S3Stuck(s3, settings.jobs_bucket),
        deliveries=RepairDeliveries(
            deliveries=S3Deliveries(s3, settings.jobs_bucket),
            endpoints=S3Endpoints(s3, settings.jobs_bucket),
            texts=SqsDelayedMessages(sqs, settings.text_queue_url),
            slow=SqsDelayedMessages(sqs, settings.slow_queue_url),
            bus=bus,
            metrics=metrics,
            log=log,
        ),
        slots=take_slot_of(settings, jobs, tenants),
        link_ends=S3LinkEnds(s3, settings.jobs_bucket),
        metrics=metrics,
        dead_letters=SqsDeadLetterCounts(sqs, settings.dead_letter_url, "watch-jobs"),
        logos=S3Logos(s3, settings.site_bucket),
        retention=timedelta(days=settings.retention_days),
    )
    rounds = FanOut(tenants, SqsDelayedMessages(sqs, settings.watch_queue_url))
    return watch, rounds, batch_consumer(WatchRequest, settings)


def _time_limit(seconds: float) -> TimeIsUp:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _round(watch: WatchJobs, fan_out: FanOut, order: RoundRequest, queued: bool) -> dict[str, Any]:
    """Check one business if `order` names one, or all if few; else queue a message for each."""
    now, ask, full = utc_now(), order.ask_executions, order.full or order.ask_executions
    if order.tenant:
        one = RoundOrder(now, full, ask, order.after or "", _time_limit(ROUND_S))
        found = watch.one_business(order.tenant, one)
    elif queued and (sent := fan_out(order)) is not None:
        found = RoundReport(businesses=sent, dead_letters=watch.count_dead_letters(now, full))
    else:
        found = watch.round(now, ask, full, lambda number: _time_limit(ROUND_S / number))
    fan_out.continue_round(order, found)
    report = found.model_dump(mode="json")
    log.info("round", **report)
    return report


def _repair_job(watch: WatchJobs, ref: JobRef) -> dict[str, Any]:
    """`repaired`, or `error` if the job cannot be repaired."""
    try:
        repaired = watch.repair(ref.tenant, ref.job_id, utc_now())
    except (UnknownJob, Corrupt, UnknownFlow, Unforeseen) as error:
        return {"error": type(error).__name__, "detail": str(error)}
    log.info("repaired", tenant=ref.tenant, job=ref.job_id, repaired=repaired)
    return {"repaired": repaired}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """From the queue: the failures of the batch. Invoked directly: the answer to the request."""
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
                return _repair_job(watch, ref)
            case MissingMessagesRequest(missing=ref):
                return {"missing": watch.missing(ref.tenant, ref.job_id, utc_now())}
            case RepairSomeRequest(repair_some=some):
                done = watch.repair_some(some.tenant, some.job_ids, utc_now())
                report = done.model_dump(mode="json")
                log.info("repaired", tenant=some.tenant, jobs=len(some.job_ids), **report)
                return report

    return messages.deliver(event, one) if queued else one(WatchRequest.model_validate(event))
