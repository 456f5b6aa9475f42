"""The messages that should exist about a job, derived from the facts that its record announced."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import Fact
from functions.jobs.facts import edited_fact, fact_of_entry, refused_fact
from functions.messages.endpoints import Endpoint
from functions.messages.fact_notice import FactNotice, notice_of, receivers_of
from functions.messages.phone_numbers import digest_of
from statemachine.flows import load_flow
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.job.job import Job
from statemachine.messages.owed_texts import TELLING, owed_text

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
    job: Job, known: Sequence[Delivery], endpoints: Sequence[Endpoint], now: datetime
) -> Iterator[Expected]:
    yield from _texts(job, known, now)
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


def _texts(job: Job, known: Sequence[Delivery], now: datetime) -> Iterator[Expected]:
    """The one text that is owed now; a change that is not settled yet is not announced either."""
    flow, phone = load_flow(job.flow), job.text_phone
    if phone is None or job.execution.seq < job.seq:
        return
    owed = owed_text(job, flow, known, number_of(job.tenant, phone), now)
    if owed is None:
        return
    made = (e for e in reversed(job.edits) if e.recorded_at == owed.at and TELLING & set(e.fields))
    edit = None if owed.mark.isdecimal() else next(made, None)
    fact = edited_fact(job, edit) if edit else fact_of_entry(job, flow, job.seq)
    yield Expected(text_name(job, owed.mark), fact, owed.at)


def text_name(job: Job, mark: str) -> DeliveryName:
    return DeliveryName(
        tenant=job.tenant, about=job.job_id, mark=mark, channel="sms", recipient=CUSTOMER
    )


def number_of(tenant: str, phone: str) -> str:
    """Enough of the number's digest to distinguish it from other numbers of the same job."""
    return digest_of(tenant, phone)[:8]


def _webhook_name(notice: FactNotice, endpoint: Endpoint) -> DeliveryName:
    return DeliveryName(
        tenant=notice.tenant,
        about=notice.about,
        mark=notice.mark,
        channel="webhook",
        recipient=endpoint.endpoint_id,
    )
