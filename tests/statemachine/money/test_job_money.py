"""What a job costs and what was paid: how edits change both, and the record of it."""

import json
from typing import Any

import pytest

from statemachine.job.job import Job
from statemachine.job.prices import MOST_PAYMENTS, Money, MoneyChange, Payment
from statemachine.money.job_money import is_paid, money_of, owed_cents, paid_in
from statemachine.money.price_guide import EstimateRequest, estimate_of
from statemachine.rules.edits import EditRefused, edited
from statemachine.values.values import Actor
from tests.statemachine.money.test_price_guide import TOWN
from tests.support.builders import CREW, DISPATCHER, NOON, a_job, an_edit, minutes

ESTIMATE = estimate_of(TOWN, EstimateRequest(load_size="half"))
CARD = Payment(method="card", amount_cents=30_000)


def after(job: Job, actor: Actor = DISPATCHER, **changes: Any) -> Job:
    request = an_edit(job, **changes).model_copy(
        update={"event_id": f"edit-{len(job.edits) + 1}", "actor": actor}
    )
    return edited(job, request, NOON + minutes(5))


def owed(job: Job) -> int:
    return owed_cents(job.price_cents, paid_in(job.payments))


def booked(**values: Any) -> Job:
    return a_job(**({"estimate": ESTIMATE, "price_cents": None} | values))


def test_the_price_follows_the_reported_load() -> None:
    job = after(booked(), CREW, load_size="half")
    assert job.price_cents == 30_000
    assert job.load_size == "half"
    corrected = after(job, CREW, load_size="full")
    assert corrected.price_cents == 55_000


def test_a_price_that_a_person_set_does_not_follow_the_load() -> None:
    job = after(booked(price_cents=25_000), CREW, load_size="half")
    assert job.price_cents == 25_000
    assert job.edits[-1].money is None


def test_a_load_without_an_estimate_sets_no_price() -> None:
    assert after(booked(estimate=None), CREW, load_size="half").price_cents is None


def test_another_price_needs_a_reason() -> None:
    job = after(booked(), CREW, load_size="half")
    with pytest.raises(EditRefused) as refused:
        after(job, price_cents=28_000)
    assert refused.value.why == "reason_missing"
    changed = after(job, price_cents=28_000, reason="Regular customer")
    assert changed.price_cents == 28_000


def test_the_first_price_and_the_proposed_one_need_none() -> None:
    assert after(booked(), price_cents=10_000).price_cents == 10_000
    wrong = booked(price_cents=99, load_size="half")
    assert after(wrong, price_cents=30_000).price_cents == 30_000


def test_every_change_of_money_says_who_when_from_to_and_why() -> None:
    job = after(booked(), CREW, load_size="half")
    job = after(job, price_cents=28_000, reason="Regular customer")
    job = after(job, CREW, payment={"method": "cash"})
    told = [
        (edit.actor, edit.money.before, edit.money.after, edit.reason)
        for edit in job.edits
        if edit.money
    ]
    cash = Payment(method="cash", amount_cents=28_000)
    assert told == [
        (CREW, Money(), Money(price_cents=30_000), None),
        (DISPATCHER, Money(price_cents=30_000), Money(price_cents=28_000), "Regular customer"),
        (CREW, Money(price_cents=28_000), Money(price_cents=28_000, payments=(cash,)), None),
    ]
    when = {(edit.occurred_at, edit.recorded_at) for edit in job.edits}
    assert when == {(NOON, NOON + minutes(5))}


def test_an_edit_names_the_price_that_it_changed_by_the_load() -> None:
    assert after(booked(), CREW, load_size="half").edits[-1].fields == ("load_size", "price_cents")


def test_payments_add_up_and_each_is_of_what_is_owed_unless_it_says_otherwise() -> None:
    job = booked(price_cents=30_000)
    assert after(job, CREW, payment={"method": "card"}).payments == (CARD,)
    part = after(job, CREW, payment={"method": "check", "amount_cents": 10_001})
    assert owed(part) == 19_999
    assert not is_paid(part)
    whole = after(part, CREW, payment={"method": "cash"})
    assert [(each.method, each.amount_cents) for each in whole.payments] == [
        ("check", 10_001),
        ("cash", 19_999),
    ]
    assert owed(whole) == 0
    assert is_paid(whole)
    assert whole.edits[-1].money == MoneyChange(before=money_of(part), after=money_of(whole))


def test_what_was_paid_for_a_job_without_a_price_is_its_price() -> None:
    job = after(booked(estimate=None), CREW, payment={"method": "cash", "amount_cents": 8_000})
    assert job.price_cents == 8_000
    assert paid_in(job.payments) == 8_000


def test_a_payment_of_an_unknown_amount_is_refused() -> None:
    paid = after(booked(price_cents=30_000), CREW, payment={"method": "cash"})
    for job in (booked(), paid):
        with pytest.raises(EditRefused) as refused:
            after(job, payment={"method": "cash"}, reason="Once more")
        assert refused.value.why == "amount_missing"


def test_payments_are_taken_back_with_a_reason_only() -> None:
    paid = after(booked(price_cents=30_000), CREW, payment={"method": "cash"})
    with pytest.raises(EditRefused, match="reason"):
        after(paid, payment={"method": "none"})
    unpaid = after(paid, payment={"method": "none"}, reason="The bill was counterfeit")
    assert unpaid.payments == ()
    assert unpaid.edits[-1].reason == "The bill was counterfeit"


def test_the_same_payment_noted_by_two_people_counts_once() -> None:
    """More than is owed takes a reason; only the first payment may have a tip in it."""
    whole = {"method": "cash", "amount_cents": 30_000}
    paid = after(booked(price_cents=30_000), CREW, payment=whole)
    with pytest.raises(EditRefused, match="more than is owed") as refused:
        after(paid, payment=whole)
    assert refused.value.why == "reason_missing"
    assert paid_in(after(paid, payment=whole, reason="A tip").payments) == 60_000
    tip = after(booked(price_cents=30_000), CREW, payment=whole | {"amount_cents": 32_000})
    assert owed(tip) == 0
    assert is_paid(tip)


def test_a_job_takes_so_many_payments() -> None:
    job = booked(price_cents=30_000)
    for _ in range(MOST_PAYMENTS):
        job = after(job, CREW, payment={"method": "cash", "amount_cents": 1})
    with pytest.raises(EditRefused, match="take them back and note their sum"):
        after(job, CREW, payment={"method": "cash", "amount_cents": 1})


def test_a_job_stored_with_one_payment_reads_as_paid_so() -> None:
    stored = json.loads(booked(price_cents=30_000).model_dump_json(exclude={"payments"}))
    one = {"method": "card", "amount_cents": 30_000}
    assert Job.model_validate_json(json.dumps(stored | {"payment": one})).payments == (CARD,)
    assert Job.model_validate_json(json.dumps(stored | {"payment": None})).payments == ()
    assert Money.model_validate({"price_cents": 1, "payment": one}).payments == (CARD,)


def test_the_load_and_its_payment_may_come_in_one_edit() -> None:
    job = after(booked(), CREW, load_size="quarter", payment={"method": "transfer"})
    assert job.payments == (Payment(method="transfer", amount_cents=17_500),)


@pytest.mark.parametrize(
    ("price", "paid", "owed"),
    [(None, 0, 0), (100, 0, 100), (100, 100, 0), (100, 40, 60), (100, 120, 0), (0, 0, 0)],
)
def test_what_is_owed_is_the_price_without_what_was_paid(
    price: int | None, paid: int, owed: int
) -> None:
    assert owed_cents(price, paid) == owed
