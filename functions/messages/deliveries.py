"""Deliveries: who stores the claim sends, and no one else.

    sender A   read: none ── PUT If-None-Match: * claim A → 200 ── send ── PUT If-Match: sent
    sender B   read: none ───── PUT If-None-Match: * claim B → 412 ── read: claim A ── come again

A lost answer to the claim looks like a lost race; reading again shows whose claim it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, HaulwayError, Stored, Unavailable
from statemachine.deliveries import Delivery, DeliveryName


class Busy(HaulwayError):
    """Someone else is sending this very message. Come again, to see what became of it."""


@dataclass(frozen=True)
class Reminder:
    """An entry of the index by time: when it is due, someone has to look at that delivery."""

    tenant: str
    key: str
    """The name of the entry itself, by which it is removed."""
    tail: str
    """As `DeliveryName.tail`, where no one wrote the index by hand."""


class Deliveries(Protocol):
    def read(self, name: DeliveryName) -> Stored[Delivery] | None:
        """None where there is none yet. Raises Corrupt, Unavailable."""

    def create(self, delivery: Delivery) -> None:
        """Raises Conflict where there is one of that name already (perhaps this very one)."""

    def replace(self, delivery: Delivery, etag: str) -> None:
        """Raises Conflict unless the stored ETag is still `etag`."""

    def about(self, tenant: str, about: str) -> Iterator[Delivery]:
        """Every delivery about one job (or endpoint): its delivery log."""

    def remind(self, name: DeliveryName, at: datetime) -> None:
        """Enter the delivery into the index by time. Raises Unavailable."""

    def reminders(self, tenant: str, until: datetime) -> Iterator[Reminder]:
        """Those up to and including `until`, oldest first. Raises Unavailable."""

    def drop_reminder(self, reminder: Reminder) -> None:
        """Raises Unavailable."""


class DelayedMessages(Protocol):
    """A queue to which a message can be given for later."""

    def put(self, body: str, delay_s: float) -> None:
        """Deliver `body` after `delay_s`, or sooner where that is longer than a queue can wait."""

    def put_all(self, bodies: Sequence[str]) -> None:
        """Deliver them all, now. Where Unavailable is raised, some may have been taken."""


def change(
    deliveries: Deliveries,
    name: DeliveryName,
    decide: Callable[[Delivery | None], Delivery],
    pause: Pause = full_jitter,
) -> Delivery:
    """The delivery as stored after `decide`, which is called afresh on every attempt.

    One that waits for its time is entered into the index first: a crash in between leaves an entry
    too many, which the sweep removes, and never a delivery that no one looks for. `decide` returns
    the very delivery it was given where there is nothing to write. Raises Unavailable past the
    bound.
    """
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = deliveries.read(name)
            known = stored.value if stored else None
            wanted = decide(known)
            if wanted is not known and wanted.due_at:
                deliveries.remind(name, wanted.due_at)
            if stored is None:
                deliveries.create(wanted)
            elif wanted is not known:
                deliveries.replace(wanted, stored.etag)
            return wanted
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"delivery about {name.about}: no write in {ATTEMPTS} attempts") from last


def delivery_log(deliveries: Deliveries, tenant: str, about: str) -> list[Delivery]:
    """What was sent to whom (masked) about a job, when and with which outcome; oldest first."""
    return sorted(deliveries.about(tenant, about), key=lambda d: (d.created_at, d.name.key))
