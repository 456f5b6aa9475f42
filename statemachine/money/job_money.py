"""The rules about what a job costs and what was paid: what an edit makes of both. Pure functions.

The price follows the load that the crew reports, at the prices of the booking, until a person sets
another. Payments add up. It takes a reason to change a price that a person set, to take payments
back, and to note more than is owed, because the same payment is easily noted twice.
"""

from collections.abc import Iterable
from typing import Protocol

from statemachine.job.job import Job
from statemachine.job.prices import (
    MOST_PAYMENTS,
    LoadSize,
    Money,
    MoneyChange,
    Payment,
    PaymentMethod,
)
from statemachine.job.records import EditRefusalReason
from statemachine.money.price_guide import proposed_price


class PaymentRequest(Protocol):
    """`events.PaymentInput`. Without an amount it is what is owed; `none` takes all back."""

    @property
    def method(self) -> PaymentMethod | str: ...
    @property
    def amount_cents(self) -> int | None: ...


class MoneyEdit(Protocol):
    """What these rules read of an edit's changes."""

    @property
    def price_cents(self) -> int | None: ...
    @property
    def load_size(self) -> LoadSize | None: ...
    @property
    def payment(self) -> PaymentRequest | None: ...
    @property
    def reason(self) -> str | None: ...


class MoneyRefused(Exception):
    """The price or the payment cannot be changed like that."""

    def __init__(self, why: EditRefusalReason, text: str) -> None:
        super().__init__(text)
        self.why = why


def money_of(job: Job) -> Money:
    return Money(price_cents=job.price_cents, payments=job.payments)


def paid_in(payments: Iterable[Payment]) -> int:
    """What was paid in all, in cents."""
    return sum(payment.amount_cents for payment in payments)


def owed_cents(price_cents: int | None, paid_cents: int) -> int:
    """What is not paid yet; nothing for a job without a price."""
    return max((price_cents or 0) - paid_cents, 0)


def money_values(job: Job, changes: MoneyEdit) -> dict[str, object]:
    """The price and the payments after the edit, where it names or changes them.

    Raises MoneyRefused.
    """
    before, after = money_of(job), money_after(job, changes)
    named = {"price_cents": changes.price_cents, "payments": changes.payment}
    return {
        name: getattr(after, name)
        for name, wanted in named.items()
        if wanted is not None or getattr(after, name) != getattr(before, name)
    }


def money_change(before: Job, after: Job) -> MoneyChange | None:
    """None if neither what is owed nor what was paid has changed."""
    old, new = money_of(before), money_of(after)
    return None if old == new else MoneyChange(before=old, after=new)


def is_paid(job: Job) -> bool:
    """Whether something was paid, and nothing is owed."""
    return bool(job.payments) and not owed_cents(job.price_cents, paid_in(job.payments))


def money_after(job: Job, changes: MoneyEdit) -> Money:
    """What is owed and paid after the edit. Raises MoneyRefused."""
    price = _price(job, changes)
    payments = _payments(job, changes, price)
    if price is None and payments:
        price = paid_in(payments)  # agreed on the spot: what was paid is what was owed
    return Money(price_cents=price, payments=payments)


def _price(job: Job, changes: MoneyEdit) -> int | None:
    before, proposed = job.price_cents, proposed_price(job.estimate, job.load_size)
    following = proposed_price(job.estimate, changes.load_size or job.load_size)
    wanted = changes.price_cents
    if wanted is None:
        follows = changes.load_size is not None and before in (None, proposed)
        return following if follows and following is not None else before
    if before is not None and wanted not in (before, following) and not changes.reason:
        raise MoneyRefused("reason_missing", "a price is changed with a reason; send `reason`")
    return wanted


def _payments(job: Job, changes: MoneyEdit, price: int | None) -> tuple[Payment, ...]:
    wanted, noted = changes.payment, job.payments
    if wanted is None:
        return noted
    if wanted.method == "none":
        if noted and not changes.reason:
            raise MoneyRefused("reason_missing", "payments are taken back with a reason; send it")
        return ()
    if len(noted) == MOST_PAYMENTS:
        text = f"the job has {MOST_PAYMENTS} payments; take them back and note their sum"
        raise MoneyRefused("not_possible", text)
    payment = _requested(wanted, price, paid_in(noted))
    too_much = paid_in((*noted, payment)) > (price or 0)
    if noted and too_much and not changes.reason:
        text = "with what is noted already, that is more than is owed; send `reason`"
        raise MoneyRefused("reason_missing", text)
    return (*noted, payment)


def _requested(wanted: PaymentRequest, price: int | None, paid: int) -> Payment:
    amount = wanted.amount_cents
    if amount is None and price is None:
        raise MoneyRefused("amount_missing", "the job has no price; send `amount_cents` too")
    if amount is None and paid and not owed_cents(price, paid):
        raise MoneyRefused("amount_missing", "nothing is owed; send `amount_cents` if it was more")
    amount = owed_cents(price, paid) if amount is None else amount
    return Payment.model_validate({"method": wanted.method, "amount_cents": amount})
