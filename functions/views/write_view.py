"""Write a job's public view, for bookings, settled statuses, edits, photos, and the watchdog.

What a link of before opened is removed by the edit that ended the link, and by the watchdog: a
function that has read the job earlier may write its view once more.
"""

from datetime import datetime

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Corrupt, Unavailable, Views
from statemachine.flows import Flow
from statemachine.job.job import Job
from statemachine.rules.link import dead_digests, link_is_alive
from statemachine.values.ids import digest_of
from statemachine.views.views import view_of


def write_view(
    views: Views, job: Job, flow: Flow, now: datetime, pause: Pause = full_jitter
) -> bool:
    """Store the view unless one of the same or a higher `rev` is there, or the job's link is dead;
    returns whether it did.

    A view that cannot be read is replaced, because it is derived and must not hold up the job.
    Raises Unavailable if no attempt succeeds.
    """
    if not link_is_alive(job, now):
        return False
    view, digest = view_of(job, flow), digest_of(job.token)
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            rev, etag = _stored(views, digest)
            if rev >= view.rev:
                return False
            views.write(digest, view, replacing=etag)
            return True
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"{job.job_id}: view not written in {ATTEMPTS} attempts") from last


def remove_dead_views(views: Views, job: Job, now: datetime) -> bool:
    """Remove what links of before, or a dead link, still open; whether there was anything.

    It is not conditional. If someone brings the job back meanwhile, the watchdog writes the view
    again, as the job was just touched. Raises Unavailable.
    """
    there = [digest for digest in dead_digests(job, now) if _is_there(views, digest)]
    for digest in there:
        views.remove(digest)
    return bool(there)


def _is_there(views: Views, digest: str) -> bool:
    try:
        return views.read(digest) is not None
    except Corrupt:
        return True


def _stored(views: Views, digest: str) -> tuple[int, str | None]:
    """The `rev` and the ETag of the stored view; rev 0 if there is none or it cannot be read."""
    try:
        stored = views.read(digest)
    except Corrupt as error:
        return 0, error.etag
    return (stored.value.rev, stored.etag) if stored else (0, None)
