"""Wake the execution of a job whose ledger is ahead of it: the task token behind every commit."""

from functions.protocol.ports import Executions, Jobs, TaskOutput, TaskTokens
from statemachine.flows import load_flow
from statemachine.job import Job


def next_task_output(job: Job) -> TaskOutput | None:
    """The ledger entry the waiting execution goes on with; None while it waits rightly."""
    if job.wait is None or job.seq <= job.wait.seq:
        return None
    entry = job.ledger[job.wait.seq]
    return TaskOutput(seq=entry.seq, to=entry.to)


def resume_if_behind(job: Job, task_tokens: TaskTokens) -> bool:
    """Whether the execution waited behind the ledger, and was resumed."""
    answer = next_task_output(job)
    if job.wait is None or answer is None:
        return False
    task_tokens.send_success(job.wait.token, answer)
    return True


def resume_execution(job: Job, jobs: Jobs, executions: Executions) -> bool:
    """Ring the execution that waits behind the ledger; start the one that was never started.

    A job that has come back from an ended status has no execution yet: its generation was raised
    in the very write that brought it back, so whoever sees that may start it, any number of times.
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
