"""The first account of a new copy. Its password is stored in the copy's private folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from functions.people.accounts import Accounts, Passwords, Role, new_account
from functions.protocol.clock import utc_now

TENANT = "main"
FIRST_ROLES: tuple[Role, ...] = ("owner", "dispatcher", "ops")


@dataclass(frozen=True)
class FirstSignIn:
    account: str
    password: str = field(repr=False)
    changed: bool = False
    """Someone has changed the password, so it is not known here."""


def usable(
    stored: FirstSignIn,
    written: datetime,
    accounts: Accounts,
    signs_in: Callable[[FirstSignIn], bool | None],
) -> FirstSignIn:
    """The sign-in that was stored at `written`, after making sure that it works.

    A lost account is created again. A password that does not work is set again, unless a person has
    changed it since. If `signs_in` returns None, there was no answer: then nothing is set, because
    that would end all sessions of the account.
    """
    tried = signs_in(stored)
    known = None if tried else accounts.read(TENANT, stored.account)
    if tried or (tried is None and known is not None):
        return stored
    now = utc_now()
    if known is None:
        name, password = stored.account.capitalize(), stored.password
        made = new_account(TENANT, stored.account, name, FIRST_ROLES, password, now, Passwords())
        accounts.add(made)
    elif known.password_since > written:
        return FirstSignIn(stored.account, "", changed=True)
    else:
        accounts.set_password(TENANT, stored.account, Passwords().hash(stored.password), now)
    return stored


def what_failed(report: str, function_failed: bool) -> str | None:
    """What the watchdog could not repair, from its report; None if there was no error."""
    try:
        told = json.loads(report)
        problem = told.get("errorMessage") or ", ".join(told.get("failed", ()))
    except (ValueError, AttributeError, TypeError):
        problem = report[:500]
    return str(problem or "no reason given") if function_failed or problem else None
