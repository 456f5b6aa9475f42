"""`docs/texts.md` is true: each line is played, and what is read compared word for word."""

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any

import pytest

from statemachine.business.business import NEVER_QUIET
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Customer
from statemachine.job.visit import VisitAnswer
from statemachine.messages import sms_docs
from statemachine.messages.sms_texts import CHANGE_TEXTS, REMINDERS
from statemachine.values.values import LANGUAGES, Language
from tests.functions.messages.test_due_messages import settled
from tests.functions.messages.test_messages import CORRECTED
from tests.functions.messages.test_owed_texts import Handset
from tests.support.builders import NOON, a_job, moves_to

PHONE = "+15555550123"
TOMORROW = {"window_start": "2026-11-22T14:00Z", "window_end": "2026-11-22T18:00Z"}
TODAY = {"window_start": "2026-11-21T14:00Z", "window_end": "2026-11-21T18:00Z"}
NO_WINDOW = {"window_start": None, "window_end": None}
PLANNED = TODAY | {"eta": None}
LATE = {"eta": "2026-11-21T19:00Z"}

BEFORE_AND_AFTER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "link": ({"schedule": PLANNED}, {"customer": CORRECTED}),
    "scheduled": ({"schedule": NO_WINDOW | {"eta": None}}, {"schedule": TODAY}),
    "rescheduled": ({"schedule": TOMORROW | {"eta": None}}, {"schedule": TODAY}),
    "asked_again": ({"schedule": TOMORROW | {"eta": None}}, {"schedule": TODAY}),
    "unscheduled": ({"schedule": PLANNED}, {"schedule": NO_WINDOW}),
    "late": ({"schedule": PLANNED}, {"schedule": LATE}),
    "sooner": ({"schedule": TODAY | {"eta": "2026-11-21T20:00Z"}}, {"schedule": LATE}),
    "on_my_way": ({"schedule": PLANNED}, {"approach": "on_my_way", "schedule": LATE}),
    "arriving": ({"schedule": PLANNED}, {"approach": "arriving"}),
    "other_time": ({"schedule": PLANNED}, {"visit_answer": VisitAnswer(state="other_time")}),
    "crew_changed": ({"schedule": PLANNED}, {"crew": [{"role": "driver", "member": "lena"}]}),
}
"""The schedule that the customer was told, and the edit."""


def words() -> dict[tuple[str, str], tuple[str, ...]]:
    """The lines of the page, by section and change: the texts in each language."""
    section, found = "", {}
    for line in sms_docs.PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| ") and not line.startswith("| change"):
            change, *texts = (cell.strip() for cell in line.strip("|").split(" | "))
            found[section, change] = tuple("" if text == "–" else text for text in texts)
    return found


def test_the_page_of_texts_is_what_the_flows_say() -> None:
    assert sms_docs.PAGE.read_text(encoding="utf-8") == sms_docs.render(), (
        "run `python -m statemachine.messages.sms_docs`"
    )


def a_handset(flow: str, language: Language, schedule: dict[str, Any] | None = None) -> Handset:
    """Ada has booked in that flow; no one has texted her yet."""
    handset = Handset(sms_docs.NOW)
    handset.set_tenant(name=sms_docs.BUSINESS.name, text_crew_changes=True)
    ada = sms_docs.ada(language)
    customer = Customer(name="Ada Wong", phone=PHONE, language=language)
    plan = ada.schedule.with_(**(schedule or {}))
    values = {"created_at": sms_docs.NOW, "entered_at": sms_docs.NOW, "token": ada.token}
    return handset.has(settled(a_job(None, flow, customer=customer, schedule=plan, **values)))


def lines() -> Iterator[Any]:
    for name in flow_names():
        flow = load_flow(name)
        section = f"{flow.label.en} (`{name}`)"
        yield pytest.param(name, None, "", section, "booking", id=f"{name}-booking")
        for move in flow.moves:
            for origin in move.origins:
                change = f"`{move.name}` from `{origin}`"
                yield pytest.param(name, origin, move.name, section, change, id=f"{name}-{change}")


@pytest.mark.parametrize(("name", "origin", "move", "section", "change"), list(lines()))
def test_each_move_sends_what_the_page_says(
    name: str, origin: str | None, move: str, section: str, change: str
) -> None:
    for number, language in enumerate(LANGUAGES):
        handset = a_handset(name, language)
        if origin is None:
            handset.text(handset.job, now=handset.now)
        else:
            handset.moves(*moves_to(origin, load_flow(name)), announced=False).moves(move)
        texts = [body for _, body in handset.texts.sent]
        assert texts == [text for text in [words()[section, change][number]] if text]


@pytest.mark.parametrize("kind", sorted(BEFORE_AND_AFTER))
@pytest.mark.parametrize("name", flow_names())
def test_each_edit_sends_what_the_page_says_in_every_flow(name: str, kind: str) -> None:
    told, edit = BEFORE_AND_AFTER[kind]
    by_change = {change: texts for (_, change), texts in words().items()}
    (texts,) = (texts for change, texts in by_change.items() if change.startswith(f"`{kind}`:"))
    for number, language in enumerate(LANGUAGES):
        handset = a_handset(name, language, told["schedule"])
        if kind == "sooner":  # an ETA that a text has told
            handset.edits(schedule=told["schedule"] | {"eta": None}, announced=False)
        if kind == "link":
            way = (*moves_to(_completed(name), load_flow(name)), "reopen")
            handset.moves(*way[:-1], announced=False)
            handset.text(handset.job, now=handset.now)
            handset.moves("reopen")
        else:
            waits = next(s.name for s in load_flow(name).statuses if s.awaits_arrival)
            handset.moves(*moves_to(waits, load_flow(name)), announced=False)
            handset.text(handset.job, now=handset.now)
        if kind == "sooner":
            handset.edits(schedule={"eta": told["schedule"]["eta"]})
        if "customer" in edit:
            edit = {"customer": Customer(name="Ada Wong", phone=CORRECTED, language=language)}
        if kind == "asked_again":
            handset.asks(edit["schedule"])
        else:
            handset.edits(**edit)
        assert handset.texts.sent[-1][1] == texts[number]
        assert len(handset.texts.sent) == (3 if kind == "sooner" else 2)


def _completed(name: str) -> str:
    return next(status.name for status in load_flow(name).statuses if status.end == "done")


@pytest.mark.parametrize("kind", sorted(REMINDERS))
@pytest.mark.parametrize("name", flow_names())
def test_each_reminder_sends_what_the_page_says_in_every_flow(name: str, kind: str) -> None:
    by_change = {change: texts for (_, change), texts in words().items()}
    (texts,) = (texts for change, texts in by_change.items() if change.startswith(f"`{kind}`:"))
    flow = load_flow(name)
    waits = next(status.name for status in flow.statuses if status.awaits_arrival)
    for number, language in enumerate(LANGUAGES):
        handset = a_handset(name, language, TODAY)
        handset.set_tenant(
            name=sms_docs.BUSINESS.name,
            remind_day_before=kind == "day_before",
            remind_hours_before=1 if kind == "hours_before" else 0,
            reminder_time=time(9),
            quiet=NEVER_QUIET,
        )
        handset.now = NOON - timedelta(days=1)
        handset.moves(*moves_to(waits, flow), announced=False)
        handset.text(handset.job, now=handset.now)
        eve, now = NOON - timedelta(hours=12), sms_docs.NOW
        handset.comes_to(eve if kind == "day_before" else now)
        assert handset.texts.sent[-1][1] == texts[number]


def test_every_text_has_its_line_and_is_played() -> None:
    assert set(BEFORE_AND_AFTER) | REMINDERS == set(CHANGE_TEXTS) == set(sms_docs.WHEN)
