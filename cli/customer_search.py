"""Who is meant by a name or a number: the people that a business's jobs speak of.

One number is one person, whatever names it was written with. Without a number, a name at an address
is. A job counts for whom it names now; who it named before finds it too.
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
from statemachine.job import Customer, Job
from statemachine.phones import parse_phone
from statemachine.values import JOB_ID_PATTERN

Key = tuple[str, ...]


@dataclass(frozen=True)
class CustomerMatch:
    """`customers` are all that their jobs name now, or named before."""

    jobs: Sequence[Job]
    customers: frozenset[Customer]

    @property
    def phones(self) -> set[str]:
        return {each.phone for each in self.customers if each.phone}

    @property
    def now(self) -> set[str | None]:
        return {job.customer.phone for job in self.jobs}

    def described(self) -> str:
        """For the one who has to choose: names, number, jobs."""
        names = " / ".join(sorted({job.customer.name for job in self.jobs}))
        numbers = ", ".join(sorted(phone for phone in self.now if phone)) or "no number"
        ids = ", ".join(job.job_id for job in self.jobs)
        return f"{names}, {numbers}: {ids}"


@dataclass(frozen=True)
class KnownCustomer:
    """`broken` jobs are known by their last readable version, `unreadable` ones have none."""

    people: Sequence[CustomerMatch]
    broken: frozenset[str]
    unreadable: frozenset[str]


def everybody(place: Connection, tenant: str) -> KnownCustomer:
    """Raises Unavailable."""
    s3, outputs = place.client("s3"), place.outputs
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
    return KnownCustomer(_people(found), frozenset(broken), frozenset(unreadable))


def _customers(history: S3History, job: Job) -> frozenset[Customer]:
    """Versions are read only of a job that says that its customer was corrected."""
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


def those_meant(customer: str, known: KnownCustomer) -> list[CustomerMatch]:
    """By a job's id, by a number, or by a name. Whoever has that number now comes before those
    who had it once: it may have been someone else's by mistake."""
    if re.fullmatch(JOB_ID_PATTERN, customer.strip(), re.ASCII):
        return [p for p in known.people if any(j.job_id == customer.strip() for j in p.jobs)]
    if phone := phone_in(customer):
        now = [person for person in known.people if phone in person.now]
        return now or [person for person in known.people if phone in person.phones]
    name = _plain(customer)
    return [p for p in known.people if any(_plain(each.name) == name for each in p.customers)]


def phone_in(customer: str) -> str | None:
    """The number that is meant, as people write it; None where it is a name."""
    try:
        return parse_phone(customer)
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
