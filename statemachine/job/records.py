"""What a job keeps of the events it received: moves, refusals, early moves, edits, and notes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from statemachine.job.prices import MoneyChange
from statemachine.values.values import Actor, EventId, Frozen, LongText, Name, Utc

RefusalReason = Literal[
    "illegal_move",
    "unknown_move",
    "overtaken",
    "not_allowed",
    "reason_missing",
    "driver_missing",
    "proof_missing",
    "undo_not_possible",
    "window_missing",
    "from_the_future",
    "kept_too_long",
    "too_many_waiting",
    "event_id_used",
]
"""Why a move was refused, as one word; `lifecycle.EXPLANATIONS` has the sentence for people."""

EditRefusalReason = Literal[
    "overtaken",
    "not_possible",
    "from_the_future",
    "crew_unavailable",
    "crew_off",
    "crew_taken",
    "override_not_allowed",
    "link_not_allowed",
    "event_id_used",
    "reason_missing",
    "amount_missing",
    "schedule_not_possible",
    "notes_full",
    "slot_full",
]
"""Why an edit was refused, as one word; `edits.EXPLANATIONS` has the sentence for people."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""The hash of a request's content: tells a copy from another request with the same event id."""


class Record(Frozen):
    """What the job keeps of one event. A copy of the event has the same `event_id`."""

    event_id: EventId
    actor: Actor


class Cleared(Frozen):
    """The schedule that a move took off the job, as `Schedule` has it."""

    window_start: Utc | None = None
    window_end: Utc | None = None
    eta: Utc | None = None

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The arrival window; None unless both ends were set."""
        begin, end = self.window_start, self.window_end
        return None if begin is None or end is None else (begin, end)


class LedgerEntry(Record):
    """One committed move. `rev` is the job's rev from this move on."""

    seq: Annotated[int, Field(ge=1)]
    rev: Annotated[int, Field(ge=1)]
    move: Name
    origin: Annotated[Name, Field(alias="from")]
    to: Name
    occurred_at: Utc
    recorded_at: Utc
    reason: LongText | None = None
    note: LongText | None = None
    undoes: Annotated[int, Field(ge=1)] | None = None
    """The seq of the entry that this one takes back."""
    cleared: Cleared | None = None

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class Refusal(Record):
    """A move that was requested and refused."""

    move: Name | None = None
    to: Name | None = None
    why: RefusalReason
    status: Name
    occurred_at: Utc
    recorded_at: Utc


class EarlyMove(Record):
    """A move that came before its turn. It is judged again after every move, until `until`."""

    move: Name | None = None
    to: Name | None = None
    expected_rev: int | None = None
    occurred_at: Utc
    reason: LongText | None = None
    note: LongText | None = None
    until: Utc


class WindowChange(Frozen):
    """The arrival window before and after an edit; an end that was or is not set is None."""

    from_start: Utc | None = None
    from_end: Utc | None = None
    to_start: Utc | None = None
    to_end: Utc | None = None
    overbooked: bool = False
    """A dispatcher took the window although it was full."""
    asked: bool = False
    """A customer asked for the window, and the business had to accept it."""

    @property
    def left_ends(self) -> tuple[Utc | None, Utc | None]:
        return self.from_start, self.from_end

    @property
    def given_ends(self) -> tuple[Utc | None, Utc | None]:
        return self.to_start, self.to_end

    @property
    def left(self) -> tuple[datetime, datetime] | None:
        """The window that the job had before; None if it had none."""
        begin, end = self.from_start, self.from_end
        return None if begin is None or end is None else (begin, end)


class Edit(Record):
    """One change of the job's details: its fields, actor, and time.

    Of the values it keeps money and the arrival window: people have to know who changed them.
    """

    fields: tuple[str, ...]
    recorded_at: Utc
    digest: Digest | None = None
    """The digest of the changes. The same event id with other changes is not a copy.

    None where no request describes the changes: photos, restored jobs.
    """
    occurred_at: Utc | None = None
    """When it was made, if that was earlier than it was recorded: on a phone without signal."""
    reason: LongText | None = None
    money: MoneyChange | None = None
    """From what to what, if it changed what is owed or paid."""
    override: bool = False
    """A dispatcher made it although it does not fit; `reason` says why."""
    window: WindowChange | None = None
    """None where the edit left the window as it was."""


class RefusedEdit(Record):
    """An edit that was requested and refused. `rev` is the job's rev at that time."""

    fields: tuple[str, ...]
    digest: Digest | None = None
    why: EditRefusalReason
    text: Annotated[str, Field(max_length=500)]
    """The explanation that the sender got. It may say who is away and when, so no event has it."""
    rev: Annotated[int, Field(ge=1)]
    occurred_at: Utc
    recorded_at: Utc


class Note(Record):
    text: LongText
    recorded_at: Utc
    occurred_at: Utc | None = None
    """When it was written, if that was earlier: on a phone without signal."""


Repair = Literal[
    "resumed",
    "started",
    "replaced",
    "view written",
    "card written",
    "refused late",
    "text given up",
    "webhook sent again",
    "text sent again",
    "fact announced again",
]


class RepairRecord(Frozen):
    """What the watchdog repaired, and when."""

    repairs: Annotated[tuple[Repair, ...], Field(min_length=1)]
    at: Utc
