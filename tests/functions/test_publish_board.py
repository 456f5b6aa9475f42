"""Step 5: jobs.json is made from the job objects, whatever the order and number of messages."""

from datetime import datetime, timedelta

import pytest

from functions.protocol.batches import BatchConsumer, JobRef
from functions.protocol.ports import Stored, Unavailable, UnknownJob
from functions.views.board import PublishBoard
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.views.views import SHOWN_AFTER_END, Board, card_of
from tests.functions.conftest import FakeStorage, Storage
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
from tests.support.index_fakes import an_index

KEY = board_key("main")


def numbered(number: int, status: str | None = None) -> Job:
    return a_job(status, job_id=f"261121-00000{number}")


def a_board(*jobs: Job) -> bytes:
    return Board().merged(card_of(job, load_flow(job.flow)) for job in jobs).to_bytes()


def a_publisher(storage: Storage, *jobs: Job) -> PublishBoard:
    for job in jobs:
        storage.jobs.create(job)
    return PublishBoard(storage.jobs, storage.boards, an_index(), no_pause)


def replaced(storage: Storage, job: Job) -> None:
    storage.jobs.replace(job, storage.jobs.read("main", job.job_id).etag)


def test_the_first_message_makes_the_board(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1), numbered(2))
    publish("main", ["261121-000002"], NOON)
    assert storage.get(KEY) == a_board(numbered(2))


def test_the_order_of_messages_leaves_no_trace(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1), numbered(2))
    publish("main", ["261121-000002"], NOON)
    publish("main", ["261121-000001"], NOON)
    assert storage.get(KEY) == a_board(numbered(1), numbered(2))


def test_a_card_is_made_from_the_job_and_not_from_the_message(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1))
    publish("main", ["261121-000001"], NOON)
    replaced(storage, numbered(1, "in_progress"))
    publish("main", ["261121-000001"], NOON)
    assert storage.get(KEY) == a_board(numbered(1, "in_progress"))


def test_nothing_is_written_if_nothing_is_new(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1))
    publish("main", ["261121-000001"], NOON)
    with storage.under(Faults()) as calls:
        publish("main", ["261121-000001"], NOON)
    assert calls.calls("PutObject") == 0


def test_another_writers_card_is_never_undone(fake_storage: FakeStorage) -> None:
    """Timeline: we read the board · another adds a card · our PUT gets 412 · we read again."""
    publish = a_publisher(fake_storage, numbered(1), numbered(2))

    class Meanwhile(FakeBoards):
        def write(self, tenant: str, board: Board, replacing: str | None) -> None:
            publish(tenant, ["261121-000002"], NOON)
            super().write(tenant, board, replacing)

    boards = Meanwhile(fake_storage.bucket)
    PublishBoard(fake_storage.jobs, boards, an_index(), no_pause)("main", ["261121-000001"], NOON)
    assert fake_storage.get(KEY) == a_board(numbered(1), numbered(2))


def test_a_card_made_long_ago_does_not_replace_a_newer_one(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1))
    old = publish.readable_cards("main", ["261121-000001"])
    replaced(storage, numbered(1, "in_progress"))
    publish("main", ["261121-000001"], NOON)
    publish.merge("main", old, NOON)
    assert storage.get(KEY) == a_board(numbered(1, "in_progress"))


def test_an_ended_job_is_shown_for_two_days(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1), numbered(2, "completed"))
    publish("main", ["261121-000001", "261121-000002"], NOON)
    publish("main", [], NOON + SHOWN_AFTER_END - timedelta(seconds=1))
    assert storage.get(KEY) == a_board(numbered(1), numbered(2, "completed"))
    publish("main", [], NOON + SHOWN_AFTER_END)
    assert storage.get(KEY) == a_board(numbered(1))


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_write_whose_answer_is_lost_is_checked(storage: Storage, fault: Kind) -> None:
    publish = a_publisher(storage, numbered(1))
    with storage.under(Faults({"PutObject": [fault]})):
        publish("main", ["261121-000001"], NOON)
    assert storage.get(KEY) == a_board(numbered(1))


def test_after_all_attempts_the_batch_is_to_be_retried(fake_storage: FakeStorage) -> None:
    publish = a_publisher(fake_storage, numbered(1))
    with (
        fake_storage.under(Faults({"PutObject": ["before"] * 100})),
        pytest.raises(Unavailable),
    ):
        publish("main", ["261121-000001"], NOON)
    assert KEY not in fake_storage.bucket.objects


def test_an_unknown_job_keeps_no_other_off_the_board(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1))
    with pytest.raises(UnknownJob):
        publish("main", ["261121-000009", "261121-000001"], NOON)
    assert storage.get(KEY) == a_board(numbered(1))


class Poisoned(FakeJobs):
    """Reading job 2 fails with an unforeseen error."""

    def read(self, tenant: str, job_id: str) -> Stored[Job]:
        if job_id == "261121-000002":
            raise OverflowError("date value out of range")
        return super().read(tenant, job_id)


def test_an_unforeseen_error_concerns_only_its_own_job(fake_storage: FakeStorage) -> None:
    a_publisher(fake_storage, numbered(1), numbered(2))
    publish = PublishBoard(Poisoned(fake_storage.bucket), fake_storage.boards, an_index(), no_pause)
    refs = [JobRef(tenant="main", job_id=f"261121-00000{n}") for n in (2, 1)]
    errors = publish.together(refs, NOON)
    assert [type(error) for error in errors] == [OverflowError, type(None)]
    assert fake_storage.get(KEY) == a_board(numbered(1))
    publish.rebuild("main", NOON)
    assert fake_storage.get(KEY) == a_board(numbered(1))


def test_a_business_whose_board_cannot_be_written_stops_no_other(fake_storage: FakeStorage) -> None:
    publish = a_publisher(fake_storage, numbered(1), numbered(1).with_(tenant="acme"))

    class Broken(FakeBoards):
        def read(self, tenant: str) -> Stored[Board] | None:
            if tenant == "acme":
                raise ZeroDivisionError
            return super().read(tenant)

    publish = PublishBoard(publish.jobs, Broken(fake_storage.bucket), an_index(), no_pause)
    refs = [JobRef(tenant=tenant, job_id="261121-000001") for tenant in ("acme", "main")]
    errors = publish.together(refs, NOON)
    assert [type(error) for error in errors] == [ZeroDivisionError, type(None)]
    assert fake_storage.get(KEY) == a_board(numbered(1))


@pytest.mark.parametrize("broken", [b"", b"not json", b'{"jobs": []}', b'{"jobs": {"1": {}}}'])
def test_an_unreadable_board_is_rebuilt_from_the_jobs(storage: Storage, broken: bytes) -> None:
    publish = a_publisher(storage, numbered(1), numbered(2, "completed"))
    publish("main", ["261121-000001", "261121-000002"], NOON)
    before = storage.get(KEY)
    storage.put(KEY, broken)
    publish("main", ["261121-000001"], NOON)
    assert storage.get(KEY) == before


def test_a_rebuilt_board_has_the_same_bytes(storage: Storage) -> None:
    publish = a_publisher(storage, *(numbered(number) for number in (3, 1, 2)))
    for number in (2, 3, 1):
        publish("main", [f"261121-00000{number}"], NOON)
    before = storage.get(KEY)
    publish.rebuild("main", NOON)
    assert storage.get(KEY) == before == a_board(numbered(1), numbered(2), numbered(3))


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("age", [SHOWN_AFTER_END - SECOND, SHOWN_AFTER_END], ids=["shown", "past"])
def test_a_rebuilt_board_shows_the_same_ended_jobs_to_the_second(
    fake_storage: FakeStorage, age: timedelta
) -> None:
    """Also one written since without a visible change, and an open one from long ago."""
    publish = a_publisher(fake_storage, numbered(1, "completed"), numbered(2, "completed"))
    fake_storage.bucket.clock = lambda: NOON + age
    replaced(fake_storage, numbered(2, "completed").with_bookkeeping())
    fake_storage.bucket.clock = lambda: NOON - timedelta(days=30)
    fake_storage.jobs.create(numbered(3))
    fake_storage.jobs.mark_open("main", "261121-000003")
    before = publish("main", [f"261121-00000{n}" for n in (1, 2, 3)], NOON + age).to_bytes()
    publish.rebuild("main", NOON + age)
    assert fake_storage.get(KEY) == before


def test_jobs_that_ended_long_ago_are_not_read_for_a_new_board(fake_storage: FakeStorage) -> None:
    fake_storage.bucket.clock = lambda: NOON - timedelta(days=3)
    for number in range(200):
        fake_storage.jobs.create(a_job("completed", job_id=f"261101-{number:06d}"))
    fake_storage.bucket.clock = lambda: NOON
    publish = a_publisher(fake_storage, numbered(1))
    with fake_storage.under(Faults()) as calls:
        publish.rebuild("main", NOON)
    assert calls.calls("GetObject") == 1 + 1 + 1
    assert calls.calls("ListObjectsV2") == 3


def test_an_unreadable_job_does_not_keep_the_others_off_the_board(storage: Storage) -> None:
    publish = a_publisher(storage, numbered(1))
    storage.put(job_key("main", "261121-000002"), b"{")
    publish.rebuild("main", NOON)
    assert storage.get(KEY) == a_board(numbered(1))


def test_a_job_in_a_status_of_a_later_version_is_dead_lettered_alone_and_left_off(
    storage: Storage,
) -> None:
    publish = a_publisher(storage, numbered(1))
    storage.put(job_key("main", "261121-000002"), to_bytes(numbered(2).with_(status="loading")))
    letters = FakeDeadLetters()
    messages = batch(*(envelope({"tenant": "main", "job_id": f"261121-00000{n}"}) for n in (2, 1)))

    def all_of(refs: list[JobRef]) -> list[Exception | None]:
        return publish.together(refs, NOON)

    assert BatchConsumer(JobRef, letters, FakeLog()).deliver_together(messages, all_of) == again()
    assert [reason for _, reason, _ in letters.dead_lettered] == ["UnknownStatus"]
    assert storage.get(KEY) == a_board(numbered(1))


def test_a_job_moved_within_the_second_of_the_listing_is_shown_as_it_is(
    fake_storage: FakeStorage,
) -> None:
    """S3 gives whole seconds. Timeline: listed · read · moved · the board is overwritten."""
    publish = a_publisher(fake_storage, numbered(1))

    class Meanwhile(FakeBoards):
        def overwrite(self, tenant: str, board: Board) -> None:
            replaced(fake_storage, numbered(1, "in_progress"))
            super().overwrite(tenant, board)

    PublishBoard(fake_storage.jobs, Meanwhile(fake_storage.bucket), an_index(), no_pause).rebuild(
        "main", NOON
    )
    assert fake_storage.get(KEY) == a_board(numbered(1, "in_progress"))
    assert publish("main", [], NOON).jobs["261121-000001"].status == "in_progress"


def test_a_rebuild_reads_each_job_once_and_those_again_that_were_written_meanwhile(
    fake_storage: FakeStorage,
) -> None:
    fake_storage.bucket.clock = lambda: NOON - timedelta(minutes=1)
    publish = a_publisher(fake_storage, *(a_job(job_id=f"261121-{n:06d}") for n in range(100)))
    fake_storage.bucket.clock = lambda: NOON
    fake_storage.jobs.create(a_job(job_id="261121-zzzzzz"))
    with fake_storage.under(Faults()) as calls:
        publish.rebuild("main", NOON)
    board = 1
    assert calls.calls("GetObject") == 101 + 1 + board


def test_a_job_booked_during_a_rebuild_keeps_its_card(fake_storage: FakeStorage) -> None:
    """Timeline: jobs are listed · a job is booked and shown · the board is overwritten."""
    publish = a_publisher(fake_storage, numbered(1))

    class Booming(FakeJobs):
        def written(self, tenant: str) -> dict[str, datetime]:
            known = super().written(tenant)
            if "261121-000002" not in known:
                self.create(numbered(2))
                publish(tenant, ["261121-000002"], NOON)
            return known

    PublishBoard(Booming(fake_storage.bucket), fake_storage.boards, an_index(), no_pause).rebuild(
        "main", NOON
    )
    assert fake_storage.get(KEY) == a_board(numbered(1), numbered(2))


def test_a_job_that_ended_by_our_clock_after_s3_wrote_it_keeps_its_card_in_a_rebuild(
    fake_storage: FakeStorage,
) -> None:
    """Written 48 h 30 min ago by the clock of S3, ended 47 h 50 min ago by ours."""
    now = NOON + SHOWN_AFTER_END - timedelta(minutes=10)
    bucket = fake_storage.bucket
    bucket.clock = lambda: now - SHOWN_AFTER_END - timedelta(minutes=30)
    publish = a_publisher(fake_storage, numbered(1, "completed"))
    publish.rebuild("main", now)
    assert fake_storage.get(KEY) == a_board(numbered(1, "completed"))
