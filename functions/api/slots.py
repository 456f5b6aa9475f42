"""Which arrival windows can be booked: for the booking page, and for those who found one full."""

from itertools import islice
from typing import Annotated

from pydantic import Field

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.protocol.ports import UnknownTenant
from statemachine.business.business import is_internal
from statemachine.values.values import Frozen, Utc, iso

CACHED_S = 5
"""How long edge and browser may show the same slots. A booking is judged by the sheet itself."""
OFFERED = 3
"""How many free windows are offered in the place of a full one."""
MOST_LEFT = 5


class SlotOffer(Frozen):
    """An arrival window that a customer may book now; full if `left` is 0."""

    window_start: Utc
    window_end: Utc
    left: Annotated[int, Field(ge=0, le=MOST_LEFT)]
    """How many more jobs it takes. The highest number also stands for more than that, because how
    busy a business is, is its own affair."""


class SlotsDocument(Frozen):
    """What can be booked from now until the business's horizon, by time, as it was `as_of`."""

    time_zone: str
    slots: tuple[SlotOffer, ...]
    next_free: Utc | None = None
    """The start of the next window that is not full."""
    as_of: Utc


def read_slots(api: Api, request: ApiRequest) -> ApiResponse:
    tenant = request.parameters["business"]
    if is_internal(tenant):
        raise Problem("unknown-business")
    try:
        document = slots_of(api, tenant, request)
    except UnknownTenant as error:
        raise Problem("unknown-business") from error
    return ApiResponse(200, document, {"Cache-Control": f"public, max-age={CACHED_S}"})


def slots_of(api: Api, tenant: str, request: ApiRequest) -> SlotsDocument:
    """Raises UnknownTenant."""
    business = api.tenants.read(tenant)
    offers = [
        SlotOffer(window_start=window.begin, window_end=window.end, left=min(left, MOST_LEFT))
        for window, left in api.slots.offers(tenant, request.now)
    ]
    return SlotsDocument(
        time_zone=business.time_zone,
        slots=() if business.suspended else tuple(offers),
        next_free=next((each.window_start for each in offers if each.left), None),
        as_of=request.now,
    )


def slot_full(api: Api, tenant: str, request: ApiRequest) -> Problem:
    """The problem for a customer, with the next free windows as `offers`."""
    free = (window for window, left in api.slots.offers(tenant, request.now) if left)
    offers = [
        {"window_start": iso(window.begin), "window_end": iso(window.end)}
        for window in islice(free, OFFERED)
    ]
    return Problem("slot-full", "that window is full now; choose another", {"offers": offers})
