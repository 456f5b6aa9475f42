"""Two dispatchers at once: one wins, the other is told who, and nothing is ever overwritten."""

import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from functions.api.dispatch import dispatch
from functions.api.request import request_of
from functions.api.routes import ROUTES
from functions.protocol.compare_and_swap import full_jitter
from statemachine.flows import load_flow
from statemachine.job import Job
from tests.api.api_fixture import Got, Office, an_event
from tests.support.builders import a_job
from tests.support.fakes import FakeJobs

JOB = "261121-7k3m2q"
MOVES = ("start", "complete", "no_access", "reopen")
ROUTE = next(route for route in ROUTES if route.name == "POST /api/jobs/<job_id>/moves")


class Between(FakeJobs):
    """Lets someone act between our reading a job and our writing it, for as long as they request."""

    def __init__(self, jobs: FakeJobs, *acts: Callable[[], None]) -> None:
        super().__init__(jobs.bucket)
        self.acts = list(acts)

    def replace(self, job: Job, etag: str) -> None:
        if self.acts:
            self.acts.pop(0)()
        super().replace(job, etag)


def test_of_two_dispatchers_in_the_same_second_one_wins_and_one_learns_who(office: Office) -> None:
    """dana reads rev 2 ────────────────────── writes: 412, reads rev 3: overtaken by omar
    omar          reads rev 2 ── writes rev 3
    """
    office.keep(a_job("ready_for_pickup"))
    omar: list[Got] = []

    def omar_is_faster() -> None:
        body = {"move": "cancel", "reason": "rain", "expected_rev": 2}
        omar.append(office.ask("POST", f"/api/jobs/{JOB}/moves", body, by="omar"))

    advance = replace(office.api.advance, jobs=Between(office.jobs, omar_is_faster))
    slower = office.beside(replace(office.api, advance=advance))
    dana = slower.ask(
        "POST", f"/api/jobs/{JOB}/moves", {"move": "start", "expected_rev": 2}, by="dana"
    )
    assert (omar[0].status, dana.status, dana.slug) == (200, 409, "overtaken")
    assert dana.json["moved_by"] == {"kind": "dispatcher", "id": "omar"}
    assert [entry.actor.id for entry in office.job(JOB).ledger] == ["dana", "omar"]
    assert [refusal.actor.id for refusal in office.job(JOB).refused] == ["dana"]


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads change places as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@dataclass
class Client:
    """A page with a board of its own: it decides on what it last saw of a job."""

    office: Office
    who: str
    dice: random.Random
    meet: threading.Barrier

    def __post_init__(self) -> None:
        self.made: dict[str, tuple[str, str]] = {}
        """Event id to job and the status the move was decided on, of every move that got 200."""
        self.overtaken = 0

    def go(self, moves: int) -> None:
        for number in range(moves):
            job = self.office.job(self.dice.choice(JOBS))
            legal = [m for m in load_flow("haul").moves_from(job.status) if m.name in MOVES]
            request_body = self.dice.choice(legal)
            event_id = f"{self.who}-{number}"
            self.meet.wait(10)
            got = self._move(job, request_body.name, event_id)
            if got.status_code == 200:
                self.made[event_id] = job.job_id, job.status
            else:
                assert got.status_code == 409, got.body
                assert '"/problems/overtaken"' in str(got.body)
                self.overtaken += 1

    def _move(self, job: Job, move: str, event_id: str) -> Any:
        body = (
            f'{{"move":"{move}","reason":"so it was","expected_rev":{job.rev},'
            f'"event_id":"{event_id}"}}'
        )
        event = an_event("POST", "", body.encode(), {"content-type": "application/json"})
        event["cookies"] = [f"__Host-haulway={self.office.token(self.who)}"]
        ask = request_of(event, {"job_id": job.job_id}, self.office.now)
        return dispatch(self.office.api, ROUTE, ask)


JOBS = [f"261121-00000{number}" for number in range(8)]


def test_1000_random_moves_by_two_clients_overwrite_nothing(office: Office, restless: None) -> None:
    """A move that was answered 200 is in the ledger, made from the very status it was decided on;

    every other was refused as overtaken, and is in the record of refusals.
    """
    for number, job_id in enumerate(JOBS):
        office.keep(a_job("ready_for_pickup", job_id=job_id, token=f"{number}" * 22))
    advance = replace(office.api.advance, pause=full_jitter)
    office.use(replace(office.api, advance=advance))
    meet = threading.Barrier(2)
    clients = [Client(office, who, random.Random(who), meet) for who in ("dana", "omar")]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda client: client.go(500), clients))
    made = {event_id: seen for client in clients for event_id, seen in client.made.items()}
    jobs = [office.job(job_id) for job_id in JOBS]
    recorded = {
        entry.event_id: (job.job_id, entry.origin) for job in jobs for entry in job.ledger[1:]
    }
    assert recorded == made
    refused = {refusal.event_id for job in jobs for refusal in job.refused}
    assert len(refused) == sum(client.overtaken for client in clients) == 1000 - len(made)
    assert refused
    for job in jobs:
        steps = [(entry.seq, entry.origin) for entry in job.ledger]
        came_from = ["pending_pickup", *(entry.to for entry in job.ledger)]
        assert steps == [(seq + 1, came_from[seq]) for seq in range(job.seq)]


def test_two_edits_at_once_both_count_or_one_is_told(office: Office) -> None:
    office.keep(a_job())
    omar: list[Got] = []

    def omar_is_faster() -> None:
        match = {"if-match": '"1"'}
        omar.append(
            office.ask("PATCH", f"/api/jobs/{JOB}", {"price_cents": 1}, by="omar", headers=match)
        )

    edit = replace(office.api.edit, jobs=Between(office.jobs, omar_is_faster))
    slower = office.beside(replace(office.api, edit=edit))
    dana = slower.ask(
        "PATCH",
        f"/api/jobs/{JOB}",
        {"place": {"address": "Elsewhere 1"}},
        by="dana",
        headers={"if-match": '"1"'},
    )
    assert (omar[0].status, dana.status, dana.slug) == (200, 412, "job-changed")
    assert (office.job(JOB).price_cents, office.job(JOB).place.address) == (1, "12 Harbor Road")
