"""What the route of a crew member's own jobs returns."""

from functions.api.response_models import JobDocument
from statemachine.values.values import Frozen, JobId, Name, Utc


class OfficeTextEntry(Frozen):
    """A text of the office to a job's customer; neither its author nor the number is in it."""

    text: str
    at: Utc


class MyJobsDocument(Frozen):
    """The signed-in account's jobs for today and tomorrow, ordered by arrival window.

    Jobs without a window come last; ended jobs stay until the day is over.
    """

    account: Name
    """Whose jobs these are: someone else may have signed in on the phone meanwhile."""
    jobs: tuple[JobDocument, ...]
    trucks: dict[Name, str]
    """The names of these jobs' trucks."""
    office_texts: dict[JobId, tuple[OfficeTextEntry, ...]]
    """Of these jobs, while they are open: what the office last texted their customers about them,
    at most ten texts, oldest first. What customers text is among the notes."""
    time_zone: str
    as_of: Utc
