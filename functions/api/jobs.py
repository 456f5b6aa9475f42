"""Jobs for the people who work on them: create, read, move, and edit one."""

import hashlib
from collections.abc import Iterable

from events import Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.api.dependencies import Api
from functions.api.move_outcome import outcome_of
from functions.api.problems import Problem, problem_of
from functions.api.request import ApiRequest
from functions.api.request_models import EditBody, MoveBody, NewJobBody
from functions.api.response_models import BookedDocument
from functions.api.responses import (
    ApiResponse,
    acts_on,
    dispatches,
    job_document,
    kind_of,
    sees_all,
    works_on,
)
from functions.jobs.create import Booked
from functions.people.sessions import Session
from functions.protocol.ports import UnknownJob
from functions.protocol.read_each import read_each
from statemachine.job.job import Customer, Job, Place
from statemachine.rules.crew_edit import crew_fault
from statemachine.rules.edits import EditRefused
from statemachine.values.values import RESERVED, Actor

READERS = 8
CREW_EDITS = frozenset({"note", "eta", "load_size", "payment", "reason", "approach"})
"""What crew may change: notes, when they will arrive, what they loaded, and what they were paid.
The rest is for dispatchers."""


def create_job(api: Api, request: ApiRequest) -> ApiResponse:
    """The new job's id and link; for a day, the same Idempotency-Key returns the same job."""
    body = request.document(NewJobBody)
    tenant = request.session.tenant
    requested = JobRequested(
        tenant=tenant,
        event_id=event_id_of(request, "job") or api.new_id(),
        occurred_at=request.now,
        actor=actor_of(request.session),
        flow=body.flow or api.tenants.read(tenant).flow,
        customer=Customer(name=body.customer_name, phone=body.phone, language=body.language),
        place=Place(address=body.location),
        price_cents=body.price_cents,
        schedule=body.schedule,
        duration_minutes=body.duration_minutes,
        note=body.notes,
        estimate=body.estimate,
        agreed_to_texts=body.agreed_to_texts,
        overbook=body.overbook,
    )
    return booked_response(api, tenant, api.create(requested, request.now))


def booked_response(api: Api, tenant: str, booked: Booked) -> ApiResponse:
    """201, or 200 for a copy of a request that has already created its job."""
    document = BookedDocument(
        job_id=booked.job_id,
        tracking_token=booked.tracking_token,
        tracking_url=f"{api.edge_url()}/track/{booked.tracking_token}",
        estimate=booked.estimate,
    )
    outcome = "already booked" if booked.duplicate else "booked"
    status = 200 if booked.duplicate else 201
    return ApiResponse(status, document, about=(tenant, booked.job_id), outcome=outcome)


def read_job(api: Api, request: ApiRequest) -> ApiResponse:
    return job_response(api, request, visible_job(api, request))


def move_job(api: Api, request: ApiRequest) -> ApiResponse:
    body = request.document(MoveBody)
    job = job_of(api, request)
    if not acts_on(request.session, job):
        return done_before(request.session, job, body.event_id)
    requested = JobMoveRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=body.event_id or api.new_id(),
        occurred_at=body.occurred_at or request.now,
        actor=actor_of(request.session),
        move=body.move,
        to=body.to,
        expected_rev=body.expected_rev,
        note=body.note,
        reason=body.reason,
    )
    verdict = api.advance(requested, request.now)
    outcome = outcome_of(verdict, requested)
    return job_response(api, request, verdict.job, 202 if outcome == "kept" else 200, outcome)


def edit_job(api: Api, request: ApiRequest) -> ApiResponse:
    """Changes details. What crew may change (CREW_EDITS) needs no `If-Match`."""
    body = request.document(EditBody)
    given = given_in(body)
    if not given:
        raise Problem("invalid", "nothing to change: every value is null; send at least one")
    _check_roles(body)
    rev = request.expected_rev
    job = job_of(api, request)
    about = job.tenant, job.job_id
    if not acts_on(request.session, job):
        return done_before(request.session, job, body.event_id)
    if kind_of(request.session) == "crew" and not given <= CREW_EDITS:
        raise Problem("not-allowed", about=about)
    if rev is None and not given <= CREW_EDITS:
        raise Problem("if-match-missing", about=about)
    requested = JobEditRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=body.event_id or _key_of_edit(request, job.job_id) or api.new_id(),
        occurred_at=body.occurred_at or request.now,
        actor=actor_of(request.session),
        changes=body.changes(),
        expected_rev=rev,
    )
    return job_response(api, request, _edited(api, request, requested), outcome="edited")


def _edited(api: Api, request: ApiRequest, requested: JobEditRequested) -> Job:
    """The edited job. If the edit is refused, raises Problem with the job's rev and status."""
    about = requested.tenant, requested.job_id
    try:
        job = api.edit(requested, request.now)
    except EditRefused as error:
        if error.why == "event_id_used" and requested.event_id == _key_of_edit(
            request, requested.job_id
        ):
            raise Problem("idempotency-key-reused", about=about) from error
        if error.why == "schedule_not_possible":
            raise
        now = api.jobs.read(*about).value
        problem = problem_of(error)
        extras = {"rev": now.rev, "job_status": now.status, **problem.extras}
        raise Problem(problem.slug, problem.detail, extras, about=about) from error
    mine = (
        edit.event_id == requested.event_id and edit.actor == requested.actor for edit in job.edits
    )
    if not any(mine):
        raise Problem("event-id-used", about=about)
    return job


def job_of(api: Api, request: ApiRequest) -> Job:
    """The job named in the path, whether or not the account may see it."""
    job_id = request.parameters["job_id"]
    return api.jobs.read(request.session.tenant, job_id).value


def visible_job(api: Api, request: ApiRequest) -> Job:
    """Raises UnknownJob both if there is no such job and if the account may not see it."""
    job = job_of(api, request)
    if not (sees_all(request.session) or works_on(request.session, job)):
        raise UnknownJob
    return job


def read_jobs(api: Api, tenant: str, job_ids: Iterable[str]) -> list[Job]:
    """The jobs, read in parallel. One that was erased or cannot be read is left out: the watchdog
    reports those."""
    return [job for job in read_each(api.jobs, tenant, job_ids) if isinstance(job, Job)]


def done_before(session: Session, job: Job, event_id: str | None) -> ApiResponse:
    """The response to someone who may not act on `job`, perhaps no longer.

    They may be repeating a request that succeeded while they were on the job, because its response
    was lost: then 204, without the job. Everything else is refused.
    """
    about, me = (job.tenant, job.job_id), actor_of(session)
    if any(each.event_id == event_id and each.actor == me for each in (*job.ledger, *job.edits)):
        return ApiResponse(204, about=about, outcome="already done")
    if sees_all(session):
        raise Problem("not-allowed", about=about)
    raise UnknownJob


def job_response(
    api: Api, request: ApiRequest, job: Job, status: int = 200, outcome: str = "ok"
) -> ApiResponse:
    """The job, with its `rev` as the ETag for the next `If-Match`."""
    edge_url = api.edge_url() if dispatches(request.session) else None
    return ApiResponse(
        status,
        job_document(job, request.session, edge_url),
        {"ETag": f'"{job.rev}"'},
        about=(job.tenant, job.job_id),
        seq=job.seq,
        outcome=outcome,
    )


def actor_of(session: Session) -> Actor:
    return Actor(kind=kind_of(session), id=session.account.account)


def _key_of_edit(request: ApiRequest, job_id: str) -> str | None:
    return event_id_of(request, f"edit|{job_id}")


def event_id_of(request: ApiRequest, what: str) -> str | None:
    """The same id for every copy of a request; None without an Idempotency-Key."""
    key = request.idempotency_key
    if key is None:
        return None
    return derived_id(what, request.session.tenant, request.session.account.account, key)


def derived_id(*parts: str) -> str:
    lengths = "|".join(f"{len(part)}:{part}" for part in parts)
    return f"{RESERVED}api-{hashlib.sha256(lengths.encode()).hexdigest()[:40]}"


def given_in(body: EditBody) -> set[str]:
    """The names of the changes; `eta` instead of `schedule` if only the ETA changes."""
    given = {name for name in Changes.model_fields if getattr(body, name) is not None}
    if body.schedule and body.schedule.model_fields_set == {"eta"}:
        return given - {"schedule"} | {"eta"}
    return given


def _check_roles(changes: EditBody) -> None:
    if fault := crew_fault(changes.crew or ()):
        raise Problem("invalid", fault)
