"""Resume the execution of a job whose ledger is ahead of it, by its task token."""

from functions.protocol.ports import Executions, Jobs, TaskOutput, TaskTokens
from statemachine.flows import load_flow
from statemachine.job.job import Job


def next_task_output(job: Job) -> TaskOutput | None:
    """The ledger entry that the waiting execution continues with; None while it has to wait."""
    if job.wait is None or job.seq <= job.wait.seq:
        return None
    entry = job.ledger[job.wait.seq]
    return TaskOutput(seq=entry.seq, to=entry.to)


def resume_if_behind(job: Job, task_tokens: TaskTokens) -> bool:
    """Resume the execution if the ledger is ahead of it; returns whether it was."""
    output = next_task_output(job)
    if job.wait is None or output is None:
        return False
    task_tokens.send_success(job.wait.token, output)
    return True


def resume_execution(job: Job, jobs: Jobs, executions: Executions) -> bool:
    """Resume the execution if the ledger is ahead of it; start the one of a reopened job.

    A job that was reopened from an ended status has no execution yet. The write that reopened it
    raised its generation, so every reader may start that execution, any number of times.
    """
    if resume_if_behind(job, executions):
        return True
    if job.wait is None and job.execution.generation > 0 and not _ended(job):
        jobs.mark_open(job.tenant, job.job_id)
        executions.start(job.flow, job.tenant, job.job_id, job.execution.generation)
        return True
    return False


def _ended(job: Job) -> bool:
    return load_flow(job.flow).status(job.status).terminal
