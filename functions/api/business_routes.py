"""Routes of the business's settings."""

from functions.api import business
from functions.api.business import HistoryQuery, SettingsHistoryDocument
from functions.api.route import DISPATCHER, OWNER, Route
from statemachine.business_changes import BusinessRecord, SettingsPatch

BUSINESS_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/business",
        summary="The settings of the business",
        roles=DISPATCHER,
        handler=business.read_settings,
        responses={200: BusinessRecord},
    ),
    Route(
        method="PATCH",
        path="/api/business",
        summary="Change settings of the business",
        roles=OWNER,
        handler=business.change_settings,
        responses={200: BusinessRecord},
        body=SettingsPatch,
        headers=("If-Match",),
        problems=("business-changed", "if-match-missing"),
    ),
    Route(
        method="GET",
        path="/api/business/history",
        summary="The changes of the settings, newest first",
        roles=OWNER,
        handler=business.list_changes,
        responses={200: SettingsHistoryDocument},
        query=HistoryQuery,
        problems=("invalid",),
    ),
)
