"""When the links of ended jobs end: one empty object each, whose name begins with the time.

tenants/main/links/20261223T170000Z/261121-7k3m2q
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from functions.aws.errors import retryable
from functions.aws.s3_stores import S3Objects


class S3LinkEnds:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def add(self, tenant: str, job_id: str, at: datetime) -> None:
        with retryable():
            self.objects.put(f"{_prefix(tenant)}{link_end_name(job_id, at)}", b"{}")

    def due(self, tenant: str, now: datetime) -> Iterator[tuple[str, str]]:
        """Names are listed in the order of time, so only those that are due are read."""
        for name in self.objects.keys(_prefix(tenant)):
            at, _, job_id = name.partition("/")
            if at > stamp(now):
                return
            yield name, job_id

    def remove(self, tenant: str, name: str) -> None:
        self.objects.remove(f"{_prefix(tenant)}{name}")


def _prefix(tenant: str) -> str:
    return f"tenants/{tenant}/links/"


def link_end_name(job_id: str, at: datetime) -> str:
    return f"{stamp(at)}/{job_id}"


def stamp(at: datetime) -> str:
    """These stamps sort in the order of time."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
