"""The settings of a business: for its owner to change, and for anyone what customers see."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import Base64Bytes, ConfigDict, Field, ValidationError

from functions.api.business_document import BusinessDocument
from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest, invalid
from functions.api.responses import ApiResponse
from functions.business.change_settings import LONGEST_PAGE
from functions.business.set_logo import LARGEST_LOGO
from statemachine.business.business import BusinessSettings
from statemachine.messages.reminders import offered_texts
from statemachine.settings.business_changes import (
    BusinessRecord,
    SettingsChange,
    SettingsPatch,
    future_dates,
    given_in,
)
from statemachine.values.values import Frozen

LARGEST_LOGO_BODY = 2 * LARGEST_LOGO
"""Bytes; Base64 makes a third more of the file."""
VERSION = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"', re.ASCII)


class HistoryQuery(Frozen):
    """At most `limit` changes, those before the version `after`: what an answer names as `next`."""

    model_config = ConfigDict(extra="ignore")

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 20
    after: Annotated[int, Field(ge=1, le=10**9)] | None = None


class SettingsHistoryDocument(Frozen):
    changes: tuple[SettingsChange, ...]
    next: int | None = None
    """There are more: ask again with `after` set to this."""


class LogoBody(Frozen):
    """A picture as JPEG, PNG, or WebP, at most 2 MB, in Base64."""

    image: Base64Bytes


def read_settings(api: Api, request: ApiRequest) -> ApiResponse:
    return _shown(api.change_settings.store.read(request.session.tenant).value)


def change_settings(api: Api, request: ApiRequest) -> ApiResponse:
    """The settings after the change; 412 where they are not at the version of `If-Match`."""
    expected = _expected_version(request)
    wanted = given_in(request.document(SettingsPatch))
    if not wanted:
        raise Problem("invalid", "nothing to change: name at least one setting")
    try:
        by = request.session.account.account
        record = api.change_settings(request.session.tenant, wanted, by, request.now, expected)
    except ValidationError as error:
        raise invalid(error) from error
    return _shown(record, "settings changed")


def set_logo(api: Api, request: ApiRequest) -> ApiResponse:
    """The settings with the logo. It is drawn again, and replaces the one before."""
    raw = request.document(LogoBody, LARGEST_LOGO_BODY).image
    session = request.session
    record = api.set_logo(session.tenant, raw, session.account.account, request.now)
    return _shown(record, "logo set")


def list_changes(api: Api, request: ApiRequest) -> ApiResponse:
    wanted = request.query_as(HistoryQuery)
    found, cursor = api.change_settings.history(request.session.tenant, wanted.after, wanted.limit)
    return ApiResponse(200, SettingsHistoryDocument(changes=found, next=cursor))


def _shown(record: BusinessRecord, outcome: str = "ok") -> ApiResponse:
    return ApiResponse(200, record, {"ETag": f'"{record.version}"'}, outcome=outcome)


def _expected_version(request: ApiRequest) -> int:
    """Raises Problem."""
    sent = request.headers.get("if-match")
    if sent is None:
        raise Problem("if-match-missing", 'send the ETag of GET /api/business, as in If-Match: "7"')
    found = VERSION.fullmatch(sent.strip())
    if found is None:
        raise Problem("business-changed", 'If-Match holds one version in quotes, as in "7"')
    return int(found[1])


def public_document(settings: BusinessSettings, now: datetime) -> BusinessDocument:
    """What customers' pages need; nothing of it is confidential."""
    same = BusinessDocument.model_fields.keys() & BusinessSettings.model_fields.keys()
    return BusinessDocument(
        **{name: getattr(settings, name) for name in same - {"closed_dates", "own_labels"}},
        closed_dates=future_dates(settings, now),
        open_days=tuple(settings.opening_hours),
        optional_texts=offered_texts(settings),
        own_labels=settings.own_labels or None,
    )
