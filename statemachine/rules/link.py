"""A job's tracking link: how long it lives, and what becomes of it. Pure functions.

    replaced   the job has another token; the former one's digest is kept until it is forgotten
    revoked    the job has a token that opens nothing, until the link is replaced
    ended      so many days after the job has ended; a job that is brought back has its link again

The job alone says whether its link is alive. Views under other digests must not be there.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.job.link_values import MAX_FORMER, LinkChange
from statemachine.values.ids import digest_of
from statemachine.values.safe_time import shifted


def link_ends_at(job: Job) -> datetime | None:
    """When the link ends; None while the job has not ended."""
    if not load_flow(job.flow).status(job.status).terminal:
        return None
    return shifted(job.entered_at, timedelta(days=job.link.days))


def link_is_alive(job: Job, now: datetime) -> bool:
    """Whether the holder of the job's token sees the job."""
    ends_at = link_ends_at(job)
    return not job.link.revoked and (ends_at is None or now < ends_at)


def dead_digests(job: Job, now: datetime) -> tuple[str, ...]:
    """The digests under which no view of the job may be public."""
    mine = () if link_is_alive(job, now) else (digest_of(job.token),)
    return (*job.link.former, *mine)


def changed_link(job: Job, change: LinkChange, new_token: Callable[[], str]) -> dict[str, object]:
    """The values of the job with its link replaced or revoked.

    Names of photos stay derived from the first token, so that an upload under way finds its own.
    """
    if change == "revoke":
        return {"link": job.link.with_(revoked=True)}
    former = (*job.link.former, digest_of(job.token))[-MAX_FORMER:]
    seed = job.link.photo_seed or job.token
    link = job.link.with_(revoked=False, former=former, photo_seed=seed)
    return {"link": link, "token": new_token()}
