"""Sends a text at most once, because no SMS service of AWS has an idempotency key.

claim ── send (one attempt) ─┬─ accepted      sent
                             ├─ refused       refused: never sent again
                             ├─ not accepted  held: the claim is released, tried again later
                             └─ no response   unknown: never sent again, raises an alarm
crash after the claim ─ the claim expires ─── unknown
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from functions.messages.deliveries import Busy, Deliveries, Known, changed_from
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import HaulwayError, Logger, Stored
from statemachine.job.deliveries import Attempt, Delivery, DeliveryName

MOST_TRIES = 12
"""For a text that the provider has certainly not accepted."""
BACKOFF_S, LONGEST_BACKOFF_S = 5.0, 300.0

OPTED_OUT = "opted_out"


class SmsRefused(HaulwayError):
    """The provider will never send this text; `why` is one word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SmsNotAccepted(HaulwayError):
    """The provider certainly did not accept it, as when it throttles: try again later."""


class SmsOutcomeUnknown(HaulwayError):
    """No response: the text may have been sent or not, and there is no way to find out."""


class SentTexts(Protocol):
    """When a business sent texts. Reports count them."""

    def add(self, name: DeliveryName, at: datetime) -> None:
        """Adding a text again changes nothing. Raises Unavailable."""

    def between(self, tenant: str, since: datetime, until: datetime) -> Iterable[datetime]:
        """The moments, to the second, from `since` to before `until`. Raises Unavailable."""


@dataclass(frozen=True)
class Hold:
    """A text is not sent yet; `why` is one word."""

    until: datetime
    why: str


class SmsProvider(Protocol):
    """A provider of SMS."""

    def send(self, phone: str, body: str, about: str, sender: str | None = None) -> str:
        """Sends one request, from the number `sender`, or from the stage's (None).

        Returns the provider's message id; its reports repeat `about`.
        Raises SmsRefused, SmsNotAccepted, SmsOutcomeUnknown.
        """


@dataclass(frozen=True)
class SmsOnce:
    deliveries: Deliveries
    texts: SmsProvider
    metrics: Metrics
    log: Logger
    new_id: Callable[[], str]
    sent: SentTexts
    pause: Pause = full_jitter

    def __call__(
        self,
        draft: Delivery,
        phone: str,
        body: str,
        now: datetime,
        drop: Callable[[Delivery | None], str | None] = lambda _: None,
        hold: Hold | None = None,
        sender: str | None = None,
        known: Known = None,
    ) -> Delivery:
        """The delivery after at most one send. Call again at `due_at` if it is `held`.

        `known` is the delivery as it was just read. `drop` returns why the text must not be sent
        any more, or None. `sender` is the number that it comes from (None: the stage's).
        Raises Busy, Unavailable.
        """
        claim_id = self.new_id()

        def decide(known: Delivery | None) -> Delivery:
            if known and known.expired(now):
                report_unknown_outcome(known, self.metrics, self.log)
                return known.end("unknown", now, why="claim_expired")
            if known and (known.ended or known.claim):
                return known
            if why := drop(known):
                return (known or draft).end("dropped", now, why=why)
            current = known.addressed_as(draft) if known else draft
            if hold:
                return _held(known, current, hold, now)
            if known and known.waits_for_time and known.due_at and now < known.due_at:
                return known
            return current.claimed(claim_id, now)

        stored = changed_from(known, self.deliveries, draft.name, decide, self.pause)
        delivery = stored.value
        if delivery.is_claimed_by(claim_id) and delivery.state == "claimed":
            delivery = self._send(stored, phone, body, sender, now)
        if delivery.state == "claimed":
            raise Busy("another sender has the claim")
        if delivery.sent_at:  # also if it was sent before: a crash came before it was counted
            self.sent.add(delivery.name, delivery.sent_at)
        return delivery

    def _send(
        self, claimed: Stored[Delivery], phone: str, body: str, sender: str | None, now: datetime
    ) -> Delivery:
        delivery = claimed.value
        about = f"{delivery.name.tenant}/{delivery.name.about}/{delivery.name.mark}"
        try:
            message_id = self.texts.send(phone, body, about, sender)
        except SmsRefused as error:
            why = error.why
            if why != OPTED_OUT:
                self.metrics.count("SmsRejected", delivery.name.tenant)
            return self._marked(claimed, why, lambda d, a: d.end("refused", now, why=why, **a), now)
        except SmsNotAccepted:
            return self._released(claimed, now)
        except SmsOutcomeUnknown:
            report_unknown_outcome(delivery, self.metrics, self.log)
            return self._marked(
                claimed, "no_answer", lambda d, a: d.end("unknown", now, why="no_answer", **a), now
            )
        return self._marked(
            claimed,
            "sent",
            lambda d, a: d.end("sent", now, why=None, message_id=message_id, **a),
            now,
        )

    def _released(self, claimed: Stored[Delivery], now: datetime) -> Delivery:
        delivery = claimed.value
        number = len(delivery.attempts) + 1
        if number >= MOST_TRIES:
            self.metrics.count("SmsUndelivered", delivery.name.tenant)
            return self._marked(
                claimed, "not_taken", lambda d, a: d.end("failed", now, why="not_taken", **a), now
            )
        wait_s = min(LONGEST_BACKOFF_S, BACKOFF_S * 2 ** (number - 1))
        due_at = now + timedelta(seconds=wait_s)
        return self._marked(
            claimed,
            "not_taken",
            lambda d, a: d.next(now, state="held", why="not_taken", claim=None, due_at=due_at, **a),
            now,
        )

    def _marked(
        self,
        stored: Stored[Delivery],
        outcome: str,
        ended: Callable[[Delivery, dict[str, object]], Delivery],
        now: datetime,
    ) -> Delivery:
        """Stores the outcome of our own claim, even if it has been marked as expired meanwhile."""
        claimed, claim = stored.value, stored.value.claim
        assert claim is not None

        def decide(known: Delivery | None) -> Delivery:
            if known is None or not known.is_claimed_by(claim.id):
                return known or claimed
            if known.state not in ("claimed", "unknown") or len(known.attempts) > len(
                claimed.attempts
            ):
                return known
            attempts = (*known.attempts, Attempt(at=now, outcome=outcome))
            return ended(known, {"attempts": attempts})

        marked = changed_from(stored, self.deliveries, claimed.name, decide, self.pause).value
        self.metrics.count("Deliveries", claimed.name.tenant, Outcome=f"text {marked.state}")
        return marked


def report_unknown_outcome(delivery: Delivery, metrics: Metrics, log: Logger) -> None:
    """The customer may or may not have the text: a person decides whether to call.

    Reported before it is stored, so that a crash in between raises the alarm twice, not never.
    """
    name = delivery.name
    metrics.count("SmsOutcomeUnknown", name.tenant)
    log.error("text unknown", tenant=name.tenant, about=name.about, mark=name.mark)


def _held(known: Delivery | None, current: Delivery, hold: Hold, now: datetime) -> Delivery:
    if known and known.due_at and known.due_at >= (now if known.why == hold.why else hold.until):
        return known
    return current.next(now, state="held", why=hold.why, due_at=hold.until)
