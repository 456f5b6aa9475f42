"""The rules about what a job costs and what was paid: what an edit makes of both. Pure functions.

The price follows the load that the crew reports, at the prices of the booking, until a person sets
another. What a person has set, a price or a payment, is changed only with a reason.
"""

from typing import Protocol

from statemachine.job import Job
from statemachine.price_guide import proposed_price
from statemachine.prices import LoadSize, Money, MoneyChange, Payment, PaymentMethod
from statemachine.records import EditRefusalReason


class PaymentRequest(Protocol):
    """`events.PaymentInput`. Without an amount it is the whole price; `none` is a job not paid."""

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
    return Money(price_cents=job.price_cents, payment=job.payment)


def owed_cents(price_cents: int | None, paid_cents: int | None) -> int:
    """What is not paid yet; nothing for a job without a price."""
    return max((price_cents or 0) - (paid_cents or 0), 0)


def money_values(job: Job, changes: MoneyEdit) -> dict[str, object]:
    """The price and the payment after the edit, where it names or changes them.

    Raises MoneyRefused.
    """
    before, after = money_of(job), money_after(job, changes)
    return {
        name: getattr(after, name)
        for name in Money.model_fields
        if getattr(changes, name) is not None or getattr(after, name) != getattr(before, name)
    }


def money_change(before: Job, after: Job) -> MoneyChange | None:
    """None if neither what is owed nor what was paid has changed."""
    old, new = money_of(before), money_of(after)
    return None if old == new else MoneyChange(before=old, after=new)


def is_paid(job: Job) -> bool:
    """Whether something was paid, and nothing is owed."""
    paid = job.payment
    return paid is not None and not owed_cents(job.price_cents, paid.amount_cents)


def money_after(job: Job, changes: MoneyEdit) -> Money:
    """What is owed and paid after the edit. Raises MoneyRefused."""
    price = _price(job, changes)
    payment = _payment(job, changes, price)
    if price is None and payment is not None:
        price = payment.amount_cents  # agreed on the spot: what was paid is what was owed
    return Money(price_cents=price, payment=payment)


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


def _payment(job: Job, changes: MoneyEdit, price: int | None) -> Payment | None:
    wanted, before = changes.payment, job.payment
    if wanted is None:
        return before
    after = _requested(wanted, price)
    if before is not None and after != before and not changes.reason:
        raise MoneyRefused("reason_missing", "a payment is changed with a reason; send `reason`")
    return after


def _requested(wanted: PaymentRequest, price: int | None) -> Payment | None:
    if wanted.method == "none":
        return None
    amount = price if wanted.amount_cents is None else wanted.amount_cents
    if amount is None:
        raise MoneyRefused("amount_missing", "the job has no price; send `amount_cents` too")
    return Payment.model_validate({"method": wanted.method, "amount_cents": amount})
