"""Messages that somebody claimed, and that nobody will ever mark: their queue has let go of them.

    text       unknown: it may have been sent or not, so it is never sent again, and raises an alarm
    webhook    told once more under the same `webhook-id`: the receiver knows it if it had it

A queue brings a message back after three minutes, and whoever gets it then concludes an expired
claim. So only claims much older than that are left to the watchdog.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.commit import Pause, full_jitter
from functions.hooks.deliveries import Deliveries, Later, change
from functions.hooks.text_once import alarm_unknown
from functions.hooks.webhook_due import due_again, message_of
from functions.metrics import Metrics
from functions.ports import Logger
from statemachine.deliveries import Delivery
from statemachine.job import Repair

LEFT_BEHIND = timedelta(minutes=10)


@dataclass(frozen=True)
class MendDeliveries:
    deliveries: Deliveries
    slow: Later
    metrics: Metrics
    log: Logger
    pause: Pause = full_jitter

    def __call__(self, tenant: str, about: str, now: datetime) -> Iterator[Repair]:
        """Raises Corrupt, Unavailable."""
        for delivery in self.deliveries.about(tenant, about):
            if delivery.expired(now - LEFT_BEHIND):
                yield self._mended(delivery, now)

    def _mended(self, delivery: Delivery, now: datetime) -> Repair:
        if delivery.name.channel == "webhook":
            again = due_again(delivery, now).model_copy(update={"attempt": len(delivery.attempts)})
            self.slow.put(message_of(again), 0)
            return "webhook sent again"
        alarm_unknown(delivery, self.metrics, self.log)

        def given_up(known: Delivery | None) -> Delivery:
            if known is None or not known.expired(now):
                return known or delivery
            return known.end("unknown", now, why="claim_expired")

        change(self.deliveries, delivery.name, given_up, self.pause)
        return "text given up"
