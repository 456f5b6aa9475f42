"""Finds a job's former customers: names and numbers that a correction has replaced.

The job records only that its customer was changed, not from what. S3 keeps the earlier versions of
its object for a month; after that only the record of the phone number, which lists the jobs it was
texted about, and the masked numbers of sent texts are left.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from functions.aws.history import S3History
from functions.aws.s3_stores import S3Objects
from functions.messages.phone_numbers import PhoneRecord
from functions.protocol.ports import Corrupt
from statemachine.job.deliveries import Delivery
from statemachine.job.job import Customer, Job


def former_customers(history: S3History, tenant: str, job_id: str) -> tuple[Customer, ...]:
    """Each customer once, oldest first, from the versions that can be read."""
    versions = history.of_job(tenant, job_id).items
    return tuple(dict.fromkeys(version.value.customer for version in versions))


def was_corrected(job: Job) -> bool:
    return any("customer" in edit.fields for edit in job.edits)


def digests_of(s3: Any, bucket: str, tenant: str, job_ids: Iterable[str]) -> set[str]:
    """Digests of the numbers that were texted about these jobs and no others."""
    objects, prefix, ours = S3Objects(s3, bucket), f"tenants/{tenant}/numbers/", set(job_ids)
    return {
        number.digest
        for number in _numbers(objects, prefix)
        if (jobs := _jobs_of(number)) and jobs <= ours
    }


def _jobs_of(number: PhoneRecord) -> set[str]:
    return {*number.jobs, *(question.job_id for question in number.questions)}


def _numbers(objects: S3Objects, prefix: str) -> Iterator[PhoneRecord]:
    for key in objects.keys(prefix):
        try:
            stored = objects.load(prefix + key, PhoneRecord)
        except Corrupt:
            continue
        if stored:
            yield stored.value


def masks_of(s3: Any, bucket: str, tenant: str, job_id: str) -> set[str]:
    """The masked numbers that were texted about the job."""
    objects, prefix = S3Objects(s3, bucket), f"tenants/{tenant}/deliveries/{job_id}/"
    found: set[str] = set()
    for key in objects.keys(prefix):
        try:
            stored = objects.load(prefix + key, Delivery)
        except Corrupt:
            continue
        if stored and stored.value.name.channel == "sms":
            found.add(stored.value.to)
    return found
