"""A day of jobs for `haul up --demo`: jobs in every status, which move while you watch.

The demo moves only the jobs that it has booked, never a visitor's own. Their ids are stored in the
copy's folder.
"""

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cli.client.bus_client import book_job, send_request
from cli.client.connection import Connection
from events import Assignment, Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Boards
from functions.people.accounts import Account, AccountExists, Passwords
from functions.people.roster import Truck
from functions.protocol.clock import utc_now
from local.engine_key import write_private
from statemachine.flows import load_flow
from statemachine.job.job import CrewRole, Customer, Schedule
from statemachine.job.job import Place as Address
from statemachine.values.values import Actor
from statemachine.views.views import Board, Card

if TYPE_CHECKING:
    from local.laptop import Laptop

BOOKED = (
    ("Mark Halvorsen", "Soderblom Ave 14", 60000, "Old sofa and two mattresses, second floor."),
    ("Dana Whitfield", "88 Larch Street", 24500, "Garage clean-out, about a quarter load."),
    ("Luis Ortega", "1203 Mission Road", 31000, "Refrigerador y lavadora viejos."),
    ("Priya Natarajan", "5 Canal Court", 18000, "Office chairs, 14 of them."),
    ("Tom Beckett", "410 Quarry Lane", 89000, "Hot tub. The gate is narrow: bring the saw."),
    ("Aiko Tanaka", "77 Willow Bend", 27500, "Piano, ground floor, no stairs."),
    ("Ruth Adeyemi", "2 Harbour View", 42000, "Estate clear-out, first of two visits."),
    ("Sam Kowalski", "936 Foundry Row", 15500, "Tree branches after the storm."),
    ("Elena Petrova", "61 Orchard Close", 33000, "Shed demolition and haul away."),
    ("Noah Fischer", "29 Station Parade", 21000, "Mixed rubble, about 12 bags."),
)
PEOPLE: dict[CrewRole, dict[str, str]] = {
    "driver": {
        "sam": "Sam Okafor",
        "maria": "Maria Ortega",
        "joe": "Joe Lindqvist",
        "lucy": "Lucy Tran",
    },
    "first_mate": {"ben": "Ben Achterberg", "ana": "Ana Duarte"},
}
TRUCKS = {"t1": "Big red", "t2": "Blue Isuzu", "t3": "The dump trailer"}
EVERY, AT_FIRST = timedelta(seconds=6), timedelta(seconds=0.5)
FAST_STEPS = 16
"""The first steps run quickly, so that every column soon has a job."""
MIN_OPEN_JOBS = 8
"""With fewer open jobs of its own, the demo books another one."""
MAX_STORED_IDS = 500


@dataclass
class Demo:
    """Moves one of its jobs every few seconds, and books another one when it has too few."""

    laptop: "Laptop"
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - a demo
    next_at: datetime | None = None
    booked: int = 0
    steps: int = 0

    @property
    def connection(self) -> Connection:
        return Connection(self.laptop.outputs, self.laptop.edge_url, self.laptop.aws)

    def advance(self, now: datetime) -> None:
        """Make the next step of the day if it is due."""
        if self.next_at and now < self.next_at:
            return
        self.steps += 1
        self.next_at = now + (AT_FIRST if self.steps < FAST_STEPS else EVERY)
        cards = self._own(self._board())
        if self.booked < MIN_OPEN_JOBS or len(cards) < MIN_OPEN_JOBS:
            self._book(now)
        else:
            self._move(self._next(cards), now)

    @property
    def _note(self) -> Path:
        return self.laptop.state / "demo-jobs.json"

    def _own_ids(self) -> list[str]:
        try:
            found: list[str] = json.loads(self._note.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return []
        return found

    def _own(self, board: Board) -> list[Card]:
        """The demo's own jobs that are still open."""
        own = set(self._own_ids())
        return [c for c in board.jobs.values() if c.job_id in own and not c.terminal]

    def _next(self, cards: list[Card]) -> Card:
        """A job of the fullest column, so that every column has something to see."""
        columns = Counter(card.status for card in cards)
        fullest = max(columns, key=lambda status: columns[status])
        return self.dice.choice([card for card in cards if card.status == fullest])

    def _board(self) -> Board:
        boards = S3Boards(self.laptop.client("s3"), self.laptop.outputs["JobsBucket"])
        stored = boards.read("main")
        return stored.value if stored else Board()

    def _book(self, now: datetime) -> None:
        name, address, price, note = BOOKED[self.booked % len(BOOKED)]
        start = (now + timedelta(hours=1 + self.booked % 6)).replace(minute=0, second=0)
        self.booked += 1
        booked = book_job(
            self.connection,
            JobRequested(
                tenant="main",
                event_id=str(uuid.uuid4()),
                occurred_at=utc_now(),
                actor=Actor(kind="dispatcher", id="demo"),
                customer=Customer(name=name, language="es" if "Ortega" in name else "en"),
                place=Address(address=address),
                price_cents=price,
                schedule=Schedule(window_start=start, window_end=start + timedelta(hours=2)),
                overbook=True,  # a demo shows a busy day
                note=note,
            ),
        )
        kept = [*self._own_ids(), booked["job_id"]][-MAX_STORED_IDS:]
        write_private(self._note, json.dumps(kept))

    def _move(self, card: Card, now: datetime) -> None:
        ways = load_flow(card.flow).moves_from(card.status)
        forward = next(move for move in ways if set(move.requires) <= {"window"})
        if forward.to == "in_progress":
            self._assign(card, now)
        send_request(
            self.connection,
            JobMoveRequested(
                tenant="main",
                job_id=card.job_id,
                event_id=str(uuid.uuid4()),
                occurred_at=now,
                actor=Actor(kind="dispatcher", id="demo"),
                move=forward.name,
                expected_rev=card.rev,
            ),
        )

    def _assign(self, card: Card, now: datetime) -> None:
        """Put people on the job who are on no other open job, if there are any."""
        others = [c for c in self._board().jobs.values() if not c.terminal]
        busy = {member.member for other in others for member in other.crew}
        trucks = {other.truck for other in others}
        crew = [
            Assignment(role=role, member=free[0])
            for role, people in PEOPLE.items()
            if (free := [name for name in people if name not in busy])
        ]
        if not crew:
            return
        truck = next((name for name in TRUCKS if name not in trucks), None)
        send_request(
            self.connection,
            JobEditRequested(
                tenant="main",
                job_id=card.job_id,
                event_id=str(uuid.uuid4()),
                occurred_at=now,
                actor=Actor(kind="dispatcher", id="demo"),
                changes=Changes(crew=tuple(crew), truck=truck),
            ),
        )

    def add_crew(self, password: str, now: datetime) -> None:
        """Add the people and trucks of the demo's roster, all with one password.

        An account that exists already gets the password and is otherwise unchanged.
        """
        dynamodb, table = self.laptop.client("dynamodb"), self.laptop.outputs["CrewRosterTable"]
        accounts, roster = DynamoAccounts(dynamodb, table), DynamoRoster(dynamodb, table)
        secret = Passwords().hash(password)
        for role, people in PEOPLE.items():
            for member, name in people.items():
                known = Account(
                    tenant="main", account=member, name=name, roles=(role,),
                    password_hash=secret, password_since=now,
                )  # fmt: skip
                try:
                    accounts.add(known)
                except AccountExists:
                    accounts.set_password("main", member, secret, now)
        for truck, name in TRUCKS.items():
            roster.set_truck(Truck(tenant="main", truck=truck, name=name))
