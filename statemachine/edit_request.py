"""What the rules about edits read of a request, as protocols: `events.JobEditRequested` is one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from statemachine.job import CrewRole, Customer, Place, Schedule
from statemachine.job_money import MoneyEdit
from statemachine.values import Actor


class CrewRequest(Protocol):
    """Someone to put on the job: `events.Assignment`."""

    @property
    def role(self) -> CrewRole: ...
    @property
    def member(self) -> str: ...


class ChangeSet(MoneyEdit, Protocol):
    """New values; None leaves a field as it is. `events.Changes` is one."""

    @property
    def note(self) -> str | None: ...
    @property
    def customer(self) -> Customer | None: ...
    @property
    def place(self) -> Place | None: ...
    @property
    def schedule(self) -> Schedule | None: ...
    @property
    def duration_minutes(self) -> int | None: ...
    @property
    def crew(self) -> Sequence[CrewRequest] | None: ...
    @property
    def truck(self) -> str | None: ...
    @property
    def texts_stopped(self) -> bool | None: ...


class EditRequest(Protocol):
    @property
    def event_id(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def expected_rev(self) -> int | None: ...
    @property
    def changes(self) -> ChangeSet: ...
    @property
    def digest(self) -> str: ...
