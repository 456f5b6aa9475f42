"""Texts about bookings from the public form stay within a budget and go only to mobile numbers."""

import pytest

from events import JobEditRequested
from functions.messages.customer_jobs import BY_TEXT
from functions.messages.sms_budget import BUSINESS, SpentTexts, may_spend
from functions.messages.unsent_texts import BY_TEXTS
from statemachine.business.business import BusinessSettings
from statemachine.job.deliveries import OVER_BUDGET
from statemachine.job.job import Customer, Job, Schedule
from statemachine.job.unsent_text import UnsentText
from statemachine.messages.sms_numbers import why_no_sms
from statemachine.rules.edits import edited
from statemachine.values.values import Actor
from tests.functions.messages.test_due_messages import settled
from tests.functions.messages.test_messages import MessageSenders
from tests.functions.messages.test_owed_texts import Handset
from tests.support.builders import CUSTOMER, DISPATCHER, NOON, a_job, an_edit, minutes
from tests.support.fakes import Bucket, no_pause
from tests.support.faults import Faults
from tests.support.message_fakes import FakeTextBudgets

DAYS = [
    {"window_start": f"2026-11-{day}T14:00Z", "window_end": f"2026-11-{day}T18:00Z"}
    for day in (25, 26, 27)
]


def a_form(number: int, phone: str = "+15555550123") -> Job:
    customer = Customer(name="Ada Wong", phone=phone)
    return a_job(job_id=f"261121-{number:06}", created_by=CUSTOMER, customer=customer)


def outcomes_of(senders: MessageSenders, *jobs: Job) -> list[str | None]:
    told = [senders.text(senders.store(job), seq=0) for job in jobs]
    return [delivery.why if delivery else "none" for delivery in told]


def test_texts_to_one_number_about_unconfirmed_bookings_are_limited() -> None:
    senders = MessageSenders()
    assert outcomes_of(senders, *map(a_form, range(8))) == [None] * 5 + ["over_budget"] * 3
    assert len(senders.texts.sent) == 5
    assert senders.text(a_form(0), seq=0, now=NOON + minutes(24 * 60)) is not None


def test_texts_of_one_business_about_unconfirmed_bookings_are_limited() -> None:
    senders = MessageSenders()
    senders.set_tenant(unconfirmed_texts_per_day=2)
    jobs = [a_form(n, f"+1555555{n:04}") for n in range(3)]
    assert outcomes_of(senders, *jobs) == [None, None, "over_budget"]
    tomorrow = NOON + minutes(24 * 60)
    fresh = senders.store(a_form(9, "+15555559999").with_(created_at=tomorrow))
    sent = senders.text(fresh, seq=0, now=tomorrow)
    assert sent
    assert sent.state == "sent"


def test_bookings_by_the_office_and_confirmed_ones_need_no_budget() -> None:
    senders = MessageSenders()
    senders.set_tenant(unconfirmed_texts_per_number=0)
    confirmed = a_job("ready_for_pickup", created_by=CUSTOMER)
    assert [senders.text(senders.store(job)) is not None for job in (a_job(), confirmed)] == [
        True
    ] * 2
    assert len(senders.texts.sent) == 2


def test_a_number_over_its_budget_does_not_use_the_businesss_budget() -> None:
    senders = MessageSenders()
    senders.set_tenant(unconfirmed_texts_per_number=3, unconfirmed_texts_per_day=4)
    assert outcomes_of(senders, *map(a_form, range(9))).count("over_budget") == 6
    assert outcomes_of(senders, a_form(20, "+15555550199")) == [None]


def test_every_text_about_a_strangers_booking_counts_also_those_about_edits() -> None:
    desk = Handset()
    desk.set_tenant(unconfirmed_texts_per_number=2)
    desk.has(settled(a_job(created_by=CUSTOMER, schedule=Schedule.model_validate(DAYS[0]))))
    desk.text(desk.job, now=desk.now)
    for window in DAYS[1:]:
        desk.asks(window)
    assert len(desk.texts.sent) == 2
    held = [each for each in desk.requests.asked if isinstance(each, JobEditRequested)]
    assert [each.changes.unsent_text.why for each in held if each.changes.unsent_text] == [
        OVER_BUDGET
    ]


@pytest.mark.parametrize("actor", [DISPATCHER, BY_TEXT], ids=["the office", "the number itself"])
def test_a_booking_that_someone_has_answered_for_needs_no_budget(actor: Actor) -> None:
    senders = MessageSenders()
    senders.set_tenant(unconfirmed_texts_per_number=0)
    edit = an_edit(a_form(1), note="Back door").model_copy(update={"actor": actor})
    answered = edited(a_form(1), edit, NOON)
    assert outcomes_of(senders, answered) == [None]


def test_what_a_person_decides_about_one_text_says_nothing_of_the_next() -> None:
    senders = MessageSenders()
    senders.set_tenant(unconfirmed_texts_per_number=0)
    held = UnsentText(mark="other", state="held", why=OVER_BUDGET)
    system = an_edit(a_form(1), unsent_text=held).model_copy(update={"actor": BY_TEXTS})
    job = edited(a_form(1), system, NOON)
    drop = an_edit(job, unsent_text=held.with_(state="drop", why=None))
    job = edited(job, drop.model_copy(update={"event_id": "edit-2"}), NOON)
    assert outcomes_of(senders, job) == [OVER_BUDGET]


def test_a_days_count_of_bookings_is_still_read() -> None:
    counted = SpentTexts.model_validate_json(
        '{"tenant": "main", "day": "2026-11-21", "of": "business", "jobs": ["261121-7k3m2q"]}'
    )
    assert counted.texts == ("261121-7k3m2q",)


def test_a_booking_counts_once_even_after_a_lost_response() -> None:
    tenant = BusinessSettings(tenant="main", name="Haulway")
    budgets = FakeTextBudgets(Bucket(Faults({"PutObject": ["after", None, "before"]})))
    for _ in range(3):
        assert may_spend(budgets, tenant, "1a2b", a_job().job_id, NOON, no_pause)
    for of in ("1a2b", BUSINESS):
        stored = budgets.read(SpentTexts(tenant="main", day="2026-11-21", of=of))
        assert stored
        assert stored.value.texts == (a_job().job_id,)


@pytest.mark.parametrize(
    ("phone", "why"),
    [
        ("+12065550199", None),
        ("+15555550123", None),  # no one's, for examples
        ("+19005550123", "costly_number"),
        ("+19002345678", "costly_number"),
        ("+18005550199", "costly_number"),
        ("+449012345678", "costly_number"),
        ("+448432345678", "costly_number"),
        ("+447012345678", "costly_number"),
        ("+882312345678", "country_not_served"),
        ("+881612345678", "country_not_served"),
        ("+870773111632", "country_not_served"),
        ("+18762345678", "country_not_served"),  # Jamaica, beneath the same +1
        ("+447812345678", "country_not_served"),
        ("+1234567", "not_a_number"),
    ],
)
def test_texts_go_only_to_mobile_numbers_in_served_countries(phone: str, why: str | None) -> None:
    assert why_no_sms(phone, ("US",)) == why


def test_a_text_to_a_number_that_is_not_served_is_dropped_with_the_reason() -> None:
    senders = MessageSenders()
    jobs = [a_form(1, "+19002345678"), a_form(2, "+447812345678")]
    assert outcomes_of(senders, *jobs) == ["costly_number", "country_not_served"]
    senders.set_tenant(countries=("US", "GB"))
    assert outcomes_of(senders, a_form(3, "+447812345678")) == [None]
    assert len(senders.texts.sent) == 1
