"""Step 1: a request books one job, however often it is delivered; the link works when returned."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from events import JobRequested
from functions.jobs.create import (
    Booked,
    BookedOtherwise,
    CreateJob,
    FromTheFuture,
    JobIdTaken,
    WindowRefused,
)
from functions.protocol.ports import Unavailable, UnknownTenant
from statemachine.business.business import BusinessSettings
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job.consent import TextsConsent
from statemachine.job.job import Execution, Job
from statemachine.job.records import Note
from statemachine.values.ids import digest_of, job_id_for
from statemachine.values.values import Actor, iso
from statemachine.views.views import View, view_of
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
from tests.support.faults import Crashed, Fault, FaultAtCall, Faults, Kind
from tests.support.slot_fakes import slots_on_fakes

HAUL = load_flow("haul")
JOB_ID = job_id_for("main", "booking-1", NOON)


AGREED = TextsConsent(agreed=True, at=NOON, by=CUSTOMER)


class CreateJobSetup:
    """`CreateJob` on fakes, with what it stored and started."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket(self.faults)
        self.jobs, self.executions = FakeJobs(self.bucket), FakeExecutions(self.faults)
        self.create = CreateJob(
            self.jobs,
            FakeViews(self.bucket),
            self.executions,
            FakeTenants(self.bucket, BusinessSettings(tenant="main", name="Haulway")),
            slots_on_fakes(self.jobs),
            new_token=lambda: TOKEN,
            pause=no_pause,
        )

    def book(self, request: JobRequested | None = None) -> Booked:
        return self.create(request or a_booking(), NOON)

    def job(self, job_id: str = JOB_ID) -> Job:
        return self.jobs.read("main", job_id).value

    def stored(self) -> list[str]:
        """All keys, without the tenant's, in the order in which they were stored."""
        return list(self.bucket.versions)


def test_a_booking_becomes_a_job() -> None:
    setup = CreateJobSetup()
    booking = a_booking(price_cents=60_000, note="Ring twice")
    booked = setup.book(booking)
    assert booked == Booked(job_id=JOB_ID, tracking_token=TOKEN, duplicate=False)
    note = Note(event_id="booking-1", actor=CUSTOMER, text="Ring twice", recorded_at=NOON)
    assert setup.job() == a_job(
        job_id=JOB_ID,
        created_by=CUSTOMER,
        crew=(),
        notes=(note,),
        request_digest=booking.digest,
        texts_consent=AGREED,
    )


@pytest.mark.parametrize(
    ("actor", "said", "agreed"),
    [
        (CUSTOMER, None, True),
        (CUSTOMER, False, False),
        (DISPATCHER, None, False),
        (DISPATCHER, True, True),
    ],
)
def test_the_job_keeps_whether_the_customer_agreed_to_texts(
    actor: Actor, said: bool | None, agreed: bool
) -> None:
    setup = CreateJobSetup()
    setup.book(a_booking(actor=actor, agreed_to_texts=said, consent_wording="booking-1"))
    kept = TextsConsent(agreed=agreed, at=NOON, by=actor, wording="booking-1")
    assert setup.job().texts_consent == kept


def test_the_link_is_returned_after_its_view_exists_and_the_execution_runs() -> None:
    setup = CreateJobSetup()
    setup.book()
    view = f"t/{digest_of(TOKEN)}.json"
    assert setup.stored() == [
        f"tenants/main/open/{JOB_ID}",
        f"tenants/main/jobs/{JOB_ID}.json",
        view,
    ]
    assert setup.faults.log[-1] == ("StartExecution", None)
    assert parsed(View, setup.bucket.objects[view]) == view_of(setup.job(), HAUL)
    assert list(setup.executions.started) == [f"main-{JOB_ID}-g0"]


def test_a_copy_of_a_booking_changes_nothing() -> None:
    setup = CreateJobSetup()
    first = setup.book()
    before = dict(setup.bucket.objects)
    assert setup.book() == first.with_(duplicate=True)
    assert setup.bucket.objects == before
    assert len(setup.executions.started) == 1


@pytest.mark.parametrize("days", [-1, 1])
def test_a_copy_dated_on_the_other_side_of_midnight_finds_the_job(days: int) -> None:
    setup = CreateJobSetup()
    setup.book()
    copy = a_booking(occurred_at=NOON + timedelta(days=days))
    later = NOON + timedelta(days=2)
    assert setup.create(copy, later).job_id == JOB_ID


def test_two_copies_at_once_are_one_job() -> None:
    """Timeline: we read nothing · the other copy is stored · our If-None-Match gets 412."""
    setup = CreateJobSetup()
    other: list[Booked] = []

    def other_copy_is_faster() -> str:
        other.append(setup.book())
        return "1111111111111111111111"

    ours = replace(setup.create, new_token=other_copy_is_faster)(a_booking(), NOON)
    assert ours == other[0] == Booked(job_id=JOB_ID, tracking_token=TOKEN, duplicate=False)
    assert len(list(setup.jobs.all_ids("main"))) == 1


def test_an_id_that_another_job_happens_to_have_is_not_used() -> None:
    setup = CreateJobSetup()
    neighbour = a_job(job_id=JOB_ID, event_id="another-booking")
    setup.jobs.create(neighbour)
    booked = setup.book()
    assert booked.job_id == job_id_for("main", "booking-1", NOON, attempt=1)
    assert setup.job(JOB_ID) == neighbour
    assert setup.book() == booked.with_(duplicate=True)


def test_a_request_may_choose_an_id_that_no_other_job_has() -> None:
    setup = CreateJobSetup()
    assert setup.book(a_booking(job_id="261121-abc123")).job_id == "261121-abc123"
    with pytest.raises(JobIdTaken):
        setup.book(a_booking(job_id="261121-abc123", event_id="booking-2"))
    assert list(setup.jobs.all_ids("main")) == ["261121-abc123"]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"tenant": "unknown"}, UnknownTenant),
        ({"flow": "piano"}, UnknownFlow),
        ({"occurred_at": iso(NOON + minutes(6))}, FromTheFuture),
    ],
)
def test_what_cannot_be_booked_leaves_no_trace(
    values: dict[str, str], error: type[Exception]
) -> None:
    setup = CreateJobSetup()
    with pytest.raises(error):
        setup.book(a_booking(**values))
    assert setup.stored() == []
    assert setup.executions.started == {}


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_the_next_copy_completes_the_booking_whatever_was_lost(fault: Kind) -> None:
    """Each call fails once, in turn; then the request is delivered again, as by a queue."""
    for number in range(12):
        setup = CreateJobSetup(FaultAtCall(number, fault))
        try:
            setup.book()
        except (Unavailable, Crashed):
            setup.book()
        setup.faults.over = True
        assert setup.job() == a_job(
            job_id=JOB_ID,
            created_by=CUSTOMER,
            crew=(),
            price_cents=None,
            request_digest=a_booking().digest,
            texts_consent=AGREED,
        ), setup.faults.log
        assert f"t/{digest_of(TOKEN)}.json" in setup.bucket.objects
        assert list(setup.executions.started) == [f"main-{JOB_ID}-g0"]
        assert list(setup.jobs.open_jobs("main")) == [JOB_ID]


def test_a_booking_that_cannot_be_stored_is_to_be_retried() -> None:
    """It tries the same id, never the next one, because two copies could get two ids."""
    never: list[Fault] = ["before"] * 100
    setup = CreateJobSetup(Faults({"PutObject": [None, *never]}))
    with pytest.raises(Unavailable):
        setup.book()
    assert setup.stored() == [f"tenants/main/open/{JOB_ID}"]
    assert setup.executions.started == {}


def test_a_copy_of_an_ended_jobs_booking_starts_nothing() -> None:
    setup = CreateJobSetup()
    ended = a_job(
        "completed", job_id=JOB_ID, created_by=DISPATCHER, execution=Execution(since=NOON)
    )
    setup.jobs.create(ended)
    assert setup.book() == Booked(job_id=JOB_ID, tracking_token=TOKEN, duplicate=True)
    assert setup.executions.started == {}


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
def test_a_window_in_the_past_or_too_far_ahead_books_nothing(
    window: dict[str, datetime], actor: Actor
) -> None:
    setup = CreateJobSetup()
    with pytest.raises(WindowRefused, match=r"^window_(start|end): "):
        setup.book(a_booking(schedule=window, actor=actor))
    assert list(setup.jobs.all_ids("main")) == []


def test_staff_book_further_ahead_than_customers_and_a_window_that_has_begun_is_booked() -> None:
    CreateJobSetup().book(a_booking(schedule=a_window(24 * 121), actor=DISPATCHER))
    CreateJobSetup().book(a_booking(schedule=a_window(-2)))


def test_a_copy_is_answered_when_its_window_has_passed() -> None:
    setup, booking = CreateJobSetup(), a_booking(schedule=a_window(1))
    first = setup.book(booking)
    later = booking.model_copy(update={"occurred_at": NOON + timedelta(hours=6)})
    again = setup.create(later, NOON + timedelta(hours=6))
    assert again.job_id == first.job_id
    assert again.duplicate


def test_an_event_id_that_has_booked_another_job_is_refused() -> None:
    setup = CreateJobSetup()
    setup.book()
    for days in (0, 1):
        other = a_booking(place={"address": "9 Elm St"}, occurred_at=NOON + timedelta(days))
        with pytest.raises(BookedOtherwise):
            setup.create(other, NOON + timedelta(days))
    assert [setup.job().place.address] == ["12 Harbor Road"]


def test_a_job_takes_as_long_as_its_booking_says_or_as_the_business_is_used_to() -> None:
    setup = CreateJobSetup()
    usual = BusinessSettings(tenant="main", name="Haulway", default_duration_minutes=90)
    setup.create = replace(setup.create, tenants=FakeTenants(Bucket(), usual))
    setup.book()
    setup.book(a_booking(event_id="booking-2", job_id="261121-000002", duration_minutes=240))
    assert setup.job().duration_minutes == 90
    assert setup.job("261121-000002").duration_minutes == 240


def test_a_job_takes_as_long_as_its_expected_load_does() -> None:
    setup = CreateJobSetup()
    usual = BusinessSettings(tenant="main", name="Haulway", load_durations={"full": 180})
    setup.create = replace(setup.create, tenants=FakeTenants(Bucket(), usual))
    setup.book(a_booking(estimate={"load_size": "full"}))
    setup.book(a_booking(event_id="b-2", job_id="261121-000002", estimate={"load_size": "half"}))
    assert setup.job().duration_minutes == 180
    assert setup.job("261121-000002").duration_minutes == 60


def test_a_booking_without_a_duration_has_the_digest_that_it_had_before_durations() -> None:
    """Its first copy may have been stored by the release before."""
    assert a_booking().digest == "d067918846b2ce955628ad80ee2e7d04"
    assert a_booking(duration_minutes=60).digest != a_booking().digest
