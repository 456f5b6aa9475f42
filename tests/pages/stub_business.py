"""The business of the stub: its settings, what anyone may know of them, and changes under If-Match.

The real rules live behind the real API; these refuse in the same way, so that a page can be seen
being refused.
"""

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub
    from tests.pages.stub_data import StubData

ZONE = "America/New_York"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PRIVATE = {
    *("opening_hours", "service_area", "quiet", "default_duration_minutes"),
    *("country", "currency", "email", "legal_name"),
}
READERS = {"owner", "dispatcher"}
Settings = dict[str, Any]


def default_settings() -> Settings:
    """Open all days, so that tests mean the same on each."""
    return {
        "name": "Haul & Co",
        "time_zone": ZONE,
        "language": "en",
        "languages": ["en", "es"],
        "opening_hours": {day: [{"start": "08:00", "end": "19:00"}] for day in WEEKDAYS},
        "windows": [
            {"start": "08:00", "end": "12:00"},
            {"start": "12:00", "end": "16:00"},
            {"start": "16:00", "end": "19:00"},
        ],
        "closed_dates": [],
        "service_area": [],
        "lead_minutes": 0,
        "public_horizon_days": 90,
        "quiet": {"begin": "21:00", "end": "08:00"},
        "default_duration_minutes": 60,
        "country": "US",
        "currency": "USD",
        "suspended": False,
    }


def public_document(data: "StubData") -> Settings:
    settings = {k: v for k, v in data.business.items() if k not in PRIVATE}
    hours = data.business["opening_hours"]
    return settings | {"open_days": [day for day in WEEKDAYS if hours.get(day)]}


def business_routes(stub: "Stub") -> list[Route]:
    async def read(request: Request) -> Response:
        if not READERS & set(stub.session(request).account.roles):
            raise Problem("not-allowed")
        return settings_answer(stub.data)

    async def change(request: Request) -> Response:
        from tests.pages.stub_api import body_of

        if "owner" not in stub.session(request).account.roles:
            raise Problem("not-allowed")
        changes = json.loads(await body_of(request))
        return changed(stub.data, request.headers.get("if-match"), changes)

    return [
        Route("/api/business", stub.guarded(read)),
        Route("/api/business", stub.guarded(change), methods=["PATCH"]),
    ]


def changed(data: "StubData", seen: str | None, changes: Settings) -> Response:
    if seen is None:
        raise Problem("if-match-missing")
    if seen != f'"{data.business_version}"':
        return problem(412, "business-changed", version=data.business_version)
    if faults := faults_of(changes):
        return problem(422, "invalid", faults=faults)
    change(data, **changes)
    return settings_answer(data)


def change(data: "StubData", **changes: Any) -> None:
    """Another version of the settings, as if someone had saved them; None takes one away."""
    settings = data.business | changes
    data.business = {name: value for name, value in settings.items() if value is not None}
    data.business_version += 1


def faults_of(changes: Settings) -> list[str]:
    found = []
    if "@" not in (changes.get("email") or "@"):
        found.append("email: write an address such as olive@example.com")
    if changes.get("accent_color") == "#ffff00":
        found.append("accent_color: white text on it cannot be read; choose a darker color")
    return found


def settings_answer(data: "StubData") -> Response:
    headers = {"etag": f'"{data.business_version}"'}
    return Response(json.dumps(data.business), headers=headers, media_type="application/json")


def problem(status: int, slug: str, **more: Any) -> Response:
    document = {"type": f"/problems/{slug}", "title": slug, "status": status, **more}
    return Response(json.dumps(document), status, media_type=MEDIA_TYPE)
