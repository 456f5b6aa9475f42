"""SMS and webhooks by the protocol: N1-N6 and T10, with every crash and lost response."""

import itertools
import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from events import EndpointPaused, Fact, JobEditRequested
from functions.jobs.advance import AdvanceJob
from functions.jobs.facts import fact_of_entry
from functions.messages.customer_sms import SendSms
from functions.messages.deliveries import Busy, change, delivery_log
from functions.messages.endpoints import PAUSED_AFTER, ROTATION, change_endpoint, new_secret
from functions.messages.fact_notice import FactNotice
from functions.messages.fan_out import FanOutFacts, parse_fact
from functions.messages.phone_numbers import (
    PhoneRecord,
    change_phone_record,
    digest_of,
    phone_record,
)
from functions.messages.plan_reminders import PlanReminders
from functions.messages.sms_once import MOST_TRIES, SmsNotAccepted, SmsOnce, SmsRefused
from functions.messages.sms_request import JobChanged
from functions.messages.webhook_client import WebhookResponse
from functions.messages.webhook_delivery import DeliverWebhooks, signed_headers
from functions.messages.webhook_schedule import (
    LONGEST_WAIT,
    SCHEDULE_S,
    WebhookAttempt,
    WebhookBatch,
    WebhookQueues,
    next_attempt,
    retry_after,
)
from functions.protocol.batches import PERMANENT_ERRORS, BatchConsumer
from functions.protocol.ports import Unavailable
from statemachine.asl import definition
from statemachine.business.business import NEVER_QUIET, BusinessSettings, QuietHours
from statemachine.flows import flow_names, load_flow
from statemachine.job.deliveries import CLAIM_LASTS, Delivery
from statemachine.job.job import Customer, Job
from tests.functions.creation import again, batch
from tests.support.builders import NOON, a_job, a_request, minutes, moved
from tests.support.fakes import (
    Bucket,
    FakeBus,
    FakeDeadLetters,
    FakeExecutions,
    FakeJobs,
    FakeLog,
    FakeTenants,
    job_key,
    no_pause,
    to_bytes,
)
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind, SeededFaults
from tests.support.message_fakes import (
    Clock,
    FakeConversations,
    FakeDelayedMessages,
    FakeDeliveries,
    FakeEndpoints,
    FakeMetrics,
    FakePhoneRecords,
    FakeRequests,
    FakeSentTexts,
    FakeSmsProvider,
    FakeTextBudgets,
    FakeWebhookClient,
    an_endpoint,
)
from tests.support.slot_fakes import slots_on_fakes

PHONE, CORRECTED = "+15555550123", "+15555550199"
LINK = "https://haul.example/track/"
CONFIRMED = f"Haulway: Hi Ada, your pickup is confirmed. Track or change it: {LINK}{a_job().token}"
HAUL = load_flow("haul")
CLAIMS = itertools.count(1)


class MessageSenders:
    """Both sending functions on fakes; every part can have its own faults."""

    def __init__(
        self,
        stored: Faults | None = None,
        carrier: Faults | None = None,
        posting: Faults | None = None,
        queue: Faults | None = None,
    ) -> None:
        self.bucket = Bucket()
        self.kept = Bucket(stored)
        self.kept.objects = self.bucket.objects  # one S3, and faults for deliveries alone
        self.tenant = BusinessSettings(tenant="main", name="Haulway", quiet=NEVER_QUIET)
        self.tenants = FakeTenants(self.bucket, self.tenant)
        self.deliveries, self.endpoints = FakeDeliveries(self.kept), FakeEndpoints(self.bucket)
        self.numbers, self.requests = FakePhoneRecords(self.bucket), FakeRequests()
        self.conversations = FakeConversations(self.bucket)
        self.texts, self.metrics, self.later = (
            FakeSmsProvider(carrier),
            FakeMetrics(),
            FakeDelayedMessages(queue),
        )
        self.receivers, self.bus, self.clock = FakeWebhookClient(posting), FakeBus(), Clock()
        self.log, self.prompt, self.slow = (
            FakeLog(),
            FakeDelayedMessages(queue),
            FakeDelayedMessages(queue),
        )
        new_id = lambda: f"claim-{next(CLAIMS)}"  # noqa: E731
        self.sent = FakeSentTexts(stored)
        once = SmsOnce(
            self.deliveries, self.texts, self.metrics, self.log, new_id, self.sent, no_pause
        )
        self.send = SendSms(
            FakeJobs(self.bucket), self.tenants, self.numbers, FakeTextBudgets(self.bucket),
            self.requests, once, self.later,
            PlanReminders(self.deliveries, self.tenants, no_pause),
            lambda token: f"{LINK}{token}", no_pause,
        )  # fmt: skip
        self.lanes = WebhookQueues(self.prompt, self.slow)
        self.deliver = DeliverWebhooks(
            self.deliveries, self.endpoints, self.lanes, self.receivers, self.bus, self.metrics,
            self.log, new_id, lambda: 0.5, self.clock, no_pause,
        )  # fmt: skip
        self.fan_out = FanOutFacts(self.endpoints, self.lanes, lambda: 0.5)
        for phone in (PHONE, CORRECTED):
            self.introduce(phone)

    def introduce(self, phone: str, tenant: str = "main") -> None:
        """The number has had its first text, which says how to stop."""
        known = PhoneRecord(tenant=tenant, digest=digest_of(tenant, phone))
        self.numbers.write(known.with_(introduced_by="261101-000000/0"), None)

    def store(self, job: Job) -> Job:
        self.bucket.objects[job_key(job.tenant, job.job_id)] = to_bytes(job)
        return job

    def set_tenant(self, **values: Any) -> None:
        tenant = self.tenant.with_(**values)
        FakeTenants(self.bucket, tenant)

    def text(self, job: Job, seq: int | None = None, now: datetime = NOON) -> Delivery | None:
        at = job.seq if seq is None else seq
        return self.send(JobChanged(tenant="main", job_id=job.job_id, seq=at), now)

    def announce(self, fact: Fact) -> list[WebhookAttempt]:
        """Fans the fact out; returns the webhook messages."""
        envelope = {"detail-type": type(fact).__name__, "detail": json.loads(to_bytes(fact))}
        self.fan_out([parse_fact(FactNotice, json.dumps(envelope))], self.clock.now)
        return [due for due, _ in self.due()]

    def due(self) -> list[tuple[WebhookAttempt, float]]:
        taken = self.prompt.taken() + self.slow.taken()
        return [(WebhookAttempt.model_validate(json.loads(b)["detail"]), wait) for b, wait in taken]

    def post_all(self, due: WebhookAttempt) -> Delivery | None:
        """Tries at each due time until nothing is left to do."""
        queue, last = [due], None
        for _ in range(40):
            if not queue:
                return last
            message = queue.pop()
            self.clock.now = max(self.clock.now, message.due_at)
            last = self.deliver(message, slow=True)
            queue += [later for later, _ in self.due()]
        raise AssertionError("no end of tries")

    def all_logged(self) -> list[Delivery]:
        return delivery_log(self.deliveries, "main", a_job().job_id)


def confirmed(**values: Any) -> Job:
    return a_job("ready_for_pickup", **values)


def a_fact(job: Job) -> Fact:
    return fact_of_entry(job, HAUL, job.seq)


# -- texts


def test_a_text_is_sent_once_however_often_its_fact_arrives() -> None:
    senders = MessageSenders()
    job = senders.store(confirmed())
    outcomes = [senders.text(job) for _ in range(3)]
    assert senders.texts.sent == [(PHONE, CONFIRMED)]
    assert {d.state for d in outcomes if d} == {"sent"}


def test_the_delivery_log_has_recipient_time_and_outcome() -> None:
    senders = MessageSenders()
    senders.text(senders.store(confirmed()), now=NOON + minutes(1))
    (sent,) = senders.all_logged()
    assert sent.to == "•••0123"
    assert sent.status == "ready_for_pickup"
    assert sent.parts == 1
    assert sent.state == "sent"
    assert [(a.at, a.outcome) for a in sent.attempts] == [(NOON + minutes(1), "sent")]


def test_n2_a_lost_response_becomes_unknown_and_is_never_repeated() -> None:
    senders = MessageSenders(carrier=Faults({"SendText": ["after"]}))
    job = senders.store(confirmed())
    outcomes = [senders.text(job, now=NOON + minutes(n)) for n in range(5)]
    assert [d.state for d in outcomes if d] == ["unknown"] * 5
    assert len(senders.texts.sent) == 1
    assert senders.metrics.counted["SmsOutcomeUnknown"] == 1


def test_n3_of_two_senders_one_claim_wins_and_the_other_retries() -> None:
    senders = MessageSenders()
    job = senders.store(confirmed())
    other = MessageSenders()
    other.bucket.objects, other.kept.objects = senders.bucket.objects, senders.bucket.objects
    racing = senders.texts.send

    def meanwhile(phone: str, body: str, about: str, sender: str | None = None) -> str:
        with pytest.raises(Busy):
            other.text(job)
        return racing(phone, body, about, sender)

    senders.texts.send = meanwhile  # type: ignore[method-assign]
    senders.text(job)
    later = other.text(job)
    assert later
    assert later.state == "sent"
    assert len(senders.texts.sent) == 1
    assert other.texts.sent == []


def test_a_claim_with_a_lost_response_is_still_ours() -> None:
    senders = MessageSenders(stored=Faults({"PutObject": ["after"]}))
    sent = senders.text(senders.store(confirmed()))
    assert sent
    assert sent.state == "sent"
    assert len(senders.texts.sent) == 1


def test_n6_a_text_about_an_earlier_status_is_dropped_on_the_record() -> None:
    senders = MessageSenders()
    job = senders.store(a_job("in_progress"))
    stale = senders.text(job, seq=1)
    assert stale
    assert stale.state == "dropped"
    assert stale.why == "stale"
    assert senders.texts.sent == []
    assert senders.all_logged() == [stale]


def test_two_quick_moves_send_only_the_second_text() -> None:
    """The queue delays both for the merge window; then the first is stale."""
    senders = MessageSenders()
    job = senders.store(a_job("in_progress"))
    senders.text(job, seq=1)
    senders.text(job, seq=2)
    assert [body for _, body in senders.texts.sent] == [
        f"Haulway: Your crew is on the job now. Follow along: {LINK}{job.token}"
    ]


def test_t10_a_replay_of_everything_days_later_sends_and_changes_nothing() -> None:
    senders = MessageSenders()
    endpoint = an_endpoint()
    senders.endpoints.write(endpoint, None)
    job, facts = a_job(), []
    for move in ("confirm", "start", "complete"):
        job = senders.store(moved(job, move))
        senders.text(job)
        facts.append(a_fact(job))
        for due in senders.announce(facts[-1]):
            senders.deliver(due)
    before, sent, posted = (
        dict(senders.bucket.objects),
        len(senders.texts.sent),
        len(senders.receivers.got),
    )
    for seq in (1, 2, 3):
        senders.text(job, seq=seq, now=NOON + timedelta(days=9))
    for due in [due for fact in facts for due in senders.announce(fact)]:
        senders.deliver(due)
    assert sent == 3
    assert posted == 3
    assert len(senders.texts.sent) == sent
    assert len(senders.receivers.got) == posted
    assert senders.bucket.objects == before


def test_an_old_fact_without_a_delivery_is_dropped_on_the_record() -> None:
    senders = MessageSenders()
    dropped = senders.text(senders.store(confirmed()), now=NOON + timedelta(hours=7))
    assert dropped
    assert dropped.why == "too_old"
    assert senders.texts.sent == []


def test_in_quiet_hours_a_text_is_held_and_sent_when_they_end_if_still_true() -> None:
    senders = MessageSenders()
    senders.set_tenant(quiet=QuietHours())
    night = NOON.replace(hour=3)  # 22:00 in New York
    job = senders.store(confirmed())
    held = senders.text(job, now=night)
    assert held
    assert held.state == "held"
    assert held.due_at == NOON.replace(hour=13)
    assert senders.texts.sent == []
    ((body, wait_s),) = senders.later.taken()
    assert json.loads(body)["detail"]["mark"] == "1"
    assert wait_s == 10 * 3600
    sent = senders.text(job, now=NOON.replace(hour=13))
    assert sent
    assert sent.state == "sent"
    assert len(senders.texts.sent) == 1


def test_a_held_text_that_is_no_longer_true_is_dropped() -> None:
    senders = MessageSenders()
    senders.set_tenant(quiet=QuietHours())
    job = senders.store(confirmed())
    senders.text(job, now=NOON.replace(hour=3))
    senders.store(moved(job, "start"))
    dropped = senders.text(job, seq=1, now=NOON.replace(hour=13))
    assert dropped
    assert dropped.why == "stale"
    assert senders.texts.sent == []


def test_a_number_that_opted_out_gets_nothing_and_the_board_shows_it() -> None:
    senders = MessageSenders()
    change_phone_record(senders.numbers, "main", PHONE, lambda number: number.stop(NOON), no_pause)
    dropped = senders.text(senders.store(confirmed()))
    assert dropped
    assert dropped.state == "dropped"
    assert dropped.why == "opted_out"
    assert senders.texts.sent == []
    (edit,) = senders.requests.asked
    assert isinstance(edit, JobEditRequested)
    assert edit.changes.texts_stopped is True


def test_an_opt_out_known_to_the_provider_is_stored() -> None:
    senders = MessageSenders()
    senders.texts.says = SmsRefused("opted_out")
    refused = senders.text(senders.store(confirmed()))
    assert refused
    assert refused.state == "refused"
    assert phone_record(senders.numbers, "main", PHONE).stopped


def test_a_throttled_text_releases_its_claim_and_is_retried_a_limited_number_of_times() -> None:
    senders = MessageSenders()
    senders.texts.says = SmsNotAccepted("ThrottlingException")
    job, now, outcome = senders.store(confirmed()), NOON, None
    for _ in range(MOST_TRIES):
        outcome = senders.text(job, now=now)
        now += timedelta(seconds=301)
    assert outcome
    assert outcome.state == "failed"
    assert senders.metrics.counted["SmsUndelivered"] == 1
    other = senders.store(confirmed(job_id="261121-7k3m2r"))
    senders.text(other)
    senders.texts.says = None
    sent = senders.text(other, now=NOON + minutes(1))
    assert sent
    assert sent.state == "sent"
    assert len(senders.texts.sent) == 1


def test_a_customer_without_a_number_gets_no_text() -> None:
    senders = MessageSenders()
    assert senders.text(senders.store(confirmed(customer=Customer(name="Ada")))) is None


# -- webhooks


def a_delivery(senders: MessageSenders, **endpoint: Any) -> WebhookAttempt:
    senders.endpoints.write(an_endpoint(**endpoint), None)
    (due,) = senders.announce(a_fact(senders.store(confirmed())))
    return due


def test_a_webhook_is_signed_so_that_the_specifications_library_verifies_it() -> None:
    senders = MessageSenders()
    senders.clock.now = datetime.now(NOON.tzinfo)
    secret = new_secret()
    senders.deliver(a_delivery(senders, secrets=({"value": secret},)))
    ((_, headers, body),) = senders.receivers.got
    told = Webhook(secret).verify(body, headers)
    assert told["type"] == "job.moved"
    assert told["data"]["to"] == "ready_for_pickup"
    assert headers["webhook-id"].startswith("msg_")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)


def test_n5_while_a_secret_is_rotated_both_signatures_are_valid_and_later_only_the_new() -> None:
    now = datetime.now(NOON.tzinfo)
    endpoint = an_endpoint().rotated(new_secret(), now)
    new, old = (Webhook(secret.value) for secret in endpoint.secrets)
    headers = signed_headers(endpoint.signing(now), "msg_1", b"{}", now)
    assert new.verify(b"{}", headers) == old.verify(b"{}", headers) == {}
    after = signed_headers(endpoint.signing(now + ROTATION), "msg_1", b"{}", now)
    new.verify(b"{}", after)
    with pytest.raises(WebhookVerificationError):
        old.verify(b"{}", after)


def test_n4_an_endpoint_that_answers_500_is_retried_for_a_day_and_then_reported() -> None:
    senders = MessageSenders()
    due = a_delivery(senders)
    senders.receivers.answers[an_endpoint().url] = lambda _: WebhookResponse(500)
    failed = senders.post_all(due)
    assert failed
    assert failed.state == "failed"
    assert failed.why == "500"
    assert len(failed.attempts) == len(SCHEDULE_S) + 1
    waits = [b.at - a.at for a, b in itertools.pairwise(failed.attempts)]
    assert waits == [timedelta(seconds=wait * 1.1) for wait in SCHEDULE_S]
    assert failed.attempts[-1].at - failed.attempts[0].at > timedelta(hours=24)
    assert senders.metrics.counted["WebhooksUndelivered"] == 1
    assert len({h["webhook-id"] for h in senders.receivers.at(an_endpoint().url)}) == 1


def test_n4_410_disables_the_endpoint_at_once() -> None:
    senders = MessageSenders()
    due = a_delivery(senders)
    senders.receivers.answers[an_endpoint().url] = lambda _: WebhookResponse(410)
    gone = senders.deliver(due)
    stored = senders.endpoints.read("main", "ep_one")
    assert gone
    assert stored
    assert gone.state == "gone"
    assert stored.value.state == "disabled"
    assert senders.due() == []


@pytest.mark.parametrize("status", [302, 308, 400, 404, 503])
def test_n4_every_status_except_2xx_is_retried(status: int) -> None:
    senders = MessageSenders()
    due = a_delivery(senders)
    senders.receivers.answers[an_endpoint().url] = lambda _: WebhookResponse(status)
    waiting = senders.deliver(due)
    ((later, _),) = senders.due()
    assert waiting
    assert waiting.state == "waiting"
    assert waiting.why == str(status)
    assert later.attempt == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120),
        ("99999999999999999999", LONGEST_WAIT.total_seconds()),
        ("-1", 0), ("soon", 0), ("", 0), (None, 0), ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
    ],
)  # fmt: skip
def test_n4_retry_after_is_understood(text: str | None, seconds: float) -> None:
    assert retry_after(text, NOON) == timedelta(seconds=seconds)


def test_n4_429_with_retry_after_waits_as_long_as_asked() -> None:
    senders = MessageSenders()
    due = a_delivery(senders)
    senders.receivers.answers[an_endpoint().url] = lambda _: WebhookResponse(429, "3600")
    waiting = senders.deliver(due)
    assert waiting
    assert waiting.due_at == NOON + timedelta(hours=1)


def test_n4_a_failing_endpoint_moves_to_the_slow_queue() -> None:
    senders = MessageSenders(posting=Faults({"Post": ["before"]}))
    senders.endpoints.write(an_endpoint("ep_bad"), None)
    senders.endpoints.write(an_endpoint("ep_good"), None)
    job = senders.store(confirmed())
    bad, good = senders.announce(a_fact(job))
    assert senders.deliver.together([bad, good], slow=False) == [None, None]
    assert len(senders.slow.taken()) == 1
    senders.fan_out([parse_fact(FactNotice, _envelope(a_fact(job)))], NOON)
    assert len(senders.prompt.waiting) == 1
    assert len(senders.slow.waiting) == 1


def _envelope(fact: Fact) -> str:
    detail = json.loads(to_bytes(fact))
    return json.dumps({"detail-type": type(fact).__name__, "detail": detail})


@pytest.mark.parametrize(("failing_s", "wait_s"), [(0, 0), (10, 5), (3600, 30)])
def test_the_longer_an_endpoint_fails_the_later_is_the_next_fact_up_to_a_minute(
    failing_s: int, wait_s: float
) -> None:
    senders = MessageSenders()
    since = NOON - timedelta(seconds=failing_s)
    senders.endpoints.write(an_endpoint(failing_since=since), None)
    fact = a_fact(senders.store(confirmed()))
    senders.fan_out([parse_fact(FactNotice, _envelope(fact))], NOON)
    assert senders.prompt.waiting == []
    assert [wait for _, wait in senders.slow.waiting] == [wait_s]


def test_a_webhook_that_is_taken_at_once_is_claimed_and_recorded_without_a_read() -> None:
    senders = MessageSenders()
    senders.endpoints.write(an_endpoint(), None)
    due = a_delivery_of(senders)
    senders.deliver(due)
    assert [operation for operation, _ in senders.kept.faults.log] == ["PutObject"] * 2
    (first,) = senders.receivers.got
    senders.deliver(due)  # a copy finds the claim
    assert senders.receivers.got == [first]


def test_what_waits_behind_a_failure_goes_to_the_slow_queue_and_is_retried_if_that_fails() -> None:
    senders = MessageSenders()
    for name in ("ep_bad", "ep_good"):
        senders.endpoints.write(an_endpoint(name, url=f"https://{name}.example/"), None)
    senders.receivers.answers["https://ep_bad.example/"] = lambda _: WebhookResponse(500)
    bad, good = senders.announce(a_fact(senders.store(confirmed())))
    senders.deliver.together([bad], slow=False)
    senders.slow.taken()
    later = [each.model_copy(update={"mark": "7"}) for each in (bad, good)]
    assert senders.deliver.together(later, slow=False) == [None, None]
    assert len(senders.slow.taken()) == 1
    assert len(senders.receivers.at("https://ep_good.example/")) == 1
    senders.slow.faults = Faults({"SendMessage": ["before"]})
    (error, fine) = senders.deliver.together(later, slow=False)
    assert isinstance(error, Unavailable)
    assert fine is None


def test_after_a_failed_message_the_batch_does_not_wait_for_the_endpoint() -> None:
    senders = MessageSenders()
    endpoint = an_endpoint(failing_since=NOON)
    senders.endpoints.write(endpoint, None)
    senders.receivers.answers[endpoint.url] = lambda _: WebhookResponse(500)
    due = a_delivery_of(senders)
    batch = WebhookBatch()
    senders.deliver(due, True, batch)
    senders.due()
    assert senders.deliver(due.model_copy(update={"mark": "7"}), True, batch) is None
    assert len(senders.receivers.got) == 1
    assert len(senders.slow.waiting) == 1


def a_delivery_of(senders: MessageSenders) -> WebhookAttempt:
    (due,) = senders.announce(a_fact(senders.store(confirmed())))
    return due


def test_an_endpoint_that_fails_for_days_is_paused_with_a_fact_and_an_alarm() -> None:
    senders = MessageSenders()
    senders.endpoints.write(an_endpoint(failing_since=NOON - PAUSED_AFTER), None)
    senders.receivers.answers[an_endpoint().url] = lambda _: WebhookResponse(500)
    senders.deliver(a_delivery_of(senders), slow=True)
    paused = EndpointPaused(
        tenant="main", endpoint="ep_one", failing_since=NOON - PAUSED_AFTER, recorded_at=NOON
    )
    assert senders.bus.facts == [paused]
    assert senders.metrics.counted["EndpointsPaused"] == 1
    senders.due()
    (next_fact,) = senders.announce(fact_of_entry(senders.store(a_job("in_progress")), HAUL, 2))
    missed = senders.deliver(next_fact, slow=True)
    assert missed
    assert missed.state == "dropped"
    assert missed.why == "paused"


def test_what_a_paused_endpoint_missed_can_be_sent_again_under_the_same_id() -> None:
    senders = MessageSenders()
    due = a_delivery(senders, state="paused")
    missed = senders.deliver(due)
    assert missed
    change_endpoint(senders.endpoints, "main", "ep_one", lambda e: e.enabled(), no_pause)
    change(
        senders.deliveries,
        due.name,
        lambda d: (d or missed).next(NOON, state="waiting", claim=None, attempts=(), due_at=NOON),
        no_pause,
    )
    sent = senders.deliver(next_attempt(missed, NOON), slow=True)
    assert sent
    assert sent.state == "sent"
    assert sent.message_id == due.webhook_id
    assert senders.receivers.got[0][2] == due.body()


def test_an_endpoint_gets_only_chosen_facts_since_it_was_created() -> None:
    senders = MessageSenders()
    senders.endpoints.write(an_endpoint("ep_created", facts=("JobCreated",)), None)
    senders.endpoints.write(an_endpoint("ep_young", created_at=NOON + minutes(1)), None)
    assert senders.announce(a_fact(senders.store(confirmed()))) == []


# -- crashes and lost answers


class FaultyDelivery:
    """A move and its message, delivered until done, while something goes wrong.

    A crashed sender's message returns from the queue after three minutes; copies come at random.
    """

    def __init__(self, seed: int, channel: str, **faults: Faults) -> None:
        self.chance = random.Random(seed)
        self.committing = faults.pop("committing", Faults())
        self.senders = MessageSenders(**faults)
        self.channel, self.now = channel, NOON
        self.senders.store(a_job())
        self.senders.endpoints.write(an_endpoint(), None)
        commits = Bucket(self.committing)
        commits.objects = self.senders.bucket.objects
        jobs = FakeJobs(commits)
        self.advance = AdvanceJob(
            jobs, FakeExecutions(), FakeBus(), slots_on_fakes(jobs), FakeLog(), no_pause
        )

    @property
    def job(self) -> Job:
        return FakeJobs(self.senders.bucket).read("main", a_job().job_id).value

    def run(self) -> None:
        self._until_done(lambda: self.advance(a_request(a_job(), "confirm"), self.now))
        assert self.job.seq == 1
        messages: list[WebhookAttempt | None] = [None]
        if self.channel == "webhook":
            self.senders.clock.now = self.now
            messages = []
            fact = a_fact(self.job)
            self._until_done(lambda: messages.extend(self.senders.announce(fact)))
        messages *= self.chance.choice((1, 2, 3))
        for _ in range(80):
            if not messages:
                return
            message = messages.pop(self.chance.randrange(len(messages)))
            self._until_done(partial(self._one, message))
            if self.chance.random() < 0.2:
                messages.append(message)
            messages += [due for due, _ in self.senders.due()]
            messages += [None for _ in self.senders.later.taken()]
        raise AssertionError("no end")

    def _one(self, message: WebhookAttempt | None) -> None:
        if message is None:
            self.senders.text(self.job, seq=1, now=self.now)
            return
        self.now = self.senders.clock.now = max(self.now, message.due_at)
        self.senders.deliver(message, slow=True)

    def _until_done(self, deliver: Callable[[], object]) -> None:
        for _ in range(60):
            try:
                deliver()
                return
            except PERMANENT_ERRORS:
                raise
            except (Exception, Crashed):  # the queue brings it again
                self.now += CLAIM_LASTS + minutes(1)
                self.senders.clock.now = self.now
        raise AssertionError("never done")

    def check(self) -> None:
        self.senders.kept.faults.over = True
        self.check_text() if self.channel == "sms" else self.check_webhook()

    def check_text(self) -> None:
        (delivery,) = self.senders.all_logged()
        sent = len(self.senders.texts.sent)
        assert sent <= 1, "two texts"
        assert delivery.state in ("sent", "unknown"), delivery
        if delivery.state == "sent":
            assert sent == 1
        else:
            assert self.senders.metrics.counted["SmsOutcomeUnknown"] >= 1, "silently lost"

    def check_webhook(self) -> None:
        (delivery,) = self.senders.all_logged()
        assert delivery.state == "sent"
        assert len({headers["webhook-id"] for _, headers, _ in self.senders.receivers.got}) == 1


CRASHES: dict[str, Callable[[], dict[str, Faults]]] = {
    "before commit": lambda: {"committing": _CrashBefore(1)},
    "after commit": lambda: {"committing": Faults({"PutObject": ["crash"]})},
    "after claim": lambda: {"stored": Faults({"PutObject": ["crash"]})},
    "after send": lambda: {
        "carrier": Faults({"SendText": ["crash"]}),
        "posting": Faults({"Post": ["crash"]}),
    },
    "after mark": lambda: {"stored": Faults({"PutObject": [None, "crash"]})},
}


class _CrashBefore(Faults):
    """The process crashes just before its call with that number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def next_fault(self, operation: str) -> Any:
        if len(self.log) == self.number:
            self.log.append((operation, "crash"))
            raise Crashed(operation)
        return super().next_fault(operation)


@pytest.mark.parametrize("channel", ["sms", "webhook"])
@pytest.mark.parametrize("point", CRASHES)
def test_n1_a_crash_at_each_point_never_sends_two_texts_nor_loses_one_silently(
    point: str, channel: str
) -> None:
    for seed in range(100):
        chaos = FaultyDelivery(seed, channel, **CRASHES[point]())
        chaos.run()
        chaos.check()


@pytest.mark.parametrize("channel", ["sms", "webhook"])
def test_n1_a_crash_at_any_call_sends_no_text_twice_and_loses_none_silently(channel: str) -> None:
    parts = ("stored", "carrier", "posting", "queue")
    faults: tuple[Kind, ...] = ("crash", "after", "before", "dup")
    for part, number, fault in itertools.product(parts, range(8), faults):
        if (part, fault) in (("carrier", "dup"), ("posting", "dup")):
            continue  # no one can undo what a network doubles
        chaos = FaultyDelivery(number, channel, **{part: FaultAtCall(number, fault)})
        chaos.run()
        chaos.check()


@pytest.mark.parametrize("channel", ["sms", "webhook"])
def test_n1_random_lost_responses_and_crashes_send_no_text_twice(
    channel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds: tuple[Kind, ...] = ("before", "after", "crash")
    for seed in range(400):
        chaos = FaultyDelivery(
            seed,
            channel,
            stored=SeededFaults(seed, 0.15, (*kinds, "dup")),
            carrier=SeededFaults(seed + 1, 0.3, kinds),
            posting=SeededFaults(seed + 2, 0.3, kinds),
            queue=SeededFaults(seed + 3, 0.1, kinds),
            committing=SeededFaults(seed + 4, 0.1, kinds),
        )
        chaos.run()
        chaos.check()
        capsys.readouterr()


# -- nothing private leaves


def test_no_name_number_address_or_token_is_in_a_webhook_a_log_line_or_a_key() -> None:
    senders = MessageSenders()
    job = senders.store(
        confirmed(customer=Customer(name="CANARY-NAME", phone="+15550004242"), token="C" * 22)
    )
    due = a_delivery(senders, url="https://host.example.com/CANARY-KEY")
    senders.store(job)
    senders.receivers.answers["https://host.example.com/CANARY-KEY"] = lambda _: WebhookResponse(
        500
    )
    senders.deliver(due)
    senders.texts.says = SmsRefused("blocked")
    senders.text(job)
    seen = repr(senders.log.lines) + repr([got[2] for got in senders.receivers.got])
    seen += repr(list(senders.bucket.objects)) + repr(
        [str(d.model_dump()) for d in senders.all_logged()]
    )
    private = ["CANARY", "5550004242", "0004242", "C" * 22, job.place.address, "whsec_"]
    assert [word for word in private if word in seen] == []


# -- one consumer for each queue of webhooks


def test_only_failed_messages_of_a_batch_return_and_unreadable_ones_are_dead_lettered() -> None:
    senders, dead = MessageSenders(), FakeDeadLetters()
    good = a_delivery(senders)
    bodies = [json.dumps({"detail": json.loads(good.model_dump_json())}), "nonsense"]
    bodies.append(json.dumps({"detail": json.loads(good.model_dump_json()) | {"mark": "2"}}))
    consumer = BatchConsumer(WebhookAttempt, dead, FakeLog())

    def one_fails(dues: list[WebhookAttempt]) -> list[Exception | None]:
        return [None, Busy("later")]

    assert consumer.deliver_together(batch(*bodies), one_fails) == again(2)
    assert len(dead.dead_lettered) == 1


# -- one id for one fact


def test_a_pause_announced_twice_has_one_webhook_id_for_partners() -> None:
    """It is announced before it is stored, so a crash in between announces it twice."""
    senders = MessageSenders()
    senders.endpoints.write(an_endpoint(facts=("EndpointPaused",)), None)
    pauses = [
        EndpointPaused(tenant="main", endpoint="ep_bad", failing_since=NOON, recorded_at=told)
        for told in (NOON + minutes(1), NOON + minutes(2))
    ]
    ids = [due.webhook_id for pause in pauses for due in senders.announce(pause)]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_an_overdue_fact_has_the_same_time_in_every_retry() -> None:
    """Its time names it for partners; `$now()` would differ in each retry of the call."""
    for flow in flow_names():
        states = definition(load_flow(flow))["States"].values()
        entries = [s["Arguments"]["Entries"] for s in states if "Entries" in s.get("Arguments", {})]
        times = {entry["Detail"]["recorded_at"] for each in entries for entry in each}
        assert times == {"{% $states.context.State.EnteredTime %}"}
