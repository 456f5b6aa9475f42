"""Finds the jobs of a customer by a job id, a phone number, or a name.

A phone number is one person, whatever names were written with it. Without a number, a name at an
address is one person. A job belongs to the customer it names now, and is also found by the
customers it named before.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cli.client.connection import Connection
from deploy.former_customers import former_customers, was_corrected
from functions.aws.history import S3History
from functions.aws.s3_stores import S3Jobs
from functions.protocol.read_each import Unreadable, read_each
from statemachine.job.job import Customer, Job
from statemachine.values.phones import parse_phone
from statemachine.values.values import JOB_ID_PATTERN

Key = tuple[str, ...]


@dataclass(frozen=True)
class CustomerMatch:
    """One person: their jobs, and every customer that these jobs name now or named before."""

    jobs: Sequence[Job]
    customers: frozenset[Customer]

    @property
    def phones(self) -> set[str]:
        return {each.phone for each in self.customers if each.phone}

    @property
    def current_phones(self) -> set[str | None]:
        return {job.customer.phone for job in self.jobs}

    def described(self) -> str:
        """Names, numbers, and jobs, so that the user can choose."""
        names = " / ".join(sorted({job.customer.name for job in self.jobs}))
        numbers = ", ".join(sorted(phone for phone in self.current_phones if phone)) or "no number"
        ids = ", ".join(job.job_id for job in self.jobs)
        return f"{names}, {numbers}: {ids}"


@dataclass(frozen=True)
class CustomerIndex:
    """Every person. `broken` jobs have a readable earlier version, `unreadable` jobs have none."""

    people: Sequence[CustomerMatch]
    broken: frozenset[str]
    unreadable: frozenset[str]


def all_customers(connection: Connection, tenant: str) -> CustomerIndex:
    """Raises Unavailable."""
    s3, outputs = connection.client("s3"), connection.outputs
    jobs = S3Jobs(s3, outputs["JobsBucket"])
    history = S3History(s3, outputs["JobsBucket"], outputs["SiteBucket"])
    found: list[tuple[Job, frozenset[Customer]]] = []
    broken, unreadable = set[str](), set[str]()
    for job in read_each(jobs, tenant, jobs.all_ids(tenant)):
        if not isinstance(job, Unreadable):
            found.append((job, _customers(history, job)))
        elif versions := history.of_job(tenant, job.job_id).items:
            broken.add(job.job_id)
            customers = former_customers(history, tenant, job.job_id)
            found.append((versions[-1].value, frozenset(customers)))
        else:
            unreadable.add(job.job_id)
    return CustomerIndex(_people(found), frozenset(broken), frozenset(unreadable))


def _customers(history: S3History, job: Job) -> frozenset[Customer]:
    """The earlier versions of a job are read only if its customer was corrected."""
    before = former_customers(history, job.tenant, job.job_id) if was_corrected(job) else ()
    return frozenset({job.customer, *before})


def _people(found: Iterable[tuple[Job, frozenset[Customer]]]) -> list[CustomerMatch]:
    groups: dict[Key, list[tuple[Job, frozenset[Customer]]]] = defaultdict(list)
    for job, customers in found:
        groups[_key(job)].append((job, customers))
    return [
        CustomerMatch([job for job, _ in group], frozenset().union(*(each for _, each in group)))
        for _, group in sorted(groups.items())
    ]


def _key(job: Job) -> Key:
    phone = job.customer.phone
    return (phone,) if phone else ("", _plain(job.customer.name), _plain(job.place.address))


def matching_customers(customer: str, known: CustomerIndex) -> list[CustomerMatch]:
    """By a job id, a phone number, or a name. The person who has the number now comes before those
    who had it earlier: it may have been written down for them by mistake."""
    if re.fullmatch(JOB_ID_PATTERN, customer.strip(), re.ASCII):
        return [p for p in known.people if any(j.job_id == customer.strip() for j in p.jobs)]
    if phone := phone_in(customer):
        now = [person for person in known.people if phone in person.current_phones]
        return now or [person for person in known.people if phone in person.phones]
    name = _plain(customer)
    return [p for p in known.people if any(_plain(each.name) == name for each in p.customers)]


def phone_in(customer: str) -> str | None:
    """The phone number in a usual spelling; None if the text is a name."""
    try:
        return parse_phone(customer)
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
