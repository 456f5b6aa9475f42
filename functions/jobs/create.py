"""Step 1: book a job: store its object, write its view, start its execution, return the link.

A caller who invokes the Lambda gets the link; a request from the bus has no one waiting for it.
Every copy of a request finds the job of the first copy and completes what that one left undone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import JobRequested
from functions.jobs.take_slot import TakeSlot
from functions.protocol.batches import (
    Permanent,
)
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import (
    Conflict,
    Executions,
    Jobs,
    Tenants,
    Unavailable,
    UnknownJob,
    Views,
)
from functions.views.write_view import write_view
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.bounds import horizon_fault, past_window_fault
from statemachine.job.consent import TextsConsent
from statemachine.job.job import Execution, Job
from statemachine.job.link_values import JobLink
from statemachine.job.prices import Estimate, EstimateRange
from statemachine.job.records import Note
from statemachine.money.price_guide import EstimateRequest, NotInGuide, estimate_of
from statemachine.rules.lifecycle import CLOCK_SKEW
from statemachine.rules.window_change import may_overbook
from statemachine.schedule.public_booking import preferred_day_fault, public_booking_fault
from statemachine.schedule.roster import day_of
from statemachine.schedule.service_area import service_area_fault
from statemachine.values.ids import job_id_for, new_token
from statemachine.values.values import Frozen, JobId

ID_ATTEMPTS = 8


class Booked(Frozen):
    """What the person who books gets. The token opens the public link; no one else receives it."""

    job_id: JobId
    tracking_token: str
    duplicate: bool
    estimate: EstimateRange | None = None


class JobIdTaken(Permanent):
    """The requested id belongs to another job; choose another or leave `job_id` out."""


class BookedOtherwise(Permanent):
    """The same event id has booked another job; send this request with a new one."""


class WindowRefused(Permanent):
    """The arrival window has passed, or is further ahead than the business plans."""


class EstimateRefused(Permanent):
    """The booking names what the price guide does not have; read the guide again."""


class BusinessSuspended(Permanent):
    """The business takes no bookings from customers now; call the business."""


class FromTheFuture(Permanent):
    """`occurred_at` is ahead of our clock; check the sender's clock."""


@dataclass(frozen=True)
class CreateJob:
    jobs: Jobs
    views: Views
    executions: Executions
    tenants: Tenants
    slots: TakeSlot
    new_token: Callable[[], str] = new_token
    pause: Pause = full_jitter

    def __call__(self, request: JobRequested, now: datetime, public: bool = False) -> Booked:
        """Book the job once. `public`: the request came through the form that is open to everyone.

        Raises UnknownTenant, UnknownFlow, JobIdTaken, FromTheFuture, WindowRefused,
        BookedOtherwise, BusinessSuspended, EstimateRefused, SlotFull.
        """
        tenant = self.tenants.read(request.tenant)
        load_flow(request.flow)
        if request.occurred_at > now + CLOCK_SKEW:
            raise FromTheFuture(f"event {request.event_id} says it happened in the future")
        job, created = self._created(request, tenant, now, public)
        if job.request_digest not in (None, request.digest):
            raise BookedOtherwise("that event_id has booked another job; send a new one")
        self._follow_up(job, now)
        return Booked(
            job_id=job.job_id,
            tracking_token=job.token,
            duplicate=not created,
            estimate=_range_of(job.estimate),
        )

    def _created(
        self, request: JobRequested, tenant: BusinessSettings, now: datetime, public: bool
    ) -> tuple[Job, bool]:
        """The job of this request, and whether this call stored it."""
        if earlier := self._copy_of_another_day(request):
            return earlier, False
        for job_id in _candidates(request, request.occurred_at):
            known = self._known(request.tenant, job_id)
            mine = known or self._booked(request, tenant, job_id, now, public)
            if mine.event_id == request.event_id:
                return mine, known is None
        raise JobIdTaken(f"job id {request.job_id or 'of this event'} belongs to another job")

    def _booked(
        self,
        request: JobRequested,
        tenant: BusinessSettings,
        job_id: str,
        now: datetime,
        public: bool,
    ) -> Job:
        """The job stored under that id, after its slot was taken. Raises SlotFull."""
        _check_window(request, tenant)
        if public:
            _check_public(request, tenant)
        job = self._new_job(request, tenant, job_id, now)
        if public and tenant.accepts_bookings == "by_dispatcher":
            job = job.with_(accepted=False)
        self.slots.take(job, now)
        return self._stored(job)

    def _copy_of_another_day(self, request: JobRequested) -> Job | None:
        """The job of a copy whose `occurred_at` is on the other side of midnight.

        A sender may set `occurred_at` again on a retry, and the job id depends on its date.
        """
        if request.job_id:
            return None
        for days in (-1, 1):
            job_id = _candidates(request, request.occurred_at + timedelta(days=days))[0]
            known = self._known(request.tenant, job_id)
            if known and known.event_id == request.event_id:
                return known
        return None

    def _known(self, tenant: str, job_id: str) -> Job | None:
        try:
            return self.jobs.read(tenant, job_id).value
        except UnknownJob:
            return None

    def _stored(self, job: Job) -> Job:
        """The job that is stored under that id afterwards: ours, or that of a faster writer.

        If there is a conflict but no object, our write was lost. The same id is tried again, never
        the next one, because two copies of one event could otherwise get two ids.
        """
        self.jobs.mark_open(job.tenant, job.job_id)
        for attempt in range(ATTEMPTS):
            try:
                self.jobs.create(job)
                return job
            except (Conflict, Unavailable):
                if known := self._known(job.tenant, job.job_id):
                    return known
            self.pause(attempt)
        raise Unavailable(f"{job.job_id} could not be stored; deliver the request again")

    def _new_job(
        self, request: JobRequested, tenant: BusinessSettings, job_id: str, now: datetime
    ) -> Job:
        expected = request.estimate.load_size if request.estimate else None
        return Job(
            job_id=job_id,
            tenant=request.tenant,
            flow=request.flow,
            version=1,
            rev=1,
            status=load_flow(request.flow).initial.name,
            entered_at=now,
            created_at=now,
            created_by=request.actor,
            event_id=request.event_id,
            request_digest=request.digest,
            execution=Execution(since=now),
            customer=request.customer,
            place=request.place,
            price_cents=request.price_cents,
            estimate=_estimate(request, tenant),
            schedule=request.schedule,
            preferred_day=request.preferred_day and day_of(request.preferred_day),
            duration_minutes=request.duration_minutes or tenant.duration_of(expected),
            overbooked=may_overbook(request.actor, request.overbook),
            notes=tuple(_first_note(request, now)),
            texts_consent=_consent(request, now),
            token=self.new_token(),
            link=JobLink(days=tenant.link_lifetime_days),
        )

    def _follow_up(self, job: Job, now: datetime) -> None:
        """What must be done before the caller gets the link; idempotent."""
        flow = load_flow(job.flow)
        write_view(self.views, job, flow, now, self.pause)
        if not flow.status(job.status).terminal:
            self.executions.start(job.flow, job.tenant, job.job_id, job.execution.generation)


def _check_window(request: JobRequested, tenant: BusinessSettings) -> None:
    """Raises WindowRefused.

    Checked at the time of the request, because it may have waited in a queue. Copies of a booked
    request are not checked, because its window may have passed since.
    """
    by_customer = request.actor.kind == "customer"
    days = tenant.public_horizon_days if by_customer else tenant.horizon_days
    schedule, at = request.schedule, request.occurred_at
    if fault := past_window_fault(schedule, at) or horizon_fault(schedule, at, days):
        raise WindowRefused(": ".join(fault))


def _check_public(request: JobRequested, tenant: BusinessSettings) -> None:
    """Everyone may book what the business offers; programs on the bus are trusted with other
    times. Raises WindowRefused, BusinessSuspended."""
    if tenant.suspended:
        raise BusinessSuspended(f"{tenant.tenant} takes no bookings now")
    at = request.occurred_at
    fault = public_booking_fault(tenant, request.schedule, at)
    if request.preferred_day:
        fault = fault or preferred_day_fault(tenant, day_of(request.preferred_day), at)
    if fault := fault or service_area_fault(tenant, request.place.address):
        raise WindowRefused(": ".join(fault))


def _range_of(estimate: Estimate | None) -> EstimateRange | None:
    if estimate is None:
        return None
    return EstimateRange(low_cents=estimate.low_cents, high_cents=estimate.high_cents)


def _candidates(request: JobRequested, booked: datetime) -> tuple[str, ...]:
    if request.job_id:
        return (request.job_id,)
    return tuple(
        job_id_for(request.tenant, request.event_id, booked, attempt)
        for attempt in range(ID_ATTEMPTS)
    )


def _estimate(request: JobRequested, tenant: BusinessSettings) -> Estimate | None:
    """None without a price guide: the business may have removed it since the page was opened.

    Raises EstimateRefused.
    """
    if tenant.price_guide is None:
        return None
    try:
        return estimate_of(tenant.price_guide, request.estimate or EstimateRequest())
    except NotInGuide as error:
        raise EstimateRefused(f"estimate.{error}") from error


def _consent(request: JobRequested, now: datetime) -> TextsConsent:
    """A customer who books gives the number under the words that say what it is for."""
    by_customer = request.actor.kind == "customer"
    agreed = by_customer if request.agreed_to_texts is None else request.agreed_to_texts
    return TextsConsent(agreed=agreed, at=now, by=request.actor, wording=request.consent_wording)


def _first_note(request: JobRequested, now: datetime) -> Iterator[Note]:
    if request.note:
        yield Note(
            event_id=request.event_id, text=request.note, recorded_at=now, actor=request.actor
        )
