"""What the rules about moves read of a request, as a protocol: `events.JobMoveRequested` is one."""

from datetime import datetime
from typing import Protocol

from statemachine.values.values import Actor


class MoveRequest(Protocol):
    """What the lifecycle reads of a request: `events.JobMoveRequested`, or an early move."""

    @property
    def event_id(self) -> str: ...
    @property
    def move(self) -> str | None: ...
    @property
    def to(self) -> str | None: ...
    @property
    def expected_rev(self) -> int | None: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...
