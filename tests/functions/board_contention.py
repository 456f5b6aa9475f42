"""Case T20: many movers, faulty board writers, and a reader, at once, with real threads."""

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from functions.jobs.advance import AdvanceJob
from functions.protocol.ports import Corrupt, Unavailable
from functions.views.board import PublishBoard
from statemachine.flows import load_flow
from statemachine.views.views import Board, card_of
from tests.functions.conftest import Storage
from tests.support.builders import NOON, a_job, a_request, minutes
from tests.support.fakes import FakeBus, FakeExecutions, FakeLog
from tests.support.faults import Crashed, SeededFaults
from tests.support.index_fakes import an_index
from tests.support.slot_fakes import slots_on_fakes

MOVES = ("confirm", "start", "complete")
BATCH = 50
FAULTS = {"PutObject": 0.3, "GetObject": 0.005}
"""Fault rates by call of a board writer; one lost read of fifty fails the whole batch."""
WINDOW_S = 0.1
LIMIT_S = 60


class ConcurrentMoves:
    """Every job is moved to its end, each move by two movers, in a random order from the seed.

    Moved jobs go to the board's queue, as `JobMoved` does. Two writers take batches from it and put
    failed ones back, as SQS does. A reader keeps reading the board.
    """

    def __init__(self, storage: Storage, seed: int, jobs: int = 200, movers: int = 32) -> None:
        self.storage, self.seed, self.movers = storage, seed, movers
        self.job_ids = [f"261121-{number:06d}" for number in range(jobs)]
        self.moved: queue.Queue[str] = queue.Queue()
        self.over = threading.Event()
        self.went_back: list[str] = []
        self.errors: list[BaseException] = []
        self.looks = 0

    def go(self) -> None:
        for number, job_id in enumerate(self.job_ids):
            self.storage.jobs.create(a_job(job_id=job_id, token=f"{number:022d}"))
        movers = self._movers()
        others = [threading.Thread(target=self._look)]
        with ExitStack() as faulty:
            for number in range(2):
                faults = SeededFaults(
                    self.seed + number, FAULTS, ("before", "after", "dup", "crash")
                )
                beset = faulty.enter_context(self.storage.with_faults(faults))
                others.append(threading.Thread(target=self._write, args=(beset,)))
            for thread in (*others, *movers):
                thread.start()
            for thread in movers:
                thread.join(LIMIT_S)
            self.moved.join()
            self.over.set()
            for thread in others:
                thread.join(LIMIT_S)
        assert self.errors == []
        assert self.looks > 0

    def statuses(self) -> Counter[str]:
        return Counter(
            self.storage.jobs.read("main", job_id).value.status for job_id in self.job_ids
        )

    def _movers(self) -> list[threading.Thread]:
        tasks = [(job_id, move) for job_id in self.job_ids for move in MOVES for _ in range(2)]
        random.Random(self.seed).shuffle(tasks)
        shares = [tasks[number :: self.movers] for number in range(self.movers)]
        return [threading.Thread(target=self._move, args=(share,)) for share in shares]

    def _move(self, share: list[tuple[str, str]]) -> None:
        advance = AdvanceJob(
            self.storage.jobs,
            FakeExecutions(),
            FakeBus(),
            slots_on_fakes(self.storage.jobs),
            FakeLog(),
        )
        for job_id, move in share:
            when = NOON + minutes(MOVES.index(move))
            request = a_request(a_job(job_id=job_id), move, occurred_at=when)
            self._until_done(partial(advance, request, NOON + minutes(5)))
            self.moved.put(job_id)

    def _until_done(self, do: Callable[[], object]) -> None:
        """Retry as the queue does, until it is done."""
        for _ in range(20):
            try:
                do()
            except Unavailable:
                continue
            except BaseException as error:
                self.errors.append(error)
            return
        self.errors.append(Unavailable("twenty times"))

    def _write(self, storage: Storage) -> None:
        publish = PublishBoard(storage.jobs, storage.boards, an_index())
        while not self.over.is_set():
            batch = self._batch()
            try:
                publish("main", sorted(set(batch)), NOON)
            except (Unavailable, Crashed):
                for job_id in batch:
                    self.moved.put(job_id)
            except BaseException as error:
                self.errors.append(error)
            for _ in batch:
                self.moved.task_done()

    def _batch(self) -> list[str]:
        time.sleep(WINDOW_S)
        batch: list[str] = []
        while len(batch) < BATCH and not self.moved.empty():
            try:
                batch.append(self.moved.get_nowait())
            except queue.Empty:
                break
        return batch

    def _look(self) -> None:
        """Record jobs that are shown at a lower `rev` than before, or vanish."""
        seen: dict[str, int] = {}
        while not self.over.wait(0.02):
            try:
                stored = self.storage.boards.read("main")
            except (Unavailable, Corrupt) as error:
                self.errors.append(error)
                return
            shown = {j: card.rev for j, card in stored.value.jobs.items()} if stored else {}
            self.went_back += [j for j, rev in seen.items() if shown.get(j, 0) < rev]
            seen = shown
            self.looks += 1


def folded(storage: Storage) -> bytes:
    """`jobs.json` made from all job objects, without using the board's writers."""
    jobs = [storage.jobs.read("main", job_id).value for job_id in storage.jobs.all_ids("main")]
    cards = {job.job_id: card_of(job, load_flow(job.flow)) for job in jobs}
    return Board(jobs=cards).to_bytes()
