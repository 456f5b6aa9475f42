"""The roster on the real engine: fifty at once want one driver, by the edge and by the bus."""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.config import Config

from events import JobEditRequested
from functions.aws.reservations import DynamoReservations
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Jobs
from functions.jobs.edit import EditJob
from functions.people.accounts import Passwords, new_account
from functions.people.assign_crew import AssignCrew
from functions.protocol.compare_and_swap import full_jitter
from functions.protocol.ports import Conflict, Unavailable
from local.laptop import Laptop
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Schedule
from statemachine.rules.edits import CrewTaken
from tests.e2e.support.jobs import (
    add_to_roster,
    booking,
    exist,
    haul,
    jobs_of,
    move,
    put,
    read_all,
    until,
)
from tests.e2e.test_api import PASSWORD, Client, slug
from tests.support.builders import NOON, a_job, an_edit
from tests.support.fakes import Bucket, FakeBus, FakeTenants, FakeViews
from tests.support.slot_fakes import slots_on_fakes

pytestmark = pytest.mark.engine

ATTEMPTS = 50
AT_THE_EDGE = 4
APART = "apart"
"""A business that nothing else looks at."""


@pytest.fixture(scope="module")
def dispatcher(stack: Laptop) -> Iterator[Client]:
    who = f"desk_{uuid.uuid4().hex[:8]}"
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    now = datetime.now(UTC)
    accounts.add(new_account("main", who, "Desk", ("dispatcher",), PASSWORD, now, Passwords()))
    with httpx.Client(timeout=120) as http:
        client = Client(stack.edge_url, http)
        assert client.sign_in(who).status_code == 200
        yield client


def two_jobs(stack: Laptop) -> list[str]:
    """Two jobs that do not fit: their arrival windows overlap, and each takes four hours."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    requests = []
    for number in (1, 2):
        begin = start + timedelta(hours=number)
        window = {
            "window_start": begin.isoformat(),
            "window_end": (begin + timedelta(hours=2)).isoformat(),
        }
        request = booking(uuid.uuid4().int % 32768, prefix="crw")
        requests.append({**request, "schedule": window, "duration_minutes": 240})
    put(stack, "JobRequested", requests)
    ids = [request["job_id"] for request in requests]
    exist(stack, ids)
    return ids


def a_driver(stack: Laptop) -> str:
    member = f"drv_{uuid.uuid4().hex[:8]}"
    add_to_roster(stack, member)
    return member


def on_it(stack: Laptop, job_ids: list[str], member: str) -> list[str]:
    jobs = read_all(stack, job_ids)
    return [job.job_id for job in jobs if member in {each.member for each in job.crew}]


def test_of_fifty_edits_at_the_very_same_moment_one_gets_the_driver(stack: Laptop) -> None:
    """The edit itself, in fifty threads, on the engine's S3 and DynamoDB."""
    member, ids = f"all_{uuid.uuid4().hex[:8]}", [f"261121-{n:06d}" for n in range(ATTEMPTS)]
    add_to_roster(stack, member, tenant=APART)
    edit = edit_apart(stack)
    for number, job_id in enumerate(ids):
        job = a_job(
            job_id=job_id,
            tenant=APART,
            crew=(),
            token=f"{number:022}",
            schedule=AT_NOON,
            duration_minutes=240,
        )
        with suppress(Conflict):
            edit.jobs.create(job)
    meet = threading.Barrier(ATTEMPTS)

    def attempt(job_id: str) -> str:
        request = an_edit(a_job(job_id=job_id), crew=[{"role": "driver", "member": member}])
        request = request.model_copy(update={"tenant": APART, "event_id": f"{member}-{job_id}"})
        meet.wait()
        return outcome(edit, request)

    with ThreadPoolExecutor(ATTEMPTS) as clients:
        answers = dict(zip(ids, clients.map(attempt, ids), strict=True))
    (winner,) = (job_id for job_id, answer in answers.items() if answer == "done")
    told = {answer for job_id, answer in answers.items() if job_id != winner}
    assert len(told) == 1
    assert told.pop().startswith(f"{member} is on job {winner}, and in no order")
    jobs = [edit.jobs.read(APART, job_id).value for job_id in ids]
    assert [j.job_id for j in jobs if member in {each.member for each in j.crew}] == [winner]


AT_NOON = Schedule(window_start=NOON, window_end=NOON + timedelta(hours=2))


def edit_apart(stack: Laptop) -> EditJob:
    config = Config(
        retries={"total_max_attempts": 1},
        max_pool_connections=ATTEMPTS,
        s3={"addressing_style": "path"},
    )
    s3, dynamodb = (stack.aws.client(name, config=config) for name in ("s3", "dynamodb"))
    bucket, table = stack.outputs["JobsBucket"], stack.outputs["CrewRosterTable"]
    jobs = S3Jobs(s3, bucket)
    tenants = FakeTenants(Bucket(), BusinessSettings(tenant=APART, name="Canary Apart"))
    crew = AssignCrew(
        DynamoAccounts(dynamodb, table),
        DynamoRoster(dynamodb, table),
        DynamoReservations(dynamodb, table),
        jobs,
        tenants,
    )
    return EditJob(jobs, FakeViews(Bucket()), FakeBus(), crew, slots_on_fakes(jobs), full_jitter)


def outcome(edit: EditJob, request: JobEditRequested) -> str:
    for _ in range(20):
        try:
            edit(request, NOON)
        except CrewTaken as error:
            return str(error)
        except Unavailable:
            continue
        return "done"
    return "never certain"


def test_of_fifty_requests_through_the_edge_one_assignment_stands(
    stack: Laptop, dispatcher: Client
) -> None:
    """An If-Match is of no help here: half of the requests are about the other job.

    Each request at one time is a process of the engine's own, so they come a few at a time here;
    fifty at the very same moment are the business of the test above.
    """
    ids, member = two_jobs(stack), a_driver(stack)
    crew = {"crew": [{"role": "driver", "member": member}]}

    def attempt(number: int) -> httpx.Response:
        path = f"/api/jobs/{ids[number % 2]}"
        return dispatcher.ask("PATCH", path, crew, if_match='"1"')

    with ThreadPoolExecutor(AT_THE_EDGE) as clients:
        answers = list(clients.map(attempt, range(ATTEMPTS)))
    done = [answer for answer in answers if answer.status_code == 200]
    slugs = {slug(answer) for answer in answers if answer.status_code != 200}
    assert len(done) == 1
    assert on_it(stack, ids, member) == [done[0].json()["job_id"]]
    assert slugs <= {"crew-taken", "job-changed", "unavailable"}, slugs
    assert "crew-taken" in slugs
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert f"is on job {done[0].json()['job_id']}" in refused.json()["detail"]


def test_of_fifty_events_on_the_bus_one_jobs_stand_and_the_others_are_dead_lettered_with_why(
    stack: Laptop,
) -> None:
    ids, member = two_jobs(stack), a_driver(stack)
    crew = {"crew": [{"role": "driver", "member": member}]}
    edits = [
        {**about(ids[number % 2]), "event_id": f"{member}-{number}", "changes": crew}
        for number in range(ATTEMPTS)
    ]
    put(stack, "JobEditRequested", edits)

    def settled() -> tuple[int, int]:
        jobs = read_all(stack, ids)
        made = {edit.event_id for job in jobs for edit in job.edits}
        return len(made), len({each.event_id for job in jobs for each in job.refused_edits})

    counts = until(settled, lambda counts: sum(counts) == ATTEMPTS, 180)
    assert counts == (ATTEMPTS // 2, ATTEMPTS // 2)
    (taken,) = on_it(stack, ids, member)
    refused = [each for job in read_all(stack, ids) for each in job.refused_edits]
    assert {each.why for each in refused} == {"crew_taken"}
    assert all(f"{member} is on job {taken}" in each.text for each in refused)


def about(job_id: str) -> dict[str, Any]:
    request = move(job_id, "x")
    del request["move"]
    return request


def test_the_command_line_keeps_the_roster_and_tells_who_cannot_come(
    stack: Laptop, tmp_path: Path
) -> None:
    (first, second), member = two_jobs(stack), f"cli_{uuid.uuid4().hex[:8]}"
    people = tmp_path / "people.csv"
    header = "account,name,phone,email,roles"
    people.write_text(f"{header}\n{member},Cleo Canary,+15555550133,,driver supervisor\n")
    assert haul(stack, "roster", "import", str(people)).returncode == 0
    assert haul(stack, "roster", "truck", "add", member, "--name", "Canary truck").returncode == 0
    assert edit(stack, first, "--crew", f"driver={member}", "--truck", member) == (0, "")
    code, said = edit(stack, second, "--crew", f"driver={member}")
    assert (code, f"refused: {member} is on job {first}, and in no" in said) == (3, True), said
    day = jobs_of(stack).read("main", second).value.schedule.window_start
    assert day
    assert (
        haul(stack, "roster", "set", member, f"{day + timedelta(9):%Y-%m-%d}", "off").returncode
        == 0
    )
    shown = json.loads(haul(stack, "job", "show", first, "--json").stdout)
    assert shown["truck"] == member
    assert shown["crew"][0]["first_name"] == "Cleo"
    exported = haul(stack, "roster", "export", "-").stdout
    assert f"{member},Cleo Canary,+15555550133,,driver supervisor,\n" in exported


def edit(stack: Laptop, job_id: str, *words: str) -> tuple[int, str]:
    ended = haul(stack, "job", "edit", job_id, *words)
    return ended.returncode, ended.stderr


def test_the_plan_is_written_and_read_through_the_edge(stack: Laptop, dispatcher: Client) -> None:
    (job_id, _), member = two_jobs(stack), a_driver(stack)
    start = jobs_of(stack).read("main", job_id).value.schedule.window_start
    assert start
    day = f"{start - timedelta(hours=5):%Y-%m-%d}"
    path, crew = f"/api/crew/{member}/days/{day}", {"crew": [{"role": "driver", "member": member}]}
    assert dispatcher.ask("PUT", path, {"hours": []}).status_code == 204
    refused = dispatcher.ask("PATCH", f"/api/jobs/{job_id}", crew, if_match='"1"')
    assert refused.status_code == 409
    assert slug(refused) == "crew-off"
    assert seen(dispatcher, member, day)["days"] == {day: {"hours": []}}
    assert dispatcher.ask("DELETE", path).status_code == 204
    assert dispatcher.ask("PATCH", f"/api/jobs/{job_id}", crew, if_match='"1"').status_code == 200
    jobs = until(lambda: seen(dispatcher, member, day).get("jobs"), bool)
    assert [(job["job_id"], job["role"]) for job in jobs or ()] == [(job_id, "driver")]
    assert dispatcher.ask("GET", "/api/my/jobs").json()["jobs"] == []


def seen(dispatcher: Client, member: str, day: str) -> dict[str, Any]:
    answer = dispatcher.ask("GET", f"/api/crew?first={day}")
    assert answer.status_code == 200, answer.text
    members: list[dict[str, Any]] = answer.json()["members"]
    return next(each for each in members if each["member"] == member)
