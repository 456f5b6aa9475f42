"""A round as messages of the watchdog's own queue: one for each business.

    schedule     round ──── lists businesses: a, b, … ── 1,000 messages ── round after=last ──…
    a            round tenant=a ── looks at its jobs ── time is up: full round after=job ──…
    b                round tenant=b ── waits for no one

So a slow business takes its own time and no one else's, and no call grows with their number. A
message that comes twice is a round made twice, which does no harm.
"""

from dataclasses import dataclass
from itertools import islice

from functions.messages.deliveries import DelayedMessages
from functions.protocol.ports import Tenants
from functions.repair.requests import RoundReport, RoundRequest

FEW = 4
"""Businesses that one call looks after, each for its share of the time: messages cost more."""
MOST = 1000
"""Businesses that get their messages in one call: one page of names, a hundred batches."""


@dataclass(frozen=True)
class FanOut:
    tenants: Tenants
    queue: DelayedMessages

    def __call__(self, order: RoundRequest) -> int | None:
        """How many businesses were sent their message; None where they are so few that one call
        shares its time among them. Raises Unavailable.
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
        """A full round goes on where its time was up; of the others the next minute brings one."""
        if not (order.full or order.ask_executions):
            return
        messages = [_of(order, name, job_id).message() for name, job_id in found.left.items()]
        self.queue.put_all(messages)


def _of(order: RoundRequest, tenant: str, after: str | None = None) -> RoundRequest:
    return order.model_copy(update={"tenant": tenant, "after": after})
