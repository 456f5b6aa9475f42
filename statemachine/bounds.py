"""Types for input, the same for API, bus, command line, and imported files.

They are stricter than the types in `statemachine/job.py`, with which stored documents are read, so
that a value stored before a rule existed, or written by hand, stops no one.

Text is stored as sent except for three steps: Unicode NFC, whitespace removed at both ends, and in
notes CR LF replaced by LF. Everything else is kept as it is or refused.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from statemachine.job import Customer, Job, Place, Schedule
from statemachine.phones import MAX_LENGTH as MAX_PHONE_LENGTH
from statemachine.phones import parse_phone
from statemachine.values import EARLIEST, LATEST, YEARS, Frozen, Language, Utc, iso

LONGEST_WINDOW = timedelta(days=7)
OTHER_YEAR = f"the year is not possible; give a date from {YEARS[0]} to {YEARS[-1]}"

_JOINERS = "\u200c\u200d"
"""They join letters of some scripts and parts of an emoji; alone they are invisible."""
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Hangul fillers and the empty Braille cell: letters and symbols that show nothing."""
_MARKS = {"Mn", "Me"}
_SEPARATORS = {"Zl", "Zp"}
_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029|\u0085")


def line_of_text(text: str) -> str:
    """One line: a name, an address, a code. Raises ValueError."""
    return _checked(text, kept="")


def note_text(text: str) -> str:
    """Several lines. Raises ValueError."""
    return _checked(_LINE_ENDS.sub("\n", text), kept="\n\t")


def without_hidden(text: str) -> str:
    """`text` as a note, without the characters that a note may not have; possibly empty.

    For text that cannot be returned to its sender for correction, as an SMS.
    """
    lines = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))
    kept = "".join(each for each in lines if each in "\n\t" or not _is_hidden(each)).strip()
    return kept if any(map(_is_visible, kept)) else ""


def _checked(text: str, kept: str) -> str:
    plain = unicodedata.normalize("NFC", text).strip()
    if any(each not in kept and _is_hidden(each) for each in plain):
        raise ValueError("it has a control or invisible character; type it again without")
    if not any(map(_is_visible, plain)):
        raise ValueError("it is blank; write something that can be read")
    return plain


def _is_hidden(character: str) -> bool:
    """Whether it is a control, format, surrogate, or separator character, or a noncharacter."""
    category = unicodedata.category(character)
    if category == "Cn":
        return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return category in {"Cc", "Cf", "Cs"} | _SEPARATORS and character not in _JOINERS


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    blank = category[0] in "ZC" and category not in {"Cn", "Co"}
    return not blank and category not in _MARKS and character not in _BLANK_LETTERS


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


UtcInput = Annotated[Utc, AfterValidator(planned)]


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


def _customer(sent: object) -> Customer:
    return Customer(**_CustomerRules.model_validate(_as_sent(sent), strict=True).__dict__)


def _place(sent: object) -> Place:
    return Place(**_PlaceRules.model_validate(_as_sent(sent), strict=True).__dict__)


def _as_sent(sent: object) -> object:
    return dict(sent.__dict__) if isinstance(sent, Customer | Place) else sent


def _schedule(schedule: Schedule) -> Schedule:
    for field in Schedule.model_fields:
        moment = getattr(schedule, field)
        if moment is not None and moment.year not in YEARS:
            raise fault_at(field, OTHER_YEAR)
    if fault := window_fault(schedule):
        raise fault_at(*fault)
    return schedule


CustomerInput = Annotated[Customer, BeforeValidator(_customer)]
"""A customer with a phone number as people write it; becomes E.164."""
PlaceInput = Annotated[Place, BeforeValidator(_place)]
ScheduleInput = Annotated[Schedule, AfterValidator(_schedule)]


def check_imported(job: Job) -> None:
    """Check customer, place, and all dates of a job from an imported file.

    Raises ValidationError with the field.
    """
    for field, check in (("customer", _customer), ("place", _place)):
        try:
            check(getattr(job, field))
        except ValidationError as error:
            [first, *_] = error.errors(include_input=False, include_url=False)
            where = ".".join((field, *map(str, first["loc"])))
            raise fault_at(where, first["msg"].removeprefix("Value error, ")) from error
    text = job.model_dump_json()
    if any(f'"{iso(end)}"' in text for end in (EARLIEST, LATEST)):
        raise fault_at("job", f"one of its dates: {OTHER_YEAR}")
