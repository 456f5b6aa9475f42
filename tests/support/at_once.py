"""Makes a race certain: threads that only start together rarely come between each other's steps."""

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


def read_at_once(read: Callable[P, T], threads: int) -> Callable[P, T]:
    """`read`, after whose first call each of so many threads waits for the others.

    So all of them have read the same before any of them writes.
    """
    all_have_read, own = threading.Barrier(threads), threading.local()

    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        found = read(*args, **kwargs)
        if not hasattr(own, "has_met"):
            own.has_met = True
            all_have_read.wait(30)
        return found

    return reading
