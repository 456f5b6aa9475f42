"""The messages that ought to exist about a job, by what its record says was announced."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import Fact
from functions.advance_job import refused_fact
from functions.edit_job import edited_fact
from functions.messages.endpoints import Endpoint
from functions.messages.fact_notice import FactNotice, notice_of, wanting
from functions.messages.phone_numbers import digest_of
from functions.settle_job import fact_of_entry
from statemachine.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.flows import load_flow
from statemachine.job import Job

CUSTOMER = "customer"
LOOKS_BACK = timedelta(days=7)
"""What is older is not missed: deliveries are erased after a time, and no news after a week."""


@dataclass(frozen=True)
class Expected:
    name: DeliveryName
    fact: Fact
    recorded_at: datetime


def missing_in(
    expected: Iterable[Expected], known: Iterable[Delivery], until: datetime
) -> Iterator[Expected]:
    """Those without a delivery, of facts that were recorded by `until`."""
    names = {delivery.name for delivery in known}
    for one in expected:
        if one.name not in names and until - LOOKS_BACK <= one.recorded_at <= until:
            yield one


def expected_of(
    job: Job, known: Sequence[Delivery], endpoints: Sequence[Endpoint]
) -> Iterator[Expected]:
    yield from _texts(job, known)
    for fact in _announced(job):
        told = notice_of(fact)
        for endpoint in wanting(endpoints, told):
            yield Expected(_webhook_name(told, endpoint), fact, told.recorded_at)


def _announced(job: Job) -> Iterator[Fact]:
    """Entries that no execution has settled yet are not announced, so they are not missed."""
    flow = load_flow(job.flow)
    for seq in range(min(job.execution.seq, job.seq) + 1):
        yield fact_of_entry(job, flow, seq)
    yield from (edited_fact(job, edit) for edit in job.edits)
    yield from (refused_fact(job, refusal) for refusal in job.refused)


def _texts(job: Job, known: Sequence[Delivery]) -> Iterator[Expected]:
    """About its present status only: of those before it, no one is told any more."""
    flow, phone = load_flow(job.flow), job.customer.phone
    if phone is None or job.execution.seq < job.seq or flow.status(job.status).sms is None:
        return
    name = text_name(job, str(job.seq))
    yield Expected(name, fact_of_entry(job, flow, job.seq), job.entered_at_of(job.seq))
    first = next((delivery for delivery in known if delivery.name == name), None)
    corrected = next((e for e in reversed(job.edits) if "customer" in e.fields), None)
    if corrected and first and first.ended and not is_told_to(first, job.tenant, phone):
        mark = corrected_mark(job, phone)
        yield Expected(text_name(job, mark), edited_fact(job, corrected), corrected.recorded_at)


def text_name(job: Job, mark: str) -> DeliveryName:
    return DeliveryName(
        tenant=job.tenant, about=job.job_id, mark=mark, channel="sms", recipient=CUSTOMER
    )


def corrected_mark(job: Job, phone: str) -> str:
    """Of the text that tells a corrected number of the status that the old one was told of."""
    return f"{job.seq}-{number_of(job.tenant, phone)}"


def number_of(tenant: str, phone: str) -> str:
    """Enough of the number's digest to tell it from others of the same job."""
    return digest_of(tenant, phone)[:8]


def is_told_to(delivery: Delivery, tenant: str, phone: str) -> bool:
    """Earlier versions noted of the number its last digits alone."""
    if delivery.number is None:
        return delivery.to == masked_phone(phone)
    return delivery.number == number_of(tenant, phone)


def _webhook_name(told: FactNotice, endpoint: Endpoint) -> DeliveryName:
    return DeliveryName(
        tenant=told.tenant,
        about=told.about,
        mark=told.mark,
        channel="webhook",
        recipient=endpoint.endpoint_id,
    )
