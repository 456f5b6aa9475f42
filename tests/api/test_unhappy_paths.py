"""Every way off the straight one, through every door: what the customer reads, what the board and
the crew's phone show, and who may go it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from functions.jobs.facts import edited_fact, fact_of_entry
from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import Acceptance
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job, Schedule
from statemachine.rules.lifecycle import Refused, judge
from statemachine.values.ids import digest_of
from statemachine.values.values import Actor, iso
from statemachine.views.views import card_of, view_of
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.functions.messages.test_due_messages import settled
from tests.functions.messages.test_owed_texts import Handset
from tests.support.builders import (
    CREW,
    CUSTOMER,
    DISPATCHER,
    NOON,
    PARTNER,
    SYSTEM,
    TOKEN,
    a_job,
    a_request,
    an_edit,
    moves_to,
)
from tests.support.fakes import FakeTenants

HAUL = load_flow("haul")
NOW = NOON.replace(hour=13)
TODAY = datetime(2026, 11, 21, 17, tzinfo=UTC)
MONDAY, TUESDAY = TODAY + timedelta(days=2), TODAY + timedelta(days=3)
JOB, DIGEST = a_job().job_id, digest_of(TOKEN)
SOON = {"reschedule_cutoff_minutes": 0}


def window(start: datetime) -> dict[str, str]:
    return {"window_start": iso(start), "window_end": iso(start + timedelta(hours=4))}


class Everyone:
    """One job with all its doors; its customer has read the texts up to now."""

    def __init__(self, status: str, accepts: Acceptance = "at_once") -> None:
        self.api, self.handset = ApiBackend(now=NOW), Handset(NOW)
        settings = BusinessSettings(tenant="main", name="Haulway", accepts_bookings=accepts, **SOON)
        FakeTenants(self.api.bucket, settings)
        self.api.add_account("dana", "dispatcher")
        self.api.add_account("mike", "driver")
        self.count = 0
        planned = Schedule.model_validate(window(TODAY))
        self._told(a_job(schedule=planned, created_at=NOW, entered_at=NOW))
        for move in moves_to(status, HAUL):
            self.board(move)

    @property
    def job(self) -> Job:
        return self.api.job(JOB)

    def _told(self, job: Job) -> None:
        self.api.store(job)
        self.handset.has(settled(job)).text(job, now=NOW)

    def board(self, move: str) -> None:
        self._heard(self._moves(move, by="dana"))

    def phone(self, *moves: str) -> None:
        """Several moves are made before a text about the first one goes out."""
        self._heard(*(self._moves(move, by="mike") for move in moves))

    def _moves(self, move: str, by: str) -> ApiReply:
        body = {"move": move, "reason": "so it is"}
        return self.api.send("POST", f"/api/jobs/{JOB}/moves", body, by=by)

    def plans(self, start: datetime) -> None:
        """The dispatcher gives the job that window, with Mike as its driver."""
        crew = [{"role": "driver", "member": "mike"}]
        changes = {"schedule": window(start), "crew": crew}
        match = {"if-match": f'"{self.job.rev}"'}
        path = f"/api/jobs/{JOB}"
        self._heard(self.api.send("PATCH", path, changes, by="dana", headers=match))

    def page(self, act: str, **body: Any) -> None:
        path = f"/api/track/{DIGEST}/{act}"
        self._heard(self.api.send("POST", path, {"token": TOKEN, **body}))

    def event(self, move: str, actor: Actor = PARTNER) -> None:
        self.count += 1
        request = a_request(
            self.job, move, actor=actor, reason="so it is", event_id=f"event-{self.count}"
        )
        self.api.dependencies.advance(
            request.model_copy(update={"occurred_at": self.api.now}), self.api.now
        )
        self._heard()

    def reschedules(self, start: datetime) -> None:
        """A partner, by an event."""
        named = {"actor": PARTNER, "event_id": "event-window", "occurred_at": self.api.now}
        request = an_edit(self.job, schedule=window(start)).model_copy(update=named)
        self.api.dependencies.edit(request, self.api.now)
        self._heard()

    def _heard(self, *replies: ApiReply) -> None:
        """All facts since then reach the function that sends texts."""
        for reply in replies:
            assert reply.status < 300, reply.text
        before, now, at = self.handset.job, self.job, self.api.now
        self.handset.has(settled(now))
        for entry in now.ledger[before.seq :]:
            self.handset.deliver_fact(fact_of_entry(now, HAUL, entry.seq), at)
        for edit in now.edits[len(before.edits) :]:
            self.handset.deliver_fact(edited_fact(now, edit), at)
        self.api.publish(now)
        self.api.now += timedelta(minutes=2)

    def on_the_phone(self) -> str | None:
        """The job's status on the phone of Mike, if it is on his list."""
        jobs = self.api.send("GET", "/api/my/jobs", by="mike").json["jobs"]
        return next((str(job["status"]) for job in jobs), None)


class Seen(NamedTuple):
    """After one act: the page's headline and offers, its window, the text, and who lists the job.

    A window that is asked for ends with `?`. The text is without business, name, and link.
    """

    headline: str
    offers: str
    window: str
    text: str | None
    phone: bool
    """Whether the crew's phone lists the job; the board always does."""
    tells: str | None = None
    """What the card says that the customer did."""


SAYS = {
    "Pending pickup": "We have reserved this time for you. Please confirm that you are available.",
    "Requested": "We have your request and will get back to you with a time.",
    "Ready for pickup": (
        "Your pickup is confirmed. The crew will arrive within your arrival window."
    ),
    "In progress": "The crew is at work on your job right now.",
    "Completed": "All done. Thank you for hauling with us!",
    "On hold": "Your job is on hold. We will agree on a new time with you.",
    "Could not complete": (
        "Our crew was there and could not complete your job. We will agree on a new time with you."
    ),
    "Cancelled": "This job was cancelled. If you did not expect this, please call us.",
}
"""What the page says under its headline."""

CHANGE, ALL = "cancel reschedule", "cancel confirm reschedule"
PENDING, READY, WORKING = "pending_pickup", "ready_for_pickup", "in_progress"
ON_HOLD = "your job is on hold, and we will contact you about a new time. Details:"
NOT_DONE = "our crew could not complete your pickup. We will contact you about a new time. Details:"
AT_WORK, ALL_DONE = (
    "Your crew is on the job now. Follow along:",
    "All done, Ada. Thank you! Details:",
)
CANCELLED = "Your pickup was cancelled. Questions? Just call us."


def reserved(day: str) -> str:
    return (
        f"we reserved your pickup for {day}. Reply YES to confirm that you are available. Details:"
    )


def confirmed(day: str) -> str:
    return f"your pickup is confirmed for {day}. Track or change it:"


def moved(day: str) -> str:
    return f"your pickup was moved. It is now set for {day}. Track or change it:"


def asked(day: str) -> str:
    return f"we received your new request for {day} and will get back to you. Details:"


SAT, MON = "Sat, Nov 21, 12:00-4:00 PM", "Mon, Nov 23, 12:00-4:00 PM"
TUE = "Tue, Nov 24, 12:00-4:00 PM"

Act = Callable[[Everyone], None]
Path = tuple[str, list[tuple[Act, Seen]]]
"""The status in which it begins, and each act with what is seen after it."""


def on_the_board(move: str) -> Act:
    return lambda everyone: everyone.board(move)


def on_the_phone(*moves: str) -> Act:
    return lambda everyone: everyone.phone(*moves)


def by_event(move: str) -> Act:
    return lambda everyone: everyone.event(move)


def on_the_page(act: str, **body: Any) -> Act:
    return lambda everyone: everyone.page(act, **body)


def rescheduled_by_event(start: datetime) -> Act:
    return lambda everyone: everyone.reschedules(start)


def planned_for(start: datetime) -> Act:
    return lambda everyone: everyone.plans(start)


WANTS_MONDAY = on_the_page("reschedule", **window(MONDAY))
HELD = Seen("On hold", CHANGE, "", ON_HOLD, phone=True)
BACK = Seen("Requested", CHANGE, "", None, phone=True)
PLANNED = Seen(
    "Pending pickup", ALL, MON, f"we have a time for {MON}. Track or change it:", phone=False
)
READY_MON = Seen("Ready for pickup", CHANGE, MON, confirmed(MON), phone=False)
BY_CUSTOMER = READY_MON._replace(tells="confirmed")
STARTED = Seen("In progress", "", SAT, AT_WORK, phone=True)
FAILED = Seen("Could not complete", CHANGE, "", NOT_DONE, phone=True)
ASKED = Seen("Requested", CHANGE, f"{MON}?", asked(MON), phone=False, tells="asked_again")
DONE = Seen("Completed", "", SAT, ALL_DONE, phone=True)
GONE = Seen("Cancelled", "", SAT, CANCELLED, phone=True)
AGAIN = Seen("Pending pickup", ALL, SAT, reserved(SAT), phone=True)
READY_SAT = Seen("Ready for pickup", CHANGE, SAT, confirmed(SAT), phone=True)

PATHS: dict[str, Path] = {
    "on hold by a partner, brought back, planned, confirmed by the customer": (
        READY,
        [
            (by_event("hold"), HELD),
            (on_the_board("bring_back"), BACK),
            (planned_for(MONDAY), PLANNED),
            (on_the_page("confirm"), BY_CUSTOMER),
        ],
    ),
    "on hold by a dispatcher, a time asked for by the customer": (
        PENDING,
        [
            (on_the_board("hold"), HELD),
            (WANTS_MONDAY, ASKED),
            (on_the_board("confirm"), READY_MON),
        ],
    ),
    "not done, brought back, planned": (
        READY,
        [
            (on_the_phone("start"), STARTED),
            (on_the_phone("no_access"), FAILED),
            (on_the_board("bring_back"), BACK),
            (planned_for(MONDAY), PLANNED),
            (on_the_board("confirm"), READY_MON),
        ],
    ),
    "not done, a time asked for by the customer": (
        WORKING,
        [
            (on_the_phone("no_access"), FAILED),
            (WANTS_MONDAY, ASKED),
            (on_the_board("confirm"), READY_MON),
        ],
    ),
    "not done, and done after all": (
        WORKING,
        [
            (on_the_phone("no_access"), FAILED),
            (on_the_phone("start"), STARTED._replace(window="", text=None)),
            (on_the_phone("complete"), DONE._replace(window="")),
        ],
    ),
    "not done, and given up": (
        WORKING,
        [
            (on_the_phone("no_access"), FAILED),
            (by_event("cancel"), GONE._replace(window="")),
        ],
    ),
    "started by mistake, undone in time": (
        READY,
        [(on_the_phone("start", "undo"), READY_SAT._replace(text=None))],
    ),
    "completed by mistake, reopened, completed": (
        WORKING,
        [
            (on_the_phone("complete"), DONE),
            (on_the_board("reopen"), STARTED._replace(text=None)),
            (on_the_phone("complete"), DONE._replace(text=None)),
        ],
    ),
    "rescheduled by the customer, then by a dispatcher": (
        READY,
        [
            (
                WANTS_MONDAY,
                READY_MON._replace(text=moved(MON), tells="rescheduled"),
            ),
            (planned_for(TUESDAY), READY_MON._replace(window=TUE, text=moved(TUE))),
        ],
    ),
    "rescheduled by a partner": (
        READY,
        [(rescheduled_by_event(MONDAY), READY_MON._replace(text=moved(MON)))],
    ),
    "cancelled by the customer, brought back, confirmed again": (
        READY,
        [
            (on_the_page("cancel", reason="Sold it"), GONE._replace(tells="cancelled")),
            (on_the_board("bring_back"), AGAIN),
            (on_the_page("confirm"), READY_SAT._replace(tells="confirmed")),
        ],
    ),
    "cancelled under way": (WORKING, [(by_event("cancel_under_way"), GONE)]),
    "the confirmation taken back, confirmed again": (
        READY,
        [
            (on_the_board("unconfirm"), AGAIN),
            (on_the_page("confirm"), READY_SAT._replace(tells="confirmed")),
        ],
    ),
}


def seen_by(everyone: Everyone, texts: list[str]) -> Seen:
    job = everyone.job
    view, card = view_of(job, HAUL), card_of(job, HAUL)
    here = next(step for step in view.steps if step.status == view.status)
    assert here.customer.en == SAYS[here.label.en]
    assert card.requested == view.requested == (here.label.en == "Requested")
    phone = everyone.on_the_phone()
    assert phone in (None, card.status)
    offers = [each.move for each in view.choices] + ["reschedule"] * view.may_reschedule
    days = {TODAY: SAT, MONDAY: MON, TUESDAY: TUE}
    day = days[view.schedule.window_start] if view.schedule.window_start else ""
    (text,) = texts or (None,)
    window = f"{day}?" if day and view.requested else day
    return Seen(
        here.label.en, " ".join(sorted(offers)), window, text, phone is not None, card.customer_act
    )


@pytest.mark.parametrize("path", PATHS)
def test_page_text_board_and_phone_say_the_same_at_every_step(path: str) -> None:
    begins, steps = PATHS[path]
    everyone = Everyone(begins)
    for act, wanted in steps:
        before = len(everyone.handset.texts.sent)
        act(everyone)
        assert seen_by(everyone, everyone.handset.reads[before:]) == wanted


def test_a_time_that_a_dispatcher_has_to_accept() -> None:
    everyone = Everyone(READY, accepts="by_dispatcher")
    for act, wanted in [(WANTS_MONDAY, ASKED), (on_the_board("confirm"), READY_MON)]:
        before = len(everyone.handset.texts.sent)
        act(everyone)
        assert seen_by(everyone, everyone.handset.reads[before:]) == wanted


DOORS = {"board": DISPATCHER, "phone": CREW, "page": CUSTOMER, "event": PARTNER, "system": SYSTEM}
MAY: dict[str, set[str]] = {
    "hold": {"board", "event", "system"},
    "no_access": {"board", "phone"},
    "cancel": {"board", "page", "event", "system"},
    "bring_back": {"board"},
    "unconfirm": {"board"},
    "reopen": {"board"},
    "undo": {"board", "phone", "page"},
}


@pytest.mark.parametrize("move", MAY)
@pytest.mark.parametrize("flow", flow_names())
def test_each_way_is_open_at_its_doors_in_every_flow(flow: str, move: str) -> None:
    assert {door for door, actor in DOORS.items() if _may(flow, move, actor)} == MAY[move]


def _may(flow: str, move: str, actor: Actor) -> bool:
    known = load_flow(flow)
    if move == "undo":
        job = a_job(flow=flow, schedule=Schedule.model_validate(window(TODAY)))
        job = judge(job, a_request(job, "cancel", actor=DISPATCHER, reason="x"), known, NOON).job
        last = job.ledger[-1].with_(actor=actor)
        job = job.with_(ledger=(*job.ledger[:-1], last))
    else:
        job = a_job(known.named(move, None)[0].origins[0], flow)
    request = a_request(job, move, actor=actor, reason="so it is", event_id="asked")
    return not isinstance(judge(job, request, known, NOON), Refused)
