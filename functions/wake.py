"""Wake the execution of a job whose ledger is ahead of it: the bell behind every commit."""

from functions.ports import Answer, Bells, Executions, Jobs
from statemachine.flows import load_flow
from statemachine.job import Job


def next_answer(job: Job) -> Answer | None:
    """The ledger entry the waiting execution goes on with; None while it waits rightly."""
    if job.wait is None or job.seq <= job.wait.seq:
        return None
    entry = job.ledger[job.wait.seq]
    return Answer(seq=entry.seq, to=entry.to)


def ring(job: Job, bells: Bells) -> bool:
    """Whether the execution waited behind the ledger, and was rung."""
    answer = next_answer(job)
    if job.wait is None or answer is None:
        return False
    bells.ring(job.wait.token, answer)
    return True


def wake(job: Job, jobs: Jobs, executions: Executions) -> bool:
    """Ring the execution that waits behind the ledger; start the one that was never started.

    A job that has come back from an ended status has no execution yet: its generation was raised
    in the very write that brought it back, so whoever sees that may start it, any number of times.
    """
    if ring(job, executions):
        return True
    if job.wait is None and job.execution.generation > 0 and not _ended(job):
        jobs.mark_open(job.tenant, job.job_id)
        executions.start(job.flow, job.tenant, job.job_id, job.execution.generation)
        return True
    return False


def _ended(job: Job) -> bool:
    return load_flow(job.flow).status(job.status).terminal
