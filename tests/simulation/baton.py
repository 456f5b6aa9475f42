"""Handlers on threads that hand over one baton: exactly one runs, and the world says which.

world    go_on(A) ──────────────┐                 ┌─ go_on(B) …
A                  runs … hand_back() … waits ────┘
"""

import threading
from collections.abc import Callable
from datetime import datetime

from tests.support.faults import Crashed


class Task:
    """One invocation of a handler, or one person with a request under way."""

    def __init__(self, name: str, do: Callable[[], None], began: datetime) -> None:
        self.name, self.do, self.began = name, do, began
        self.calls = 0
        self.ended = False
        self.error: BaseException | None = None
        self.thread: threading.Thread | None = None
        self.may_run = threading.Lock()
        self.may_run.acquire()


class Baton:
    def __init__(self) -> None:
        self.running: Task | None = None
        self.closing = False
        self._back = threading.Lock()
        self._back.acquire()

    def go_on(self, task: Task) -> None:
        """Let `task` run until it hands the baton back or ends. Raises what it did not handle."""
        self.running = task
        if task.thread is None:
            task.thread = threading.Thread(target=self._run, args=(task,), daemon=True)
            task.thread.start()
        else:
            task.may_run.release()
        self._back.acquire()
        self.running = None
        if task.error is not None:
            raise task.error

    def hand_back(self) -> None:
        """In a task: wait until the world lets it go on."""
        task = self.running
        assert task is not None
        self._back.release()
        task.may_run.acquire()
        if self.closing:
            raise Crashed("the run is over")

    def close(self, tasks: list[Task]) -> None:
        """End the tasks that are under way, as if their processes died."""
        self.closing = True
        for task in tasks:
            if task.thread is not None and not task.ended:
                self.go_on(task)
                task.thread.join()

    def _run(self, task: Task) -> None:
        try:
            task.do()
        except Crashed:
            pass  # its process died, and the caller finds out
        except BaseException as error:  # raised again in `go_on`, where the world can see it
            task.error = error
        task.ended = True
        self._back.release()
