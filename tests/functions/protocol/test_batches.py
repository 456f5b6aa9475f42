"""Messages from a queue: done, dead-lettered with a reason, or delivered again; never lost."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from deploy.bundle import ROOT
from deploy.template_file import read_template
from events import REQUESTS_SOURCE, TEXTS_SOURCE, JobMoveRequested
from functions.aws.container import once
from functions.messages.fact_notice import FactNotice
from functions.messages.fan_out import parse_fact
from functions.messages.sms_request import JobChanged
from functions.protocol.batches import (
    LONGEST_DELAY_S,
    MISSING_FOR,
    BatchConsumer,
    BatchFailed,
    JobRef,
    Permanent,
    failures_by_group,
    parse_event,
    retry_delay_s,
)
from functions.protocol.ports import Unavailable, UnknownJob, UnknownTenant
from statemachine.values.values import RESERVED
from tests.functions.creation import again, batch, envelope
from tests.support.builders import NOON, a_job, a_request, minutes
from tests.support.fakes import FakeDeadLetters, FakeLog, FakeRedelivery
from tests.support.faults import Faults

ONE, TWO, THREE = (
    envelope({"tenant": "main", "job_id": f"261121-00000{number}"}) for number in (1, 2, 3)
)


class ConsumerSetup:
    """A consumer whose handler fails as configured and records what it handled."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = {f"261121-00000{key[-1]}": error for key, error in errors.items()}
        self.done: list[str] = []
        self.letters, self.log = FakeDeadLetters(), FakeLog()
        self.consumer = BatchConsumer(JobRef, self.letters, self.log)

    def handle(self, ref: JobRef) -> None:
        if error := self.errors.get(ref.job_id):
            raise error
        self.done.append(ref.job_id[-1])

    def handle_all(self, refs: list[JobRef]) -> list[Exception | None]:
        errors = [self.errors.get(ref.job_id) for ref in refs]
        fine = [ref for ref, error in zip(refs, errors, strict=True) if error is None]
        self.done.append("+".join(ref.job_id[-1] for ref in fine))
        return errors


def test_a_message_that_is_done_is_acknowledged() -> None:
    setup = ConsumerSetup()
    assert setup.consumer.deliver(batch(ONE, TWO), setup.handle) == again()
    assert setup.done == ["1", "2"]


def test_a_message_that_can_never_succeed_is_dead_lettered_with_its_reason() -> None:
    setup = ConsumerSetup(job_2=UnknownJob("no job 261121-000002 of tenant main"))
    assert setup.consumer.deliver(batch(ONE, TWO, THREE), setup.handle) == again()
    assert setup.done == ["1", "3"]
    assert setup.letters.dead_lettered == [
        (TWO, "UnknownJob", "no job 261121-000002 of tenant main")
    ]


def test_only_the_message_that_failed_is_delivered_again() -> None:
    setup = ConsumerSetup(job_1=Unavailable("not now"), job_3=ZeroDivisionError("a bug of ours"))
    assert setup.consumer.deliver(batch(ONE, TWO, THREE), setup.handle) == again(0, 2)
    assert setup.done == ["2"]
    assert setup.letters.dead_lettered == []


def one_by_one(setup: ConsumerSetup, *bodies: str) -> dict[str, Any]:
    return setup.consumer.deliver(batch(*bodies), setup.handle)


def together(setup: ConsumerSetup, *bodies: str) -> dict[str, Any]:
    return setup.consumer.deliver_together(batch(*bodies), setup.handle_all)


every_way = pytest.mark.parametrize("deliver", [one_by_one, together])


@every_way
def test_if_no_message_of_a_batch_could_be_handled_the_function_fails(deliver: Any) -> None:
    """Alarms count what a function raises, but not the batch item failures that it reports."""
    setup = ConsumerSetup(job_1=KeyError("CANARY"), job_2=KeyError("CANARY"))
    with pytest.raises(BatchFailed, match=r"^none of 2 messages: KeyError$"):
        deliver(setup, ONE, TWO)
    assert "".join(setup.done) == ""
    assert setup.letters.dead_lettered == []


@every_way
def test_an_unavailable_service_is_not_an_error_of_the_code(deliver: Any) -> None:
    setup = ConsumerSetup(job_1=Unavailable("not now"), job_2=Unavailable("not now"))
    assert deliver(setup, ONE, TWO) == again(0, 1)


def test_a_message_that_cannot_be_dead_lettered_is_retried_and_stops_no_other() -> None:
    setup = ConsumerSetup(job_1=UnknownJob("gone"))
    setup.letters.faults = Faults({"SendMessage": ["before"]})
    assert setup.consumer.deliver(batch(ONE, TWO), setup.handle) == again(0)
    assert setup.consumer.deliver(batch(ONE), setup.handle) == again()
    assert setup.done == ["2"]
    assert len(setup.letters.dead_lettered) == 1


def test_a_batch_is_handed_over_as_a_whole() -> None:
    setup = ConsumerSetup()
    assert setup.consumer.deliver_together(batch(ONE, TWO), setup.handle_all) == again()
    assert setup.done == ["1+2"]


@pytest.mark.parametrize("culprit", ["not json", TWO])
def test_the_bad_message_of_a_batch_is_dead_lettered_and_the_rest_are_done(culprit: str) -> None:
    setup = ConsumerSetup(job_2=UnknownJob("gone"))
    assert setup.consumer.deliver_together(batch(ONE, culprit, THREE), setup.handle_all) == again()
    assert setup.done == ["1+3"]
    assert [body for body, _, _ in setup.letters.dead_lettered] == [culprit]


def test_an_unforeseen_error_concerns_only_its_own_message_of_a_batch() -> None:
    setup = ConsumerSetup(job_2=OverflowError("date value out of range"))
    assert setup.consumer.deliver_together(batch(ONE, TWO, THREE), setup.handle_all) == again(1)
    assert setup.done == ["1+3"]
    assert setup.letters.dead_lettered == []


def test_a_batch_that_fails_as_a_whole_is_retried_as_a_whole() -> None:
    def throttled(refs: list[JobRef]) -> list[Exception | None]:
        raise Unavailable("throttled")

    setup = ConsumerSetup()
    assert setup.consumer.deliver_together(batch(ONE, TWO), throttled) == again(0, 1)
    assert setup.letters.dead_lettered == []


class Named(BaseModel):
    name: str


def test_groups_of_a_batch_are_handled_side_by_side_and_each_in_its_order() -> None:
    both, handled = Barrier(2), []

    def handle(event: Named) -> None:
        if event.name.endswith("1"):
            both.wait(timeout=2)  # the first events of both groups meet here
        handled.append(event.name)
        if event.name == "a2":
            raise Unavailable("lost")

    events = [Named(name=name) for name in ("a1", "b1", "a2", "a3")]
    errors = failures_by_group(handle, events, lambda event: event.name[0], 2)
    assert [type(error) for error in errors] == [type(None), type(None), Unavailable, type(None)]
    assert [name for name in handled if name[0] == "a"] == ["a1", "a2", "a3"]


def test_each_message_of_a_batch_is_parsed_once() -> None:
    parsed: list[str] = []

    def parse(event: type[JobRef], body: str) -> JobRef:
        parsed.append(body)
        return parse_event(event, body)

    setup = ConsumerSetup(job_1=UnknownJob("gone"))
    BatchConsumer(JobRef, setup.letters, setup.log, parse).deliver_together(
        batch(ONE, TWO), setup.handle_all
    )
    assert parsed == [ONE, TWO]


# -- what is not there yet


class RedeliverySetup(ConsumerSetup):
    """A consumer of a queue that records when each message was first received."""

    def __init__(self, **errors: Exception) -> None:
        super().__init__(**errors)
        self.redelivery = FakeRedelivery()
        self.consumer = BatchConsumer(
            JobRef, self.letters, self.log, redelivery=self.redelivery, clock=lambda: NOON
        )

    def receive(self, age: timedelta, receives: int = 1) -> dict[str, Any]:
        messages = batch(ONE)
        messages["Records"][0]["attributes"] = {
            "SentTimestamp": "0",
            "ApproximateFirstReceiveTimestamp": str(int((NOON - age).timestamp() * 1000)),
            "ApproximateReceiveCount": str(receives),
        }
        return self.consumer.deliver(messages, self.handle)


@pytest.mark.parametrize("missing", [UnknownJob("no job"), UnknownTenant("no tenant")])
def test_a_message_about_an_object_that_is_not_there_yet_is_retried_until_it_is_old(
    missing: Exception,
) -> None:
    setup = RedeliverySetup(job_1=missing)
    assert [setup.receive(age) for age in (minutes(0), minutes(15))] == [again(0), again(0)]
    assert setup.letters.dead_lettered == []
    assert setup.receive(minutes(15.1)) == again()
    assert [reason for _, reason, _ in setup.letters.dead_lettered] == [type(missing).__name__]


def test_an_object_that_is_not_there_yet_is_retried_at_growing_intervals() -> None:
    setup = RedeliverySetup(job_1=UnknownJob("no job"))
    for receives in (1, 2, 3, 7, 8, 15):
        setup.receive(minutes(1), receives)
    assert setup.redelivery.delays_s == [1, 2, 4, 64, LONGEST_DELAY_S, LONGEST_DELAY_S]


def test_a_message_that_cannot_be_delayed_is_retried_all_the_same() -> None:
    setup = RedeliverySetup(job_1=UnknownJob("no job"))
    setup.redelivery.faults = Faults({"ChangeMessageVisibility": ["before"]})
    assert setup.receive(minutes(1)) == again(0)
    assert setup.letters.dead_lettered == []


MAY_MISS_ITS_JOB = ("Create", "Advance", "Edit", "Board", "Invalidation", "Sms", "Inbound")


@pytest.mark.parametrize("queue", MAY_MISS_ITS_JOB)
def test_no_queue_gives_up_a_message_before_its_consumer_does(queue: str) -> None:
    """SQS would move it to the dead-letter queue without a reason."""
    template = read_template()
    allowed = template["Resources"][f"{queue}Queue"]["Properties"]["RedrivePolicy"]
    waited_s, receives = 0, 1
    while waited_s <= MISSING_FOR.total_seconds():
        waited_s += retry_delay_s(receives)
        receives += 1
    assert receives < allowed["maxReceiveCount"]


NOT_AN_EVENT = "the message is not an EventBridge event with a `detail`"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("", NOT_AN_EVENT),
        ("not json", NOT_AN_EVENT),
        ("null", NOT_AN_EVENT),
        ("[]", NOT_AN_EVENT),
        ('"detail"', NOT_AN_EVENT),
        ("{}", NOT_AN_EVENT),
        ("[" * 100_000, NOT_AN_EVENT),
        ('{"detail": null}', "event: Input should be an object"),
        ('{"detail": {"tenant": "main"}}', "job_id: Field required"),
        (envelope({"tenant": "M", "job_id": "1"}), "tenant: String should match pattern"),
    ],
)
def test_an_invalid_event_is_an_error_that_says_what_is_wrong(body: str, detail: str) -> None:
    with pytest.raises(Permanent) as caught:
        parse_event(JobRef, body)
    assert str(caught.value).startswith(detail)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    phone: int


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"expected_rev": True}, "expected_rev"),
        ({"expected_rev": "7"}, "expected_rev"),
        ({"expected_rev": 7.5}, "expected_rev"),
        ({"occurred_at": 1_796_000_000}, "occurred_at"),
        ({"note": 7}, "note"),
        ({"note": "\ud800"}, "event: Invalid JSON"),
    ],
)
def test_a_request_on_the_bus_is_read_as_strictly_as_one_to_the_api(
    values: dict[str, Any], field: str
) -> None:
    proper = json.loads(a_request(a_job(), "confirm").model_dump_json(exclude_none=True))
    body = {"source": REQUESTS_SOURCE, "detail": proper}
    assert parse_event(JobMoveRequested, json.dumps(body)).move == "confirm"
    with pytest.raises(Permanent, match=f"^{field}: "):
        parse_event(JobMoveRequested, json.dumps({**body, "detail": proper | values}))


def test_a_reason_has_nothing_of_what_the_sender_wrote() -> None:
    """A value or an unknown key may be someone's name; and SQS takes no control characters."""
    body = json.dumps({"detail": {"phone": "+1555CANARY", "CANARY\x00": 1}})
    with pytest.raises(Permanent) as caught:
        parse_event(Strict, body)
    assert str(caught.value) == (
        "event: Extra inputs are not permitted; phone: Input should be a valid integer"
    )


def test_the_log_has_one_line_for_each_failure_and_no_body() -> None:
    setup = ConsumerSetup(job_1=UnknownJob("gone"), job_2=Unavailable("not now"))
    setup.consumer.deliver(batch(ONE, TWO, THREE), setup.handle)
    assert setup.log.lines == [
        ("dead-lettered", {"reason": "UnknownJob", "message_id": "m0"}),
        ("retried", {"error": "Unavailable", "why": "not now"}),
    ]


def test_a_function_is_wired_once() -> None:
    wired: list[int] = []

    @once
    def wire() -> int:
        wired.append(1)
        return len(wired)

    assert wire() == 1
    assert wire() == 1


# -- event ids of the server

DERIVED = f"{RESERVED}texts-off-261121-7k3m2q-1"


def test_a_request_from_outside_may_not_use_an_event_id_of_the_server() -> None:
    body = envelope(a_request(a_job(), "confirm", event_id=DERIVED))
    with pytest.raises(Permanent, match=r"^event_id: ids that begin with 'haulway\.' are reserved"):
        parse_event(JobMoveRequested, body)


def test_a_request_made_by_a_text_may_use_one() -> None:
    request = a_request(a_job(), "confirm", event_id=DERIVED)
    body = json.dumps({**json.loads(envelope(request)), "source": TEXTS_SOURCE})
    assert parse_event(JobMoveRequested, body) == request


# -- facts with something wrong in them

FACTS = [json.loads(path.read_text()) for path in sorted((ROOT / "events/samples").glob("*.json"))]
CONSUMERS: list[Callable[[str], object]] = [
    lambda body: parse_event(JobRef, body),
    lambda body: parse_event(JobChanged, body),
    lambda body: parse_fact(FactNotice, body),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["detail-type"])
@pytest.mark.parametrize("wrong", [None, [], {}, "x" * 1000, -1, 1e308, "\x00", "9999-99-99"])
def test_a_malformed_fact_is_read_or_is_a_permanent_error(fact: Any, wrong: Any) -> None:
    """A sender may leave out a key, or send a value of another type."""
    for key in fact["detail"]:
        rest = {name: value for name, value in fact["detail"].items() if name != key}
        for detail in (rest, {**rest, key: wrong}):
            for parse in CONSUMERS:
                with suppress(Permanent):
                    parse(json.dumps({**fact, "detail": detail}))


def test_a_move_without_its_time_reaches_no_partner_and_stops_no_other() -> None:
    letters, sent = FakeDeadLetters(), []
    good = next(json.dumps(fact) for fact in FACTS if fact["detail-type"] == "JobMoved")
    bad = good.replace('"recorded_at"', '"recorded"')

    def fan_out(facts: list[FactNotice]) -> list[Exception | None]:
        sent.extend(facts)
        return [None] * len(facts)

    told = BatchConsumer(FactNotice, letters, FakeLog(), parse_fact).deliver_together(
        batch(bad, good), fan_out
    )
    assert told == again()
    assert len(sent) == 1
    assert letters.dead_lettered == [(bad, "Permanent", "recorded_at: Field required")]


# -- partners on the bus

PARTNER = {"kind": "partner", "id": "acme"}


def asked_by(source: str, **detail: Any) -> str:
    about = {"tenant": "main", "job_id": "261121-000001", "actor": PARTNER} | detail
    return json.dumps({"source": source, "detail": about})


@pytest.mark.parametrize("source", ["haulway.partner.main.acme", "haulway.dispatch"])
def test_a_partner_may_ask_for_its_own_business_in_its_own_name(source: str) -> None:
    assert parse_event(JobRef, asked_by(source)).tenant == "main"


@pytest.mark.parametrize(
    ("source", "detail", "field"),
    [
        ("haulway.partner.main.acme", {"tenant": "other"}, "tenant"),
        ("haulway.partner.mai.acme", {}, "tenant"),
        ("haulway.partner.main", {}, "actor"),
        ("haulway.partner.main.acme", {"actor": {"kind": "dispatcher", "id": "acme"}}, "actor"),
        ("haulway.partner.main.acme", {"actor": {"kind": "partner", "id": "other"}}, "actor"),
        ("haulway.partner.main.acme", {"actor": None}, "actor"),
        ("haulway.partner.main.Not a name!", {}, "actor"),
        ("haulway.partner.", {"tenant": ""}, "actor"),
    ],
)
def test_a_request_that_a_partners_source_may_not_send_is_dead_lettered_with_the_field(
    source: str, detail: dict[str, Any], field: str
) -> None:
    setup = ConsumerSetup()
    assert setup.consumer.deliver(batch(asked_by(source, **detail)), setup.handle) == again()
    ((_, reason, why),) = setup.letters.dead_lettered
    assert setup.done == []
    assert reason == "Permanent"
    assert why.partition(":")[0] == field
