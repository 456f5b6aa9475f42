"""A separate business for the tests of permissions. Its jobs are written directly, not booked."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Tenants
from functions.people.accounts import Passwords, Role, new_account
from local.laptop import Laptop
from statemachine.business.business import NEVER_QUIET, BusinessSettings, QuietHours
from statemachine.job.deliveries import Delivery
from statemachine.job.job import Assigned, Customer, Job, Schedule
from tests.e2e.support.jobs import add_to_roster, jobs_of, move
from tests.support.builders import a_job

TENANT = "privilege"
QUIET_TENANT = "quiet"
"""A business whose quiet hours began an hour ago and last for a day but for a minute."""
NO_ONE = {"tenant": TENANT, "job_id": "261121-zzzzzz"}
DESK, PASSWORD = "dana", "correct horse battery"
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def open_business(stack: Laptop) -> None:
    bucket = stack.outputs["JobsBucket"]
    settings = BusinessSettings(tenant=TENANT, name="Least", quiet=NEVER_QUIET, time_zone="UTC")
    S3Tenants(stack.client("s3"), bucket).add(settings)
    begun = (now() - timedelta(hours=1)).replace(second=0, microsecond=0)
    always = QuietHours(begin=begun.time(), end=(begun - timedelta(minutes=1)).time())
    quiet = BusinessSettings(tenant=QUIET_TENANT, name="Quiet", quiet=always, time_zone="UTC")
    S3Tenants(stack.client("s3"), bucket).add(quiet)
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    roles: tuple[Role, ...] = ("owner", "dispatcher", "driver", "ops")
    accounts.add(new_account(TENANT, DESK, "Dana", roles, PASSWORD, now(), Passwords()))


def new(status: str | None = None, **values: Any) -> Job:
    """A job created now, without a booking."""
    job_id = f"{now():%y%m%d}-{''.join(secrets.choice(LETTERS) for _ in range(6))}"
    own = {"tenant": TENANT, "job_id": job_id, "event_id": fresh(), "created_at": now()}
    nameless = {"customer": Customer(name="No one"), "token": secrets.token_urlsafe(16)}
    return a_job(status, **{**own, **nameless, **values})


def since(job: Job, at: datetime) -> Job:
    return job.with_(entered_at=at, execution=job.execution.with_(since=at))


def kept(stack: Laptop, job: Job) -> Job:
    jobs_of(stack).create(job)
    return job


def tomorrow() -> Schedule:
    begin = now() + timedelta(days=1)
    return Schedule(window_start=begin, window_end=begin + timedelta(hours=2))


def driver(stack: Laptop) -> dict[str, str]:
    """A new person on the roster, in the form of an edit of a job's crew."""
    member = f"drv_{uuid.uuid4().hex[:8]}"
    add_to_roster(stack, member, tenant=TENANT)
    return {"role": "driver", "member": member}


def with_signed_in_driver(job: Job) -> Job:
    """With the person who signs in as its driver."""
    return job.with_(crew=(Assigned(role="driver", member=DESK, first_name="Dana"),))


def a_text(job: Job, at: datetime) -> Delivery:
    """A text about the job that was due at that time."""
    name = {"about": job.job_id, "mark": "0", "channel": "sms", "recipient": "customer"}
    draft = Delivery.model_validate(
        {
            "name": {"tenant": TENANT, **name},
            "state": "waiting",
            "to": "***0123",
            "created_at": at,
            "updated_at": at,
        }
    )
    return draft.claimed("lost", at)


def ref(job: Job) -> dict[str, str]:
    return {"tenant": job.tenant, "job_id": job.job_id}


def asks(job: Job, name: str, **more: Any) -> dict[str, Any]:
    return move(job.job_id, name, fresh(), **more) | ref(job)


def fresh() -> str:
    return uuid.uuid4().hex


def now() -> datetime:
    return datetime.now(UTC)
