"""Write a job's public view; the way `create_job`, `settle_job`, edits and the watchdog share."""

from functions.commit import ATTEMPTS, Pause, full_jitter
from functions.ports import Conflict, Unavailable, Views
from statemachine.flows import Flow
from statemachine.identity import digest_of
from statemachine.job import Job
from statemachine.views import view_of


def write_view(views: Views, job: Job, flow: Flow, pause: Pause = full_jitter) -> bool:
    """Whether a newer view was stored; one of the same or a higher `rev` is left in place.

    Raises Unavailable past the bound of attempts.
    """
    view, digest = view_of(job, flow), digest_of(job.token)
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = views.read(digest)
            if stored and stored.value.rev >= view.rev:
                return False
            views.write(digest, view, replacing=stored.etag if stored else None)
            return True
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"{job.job_id}: view not written in {ATTEMPTS} attempts") from last
