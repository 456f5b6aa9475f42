"""What a reader asks its surroundings to do, and what they tell it."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["edge", "api"]
Signal = Literal["hidden", "visible", "focus", "offline", "online", "retry"]
"""`focus`: someone turned to the window. `retry`: someone pressed a button, which also starts a
stopped reader again."""


@dataclass(frozen=True)
class Fetch:
    """Send a GET request now, and pass the answer to `receive`."""

    source: Source
    at_ms: int
    if_none_match: str | None
    rev: int | None = None
    """The revision of a hint: ask for it by the query `?rev=`, so that no older copy answers."""

    @property
    def headers(self) -> dict[str, str]:
        etag = self.if_none_match
        return {"accept": "application/json"} | ({} if etag is None else {"if-none-match": etag})


@dataclass(frozen=True)
class Sleep:
    """Nothing to do for `ms`; None: until an answer or a signal."""

    ms: int | None


@dataclass(frozen=True)
class Stop:
    """Nothing more to do, unless someone presses retry."""


ReaderStep = Fetch | Sleep | Stop
