"""The business of the stub: its settings and changes of them, by the real rules and documents."""

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.business import LogoBody
from functions.api.business import public_document as public_part
from functions.api.business_texts import (
    PreviewBody,
    TestTextBody,
    TestTextDocument,
    previewed,
    texts_document,
)
from functions.api.problems import Problem, problem_of
from functions.api.request import invalid
from functions.api.slots import MOST_LEFT, SlotOffer, SlotsDocument
from functions.business.change_settings import SettingsChanged
from functions.business.set_logo import LogoRefused
from functions.photos.redraw_photo import redrawn_logo
from statemachine.flows import load_flow
from statemachine.job.deliveries import masked_phone
from statemachine.messages.sms_numbers import why_no_sms
from statemachine.rules.proof_of_service import PhotoRefused
from statemachine.schedule.slots import SlotSheet, bookable_windows, slot_of, taken_slot
from statemachine.settings.business_changes import BusinessRecord, SettingsPatch, changed, given_in
from statemachine.values.phones import parse_phone

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub
    from tests.pages.stub_data import StubData

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
READERS = {"owner", "dispatcher"}
Settings = dict[str, Any]


def default_settings() -> BusinessRecord:
    """Open all days, so that tests mean the same on each; at version 7."""
    every_day = {day: [{"start": "08:00", "end": "19:00"}] for day in WEEKDAYS}
    return BusinessRecord.model_validate(
        {"tenant": "main", "name": "Haul & Co", "version": 7, "opening_hours": every_day}
    )


def public_document(data: "StubData") -> Settings:
    shown = public_part(data.business, datetime.now(UTC))
    return dict(json.loads(shown.model_dump_json(by_alias=True, exclude_none=True)))


def slot_offers(data: "StubData") -> list[SlotOffer]:
    """What the jobs of the stub leave of each window."""
    now = datetime.now(UTC)
    taken = [
        taken_slot(job, window, now)
        for job in data.jobs.values()
        if (window := slot_of(job, load_flow(job.flow)))
    ]
    sheet = SlotSheet(day=now.date().isoformat(), taken=taken)
    return [
        SlotOffer(
            window_start=offered.begin,
            window_end=offered.end,
            left=min(MOST_LEFT, offered.left(sheet.taken_in(offered.span))),
        )
        for offered in bookable_windows(data.business, 1, now)
    ]


def slots_document(data: "StubData") -> SlotsDocument:
    offers = slot_offers(data)
    return SlotsDocument(
        time_zone=data.business.time_zone,
        slots=tuple(offers),
        next_free=next((each.window_start for each in offers if each.left), None),
        as_of=datetime.now(UTC),
    )


def business_routes(stub: "Stub") -> list[Route]:
    async def read(request: Request) -> Response:
        if not READERS & set(stub.session(request).account.roles):
            raise Problem("not-allowed")
        return settings_answer(stub.data.business)

    async def patch(request: Request) -> Response:
        from tests.pages.stub_api import body_of

        if "owner" not in stub.session(request).account.roles:
            raise Problem("not-allowed")
        wanted = await body_of(request)
        return patched(stub.data, request.headers.get("if-match"), wanted)

    async def set_logo(request: Request) -> Response:
        from tests.pages.stub_api import body_of

        if "owner" not in stub.session(request).account.roles:
            raise Problem("not-allowed")
        return logo_set(stub.data, await body_of(request))

    async def logo(request: Request) -> Response:
        png = stub.data.logos.get(request.url.path)
        stub.data.requests.append((request.method, request.url.path))
        return Response(png, 200 if png else 403, media_type="image/png")

    async def texts(request: Request) -> Response:
        stub.session(request)
        return shown(texts_document(stub.data.business))

    async def preview(request: Request) -> Response:
        from tests.pages.stub_api import document

        stub.session(request)
        return shown(previewed(stub.data.business, await document(request, PreviewBody)))

    async def test_text(request: Request) -> Response:
        from tests.pages.stub_api import document

        stub.session(request)
        wanted = await document(request, TestTextBody)
        phone = parse_phone(wanted.phone, stub.data.business.country)
        if why_no_sms(phone, stub.data.business.countries):
            raise Problem("text-refused", "this number gets no texts; give another number")
        stub.data.test_texts.append((wanted.language, wanted.words))
        return shown(TestTextDocument(state="sent", to=masked_phone(phone), parts=1))

    return [
        Route("/api/business/logo", stub.guarded(set_logo), methods=["PUT"]),
        Route("/logos/{tenant}/{name}", logo),
        Route("/api/business/texts", stub.guarded(texts)),
        Route("/api/business/texts/preview", stub.guarded(preview), methods=["POST"]),
        Route("/api/business/texts/test", stub.guarded(test_text), methods=["POST"]),
        Route("/api/business", stub.guarded(read)),
        Route("/api/business", stub.guarded(patch), methods=["PATCH"]),
    ]


def shown(document: BaseModel) -> Response:
    body = document.model_dump_json(by_alias=True, exclude_none=True)
    return Response(body, media_type="application/json")


def patched(data: "StubData", seen: str | None, wanted: bytes) -> Response:
    known = data.business
    if seen is None:
        raise Problem("if-match-missing")
    if seen != f'"{known.version}"':
        raise problem_of(SettingsChanged(known.version))
    try:
        data.business = changed(known, given_in(_patch(wanted)), "olivia", datetime.now(UTC))
    except ValidationError as error:
        raise invalid(error) from error
    return settings_answer(data.business)


def logo_set(data: "StubData", sent: bytes) -> Response:
    """The settings with the logo, drawn again by the real code."""
    try:
        drawn = redrawn_logo(LogoBody.model_validate_json(sent).image)
    except PhotoRefused as error:
        raise problem_of(LogoRefused(str(error))) from error
    path = f"/logos/main/261121-{hashlib.sha256(drawn.png).hexdigest()[:32]}.png"
    data.logos[path] = drawn.png
    change(data, logo={"path": path, "width": drawn.width, "height": drawn.height})
    return settings_answer(data.business)


def change(data: "StubData", **wanted: Any) -> None:
    """Another version of the settings, as if someone had saved them."""
    given = given_in(_patch(json.dumps(wanted).encode()))
    data.business = changed(data.business, given, "omar", datetime.now(UTC))


def _patch(wanted: bytes) -> Any:
    return SettingsPatch.model_validate_json(wanted, strict=True)


def settings_answer(record: BusinessRecord) -> Response:
    body = record.model_dump_json(by_alias=True, exclude_none=True)
    headers = {"etag": f'"{record.version}"'}
    return Response(body, headers=headers, media_type="application/json")
