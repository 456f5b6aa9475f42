"""Step 2: a move is committed to the job's object, or refused on the record.

The conditional write of the job object decides. The execution is resumed after that write, never
before. If it does not resume, nothing is lost: a copy of the event, the wait's own timeout, or the
watchdog sends the task token again.
"""

from dataclasses import dataclass
from datetime import datetime

from events import JobMoveRequested
from functions.jobs.facts import refused_fact
from functions.jobs.take_slot import TakeSlot
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import (
    Bus,
    Corrupt,
    Executions,
    Jobs,
    Logger,
    TaskOutput,
    Unavailable,
)
from functions.protocol.resume_execution import resume_execution
from statemachine.flows import load_flow
from statemachine.job.job import SUPERSEDED, Job, TaskWait
from statemachine.rules.lifecycle import Verdict, judge


@dataclass(frozen=True)
class AdvanceJob:
    jobs: Jobs
    executions: Executions
    bus: Bus
    slots: TakeSlot
    log: Logger
    pause: Pause = full_jitter

    def __call__(self, request: JobMoveRequested, now: datetime) -> Verdict:
        """The verdict on the request; its job is the stored one.

        Raises UnknownJob, Corrupt, RecordsFull; Unavailable if the request is to be retried.
        """
        replaced: list[TaskWait] = []

        def judged(job: Job) -> tuple[Job, Verdict]:
            verdict = judge(job, request, load_flow(job.flow), now)
            if job.wait and verdict.job.execution.generation > job.execution.generation:
                # Remembered here, because after a lost answer the job no longer shows it.
                replaced.append(job.wait)
            return verdict.job, verdict

        job, verdict = commit(
            self.jobs, request.tenant, request.job_id, judged, self.pause, watched=True
        )
        self._follow_up(job, request.event_id)
        self._end_replaced(replaced, job)
        self._give_back(job, now)
        return verdict

    def _give_back(self, job: Job, now: datetime) -> None:
        """The slot of a job that has ended or lost its window; one that is back takes it again.

        The move is made, and no one is to send it again because of a sheet: the watchdog compares
        the sheets with the jobs.
        """
        flow = load_flow(job.flow)
        last = job.ledger[-1] if job.ledger else None
        if last is None:
            return
        ends = flow.status(last.origin).terminal != flow.status(last.to).terminal
        if ends or last.cleared or last.undoes:
            left = last.cleared.window if last.cleared else None
            try:
                self.slots.follow(job, now, left)
            except (Unavailable, Corrupt) as error:
                why = type(error).__name__
                self.log.error("slots not updated", tenant=job.tenant, job=job.job_id, why=why)

    def _end_replaced(self, replaced: list[TaskWait], job: Job) -> None:
        """End the execution of a job that was reopened before that execution saw it end.

        It would keep waiting and report the job as overdue. If the job was not reopened after all,
        the generation is the same and the execution goes on.
        """
        for wait in replaced:
            if wait.epoch.generation < job.execution.generation:
                self.executions.send_success(wait.token, TaskOutput(seq=wait.seq, to=SUPERSEDED))

    def _follow_up(self, job: Job, event_id: str) -> None:
        """What must happen after the write; a copy of the event does it if that was not done."""
        refused = job.refusals_written_with(event_id)
        if refused:
            self.bus.announce([refused_fact(job, refusal) for refusal in refused])
        resume_execution(job, self.jobs, self.executions)
