"""A text belongs to what changed: which one is owed after moves and edits, held and lost ones too.

Cases M8-M11 of the review: a window that moved is told, a way back repeats nothing.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.jobs.facts import edited_fact, fact_of_entry
from functions.messages.deliveries import Busy
from functions.repair.repair_deliveries import ABANDONED
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job, Schedule
from statemachine.rules.edits import edited
from tests.functions.messages.test_due_messages import (
    MORNING,
    NIGHT,
    SendersAndWatchdog,
    settled,
)
from tests.functions.messages.test_messages import CORRECTED, LINK
from tests.support.builders import CUSTOMER, NOON, a_job, an_edit, minutes, moved

DEC_1 = {"window_start": "2026-12-01T14:00Z", "window_end": "2026-12-01T18:00Z"}
DEC_3 = {"window_start": "2026-12-03T14:00Z", "window_end": "2026-12-03T18:00Z"}
CONFIRMED = "your pickup is confirmed for Tue, Dec 1, 9:00 AM-1:00 PM. Track or change it:"
MOVED = "your pickup was moved. It is now set for Thu, Dec 3, 9:00 AM-1:00 PM."


class Handset(SendersAndWatchdog):
    """One job, whose moves and edits are announced at once, and what its customer reads."""

    def __init__(self, now: datetime = MORNING) -> None:
        super().__init__()
        self.now, self.count = now, 0

    def has(self, job: Job) -> "Handset":
        self.job = self.store(job)
        return self

    def moves(self, *names: str, announced: bool = True) -> "Handset":
        for name in names:
            self.job = self.store(settled(moved(self.job, name)))
            if announced:
                fact = fact_of_entry(self.job, load_flow(self.job.flow), self.job.seq)
                self.deliver_fact(fact, self.now)
        return self

    def edits(self, announced: bool = True, **changes: Any) -> "Handset":
        self.count += 1
        self.now += timedelta(seconds=1)
        request_id = f"edit-{self.count}"
        self.job = self.edit(self.job, self.now, event_id=request_id, **changes)
        if announced:
            self.deliver_fact(edited_fact(self.job, self.job.edits[-1]), self.now)
        return self

    def asks(self, schedule: dict[str, Any]) -> "Handset":
        """The customer chooses another window, which a dispatcher has to accept."""
        self.count += 1
        self.now += timedelta(seconds=1)
        named = {"actor": CUSTOMER, "event_id": f"edit-{self.count}", "occurred_at": self.now}
        request = an_edit(self.job, schedule=schedule).model_copy(update=named)
        before, after = self.job, edited(self.job, request, self.now, by_dispatcher=True)
        self.job = self.store(settled(after))
        if after.seq > before.seq:
            fact = fact_of_entry(after, load_flow(after.flow), after.seq)
            self.deliver_fact(fact, self.now)
        self.deliver_fact(edited_fact(self.job, self.job.edits[-1]), self.now)
        return self

    def comes_to(self, now: datetime) -> "Handset":
        self.now = now
        self.lose_queues()
        self.sweep(now)
        self.run_queues(now)
        return self

    @property
    def reads(self) -> list[str]:
        """Every text so far, without the name of the business and the link."""
        return [
            body.removeprefix("Haulway: ").removeprefix("Hi Ada, ").partition(f" {LINK}")[0]
            for _, body in self.texts.sent
        ]

    def outcomes(self) -> dict[str, str]:
        return {d.name.mark.partition("-")[0]: d.why or d.state for d in self.all_logged()}


def confirmed_for(window: dict[str, str], **values: Any) -> Job:
    schedule = Schedule.model_validate(window)
    return a_job("ready_for_pickup", schedule=schedule, **values)


@pytest.fixture
def handset() -> Handset:
    """A job that is confirmed for December 1, and whose customer has read that."""
    handset = Handset().has(settled(confirmed_for(DEC_1)))
    handset.text(handset.job, now=handset.now)
    assert handset.reads == [CONFIRMED]
    return handset


def test_m8_a_window_that_moved_after_the_confirming_text_is_told(handset: Handset) -> None:
    handset.edits(schedule=DEC_3)
    assert handset.reads[1:] == [f"{MOVED} Track or change it:"]


ASKED = "we received your new request for Thu, Dec 3, 9:00 AM-1:00 PM and will get back to you."


def test_a_window_that_is_asked_for_is_not_told_as_moved(handset: Handset) -> None:
    handset.asks(DEC_3)
    assert handset.reads[1:] == [f"{ASKED} Details:"]
    handset.edits(note="Ask Bob").comes_to(handset.now + minutes(5))
    assert len(handset.reads) == 2


def test_the_accepted_window_is_told_by_the_confirmation_alone(handset: Handset) -> None:
    handset.asks(DEC_3).moves("confirm").comes_to(handset.now + minutes(5))
    assert handset.reads[2:] == [
        "your pickup is confirmed for Thu, Dec 3, 9:00 AM-1:00 PM. Track or change it:"
    ]


def test_a_request_made_after_the_confirmation_was_taken_back_is_told_when_accepted(
    handset: Handset,
) -> None:
    handset.moves("unconfirm").asks(DEC_3).moves("confirm")
    assert handset.reads[-1].startswith("your pickup is confirmed for Thu, Dec 3")


def test_each_request_for_another_time_is_answered_even_for_the_old_one(handset: Handset) -> None:
    handset.asks(DEC_3).asks(DEC_1)
    assert [text.partition(" and will")[0] for text in handset.reads[1:]] == [
        "we received your new request for Thu, Dec 3, 9:00 AM-1:00 PM",
        "we received your new request for Tue, Dec 1, 9:00 AM-1:00 PM",
    ]


def test_a_number_corrected_meanwhile_gets_the_request_and_no_promise(handset: Handset) -> None:
    handset.asks(DEC_3)
    handset.edits(customer=Customer(name="Ada Wong", phone=CORRECTED))
    assert handset.reads[-1] == f"{ASKED} Details:"


def test_a_job_on_hold_that_its_customer_gives_a_time_is_asked_for(handset: Handset) -> None:
    handset.moves("hold").asks(DEC_3)
    assert handset.reads[-1] == f"{ASKED} Details:"


def test_m9_a_crew_before_a_locked_gate_does_not_confirm_again(handset: Handset) -> None:
    handset.moves("start", "no_access")
    assert handset.reads[1:] == [
        "Your crew is on the job now. Follow along:",
        "our crew could not complete your pickup. We will contact you about a new time. Details:",
    ]


def test_a_job_on_hold_is_told_once_and_its_new_window_again(handset: Handset) -> None:
    handset.edits(schedule=DEC_3)
    before = len(handset.reads)
    handset.moves("hold")
    handset.edits(note="The customer is away")
    assert handset.reads[before:] == [
        "your job is on hold, and we will contact you about a new time. Details:"
    ]
    handset.edits(schedule=DEC_1)
    assert len(handset.reads) == before + 2


def test_a_move_that_was_undone_in_time_was_told_to_no_one(handset: Handset) -> None:
    handset.moves("start", "undo", announced=False)
    for seq in (2, 3):
        handset.text(handset.job, seq=seq, now=handset.now)
    assert handset.reads == [CONFIRMED]


def test_m10_a_completion_that_was_undone_says_nothing_and_completing_again_is_no_news(
    handset: Handset,
) -> None:
    handset.moves("start", "complete", "reopen", "complete")
    assert [text.partition(".")[0] for text in handset.reads[1:]] == [
        "Your crew is on the job now",
        "All done, Ada",
    ]
    assert handset.outcomes()["5"] == "told_already"


def test_a_completion_that_was_undone_before_it_was_told_is_told_the_second_time(
    handset: Handset,
) -> None:
    handset.moves("start").moves("complete", "reopen", announced=False)
    handset.text(handset.job, seq=3, now=handset.now)
    handset.moves("complete")
    assert handset.reads[-1].startswith("All done")
    assert handset.outcomes()["3"] == "stale"


def test_m11_a_window_past_midnight_and_one_of_three_days_are_told_with_both_ends(
    handset: Handset,
) -> None:
    handset.edits(schedule={"window_start": "2026-12-04T03:30Z", "window_end": "2026-12-04T06:00Z"})
    handset.edits(schedule={"window_start": "2026-12-07T14:00Z", "window_end": "2026-12-10T01:00Z"})
    assert [
        text.partition("set for ")[2].partition(". Track")[0] for text in handset.reads[1:]
    ] == [
        "Thu, Dec 3, 10:30 PM - Fri, Dec 4, 1:00 AM",
        "Mon, Dec 7, 9:00 AM - Wed, Dec 9, 8:00 PM",
    ]


def test_a_window_that_moved_before_the_confirming_text_is_in_that_text() -> None:
    handset = Handset().has(settled(confirmed_for(DEC_1)))
    handset.edits(schedule=DEC_3)
    handset.text(handset.job, now=handset.now)
    assert handset.reads == [CONFIRMED.replace("Tue, Dec 1", "Thu, Dec 3")]


def test_at_night_only_the_last_of_several_changes_is_told_in_the_morning(handset: Handset) -> None:
    handset.now = NIGHT + timedelta(days=1)
    handset.edits(schedule={"window_start": "2026-12-02T14:00Z", "window_end": "2026-12-02T18:00Z"})
    handset.now += minutes(5)
    handset.edits(schedule=DEC_3)
    handset.comes_to(MORNING + timedelta(days=1, minutes=5))
    assert handset.reads[1:] == [f"{MOVED} Track or change it:"]
    assert sorted(d.why or d.state for d in handset.all_logged()) == ["sent", "sent", "stale"]


def test_a_window_that_is_moved_there_and_back_at_night_is_no_news(handset: Handset) -> None:
    handset.now = NIGHT + timedelta(days=1)
    handset.edits(schedule=DEC_3).edits(schedule=DEC_1)
    handset.comes_to(MORNING + timedelta(days=1, minutes=5))
    assert handset.reads[1:] == []


def test_moved_there_and_back_by_day_both_are_told(handset: Handset) -> None:
    handset.edits(schedule=DEC_3).edits(schedule=DEC_1).edits(schedule=DEC_3)
    dates = [text.partition("set for ")[2][:10] for text in handset.reads[1:]]
    assert dates == ["Thu, Dec 3", "Tue, Dec 1", "Thu, Dec 3"]


def test_copies_and_late_facts_of_edits_send_nothing_more(handset: Handset) -> None:
    handset.edits(announced=False, schedule=DEC_1 | {"window_end": "2026-12-01T17:00Z"})
    handset.now += minutes(1)
    handset.edits(schedule=DEC_3)
    for edit in (*handset.job.edits, *handset.job.edits):
        handset.deliver_fact(edited_fact(handset.job, edit), handset.now)
    assert handset.reads[1:] == [f"{MOVED} Track or change it:"]


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ({}, None),
        ({"eta": "2026-12-01T15:30Z"}, None),
        ({"eta": "2026-12-01T19:20Z"}, "running late, expected around Tue, Dec 1, 2:20-2:35 PM"),
    ],
)
def test_only_an_eta_after_the_window_is_running_late(
    handset: Handset, schedule: dict[str, str], text: str | None
) -> None:
    handset.edits(schedule=DEC_1 | schedule)
    assert [(text or "no text") in told for told in handset.reads[1:]] == [True] * bool(text)


def test_an_eta_that_was_told_and_changes_is_told_in_both_directions(handset: Handset) -> None:
    handset.now = datetime.fromisoformat("2026-12-01T17:00Z")
    for eta in ("19:20", "19:25", "20:00", "18:40"):
        handset.edits(schedule={"eta": f"2026-12-01T{eta}Z"})
    late = "Sorry, Ada, we are running late, expected around"
    sooner = "Good news, Ada: we are coming sooner, expected around 1:40-1:55 PM"
    assert [text.partition(".")[0] for text in handset.reads[1:]] == [
        f"{late} 2:20-2:35 PM",
        f"{late} 3:00-3:15 PM",
        sooner,
    ]


def test_an_eta_that_is_over_when_the_night_ends_is_not_told(handset: Handset) -> None:
    handset.now = datetime.fromisoformat("2026-12-02T03:00Z")
    handset.edits(schedule={"eta": "2026-12-02T04:00Z"})
    handset.comes_to(datetime.fromisoformat("2026-12-02T13:05Z"))
    assert handset.reads[1:] == []
    assert handset.outcomes()["late"] == "stale"


def test_a_window_given_to_a_booking_without_one_is_told_and_one_taken_away_too() -> None:
    handset = Handset().has(settled(a_job()))
    handset.text(handset.job, now=handset.now)
    handset.edits(schedule=DEC_1)
    handset.edits(schedule={"window_start": None, "window_end": None})
    assert handset.reads[1:] == [
        "we have a time for Tue, Dec 1, 9:00 AM-1:00 PM. Track or change it:",
        "your pickup has no arrival time at the moment. We will text you a new one. Details:",
    ]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_changed_crew_is_told_if_the_business_wants_it(handset: Handset, wanted: bool) -> None:
    handset.set_tenant(text_crew_changes=wanted)
    handset.edits(crew=[{"role": "driver", "member": "lena"}])
    told = ["your crew has changed. See who is coming:"]
    assert handset.reads[1:] == (told if wanted else [])
    assert handset.outcomes()["crew_changed"] == ("sent" if wanted else "switched_off")


def test_an_ended_job_tells_no_change_of_its_plan(handset: Handset) -> None:
    handset.moves("cancel")
    handset.edits(schedule=DEC_3)
    assert [text.partition(".")[0] for text in handset.reads[1:]] == ["Your pickup was cancelled"]


def test_a_number_that_is_corrected_after_a_way_back_gets_the_link(handset: Handset) -> None:
    handset.moves("start", "complete", "reopen")
    handset.edits(customer=Customer(name="Ada", phone=CORRECTED))
    phone, body = handset.texts.sent[-1]
    told = "Hi Ada, this is the link to your pickup for Tue, Dec 1, 9:00 AM-1:00 PM"
    assert phone == CORRECTED
    assert body.startswith(f"Haulway: {told}: {LINK}")


def test_a_corrected_number_is_told_the_present_window_once(handset: Handset) -> None:
    handset.edits(schedule=DEC_3, customer=Customer(name="Ada", phone=CORRECTED))
    handset.deliver_fact(edited_fact(handset.job, handset.job.edits[0]), handset.now)
    ((phone, body),) = handset.texts.sent[1:]
    assert phone == CORRECTED
    assert "confirmed for Thu, Dec 3" in body


def test_a_lost_fact_of_an_edit_is_announced_again_by_the_watchdog(handset: Handset) -> None:
    handset.edits(announced=False, schedule=DEC_3)
    later = handset.now + ABANDONED + minutes(1)
    assert list(handset.repair_job(handset.job, later)) == ["fact announced again"]
    (fact,) = handset.facts.facts
    handset.deliver_fact(fact, later)
    assert handset.reads[1:] == [f"{MOVED} Track or change it:"]
    assert list(handset.repair_job(handset.job, later + ABANDONED)) == []


def test_a_change_that_the_customer_knows_already_is_not_expected(handset: Handset) -> None:
    handset.edits(schedule=DEC_3).edits(schedule={"eta": "2026-12-03T15:00Z"}, note="gate is open")
    assert list(handset.repair_job(handset.job, handset.now + ABANDONED * 2)) == []


def test_a_window_that_moved_while_the_confirming_text_was_on_its_way_is_told() -> None:
    """The edit finds the claim of the other text, and waits for its outcome."""
    handset = Handset().has(settled(confirmed_for(DEC_1)))
    sending = handset.texts.send

    def meanwhile(phone: str, body: str, about: str, sender: str | None = None) -> str:
        handset.job = handset.edit(handset.job, handset.now, schedule=DEC_3)
        with pytest.raises(Busy):
            handset.deliver_fact(edited_fact(handset.job, handset.job.edits[-1]), handset.now)
        handset.texts.send = sending  # type: ignore[method-assign]
        return sending(phone, body, about, sender)

    handset.texts.send = meanwhile  # type: ignore[method-assign]
    handset.text(handset.job, now=handset.now)
    handset.deliver_fact(edited_fact(handset.job, handset.job.edits[-1]), handset.now)
    assert handset.reads == [CONFIRMED, f"{MOVED} Track or change it:"]


def test_the_first_text_tells_the_window_too() -> None:
    handset = Handset(NOON).has(settled(a_job(schedule=Schedule.model_validate(DEC_1))))
    handset.text(handset.job, now=MORNING)
    assert handset.reads == [
        "we reserved your pickup for Tue, Dec 1, 9:00 AM-1:00 PM. "
        "Reply YES to confirm that you are available. Details:"
    ]


def test_a_request_is_answered_as_one_and_told_its_window_later() -> None:
    handset = Handset(NOON).has(settled(a_job()))
    handset.text(handset.job, now=MORNING)
    assert handset.reads == ["we have your request and will get back to you with a time. Details:"]


def test_what_was_edited_while_a_text_was_held_is_told_after_it(handset: Handset) -> None:
    handset.now = NOON  # 7 AM in New York
    handset.moves("hold").edits(schedule=DEC_3)
    handset.comes_to(MORNING + minutes(5))
    assert [text.partition(",")[0] for text in handset.reads[1:]] == [
        "your job is on hold",
        "your pickup was moved. It is now set for Thu",
    ]


# -- the link


def test_a_customer_who_was_texted_the_former_link_is_texted_the_new_one(handset: Handset) -> None:
    handset.edits(link="replace")
    handset.edits(note="The customer was told on the phone, too")
    assert len(handset.texts.sent) == 2
    body = handset.texts.sent[-1][1]
    assert "this is the link to your pickup for Tue, Dec 1, 9:00 AM-1:00 PM:" in body
    assert body.endswith(f"/{handset.job.token}")
    assert not body.endswith(LINK)


def test_a_revoked_link_is_in_no_text_and_brings_none(handset: Handset) -> None:
    handset.edits(link="revoke")
    handset.edits(schedule=DEC_3)
    assert [body for _, body in handset.texts.sent[1:]] == [f"Haulway: Hi Ada, {MOVED}"]


def test_of_two_replacements_at_night_only_the_last_link_is_texted(handset: Handset) -> None:
    handset.now = NIGHT
    handset.edits(link="replace")
    handset.edits(link="replace")
    handset.comes_to(MORNING + timedelta(days=1))
    sent = [body for _, body in handset.texts.sent[1:]]
    assert [body.endswith(handset.job.token) for body in sent] == [True]
