"""Reminders, and what the crew says about its way: once, only while true, whatever gets lost."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from events import JobEditRequested
from functions.jobs.facts import edited_fact
from functions.messages.inbound import Inbound
from functions.messages.incoming_sms import ReceiveSms
from statemachine.business.business import QuietHours
from statemachine.flows import load_flow
from statemachine.job.job import Schedule
from statemachine.messages.reminders import reminders_of
from statemachine.rules.edits import edited
from statemachine.values.values import RESERVED
from statemachine.views.views import card_of, view_of
from tests.functions.messages.test_due_messages import settled
from tests.functions.messages.test_messages import PHONE
from tests.functions.messages.test_owed_texts import DEC_1, DEC_3, Handset, confirmed_for
from tests.support.builders import minutes
from tests.support.fakes import FakeJobs, no_pause

HAUL = load_flow("haul")
EVE = datetime.fromisoformat("2026-11-30T22:00Z")
"""5 PM in New York, the day before December 1."""
REMINDED = (
    "a reminder of your pickup for Tue, Dec 1, 9:00 AM-1:00 PM. "
    "Reply C to confirm or R for another time. Details:"
)
SOON = "we will see you soon, for your pickup for Tue, Dec 1, 9:00 AM-1:00 PM. Details:"


class Reminded(Handset):
    """A handset whose owner can answer; the requests that follow are made at once."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        wanted = {"remind_day_before": True, "remind_hours_before": 2, "quiet": QuietHours()}
        self.set_tenant(**(wanted | settings))
        self.receive = ReceiveSms(
            self.tenants, self.numbers, FakeJobs(self.bucket), self.requests,
            self.conversations, self.send.once, self.send.budgets, pause=no_pause,
        )  # fmt: skip
        self.has(settled(confirmed_for(DEC_1)))
        self.text(self.job, now=self.now)
        assert len(self.reads) == 1

    def says(self, body: str) -> None:
        self.count += 1
        text = {
            "originationNumber": PHONE, "destinationNumber": "+15555559999", "messageBody": body,
            "inboundMessageId": f"in-{self.count}", "at": self.now,
        }  # fmt: skip
        self.receive(Inbound.model_validate(text), self.now)

    def make_edits(self) -> None:
        """What was requested is edited and announced."""
        asked, self.requests.asked = self.requests.asked, []
        for request in asked:
            assert isinstance(request, JobEditRequested)
            self.job = self.store(edited(self.job, request, self.now))
            self.deliver_fact(edited_fact(self.job, self.job.edits[-1]), self.now)

    @property
    def call_after(self) -> datetime | None:
        return card_of(self.job, HAUL).call_after


@pytest.fixture
def handset() -> Reminded:
    return Reminded()


def test_a_reminder_comes_the_day_before_and_one_some_hours_before(handset: Reminded) -> None:
    handset.comes_to(EVE - minutes(1))
    assert handset.reads[1:] == []
    for now in (EVE + minutes(2), EVE + minutes(3), EVE + timedelta(hours=14, minutes=2)):
        handset.comes_to(now)
    assert handset.reads[1:] == [REMINDED]
    handset.comes_to(datetime.fromisoformat("2026-12-01T13:02Z"))  # quiet until 8 AM
    assert handset.reads[1:] == [REMINDED, SOON]


def test_a_job_that_moved_is_reminded_of_its_new_day_only(handset: Reminded) -> None:
    handset.edits(schedule=DEC_3)
    for day in range(14):
        handset.comes_to(EVE + timedelta(days=day, minutes=2))
        handset.comes_to(EVE + timedelta(days=day, hours=15, minutes=30))
    assert len(handset.reads) == 4
    assert all("Thu, Dec 3" in text for text in handset.reads[1:])


@pytest.mark.parametrize("move", ["cancel", "start"])
def test_a_job_that_is_cancelled_or_begun_is_not_reminded(handset: Reminded, move: str) -> None:
    handset.moves(move)
    handset.comes_to(EVE + minutes(2)).comes_to(EVE + timedelta(hours=15, minutes=30))
    assert len(handset.reads) == 2
    assert handset.outcomes()["day_before"] == "stale"


def test_a_reminder_that_is_switched_off_meanwhile_is_dropped(handset: Reminded) -> None:
    handset.set_tenant(remind_day_before=False)
    handset.comes_to(EVE + minutes(2))
    assert len(handset.reads) == 1
    assert handset.outcomes()["day_before"] == "switched_off"


def test_a_watchdog_that_comes_a_day_late_reminds_of_nothing_past(handset: Reminded) -> None:
    handset.comes_to(datetime.fromisoformat("2026-12-01T15:00Z"))
    assert len(handset.reads) == 1


@pytest.mark.parametrize(
    ("window", "due"),
    [
        ("2026-03-09T14:00Z", "2026-03-08T21:00Z"),  # the day the clocks went forward
        ("2026-03-08T14:00Z", "2026-03-07T22:00Z"),
        ("2026-11-02T14:00Z", "2026-11-01T22:00Z"),  # the day they went back
        ("2026-11-01T14:00Z", "2026-10-31T21:00Z"),
    ],
)
def test_the_day_before_is_by_the_clock_of_the_business(
    handset: Reminded, window: str, due: str
) -> None:
    schedule = Schedule.model_validate({"window_start": window})
    tenant = handset.tenant.with_(remind_day_before=True)
    (reminder,) = reminders_of(handset.job.with_(schedule=schedule), HAUL, tenant)
    assert reminder.due_at == datetime.fromisoformat(due)


def test_a_customer_who_does_not_answer_is_called(handset: Reminded) -> None:
    handset.comes_to(EVE + minutes(2))
    handset.make_edits()
    assert handset.call_after == EVE + minutes(2) + timedelta(hours=4)


@pytest.mark.parametrize("answer", ["C", "Y", "yes", "confirmo"])
def test_a_customer_who_confirms_the_reminder_is_not_called(handset: Reminded, answer: str) -> None:
    handset.comes_to(EVE + minutes(2))
    handset.make_edits()
    handset.says(answer)
    handset.make_edits()
    assert handset.call_after is None
    assert handset.job.visit_answer
    assert handset.job.visit_answer.state == "yes"


@pytest.mark.parametrize("answer", ["R", "reprogramar"])
def test_a_customer_who_wants_another_time_gets_the_link_and_is_called(
    handset: Reminded, answer: str
) -> None:
    handset.comes_to(EVE + minutes(2))
    handset.make_edits()
    handset.says(answer)
    handset.make_edits()
    assert handset.reads[2:] == ["Choose another time for your pickup here:"]
    assert handset.call_after == handset.now
    handset.edits(schedule=DEC_3)
    assert handset.call_after is None


def test_the_record_that_the_customer_was_asked_is_made_again_after_a_crash(
    handset: Reminded,
) -> None:
    handset.comes_to(EVE + minutes(2))
    first, handset.requests.asked = handset.requests.asked, []
    ((body, _),) = [(b, d) for b, d in _requests_of(handset, "day_before")]
    handset.later.put(body, 0)
    handset.run_queues(EVE + minutes(6))
    assert handset.requests.asked == first
    assert first[0].event_id.startswith(f"{RESERVED}asked-")


def _requests_of(handset: Reminded, kind: str) -> list[tuple[str, float]]:
    names = [d.name for d in handset.all_logged() if d.name.mark.startswith(kind)]
    return [
        (json.dumps({"detail": {"tenant": n.tenant, "job_id": n.about, "mark": n.mark}}), 0.0)
        for n in names
    ]


ARRIVES = datetime.fromisoformat("2026-12-01T15:00Z")


def test_the_crew_says_that_it_is_on_its_way_and_then_almost_there(handset: Reminded) -> None:
    handset.now = ARRIVES
    handset.edits(approach="on_my_way", schedule={"eta": "2026-12-01T15:40Z"})
    assert view_of(handset.job, HAUL).approach == "on_my_way"
    handset.edits(schedule={"eta": "2026-12-01T15:44Z"})
    handset.edits(schedule={"eta": "2026-12-01T16:05Z"})
    handset.edits(approach="arriving")
    assert [text.partition(".")[0] for text in handset.reads[1:]] == [
        "your crew is on the way, expected around 10:40-10:55 AM",
        "Sorry, Ada, we are running late, expected around 11:05-11:20 AM",
        "your crew is almost there",
    ]
    handset.moves("start")
    assert view_of(handset.job, HAUL).approach is None


@pytest.mark.parametrize("change", ["taken back", "rescheduled", "on hold", "cancelled"])
def test_what_the_crew_said_goes_with_what_it_was_about(handset: Reminded, change: str) -> None:
    handset.now = ARRIVES
    handset.edits(announced=False, approach="on_my_way", schedule={"eta": "2026-12-01T15:40Z"})
    said = handset.job.edits[-1]
    if change == "taken back":
        handset.edits(announced=False, approach="none", schedule={"eta": None})
    elif change == "rescheduled":
        handset.edits(announced=False, schedule=DEC_3)
    else:
        handset.moves({"on hold": "hold", "cancelled": "cancel"}[change], announced=False)
    handset.deliver_fact(edited_fact(handset.job, said), handset.now)
    assert view_of(handset.job, HAUL).approach is None
    assert not any("on the way" in text for text in handset.reads)


def test_an_undone_move_leaves_the_crew_on_its_way(handset: Reminded) -> None:
    handset.now = ARRIVES
    handset.edits(announced=False, approach="on_my_way")
    handset.moves("start", announced=False)
    assert view_of(handset.job, HAUL).approach is None
    handset.moves("undo", announced=False)
    assert view_of(handset.job, HAUL).approach == "on_my_way"


def test_what_the_crew_said_an_hour_ago_is_no_news(handset: Reminded) -> None:
    handset.now = ARRIVES
    handset.edits(announced=False, approach="arriving")
    handset.deliver_fact(edited_fact(handset.job, handset.job.edits[-1]), ARRIVES + minutes(61))
    assert len(handset.reads) == 1


def test_a_customer_switches_off_reminders_and_still_reads_of_another_time(
    handset: Reminded,
) -> None:
    handset.edits(unwanted_texts=["reminders"])
    handset.edits(schedule=DEC_3)
    for day in range(4):
        handset.comes_to(EVE + timedelta(days=day, minutes=2))
        handset.comes_to(EVE + timedelta(days=day, hours=15, minutes=30))
    assert [text.partition(".")[0] for text in handset.reads[1:]] == ["your pickup was moved"]
    assert handset.outcomes()["day_before"] == "switched_off"


def test_a_customer_switches_off_what_the_crew_says(handset: Reminded) -> None:
    handset.edits(unwanted_texts=["on_my_way"])
    handset.now = ARRIVES
    handset.edits(approach="on_my_way")
    handset.edits(approach="arriving")
    assert [text.partition(".")[0] for text in handset.reads[1:]] == ["your crew is almost there"]


def test_a_business_may_send_nothing_about_the_way(handset: Reminded) -> None:
    handset.set_tenant(text_on_my_way=False)
    handset.now = ARRIVES
    handset.edits(approach="on_my_way")
    assert len(handset.reads) == 1
    assert handset.outcomes()["on_my_way"] == "switched_off"
