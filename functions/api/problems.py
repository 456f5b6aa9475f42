"""Every way to say no, as problem documents (RFC 9457): one table, and one place that maps errors.

A client decides by `type`, whose last part never changes; `title` and `detail` are for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from functions.business.change_settings import SettingsChanged
from functions.create_job import BookedOtherwise, BusinessSuspended, WindowRefused
from functions.ops.dead_letters import NotRedrivable, UnknownQueue
from functions.people.accounts import retry_after_s
from functions.people.crew_location import JobNotUnderWay
from functions.people.sign_in import TooManyAttempts
from functions.photos.add_photo import EventTaken, PhotoMissing
from functions.protocol.ports import Corrupt, Unavailable, Unforeseen, UnknownJob, UnknownTenant
from statemachine.edits import CrewTaken, CrewUnavailable, EditRefused
from statemachine.flows import UnknownFlow, UnknownStatus
from statemachine.job import RefusalReason
from statemachine.lifecycle import EXPLANATIONS, RecordsFull
from statemachine.proof_of_service import PhotoRefused
from statemachine.values import JobId


def slug_of(why: RefusalReason) -> str:
    """The last part of the problem's type for a move that was refused."""
    return why.replace("_", "-")


MEDIA_TYPE = "application/problem+json"

PROBLEMS: dict[str, tuple[int, str]] = {
    slug_of(why): (409, sentence) for why, sentence in EXPLANATIONS.items()
} | {
    "malformed": (400, "The body is not JSON in UTF-8, or was damaged on its way"),
    "wrong-credentials": (401, "Account or password is wrong"),
    "signed-out": (401, "Sign in first"),
    "cross-site": (403, "Another site may not ask this"),
    "not-allowed": (403, "Your roles do not allow this"),
    "not-found": (404, "There is nothing under this address"),
    "unknown-job": (404, "There is no such job"),
    "unknown-business": (404, "There is no business of that name here"),
    "no-location": (404, "Where the crew is, is not known now"),
    "unknown-queue": (404, "There is no queue of that name"),
    "method-not-allowed": (405, "This address does not know that method"),
    "unknown-member": (404, "There is no one of that name on the roster"),
    "crew-unavailable": (409, "Someone cannot be put on this job"),
    "crew-taken": (409, "Someone is on another job at that time"),
    "event-id-used": (409, "That event_id belongs to another event; send a fresh one"),
    "photo-missing": (409, "The photo has not arrived as it was announced; upload it again"),
    "not-under-way": (409, "A crew's place is shared only while its job is under way"),
    "records-full": (409, "The job has all the records it can hold"),
    "notes-full": (409, "The job has all the notes of yours that it can hold; call the office"),
    "not-redrivable": (409, "These letters came from no queue; invoke their function by hand"),
    "business-suspended": (409, "This business takes no bookings at the moment; call the business"),
    "business-changed": (412, "Someone has changed the settings since you read them; look again"),
    "job-changed": (412, "The job has changed since you read it; look again"),
    "too-large": (413, "The body is too large"),
    "not-json": (415, "Send the body as application/json"),
    "invalid": (422, "The request breaks its schema"),
    "idempotency-key-reused": (
        422,
        "That Idempotency-Key came with another request before; send a fresh one",
    ),
    "photo-refused": (422, "The photo cannot be taken"),
    "unknown-flow": (422, "There is no flow of that name"),
    "if-match-missing": (428, "Send If-Match with the rev or version that you decided on"),
    "too-many-requests": (429, "Too many requests; try again later"),
    "internal": (500, "Something broke on our side"),
    "unavailable": (503, "A service behind us does not answer; try again"),
}
"""By slug: the status, and one sentence. Every reason to refuse a move is one of them."""


@dataclass
class Problem(Exception):
    """The answer is no. `slug` is one of PROBLEMS; `extras` are members of the document."""

    slug: str
    detail: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    about: tuple[str, JobId] | None = None
    """Tenant and job id that this is about, for the log."""

    @property
    def status(self) -> int:
        return PROBLEMS[self.slug][0]

    def document(self, request_id: str) -> dict[str, Any]:
        own = {
            "type": f"/problems/{self.slug}",
            "title": PROBLEMS[self.slug][1],
            "status": self.status,
            "request_id": request_id,
        }
        said = {"detail": self.detail} if self.detail else {}
        return {**self.extras, **own, **said}


def too_many(wait: timedelta, what: str | None = None) -> Problem:
    """`wait` is how long until there is room again; `what` there has been too much of."""
    seconds = retry_after_s(wait)
    told = f"{-(-seconds // 60)} min" if seconds > 60 else f"{seconds} s"
    detail = f"{what or 'too many requests'}; try again in {told}"
    return Problem("too-many-requests", detail, headers={"Retry-After": str(seconds)})


def problem_of(error: Exception) -> Problem:
    """What an error of the functions means to who asked; any other is ours to look into."""
    match error:
        case Problem():
            return error
        case UnknownJob() | UnknownTenant():
            return Problem("unknown-job")
        case TooManyAttempts():
            return too_many(error.wait, "too many attempts to sign in to this account from here")
        case UnknownQueue():
            return Problem("unknown-queue")
        case NotRedrivable():
            return Problem("not-redrivable")
        case UnknownStatus():
            return Problem("internal", "the job is in a status that this version does not have")
        case UnknownFlow():
            return Problem("unknown-flow", str(error))
        case CrewUnavailable():
            return Problem("crew-unavailable", str(error))
        case CrewTaken():
            return Problem("crew-taken", str(error))
        case EditRefused(why="event_id_used"):
            return Problem("event-id-used", str(error))
        case EditRefused(why="notes_full"):
            return Problem("notes-full")
        case SettingsChanged():
            now = {"version": error.version}
            headers = {"ETag": f'"{error.version}"'}
            return Problem("business-changed", str(error), now, headers)
        case BusinessSuspended():
            return Problem("business-suspended")
        case BookedOtherwise():
            return Problem("idempotency-key-reused")
        case EditRefused(why="schedule_not_possible") | WindowRefused():
            return Problem("invalid", str(error), {"faults": [str(error)]})
        case EditRefused():
            return Problem("job-changed", str(error))
        case PhotoRefused():
            return Problem("photo-refused", str(error), {"why": error.why})
        case PhotoMissing():
            return Problem("photo-missing")
        case EventTaken():
            return Problem("event-id-used")
        case JobNotUnderWay():
            return Problem("not-under-way")
        case RecordsFull():
            return Problem("records-full")
        case Unavailable():
            return Problem("unavailable", headers={"Retry-After": "1"})
        case Unforeseen():
            return Problem("internal", f"{error}; the job is on the list of stuck jobs")
        case Corrupt():
            return Problem("internal", "a stored object cannot be read; someone has to look at it")
    return Problem("internal")
