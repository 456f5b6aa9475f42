"""`haul job` with AWS credentials: requests over the bus, outcomes from the job's object in S3."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol

from cli.client.connection import Connection
from cli.output.output import NotFound, Rejected, TimedOut, UsageError
from deploy import job_requests
from deploy.job_requests import BookingFailed, BookingRefused
from events import Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.api.response_models import JobDocument
from functions.api.responses import Viewer, job_document
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Tenants
from functions.protocol.clock import utc_now
from functions.protocol.ports import Corrupt, UnknownJob
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job.job import Job
from statemachine.job.records import EarlyMove, Refusal
from statemachine.rules.edits import is_made, refusal_of
from statemachine.rules.lifecycle import EXPLANATIONS, copy_of
from statemachine.values.values import JOB_ID_PATTERN, Actor
from statemachine.views.views import Board, Card, card_of

CLI_ACTOR = Actor(kind="dispatcher", id="haul")
TIMEOUT_S = 20.0
POLL_EVERY_S = 0.1
BOARD_LAG = timedelta(minutes=5)
"""The longest delay of the board unless the watchdog has to repair it, with room for clock skew."""
DEAD_LETTER_CHECK_EVERY_S = 1.0
RECEIVE_MAX, RECEIVE_CALLS = 10, 10
OPERATOR = Viewer(member="haul", roles=("dispatcher",))
"""A person with AWS credentials sees what a dispatcher sees."""


class JobClient(Protocol):
    """What a dispatcher does. A call returns once the change is committed, or raises a CliError."""

    def book(self, request: JobRequested) -> dict[str, str]:
        """`{job_id, tracking_token, tracking_url}`."""

    def cards(self) -> list[Card]:
        """The board, including every write acknowledged before the call."""

    def time_zone(self) -> str:
        """The business's zone, such as `America/New_York`."""

    def job(self, job_id: str) -> JobDocument: ...

    def move(self, request: JobMoveRequested) -> JobDocument: ...

    def edit(self, request: JobEditRequested) -> JobDocument: ...


class BusClient:
    """Sends requests over the bus and polls the job's object for their outcome."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        self.connection, self.tenant = connection, tenant

    def book(self, request: JobRequested) -> dict[str, str]:
        return book_job(self.connection, request)

    def cards(self) -> list[Card]:
        boards = S3Boards(self.connection.client("s3"), self.connection.outputs["JobsBucket"])
        stored = boards.read(self.tenant)
        board = stored.value if stored else Board()
        return list(board.merged(self._not_yet_on(board)).jobs.values())

    def time_zone(self) -> str:
        tenants = S3Tenants(self.connection.client("s3"), self.connection.outputs["JobsBucket"])
        return tenants.read(self.tenant).time_zone

    def _not_yet_on(self, board: Board) -> Iterator[Card]:
        """Cards of jobs written so recently that the board may not show them yet.

        A job that cannot be read is skipped: the board shows it as it was.
        """
        jobs = S3Jobs(self.connection.client("s3"), self.connection.outputs["JobsBucket"])
        lately = utc_now() - BOARD_LAG
        for job_id in (name for name, at in jobs.written(self.tenant).items() if at >= lately):
            with suppress(Corrupt, UnknownJob, UnknownFlow):
                job = jobs.read(self.tenant, job_id).value
                flow = load_flow(job.flow)
                if job_id in board.jobs or not flow.status(job.status).terminal:
                    yield card_of(job, flow)

    def job(self, job_id: str) -> JobDocument:
        return self._document(self._read(job_id))

    def move(self, request: JobMoveRequested) -> JobDocument:
        send_request(self.connection, request)
        return self._document(self._wait_for_outcome(request))

    def edit(self, request: JobEditRequested) -> JobDocument:
        self._read(request.job_id)
        send_request(self.connection, request)
        return self._document(self._wait_for_outcome(request, self._refused_edit))

    def _refused_edit(self, request: JobMoveRequested | JobEditRequested) -> None:
        """Raises Rejected if the edit failed for good: its dead letter has the reason."""
        if reason := dead_letter_reason(self.connection, "Edit", request.event_id):
            raise Rejected(f"refused: {reason}")

    def _read(self, job_id: str) -> Job:
        check_job_id(job_id)
        jobs = S3Jobs(self.connection.client("s3"), self.connection.outputs["JobsBucket"])
        try:
            return jobs.read(self.tenant, job_id).value
        except UnknownJob as error:
            raise NotFound(f"{error}; `haul job list` shows all jobs") from error

    def _document(self, job: Job) -> JobDocument:
        return job_document(job, OPERATOR, self.connection.edge_url)

    def _wait_for_outcome(
        self,
        request: JobMoveRequested | JobEditRequested,
        check_dead_letters: Callable[[JobMoveRequested | JobEditRequested], None] | None = None,
    ) -> Job:
        """The job once its record has the event. Raises Rejected if it was refused, TimedOut.

        `check_dead_letters` is called about once a second and may raise Rejected too.
        """
        deadline = time.monotonic() + TIMEOUT_S
        check_at = time.monotonic() + DEAD_LETTER_CHECK_EVERY_S
        while time.monotonic() < deadline:
            job = self._read(request.job_id)
            if isinstance(request, JobEditRequested):
                if edit_is_committed(job, request):
                    return job
            elif move_is_committed(job, request):
                return job
            if check_dead_letters and time.monotonic() > check_at:
                check_dead_letters(request)
                check_at = time.monotonic() + DEAD_LETTER_CHECK_EVERY_S
            time.sleep(POLL_EVERY_S)
        raise TimedOut(
            f"no answer within {TIMEOUT_S:.0f} s; repeat the command with --event-id "
            f"{request.event_id}: it takes effect only once. If the request failed for good, "
            "`haul ops dlq list` leads to the reason"
        )


def edit_is_committed(job: Job, request: JobEditRequested) -> bool:
    """Whether the edit is committed. Raises Rejected if it was refused."""
    if refusal := refusal_of(job, request):
        raise Rejected(f"refused: {refusal.text} ({refusal.why})")
    return is_made(job, request)


def move_is_committed(job: Job, request: JobMoveRequested) -> bool:
    """Whether the move is committed. Raises Rejected if it was refused, TimedOut if it is early."""
    match copy_of(job, request):
        case Refusal(why=why, status=status):
            raise Rejected(
                f"refused: {EXPLANATIONS[why]} (status {status}, {why}); "
                f"possible now: {_possible(job)}"
            )
        case EarlyMove():
            raise TimedOut(
                "this move is early: it is kept, and made after the moves that come before it; "
                f"possible now: {_possible(job)}"
            )
        case known:
            return known is not None


def check_job_id(job_id: str) -> None:
    if not re.fullmatch(JOB_ID_PATTERN, job_id):
        raise UsageError(f"{job_id!r} is not a job id; job ids look like 261121-7k3m2q")


def book_job(connection: Connection, request: JobRequested) -> dict[str, str]:
    """`{job_id, tracking_token, tracking_url}`. Raises Rejected, TimedOut."""
    function = connection.outputs["CreateJobFunction"]
    try:
        booked = job_requests.book_job(connection.client("lambda"), function, request)
    except BookingRefused as error:
        raise Rejected(str(error)) from error
    except BookingFailed as error:
        raise TimedOut(
            f"booking failed: {error}; repeat the command with --event-id {request.event_id}: it "
            "books only once"
        ) from error
    return {
        "job_id": booked["job_id"],
        "tracking_token": booked["tracking_token"],
        "tracking_url": f"{connection.edge_url}/track/{booked['tracking_token']}",
    }


def send_request(connection: Connection, request: JobMoveRequested | JobEditRequested) -> None:
    """Raises Unavailable if the bus did not take the request."""
    bus = connection.outputs["BusName"]
    job_requests.send_request(connection.client("events"), bus, request)


def dead_letter_reason(connection: Connection, queue: str, event_id: str) -> str | None:
    """Why that event failed for good, if its dead letter is found; it stays in the queue.

    A queue returns a few of its messages at a time, and not always the same ones.
    """
    sqs, url = connection.client("sqs"), connection.outputs[f"{queue}DeadLettersUrl"]
    for _ in range(RECEIVE_CALLS):
        messages = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=RECEIVE_MAX,
            VisibilityTimeout=0,
            MessageAttributeNames=["Detail"],
        ).get("Messages", [])
        for message in messages:
            if _is_about(message["Body"], event_id):
                detail = message.get("MessageAttributes", {}).get("Detail", {})
                return str(detail.get("StringValue", "no reason given"))
        if len(messages) < RECEIVE_MAX:
            return None
    return None


def _is_about(body: str, event_id: str) -> bool:
    try:
        return bool(json.loads(body)["detail"]["event_id"] == event_id)
    except (ValueError, KeyError, TypeError):
        return False


def changes_document(changes: Changes) -> dict[str, Any]:
    """The changes as the API takes them: only the fields that are set."""
    return changes.model_dump(mode="json", exclude_unset=True, exclude_none=True)


def _possible(job: Job) -> str:
    moves = load_flow(job.flow).moves_from(job.status)
    return ", ".join(f"{move.name} (→ {move.to})" for move in moves) or "nothing"
