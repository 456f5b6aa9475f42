"""Step 2, for details: an edit is committed, shown and announced, or refused on the record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events import JobEdited, JobEditRefused, JobEditRequested
from functions.advance_job import refused_fact
from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    HasRoster,
    HasViews,
    batch_consumer,
    client,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.reservations import DynamoReservations
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.aws.stepfunctions import StepFunctionsTaskTokens
from functions.people.assign_crew import AssignCrew
from functions.protocol.batches import BatchConsumer, once
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Bus, Jobs, TaskTokens, Tenants, Views
from functions.protocol.resume_execution import resume_if_behind
from functions.views.write_view import write_view
from statemachine.edits import EditRefused, edited, refusal_of, with_refusal
from statemachine.flows import load_flow
from statemachine.job import Job
from statemachine.lifecycle import with_early_moves_judged
from statemachine.records import Edit, RefusedEdit


@dataclass(frozen=True)
class EditJob:
    jobs: Jobs
    views: Views
    bus: Bus
    crew: AssignCrew
    pause: Pause = full_jitter
    task_tokens: TaskTokens | None = None
    """Wakes the execution where the edit lets a kept move be made; else the watchdog does."""

    def __call__(self, request: JobEditRequested, now: datetime) -> Job:
        """The stored job with the changes. Raises EditRefused, once that is on the job's record
        and announced; UnknownJob, Corrupt, RecordsFull, Unavailable.

        A copy of the request changes nothing, but shows and announces what the first one stored.
        """

        def change(job: Job) -> tuple[Job, EditRefused | None]:
            try:
                return self._edited(job, request, now), None
            except EditRefused as refused:
                return with_refusal(job, request, refused, now), refused

        job, refused = commit(
            self.jobs, request.tenant, request.job_id, change, self.pause, watched=True
        )
        if refused:
            if record := refusal_of(job, request):
                self.bus.announce([refused_edit_fact(job, record)])
            raise refused
        write_view(self.views, job, load_flow(job.flow), self.pause)
        announce_edit(job, request.event_id, self.bus, self.task_tokens)
        return job

    def _edited(self, job: Job, request: JobEditRequested, now: datetime) -> Job:
        after = edited(job, request, now, self.crew.first_names(job), self._horizon_days(request))
        if after is job:
            return job
        self.crew(job, after, request, now)
        return with_early_moves_judged(after, load_flow(job.flow), now)

    def _horizon_days(self, request: JobEditRequested) -> int:
        """Asked only where it matters: other edits need no settings."""
        if request.changes.schedule is None:
            return 0
        return self.crew.tenants.read(request.tenant).horizon_days


def announce_edit(job: Job, event_id: str, bus: Bus, task_tokens: TaskTokens | None) -> None:
    """Tell of an edit and of the kept moves it ended; wake the execution for those it let through.

    Also where a copy of the event finds that undone.
    """
    bus.announce([edited_fact(job, edit) for edit in job.edits if edit.event_id == event_id])
    bus.announce([refused_fact(job, refusal) for refusal in job.refusals_written_with(event_id)])
    if task_tokens:
        resume_if_behind(job, task_tokens)


def edited_fact(job: Job, edit: Edit) -> JobEdited:
    return JobEdited(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=edit.recorded_at,
        event_id=edit.event_id,
        actor=edit.actor,
        rev=job.rev,
        fields=edit.fields,
    )


def refused_edit_fact(job: Job, refusal: RefusedEdit) -> JobEditRefused:
    return JobEditRefused(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        **refusal.model_dump(exclude={"text", "digest"}),
    )


class Settings(FromQueue, HasJobs, HasRoster, HasViews, Announces):
    pass


def assign_crew(settings: HasRoster, jobs: Jobs, tenants: Tenants) -> AssignCrew:
    dynamodb, once_only = client("dynamodb"), one_attempt("dynamodb")
    return AssignCrew(
        DynamoAccounts(dynamodb, settings.crew_roster),
        DynamoRoster(dynamodb, settings.crew_roster),
        DynamoReservations(once_only, settings.crew_roster),
        jobs,
        tenants,
    )


@once
def wire() -> tuple[EditJob, BatchConsumer[JobEditRequested]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    edit = EditJob(
        jobs,
        public_views(s3, settings),
        EventBridgeBus(client("events"), settings.bus_name),
        assign_crew(settings, jobs, S3Tenants(s3, settings.jobs_bucket)),
        task_tokens=StepFunctionsTaskTokens(client("stepfunctions")),
    )
    return edit, batch_consumer(JobEditRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    edit, messages = wire()

    def one(request: JobEditRequested) -> None:
        try:
            job = edit(request, utc_now())
        except EditRefused as refused:  # on the record and announced: nothing is left to be done
            log.info("refused", tenant=request.tenant, job=request.job_id, why=refused.why)
            return
        log.info("edited", tenant=job.tenant, job=job.job_id, rev=job.rev)

    return messages.deliver(event, one)
