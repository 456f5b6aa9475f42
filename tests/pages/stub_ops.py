"""The ops part of the stub API: overview, timelines, repairs, dead letters.

Counts and timelines come from the jobs. The numbers of AWS (queues, executions, delays) are made up
and always the same.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from statistics import median

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.ops_models import (
    DeadLetter,
    DeadLettersBody,
    DeadLettersDocument,
    DeadLettersResult,
    ExecutionCount,
    InvalidationUsageDocument,
    OpsDocument,
    ProblemJob,
    QueueState,
    RepairDocument,
    StatusCount,
    TimeInStatus,
    TimelineDocument,
    VisibilityDelay,
)
from functions.api.problems import Problem
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.job.records import Repair
from statemachine.rules.lifecycle import EXPLANATIONS
from statemachine.views.evidence import TimelineEvent
from statemachine.views.views import card_of
from tests.pages.stub_api import Stub, answered, document
from tests.pages.stub_data import StubData, now

QUEUES = (
    "create_job",
    "advance_job",
    "edit_job",
    "publish_board",
    "invalidate_views",
    "send_sms",
    "deliver_webhooks",
)
MOST_MESSAGES = 100


def ops_routes(stub: Stub) -> list[Route]:
    asked = OpsStub(stub)
    letters = "/api/ops/dead-letters/{queue}"
    return [
        Route("/api/ops", stub.guarded(asked.overview)),
        Route("/api/ops/jobs/{job_id}", stub.guarded(asked.story)),
        Route("/api/ops/jobs/{job_id}/repair", stub.guarded(asked.repair), methods=["POST"]),
        Route(letters, stub.guarded(asked.letters)),
        Route(f"{letters}/redrive", stub.guarded(asked.redrive), methods=["POST"]),
        Route(f"{letters}/discard", stub.guarded(asked.discard), methods=["POST"]),
    ]


class OpsStub:
    def __init__(self, stub: Stub) -> None:
        self.stub = stub

    @property
    def data(self) -> StubData:
        return self.stub.data

    def allow(self, request: Request) -> None:
        if "ops" not in self.stub.session(request).account.roles:
            raise Problem("not-allowed")

    async def overview(self, request: Request) -> Response:
        self.allow(request)
        return answered(overview_of(self.data, now()))

    async def story(self, request: Request) -> Response:
        self.allow(request)
        return answered(story_of(self.data, self.job(request), now()))

    async def repair(self, request: Request) -> Response:
        self.allow(request)
        job = self.job(request)
        was_stuck = self.data.stuck.pop(job.job_id, None)
        if was_stuck == "corrupt":
            self.data.stuck[job.job_id] = "corrupt"
            raise Problem("internal", "a stored object cannot be read; someone has to look at it")
        repairs: tuple[Repair, ...] = ("replaced", "view written") if was_stuck else ()
        return answered(RepairDocument(job_id=job.job_id, repairs=repairs))

    async def letters(self, request: Request) -> Response:
        self.allow(request)
        there = tuple(each for each in self.data.letters if each.queue == self.queue(request))
        return answered(DeadLettersDocument(messages=there[:MOST_MESSAGES], as_of=now()))

    async def redrive(self, request: Request) -> Response:
        return await self.take_away(request)

    async def discard(self, request: Request) -> Response:
        return await self.take_away(request)

    async def take_away(self, request: Request) -> Response:
        self.allow(request)
        request_body, queue = await document(request, DeadLettersBody), self.queue(request)
        with self.data.lock:
            there = [each.message_id for each in self.data.letters if each.queue == queue]
            wanted = set(there if request_body.message_ids is None else request_body.message_ids)
            gone = set([each for each in there if each in wanted][:MOST_MESSAGES])
            self.data.letters = [e for e in self.data.letters if e.message_id not in gone]
        return answered(DeadLettersResult(done=len(gone), remaining=len(wanted - gone)))

    def job(self, request: Request) -> Job:
        job = self.data.jobs.get(request.path_params["job_id"])
        if job is None:
            raise Problem("unknown-job")
        return job

    def queue(self, request: Request) -> str:
        queue: str = request.path_params["queue"]
        if queue not in QUEUES:
            raise Problem("not-found")
        return queue


# The overview


def overview_of(data: StubData, at: datetime) -> OpsDocument:
    jobs = list(data.jobs.values())
    dead = Counter(letter.queue for letter in data.letters)
    return OpsDocument(
        statuses=tuple(_statuses(jobs, at)),
        executions=tuple(_executions(data, jobs)),
        problem_jobs=tuple(_troubled(data, jobs, at)),
        queues=tuple(
            QueueState(queue=name, waiting=0, in_flight=0, dead=dead[name]) for name in QUEUES
        ),
        time_in_status=tuple(_stays(jobs)),
        visibility_delays=tuple(_visible(jobs)),
        board_written_at=max((job.entered_at for job in jobs), default=None),
        board_jobs=len(jobs),
        invalidations=InvalidationUsageDocument(
            month=f"{at:%Y-%m}", paths=sum(job.seq for job in jobs), budget=1000
        ),
        as_of=at,
    )


def _statuses(jobs: list[Job], at: datetime) -> Iterator[StatusCount]:
    for flow, status in sorted({(job.flow, job.status) for job in jobs}):
        there = [job for job in jobs if (job.flow, job.status) == (flow, status)]
        yield StatusCount(
            flow=flow,
            status=status,
            jobs=len(there),
            overdue=sum((_due_at(job) or at) < at for job in there),
            oldest_at=min(job.entered_at for job in there),
        )


def _executions(data: StubData, jobs: list[Job]) -> Iterator[ExecutionCount]:
    ended = sum(_has_ended(job) for job in jobs)
    yield ExecutionCount(state="running", executions=len(jobs) - ended)
    yield ExecutionCount(state="succeeded", executions=ended)
    yield ExecutionCount(state="failed", executions=len(data.stuck))
    yield ExecutionCount(state="timed_out", executions=0)
    yield ExecutionCount(state="aborted", executions=0)


def _troubled(data: StubData, jobs: list[Job], at: datetime) -> Iterator[ProblemJob]:
    for job in jobs:
        where = {"flow": job.flow, "status": job.status}
        why, due = data.stuck.get(job.job_id), _due_at(job)
        if due and due < at:
            yield ProblemJob(job_id=job.job_id, since=due, why="overdue", **where)
        if why:
            known = {} if why == "corrupt" else where
            yield ProblemJob(job_id=job.job_id, since=job.entered_at, why=why, **known)


def _due_at(job: Job) -> datetime | None:
    return card_of(job, load_flow(job.flow)).due_at


def _has_ended(job: Job) -> bool:
    return load_flow(job.flow).status(job.status).terminal


def _stays(jobs: list[Job]) -> Iterator[TimeInStatus]:
    stays: dict[tuple[str, str], list[float]] = {}
    for job in jobs:
        for entry in job.ledger:
            came = job.entered_at_of(entry.seq - 1)
            stayed = (entry.recorded_at - came).total_seconds() / 60
            stays.setdefault((job.flow, entry.origin), []).append(stayed)
    for (flow, status), minutes in stays.items():
        known = load_flow(flow).status(status)
        if not known.terminal:
            yield TimeInStatus(
                flow=flow,
                status=status,
                jobs=len(minutes),
                median_minutes=median(minutes),
                longest_minutes=max(minutes),
                limit_minutes=None if known.awaits_arrival else known.limit_minutes,
            )


def _visible(jobs: list[Job]) -> Iterator[VisibilityDelay]:
    moments = sorted(entry.recorded_at for job in jobs for entry in job.ledger)[-100:]
    for number, at in enumerate(moments):
        yield VisibilityDelay(
            at=at, ms=240 + number * 97 % 310 + (1400 if number % 17 == 11 else 0)
        )


# The timeline


def story_of(data: StubData, job: Job, at: datetime) -> TimelineDocument:
    why = data.stuck.get(job.job_id)
    wrong = {
        None: (),
        "corrupt": ("Its object cannot be read.",),
        "keeps_failing": ("Its last three executions have died; none follows it now.",),
    }[why]
    return TimelineDocument(
        job_id=job.job_id,
        flow=job.flow,
        status=job.status,
        rev=job.rev,
        events=tuple(_in_order(_lines(job, at, well=why is None))),
        diagnosis=wrong,
        incomplete=("Step Functions holds the latest executions only.",) if wrong else (),
    )


def _lines(job: Job, at: datetime, *, well: bool) -> Iterator[TimelineEvent]:
    yield TimelineEvent(
        at=job.created_at, what="booked", text="Booked", actor=job.created_by, rev=1, seq=0
    )
    for entry in job.ledger:
        text = f"{entry.move}: {entry.origin} → {entry.to}"
        moved = {"actor": entry.actor, "rev": entry.rev, "seq": entry.seq}
        yield TimelineEvent(at=entry.recorded_at, what="moved", text=text, **moved)
        shown = entry.recorded_at + timedelta(milliseconds=310)
        yield TimelineEvent(
            at=shown, what="view", text="The public view was written", seq=entry.seq
        )
    for refusal in job.refused:
        yield TimelineEvent(
            at=refusal.recorded_at,
            what="refused",
            text=EXPLANATIONS[refusal.why],
            actor=refusal.actor,
            ok=False,
        )
    if not well:
        died = at - timedelta(minutes=9)
        yield TimelineEvent(at=died, what="execution", text="Execution g3 has failed", ok=False)
    yield TimelineEvent(at=at, what="now", text=f"It is in {job.status}", rev=job.rev, ok=well)


def _in_order(lines: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    return sorted(lines, key=lambda line: line.at)


# Trouble


def with_trouble(data: StubData) -> StubData:
    """Makes two jobs stuck and adds three failed messages."""
    jobs = list(data.jobs.values())
    data.stuck |= {jobs[1].job_id: "keeps_failing", jobs[6].job_id: "corrupt"}
    a_dead_letter(data, jobs[4])
    a_dead_letter(data, jobs[7], reason="NotForUs", detail="The number cannot be reached")
    a_dead_letter(data, jobs[8], queue="deliver_webhooks", detail="Unavailable: it answered 503")
    return data


def a_dead_letter(data: StubData, job: Job, queue: str = "send_sms", **values: str) -> DeadLetter:
    """Adds a failed message about the job."""
    letter = DeadLetter(
        message_id=values.pop("message_id", f"letter-{len(data.letters) + 1}"),
        queue=queue,
        sent_at=now() - timedelta(minutes=20),
        event="JobMoved",
        job_id=job.job_id,
        event_id=job.event_id,
        reason=values.pop("reason", "Given up after 5 tries"),
        detail=values.pop("detail", "Unavailable: the provider did not answer"),
        **values,
    )
    data.letters.append(letter)
    return letter
