"""Whole jobs on the real engine: Step Functions, EventBridge, SQS, Lambda, S3, with AUTH."""

import json
import os
import random
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.laptop import Laptop
from statemachine.flows import load_flow
from tests.conftest import free_port
from tests.e2e.support.jobs import (
    HAUL,
    add_to_roster,
    booking,
    dead_letters,
    executions,
    exist,
    expected_board,
    haul,
    haul_process,
    jobs_of,
    move,
    put,
    put_requests,
    settled,
    stored_board,
    until,
    wait_until_queues_are_empty,
)
from tests.support.builders import moves_to

pytestmark = pytest.mark.engine

FORWARD = ("confirm", "start", "complete")
LABELS = ["Requested", "Ready for pickup", "In progress", "Completed"]


def test_a_job_is_moved_from_the_command_line_and_followed_by_its_link(stack: Laptop) -> None:
    booked = json.loads(
        haul_process(
            stack, "job", "new", "--customer", "Mark", "--location", "Soderblom Ave",
            "--price", "600", "--json",
        ).stdout
    )  # fmt: skip
    follower = subprocess.Popen(
        [str(HAUL), "track", booked["tracking_url"], "--follow"],
        env={**os.environ, "HAUL_STATE": str(stack.state), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        text=True,
    )
    for name in FORWARD:
        asked = haul_process(stack, "job", "move", booked["job_id"], name)
        assert asked.returncode == 0, asked.stderr
    printed, _ = follower.communicate(timeout=60)
    shown = [label for line in printed.splitlines() for label in LABELS if f"● {label} " in line]
    assert shown == LABELS
    assert follower.returncode == 0
    (job,) = settled(stack, [booked["job_id"]])
    assert until(lambda: executions(stack, job), lambda states: states == ["SUCCEEDED"])


def test_the_same_works_without_haul(stack: Laptop) -> None:
    request = booking(1, prefix="bot")
    put(stack, "JobRequested", [request])
    exist(stack, [request["job_id"]])
    put(stack, "JobMoveRequested", [move(request["job_id"], name) for name in FORWARD])
    (job,) = settled(stack, [request["job_id"]])
    assert [entry.move for entry in job.ledger] == list(FORWARD)


def test_a_hundred_bookings_sent_together_with_their_moves_complete(stack: Laptop) -> None:
    """One `put_events` for each booking and its three moves, shuffled: most moves come first."""
    before, chance, events = dead_letters(stack), random.Random(1), stack.client("events")
    requests = [booking(number, prefix="all") for number in range(100)]
    for request in requests:
        together = [("JobRequested", request)]
        together += [("JobMoveRequested", move(request["job_id"], name)) for name in FORWARD]
        put_requests(stack, chance.sample(together, len(together)), events)
    job_ids = [request["job_id"] for request in requests]
    exist(stack, job_ids, 300)
    jobs = settled(stack, job_ids)
    assert {tuple(entry.move for entry in job.ledger) for job in jobs} == {FORWARD}
    assert dead_letters(stack) == before


@pytest.mark.parametrize("flow", ["haul", "pickup", "dumpster", "crewed"])
def test_each_flow_runs_to_its_end(stack: Laptop, flow: str) -> None:
    end = next(status.name for status in load_flow(flow).statuses if status.terminal)
    way = moves_to(end, load_flow(flow))
    request = booking(7, flow, prefix=flow)
    put(stack, "JobRequested", [request])
    exist(stack, [request["job_id"]])
    add_to_roster(stack, "sam")
    driver = {"role": "driver", "member": "sam", "first_name": "Sam"}
    edit = {**move(request["job_id"], "assign"), "changes": {"crew": [driver]}}
    put(stack, "JobEditRequested", [edit])
    until(lambda: jobs_of(stack).read("main", request["job_id"]).value.crew, bool)
    put(stack, "JobMoveRequested", [move(request["job_id"], name) for name in way])
    (job,) = settled(stack, [request["job_id"]])
    assert job.status == end
    assert [entry.move for entry in job.ledger] == list(way)


def test_a_job_that_was_completed_by_mistake_is_reopened_and_ends_again(stack: Laptop) -> None:
    request = booking(2, prefix="bak")
    put(stack, "JobRequested", [request])
    exist(stack, [request["job_id"]])
    put(stack, "JobMoveRequested", [move(request["job_id"], name) for name in FORWARD])
    settled(stack, [request["job_id"]])
    put(stack, "JobMoveRequested", [move(request["job_id"], "reopen", reason="wrong address")])
    # One after the other: on a job that has ended, a move that comes too early is refused.
    until(lambda: jobs_of(stack).read("main", request["job_id"]).value, lambda job: job.seq == 4)
    again = move(request["job_id"], "complete", event_id="complete-again")
    put(stack, "JobMoveRequested", [again])
    job = until(
        lambda: jobs_of(stack).read("main", request["job_id"]).value,
        lambda job: job.seq == 5 and job.execution.seq == 5,
    )
    assert [entry.to for entry in job.ledger][-2:] == ["in_progress", "completed"]


def test_a_stopped_execution_gets_exactly_one_successor(stack: Laptop) -> None:
    """T18, with two dispatchers racing on the next move."""
    request = booking(3, prefix="stp")
    job_id = request["job_id"]
    put(stack, "JobRequested", [request])
    exist(stack, [job_id])
    until(lambda: jobs_of(stack).read("main", job_id).value.wait, lambda wait: wait is not None)
    prefix = stack.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
    stack.client("stepfunctions").stop_execution(executionArn=f"{prefix}haul:main-{job_id}-g0")
    with ThreadPoolExecutor(2) as two:
        list(
            two.map(
                lambda who: put(
                    stack, "JobMoveRequested", [move(job_id, "confirm", f"race-{who}")]
                ),
                "ab",
            )
        )
    put(stack, "JobMoveRequested", [move(job_id, name) for name in FORWARD[1:]])
    (job,) = settled(stack, [job_id])
    assert job.status == "completed"
    assert job.execution.generation == 1
    assert [entry.move for entry in job.ledger] == list(FORWARD)
    refused = until(lambda: jobs_of(stack).read("main", job_id).value.refused, bool)
    assert [refusal.move for refusal in refused] == ["confirm"]
    assert until(lambda: executions(stack, job), lambda states: states == ["ABORTED", "SUCCEEDED"])


def test_duplicated_and_shuffled_events_give_the_same_result(stack: Laptop, tmp_path: Path) -> None:
    bookings = [booking(number, prefix="ply") for number in range(20)]
    lines = [{"detail-type": "JobRequested", "detail": detail} for detail in bookings]
    for name in FORWARD:
        lines += [
            {"detail-type": "JobMoveRequested", "detail": move(detail["job_id"], name)}
            for detail in bookings
        ]
    recording = tmp_path / "day.jsonl"
    recording.write_text("\n".join(json.dumps(line) for line in lines))
    played = haul(stack, "events", "play", str(recording), "--duplicate", "--reorder", "--json")
    assert json.loads(played.stdout) == {"sent": 160, "lost": 0, "seed": 1}, played.stderr
    jobs = settled(stack, [detail["job_id"] for detail in bookings])
    assert {tuple(entry.move for entry in job.ledger) for job in jobs} == {FORWARD}
    assert [job.job_id for job in jobs if job.refused or job.early] == []


def test_jobs_moved_by_16_clients_at_once_lose_nothing(stack: Laptop) -> None:
    """Enough jobs for concurrent batches and containers. T20 has 200 jobs and 32 clients:
    tests/functions/protocol/test_protocol.py and test_protocol_on_engine.py."""
    before = dead_letters(stack)
    bookings = [booking(number, prefix="bvk") for number in range(32)]
    job_ids = [detail["job_id"] for detail in bookings]
    put(stack, "JobRequested", bookings)
    exist(stack, job_ids)
    moves = [move(job_id, name) for job_id in job_ids for name in FORWARD]
    random.Random(11).shuffle(moves)
    shares = [moves[client::16] for client in range(16)]
    with ThreadPoolExecutor(16) as clients:
        list(clients.map(lambda share: put(stack, "JobMoveRequested", share), shares))
    jobs = settled(stack, job_ids, within_s=170)
    with ThreadPoolExecutor(8) as askers:
        states = list(askers.map(lambda job: executions(stack, job), jobs))
    assert [job.job_id for job in jobs if job.refused] == []
    wait_until_queues_are_empty(stack)
    assert stored_board(stack).to_bytes() == expected_board(stack).to_bytes()
    assert dead_letters(stack) == before
    assert {tuple(state) for state in states} == {("SUCCEEDED",)}


def test_a_job_survives_a_restart_of_the_engine(tmp_path: Path) -> None:
    """The engine is stopped after the first move and killed after the second."""
    laptop = Laptop(tmp_path, free_port(), free_port(), lag_s=0, report=lambda _: None)
    job_id = str(booking(4, prefix="kll")["job_id"])
    with laptop:
        put(laptop, "JobRequested", [booking(4, prefix="kll")])
        exist(laptop, [job_id])
        assert haul(laptop, "job", "move", job_id, "confirm").returncode == 0
        _end(laptop, signal.SIGTERM)
    with laptop:
        assert haul(laptop, "job", "move", job_id, "start").returncode == 0
        _end(laptop, signal.SIGKILL)
    with laptop:
        put(laptop, "JobMoveRequested", [move(job_id, "complete")])
        (job,) = settled(laptop, [job_id])
        assert [entry.move for entry in job.ledger] == list(FORWARD)
        assert until(
            lambda: executions(laptop, job, latest=True), lambda states: states == ["SUCCEEDED"]
        )


def _end(laptop: Laptop, how: signal.Signals) -> None:
    assert laptop.engine.process is not None
    os.kill(laptop.engine.process.pid, how)
    laptop.engine.process.wait(20)
