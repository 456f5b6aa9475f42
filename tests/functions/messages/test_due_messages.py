"""What is held or waiting outlives every queue, and is sent once; what was never made is missed."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from events import EndpointPaused, Fact, JobCreated, JobEdited, JobMoved
from functions.edit_job import edited_fact
from functions.messages.expected_messages import text_name
from functions.messages.sms_request import SmsRequest
from functions.messages.webhook_client import WebhookResponse
from functions.repair.repair_deliveries import AGAIN, LEFT_BEHIND, OVERDUE, RepairDeliveries
from functions.send_sms import StatusReached
from statemachine.business import QuietHours
from statemachine.deliveries import CLAIM_LASTS, Delivery, DeliveryName
from statemachine.diagnosis import diagnose
from statemachine.edits import edited
from statemachine.evidence import JobEvidence
from statemachine.job import Customer, Execution, Job, Repair, RepairRecord
from statemachine.timeline import timeline_of
from tests.functions.messages.test_messages import PHONE, Hooks, a_fact, confirmed
from tests.support.builders import NOON, a_job, an_edit, minutes, moved
from tests.support.fakes import FakeBus, no_pause
from tests.support.message_fakes import an_endpoint

NIGHT = NOON.replace(hour=3)  # 22:00 in New York
MORNING = NOON.replace(hour=13)
CORRECTED = "+15555550199"


class Engine(Hooks):
    """The functions that send, the watchdog's sweep, and queues that can be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.set_tenant(quiet=QuietHours())
        self.facts = FakeBus()
        self.repair_job = RepairDeliveries(
            self.deliveries, self.endpoints, self.later, self.slow, self.facts, self.metrics,
            self.log, no_pause,
        )  # fmt: skip

    def kill(self) -> None:
        """Whatever was in a queue is gone."""
        for queue in (self.later, self.prompt, self.slow):
            queue.taken()

    def sweep(self, now: datetime) -> list[tuple[str, Repair]]:
        return list(self.repair_job.sweep("main", now))

    def work(self, now: datetime) -> None:
        """Every message that is in a queue now, as the functions get it."""
        self.clock.now = now
        for body, _ in self.later.taken():
            self.send(StatusReached.model_validate(json.loads(body)["detail"]), now)
        for due, _ in self.due():
            self.deliver(due, slow=True)

    def hear(self, fact: Fact, now: datetime) -> None:
        """A fact as every consumer of ours hears it."""
        detail = json.loads(fact.model_dump_json(exclude_none=True))
        if isinstance(fact, JobCreated | JobMoved | JobEdited):
            self.send(StatusReached.model_validate(detail), now)
        self.clock.now = now
        for due in self.tell(fact):
            self.deliver(due)

    def edit(self, job: Job, at: datetime, **changes: Any) -> Job:
        request = an_edit(job, **changes).model_copy(update={"occurred_at": at})
        return self.keep(edited(job, request, at))


@pytest.fixture
def engine() -> Engine:
    return Engine()


def settled(job: Job) -> Job:
    return job.with_(execution=Execution(seq=job.seq, since=NOON))


def test_a_text_held_overnight_is_sent_once_although_every_queue_was_lost(engine: Engine) -> None:
    job = engine.keep(confirmed())
    engine.text(job, now=NIGHT)
    engine.kill()
    assert engine.sweep(MORNING - minutes(60)) == []
    assert engine.sweep(MORNING + OVERDUE) == [(job.job_id, "text sent again")]
    late_copy = engine.later.waiting * 2
    engine.later.waiting = late_copy
    engine.work(MORNING + OVERDUE)
    assert [phone for phone, _ in engine.texts.sent] == [PHONE]
    assert engine.sweep(MORNING + AGAIN * 2) == []
    assert [key for key in engine.bucket.objects if "/due/" in key] == []


def test_a_webhook_between_two_tries_is_posted_under_its_id_although_its_queue_was_lost(
    engine: Engine,
) -> None:
    engine.endpoints.write(an_endpoint(), None)
    engine.receivers.answers[an_endpoint().url] = lambda n: WebhookResponse(204 if n else 500)
    (due,) = engine.tell(a_fact(engine.keep(confirmed())))
    engine.deliver(due)
    engine.kill()
    engine.sweep(NOON + minutes(5))
    engine.work(NOON + minutes(5))
    engine.sweep(NOON + minutes(30))
    engine.work(NOON + minutes(30))
    ids = [headers["webhook-id"] for headers in engine.receivers.at(an_endpoint().url)]
    assert ids == [due.webhook_id] * 2


def test_what_waits_for_its_time_is_left_to_its_queue(engine: Engine) -> None:
    engine.text(engine.keep(confirmed()), now=NIGHT)
    assert engine.sweep(MORNING + OVERDUE - timedelta(seconds=1)) == []


def test_a_queue_is_reminded_once_in_a_while_however_long_it_takes(engine: Engine) -> None:
    engine.text(engine.keep(confirmed()), now=NIGHT)
    reminded = [n for n in range(30) if engine.sweep(MORNING + OVERDUE + minutes(n))]
    assert reminded == [0, 12, 24]


def test_one_message_that_no_one_can_read_does_not_stop_the_others(engine: Engine) -> None:
    jobs = [engine.keep(confirmed(job_id=f"261121-7k3m2{n}")) for n in "abc"]
    for job in jobs:
        engine.text(job, now=NIGHT)
    engine.bucket.objects[text_name(jobs[0], "1").key] = b"nonsense"
    engine.bucket.objects["tenants/main/due/00000000T000000Z/what-is/this"] = b"{}"
    repaired = engine.sweep(MORNING + OVERDUE)
    assert [about for about, _ in repaired] == [job.job_id for job in jobs[1:]]
    assert len(engine.log.lines) == 2
    assert "what-is" not in repr(list(engine.bucket.objects))


def test_a_claim_on_what_was_held_is_concluded_when_its_sender_is_surely_gone(
    engine: Engine,
) -> None:
    job = engine.keep(confirmed())
    held = engine.text(job, now=NIGHT)
    assert held
    engine.deliveries.replace(
        held.claimed("lost", MORNING),
        engine.deliveries.read(held.name).etag,  # type: ignore[union-attr]
    )
    rounds = [engine.sweep(MORNING + minutes(n)) for n in range(30)]
    assert [done for found in rounds for done in found] == [(job.job_id, "text given up")]
    assert engine.metrics.counted["SmsOutcomeUnknown"] == 1


def test_a_claim_of_three_minutes_is_left_to_the_queue(engine: Engine) -> None:
    job = settled(confirmed())
    claimed = _draft(job).claimed("slow", NOON)
    engine.deliveries.create(claimed)
    assert list(engine.repair_job(job, NOON + CLAIM_LASTS + minutes(1))) == []
    assert list(engine.repair_job(job, NOON + CLAIM_LASTS + LEFT_BEHIND)) == ["text given up"]


def _draft(job: Job) -> Delivery:
    return Delivery(
        name=text_name(job, str(job.seq)), state="held", to="•••0123", created_at=NOON,
        updated_at=NOON,
    )  # fmt: skip


def test_an_answer_of_which_only_its_lost_message_knew_the_words_is_given_up(
    engine: Engine,
) -> None:
    name = DeliveryName(
        tenant="main", about="replies", mark="sms-1a", channel="sms", recipient="customer"
    )
    reply = _draft(confirmed()).with_(name=name, due_at=NOON)
    engine.deliveries.create(reply)
    engine.deliveries.remind(name, NOON)
    assert engine.sweep(NOON + OVERDUE) == [("replies", "text given up")]
    stored = engine.deliveries.read(name)
    assert stored
    assert (stored.value.state, engine.sweep(NOON + AGAIN * 2)) == ("failed", [])


# -- what ought to exist


def test_a_fact_that_no_message_was_made_of_is_announced_again_and_then_told_once(
    engine: Engine,
) -> None:
    engine.set_tenant(quiet=QuietHours(begin=QuietHours().end, end=QuietHours().end))
    engine.endpoints.write(an_endpoint(created_at=NOON), None)
    job = engine.keep(settled(confirmed()))
    assert list(engine.repair_job(job, NOON + LEFT_BEHIND - minutes(1))) == []
    assert list(engine.repair_job(job, NOON + LEFT_BEHIND)) == ["fact announced again"]
    for fact in engine.facts.facts * 2:
        engine.hear(fact, NOON + LEFT_BEHIND)
    assert (len(engine.texts.sent), len(engine.receivers.got)) == (1, 2)
    assert list(engine.repair_job(job, NOON + LEFT_BEHIND * 2)) == []


def test_a_fact_that_its_consumers_cannot_handle_is_announced_a_few_times_a_day(
    engine: Engine,
) -> None:
    done = RepairRecord(repairs=("fact announced again",), at=NOON)
    job = settled(confirmed()).with_(repaired=(done,) * 3)
    assert list(engine.repair_job(job, NOON + LEFT_BEHIND)) == []
    assert len(engine.repair_job.missing(job, NOON + LEFT_BEHIND)) == 1
    assert list(engine.repair_job(job, NOON + timedelta(days=1))) == ["fact announced again"]


def test_what_was_lost_at_night_is_still_sent_in_the_morning(engine: Engine) -> None:
    """The queue was lost at 22:00, the engine started again at 8:05."""
    job = engine.keep(settled(confirmed().with_(created_at=NIGHT)))
    ledger = tuple(entry.with_(recorded_at=NIGHT) for entry in job.ledger)
    job = engine.keep(job.with_(ledger=ledger))
    now = MORNING + minutes(5)
    assert list(engine.repair_job(job, now)) == ["fact announced again"]
    for fact in engine.facts.facts:
        engine.hear(fact, now)
    assert len(engine.texts.sent) == 1


def test_what_is_not_settled_yet_or_older_than_a_week_is_not_missed(engine: Engine) -> None:
    assert engine.repair_job.missing(confirmed(), NOON + LEFT_BEHIND) == []
    assert engine.repair_job.missing(settled(confirmed()), NOON + timedelta(days=8)) == []


def test_edits_and_refusals_are_missed_too(engine: Engine) -> None:
    engine.endpoints.write(an_endpoint(facts=("JobEdited",)), None)
    job = settled(edited(a_job(), an_edit(a_job(), note="Side door"), NOON))
    names = [one.name.channel for one in engine.repair_job.missing(job, NOON + LEFT_BEHIND)]
    assert names == ["sms", "webhook"]


def test_a_pause_that_is_announced_twice_has_one_webhook_id(engine: Engine) -> None:
    """The call that announces it is made again where its answer was lost: a moment later."""
    engine.endpoints.write(an_endpoint(facts=("EndpointPaused",)), None)
    paused = [
        EndpointPaused(
            tenant="main", endpoint="ep_two", failing_since=NOON, recorded_at=NOON + minutes(n)
        )
        for n in (0, 1)
    ]
    ids = {due.webhook_id for fact in paused for due in engine.tell(fact)}
    assert len(ids) == 1


# -- numbers that change


def test_a_held_text_whose_number_was_removed_is_dropped_on_the_record(engine: Engine) -> None:
    job = engine.keep(confirmed())
    engine.text(job, now=NIGHT)
    engine.edit(job, NIGHT, customer=Customer(name="Ada"))
    engine.work(MORNING)
    (dropped,) = engine.all_logged()
    assert (dropped.state, dropped.why, engine.texts.sent) == ("dropped", "no_number", [])


def test_a_held_text_goes_to_the_corrected_number_alone_and_once(engine: Engine) -> None:
    job = engine.keep(confirmed())
    engine.text(job, now=NIGHT)
    job = engine.edit(job, NIGHT, customer=Customer(name="Ada", phone=CORRECTED))
    engine.hear(edited_fact(job, job.edits[-1]), NIGHT)
    engine.work(MORNING)
    assert [phone for phone, _ in engine.texts.sent] == [CORRECTED]
    assert [sent.to for sent in engine.all_logged()] == ["•••0199"]


def test_a_corrected_number_is_sent_the_link_once_also_where_the_queue_lost_it(
    engine: Engine,
) -> None:
    job = engine.keep(settled(confirmed()))
    engine.text(job, now=MORNING)
    job = engine.edit(job, MORNING, customer=Customer(name="Ada", phone=CORRECTED))
    assert list(engine.repair_job(job, MORNING + LEFT_BEHIND)) == ["fact announced again"]
    for _ in range(2):
        engine.hear(engine.facts.facts[0], MORNING + LEFT_BEHIND)
    assert [phone for phone, _ in engine.texts.sent] == [PHONE, CORRECTED]
    assert job.token in engine.texts.sent[-1][1]
    assert list(engine.repair_job(job, MORNING + LEFT_BEHIND * 2)) == []


def test_a_text_held_for_a_number_that_was_corrected_again_is_dropped(engine: Engine) -> None:
    job = engine.keep(confirmed())
    engine.text(job, now=MORNING)
    job = engine.edit(job, NIGHT, customer=Customer(name="Ada", phone=CORRECTED))
    wrong = SmsRequest("main", job.job_id, job.seq, f"{job.seq}-00000000")
    engine.later.put(wrong.message(), 0)
    engine.work(MORNING)
    (dropped,) = (d for d in engine.all_logged() if d.name.mark == wrong.mark)
    assert (dropped.why, len(engine.texts.sent)) == ("number_changed", 1)


def test_an_edit_that_changes_no_number_sends_nothing(engine: Engine) -> None:
    job = engine.keep(confirmed())
    engine.text(job, now=MORNING)
    job = engine.edit(job, MORNING, customer=Customer(name="Ada Wong-Li", phone=PHONE))
    engine.hear(edited_fact(job, job.edits[-1]), MORNING)
    assert len(engine.texts.sent) == 1


# -- explained


def test_explain_tells_until_when_a_text_is_held_what_is_late_and_what_is_missing(
    engine: Engine,
) -> None:
    job = moved(a_job(), "confirm")
    held = engine.text(engine.keep(job), now=NIGHT)
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
