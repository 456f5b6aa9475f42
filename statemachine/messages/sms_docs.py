"""Generates `docs/texts.md`: every change of a job, and what its customer is sent about it.

python -m statemachine.messages.sms_docs
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from statemachine.business.business import BusinessSettings
from statemachine.flows import Flow, flow_names, load_flow
from statemachine.job.job import Customer, Execution, Job, Place, Schedule
from statemachine.messages.sms_parts import Wording
from statemachine.messages.sms_texts import CHANGE_TEXTS, TextKind
from statemachine.messages.sms_wording import wording
from statemachine.values.values import LANGUAGES, Actor, Language, Text

PAGE = Path(__file__).parents[2] / "docs" / "texts.md"

TOP = """\
# Texts

Generated from `statemachine/flows/*.json` and `statemachine/messages/sms_texts.py` by
`python -m statemachine.messages.sms_docs`; a test sends every line and compares it word for word.
Here Ada has booked with Quick Haul, with an arrival window. Lines without words send nothing: moves
back repeat no text, unless the customer was told that the job is cancelled, or confirmed.
[`messages.md`](messages.md) says when a text is sent, held, or dropped. The first text to a number
ends with "Reply STOP to end texts, HELP for help.", in the customer's language.

Webhooks are in no language: `JobCreated`, `JobMoved`, and `JobEdited` are announced for every line
here, whether or not there is a text.
"""

WHEN: dict[TextKind, str] = {
    "link": "the phone number is corrected, and the last move has no text",
    "scheduled": "an arrival window is given to a job whose texts had none",
    "rescheduled": "the arrival window is not the one that was told",
    "asked_again": "the customer has asked for another window, which a dispatcher has to accept",
    "unscheduled": "the arrival window that was told is taken away",
    "on_my_way": "the crew says that it is on its way, unless `text_on_my_way` is off",
    "arriving": "the crew says that it is almost there, unless `text_on_my_way` is off",
    "other_time": "the customer wants another time: R, CAMBIAR",
    "day_before": "the day before the window at `reminder_time`, if `remind_day_before` is on",
    "hours_before": "`remind_hours_before` hours before the window",
    "late": "the ETA is after the window, or later than was told by ten minutes",
    "sooner": "the ETA is earlier than was told by ten minutes",
    "crew_changed": "other people come than were told, if `text_crew_changes` is on",
}

BUSINESS = BusinessSettings(tenant="main", name="Quick Haul")
NOW = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
"""8:30 AM in New York; the window is from 9 AM to 1 PM, and the ETA an hour later."""
WINDOW = Schedule(
    window_start=NOW + timedelta(minutes=30),
    window_end=NOW + timedelta(minutes=270),
    eta=NOW + timedelta(minutes=330),
)
LINK = "https://haul.example/track/Zk3rW8qQ1vN6tYb0xJp_Lg"


@dataclass(frozen=True)
class Line:
    """One change. `text` is None if it sends nothing."""

    change: str
    text: Text | None


def render() -> str:
    """The text of `docs/texts.md`."""
    edits = (Line(f"`{kind}`: {WHEN[kind]}", text) for kind, text in CHANGE_TEXTS.items())
    parts = [_section(f"{flow.label.en} (`{flow.name}`)", lines_of(flow)) for flow in _flows()]
    return "\n".join([TOP, *parts, _section("Edits and reminders, in every flow", edits)])


def _flows() -> Iterable[Flow]:
    return map(load_flow, flow_names())


def lines_of(flow: Flow) -> Iterator[Line]:
    """The booking, and every move from every status that it leaves."""
    yield Line("booking", flow.initial.sms)
    for move in flow.moves:
        for origin in move.origins:
            change = f"`{move.name}` from `{origin}`"
            yield Line(change, flow.sms_of(move.name, origin, move.to))


def _section(title: str, lines: Iterable[Line]) -> str:
    rows = [f"| {line.change} | {cells_of(line.text)} |" for line in lines]
    head = ["| change | text in English | text in Spanish |", "|---|---|---|"]
    return "\n".join([f"## {title}", "", *head, *rows, ""])


def cells_of(text: Text | None) -> str:
    if text is None:
        return "– | –"
    return " | ".join(example(text, language).body for language in LANGUAGES)


def example(text: Text, language: Language, first: bool = False) -> Wording:
    """The SMS to Ada; `first` says how to stop them."""
    return wording(text, ada(language), BUSINESS, LINK, NOW, first)


def ada(language: Language) -> Job:
    """A job that is booked and has nothing behind it yet."""
    return Job(
        job_id="261121-7k3m2q",
        tenant="main",
        flow="haul",
        version=1,
        rev=1,
        status="pending_pickup",
        entered_at=NOW,
        created_at=NOW,
        created_by=Actor(kind="dispatcher", id="dana"),
        event_id="booking-1",
        execution=Execution(since=NOW),
        place=Place(address="12 Harbor Road"),
        customer=Customer(name="Ada Wong", language=language),
        schedule=WINDOW,
        token=LINK.rpartition("/")[2],
    )


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
