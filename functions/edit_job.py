"""Step 2, for particulars: notes, schedule, ETA, crew, price are committed, shown and announced."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events import JobEdited, JobEditRequested
from functions.aws.claims import DynamoClaims
from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    HasRoster,
    HasViews,
    client,
    inbox,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.freshness import public_views
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.stores import S3Jobs, S3Tenants
from functions.commit import Pause, commit, full_jitter
from functions.inbox import Inbox, once
from functions.people.assign_crew import AssignCrew
from functions.ports import Bus, Jobs, Tenants, Views
from functions.write_view import write_view
from statemachine.edits import edited
from statemachine.flows import load_flow
from statemachine.job import Edit, Job


@dataclass(frozen=True)
class EditJob:
    jobs: Jobs
    views: Views
    bus: Bus
    crew: AssignCrew
    pause: Pause = full_jitter

    def __call__(self, request: JobEditRequested, now: datetime) -> Job:
        """The stored job with the changes. Raises EditRefused, UnknownJob, Corrupt, Unavailable.

        A copy of the request changes nothing, but shows and announces what the first one stored.
        """

        def change(job: Job) -> tuple[Job, None]:
            after = edited(
                job, request, now, self.crew.first_names(job), self._horizon_days(request)
            )
            if after is not job:
                self.crew(job, after, request, now)
            return after, None

        job, _ = commit(self.jobs, request.tenant, request.job_id, change, self.pause, watched=True)
        write_view(self.views, job, load_flow(job.flow), self.pause)
        for edit in job.edits:
            if edit.event_id == request.event_id:
                self.bus.announce([edited_fact(job, edit)])
        return job

    def _horizon_days(self, request: JobEditRequested) -> int:
        """Asked only where it matters: other edits need no settings."""
        if request.changes.schedule is None:
            return 0
        return self.crew.tenants.read(request.tenant).horizon_days


def edited_fact(job: Job, edit: Edit) -> JobEdited:
    return JobEdited(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=edit.recorded_at,
        event_id=edit.event_id,
        actor=edit.actor,
        rev=job.visible_rev,
        fields=edit.fields,
    )


class Settings(FromQueue, HasJobs, HasRoster, HasViews, Announces):
    pass


def assign_crew(settings: HasRoster, jobs: Jobs, tenants: Tenants) -> AssignCrew:
    dynamodb, once_only = client("dynamodb"), one_attempt("dynamodb")
    return AssignCrew(
        DynamoAccounts(dynamodb, settings.crew_roster),
        DynamoRoster(dynamodb, settings.crew_roster),
        DynamoClaims(once_only, settings.crew_roster),
        jobs,
        tenants,
    )


@once
def wire() -> tuple[EditJob, Inbox[JobEditRequested]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    edit = EditJob(
        jobs,
        public_views(s3, settings),
        EventBridgeBus(client("events"), settings.bus_name),
        assign_crew(settings, jobs, S3Tenants(s3, settings.jobs_bucket)),
    )
    return edit, inbox(JobEditRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    edit, messages = wire()

    def one(request: JobEditRequested) -> None:
        job = edit(request, utc_now())
        log.info("edited", tenant=job.tenant, job=job.job_id, rev=job.visible_rev)

    return messages.deliver(event, one)
