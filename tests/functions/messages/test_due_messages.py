"""Held and waiting messages survive lost queues and are sent once; missing ones are found."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from events import EndpointPaused, Fact, JobCreated, JobEdited, JobMoved
from functions.jobs.facts import edited_fact
from functions.messages.expected_messages import text_name
from functions.messages.sms_request import JobChanged, SmsRequest
from functions.messages.webhook_client import WebhookResponse
from functions.repair.repair_deliveries import ABANDONED, AGAIN, OVERDUE, RepairDeliveries
from statemachine.business.business import QuietHours
from statemachine.job.deliveries import CLAIM_LASTS, Delivery, DeliveryName
from statemachine.job.job import Customer, Execution, Job
from statemachine.job.records import Repair, RepairRecord
from statemachine.rules.edits import edited
from statemachine.views.diagnosis import diagnose
from statemachine.views.evidence import JobEvidence
from statemachine.views.timeline import timeline_of
from tests.functions.messages.test_messages import (
    CORRECTED,
    PHONE,
    MessageSenders,
    a_fact,
    confirmed,
)
from tests.support.builders import NOON, a_job, an_edit, minutes, moved
from tests.support.fakes import FakeBus, no_pause
from tests.support.message_fakes import an_endpoint

NIGHT = NOON.replace(hour=3)  # 22:00 in New York
MORNING = NOON.replace(hour=13)


class SendersAndWatchdog(MessageSenders):
    """The sending functions, the watchdog's sweep, and queues whose messages can be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.set_tenant(quiet=QuietHours())
        self.facts = FakeBus()
        self.repair_job = RepairDeliveries(
            self.deliveries, self.endpoints, self.later, self.slow, self.facts, self.metrics,
            self.log, no_pause,
        )  # fmt: skip

    def lose_queues(self) -> None:
        """Loses all messages in the queues."""
        for queue in (self.later, self.prompt, self.slow):
            queue.taken()

    def sweep(self, now: datetime) -> list[tuple[str, Repair]]:
        return list(self.repair_job.sweep("main", now))

    def run_queues(self, now: datetime) -> None:
        """Hands every message that is in a queue now to its function."""
        self.clock.now = now
        for body, _ in self.later.taken():
            self.send(JobChanged.model_validate(json.loads(body)["detail"]), now)
        for due, _ in self.due():
            self.deliver(due, slow=True)

    def deliver_fact(self, fact: Fact, now: datetime) -> None:
        """Delivers a fact to all our consumers."""
        detail = json.loads(fact.model_dump_json(exclude_none=True))
        if isinstance(fact, JobCreated | JobMoved | JobEdited):
            self.send(JobChanged.model_validate(detail), now)
        self.clock.now = now
        for due in self.announce(fact):
            self.deliver(due)

    def edit(self, job: Job, at: datetime, event_id: str = "edit-1", **changes: Any) -> Job:
        named = {"occurred_at": at, "event_id": event_id}
        request = an_edit(job, **changes).model_copy(update=named)
        return self.store(edited(job, request, at))


@pytest.fixture
def messaging() -> SendersAndWatchdog:
    return SendersAndWatchdog()


def settled(job: Job) -> Job:
    return job.with_(execution=Execution(seq=job.seq, since=NOON))


def test_a_text_held_overnight_is_sent_once_even_if_the_queues_are_lost(
    messaging: SendersAndWatchdog,
) -> None:
    job = messaging.store(confirmed())
    messaging.text(job, now=NIGHT)
    messaging.lose_queues()
    assert messaging.sweep(MORNING - minutes(60)) == []
    assert messaging.sweep(MORNING + OVERDUE) == [(job.job_id, "text sent again")]
    late_copy = messaging.later.waiting * 2
    messaging.later.waiting = late_copy
    messaging.run_queues(MORNING + OVERDUE)
    assert [phone for phone, _ in messaging.texts.sent] == [PHONE]
    assert messaging.sweep(MORNING + AGAIN * 2) == []
    assert [key for key in messaging.bucket.objects if "/due/" in key] == []


def test_a_webhook_between_two_tries_keeps_its_id_if_its_queue_is_lost(
    messaging: SendersAndWatchdog,
) -> None:
    messaging.endpoints.write(an_endpoint(), None)
    messaging.receivers.answers[an_endpoint().url] = lambda n: WebhookResponse(204 if n else 500)
    (due,) = messaging.announce(a_fact(messaging.store(confirmed())))
    messaging.deliver(due)
    messaging.lose_queues()
    messaging.sweep(NOON + minutes(5))
    messaging.run_queues(NOON + minutes(5))
    messaging.sweep(NOON + minutes(30))
    messaging.run_queues(NOON + minutes(30))
    ids = [headers["webhook-id"] for headers in messaging.receivers.at(an_endpoint().url)]
    assert ids == [due.webhook_id] * 2


def test_a_message_that_breaks_our_code_keeps_no_other_from_being_sent(
    messaging: SendersAndWatchdog,
) -> None:
    messaging.text(messaging.store(confirmed()), now=NIGHT)
    nothing_to_post = DeliveryName(
        tenant="main", about="0-first", mark="1", channel="webhook", recipient="ep_one"
    )
    broken = Delivery(
        name=nothing_to_post, state="waiting", to="example.com", due_at=MORNING,
        created_at=NIGHT, updated_at=NIGHT,
    )  # fmt: skip
    messaging.deliveries.create(broken)
    messaging.deliveries.remind(broken.name, MORNING - minutes(1))
    assert [repair for _, repair in messaging.sweep(MORNING + OVERDUE)] == ["text sent again"]
    assert messaging.sweep(MORNING + OVERDUE + minutes(1)) == []


def test_a_message_that_is_not_overdue_is_left_to_its_queue(messaging: SendersAndWatchdog) -> None:
    messaging.text(messaging.store(confirmed()), now=NIGHT)
    assert messaging.sweep(MORNING + OVERDUE - timedelta(seconds=1)) == []


def test_an_overdue_message_is_queued_again_only_at_intervals(
    messaging: SendersAndWatchdog,
) -> None:
    messaging.text(messaging.store(confirmed()), now=NIGHT)
    reminded = [n for n in range(30) if messaging.sweep(MORNING + OVERDUE + minutes(n))]
    assert reminded == [0, 12, 24]


def test_an_unreadable_delivery_does_not_stop_the_others(messaging: SendersAndWatchdog) -> None:
    jobs = [messaging.store(confirmed(job_id=f"261121-7k3m2{n}")) for n in "abc"]
    for job in jobs:
        messaging.text(job, now=NIGHT)
    messaging.bucket.objects[text_name(jobs[0], "1").key] = b"nonsense"
    messaging.bucket.objects["tenants/main/due/00000000T000000Z/what-is/this"] = b"{}"
    repaired = messaging.sweep(MORNING + OVERDUE)
    assert [about for about, _ in repaired] == [job.job_id for job in jobs[1:]]
    assert len(messaging.log.lines) == 2
    assert "what-is" not in repr(list(messaging.bucket.objects))


def test_an_expired_claim_on_a_held_text_ends_as_unknown(
    messaging: SendersAndWatchdog,
) -> None:
    job = messaging.store(confirmed())
    held = messaging.text(job, now=NIGHT)
    assert held
    messaging.deliveries.replace(
        held.claimed("lost", MORNING),
        messaging.deliveries.read(held.name).etag,  # type: ignore[union-attr]
    )
    rounds = [messaging.sweep(MORNING + minutes(n)) for n in range(30)]
    assert [done for found in rounds for done in found] == [(job.job_id, "text given up")]
    assert messaging.metrics.counted["SmsOutcomeUnknown"] == 1


def test_a_claim_of_three_minutes_is_left_to_the_queue(messaging: SendersAndWatchdog) -> None:
    job = settled(confirmed())
    claimed = _draft(job).claimed("slow", NOON)
    messaging.deliveries.create(claimed)
    assert list(messaging.repair_job(job, NOON + CLAIM_LASTS + minutes(1))) == []
    assert list(messaging.repair_job(job, NOON + CLAIM_LASTS + ABANDONED)) == ["text given up"]


def _draft(job: Job) -> Delivery:
    return Delivery(
        name=text_name(job, str(job.seq)), state="held", to="•••0123", created_at=NOON,
        updated_at=NOON,
    )  # fmt: skip


def test_a_reply_whose_text_was_lost_with_its_message_is_given_up(
    messaging: SendersAndWatchdog,
) -> None:
    name = DeliveryName(
        tenant="main", about="replies", mark="sms-1a", channel="sms", recipient="customer"
    )
    reply = _draft(confirmed()).with_(name=name, due_at=NOON)
    messaging.deliveries.create(reply)
    messaging.deliveries.remind(name, NOON)
    assert messaging.sweep(NOON + OVERDUE) == [("replies", "text given up")]
    stored = messaging.deliveries.read(name)
    assert stored
    assert stored.value.state == "failed"
    assert messaging.sweep(NOON + AGAIN * 2) == []


# -- missing messages


def test_a_fact_without_messages_is_announced_again_and_sent_once(
    messaging: SendersAndWatchdog,
) -> None:
    messaging.set_tenant(quiet=QuietHours(begin=QuietHours().end, end=QuietHours().end))
    messaging.endpoints.write(an_endpoint(created_at=NOON), None)
    job = messaging.store(settled(confirmed()))
    assert list(messaging.repair_job(job, NOON + ABANDONED - minutes(1))) == []
    assert list(messaging.repair_job(job, NOON + ABANDONED)) == ["fact announced again"]
    for fact in messaging.facts.facts * 2:
        messaging.deliver_fact(fact, NOON + ABANDONED)
    assert len(messaging.texts.sent) == 1
    assert len(messaging.receivers.got) == 2
    assert list(messaging.repair_job(job, NOON + ABANDONED * 2)) == []


def test_a_fact_that_always_fails_is_announced_again_a_few_times_a_day(
    messaging: SendersAndWatchdog,
) -> None:
    done = RepairRecord(repairs=("fact announced again",), at=NOON)
    job = settled(confirmed()).with_(repaired=(done,) * 3)
    assert list(messaging.repair_job(job, NOON + ABANDONED)) == []
    assert len(messaging.repair_job.missing(job, NOON + ABANDONED)) == 1
    assert list(messaging.repair_job(job, NOON + timedelta(days=1))) == ["fact announced again"]


def test_a_text_lost_at_night_is_sent_in_the_morning(messaging: SendersAndWatchdog) -> None:
    """The queue was lost at 22:00, the messaging started again at 8:05."""
    job = messaging.store(settled(confirmed().with_(created_at=NIGHT)))
    ledger = tuple(entry.with_(recorded_at=NIGHT) for entry in job.ledger)
    job = messaging.store(job.with_(ledger=ledger))
    now = MORNING + minutes(5)
    assert list(messaging.repair_job(job, now)) == ["fact announced again"]
    for fact in messaging.facts.facts:
        messaging.deliver_fact(fact, now)
    assert len(messaging.texts.sent) == 1


def test_unsettled_moves_and_old_facts_are_not_missing(messaging: SendersAndWatchdog) -> None:
    assert messaging.repair_job.missing(confirmed(), NOON + ABANDONED) == []
    assert messaging.repair_job.missing(settled(confirmed()), NOON + timedelta(days=8)) == []


def test_edits_and_refusals_may_be_missing_too(messaging: SendersAndWatchdog) -> None:
    messaging.endpoints.write(an_endpoint(facts=("JobEdited",)), None)
    job = settled(edited(a_job(), an_edit(a_job(), note="Side door"), NOON))
    names = [one.name.channel for one in messaging.repair_job.missing(job, NOON + ABANDONED)]
    assert names == ["sms", "webhook"]


def test_a_pause_that_is_announced_twice_has_one_webhook_id(messaging: SendersAndWatchdog) -> None:
    """After a lost response the call that announces it is repeated, a moment later."""
    messaging.endpoints.write(an_endpoint(facts=("EndpointPaused",)), None)
    paused = [
        EndpointPaused(
            tenant="main", endpoint="ep_two", failing_since=NOON, recorded_at=NOON + minutes(n)
        )
        for n in (0, 1)
    ]
    ids = {due.webhook_id for fact in paused for due in messaging.announce(fact)}
    assert len(ids) == 1


# -- numbers that change


def test_a_held_text_whose_number_was_removed_is_dropped_on_the_record(
    messaging: SendersAndWatchdog,
) -> None:
    job = messaging.store(confirmed())
    messaging.text(job, now=NIGHT)
    messaging.edit(job, NIGHT, customer=Customer(name="Ada"))
    messaging.run_queues(MORNING)
    (dropped,) = messaging.all_logged()
    assert dropped.state == "dropped"
    assert dropped.why == "no_number"
    assert messaging.texts.sent == []


def test_a_held_text_goes_once_and_only_to_the_corrected_number(
    messaging: SendersAndWatchdog,
) -> None:
    job = messaging.store(confirmed())
    messaging.text(job, now=NIGHT)
    job = messaging.edit(job, NIGHT, customer=Customer(name="Ada", phone=CORRECTED))
    messaging.deliver_fact(edited_fact(job, job.edits[-1]), NIGHT)
    messaging.run_queues(MORNING)
    assert [phone for phone, _ in messaging.texts.sent] == [CORRECTED]
    assert [sent.to for sent in messaging.all_logged()] == ["•••0199"]


def test_a_corrected_number_gets_the_link_once_even_if_the_queue_is_lost(
    messaging: SendersAndWatchdog,
) -> None:
    job = messaging.store(settled(confirmed()))
    messaging.text(job, now=MORNING)
    job = messaging.edit(job, MORNING, customer=Customer(name="Ada", phone=CORRECTED))
    assert list(messaging.repair_job(job, MORNING + ABANDONED)) == ["fact announced again"]
    for _ in range(2):
        messaging.deliver_fact(messaging.facts.facts[0], MORNING + ABANDONED)
    assert [phone for phone, _ in messaging.texts.sent] == [PHONE, CORRECTED]
    assert job.token in messaging.texts.sent[-1][1]
    assert list(messaging.repair_job(job, MORNING + ABANDONED * 2)) == []


def test_a_text_held_for_a_number_that_was_corrected_again_is_dropped(
    messaging: SendersAndWatchdog,
) -> None:
    job = messaging.store(confirmed())
    messaging.text(job, now=MORNING)
    job = messaging.edit(job, NIGHT, customer=Customer(name="Ada", phone=CORRECTED))
    wrong = SmsRequest("main", job.job_id, f"{job.seq}-00000000")
    messaging.later.put(wrong.message(), 0)
    messaging.run_queues(MORNING)
    (dropped,) = (d for d in messaging.all_logged() if d.name.mark == wrong.mark)
    assert dropped.why == "number_changed"
    assert len(messaging.texts.sent) == 1


def test_an_edit_that_changes_no_number_sends_nothing(messaging: SendersAndWatchdog) -> None:
    job = messaging.store(confirmed())
    messaging.text(job, now=MORNING)
    job = messaging.edit(job, MORNING, customer=Customer(name="Ada Wong-Li", phone=PHONE))
    messaging.deliver_fact(edited_fact(job, job.edits[-1]), MORNING)
    assert len(messaging.texts.sent) == 1


# -- explained


def test_explain_shows_held_late_and_missing_messages(
    messaging: SendersAndWatchdog,
) -> None:
    job = moved(a_job(), "confirm")
    held = messaging.text(messaging.store(job), now=NIGHT)
    assert held
    known = JobEvidence(job=job, deliveries=(held,), missing=("webhook 1 to ep_one",))
    told = [line.text for line in timeline_of(known) if line.what == "message"]
    assert told == [
        "text to the customer about Ready for pickup: held until 2026-11-21 13:00 UTC (quiet hours)"
    ]
    wrong = " ".join(diagnose(known, MORNING + minutes(10)))
    assert "Message sms 1 to customer was due at 2026-11-21 13:00 UTC" in wrong
    assert "Message webhook 1 to ep_one was never created" in wrong
    assert "was due" not in " ".join(diagnose(known, NIGHT))
