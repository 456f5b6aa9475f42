"""Erases a whole business with everything that is stored for it, in all versions.

Keys and people go first, so that no one can add anything meanwhile; the settings go last, so that
an erasure that was interrupted can be found and run again. Only the id is kept: no other business
gets it, because running functions and browsers may still have what they knew of this one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.erase import Client, erase_job, invalidate_views, purge
from functions.aws.business_settings import S3SettingsStore, settings_key
from functions.aws.job_index import DynamoJobIndex
from functions.aws.s3_stores import S3Jobs, owner_key
from functions.protocol.read_each import Unreadable, read_each
from statemachine.business.business import MAIN, logo_folder

PARTITIONS = ("keys#{}", "tenant#{}", "roster#{}", "claims#{}", "slots#{}")
"""Of the table for people. Crew locations go with their jobs, counters by themselves."""


class NotErasable(Exception):
    """The business may not be erased now; the text says what to do first."""


@dataclass(frozen=True)
class BusinessErased:
    jobs: int
    unreadable: int
    """Jobs that could not be read: their views expire by the bucket's lifecycle."""
    objects: int
    items: int


def check_erasable(client: Client, outputs: Mapping[str, str], business: str) -> int:
    """How many jobs it has. Raises NotErasable, UnknownTenant."""
    s3, bucket = client("s3"), outputs["JobsBucket"]
    settings = S3SettingsStore(s3, bucket).read(business).value
    if business == MAIN:
        raise NotErasable(f"{MAIN} is the first business of every stage; erase its customers")
    if not settings.suspended:
        raise NotErasable(f"it still takes bookings; first: haul business disable {business}")
    jobs = S3Jobs(s3, bucket)
    if still := len(jobs.open_jobs(business)):
        raise NotErasable(f"{still} jobs are still open; complete or cancel them first")
    return sum(1 for _ in jobs.all_ids(business))


def erase_business(client: Client, outputs: Mapping[str, str], business: str) -> BusinessErased:
    """Raises NotErasable, UnknownTenant."""
    check_erasable(client, outputs, business)
    s3, bucket = client("s3"), outputs["JobsBucket"]
    number = S3SettingsStore(s3, bucket).read(business).value.sms_number
    people, index = outputs["CrewRosterTable"], outputs["JobIndexTable"]
    items = sum(_delete_all(client, people, each.format(business)) for each in PARTITIONS)
    erased = jobs = unreadable = 0
    known = S3Jobs(s3, bucket)
    for job in read_each(known, business, known.all_ids(business)):
        if isinstance(job, Unreadable):
            unreadable += 1
            continue
        erased += erase_job(client, outputs, job)
        jobs += 1
    items += DynamoJobIndex(client("dynamodb"), index).erase_business(business)
    erased += purge(s3, outputs["SiteBucket"], logo_folder(business).removeprefix("/"))
    erased += purge(s3, bucket, f"uploads/{business}/") + purge(s3, bucket, f"tenants/{business}/")
    if number and _owns(s3, bucket, number, business):
        erased += purge(s3, bucket, owner_key(number))
    invalidate_views(client, outputs)
    S3SettingsStore(s3, bucket).mark_erased(business)
    erased += purge(s3, bucket, settings_key(business))
    return BusinessErased(jobs, unreadable, erased, items)


def _owns(s3: Any, bucket: str, number: str, business: str) -> bool:
    owner = S3SettingsStore(s3, bucket).owner_of(number)
    return owner is not None and owner.value.tenant == business


def _delete_all(client: Client, table: str, partition: str) -> int:
    dynamodb, deleted = client("dynamodb"), 0
    for key in list(_keys(dynamodb, table, partition)):
        dynamodb.delete_item(TableName=table, Key=key)
        deleted += 1
    return deleted


def _keys(dynamodb: Any, table: str, partition: str) -> Iterator[dict[str, Any]]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        ProjectionExpression="pk, sk",
    )
    return (item for page in pages for item in page["Items"])
