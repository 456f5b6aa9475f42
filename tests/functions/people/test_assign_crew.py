"""No one is put on two jobs at one time, nor where they are not, whatever is lost on the way."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from events import JobEditRequested
from functions.edit_job import EditJob
from functions.people.assign_crew import AssignCrew
from functions.protocol.ports import Unavailable
from statemachine.business import BusinessSettings
from statemachine.edits import CrewTaken, CrewUnavailable, EditRefused
from statemachine.flows import load_flow
from statemachine.job import Job, Schedule
from statemachine.lifecycle import Committed, judge
from statemachine.reservations import ABANDONED_AFTER
from statemachine.roster import DAY_OFF, Day, Hours
from tests.support.builders import NOON, a_job, a_request, an_edit, minutes
from tests.support.fakes import Bucket, FakeBus, FakeJobs, FakeTenants, FakeViews, no_pause
from tests.support.faults import Crashed, EveryCall, Faults, Kind
from tests.support.roster_fakes import FakeClaims, FakeRoster, a_crew_office, a_member

NINE = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
"""In the morning, in New York."""
SUNDAY = date(2026, 11, 22)
MARIA = {"role": "driver", "member": "maria"}
STAFF = (
    a_member("maria", "driver", "first_mate", name="Maria Ortega Ruiz"),
    a_member("joe", "driver"),
    a_member("ben", "first_mate"),
    a_member("gone", "driver", disabled=True),
)


def window(begin: float = 0, hours: float = 2) -> Schedule:
    """Hours after nine."""
    start = NINE + timedelta(hours=begin)
    return Schedule(window_start=start, window_end=start + timedelta(hours=hours))


class Board:
    """Jobs without a crew, numbered from 1, and the desk that edits them."""

    def __init__(self, faults: Faults | None = None, **office: Any) -> None:
        self.bucket = Bucket()
        self.numbers = itertools.count(1)
        self.faults = faults or Faults()
        self.jobs = FakeJobs(self.bucket)
        tenants = FakeTenants(Bucket(), BusinessSettings(tenant="main", name="Haulway"))
        self.crew = a_crew_office(self.jobs, *STAFF, tenants=tenants, faults=self.faults, **office)
        self.edit = EditJob(self.jobs, FakeViews(Bucket()), FakeBus(), self.crew, no_pause)

    @property
    def roster(self) -> FakeRoster:
        assert isinstance(self.crew.roster, FakeRoster)
        return self.crew.roster

    def book(self, number: int, **values: Any) -> Job:
        values = {"schedule": window(), "crew": (), "token": f"{number:022}", **values}
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
        request = a_request(job, name, event_id=f"{name}-{job.rev}", reason="so it is")
        verdict = judge(job, request, load_flow(job.flow), NOON)
        assert isinstance(verdict, Committed)
        self.jobs.replace(verdict.job, self.jobs.read("main", job.job_id).etag)

    def with_maria(self) -> list[int]:
        open_jobs = [self.job(int(job_id[7:])) for job_id in self.jobs.all_ids("main")]
        on = [job for job in open_jobs if any(each.member == "maria" for each in job.crew)]
        return [int(job.job_id[7:]) for job in on]


@pytest.fixture
def board() -> Board:
    board = Board()
    for number in (1, 2, 3):
        board.book(number)
    return board


def refused(attempt: Callable[[], object]) -> tuple[type[EditRefused], str]:
    with pytest.raises(EditRefused) as raised:
        attempt()
    return type(raised.value), str(raised.value)


# -- who may come


def test_the_roster_says_what_someone_is_called(board: Board) -> None:
    job = board.change(1, crew=[{**MARIA, "first_name": "Mallory"}])
    assert [(each.member, each.first_name) for each in job.crew] == [("maria", "Maria")]


@pytest.mark.parametrize("member", ["no one", "gone"])
def test_who_is_not_on_the_roster_is_not_put_on_a_job(board: Board, member: str) -> None:
    kind, why = refused(lambda: board.change(1, crew=[{"role": "driver", "member": member}]))
    assert (kind, why) == (
        CrewUnavailable,
        f"'{member}' is not on the roster; choose someone who is",
    )
    assert board.job(1).crew == ()


def test_no_one_takes_a_role_they_do_not_have(board: Board) -> None:
    kind, why = refused(lambda: board.change(1, crew=[{"role": "driver", "member": "ben"}]))
    assert kind is CrewUnavailable
    assert why == "ben may not be driver, only first_mate; choose someone else"


def test_no_one_is_put_on_a_job_outside_their_hours(board: Board) -> None:
    board.roster.set_day("main", "maria", SUNDAY, Day(hours=(Hours(begin="07:00", end="10:30"),)))
    kind, why = refused(lambda: board.change(1, crew=[MARIA]))
    assert kind is CrewUnavailable
    assert why == (
        "maria is not there as driver for the whole arrival window (2026-11-22: 07:00-10:30); "
        "choose someone else, or change their day"
    )
    board.change(1, schedule=window(0, 1.5))
    assert board.change(1, crew=[MARIA]).crew


def test_a_job_without_a_window_takes_whoever_has_the_role(board: Board) -> None:
    board.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    board.book(7, schedule=Schedule())
    board.book(8, schedule=Schedule())
    assert board.change(7, crew=[MARIA]).crew == board.change(8, crew=[MARIA]).crew


def test_a_window_that_is_moved_to_a_day_off_is_refused(board: Board) -> None:
    board.change(1, crew=[MARIA])
    board.roster.set_day("main", "maria", SUNDAY + timedelta(1), DAY_OFF)
    assert refused(lambda: board.change(1, schedule=window(24)))[0] is CrewUnavailable
    assert board.job(1).schedule == window()


def test_who_is_on_the_job_already_is_not_asked_again(board: Board) -> None:
    """Off the roster since, maria stays: the dispatcher only wants someone beside her."""
    board.change(1, crew=[MARIA])
    board.crew.accounts.set_disabled("main", "maria", True)
    board.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    job = board.change(1, crew=[MARIA, {"role": "first_mate", "member": "ben"}])
    assert [each.member for each in job.crew] == ["maria", "ben"]


def test_a_truck_that_the_business_has_not_is_refused(board: Board) -> None:
    assert board.change(1, truck="t1").truck == "t1"
    kind, why = refused(lambda: board.change(2, truck="t9"))
    assert (kind, why) == (
        CrewUnavailable,
        "there is no truck 't9'; choose one of the roster's",
    )


@pytest.mark.parametrize("hours", [0, -1, 24 * 8])
def test_a_window_that_no_one_can_keep_is_refused_on_a_job_with_a_crew(
    board: Board, hours: float
) -> None:
    board.book(9, schedule=window(0, hours))
    assert refused(lambda: board.change(9, crew=[MARIA]))[0] is CrewUnavailable


@pytest.mark.parametrize("year", [1, 9999])
def test_a_window_at_the_end_of_the_calendar_is_refused_and_breaks_nothing(
    board: Board, year: int
) -> None:
    ends = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    board.book(9, schedule=Schedule(window_start=ends[0], window_end=ends[1]))
    assert refused(lambda: board.change(9, crew=[MARIA]))[0] is CrewUnavailable


# -- on one job at a time


def test_no_one_is_on_two_jobs_at_one_time(board: Board) -> None:
    board.change(1, crew=[MARIA])
    kind, why = refused(lambda: board.change(2, crew=[MARIA]))
    assert kind is CrewTaken
    assert why == (
        "maria is on job 261121-000001 at that time; choose another, or change one of the two"
    )
    assert refused(lambda: board.change(2, crew=[{**MARIA, "role": "first_mate"}]))[0] is CrewTaken
    assert board.with_maria() == [1]


def test_a_truck_is_on_one_job_at_a_time(board: Board) -> None:
    board.change(1, truck="t1")
    assert refused(lambda: board.change(2, truck="t1"))[1].startswith("truck t1 is on job")
    board.change(1, truck="")
    assert (board.job(1).truck, board.change(2, truck="t1").truck) == (None, "t1")


def test_jobs_that_follow_each_other_share_a_crew(board: Board) -> None:
    board.book(4, schedule=window(2))
    board.change(1, crew=[MARIA])
    assert board.change(4, crew=[MARIA]).crew


def test_windows_over_midnight_meet_on_both_days(board: Board) -> None:
    board.book(5, schedule=window(12, 6))
    board.book(6, schedule=window(16, 8))
    board.change(5, crew=[MARIA])
    assert refused(lambda: board.change(6, crew=[MARIA]))[0] is CrewTaken


def test_a_window_that_is_moved_onto_another_job_is_refused(board: Board) -> None:
    board.book(4, schedule=window(5))
    board.change(1, crew=[MARIA])
    board.change(4, crew=[MARIA])
    assert refused(lambda: board.change(4, schedule=window(1)))[0] is CrewTaken
    assert board.job(4).schedule == window(5)


def test_a_window_that_is_set_later_claims_then(board: Board) -> None:
    board.book(4, schedule=Schedule())
    board.change(4, crew=[MARIA])
    board.change(1, crew=[MARIA])
    assert refused(lambda: board.change(4, schedule=window()))[0] is CrewTaken
    board.change(4, schedule=window(3))
    assert refused(lambda: board.change(1, schedule=window(3)))[0] is CrewTaken


def test_a_window_is_taken_away_also_from_who_has_left(board: Board) -> None:
    board.change(1, crew=[MARIA])
    board.crew.accounts.set_disabled("main", "maria", True)
    job = board.change(1, schedule={"window_start": None, "window_end": None})
    assert (job.schedule, len(job.crew)) == (Schedule(), 1)


@pytest.mark.parametrize("free", ["crew", "window", "end"])
def test_who_is_no_longer_needed_is_free_at_once(board: Board, free: str) -> None:
    board.change(1, crew=[MARIA])
    match free:
        case "crew":
            board.change(1, crew=[{"role": "driver", "member": "joe"}])
        case "window":
            board.change(1, schedule=window(4))
        case "end":
            board.move(1, "cancel")
    assert board.change(2, crew=[MARIA]).crew


def test_a_window_that_comes_back_is_claimed_again(board: Board) -> None:
    board.change(1, crew=[MARIA])
    board.change(1, schedule=window(4))
    board.change(1, schedule=window(), note="as it was")
    assert refused(lambda: board.change(2, crew=[MARIA]))[0] is CrewTaken


def test_a_job_that_was_erased_holds_no_one(board: Board) -> None:
    board.change(1, crew=[MARIA])
    board.bucket.objects.pop("tenants/main/jobs/261121-000001.json")
    assert board.change(2, crew=[MARIA]).crew


def test_a_job_that_came_from_elsewhere_is_claimed_for_once_and_for_all(board: Board) -> None:
    (maria,) = board.change(1, crew=[MARIA]).crew
    board.crew = a_crew_office(board.jobs, *STAFF)
    board.edit = EditJob(board.jobs, FakeViews(Bucket()), FakeBus(), board.crew, no_pause)
    for _ in range(3):
        board.crew.reserve_again(board.job(1), NOON)
    assert refused(lambda: board.change(2, crew=[MARIA]))[0] is CrewTaken
    board.book(4, crew=(maria,))
    assert refused(lambda: board.crew.reserve_again(board.job(4), NOON))[0] is CrewTaken
    claims = board.crew.claims
    assert isinstance(claims, FakeClaims)
    assert [len(sheet.claims) for sheet in claims.sheets.values()] == [1]


def test_a_job_that_is_brought_back_holds_its_crew_again(board: Board) -> None:
    board.change(1, crew=[MARIA])
    for move in ("confirm", "start", "complete", "reopen"):
        board.move(1, move)
    assert refused(lambda: board.change(2, crew=[MARIA]))[0] is CrewTaken


def completed(board: Board, number: int) -> None:
    for move in ("confirm", "start", "complete"):
        board.move(number, move)


def test_a_job_that_ended_by_mistake_holds_its_crew_also_if_they_were_elsewhere_meanwhile(
    board: Board,
) -> None:
    board.change(1, crew=[MARIA], truck="t1")
    completed(board, 1)
    board.change(2, crew=[MARIA], truck="t1")
    board.move(2, "cancel")
    board.move(1, "reopen")
    assert refused(lambda: board.change(3, crew=[MARIA]))[0] is CrewTaken
    assert refused(lambda: board.change(3, truck="t1"))[0] is CrewTaken


def test_who_is_put_on_an_ended_job_is_held_by_it_once_it_is_brought_back(board: Board) -> None:
    board.change(2, crew=[MARIA])
    completed(board, 1)
    assert board.change(1, crew=[MARIA]).crew
    board.move(2, "cancel")
    board.move(1, "reopen")
    assert refused(lambda: board.change(3, crew=[MARIA]))[0] is CrewTaken


def test_an_ended_job_takes_whoever_was_on_it_also_on_a_day_off(board: Board) -> None:
    completed(board, 1)
    board.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    assert board.change(1, crew=[MARIA]).crew
    assert board.change(1, schedule=window(1)).schedule == window(1)


def test_claims_do_not_pile_up(board: Board) -> None:
    for number in range(8):
        board.change(1, crew=[MARIA], note=f"{number}")
        board.change(1, schedule=window(number / 4), note=f"{number}")
    claims = board.crew.claims
    assert isinstance(claims, FakeClaims)
    assert max(len(sheet.claims) for sheet in claims.sheets.values()) <= 2


def test_the_claims_of_a_job_that_ends_again_and_again_do_not_pile_up(board: Board) -> None:
    board.change(1, crew=[MARIA])
    completed(board, 1)
    for number in range(8):
        board.change(1, crew=[], note=f"{number}")
        board.change(1, crew=[MARIA], note=f"{number}")
        board.move(1, "reopen")
        board.change(1, schedule=window(number / 4))
        board.move(1, "complete")
    claims = board.crew.claims
    assert isinstance(claims, FakeClaims)
    assert max(len(sheet.claims) for sheet in claims.sheets.values()) <= 2


# -- whatever is lost


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_whatever_is_lost_on_the_way_one_of_two_gets_her(fault: Kind) -> None:
    """The first edit is struck at every call in turn; its copy comes, and another job's edit."""
    for number in range(7):
        board = Board(EveryCall(number, fault))
        board.book(1)
        board.book(2)
        wanted = board.request(1, "first", crew=[MARIA])
        board.bucket.faults = board.faults
        with suppress(Unavailable, Crashed):
            board.edit(wanted, NOON)
        board.faults.over = True
        after = NOON + ABANDONED_AFTER
        assert board.edit(wanted, after).crew
        with pytest.raises(CrewTaken):
            board.change(2, after, crew=[MARIA])
        assert board.with_maria() == [1], board.faults.log


def crashed_between(board: Board) -> None:
    """Maria is claimed for job 1, and the function dies before it writes the job."""
    board.bucket.faults = Faults({"PutObject": ["before"] * 99})
    with pytest.raises(Unavailable):
        board.change(1, crew=[MARIA])
    board.bucket.faults = Faults()
    assert board.with_maria() == []


def test_a_claim_on_its_way_makes_others_wait(board: Board) -> None:
    crashed_between(board)
    with pytest.raises(Unavailable):
        board.change(2, NOON + ABANDONED_AFTER - minutes(0.1), crew=[MARIA])


def test_a_crash_between_claim_and_commit_heals_after_two_minutes(board: Board) -> None:
    crashed_between(board)
    board.change(2, NOON + ABANDONED_AFTER, crew=[MARIA])
    assert refused(lambda: board.change(1, NOON + ABANDONED_AFTER, crew=[MARIA]))[0] is CrewTaken
    assert board.with_maria() == [2]


def test_a_crash_between_claim_and_commit_heals_once_its_job_is_written(board: Board) -> None:
    crashed_between(board)
    board.change(1, note="The gate is open")
    board.change(2, crew=[MARIA])
    assert board.with_maria() == [2]


def test_an_edit_that_lost_its_race_holds_no_one(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had claimed maria for rev 2 of job 1, but another edit became rev 2."""
    late = board.request(1, crew=[MARIA]).model_copy(update={"expected_rev": 1})
    claiming = board.crew.claims.write

    def overtaken(tenant: str, sheets: Any) -> None:
        claiming(tenant, sheets)
        current = board.jobs.read("main", late.job_id)
        board.jobs.replace(current.value.seen(price_cents=1), current.etag)

    monkeypatch.setattr(board.crew.claims, "write", overtaken)
    assert refused(lambda: board.edit(late, NOON))[0] is EditRefused
    monkeypatch.undo()
    board.change(2, crew=[MARIA])
    assert board.with_maria() == [2]


# -- whoever races


def test_of_fifty_edits_at_once_one_gets_her() -> None:
    board = Board()
    for number in range(50):
        board.book(number)
    assert raced(board.edit, [board.request(n, crew=[MARIA], truck="t1") for n in range(50)]) == 49
    (winner,) = board.with_maria()
    assert [n for n in range(50) if board.job(n).truck] == [winner]


def raced(edit: EditJob, requests: list[JobEditRequested]) -> int:
    """How many were refused as taken; the rest was done. Losers come again until it is certain."""

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


def test_edits_of_one_job_at_once_leave_a_claim_for_what_it_says_at_last() -> None:
    board = Board()
    for number in (1, 2, 3):
        board.book(number)
    board.change(1, crew=[MARIA])
    moves = [
        board.request(1, f"move-{n}", schedule=window(n % 4, 1).model_dump(exclude_none=True))
        for n in range(16)
    ]
    assert raced(board.edit, moves) == 0
    now_at = board.job(1).schedule
    board.change(2, schedule=now_at.model_dump(exclude_none=True))
    assert refused(lambda: board.change(2, crew=[MARIA]))[0] is CrewTaken
    board.change(3, schedule=window(8))
    assert board.change(3, crew=[MARIA]).crew


def test_the_office_is_part_of_the_edit_not_beside_it(board: Board) -> None:
    assert isinstance(board.edit.crew, AssignCrew)
    with pytest.raises(CrewUnavailable):
        board.change(1, crew=[{"role": "supervisor", "member": "maria"}])
    assert (board.job(1).visible_rev, board.job(1).crew) == (1, ())
