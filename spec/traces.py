"""Whether the model of a job accepts what the real functions stored.

A trace is the sequence of a job's stored documents, as `spec/job.pml` sees them. The model has a
way to produce it exactly if the checker, looking for the trace's end, gets there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from spec.check import Check, run_checker
from statemachine.job.job import Job

EVENTS = ("confirm", "complete", "cancel", "reopen")
"""The moves of the model, which are their own event ids; their order gives the bits."""


@dataclass(frozen=True)
class Stored:
    """One stored document of a job; sets of events are bits, `settled` is 1 + the settled entry."""

    seq: int
    applied: int
    refused: int
    early: int
    generation: int
    waits: int
    wait_seq: int
    settled: int

    @classmethod
    def of(cls, job: Job) -> "Stored":
        return cls(
            seq=job.seq,
            applied=_bits(entry.event_id for entry in job.ledger),
            refused=_bits(refusal.event_id for refusal in job.refused),
            early=_bits(early.event_id for early in job.early),
            generation=job.execution.generation,
            waits=int(job.wait is not None),
            wait_seq=job.wait.seq if job.wait else 0,
            settled=job.execution.seq + 1,
        )


def _bits(event_ids: Iterable[str]) -> int:
    return sum(1 << EVENTS.index(event_id) for event_id in set(event_ids))


def trace_of(jobs: Sequence[Job]) -> list[Stored]:
    """What the versions of one job come to, without writes that change nothing the model has.

    The first is the booking, which the model makes itself.
    """
    stored = [Stored.of(job) for job in jobs]
    return [after for before, after in pairwise(stored) if after != before]


def accepts(trace: Sequence[Stored], most_faults: int) -> bool:
    """Whether the model can store just this, with so many faults or fewer.

    A fault that leaves no trace, such as a lost answer, need not be in the model's way; so few are
    tried first, because the search grows with them.
    """
    return not trace or any(_reached(trace, faults) for faults in range(most_faults + 1))


def _reached(trace: Sequence[Stored], faults: int) -> bool:
    with TemporaryDirectory() as name:
        file = Path(name) / "trace.pml"
        file.write_text(_promela(trace), encoding="utf-8")
        check = Check("job", ("TRACE", f"FAULTS={faults}", f"ROUNDS={faults}"))
        return run_checker(check, [file]).violated is not None


def _promela(trace: Sequence[Stored]) -> str:
    names = [field.name for field in fields(Stored)]
    declared = "".join(f"byte trace_{name}[LENGTH];\n" for name in names)
    values = "".join(
        f"  trace_{name}[{number}] = {value};\n"
        for number, stored in enumerate(trace)
        for name, value in zip(names, astuple(stored), strict=True)
    )
    events = 0
    for stored in trace:
        events |= stored.applied | stored.refused | stored.early
    head = f"#define LENGTH {len(trace)}\n#define EVENTS {events}\n"
    return f"{head}{declared}inline record() {{\n  d_step {{\n{values}  }}\n}}\n"
