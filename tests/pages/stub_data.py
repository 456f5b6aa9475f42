"""A business in memory: jobs under the rules of `statemachine/`, for the page tests.

Only storing and signing in are simplified. Tests change the data while a page shows it.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from events import Changes, JobEditRequested, JobMoveRequested, StuckReason
from functions.api.ops_models import DeadLetter
from functions.people.accounts import Account, Role
from functions.people.crew_location import CrewLocation
from functions.views.job_index import JobIndex
from statemachine.flows import load_flow
from statemachine.job.job import (
    Assigned,
    Customer,
    Execution,
    Job,
    Photo,
    PhotoKind,
    Place,
    Schedule,
)
from statemachine.job.records import Note
from statemachine.messages.conversation import Conversation, ConversationList
from statemachine.rules.edits import edited
from statemachine.rules.lifecycle import Verdict, judge
from statemachine.rules.proof_of_service import photo_id_of, with_photo
from statemachine.settings.business_changes import BusinessRecord
from statemachine.values.ids import digest_of, job_id_for, new_token
from statemachine.values.values import Actor
from statemachine.views.views import Board, card_of, view_of
from tests.pages.stub_business import default_settings
from tests.pages.stub_roster import Roster

TENANT = "main"
DANA = Actor(kind="dispatcher", id="dana")


PASSWORD = "haul away now"
"""The password of every account."""


def an_account(account: str, name: str, *roles: Role) -> Account:
    return Account(
        tenant=TENANT,
        account=account,
        name=name,
        roles=roles or ("dispatcher",),
        password_hash="-",
        password_since=datetime(2026, 1, 1, tzinfo=UTC),
    )


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class StubData:
    """`pinned` views are what the edge serves, even if the job changes; None: not found."""

    jobs: dict[str, Job] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    """By the number's digest."""
    accounts: dict[str, Account] = field(
        default_factory=lambda: {
            "dana": an_account("dana", "Dana Reyes"),
            "omar": an_account("omar", "Omar Haddad"),
            "miguel": an_account("miguel", "Miguel", "driver"),
            "olga": an_account("olga", "Olga Petrov", "dispatcher", "ops"),
            "olivia": an_account("olivia", "Olivia Hart", "owner"),
        }
    )
    pinned: dict[str, bytes | None] = field(default_factory=dict)
    poll_s: int | None = None
    """Replaces the `poll_s` of views, so that tests need not wait."""
    down: bool = False
    """Every answer is 503."""
    places: dict[str, CrewLocation] = field(default_factory=dict)
    """Where crews are, by job id."""
    logos: dict[str, bytes] = field(default_factory=dict)
    """By the path of each."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """JPEGs by photo id."""
    gone: set[str] = field(default_factory=set)
    stuck: dict[str, StuckReason] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    """Failed messages."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of all requests, in order."""
    roster: Roster = field(default_factory=Roster)
    test_texts: list[tuple[str, str | None]] = field(default_factory=list)
    """Language and words of each text that an owner sent to themselves."""
    business: BusinessRecord = field(default_factory=default_settings)
    keys: dict[str, str] = field(default_factory=dict)
    """Idempotency-Key to job id."""
    index: JobIndex | None = None
    """Answers searches and reports; None: an index of `jobs`."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def book(self, customer: str | Customer = "Ada Wong", flow: str = "haul", **values: Any) -> Job:
        """A new job, booked `minutes_ago`, with a `load` and other values of Job."""
        if isinstance(customer, str):
            customer = Customer(name=customer, phone="+15555550123")
        with self.lock:
            number = len(self.jobs) + 1
            at = now() - timedelta(minutes=values.pop("minutes_ago", 0))
            job_id = job_id_for(TENANT, f"booking-{number}", at)
            address = values.pop("address", "12 Harbor Road")
            if load := values.pop("load", None):
                values["notes"] = (first_note(load, DANA, f"booking-{number}"),)
            job = Job(
                job_id=job_id,
                tenant=TENANT,
                flow=flow,
                version=1,
                rev=1,
                status=load_flow(flow).initial.name,
                entered_at=at,
                created_at=at,
                created_by=DANA,
                event_id=f"booking-{number}",
                execution=Execution(since=at),
                customer=customer,
                place=Place(address=address),
                token=new_token(),
                **values,
            )
            self.jobs[job_id] = job
            return job

    def move(self, job_id: str, *moves: str, by: Actor = DANA, **values: Any) -> Job:
        """The job after `moves`, which must all be legal, made `minutes_ago`."""
        at = now() - timedelta(minutes=values.pop("minutes_ago", 0))
        for move in moves:
            job = self.jobs[job_id]
            body = {
                "move": move,
                "event_id": f"{move}-{job.version}",
                "reason": "so it was",
                **values,
            }
            verdict, _ = self.judge(job_id, by, body, at)
            assert verdict.job.seq > job.seq, verdict
        return self.jobs[job_id]

    def judge(
        self, job_id: str, actor: Actor, body: dict[str, Any], at: datetime | None = None
    ) -> tuple[Verdict, JobMoveRequested]:
        with self.lock:
            job, at = self.jobs[job_id], at or now()
            request = JobMoveRequested.model_validate(
                {"event_id": f"api-{job.version}", "occurred_at": at, **body}
                | {"tenant": TENANT, "job_id": job_id, "actor": actor}
            )
            verdict = judge(job, request, load_flow(job.flow), at)
            self.jobs[job_id] = verdict.job
            return verdict, request

    def edit(
        self,
        job_id: str,
        actor: Actor,
        changes: Changes,
        expected_rev: int | None = None,
        event_id: str | None = None,
        occurred_at: datetime | None = None,
        recorded_at: datetime | None = None,
    ) -> Job:
        """Raises EditRefused."""
        with self.lock:
            job = self.jobs[job_id]
            request = JobEditRequested(
                tenant=TENANT,
                event_id=event_id or f"edit-{job.version}",
                occurred_at=occurred_at or now(),
                actor=actor,
                job_id=job_id,
                changes=changes,
                expected_rev=expected_rev,
            )
            names = self.names_for(job, changes)
            self.jobs[job_id] = edited(job, request, recorded_at or now(), names)
            return self.jobs[job_id]

    def names_for(self, job: Job, changes: Changes) -> Callable[[str], str]:
        """First names: from the accounts, the job, or the changes."""
        names = {name: account.name.split()[0] for name, account in self.accounts.items()}
        names |= {each.member: each.first_name for each in job.crew}
        names |= {each.member: each.first_name for each in changes.crew or () if each.first_name}
        return lambda member: names.get(member, member.title())

    def plan(self, job_id: str, *crew: Assigned, **schedule: datetime) -> Job:
        """Gives the job a crew and a schedule."""
        return self.plan_at(now(), job_id, *crew, **schedule)

    def plan_at(
        self, planned_at: datetime, job_id: str, *crew: Assigned, **schedule: datetime
    ) -> Job:
        changes: dict[str, Any] = {"schedule": Schedule(**schedule).model_dump(exclude_none=True)}
        if crew:
            changes["crew"] = [member.model_dump() for member in crew]
        values = Changes.model_validate(changes)
        return self.edit(job_id, DANA, values, occurred_at=planned_at, recorded_at=planned_at)

    def photograph(self, job_id: str, kind: PhotoKind, jpeg: bytes) -> Job:
        """Adds a photo of that kind, as the crew's phone does."""
        with self.lock:
            job = self.jobs[job_id]
            event_id = f"photo-{len(job.photos)}"
            photo = Photo(
                event_id=event_id,
                actor=Actor(kind="crew", id="miguel"),
                photo_id=photo_id_of(job, event_id),
                kind=kind,
                taken_at=now(),
                recorded_at=now(),
            )
            self.pictures[photo.photo_id] = jpeg
            self.jobs[job_id] = with_photo(job, photo)
            return self.jobs[job_id]

    def by_digest(self, digest: str) -> Job | None:
        return next((job for job in self.jobs.values() if digest_of(job.token) == digest), None)

    def view(self, digest: str) -> bytes | None:
        """The public view as it is now."""
        job = self.by_digest(digest)
        if job is None:
            return None
        view = view_of(job, load_flow(job.flow))
        view = view.with_(poll_s=self.poll_s or view.poll_s)
        return view.model_dump_json(exclude_none=True).encode()

    def pin(self, job: Job, body: bytes | None = None, *, missing: bool = False) -> None:
        """Makes the edge serve the current view (or nothing) until `unpin`."""
        digest = digest_of(job.token)
        self.pinned[digest] = None if missing else (body or self.view(digest))

    def unpin(self, job: Job) -> None:
        self.pinned.pop(digest_of(job.token), None)

    def at_edge(self, digest: str) -> bytes | None:
        return self.pinned[digest] if digest in self.pinned else self.view(digest)

    def board(self) -> bytes:
        with self.lock:
            cards = [card_of(job, load_flow(job.flow)) for job in self.jobs.values()]
            listed = ConversationList()
            for each in self.conversations.values():
                listed = listed.after(each)
        board = json.loads(Board().merged(cards).at(now()).to_bytes())
        talks = [each.model_dump(mode="json", exclude_none=True) for each in listed.conversations]
        return json.dumps(board | {"conversations": talks}).encode()


def first_note(text: str, actor: Actor, event_id: str = "note-1") -> Note:
    return Note(event_id=event_id, text=text, recorded_at=now(), actor=actor)
