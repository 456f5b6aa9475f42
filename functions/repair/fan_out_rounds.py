"""A round as messages in the watchdog's own queue: one for each business.

    schedule     round ──── lists businesses: a, b, … ── 1,000 messages ── round after=last ──…
    a            round tenant=a ── checks its jobs ── time is up: full round after=job ──…
    b                round tenant=b ── does not wait for a

So a slow business delays no other one, and no call gets longer with the number of businesses. A
message that is delivered twice only makes its round run twice, which does no harm.
"""

from dataclasses import dataclass
from itertools import islice

from functions.messages.deliveries import DelayedMessages
from functions.protocol.ports import Tenants
from functions.repair.requests import RoundReport, RoundRequest

FEW = 4
"""Businesses that one call checks, each with its share of the time; messages would cost more."""
MOST = 1000
"""Businesses whose messages one call sends: one page of names, a hundred batches."""


@dataclass(frozen=True)
class FanOut:
    tenants: Tenants
    queue: DelayedMessages

    def __call__(self, order: RoundRequest) -> int | None:
        """Send the messages; returns how many, or None if one call can check so few businesses.

        Raises Unavailable.
        """
        names = list(islice(self.tenants.names(order.after or ""), MOST + 1))
        if len(names) <= FEW and not order.after:
            return None
        now, more = names[:MOST], names[MOST:]
        self.queue.put_all([_of(order, name).message() for name in now])
        if more:
            self.queue.put(order.model_copy(update={"after": now[-1]}).message(), 0)
        return len(now)

    def continue_round(self, order: RoundRequest, found: RoundReport) -> None:
        """Continue a full round where its time was up; any other round comes again each minute."""
        if not (order.full or order.ask_executions):
            return
        messages = [_of(order, name, job_id).message() for name, job_id in found.left.items()]
        self.queue.put_all(messages)


def _of(order: RoundRequest, tenant: str, after: str | None = None) -> RoundRequest:
    return order.model_copy(update={"tenant": tenant, "after": after})
