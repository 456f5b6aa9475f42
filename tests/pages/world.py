"""A business in memory: jobs under the real rules, for the pages to be tried on.

What a job may do, and what others see of it, is `statemachine/`'s; only storing, signing in and
answering are invented here. Tests change the world while a page is looking at it.
"""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from events import Changes, JobEditRequested, JobMoveRequested
from statemachine.edits import edited
from statemachine.flows import Flow, load_flow
from statemachine.identity import digest_of, job_id_for, new_token
from statemachine.job import Assigned, Customer, Execution, Job, Note, Place, Schedule
from statemachine.lifecycle import EXPLANATIONS, Verdict, judge
from statemachine.values import Actor, iso
from statemachine.views import Board, card_of, view_of

TENANT = "main"
DANA = Actor(kind="dispatcher", id="dana")


@dataclass(frozen=True)
class Account:
    name: str
    password: str
    roles: tuple[str, ...] = ("dispatcher",)

    @property
    def kind(self) -> str:
        return "dispatcher" if "dispatcher" in self.roles else "crew"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    """`pinned` views are what the edge serves whatever happens; None stands for nothing there."""

    jobs: dict[str, Job] = field(default_factory=dict)
    accounts: dict[str, Account] = field(
        default_factory=lambda: {
            "dana": Account("Dana Reyes", "haul away"),
            "omar": Account("Omar Haddad", "haul away"),
        }
    )
    pinned: dict[str, bytes | None] = field(default_factory=dict)
    down: bool = False
    """Every answer is 503."""
    gone: set[str] = field(default_factory=set)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of all that was asked for, in order."""
    keys: dict[str, str] = field(default_factory=dict)
    """Idempotency-Key to job id."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def book(self, customer: str = "Ada Wong", flow: str = "haul", **values: Any) -> Job:
        """A new job; `minutes_ago` says when it was booked, the rest are values of the job."""
        with self.lock:
            number = len(self.jobs) + 1
            at = now() - timedelta(minutes=values.pop("minutes_ago", 0))
            job_id = job_id_for(TENANT, f"booking-{number}", at)
            address = values.pop("address", "12 Harbor Road")
            job = Job(
                job_id=job_id,
                tenant=TENANT,
                flow=flow,
                rev=1,
                visible_rev=1,
                status=load_flow(flow).initial.name,
                entered_at=at,
                created_at=at,
                created_by=DANA,
                event_id=f"booking-{number}",
                execution=Execution(since=at),
                customer=Customer(name=customer, phone=values.pop("phone", "+15555550123")),
                place=Place(address=address),
                token=new_token(),
                **values,
            )
            self.jobs[job_id] = job
            return job

    def move(self, job_id: str, *moves: str, by: Actor = DANA, **values: Any) -> Job:
        """The job after `moves`, which must all be legal; `minutes_ago` says when."""
        at = now() - timedelta(minutes=values.pop("minutes_ago", 0))
        for move in moves:
            job = self.jobs[job_id]
            body = {"move": move, "event_id": f"{move}-{job.rev}", "reason": "so it was", **values}
            verdict = self.judge(job_id, by, body, at)
            assert verdict.job.seq > job.seq, verdict
        return self.jobs[job_id]

    def judge(
        self, job_id: str, actor: Actor, body: dict[str, Any], at: datetime | None = None
    ) -> Verdict:
        with self.lock:
            job, at = self.jobs[job_id], at or now()
            request = JobMoveRequested.model_validate(
                {"event_id": f"api-{job.rev}", "occurred_at": at, **body}
                | {"tenant": TENANT, "job_id": job_id, "actor": actor}
            )
            verdict = judge(job, request, load_flow(job.flow), at)
            self.jobs[job_id] = verdict.job
            return verdict

    def edit(self, job_id: str, actor: Actor, changes: dict[str, Any]) -> Job:
        with self.lock:
            job = self.jobs[job_id]
            request = JobEditRequested(
                tenant=TENANT,
                event_id=f"edit-{job.rev}",
                occurred_at=now(),
                actor=actor,
                job_id=job_id,
                changes=Changes.model_validate(changes),
            )
            self.jobs[job_id] = edited(job, request, now())
            return self.jobs[job_id]

    def plan(self, job_id: str, *crew: Assigned, **schedule: datetime) -> Job:
        """Give the job a crew and a schedule."""
        changes: dict[str, Any] = {"schedule": Schedule(**schedule).model_dump(exclude_none=True)}
        if crew:
            changes["crew"] = [member.model_dump() for member in crew]
        return self.edit(job_id, DANA, changes)

    def by_digest(self, digest: str) -> Job | None:
        return next((job for job in self.jobs.values() if digest_of(job.token) == digest), None)

    def view(self, digest: str) -> bytes | None:
        """The public view as it is now."""
        job = self.by_digest(digest)
        if job is None:
            return None
        return view_of(job, load_flow(job.flow)).model_dump_json(exclude_none=True).encode()

    def pin(self, job: Job, body: bytes | None = None, *, missing: bool = False) -> None:
        """Let the edge go on serving the view of now (or nothing) until `unpin`."""
        digest = digest_of(job.token)
        self.pinned[digest] = None if missing else (body or self.view(digest))

    def unpin(self, job: Job) -> None:
        self.pinned.pop(digest_of(job.token), None)

    def at_edge(self, digest: str) -> bytes | None:
        return self.pinned[digest] if digest in self.pinned else self.view(digest)

    def board(self) -> bytes:
        with self.lock:
            cards = [card_of(job, load_flow(job.flow)) for job in self.jobs.values()]
        return Board().merged(cards).at(now()).to_bytes()


def detail_of(job: Job, kind: str, origin: str) -> dict[str, Any]:
    """JobDetail of the API contract."""
    flow = load_flow(job.flow)
    shown: dict[str, Any] = json.loads(job.model_dump_json(exclude_none=True, by_alias=True))
    card = json.loads(card_of(job, flow).model_dump_json())
    same = ("job_id", "tenant", "flow", "seq", "status", "entered_at", "created_at", "customer")
    optional = {"price_cents", "schedule", "crew"} & shown.keys()
    return {
        **{name: shown[name] for name in (*same, "place", *optional)},
        "rev": job.visible_rev,
        "due_at": card["due_at"],
        "notes": shown["notes"],
        "history": shown["ledger"],
        "refusals": [
            {**refusal, "explanation": EXPLANATIONS[refusal["why"]]} for refusal in shown["refused"]
        ],
        "waiting": shown["early"],
        "moves": _legal_moves(job, flow, kind),
        "tracking_url": f"{origin}/track/{job.token}",
    }


def _legal_moves(job: Job, flow: Flow, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(move.model_dump_json(include={"name", "label", "to", "requires"}))
        for move in flow.moves_from(job.status)
        if kind in move.by
    ]


def overtaken(job: Job) -> dict[str, Any]:
    """The extras of the problem `overtaken`: where the job is now and who brought it there."""
    last = job.ledger[-1]
    return {
        "rev": job.visible_rev,
        "status": job.status,
        "moved_by": last.actor.model_dump(),
        "moved_to": last.to,
        "moved_at": iso(last.recorded_at),
    }


def first_note(text: str, actor: Actor) -> Note:
    return Note(event_id="note-1", text=text, recorded_at=now(), actor=actor)
