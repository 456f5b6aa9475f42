"""A sample day of a small hauling business, for working on the pages and for screenshots."""

from datetime import UTC, datetime, timedelta

from functions.people.accounts import Role
from functions.people.crew_location import CrewLocation
from statemachine.job.job import Assigned
from statemachine.schedule.roster import DAY_OFF, Day, Hours
from tests.pages.stub_data import DANA, StubData, an_account, first_note
from tests.pages.stub_roster import today

MIGUEL = Assigned(role="driver", member="miguel", first_name="Miguel")
TASHA = Assigned(role="driver", member="tasha", first_name="Tasha")
BEN = Assigned(role="first_mate", member="ben", first_name="Ben")
PEOPLE: tuple[tuple[str, str, Role, *tuple[Role, ...]], ...] = (
    ("miguel", "Miguel Santos", "driver", "first_mate"),
    ("tasha", "Tasha Green", "driver", "supervisor"),
    ("ben", "Ben Ito", "first_mate"),
    ("rosa", "Rosa Lind", "driver", "first_mate", "supervisor"),
)
TRUCKS = {"miguel": "t1", "tasha": "t2"}
LONG_AGO = 60 * 60

CONFIRMED, STARTED = ("confirm",), ("confirm", "start")
DONE = (*STARTED, "complete")

JOBS = (
    # customer, address, price, moves so far, minutes since booking and since the last move, crew,
    # start of the window in hours from now
    ("Ada Wong", "12 Harbor Road, Unit 4", 24_000, (), 95, 95, (), None),
    ("Luis Ortega", "880 Alameda Street", 18_500, (), 40, 40, (), 26),
    ("Priya Natarajan", "41 Elm Court", None, (), 12, 12, (), 3),
    ("St. Brendan's Church", "7 Chapel Lane", 62_000, (), LONG_AGO, LONG_AGO, (), 50),
    ("Greta Lindholm", "230 Mill Street", 31_000, CONFIRMED, 1500, 300, (MIGUEL, BEN), 1),
    ("Oakview Apartments", "1500 Oakview Drive", 98_000, CONFIRMED, 2000, 120, (TASHA,), 4),
    ("Jonah Price", "19 Birch Avenue", 12_000, CONFIRMED, 3000, 1600, (), -4),
    ("Marisol Vega", "64 Canal Street, 3rd floor", 27_500, STARTED, 1440, 35, (MIGUEL, BEN), 0),
    ("Fern & Fig Bakery", "301 Market Square", 45_000, STARTED, 2600, 550, (TASHA,), -5),
    ("Tom Okafor", "5 Quarry Road", 21_000, DONE, 2880, 70, (MIGUEL,), -3),
    ("Ines Duarte", "77 Lower Terrace", 16_000, DONE, 2880, 190, (TASHA,), -6),
    ("Will Abbott", "2 Station Road", 14_000, ("cancel",), 900, 400, (), None),
)


def a_day(data: StubData) -> StubData:
    base = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for customer, address, price, moves, booked, moved, crew, start in JOBS:
        notes = (first_note("Sofa, two mattresses and a broken fridge.", DANA),) if price else ()
        job = data.book(
            customer, address=address, price_cents=price, minutes_ago=booked, notes=notes
        )
        if start is not None or crew:
            window = {} if start is None else _window(base + timedelta(hours=start))
            if "start" in moves and "complete" not in moves:
                window["eta"] = datetime.now(UTC) + timedelta(minutes=25)
            planned_at = datetime.now(UTC) - timedelta(minutes=booked)
            data.plan_at(planned_at, job.job_id, *crew, **window)
        for index, move in enumerate(moves):
            ago = moved + 60 * (len(moves) - 1 - index)
            data.move(job.job_id, move, minutes_ago=ago)
    return data


def a_roster(data: StubData) -> StubData:
    """The people and trucks of that day: Ben works only in the morning, Rosa is off."""
    for account, name, *roles in PEOPLE:
        data.accounts[account] = an_account(account, name, *roles)
    data.roster.trucks.update({"t1": "Truck 1 (Isuzu)", "t2": "Truck 2 (Ford)"})
    day = today().isoformat()
    morning = Hours(begin="07:00", end="12:00")
    data.roster.days[("ben", day)] = Day(hours=(morning,))
    data.roster.days[("rosa", day)] = DAY_OFF
    data.roster.crew_location["miguel"] = CrewLocation(
        latitude=45.52, longitude=-122.68, at=datetime.now(UTC) - timedelta(minutes=4)
    )
    for job in list(data.jobs.values()):
        driver = next((each.member for each in job.crew if each.role == "driver"), None)
        if driver in TRUCKS:
            data.jobs[job.job_id] = job.with_change(truck=TRUCKS[driver])
    return data


def _window(start: datetime) -> dict[str, datetime]:
    return {"window_start": start, "window_end": start + timedelta(hours=2)}
