"""Days, trucks, and reservations: every rule on the fakes and on the DynamoDB adapters."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from events import JobEditRequested
from functions.aws.reservations import DynamoReservations
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.jobs.edit import EditJob
from functions.people.assign_crew import AssignCrew
from functions.people.roster import Reservations, Roster, Truck, UnknownTruck
from functions.protocol.compare_and_swap import full_jitter
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Schedule
from statemachine.rules.edits import CrewTaken
from statemachine.schedule.reservations import Reservation, ReservationSheet
from statemachine.schedule.roster import DAY_OFF, Day, Hours
from tests.support.builders import NOON, a_job, an_edit
from tests.support.fakes import Bucket, FakeBus, FakeJobs, FakeTenants, FakeViews
from tests.support.faults import Faults, Kind, ServiceResponse
from tests.support.moto_server import Moto
from tests.support.roster_fakes import FakeAccounts, FakeReservations, FakeRoster, a_member
from tests.support.slot_fakes import slots_on_fakes

SUNDAY = date(2026, 11, 22)
EARLY = Day(hours=(Hours(begin="07:00", end="12:00"),), roles=("driver",))
MARIA, TRUCK = "member:maria", "truck:t1"


class SerializedClient:
    """Makes each call atomic, as DynamoDB does; moto would interleave them."""

    def __init__(self, client: Any) -> None:
        self.client, self.lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        if name in ("meta", "get_paginator"):
            return found

        def call(**keys: Any) -> Any:
            with self.lock:
                return found(**keys)

        return call


@dataclass
class Stores:
    roster: Roster
    reservations: Reservations
    dynamodb: Any = None
    table: str = ""


@pytest.fixture(params=["fake", "aws"])
def stores(request: pytest.FixtureRequest, moto: Moto) -> Stores:
    if request.param == "fake":
        return Stores(FakeRoster(), FakeReservations())
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    return Stores(
        DynamoRoster(dynamodb, table), DynamoReservations(dynamodb, table), dynamodb, table
    )


# -- days and trucks


def test_days_of_all_members_are_read_by_range(stores: Stores) -> None:
    roster = stores.roster
    for offset, member, day in ((-1, "maria", DAY_OFF), (0, "zoe", EARLY), (2, "maria", EARLY)):
        roster.set_day("main", member, SUNDAY + timedelta(offset), day)
    roster.set_day("other", "maria", SUNDAY, DAY_OFF)
    assert roster.days("main", SUNDAY, SUNDAY + timedelta(2)) == {
        "zoe": {SUNDAY: EARLY},
        "maria": {SUNDAY + timedelta(2): EARLY},
    }
    assert roster.days("main", SUNDAY - timedelta(1), SUNDAY - timedelta(1)) == {
        "maria": {SUNDAY - timedelta(1): DAY_OFF}
    }


def test_a_day_that_was_reset_is_not_listed(stores: Stores) -> None:
    stores.roster.set_day("main", "maria", SUNDAY, EARLY)
    stores.roster.set_day("main", "maria", SUNDAY, DAY_OFF)
    for _ in range(2):
        stores.roster.reset_day("main", "maria", SUNDAY)
    assert stores.roster.days("main", SUNDAY, SUNDAY) == {}


def test_trucks_are_added_renamed_and_removed(stores: Stores) -> None:
    for truck, name in (("t2", "Blue"), ("t1", "Red"), ("t1", "Big red")):
        stores.roster.set_truck(Truck(tenant="main", truck=truck, name=name))
    assert [truck.name for truck in stores.roster.trucks("main")] == ["Big red", "Blue"]
    assert stores.roster.truck("main", "t1") == Truck(tenant="main", truck="t1", name="Big red")
    stores.roster.remove_truck("main", "t1")
    assert stores.roster.truck("main", "t1") is None
    assert list(stores.roster.trucks("other")) == []
    with pytest.raises(UnknownTruck):
        stores.roster.remove_truck("main", "t1")


def test_an_unreadable_item_is_corrupt(stores: Stores) -> None:
    if stores.dynamodb:
        keys = {
            "truck#t1": "roster",
            f"{SUNDAY}#{MARIA}": "claims",
        }
        for sk, kind in keys.items():
            item = {"pk": {"S": f"{kind}#main"}, "sk": {"S": sk}}
            stores.dynamodb.put_item(TableName=stores.table, Item=item)
        reads: tuple[Callable[[], object], ...] = (
            lambda: stores.reservations.read("main", [(MARIA, SUNDAY.isoformat())]),
            lambda: stores.roster.truck("main", "t1"),
        )
        for read in reads:
            with pytest.raises(Corrupt):
                read()


def test_what_a_newer_version_has_stored_is_read(moto: Moto) -> None:
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    sheet = ReservationSheet(subject=MARIA, day=SUNDAY.isoformat(), version=1)
    documents = {
        ("roster", f"day#{SUNDAY}#maria", "day"): EARLY.model_dump_json(),
        ("claims", f"{SUNDAY}#{MARIA}", "sheet"): sheet.model_dump_json(),
    }
    for (kind, sk, name), document in documents.items():
        newer = document[:-1] + ',"of_later":1}'
        item = {"pk": {"S": f"{kind}#main"}, "sk": {"S": sk}, name: {"S": newer}}
        dynamodb.put_item(TableName=table, Item=item)
    assert DynamoRoster(dynamodb, table).days("main", SUNDAY, SUNDAY) == {"maria": {SUNDAY: EARLY}}
    wanted = [(MARIA, SUNDAY.isoformat())]
    assert DynamoReservations(dynamodb, table).read("main", wanted) == [sheet]


# -- reservations


def a_reservation(number: int = 1, **values: Any) -> Reservation:
    return Reservation.model_validate(
        {
            "job_id": f"261121-{number:06d}",
            "version": 2,
            "event_id": "edit-1",
            "begin": NOON,
            "end": NOON + timedelta(hours=2),
            "reserved_at": NOON,
            **values,
        }
    )


def a_sheet(subject: str = MARIA, day: str = "2026-11-22", version: int = 1) -> ReservationSheet:
    return ReservationSheet(
        subject=subject, day=day, version=version, reservations=(a_reservation(version),)
    )


def test_sheets_are_read_as_they_were_written_and_empty_before(stores: Stores) -> None:
    keys = [(TRUCK, "2026-11-22"), (MARIA, "2026-11-22"), (MARIA, "2026-11-23")]
    stores.reservations.write("main", [a_sheet(MARIA), a_sheet(TRUCK)])
    assert stores.reservations.read("main", keys) == [
        a_sheet(TRUCK),
        a_sheet(MARIA),
        ReservationSheet(subject=MARIA, day="2026-11-23"),
    ]
    assert [sheet.version for sheet in stores.reservations.read("other", keys)] == [0, 0, 0]


@pytest.mark.parametrize("version", [1, 3])
def test_only_the_next_version_of_a_sheet_replaces_it(stores: Stores, version: int) -> None:
    stores.reservations.write("main", [a_sheet()])
    with pytest.raises(Conflict):
        stores.reservations.write("main", [a_sheet(version=version)])
    stores.reservations.write("main", [a_sheet(version=2)])
    assert stores.reservations.read("main", [(MARIA, "2026-11-22")]) == [a_sheet(version=2)]


def test_all_sheets_are_written_or_none(stores: Stores) -> None:
    stores.reservations.write("main", [a_sheet(TRUCK)])
    with pytest.raises(Conflict):
        stores.reservations.write("main", [a_sheet(MARIA), a_sheet(TRUCK)])
    assert stores.reservations.read("main", [(MARIA, "2026-11-22")])[0].version == 0


@pytest.mark.parametrize(
    ("fault", "expected", "written"),
    [
        ("before", Conflict, False),
        ("after", Conflict, True),
        (ServiceResponse(500, "InternalServerError"), Conflict, False),
        (ServiceResponse(400, "TransactionInProgressException"), Conflict, False),
        (ServiceResponse(400, "ThrottlingException"), Unavailable, False),
    ],
)
def test_a_lost_response_is_a_conflict(
    moto: Moto, fault: Kind | ServiceResponse, expected: type[Exception], written: bool
) -> None:
    dynamodb = moto.client("dynamodb")
    reservations = DynamoReservations(dynamodb, moto.crew_roster())
    with Faults({"TransactWriteItems": [fault]}).on(dynamodb), pytest.raises(expected):
        reservations.write("main", [a_sheet(MARIA), a_sheet(TRUCK)])
    assert [s.version for s in reservations.read("main", [(MARIA, "2026-11-22")])] == [int(written)]


@pytest.fixture
def office(stores: Stores) -> tuple[EditJob, FakeJobs]:
    return fifty_jobs(stores)


def fifty_jobs(stores: Stores, duration_minutes: int = 200) -> tuple[EditJob, FakeJobs]:
    """Fifty jobs at the same time, Maria, and a truck, in memory or in DynamoDB.

    By default, the jobs are too long for two of them to fit.
    """
    jobs = FakeJobs(Bucket())
    tenants = FakeTenants(Bucket(), BusinessSettings(tenant="main", name="Haulway"))
    crew = assign_crew_of(stores, jobs, tenants)
    crew.accounts.add(a_member("maria"))
    crew.roster.set_truck(Truck(tenant="main", truck="t1", name="Big red"))
    window = Schedule(window_start=NOON, window_end=NOON + timedelta(hours=2))
    for number in range(50):
        values = {"job_id": f"261121-{number:06d}", "token": f"{number:022}"}
        jobs.create(a_job(crew=(), schedule=window, duration_minutes=duration_minutes, **values))
    return EditJob(
        jobs, FakeViews(Bucket()), FakeBus(), crew, slots_on_fakes(jobs), full_jitter
    ), jobs


def assign_crew_of(stores: Stores, jobs: FakeJobs, tenants: FakeTenants) -> AssignCrew:
    if stores.dynamodb is None:
        return AssignCrew(FakeAccounts(), stores.roster, stores.reservations, jobs, tenants)
    shared = SerializedClient(stores.dynamodb)
    return AssignCrew(
        DynamoAccounts(shared, stores.table),
        DynamoRoster(shared, stores.table),
        DynamoReservations(shared, stores.table),
        jobs,
        tenants,
    )


def test_of_fifty_concurrent_clients_one_gets_her_and_the_truck(
    office: tuple[EditJob, FakeJobs],
) -> None:
    edit, jobs = office

    def attempt(number: int) -> str:
        job = a_job(job_id=f"261121-{number:06d}")
        driver = {"role": "driver", "member": "maria"}
        return outcome_of(edit, an_edit(job, crew=[driver], truck="t1"))

    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(attempt, range(50)))
    (winner,) = (number for number, answer in enumerate(answers) if answer == "done")
    reason = f"maria is on job 261121-{winner:06d}, and in no order would each job begin"
    assert sum(answer.startswith(reason) for answer in answers) == 49
    stored = [jobs.read("main", job_id).value for job_id in jobs.all_ids("main")]
    assert [job.job_id for job in stored if job.crew] == [f"261121-{winner:06d}"]
    assert [job.job_id for job in stored if job.truck] == [f"261121-{winner:06d}"]


def test_of_fifty_concurrent_clients_as_many_get_her_as_fit(stores: Stores) -> None:
    """In a window of two hours, jobs of 55 minutes can begin at 0:00, 0:55, and 1:50."""
    edit, jobs = fifty_jobs(stores, duration_minutes=55)
    driver = {"role": "driver", "member": "maria"}
    requests = [
        an_edit(a_job(job_id=f"261121-{number:06d}"), crew=[driver]) for number in range(50)
    ]
    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda request: outcome_of(edit, request), requests))
    stored = [jobs.read("main", job_id).value for job_id in jobs.all_ids("main")]
    assert answers.count("done") == len([job for job in stored if job.crew]) == 3
    assert sum(answer.startswith("maria is on jobs") for answer in answers) == 47


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_an_edit_with_a_lost_reservation_response_is_made_once(moto: Moto, fault: Kind) -> None:
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    stores = Stores(
        DynamoRoster(dynamodb, table), DynamoReservations(dynamodb, table), dynamodb, table
    )
    edit, jobs = fifty_jobs(stores)
    driver = {"role": "driver", "member": "maria"}
    faults = Faults({"TransactWriteItems": [fault], "BatchGetItem": [None, fault]})
    with faults.on(dynamodb):
        job = edit(an_edit(a_job(job_id="261121-000000"), crew=[driver], truck="t1"), NOON)
    assert job.version == 2
    assert len(job.edits) == 1
    assert job.truck == "t1"
    other = an_edit(a_job(job_id="261121-000001"), crew=[driver])
    assert outcome_of(edit, other).startswith("maria is on job 261121-000000")
    assert jobs.read("main", "261121-000001").value.crew == ()


def outcome_of(edit: EditJob, request: JobEditRequested) -> str:
    """The outcome for the sender; an uncertain request is repeated, as from a queue."""
    for _ in range(10):
        try:
            edit(request, NOON)
        except CrewTaken as error:
            return str(error)
        except Unavailable:
            continue
        return "done"
    return "never certain"
