"""Messages that got lost: found by their objects, whatever happened to the queues.

    held, or between two tries   it was due some minutes ago: it is put in its queue again
    claimed, no outcome          text: unknown, never sent again, raises an alarm
                                 webhook: sent again under the same `webhook-id`
    none for an announced fact   the fact is announced again; its consumers recognize what they had

A queue delivers a message again after three minutes, and its consumer then ends an expired claim.
So the watchdog only handles claims that are much older.

    sender   index: due 08:00 ── PUT held until 08:00 ── queue: message
    sweep                                  08:02  index ── read: held ── queue again ── index: 08:12
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from functions.messages.deliveries import DelayedMessages, Deliveries, Reminder, change
from functions.messages.endpoints import Endpoint, Endpoints
from functions.messages.expected_messages import Expected, expected_of, missing_in
from functions.messages.sms_once import report_unknown_outcome
from functions.messages.sms_request import SmsRequest
from functions.messages.webhook_schedule import message_of, next_attempt
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Bus, Conflict, Logger, Unavailable
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.job.job import Job
from statemachine.job.records import Repair

ABANDONED = timedelta(minutes=10)
OVERDUE = timedelta(minutes=2)
"""How long after its due time a message would have been handled if its queue still had it."""
AGAIN = timedelta(minutes=10)
"""From one time a message is queued again to the next, so that a long queue does not grow more."""
TRIES, TRIED_WITHIN = 3, timedelta(days=1)
"""If consumers cannot handle a fact, it is in a dead-letter queue by then; `explain` shows it."""
AT_MOST = 300
"""Entries of the index that one round handles; the next round continues."""


@dataclass(frozen=True)
class RepairDeliveries:
    deliveries: Deliveries
    endpoints: Endpoints
    texts: DelayedMessages
    slow: DelayedMessages
    bus: Bus
    metrics: Metrics
    log: Logger
    pause: Pause = full_jitter

    def __call__(self, job: Job, now: datetime) -> Iterator[Repair]:
        """Raises Corrupt, Unavailable."""
        known = list(self.deliveries.about(job.tenant, job.job_id))
        for delivery in known:
            if repair := self._repair(delivery, now):
                yield repair
        facts = [missing.fact for missing in self._missing(job, known, now)]
        if facts and _announced_lately(job, now) < TRIES:
            self.bus.announce(list(dict.fromkeys(facts)))
            yield "fact announced again"

    def missing(self, job: Job, now: datetime) -> list[Expected]:
        """The messages about the job that should exist by now and do not."""
        return self._missing(job, list(self.deliveries.about(job.tenant, job.job_id)), now)

    def _missing(self, job: Job, known: list[Delivery], now: datetime) -> list[Expected]:
        endpoints: list[Endpoint] = list(self.endpoints.all(job.tenant))
        return list(missing_in(expected_of(job, known, endpoints, now), known, now - ABANDONED))

    def sweep(self, tenant: str, now: datetime) -> Iterator[tuple[str, Repair]]:
        """Repair messages that are due; yields the job and the repair.

        An error with one message is logged and does not stop the others. Raises Unavailable.
        """
        due = self.deliveries.reminders(tenant, now - OVERDUE)
        for reminder in list(islice(due, AT_MOST)):
            try:
                repair = self._handle(reminder, now)
            except Exception as error:  # whatever it is, it must not stop the other messages
                self.log.error("message not checked", tenant=tenant, why=type(error).__name__)
                continue
            if repair:
                yield reminder.tail.partition("/")[0], repair

    def _handle(self, reminder: Reminder, now: datetime) -> Repair | None:
        """Add the next reminder, then drop this one. Raises ValueError for a bad key."""
        try:
            name = DeliveryName.parse(reminder.tenant, reminder.tail)
        except ValueError:
            self.deliveries.drop_reminder(reminder)
            raise
        repair = None
        try:
            stored = self.deliveries.read(name)
            if stored and not stored.value.ended:
                repair = self._repair(stored.value, now)
                self.deliveries.remind(name, _next_look(stored.value, now))
        except (Unavailable, Conflict):
            raise
        except Exception:  # last in the index, so that those that can be handled are not behind it
            self.deliveries.remind(name, now + AGAIN)
            self.deliveries.drop_reminder(reminder)
            raise
        self.deliveries.drop_reminder(reminder)
        return repair

    def _repair(self, delivery: Delivery, now: datetime) -> Repair | None:
        if delivery.expired(now - ABANDONED):
            return self._end_claim(delivery, now)
        if not delivery.is_due(now - OVERDUE):
            return None
        if delivery.name.channel == "webhook":
            return self._send_webhook_again(delivery, now)
        text = SmsRequest.of(delivery.name)
        if text is None:
            return self._give_up_reply(delivery, now)
        self.texts.put(text.message(), 0)
        return "text sent again"

    def _end_claim(self, delivery: Delivery, now: datetime) -> Repair:
        if delivery.name.channel == "webhook":
            return self._send_webhook_again(delivery, now)
        report_unknown_outcome(delivery, self.metrics, self.log)

        def given_up(known: Delivery | None) -> Delivery:
            if known is None or not known.expired(now):
                return known or delivery
            return known.end("unknown", now, why="claim_expired")

        change(self.deliveries, delivery.name, given_up, self.pause)
        return "text given up"

    def _send_webhook_again(self, delivery: Delivery, now: datetime) -> Repair:
        again = next_attempt(delivery, now).model_copy(update={"attempt": len(delivery.attempts)})
        self.slow.put(message_of(again), 0)
        return "webhook sent again"

    def _give_up_reply(self, delivery: Delivery, now: datetime) -> Repair:
        """End a reply to a text; its wording was only in the message that got lost."""

        def failed(known: Delivery | None) -> Delivery:
            if known is None or not known.is_due(now):
                return known or delivery
            return known.end("failed", now, why="not_taken")

        self.metrics.count("SmsUndelivered", delivery.name.tenant)
        change(self.deliveries, delivery.name, failed, self.pause)
        return "text given up"


def _announced_lately(job: Job, now: datetime) -> int:
    return sum(
        "fact announced again" in done.repairs and done.at > now - TRIED_WITHIN
        for done in job.repaired
    )


def _next_look(delivery: Delivery, now: datetime) -> datetime:
    """When to check the delivery again; a claimed one has no due time."""
    return max(now + AGAIN, delivery.due_at or now)
