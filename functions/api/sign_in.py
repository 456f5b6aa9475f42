"""Signing in and out. The rules of sign-in are in `functions/people/sign_in.py`."""

from datetime import datetime

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import CredentialsBody, InvitationBody
from functions.api.responses import ApiResponse, session_document
from functions.people.accounts import Account
from functions.people.device_cookie import cookie_name
from functions.people.sign_in import SignInAttempt


def sign_in(api: Api, request: ApiRequest) -> ApiResponse:
    """The session's cookie, or the same refusal whether business, account, or password is wrong."""
    body = request.document(CredentialsBody)
    account_name = body.account.strip().lower()
    cookie = cookie_name(body.tenant, account_name)
    device = api.devices.read(request.cookie_named(cookie), body.tenant, account_name, request.now)
    origin = api.address_hash(request.address, request.now)
    attempt = SignInAttempt(body.tenant, account_name, body.password, origin, device)
    account = api.sign_in(attempt, request.now)
    if account is None:
        raise Problem("wrong-credentials")
    return _signed_in(api, account, device, request.now)


def accept_invitation(api: Api, request: ApiRequest) -> ApiResponse:
    """Sets the password that the holder of the link chose, and signs them in."""
    body = request.document(InvitationBody)
    account = api.invitations.accept(body.token, body.password, request.now)
    api.accounts.set_signed_in(account.tenant, account.account, request.now)
    return _signed_in(api, account, None, request.now)


def _signed_in(api: Api, account: Account, device: str | None, now: datetime) -> ApiResponse:
    token, session = api.sessions.begin(account, now)
    known = api.devices.remember(account.tenant, account.account, device, now)
    marked = (cookie_name(account.tenant, account.account), known)
    document = session_document(session)
    return ApiResponse(200, document, cookie=token, device=marked, outcome="signed in")


def read_session(api: Api, request: ApiRequest) -> ApiResponse:
    return ApiResponse(200, session_document(request.session))


def sign_out(api: Api, request: ApiRequest) -> ApiResponse:
    """Ends this session and every copy of its cookie; the account's other sessions go on."""
    if request.cookie:
        api.sessions.end(request.cookie, request.now)
    return ApiResponse(204, cookie="", outcome="signed out")
