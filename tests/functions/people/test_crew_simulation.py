"""Random edits with a seed: whatever is lost, no one has more jobs than they can do.

In each round eight edits run at one time, while every kind of fault strikes; then jobs end and come
back, and three minutes pass, so that a function that crashed in the last round is over.
"""

import itertools
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.jobs.edit import EditJob
from functions.protocol.ports import Unavailable
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job, Schedule
from statemachine.rules.edits import CrewTaken, EditRefused
from statemachine.rules.lifecycle import Committed, judge
from statemachine.schedule.fit import PlannedJob, fit
from statemachine.schedule.reservations import ABANDONED_AFTER, has_ended, needs_of
from tests.support.builders import NOON, a_job, a_request, an_edit
from tests.support.fakes import Bucket, FakeBus, FakeJobs, FakeTenants, FakeViews, no_pause
from tests.support.faults import Crashed, Faults, SeededFaults
from tests.support.roster_fakes import FakeReservations, a_crew_assignment, a_member
from tests.support.slot_fakes import slots_on_fakes

HAUL = load_flow("haul")
PEOPLE = ("ann", "bea", "cid")
JOBS, ROUNDS, AT_ONCE = 8, 25, 8
ONWARD = {"pending_pickup": "confirm", "ready_for_pickup": "start", "in_progress": "complete"}


class Simulation:
    def __init__(self, seed: int, chance: float) -> None:
        self.chance = random.Random(seed)
        self.bucket = Bucket()
        self.jobs = FakeJobs(self.bucket)
        for number in range(JOBS):
            values: dict[str, Any] = {"crew": (), "schedule": self._window()}
            values["duration_minutes"] = self.chance.choice([180, 300])
            values["token"] = f"{number:022}"
            self.jobs.create(a_job(job_id=f"261121-{number:06d}", **values))
        faults = SeededFaults(seed, chance, ("before", "after", "dup", "crash"))
        tenants = FakeTenants(Bucket(), BusinessSettings(tenant="main", name="Haulway"))
        staff = (a_member(name, "driver", "first_mate") for name in PEOPLE)
        crew = a_crew_assignment(self.jobs, *staff, tenants=tenants, faults=faults)
        self.edit = EditJob(
            self.jobs, FakeViews(Bucket()), FakeBus(), crew, slots_on_fakes(self.jobs), no_pause
        )
        self.faults, self.numbers = faults, itertools.count(1)
        self.done = self.taken = self.reopened = 0

    def run(self) -> None:
        for number in range(ROUNDS):
            now = NOON + (ABANDONED_AFTER + timedelta(minutes=1)) * number
            edits = [self._an_edit() for _ in range(AT_ONCE)]
            self.bucket.faults = self.faults
            with ThreadPoolExecutor(AT_ONCE) as desks:
                list(desks.map(lambda edit, now=now: self._try(edit, now), edits))
            self.bucket.faults = Faults()
            assert list(self.conflicts()) == []
            self._cancel_one()
            self._complete_one()
            self._reopen_all()

    def _an_edit(self) -> Any:
        job_id = f"261121-{self.chance.randrange(JOBS):06d}"
        changes: dict[str, Any] = {}
        if self.chance.random() < 0.7:
            members = self.chance.sample(PEOPLE, self.chance.randint(0, 2))
            pairs = zip(("driver", "first_mate"), members, strict=False)
            changes["crew"] = [{"role": role, "member": member} for role, member in pairs]
        if self.chance.random() < 0.4 or not changes:
            changes["schedule"] = self._window().model_dump(exclude_none=True)
        if self.chance.random() < 0.2:
            changes["duration_minutes"] = self.chance.choice([180, 300])
        if self.chance.random() < 0.3:
            changes["truck"] = self.chance.choice(["t1", ""])
        edit = an_edit(a_job(job_id=job_id), **changes)
        return edit.model_copy(update={"event_id": f"edit-{next(self.numbers)}"})

    def _window(self) -> Schedule:
        """A random window; some pass midnight."""
        start = NOON + timedelta(hours=self.chance.randrange(0, 16, 2))
        return Schedule(window_start=start, window_end=start + timedelta(hours=2))

    def _try(self, edit: Any, now: datetime) -> None:
        """Repeats an uncertain edit, as the queue does."""
        for _ in range(3):
            try:
                self.edit(edit, now)
                self.done += 1
            except CrewTaken:
                self.taken += 1
            except (Unavailable, Crashed):
                continue
            except EditRefused:
                pass
            return

    def _cancel_one(self) -> None:
        """Ends a job, and books another one in its place."""
        job_id = f"261121-{self.chance.randrange(JOBS):06d}"
        stored = self.jobs.read("main", job_id)
        if stored.value.status != HAUL.initial.name:
            return
        self._move(stored.value, "cancel")
        fresh = a_job(job_id=job_id, crew=(), token=stored.value.token, schedule=self._window())
        self.jobs.replace(
            fresh.with_(version=stored.value.version + 2, rev=stored.value.version + 2),
            self.jobs.read("main", job_id).etag,
        )

    def _complete_one(self) -> None:
        """Completes a job by mistake; for some rounds its crew is free for others."""
        job = self.jobs.read("main", f"261121-{self.chance.randrange(JOBS):06d}").value
        while not has_ended(job, HAUL):
            job = self._move(job, ONWARD[job.status])

    def _reopen_all(self) -> None:
        """Reopens every job whose crew has no other job now."""
        for job in self._all():
            if job.status != "completed" or self.chance.random() < 0.6:
                continue
            if not any(self.conflicts(job.job_id)):
                self._move(job, "reopen")
                self.reopened += 1

    def _move(self, job: Job, move: str) -> Job:
        request = a_request(job, move, event_id=f"{move}-{job.version}", reason="so")
        verdict = judge(job, request, HAUL, NOON)
        assert isinstance(verdict, Committed)
        self.jobs.replace(verdict.job, self.jobs.read("main", job.job_id).etag)
        return verdict.job

    def conflicts(self, reopened: str = "") -> Iterator[str]:
        """Who cannot do all their open jobs, counting `reopened` as open."""
        planned: dict[str, list[PlannedJob]] = {}
        for job in self._all():
            if job.job_id == reopened or not has_ended(job, HAUL):
                for need in needs_of(job):
                    duration = timedelta(minutes=need.duration_minutes)
                    theirs = PlannedJob(job.job_id, need.begin, need.end, duration)
                    planned.setdefault(need.subject, []).append(theirs)
        return (subject for subject, jobs in planned.items() if not fit(jobs))

    def _all(self) -> list[Job]:
        return [self.jobs.read("main", job_id).value for job_id in self.jobs.all_ids("main")]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("chance", [0.0, 0.15])
def test_no_one_ever_has_more_jobs_than_they_can_do(seed: int, chance: float) -> None:
    simulation = Simulation(seed, chance)
    simulation.run()
    assert simulation.done > 40
    assert simulation.taken > 10
    assert simulation.reopened > 4


def test_without_reservations_the_simulation_finds_a_conflict() -> None:
    """Checks that the simulation can fail."""
    simulation = Simulation(1, 0.0)

    class Forgetful(FakeReservations):
        def write(self, *_: Any) -> None:
            pass

    object.__setattr__(simulation.edit.crew, "reservations", Forgetful())
    with pytest.raises(AssertionError):
        simulation.run()
