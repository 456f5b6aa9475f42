"""Many stored items, of which one that cannot be read stops none of the others."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from functions.aws.metrics import LogMetrics
from functions.protocol.ports import Corrupt

Item = TypeVar("Item")
Found = TypeVar("Found")


def readable(read: Callable[[Item], Found | None], items: Iterable[Item]) -> Iterator[Found]:
    """What `read` makes of each item that is there; one that it calls Corrupt is only counted."""
    for item in items:
        if (found := readable_or_none(read, item)) is not None:
            yield found


def readable_or_none(read: Callable[[Item], Found | None], item: Item) -> Found | None:
    try:
        return read(item)
    except Corrupt as error:
        LogMetrics().count("Unreadable", Why=str(error))
        return None
