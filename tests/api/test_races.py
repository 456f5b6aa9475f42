"""Two dispatchers at once: one wins, the other learns who, and nothing is ever overwritten."""

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
from statemachine.job.job import Job
from tests.api.api_fixture import ApiBackend, ApiReply, an_event
from tests.support.builders import a_job
from tests.support.fakes import FakeJobs

JOB = "261121-7k3m2q"
MOVES = ("start", "complete", "no_access", "reopen")
ROUTE = next(route for route in ROUTES if route.name == "POST /api/jobs/<job_id>/moves")


class InterruptedJobs(FakeJobs):
    """Runs the given acts, one before each write: someone else acts between our read and write."""

    def __init__(self, jobs: FakeJobs, *acts: Callable[[], None]) -> None:
        super().__init__(jobs.bucket)
        self.acts = list(acts)

    def replace(self, job: Job, etag: str) -> None:
        if self.acts:
            self.acts.pop(0)()
        super().replace(job, etag)


def test_of_two_dispatchers_at_once_one_wins_and_the_other_learns_who(
    api: ApiBackend,
) -> None:
    """dana reads rev 2 ────────────────────── writes: 412, reads rev 3: overtaken by omar
    omar          reads rev 2 ── writes rev 3
    """
    api.store(a_job("ready_for_pickup"))
    omar: list[ApiReply] = []

    def omar_is_faster() -> None:
        body = {"move": "cancel", "reason": "rain", "expected_rev": 2}
        omar.append(api.send("POST", f"/api/jobs/{JOB}/moves", body, by="omar"))

    advance = replace(api.dependencies.advance, jobs=InterruptedJobs(api.jobs, omar_is_faster))
    slower = api.other_container(replace(api.dependencies, advance=advance))
    dana = slower.send(
        "POST", f"/api/jobs/{JOB}/moves", {"move": "start", "expected_rev": 2}, by="dana"
    )
    assert omar[0].status == 200
    assert dana.status == 409
    assert dana.slug == "overtaken"
    assert dana.json["moved_by"] == {"kind": "dispatcher", "id": "omar"}
    assert [entry.actor.id for entry in api.job(JOB).ledger] == ["dana", "omar"]
    assert [refusal.actor.id for refusal in api.job(JOB).refused] == ["dana"]


@pytest.fixture
def frequent_thread_switches() -> Iterator[None]:
    """Makes Python switch threads as often as possible."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@dataclass
class Client:
    """A page with its own board: it decides by what it last saw of a job."""

    api: ApiBackend
    who: str
    dice: random.Random
    meet: threading.Barrier

    def __post_init__(self) -> None:
        self.made: dict[str, tuple[str, str]] = {}
        """For every move that got 200: event id to the job and the status it was based on."""
        self.overtaken = 0

    def go(self, moves: int) -> None:
        for number in range(moves):
            job = self.api.job(self.dice.choice(JOBS))
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
        event["cookies"] = [f"__Host-haulway={self.api.token(self.who)}"]
        ask = request_of(event, {"job_id": job.job_id}, self.api.now)
        return dispatch(self.api.dependencies, ROUTE, ask)


JOBS = [f"261121-00000{number}" for number in range(8)]


def test_1000_random_moves_by_two_clients_overwrite_nothing(
    api: ApiBackend, frequent_thread_switches: None
) -> None:
    """A move that got 200 is in the ledger, made from the status it was based on.

    Every other move was refused as overtaken, and is in the record of refusals.
    """
    for number, job_id in enumerate(JOBS):
        api.store(a_job("ready_for_pickup", job_id=job_id, token=f"{number}" * 22))
    advance = replace(api.dependencies.advance, pause=full_jitter)
    api.use(replace(api.dependencies, advance=advance))
    meet = threading.Barrier(2)
    clients = [Client(api, who, random.Random(who), meet) for who in ("dana", "omar")]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda client: client.go(500), clients))
    made = {event_id: seen for client in clients for event_id, seen in client.made.items()}
    jobs = [api.job(job_id) for job_id in JOBS]
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


def test_of_two_edits_at_once_none_is_lost(api: ApiBackend) -> None:
    api.store(a_job())
    omar: list[ApiReply] = []

    def omar_is_faster() -> None:
        match = {"if-match": '"1"'}
        omar.append(
            api.send(
                "PATCH",
                f"/api/jobs/{JOB}",
                {"price_cents": 1, "reason": "x"},
                by="omar",
                headers=match,
            )
        )

    edit = replace(api.dependencies.edit, jobs=InterruptedJobs(api.jobs, omar_is_faster))
    slower = api.other_container(replace(api.dependencies, edit=edit))
    dana = slower.send(
        "PATCH",
        f"/api/jobs/{JOB}",
        {"place": {"address": "Elsewhere 1"}},
        by="dana",
        headers={"if-match": '"1"'},
    )
    assert omar[0].status == 200
    assert dana.status == 412
    assert dana.slug == "job-changed"
    assert api.job(JOB).price_cents == 1
    assert api.job(JOB).place.address == "12 Harbor Road"
