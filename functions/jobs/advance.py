"""Step 2: a move is committed to the job's object, or refused on the record; then the task token rings.

The one conditional write of the job object decides. The task token is resumed after it, never before, and
whether the execution heard it proves nothing: a copy of the event, the wait's own timeout or the
watchdog ring again.
"""

from dataclasses import dataclass
from datetime import datetime

from events import JobMoveRequested
from functions.jobs.facts import refused_fact
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Bus, Executions, Jobs, TaskOutput
from functions.protocol.resume_execution import resume_execution
from statemachine.flows import load_flow
from statemachine.job import SUPERSEDED, Job, TaskWait
from statemachine.lifecycle import Verdict, judge


@dataclass(frozen=True)
class AdvanceJob:
    jobs: Jobs
    executions: Executions
    bus: Bus
    pause: Pause = full_jitter

    def __call__(self, request: JobMoveRequested, now: datetime) -> Verdict:
        """What became of the request; the verdict's job is the stored one.

        Raises UnknownJob, Corrupt, RecordsFull; Unavailable where it shall be delivered again.
        """
        left: list[TaskWait] = []

        def judged(job: Job) -> tuple[Job, Verdict]:
            verdict = judge(job, request, load_flow(job.flow), now)
            if job.wait and verdict.job.execution.generation > job.execution.generation:
                # Kept for after a lost answer, when nothing shows it any more.
                left.append(job.wait)
            return verdict.job, verdict

        job, verdict = commit(
            self.jobs, request.tenant, request.job_id, judged, self.pause, watched=True
        )
        self._follow_up(job, request.event_id)
        self._send_home(left, job)
        return verdict

    def _send_home(self, left: list[TaskWait], job: Job) -> None:
        """The execution that has not heard of the end from which the job has come back.

        It would wait on and call the job overdue. Where the job did not come back after all, its
        generation is the same and it is left alone.
        """
        for wait in left:
            if wait.epoch.generation < job.execution.generation:
                self.executions.send_success(wait.token, TaskOutput(seq=wait.seq, to=SUPERSEDED))

    def _follow_up(self, job: Job, event_id: str) -> None:
        """What must happen after the write, also where a copy of the event finds it undone."""
        refused = job.refusals_with(event_id)
        if refused:
            self.bus.announce([refused_fact(job, refusal) for refusal in refused])
        resume_execution(job, self.jobs, self.executions)
