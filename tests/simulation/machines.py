"""Step Functions: one execution for each generation of a job, as `statemachine/asl.py` defines it.

begin ── register the wait (with retries) ── wait ── resumed ── follow the output ── …
                                              └─ the status's limit ── wait again
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from events import JobOverdue
from functions.jobs.settle import SettledStatus, SettleRequest
from functions.jobs.wait import Outcome, WaitRequest
from functions.protocol.ports import TaskOutput
from statemachine.flows import Flow, load_flow
from statemachine.job.job import LATE, SUPERSEDED
from tests.support.fakes import FakeBus, FakeExecutions

RETRIES = 6
Place = Literal["settle", "invoked", "wait", "next", "end"]


@dataclass(eq=False)
class Run:
    """One execution. `place` is what it does next, or what it waits for."""

    name: str
    flow: Flow = field(repr=False)
    who: dict[str, Any]
    generation: int
    status: str
    seq: int | None = None
    place: Place = "settle"
    token: str | None = None
    entered_at: datetime | None = None
    retry: int = 0
    answer: TaskOutput | None = None
    reported_late: bool = False
    due: datetime | None = None

    @property
    def at(self) -> int:
        return self.seq or 0

    @property
    def ends_itself(self) -> bool:
        return self.flow.status(self.status).terminal

    @property
    def limit_at(self) -> datetime | None:
        """When the wait times out."""
        minutes = self.flow.status(self.status).limit_minutes
        if self.place not in ("invoked", "wait") or minutes is None or self.entered_at is None:
            return None
        return self.entered_at + timedelta(minutes=minutes)


class Machines:
    """All executions. `ended_badly` is called with an execution that failed or was stopped."""

    def __init__(
        self,
        executions: FakeExecutions,
        bus: FakeBus,
        settle: Callable[[SettleRequest], SettledStatus],
        register: Callable[[WaitRequest], Outcome],
        ended_badly: Callable[[Run, str], None],
    ) -> None:
        self.executions, self.bus, self.ended_badly = executions, bus, ended_badly
        self.settle, self.register = settle, register
        self.runs: dict[str, Run] = {}
        self._resumed = self._tokens = 0

    def going(self, now: datetime) -> list[Run]:
        """Those that can make a step."""
        return [
            run
            for run in self.runs.values()
            if run.place in ("settle", "next") and (run.due is None or run.due <= now)
        ]

    def next_due(self) -> Iterator[datetime]:
        for run in self.runs.values():
            if run.place in ("settle", "next") and run.due:
                yield run.due

    def open(self) -> list[Run]:
        return [run for run in self.runs.values() if run.place != "end"]

    def collect(self, now: datetime) -> None:
        """New executions, stopped ones, and those whose task token has got its output."""
        for name, (flow, tenant, job_id, generation) in self.executions.started.items():
            if name not in self.runs:
                who, first = {"tenant": tenant, "job_id": job_id}, load_flow(flow)
                status = first.initial.name
                self.runs[name] = Run(name, first, who, generation, status)
        for run in self.open():
            if run.name not in self.executions.running:
                run.place, run.token = "end", None
        resumed = self.executions.resumed[self._resumed :]
        self._resumed += len(resumed)
        for token, answer in resumed:
            for run in self.open():
                if run.place in ("invoked", "wait") and run.token == token:
                    run.place, run.token, run.answer, run.due = "next", None, answer, None

    def step(self, run: Run, now: datetime) -> Callable[[], None] | None:
        """The next step; a function to invoke, which may take its time, or None if it is made."""
        if run.place == "next":
            self._follow(run, now)
            return None
        if run.ends_itself:
            run.place = "invoked"
            return lambda: self._settle(run)
        return self._wait(run, now)

    def _settle(self, run: Run) -> None:
        settled = self.settle(SettleRequest(**run.who, seq=run.seq))
        assert settled.status == run.status
        run.place = "end"
        self.executions.running.discard(run.name)

    def _wait(self, run: Run, now: datetime) -> Callable[[], None]:
        """Invoke the function with a new token. The output may arrive before it has ended."""
        self._tokens += 1
        run.place, run.token, run.entered_at = (
            "invoked",
            f"task-{self._tokens}",
            run.entered_at or now,
        )
        request = WaitRequest(
            **run.who,
            seq=run.seq,
            execution=run.name,
            entered_at=run.entered_at,
            retry=run.retry,
            token=run.token,
            settles=True,
            handles_late=True,
            reported_late=run.reported_late,
        )

        def invoke() -> None:
            self.register(request)
            if run.place == "invoked" and run.token == request.token:
                run.place = "wait"

        return invoke

    def failed(self, run: Run, token: str | None, now: datetime) -> None:
        """The invoked function has failed; the state is tried again, after a while."""
        if run.place != "invoked" or run.token != token:
            return
        run.retry += 1
        if run.retry > RETRIES:
            self.end_badly(run, "FAILED")
            return
        run.place, run.token = "settle", None
        run.due = now + timedelta(seconds=min(30, 2 ** (run.retry - 1)))

    def time_out(self, run: Run) -> None:
        """The wait has reached the status's limit, and is renewed."""
        run.reported_late = False
        self._enter(run, run.status, run.seq)

    def _announce_overdue(self, run: Run, now: datetime) -> None:
        fact = JobOverdue(
            **run.who, flow=run.flow.name, recorded_at=now, status=run.status, seq=run.at
        )
        self.bus.facts.append(fact)

    def _follow(self, run: Run, now: datetime) -> None:
        assert run.answer
        ways = {move.to for move in run.flow.moves_from(run.status)}
        if run.status == run.flow.initial.name:
            ways = {status.name for status in run.flow.statuses}
        if run.answer.to == SUPERSEDED:
            run.place = "end"
            self.executions.running.discard(run.name)
        elif run.answer.to == LATE:
            self._announce_overdue(run, now)
            self._enter(run, run.status, run.answer.seq)
            run.reported_late = True
        elif run.answer.to in ways:
            run.reported_late = False
            self._enter(run, run.answer.to, run.answer.seq)
        else:  # States.NoChoiceMatched
            self.end_badly(run, "FAILED")

    def _enter(self, run: Run, status: str, seq: int | None) -> None:
        run.status, run.seq = status, seq
        run.place, run.token, run.due, run.retry, run.entered_at = "settle", None, None, 0, None

    def end_badly(self, run: Run, status: str) -> None:
        run.place, run.token = "end", None
        self.executions.running.discard(run.name)
        self.ended_badly(run, status)
