"""What the roster needs from the world: people's days, trucks, and the claims on both."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Protocol

from pydantic import Field

from functions.protocol.ports import HaulwayError
from statemachine.bounds import LabelInput
from statemachine.reservations import ReservationSheet
from statemachine.roster import Date, Day
from statemachine.values import Frozen, Name, Tenant


class UnknownMember(HaulwayError):
    """No one of that name is on the roster; `haul roster show` has everybody."""


class UnknownTruck(HaulwayError):
    """No truck of that name; `haul roster truck list` shows them."""


class Truck(Frozen):
    tenant: Tenant
    truck: Name
    name: Annotated[str, Field(min_length=1, max_length=60)]


class NewTruck(Truck):
    """A truck as it comes in."""

    name: LabelInput


Days = Mapping[str, Mapping[date, Day]]
"""By member: the days on which something else holds than "there all day, in every role"."""


class Roster(Protocol):
    """Who is there when, and the trucks. The people themselves are `Accounts`."""

    def days(self, tenant: str, first: date, last: date) -> Days:
        """Everybody's days, both ends included, in one range query."""

    def set_day(self, tenant: str, member: str, on: date, day: Day) -> None: ...

    def forget_day(self, tenant: str, member: str, on: date) -> None:
        """There all day again; success where nothing was said about that day."""

    def truck(self, tenant: str, truck: str) -> Truck | None: ...

    def trucks(self, tenant: str) -> Iterator[Truck]: ...

    def set_truck(self, truck: Truck) -> None:
        """Add it, or give it another name."""

    def remove_truck(self, tenant: str, truck: str) -> None:
        """Raises UnknownTruck."""


class Reservations(Protocol):
    """The sheets of `statemachine/reservations.py`, each by its subject and day."""

    def read(self, tenant: str, wanted: Sequence[tuple[str, Date]]) -> list[ReservationSheet]:
        """Each as it is now, in that order; of version 0 where there is none yet."""

    def write(self, tenant: str, sheets: Sequence[ReservationSheet]) -> None:
        """All of them or none, if each stored one is still of the version before.

        Raises Conflict otherwise, and where the answer was lost: read again and look.
        """
