"""What keeps a message from being sent twice, too late, or with another meaning."""

import itertools
from datetime import timedelta

import pytest

from functions.messages.sms_once import SmsNotAccepted
from functions.messages.webhook_client import WebhookResponse
from functions.messages.webhook_schedule import JITTER, SCHEDULE_S, wait_before
from statemachine.business.business import QuietHours
from statemachine.job.deliveries import CLAIM_LASTS
from statemachine.job.job import Job
from tests.functions.messages.test_messages import PHONE, MessageSenders, a_delivery, confirmed
from tests.functions.test_receive_sms import Phone, moves
from tests.support.builders import NOON, SOON, a_job, minutes, moved
from tests.support.faults import Crashed, Faults
from tests.support.message_fakes import an_endpoint

NIGHT = NOON.replace(hour=2, minute=5)  # 21:05 in New York, the evening before
MORNING = NOON.replace(hour=13)


def at_night(job: Job) -> Job:
    return job.with_(ledger=tuple(entry.with_(recorded_at=NIGHT) for entry in job.ledger))


def test_the_first_text_about_a_status_that_was_entered_again_is_dropped() -> None:
    senders = MessageSenders()
    job = senders.store(moved(a_job("ready_for_pickup"), "unconfirm", "confirm"))
    assert job.status == job.status_at(1) == "ready_for_pickup"
    told = [senders.text(job, seq=seq) for seq in (1, 3)]
    assert [(d.state, d.why) for d in told if d] == [("dropped", "stale"), ("sent", None)]


def test_a_reply_makes_its_move_even_if_the_sender_crashed_after_sending() -> None:
    phone = Phone()
    phone.texts.faults = Faults({"SendText": ["crash"]})
    job = phone.store(a_job(schedule=SOON))
    with pytest.raises(Crashed):
        phone.text(job, seq=0)
    phone.says("YES")
    assert len(phone.texts.sent) == 1
    assert moves(phone) == [(job.job_id, "confirm")]


@pytest.mark.parametrize("late_minutes", [0, 7 * 60])
def test_a_held_text_is_never_too_old(late_minutes: int) -> None:
    senders = MessageSenders()
    senders.set_tenant(quiet=QuietHours())
    job = senders.store(at_night(confirmed()))
    senders.text(job, now=NIGHT)
    sent = senders.text(job, now=MORNING + minutes(late_minutes))
    assert sent
    assert sent.state == "sent"
    assert len(senders.texts.sent) == 1


def test_a_late_response_marks_an_unknown_text_as_sent() -> None:
    """A   claim ── send ──────────────────────────── answer: taken
    B                     the claim is over: unknown
    """
    senders = MessageSenders()
    job = senders.store(confirmed())
    taken = senders.texts.send

    def slowly(phone: str, body: str, about: str, sender: str | None = None) -> str:
        other = senders.text(job, now=NOON + CLAIM_LASTS)
        assert other
        assert other.state == "unknown"
        return taken(phone, body, about, sender)

    senders.texts.send = slowly  # type: ignore[method-assign]
    senders.text(job)
    (delivery,) = senders.all_logged()
    assert delivery.state == "sent"
    assert delivery.why is None
    assert len(senders.texts.sent) == 1


def test_a_copy_sends_nothing_while_a_throttled_text_waits() -> None:
    senders = MessageSenders()
    senders.texts.says = SmsNotAccepted("ThrottlingException")
    job = senders.store(confirmed())
    held = senders.text(job)
    assert held
    assert held.due_at
    senders.texts.says = None
    senders.text(job, now=held.due_at - timedelta(milliseconds=1))
    assert senders.texts.sent == []
    senders.text(job, now=held.due_at)
    assert [phone for phone, _ in senders.texts.sent] == [PHONE]


def test_a_copy_of_an_earlier_try_sends_nothing() -> None:
    senders = MessageSenders()
    senders.receivers.answers[an_endpoint().url] = lambda _: WebhookResponse(500)
    due = a_delivery(senders)
    senders.deliver(due)
    before = senders.due()
    still_waiting = senders.deliver(due, slow=True)
    assert still_waiting
    assert still_waiting.state == "waiting"
    assert len(senders.receivers.got) == 1
    assert len(before) == 1
    assert senders.due() == []


@pytest.mark.parametrize(
    ("attempt", "chance"), list(itertools.product(range(len(SCHEDULE_S)), (0.0, 0.5, 1.0)))
)
def test_a_short_retry_after_does_not_shorten_the_schedule(attempt: int, chance: float) -> None:
    planned = timedelta(seconds=SCHEDULE_S[attempt] * (1 + JITTER * chance))
    assert wait_before(attempt, chance, timedelta(seconds=1)) == planned
    assert wait_before(attempt, chance, planned + minutes(5)) == planned + minutes(5)
