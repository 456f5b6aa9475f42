"""Messages that lost their way: found by the objects, whatever became of the queues.

    held, or between two tries   its time passed some minutes ago: its queue is told of it again
    claimed and never marked     text: unknown, never sent again, raises an alarm
                                 webhook: told once more under the same `webhook-id`
    none, though a fact is told  the fact is announced again; its consumers know what they had

A queue brings a message back after three minutes, and whoever gets it then concludes an expired
claim. So only claims much older than that are left to the watchdog.

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
from functions.protocol.ports import Bus, Corrupt, HaulwayError, Logger
from statemachine.deliveries import Delivery, DeliveryName
from statemachine.job import Job, Repair

LEFT_BEHIND = timedelta(minutes=10)
OVERDUE = timedelta(minutes=2)
"""So long after its time a message that its queue still had would have been handled."""
AGAIN = timedelta(minutes=10)
"""From one reminder of a queue to the next, so that a long queue does not grow by reminders."""
TRIES, TRIED_WITHIN = 3, timedelta(days=1)
"""Of a fact that its consumers cannot handle they have dead letters by then; `explain` tells."""
AT_MOST = 300
"""Entries of the index that one round looks at; the next one goes on."""


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
            if repair := self._repaired(delivery, now):
                yield repair
        facts = [missing.fact for missing in self._missing(job, known, now)]
        if facts and _announced_lately(job, now) < TRIES:
            self.bus.announce(list(dict.fromkeys(facts)))
            yield "fact announced again"

    def missing(self, job: Job, now: datetime) -> list[Expected]:
        """The messages about the job that ought to exist by now and do not."""
        return self._missing(job, list(self.deliveries.about(job.tenant, job.job_id)), now)

    def _missing(self, job: Job, known: list[Delivery], now: datetime) -> list[Expected]:
        endpoints: list[Endpoint] = list(self.endpoints.all(job.tenant))
        return list(missing_in(expected_of(job, known, endpoints), known, now - LEFT_BEHIND))

    def sweep(self, tenant: str, now: datetime) -> Iterator[tuple[str, Repair]]:
        """What was done for messages whose time has come, and about which job.

        The trouble with one message is logged and does not stop the others. Raises Unavailable.
        """
        due = self.deliveries.reminders(tenant, now - OVERDUE)
        for reminder in list(islice(due, AT_MOST)):
            try:
                repair = self._reminded(reminder, now)
            except (HaulwayError, ValueError) as error:
                self.log.error("message not looked after", tenant=tenant, why=type(error).__name__)
                continue
            if repair:
                yield reminder.tail.partition("/")[0], repair

    def _reminded(self, reminder: Reminder, now: datetime) -> Repair | None:
        """The next reminder is entered before this one goes. Raises ValueError for a bad key."""
        try:
            name = DeliveryName.parse(reminder.tenant, reminder.tail)
        except ValueError:
            self.deliveries.drop_reminder(reminder)
            raise
        repair = None
        try:
            stored = self.deliveries.read(name)
            if stored and not stored.value.ended:
                repair = self._repaired(stored.value, now)
                self.deliveries.remind(name, _next_look(stored.value, now))
        except Corrupt:
            self.deliveries.remind(name, now + AGAIN)
            self.deliveries.drop_reminder(reminder)
            raise
        self.deliveries.drop_reminder(reminder)
        return repair

    def _repaired(self, delivery: Delivery, now: datetime) -> Repair | None:
        if delivery.expired(now - LEFT_BEHIND):
            return self._concluded(delivery, now)
        if not delivery.is_due(now - OVERDUE):
            return None
        if delivery.name.channel == "webhook":
            return self._posted_again(delivery, now)
        text = SmsRequest.of(delivery.name)
        if text is None:
            return self._given_up(delivery, now)
        self.texts.put(text.message(), 0)
        return "text sent again"

    def _concluded(self, delivery: Delivery, now: datetime) -> Repair:
        if delivery.name.channel == "webhook":
            return self._posted_again(delivery, now)
        report_unknown_outcome(delivery, self.metrics, self.log)

        def given_up(known: Delivery | None) -> Delivery:
            if known is None or not known.expired(now):
                return known or delivery
            return known.end("unknown", now, why="claim_expired")

        change(self.deliveries, delivery.name, given_up, self.pause)
        return "text given up"

    def _posted_again(self, delivery: Delivery, now: datetime) -> Repair:
        again = next_attempt(delivery, now).model_copy(update={"attempt": len(delivery.attempts)})
        self.slow.put(message_of(again), 0)
        return "webhook sent again"

    def _given_up(self, delivery: Delivery, now: datetime) -> Repair:
        """An answer to a text, of which only its own message knew the words."""

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
    """A delivery that is claimed has no time of its own."""
    return max(now + AGAIN, delivery.due_at or now)
