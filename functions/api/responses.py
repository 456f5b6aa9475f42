"""Responses: the frame of each, and a job as the signed-in account may see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from functions.api.response_models import (
    JobDocument,
    MoneyEntry,
    PhotoEntry,
    RefusedMove,
    SessionDocument,
)
from functions.api.window_changes import WindowEntry
from functions.people.accounts import DISPATCHES, Role
from functions.people.sessions import Session
from statemachine.flows import Move, load_flow
from statemachine.job.job import Job
from statemachine.messages.reminders import approach_now
from statemachine.money.price_guide import proposed_price
from statemachine.rules.deadlines import due_at
from statemachine.rules.lifecycle import EXPLANATIONS
from statemachine.rules.link import link_ends_at
from statemachine.rules.requirements import shows_as_request
from statemachine.values.values import ActorKind, JobId
from statemachine.views.views import photo_path

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class Viewer:
    """A person who sees a job without a session, as `haul` does with AWS credentials."""

    member: str
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class MediaBody:
    """A body that is not one of our documents: the pages of the documentation."""

    media_type: str
    body: str


@dataclass(frozen=True)
class ApiResponse:
    """A response that is not a problem."""

    status: int = 200
    document: BaseModel | MediaBody | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None
    """The session's token; empty deletes the cookie; None leaves it alone."""
    device: tuple[str, str] | None = None
    """Name and value of the cookie that marks this device as known to the account."""
    about: tuple[str, JobId] | None = None
    """Tenant and job, for the log; so is `seq`."""
    seq: int | None = None
    outcome: str = "ok"
    compress: bool = False
    """Only for large documents that hold no secret next to text that others may have written."""


SEES_ALL = frozenset({"owner", "dispatcher", "supervisor", "ops"})


def sees_all(session: Session) -> bool:
    """Whether the account sees every job of its business, or only those that it is on."""
    return not SEES_ALL.isdisjoint(session.account.roles)


def session_document(session: Session) -> SessionDocument:
    return _selected(SessionDocument, session.account, expires_at=session.ends_at)


def works_on(viewer: Viewer | Session, job: Job) -> bool:
    return any(member.member == viewer.member for member in job.crew)


def dispatches(viewer: Viewer | Session) -> bool:
    return not DISPATCHES.isdisjoint(viewer.roles)


def kind_of(viewer: Viewer | Session) -> ActorKind:
    """The kind of actor that this person is on jobs."""
    return "dispatcher" if dispatches(viewer) else "crew"


def acts_on(viewer: Viewer | Session, job: Job) -> bool:
    """A dispatcher acts on every job, crew on the jobs they are on, no one else on any."""
    return dispatches(viewer) or works_on(viewer, job)


def job_document(job: Job, viewer: Viewer | Session, edge_url: str | None) -> JobDocument:
    """The job as `viewer` may see it; with the customer's link if `edge_url` is given.

    JobDocument is the allow-list: a detail of the job that it does not name is not sent.
    """
    place = job.place if acts_on(viewer, job) else job.place.with_(gate_code=None)
    computed = {
        "rev": job.rev,
        "due_at": due_at(job),
        "approach": said.stage if (said := approach_now(job, load_flow(job.flow))) else None,
        "place": place,
        "requested": shows_as_request(job, load_flow(job.flow)),
        "proposed_price_cents": proposed_price(job.estimate, job.load_size),
        "photos": [
            _selected(PhotoEntry, photo, path=photo_path(photo.photo_id)) for photo in job.photos
        ],
        "money_changes": [_selected(MoneyEntry, edit) for edit in job.edits if edit.money],
        "window_changes": [_selected(WindowEntry, edit) for edit in job.edits if edit.window],
        "history": job.ledger,
        "refusals": [
            _selected(RefusedMove, each, explanation=EXPLANATIONS[each.why]) for each in job.refused
        ],
        "early_moves": job.early,
        "moves": list(_moves_of(job, viewer)),
        **_link_of(job, edge_url),
    }
    return _selected(JobDocument, job, **computed)


def _link_of(job: Job, edge_url: str | None) -> dict[str, object]:
    revoked = job.link.revoked
    return {
        "tracking_url": f"{edge_url}/track/{job.token}" if edge_url and not revoked else None,
        "link_revoked": revoked,
        "link_ends_at": link_ends_at(job),
    }


def _selected(model: type[Document], source: BaseModel, **computed: Any) -> Document:
    """What `model` names of `source`, and the `computed` values."""
    same = {name: getattr(source, name) for name in model.model_fields if name not in computed}
    return model.model_validate(same | computed, from_attributes=True)


def _moves_of(job: Job, viewer: Viewer | Session) -> Iterable[Move]:
    if not acts_on(viewer, job):
        return ()
    moves = load_flow(job.flow).moves_from(job.status)
    return (move for move in moves if kind_of(viewer) in move.by)
