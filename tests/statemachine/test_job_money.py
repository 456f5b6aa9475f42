"""What a job costs and what was paid: how edits change both, and the record of it."""

from typing import Any

import pytest

from statemachine.edits import EditRefused, edited
from statemachine.job import Job
from statemachine.job_money import owed_cents
from statemachine.price_guide import EstimateRequest, estimate_of
from statemachine.prices import Money, Payment
from statemachine.values import Actor
from tests.statemachine.test_price_guide import TOWN
from tests.support.builders import CREW, DISPATCHER, NOON, a_job, an_edit, minutes

ESTIMATE = estimate_of(TOWN, EstimateRequest(load_size="half"))


def after(job: Job, actor: Actor = DISPATCHER, **changes: Any) -> Job:
    request = an_edit(job, **changes).model_copy(
        update={"event_id": f"edit-{len(job.edits) + 1}", "actor": actor}
    )
    return edited(job, request, NOON + minutes(5))


def booked(**values: Any) -> Job:
    return a_job(**({"estimate": ESTIMATE, "price_cents": None} | values))


def test_the_price_follows_the_reported_load() -> None:
    job = after(booked(), CREW, load_size="half")
    assert (job.price_cents, job.load_size) == (30_000, "half")
    corrected = after(job, CREW, load_size="full")
    assert corrected.price_cents == 55_000


def test_a_price_that_a_person_set_does_not_follow_the_load() -> None:
    job = after(booked(price_cents=25_000), CREW, load_size="half")
    assert (job.price_cents, job.edits[-1].money) == (25_000, None)


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
        (CREW, Money(price_cents=28_000), Money(price_cents=28_000, payment=cash), None),
    ]
    when = {(edit.occurred_at, edit.recorded_at) for edit in job.edits}
    assert when == {(NOON, NOON + minutes(5))}


def test_an_edit_names_the_price_that_it_changed_by_the_load() -> None:
    assert after(booked(), CREW, load_size="half").edits[-1].fields == ("load_size", "price_cents")


def test_a_payment_is_of_the_whole_price_unless_it_says_otherwise() -> None:
    job = booked(price_cents=30_000)
    paid = after(job, CREW, payment={"method": "card"})
    assert paid.payment == Payment(method="card", amount_cents=30_000)
    part = after(job, CREW, payment={"method": "check", "amount_cents": 10_000})
    assert part.payment == Payment(method="check", amount_cents=10_000)


def test_what_was_paid_for_a_job_without_a_price_is_its_price() -> None:
    job = after(booked(estimate=None), CREW, payment={"method": "cash", "amount_cents": 8_000})
    assert (job.price_cents, job.payment) == (8_000, Payment(method="cash", amount_cents=8_000))


def test_a_payment_of_an_unknown_amount_is_refused() -> None:
    with pytest.raises(EditRefused) as refused:
        after(booked(), payment={"method": "cash"})
    assert refused.value.why == "amount_missing"


def test_a_payment_is_changed_or_taken_back_with_a_reason_only() -> None:
    paid = after(booked(price_cents=30_000), CREW, payment={"method": "cash"})
    for other in ({"method": "check"}, {"method": "none"}, {"method": "cash", "amount_cents": 1}):
        with pytest.raises(EditRefused, match="reason"):
            after(paid, payment=other)
    unpaid = after(paid, payment={"method": "none"}, reason="The bill was counterfeit")
    assert (unpaid.payment, unpaid.edits[-1].reason) == (None, "The bill was counterfeit")


def test_the_same_payment_again_is_no_change_of_money() -> None:
    paid = after(booked(price_cents=30_000), CREW, payment={"method": "cash"})
    assert after(paid, CREW, payment={"method": "cash"}).edits[-1].money is None


def test_the_load_and_its_payment_may_come_in_one_edit() -> None:
    job = after(booked(), CREW, load_size="quarter", payment={"method": "transfer"})
    assert job.payment == Payment(method="transfer", amount_cents=17_500)


@pytest.mark.parametrize(
    ("price", "paid", "owed"),
    [(None, None, 0), (100, None, 100), (100, 100, 0), (100, 40, 60), (100, 120, 0), (0, None, 0)],
)
def test_what_is_owed_is_the_price_without_what_was_paid(
    price: int | None, paid: int | None, owed: int
) -> None:
    assert owed_cents(price, paid) == owed
