"""A text over its budget waits for a person: sent once, if it is true; dropped; never lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from events import JobEditRequested
from statemachine.business.business import QuietHours
from statemachine.flows import load_flow
from statemachine.job.job import Customer
from statemachine.job.unsent_text import UnsentText
from statemachine.rules.edits import EditRefused, edited
from statemachine.views.views import card_of
from tests.functions.messages.test_due_messages import MORNING, NIGHT, settled
from tests.functions.messages.test_owed_texts import Handset
from tests.support.builders import CREW, CUSTOMER, a_job, an_edit

HAUL = load_flow("haul")
HELD = UnsentText(mark="0", state="held", why="over_budget")


class Desk(Handset):
    """The handset, and what the sender of texts says to the people at the desk."""

    def told(self) -> "Desk":
        """What was asked by the sender is made, as the bus does."""
        for request in self.requests.asked:
            if isinstance(request, JobEditRequested):
                self.job = self.store(edited(self.job, request, self.now))
        self.requests.asked.clear()
        return self

    def decides(self, state: str) -> "Desk":
        self.edits(unsent_text={"mark": HELD.mark, "state": state})
        return self.told()

    @property
    def shown(self) -> UnsentText | None:
        return card_of(self.job, HAUL).unsent_text


@pytest.fixture
def desk() -> Desk:
    """A web booking whose text is over the budget."""
    booked = a_job(created_by=CUSTOMER, created_at=MORNING, entered_at=MORNING)
    desk = Desk(MORNING)
    desk.set_tenant(quiet=QuietHours(), unconfirmed_texts_per_number=0)
    desk.has(settled(booked))
    desk.text(desk.job, now=desk.now)
    return desk.told()


def test_it_is_held_and_shown_and_not_sent_by_itself_the_next_day(desk: Desk) -> None:
    assert desk.shown == HELD
    assert desk.reads == []
    assert desk.outcomes() == {"0": "over_budget"}
    desk.set_tenant(unconfirmed_texts_per_number=3)
    desk.comes_to(MORNING + timedelta(days=1)).text(desk.job, now=desk.now)
    assert desk.told().shown == HELD
    assert desk.reads == []


def test_a_person_sends_it_once(desk: Desk) -> None:
    desk.decides("send")
    desk.text(desk.job, now=desk.now)
    desk.comes_to(desk.now + timedelta(hours=3))
    assert len(desk.reads) == 1
    assert desk.outcomes() == {"0": "sent"}
    assert desk.shown is None


def test_a_decision_whose_message_was_lost_is_carried_out_within_the_hour(desk: Desk) -> None:
    desk.edits(unsent_text={"mark": "0", "state": "send"}, announced=False)
    desk.comes_to(desk.now + timedelta(minutes=65))
    assert len(desk.reads) == 1
    assert desk.outcomes() == {"0": "sent"}


def test_a_person_drops_it(desk: Desk) -> None:
    desk.decides("drop")
    assert desk.reads == []
    assert desk.outcomes() == {"0": "not_wanted"}
    assert desk.shown is None


def test_a_text_to_send_waits_for_the_end_of_quiet_hours(desk: Desk) -> None:
    desk.now = NIGHT + timedelta(days=1)
    desk.decides("send")
    assert desk.outcomes() == {"0": "quiet_hours"}
    desk.comes_to(MORNING + timedelta(days=1, minutes=5))
    assert len(desk.reads) == 1
    assert desk.outcomes() == {"0": "sent"}


@pytest.mark.parametrize("decided", [False, True])
def test_what_is_no_longer_true_is_dropped_and_leaves_the_board(desk: Desk, decided: bool) -> None:
    desk.moves("confirm")
    if decided:
        desk.decides("send")
    desk.comes_to(desk.now + timedelta(minutes=65))
    desk.told()
    assert desk.outcomes() == {"0": "stale", "1": "sent"}
    assert len(desk.reads) == 1
    assert desk.shown is None


def test_a_hold_that_no_one_was_told_of_is_told_again(desk: Desk) -> None:
    desk.job = desk.store(desk.job.with_(unsent_text=None, edits=()))
    desk.comes_to(desk.now + timedelta(minutes=65))
    assert desk.told().shown == HELD


REFUSED: list[Callable[[Desk], JobEditRequested]] = [
    lambda desk: an_edit(desk.job, unsent_text={"mark": "7", "state": "send"}),
    lambda desk: an_edit(desk.job, unsent_text={"mark": "0", "state": "gone"}),
    lambda desk: an_edit(desk.job, unsent_text={"mark": "0", "state": "send"}).model_copy(
        update={"actor": CREW}
    ),
]


@pytest.mark.parametrize("request_of", REFUSED)
def test_only_a_dispatcher_decides_and_only_about_what_is_held(
    desk: Desk, request_of: Callable[[Desk], JobEditRequested]
) -> None:
    with pytest.raises(EditRefused):
        edited(desk.job, request_of(desk), desk.now)


def test_a_refused_number_is_shown_with_the_reason_until_another_is_texted() -> None:
    abroad, here = ({"name": "Ada Wong", "phone": p} for p in ("+447812345678", "+15555550123"))
    desk = Desk(MORNING)
    job = a_job("ready_for_pickup", customer=Customer(**abroad), entered_at=MORNING)
    desk.has(settled(job))
    desk.text(desk.job, now=desk.now)
    assert desk.told().shown == UnsentText(mark="1", state="refused", why="country_not_served")
    desk.text(desk.job, now=desk.now)
    assert desk.requests.asked == []
    desk.edits(customer=here)
    assert desk.told().shown is None
    assert len(desk.reads) == 1


def test_a_text_that_no_one_decides_about_is_looked_at_ever_more_rarely(desk: Desk) -> None:
    for _ in range(10 * 24):
        desk.comes_to(desk.now + timedelta(hours=1))
    [delivery] = desk.all_logged()
    assert delivery.state == "held"
    assert delivery.version <= 18
