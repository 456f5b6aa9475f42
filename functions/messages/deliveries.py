"""Deliveries: only the sender that stores the claim sends the message.

    sender A   read: none ── PUT If-None-Match: * claim A → 200 ── send ── PUT If-Match: sent
    sender B   read: none ───── PUT If-None-Match: * claim B → 412 ── read: claim A ── retry later

If the response to the claim is lost, it looks like a lost race; reading again shows whose it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, HaulwayError, Stored, Unavailable
from statemachine.job.deliveries import Delivery, DeliveryName


class Busy(HaulwayError):
    """Another sender is sending this message. Retry later to see the outcome."""


@dataclass(frozen=True)
class Reminder:
    """An entry of the index by time: when it is due, the delivery has to be looked at."""

    tenant: str
    key: str
    """The name of the entry itself, used to remove it."""
    tail: str
    """As `DeliveryName.tail`, unless someone wrote the index by hand."""


class Deliveries(Protocol):
    def read(self, name: DeliveryName) -> Stored[Delivery] | None:
        """None if there is none yet. Raises Corrupt, Unavailable."""

    def create(self, delivery: Delivery) -> str:
        """The new ETag. Raises Conflict if one with that name exists, perhaps this one itself."""

    def replace(self, delivery: Delivery, etag: str) -> str:
        """The new ETag. Raises Conflict unless the stored ETag is still `etag`."""

    def about(self, tenant: str, about: str) -> Iterator[Delivery]:
        """Every delivery about one job (or endpoint): its delivery log."""

    def texts_about(self, tenant: str, about: str) -> Iterator[Delivery]:
        """Only the texts to the customer of one job."""

    def remind(self, name: DeliveryName, at: datetime) -> None:
        """Adds the delivery to the index by time. Raises Unavailable."""

    def reminders(self, tenant: str, until: datetime) -> Iterator[Reminder]:
        """Those up to and including `until`, oldest first. Raises Unavailable."""

    def drop_reminder(self, reminder: Reminder) -> None:
        """Raises Unavailable."""


class DelayedMessages(Protocol):
    """A queue that can deliver a message later."""

    def put(self, body: str, delay_s: float) -> None:
        """Delivers `body` after `delay_s`, or after the queue's longest delay if that is less."""

    def put_all(self, bodies: Sequence[str], delays_s: Sequence[float] = ()) -> None:
        """Delivers them all, now or each after its delay. If it raises Unavailable, some may have
        been sent."""


Known = Stored[Delivery] | None
"""What is stored, as someone has just read or written it."""


def change(
    deliveries: Deliveries,
    name: DeliveryName,
    decide: Callable[[Delivery | None], Delivery],
    pause: Pause = full_jitter,
) -> Delivery:
    """As `changed_from`, after a read."""
    return _changed(deliveries, name, decide, pause, lambda: deliveries.read(name)).value


def changed_from(
    known: Known,
    deliveries: Deliveries,
    name: DeliveryName,
    decide: Callable[[Delivery | None], Delivery],
    pause: Pause = full_jitter,
) -> Stored[Delivery]:
    """The delivery as stored after `decide`, which is called again at every attempt.

    It is read only if `known` is not what is stored any more: then the write is a conflict.

    A delivery with a due time is added to the index first: a crash in between leaves an extra
    entry, which the watchdog removes, and never a delivery that no one looks for. `decide` returns
    the same object if there is nothing to write. Raises Unavailable after ATTEMPTS.
    """
    return _changed(deliveries, name, decide, pause, lambda: known)


def _changed(
    deliveries: Deliveries,
    name: DeliveryName,
    decide: Callable[[Delivery | None], Delivery],
    pause: Pause,
    read: Callable[[], Known],
) -> Stored[Delivery]:
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = deliveries.read(name) if attempt else read()
            wanted = decide(stored.value if stored else None)
            if stored and wanted is stored.value:
                return stored
            if wanted.due_at:
                deliveries.remind(name, wanted.due_at)
            etag = deliveries.replace(wanted, stored.etag) if stored else deliveries.create(wanted)
            return Stored(wanted, etag)
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"delivery about {name.about}: no write in {ATTEMPTS} attempts") from last


def delivery_log(deliveries: Deliveries, tenant: str, about: str) -> list[Delivery]:
    """Everything that was sent about a job: recipient (masked), time, and outcome; oldest first."""
    return sorted(deliveries.about(tenant, about), key=lambda d: (d.created_at, d.name.key))
