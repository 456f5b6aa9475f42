"""The messages that should exist about a job, derived from the facts that its record announced."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import Fact
from functions.jobs.facts import edited_fact, fact_of_entry, refused_fact
from functions.messages.endpoints import Endpoint
from functions.messages.fact_notice import FactNotice, notice_of, receivers_of
from functions.messages.phone_numbers import digest_of
from statemachine.deliveries import Delivery, DeliveryName
from statemachine.flows import load_flow
from statemachine.job import Job

CUSTOMER = "customer"
LOOKS_BACK = timedelta(days=7)
"""Older facts are not checked: deliveries are erased after a while, and the news is stale."""


@dataclass(frozen=True)
class Expected:
    name: DeliveryName
    fact: Fact
    recorded_at: datetime


def missing_in(
    expected: Iterable[Expected], known: Iterable[Delivery], until: datetime
) -> Iterator[Expected]:
    """Those without a delivery, among facts recorded at most LOOKS_BACK before `until`."""
    names = {delivery.name for delivery in known}
    for one in expected:
        if one.name not in names and until - LOOKS_BACK <= one.recorded_at <= until:
            yield one


def expected_of(
    job: Job, known: Sequence[Delivery], endpoints: Sequence[Endpoint]
) -> Iterator[Expected]:
    yield from _texts(job, known)
    for fact in _announced(job):
        notice = notice_of(fact)
        for endpoint in receivers_of(endpoints, notice):
            yield Expected(_webhook_name(notice, endpoint), fact, notice.recorded_at)


def _announced(job: Job) -> Iterator[Fact]:
    """Moves that no execution has settled are not announced yet, so they are not expected."""
    flow = load_flow(job.flow)
    for seq in range(min(job.execution.seq, job.seq) + 1):
        yield fact_of_entry(job, flow, seq)
    yield from (edited_fact(job, edit) for edit in job.edits)
    yield from (refused_fact(job, refusal) for refusal in job.refused)


def _texts(job: Job, known: Sequence[Delivery]) -> Iterator[Expected]:
    """Only about the current status: no text is sent about an earlier one."""
    flow, phone = load_flow(job.flow), job.customer.phone
    if phone is None or job.execution.seq < job.seq or flow.status(job.status).sms is None:
        return
    name = text_name(job, str(job.seq))
    yield Expected(name, fact_of_entry(job, flow, job.seq), job.entered_at_of(job.seq))
    first = next((delivery for delivery in known if delivery.name == name), None)
    corrected = next((e for e in reversed(job.edits) if "customer" in e.fields), None)
    if corrected and first and first.ended and not was_sent_to(first, job.tenant, phone):
        mark = corrected_mark(job, phone)
        yield Expected(text_name(job, mark), edited_fact(job, corrected), corrected.recorded_at)


def text_name(job: Job, mark: str) -> DeliveryName:
    return DeliveryName(
        tenant=job.tenant, about=job.job_id, mark=mark, channel="sms", recipient=CUSTOMER
    )


def corrected_mark(job: Job, phone: str) -> str:
    """The mark of the text that repeats a status for a corrected phone number."""
    return f"{job.seq}-{number_of(job.tenant, phone)}"


def number_of(tenant: str, phone: str) -> str:
    """Enough of the number's digest to distinguish it from other numbers of the same job."""
    return digest_of(tenant, phone)[:8]


def was_sent_to(delivery: Delivery, tenant: str, phone: str) -> bool:
    return delivery.number == number_of(tenant, phone)


def _webhook_name(notice: FactNotice, endpoint: Endpoint) -> DeliveryName:
    return DeliveryName(
        tenant=notice.tenant,
        about=notice.about,
        mark=notice.mark,
        channel="webhook",
        recipient=endpoint.endpoint_id,
    )
