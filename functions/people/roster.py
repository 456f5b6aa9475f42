"""The ports of the roster: members' days, trucks, and the reservations of both."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Protocol

from pydantic import Field

from functions.protocol.ports import HaulwayError
from statemachine.job.bounds import LabelInput
from statemachine.schedule.reservations import ReservationSheet
from statemachine.schedule.roster import Date, Day
from statemachine.values.values import Frozen, Name, Tenant


class UnknownMember(HaulwayError):
    """No one with that name is on the roster; `haul roster show` lists everyone."""


class UnknownTruck(HaulwayError):
    """There is no truck with that name; `haul roster truck list` shows them."""


class Truck(Frozen):
    tenant: Tenant
    truck: Name
    name: Annotated[str, Field(min_length=1, max_length=60)]


class NewTruck(Truck):
    """A truck as entered."""

    name: LabelInput


Days = Mapping[str, Mapping[date, Day]]
"""By member: the exceptions. Without one, a member is available all day, in every role."""


class Roster(Protocol):
    """Who is available when, and the trucks. The members themselves are `Accounts`."""

    def days(self, tenant: str, first: date, last: date) -> Days:
        """All members' days from `first` to `last`, both included, in one range query."""

    def set_day(self, tenant: str, member: str, on: date, day: Day) -> None: ...

    def reset_day(self, tenant: str, member: str, on: date) -> None:
        """Back to the default: available all day. Does nothing if there was no exception."""

    def truck(self, tenant: str, truck: str) -> Truck | None: ...

    def trucks(self, tenant: str) -> Iterator[Truck]: ...

    def set_truck(self, truck: Truck) -> None:
        """Adds or renames it."""

    def remove_truck(self, tenant: str, truck: str) -> None:
        """Raises UnknownTruck."""


class Reservations(Protocol):
    """The sheets of `statemachine/schedule/reservations.py`, one for each subject and day."""

    def read(self, tenant: str, wanted: Sequence[tuple[str, Date]]) -> list[ReservationSheet]:
        """Each sheet as it is now, in that order; version 0 if there is none yet."""

    def write(self, tenant: str, sheets: Sequence[ReservationSheet]) -> None:
        """Writes all or none; each stored sheet must still have the version before.

        Raises Conflict otherwise, and if the response was lost: then read again.
        """
