"""Types for input, the same for API, bus, command line, and imported files.

They are stricter than the types in `statemachine/job/job.py`, with which stored documents are read,
so that a value stored before a rule existed, or written by hand, stops no one.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Protocol

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from statemachine.job.job import Customer, Job, Place, Schedule
from statemachine.values.phones import MAX_LENGTH as MAX_PHONE_LENGTH
from statemachine.values.phones import parse_phone
from statemachine.values.readable_text import line_of_text, note_text
from statemachine.values.values import (
    EARLIEST,
    LATEST,
    YEARS,
    Frozen,
    Language,
    WrittenAsIso,
    iso,
    to_utc,
)

LONGEST_WINDOW = timedelta(days=7)
OTHER_YEAR = f"the year is not possible; give a date from {YEARS[0]} to {YEARS[-1]}"

_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", re.ASCII)


def _at_most(length: int) -> Callable[[str], str]:
    """Checks the length again, because NFC makes some texts longer."""

    def bounded(text: str) -> str:
        if len(text) > length:
            raise ValueError(f"it has more than {length} characters; make it shorter")
        return text

    return bounded


LineInput = Annotated[
    str,
    Field(min_length=1, max_length=200),
    AfterValidator(line_of_text),
    AfterValidator(_at_most(200)),
]
"""A customer's name, an address."""
LabelInput = Annotated[
    str,
    Field(min_length=1, max_length=60),
    AfterValidator(line_of_text),
    AfterValidator(_at_most(60)),
]
"""The name of a person who works here, of a truck, of a business."""
StatusLabelInput = Annotated[
    str,
    Field(min_length=1, max_length=40),
    AfterValidator(line_of_text),
    AfterValidator(_at_most(40)),
]
"""What a business calls a status: the head of a column, a pill on a phone."""
CodeInput = Annotated[
    str,
    Field(min_length=1, max_length=40),
    AfterValidator(line_of_text),
    AfterValidator(_at_most(40)),
]
NoteInput = Annotated[
    str,
    Field(min_length=1, max_length=2000),
    AfterValidator(note_text),
    AfterValidator(_at_most(2000)),
]
EmailInput = Annotated[
    str, Field(max_length=120, pattern=r"^[^@\s]+@[^@\s]+$"), AfterValidator(line_of_text)
]
PhoneInput = Annotated[
    str,
    Field(min_length=1, max_length=MAX_PHONE_LENGTH, examples=["+15555550123"]),
    AfterValidator(parse_phone),
]
"""As people write it; becomes E.164."""


def planned(moment: datetime) -> datetime:
    """Raises ValueError if the year is not in YEARS."""
    if moment.year not in YEARS:
        raise ValueError(OTHER_YEAR)
    return moment


@cache
def _moments() -> TypeAdapter[datetime]:
    return TypeAdapter(AwareDatetime)


def _written_out(sent: object) -> object:
    """Not a number, which would be taken for seconds since 1970: `2026120110` is in 2034."""
    if isinstance(sent, datetime):
        return sent
    if isinstance(sent, str) and _DATED.match(sent):
        return _moments().validate_python(sent)
    raise ValueError("write date, time, and zone, as 2026-12-01T09:00:00-05:00")


UtcInput = Annotated[
    AwareDatetime, BeforeValidator(_written_out), AfterValidator(to_utc), AfterValidator(planned),
    WrittenAsIso,
]  # fmt: skip


class Windowed(Protocol):
    @property
    def window_start(self) -> datetime | None: ...
    @property
    def window_end(self) -> datetime | None: ...


def window_fault(schedule: Windowed) -> tuple[str, str] | None:
    """The field and a sentence, if the ends of the arrival window contradict each other."""
    start, end = schedule.window_start, schedule.window_end
    if start is None or end is None:
        return None
    if end <= start:
        return "window_end", "the window ends before it begins; give an end after window_start"
    if end - start > LONGEST_WINDOW:
        days = LONGEST_WINDOW.days
        return "window_end", f"the window is longer than {days} days; give an earlier end"
    return None


def horizon_fault(schedule: Windowed, now: datetime, days: int) -> tuple[str, str] | None:
    """The field and a sentence, if a time is further from `now` than the business plans."""
    for field in Schedule.model_fields:
        moment = getattr(schedule, field, None)
        if moment is not None and abs(moment - now) > timedelta(days):
            return field, f"it is more than {days} days from today; give a nearer day"
    return None


def past_window_fault(schedule: Windowed, now: datetime) -> tuple[str, str] | None:
    """The field and a sentence, if a window to be booked has passed."""
    if schedule.window_end is not None and schedule.window_end <= now:
        return "window_end", "the window has passed; give one in the future"
    if schedule.window_end is None and schedule.window_start and schedule.window_start <= now:
        return "window_start", "the window has passed; give one in the future"
    return None


def fault_at(field: str, sentence: str) -> ValidationError:
    """A ValidationError for that field, for validators of a whole document."""
    error = PydanticCustomError("out_of_bounds", "{sentence}", {"sentence": sentence})
    return ValidationError.from_exception_data(
        "input", [InitErrorDetails(type=error, loc=(field,), input=None)], hide_input=True
    )


class _CustomerRules(Frozen):
    name: LineInput
    phone: PhoneInput | None = None
    language: Language = "en"


class _PlaceRules(Frozen):
    address: LineInput
    gate_code: CodeInput | None = None


class _ScheduleRules(Frozen):
    window_start: UtcInput | None = None
    window_end: UtcInput | None = None
    eta: UtcInput | None = None


def _customer(sent: object) -> Customer:
    return Customer(**_CustomerRules.model_validate(_as_sent(sent), strict=True).__dict__)


def _place(sent: object) -> Place:
    return Place(**_PlaceRules.model_validate(_as_sent(sent), strict=True).__dict__)


def _as_sent(sent: object) -> object:
    return dict(sent.__dict__) if isinstance(sent, Customer | Place) else sent


def _schedule(sent: object) -> Schedule:
    """What was left out stays unset."""
    given = sent.model_dump(exclude_unset=True) if isinstance(sent, Schedule) else sent
    rules = _ScheduleRules.model_validate(given, strict=True)
    if fault := window_fault(rules):
        raise fault_at(*fault)
    return Schedule(**{name: getattr(rules, name) for name in rules.model_fields_set})


CustomerInput = Annotated[Customer, BeforeValidator(_customer)]
"""A customer with a phone number as people write it; becomes E.164."""
PlaceInput = Annotated[Place, BeforeValidator(_place)]
ScheduleInput = Annotated[Schedule, BeforeValidator(_schedule)]


@cache
def _note() -> TypeAdapter[str]:
    return TypeAdapter(NoteInput)


def check_imported(job: Job) -> None:
    """Check customer, place, notes, and all dates of a job from an imported file.

    Raises ValidationError with the field.
    """
    _check("customer", _customer, job.customer)
    _check("place", _place, job.place)
    for number, note in enumerate(job.notes):
        _check(f"notes.{number}.text", _note().validate_python, note.text)
    text = job.model_dump_json()
    if any(f'"{iso(end)}"' in text for end in (EARLIEST, LATEST)):
        raise fault_at("job", f"one of its dates: {OTHER_YEAR}")


def _check(field: str, check: Callable[[Any], object], value: object) -> None:
    """Raises ValidationError, whose field is within `field`."""
    try:
        check(value)
    except ValidationError as error:
        [first, *_] = error.errors(include_input=False, include_url=False)
        where = ".".join((field, *map(str, first["loc"])))
        raise fault_at(where, first["msg"].removeprefix("Value error, ")) from error
