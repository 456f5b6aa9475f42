"""Signing in and out. The rules of sign-in are in `functions/people/sign_in.py`."""

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import CredentialsBody
from functions.api.responses import ApiResponse, session_document
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
    token, session = api.sessions.begin(account, request.now)
    known = api.devices.remember(body.tenant, account_name, device, request.now)
    document = session_document(session)
    return ApiResponse(200, document, cookie=token, device=(cookie, known), outcome="signed in")


def read_session(api: Api, request: ApiRequest) -> ApiResponse:
    return ApiResponse(200, session_document(request.session))


def sign_out(api: Api, request: ApiRequest) -> ApiResponse:
    """Ends this session and every copy of its cookie; the account's other sessions go on."""
    if request.cookie:
        api.sessions.end(request.cookie, request.now)
    return ApiResponse(204, cookie="", outcome="signed out")
