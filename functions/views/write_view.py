"""Write a job's public view, for bookings, settled statuses, edits, photos, and the watchdog."""

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Corrupt, Unavailable, Views
from statemachine.flows import Flow
from statemachine.ids import digest_of
from statemachine.job import Job
from statemachine.views import view_of


def write_view(views: Views, job: Job, flow: Flow, pause: Pause = full_jitter) -> bool:
    """Store the view unless one of the same or a higher `rev` is there; returns whether it did.

    A view that cannot be read is replaced, because it is derived and must not hold up the job.
    Raises Unavailable if no attempt succeeds.
    """
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


def _stored(views: Views, digest: str) -> tuple[int, str | None]:
    """The `rev` and the ETag of the stored view; rev 0 if there is none or it cannot be read."""
    try:
        stored = views.read(digest)
    except Corrupt as error:
        return 0, error.etag
    return (stored.value.rev, stored.etag) if stored else (0, None)
