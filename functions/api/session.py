"""Signing in and out."""

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import CredentialsBody
from functions.api.responses import ApiResponse, session_document
from functions.people.device_cookie import cookie_name
from functions.people.sign_in import SignInAttempt


def sign_in(api: Api, ask: ApiRequest) -> ApiResponse:
    """The cookie, or one and the same answer whatever is wrong with name, account or password."""
    sent = ask.document(CredentialsBody)
    name = sent.account.strip().lower()
    cookie = cookie_name(sent.tenant, name)
    device = api.devices.read(ask.cookie_named(cookie), sent.tenant, name, ask.now)
    origin = api.origin(ask.address, ask.now)
    account = api.sign_in(SignInAttempt(sent.tenant, name, sent.password, origin, device), ask.now)
    if account is None:
        raise Problem("wrong-credentials")
    token, session = api.sessions.begin(account, ask.now)
    known = api.devices.remember(sent.tenant, name, device, ask.now)
    document = session_document(session)
    return ApiResponse(200, document, cookie=token, device=(cookie, known), outcome="signed in")


def who_am_i(api: Api, ask: ApiRequest) -> ApiResponse:
    return ApiResponse(200, session_document(ask.who))


def sign_out(api: Api, ask: ApiRequest) -> ApiResponse:
    """Ends this session, copies of its cookie too; other devices of the account stay signed in."""
    if ask.cookie:
        api.sessions.end(ask.cookie, ask.now)
    return ApiResponse(204, cookie="", outcome="signed out")
