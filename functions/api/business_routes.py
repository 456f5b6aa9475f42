"""Routes of the business's settings and API keys."""

from functions.api import api_keys, business, business_texts
from functions.api.api_keys import KeysDocument, NewKeyDocument
from functions.api.business import HistoryQuery, LogoBody, SettingsHistoryDocument
from functions.api.business_texts import (
    PreviewBody,
    PreviewDocument,
    TestTextBody,
    TestTextDocument,
    TextsDocument,
)
from functions.api.route import DISPATCHER, OWNER, Route
from functions.people.api_keys import NewKey
from statemachine.settings.business_changes import BusinessRecord, SettingsPatch

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
        method="PUT",
        path="/api/business/logo",
        summary="Set the logo of the business",
        roles=OWNER,
        handler=business.set_logo,
        responses={200: BusinessRecord},
        body=LogoBody,
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
    Route(
        method="GET",
        path="/api/business/texts",
        summary="The texts and labels that customers read, in our words and in the business's own",
        roles=DISPATCHER,
        handler=business_texts.list_texts,
        responses={200: TextsDocument},
    ),
    Route(
        method="POST",
        path="/api/business/texts/preview",
        summary="A text in other words: how it reads, its parts, and what is wrong with it",
        roles=OWNER,
        handler=business_texts.preview_text,
        responses={200: PreviewDocument},
        body=PreviewBody,
        problems=("invalid",),
    ),
    Route(
        method="POST",
        path="/api/business/texts/test",
        summary="Send a text to one's own phone, as customers would get it",
        roles=OWNER,
        for_keys=False,
        handler=business_texts.send_test_text,
        responses={201: TestTextDocument},
        body=TestTextBody,
        headers=("Idempotency-Key",),
        problems=(
            "invalid",
            "text-refused",
            "idempotency-key-missing",
            "idempotency-key-reused",
            "too-many-requests",
        ),
    ),
    Route(
        method="GET",
        path="/api/keys",
        summary="The API keys of the business, newest first",
        roles=OWNER,
        for_keys=False,
        handler=api_keys.list_keys,
        responses={200: KeysDocument},
    ),
    Route(
        method="POST",
        path="/api/keys",
        summary="Create an API key; it is shown this once",
        roles=OWNER,
        for_keys=False,
        handler=api_keys.create_key,
        responses={201: NewKeyDocument},
        body=NewKey,
        problems=("too-many-keys",),
    ),
    Route(
        method="DELETE",
        path="/api/keys/<key_id>",
        summary="Revoke an API key",
        roles=OWNER,
        for_keys=False,
        handler=api_keys.revoke_key,
        responses={204: None},
        problems=("unknown-key",),
    ),
)
