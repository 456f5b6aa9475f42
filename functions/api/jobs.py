"""Jobs for those who work on them: take one down, look at it, move it, change its details."""

import hashlib
import re

from events import Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.api.board import sees_all
from functions.api.crew_models import EditBody
from functions.api.dependencies import Api
from functions.api.move_outcome import outcome_of
from functions.api.problems import Problem, problem_of
from functions.api.request import ApiRequest
from functions.api.request_models import MoveBody, NewJobBody
from functions.api.response_models import BookedDocument
from functions.api.responses import (
    ApiResponse,
    acts_on,
    dispatches,
    job_document,
    kind_of,
    works_on,
)
from functions.create_job import Booked
from functions.people.sessions import Session
from functions.protocol.ports import UnknownJob
from statemachine.edits import EditRefused
from statemachine.job import Customer, Job, Place
from statemachine.values import JOB_ID_PATTERN, RESERVED, Actor

CREW_EDITS = frozenset({"note", "eta", "load_size"})
"""Crew add notes and say when they will be there and what they loaded; the rest is the
dispatcher's."""


def create_job(api: Api, ask: ApiRequest) -> ApiResponse:
    """The new job's id and link; under the same Idempotency-Key the same job, for a day."""
    order = ask.document(NewJobBody)
    tenant = ask.who.tenant
    request = JobRequested(
        tenant=tenant,
        event_id=event_id_of(ask, "job") or api.new_id(),
        occurred_at=ask.now,
        actor=actor_of(ask.who),
        flow=order.flow or api.tenants.read(tenant).flow,
        customer=Customer(name=order.customer_name, phone=order.phone, language=order.language),
        place=Place(address=order.location),
        price_cents=order.price_cents,
        schedule=order.schedule,
        note=order.notes,
    )
    return booked_answer(api, tenant, api.create(request, ask.now))


def booked_answer(api: Api, tenant: str, booked: Booked) -> ApiResponse:
    """201, or 200 where a copy of the request found the job of the first."""
    document = BookedDocument(
        job_id=booked.job_id,
        tracking_token=booked.tracking_token,
        tracking_url=f"{api.edge_url()}/track/{booked.tracking_token}",
    )
    outcome = "booked before" if booked.duplicate else "booked"
    status = 200 if booked.duplicate else 201
    return ApiResponse(status, document, about=(tenant, booked.job_id), outcome=outcome)


def read_job(api: Api, ask: ApiRequest) -> ApiResponse:
    return shown(api, ask, visible_job(api, ask))


def move_job(api: Api, ask: ApiRequest) -> ApiResponse:
    request_body = ask.document(MoveBody)
    job = job_of(api, ask)
    if not acts_on(ask.who, job):
        return done_before(ask.who, job, request_body.event_id)
    request = JobMoveRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=request_body.event_id or api.new_id(),
        occurred_at=request_body.occurred_at or ask.now,
        actor=actor_of(ask.who),
        move=request_body.move,
        to=request_body.to,
        expected_rev=request_body.expected_rev,
        note=request_body.note,
        reason=request_body.reason,
    )
    verdict = api.advance(request, ask.now)
    outcome = outcome_of(verdict, request)
    return shown(api, ask, verdict.job, 202 if outcome == "kept" else 200, outcome)


def edit_job(api: Api, ask: ApiRequest) -> ApiResponse:
    """Changed details; what only adds, or is for the crew to say, needs no `If-Match`."""
    request_body = ask.document(EditBody)
    given = given_in(request_body)
    if not given:
        raise Problem("invalid", "nothing to change: every value is null")
    _check_roles(request_body)
    rev = ask.expected_rev
    job = job_of(api, ask)
    about = job.tenant, job.job_id
    if not acts_on(ask.who, job):
        return done_before(ask.who, job, request_body.event_id)
    if kind_of(ask.who) == "crew" and not given <= CREW_EDITS:
        raise Problem("not-allowed", about=about)
    if rev is None and not given <= CREW_EDITS:
        raise Problem("if-match-missing", about=about)
    request = JobEditRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=request_body.event_id or _key_of_edit(ask, job.job_id) or api.new_id(),
        occurred_at=request_body.occurred_at or ask.now,
        actor=actor_of(ask.who),
        changes=request_body.changes(),
        expected_rev=rev,
    )
    return shown(api, ask, _edited(api, ask, request), outcome="edited")


def _edited(api: Api, ask: ApiRequest, request: JobEditRequested) -> Job:
    """The job with the edit. Raises Problem with where the job is now, where it was refused."""
    about = request.tenant, request.job_id
    try:
        job = api.edit(request, ask.now)
    except EditRefused as error:
        if error.why == "event_id_used" and request.event_id == _key_of_edit(ask, request.job_id):
            raise Problem("idempotency-key-reused", about=about) from error
        if error.why == "schedule_not_possible":
            raise
        now = api.jobs.read(*about).value
        extras = {"rev": now.visible_rev, "job_status": now.status}
        problem = problem_of(error)
        raise Problem(problem.slug, problem.detail, extras, about=about) from error
    mine = (edit.event_id == request.event_id and edit.actor == request.actor for edit in job.edits)
    if not any(mine):
        raise Problem("event-id-used", about=about)
    return job


def job_of(api: Api, ask: ApiRequest) -> Job:
    """The job of the address, whoever may see it."""
    job_id = ask.parameters["job_id"]
    if not re.fullmatch(JOB_ID_PATTERN, job_id, re.ASCII):
        raise UnknownJob
    return api.jobs.read(ask.who.tenant, job_id).value


def visible_job(api: Api, ask: ApiRequest) -> Job:
    """One that is not theirs to see is as unknown as one that is not."""
    job = job_of(api, ask)
    if not (sees_all(ask.who) or works_on(ask.who, job)):
        raise UnknownJob
    return job


def done_before(session: Session, job: Job, event_id: str | None) -> ApiResponse:
    """What to say to someone who does not act on `job`.

    A copy of what they did while they were on it, whose answer was lost, is done; of the job they
    are told nothing any more. All else is refused.
    """
    about, me = (job.tenant, job.job_id), actor_of(session)
    if any(each.event_id == event_id and each.actor == me for each in (*job.ledger, *job.edits)):
        return ApiResponse(204, about=about, outcome="done before")
    if sees_all(session):
        raise Problem("not-allowed", about=about)
    raise UnknownJob


def shown(
    api: Api, ask: ApiRequest, job: Job, status: int = 200, outcome: str = "answered"
) -> ApiResponse:
    """The job as an answer, with its `rev` as ETag for the next `If-Match`."""
    edge_url = api.edge_url() if dispatches(ask.who) else None
    return ApiResponse(
        status,
        job_document(job, ask.who, edge_url),
        {"ETag": f'"{job.visible_rev}"'},
        about=(job.tenant, job.job_id),
        seq=job.seq,
        outcome=outcome,
    )


def actor_of(session: Session) -> Actor:
    return Actor(kind=kind_of(session), id=session.account.account)


def _key_of_edit(ask: ApiRequest, job_id: str) -> str | None:
    return event_id_of(ask, f"edit|{job_id}")


def event_id_of(ask: ApiRequest, what: str) -> str | None:
    """The same for every copy of a request that carries an Idempotency-Key; None without one."""
    key = ask.idempotency_key
    if key is None:
        return None
    return derived_id(what, ask.who.tenant, ask.who.account.account, key)


def derived_id(*parts: str) -> str:
    lengths = "|".join(f"{len(part)}:{part}" for part in parts)
    return f"{RESERVED}api-{hashlib.sha256(lengths.encode()).hexdigest()[:40]}"


def given_in(request_body: EditBody) -> set[str]:
    """What shall change; `eta` where of the schedule it is that alone."""
    given = {name for name in Changes.model_fields if getattr(request_body, name) is not None}
    if request_body.schedule and request_body.schedule.model_fields_set == {"eta"}:
        return given - {"schedule"} | {"eta"}
    return given


def _check_roles(changes: EditBody) -> None:
    roles = [member.role for member in changes.crew or ()]
    if len(set(roles)) < len(roles):
        raise Problem("invalid", "a role is given to two people; name one for each role")
