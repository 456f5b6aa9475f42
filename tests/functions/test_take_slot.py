"""A slot is taken in the act that books and given back when it is not needed, whatever is lost.

The sheets are run on the fake and on DynamoDB. The simulation at the end books, cancels, moves, and
reopens jobs at the same time under faults and deaths; then the sheets are equal to the jobs.
"""

import itertools
import json
import random
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.aws.slots import DynamoSlots
from functions.jobs.advance import AdvanceJob
from functions.jobs.create import CreateJob
from functions.jobs.edit import EditJob
from functions.jobs.take_slot import SlotSheets
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from functions.repair.repair_slots import RepairSlots
from functions.views.board import PublishBoard
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job, Schedule
from statemachine.rules.edits import EditRefused, SlotFull
from statemachine.schedule.reservations import ABANDONED_AFTER
from statemachine.schedule.roster import Span
from statemachine.schedule.slots import SlotSheet, TakenSlot, slot_of, taken_slot
from tests.support.at_once import read_at_once
from tests.support.builders import (
    CUSTOMER,
    DISPATCHER,
    NOON,
    PARTNER,
    a_booking,
    a_job,
    a_request,
    an_edit,
    minutes,
)
from tests.support.fakes import (
    Bucket,
    FakeBoards,
    FakeBus,
    FakeExecutions,
    FakeJobs,
    FakeLog,
    FakeTenants,
    FakeViews,
    job_key,
    no_pause,
)
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind, SeededFaults
from tests.support.index_fakes import an_index
from tests.support.moto_server import Moto
from tests.support.roster_fakes import a_crew_assignment
from tests.support.slot_fakes import FakeSlots, slots_on_fakes

MONDAY = date(2026, 11, 23)
MORNING = (datetime(2026, 11, 23, 13, tzinfo=UTC), datetime(2026, 11, 23, 17, tzinfo=UTC))
AFTERNOON = (MORNING[1], MORNING[1] + timedelta(hours=4))
EVENING = (AFTERNOON[1], AFTERNOON[1] + timedelta(hours=3))
TUESDAY = tuple(moment + timedelta(days=1) for moment in MORNING)
LATER = NOON + ABANDONED_AFTER


def schedule(window: tuple[datetime, ...]) -> Schedule:
    return Schedule(window_start=window[0], window_end=window[1])


class Office:
    """A business with `places` slots in each window, and everything that takes or frees one."""

    def __init__(self, places: int = 1, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket()
        self.log = FakeLog()
        self.jobs, self.sheets = FakeJobs(self.bucket), FakeSlots(self.faults)
        starts = ("08:00", "12:00", "16:00")
        open_daily = {day: dict.fromkeys(starts, places) for day in ("mon", "tue")}
        business = BusinessSettings(tenant="main", name="Haulway", slots_by_weekday=open_daily)
        tenants = self.tenants = FakeTenants(Bucket(), business)
        self.slots = slots_on_fakes(self.jobs, tenants, self.sheets)
        views, bus, runs = FakeViews(self.bucket), FakeBus(), FakeExecutions()
        tokens = (f"{number:022}" for number in itertools.count(1))
        self.create = CreateJob(
            self.jobs, views, runs, tenants, self.slots, lambda: next(tokens), no_pause
        )
        self.advance = AdvanceJob(self.jobs, runs, bus, self.slots, self.log, no_pause)
        crew = a_crew_assignment(self.jobs, tenants=tenants)
        self.edit = EditJob(self.jobs, views, bus, crew, self.slots, no_pause)

    def book(
        self,
        number: int,
        window: tuple[datetime, ...] = MORNING,
        now: datetime = NOON,
        **values: Any,
    ) -> str:
        request = a_booking(event_id=f"booking-{number}", schedule=schedule(window), **values)
        return self.create(request, now).job_id

    def job(self, job_id: str) -> Job:
        return self.jobs.read("main", job_id).value

    def spoil(self, job_id: str, unknown: dict[str, str]) -> None:
        key = job_key("main", job_id)
        document = json.loads(self.bucket.objects[key]) | unknown
        self.bucket.objects[key] = json.dumps(document).encode()

    def move(self, job_id: str, move: str, now: datetime = NOON) -> None:
        job = self.job(job_id)
        self.advance(a_request(job, move, event_id=f"{move}-{job.rev}", reason="said so"), now)

    def reschedule(
        self,
        job_id: str,
        window: tuple[datetime, ...],
        now: datetime = NOON,
        event_id: str = "edit-1",
        **values: Any,
    ) -> Job:
        wanted = {"window_start": window[0], "window_end": window[1]}
        edit = an_edit(self.job(job_id), schedule=wanted, **values)
        return self.edit(edit.model_copy(update={"event_id": event_id}), now)

    def settings(self, **values: Any) -> None:
        FakeTenants(self.tenants.bucket, self.tenants.read("main").with_(**values))

    def taken(self) -> set[tuple[str, Span]]:
        return {
            (slot.job_id, slot.span)
            for sheet in self.sheets.sheets.values()
            for slot in sheet.taken
        }

    def fold(self) -> set[tuple[str, Span]]:
        """What the jobs themselves say."""
        jobs = (self.job(job_id) for job_id in self.jobs.all_ids("main"))
        needed = ((job.job_id, slot_of(job, load_flow(job.flow))) for job in jobs)
        return {(job_id, span) for job_id, span in needed if span}

    def repair(self, now: datetime) -> list[str]:
        publish = PublishBoard(self.jobs, FakeBoards(self.bucket), an_index(), no_pause)
        board = publish.rebuild("main", now)
        return RepairSlots(self.slots)("main", board, now)


# -- booking


def test_the_last_slot_is_booked_once_and_others_are_told() -> None:
    office = Office(places=2)
    ids = [office.book(number) for number in (1, 2)]
    with pytest.raises(SlotFull):
        office.book(3)
    assert sorted(office.jobs.all_ids("main")) == sorted(ids)
    assert office.taken() == office.fold() == {(job_id, MORNING) for job_id in ids}
    office.book(4, AFTERNOON)


def test_a_copy_of_a_booking_takes_nothing_more() -> None:
    office = Office()
    assert office.book(1) == office.book(1)
    assert len(office.taken()) == 1


def test_only_a_dispatcher_may_overbook_and_it_is_on_the_record() -> None:
    office = Office()
    office.book(1)
    for actor in (CUSTOMER, PARTNER):
        with pytest.raises(SlotFull):
            office.book(2, actor=actor, overbook=True)
    assert office.job(office.book(2, actor=DISPATCHER, overbook=True)).overbooked
    with pytest.raises(SlotFull):
        office.book(3, actor=DISPATCHER)


def test_a_window_that_is_not_offered_is_never_full() -> None:
    office = Office()
    night = (MORNING[0] - timedelta(hours=4), MORNING[0] - timedelta(hours=2))
    for number in range(3):
        office.book(number, night, actor=DISPATCHER)
    assert office.taken() == office.fold()


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_whatever_call_is_lost_a_booking_takes_one_slot(fault: Kind) -> None:
    for number in range(4):
        office = Office(faults=FaultAtCall(number, fault))
        try:
            office.book(1)
        except (Unavailable, Crashed):
            office.book(1)
        assert office.taken() == office.fold()
        assert len(office.taken()) == 1


def test_a_booking_that_died_holds_its_slot_for_two_minutes() -> None:
    office = Office()
    office.slots.take(a_job(schedule=schedule(MORNING)), NOON)  # and then its function died
    with pytest.raises(SlotFull):
        office.book(1, now=LATER - minutes(0.1))
    office.book(2, now=LATER)
    assert office.taken() == office.fold()


# -- giving back


def test_a_cancelled_job_gives_back_its_slot_and_a_reopened_one_has_it_again() -> None:
    office = Office()
    first = office.book(1)
    office.move(first, "cancel")
    assert office.taken() == set()
    office.book(2)
    assert office.taken() == office.fold()


def test_a_reschedule_takes_the_new_slot_before_it_gives_back_the_old_one() -> None:
    office = Office(faults=Faults({"PutItem": [None, None, "crash"]}))
    job_id = office.book(1)
    with pytest.raises(Crashed):
        office.reschedule(job_id, TUESDAY)  # crashes after it has given the old one back
    assert office.taken() == office.fold() == {(job_id, TUESDAY)}
    edit = office.job(job_id).edits[-1]
    assert edit.window is not None
    assert edit.window.from_start == MORNING[0]
    assert edit.window.to_start == TUESDAY[0]


def test_a_reschedule_to_a_full_window_is_refused_and_keeps_the_slot() -> None:
    office = Office()
    mine, other = office.book(1), office.book(2, AFTERNOON)
    with pytest.raises(SlotFull):
        office.reschedule(mine, AFTERNOON, event_id="partner-1")
    assert office.taken() == office.fold() == {(mine, MORNING), (other, AFTERNOON)}
    assert office.job(mine).refused_edits[-1].why == "slot_full"
    assert office.reschedule(
        mine, AFTERNOON, event_id="again", override=True, reason="They insisted"
    ).overbooked


@pytest.mark.parametrize("error", [Unavailable("throttled"), Corrupt("not a sheet")])
def test_a_move_is_made_even_if_its_slot_cannot_be_given_back(error: Exception) -> None:
    office = Office()
    job_id = office.book(1)

    class Unreadable(FakeSlots):
        def read(self, tenant: str, day: date) -> SlotSheet:
            raise error

    advance = replace(office.advance, slots=replace(office.slots, sheets=Unreadable()))
    verdict = advance(a_request(office.job(job_id), "cancel", reason="said so"), NOON)
    assert verdict.job.status == "cancelled"
    assert verdict.job == office.job(job_id)
    assert [line for line, _ in office.log.lines] == ["slots not updated"]
    assert office.taken() != set()
    office.repair(LATER)
    assert office.taken() == set()


def test_slots_of_jobs_that_are_gone_are_found_when_they_are_needed() -> None:
    office = Office()
    first = office.book(1)
    office.advance(a_request(office.job(first), "cancel", reason="no"), NOON)
    sheet = office.sheets.sheets["main", MONDAY.isoformat()]
    lost = sheet.with_slot(taken_slot(a_job(job_id=first), MORNING, NOON))
    office.sheets.write("main", lost)  # as if giving back had been lost
    with pytest.raises(SlotFull):
        office.book(2)
    office.book(2, now=LATER)
    assert office.taken() == office.fold()


UNKNOWN = [{"flow": "piano"}, {"status": "loading"}]
"""What a job has after a release that had it was rolled back."""


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_slot_of_a_job_that_no_one_can_judge_is_kept_and_refuses_only_what_is_too_much(
    unknown: dict[str, str],
) -> None:
    office = Office()
    office.spoil(office.book(1), unknown)
    with pytest.raises(SlotFull):
        office.book(2, now=LATER)
    assert office.book(3, AFTERNOON, now=LATER)


# -- the watchdog


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_the_watchdog_repairs_slots_beside_a_job_that_no_one_can_judge(
    unknown: dict[str, str],
) -> None:
    office = Office(places=3)
    poisoned, sound = office.book(1), office.book(2)
    before = office.sheets.read("main", MONDAY)
    moved = taken_slot(office.job(poisoned), AFTERNOON, NOON)  # the sound job's slot is lost
    office.sheets.write("main", before.with_(version=before.version + 1, taken=(moved,)))
    office.spoil(poisoned, unknown)
    assert office.repair(LATER) == [sound]


def test_the_watchdog_makes_the_sheets_agree_with_the_jobs() -> None:
    office = Office(places=3)
    lost, kept, stale = (office.book(number) for number in (1, 2, 3))
    stored = office.sheets.read("main", MONDAY)
    office.move(stale, "cancel")
    broken = office.sheets.read("main", MONDAY)
    ghost = taken_slot(a_job(), AFTERNOON, NOON)
    mine = [slot for slot in stored.taken if slot.job_id != lost]
    office.sheets.write("main", broken.with_(version=broken.version + 1, taken=(*mine, ghost)))
    assert office.repair(LATER) == sorted([lost, stale, ghost.job_id])
    assert office.taken() == office.fold() == {(lost, MORNING), (kept, MORNING)}
    assert office.repair(LATER) == []


class Drift:
    """An office with one place and one booked job, whose sheet can be made wrong in every way."""

    def __init__(self) -> None:
        self.office = Office()
        self.job_id = self.office.book(1)

    @property
    def sheet(self) -> SlotSheet:
        return self.office.sheets.read("main", MONDAY)

    def becomes(self, *taken: TakenSlot) -> None:
        changed = self.sheet.with_(version=self.sheet.version + 1, taken=taken)
        self.office.sheets.write("main", changed)

    def not_told(self, move: str) -> None:
        """The job is moved, and its slot is not given back."""
        before = self.sheet.taken
        self.office.move(self.job_id, move)
        self.becomes(*before)

    def too_low(self) -> None:
        self.becomes()

    def missing(self) -> None:
        self.office.sheets.sheets.clear()

    def too_high(self) -> None:
        self.becomes(*self.sheet.taken, taken_slot(a_job(), MORNING, NOON))

    def of_another_window(self) -> None:
        self.becomes(taken_slot(self.office.job(self.job_id), EVENING, NOON))

    def twice(self) -> None:
        self.becomes(*self.sheet.taken, taken_slot(self.office.job(self.job_id), EVENING, NOON))

    def on_another_day(self) -> None:
        mine = self.sheet.taken
        self.becomes()
        self.office.sheets.write("main", SlotSheet(day="2026-11-24", version=1, taken=mine))

    def from_the_future(self) -> None:
        ghost = taken_slot(a_job(), EVENING, NOON + timedelta(days=9))
        self.becomes(*self.sheet.taken, ghost)

    def cancelled(self) -> None:
        self.not_told("cancel")

    def on_hold(self) -> None:
        self.not_told("hold")

    def failed(self) -> None:
        self.office.move(self.job_id, "confirm")
        self.office.move(self.job_id, "start")
        self.not_told("no_access")

    def brought_back(self) -> None:
        self.office.move(self.job_id, "cancel")
        self.office.move(self.job_id, "bring_back")
        self.becomes()


@pytest.mark.parametrize(
    "kind",
    [
        Drift.too_low, Drift.missing, Drift.too_high, Drift.of_another_window, Drift.twice,
        Drift.on_another_day, Drift.from_the_future, Drift.cancelled, Drift.on_hold, Drift.failed,
        Drift.brought_back,
    ],
)  # fmt: skip
def test_the_watchdog_repairs_drift_of_every_kind(kind: Callable[[Drift], None]) -> None:
    drift = Drift()
    kind(drift)
    drift.office.repair(LATER)
    assert drift.office.taken() == drift.office.fold()
    assert {(slot.job_id, slot.span) for slot in drift.sheet.taken} == drift.office.fold()
    assert drift.office.repair(LATER) == []


def test_slots_follow_the_business_into_another_time_zone() -> None:
    """What is Monday evening in New York is Tuesday in Auckland."""
    office = Office()
    job_id = office.book(1, EVENING)
    office.settings(time_zone="Pacific/Auckland")
    office.repair(LATER)
    assert office.sheets.read("main", MONDAY).taken == ()
    tuesday = office.sheets.read("main", MONDAY + timedelta(days=1))
    assert [slot.job_id for slot in tuesday.taken] == [job_id]
    assert office.repair(LATER) == []


def test_a_day_that_was_closed_keeps_its_jobs_and_their_slots() -> None:
    office = Office()
    office.book(1)
    office.settings(closed_dates=(MONDAY,))
    assert office.repair(LATER) == []
    assert office.taken() == office.fold()
    office.settings(closed_dates=())
    with pytest.raises(SlotFull):
        office.book(2, now=LATER)


def test_fewer_places_take_no_slot_from_a_job() -> None:
    office = Office(places=3)
    for number in range(3):
        office.book(number)
    office.settings(slots_on={MONDAY: {"08:00": 1}})
    assert office.repair(LATER) == []
    assert len(office.taken()) == 3
    with pytest.raises(SlotFull):
        office.book(4, now=LATER)
    office.settings(slots_on={MONDAY: {"08:00": 4}})
    office.book(5, now=LATER)


def test_the_slot_of_a_job_counts_whatever_version_it_names() -> None:
    office = Office()
    job_id = office.book(1)
    mine = taken_slot(office.job(job_id), MORNING, NOON).with_(version=9)
    office.sheets.write("main", SlotSheet(day="2026-11-23", version=2, taken=(mine,)))
    with pytest.raises(SlotFull):
        office.book(2, now=LATER)


def test_the_watchdog_leaves_alone_what_is_being_booked() -> None:
    office = Office()
    office.slots.take(a_job(schedule=schedule(MORNING)), NOON)
    assert office.repair(LATER - minutes(0.1)) == []
    assert office.repair(LATER) == [a_job().job_id]


# -- at the same time


def test_two_hundred_customers_for_five_places() -> None:
    office = Office(places=5)

    def one(number: int) -> bool:
        try:
            office.book(number)
        except SlotFull:
            return False
        return True

    office.sheets.read = read_at_once(office.sheets.read, 20)  # type: ignore[method-assign]  # the fake
    with ThreadPoolExecutor(20) as customers:
        assert sum(customers.map(one, range(200))) == 5
    assert office.taken() == office.fold()
    assert len(office.taken()) == 5


@pytest.mark.parametrize("seed", range(6))
def test_under_faults_the_sheets_are_the_fold_of_the_jobs(seed: int) -> None:
    """In each round eight bookings, cancellations, reopenings, and reschedules run at one time."""
    chance = random.Random(seed)
    office = Office(places=2, faults=SeededFaults(seed, 0.2, ("before", "after", "dup", "crash")))
    windows = (MORNING, AFTERNOON, EVENING, TUESDAY)
    numbers = itertools.count(1)

    def tried(act: Callable[[], object]) -> None:
        for _ in range(3):  # a queue delivers an uncertain request again
            try:
                act()
            except (Unavailable, Crashed):
                continue
            except EditRefused:
                pass
            return

    def an_act(now: datetime) -> Callable[[], object]:
        ids = sorted(office.jobs.all_ids("main"))
        window, number = chance.choice(windows), next(numbers)
        if not ids or chance.random() < 0.4:
            return lambda: office.book(number, window, now, occurred_at=now)
        job_id = chance.choice(ids)
        if chance.random() < 0.5:
            return lambda: office.reschedule(job_id, window, now, event_id=f"edit-{number}")
        return lambda: office.move(job_id, "cancel", now)

    for number in range(12):
        now = NOON + (ABANDONED_AFTER + minutes(1)) * number
        acts = [an_act(now) for _ in range(8)]
        office.bucket.faults, office.faults.over = office.faults, False
        with ThreadPoolExecutor(8) as people:
            list(people.map(tried, acts))
        office.bucket.faults, office.faults.over = Faults(), True
        most = {window: sum(span == window for _, span in office.fold()) for window in windows}
        assert all(count <= 2 for count in most.values()), most
        office.repair(now + ABANDONED_AFTER)
        assert office.taken() == office.fold()
    assert office.fold()


# -- the port


@pytest.fixture(params=["fake", "aws"])
def sheets(request: pytest.FixtureRequest, moto: Moto) -> SlotSheets:
    if request.param == "fake":
        return FakeSlots()
    return DynamoSlots(moto.client("dynamodb"), moto.crew_roster())


def a_sheet(day: str = "2026-11-23", version: int = 1) -> SlotSheet:
    slot = taken_slot(a_job(), MORNING, NOON)
    return SlotSheet(day=day, version=version, taken=(slot,))


def test_a_sheet_is_read_as_it_was_written(sheets: SlotSheets) -> None:
    assert sheets.read("main", MONDAY) == SlotSheet(day="2026-11-23")
    sheets.write("main", a_sheet())
    assert sheets.read("main", MONDAY) == a_sheet()
    assert sheets.read("other", MONDAY).version == 0


def test_days_are_read_by_range(sheets: SlotSheets) -> None:
    for day in ("2026-11-22", "2026-11-23", "2026-12-01"):
        sheets.write("main", a_sheet(day))
    sheets.write("other", a_sheet())
    found = sheets.between("main", MONDAY, date(2026, 12, 1))
    assert [sheet.day for sheet in found] == ["2026-11-23", "2026-12-01"]


@pytest.mark.parametrize("version", [1, 3])
def test_a_sheet_replaces_only_the_version_before(sheets: SlotSheets, version: int) -> None:
    sheets.write("main", a_sheet())
    with pytest.raises(Conflict):
        sheets.write("main", a_sheet(version=version))
    sheets.write("main", a_sheet(version=2))


def test_a_lost_response_looks_like_a_conflict(moto: Moto) -> None:
    dynamodb = moto.client("dynamodb")
    sheets = DynamoSlots(dynamodb, moto.crew_roster())
    with Faults({"PutItem": ["after"]}).on(dynamodb), pytest.raises(Conflict):
        sheets.write("main", a_sheet())
    assert sheets.read("main", MONDAY) == a_sheet()


def with_stored(moto: Moto, document: bytes) -> DynamoSlots:
    """The slots, with `document` as the third version of Monday's sheet."""
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    item = {"pk": {"S": "slots#main"}, "sk": {"S": "2026-11-23"}, "version": {"N": "3"}}
    dynamodb.put_item(TableName=table, Item=item | {"sheet": {"B": zlib.compress(document)}})
    return DynamoSlots(dynamodb, table)


def test_a_sheet_of_a_newer_version_is_read_after_a_rollback(moto: Moto) -> None:
    known = a_sheet(version=3).model_dump(mode="json")
    known["taken"] = [slot | {"of_later": 1} for slot in known["taken"]]
    sheets = with_stored(moto, json.dumps(known | {"of_later": {}}).encode())
    assert sheets.read("main", MONDAY) == a_sheet(version=3)


@pytest.mark.parametrize("said", [{"version": 7}, {"day": "2026-12-24"}])
def test_a_sheet_is_the_one_that_its_key_and_version_say(moto: Moto, said: dict[str, Any]) -> None:
    """Otherwise it could never be replaced."""
    sheets = with_stored(moto, json.dumps(a_sheet().model_dump(mode="json") | said).encode())
    assert sheets.read("main", MONDAY) == a_sheet(version=3)


def test_an_unreadable_sheet_counts_as_empty_until_it_is_filled_again(moto: Moto) -> None:
    sheets = with_stored(moto, b'{"day": "2026-11-23", "taken": "of a later form"}')
    assert sheets.read("main", MONDAY) == SlotSheet(day="2026-11-23", version=3)
    assert list(sheets.between("main", MONDAY, MONDAY)) == [sheets.read("main", MONDAY)]
    sheets.write("main", a_sheet(version=4))
    assert sheets.read("main", MONDAY) == a_sheet(version=4)


def put(dynamodb: Any, table: str, **item: dict[str, str]) -> None:
    key = {"pk": {"S": "slots#main"}, "sk": {"S": "2026-11-23"}}
    dynamodb.put_item(TableName=table, Item=key | item)


@pytest.mark.parametrize("item", [{}, {"version": {"S": "of a later form"}}])
def test_a_sheet_without_a_version_is_filled_again(
    moto: Moto, item: dict[str, dict[str, str]]
) -> None:
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    put(dynamodb, table, **item)
    sheets = DynamoSlots(dynamodb, table)
    assert sheets.read("main", MONDAY) == SlotSheet(day="2026-11-23")
    sheets.write("main", a_sheet())
    assert sheets.read("main", MONDAY) == a_sheet()


def test_what_is_no_sheet_takes_no_other_day_away(moto: Moto) -> None:
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    put(dynamodb, table, version={"N": "2.5"})
    put(dynamodb, table, sk={"S": "2026-11-24-copy"}, version={"N": "1"})
    sheets = DynamoSlots(dynamodb, table)
    sheets.write("main", a_sheet("2026-11-25"))
    with pytest.raises(Corrupt):
        sheets.read("main", MONDAY)
    found = sheets.between("main", MONDAY, date(2026, 11, 25))
    assert [sheet.day for sheet in found] == ["2026-11-25"]
