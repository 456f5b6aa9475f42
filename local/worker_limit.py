"""Limits how many workers of one function the laptop's engine has at a time; calls wait for one.

MiniStack starts a worker for each concurrent call. Sixteen clients then cause sixteen workers of a
function, each of which makes its own clients before it is of use, on a machine with a few cores.
A limit of MiniStack's own would refuse calls instead of having them wait.
"""

import threading
from collections.abc import Callable
from typing import Any

WORKERS = 6
"""As many as the largest `MaximumConcurrency` of a queue on the laptop, so that no queue waits."""


class WorkerLimit:
    """`acquire` and `release` are those of MiniStack. No function of ours calls itself, so no call
    waits for a worker that waits for this call."""

    def __init__(
        self,
        acquire: Callable[..., tuple[Any, str]],
        release: Callable[[Any], None],
        most: int = WORKERS,
    ) -> None:
        self._acquire, self._release, self.most = acquire, release, most
        self._freed = threading.Condition()

    def acquire(self, *function: Any, **options: Any) -> tuple[Any, str]:
        """A worker and how it was had; waits while all of the function's workers are in use."""
        options["max_concurrency"] = self.most
        with self._freed:
            while True:
                worker, how = self._acquire(*function, **options)
                if worker is not None:
                    return worker, how
                self._freed.wait()

    def release(self, worker: Any) -> None:
        """Also for None, which stands for a worker that ended: another may take its place."""
        self._release(worker)
        with self._freed:
            self._freed.notify_all()


def limit_workers(lambda_svc: Any) -> None:
    """Have MiniStack's service lease its workers within the limit."""
    limit = WorkerLimit(lambda_svc.acquire_worker, lambda_svc.release_worker)
    lambda_svc.acquire_worker, lambda_svc.release_worker = limit.acquire, limit.release
