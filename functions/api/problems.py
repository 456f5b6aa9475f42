"""All problems, as documents of RFC 9457: one table, and one place that maps errors to them.

A client decides by `type`, whose last part never changes; `title` and `detail` are for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from functions.business.change_settings import NumberTaken, SettingsChanged
from functions.business.set_logo import LogoRefused
from functions.jobs.create import (
    BookedOtherwise,
    BusinessSuspended,
    EstimateRefused,
    WindowRefused,
)
from functions.messages.text_now import TextRefused
from functions.ops.dead_letters import NotRedrivable, UnknownQueue
from functions.people.accounts import AccountExists, UnknownAccount, WeakPassword
from functions.people.api_keys import TooManyKeys, UnknownKey
from functions.people.crew_location import JobNotUnderWay
from functions.people.invitations import InvitationEnded
from functions.people.manage_people import LastOwner
from functions.people.rate_limits import retry_after_s
from functions.people.sign_in import TooManyAttempts
from functions.photos.add_photo import EventTaken, PhotoMissing
from functions.protocol.ports import Corrupt, Unavailable, Unforeseen, UnknownJob, UnknownTenant
from statemachine.flows import UnknownFlow, UnknownStatus
from statemachine.job.record_limits import RecordsFull
from statemachine.job.records import EditRefusalReason, RefusalReason
from statemachine.rules.edits import CrewOff, CrewTaken, CrewUnavailable, EditRefused, SlotFull
from statemachine.rules.lifecycle import EXPLANATIONS
from statemachine.rules.proof_of_service import PhotoRefused
from statemachine.values.values import JobId


def slug_of(why: RefusalReason | EditRefusalReason) -> str:
    """The slug of a refused move or edit."""
    return why.replace("_", "-")


MEDIA_TYPE = "application/problem+json"

PROBLEMS: dict[str, tuple[int, str]] = {
    slug_of(why): (409, sentence) for why, sentence in EXPLANATIONS.items()
} | {
    "malformed": (400, "The body is not JSON in UTF-8, or was damaged on the way"),
    "wrong-credentials": (401, "The account or the password is wrong"),
    "invitation-ended": (401, "This link was used or has expired; ask for another one"),
    "wrong-key": (401, "The API key is unknown, revoked, or expired"),
    "signed-out": (401, "Sign in first"),
    "past-the-edge": (403, "Use the address of the pages; this one only answers them"),
    "cross-site": (403, "Requests from another site's page are not allowed"),
    "not-allowed": (403, "Your roles do not allow this"),
    "not-found": (404, "There is nothing at this address"),
    "unknown-job": (404, "There is no such job"),
    "unknown-business": (404, "There is no business with that name here"),
    "unknown-conversation": (404, "There is no conversation at this address"),
    "no-phone": (404, "The job has no phone number; add one first"),
    "no-window": (404, "The job has no arrival window yet"),
    "no-location": (404, "The crew's location is not known now"),
    "unknown-queue": (404, "There is no queue with that name"),
    "method-not-allowed": (405, "This address does not support that method"),
    "unknown-key": (404, "There is no API key with that id"),
    "unknown-member": (404, "There is no one with that name on the roster"),
    "crew-unavailable": (409, "Someone cannot be put on this job"),
    "too-late-to-reschedule": (409, "It is too late to change the time; call the business"),
    "slot-full": (409, "That arrival window is full; choose another"),
    "crew-off": (409, "Someone is not available at that time"),
    "crew-taken": (409, "Someone cannot do all their jobs in time"),
    "override-not-allowed": (409, "Only a dispatcher may override what does not fit"),
    "amount-missing": (409, "It is not known what is owed; send the amount that was paid"),
    "edit-reason-missing": (409, "A price or a payment is changed with a reason; send it"),
    "event-id-used": (409, "That event_id belongs to another event; send a new one"),
    "photo-missing": (409, "The photo was not uploaded as announced; upload it again"),
    "not-under-way": (409, "A crew's location is shared only while its job is under way"),
    "records-full": (409, "The job's record is full"),
    "notes-full": (409, "The job cannot hold more notes from you; call the office"),
    "account-exists": (409, "There is someone with that account; choose another name for it"),
    "last-owner": (409, "A business needs an owner who can sign in; make someone else one first"),
    "too-many-keys": (409, "The business has as many API keys as it may have; revoke one"),
    "not-redrivable": (409, "These messages have no source queue; invoke their function by hand"),
    "text-refused": (409, "The text cannot be sent to this number now"),
    "business-suspended": (409, "This business takes no bookings at the moment; call the business"),
    "business-changed": (412, "The settings have changed since you read them; read them again"),
    "job-changed": (412, "The job has changed since you read it; read it again"),
    "too-large": (413, "The body is too large"),
    "not-json": (415, "Send the body as application/json"),
    "invalid": (422, "The request does not match its schema"),
    "idempotency-key-reused": (
        422,
        "That Idempotency-Key was used for another request; send a new one",
    ),
    "photo-refused": (422, "The photo cannot be accepted"),
    "unknown-flow": (422, "There is no flow with that name"),
    "idempotency-key-missing": (428, "Send an Idempotency-Key, so that nothing is sent twice"),
    "if-match-missing": (428, "Send If-Match with the rev or version that you read"),
    "too-many-requests": (429, "Too many requests; try again later"),
    "internal": (500, "Something failed on our side"),
    "unavailable": (503, "A service that we need does not answer; try again"),
}
"""By slug: the status and the title. It includes every reason to refuse a move."""


@dataclass
class Problem(Exception):
    """`slug` is one of PROBLEMS; `extras` are further members of the document."""

    slug: str
    detail: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    about: tuple[str, JobId] | None = None
    """Tenant and job id, for the log."""

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
    """`wait` is how long until the limit has room again; `what` says what there was too much of."""
    seconds = retry_after_s(wait)
    duration = f"{-(-seconds // 60)} min" if seconds > 60 else f"{seconds} s"
    detail = f"{what or 'too many requests'}; try again in {duration}"
    return Problem("too-many-requests", detail, headers={"Retry-After": str(seconds)})


def problem_of(error: Exception) -> Problem:
    """The problem for an error of the functions; any other error is internal."""
    match error:
        case Problem():
            return error
        case UnknownJob() | UnknownTenant():
            return Problem("unknown-job")
        case TooManyAttempts():
            return too_many(error.wait, "too many attempts to sign in to this account")
        case InvitationEnded():
            return Problem("invitation-ended", str(error))
        case UnknownAccount():
            return Problem("unknown-member")
        case AccountExists():
            return Problem("account-exists")
        case LastOwner():
            return Problem("last-owner", str(error))
        case WeakPassword():
            return Problem("invalid", str(error), {"faults": [f"password: {error}"]})
        case UnknownKey():
            return Problem("unknown-key")
        case TooManyKeys():
            return Problem("too-many-keys")
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
        case CrewOff() | CrewTaken() | SlotFull():
            return Problem(slug_of(error.why), str(error), {"may_override": True})
        case EditRefused(why="override_not_allowed"):
            return Problem("override-not-allowed", str(error))
        case EditRefused(why="event_id_used"):
            return Problem("event-id-used", str(error))
        case EditRefused(why="notes_full"):
            return Problem("notes-full")
        case LogoRefused():
            return Problem("invalid", str(error), {"faults": [f"logo: {error}"]})
        case NumberTaken():
            return Problem("invalid", str(error), {"faults": [str(error)]})
        case SettingsChanged():
            now = {"version": error.version}
            headers = {"ETag": f'"{error.version}"'}
            return Problem("business-changed", str(error), now, headers)
        case BusinessSuspended():
            return Problem("business-suspended")
        case TextRefused(why="idempotency_key_reused") | BookedOtherwise():
            return Problem("idempotency-key-reused")
        case TextRefused():
            return Problem("text-refused", str(error), {"why": error.why})
        case EditRefused(why="reason_missing"):
            return Problem("edit-reason-missing", str(error))
        case EditRefused(why="amount_missing"):
            return Problem("amount-missing", str(error))
        case EditRefused(why="schedule_not_possible") | WindowRefused() | EstimateRefused():
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
            return Problem("internal", "a stored object cannot be read; a person has to look at it")
    return Problem("internal")
