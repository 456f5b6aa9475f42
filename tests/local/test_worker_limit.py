"""How many workers of one function the laptop's engine has at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

from local.worker_limit import WorkerLimit


class Pool:
    """Leases workers as MiniStack does: None at the ceiling."""

    def __init__(self) -> None:
        self.leased, self.lock, self.refused = dict[str, set[object]](), Lock(), Event()

    def acquire(self, name: str, *, max_concurrency: int) -> tuple[Any, str]:
        with self.lock:
            leased = self.leased.setdefault(name, set())
            if len(leased) >= max_concurrency:
                self.refused.set()
                return None, "func_cap"
            worker = object()
            leased.add(worker)
            return worker, "spawn"

    def release(self, worker: object) -> None:
        with self.lock:
            for leased in self.leased.values():
                leased.discard(worker)


def test_a_call_waits_until_a_worker_of_its_function_is_free() -> None:
    pool = Pool()
    limit = WorkerLimit(pool.acquire, pool.release, most=1)
    first, _ = limit.acquire("advance")
    with ThreadPoolExecutor(1) as callers:
        second = callers.submit(limit.acquire, "advance")
        assert pool.refused.wait(2)
        assert not second.done()
        limit.release(first)
        assert second.result(2)[0] is not first


def test_functions_do_not_wait_for_each_other() -> None:
    pool = Pool()
    limit = WorkerLimit(pool.acquire, pool.release, most=1)
    limit.acquire("advance")
    assert limit.acquire("settle")[0] is not None


def test_a_worker_that_ended_makes_room_for_a_new_one() -> None:
    pool = Pool()
    limit = WorkerLimit(pool.acquire, pool.release, most=1)
    limit.acquire("advance")
    with ThreadPoolExecutor(1) as callers:
        second = callers.submit(limit.acquire, "advance")
        assert pool.refused.wait(2)
        pool.leased.clear()  # as when MiniStack drops a broken worker
        limit.release(None)
        assert second.result(2)[0] is not None
