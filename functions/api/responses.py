"""What the API answers: an answer, and a job as the one who asks may see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from functions.api.response_models import (
    CrewAssignmentDocument,
    HistoryEntry,
    JobDocument,
    LegalMove,
    NoteDocument,
    PendingMove,
    PhotoEntry,
    RefusedMove,
    SessionDocument,
)
from functions.people.accounts import DISPATCHES
from functions.people.sessions import Session
from statemachine.deadlines import due_at
from statemachine.flows import Flow, Move, load_flow
from statemachine.job import Assigned, EarlyMove, Job, LedgerEntry, Note, Photo, Refusal
from statemachine.lifecycle import EXPLANATIONS
from statemachine.values import ActorKind, JobId
from statemachine.views import photo_path


@dataclass(frozen=True)
class MediaBody:
    """Something else than a document of ours: the pages that show the documentation."""

    media_type: str
    body: str


@dataclass(frozen=True)
class ApiResponse:
    """An answer that is not a problem."""

    status: int = 200
    document: BaseModel | MediaBody | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None
    """The session's token to be kept; empty to be forgotten; None leaves the cookie alone."""
    device: tuple[str, str] | None = None
    """Name and value of the cookie by which this device is known to the account it signed in to."""
    about: tuple[str, JobId] | None = None
    """Tenant and job, for the log; and `seq`, where one is known."""
    seq: int | None = None
    outcome: str = "answered"
    compress: bool = False
    """For what is large and holds no secret beside what someone else may have written."""


def session_document(session: Session) -> SessionDocument:
    account = session.account
    return SessionDocument(
        account=account.account,
        name=account.name,
        roles=account.roles,
        tenant=account.tenant,
        expires_at=session.ends_at,
    )


def works_on(session: Session, job: Job) -> bool:
    return any(member.member == session.account.account for member in job.crew)


def dispatches(session: Session) -> bool:
    return not DISPATCHES.isdisjoint(session.account.roles)


def kind_of(session: Session) -> ActorKind:
    """As what this account acts on jobs."""
    return "dispatcher" if dispatches(session) else "crew"


def acts_on(session: Session, job: Job) -> bool:
    """A dispatcher acts on every job, crew on those they are on, no one else on any."""
    return dispatches(session) or works_on(session, job)


def job_document(job: Job, session: Session, edge_url: str | None) -> JobDocument:
    """The job for `session`; with the customer's link where `edge_url` is given."""
    flow = load_flow(job.flow)
    place = job.place if acts_on(session, job) else job.place.with_(gate_code=None)
    return JobDocument(
        job_id=job.job_id,
        tenant=job.tenant,
        flow=job.flow,
        rev=job.visible_rev,
        seq=job.seq,
        status=job.status,
        entered_at=job.entered_at,
        due_at=due_at(job),
        created_at=job.created_at,
        customer=job.customer,
        place=place,
        price_cents=job.price_cents,
        schedule=job.schedule,
        crew=tuple(map(_member, job.crew)),
        truck=job.truck,
        load_size=job.load_size,
        notes=tuple(map(_said, job.notes)),
        photos=tuple(map(_photo, job.photos)),
        history=tuple(map(_happened, job.ledger)),
        refusals=tuple(map(_not_made, job.refused)),
        waiting=tuple(map(_waiting, job.early)),
        moves=tuple(map(_choice, _moves_of(job, flow, session))),
        tracking_url=f"{edge_url}/track/{job.token}" if edge_url else None,
    )


def _moves_of(job: Job, flow: Flow, session: Session) -> Iterable[Move]:
    if not acts_on(session, job):
        return ()
    return (move for move in flow.moves_from(job.status) if kind_of(session) in move.by)


def _choice(move: Move) -> LegalMove:
    return LegalMove(name=move.name, label=move.label, to=move.to, requires=move.requires)


def _member(assigned: Assigned) -> CrewAssignmentDocument:
    return CrewAssignmentDocument(
        role=assigned.role, member=assigned.member, first_name=assigned.first_name
    )


def _said(note: Note) -> NoteDocument:
    return NoteDocument(
        text=note.text,
        recorded_at=note.recorded_at,
        occurred_at=note.occurred_at,
        actor=note.actor,
    )


def _photo(photo: Photo) -> PhotoEntry:
    return PhotoEntry(
        photo_id=photo.photo_id,
        kind=photo.kind,
        path=photo_path(photo.photo_id),
        taken_at=photo.taken_at,
    )


def _happened(entry: LedgerEntry) -> HistoryEntry:
    return HistoryEntry(
        seq=entry.seq,
        move=entry.move,
        origin=entry.origin,
        to=entry.to,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        actor=entry.actor,
        reason=entry.reason,
        note=entry.note,
    )


def _not_made(refusal: Refusal) -> RefusedMove:
    return RefusedMove(
        move=refusal.move,
        to=refusal.to,
        why=refusal.why,
        explanation=EXPLANATIONS[refusal.why],
        status=refusal.status,
        recorded_at=refusal.recorded_at,
        actor=refusal.actor,
    )


def _waiting(early: EarlyMove) -> PendingMove:
    return PendingMove(
        move=early.move, to=early.to, occurred_at=early.occurred_at, until=early.until
    )
