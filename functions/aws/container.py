"""What every Lambda container has: settings, clients, a clock, and a log.

Settings are read from the environment when a function is wired, never at import, so that a
misconfigured function fails at its first event and names what is missing.

Clients come from botocore, the core of boto3. They are the same clients without boto3's resource
and transfer layers, which we do not use and which take a third of a function's import time
(`bench/imports.py`).
"""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from botocore.handlers import add_expect_header
from botocore.session import Session, get_session
from pydantic import BaseModel, ConfigDict, ValidationError

from functions.aws.json_log import JsonLog

if TYPE_CHECKING:
    from functions.protocol.batches import BatchConsumer, Event

log = JsonLog()

CONNECT_S = 2
READ_S = 10
POOL = 16


class Misconfigured(Exception):
    """The function's environment lacks something; `template.yaml` sets it."""


class FunctionSettings(BaseModel):
    """The environment variables of one function, in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class HasJobs(FunctionSettings):
    jobs_bucket: str


class HasViews(FunctionSettings):
    site_bucket: str
    jobs_bucket: str
    view_ttl_s: int
    """How long the edge may cache a view while changes are invalidated."""
    invalidation_paths_per_month: int
    """How many paths may be invalidated; see functions/views/invalidation_budget.py."""
    push_host: str = ""
    """The host of the push service; empty: there is none, and pages only poll."""


class HasRoster(FunctionSettings):
    crew_roster: str
    """The table of accounts, days, trucks, and reservations."""


class HasIndex(FunctionSettings):
    job_index: str
    """The table of the index of all jobs."""


class Announces(FunctionSettings):
    bus_name: str


class RunsMachines(FunctionSettings):
    machine_prefix: str
    """The ARN of a flow's state machine without the flow's name."""
    machine_alias: str = ""
    """The alias of the version in use; a deployment moves it."""


class FromQueue(FunctionSettings):
    dead_letter_url: str


class OpsNames(HasJobs, HasViews, HasRoster, Announces, RunsMachines):
    queue_prefix: str
    """The prefix of the names of all queues of the stage."""
    watch_function: str
    """The name of the watchdog's function."""


Wired = TypeVar("Wired")
SettingsT = TypeVar("SettingsT", bound=FunctionSettings)


def read_settings(wanted: type[SettingsT]) -> SettingsT:
    """The settings of a function. Raises Misconfigured, which names every missing variable."""
    values = {
        name: os.environ[name.upper()] for name in wanted.model_fields if name.upper() in os.environ
    }
    try:
        return wanted.model_validate(values)
    except ValidationError as error:
        names = ", ".join(str(problem["loc"][0]).upper() for problem in error.errors())
        raise Misconfigured(f"missing or wrong in the environment: {names}") from error


def once(wire: Callable[[], Wired]) -> Callable[[], Wired]:
    """`wire`, called at the first event of a container and never at import."""
    return cache(wire)


@cache
def session() -> Session:
    """One session for all clients of a container: each new one reads the SDK's data files again.

    Objects are small, so their bodies are sent at once instead of after a "100 Continue", which a
    busy server is slow to send.
    """
    made = get_session()
    waiting: Any = add_expect_header
    made.unregister("before-call.s3", waiting)
    return made


def client(service: Any) -> Any:
    """A client that retries by itself, for calls that may safely be repeated."""
    return session().create_client(
        service, config=_config({"mode": "standard", "total_max_attempts": 4})
    )


def one_attempt(service: Any) -> Any:
    """A client that does not retry, for calls that must not be repeated.

    A text would be sent twice. A conditional write whose response was lost would be repeated and
    get 412 because of its own first attempt.
    """
    return session().create_client(service, config=_config({"total_max_attempts": 1}))


def credentials() -> Any:
    """The container's own, to sign requests that others will send."""
    return session().get_credentials()


def _config(retries: Any) -> Config:
    return Config(
        retries=retries,
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        max_pool_connections=POOL,
    )


def batch_consumer(
    event: "type[Event]",
    settings: FromQueue,
    parse: "Callable[[type[Event], str], Event] | None" = None,
) -> "BatchConsumer[Event]":
    # Imported here because functions without a queue need none of it.
    from functions.aws.dead_letter_sender import SqsDeadLetters
    from functions.aws.queues import SqsRedelivery
    from functions.protocol.batches import BatchConsumer

    sqs, url = client("sqs"), settings.dead_letter_url
    return BatchConsumer(event, SqsDeadLetters(sqs, url), log, parse, SqsRedelivery(sqs, url))
