"""Step 2, for details: an edit is committed, shown, and announced, or refused on the record."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from events import JobEditRequested
from functions.jobs.facts import edited_fact, refused_edit_fact, refused_fact
from functions.jobs.take_slot import TakeSlot
from functions.people.assign_crew import AssignCrew
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Bus, Jobs, TaskTokens, Views
from functions.protocol.resume_execution import resume_if_behind
from functions.views.write_view import remove_dead_views, write_view
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.edits import EditRefused, edited, refusal_of, with_refusal
from statemachine.rules.lifecycle import with_early_moves_judged
from statemachine.schedule.slots import slot_of
from statemachine.values.ids import new_token


class ScheduleRules(TypedDict, total=False):
    """What the business's settings say about a new schedule, as `edited` takes it."""

    horizon_days: int
    by_dispatcher: bool


@dataclass(frozen=True)
class EditJob:
    jobs: Jobs
    views: Views
    bus: Bus
    crew: AssignCrew
    slots: TakeSlot
    pause: Pause = full_jitter
    task_tokens: TaskTokens | None = None
    """Resume the execution if the edit lets a kept move be made; without it, the watchdog does."""
    new_token: Callable[[], str] = new_token

    def __call__(self, request: JobEditRequested, now: datetime) -> Job:
        """The stored job with the changes.

        Raises EditRefused, after the refusal is on the job's record and announced; UnknownJob,
        Corrupt, RecordsFull, Unavailable. A copy of the request changes nothing, but shows and
        announces what the first one stored.
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
        self._give_back(job, request, now)
        remove_dead_views(self.views, job, now)
        write_view(self.views, job, load_flow(job.flow), now, self.pause)
        announce_edit(job, request.event_id, self.bus, self.task_tokens)
        return job

    def _edited(self, job: Job, request: JobEditRequested, now: datetime) -> Job:
        names, rules = self.crew.first_names(job), self._rules(request)
        after = edited(job, request, now, names, new_token=self.new_token, **rules)
        if after is job:
            return job
        self.crew(job, after, request, now)
        flow = load_flow(job.flow)
        if slot_of(after, flow) != slot_of(job, flow):
            self.slots.take(after, now)
        return with_early_moves_judged(after, flow, now)

    def _give_back(self, job: Job, request: JobEditRequested, now: datetime) -> None:
        """The slot of the window that this edit left; a copy of the request does so again."""
        edit = next(edit for edit in job.edits if edit.event_id == request.event_id)
        if edit.window and edit.window.left:
            self.slots.follow(job, now, edit.window.left)

    def _rules(self, request: JobEditRequested) -> ScheduleRules:
        """Read only for a new schedule, because other edits need no settings."""
        if request.changes.schedule is None:
            return {}
        business = self.crew.tenants.read(request.tenant)
        by_dispatcher = business.accepts_bookings == "by_dispatcher"
        return {"horizon_days": business.horizon_days, "by_dispatcher": by_dispatcher}


def announce_edit(job: Job, event_id: str, bus: Bus, task_tokens: TaskTokens | None) -> None:
    """Announce an edit and the kept moves that it ended; resume the execution for those it allowed.

    A copy of the event does so again, in case the first one did not get this far.
    """
    bus.announce([edited_fact(job, edit) for edit in job.edits if edit.event_id == event_id])
    bus.announce([refused_fact(job, refusal) for refusal in job.refusals_written_with(event_id)])
    if task_tokens:
        resume_if_behind(job, task_tokens)
