"""No one is put on two jobs at once, or while unavailable, whatever call is lost."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from events import JobEditRequested
from functions.jobs.edit import EditJob
from functions.people.assign_crew import AssignCrew, first_name
from functions.protocol.ports import Unavailable
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job, Schedule
from statemachine.rules.edits import CrewOff, CrewTaken, CrewUnavailable, EditRefused
from statemachine.rules.lifecycle import Committed, judge
from statemachine.schedule.fit import PlannedJob, fit
from statemachine.schedule.reservations import ABANDONED_AFTER, window_of
from statemachine.schedule.roster import DAY_OFF, Day, Hours
from statemachine.values.values import Actor
from tests.support.at_once import read_at_once
from tests.support.builders import (
    CREW,
    CUSTOMER,
    NOON,
    PARTNER,
    a_job,
    a_request,
    an_edit,
    minutes,
)
from tests.support.fakes import Bucket, FakeBus, FakeJobs, FakeTenants, FakeViews, no_pause
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind
from tests.support.roster_fakes import FakeReservations, FakeRoster, a_crew_assignment, a_member
from tests.support.slot_fakes import slots_on_fakes

NINE = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
"""In the morning, in New York."""
SUNDAY = date(2026, 11, 22)
TOO_LONG_FOR_TWO = 200
"""Minutes: two such jobs do not fit if their windows of two hours overlap."""
MARIA = {"role": "driver", "member": "maria"}
STAFF = (
    a_member("maria", "driver", "first_mate", name="Maria Ortega Ruiz"),
    a_member("joe", "driver"),
    a_member("ben", "first_mate"),
    a_member("gone", "driver", disabled=True),
)


def window(begin: float = 0, hours: float = 2) -> Schedule:
    """`begin` is in hours after nine."""
    start = NINE + timedelta(hours=begin)
    return Schedule(window_start=start, window_end=start + timedelta(hours=hours))


class CrewBusiness:
    """Jobs without a crew, numbered from 1, and the function that edits them."""

    def __init__(self, faults: Faults | None = None, **office: Any) -> None:
        self.bucket = Bucket()
        self.numbers = itertools.count(1)
        self.faults = faults or Faults()
        self.jobs = FakeJobs(self.bucket)
        tenants = FakeTenants(Bucket(), BusinessSettings(tenant="main", name="Haulway"))
        self.crew = a_crew_assignment(
            self.jobs, *STAFF, tenants=tenants, faults=self.faults, **office
        )
        self.edit = EditJob(
            self.jobs,
            FakeViews(Bucket()),
            FakeBus(),
            self.crew,
            slots_on_fakes(self.jobs),
            no_pause,
        )

    @property
    def roster(self) -> FakeRoster:
        assert isinstance(self.crew.roster, FakeRoster)
        return self.crew.roster

    def book(self, number: int, **values: Any) -> Job:
        values = {"schedule": window(), "crew": (), "token": f"{number:022}", **values}
        values.setdefault("duration_minutes", TOO_LONG_FOR_TWO)
        job = a_job(job_id=f"261121-{number:06d}", **values)
        self.jobs.create(job)
        return job

    def job(self, number: int) -> Job:
        return self.jobs.read("main", f"261121-{number:06d}").value

    def change(self, number: int, now: datetime = NOON, **changes: Any) -> Job:
        return self.edit(self.request(number, **changes), now)

    def request(self, number: int, event_id: str = "", **changes: Any) -> JobEditRequested:
        edit = an_edit(self.job(number), **changes)
        return edit.model_copy(update={"event_id": event_id or f"edit-{next(self.numbers)}"})

    def move(self, number: int, name: str) -> None:
        job = self.job(number)
        request = a_request(job, name, event_id=f"{name}-{job.version}", reason="so it is")
        verdict = judge(job, request, load_flow(job.flow), NOON)
        assert isinstance(verdict, Committed)
        self.jobs.replace(verdict.job, self.jobs.read("main", job.job_id).etag)

    def with_maria(self) -> list[int]:
        open_jobs = [self.job(int(job_id[7:])) for job_id in self.jobs.all_ids("main")]
        on = [job for job in open_jobs if any(each.member == "maria" for each in job.crew)]
        return [int(job.job_id[7:]) for job in on]


@pytest.fixture
def business() -> CrewBusiness:
    business = CrewBusiness()
    for number in (1, 2, 3):
        business.book(number)
    return business


def refused(attempt: Callable[[], object]) -> tuple[type[EditRefused], str]:
    with pytest.raises(EditRefused) as raised:
        attempt()
    return type(raised.value), str(raised.value)


# -- who may come


def test_first_names_come_from_the_roster(business: CrewBusiness) -> None:
    job = business.change(1, crew=[{**MARIA, "first_name": "Mallory"}])
    assert [(each.member, each.first_name) for each in job.crew] == [("maria", "Maria")]


@pytest.mark.parametrize("member", ["unknown", "gone"])
def test_only_members_on_the_roster_are_put_on_a_job(business: CrewBusiness, member: str) -> None:
    kind, why = refused(lambda: business.change(1, crew=[{"role": "driver", "member": member}]))
    assert kind == CrewUnavailable
    assert why == f"'{member}' is not on the roster; choose someone who is"
    assert business.job(1).crew == ()


def test_no_one_gets_a_role_they_do_not_have(business: CrewBusiness) -> None:
    kind, why = refused(lambda: business.change(1, crew=[{"role": "driver", "member": "ben"}]))
    assert kind is CrewUnavailable
    assert why == "ben may not be driver, only first_mate; choose someone else"


def test_no_one_is_put_on_a_job_outside_their_hours(business: CrewBusiness) -> None:
    business.roster.set_day(
        "main", "maria", SUNDAY, Day(hours=(Hours(begin="07:00", end="10:30"),))
    )
    kind, why = refused(lambda: business.change(1, crew=[MARIA]))
    assert kind is CrewOff
    assert why == (
        "maria is not available as driver for the whole arrival window (2026-11-22: 07:00-10:30); "
        "choose someone else, or change their day"
    )
    business.change(1, schedule=window(0, 1.5))
    assert business.change(1, crew=[MARIA]).crew


def test_a_job_without_a_window_accepts_every_member_with_the_role(business: CrewBusiness) -> None:
    business.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    business.book(7, schedule=Schedule())
    business.book(8, schedule=Schedule())
    assert business.change(7, crew=[MARIA]).crew == business.change(8, crew=[MARIA]).crew


def test_a_window_that_is_moved_to_a_day_off_is_refused(business: CrewBusiness) -> None:
    business.change(1, crew=[MARIA])
    business.roster.set_day("main", "maria", SUNDAY + timedelta(1), DAY_OFF)
    assert refused(lambda: business.change(1, schedule=window(24)))[0] is CrewOff
    assert business.job(1).schedule == window()


def test_members_already_on_the_job_are_not_checked_again(business: CrewBusiness) -> None:
    """Off the roster since, maria stays: the dispatcher only wants someone beside her."""
    business.change(1, crew=[MARIA])
    business.crew.accounts.set_disabled("main", "maria", True)
    business.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    job = business.change(1, crew=[MARIA, {"role": "first_mate", "member": "ben"}])
    assert [each.member for each in job.crew] == ["maria", "ben"]


def test_an_unknown_truck_is_refused(business: CrewBusiness) -> None:
    assert business.change(1, truck="t1").truck == "t1"
    kind, why = refused(lambda: business.change(2, truck="t9"))
    assert kind == CrewUnavailable
    assert why == "there is no truck 't9'; choose one from the roster"


@pytest.mark.parametrize("hours", [0, -1, 24 * 8])
def test_an_impossible_window_is_refused_on_a_job_with_a_crew(
    business: CrewBusiness, hours: float
) -> None:
    business.book(9, schedule=window(0, hours))
    assert refused(lambda: business.change(9, crew=[MARIA]))[0] is CrewUnavailable


@pytest.mark.parametrize("year", [1, 9999])
def test_a_window_at_the_end_of_the_calendar_is_refused(business: CrewBusiness, year: int) -> None:
    ends = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    business.book(9, schedule=Schedule(window_start=ends[0], window_end=ends[1]))
    assert refused(lambda: business.change(9, crew=[MARIA]))[0] is CrewUnavailable


# -- on one job at a time


def test_no_one_is_on_two_jobs_at_one_time(business: CrewBusiness) -> None:
    business.change(1, crew=[MARIA])
    kind, why = refused(lambda: business.change(2, crew=[MARIA]))
    assert kind is CrewTaken
    assert why == (
        "maria is on job 261121-000001, and in no order would each job begin within its window; "
        "choose another, or change a window or a duration"
    )
    assert (
        refused(lambda: business.change(2, crew=[{**MARIA, "role": "first_mate"}]))[0] is CrewTaken
    )
    assert business.with_maria() == [1]


def test_a_truck_is_on_one_job_at_a_time(business: CrewBusiness) -> None:
    business.change(1, truck="t1")
    assert refused(lambda: business.change(2, truck="t1"))[1].startswith("truck t1 is on job")
    business.change(1, truck="")
    assert business.job(1).truck is None
    assert business.change(2, truck="t1").truck == "t1"


def test_consecutive_jobs_may_share_a_crew(business: CrewBusiness) -> None:
    business.book(4, schedule=window(2))
    business.change(1, crew=[MARIA])
    assert business.change(4, crew=[MARIA]).crew


def test_windows_past_midnight_overlap_on_both_days(business: CrewBusiness) -> None:
    business.book(5, schedule=window(12, 6), duration_minutes=13 * 60)
    business.book(6, schedule=window(16, 8), duration_minutes=13 * 60)
    business.change(5, crew=[MARIA])
    assert refused(lambda: business.change(6, crew=[MARIA]))[0] is CrewTaken


def test_a_window_moved_onto_another_job_is_refused(business: CrewBusiness) -> None:
    business.book(4, schedule=window(5))
    business.change(1, crew=[MARIA])
    business.change(4, crew=[MARIA])
    assert refused(lambda: business.change(4, schedule=window(1)))[0] is CrewTaken
    assert business.job(4).schedule == window(5)


def test_a_window_set_later_reserves_the_crew_then(business: CrewBusiness) -> None:
    business.book(4, schedule=Schedule())
    business.change(4, crew=[MARIA])
    business.change(1, crew=[MARIA])
    assert refused(lambda: business.change(4, schedule=window()))[0] is CrewTaken
    business.change(4, schedule=window(3))
    assert refused(lambda: business.change(1, schedule=window(3)))[0] is CrewTaken


def test_a_window_can_be_removed_even_if_the_member_has_left(business: CrewBusiness) -> None:
    business.change(1, crew=[MARIA])
    business.crew.accounts.set_disabled("main", "maria", True)
    job = business.change(1, schedule={"window_start": None, "window_end": None})
    assert job.schedule == Schedule()
    assert len(job.crew) == 1


@pytest.mark.parametrize("free", ["crew", "window", "end"])
def test_a_member_who_is_no_longer_needed_is_free_at_once(
    business: CrewBusiness, free: str
) -> None:
    business.change(1, crew=[MARIA])
    match free:
        case "crew":
            business.change(1, crew=[{"role": "driver", "member": "joe"}])
        case "window":
            business.change(1, schedule=window(4))
        case "end":
            business.move(1, "cancel")
    assert business.change(2, crew=[MARIA]).crew


def test_a_window_that_is_restored_is_reserved_again(business: CrewBusiness) -> None:
    business.change(1, crew=[MARIA])
    business.change(1, schedule=window(4))
    business.change(1, schedule=window(), note="as it was")
    assert refused(lambda: business.change(2, crew=[MARIA]))[0] is CrewTaken


def test_an_erased_job_reserves_no_one(business: CrewBusiness) -> None:
    business.change(1, crew=[MARIA])
    business.bucket.objects.pop("tenants/main/jobs/261121-000001.json")
    assert business.change(2, crew=[MARIA]).crew


def test_an_imported_job_reserves_its_crew_once(business: CrewBusiness) -> None:
    (maria,) = business.change(1, crew=[MARIA]).crew
    business.crew = a_crew_assignment(business.jobs, *STAFF)
    business.edit = EditJob(
        business.jobs,
        FakeViews(Bucket()),
        FakeBus(),
        business.crew,
        slots_on_fakes(business.jobs),
        no_pause,
    )
    for _ in range(3):
        business.crew.reserve_again(business.job(1), NOON)
    assert refused(lambda: business.change(2, crew=[MARIA]))[0] is CrewTaken
    business.book(4, crew=(maria,))
    assert refused(lambda: business.crew.reserve_again(business.job(4), NOON))[0] is CrewTaken
    reservations = business.crew.reservations
    assert isinstance(reservations, FakeReservations)
    assert [len(sheet.reservations) for sheet in reservations.sheets.values()] == [1]


def test_an_imported_job_that_has_ended_reserves_no_one(business: CrewBusiness) -> None:
    (maria,) = business.change(1, crew=[MARIA]).crew
    completed(business, 1)
    business.crew = a_crew_assignment(business.jobs, *STAFF)
    business.crew.reserve_again(business.job(1), NOON)
    business.book(4, crew=(maria,))
    business.crew.reserve_again(business.job(4).with_(schedule=Schedule()), NOON)
    reservations = business.crew.reservations
    assert isinstance(reservations, FakeReservations)
    assert [sheet for sheet in reservations.sheets.values() if sheet.reservations] == []


def test_a_first_name_is_the_first_word_of_the_name_or_the_account() -> None:
    assert first_name(a_member("maria").with_(name="Ana Lucía Cruz")) == "Ana"
    assert first_name(a_member("maria").with_(name=" ")) == "Maria"


def test_a_reopened_job_reserves_its_crew_again(business: CrewBusiness) -> None:
    business.change(1, crew=[MARIA])
    for move in ("confirm", "start", "complete", "reopen"):
        business.move(1, move)
    assert refused(lambda: business.change(2, crew=[MARIA]))[0] is CrewTaken


def completed(business: CrewBusiness, number: int) -> None:
    for move in ("confirm", "start", "complete"):
        business.move(number, move)


def test_a_reopened_job_reserves_its_crew_even_if_they_had_another_job(
    business: CrewBusiness,
) -> None:
    business.change(1, crew=[MARIA], truck="t1")
    completed(business, 1)
    business.change(2, crew=[MARIA], truck="t1")
    business.move(2, "cancel")
    business.move(1, "reopen")
    assert refused(lambda: business.change(3, crew=[MARIA]))[0] is CrewTaken
    assert refused(lambda: business.change(3, truck="t1"))[0] is CrewTaken


def test_a_member_put_on_an_ended_job_is_reserved_once_it_is_reopened(
    business: CrewBusiness,
) -> None:
    business.change(2, crew=[MARIA])
    completed(business, 1)
    assert business.change(1, crew=[MARIA]).crew
    business.move(2, "cancel")
    business.move(1, "reopen")
    assert refused(lambda: business.change(3, crew=[MARIA]))[0] is CrewTaken


def test_an_ended_job_accepts_its_crew_even_on_a_day_off(business: CrewBusiness) -> None:
    completed(business, 1)
    business.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    assert business.change(1, crew=[MARIA]).crew
    assert business.change(1, schedule=window(1)).schedule == window(1)


def test_reservations_do_not_pile_up(business: CrewBusiness) -> None:
    for number in range(8):
        business.change(1, crew=[MARIA], note=f"{number}")
        business.change(1, schedule=window(number / 4), note=f"{number}")
    reservations = business.crew.reservations
    assert isinstance(reservations, FakeReservations)
    assert max(len(sheet.reservations) for sheet in reservations.sheets.values()) <= 2


def test_reservations_of_a_job_that_ends_repeatedly_do_not_pile_up(business: CrewBusiness) -> None:
    business.change(1, crew=[MARIA])
    completed(business, 1)
    for number in range(8):
        business.change(1, crew=[], note=f"{number}")
        business.change(1, crew=[MARIA], note=f"{number}")
        business.move(1, "reopen")
        business.change(1, schedule=window(number / 4))
        business.move(1, "complete")
    reservations = business.crew.reservations
    assert isinstance(reservations, FakeReservations)
    assert max(len(sheet.reservations) for sheet in reservations.sheets.values()) <= 2


# -- as many jobs as fit


def test_jobs_with_one_window_share_a_crew_as_long_as_each_begins_within_it(
    business: CrewBusiness,
) -> None:
    for number in (4, 5, 6):
        business.book(number, duration_minutes=90)
    for number in (4, 5):
        assert business.change(number, crew=[MARIA]).crew
    kind, why = refused(lambda: business.change(6, crew=[MARIA]))
    assert kind is CrewTaken
    assert why.startswith("maria is on jobs 261121-000004 and 261121-000005, and in no order")


def test_a_job_that_takes_longer_than_its_crew_has_is_refused(business: CrewBusiness) -> None:
    business.book(4, duration_minutes=60)
    business.book(5, schedule=window(1), duration_minutes=90)
    for number in (4, 5):
        business.change(number, crew=[MARIA])
    assert refused(lambda: business.change(4, duration_minutes=240))[0] is CrewTaken
    assert business.change(4, duration_minutes=120).duration_minutes == 120


def test_a_chain_of_jobs_is_judged_over_midnight(business: CrewBusiness) -> None:
    """Each two of them fit. All three do not, although the first and the last share no day."""
    evening = window(13, 1)  # from 3 AM to 4 AM UTC on Monday; NINE is 2 PM UTC on Sunday
    for number, schedule in ((4, window(8, 0.5)), (5, window(9.5, 1)), (6, evening)):
        business.book(number, schedule=schedule, duration_minutes=150)
    business.book(7, schedule=window(11, 1), duration_minutes=150)
    for number in (4, 5, 6):
        assert business.change(number, crew=[MARIA]).crew
    assert refused(lambda: business.change(7, crew=[MARIA]))[0] is CrewTaken


# -- overrides


def test_a_dispatcher_overrides_what_does_not_fit_with_a_reason_on_the_record(
    business: CrewBusiness,
) -> None:
    business.change(1, crew=[MARIA])
    assert refused(lambda: business.change(2, crew=[MARIA]))[0] is CrewTaken
    assert business.change(2, crew=[MARIA], override=True, reason="Joe helps with it").crew
    (edit,) = business.job(2).edits
    assert edit.override
    assert edit.reason == "Joe helps with it"
    assert refused(lambda: business.change(3, crew=[MARIA]))[0] is CrewTaken


def test_a_dispatcher_overrides_hours_but_not_the_roster(business: CrewBusiness) -> None:
    business.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    over: Any = {"override": True, "reason": "she offered to come"}
    assert business.change(1, crew=[MARIA], **over).crew
    gone = [{"role": "driver", "member": "gone"}]
    assert refused(lambda: business.change(2, crew=gone, **over))[0] is CrewUnavailable


@pytest.mark.parametrize("actor", [CREW, CUSTOMER, PARTNER], ids=lambda actor: actor.kind)
def test_no_one_else_overrides(business: CrewBusiness, actor: Actor) -> None:
    wanted = business.request(1, crew=[MARIA], override=True, reason="we manage")
    request = wanted.model_copy(update={"actor": actor})
    kind, why = refused(lambda: business.edit(request, NOON))
    assert kind == EditRefused
    assert why == "only a dispatcher may override what does not fit; ask one"
    assert business.job(1).refused_edits[0].why == "override_not_allowed"


# -- lost calls


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_whatever_call_is_lost_exactly_one_job_gets_her(fault: Kind) -> None:
    """The first edit fails at each call in turn; then its copy and another job's edit arrive."""
    for number in range(7):
        business = CrewBusiness(FaultAtCall(number, fault))
        business.book(1)
        business.book(2)
        wanted = business.request(1, "first", crew=[MARIA])
        business.bucket.faults = business.faults
        with suppress(Unavailable, Crashed):
            business.edit(wanted, NOON)
        business.faults.over = True
        after = NOON + ABANDONED_AFTER
        assert business.edit(wanted, after).crew
        with pytest.raises(CrewTaken):
            business.change(2, after, crew=[MARIA])
        assert business.with_maria() == [1], business.faults.log


def crashed_between(business: CrewBusiness) -> None:
    """Maria is reserved for job 1, and the function crashes before it writes the job."""
    business.bucket.faults = Faults({"PutObject": ["before"] * 99})
    with pytest.raises(Unavailable):
        business.change(1, crew=[MARIA])
    business.bucket.faults = Faults()
    assert business.with_maria() == []


def test_a_reservation_in_progress_makes_others_wait(business: CrewBusiness) -> None:
    crashed_between(business)
    with pytest.raises(Unavailable):
        business.change(2, NOON + ABANDONED_AFTER - minutes(0.1), crew=[MARIA])


def test_a_crash_between_reservation_and_commit_heals_after_two_minutes(
    business: CrewBusiness,
) -> None:
    crashed_between(business)
    business.change(2, NOON + ABANDONED_AFTER, crew=[MARIA])
    assert refused(lambda: business.change(1, NOON + ABANDONED_AFTER, crew=[MARIA]))[0] is CrewTaken
    assert business.with_maria() == [2]


def test_a_crash_between_reservation_and_commit_heals_once_the_job_is_written(
    business: CrewBusiness,
) -> None:
    crashed_between(business)
    business.change(1, note="The gate is open")
    business.change(2, crew=[MARIA])
    assert business.with_maria() == [2]


def test_an_edit_that_lost_its_race_reserves_no_one(
    business: CrewBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had reserved maria for version 2 of job 1, but another edit became version 2."""
    late = business.request(1, crew=[MARIA]).model_copy(update={"expected_rev": 1})
    claiming = business.crew.reservations.write

    def overtaken(tenant: str, sheets: Any) -> None:
        claiming(tenant, sheets)
        current = business.jobs.read("main", late.job_id)
        business.jobs.replace(current.value.with_change(price_cents=1), current.etag)

    monkeypatch.setattr(business.crew.reservations, "write", overtaken)
    assert refused(lambda: business.edit(late, NOON))[0] is EditRefused
    monkeypatch.undo()
    business.change(2, crew=[MARIA])
    assert business.with_maria() == [2]


# -- races


def test_of_fifty_concurrent_edits_one_gets_her() -> None:
    business = CrewBusiness()
    for number in range(50):
        business.book(number)
    edits = [business.request(n, crew=[MARIA], truck="t1") for n in range(50)]
    assert raced(before_any_writes(business, 50), edits) == 49
    (winner,) = business.with_maria()
    assert [n for n in range(50) if business.job(n).truck] == [winner]


def test_of_fifty_concurrent_edits_she_gets_as_many_as_she_can_do_and_no_more() -> None:
    business = CrewBusiness()
    for number in range(50):
        business.book(number, schedule=window(number % 5, 2), duration_minutes=60 + number % 3 * 20)
    edits = [business.request(n, crew=[MARIA]) for n in range(50)]
    raced(before_any_writes(business, 50), edits)
    planned = {n: planned_job_of(business.job(n)) for n in range(50)}
    hers = business.with_maria()
    assert fit(planned[n] for n in hers)
    room = [n for n in planned if n not in hers and fit(planned[m] for m in (*hers, n))]
    assert room == []
    assert len(hers) > 1


def planned_job_of(job: Job) -> PlannedJob:
    span = window_of(job)
    assert span
    return PlannedJob(job.job_id, *span, minutes(job.duration_minutes))


def before_any_writes(business: CrewBusiness, edits: int) -> EditJob:
    """All those edits have read the same reservations."""
    reservations = business.crew.reservations
    assert isinstance(reservations, FakeReservations)
    reservations.read = read_at_once(reservations.read, edits)  # type: ignore[method-assign]  # the fake
    return business.edit


def raced(edit: EditJob, requests: list[JobEditRequested]) -> int:
    """How many were refused as taken; the others were made. An uncertain edit is repeated."""

    def attempt(request: JobEditRequested) -> bool:
        for _ in range(20):
            try:
                edit(request, NOON)
            except CrewTaken:
                return True
            except Unavailable:
                continue
            return False
        raise AssertionError("never certain")

    with ThreadPoolExecutor(len(requests)) as threads:
        return sum(threads.map(attempt, requests))


def test_concurrent_edits_of_one_job_leave_the_reservation_of_the_last() -> None:
    business = CrewBusiness()
    for number in (1, 2, 3):
        business.book(number)
    business.change(1, crew=[MARIA])
    moves = [
        business.request(1, f"move-{n}", schedule=window(n % 4, 1).model_dump(exclude_none=True))
        for n in range(16)
    ]
    assert raced(business.edit, moves) == 0
    now_at = business.job(1).schedule
    business.change(2, schedule=now_at.model_dump(exclude_none=True))
    assert refused(lambda: business.change(2, crew=[MARIA]))[0] is CrewTaken
    business.change(3, schedule=window(8))
    assert business.change(3, crew=[MARIA]).crew


def test_the_crew_check_is_part_of_the_edit(business: CrewBusiness) -> None:
    assert isinstance(business.edit.crew, AssignCrew)
    with pytest.raises(CrewUnavailable):
        business.change(1, crew=[{"role": "supervisor", "member": "maria"}])
    assert business.job(1).rev == 1
    assert business.job(1).crew == ()
