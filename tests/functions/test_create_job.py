"""Step 1: a request books one job, however often it comes; the link is given when it works."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from events import JobRequested
from functions.create_job import (
    Booked,
    BookedOtherwise,
    CreateJob,
    FromTheFuture,
    JobIdTaken,
    WindowRefused,
)
from functions.protocol.ports import Unavailable, UnknownTenant
from statemachine.business import BusinessSettings
from statemachine.flows import UnknownFlow, load_flow
from statemachine.ids import digest_of, job_id_for
from statemachine.job import Execution, Job, Note
from statemachine.values import Actor, iso
from statemachine.views import View, view_of
from tests.support.builders import CUSTOMER, DISPATCHER, NOON, TOKEN, a_booking, a_job, minutes
from tests.support.fakes import (
    Bucket,
    FakeExecutions,
    FakeJobs,
    FakeTenants,
    FakeViews,
    no_pause,
    parsed,
)
from tests.support.faults import Crashed, EveryCall, Fault, Faults, Kind

HAUL = load_flow("haul")
JOB_ID = job_id_for("main", "booking-1", NOON)


class Office:
    """Where bookings are taken; everything it has stored and started lies open."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket(self.faults)
        self.jobs, self.executions = FakeJobs(self.bucket), FakeExecutions(self.faults)
        self.create = CreateJob(
            self.jobs,
            FakeViews(self.bucket),
            self.executions,
            FakeTenants(self.bucket, BusinessSettings(tenant="main", name="Haulway")),
            new_token=lambda: TOKEN,
            pause=no_pause,
        )

    def book(self, request: JobRequested | None = None) -> Booked:
        return self.create(request or a_booking(), NOON)

    def job(self, job_id: str = JOB_ID) -> Job:
        return self.jobs.read("main", job_id).value

    def stored(self) -> list[str]:
        """The keys of all there is besides the tenant, in the order in which they were stored."""
        return list(self.bucket.versions)


def test_a_booking_becomes_a_job() -> None:
    office = Office()
    booking = a_booking(price_cents=60_000, note="Ring twice")
    booked = office.book(booking)
    assert booked == Booked(job_id=JOB_ID, tracking_token=TOKEN, duplicate=False)
    note = Note(event_id="booking-1", actor=CUSTOMER, text="Ring twice", recorded_at=NOON)
    assert office.job() == a_job(
        job_id=JOB_ID,
        created_by=CUSTOMER,
        crew=(),
        notes=(note,),
        request_digest=booking.digest,
    )


def test_the_link_is_given_when_its_view_is_there_and_the_execution_runs() -> None:
    office = Office()
    office.book()
    view = f"t/{digest_of(TOKEN)}.json"
    assert office.stored() == [
        f"tenants/main/open/{JOB_ID}",
        f"tenants/main/jobs/{JOB_ID}.json",
        view,
    ]
    assert office.faults.log[-1] == ("StartExecution", None)
    assert parsed(View, office.bucket.objects[view]) == view_of(office.job(), HAUL)
    assert list(office.executions.started) == [f"main-{JOB_ID}-g0"]


def test_a_copy_of_a_booking_changes_nothing() -> None:
    office = Office()
    first = office.book()
    before = dict(office.bucket.objects)
    assert office.book() == first.with_(duplicate=True)
    assert (office.bucket.objects, len(office.executions.started)) == (before, 1)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_copy_stamped_on_the_other_side_of_midnight_finds_the_job(days: int) -> None:
    office = Office()
    office.book()
    copy = a_booking(occurred_at=NOON + timedelta(days=days))
    later = NOON + timedelta(days=2)
    assert office.create(copy, later).job_id == JOB_ID


def test_two_copies_at_once_are_one_job() -> None:
    """Timeline: ours reads nothing · the other's is stored · our If-None-Match meets 412."""
    office = Office()
    other: list[Booked] = []

    def another_is_faster() -> str:
        other.append(office.book())
        return "1111111111111111111111"

    ours = replace(office.create, new_token=another_is_faster)(a_booking(), NOON)
    assert ours == other[0] == Booked(job_id=JOB_ID, tracking_token=TOKEN, duplicate=False)
    assert len(list(office.jobs.all_ids("main"))) == 1


def test_an_id_that_another_job_has_by_chance_is_left_to_it() -> None:
    office = Office()
    neighbour = a_job(job_id=JOB_ID, event_id="another-booking")
    office.jobs.create(neighbour)
    booked = office.book()
    assert booked.job_id == job_id_for("main", "booking-1", NOON, attempt=1)
    assert office.job(JOB_ID) == neighbour
    assert office.book() == booked.with_(duplicate=True)


def test_an_id_may_be_chosen_but_not_taken_from_another_job() -> None:
    office = Office()
    assert office.book(a_booking(job_id="261121-abc123")).job_id == "261121-abc123"
    with pytest.raises(JobIdTaken):
        office.book(a_booking(job_id="261121-abc123", event_id="booking-2"))
    assert list(office.jobs.all_ids("main")) == ["261121-abc123"]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"tenant": "no one"}, UnknownTenant),
        ({"flow": "piano"}, UnknownFlow),
        ({"occurred_at": iso(NOON + minutes(6))}, FromTheFuture),
    ],
)
def test_what_cannot_be_booked_leaves_no_trace(
    values: dict[str, str], error: type[Exception]
) -> None:
    office = Office()
    with pytest.raises(error):
        office.book(a_booking(**values))
    assert (office.stored(), office.executions.started) == ([], {})


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_whatever_is_lost_on_the_way_the_next_copy_completes_the_booking(fault: Kind) -> None:
    """Every call in turn goes wrong once; then the request is delivered again, as a queue does."""
    for number in range(12):
        office = Office(EveryCall(number, fault))
        try:
            office.book()
        except (Unavailable, Crashed):
            office.book()
        office.faults.over = True
        assert office.job() == a_job(
            job_id=JOB_ID,
            created_by=CUSTOMER,
            crew=(),
            price_cents=None,
            request_digest=a_booking().digest,
        ), office.faults.log
        assert f"t/{digest_of(TOKEN)}.json" in office.bucket.objects
        assert list(office.executions.started) == [f"main-{JOB_ID}-g0"]
        assert list(office.jobs.open_jobs("main")) == [JOB_ID]


def test_a_booking_that_cannot_be_stored_shall_come_again() -> None:
    """It tries the same id, never the next one: two copies could end up under two."""
    never: list[Fault] = ["before"] * 100
    office = Office(Faults({"PutObject": [None, *never]}))
    with pytest.raises(Unavailable):
        office.book()
    assert (office.stored(), office.executions.started) == ([f"tenants/main/open/{JOB_ID}"], {})


def test_a_copy_of_an_ended_jobs_booking_starts_nothing() -> None:
    office = Office()
    ended = a_job(
        "completed", job_id=JOB_ID, created_by=DISPATCHER, execution=Execution(since=NOON)
    )
    office.jobs.create(ended)
    assert office.book() == Booked(job_id=JOB_ID, tracking_token=TOKEN, duplicate=True)
    assert office.executions.started == {}


def a_window(starts_in_h: float, lasts_h: float = 4) -> dict[str, datetime]:
    start = NOON + timedelta(hours=starts_in_h)
    return {"window_start": start, "window_end": start + timedelta(hours=lasts_h)}


@pytest.mark.parametrize(
    ("window", "actor"),
    [
        (a_window(-8), CUSTOMER),
        (a_window(-8), DISPATCHER),
        ({"window_start": NOON - timedelta(hours=1)}, DISPATCHER),
        (a_window(24 * 121), CUSTOMER),
        (a_window(24 * 401), DISPATCHER),
    ],
)
def test_a_window_that_is_over_or_beyond_all_plans_books_nothing(
    window: dict[str, datetime], actor: Actor
) -> None:
    office = Office()
    with pytest.raises(WindowRefused, match=r"^window_(start|end): "):
        office.book(a_booking(schedule=window, actor=actor))
    assert list(office.jobs.all_ids("main")) == []


def test_staff_book_further_ahead_than_customers_and_a_window_that_has_begun_is_booked() -> None:
    Office().book(a_booking(schedule=a_window(24 * 121), actor=DISPATCHER))
    Office().book(a_booking(schedule=a_window(-2)))


def test_a_copy_is_answered_when_its_window_has_passed() -> None:
    office, booking = Office(), a_booking(schedule=a_window(1))
    first = office.book(booking)
    later = booking.model_copy(update={"occurred_at": NOON + timedelta(hours=6)})
    again = office.create(later, NOON + timedelta(hours=6))
    assert (again.job_id, again.duplicate) == (first.job_id, True)


def test_an_event_id_that_booked_something_else_books_nothing_and_says_so() -> None:
    office = Office()
    office.book()
    for days in (0, 1):
        other = a_booking(place={"address": "9 Elm St"}, occurred_at=NOON + timedelta(days))
        with pytest.raises(BookedOtherwise):
            office.create(other, NOON + timedelta(days))
    assert [office.job().place.address] == ["12 Harbor Road"]
