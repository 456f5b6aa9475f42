"""Signing in and out."""

from functions.api.answers import Answer, session_document
from functions.api.asking import Ask
from functions.api.parts import Api
from functions.api.problems import Problem
from functions.api.wishes import Credentials


def sign_in(api: Api, ask: Ask) -> Answer:
    """The cookie, or one and the same answer whatever is wrong with name, account or password."""
    sent = ask.document(Credentials)
    name = sent.account.strip().lower()
    account = api.sign_in(sent.tenant, name, sent.password, ask.now)
    if account is None:
        raise Problem("wrong-credentials")
    token, session = api.sessions.begin(account, ask.now)
    return Answer(200, session_document(session), cookie=token, outcome="signed in")


def who_am_i(api: Api, ask: Ask) -> Answer:
    return Answer(200, session_document(ask.who))


def sign_out(api: Api, ask: Ask) -> Answer:
    """The cookie is forgotten. A copy of it lives on until it ends, or the password is changed."""
    return Answer(204, cookie="", outcome="signed out")
