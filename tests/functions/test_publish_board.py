"""Step 5: jobs.json is a fold of the job objects, whatever the order and number of messages."""

from datetime import datetime, timedelta

import pytest

from functions.protocol.batches import BatchConsumer, JobRef
from functions.protocol.ports import Stored, Unavailable, UnknownJob
from functions.publish_board import PublishBoard
from statemachine.flows import load_flow
from statemachine.job import Job
from statemachine.views import SHOWN_AFTER_END, Board, card_of
from tests.functions.conftest import FakeGround, Ground
from tests.functions.creation import again, batch, envelope
from tests.support.builders import NOON, a_job
from tests.support.fakes import (
    FakeBoards,
    FakeDeadLetters,
    FakeJobs,
    FakeLog,
    board_key,
    job_key,
    no_pause,
    to_bytes,
)
from tests.support.faults import Faults, Kind

KEY = board_key("main")


def numbered(number: int, status: str | None = None) -> Job:
    return a_job(status, job_id=f"261121-00000{number}")


def a_board(*jobs: Job) -> bytes:
    return Board().merged(card_of(job, load_flow(job.flow)) for job in jobs).to_bytes()


def a_publisher(ground: Ground, *jobs: Job) -> PublishBoard:
    for job in jobs:
        ground.jobs.create(job)
    return PublishBoard(ground.jobs, ground.boards, no_pause)


def replaced(ground: Ground, job: Job) -> None:
    ground.jobs.replace(job, ground.jobs.read("main", job.job_id).etag)


def test_the_first_message_makes_the_board(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1), numbered(2))
    publish("main", ["261121-000002"], NOON)
    assert ground.get(KEY) == a_board(numbered(2))


def test_the_order_of_messages_leaves_no_trace(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1), numbered(2))
    publish("main", ["261121-000002"], NOON)
    publish("main", ["261121-000001"], NOON)
    assert ground.get(KEY) == a_board(numbered(1), numbered(2))


def test_a_card_is_made_from_the_job_and_not_from_the_message(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1))
    publish("main", ["261121-000001"], NOON)
    replaced(ground, numbered(1, "in_progress"))
    publish("main", ["261121-000001"], NOON)
    assert ground.get(KEY) == a_board(numbered(1, "in_progress"))


def test_nothing_is_written_where_nothing_is_new(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1))
    publish("main", ["261121-000001"], NOON)
    with ground.under(Faults()) as calls:
        publish("main", ["261121-000001"], NOON)
    assert calls.calls("PutObject") == 0


def test_another_writers_card_is_never_undone(fake_ground: FakeGround) -> None:
    """Timeline: we read the board · another adds a card · our PUT meets 412 · we read again."""
    publish = a_publisher(fake_ground, numbered(1), numbered(2))

    class Meanwhile(FakeBoards):
        def write(self, tenant: str, board: Board, replacing: str | None) -> None:
            publish(tenant, ["261121-000002"], NOON)
            super().write(tenant, board, replacing)

    boards = Meanwhile(fake_ground.bucket)
    PublishBoard(fake_ground.jobs, boards, no_pause)("main", ["261121-000001"], NOON)
    assert fake_ground.get(KEY) == a_board(numbered(1), numbered(2))


def test_a_card_made_long_ago_does_not_replace_a_newer_one(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1))
    old = publish.readable_cards("main", ["261121-000001"])
    replaced(ground, numbered(1, "in_progress"))
    publish("main", ["261121-000001"], NOON)
    publish.merge("main", old, NOON)
    assert ground.get(KEY) == a_board(numbered(1, "in_progress"))


def test_an_ended_job_is_shown_for_two_days(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1), numbered(2, "completed"))
    publish("main", ["261121-000001", "261121-000002"], NOON)
    publish("main", [], NOON + SHOWN_AFTER_END - timedelta(seconds=1))
    assert ground.get(KEY) == a_board(numbered(1), numbered(2, "completed"))
    publish("main", [], NOON + SHOWN_AFTER_END)
    assert ground.get(KEY) == a_board(numbered(1))


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_write_whose_answer_is_lost_is_looked_after(ground: Ground, fault: Kind) -> None:
    publish = a_publisher(ground, numbered(1))
    with ground.under(Faults({"PutObject": [fault]})):
        publish("main", ["261121-000001"], NOON)
    assert ground.get(KEY) == a_board(numbered(1))


def test_past_the_bound_the_batch_shall_come_again(fake_ground: FakeGround) -> None:
    publish = a_publisher(fake_ground, numbered(1))
    with (
        fake_ground.under(Faults({"PutObject": ["before"] * 100})),
        pytest.raises(Unavailable),
    ):
        publish("main", ["261121-000001"], NOON)
    assert KEY not in fake_ground.bucket.objects


def test_a_job_no_one_knows_is_not_shown_and_keeps_no_other_off_the_board(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1))
    with pytest.raises(UnknownJob):
        publish("main", ["261121-000009", "261121-000001"], NOON)
    assert ground.get(KEY) == a_board(numbered(1))


class Poisoned(FakeJobs):
    """Reading job 2 fails as no one foresaw."""

    def read(self, tenant: str, job_id: str) -> Stored[Job]:
        if job_id == "261121-000002":
            raise OverflowError("date value out of range")
        return super().read(tenant, job_id)


def test_an_error_no_one_foresaw_stays_with_its_own_job(fake_ground: FakeGround) -> None:
    a_publisher(fake_ground, numbered(1), numbered(2))
    publish = PublishBoard(Poisoned(fake_ground.bucket), fake_ground.boards, no_pause)
    refs = [JobRef(tenant="main", job_id=f"261121-00000{n}") for n in (2, 1)]
    errors = publish.together(refs, NOON)
    assert [type(error) for error in errors] == [OverflowError, type(None)]
    assert fake_ground.get(KEY) == a_board(numbered(1))
    publish.rebuild("main", NOON)
    assert fake_ground.get(KEY) == a_board(numbered(1))


def test_a_business_whose_board_cannot_be_written_stops_no_other(fake_ground: FakeGround) -> None:
    publish = a_publisher(fake_ground, numbered(1), numbered(1).with_(tenant="acme"))

    class Broken(FakeBoards):
        def read(self, tenant: str) -> Stored[Board] | None:
            if tenant == "acme":
                raise ZeroDivisionError
            return super().read(tenant)

    publish = PublishBoard(publish.jobs, Broken(fake_ground.bucket), no_pause)
    refs = [JobRef(tenant=tenant, job_id="261121-000001") for tenant in ("acme", "main")]
    errors = publish.together(refs, NOON)
    assert [type(error) for error in errors] == [ZeroDivisionError, type(None)]
    assert fake_ground.get(KEY) == a_board(numbered(1))


@pytest.mark.parametrize("broken", [b"", b"not json", b'{"jobs": []}', b'{"jobs": {"1": {}}}'])
def test_a_board_no_one_can_read_is_rebuilt_from_the_jobs(ground: Ground, broken: bytes) -> None:
    publish = a_publisher(ground, numbered(1), numbered(2, "completed"))
    publish("main", ["261121-000001", "261121-000002"], NOON)
    before = ground.get(KEY)
    ground.put(KEY, broken)
    publish("main", ["261121-000001"], NOON)
    assert ground.get(KEY) == before


def test_a_rebuilt_board_is_the_same_to_the_byte(ground: Ground) -> None:
    publish = a_publisher(ground, *(numbered(number) for number in (3, 1, 2)))
    for number in (2, 3, 1):
        publish("main", [f"261121-00000{number}"], NOON)
    before = ground.get(KEY)
    publish.rebuild("main", NOON)
    assert ground.get(KEY) == before == a_board(numbered(1), numbered(2), numbered(3))


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("age", [SHOWN_AFTER_END - SECOND, SHOWN_AFTER_END], ids=["shown", "past"])
def test_a_rebuilt_board_shows_the_same_ended_jobs_to_the_second(
    fake_ground: FakeGround, age: timedelta
) -> None:
    """Also one that was written only for the bookkeeping since, and an open one of long ago."""
    publish = a_publisher(fake_ground, numbered(1, "completed"), numbered(2, "completed"))
    fake_ground.bucket.clock = lambda: NOON + age
    replaced(fake_ground, numbered(2, "completed").with_bookkeeping())
    fake_ground.bucket.clock = lambda: NOON - timedelta(days=30)
    fake_ground.jobs.create(numbered(3))
    fake_ground.jobs.mark_open("main", "261121-000003")
    before = publish("main", [f"261121-00000{n}" for n in (1, 2, 3)], NOON + age).to_bytes()
    publish.rebuild("main", NOON + age)
    assert fake_ground.get(KEY) == before


def test_jobs_that_ended_long_ago_are_not_read_for_a_new_board(fake_ground: FakeGround) -> None:
    fake_ground.bucket.clock = lambda: NOON - timedelta(days=3)
    for number in range(200):
        fake_ground.jobs.create(a_job("completed", job_id=f"261101-{number:06d}"))
    fake_ground.bucket.clock = lambda: NOON
    publish = a_publisher(fake_ground, numbered(1))
    with fake_ground.under(Faults()) as calls:
        publish.rebuild("main", NOON)
    assert (calls.calls("GetObject"), calls.calls("ListObjectsV2")) == (1 + 1 + 1, 3)


def test_a_job_no_one_can_read_does_not_keep_the_others_off_the_board(ground: Ground) -> None:
    publish = a_publisher(ground, numbered(1))
    ground.put(job_key("main", "261121-000002"), b"{")
    publish.rebuild("main", NOON)
    assert ground.get(KEY) == a_board(numbered(1))


def test_a_job_in_a_status_of_a_later_version_is_dead_lettered_alone_and_left_off(
    ground: Ground,
) -> None:
    publish = a_publisher(ground, numbered(1))
    ground.put(job_key("main", "261121-000002"), to_bytes(numbered(2).with_(status="loading")))
    letters = FakeDeadLetters()
    messages = batch(*(envelope({"tenant": "main", "job_id": f"261121-00000{n}"}) for n in (2, 1)))

    def all_of(refs: list[JobRef]) -> list[Exception | None]:
        return publish.together(refs, NOON)

    assert BatchConsumer(JobRef, letters, FakeLog()).deliver_together(messages, all_of) == again()
    assert [reason for _, reason, _ in letters.dead_lettered] == ["UnknownStatus"]
    assert ground.get(KEY) == a_board(numbered(1))


def test_a_job_moved_within_the_second_of_the_listing_is_shown_as_it_is(
    fake_ground: FakeGround,
) -> None:
    """S3 tells times by the second. Timeline: listed · read · moved · the board is overwritten."""
    publish = a_publisher(fake_ground, numbered(1))

    class Meanwhile(FakeBoards):
        def overwrite(self, tenant: str, board: Board) -> None:
            replaced(fake_ground, numbered(1, "in_progress"))
            super().overwrite(tenant, board)

    PublishBoard(fake_ground.jobs, Meanwhile(fake_ground.bucket), no_pause).rebuild("main", NOON)
    assert fake_ground.get(KEY) == a_board(numbered(1, "in_progress"))
    assert publish("main", [], NOON).jobs["261121-000001"].status == "in_progress"


def test_a_rebuild_reads_each_job_once_and_those_again_that_were_written_meanwhile(
    fake_ground: FakeGround,
) -> None:
    fake_ground.bucket.clock = lambda: NOON - timedelta(minutes=1)
    publish = a_publisher(fake_ground, *(a_job(job_id=f"261121-{n:06d}") for n in range(100)))
    fake_ground.bucket.clock = lambda: NOON
    fake_ground.jobs.create(a_job(job_id="261121-zzzzzz"))
    with fake_ground.under(Faults()) as calls:
        publish.rebuild("main", NOON)
    board = 1
    assert calls.calls("GetObject") == 101 + 1 + board


def test_a_job_booked_during_a_rebuild_keeps_its_card(fake_ground: FakeGround) -> None:
    """Timeline: jobs are listed · a job is booked and shown · the board is overwritten."""
    publish = a_publisher(fake_ground, numbered(1))

    class Booming(FakeJobs):
        def written(self, tenant: str) -> dict[str, datetime]:
            known = super().written(tenant)
            if "261121-000002" not in known:
                self.create(numbered(2))
                publish(tenant, ["261121-000002"], NOON)
            return known

    PublishBoard(Booming(fake_ground.bucket), fake_ground.boards, no_pause).rebuild("main", NOON)
    assert fake_ground.get(KEY) == a_board(numbered(1), numbered(2))


def test_a_job_that_ended_by_our_clock_after_s3_wrote_it_keeps_its_card_in_a_rebuild(
    fake_ground: FakeGround,
) -> None:
    """Written 48 h 30 min ago by the clock of S3, ended 47 h 50 min ago by ours."""
    now = NOON + SHOWN_AFTER_END - timedelta(minutes=10)
    bucket = fake_ground.bucket
    bucket.clock = lambda: now - SHOWN_AFTER_END - timedelta(minutes=30)
    publish = a_publisher(fake_ground, numbered(1, "completed"))
    publish.rebuild("main", now)
    assert fake_ground.get(KEY) == a_board(numbered(1, "completed"))
